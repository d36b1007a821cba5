//! Recording what the phone says, or both sides of a call.

use super::interrupt::Interrupt;
use super::{Happening, Session, StopOn};
use std::path::PathBuf;
use std::time::Duration;
use strowger_media::BugGuard;
use strowger_media::rate::SampleRate;
use strowger_media::recorder::{
    RecordEnd, RecordOutcome, RecordSides, RecordSpec, RecordingControl, SilenceRule,
};
use strowger_model::EventName;
use tokio::sync::oneshot;

/// Rights of a recording: only the exchange's own user may read it.
const OWNER_ONLY: u32 = 0o600;

/// When a recording ends by itself, and what becomes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordLimits {
    /// Longest recording.
    pub longest: Option<Duration>,
    /// End after this much silence below the threshold (mean of |sample|).
    pub silence: Option<(u32, Duration)>,
    /// Shorter recordings are deleted.
    pub shortest: Duration,
    /// Digits that end it.
    pub terminators: String,
    /// Go on after what the file holds already.
    pub append: bool,
}

/// A recording that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The file.
    pub path: PathBuf,
    /// How long it is.
    pub length: Duration,
    /// Samples in the file.
    pub samples: u64,
    /// The digit that ended it.
    pub digit: Option<char>,
    /// Silence ended it.
    pub silence: bool,
    /// It was too short and is deleted.
    pub discarded: bool,
    /// Writing failed (a full disk): what was written is kept.
    pub failure: Option<String>,
}

/// A recording that runs beside whatever the session does.
pub(crate) struct Running {
    pub(crate) path: PathBuf,
    pub(crate) control: RecordingControl,
    bug: BugGuard,
    done: oneshot::Receiver<RecordOutcome>,
}

impl Session {
    /// Records what the phone says until a digit, a limit, silence or the end of the call. A hangup ends it well:
    /// the recording is complete, and the next verb reports the hangup.
    pub async fn record(
        &mut self,
        path: PathBuf,
        limits: RecordLimits,
    ) -> Result<Recorded, Interrupt> {
        let running = match self.start_recorder(path.clone(), &limits, RecordSides::Read, false) {
            Ok(running) => running,
            Err(failure) => {
                tracing::error!(uuid = %self.channel.uuid, path = %path.display(), failure, "cannot record");
                return Ok(Recorded {
                    path,
                    length: Duration::ZERO,
                    samples: 0,
                    digit: None,
                    silence: false,
                    discarded: false,
                    failure: Some(failure),
                });
            }
        };
        self.fire(
            EventName::RecordStart,
            &[("Record-File-Path", path.display().to_string())],
        );
        let digit = self.until_recorded(&running, &limits).await;
        let outcome = running.stop().await;
        let recorded = self.recorded(path, outcome, digit);
        Ok(recorded)
    }

    /// Waits until the recording should end; the digit that ended it, if one did.
    async fn until_recorded(&mut self, running: &Running, limits: &RecordLimits) -> Option<char> {
        let stop = StopOn::Digits(limits.terminators.clone());
        loop {
            match self.next().await {
                Ok(Happening::BugEnded(bug)) if bug == running.bug.id() => return None,
                Ok(Happening::Digit(_)) => {
                    let StopOn::Digits(wanted) = &stop else {
                        continue;
                    };
                    while let Some(digit) = self.take_digit() {
                        if wanted.contains(digit.digit) {
                            return Some(digit.digit);
                        }
                    }
                }
                Ok(Happening::Break) => return None,
                Ok(_) => {}
                // A hangup or transfer ends the recording well; the interrupt comes back at the next wait, since
                // its cause stays set. A transfer must not be swallowed: it is asked for again.
                Err(Interrupt::Hangup(_)) => return None,
                Err(interrupt) => {
                    self.ask_again(interrupt);
                    return None;
                }
            }
        }
    }

    /// Puts an interrupt that came at an unlucky moment back into the mailbox.
    fn ask_again(&mut self, interrupt: Interrupt) {
        use super::command::{Command, TransferWho};
        let command = match interrupt {
            Interrupt::Hangup(_) => return,
            Interrupt::Join { peer, role } => Command::Join { peer, role },
            Interrupt::Transfer(to) => Command::Transfer {
                to,
                who: TransferWho::Itself,
            },
            Interrupt::Park => Command::Park,
        };
        self.handle.send_surely(command);
    }

