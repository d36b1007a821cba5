//! `record_session`, `stop_record_session`: both sides of the call, in the background.

use super::path::{Roots, prepare};
use crate::call::end::end;
use crate::variable::assignment::Assignment;
use std::time::Duration;
use strowger_core::media::RecordSides;
use strowger_core::session::RecordLimits;
use strowger_core::{AppResult, Session};
use strowger_model::{Argument, Arguments, Expanded, HangupCause, separate};

/// Shorter recordings are deleted, seconds.
const SHORTEST: u64 = 3;

/// Level below which it counts as silence, when silence ends the recording.
const SILENCE_LEVEL: u32 = 200;

/// Variables that change recordings elsewhere and are not supported here; each is said to have no effect.
const UNSUPPORTED: [&str; 10] = [
    "record_stereo_swap",
    "record_bridge_req",
    "record_answer_req",
    "record_initial_timeout_ms",
    "record_check_bridge",
    "record_title",
    "record_artist",
    "record_comment",
    "recording_follow_transfer",
    "record_post_process_exec_app",
];

/// Arguments of `record_session`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct RecordSession {
    /// the file, relative to recordings_dir
    pub path: Expanded,
    /// longest recording in seconds, with or without + in front
    pub limit: Option<String>,
    /// `{name=value,…}`: variables for this recording
    pub variables: Option<Expanded>,
}

/// What a recording is to be like.
struct Wishes<'a> {
    session: &'a Session,
    own: Vec<(String, Expanded)>,
}

impl Wishes<'_> {
    fn text(&self, name: &str) -> String {
        self.own
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str().to_owned())
            .unwrap_or_else(|| self.session.text(name))
    }

    fn is_true(&self, name: &str) -> bool {
        strowger_model::is_true(&self.text(name))
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.text(name).trim().parse().ok()
    }

    fn sides(&self) -> RecordSides {
        if self.is_true("record_read_only") {
            RecordSides::Read
        } else if self.is_true("record_write_only") {
            RecordSides::Write
        } else {
            RecordSides::Both
        }
    }

    fn limits(&self, limit: Option<u64>) -> RecordLimits {
        let level = self
            .number("record_silence_threshold")
            .and_then(|level| u32::try_from(level).ok())
            .unwrap_or(SILENCE_LEVEL);
        RecordLimits {
            longest: limit
                .filter(|&seconds| seconds > 0)
                .map(Duration::from_secs),
            silence: self
                .number("record_final_timeout_ms")
                .filter(|&ms| ms > 0)
                .map(|ms| (level, Duration::from_millis(ms))),
            shortest: Duration::from_secs(self.number("record_min_sec").unwrap_or(SHORTEST)),
            terminators: String::new(),
            append: self.is_true("record_append"),
        }
    }
}

/// `{a=b,c=d}` as pairs.
fn own_variables(text: &Expanded) -> Vec<(String, Expanded)> {
    let inner = text
        .strip_prefix("{")
        .and_then(|rest| Some(rest.slice(0..rest.find_trusted('}')?)))
        .unwrap_or_else(|| text.clone());
    separate(&inner, ',', 64)
        .iter()
        .filter_map(|item| Assignment::parse_argument(item).ok())
        .map(|assignment| (assignment.name, assignment.value))
        .collect()
}

/// Starts a recording that goes on until the call ends or somebody stops it.
pub async fn record_session(session: &mut Session, args: RecordSession) -> AppResult {
    let path = match prepare(session, &args.path).await? {
        Ok(path) => path,
        Err(why) => return failed(session, &why),
    };
    let wishes = Wishes {
        session,
        own: args
            .variables
            .as_ref()
            .map(own_variables)
            .unwrap_or_default(),
    };
    for name in UNSUPPORTED {
        if !wishes.text(name).is_empty() {
            tracing::warn!(
                uuid = session.uuid(),
                "record_session: {name} has no effect here"
            );
        }
    }
    let limit = args
        .limit
        .as_deref()
        .and_then(|limit| limit.trim_start_matches('+').parse().ok());
    let (limits, sides) = (wishes.limits(limit), wishes.sides());
    let stereo = sides == RecordSides::Both && wishes.is_true("record_stereo");
    let toggle = wishes.is_true("record_toggle_on_repeat");
    if session.is_recording(&path) {
        if toggle {
            session.stop_recordings(Some(&path)).await;
        } else {
            tracing::warn!(uuid = session.uuid(), path = %path.display(), "already recording");
        }
        return Ok(());
    }
    match session.start_recording_sides(path, &limits, sides, stereo) {
        Ok(()) => Ok(()),
        Err(why) => failed(session, &why),
    }
}

fn failed(session: &mut Session, why: &str) -> AppResult {
    tracing::error!(uuid = session.uuid(), why, "cannot record");
    if session.is_true("record_hangup_on_error") {
        return end(session, HangupCause::DestinationOutOfOrder);
    }
    Ok(())
}

/// Arguments of `stop_record_session`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct StopRecordSession {
    /// the file, or `all`
    #[argument(default = "all")]
    pub path: Expanded,
}

/// Ends recordings; their files are complete afterwards.
pub async fn stop_record_session(session: &mut Session, args: StopRecordSession) -> AppResult {
    if args.path.as_str() == "all" {
        session.stop_recordings(None).await;
        return Ok(());
    }
    let stopped = match Roots::of(session.switch()).locate(&args.path) {
        Ok(path) => session.stop_recordings(Some(&path)).await,
        Err(_) => 0,
    };
    if stopped == 0 {
        tracing::warn!(
            uuid = session.uuid(),
            path = args.path.as_str(),
            "no such recording runs"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_may_have_variables_of_its_own() {
        let text = "a.wav +60 {record_stereo=true,record_min_sec=1}";
        let args = RecordSession::parse(&Expanded::trusted(text)).expect("three arguments");
        assert_eq!(args.limit.as_deref(), Some("+60"));
        let own = own_variables(&args.variables.expect("variables"));
        assert_eq!(
            own[0],
            ("record_stereo".to_owned(), Expanded::trusted("true"))
        );
        assert_eq!(own[1].1.as_str(), "1");
    }
}
