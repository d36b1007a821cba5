//! The addresses of a request outside dialogs: read from an order and completed.

use crate::command::CommandError;
use crate::message::{NameAddr, Uri};

/// The addresses of a request outside dialogs, read and completed.
pub(crate) struct Addresses {
    pub(crate) uri: Uri,
    pub(crate) to: String,
    pub(crate) from: String,
    /// The user of From, for a default Contact.
    pub(crate) user: String,
    pub(crate) next_hop: Uri,
}

impl Addresses {
    /// Reads them; `tag` is added to a From without one.
    pub(crate) fn read(
        uri: &str,
        to: &str,
        from: &str,
        tag: Option<&str>,
        route: &[String],
    ) -> Result<Self, CommandError> {
        let read_uri = Uri::parse(uri).map_err(|error| malformed("Request-URI", uri, error))?;
        let to = match to {
            "" => NameAddr::new(read_uri.clone()),
            to => NameAddr::parse(to).map_err(|error| malformed("To", to, error))?,
        };
        let mut from = NameAddr::parse(from).map_err(|error| malformed("From", from, error))?;
        if let (None, Some(tag)) = (from.tag(), tag) {
            from = from.with_tag(tag);
        }
        let mut next_hop = read_uri.clone();
        for (place, hop) in route.iter().enumerate() {
            let hop = NameAddr::parse(hop).map_err(|error| malformed("Route", hop, error))?;
            if place == 0 {
                next_hop = hop.uri;
            }
        }
        Ok(Self {
            uri: read_uri.without_headers(),
            to: to.to_string(),
            user: from.uri.raw_user().unwrap_or_default().to_owned(),
            from: from.to_string(),
            next_hop,
        })
    }
}

fn malformed(what: &'static str, value: &str, error: impl std::fmt::Display) -> CommandError {
    CommandError::Malformed {
        what,
        value: value.escape_debug().to_string(),
        reason: error.to_string(),
    }
}
