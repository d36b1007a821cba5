//! Playing sounds to the phone.

use super::digits::Digit;
use super::interrupt::Interrupt;
use super::{Happening, Session};
use crate::sound::{Audible, SoundFailure};
use std::time::Duration;
use strowger_media::PlayerHandle;
use strowger_media::player::{Player, PlayerControl};
use strowger_media::{Source, WriteList};
use strowger_model::{BoxFuture, EventName, Sound};

/// Which digits end a sound.
#[derive(Clone, Debug)]
pub enum StopOn {
    /// None; digits stay in the queue.
    Nothing,
    /// Any; the digit is taken out of the queue.
    AnyDigit,
    /// These; the digit is taken, other digits are discarded.
    Digits(String),
    /// These; other digits control the sound by this function, or are discarded when it says `None`.
    Controls(fn(char) -> Option<PlayerControl>, String),
    /// These; other digits control the sound as the list says, or are discarded when they are not in it.
    Keys(Vec<(char, PlayerControl)>, String),
}

impl StopOn {
    /// What a digit does to the sound, when digits control it.
    fn control(&self, digit: char) -> Option<PlayerControl> {
        match self {
            StopOn::Controls(control, _) => control(digit),
            StopOn::Keys(keys, _) => keys
                .iter()
                .find(|(key, _)| *key == digit)
                .map(|(_, control)| *control),
            StopOn::Nothing | StopOn::AnyDigit | StopOn::Digits(_) => None,
        }
    }
}

/// How a sound ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was played to the end.
    Complete,
    /// A digit ended it.
    Digit(Digit),
    /// Somebody broke it.
    Break,
    /// There is no such sound, or it cannot be decoded; the reason.
    Missing(String),
}

/// A sound that was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// How long it was heard.
    pub length: Duration,
    /// How it ended.
    pub ended: Ended,
}

impl Played {
    fn nothing(ended: Ended) -> Played {
        Played {
            length: Duration::ZERO,
            ended,
        }
    }
}

/// What events call a sound.
fn name_of(sound: &Sound) -> String {
    match sound {
        Sound::File { path, .. } => path.clone(),
        Sound::Tone { script, .. } => format!("tone_stream://{script}"),
        Sound::ToneFile { path, .. } => format!("tone_stream://path={path}"),
        Sound::Silence { ms, divisor } => format!("silence_stream://{ms},{divisor}"),
        Sound::Stream { name } => format!("local_stream://{name}"),
        Sound::Phrase { name, data } => format!("phrase:{name}:{data}"),
        Sound::Say(text) => format!("say:{text}"),
        Sound::Sequence(parts) => {
            format!(
                "file_string://{}",
                parts.iter().map(name_of).collect::<Vec<_>>().join("!")
            )
        }
        Sound::With { sound, .. } => name_of(sound),
        Sound::None => String::new(),
    }
}

