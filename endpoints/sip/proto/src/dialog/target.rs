//! The remote target: the peer's Contact, taken when a dialog begins and refreshed within it (RFC 3261 §12.2).

use crate::message::{HeaderTable, Method, Uri};

/// The URI of the first Contact, when there is one that a request can be sent to.
pub(crate) fn contact_uri(headers: &HeaderTable) -> Option<Uri> {
    let contacts = headers.contacts().ok()?;
    let uri = &contacts.first()?.uri;
    uri.is_sip().then(|| uri.clone().without_headers())
}

/// Whether a request of this method, or its 2xx, moves the target (RFC 3261 §12.2, RFC 3311, RFC 6665).
pub(crate) fn refreshes(method: &Method) -> bool {
    [
        Method::INVITE,
        Method::UPDATE,
        Method::SUBSCRIBE,
        Method::NOTIFY,
    ]
    .contains(method)
}
