//! What the programs share: how the rooms are put together, where files are, and what is known before the configuration
//! is read.

pub mod network;
pub mod noticeboard;
pub mod paths;
pub mod secrets;
pub mod site;
pub mod stun;
pub mod wiring;
