//! Event and Subscription-State (RFC 6665).

use std::fmt;

use super::with_params;
use crate::message::{HeaderError, HeaderTable, Params, digits, is_token};

/// Event.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Event {
    /// The package, such as `message-summary`.
    pub package: String,
    /// Tells subscriptions of one dialog apart.
    pub id: Option<String>,
    /// All parameters.
    pub params: Params,
}

impl Event {
    /// Reads the header's value.
    pub fn parse(text: &str) -> Result<Event, HeaderError> {
        let (package, params) = with_params("Event", text)?;
        if !is_token(package) {
            return Err(HeaderError::new("Event", "the package is malformed"));
        }
        let id = params
            .get("id")
            .filter(|id| !id.is_empty())
            .map(str::to_owned);
        Ok(Event {
            package: package.to_owned(),
            id,
            params,
        })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.package, self.params)
    }
}

/// Subscription-State.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SubscriptionState {
    /// `active`, `pending`, `terminated`, or another in lower case.
    pub state: String,
    /// Seconds left.
    pub expires: Option<u32>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Seconds to wait before subscribing again.
    pub retry_after: Option<u32>,
}

impl SubscriptionState {
    /// Reads the header's value.
    pub fn parse(text: &str) -> Result<SubscriptionState, HeaderError> {
        let (state, params) = with_params("Subscription-State", text)?;
        if !is_token(state) {
            return Err(HeaderError::new(
                "Subscription-State",
                "the state is malformed",
            ));
        }
        let seconds = |name| {
            params
                .get(name)
                .and_then(digits)
                .and_then(|seconds| u32::try_from(seconds).ok())
        };
        Ok(SubscriptionState {
            state: state.to_ascii_lowercase(),
            expires: seconds("expires"),
            reason: params
                .get("reason")
                .filter(|reason| is_token(reason))
                .map(str::to_owned),
            retry_after: seconds("retry-after"),
        })
    }

    /// True when the subscription has ended.
    pub fn is_terminated(&self) -> bool {
        self.state == "terminated"
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.state)?;
        if let Some(expires) = self.expires {
            write!(f, ";expires={expires}")?;
        }
        if let Some(reason) = self.reason.as_deref().filter(|reason| is_token(reason)) {
            write!(f, ";reason={reason}")?;
        }
        match self.retry_after {
            Some(seconds) => write!(f, ";retry-after={seconds}"),
            None => Ok(()),
        }
    }
}

impl HeaderTable {
    /// Event; `None` when absent.
    pub fn event(&self) -> Result<Option<Event>, HeaderError> {
        self.get("Event").map(Event::parse).transpose()
    }

    /// Subscription-State; `None` when absent.
    pub fn subscription_state(&self) -> Result<Option<SubscriptionState>, HeaderError> {
        self.get("Subscription-State")
            .map(SubscriptionState::parse)
            .transpose()
    }
}
