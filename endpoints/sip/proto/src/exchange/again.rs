//! The same request once more after 401, 407 or 422 (RFC 3261 §22.2, RFC 4028 §7.3).

use std::time::Instant;

use super::{ExchangeKey, Purpose, credentials};
use crate::config::CREDENTIAL_ROUNDS;
use crate::entropy;
use crate::message::Response;
use crate::sip_core::SipCore;

impl SipCore {
    /// Sends the request again with credentials, when there are some for the challenge and rounds are left.
    pub(super) fn answer_challenge(
        &mut self,
        now: Instant,
        key: ExchangeKey,
        response: &Response,
    ) -> bool {
        let Some(exchange) = self.exchanges.get_mut(&key) else {
            return false;
        };
        let Some(account) = &exchange.account else {
            return false;
        };
        if exchange.rounds >= CREDENTIAL_ROUNDS
            || matches!(exchange.purpose, Purpose::Abandoned { .. })
        {
            return false;
        }
        let cnonce = entropy::cnonce(&mut self.entropy);
        if !credentials::add(account, &mut exchange.draft, response, &cnonce) {
            return false;
        }
        exchange.rounds += 1;
        self.again(now, key)
    }

    /// Asks for the interval that a 422 demands, once (RFC 4028 §7.3).
    pub(super) fn lengthen_session(
        &mut self,
        now: Instant,
        key: ExchangeKey,
        response: &Response,
    ) -> bool {
        let Some(exchange) = self.exchanges.get_mut(&key) else {
            return false;
        };
        if exchange.lengthened || matches!(exchange.purpose, Purpose::Abandoned { .. }) {
            return false;
        }
        let Ok(Some(minimum)) = response.min_se() else {
            return false;
        };
        exchange.lengthened = true;
        for (name, value) in &mut exchange.draft.headers {
            if name.eq_ignore_ascii_case("Session-Expires") || name.eq_ignore_ascii_case("Min-SE") {
                *value = minimum.to_string();
            }
        }
        self.again(now, key)
    }

    /// Sends a request once more, as a new one with the next number, to where it went before.
    fn again(&mut self, now: Instant, key: ExchangeKey) -> bool {
        let Some(exchange) = self.exchanges.get_mut(&key) else {
            return false;
        };
        let Some(to) = exchange.last.clone() else {
            return false;
        };
        let in_dialog = exchange
            .purpose
            .call()
            .and_then(|call| self.calls.get_mut(&call));
        exchange.draft.cseq = match in_dialog.and_then(|call| call.dialog.as_mut()) {
            Some(dialog) => dialog.next_cseq(),
            None => exchange.draft.cseq.saturating_add(1),
        };
        self.transmit(now, key, to);
        true
    }
}
