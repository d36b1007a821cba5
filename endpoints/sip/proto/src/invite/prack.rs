//! Reliable provisional responses, both ways (RFC 3262): repeated until PRACK, numbered by RSeq.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Planned, Stage};
use crate::call::{CallKey, ServerKey, UaEvent};
use crate::config::Rejected;
use crate::dialog::DialogId;
use crate::exchange::{Exchange, Purpose};
use crate::flow::{Destination, Output};
use crate::message::{Method, Request, Response};
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};
use crate::transaction::TransactionKey;

/// The option tag.
pub(crate) const OPTION: &str = "100rel";
/// Provisional responses that wait for the PRACK of the one before; more are left out, as a lost unreliable one would be.
const WAITING: usize = 4;

/// The called side's reliable responses.
#[derive(Default)]
pub(crate) struct Reliability {
    /// Whether the caller knows the extension, and we offer it.
    pub(crate) agreed: bool,
    /// Whether the INVITE carried an offer, so that a body in PRACK is a new one.
    pub(crate) offered: bool,
    last: u32,
    cseq: u32,
    outstanding: Option<Outstanding>,
    waiting: VecDeque<Planned>,
}

struct Outstanding {
    number: u32,
    octets: Vec<u8>,
    to: Destination,
    interval: Duration,
}

impl SipCore {
    /// Sends a provisional response, reliably when both sides know how.
    pub(super) fn send_provisional(
        &mut self,
        now: Instant,
        key: CallKey,
        transaction: TransactionKey,
        response: Planned,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        if !call.reliability.agreed {
            self.answer(
                now,
                transaction,
                response.status,
                &response.reason,
                response.headers,
                response.body,
            );
            return;
        }
        if call.reliability.outstanding.is_some() {
            if call.reliability.waiting.len() < WAITING {
                call.reliability.waiting.push_back(response);
            }
            return;
        }
        let Some(server) = self.transactions.server(transaction) else {
            return;
        };
        let to = Destination::Flow(server.flow);
        let cseq = server
            .request
            .as_ref()
            .and_then(|request| request.cseq().ok());
        call.reliability.cseq = cseq.map_or(0, |cseq| cseq.number);
        call.reliability.last += 1;
        let number = call.reliability.last;
        let mut headers = response.headers;
        headers.push(("Require".to_owned(), OPTION.to_owned()));
        headers.push(("RSeq".to_owned(), number.to_string()));
        let place = self.outputs.len();
        self.answer(
            now,
            transaction,
            response.status,
            &response.reason,
            headers,
            response.body,
        );
        let Some(Output::Send { octets, .. }) = self.outputs.get(place) else {
            return;
        };
        let octets = octets.clone();
        let interval = self.config.durations.t1;
        let limit = now + self.config.durations.transaction();
        if let Some(call) = self.calls.get_mut(&key) {
            call.reliability.outstanding = Some(Outstanding {
                number,
                octets,
                to,
                interval,
            });
            self.timers
                .set(Owner::Call(key), Timer::Reliable, now + interval);
            self.timers.set(Owner::Call(key), Timer::Prack, limit);
        }
    }

    /// No PRACK yet: the response again (§3).
    pub(super) fn repeat_provisional(&mut self, now: Instant, key: CallKey) {
        let Some(outstanding) = self
            .calls
            .get_mut(&key)
            .and_then(|call| call.reliability.outstanding.as_mut())
        else {
            return;
        };
        outstanding.interval *= 2;
        self.outputs.push_back(Output::Send {
            to: outstanding.to.clone(),
            octets: outstanding.octets.clone(),
        });
        self.counters.retransmissions += 1;
        self.timers.set(
            Owner::Call(key),
            Timer::Reliable,
            now + outstanding.interval,
        );
    }

    /// No PRACK for 64·T1: the call is refused (§3).
    pub(super) fn never_pracked(&mut self, now: Instant, key: CallKey) {
        let Some(transaction) = self
            .calls
            .get_mut(&key)
            .filter(|call| call.stage == Stage::Incoming)
            .and_then(|call| call.invite_in.take())
        else {
            return;
        };
        self.answer(now, transaction, 504, "", Vec::new(), None);
        self.event(UaEvent::AckTimeout { call: key });
        self.finish(key);
    }

    /// A final answer ends the repetition of provisional ones (§3).
    pub(super) fn forget_provisional(&mut self, key: CallKey) {
        self.timers.cancel(Owner::Call(key), Timer::Reliable);
        self.timers.cancel(Owner::Call(key), Timer::Prack);
        if let Some(call) = self.calls.get_mut(&key) {
            call.reliability.waiting.clear();
            if let Some(outstanding) = call.reliability.outstanding.as_mut() {
                outstanding.octets = Vec::new();
            }
        }
    }

    /// A PRACK: 481 unless it acknowledges what is outstanding.
    pub(super) fn prack_received(
        &mut self,
        now: Instant,
        transaction: TransactionKey,
        key: CallKey,
        request: Request,
    ) {
        let rack = request.rack().ok().flatten();
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        let reliability = &mut call.reliability;
        let matches = rack.is_some_and(|rack| {
            rack.cseq.method == Method::INVITE
                && rack.cseq.number == reliability.cseq
                && reliability
                    .outstanding
                    .as_ref()
                    .is_some_and(|outstanding| outstanding.number == rack.rseq)
        });
        if !matches {
            self.counters.reject(Rejected::NoDialog);
            self.answer(now, transaction, 481, "", Vec::new(), None);
            return;
        }
        reliability.outstanding = None;
        let next = reliability.waiting.pop_front();
        let new_offer = reliability.offered && !request.body().is_empty();
        let invite = call.invite_in.filter(|_| call.stage == Stage::Incoming);
        self.timers.cancel(Owner::Call(key), Timer::Reliable);
        self.timers.cancel(Owner::Call(key), Timer::Prack);
        let answer = new_offer.then_some(ServerKey(transaction.0));
        if !new_offer {
            self.answer(now, transaction, 200, "", Vec::new(), None);
        }
        self.event(UaEvent::Prack {
            call: key,
            key: answer,
            request,
        });
        if let (Some(next), Some(invite)) = (next, invite) {
            self.send_provisional(now, key, invite, next);
        }
    }

    /// A provisional response to our INVITE: acknowledged when it is reliable. False when it is a repetition, or came
    /// before one that is missing, and so is not to be heard (§4).
    pub(super) fn acknowledge_provisional(
        &mut self,
        now: Instant,
        key: CallKey,
        id: &DialogId,
        response: &Response,
    ) -> bool {
        if !response.require().contains(&OPTION) {
            return true;
        }
        let (Ok(Some(number)), Ok(cseq)) = (response.rseq(), response.cseq()) else {
            return true;
        };
        let Some(call) = self.calls.get_mut(&key) else {
            return false;
        };
        let Some(dialog) = call.dialog_mut(id) else {
            return false;
        };
        if !dialog.accept_rseq(number) {
            return false;
        }
        let (mut draft, next_hop) = dialog.draft(Method::PRACK, None);
        draft.headers.push((
            "RAck".to_owned(),
            format!("{number} {} INVITE", cseq.number),
        ));
        let mut exchange = Exchange::new(Purpose::Nobody, draft, call.hop(next_hop));
        exchange.account = call.account.clone();
        exchange.sent_by = call.sent_by.clone();
        self.start(now, exchange);
        true
    }
}
