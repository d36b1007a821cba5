//! Changing a session: re-INVITE and UPDATE, theirs and ours, and glare (RFC 3261 §14, RFC 3311).

use std::time::{Duration, Instant};

use super::{Answered, InDialogOrder, InviteOut, Stage};
use crate::call::{CallKey, Failure, ServerKey, UaEvent};
use crate::command::{Body, HeaderList};
use crate::config::Rejected;
use crate::entropy;
use crate::exchange::{ExchangeKey, Purpose};
use crate::facts::Facts;
use crate::flow::Flow;
use crate::message::{Method, Request, Response};
use crate::options;
use crate::receive::dialog_id;
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};
use crate::transaction::TransactionKey;

/// How often a re-INVITE is tried again after 491 before the user hears of it.
const GLARE_ATTEMPTS: u8 = 4;
/// Delays after 491 are a multiple of this (§14.1).
const GLARE_UNIT: Duration = Duration::from_millis(10);

/// A re-INVITE that met 491, or may still.
#[derive(Clone)]
pub(crate) struct Glare {
    pub(crate) headers: HeaderList,
    pub(crate) body: Option<Body>,
    pub(crate) attempts: u8,
}

impl SipCore {
    /// The peer's re-INVITE.
    pub(super) fn reinvite_received(
        &mut self,
        now: Instant,
        transaction: TransactionKey,
        key: CallKey,
        request: Request,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        if call.invite_in.is_some() {
            // Two at once: the later one has to wait (§14.2).
            self.counters.reject(Rejected::Order);
            let seconds = entropy::below(&mut self.entropy, 11);
            let retry = vec![("Retry-After".to_owned(), seconds.to_string())];
            self.answer(now, transaction, 500, "", retry, None);
            return;
        }
        if call.invite_out.is_some() || call.unacked.is_some() || call.stage != Stage::Up {
            self.counters.reject(Rejected::Order);
            self.answer(now, transaction, 491, "", Vec::new(), None);
            return;
        }
        call.invite_in = Some(transaction);
        call.session.hear_request(&request);
        if let Some(minimum) = self.too_short_a_session(&request) {
            if let Some(call) = self.calls.get_mut(&key) {
                call.invite_in = None;
            }
            self.answer(
                now,
                transaction,
                422,
                "",
                vec![("Min-SE".to_owned(), minimum.to_string())],
                None,
            );
            return;
        }
        self.answer(now, transaction, 100, "", Vec::new(), None);
        self.event(UaEvent::Reinvite { call: key, request });
    }

    /// The peer's UPDATE: the user answers an offer, we answer a mere refresh.
    pub(super) fn update_received(
        &mut self,
        now: Instant,
        transaction: TransactionKey,
        key: CallKey,
        facts: &Facts,
        request: Request,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        let offers = !request.body().is_empty();
        if offers && call.stage == Stage::Up && call.invite_out.is_some() {
            self.counters.reject(Rejected::Order);
            self.answer(now, transaction, 491, "", Vec::new(), None);
            return;
        }
        if offers && call.stage == Stage::Up && call.invite_in.is_some() {
            self.counters.reject(Rejected::Order);
            let seconds = entropy::below(&mut self.entropy, 11);
            self.answer(
                now,
                transaction,
                500,
                "",
                vec![("Retry-After".to_owned(), seconds.to_string())],
                None,
            );
            return;
        }
        if let Some(dialog) = call.dialog_mut(&dialog_id(facts)) {
            dialog.refresh(&request);
        }
        call.session.hear_request(&request);
        if offers {
            self.event(UaEvent::Update {
                call: key,
                key: Some(ServerKey(transaction.0)),
                request,
            });
            return;
        }
        let headers = self.session_answer(now, key);
        self.answer(now, transaction, 200, "", headers, None);
        self.event(UaEvent::Update {
            call: key,
            key: None,
            request,
        });
    }

    /// Sends a re-INVITE.
    pub(crate) fn send_reinvite(&mut self, now: Instant, key: CallKey, glare: Glare) {
        let mut headers = options::session(&self.config);
        headers.extend(self.session_request(key));
        headers.extend(glare.headers.iter().cloned());
        let order = InDialogOrder {
            method: Method::INVITE,
            purpose: Purpose::Reinvite(key),
            cseq: None,
            headers,
            body: glare.body.clone(),
        };
        if let Some(call) = self.calls.get_mut(&key) {
            if let Some(body) = &glare.body {
                call.session.remember(body);
            }
            call.glare = Some(glare);
        }
        let Some(exchange) = self.send_in_dialog(now, key, order) else {
            return;
        };
        if self.exchanges.contains_key(&exchange)
            && let Some(call) = self.calls.get_mut(&key)
        {
            call.invite_out = Some(InviteOut {
                exchange,
                answered: None,
            });
        }
    }

    pub(super) fn reinvite_answered(
        &mut self,
        now: Instant,
        key: CallKey,
        exchange: ExchangeKey,
        answered: Answered,
        flow: Flow,
        response: Response,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        if call
            .invite_out
            .as_ref()
            .is_some_and(|out| out.answered.is_some())
        {
            return;
        }
        if let Some(dialog) = call.dialog.as_mut() {
            dialog.refresh(&response);
        }
        call.hear(flow);
        call.glare = None;
        call.invite_out = Some(InviteOut {
            exchange,
            answered: Some(answered),
        });
        self.timers.cancel(Owner::Call(key), Timer::Ring);
        self.session_agreed(now, key, &response);
        self.event(UaEvent::ReinviteAnswered {
            call: key,
            response,
        });
    }

    pub(crate) fn reinvite_rejected(
        &mut self,
        now: Instant,
        key: CallKey,
        outcome: Result<(Response, Flow), Failure>,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        call.invite_out = None;
        self.timers.cancel(Owner::Call(key), Timer::Ring);
        let glare = call.glare.take();
        if let (Ok((response, _)), Some(glare)) = (&outcome, glare)
            && response.status() == 491
            && glare.attempts < GLARE_ATTEMPTS
        {
            // The side that chose the Call-ID waits longer, so that one of the two gets through (§14.1).
            let wait = if call.session.is_caller() {
                Duration::from_millis(2100) + GLARE_UNIT * random(&mut self.entropy, 191)
            } else {
                GLARE_UNIT * random(&mut self.entropy, 201)
            };
            call.glare = Some(Glare {
                attempts: glare.attempts + 1,
                ..glare
            });
            self.timers.set(Owner::Call(key), Timer::Glare, now + wait);
            return;
        }
        let (response, cause) = match outcome {
            Ok((response, _)) => (Some(response), Failure::Status),
            Err(failure) => (None, failure),
        };
        let dead = response
            .as_ref()
            .is_none_or(|response| matches!(response.status(), 408 | 481));
        self.event(UaEvent::ReinviteRejected {
            call: key,
            response,
            cause,
        });
        if dead {
            self.send_bye(now, key, Vec::new());
        }
    }

    /// The delay after 491 is over.
    pub(super) fn try_again(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        let Some(glare) = call.glare.take() else {
            return;
        };
        if call.invite_in.is_some() || call.unacked.is_some() {
            // The peer's own change is under way: after it.
            let wait = GLARE_UNIT * random(&mut self.entropy, 201);
            call.glare = Some(glare);
            self.timers
                .set(Owner::Call(key), Timer::Glare, now + wait + GLARE_UNIT);
            return;
        }
        self.send_reinvite(now, key, glare);
    }
}

fn random(entropy: &mut dyn entropy::Entropy, bound: u64) -> u32 {
    u32::try_from(entropy::below(entropy, bound)).unwrap_or(0)
}
