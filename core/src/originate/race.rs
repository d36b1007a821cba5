//! Legs ring together; the first that answers wins. The caller hears ringback meanwhile and may give up.

use super::attempt::{self, Caller};
use super::plan::{Plan, PlannedLeg, says_yes, seconds};
use super::{DialFailure, DialOptions, MAX_LEGS, Progress, Reached, Report};
use crate::session::{Either, Happening, Interrupt, Session, SessionHandle};
use crate::switch::Switch;
use std::time::Duration;
use strowger_model::{DialString, Expanded, HangupCause, Sound, SoundOptions, SoundParseError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Reports of one leg at most: started, ringing, early media, answered, ended, and some to spare.
const REPORTS_PER_LEG: usize = 8;

/// A leg of the race.
struct Runner {
    handle: Option<SessionHandle>,
    ended: Option<HangupCause>,
    uuid: String,
    deadline: Option<Instant>,
    progress_deadline: Option<Instant>,
    early: bool,
    fatal: bool,
}

/// Hangs up whatever still rings when the race is dropped: the caller has gone, or somebody else won.
struct Field {
    runners: Vec<Runner>,
    winner: Option<usize>,
    cause: HangupCause,
}

impl Drop for Field {
    fn drop(&mut self) {
        for (index, runner) in self.runners.iter().enumerate() {
            if Some(index) != self.winner
                && let Some(handle) = &runner.handle
            {
                handle.hangup(self.cause);
            }
        }
    }
}

/// Runs every simple string of the dial string: several joined by `:_:` at the same time.
pub(crate) async fn run(
    switch: &Switch,
    mut caller: Option<&mut Session>,
    dial: DialString,
    options: &DialOptions,
) -> Result<Result<Reached, DialFailure>, Interrupt> {
    // Enterprise strings ring side by side: their first groups form one field, then their second groups.
    let all = dial
        .enterprise
        .first()
        .map(|simple| simple.all.clone())
        .unwrap_or_default();
    let mut merged: Option<Plan> = None;
    for simple in &dial.enterprise {
        let plan = match super::plan(switch, caller.as_deref(), simple, &all, options).await {
            Ok(plan) => plan,
            Err(failure) => return Ok(Err(failure)),
        };
        merged = Some(match merged {
            None => plan,
            Some(merged) => side_by_side(merged, plan),
        });
    }
    let Some(plan) = merged else {
        return Ok(Err(DialFailure::of(HangupCause::DestinationOutOfOrder)));
    };
    if let Some(session) = caller.as_deref_mut() {
        session.run_dial_hooks("pre_originate").await?;
    }
    let outcome = groups(switch, &mut caller, plan, options).await?;
    if let (Some(session), Ok(_)) = (caller, &outcome) {
        session.run_dial_hooks("post_originate").await?;
    }
    Ok(outcome)
}

fn side_by_side(mut first: Plan, second: Plan) -> Plan {
    for (index, group) in second.groups.into_iter().enumerate() {
        match first.groups.get_mut(index) {
            Some(own) => own.extend(group),
            None => first.groups.push(group),
        }
    }
    first.time_limit = first.time_limit.max(second.time_limit);
    first
}

/// Tries one group after another until somebody is reached or time runs out.
async fn groups(
    switch: &Switch,
    caller: &mut Option<&mut Session>,
    plan: Plan,
    options: &DialOptions,
) -> Result<Result<Reached, DialFailure>, Interrupt> {
    let retries = plan
        .policy
        .text("originate_retries")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0u32)
        .min(100);
    let pause = plan
        .policy
        .text("originate_retry_sleep_ms")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000u64)
        .clamp(500, 60_000);
    let go_on_after_timeout = says_yes(&plan.policy, "originate_continue_on_timeout");
    let mut failure = DialFailure::of(HangupCause::NoRouteDestination);
    for round in 0..=retries {
        if round > 0 {
            rest(caller, Duration::from_millis(pause)).await?;
        }
        for group in &plan.groups {
            let ended = one_group(switch, caller, group, &plan, options).await?;
            match ended {
                GroupEnd::Reached(reached) => return Ok(Ok(reached)),
                GroupEnd::Failed(cause, legs) => {
                    failure.cause = cause;
                    failure.detail = detail(switch, &legs, cause);
                    failure.legs.extend(legs);
                }
                GroupEnd::TimedOut(legs) => {
                    failure.cause = HangupCause::NoAnswer;
                    failure.legs.extend(legs);
                    if !go_on_after_timeout {
                        return Ok(Err(failure));
                    }
                }
            }
        }
    }
    Ok(Err(failure))
}

