//! Dialling: from a dial string to one answered peer.

mod attempt;
mod callee;
mod plan;
mod race;
mod result;

pub(crate) use callee::group_call;
pub use result::{DialFailure, DialPolicy, on_failure};

use crate::session::{Interrupt, Session, SessionHandle};
use crate::switch::Switch;
use plan::Plan;
use std::time::Duration;
use strowger_model::{DialString, Expanded, HangupCause, Variables};
use tokio::sync::mpsc;

/// How long a call rings unless told otherwise.
pub const RING_FOR: Duration = Duration::from_secs(60);

/// Legs that one dial string may ring in all.
pub const MAX_LEGS: usize = 128;

/// How a leg that we dialled gets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It exists now.
    Ringing,
    /// Its early media can be heard.
    EarlyMedia,
    /// It was answered.
    Answered,
    /// It is over.
    Ended(HangupCause),
}

/// What a leg tells the one who dialled it.
#[derive(Debug)]
pub(crate) enum Report {
    /// The leg's session has started.
    Started(usize, SessionHandle),
    /// It got on.
    Got(usize, Progress),
}

/// The leg's line to the one who dialled it.
#[derive(Clone, Debug)]
pub(crate) struct Reporter {
    leg: usize,
    to: mpsc::Sender<Report>,
}

impl Reporter {
    /// The leg's session exists; said before its task can say anything else.
    pub(crate) fn started(&self, handle: SessionHandle) {
        let _ = self.to.try_send(Report::Started(self.leg, handle));
    }

    pub(crate) fn report(&self, progress: Progress) {
        // Sized for every report of every leg; when the dialler has gone nobody needs them.
        let _ = self.to.try_send(Report::Got(self.leg, progress));
    }
}

/// A peer that was reached. Dropped without being adopted it is hung up: nobody is left in limbo.
#[derive(Debug)]
pub struct Reached {
    peer: SessionHandle,
    answered: bool,
    adopted: bool,
}

impl Reached {
    pub(crate) fn new(peer: SessionHandle, answered: bool) -> Reached {
        Reached {
            peer,
            answered,
            adopted: false,
        }
    }

    /// The leg.
    pub fn peer(&self) -> &SessionHandle {
        &self.peer
    }

    /// It was answered (otherwise it is ready for early media).
    pub fn answered(&self) -> bool {
        self.answered
    }

    /// Takes responsibility for the leg.
    pub fn adopt(mut self) -> SessionHandle {
        self.adopted = true;
        self.peer.clone()
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        if !self.adopted {
            self.peer.hangup(HangupCause::OriginatorCancel);
        }
    }
}

/// What the dialling may take from its surroundings when no session dials.
#[derive(Clone, Debug, Default)]
pub struct DialOptions {
    /// Caller id shown to the peer.
    pub caller_id_name: Option<String>,
    /// Caller number shown to the peer.
    pub caller_id_number: Option<String>,
    /// Longest ringing.
    pub timeout: Option<Duration>,
    /// Variables of every leg.
    pub variables: Variables,
}

/// Dials from a session: rings every leg as the dial string says, lets the caller hear ringback, and gives the first
/// that answers (or has early media). The caller's hangup is the `Err` of the outer result.
pub async fn dial(
    session: &mut Session,
    text: &Expanded,
) -> Result<Result<Reached, DialFailure>, Interrupt> {
    session.unset("originate_failed_cause");
    session.set("originate_disposition", "failure");
    session.set("DIALSTATUS", "INVALIDARGS");
    let parsed = match DialString::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            tracing::error!(uuid = session.uuid(), %error, "the dial string cannot be read");
            let failure = DialFailure::of(HangupCause::DestinationOutOfOrder);
            result::note(session, &Err(failure.clone()));
            return Ok(Err(failure));
        }
    };
    let switch = session.switch().clone();
    let outcome = race::run(&switch, Some(session), parsed, &DialOptions::default()).await;
    match outcome {
        Ok(outcome) => {
            result::note(session, &outcome);
            Ok(outcome)
        }
        Err(interrupt) => {
            session.set(
                "originate_disposition",
                HangupCause::OriginatorCancel.name(),
            );
            session.set("DIALSTATUS", "CANCEL");
            Err(interrupt)
        }
    }
}

/// Dials without a caller (an operator's `originate`).
pub async fn place(
    switch: &Switch,
    text: &Expanded,
    options: &DialOptions,
) -> Result<Reached, DialFailure> {
    let parsed = DialString::parse(text).map_err(|error| {
        tracing::error!(%error, "the dial string cannot be read");
        DialFailure::of(HangupCause::DestinationOutOfOrder)
    })?;
    match race::run(switch, None, parsed, options).await {
        Ok(outcome) => outcome,
        // Without a caller nothing interrupts.
        Err(_) => Err(DialFailure::of(HangupCause::NormalTemporaryFailure)),
    }
}

/// Whether and where a dial string leads, for the plan of a race.
pub(crate) async fn plan(
    switch: &Switch,
    caller: Option<&Session>,
    simple: &strowger_model::SimpleDial,
    all: &[(String, Expanded)],
    options: &DialOptions,
) -> Result<Plan, DialFailure> {
    plan::make(switch, caller, simple, all, options).await
}
