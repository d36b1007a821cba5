//! `uuid_bridge`: two channels talk with each other from now on.

use super::target::first_word;
use strowger_core::CommandCall;
use strowger_core::session::{BridgeRole, Command};

/// Both leave what they do and join each other.
pub(super) async fn uuid_bridge(call: CommandCall<'_>) -> String {
    let (first, rest) = first_word(&call.arguments);
    let (second, _) = first_word(&rest);
    let sessions = call.switch.sessions();
    let (Some(a), Some(b)) = (
        sessions.find(first.as_str()),
        sessions.find(second.as_str()),
    ) else {
        return "-ERR Invalid uuid\n".to_owned();
    };
    if a.is(&b) {
        return "-ERR Invalid uuid\n".to_owned();
    }
    // Both or neither: a half-joined pair would leave one caller in silence.
    b.send_surely(Command::Join {
        peer: a.clone(),
        role: BridgeRole::Callee,
    });
    a.send_surely(Command::Join {
        peer: b.clone(),
        role: BridgeRole::Caller,
    });
    format!("+OK {}\n", b.uuid())
}
