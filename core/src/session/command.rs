//! Messages to a session from anybody else.

use super::handle::SessionHandle;
use super::interrupt::Destination;
use strowger_model::{Expanded, HangupCause};
use tokio::sync::oneshot;

/// Which half of a bridge a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BridgeRole {
    /// The side that called: it fires the bridge's events.
    Caller,
    /// The side that was called.
    Callee,
}

/// What others may ask of a session. All are one-way; replies, where wanted, come through a oneshot.
#[derive(Debug)]
pub enum Command {
    /// End what is playing or waiting now; the application goes on.
    Break,
    /// Run an application inside whatever the session waits for.
    Execute {
        /// Application name.
        application: String,
        /// Arguments, to be expanded.
        data: String,
        /// Event-uuid that the events of this execution carry.
        event_uuid: Option<String>,
        /// Told when it is done.
        done: Option<oneshot::Sender<()>>,
    },
    /// Leave what you do and talk with this peer.
    Join {
        /// The other leg.
        peer: SessionHandle,
        /// Our half of the bridge.
        role: BridgeRole,
    },
    /// The peer that we were bridged with has left.
    PeerLeft {
        /// Its uuid: a message from a peer that we no longer have is ignored.
        peer: String,
        /// Why.
        cause: HangupCause,
    },
    /// The peer was answered.
    PeerAnswered {
        /// Its uuid.
        peer: String,
    },
    /// The peer pressed a digit.
    PeerDigit {
        /// `0-9 * # A-D F`.
        digit: char,
        /// Samples at 8 kHz.
        duration: u32,
    },
    /// The peer's phone put us on hold, or took us back.
    PeerHeld {
        /// Its uuid.
        peer: String,
        /// On hold.
        held: bool,
    },
    /// Be parked.
    Park,
    /// Go to this extension.
    Transfer {
        /// Where to.
        to: Destination,
        /// Whom it moves.
        who: TransferWho,
    },
    /// Set (or, when empty, delete) a variable.
    SetVariable {
        /// Name.
        name: String,
        /// Value.
        value: Expanded,
    },
    /// Send digits to the phone: digit and duration in samples at 8 kHz.
    SendDigits(Vec<(char, u32)>),
    /// Act as if the phone had sent these digits.
    ReceiveDigits(Vec<(char, u32)>),
    /// Answer now.
    Answer,
    /// Start early media now.
    PreAnswer,
    /// Say that it rings.
    RingReady,
    /// Panic in the session's task: how tests prove that a panic ends one call and no other.
    Panic,
}

/// Whom a transfer moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferWho {
    /// The session that gets the message.
    Itself,
    /// Its bridged peer.
    Peer,
    /// Both, the peer first.
    Both,
}
