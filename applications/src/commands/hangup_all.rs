//! `hupall`: many calls end at once.

use strowger_core::{CommandCall, Switch};
use strowger_model::HangupCause;

/// Ends all channels, or those whose variables have these values.
pub(super) async fn hupall(call: CommandCall<'_>) -> String {
    let mut words = call.arguments.as_str().split_whitespace();
    let cause = words
        .next()
        .map_or(HangupCause::ManagerRequest, HangupCause::parse);
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        pairs.push((name, value));
    }
    hang_up(call.switch, cause, &pairs);
    match pairs.as_slice() {
        [] => format!("+OK hangup all channels with cause {cause}\n"),
        [(name, value)] => {
            format!("+OK hangup all channels matching [{name}]=[{value}] with cause: {cause}\n")
        }
        [(name, value), ..] => {
            format!("+OK hangup all channels matching [{name}]=[{value}]... with cause: {cause}\n")
        }
    }
}

/// Ends the channels that have all these variables.
pub(super) fn hang_up(switch: &Switch, cause: HangupCause, pairs: &[(&str, &str)]) {
    for session in switch.sessions().all() {
        let snapshot = session.snapshot();
        let matches = pairs
            .iter()
            .all(|(name, value)| snapshot.variables.text(name) == Some(value));
        if matches {
            session.hangup(cause);
        }
    }
}
