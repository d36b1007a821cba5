//! `playback`, `loop_playback`, `endless_playback`: sounds for the caller.

use super::sound_text::SoundText;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use strowger_core::session::{Command, Ended, Played, StopOn};
use strowger_core::{AppResult, Interrupt, Session};
use strowger_model::{Argument, ArgumentError, ArgumentSpec, Arguments, Expanded, Grammar, Sound};
use tokio::task::JoinHandle;

/// Silence between the sounds of a list unless `playback_sleep_val` says otherwise.
const BETWEEN_SOUNDS: u64 = 250;

/// Rest between repetitions of a sound without length, so that repeating it does not occupy the exchange.
const BREATH: Duration = Duration::from_millis(20);

/// Arguments of `playback`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Playback {
    /// file (`file@@samples` begins later), tone, phrase or stream; several joined by `playback_delimiter`
    pub sound: SoundText,
}

/// Plays a sound; digits of `playback_terminators` end it.
pub async fn playback(session: &mut Session, args: Playback) -> AppResult {
    play_list(session, &args.sound, |session| {
        session.playback_terminators()
    })
    .await?;
    Ok(())
}

/// How a list of sounds ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListEnd {
    Complete,
    Stopped,
    Missing,
    TimedOut,
}

async fn play_list(
    session: &mut Session,
    text: &SoundText,
    stop: impl Fn(&Session) -> StopOn,
) -> Result<ListEnd, Interrupt> {
    for name in [
        "playback_terminator_used",
        "playback_seconds",
        "playback_ms",
        "playback_samples",
    ] {
        session.unset(name);
    }
    let each = limit(session, "playback_timeout_sec");
    let mut left = limit(session, "playback_timeout_sec_cumulative");
    let gap = session
        .text("playback_sleep_val")
        .parse()
        .unwrap_or(BETWEEN_SOUNDS);
    let mut end = ListEnd::Complete;
    for (index, part) in text.list(session).iter().enumerate() {
        if index > 0 && gap > 0 {
            session.rest(Duration::from_millis(gap)).await?;
        }
        let sound = match part.sound() {
            Ok(sound) => sound,
            Err(why) => {
                tracing::warn!(uuid = session.uuid(), why, "playback");
                end = ListEnd::Missing;
                continue;
            }
        };
        let longest = match (each, left) {
            (Some(each), Some(left)) => Some(each.min(left)),
            (each, left) => each.or(left),
        };
        let stop = stop(session);
        let (played, timed_out) = play_at_most(session, &sound, stop, longest).await?;
        note_length(session, &sound, &played);
        left = left.map(|left| left.saturating_sub(played.length));
        end = match &played.ended {
            Ended::Complete => ListEnd::Complete,
            Ended::Digit(digit) => {
                session.set("playback_terminator_used", digit.digit.to_string());
                ListEnd::Stopped
            }
            Ended::Break if timed_out => ListEnd::TimedOut,
            Ended::Break => ListEnd::Stopped,
            Ended::Missing(_) => ListEnd::Missing,
        };
        if matches!(end, ListEnd::Stopped | ListEnd::TimedOut) {
            break;
        }
    }
    let response = match end {
        ListEnd::Complete | ListEnd::Stopped => "FILE PLAYED",
        ListEnd::Missing => "FILE NOT FOUND",
        ListEnd::TimedOut if session.is_true("playback_timeout_as_success") => "FILE PLAYED",
        ListEnd::TimedOut => "PLAYBACK ERROR",
    };
    session.set("current_application_response", response);
    Ok(end)
}

