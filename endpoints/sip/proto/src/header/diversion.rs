//! Where a call was before: Diversion (RFC 5806) and History-Info (RFC 7044).

use std::borrow::Cow;
use std::fmt;

use crate::message::{HeaderError, HeaderTable, NameAddr, digits};

/// One Diversion value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diversion {
    /// Who diverted the call.
    pub address: NameAddr,
}

impl Diversion {
    /// A diversion by this address for this reason (`unconditional`, `user-busy`, `no-answer`, …).
    pub fn new(address: NameAddr, reason: &str) -> Diversion {
        Diversion {
            address: address.with_param("reason", Some(reason)),
        }
    }

    /// Why the call was diverted; `unknown` when not said.
    pub fn reason(&self) -> Cow<'_, str> {
        self.address
            .params
            .unquoted("reason")
            .unwrap_or(Cow::Borrowed("unknown"))
    }

    /// How many diversions this value stands for, at least 1.
    pub fn counter(&self) -> u32 {
        let given = self.address.params.get("counter").and_then(digits);
        given
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(1)
            .max(1)
    }
}

impl fmt::Display for Diversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// One History-Info entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryInfo {
    /// Where the request was sent to; the reason lies in the URI's headers.
    pub address: NameAddr,
}

impl HistoryInfo {
    /// The place in the tree of retargetings, as `1.2.1`; empty when not said.
    pub fn index(&self) -> &str {
        self.address.params.get("index").unwrap_or("")
    }

    /// The Reason header escaped in the URI.
    pub fn reason(&self) -> Option<Cow<'_, str>> {
        self.address
            .uri
            .headers()
            .find(|(name, _)| name.eq_ignore_ascii_case("Reason"))
            .map(|(_, value)| value)
    }
}

impl fmt::Display for HistoryInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl HeaderTable {
    /// All Diversion values, the last diversion first.
    pub fn diversions(&self) -> Result<Vec<Diversion>, HeaderError> {
        Ok(self
            .addresses("Diversion")?
            .into_iter()
            .map(|address| Diversion { address })
            .collect())
    }

    /// All History-Info entries, the oldest first.
    pub fn history_info(&self) -> Result<Vec<HistoryInfo>, HeaderError> {
        Ok(self
            .addresses("History-Info")?
            .into_iter()
            .map(|address| HistoryInfo { address })
            .collect())
    }
}
