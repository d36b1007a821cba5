//! Refer-To and Referred-By: transfer (RFC 3515, RFC 3892).

use std::fmt;

use super::replaces::Replaces;
use crate::message::{HeaderError, HeaderTable, Method, NameAddr, Uri};

/// Refer-To: whom to contact, how, and which call to replace there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReferTo {
    /// The address, its URI as on the wire.
    pub address: NameAddr,
}

impl ReferTo {
    /// A referral to this URI.
    pub fn new(uri: Uri) -> ReferTo {
        ReferTo {
            address: NameAddr::new(uri),
        }
    }

    /// The same, replacing this call at the target.
    pub fn with_replaces(mut self, replaces: &Replaces) -> ReferTo {
        self.address.uri = self
            .address
            .uri
            .with_header("Replaces", &replaces.to_string());
        self
    }

    /// Reads the header's value. Phones leave the angle brackets out even where `?` asks for them.
    pub fn parse(text: &str) -> Result<ReferTo, HeaderError> {
        if !text.contains('<')
            && text.contains('?')
            && let Ok(uri) = Uri::parse(text.trim())
        {
            return Ok(ReferTo::new(uri));
        }
        let address =
            NameAddr::parse(text).map_err(|inner| HeaderError::new("Refer-To", inner.what))?;
        Ok(ReferTo { address })
    }

    /// The URI to contact, without method and headers.
    pub fn target(&self) -> Uri {
        let mut uri = self.address.uri.clone().without_headers();
        uri.remove_param("method");
        uri
    }

    /// The method to use; INVITE when none is named.
    pub fn method(&self) -> Method {
        self.address
            .uri
            .param("method")
            .and_then(|name| Method::parse(&name))
            .unwrap_or(Method::INVITE)
    }

    /// The call to replace at the target (attended transfer).
    pub fn replaces(&self) -> Result<Option<Replaces>, HeaderError> {
        let found = self
            .address
            .uri
            .headers()
            .find(|(name, _)| name.eq_ignore_ascii_case("Replaces"));
        found.map(|(_, value)| Replaces::parse(&value)).transpose()
    }
}

impl fmt::Display for ReferTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl HeaderTable {
    /// Refer-To; `None` when absent. More than one is an error.
    pub fn refer_to(&self) -> Result<Option<ReferTo>, HeaderError> {
        let mut lines = self.all("Refer-To");
        let first = lines.next().map(ReferTo::parse).transpose()?;
        match lines.next() {
            Some(_) => Err(HeaderError::new("Refer-To", "is there twice")),
            None => Ok(first),
        }
    }

    /// Referred-By; `None` when absent.
    pub fn referred_by(&self) -> Result<Option<NameAddr>, HeaderError> {
        Ok(self.addresses("Referred-By")?.into_iter().next())
    }
}
