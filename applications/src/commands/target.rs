//! The channel that a command is about, and getting a message to it.

use strowger_core::session::{Busy, Command};
use strowger_core::{CommandCall, SessionHandle};
use strowger_model::Expanded;

/// Answer to a uuid that no channel has.
pub(super) const NO_CHANNEL: &str = "-ERR No such channel!\n";

/// The first word of a command's arguments as a channel, and the rest.
pub(super) fn channel(call: &CommandCall<'_>) -> Option<(SessionHandle, Expanded)> {
    let (uuid, rest) = first_word(&call.arguments);
    Some((call.switch.sessions().find(uuid.as_str())?, rest))
}

/// The first word and what follows it.
pub(super) fn first_word(text: &Expanded) -> (Expanded, Expanded) {
    let text = text.trim();
    match text.split_once(' ') {
        Some((word, rest)) => (word, rest.trim()),
        None => (text, Expanded::default()),
    }
}

/// Puts a message into a channel's mailbox and gives the reply to the operator: `well`, or what went wrong.
pub(super) fn deliver(channel: &SessionHandle, command: Command, well: &str) -> String {
    replied(channel.send(command), well)
}

/// The reply to an operator whose message was sent, or was not.
pub(super) fn replied(sent: Result<(), Busy>, well: &str) -> String {
    match sent {
        Ok(()) => well.to_owned(),
        Err(Busy::Full) => "-ERR the channel is busy, try again\n".to_owned(),
        Err(Busy::Gone) => NO_CHANNEL.to_owned(),
    }
}
