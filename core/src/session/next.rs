//! The one place where a session waits, and what it does there the same way in every state.

use super::command::{Command, TransferWho};
use super::digits::Digit;
use super::interrupt::Interrupt;
use super::{Session, SessionHandle};
use crate::endpoint::{HangupReport, Indication, Signal};
use std::future::{Future, pending};
use std::pin::pin;
use std::time::Duration;
use strowger_media::{BugId, PlayerId};
use strowger_media::{LegEvent, WriteList};
use strowger_model::{CallState, EventName, Expanded, HangupCause};
use tokio::time::Instant;

/// Nested executions at most (an application started from outside inside another).
const MAX_NESTING: u32 = 8;

/// How long work that survives a hangup may take.
pub const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// News that the waiting verb may care about. What every state does alike has been done already.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A digit was put into the queue.
    Digit(Digit),
    /// A player has ended.
    PlayerEnded {
        /// Which.
        player: PlayerId,
        /// Milliseconds played.
        played_ms: u64,
        /// It could not go on.
        failed: bool,
    },
    /// A media bug has detached itself.
    BugEnded(BugId),
    /// Outbound: the peer rings.
    Ringing,
    /// Outbound: early media, or progress.
    Progress {
        /// Audio can be heard.
        media: bool,
    },
    /// Outbound: answered.
    Answered,
    /// The bridge peer has left.
    PeerLeft {
        /// Its uuid.
        peer: String,
        /// Why.
        cause: HangupCause,
    },
    /// The bridge peer was answered.
    PeerAnswered,
    /// The bridge peer pressed a digit.
    PeerDigit(Digit),
    /// The bridge peer put us on hold or took us back.
    PeerHeld(bool),
    /// Our own phone put the call on hold or took it back.
    Held(bool),
    /// Somebody broke the wait.
    Break,
    /// Something was done that the waiting verb need not know.
    Other,
}

/// One of two things that a session waited for.
pub enum Either<T> {
    /// Something happened to the session.
    Happened(Happening),
    /// The other thing is ready.
    Ready(T),
}

/// Work that had to survive the hangup took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work did not finish in time after the call ended")]
pub struct Overdue;

enum Arrived<T> {
    Hangup(HangupCause),
    Signal(Option<Signal>),
    Leg(LegEvent),
    Command(Command),
    Ready(T),
}

impl Session {
    /// Waits for the next thing to happen.
    pub async fn next(&mut self) -> Result<Happening, Interrupt> {
        loop {
            if let Either::Happened(happening) = self.next_or(pending::<()>()).await? {
                return Ok(happening);
            }
        }
    }

    /// Waits for the next thing to happen, at most until `deadline` (then `None`).
    pub async fn next_until(&mut self, deadline: Instant) -> Result<Option<Happening>, Interrupt> {
        match self.next_or(tokio::time::sleep_until(deadline)).await? {
            Either::Happened(happening) => Ok(Some(happening)),
            Either::Ready(()) => Ok(None),
        }
    }

    /// Waits for `work` while the session goes on living; an interrupt drops the work.
    pub async fn during<F: Future>(&mut self, work: F) -> Result<F::Output, Interrupt> {
        let mut work = pin!(work);
        loop {
            if let Either::Ready(output) = self.next_or(work.as_mut()).await? {
                return Ok(output);
            }
        }
    }

    /// Completes `work` even when the call ends meanwhile, within [`FINISH_WITHIN`].
    pub async fn finish<F: Future>(&mut self, work: F) -> Result<F::Output, Overdue> {
        tokio::time::timeout(FINISH_WITHIN, work)
            .await
            .map_err(|_| Overdue)
    }

    /// Lets the session live for so long.
    pub async fn rest(&mut self, time: Duration) -> Result<(), Interrupt> {
        let deadline = Instant::now() + time;
        while self.next_until(deadline).await?.is_some() {}
        Ok(())
    }

    /// Waits for the next thing to happen or for `other`, whichever comes first.
    pub async fn next_or<T>(
        &mut self,
        other: impl Future<Output = T>,
    ) -> Result<Either<T>, Interrupt> {
        let mut other = pin!(other);
        loop {
            self.publish();
            let handle = self.handle.clone();
            let arrived = tokio::select! {
                biased;
                cause = handle.hung_up() => Arrived::Hangup(cause),
                signal = self.port.from.recv() => Arrived::Signal(signal),
                Some(event) = self.leg_events.recv() => Arrived::Leg(event),
                Some(command) = self.mailbox.recv() => Arrived::Command(command),
                value = other.as_mut() => Arrived::Ready(value),
            };
            let happening = match arrived {
                Arrived::Hangup(cause) => return Err(Interrupt::Hangup(cause)),
                Arrived::Ready(value) => return Ok(Either::Ready(value)),
                Arrived::Signal(Some(signal)) => self.signalled(signal).await?,
                Arrived::Signal(None) => self.lost(),
                Arrived::Leg(event) => self.media_happened(event)?,
                Arrived::Command(command) => self.commanded(command).await?,
            };
            if let Some(happening) = happening {
                return Ok(Either::Happened(happening));
            }
        }
    }

