//! Session-Expires and Min-SE: session timers (RFC 4028).

use std::fmt;

use super::with_params;
use crate::message::{HeaderError, HeaderTable, digits};

/// Smallest Session-Expires and Min-SE that RFC 4028 allows, in seconds.
pub const SMALLEST_INTERVAL: u32 = 90;

/// Who refreshes the session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answered it.
    Uas,
}

impl Refresher {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        }
    }
}

/// Session-Expires.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SessionExpires {
    /// The session ends so many seconds after its last refresh.
    pub seconds: u32,
    /// Who refreshes; `None` leaves it to the other side.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads the header's value.
    pub fn parse(text: &str) -> Result<SessionExpires, HeaderError> {
        let error = |what| HeaderError::new("Session-Expires", what);
        let (value, params) = with_params("Session-Expires", text)?;
        let seconds = digits(value)
            .and_then(|seconds| u32::try_from(seconds).ok())
            .ok_or(error("is no number of seconds"))?;
        let refresher = match params.get("refresher") {
            None => None,
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return Err(error("the refresher is neither uac nor uas")),
        };
        Ok(SessionExpires { seconds, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.refresher {
            Some(refresher) => write!(f, ";refresher={}", refresher.as_str()),
            None => Ok(()),
        }
    }
}

impl HeaderTable {
    /// Session-Expires; `None` when absent.
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, HeaderError> {
        self.get("Session-Expires")
            .map(SessionExpires::parse)
            .transpose()
    }

    /// Min-SE in seconds; `None` when absent.
    pub fn min_se(&self) -> Result<Option<u32>, HeaderError> {
        let Some(text) = self.get("Min-SE") else {
            return Ok(None);
        };
        let (value, _) = with_params("Min-SE", text)?;
        match digits(value).and_then(|seconds| u32::try_from(seconds).ok()) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(HeaderError::new("Min-SE", "is no number of seconds")),
        }
    }
}
