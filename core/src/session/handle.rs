//! A session as others see it: its id, its mailbox, its hangup signal, and the last picture of its channel.

use super::command::Command;
use arc_swap::{ArcSwap, ArcSwapOption};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use strowger_media::LegHandle;
use strowger_model::{ChannelSnapshot, HangupCause};
use tokio::sync::{Notify, mpsc};

/// Messages that may wait in a session's mailbox; the next sender is told `Busy`.
pub const MAILBOX: usize = 64;

/// The session's mailbox is full, or the session is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// Too many messages wait.
    #[error("the session is busy")]
    Full,
    /// The session has ended.
    #[error("the session has ended")]
    Gone,
}

/// A set-once hangup cause that wakes its session: the first cause wins and cannot be lost.
#[derive(Debug, Default)]
pub(crate) struct HangupSignal {
    /// 0: not set; otherwise the cause's code + 1.
    cause: AtomicU32,
    changed: Notify,
}

impl HangupSignal {
    pub(crate) fn set(&self, cause: HangupCause) -> bool {
        let first = self
            .cause
            .compare_exchange(
                0,
                u32::from(cause.code()) + 1,
                Ordering::AcqRel,
                Ordering::Acquire,
            )
            .is_ok();
        if first {
            self.changed.notify_waiters();
            self.changed.notify_one();
        }
        first
    }

    pub(crate) fn get(&self) -> Option<HangupCause> {
        match self.cause.load(Ordering::Acquire) {
            0 => None,
            code => HangupCause::from_code((code - 1) as u16).or(Some(HangupCause::NormalClearing)),
        }
    }

    pub(crate) async fn wait(&self) -> HangupCause {
        loop {
            let changed = self.changed.notified();
            if let Some(cause) = self.get() {
                return cause;
            }
            changed.await;
        }
    }
}

/// A running call leg, seen from outside. Cheap to clone.
#[derive(Clone)]
pub struct SessionHandle(Arc<Inner>);

struct Inner {
    uuid: String,
    mailbox: mpsc::Sender<Command>,
    hangup: HangupSignal,
    snapshot: ArcSwap<ChannelSnapshot>,
    leg: ArcSwapOption<LegHandle>,
}

impl std::fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SessionHandle").field(&self.0.uuid).finish()
    }
}

impl SessionHandle {
    pub(crate) fn new(first: ChannelSnapshot) -> (SessionHandle, mpsc::Receiver<Command>) {
        let (mailbox, inbox) = mpsc::channel(MAILBOX);
        let inner = Inner {
            uuid: first.uuid.clone(),
            mailbox,
            hangup: HangupSignal::default(),
            snapshot: ArcSwap::from_pointee(first),
            leg: ArcSwapOption::empty(),
        };
        (SessionHandle(Arc::new(inner)), inbox)
    }

    /// The channel's uuid.
    pub fn uuid(&self) -> &str {
        &self.0.uuid
    }

    /// Ends the call. Never blocks, never is lost; the first cause wins.
    pub fn hangup(&self, cause: HangupCause) {
        self.0.hangup.set(cause);
    }

    /// The cause with which this call ends, once somebody has said so.
    pub fn hangup_cause(&self) -> Option<HangupCause> {
        self.0.hangup.get()
    }

    /// Puts a message into the mailbox; never waits.
    pub fn send(&self, command: Command) -> Result<(), Busy> {
        self.0
            .mailbox
            .try_send(command)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Busy::Full,
                mpsc::error::TrySendError::Closed(_) => Busy::Gone,
            })
    }

    /// Puts a message into the mailbox that must not be lost: when the mailbox is full, a task waits for room.
    pub fn send_surely(&self, command: Command) {
        if let Err(mpsc::error::TrySendError::Full(command)) = self.0.mailbox.try_send(command) {
            let mailbox = self.0.mailbox.clone();
            tokio::spawn(async move {
                // Closed: the session has ended and needs no message any more.
                let _ = mailbox.send(command).await;
            });
        }
    }

    /// Runs an application inside whatever the session waits for, and ends the call with `cause` when it is done.
    pub fn execute_then_hang_up(
        &self,
        application: String,
        data: String,
        cause: HangupCause,
    ) -> Result<(), Busy> {
        let (done, finished) = tokio::sync::oneshot::channel();
        self.send(Command::Execute {
            application,
            data,
            event_uuid: None,
            done: Some(done),
        })?;
        let session = self.clone();
        tokio::spawn(async move {
            // An application that was interrupted tells nobody: whatever interrupted it decides about the call.
            if finished.await.is_ok() {
                session.hangup(cause);
            }
        });
        Ok(())
    }

    /// The channel as it last showed itself.
    pub fn snapshot(&self) -> Arc<ChannelSnapshot> {
        self.0.snapshot.load_full()
    }

    /// The leg's media, once it has any.
    pub fn leg(&self) -> Option<LegHandle> {
        self.0.leg.load_full().map(|leg| (*leg).clone())
    }

    /// Whether both name the same session.
    pub fn is(&self, other: &SessionHandle) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) async fn hung_up(&self) -> HangupCause {
        self.0.hangup.wait().await
    }

    pub(crate) fn show(&self, snapshot: ChannelSnapshot) {
        self.0.snapshot.store(Arc::new(snapshot));
    }

    pub(crate) fn show_leg(&self, leg: Option<LegHandle>) {
        self.0.leg.store(leg.map(Arc::new));
    }
}
