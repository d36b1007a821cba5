//! API commands: named functions from one argument text to a text reply. The console, the event socket and
//! `${name(args)}` in a dialplan all use the same ones.

use crate::switch::Switch;
use strowger_model::{BoxFuture, ChannelSnapshot, Expanded};

/// What help says about a command.
#[derive(Clone, Copy, Debug)]
pub struct CommandSpec {
    /// The word typed.
    pub name: &'static str,
    /// Syntax of the arguments.
    pub syntax: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Whether it may be used as `${name(args)}` in a dialplan.
    pub expandable: bool,
}

/// Who calls a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandSource {
    /// `${name(args)}` in a dialplan or a variable.
    Expansion,
    /// The event socket or the console.
    Operator,
}

/// One call of a command.
pub struct CommandCall<'a> {
    /// The exchange.
    pub switch: &'a Switch,
    /// The channel in whose text the command stands, if any.
    pub channel: Option<&'a ChannelSnapshot>,
    /// The argument text; text from the network is marked.
    pub arguments: Expanded,
    /// Who calls.
    pub source: CommandSource,
}

/// A command: its description and its function.
#[derive(Clone, Copy)]
pub struct ApiCommand {
    /// Description.
    pub spec: CommandSpec,
    /// The function; replies follow the conventions of the API (`+OK`, `-ERR`, or a bare value).
    pub run: for<'a> fn(CommandCall<'a>) -> BoxFuture<'a, String>,
}

/// Makes an [`ApiCommand`] from an `async fn(CommandCall<'_>) -> String`.
///
/// ```text
/// command!("status", status::status, "", "The state of the exchange")
/// command!("expr", text::expr, "<expression>", "Arithmetic", expandable)
/// ```
#[macro_export]
macro_rules! command {
    ($name:literal, $run:path, $syntax:literal, $summary:literal) => {
        $crate::command!(@make $name, $run, $syntax, $summary, false)
    };
    ($name:literal, $run:path, $syntax:literal, $summary:literal, expandable) => {
        $crate::command!(@make $name, $run, $syntax, $summary, true)
    };
    (@make $name:literal, $run:path, $syntax:literal, $summary:literal, $expandable:literal) => {{
        fn run(call: $crate::application::CommandCall<'_>) -> ::strowger_model::BoxFuture<'_, String> {
            Box::pin($run(call))
        }
        $crate::application::ApiCommand {
            spec: $crate::application::CommandSpec {
                name: $name,
                syntax: $syntax,
                summary: $summary,
                expandable: $expandable,
            },
            run,
        }
    }};
}
