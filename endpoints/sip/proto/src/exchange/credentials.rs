//! The answer to a 401 or 407 (RFC 3261 §22.2, RFC 7616 §3.4, RFC 8760).

use crate::auth::{Credentials, answer, offers, strongest};
use crate::command::Account;
use crate::draft::Draft;
use crate::message::Response;

/// Puts credentials for every challenge that the account covers into the draft; false when it covers none.
///
/// Every challenge is a new nonce to us, hence the nonce count 1 each time.
pub(super) fn add(account: &Account, draft: &mut Draft, response: &Response, cnonce: &str) -> bool {
    let uri = draft.uri.to_string();
    let body = draft
        .body
        .as_ref()
        .map_or(&[][..], |body| body.1.as_slice());
    let answers: Vec<(&'static str, Credentials)> = strongest(offers(response))
        .into_iter()
        .filter(|(_, challenge)| account.covers(&challenge.realm))
        .map(|(name, challenge)| {
            let credentials = answer(
                &challenge,
                &account.user,
                &account.password,
                &draft.method,
                &uri,
                1,
                cnonce,
                body,
            );
            (name, credentials)
        })
        .collect();
    for (name, credentials) in &answers {
        draft.credentials.retain(|(have, text)| {
            have != name || Credentials::parse(text).is_ok_and(|old| old.realm != credentials.realm)
        });
        draft.credentials.push((*name, credentials.to_string()));
    }
    !answers.is_empty()
}
