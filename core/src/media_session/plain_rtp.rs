//! Offer and answer for RTP over UDP: what was said, what was agreed, and the leg configuration that follows.

use super::codec_preferences::{codecs_named, offered};
use super::{MediaFacts, MediaFailure};
use crate::endpoint::{MediaProfile, RtpProfile, Sdp};
use crate::switch::Switch;
use std::sync::Arc;
use std::time::Duration;
use strowger_media::codec::registry::Codecs;
use strowger_media::codec::{Codec, PayloadFormat};
use strowger_media::rate::SampleRate;
use strowger_media::{
    JitterSettings, LearnFrom, LegConfig, MediaError, NegotiatedFormat, RemoteMedia, RtpSockets,
    TelephoneEventFormat,
};
use strowger_model::Expanded;
use strowger_sdp::{
    AddressRules, Agreed, Direction, LocalAudio, Negotiation, OfferedFormat, RtpFormat,
    SessionDescription,
};

/// Packet time that we offer, ms.
const PTIME_MS: u32 = 20;

/// The state of one RTP leg's negotiation.
pub(crate) struct PlainRtp {
    rtp: RtpProfile,
    codecs: Vec<String>,
    outbound_codecs: Option<Vec<String>>,
    negotiation: Negotiation,
    event_type: Option<u8>,
    media_timeout: Option<Duration>,
    hold_timeout: Option<Duration>,
    sockets: Option<RtpSockets>,
    port: u16,
    session_id: u64,
    /// The peer's offer that waits for our answer.
    their_offer: Option<Sdp>,
    /// The peer has made an offer at some time.
    offered_to: bool,
    /// Our offer that waits for the peer's answer.
    our_offer: Option<SessionDescription>,
    /// Our last description that was sent.
    ours: Option<SessionDescription>,
    agreed: Option<Agreed>,
    codec: Option<Arc<dyn Codec>>,
    /// The peer has proved who it is, or we called it.
    trusted: bool,
}

impl PlainRtp {
    pub(crate) fn new(rtp: RtpProfile, profile: MediaProfile, offer: Option<Sdp>) -> PlainRtp {
        PlainRtp {
            rtp,
            codecs: profile.codecs,
            outbound_codecs: profile.outbound_codecs,
            negotiation: profile.negotiation,
            event_type: profile.telephone_event,
            media_timeout: profile.media_timeout,
            hold_timeout: profile.hold_timeout,
            sockets: None,
            port: 0,
            session_id: rand::random::<u32>().into(),
            offered_to: offer.is_some(),
            their_offer: offer,
            our_offer: None,
            ours: None,
            agreed: None,
            codec: None,
            trusted: false,
        }
    }

    /// Binds the port pair, if it is not bound yet.
    pub(crate) fn reserve(&mut self, switch: &Switch) -> Result<(), MediaFailure> {
        if self.port == 0 {
            let sockets = switch.media().bind(self.rtp.bind)?;
            self.port = sockets.local().port();
            self.sockets = Some(sockets);
        }
        Ok(())
    }

    /// The bound sockets, for the leg.
    pub(crate) fn sockets(&mut self, switch: &Switch) -> Result<RtpSockets, MediaFailure> {
        self.reserve(switch)?;
        self.sockets
            .take()
            .ok_or(MediaFailure::Media(MediaError::Stopped))
    }

    /// Gives back ports that no leg took.
    pub(crate) fn release(&mut self) {
        self.sockets = None;
    }

    fn local(&self, formats: Vec<OfferedFormat>, direction: Direction) -> LocalAudio {
        LocalAudio {
            address: self.rtp.advertised,
            port: self.port,
            origin_address: self.rtp.advertised,
            username: self.rtp.username.clone(),
            session_id: self.session_id,
            version: 1,
            formats,
            telephone_event: self.event_type.is_some(),
            direction,
            ptime: PTIME_MS,
        }
    }

    fn formats(
        &self,
        names: &[String],
        known: &Codecs,
    ) -> Result<Vec<OfferedFormat>, MediaFailure> {
        let mut formats: Vec<OfferedFormat> =
            codecs_named(names, known)?.iter().map(offered).collect();
        if let Some(payload_type) = self.event_type {
            formats.push(OfferedFormat {
                payload_type: Some(payload_type),
                name: "telephone-event".to_owned(),
                clock_rate: 8_000,
                channels: 1,
                fmtp: Some("0-16".to_owned()),
                ptime: None,
            });
        }
        Ok(formats)
    }

    fn rules(&self) -> AddressRules {
        AddressRules {
            own: Vec::new(),
            // A softphone on this machine may give its loopback address when it signals from there.
            allow_loopback: self
                .rtp
                .signalling_source
                .is_some_and(|source| source.is_loopback()),
        }
    }