/// What the protocol of the leg that failed with `cause` said; the leg is at its end, but still known.
fn detail(switch: &Switch, legs: &[(String, HangupCause)], cause: HangupCause) -> Option<Expanded> {
    let (uuid, _) = legs.iter().find(|(_, own)| *own == cause)?;
    let snapshot = switch.sessions().find(uuid)?.snapshot();
    snapshot
        .variables
        .get("proto_specific_hangup_cause")
        .cloned()
}

async fn rest(caller: &mut Option<&mut Session>, time: Duration) -> Result<(), Interrupt> {
    match caller {
        Some(session) => session.rest(time).await,
        None => {
            tokio::time::sleep(time).await;
            Ok(())
        }
    }
}

enum GroupEnd {
    Reached(Reached),
    Failed(HangupCause, Vec<(String, HangupCause)>),
    TimedOut(Vec<(String, HangupCause)>),
}

/// Rings the legs of one group together.
async fn one_group(
    switch: &Switch,
    caller: &mut Option<&mut Session>,
    legs: &[PlannedLeg],
    plan: &Plan,
    options: &DialOptions,
) -> Result<GroupEnd, Interrupt> {
    let (reports, mut inbox) = mpsc::channel(legs.len().clamp(1, MAX_LEGS) * REPORTS_PER_LEG);
    let shared = Caller::of(caller.as_deref());
    let mut starting = JoinSet::new();
    let now = Instant::now();
    let mut field = Field {
        runners: Vec::new(),
        winner: None,
        cause: HangupCause::OriginatorCancel,
    };
    for (index, leg) in legs.iter().enumerate() {
        let delay = leg
            .variables
            .text("leg_delay_start")
            .and_then(seconds)
            .unwrap_or_default();
        let after = |name: &str| {
            leg.variables
                .text(name)
                .and_then(seconds)
                .map(|time| now + delay + time)
        };
        field.runners.push(Runner {
            handle: None,
            ended: None,
            uuid: String::new(),
            deadline: after("leg_timeout"),
            progress_deadline: after("leg_progress_timeout").or_else(|| after("progress_timeout")),
            early: says_yes(&leg.variables, "ignore_early_media"),
            fatal: says_yes(&leg.variables, "leg_required"),
        });
        let work = attempt::run(
            switch.clone(),
            index,
            leg.clone(),
            shared.clone(),
            options.clone(),
            reports.clone(),
        );
        starting.spawn(work);
    }
    drop(reports);
    let mut ringing = Ringing::new(caller, plan).await?;
    let limit = now + plan.time_limit;
    let single_reject = ["fail_on_single_reject", "hangup_on_single_reject"]
        .iter()
        .any(|name| says_yes(&plan.policy, name));
    loop {
        if field.runners.iter().all(|runner| runner.ended.is_some()) {
            let cause = overall(&field.runners);
            return Ok(GroupEnd::Failed(cause, causes(&field.runners)));
        }
        let deadline = field
            .next_deadline()
            .map_or(limit, |deadline| deadline.min(limit));
        match wait(caller, &mut inbox, deadline).await? {
            Waited::Time => {
                if Instant::now() >= limit {
                    field.cause = HangupCause::NoAnswer;
                    return Ok(GroupEnd::TimedOut(causes(&field.runners)));
                }
                field.expire();
            }
            Waited::CallerGaveUp => {
                return Ok(GroupEnd::Failed(
                    HangupCause::OriginatorCancel,
                    causes(&field.runners),
                ));
            }
            Waited::Nothing => {}
            Waited::Report(Report::Started(index, handle)) => {
                let runner = &mut field.runners[index];
                runner.uuid = handle.uuid().to_owned();
                if let Some(cause) = runner.ended {
                    handle.hangup(cause);
                }
                runner.handle = Some(handle);
            }
            Waited::Report(Report::Got(index, progress)) => match progress {
                Progress::Ended(cause) => {
                    field.runners[index].ended.get_or_insert(cause);
                    if field.runners[index].fatal || (single_reject && is_reject(cause)) {
                        field.cause = HangupCause::LoseRace;
                        return Ok(GroupEnd::Failed(cause, causes(&field.runners)));
                    }
                }
                Progress::Ringing => {
                    field.runners[index].progress_deadline = None;
                    ringing.start(caller, false).await?;
                    if says_yes(&plan.policy, "return_ring_ready")
                        && let Some(reached) = field.win(index, false)
                    {
                        return Ok(GroupEnd::Reached(reached));
                    }
                }
                Progress::EarlyMedia => {
                    field.runners[index].progress_deadline = None;
                    let ignored = field.runners[index].early
                        || legs.len() > 1
                        || says_yes(&plan.policy, "ignore_early_media");
                    if ignored {
                        ringing.start(caller, true).await?;
                    } else if let Some(reached) = field.win(index, false) {
                        ringing.stop(caller);
                        return Ok(GroupEnd::Reached(reached));
                    }
                }
                Progress::Answered => {
                    if let Some(reached) = field.win(index, true) {
                        ringing.stop(caller);
                        return Ok(GroupEnd::Reached(reached));
                    }
                }
            },
        }
    }
}

