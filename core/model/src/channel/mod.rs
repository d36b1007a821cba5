//! What is known about one call leg.

pub mod call_state;
pub mod caller_profile;
pub mod direction;
pub mod hangup_cause;
pub mod state;
pub mod times;
pub mod variables;
