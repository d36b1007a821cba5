//! `uuid_getvar`, `uuid_setvar`, `uuid_setvar_multi`: variables of a channel.

use super::target::{NO_CHANNEL, channel, deliver, first_word};
use crate::variable::assignment::Assignment;
use std::time::Duration;
use strowger_core::clock::Clock;
use strowger_core::session::{ChannelScope, Command};
use strowger_core::{CommandCall, SessionHandle};
use strowger_model::{Argument, Expanded};

/// How often, and after which rest, an operator's command looks whether the channel shows what was set.
const LOOKS: u32 = 40;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Assignments of `uuid_setvar_multi` at most.
const MOST: usize = 64;

/// The variable as the channel's own dialplan would see it.
pub(super) async fn uuid_getvar(call: CommandCall<'_>) -> String {
    let Some((session, name)) = channel(&call) else {
        return NO_CHANNEL.to_owned();
    };
    if name.is_empty() {
        return "-ERR No variable name specified!\n".to_owned();
    }
    let snapshot = session.snapshot();
    ChannelScope::of_snapshot(call.switch, &snapshot)
        .look_up(name.as_str())
        .filter(|value| !value.is_empty())
        .map_or_else(|| "_undef_".to_owned(), Expanded::into_string)
}

/// Sets a variable; without a value it is deleted.
pub(super) async fn uuid_setvar(call: CommandCall<'_>) -> String {
    let Some((session, rest)) = channel(&call) else {
        return NO_CHANNEL.to_owned();
    };
    let (name, value) = first_word(&rest);
    if name.is_empty() {
        return "-ERR No variable specified\n".to_owned();
    }
    set(call.switch.clock(), &session, name.into_string(), value).await
}

/// Sets several variables.
pub(super) async fn uuid_setvar_multi(call: CommandCall<'_>) -> String {
    let Some((session, rest)) = channel(&call) else {
        return NO_CHANNEL.to_owned();
    };
    if rest.is_empty() {
        return "-ERR No variable specified\n".to_owned();
    }
    for item in rest.split(';').into_iter().take(MOST) {
        if item.trim().is_empty() {
            continue;
        }
        let Ok(assignment) = Assignment::parse_argument(&item) else {
            return "-ERR No variable specified\n".to_owned();
        };
        let reply = set(
            call.switch.clock(),
            &session,
            assignment.name,
            assignment.value,
        )
        .await;
        if !reply.starts_with("+OK") {
            return reply;
        }
    }
    "+OK\n".to_owned()
}

/// Sets a variable and waits a moment until the channel shows it, so that the operator's next question is answered
/// with the new value.
async fn set(clock: &Clock, session: &SessionHandle, name: String, value: Expanded) -> String {
    if value.as_str().contains("${") {
        return "-ERR the value contains a variable\n".to_owned();
    }
    let command = Command::SetVariable {
        name: name.clone(),
        value: value.clone(),
    };
    let reply = deliver(session, command, "+OK\n");
    for _ in 0..LOOKS {
        let snapshot = session.snapshot();
        let seen = match snapshot.variables.text(&name) {
            Some(shown) => shown == value.as_str(),
            None => value.is_empty() || name.contains('['),
        };
        if seen || !reply.starts_with("+OK") || session.hangup_cause().is_some() {
            break;
        }
        clock.rest(BETWEEN_LOOKS).await;
    }
    reply
}