fn is_reject(cause: HangupCause) -> bool {
    matches!(
        cause,
        HangupCause::CallRejected | HangupCause::UserBusy | HangupCause::Decline
    )
}

fn causes(runners: &[Runner]) -> Vec<(String, HangupCause)> {
    runners
        .iter()
        .map(|runner| {
            (
                runner.uuid.clone(),
                runner.ended.unwrap_or(HangupCause::NoAnswer),
            )
        })
        .collect()
}

/// The cause of a field in which all have failed: the most telling one (busy before absent).
fn overall(runners: &[Runner]) -> HangupCause {
    let all = || runners.iter().filter_map(|runner| runner.ended);
    let absent = |cause: &HangupCause| {
        matches!(
            cause,
            HangupCause::UserNotRegistered
                | HangupCause::SubscriberAbsent
                | HangupCause::ChanNotImplemented
        )
    };
    all()
        .find(|cause| *cause == HangupCause::UserBusy)
        .or_else(|| all().rfind(|cause| !absent(cause)))
        .or_else(|| all().next_back())
        .unwrap_or(HangupCause::NoRouteDestination)
}

impl Field {
    fn next_deadline(&self) -> Option<Instant> {
        self.runners
            .iter()
            .filter(|runner| runner.ended.is_none())
            .flat_map(|runner| [runner.deadline, runner.progress_deadline])
            .flatten()
            .min()
    }

    /// Ends legs whose own time is up.
    fn expire(&mut self) {
        let now = Instant::now();
        for runner in self
            .runners
            .iter_mut()
            .filter(|runner| runner.ended.is_none())
        {
            let cause = if runner.deadline.is_some_and(|deadline| deadline <= now) {
                HangupCause::NoAnswer
            } else if runner
                .progress_deadline
                .is_some_and(|deadline| deadline <= now)
            {
                HangupCause::ProgressTimeout
            } else {
                continue;
            };
            runner.ended = Some(cause);
            if let Some(handle) = &runner.handle {
                handle.hangup(cause);
            }
        }
    }

