//! Living in a bridge: each half hears the other, digits pass, hold plays music, and when one leaves the other
//! decides for itself what comes next.

use super::command::{BridgeRole, Command};
use super::interrupt::{Destination, Interrupt};
use super::life::Step;
use super::play::Background;
use super::{Either, Happening, Session, SessionHandle};
use strowger_media::{Source, WriteList};
use strowger_model::{ChannelState, EventName, Expanded, HangupCause, OtherType, Sound};

/// How a bridge ended for this half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BridgeEnd {
    /// Why the peer left.
    pub cause: HangupCause,
    /// The call between the two was answered at some time.
    pub answered: bool,
}

/// Tells the peer that we have left, however we leave: by `?`, by a panic, by a return.
struct Leaving {
    me: SessionHandle,
    peer: SessionHandle,
    told: bool,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if !self.told {
            let cause = self
                .me
                .hangup_cause()
                .unwrap_or(HangupCause::NormalClearing);
            self.peer.send_surely(Command::PeerLeft {
                peer: self.me.uuid().to_owned(),
                cause,
            });
        }
    }
}

impl Session {
    /// Bridges with `peer` until one of the two leaves. The peer has been, or is about to be, told to join us.
    pub async fn exchange(
        &mut self,
        peer: SessionHandle,
        role: BridgeRole,
    ) -> Result<BridgeEnd, Interrupt> {
        let mut leaving = Leaving {
            me: self.handle.clone(),
            peer: peer.clone(),
            told: false,
        };
        self.begin(&peer, role);
        if role == BridgeRole::Callee && self.is_answered() {
            // Answered between being reached for early media and joining: the caller has not heard of it.
            peer.send_surely(Command::PeerAnswered {
                peer: self.uuid().to_owned(),
            });
        }
        let result = self.talk(&peer, role).await;
        leaving.told = result.is_ok();
        drop(leaving);
        self.end(&peer, role, &result);
        result
    }

    fn begin(&mut self, peer: &SessionHandle, role: BridgeRole) {
        let other = peer.snapshot();
        self.peer = Some(peer.clone());
        if self.channel.times.bridged == 0 {
            self.channel.times.bridged = self.switch.clock().micros();
        }
        let kind = if role == BridgeRole::Caller {
            OtherType::Originatee
        } else {
            OtherType::Originator
        };
        self.channel.other = Some((kind, other.profile.clone()));
        self.set("bridge_to", other.uuid.as_str());
        self.set("last_bridge_to", other.uuid.as_str());
        self.set("bridge_channel", Expanded::network(other.name.clone()));
        self.set("bridge_uuid", other.uuid.as_str());
        self.set("signal_bond", other.uuid.as_str());
        self.set(
            "last_bridge_role",
            if role == BridgeRole::Caller {
                "originator"
            } else {
                "originatee"
            },
        );
        self.listen_to(peer);
        if role == BridgeRole::Caller {
            self.set("bleg_uuid", other.uuid.as_str());
            let headers = bridge_headers(self.uuid(), &other.uuid);
            self.fire(EventName::ChannelBridge, &headers);
        } else {
            self.enter(ChannelState::ExchangeMedia);
        }
    }

    fn end(
        &mut self,
        peer: &SessionHandle,
        role: BridgeRole,
        result: &Result<BridgeEnd, Interrupt>,
    ) {
        self.peer = None;
        self.unset("bridge_to");
        self.unset("bridge_uuid");
        self.unset("bridge_channel");
        self.unset("signal_bond");
        self.hear(WriteList::silence());
        if let Ok(end) = result {
            self.set("last_bridge_hangup_cause", end.cause.name());
            self.set("bridge_hangup_cause", end.cause.name());
            let detail = peer
                .snapshot()
                .variables
                .get("proto_specific_hangup_cause")
                .cloned();
            if let Some(detail) = detail {
                self.set("last_bridge_proto_specific_hangup_cause", detail);
            }
        }
        if role == BridgeRole::Caller {
            let headers = bridge_headers(self.uuid(), peer.uuid());
            self.fire(EventName::ChannelUnbridge, &headers);
        }
    }

    fn listen_to(&mut self, peer: &SessionHandle) {
        let sources = match peer.leg() {
            Some(leg) => WriteList::one(Source::Read(leg.id())),
            None => WriteList::silence(),
        };
        self.hear(sources);
    }

