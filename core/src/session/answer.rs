//! Ringing, early media, answering; and the peer's own steps of offer and answer.

use super::interrupt::Interrupt;
use super::next::{Happening, MediaSessionCall};
use super::{Command, Session};
use crate::endpoint::{Indication, Sdp};
use crate::originate::Progress;
use strowger_model::{AnswerState, CallState, Direction, EventName, Expanded, HangupCause};

impl Session {
    /// Inbound: tells the caller that it rings. Nothing happens when that was done or is too late.
    pub async fn ring_ready(&mut self) -> Result<(), Interrupt> {
        if self.is_outbound()
            || self.channel.times.progress != 0
            || self.has_media()
            || self.is_answered()
        {
            return Ok(());
        }
        self.channel.times.progress = self.switch.clock().micros();
        self.dirty = true;
        self.indicate(Indication::Ringing).await?;
        self.fire(EventName::ChannelProgress, &[]);
        self.run_hooks("ring").await
    }

    /// Inbound: starts early media. Outbound: waits a moment for media that should be on its way.
    pub async fn pre_answer(&mut self) -> Result<(), Interrupt> {
        if self.is_answered() || self.has_media() {
            return Ok(());
        }
        if self.is_outbound() {
            return Ok(());
        }
        let answer = self.open_media().await?;
        self.channel.times.progress_media = self.switch.clock().micros();
        self.channel.answer_state = AnswerState::Early;
        self.dirty = true;
        self.indicate(Indication::Progress(answer)).await?;
        self.set_call_state(CallState::Early);
        self.fire(EventName::ChannelProgressMedia, &[]);
        self.run_hooks("pre_answer").await?;
        self.run_hooks("media").await
    }

    /// Inbound: answers. Nothing happens when the call was answered before.
    pub async fn answer(&mut self) -> Result<(), Interrupt> {
        if self.is_answered() || self.is_outbound() {
            return Ok(());
        }
        let had_media = self.has_media();
        let answer = self.open_media().await?;
        self.mark_answered();
        self.indicate(Indication::Answer(answer)).await?;
        self.fire(EventName::ChannelAnswer, &[]);
        self.set_call_state(CallState::Active);
        self.tell_peer(|me| Command::PeerAnswered {
            peer: me.uuid().to_owned(),
        });
        self.run_hooks("answer").await?;
        if !had_media {
            self.run_hooks("media").await?;
        }
        Ok(())
    }

    fn mark_answered(&mut self) {
        self.channel.times.answered = self.switch.clock().micros();
        self.channel.answer_state = AnswerState::Answered;
        self.dirty = true;
        self.set("endpoint_disposition", "ANSWER");
    }

    /// Opens the leg for an inbound call and gives the text for the 183 or 200: our answer, or our offer when the
    /// caller made none, or nothing for legs without SDP.
    async fn open_media(&mut self) -> Result<Option<Sdp>, Interrupt> {
        if self.is_outbound() || self.is_true("sip_authorized") {
            self.media.trust();
        }
        let codecs = self.codec_override();
        match self.media.answer_or_offer(codecs.as_deref(), &self.switch) {
            Ok(text) => {
                self.media_opened();
                Ok(text)
            }
            Err(failure) => {
                tracing::info!(uuid = %self.channel.uuid, %failure, "media cannot be agreed");
                self.set("endpoint_disposition", "CODEC NEGOTIATION ERROR");
                self.handle.hangup(failure.cause());
                Err(Interrupt::Hangup(failure.cause()))
            }
        }
    }

    /// Codec names that the channel's variables demand, if any.
    pub(crate) fn codec_override(&self) -> Option<Vec<String>> {
        ["absolute_codec_string", "codec_string"]
            .iter()
            .find_map(|name| {
                let value = self.variable(name)?;
                let list: Vec<String> = value
                    .as_str()
                    .split(',')
                    .map(|codec| codec.trim().to_owned())
                    .filter(|c| !c.is_empty())
                    .collect();
                (!list.is_empty()).then_some(list)
            })
    }

    /// Notes what media was agreed in the channel and its variables.
    pub(crate) fn media_opened(&mut self) {
        let facts = self.media.facts();
        self.channel.read_format = facts.read.clone();
        self.channel.write_format = facts.write.clone();
        for (name, value) in facts.variables {
            self.set(name, value);
        }
        self.handle.show_leg(self.media.leg().cloned());
        self.media.write(&self.base);
        self.dirty = true;
        self.fire(EventName::Codec, &[]);
    }

    /// Outbound: places the call.
    pub(crate) async fn invite(&mut self) -> Result<(), Interrupt> {
        self.media.trust();
        let offer = self.media_result(MediaSessionCall::Offer).map(Some);
        let offer = if self.media.is_ring() { None } else { offer? };
        self.handle.show_leg(self.media.leg().cloned());
        self.set_call_state(CallState::Dialing);
        self.indicate(Indication::Invite(offer)).await
    }

    pub(crate) fn media_result(&mut self, call: MediaSessionCall) -> Result<Sdp, Interrupt> {
        let codecs = self.codec_override();
        let result = match call {
            MediaSessionCall::Offer => self.media.offer(codecs.as_deref(), &self.switch),
        };
        result.map_err(|failure| {
            if !self.media.is_ring() {
                tracing::warn!(uuid = %self.channel.uuid, %failure, "media cannot be opened");
                self.handle.hangup(failure.cause());
            }
            Interrupt::Hangup(failure.cause())
        })
    }

