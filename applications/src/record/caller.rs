//! `record`: what the caller says, until a digit, a limit or silence.

use super::path::prepare;
use crate::call::end::end;
use std::time::Duration;
use strowger_core::session::{RecordLimits, StopOn};
use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, Expanded, HangupCause};

/// Seconds of silence that end a recording when a threshold is given and no number of seconds.
const DEFAULT_SILENCE: u64 = 3;

/// Arguments of `record`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// the file, relative to recordings_dir
    pub path: Expanded,
    /// longest recording in seconds; 0 is without limit
    #[argument(default = "0")]
    pub limit: i64,
    /// level below which it counts as silence; 0 never
    #[argument(default = "0")]
    pub threshold: u32,
    /// seconds of silence that end it
    pub silence: Option<u64>,
}

/// Records; `record_seconds`, `record_ms` and `record_samples` say how much.
pub async fn record(session: &mut Session, args: Record) -> AppResult {
    for name in [
        "record_seconds",
        "record_ms",
        "record_samples",
        "silence_hits_exhausted",
        "playback_terminator_used",
    ] {
        session.unset(name);
    }
    let path = match prepare(session, &args.path).await? {
        Ok(path) => path,
        Err(why) => {
            tracing::error!(uuid = session.uuid(), why, "cannot record");
            return end(session, HangupCause::DestinationOutOfOrder);
        }
    };
    let terminators = match session.playback_terminators() {
        StopOn::Digits(digits) => digits,
        _ => String::new(),
    };
    let limits = RecordLimits {
        longest: u64::try_from(args.limit)
            .ok()
            .filter(|&seconds| seconds > 0)
            .map(Duration::from_secs),
        silence: silence_rule(args.threshold, args.silence),
        shortest: Duration::ZERO,
        terminators,
        append: session.is_true("record_append"),
    };
    let recorded = session.record(path, limits).await?;
    if let (Some(why), 0) = (&recorded.failure, recorded.samples) {
        tracing::error!(uuid = session.uuid(), why, "nothing was recorded");
        return end(session, HangupCause::DestinationOutOfOrder);
    }
    let ms = recorded.length.as_millis();
    session.set("record_seconds", (ms / 1_000).to_string());
    session.set("record_ms", ms.to_string());
    session.set("record_samples", recorded.samples.to_string());
    session.set("silence_hits_exhausted", recorded.silence.to_string());
    if let Some(digit) = recorded.digit {
        session.set("playback_terminator_used", digit.to_string());
    }
    Ok(())
}

fn silence_rule(threshold: u32, seconds: Option<u64>) -> Option<(u32, Duration)> {
    let seconds = seconds
        .filter(|&seconds| seconds > 0)
        .unwrap_or(DEFAULT_SILENCE);
    (threshold > 0).then(|| (threshold, Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_only_with_a_threshold() {
        assert_eq!(silence_rule(0, Some(5)), None);
        assert_eq!(silence_rule(200, None), Some((200, Duration::from_secs(3))));
        assert_eq!(
            silence_rule(200, Some(5)),
            Some((200, Duration::from_secs(5)))
        );
        let args = Record::parse(&Expanded::trusted("a.wav 20 200 5")).expect("four arguments");
        assert_eq!(
            (args.limit, args.threshold, args.silence),
            (20, 200, Some(5))
        );
        assert!(Record::parse(&Expanded::trusted("")).is_err());
    }
}
