//! What a dialplan can do with a call, and what an operator can ask of the exchange: one file per application, named
//! by what the caller experiences, and the commands and `${functions}` beside them.

pub mod audio;
pub mod bridge;
pub mod call;
pub mod commands;
pub mod digits;
pub mod event;
pub mod function;
mod nothing;
pub mod record;
pub mod say;
pub mod variable;
pub mod voicemail;

pub use nothing::Nothing;

use std::sync::Arc;
use strowger_core::{Module, command};

/// Every module of this room.
pub fn modules() -> Vec<Module> {
    vec![
        dialplan_tools(),
        general_commands(),
        arithmetic(),
        english(),
        voicemail::module(),
    ]
}

/// The applications of `mod_dptools`.
fn dialplan_tools() -> Module {
    let mut module = Module::named("mod_dptools");
    module.applications.extend(call::applications());
    module.applications.extend(variable::applications());
    module.applications.extend(audio::applications());
    module.applications.extend(digits::applications());
    module.applications.extend(record::applications());
    module.applications.extend(bridge::applications());
    module.applications.extend(event::applications());
    module
}

/// The language of `mod_say_en`.
fn english() -> Module {
    let mut module = Module::named("mod_say_en");
    module.speakers.push(Arc::new(say::English));
    module
}

/// The functions and commands of `mod_commands`.
fn general_commands() -> Module {
    let mut module = Module::named("mod_commands");
    module.commands.extend(function::functions());
    module.commands.extend(commands::commands());
    module
}

/// The function of `mod_expr`.
fn arithmetic() -> Module {
    let mut module = Module::named("mod_expr");
    module.commands.push(command!(
        "expr",
        function::expr::expr,
        "<expression>",
        "Arithmetic",
        expandable
    ));
    module
}

#[cfg(test)]
mod tests;