    fn lost(&mut self) -> Option<Happening> {
        self.handle.hangup(HangupCause::NetworkOutOfOrder);
        None
    }

    async fn signalled(&mut self, signal: Signal) -> Result<Option<Happening>, Interrupt> {
        match signal {
            Signal::Ringing => Ok(self.peer_rings()),
            Signal::Progress(sdp) => self.peer_progresses(sdp).map(Some),
            Signal::Answered(sdp) => self.peer_answered(sdp).await.map(Some),
            Signal::Confirmed(sdp) => {
                if let Some(sdp) = sdp {
                    self.conclude_offer(&sdp)?;
                }
                Ok(Some(Happening::Other))
            }
            Signal::Offer(sdp) => self.peer_offers(&sdp).await,
            Signal::OfferWanted => {
                let offer = self.media_result(MediaSessionCall::Offer)?;
                self.indicate(Indication::OfferAnswer(offer)).await?;
                Ok(None)
            }
            Signal::OfferAnswered(sdp) => {
                self.conclude_offer(&sdp)?;
                Ok(Some(Happening::Other))
            }
            Signal::OfferRefused { status } => {
                tracing::info!(uuid = %self.channel.uuid, status, "the peer refused a change of media");
                self.media.offer_refused();
                Ok(Some(Happening::Other))
            }
            Signal::Dtmf { digit, duration } => Ok(Some(self.pressed(digit, duration, "ENDPOINT"))),
            Signal::Info(body) => {
                self.fire(
                    EventName::RecvInfo,
                    &[("Content-Type", body.content_type.clone())],
                );
                Ok(None)
            }
            Signal::Refer { to } => {
                // Blind transfer: the other party goes on to the new number; this phone's part is over.
                if let Some(peer) = &self.peer {
                    peer.send_surely(Command::Transfer {
                        to: super::Destination::extension(to),
                        who: TransferWho::Itself,
                    });
                    self.handle.hangup(HangupCause::BlindTransfer);
                }
                Ok(None)
            }
            Signal::Variables(variables) => {
                self.keep_variables(variables);
                Ok(None)
            }
            Signal::Hangup(report) => Ok(self.peer_hung_up(report)),
            Signal::Lost => Ok(self.lost()),
        }
    }

    fn keep_variables(&mut self, variables: Vec<(String, Expanded)>) {
        for (name, value) in variables {
            self.set(&name, value);
        }
    }

    fn peer_hung_up(&mut self, report: HangupReport) -> Option<Happening> {
        self.keep_variables(report.variables);
        // The bridge peer reads why from our last picture: it must be there before the cause is.
        self.publish();
        self.handle.hangup(report.cause);
        None
    }

    /// A digit came from the phone, however it travelled.
    pub(crate) fn pressed(&mut self, digit: char, duration: u32, source: &str) -> Happening {
        let digit = Digit { digit, duration };
        self.digits.push(digit);
        self.note_dialled(digit.digit);
        self.fire(
            EventName::Dtmf,
            &[
                ("DTMF-Digit", digit.digit.to_string()),
                ("DTMF-Duration", duration.to_string()),
                ("DTMF-Source", source.to_owned()),
            ],
        );
        Happening::Digit(digit)
    }

    fn note_dialled(&mut self, digit: char) {
        let mut dialled = self
            .channel
            .variables
            .text("digits_dialed")
            .unwrap_or_default()
            .to_owned();
        if dialled == "none" {
            dialled.clear();
        }
        dialled.push(digit);
        self.set("digits_dialed", Expanded::network(dialled));
    }

    fn media_happened(&mut self, event: LegEvent) -> Result<Option<Happening>, Interrupt> {
        Ok(match event {
            LegEvent::Digit { digit, duration } => Some(self.pressed(digit, duration, "RTP")),
            LegEvent::PlayerEnded {
                player,
                played_ms,
                failed,
            } => Some(Happening::PlayerEnded {
                player,
                played_ms,
                failed,
            }),
            LegEvent::BugEnded { bug } => Some(Happening::BugEnded(bug)),
            LegEvent::MediaTimeout => {
                self.handle.hangup(HangupCause::MediaTimeout);
                None
            }
            LegEvent::RemoteLearnt(address) => {
                self.set(
                    "remote_audio_ip",
                    Expanded::network(address.ip().to_string()),
                );
                self.set("remote_audio_port", address.port().to_string());
                self.set("rtp_auto_adjust_audio", "true");
                None
            }
            LegEvent::Failed(reason) => {
                tracing::error!(uuid = %self.channel.uuid, reason, "the leg's media failed");
                self.handle.hangup(HangupCause::NormalTemporaryFailure);
                None
            }
            LegEvent::MediaStarted | LegEvent::Closed => None,
        })
    }

