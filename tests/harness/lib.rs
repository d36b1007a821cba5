//! What a test of whole calls imports: a switch whose control plane and media plane run in one thread in virtual time,
//! scripted phones, and ears that say which tones were heard.

mod audio;
mod line;
mod phone;
mod program;
mod switch;

pub use audio::{loudness, tones_heard};
pub use phone::{Phone, PhoneState};
pub use program::program;
pub use switch::{TestConf, TestSwitch};

use std::time::Duration;

/// So many seconds.
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many milliseconds.
pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
