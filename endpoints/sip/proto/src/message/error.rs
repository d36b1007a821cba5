//! What is wrong with a header, read or written.

use std::borrow::Cow;

/// A header that cannot be read, or that must not be written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("SIP header {header}: {what}")]
pub struct HeaderError {
    /// The header's name.
    pub header: Cow<'static, str>,
    /// What is wrong.
    pub what: &'static str,
}

impl HeaderError {
    pub(crate) fn new(header: &'static str, what: &'static str) -> HeaderError {
        HeaderError {
            header: Cow::Borrowed(header),
            what,
        }
    }

    pub(crate) fn missing(header: &'static str) -> HeaderError {
        HeaderError::new(header, "is missing")
    }
}
