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
mod request;
mod send;
mod wishes;

pub mod wire;

pub use config::EventSocketConf;
pub use listener::EventSocket;

use std::sync::Arc;
use strowger_core::Module;
use strowger_core::config::SectionCompiler;

/// What this room contributes.
pub fn module() -> Module {
    let mut module = Module::named("mod_event_socket");
    module.endpoints.push(Arc::new(EventSocket::default()));
    module.sections.push(SectionCompiler::with(
        config::NAME,
        EventSocketConf::compile,
    ));
    module
}
