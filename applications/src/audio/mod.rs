//! What the caller hears: files, tones, phrases, spoken values, his own voice.

use strowger_core::application::Application;

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    Vec::new()
}