    pub(crate) fn offer(
        &mut self,
        codecs: Option<&[String]>,
        switch: &Switch,
    ) -> Result<Sdp, MediaFailure> {
        let names = codecs
            .or(self.outbound_codecs.as_deref())
            .unwrap_or(&self.codecs)
            .to_vec();
        let formats = self.formats(&names, switch.codecs())?;
        let local = self.local(formats, Direction::SendRecv);
        let offer = match &self.ours {
            Some(previous) => strowger_sdp::re_offer(previous, &local),
            None => strowger_sdp::offer(&local),
        };
        let text = Sdp(offer.to_string());
        self.our_offer = Some(offer.clone());
        self.ours = Some(offer);
        Ok(text)
    }

    pub(crate) fn has_offered(&self) -> bool {
        self.our_offer.is_some()
    }

    pub(crate) fn offer_refused(&mut self) {
        self.our_offer = None;
    }

    pub(crate) fn was_offered_to(&self) -> bool {
        self.offered_to
    }

    pub(crate) fn take_offer(&mut self, offer: Sdp) {
        self.offered_to = true;
        self.their_offer = Some(offer);
    }

    /// Answers the peer's first offer; asked again (183, then 200), gives the same answer.
    pub(crate) fn answer(
        &mut self,
        codecs: Option<&[String]>,
        switch: &Switch,
    ) -> Result<Sdp, MediaFailure> {
        let Some(offer) = self.their_offer.take() else {
            return self
                .ours
                .as_ref()
                .map(|ours| Sdp(ours.to_string()))
                .ok_or(MediaFailure::NoOffer);
        };
        match self.answer_to(&offer, codecs, switch) {
            Ok(answer) => Ok(answer),
            Err(failure) => {
                self.their_offer = Some(offer);
                Err(failure)
            }
        }
    }

    /// Answers a later offer.
    pub(crate) fn answer_change(
        &mut self,
        offer: &Sdp,
        codecs: Option<&[String]>,
        switch: &Switch,
    ) -> Result<Sdp, MediaFailure> {
        self.offered_to = true;
        self.reserve(switch)?;
        self.answer_to(offer, codecs, switch)
    }

    fn answer_to(
        &mut self,
        offer: &Sdp,
        codecs: Option<&[String]>,
        switch: &Switch,
    ) -> Result<Sdp, MediaFailure> {
        let offer = SessionDescription::parse(&offer.0)?;
        let names = codecs.unwrap_or(&self.codecs).to_vec();
        let local = self.local(self.formats(&names, switch.codecs())?, Direction::SendRecv);
        let answered = match &self.ours {
            Some(previous) => {
                strowger_sdp::re_answer(previous, &offer, &local, self.negotiation, &self.rules())?
            }
            None => strowger_sdp::answer_with(&offer, &local, self.negotiation, &self.rules())?,
        };
        self.refuse_own_port(&answered.agreed, switch)?;
        self.our_offer = None;
        let text = Sdp(answered.description.to_string());
        self.ours = Some(answered.description);
        self.agree(answered.agreed, switch.codecs());
        Ok(text)
    }

    pub(crate) fn conclude(&mut self, answer: &Sdp, switch: &Switch) -> Result<(), MediaFailure> {
        let answer = SessionDescription::parse(&answer.0)?;
        // An answer that comes twice (183, then 200) is read against the same offer.
        let Some(offer) = self.our_offer.as_ref().or(self.ours.as_ref()) else {
            return Err(MediaFailure::NoOffer);
        };
        let agreed = strowger_sdp::conclude_with(offer, &answer, &self.rules())?;
        self.refuse_own_port(&agreed, switch)?;
        self.agree(agreed, switch.codecs());
        Ok(())
    }

    /// Packets sent to a port of our own would come back for ever, unless the call itself comes from us.
    fn refuse_own_port(&self, agreed: &Agreed, switch: &Switch) -> Result<(), MediaFailure> {
        let own = |ip: std::net::IpAddr| ip == self.rtp.advertised || ip == self.rtp.bind;
        let from_ourselves = self.rtp.signalling_source.is_some_and(own);
        match agreed.remote_rtp {
            Some(remote)
                if own(remote.ip()) && !from_ourselves && switch.media().holds(remote.port()) =>
            {
                Err(MediaFailure::OwnPort(remote))
            }
            _ => Ok(()),
        }
    }

    fn agree(&mut self, agreed: Agreed, known: &Codecs) {
        self.codec = agreed
            .send
            .iter()
            .find_map(|format| codec_for(format, known));
        self.agreed = Some(agreed);
    }

    pub(crate) fn trust(&mut self) {
        self.trusted = true;
    }

    pub(crate) fn rate(&self) -> Option<SampleRate> {
        self.codec.as_ref().map(|codec| codec.format().sample_rate)
    }

    pub(crate) fn lacks_telephone_event(&self) -> bool {
        self.agreed
            .as_ref()
            .is_some_and(|agreed| agreed.telephone_event.is_none())
    }

