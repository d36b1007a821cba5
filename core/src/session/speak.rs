//! Phrases and spoken values on a channel.

use super::Session;
use super::interrupt::Interrupt;
use super::play::{Ended, Played, StopOn};
use crate::sound::{
    PhraseAction, PhraseInput, SayGender, SayMethod, SayRequest, SayType, SoundPlace, SoundRequest,
};
use std::time::Duration;
use strowger_media::rate::SampleRate;
use strowger_model::{Expanded, LocalTime, Sound, Zone};

/// Phrases inside one another at most.
const MAX_PHRASES: u32 = 16;

impl Session {
    /// The request for a sound as this channel hears it.
    pub(crate) fn sound_request(&self, sound: Sound) -> SoundRequest {
        SoundRequest {
            sound,
            place: self.sound_place(),
            rate: self.media.rate().unwrap_or(SampleRate::NARROW),
        }
    }

    fn sound_place(&self) -> SoundPlace {
        // A caller must not choose the directory: only trusted text names one.
        let prefix = self
            .variable("sound_prefix")
            .filter(|prefix| !prefix.has_network())
            .unwrap_or_default();
        SoundPlace {
            prefix: prefix.as_str().into(),
            native: self
                .channel
                .read_format
                .as_ref()
                .map(|(name, _)| name.clone()),
        }
    }

    /// The language of prompts: `language`, `default_language`, or `en`.
    pub fn language(&self) -> String {
        ["language", "default_language"]
            .iter()
            .map(|name| self.text(name))
            .find(|text| !text.is_empty())
            .unwrap_or_else(|| "en".to_owned())
    }

    /// The zone in which this channel's times are spoken: `timezone` (a name or hours), or the exchange's.
    pub fn zone(&self) -> Zone {
        let text = self.text("timezone");
        match text.trim().parse::<i32>() {
            Ok(hours) => Zone::fixed(hours),
            Err(_) => Zone::named(&text).unwrap_or_else(|| self.switch.clock().zone()),
        }
    }

    /// The sounds that say a value in a language, as one sound.
    pub fn spoken(
        &self,
        language: &str,
        kind: SayType,
        method: SayMethod,
        gender: SayGender,
        text: &str,
    ) -> Result<Sound, String> {
        let Some(speaker) = self.switch.speakers().find(language) else {
            return Err(format!("nothing can be said in the language {language}"));
        };
        let zone = self.zone();
        let now: LocalTime = zone.to_local(self.switch.clock().now());
        let local = |epoch: i64| {
            zone.to_local(chrono::DateTime::from_timestamp(epoch, 0).unwrap_or_default())
        };
        let names = speaker.say(&SayRequest {
            kind,
            method,
            gender,
            text,
            now,
            local: &local,
        })?;
        let list = Expanded::trusted(format!("file_string://{}", names.join("!")));
        Sound::parse(&list).map_err(|error| error.to_string())
    }

    /// Speaks a value.
    pub async fn say(
        &mut self,
        language: &str,
        kind: SayType,
        method: SayMethod,
        gender: SayGender,
        text: &str,
        stop: StopOn,
    ) -> Result<Played, Interrupt> {
        match self.spoken(language, kind, method, gender, text) {
            Ok(sound) => self.play(&sound, stop).await,
            Err(why) => {
                tracing::error!(uuid = %self.channel.uuid, why, "cannot say");
                Ok(Played {
                    length: Duration::ZERO,
                    ended: Ended::Missing(why),
                })
            }
        }
    }

