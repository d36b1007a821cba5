//! `uuid_broadcast`: a sound or an application inside whatever a channel does.

use super::target::replied;
use strowger_core::session::Command;
use strowger_core::{CommandCall, SessionHandle};
use strowger_model::{Expanded, HangupCause, separate};

/// What is to be run.
#[derive(Debug, PartialEq, Eq)]
struct Work {
    application: String,
    data: String,
    /// The call ends with this cause afterwards.
    then: Option<HangupCause>,
}

/// `path`, or `application[!cause]::arguments`.
fn work(text: &str) -> Work {
    let Some((application, data)) = text.split_once("::") else {
        return Work {
            application: "playback".to_owned(),
            data: text.to_owned(),
            then: None,
        };
    };
    let (application, cause) = match application.split_once('!') {
        Some((application, cause)) => (application, Some(HangupCause::parse(cause))),
        None => (application, None),
    };
    Work {
        application: application.to_owned(),
        data: data.to_owned(),
        then: cause,
    }
}

/// Runs it on the channel (`aleg`, the default), its partner (`bleg`), or both.
pub(super) async fn uuid_broadcast(call: CommandCall<'_>) -> String {
    let words = separate(&call.arguments.trim(), ' ', 3);
    let [uuid, what, rest @ ..] = words.as_slice() else {
        return "-USAGE: <uuid> <path>|<application>[!<cause>]::<arguments> [aleg|bleg|both]\n"
            .to_owned();
    };
    let Some(a) = call.switch.sessions().find(uuid.as_str()) else {
        return "-ERR invalid uuid\n".to_owned();
    };
    let b = a
        .snapshot()
        .variables
        .text("bridge_uuid")
        .and_then(|uuid| call.switch.sessions().find(uuid));
    let leg = rest.first().map_or("aleg", Expanded::as_str);
    let legs: Vec<SessionHandle> = match (leg, b) {
        ("aleg", _) => vec![a],
        ("bleg", Some(b)) => vec![b],
        ("both", Some(b)) => vec![a, b],
        ("both", None) => vec![a],
        ("bleg", None) => return "-ERR the channel has no partner\n".to_owned(),
        (other, _) => return format!("-ERR {other} is not supported; use aleg, bleg or both\n"),
    };
    let mut reply = String::new();
    for leg in legs {
        reply = start(&leg, work(what.as_str()));
        if !reply.starts_with("+OK") {
            break;
        }
    }
    reply
}

fn start(session: &SessionHandle, work: Work) -> String {
    let Work {
        application,
        data,
        then,
    } = work;
    let sent = match then {
        Some(cause) => session.execute_then_hang_up(application, data, cause),
        None => session.send(Command::Execute {
            application,
            data,
            event_uuid: None,
            done: None,
        }),
    };
    replied(sent, "+OK Message sent\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_an_application() {
        assert_eq!(
            work("ivr/hello.wav"),
            Work {
                application: "playback".into(),
                data: "ivr/hello.wav".into(),
                then: None
            }
        );
        assert_eq!(
            work("say!USER_BUSY::en number pronounced 1"),
            Work {
                application: "say".into(),
                data: "en number pronounced 1".into(),
                then: Some(HangupCause::UserBusy)
            }
        );
        // A scheme has one colon.
        assert_eq!(work("tone_stream://%(1,2,3)").application, "playback");
    }
}
