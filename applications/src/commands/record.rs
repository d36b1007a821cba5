//! `uuid_record`: record a channel from outside.

use super::target::deliver;
use crate::record::path::Roots;
use strowger_core::CommandCall;
use strowger_core::session::Command;
use strowger_model::argument::separate_rest;

/// Starts or ends a recording of both sides.
pub(super) async fn uuid_record(call: CommandCall<'_>) -> String {
    let words = separate_rest(&call.arguments.trim(), ' ', 4);
    let [uuid, rest @ ..] = words.as_slice() else {
        return usage();
    };
    let (action, rest) = match rest {
        [action, rest @ ..] if matches!(action.as_str(), "start" | "stop") => {
            (action.as_str(), rest)
        }
        [action, ..] if matches!(action.as_str(), "mask" | "unmask") => {
            return format!("-ERR {action} is not supported; stop and start instead\n");
        }
        rest => ("start", rest),
    };
    let [path, more @ ..] = rest else {
        return usage();
    };
    let Some(session) = call.switch.sessions().find(uuid.as_str()) else {
        return "-ERR Cannot locate session!\n".to_owned();
    };
    let all = action == "stop" && path.as_str() == "all";
    let located = Roots::of(call.switch).locate(path);
    if let (Err(why), false) = (&located, all) {
        return format!("-ERR {why}\n");
    }
    let quoted = quoted(path.as_str());
    let (application, data) = if action == "stop" {
        ("stop_record_session", path.as_str().to_owned())
    } else {
        let more: Vec<&str> = more.iter().map(|word| word.as_str()).collect();
        ("record_session", format!("{quoted} {}", more.join(" ")))
    };
    let command = Command::Execute {
        application: application.to_owned(),
        data,
        event_uuid: None,
        done: None,
    };
    deliver(&session, command, "+OK Success\n")
}

fn usage() -> String {
    "-USAGE: <uuid> [start|stop] <path> [<limit>] [<variables>]\n".to_owned()
}

/// A path as one argument.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\\', "\\\\").replace('\'', "\\'"))
}
