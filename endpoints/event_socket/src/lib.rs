//! The event socket: programs on the network watch and control the exchange in a text protocol.
//!
//! ```text
//! listener -> connection -> wire (bytes <-> frames)
//!                        -> request (a frame's words) -> commands of the exchange, sessions, event bus
//! ```

mod config;
mod connection;
mod filter;
mod guard;
mod listener;
mod log;
mod request;
mod send;
mod wishes;

pub mod wire;

pub use config::EventSocketConf;
pub use listener::EventSocket;
pub use log::{LogLine, LogTap};

use std::sync::Arc;
use strowger_core::Module;
use strowger_core::config::SectionCompiler;

/// What this room contributes; clients get no log lines.
pub fn module() -> Module {
    module_with_log(LogTap::default())
}

/// What this room contributes, with the log whose lines clients may ask for.
pub fn module_with_log(log: LogTap) -> Module {
    let mut module = Module::named("mod_event_socket");
    module.endpoints.push(Arc::new(EventSocket::new(log)));
    module.sections.push(SectionCompiler::with(
        config::NAME,
        EventSocketConf::compile,
    ));
    module
}
