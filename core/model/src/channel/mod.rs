//! What is known about one call leg.

pub mod call_state;
pub mod caller_profile;
pub mod direction;
pub mod hangup_cause;
pub mod headers;
pub mod sip_status;
pub mod state;
pub mod times;
pub mod variables;

use thiserror::Error;

use self::{
    call_state::{AnswerState, CallState},
    caller_profile::CallerProfile,
    direction::Direction,
    hangup_cause::HangupCause,
    state::ChannelState,
    times::Times,
    variables::Variables,
};

/// How many earlier profiles are kept: a call transferred in circles must not grow without end.
const MAX_HISTORY: usize = 70;

/// What the other leg is to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherType {
    /// It made this leg.
    Originator,
    /// This leg made it.
    Originatee,
}

impl OtherType {
    /// The word used in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Originator => "originator",
            Self::Originatee => "originatee",
        }
    }
}

/// The readable state of a call leg. Its session alone changes it.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// The unique id, 36 characters in lower case.
    pub uuid: String,
    /// Such as `sofia/internal/1000@host`.
    pub name: String,
    /// Who called whom.
    pub direction: Direction,
    /// Where it is in its life.
    pub state: ChannelState,
    /// What a person would say it is doing.
    pub call_state: CallState,
    /// How far towards an answer it is.
    pub answer_state: AnswerState,
    /// Caller, callee and destination.
    pub profile: CallerProfile,
    /// Earlier profiles, the newest first.
    pub history: Vec<CallerProfile>,
    /// Its variables.
    pub variables: Variables,
    /// When things happened to it.
    pub times: Times,
    /// Why it ended; set once.
    pub cause: Option<HangupCause>,
    /// Codec name and rate in Hz of what is received.
    pub read_format: Option<(String, u32)>,
    /// Codec name and rate in Hz of what is sent.
    pub write_format: Option<(String, u32)>,
    /// The leg it belongs with.
    pub other: Option<(OtherType, CallerProfile)>,
    /// The id shared by the legs of one call; the channel's own when empty.
    pub call_uuid: String,
    /// The last application that ran.
    pub application: String,
    /// The arguments it ran with.
    pub application_data: String,
    /// Whether a dialplan was asked.
    pub hit_dialplan: bool,
    /// Who it is to presence (`user@domain`).
    pub presence_id: String,
}

/// What others may read of a channel: for `show`, events, presence and records.
pub type ChannelSnapshot = Channel;

/// A change of state that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state left.
    pub from: ChannelState,
    /// The state entered.
    pub to: ChannelState,
}

/// A change of state that may not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a channel in {from} cannot go to {to}")]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: ChannelState,
    /// The state asked for.
    pub to: ChannelState,
}

impl Channel {
    /// A new channel.
    pub fn new(uuid: impl Into<String>, name: impl Into<String>, direction: Direction) -> Self {
        let (uuid, name) = (uuid.into(), name.into());
        let profile = CallerProfile {
            uuid: uuid.clone(),
            chan_name: name.clone(),
            direction,
            logical_direction: direction,
            profile_index: 1,
            ..CallerProfile::default()
        };
        Self {
            call_uuid: uuid.clone(),
            uuid,
            name,
            direction,
            profile,
            ..Self::default()
        }
    }

    /// Go to another state.
    ///
    /// # Errors
    /// When that state cannot follow the present one; then nothing changes.
    pub fn enter(&mut self, next: ChannelState) -> Result<Transition, IllegalTransition> {
        let from = self.state;
        if !from.may_become(next) {
            return Err(IllegalTransition { from, to: next });
        }
        self.state = next;
        Ok(Transition { from, to: next })
    }

    /// Set why it ended. The first cause stays; the answer is the one that holds.
    pub fn set_cause(&mut self, cause: HangupCause) -> HangupCause {
        *self.cause.get_or_insert(cause)
    }

    /// Replace the profile; the present one becomes history.
    pub fn push_profile(&mut self, mut profile: CallerProfile) {
        profile.profile_index = self.profile.profile_index.saturating_add(1);
        let old = std::mem::replace(&mut self.profile, profile);
        self.history.insert(0, old);
        self.history.truncate(MAX_HISTORY);
    }

    /// A copy for others to read.
    pub fn snapshot(&self) -> ChannelSnapshot {
        self.clone()
    }

    /// Whether it is answered.
    pub fn is_answered(&self) -> bool {
        self.answer_state == AnswerState::Answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life() {
        let mut channel = Channel::new("u", "loopback/1", Direction::Inbound);
        assert_eq!(
            channel.enter(ChannelState::Execute),
            Err(IllegalTransition {
                from: ChannelState::New,
                to: ChannelState::Execute
            })
        );
        for state in [
            ChannelState::Init,
            ChannelState::Routing,
            ChannelState::Execute,
            ChannelState::Hangup,
        ] {
            channel.enter(state).unwrap();
        }
        assert_eq!(
            channel.set_cause(HangupCause::UserBusy),
            HangupCause::UserBusy
        );
        assert_eq!(
            channel.set_cause(HangupCause::NormalClearing),
            HangupCause::UserBusy
        );
    }

    #[test]
    fn transfers_stack_profiles() {
        let mut channel = Channel::new("u", "loopback/1", Direction::Inbound);
        for number in 0..100 {
            let destination_number = number.to_string();
            channel.push_profile(CallerProfile {
                destination_number,
                ..channel.profile.clone()
            });
        }
        assert_eq!(channel.profile.profile_index, 101);
        assert_eq!(channel.history.len(), MAX_HISTORY);
        assert_eq!(channel.history[0].destination_number, "98");
    }
}