    async fn commanded(&mut self, command: Command) -> Result<Option<Happening>, Interrupt> {
        match command {
            Command::Break => return Ok(Some(Happening::Break)),
            Command::Execute {
                application,
                data,
                event_uuid,
                done,
            } => {
                self.execute_nested(&application, &data, event_uuid).await?;
                if let Some(done) = done {
                    // The one who asked may have gone away: nobody is owed the news then.
                    let _ = done.send(());
                }
                return Ok(Some(Happening::Other));
            }
            Command::Join { peer, role } => return Err(Interrupt::Join { peer, role }),
            Command::PeerLeft { peer, cause } => {
                if self.is_peer(&peer) {
                    return Ok(Some(Happening::PeerLeft { peer, cause }));
                }
            }
            Command::PeerAnswered { peer } => {
                if self.is_peer(&peer) {
                    return Ok(Some(Happening::PeerAnswered));
                }
            }
            Command::PeerDigit { digit, duration } => {
                return Ok(Some(Happening::PeerDigit(Digit { digit, duration })));
            }
            Command::PeerHeld { peer, held } => {
                if self.is_peer(&peer) {
                    return Ok(Some(Happening::PeerHeld(held)));
                }
            }
            Command::Park => return Err(Interrupt::Park),
            Command::Transfer { to, who } => return self.transfer_asked(to, who),
            Command::SetVariable { name, value } => self.set(&name, value),
            Command::SendDigits(digits) => self.send_digits(&digits).await?,
            Command::ReceiveDigits(digits) => {
                let mut last = None;
                for (digit, duration) in digits {
                    last = Some(self.pressed(digit, duration, "APP"));
                }
                return Ok(last);
            }
            Command::Answer => self.answer().await?,
            Command::PreAnswer => self.pre_answer().await?,
            Command::RingReady => self.ring_ready().await?,
            Command::Panic => panic!("a panic was asked for by the test harness"),
        }
        Ok(None)
    }

    fn is_peer(&self, uuid: &str) -> bool {
        self.peer.as_ref().is_some_and(|peer| peer.uuid() == uuid)
    }

    fn transfer_asked(
        &mut self,
        to: super::Destination,
        who: TransferWho,
    ) -> Result<Option<Happening>, Interrupt> {
        if who != TransferWho::Itself {
            match &self.peer {
                Some(peer) => peer.send_surely(Command::Transfer {
                    to: to.clone(),
                    who: TransferWho::Itself,
                }),
                None => tracing::warn!(uuid = %self.channel.uuid, "No B-leg present."),
            }
        }
        if who == TransferWho::Peer {
            Ok(None)
        } else {
            Err(Interrupt::Transfer(to))
        }
    }

    /// Runs an application inside the current wait; interrupts travel on.
    async fn execute_nested(
        &mut self,
        application: &str,
        data: &str,
        event_uuid: Option<String>,
    ) -> Result<(), Interrupt> {
        if self.depth >= MAX_NESTING {
            tracing::error!(uuid = %self.channel.uuid, application, "too many executions inside one another");
            return Ok(());
        }
        self.depth += 1;
        let base = self.base.clone();
        let result = Box::pin(self.execute_text(application, data, event_uuid)).await;
        self.depth -= 1;
        self.hear(base);
        result
    }

    /// Makes this leg hear `sources` and remembers them as what is heard when nothing is played.
    pub(crate) fn hear(&mut self, sources: WriteList) {
        self.base = sources;
        self.media.write(&self.base);
    }

    /// Sends digits to the phone, by RTP events or the signalling, as the leg agreed.
    pub async fn send_digits(&mut self, digits: &[(char, u32)]) -> Result<(), Interrupt> {
        if self.media.digits_by_signalling() {
            for &(digit, duration) in digits {
                self.indicate(Indication::Dtmf { digit, duration }).await?;
            }
        } else {
            self.media.send_digits(digits);
        }
        Ok(())
    }

    pub(crate) fn set_call_state(&mut self, next: CallState) {
        let before = self.channel.call_state;
        if before == next {
            return;
        }
        self.dirty = true;
        self.channel.call_state = next;
        self.fire(
            EventName::ChannelCallstate,
            &[
                ("Original-Channel-Call-State", before.name().to_owned()),
                ("Channel-Call-State-Number", (next as u32).to_string()),
            ],
        );
    }

    /// Tells the peer of the bridge something that must arrive.
    pub(crate) fn tell_peer(&self, command: impl FnOnce(&SessionHandle) -> Command) {
        if let Some(peer) = &self.peer {
            peer.send_surely(command(&self.handle));
        }
    }
}

/// A step of the media session whose failure ends the call.
pub(crate) enum MediaSessionCall {
    /// Make an offer.
    Offer,
}
