//! All sessions of one switch: who is admitted, how a session's task is supervised, who is found by uuid.

use super::{Birth, Session, SessionHandle};
use crate::endpoint::{Indication, IndicationSender};
use crate::limits::RecentPeak;
use crate::switch::Switch;
use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use strowger_model::{Event, EventName, EventValue, HangupCause};
use tokio::sync::Notify;

/// Why a new session is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `max-sessions` is reached.
    #[error("as many calls as max-sessions allows are up")]
    MaxSessions,
    /// `sessions-per-second` is reached.
    #[error("more new calls a second than sessions-per-second allows")]
    Rate,
    /// New calls are paused or the exchange is stopping.
    #[error("the exchange takes no new calls")]
    Closed,
    /// The media workers cannot keep up.
    #[error("the media workers are at their limit")]
    Overload,
    /// A session of that uuid exists.
    #[error("a session of that uuid exists")]
    Duplicate,
}

impl Refusal {
    /// The cause with which such a call ends.
    pub fn cause(self) -> HangupCause {
        match self {
            Refusal::MaxSessions | Refusal::Rate | Refusal::Overload => {
                HangupCause::SwitchCongestion
            }
            Refusal::Closed => HangupCause::SystemShutdown,
            Refusal::Duplicate => HangupCause::RequestedChanUnavail,
        }
    }
}

/// The sessions of one switch.
#[derive(Default)]
pub struct Sessions {
    live: Mutex<HashMap<String, SessionHandle>>,
    since_start: AtomicU64,
    peak: AtomicUsize,
    recent: RecentPeak,
    changed: Notify,
}

impl Sessions {
    /// The session of that uuid.
    pub fn find(&self, uuid: &str) -> Option<SessionHandle> {
        self.lock().get(uuid).cloned()
    }

    /// All sessions, in no order.
    pub fn all(&self) -> Vec<SessionHandle> {
        self.lock().values().cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there have been since the start.
    pub fn since_start(&self) -> u64 {
        self.since_start.load(Ordering::Relaxed)
    }

    /// The most at one time.
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    /// The most at one time in the last five minutes.
    pub fn recent_peak(&self) -> u64 {
        self.recent.peak(self.len() as u64)
    }

    /// Resolves when the last session has ended.
    pub async fn emptied(&self) {
        loop {
            let changed = self.changed.notified();
            if self.is_empty() {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, SessionHandle>> {
        // A panic while the map is locked cannot leave it half changed: every use is one map operation.
        self.live
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn insert(&self, handle: SessionHandle) -> Result<(), Refusal> {
        let mut live = self.lock();
        if live.contains_key(handle.uuid()) {
            return Err(Refusal::Duplicate);
        }
        live.insert(handle.uuid().to_owned(), handle);
        self.since_start.fetch_add(1, Ordering::Relaxed);
        self.peak.fetch_max(live.len(), Ordering::Relaxed);
        self.recent.note(live.len() as u64);
        Ok(())
    }

    fn forget(&self, uuid: &str) {
        self.lock().remove(uuid);
        self.changed.notify_waiters();
    }

    /// Starts the task of a new session.
    pub(crate) fn spawn(&self, switch: &Switch, birth: Birth) -> Result<SessionHandle, Refusal> {
        let reporter = birth.reporter.clone();
        let mut session = Session::born(switch.clone(), birth);
        let handle = session.handle().clone();
        self.insert(handle.clone())?;
        if let Some(reporter) = reporter {
            reporter.started(handle.clone());
        }
        let goodbye = session.port().to.clone();
        let watched = handle.clone();
        let switch = switch.clone();
        tokio::spawn(async move {
            let crashed = Caught(pin!(async { session.live().await })).await.is_err();
            drop(session);
            if crashed {
                crash(&switch, &watched, &goodbye);
            }
            switch.sessions().forget(watched.uuid());
        });
        Ok(handle)
    }
}

/// What a panic in a session leaves to do: the peer hears a temporary failure, a record and an event say so.
fn crash(switch: &Switch, handle: &SessionHandle, goodbye: &IndicationSender) {
    tracing::error!(
        uuid = handle.uuid(),
        "a session has crashed; other calls go on"
    );
    handle.hangup(HangupCause::Crash);
    if let Some(leg) = handle.leg() {
        leg.close();
    }
    let mut snapshot = (*handle.snapshot()).clone();
    snapshot
        .variables
        .set("hangup_cause", HangupCause::Crash.name());
    snapshot.cause = Some(HangupCause::Crash);
    handle.show(snapshot);
    goodbye.send_now(
        Indication::Hangup(HangupCause::NormalTemporaryFailure),
        handle.snapshot(),
    );
    switch.write_call_record(&handle.snapshot());
    let mut event = Event::new(EventName::SessionCrash);
    event.headers.push((
        "Unique-ID".to_owned(),
        EventValue::Text(handle.uuid().to_owned()),
    ));
    switch.events().publish(event);
}

/// A future whose panics are results.
struct Caught<'a, F>(Pin<&'a mut F>);

impl<F: Future> Future for Caught<'_, F> {
    type Output = Result<F::Output, ()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let work = &mut self.0;
        match std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            // The panic hook has logged what and where.
            Err(_) => Poll::Ready(Err(())),
        }
    }
}