    fn win(&mut self, index: usize, answered: bool) -> Option<Reached> {
        let peer = self.runners[index].handle.clone()?;
        self.winner = Some(index);
        self.cause = HangupCause::LoseRace;
        Some(Reached::new(peer, answered))
    }
}

enum Waited {
    Report(Report),
    Time,
    CallerGaveUp,
    Nothing,
}

async fn wait(
    caller: &mut Option<&mut Session>,
    inbox: &mut mpsc::Receiver<Report>,
    deadline: Instant,
) -> Result<Waited, Interrupt> {
    let news = async {
        tokio::select! {
            biased;
            Some(report) = inbox.recv() => Waited::Report(report),
            () = tokio::time::sleep_until(deadline) => Waited::Time,
        }
    };
    match caller {
        None => Ok(news.await),
        Some(session) => match session.next_or(news).await? {
            Either::Ready(waited) => Ok(waited),
            Either::Happened(Happening::Digit(digit)) => {
                let key = session.text("origination_cancel_key");
                if key.contains(digit.digit) {
                    session.flush_digits();
                    return Ok(Waited::CallerGaveUp);
                }
                Ok(Waited::Nothing)
            }
            Either::Happened(_) => Ok(Waited::Nothing),
        },
    }
}

/// Ringback goes on as long as it rings: a file is played again and again.
fn endless(parsed: Result<Sound, SoundParseError>) -> Option<Sound> {
    match parsed {
        Ok(Sound::None) => None,
        Ok(sound @ Sound::File { .. }) => Some(Sound::With {
            options: SoundOptions {
                loops: Some(-1),
                ..SoundOptions::default()
            },
            sound: Box::new(sound),
        }),
        Ok(sound) => Some(sound),
        Err(error) => {
            tracing::warn!(%error, "the ringback cannot be played");
            None
        }
    }
}

/// What the caller hears while it rings.
struct Ringing {
    sound: Option<Sound>,
    started: bool,
    silent: bool,
    playing: Option<crate::session::Background>,
    ring_on_early: bool,
}

impl Ringing {
    async fn new(caller: &mut Option<&mut Session>, plan: &Plan) -> Result<Ringing, Interrupt> {
        let mut ringing = Ringing {
            sound: None,
            started: false,
            silent: says_yes(&plan.policy, "ignore_ring_ready"),
            playing: None,
            ring_on_early: plan.policy.text("ignore_early_media") == Some("ring_ready"),
        };
        let Some(session) = caller.as_deref_mut() else {
            return Ok(ringing);
        };
        let variable = if session.is_answered() {
            "transfer_ringback"
        } else {
            "ringback"
        };
        if let Some(text) = session.variable(variable).filter(|text| !text.is_empty()) {
            ringing.sound = endless(Sound::ringback(&text));
        }
        if says_yes(&plan.policy, "instant_ringback") && ringing.sound.is_some() {
            ringing.start(caller, false).await?;
        }
        Ok(ringing)
    }

    /// The peer rings: the caller is told, or hears the ringback tone.
    async fn start(
        &mut self,
        caller: &mut Option<&mut Session>,
        early: bool,
    ) -> Result<(), Interrupt> {
        let Some(session) = caller.as_deref_mut() else {
            return Ok(());
        };
        if self.started || (early && !self.ring_on_early && self.sound.is_none()) {
            return Ok(());
        }
        self.started = true;
        match &self.sound {
            Some(sound) => {
                session.pre_answer().await?;
                self.playing = session.play_in_background(sound).await?;
                Ok(())
            }
            None if self.silent => Ok(()),
            None => session.ring_ready().await,
        }
    }

    fn stop(&mut self, caller: &mut Option<&mut Session>) {
        if self.playing.take().is_some()
            && let Some(session) = caller.as_deref_mut()
        {
            session.hear_base();
        }
    }
}
