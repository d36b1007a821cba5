//! Standard output. A reader that leaves early (`| head`) has seen what it wanted: that is no failure.

use std::io::Write;

/// Writes text.
pub fn show(text: &str) {
    let mut out = std::io::stdout().lock();
    // The reader has left, see above.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
