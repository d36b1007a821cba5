//! Who calls, as vouched for by the network: RFC 3325, Remote-Party-ID, Privacy (RFC 3323).

use std::fmt;

use crate::message::{HeaderError, HeaderTable, NameAddr};

/// Remote-Party-ID, which never became an RFC but which trunks send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RemotePartyId {
    /// The party's address. Its parameters `party`, `privacy` and `screen` are read by the methods.
    pub address: NameAddr,
}

impl RemotePartyId {
    /// Reads one value.
    pub fn parse(text: &str) -> Result<RemotePartyId, HeaderError> {
        let address = NameAddr::parse(text)
            .map_err(|inner| HeaderError::new("Remote-Party-ID", inner.what))?;
        Ok(RemotePartyId { address })
    }

    /// `calling` or `called`; `None` when not said.
    pub fn party(&self) -> Option<&str> {
        self.address.params.get("party")
    }

    /// True when the number is not to be shown: `privacy=full`, `uri` or `name`.
    pub fn is_private(&self) -> bool {
        self.address
            .params
            .get("privacy")
            .is_some_and(|value| !value.is_empty() && !value.eq_ignore_ascii_case("off"))
    }

    /// True when the network has checked the number.
    pub fn is_screened(&self) -> bool {
        self.address
            .params
            .get("screen")
            .is_some_and(|value| value.eq_ignore_ascii_case("yes"))
    }
}

impl fmt::Display for RemotePartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// Privacy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Privacy {
    /// Hide the identity that the network vouches for (`id`).
    pub id: bool,
    /// Hide user-level information, such as the From header (`user`).
    pub user: bool,
    /// Hide headers (`header`).
    pub header: bool,
    /// Hide the session's addresses (`session`).
    pub session: bool,
    /// Refuse the call when privacy cannot be given (`critical`).
    pub critical: bool,
}

impl Privacy {
    /// Reads `value;value`; `none` and unknown values hide nothing.
    pub fn parse(text: &str) -> Privacy {
        let mut privacy = Privacy::default();
        for value in text.split([';', ',']) {
            match value.trim().to_ascii_lowercase().as_str() {
                "id" => privacy.id = true,
                "user" => privacy.user = true,
                "header" => privacy.header = true,
                "session" => privacy.session = true,
                "critical" => privacy.critical = true,
                _ => {}
            }
        }
        privacy
    }

    /// True when the caller's number and name are not to be shown.
    pub fn hides_identity(self) -> bool {
        self.id || self.user
    }
}

impl fmt::Display for Privacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = [
            (self.header, "header"),
            (self.session, "session"),
            (self.user, "user"),
            (self.id, "id"),
            (self.critical, "critical"),
        ];
        let list: Vec<&str> = values
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| *name)
            .collect();
        f.write_str(if list.is_empty() { "none" } else { "" })?;
        f.write_str(&list.join(";"))
    }
}

impl HeaderTable {
    /// P-Asserted-Identity. To be believed only from a trusted peer.
    pub fn asserted_identities(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.addresses("P-Asserted-Identity")
    }

    /// P-Preferred-Identity.
    pub fn preferred_identities(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.addresses("P-Preferred-Identity")
    }

    /// The first Remote-Party-ID; `None` when absent. To be believed only from a trusted peer.
    pub fn remote_party_id(&self) -> Result<Option<RemotePartyId>, HeaderError> {
        self.values("Remote-Party-ID")
            .next()
            .map(RemotePartyId::parse)
            .transpose()
    }

    /// Privacy; `None` when absent.
    pub fn privacy(&self) -> Option<Privacy> {
        self.get("Privacy").map(Privacy::parse)
    }
}