    pub(crate) fn agreed_codec(&self) -> Option<String> {
        let format = self.codec.as_ref()?.format();
        Some(format!("{}@{}h", format.name, format.clock_rate))
    }

    pub(crate) fn peer_codecs(&self) -> Vec<String> {
        if let Some(agreed) = &self.agreed {
            return agreed.send.iter().map(name_of).collect();
        }
        let offer = self
            .their_offer
            .as_ref()
            .and_then(|offer| SessionDescription::parse(&offer.0).ok());
        let formats = offer
            .into_iter()
            .flat_map(|offer| offer.media)
            .take(1)
            .flat_map(|media| media.rtpmaps());
        formats
            .filter(|format| !format.is_telephone_event())
            .map(|format| name_of(&format))
            .collect()
    }

    pub(crate) fn held_by_peer(&self) -> bool {
        self.agreed
            .as_ref()
            .is_some_and(|agreed| agreed.remote_held)
    }

    /// The leg's configuration as agreed.
    pub(crate) fn leg_config(&self, switch: &Switch) -> Option<LegConfig> {
        let agreed = self.agreed.as_ref()?;
        let known = switch.codecs();
        let receive: Vec<NegotiatedFormat> = agreed
            .receive
            .iter()
            .filter_map(|format| negotiated(format, known))
            .collect();
        let send = agreed
            .send
            .iter()
            .find_map(|format| negotiated(format, known));
        let learn = match (self.rtp.media_from_anywhere, self.rtp.signalling_source) {
            (true, _) => LearnFrom::Anywhere,
            (false, Some(source)) => LearnFrom::SignallingSource(source),
            (false, None) => LearnFrom::Nobody,
        };
        Some(LegConfig {
            remote: agreed.remote_rtp.map(|rtp| RemoteMedia {
                rtp,
                rtcp: agreed.remote_rtcp,
            }),
            learn,
            send,
            receive,
            telephone_event: agreed
                .telephone_event
                .as_ref()
                .map(|format| TelephoneEventFormat {
                    payload_type: format.payload_type,
                    clock_rate: format.clock_rate,
                }),
            sending: agreed.direction.sends(),
            receiving: agreed.direction.receives(),
            ptime_ms: agreed.ptime,
            jitter: JitterSettings::default(),
            media_timeout: if agreed.remote_held {
                self.hold_timeout
            } else {
                self.media_timeout
            },
            unheard_limit: if self.trusted {
                None
            } else {
                LegConfig::default().unheard_limit
            },
            send_silence: true,
        })
    }

    pub(crate) fn facts(&self) -> MediaFacts {
        let mut variables: Vec<(&'static str, Expanded)> = vec![
            (
                "local_media_ip",
                Expanded::trusted(self.rtp.advertised.to_string()),
            ),
            ("local_media_port", Expanded::trusted(self.port.to_string())),
        ];
        let Some((agreed, codec)) = self.agreed.as_ref().zip(self.codec.as_ref()) else {
            return MediaFacts {
                read: None,
                write: None,
                variables,
            };
        };
        if let Some(remote) = agreed.remote_rtp {
            variables.push((
                "remote_media_ip",
                Expanded::network(remote.ip().to_string()),
            ));
            variables.push((
                "remote_media_port",
                Expanded::trusted(remote.port().to_string()),
            ));
        }
        let PayloadFormat {
            name, clock_rate, ..
        } = codec.format();
        for (codec_name, rate_name) in [("read_codec", "read_rate"), ("write_codec", "write_rate")]
        {
            variables.push((codec_name, Expanded::trusted(name.as_str())));
            variables.push((rate_name, Expanded::trusted(clock_rate.to_string())));
        }
        variables.push((
            "dtmf_type",
            Expanded::trusted(if agreed.telephone_event.is_some() {
                "rfc2833"
            } else {
                "info"
            }),
        ));
        let format = Some((name.clone(), *clock_rate));
        MediaFacts {
            read: format.clone(),
            write: format,
            variables,
        }
    }
}

fn name_of(format: &RtpFormat) -> String {
    format!("{}@{}h", format.name, format.clock_rate)
}

fn codec_for(format: &RtpFormat, known: &Codecs) -> Option<Arc<dyn Codec>> {
    known.find(&format.name, format.clock_rate, format.channels)
}

fn negotiated(format: &RtpFormat, known: &Codecs) -> Option<NegotiatedFormat> {
    let codec = codec_for(format, known)?;
    let theirs = PayloadFormat {
        fmtp: format.fmtp.clone().unwrap_or_default(),
        ..codec.format().clone()
    };
    let agreed = codec.agree(&theirs)?;
    Some(NegotiatedFormat {
        payload_type: format.payload_type,
        format: agreed,
        codec,
    })
}
