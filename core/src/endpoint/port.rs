//! The two enums through which an endpoint and a session speak about one channel, and their queues.

use std::sync::Arc;
use strowger_model::{ChannelSnapshot, Expanded, HangupCause};
use tokio::sync::mpsc;

/// A session description as text; core parses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sdp(pub String);

/// A message body with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Such as `application/dtmf-relay`.
    pub content_type: String,
    /// The octets.
    pub octets: Vec<u8>,
}

/// The party shown on the other phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Display name.
    pub name: String,
    /// Number or user part.
    pub number: String,
}

/// Core to endpoint: what the channel wants done at its peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// Outbound: place the call, with our offer (`None`: the peer shall offer).
    Invite(Option<Sdp>),
    /// Inbound: ringing (180).
    Ringing,
    /// Inbound: call is being forwarded or queued, a provisional of this status without a body.
    Acknowledge,
    /// Inbound: early media with our answer (183), or progress without a body.
    Progress(Option<Sdp>),
    /// Inbound: answered, with our answer, or our offer when the peer made none.
    Answer(Option<Sdp>),
    /// Outbound, answered late: our answer to the peer's offer in its 200, to go in the ACK.
    Confirm(Sdp),
    /// We offer a change (re-INVITE); a `Signal::OfferAnswered` or `OfferRefused` follows.
    Offer(Sdp),
    /// Our answer to `Signal::Offer`, or our offer after `Signal::OfferWanted`.
    OfferAnswer(Sdp),
    /// `Signal::Offer` cannot be accepted (488).
    OfferRefused,
    /// Show this party on the phone.
    Display(Identity),
    /// Send a digit in the signalling (SIP INFO); duration in samples at 8 kHz.
    Dtmf {
        /// `0-9 * # A-D F`.
        digit: char,
        /// Samples at 8 kHz.
        duration: u32,
    },
    /// Send a message inside the dialog (SIP INFO).
    Info(Body),
    /// Inbound, not answered: this response. Answered: ignored with a warning.
    Respond {
        /// Status code.
        status: u16,
        /// Reason phrase; `None`: the standard one.
        phrase: Option<String>,
    },
    /// Inbound, not answered: 302 (or 300) to these addresses. Answered: transfer the peer (REFER).
    Redirect(Vec<String>),
    /// The call ends; the endpoint chooses between CANCEL, BYE and a final response.
    Hangup(HangupCause),
}

/// Endpoint to core: what the peer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Outbound: the peer rings (180 without a body).
    Ringing,
    /// Outbound: early media (a provisional with a body), or progress without one.
    Progress(Option<Sdp>),
    /// Outbound: answered. With the answer to our offer, or (when we made none) the peer's offer.
    Answered(Option<Sdp>),
    /// Inbound, answered with our offer: the peer's answer (ACK).
    Confirmed(Option<Sdp>),
    /// The peer offers a change (re-INVITE, UPDATE).
    Offer(Sdp),
    /// The peer asks us to offer (re-INVITE without a body).
    OfferWanted,
    /// The peer's answer to our `Indication::Offer`.
    OfferAnswered(Sdp),
    /// The peer refused our `Indication::Offer`.
    OfferRefused {
        /// Status code.
        status: u16,
    },
    /// A digit in the signalling.
    Dtmf {
        /// `0-9 * # A-D F`.
        digit: char,
        /// Samples at 8 kHz.
        duration: u32,
    },
    /// A message inside the dialog.
    Info(Body),
    /// Transfer asked by the peer (blind): the number to go to.
    Refer {
        /// User part of Refer-To; text from the network.
        to: Expanded,
    },
    /// Facts to store as channel variables (response headers and the like).
    Variables(Vec<(String, Expanded)>),
    /// The call ended at the peer.
    Hangup(HangupReport),
    /// The signalling of this call is lost without a goodbye.
    Lost,
}

/// How the peer ended a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HangupReport {
    /// The one currency of call failure.
    pub cause: HangupCause,
    /// What else is known, as channel variables (`sip_term_status`, `sip_hangup_disposition`, …).
    pub variables: Vec<(String, Expanded)>,
}

impl HangupReport {
    /// A report of a cause alone.
    pub fn of(cause: HangupCause) -> HangupReport {
        HangupReport {
            cause,
            variables: Vec::new(),
        }
    }
}

/// An indication on its way, tagged with the endpoint's own number of the call.
#[derive(Clone, Debug)]
pub struct Indicated {
    /// The endpoint's number, as given to `SignallingPort::pair`.
    pub call: u64,
    /// What to do.
    pub indication: Indication,
    /// The channel as it was when the session said so (variables for headers and the like).
    pub channel: Arc<ChannelSnapshot>,
}

/// Where the indications of one call go. Many calls may share one queue.
#[derive(Clone, Debug)]
pub struct IndicationSender {
    call: u64,
    queue: mpsc::Sender<Indicated>,
}

impl IndicationSender {
    /// Sends, waiting while the endpoint's queue is full (only its own calls wait). `false`: the endpoint is gone.
    pub async fn send(&self, indication: Indication, channel: Arc<ChannelSnapshot>) -> bool {
        self.queue
            .send(Indicated {
                call: self.call,
                indication,
                channel,
            })
            .await
            .is_ok()
    }

    /// Sends without waiting; used where nothing may wait (a crashed session's goodbye).
    pub fn send_now(&self, indication: Indication, channel: Arc<ChannelSnapshot>) -> bool {
        self.queue
            .try_send(Indicated {
                call: self.call,
                indication,
                channel,
            })
            .is_ok()
    }
}

/// The session's end of the line to its endpoint.
#[derive(Debug)]
pub struct SignallingPort {
    pub(crate) to: IndicationSender,
    pub(crate) from: mpsc::Receiver<Signal>,
}

impl SignallingPort {
    /// Signals that may wait for a session; an endpoint that finds the queue full treats the call as lost.
    pub const SIGNALS: usize = 32;

    /// A port whose indications go into `queue` tagged with `call`, and the sender of its signals.
    pub fn pair(
        call: u64,
        queue: mpsc::Sender<Indicated>,
    ) -> (SignallingPort, mpsc::Sender<Signal>) {
        let (signals, from) = mpsc::channel(Self::SIGNALS);
        (
            SignallingPort {
                to: IndicationSender { call, queue },
                from,
            },
            signals,
        )
    }
}