    fn recorded(
        &mut self,
        path: PathBuf,
        outcome: Option<RecordOutcome>,
        digit: Option<char>,
    ) -> Recorded {
        let (length, samples, end, discarded) = match outcome {
            Some(outcome) => (outcome.ms, outcome.samples, outcome.end, outcome.discarded),
            None => (
                0,
                0,
                RecordEnd::Failed("the recorder has gone".to_owned()),
                false,
            ),
        };
        let failure = match &end {
            RecordEnd::Failed(why) => Some(why.clone()),
            _ => None,
        };
        let mut headers = vec![("Record-File-Path", path.display().to_string())];
        if let Some(why) = &failure {
            headers.push(("Record-Completion-Cause", why.clone()));
        }
        self.fire(EventName::RecordStop, &headers);
        Recorded {
            path,
            length: Duration::from_millis(length),
            samples,
            digit,
            silence: end == RecordEnd::Silence,
            discarded,
            failure,
        }
    }

    fn start_recorder(
        &mut self,
        path: PathBuf,
        limits: &RecordLimits,
        sides: RecordSides,
        stereo: bool,
    ) -> Result<Running, String> {
        let (finished, done) = oneshot::channel();
        let spec = RecordSpec {
            path: path.clone(),
            rate: self.media.rate().unwrap_or(SampleRate::NARROW),
            stereo,
            sides,
            append: limits.append,
            limit_ms: limits.longest.map(|limit| limit.as_millis() as u64),
            silence: limits.silence.map(|(threshold, length)| SilenceRule {
                threshold,
                ms: length.as_millis() as u64,
            }),
            min_ms: limits.shortest.as_millis() as u64,
            mode: OWNER_ONLY,
        };
        let (bug, control) = strowger_media::recorder::record(
            spec,
            Box::new(move |outcome| {
                // The session may be gone: the file is complete either way.
                let _ = finished.send(outcome);
            }),
        )
        .map_err(|error| error.to_string())?;
        let bug = self
            .media
            .attach(bug)
            .ok_or_else(|| "no media to record".to_owned())?;
        Ok(Running {
            path,
            control,
            bug,
            done,
        })
    }

    /// Records both sides in the background until the call ends or it is stopped.
    pub fn start_recording(
        &mut self,
        path: PathBuf,
        limits: &RecordLimits,
        stereo: bool,
    ) -> Result<(), String> {
        self.start_recording_sides(path, limits, RecordSides::Both, stereo)
    }

    /// Records one side or both in the background until the call ends or it is stopped.
    pub fn start_recording_sides(
        &mut self,
        path: PathBuf,
        limits: &RecordLimits,
        sides: RecordSides,
        stereo: bool,
    ) -> Result<(), String> {
        let running = self.start_recorder(path.clone(), limits, sides, stereo)?;
        self.recordings.push(running);
        self.fire(
            EventName::RecordStart,
            &[("Record-File-Path", path.display().to_string())],
        );
        Ok(())
    }

    /// Whether a background recording of this path runs.
    pub fn is_recording(&self, path: &std::path::Path) -> bool {
        self.recordings.iter().any(|running| running.path == path)
    }

    /// Stops the background recording of this path, or all; says how many there were.
    pub async fn stop_recordings(&mut self, path: Option<&std::path::Path>) -> usize {
        let mut stopped = 0;
        let mut kept = Vec::new();
        for running in std::mem::take(&mut self.recordings) {
            if path.is_some_and(|path| path != running.path) {
                kept.push(running);
                continue;
            }
            let path = running.path.clone();
            let outcome = running.stop().await;
            self.recorded(path, outcome, None);
            stopped += 1;
        }
        self.recordings = kept;
        stopped
    }
}

impl Running {
    /// Ends the recording and waits until the file is complete.
    pub(crate) async fn stop(self) -> Option<RecordOutcome> {
        self.control.stop();
        drop(self.bug);
        tokio::time::timeout(super::next::FINISH_WITHIN, self.done)
            .await
            .ok()?
            .ok()
    }
}
