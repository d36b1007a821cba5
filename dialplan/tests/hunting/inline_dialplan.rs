//! The `inline` dialplan.

use strowger_dialplan::{InlineDialplan, Simulation};
use strowger_model::{CallerProfile, Dialplan, Hunt, HuntCall, ProfileOrigin, Variables};

use crate::support::{Names, actions, utc};

fn call(number: &str, origin: ProfileOrigin) -> HuntCall {
    HuntCall {
        channel_name: "loopback/x".to_owned(),
        profile: CallerProfile {
            destination_number: number.to_owned(),
            rdnis: "1000".to_owned(),
            origin,
            ..CallerProfile::default()
        },
        variables: Variables::new(),
        argument: None,
    }
}

fn hunt(call: &HuntCall) -> Hunt {
    Simulation::new(&Names, utc("2026-11-18 12:00:00")).run(&InlineDialplan, call)
}

fn list(number: &str) -> Vec<String> {
    actions(&hunt(&call(number, ProfileOrigin::Internal)))
}

#[test]
fn applications_with_data_and_without() {
    assert_eq!(InlineDialplan.name(), "inline");
    assert_eq!(
        list("playback:foo.wav,hangup"),
        ["playback foo.wav", "hangup"]
    );
    assert_eq!(list("sleep:1000"), ["sleep 1000"]);
    assert_eq!(list("intercept:${uuid}"), ["intercept ${uuid}"]);
    assert_eq!(
        list("bridge:sofia/internal/1@x:5060"),
        ["bridge sofia/internal/1@x:5060"]
    );
    assert!(list("").is_empty());
}

#[test]
fn another_delimiter() {
    assert_eq!(
        list("m:^:bridge:{a=1,b=2}user/1000^hangup"),
        ["bridge {a=1,b=2}user/1000", "hangup"]
    );
}

#[test]
fn quotes_protect_delimiters() {
    assert_eq!(
        list("'bridge:user/1,user/2',hangup"),
        ["bridge user/1,user/2", "hangup"]
    );
}

#[test]
fn the_number_becomes_the_one_before() {
    let hunt = hunt(&call("hangup", ProfileOrigin::Internal));
    assert_eq!(hunt.profile.destination_number, "1000");
    assert_eq!(hunt.profile.rdnis, "");
    assert_eq!(hunt.extension.unwrap().number.as_str(), "hangup");
}

#[test]
fn the_argument_is_a_list_too() {
    let mut call = call("1000", ProfileOrigin::Network);
    call.argument = Some("answer,echo".to_owned());
    assert_eq!(actions(&hunt(&call)), ["answer", "echo"]);
}

#[test]
fn a_dialled_number_is_never_a_list() {
    let hunt = hunt(&call("system:reboot,hangup", ProfileOrigin::Network));
    assert!(hunt.extension.is_none());
    assert!(strowger_dialplan::explain(&hunt).contains("a caller cannot name an application"));
}
