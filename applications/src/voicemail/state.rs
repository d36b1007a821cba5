//! What the mailboxes of one exchange have in common while it runs: who guessed PINs, and whether the messages that a
//! crash left behind are complete.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Wrong PINs in all, since the last right one, after which a box is closed for [`LOCKED_SECONDS`].
pub const WRONG_PINS: u32 = 5;

/// How long a box stays closed, seconds: at five tries in 15 minutes, half of all PINs of six digits take three
/// years.
pub const LOCKED_SECONDS: i64 = 15 * 60;

/// The state, shared by every call and command of one exchange.
#[derive(Clone, Default)]
pub struct SharedState(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// At most one entry per mailbox of the directory: only boxes that exist are counted.
    wrong: Mutex<HashMap<(String, String), Guesses>>,
    completed: OnceCell<()>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Guesses {
    count: u32,
    /// Seconds since 1970; 0: open.
    locked_until: i64,
}

impl SharedState {
    /// Whether a box is closed because of wrong PINs. `now` in seconds since 1970.
    pub fn is_locked(&self, domain: &str, id: &str, now: i64) -> bool {
        self.with(domain, id, |guesses| guesses.locked_until > now)
    }

    /// Counts a wrong PIN; `true` when it closes the box.
    pub fn wrong_pin(&self, domain: &str, id: &str, now: i64) -> bool {
        self.with(domain, id, |guesses| {
            if guesses.locked_until > now {
                return false;
            }
            guesses.count += 1;
            if guesses.count < WRONG_PINS {
                return false;
            }
            *guesses = Guesses {
                count: 0,
                locked_until: now + LOCKED_SECONDS,
            };
            true
        })
    }

    /// A right PIN: earlier guesses are forgotten.
    pub fn right_pin(&self, domain: &str, id: &str) {
        self.with(domain, id, |guesses| *guesses = Guesses::default());
    }

    /// Runs `work` once in the life of the exchange; everybody else waits until it is done.
    pub async fn complete_once(&self, work: impl Future<Output = ()>) {
        self.0
            .completed
            .get_or_init(|| async {
                work.await;
            })
            .await;
    }

    fn with<T>(&self, domain: &str, id: &str, work: impl FnOnce(&mut Guesses) -> T) -> T {
        let key = (domain.to_ascii_lowercase(), id.to_ascii_lowercase());
        let mut wrong = self.0.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        work(wrong.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_pins_in_all_close_a_box_for_a_time() {
        let state = SharedState::default();
        for _ in 0..4 {
            assert!(!state.wrong_pin("d", "1000", 100));
        }
        assert!(!state.is_locked("d", "1000", 100));
        assert!(state.wrong_pin("D", "1000", 100), "the fifth closes it");
        assert!(state.is_locked("d", "1000", 101));
        assert!(!state.is_locked("d", "1001", 101), "other boxes stay open");
        assert!(!state.wrong_pin("d", "1000", 101), "it is closed already");
        assert!(!state.is_locked("d", "1000", 100 + LOCKED_SECONDS));
    }

    #[test]
    fn a_right_pin_forgets_wrong_ones() {
        let state = SharedState::default();
        for _ in 0..10 {
            for _ in 0..4 {
                assert!(!state.wrong_pin("d", "1000", 100));
            }
            state.right_pin("d", "1000");
        }
        assert!(!state.is_locked("d", "1000", 100));
    }
}
