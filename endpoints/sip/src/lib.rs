//! SIP: the endpoint `sofia`. Sockets hand messages to shards by Call-ID; a shard drives one pure
//! [`strowger_sip_proto::SipCore`] and speaks with the exchange's sessions.
//!
//! An INVITE, told: [`transport`] reads a datagram and asks [`guard`] whether its sender may speak; the shard's core
//! raises an event; [`inbound`] applies lists and [`auth`], makes the caller's profile and variables, and hands a new
//! call to the exchange; from then on [`channel`] turns the session's indications into messages and [`happening`] the
//! peer's messages into signals.

mod auth;
mod caller;
mod channel;
mod commands;
mod config;
mod core_setup;
mod endpoint;
mod guard;
mod happening;
mod inbound;
mod invite_out;
mod invite_variables;
mod line;
mod matching;
mod media;
mod nat;
mod outbound;
mod profile;
mod registrar;
mod report;
mod requests;
mod shard;
mod stateless;
mod status;
mod trace;
mod transfer;
mod transport;

pub use endpoint::Sofia;

use std::sync::Arc;
use strowger_core::Module;

/// The endpoint, its commands and its configuration.
pub fn module() -> Module {
    let mut module = Module::named("mod_sofia");
    module.endpoints.push(Arc::new(Sofia::default()));
    module.commands = commands::all();
    module.sections.push(config::section());
    module
}
