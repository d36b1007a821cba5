//! `eval`, `expand`, `log`: texts with `${variables}`, and lines for the log.

use super::scope::expanded;
use super::target::{NO_CHANNEL, first_word};
use crate::event::log::LogLine;
use strowger_core::CommandCall;
use strowger_core::application::CommandSource;
use strowger_model::Argument;

/// The text expanded.
pub(super) async fn eval(call: CommandCall<'_>) -> String {
    if call.arguments.trim().is_empty() {
        return "-ERR No input\n".to_owned();
    }
    match expanded(&call).await {
        Some(text) => text.into_string(),
        None => NO_CHANNEL.to_owned(),
    }
}

/// Expands a text and runs it as a command.
pub(super) async fn expand(call: CommandCall<'_>) -> String {
    if call.arguments.trim().is_empty() {
        return "-ERR No input\n".to_owned();
    }
    let Some(text) = expanded(&call).await else {
        return NO_CHANNEL.to_owned();
    };
    let (name, arguments) = first_word(&text);
    // The name of a command is the operator's choice alone, and a command that runs commands does not run itself.
    let known = call
        .switch
        .registry()
        .commands
        .find(name.as_str())
        .is_some();
    if name.has_network() || !known || name.as_str() == "expand" {
        return "-ERR Cannot execute command\n".to_owned();
    }
    Box::pin(call.switch.run_command(
        name.as_str(),
        arguments,
        call.channel,
        CommandSource::Operator,
    ))
    .await
}

/// Writes a line to the log.
pub(super) async fn log(call: CommandCall<'_>) -> String {
    match LogLine::parse_argument(&call.arguments.trim()) {
        Ok(line) => {
            let uuid = call.channel.map(|channel| channel.uuid.as_str());
            strowger_core::log::line(line.level, uuid, &line.text);
            "+OK\n".to_owned()
        }
        Err(_) => "-USAGE: <level> <text>\n".to_owned(),
    }
}
