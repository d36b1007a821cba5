//! `uuid_kill`, `uuid_park`, `uuid_answer` and the like: one order to one channel.

use super::target::{NO_CHANNEL, channel, deliver};
use strowger_core::CommandCall;
use strowger_core::session::Command;
use strowger_model::HangupCause;

/// `uuid_kill`: the channel ends; without a cause with NORMAL_CLEARING.
pub(super) async fn kill(call: CommandCall<'_>) -> String {
    let Some((session, cause)) = channel(&call) else {
        return NO_CHANNEL.to_owned();
    };
    let cause = if cause.is_empty() {
        HangupCause::NormalClearing
    } else {
        HangupCause::parse(cause.as_str())
    };
    session.hangup(cause);
    "+OK\n".to_owned()
}

/// `uuid_exists`.
pub(super) async fn exists(call: CommandCall<'_>) -> String {
    channel(&call).is_some().to_string()
}

/// `uuid_park`.
pub(super) async fn park(call: CommandCall<'_>) -> String {
    order(&call, Command::Park, NO_CHANNEL)
}

/// `uuid_break`.
pub(super) async fn break_(call: CommandCall<'_>) -> String {
    order(&call, Command::Break, NO_CHANNEL)
}

/// `uuid_answer`.
pub(super) async fn answer(call: CommandCall<'_>) -> String {
    order(&call, Command::Answer, "-ERROR\n")
}

/// `uuid_pre_answer`.
pub(super) async fn pre_answer(call: CommandCall<'_>) -> String {
    order(&call, Command::PreAnswer, "-ERROR\n")
}

/// `uuid_ring_ready`.
pub(super) async fn ring_ready(call: CommandCall<'_>) -> String {
    order(&call, Command::RingReady, "-ERROR\n")
}

fn order(call: &CommandCall<'_>, command: Command, otherwise: &str) -> String {
    match channel(call) {
        Some((session, _)) => deliver(&session, command, "+OK\n"),
        None => otherwise.to_owned(),
    }
}
