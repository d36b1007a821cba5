//! What a person at the phone would say the call is doing.

use std::fmt;

/// The call state shown to users and presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum CallState {
    /// Nothing yet.
    #[default]
    Down,
    /// We are calling.
    Dialing,
    /// It rings.
    Ringing,
    /// Early media flows.
    Early,
    /// Answered.
    Active,
    /// On hold.
    Held,
    /// Waiting for a ring to be taken.
    RingWait,
    /// Over.
    Hangup,
    /// Taken off hold.
    Unheld,
}

impl CallState {
    /// The FreeSWITCH name, such as `RING_WAIT`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Down => "DOWN",
            Self::Dialing => "DIALING",
            Self::Ringing => "RINGING",
            Self::Early => "EARLY",
            Self::Active => "ACTIVE",
            Self::Held => "HELD",
            Self::RingWait => "RING_WAIT",
            Self::Hangup => "HANGUP",
            Self::Unheld => "UNHELD",
        }
    }

    /// The place in the list, from 0.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for CallState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// How far towards an answer a leg is (the `Answer-State` header).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum AnswerState {
    /// Not answered, no early media.
    #[default]
    Ringing,
    /// Early media flows.
    Early,
    /// Answered.
    Answered,
    /// Over.
    Hangup,
}

impl AnswerState {
    /// The word used in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Early => "early",
            Self::Answered => "answered",
            Self::Hangup => "hangup",
        }
    }
}

impl fmt::Display for AnswerState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