    async fn talk(
        &mut self,
        peer: &SessionHandle,
        role: BridgeRole,
    ) -> Result<BridgeEnd, Interrupt> {
        let mut music: Option<Background> = None;
        let mut answered = self.is_answered() && peer.snapshot().times.answered != 0;
        self.pass_digits(peer);
        loop {
            // A peer that ended before it could join us has no way to say that it left.
            let happening = match self.next_or(peer.hung_up()).await? {
                Either::Happened(happening) => happening,
                Either::Ready(cause) => return Ok(BridgeEnd { cause, answered }),
            };
            match happening {
                Happening::PeerLeft { cause, .. } => {
                    drop(music);
                    return Ok(BridgeEnd { cause, answered });
                }
                Happening::PeerAnswered => {
                    if role == BridgeRole::Caller {
                        self.answer().await?;
                    }
                    answered = true;
                    if music.is_none() {
                        self.listen_to(peer);
                    }
                }
                Happening::Answered => answered = true,
                Happening::Digit(_) => {
                    if self.terminates_bridge() {
                        peer.send_surely(Command::PeerLeft {
                            peer: self.uuid().to_owned(),
                            cause: HangupCause::NormalClearing,
                        });
                        return Ok(BridgeEnd {
                            cause: HangupCause::NormalClearing,
                            answered,
                        });
                    }
                    self.pass_digits(peer);
                }
                Happening::PeerDigit(digit) => {
                    self.send_digits(&[(digit.digit, digit.duration)]).await?
                }
                Happening::PeerHeld(true) => music = self.start_hold_music().await?,
                Happening::PeerHeld(false) => {
                    music = None;
                    self.listen_to(peer);
                }
                Happening::Held(_) | Happening::Other | Happening::Progress { .. }
                    if music.is_none() =>
                {
                    // Media may have been agreed anew on either side.
                    self.listen_to(peer);
                }
                _ => {}
            }
        }
    }

    /// Music for the party whose peer pressed hold: `temp_hold_music`, `hold_music`, or the profile's.
    async fn start_hold_music(&mut self) -> Result<Option<Background>, Interrupt> {
        let text = ["temp_hold_music", "hold_music"]
            .iter()
            .find_map(|name| self.variable(name).filter(|value| !value.is_empty()))
            .or_else(|| self.media.hold_music().map(Expanded::trusted));
        let Some(text) = text.filter(|text| text.as_str() != "silence" && text.as_str() != "none")
        else {
            self.media.write(&WriteList::silence());
            return Ok(None);
        };
        match Sound::parse(&text) {
            Ok(sound) => self.play_in_background(&sound).await,
            Err(error) => {
                tracing::warn!(uuid = %self.channel.uuid, %error, "hold music cannot be played");
                Ok(None)
            }
        }
    }

    /// `bridge_terminate_key`: this digit from this phone ends the bridge.
    fn terminates_bridge(&mut self) -> bool {
        let key = self.text("bridge_terminate_key");
        match self.digits.pop() {
            Some(digit) if key.contains(digit.digit) => true,
            Some(digit) => {
                self.digits.push(digit);
                false
            }
            None => false,
        }
    }

    fn pass_digits(&mut self, peer: &SessionHandle) {
        while let Some(digit) = self.digits.pop() {
            peer.send_surely(Command::PeerDigit {
                digit: digit.digit,
                duration: digit.duration,
            });
        }
    }

    /// `CS_EXCHANGE_MEDIA`: a leg that was told to join. Afterwards: park, transfer, or the end.
    pub(crate) async fn exchange_state(
        &mut self,
        peer: SessionHandle,
        role: BridgeRole,
    ) -> Result<Step, Interrupt> {
        if role == BridgeRole::Caller {
            self.answer().await?;
        }
        self.enter(ChannelState::ExchangeMedia);
        let end = self.exchange(peer, role).await?;
        if self.is_true("park_after_bridge") {
            return Ok(Step::Park);
        }
        if let Some(to) = after_bridge_destination(&self.text("transfer_after_bridge")) {
            return Ok(self.transfer_to(to));
        }
        let cause = if end.answered || role == BridgeRole::Caller {
            HangupCause::NormalClearing
        } else {
            end.cause
        };
        Ok(Step::End(cause))
    }
}

/// `extension[:dialplan[:context]]`.
pub(crate) fn after_bridge_destination(text: &str) -> Option<Destination> {
    if text.is_empty() {
        return None;
    }
    let mut parts = text.splitn(3, ':');
    Some(Destination {
        extension: Expanded::trusted(parts.next().unwrap_or_default()),
        dialplan: parts.next().map(str::to_owned),
        context: parts.next().map(str::to_owned),
    })
}

fn bridge_headers(a: &str, b: &str) -> [(&'static str, String); 2] {
    [
        ("Bridge-A-Unique-ID", a.to_owned()),
        ("Bridge-B-Unique-ID", b.to_owned()),
    ]
}
