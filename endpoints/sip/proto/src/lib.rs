//! SIP (RFC 3261 and friends) as a pure machine: octets and time in, octets and events out.
//!
//! One INVITE, told: a datagram arrives as [`Input::Message`]; the parser cuts it into a [`message::Request`]; no server
//! transaction knows its branch, so one is made and `100 Trying` goes out; the core opens a call and raises
//! [`UaEvent::Invite`]. The user rings (`provisional`), answers (`accept`), and the 200 is repeated until
//! [`UaEvent::Ack`]. A BYE ends it: 200, [`UaEvent::Bye`], [`UaEvent::Terminated`], and nothing remains.
//!
//! There is no socket, no clock and no randomness in here. Whoever drives [`SipCore`] gives the time with each input,
//! drains [`SipCore::poll_output`] after each, and calls [`SipCore::handle_timeout`] when [`SipCore::poll_timeout`] says.

pub mod auth;
pub mod call;
pub mod command;
pub mod config;
pub mod dialog;
pub mod entropy;
pub mod flow;
pub mod header;
pub mod info;
pub mod message;
pub mod timer;
pub mod transaction;

mod draft;
mod exchange;
mod facts;
mod invite;
mod options;
mod outside;
mod receive;
mod reply;
mod sip_core;

pub use call::{CallKey, ClientKey, Failure, ServerKey, UaEvent};
pub use command::{Account, Body, CommandError, HeaderList, OutgoingInvite, OutgoingRequest};
pub use config::{CoreConfig, Rejected, SessionTimer, SipCounters};
pub use entropy::Entropy;
pub use flow::{Destination, Flow, FlowId, Input, Output, QueryId, Target, Transport};
pub use sip_core::SipCore;