/// A sound that plays in the background until it is dropped.
pub(crate) struct Background(#[allow(dead_code)] PlayerHandle);

impl Session {
    /// Plays a sound to the end, until a digit of `stop`, or until somebody breaks it. A missing sound is one
    /// warning, and the call goes on.
    pub fn play<'a>(
        &'a mut self,
        sound: &'a Sound,
        stop: StopOn,
    ) -> BoxFuture<'a, Result<Played, Interrupt>> {
        Box::pin(async move {
            if let Some(ended) = self.already_pressed(&stop) {
                return Ok(Played::nothing(ended));
            }
            match self.audible(sound).await? {
                Ok(Audible::Nothing) => Ok(Played::nothing(Ended::Complete)),
                Ok(Audible::Player(player)) => {
                    self.play_player(player, &name_of(sound), stop).await
                }
                Ok(Audible::Phrase { name, data }) => self.play_phrase(&name, &data, stop).await,
                Err(failure) => {
                    tracing::warn!(uuid = %self.channel.uuid, "{failure}");
                    Ok(Played::nothing(Ended::Missing(failure.to_string())))
                }
            }
        })
    }

    fn already_pressed(&mut self, stop: &StopOn) -> Option<Ended> {
        match stop {
            StopOn::Nothing => None,
            StopOn::AnyDigit => self.take_digit().map(Ended::Digit),
            StopOn::Digits(wanted) | StopOn::Controls(_, wanted) | StopOn::Keys(_, wanted) => {
                while let Some(digit) = self.take_digit() {
                    if wanted.contains(digit.digit) {
                        return Some(Ended::Digit(digit));
                    }
                }
                None
            }
        }
    }

    /// Turns a sound into something that can be played, off the async threads.
    async fn audible(&mut self, sound: &Sound) -> Result<Result<Audible, SoundFailure>, Interrupt> {
        let request = self.sound_request(sound.clone());
        let switch = self.switch.clone();
        self.during(async move { switch.audible(request).await })
            .await
    }

    async fn play_player(
        &mut self,
        player: Box<dyn Player>,
        name: &str,
        stop: StopOn,
    ) -> Result<Played, Interrupt> {
        let Some(handle) = self.media.play(player) else {
            return Ok(Played::nothing(Ended::Missing(format!(
                "no media to play {name}"
            ))));
        };
        self.fire(
            EventName::PlaybackStart,
            &[("Playback-File-Path", name.to_owned())],
        );
        let before = self.base.clone();
        self.media
            .write(&WriteList::one(Source::Player(handle.id())));
        let started = tokio::time::Instant::now();
        let outcome = self.wait_for_player(&handle, &stop).await;
        self.media.write(&before);
        let status = if matches!(outcome, Ok((Ended::Complete, _))) {
            "done"
        } else {
            "break"
        };
        self.fire(
            EventName::PlaybackStop,
            &[
                ("Playback-File-Path", name.to_owned()),
                ("Playback-Status", status.to_owned()),
            ],
        );
        let (ended, played) = outcome?;
        Ok(Played {
            length: played.unwrap_or_else(|| started.elapsed()),
            ended,
        })
    }

    async fn wait_for_player(
        &mut self,
        handle: &PlayerHandle,
        stop: &StopOn,
    ) -> Result<(Ended, Option<Duration>), Interrupt> {
        loop {
            match self.next().await? {
                Happening::PlayerEnded {
                    player,
                    played_ms,
                    failed,
                } if player == handle.id() => {
                    let length = Some(Duration::from_millis(played_ms));
                    let ended = if failed {
                        Ended::Missing("the sound broke off".to_owned())
                    } else {
                        Ended::Complete
                    };
                    return Ok((ended, length));
                }
                Happening::Digit(_) => {
                    if let StopOn::Controls(_, wanted) | StopOn::Keys(_, wanted) = stop {
                        if let Some(ended) = self.controlled(handle, stop, wanted) {
                            return Ok((ended, None));
                        }
                    } else if let Some(ended) = self.already_pressed(stop) {
                        return Ok((ended, None));
                    }
                }
                Happening::Break => return Ok((Ended::Break, None)),
                _ => {}
            }
        }
    }

    fn controlled(&mut self, handle: &PlayerHandle, stop: &StopOn, wanted: &str) -> Option<Ended> {
        while let Some(digit) = self.take_digit() {
            if wanted.contains(digit.digit) {
                return Some(Ended::Digit(digit));
            }
            if let Some(control) = stop.control(digit.digit) {
                handle.control(control);
            }
        }
        None
    }

    /// Starts a sound that is heard until the returned guard is dropped; `None` when it cannot be played.
    pub(crate) async fn play_in_background(
        &mut self,
        sound: &Sound,
    ) -> Result<Option<Background>, Interrupt> {
        match self.audible(sound).await? {
            Ok(Audible::Player(player)) => {
                let handle = self.media.play(player);
                if let Some(handle) = &handle {
                    self.media
                        .write(&WriteList::one(Source::Player(handle.id())));
                }
                Ok(handle.map(Background))
            }
            Ok(Audible::Nothing | Audible::Phrase { .. }) => Ok(None),
            Err(failure) => {
                tracing::warn!(uuid = %self.channel.uuid, "{failure}");
                Ok(None)
            }
        }
    }

    /// Makes the leg hear its base again (after a background sound).
    pub(crate) fn hear_base(&mut self) {
        self.media.write(&self.base);
    }

    /// The digits that end a playback, from `playback_terminators` (default `*`).
    pub fn playback_terminators(&self) -> StopOn {
        match self.text("playback_terminators").as_str() {
            "none" => StopOn::Digits(String::new()),
            "any" => StopOn::Digits("0123456789*#ABCD".to_owned()),
            "" => StopOn::Digits("*".to_owned()),
            list => StopOn::Digits(list.to_owned()),
        }
    }
}
