//! `sleep`: the caller waits and hears nothing.

use strowger_core::session::{Happening, StopOn};
use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, Milliseconds};
use tokio::time::Instant;

/// Arguments of `sleep`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Sleep {
    /// how long
    pub time: Milliseconds,
}

/// Waits. Digits stay queued; with `sleep_eat_digits` they are thrown away, and one of `playback_terminators` ends
/// the wait.
pub async fn sleep(session: &mut Session, args: Sleep) -> AppResult {
    let eat = session.is_true("sleep_eat_digits");
    let terminators = match session.playback_terminators() {
        StopOn::Digits(digits) => digits,
        _ => String::new(),
    };
    let deadline = Instant::now() + args.time.duration();
    loop {
        while let Some(digit) = eat.then(|| session.take_digit()).flatten() {
            if terminators.contains(digit.digit) {
                session.set("playback_terminator_used", digit.digit.to_string());
                return Ok(());
            }
        }
        match session.next_until(deadline).await? {
            None | Some(Happening::Break) => return Ok(()),
            Some(_) => {}
        }
    }
}
