//! The states a channel lives through and which may follow which.

use std::fmt;

/// The state of a channel (`CS_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum ChannelState {
    /// Made, nothing decided.
    #[default]
    New,
    /// The endpoint prepares.
    Init,
    /// A dialplan is asked where the call goes.
    Routing,
    /// Driven by another leg (bridge, originate).
    SoftExecute,
    /// Applications run one by one.
    Execute,
    /// Media goes to and from another leg.
    ExchangeMedia,
    /// Idle on purpose.
    Park,
    /// Outbound without application: media is read and dropped.
    ConsumeMedia,
    /// Waiting for somebody else's decision.
    Hibernate,
    /// Between two states.
    Reset,
    /// Ending.
    Hangup,
    /// Records are written.
    Reporting,
    /// Gone.
    Destroy,
}

impl ChannelState {
    /// Every state in the order of the numbers.
    pub const ALL: [Self; 13] = [
        Self::New,
        Self::Init,
        Self::Routing,
        Self::SoftExecute,
        Self::Execute,
        Self::ExchangeMedia,
        Self::Park,
        Self::ConsumeMedia,
        Self::Hibernate,
        Self::Reset,
        Self::Hangup,
        Self::Reporting,
        Self::Destroy,
    ];

    /// The FreeSWITCH name, such as `CS_EXECUTE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "CS_NEW",
            Self::Init => "CS_INIT",
            Self::Routing => "CS_ROUTING",
            Self::SoftExecute => "CS_SOFT_EXECUTE",
            Self::Execute => "CS_EXECUTE",
            Self::ExchangeMedia => "CS_EXCHANGE_MEDIA",
            Self::Park => "CS_PARK",
            Self::ConsumeMedia => "CS_CONSUME_MEDIA",
            Self::Hibernate => "CS_HIBERNATE",
            Self::Reset => "CS_RESET",
            Self::Hangup => "CS_HANGUP",
            Self::Reporting => "CS_REPORTING",
            Self::Destroy => "CS_DESTROY",
        }
    }

    /// The number FreeSWITCH gives it, 0 to 12.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Whether the call has not ended yet.
    pub fn is_alive(self) -> bool {
        self < Self::Hangup
    }

    /// Whether this state may be followed by `next`. The end goes one way: hangup, reporting, destroy; nothing returns to
    /// new or, once left, to init.
    pub fn may_become(self, next: Self) -> bool {
        use ChannelState::{Destroy, Hangup, Init, New, Reporting};
        match (self, next) {
            (New, Init | Hangup) | (Hangup, Reporting) | (Reporting, Destroy) => true,
            (New | Hangup | Reporting | Destroy, _) => false,
            (_, New | Init | Reporting | Destroy) => false,
            (current, next) => current != next || current == Self::Routing,
        }
    }
}

impl fmt::Display for ChannelState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::ChannelState::{self, *};

    #[test]
    fn the_end_goes_one_way() {
        for state in ChannelState::ALL {
            assert_eq!(state.may_become(Hangup), state.is_alive(), "{state}");
            assert_eq!(state.may_become(Destroy), state == Reporting, "{state}");
            assert!(!state.may_become(New), "{state}");
        }
        assert!(New.may_become(Init) && !New.may_become(Execute));
        assert!(Execute.may_become(Routing) && Routing.may_become(Routing));
        assert!(!Execute.may_become(Execute));
    }

    #[test]
    fn numbers_follow_the_list() {
        for (number, state) in ChannelState::ALL.iter().enumerate() {
            assert_eq!(usize::from(state.number()), number);
        }
    }
}
