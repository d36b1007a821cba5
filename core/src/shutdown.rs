//! Stopping: refuse new calls, let calls end within a time, then hang up.

use std::sync::Arc;
use tokio::sync::watch;

/// How far stopping has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Calls are taken.
    Running,
    /// No new calls; those that are up go on.
    Draining,
    /// Everything ends now.
    Stopping,
}

/// A clonable view of the phase.
#[derive(Clone, Debug)]
pub struct Shutdown {
    phase: watch::Receiver<Phase>,
    set: Arc<watch::Sender<Phase>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        let (set, phase) = watch::channel(Phase::Running);
        Shutdown {
            phase,
            set: Arc::new(set),
        }
    }
}

impl Shutdown {
    /// The phase now.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Goes on to a later phase; never back from stopping.
    pub(crate) fn enter(&self, phase: Phase) {
        self.set.send_if_modified(|now| {
            let change = *now != phase && *now != Phase::Stopping;
            if change {
                *now = phase;
            }
            change
        });
    }

    /// Resolves when everything shall end.
    pub async fn stopping(&self) {
        self.reached(Phase::Stopping).await;
    }

    /// Resolves when no new calls are taken.
    pub async fn draining(&self) {
        self.reached(Phase::Draining).await;
    }

    async fn reached(&self, wanted: Phase) {
        let mut phase = self.phase.clone();
        // The sender lives in `self.set`, so the channel cannot close.
        let _ = phase.wait_for(|phase| *phase >= wanted).await;
    }
}