    pub(crate) fn peer_rings(&mut self) -> Option<Happening> {
        if self.channel.times.progress == 0 {
            self.channel.times.progress = self.switch.clock().micros();
            self.dirty = true;
            self.fire(EventName::ChannelProgress, &[]);
            self.set_call_state(CallState::Ringing);
        }
        self.report(Progress::Ringing);
        Some(Happening::Ringing)
    }

    pub(crate) fn peer_progresses(&mut self, sdp: Option<Sdp>) -> Result<Happening, Interrupt> {
        let Some(sdp) = sdp else {
            return Ok(self.peer_rings().unwrap_or(Happening::Other));
        };
        if sdp.0.is_empty() {
            // A ring leg's early media: there is nothing to agree.
            self.media.ring_started();
            self.media_opened();
        } else {
            self.conclude_offer(&sdp)?;
        }
        if self.channel.times.progress_media == 0 {
            self.channel.times.progress_media = self.switch.clock().micros();
            self.channel.answer_state = AnswerState::Early;
            self.dirty = true;
            self.fire(EventName::ChannelProgressMedia, &[]);
            self.set_call_state(CallState::Early);
        }
        self.report(Progress::EarlyMedia);
        Ok(Happening::Progress { media: true })
    }

    pub(crate) async fn peer_answered(&mut self, sdp: Option<Sdp>) -> Result<Happening, Interrupt> {
        if self.is_answered() {
            return Ok(Happening::Other);
        }
        match sdp {
            Some(sdp) if self.media.has_offered() => self.conclude_offer(&sdp)?,
            Some(sdp) if !self.media.is_ring() => {
                self.media.take_offer(&sdp);
                let answer = self.open_media().await?;
                if let Some(answer) = answer {
                    self.indicate(Indication::Confirm(answer)).await?;
                }
            }
            _ if self.media.is_ring() => {
                self.media.ring_started();
                self.media_opened();
            }
            _ if self.has_media() => {}
            _ => {
                // A 200 without a body to our offer: there will be no audio (RFC 3264 wants an answer).
                self.handle.hangup(HangupCause::IncompatibleDestination);
                return Ok(Happening::Other);
            }
        }
        self.mark_answered();
        self.fire(EventName::ChannelAnswer, &[]);
        self.set_call_state(CallState::Active);
        self.tell_peer(|me| Command::PeerAnswered {
            peer: me.uuid().to_owned(),
        });
        self.run_hooks("answer").await?;
        self.report(Progress::Answered);
        Ok(Happening::Answered)
    }

    /// The peer answered our offer.
    pub(crate) fn conclude_offer(&mut self, sdp: &Sdp) -> Result<(), Interrupt> {
        self.set("switch_r_sdp", Expanded::network(sdp.0.clone()));
        match self.media.conclude(sdp, &self.switch) {
            Ok(()) => {
                self.media_opened();
                Ok(())
            }
            Err(failure) => {
                tracing::info!(uuid = %self.channel.uuid, %failure, "the peer's answer cannot be used");
                self.handle.hangup(failure.cause());
                Err(Interrupt::Hangup(failure.cause()))
            }
        }
    }

    /// The peer wants to change the media (re-INVITE): hold, resume, a new address, another codec.
    pub(crate) async fn peer_offers(&mut self, sdp: &Sdp) -> Result<Option<Happening>, Interrupt> {
        self.set("switch_r_sdp", Expanded::network(sdp.0.clone()));
        let was_held = self.media.held_by_peer();
        let codecs = self.codec_override();
        match self
            .media
            .answer_change(sdp, codecs.as_deref(), &self.switch)
        {
            Ok(answer) => {
                self.media_opened();
                self.indicate(Indication::OfferAnswer(answer)).await?;
            }
            Err(failure) => {
                // The call goes on as it was (RFC 3261 §14.2).
                tracing::info!(uuid = %self.channel.uuid, %failure, "a change of media was refused");
                self.indicate(Indication::OfferRefused).await?;
                return Ok(None);
            }
        }
        let held = self.media.held_by_peer();
        if held == was_held {
            return Ok(None);
        }
        self.held_changed(held);
        Ok(Some(Happening::Held(held)))
    }

    fn held_changed(&mut self, held: bool) {
        let now = self.switch.clock().micros();
        self.dirty = true;
        if held {
            self.channel.times.last_hold = now;
            self.set_call_state(CallState::Held);
            self.fire(EventName::ChannelHold, &[]);
        } else {
            self.channel.times.hold_accum += now - self.channel.times.last_hold;
            self.set_call_state(CallState::Unheld);
            self.set_call_state(CallState::Active);
            self.fire(EventName::ChannelUnhold, &[]);
        }
        self.tell_peer(|me| Command::PeerHeld {
            peer: me.uuid().to_owned(),
            held,
        });
    }

    /// Tells the one who dialled us how it goes.
    pub(crate) fn report(&mut self, progress: Progress) {
        if let Some(reporter) = &self.reporter {
            reporter.report(progress);
        }
    }

    /// The direction of this leg, for variables and events.
    pub(crate) fn direction_name(&self) -> &'static str {
        match self.channel.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        }
    }
}