    /// Plays a phrase macro; the first digit of `stop`, a missing file or a `break` ends it.
    pub(crate) async fn play_phrase(
        &mut self,
        name: &str,
        data: &Expanded,
        stop: StopOn,
    ) -> Result<Played, Interrupt> {
        let language = self.language();
        let config = self.config.clone();
        let Some(phrase) = config.phrases().find(&language, name) else {
            let why = format!("there is no phrase {name} in the language {language}");
            tracing::warn!(uuid = %self.channel.uuid, "{why}");
            return Ok(Played {
                length: Duration::ZERO,
                ended: Ended::Missing(why),
            });
        };
        if self.depth >= MAX_PHRASES {
            let why = format!("the phrase {name} stands inside itself");
            tracing::error!(uuid = %self.channel.uuid, "{why}");
            return Ok(Played {
                length: Duration::ZERO,
                ended: Ended::Missing(why),
            });
        }
        let own_prefix = self.channel.variables.get("sound_prefix").cloned();
        if let Some(prefix) = &phrase.sound_prefix {
            self.set("sound_prefix", prefix.as_str());
        }
        self.depth += 1;
        let started = tokio::time::Instant::now();
        let result = self
            .run_inputs(
                &phrase.inputs,
                phrase.pause_ms,
                &phrase.say_language,
                data,
                &stop,
            )
            .await;
        self.depth -= 1;
        match own_prefix {
            Some(prefix) => self.set("sound_prefix", prefix),
            None => self.unset("sound_prefix"),
        }
        Ok(Played {
            length: started.elapsed(),
            ended: result?,
        })
    }

    async fn run_inputs(
        &mut self,
        inputs: &[PhraseInput],
        pause_ms: u64,
        language: &str,
        data: &Expanded,
        stop: &StopOn,
    ) -> Result<Ended, Interrupt> {
        let mut any = false;
        for input in inputs {
            let subject = match &input.field {
                Some(field) => self.expand(field).await,
                None => data.clone(),
            };
            let captures = self.switch.find_pattern(&input.pattern, &subject);
            let actions = if captures.is_some() {
                &input.matched
            } else {
                &input.unmatched
            };
            let matched = captures.is_some();
            any |= matched;
            let captures = captures.unwrap_or_default();
            for action in actions {
                match self.run_action(action, &captures, language, stop).await? {
                    Ended::Complete => {}
                    // `break` ends the macro well; everything else ends it as it is.
                    Ended::Break => return Ok(Ended::Complete),
                    other => return Ok(other),
                }
                if pause_ms > 0
                    && let Some(ended) = self.pause(pause_ms, stop).await?
                {
                    return Ok(ended);
                }
            }
            if matched && input.break_on_match {
                break;
            }
        }
        if !any {
            tracing::warn!(uuid = %self.channel.uuid, data = data.as_str(), "no input of the phrase matches");
        }
        Ok(Ended::Complete)
    }

    /// A pause that a digit may end like a sound.
    async fn pause(&mut self, ms: u64, stop: &StopOn) -> Result<Option<Ended>, Interrupt> {
        let silence = Sound::Silence {
            ms: ms as i64,
            divisor: 0,
        };
        let played = self.play(&silence, stop.clone()).await?;
        Ok(match played.ended {
            Ended::Complete => None,
            other => Some(other),
        })
    }

    async fn run_action(
        &mut self,
        action: &PhraseAction,
        captures: &[Expanded],
        language: &str,
        stop: &StopOn,
    ) -> Result<Ended, Interrupt> {
        match action {
            PhraseAction::Play(file) => {
                let name = self.expand(&file.with_captures(captures)).await;
                match Sound::parse(&name) {
                    Ok(sound) => Ok(self.play(&sound, stop.clone()).await?.ended),
                    Err(error) => Ok(Ended::Missing(error.to_string())),
                }
            }
            PhraseAction::Say {
                kind,
                method,
                gender,
                text,
            } => {
                let text = self.expand(&text.with_captures(captures)).await;
                let played = self
                    .say(
                        language,
                        *kind,
                        *method,
                        *gender,
                        text.as_str(),
                        stop.clone(),
                    )
                    .await?;
                Ok(played.ended)
            }
            PhraseAction::Phrase { name, data } => {
                let name = self.expand(&name.with_captures(captures)).await;
                let data = self.expand(&data.with_captures(captures)).await;
                let inner = Box::pin(self.play_phrase(name.as_str(), &data, stop.clone()));
                Ok(inner.await?.ended)
            }
            PhraseAction::Execute { application, data } => {
                let data = self.expand(&data.with_captures(captures)).await;
                if self
                    .switch
                    .registry()
                    .applications
                    .find(application)
                    .is_none()
                {
                    return Ok(Ended::Missing(format!(
                        "there is no application {application}"
                    )));
                }
                Box::pin(self.execute(application, &data, None)).await?;
                Ok(Ended::Complete)
            }
            PhraseAction::Break => Ok(Ended::Break),
            PhraseAction::Nothing => Ok(Ended::Complete),
        }
    }
}
