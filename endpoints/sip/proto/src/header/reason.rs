//! Reason: why a request was sent, mostly a Q.850 cause (RFC 3326).

use std::fmt;

use super::with_params;
use crate::message::{HeaderError, HeaderTable, digits, is_token, quote};

/// One Reason value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Reason {
    /// `Q.850`, `SIP`, or another protocol.
    pub protocol: String,
    /// The cause or status.
    pub cause: Option<u16>,
    /// A text for people.
    pub text: Option<String>,
}

impl Reason {
    /// `Q.850;cause=…`
    pub fn q850(cause: u16, text: &str) -> Reason {
        Reason {
            protocol: "Q.850".to_owned(),
            cause: Some(cause),
            text: Some(text.to_owned()),
        }
    }

    /// `SIP;cause=…`
    pub fn sip(status: u16, text: &str) -> Reason {
        Reason {
            protocol: "SIP".to_owned(),
            cause: Some(status),
            text: Some(text.to_owned()),
        }
    }

    /// Reads one value.
    pub fn parse(text: &str) -> Result<Reason, HeaderError> {
        let error = |what| HeaderError::new("Reason", what);
        let (protocol, params) = with_params("Reason", text)?;
        if !is_token(protocol) {
            return Err(error("the protocol is malformed"));
        }
        let cause = match params.unquoted("cause") {
            Some(cause) => {
                let cause = digits(&cause).and_then(|cause| u16::try_from(cause).ok());
                Some(cause.ok_or(error("the cause is no number"))?)
            }
            None => None,
        };
        let text = params
            .unquoted("text")
            .map(|text| text.into_owned())
            .filter(|text| !text.is_empty());
        Ok(Reason {
            protocol: protocol.to_owned(),
            cause,
            text,
        })
    }

    /// True for a Q.850 cause.
    pub fn is_q850(&self) -> bool {
        self.protocol.eq_ignore_ascii_case("Q.850")
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if is_token(&self.protocol) {
            &self.protocol
        } else {
            "SIP"
        })?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if let Some(text) = self.text.as_deref().filter(|text| !text.is_empty()) {
            f.write_str(";text=")?;
            quote(text, f)?;
        }
        Ok(())
    }
}

impl HeaderTable {
    /// The readable Reason values, in order; a malformed one is left out.
    pub fn reasons(&self) -> Vec<Reason> {
        self.values("Reason")
            .filter_map(|value| Reason::parse(value).ok())
            .collect()
    }
}
