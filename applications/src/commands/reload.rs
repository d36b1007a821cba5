//! `reloadxml`, `reloadacl`: the configuration anew, whole or not at all.

use strowger_core::CommandCall;
use strowger_model::{Diagnostics, Severity};

/// Loads everything; with errors nothing changes, and the first is the reply.
pub(super) async fn reloadxml(call: CommandCall<'_>) -> String {
    match call.switch.reload().await {
        Ok(_) => "+OK [Success]\n".to_owned(),
        Err(report) => format!("+OK [{}]\n", first_error(&report)),
    }
}

/// Access lists are part of the one configuration: they are loaded with it.
pub(super) async fn reloadacl(call: CommandCall<'_>) -> String {
    match call.switch.reload().await {
        Ok(_) => "+OK acl reloaded\n".to_owned(),
        Err(report) => format!("-ERR {}\n", first_error(&report)),
    }
}

fn first_error(report: &Diagnostics) -> String {
    report
        .iter()
        .find(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| diagnostic.to_string().replace(['\r', '\n'], " "))
        .unwrap_or_else(|| "the configuration has errors".to_owned())
}
