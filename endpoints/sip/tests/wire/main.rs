//! The endpoint over real sockets on the loopback address: what a phone hears.

mod calls;
mod exchange;
mod phone;
mod registrar;
mod strangers;
mod streams;