fn limit(session: &Session, name: &str) -> Option<Duration> {
    let seconds: u64 = session.text(name).trim().parse().ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// Variables that say how much was heard.
fn note_length(session: &mut Session, sound: &Sound, played: &Played) {
    let ms = u64::try_from(played.length.as_millis()).unwrap_or(u64::MAX);
    let hz = session
        .media()
        .rate()
        .map_or(8_000, |rate| u64::from(rate.hz()));
    let samples = ms.saturating_mul(hz) / 1_000;
    let start = match sound.options().1 {
        Sound::File { offset, .. } => *offset,
        _ => 0,
    };
    session.set("playback_seconds", (ms / 1_000).to_string());
    session.set("playback_ms", ms.to_string());
    session.set("playback_samples", samples.to_string());
    session.set("playback_last_offset_pos", (start + samples).to_string());
}

/// Breaks the session's wait when time is up, unless dropped before.
struct TimeLimit {
    task: JoinHandle<()>,
    up: Arc<AtomicBool>,
}

impl TimeLimit {
    fn start(session: &Session, time: Duration) -> TimeLimit {
        let up = Arc::new(AtomicBool::new(false));
        let (handle, flag) = (session.handle().clone(), up.clone());
        let task = tokio::spawn(async move {
            tokio::time::sleep(time).await;
            flag.store(true, Ordering::Release);
            handle.send_surely(Command::Break);
        });
        TimeLimit { task, up }
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Plays a sound, at most so long; says whether time was up.
async fn play_at_most(
    session: &mut Session,
    sound: &Sound,
    stop: StopOn,
    longest: Option<Duration>,
) -> Result<(Played, bool), Interrupt> {
    let limit = longest.map(|time| TimeLimit::start(session, time));
    let played = session.play(sound, stop).await?;
    let timed_out = limit.is_some_and(|limit| limit.up.load(Ordering::Acquire));
    Ok((played, timed_out))
}

/// Arguments of `endless_playback`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct EndlessPlayback {
    /// file, tone, phrase or stream
    pub sound: SoundText,
}

/// Plays a sound again and again; digits neither end it nor are used.
pub async fn endless_playback(session: &mut Session, args: EndlessPlayback) -> AppResult {
    repeat(session, &args.sound, -1, |_| StopOn::Nothing).await?;
    Ok(())
}

/// Arguments of `loop_playback`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopPlayback {
    /// How often; negative is without end.
    pub times: i64,
    /// What.
    pub sound: SoundText,
}

impl Arguments for LoopPlayback {
    const GRAMMAR: Grammar = Grammar {
        separator: ' ',
        arguments: &[
            ArgumentSpec {
                name: "times",
                kind: "+number",
                help: "how often, with + in front; +-1 is without end",
                required: false,
                default: Some("+1"),
                rest: false,
                choices: &[],
            },
            ArgumentSpec {
                name: "sound",
                kind: SoundText::KIND,
                help: "file, tone, phrase or stream",
                required: true,
                default: None,
                rest: true,
                choices: &[],
            },
        ],
    };

    fn parse(text: &Expanded) -> Result<Self, ArgumentError> {
        let text = text.trim();
        let (times, sound) = match text.strip_prefix("+").and_then(|rest| rest.split_once(' ')) {
            Some((times, sound)) => {
                let times = i64::parse_argument(&times)
                    .map_err(|reason| ArgumentError::about("times", reason))?;
                (times, sound.trim())
            }
            None => (1, text),
        };
        if sound.is_empty() {
            return Err(ArgumentError::about("sound", "is missing"));
        }
        let sound = SoundText::parse_argument(&sound)
            .map_err(|reason| ArgumentError::about("sound", reason))?;
        // Zero means once, as in FreeSWITCH.
        let times = if times == 0 { 1 } else { times };
        Ok(LoopPlayback { times, sound })
    }
}

/// Plays a sound several times; digits of `playback_terminators` end it.
pub async fn loop_playback(session: &mut Session, args: LoopPlayback) -> AppResult {
    repeat(session, &args.sound, args.times, |session| {
        session.playback_terminators()
    })
    .await?;
    Ok(())
}

async fn repeat(
    session: &mut Session,
    sound: &SoundText,
    times: i64,
    stop: impl Fn(&Session) -> StopOn + Copy,
) -> Result<(), Interrupt> {
    let mut left = times;
    while left != 0 {
        if play_list(session, sound, stop).await? != ListEnd::Complete {
            break;
        }
        if session
            .own_variable("playback_ms")
            .is_none_or(|ms| ms.as_str() == "0")
        {
            session.rest(BREATH).await?;
        }
        if left > 0 {
            left -= 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_marked_with_a_plus() {
        let parse = |text: &str| LoopPlayback::parse(&Expanded::trusted(text)).expect("a sound");
        assert_eq!(parse("+3 a b.wav").times, 3);
        assert_eq!(parse("+3 a b.wav").sound.0.as_str(), "a b.wav");
        assert_eq!(parse("+-1 a.wav").times, -1);
        assert_eq!(parse("a.wav").times, 1);
        assert!(LoopPlayback::parse(&Expanded::trusted("+x a.wav")).is_err());
        assert!(LoopPlayback::parse(&Expanded::trusted("")).is_err());
    }
}
