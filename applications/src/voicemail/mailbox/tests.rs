//! Order of messages, and when a box is full.

use super::*;
use strowger_model::xml::{parse, position::LocatedText};
use strowger_model::{Diagnostics, Section};

fn profile() -> Arc<Profile> {
    let text = "<configuration><profiles><profile name=\"default\">\
        <param name=\"max-messages\" value=\"4\"/><param name=\"max-messages-per-caller\" value=\"2\"/>\
        </profile></profiles></configuration>";
    let mut report = Diagnostics::new();
    let element = parse(&LocatedText::of_file("v.xml", text), &mut report).expect("an element");
    let conf = VoicemailConf::compile(Some(&element), &mut report);
    conf.profile("default").expect("there").clone()
}

fn message(uuid: &str, created: i64, urgency: Urgency, caller: &str) -> Message {
    Message {
        uuid: uuid.to_owned(),
        created,
        urgency,
        caller_number: caller.to_owned(),
        seconds: 10,
        ..Message::default()
    }
}

#[test]
fn urgent_messages_come_first_whatever_the_order_in_time() {
    let mut messages = vec![
        message("old", 1, Urgency::Normal, ""),
        message("urgent", 3, Urgency::Urgent, ""),
        message("new", 2, Urgency::Normal, ""),
    ];
    let order = |messages: &[Message]| messages.iter().map(|m| m.uuid.clone()).collect::<Vec<_>>();
    sort_for_playing(&mut messages, false);
    assert_eq!(order(&messages), ["urgent", "old", "new"]);
    sort_for_playing(&mut messages, true);
    assert_eq!(order(&messages), ["urgent", "new", "old"]);
}

#[test]
fn a_box_is_full_by_seconds_by_number_and_by_caller() {
    let profile = profile();
    let now = 10_000;
    let of = |callers: &[&str], created: i64| -> Vec<Message> {
        callers
            .iter()
            .map(|caller| message("x", created, Urgency::Normal, caller))
            .collect()
    };
    let full = |messages: &[Message], quota| full_of(messages, &profile, quota, "7", now);
    assert_eq!(full(&[], Some(20)), None);
    assert_eq!(full(&of(&["1", "2"], now), Some(20)), Some(Full::Seconds));
    assert_eq!(full(&of(&["1", "2"], now), Some(0)), None, "0 is no quota");
    assert_eq!(
        full(&of(&["1", "2", "3", "4"], now), None),
        Some(Full::Messages)
    );
    assert_eq!(full(&of(&["7", "7"], now), None), Some(Full::Caller));
    assert_eq!(
        full(&of(&["7", "7"], now - 4_000), None),
        None,
        "an hour later"
    );
}

#[test]
fn lengths_are_spoken_as_clocks() {
    assert_eq!(clock_text(Duration::from_secs(3_725)), "01:02:05");
}
