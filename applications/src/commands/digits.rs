//! `uuid_send_dtmf`, `uuid_recv_dtmf`, `uuid_flush_dtmf`.

use super::target::{NO_CHANNEL, channel, deliver};
use crate::digits::send::DigitText;
use strowger_core::CommandCall;
use strowger_core::session::Command;
use strowger_model::Argument;

/// Sends digits to the phone.
pub(super) async fn uuid_send_dtmf(call: CommandCall<'_>) -> String {
    pass(&call, "sent", Command::SendDigits)
}

/// Acts as if the phone had sent digits.
pub(super) async fn uuid_recv_dtmf(call: CommandCall<'_>) -> String {
    pass(&call, "received", |mut digits| {
        digits.retain(|(digit, _)| !matches!(digit, 'w' | 'W'));
        Command::ReceiveDigits(digits)
    })
}

fn pass(
    call: &CommandCall<'_>,
    what: &str,
    command: impl FnOnce(Vec<(char, u32)>) -> Command,
) -> String {
    let Some((session, text)) = channel(call) else {
        return NO_CHANNEL.to_owned();
    };
    match DigitText::parse_argument(&text) {
        Ok(digits) => {
            let well = format!("+OK {} {what} DTMF {}.\n", session.uuid(), digits.digits());
            deliver(&session, command(digits.0), &well)
        }
        Err(why) => format!("-ERR {why}\n"),
    }
}

/// Forgets digits that nobody has used yet.
pub(super) async fn uuid_flush_dtmf(call: CommandCall<'_>) -> String {
    let Some((session, _)) = channel(&call) else {
        return "-ERR No such session\n".to_owned();
    };
    let flush = Command::Execute {
        application: "flush_dtmf".to_owned(),
        data: String::new(),
        event_uuid: None,
        done: None,
    };
    deliver(&session, flush, "+OK\n")
}
