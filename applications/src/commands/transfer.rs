//! `uuid_transfer`: a channel goes on in another extension.

use super::target::{NO_CHANNEL, channel, deliver};
use crate::call::transfer::Transfer;
use strowger_core::CommandCall;
use strowger_core::session::Command;
use strowger_model::Arguments;

/// Moves the channel, its partner, or both.
pub(super) async fn uuid_transfer(call: CommandCall<'_>) -> String {
    let Some((session, rest)) = channel(&call) else {
        return NO_CHANNEL.to_owned();
    };
    match Transfer::parse(&rest) {
        Ok(Transfer { who, to }) => deliver(&session, Command::Transfer { to, who }, "+OK\n"),
        Err(_) => "-USAGE: <uuid> [-bleg|-both] <extension> [<dialplan>] [<context>]\n".to_owned(),
    }
}
