//! An INVITE that is given up: CANCEL as soon as it is allowed (RFC 3261 §9.1).

use std::time::Instant;

use super::{Exchange, ExchangeKey, Hop, Purpose};
use crate::command::HeaderList;
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};
use crate::transaction::TransactionKey;

impl SipCore {
    /// Gives up an INVITE: forgets it when it never went out, cancels it when that is allowed already, or else as soon as
    /// a provisional response comes (RFC 3261 §9.1). Whatever happens to it then happens without its call.
    pub(crate) fn abandon(
        &mut self,
        now: Instant,
        key: ExchangeKey,
        bye: bool,
        headers: HeaderList,
    ) {
        let Some(exchange) = self.exchanges.get_mut(&key) else {
            return;
        };
        exchange.purpose = Purpose::Abandoned { bye };
        exchange.targets.clear();
        let Some(transaction) = exchange.transaction else {
            if let Some(query) = exchange.query {
                self.queries.remove(&query);
                self.timers.cancel_all(Owner::Exchange(key));
            }
            self.exchanges.remove(&key);
            return;
        };
        exchange.cancel = Some(headers);
        self.cancel_when_possible(now, key, transaction);
    }

    /// Sends the CANCEL that an abandoned INVITE wants, once it has been answered provisionally.
    pub(crate) fn cancel_when_possible(
        &mut self,
        now: Instant,
        key: ExchangeKey,
        transaction: TransactionKey,
    ) {
        let Some((branch, via, mut draft, to)) = self.transactions.cancellable(transaction) else {
            return;
        };
        let Some(headers) = self
            .exchanges
            .get_mut(&key)
            .and_then(|exchange| exchange.cancel.take())
        else {
            return;
        };
        draft.headers = headers;
        let limit = now + self.config.durations.transaction();
        self.timers
            .set(Owner::Transaction(transaction), Timer::Cancel, limit);
        let cancel = TransactionKey(self.next_serial());
        let quiet = ExchangeKey(self.next_serial());
        let mut exchange = Exchange::new(Purpose::Nobody, draft, Hop::To(to.clone()));
        exchange.transaction = Some(cancel);
        self.exchanges.insert(quiet, exchange);
        *self
            .counters
            .requests_out
            .entry("CANCEL".to_owned())
            .or_default() += 1;
        let (transactions, exchanges, mut port) = self.client_side(now, cancel);
        transactions.send(&mut port, quiet, &exchanges[&quiet].draft, branch, via, to);
    }
}
