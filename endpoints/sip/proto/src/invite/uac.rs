//! A call is placed: provisional answers and early dialogs, the 2xx and its forks, failure (RFC 3261 §13.2).

use std::time::Instant;

use super::{Answered, InDialogOrder, InviteOut, Stage};
use crate::call::{CallKey, Failure, UaEvent};
use crate::command::Body;
use crate::config::{FORKS, RING};
use crate::dialog::{Dialog, DialogId};
use crate::draft::Draft;
use crate::exchange::{Exchange, ExchangeKey, Hop, Purpose};
use crate::facts::Facts;
use crate::flow::{Destination, Flow};
use crate::message::{Method, Response};
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};
use crate::transaction::TransactionKey;

impl SipCore {
    /// 1xx to an INVITE or re-INVITE.
    pub(crate) fn invite_provisional(
        &mut self,
        now: Instant,
        key: ExchangeKey,
        flow: Flow,
        response: Response,
        facts: &Facts,
    ) {
        let Some(exchange) = self.exchanges.get(&key) else {
            return;
        };
        let (call_key, first) = match exchange.purpose {
            Purpose::Invite(call) => (call, true),
            Purpose::Reinvite(call) => (call, false),
            Purpose::Abandoned { .. } => {
                if let Some(transaction) = exchange.transaction {
                    self.cancel_when_possible(now, key, transaction);
                }
                return;
            }
            _ => return,
        };
        let Some(call) = self.calls.get_mut(&call_key) else {
            return;
        };
        call.hear(flow);
        if call.patience.is_none() || !first {
            self.timers
                .set(Owner::Call(call_key), Timer::Ring, now + RING);
        }
        if !first || response.status() == 100 {
            return;
        }
        if !facts.to_tag.is_empty() {
            let dialog = Dialog::of_response(&exchange.draft, facts, &response);
            if call.early.iter().all(|early| early.id() != dialog.id()) {
                if call.early.len() >= FORKS {
                    return;
                }
                self.dialogs.insert(dialog.id().clone(), call_key);
                call.early.push(dialog);
            }
        }
        if !facts.to_tag.is_empty() {
            let id = DialogId {
                call_id: facts.call_id.clone(),
                local_tag: facts.from_tag.clone(),
                remote_tag: facts.to_tag.clone(),
            };
            if !self.acknowledge_provisional(now, call_key, &id, &response) {
                return;
            }
        }
        self.event(UaEvent::Provisional {
            call: call_key,
            response,
            early: facts.to_tag.clone(),
        });
    }

    /// 2xx to an INVITE or re-INVITE: the first makes or refreshes the dialog, those of other forks are ended.
    pub(crate) fn invite_answered(
        &mut self,
        now: Instant,
        key: ExchangeKey,
        transaction: TransactionKey,
        flow: Flow,
        response: Response,
        facts: &Facts,
    ) {
        let Some(exchange) = self.exchanges.get(&key) else {
            return;
        };
        let answered = Answered {
            transaction,
            cseq: facts.cseq,
            credentials: exchange.draft.credentials.clone(),
        };
        match exchange.purpose {
            Purpose::Invite(call_key) => {
                let Some(call) = self.calls.get_mut(&call_key) else {
                    self.end_fork(now, key, transaction, flow, &response, facts);
                    return;
                };
                if call.stage != Stage::Calling {
                    if call
                        .dialog
                        .as_ref()
                        .is_some_and(|dialog| dialog.id().remote_tag == facts.to_tag)
                    {
                        return;
                    }
                    self.end_fork(now, key, transaction, flow, &response, facts);
                    return;
                }
                let mut dialog = Dialog::of_response(&exchange.draft, facts, &response);
                for early in call.early.drain(..) {
                    self.dialogs.remove(early.id());
                    if early.id() == dialog.id() {
                        dialog = early;
                        dialog.confirm(&response, exchange.draft.cseq);
                    }
                }
                self.dialogs.insert(dialog.id().clone(), call_key);
                call.dialog = Some(dialog);
                call.hear(flow);
                call.stage = Stage::Up;
                call.invite_out = Some(InviteOut {
                    exchange: key,
                    answered: Some(answered),
                });
                self.timers.cancel(Owner::Call(call_key), Timer::Ring);
                self.session_agreed(now, call_key, &response);
                self.event(UaEvent::Answered {
                    call: call_key,
                    response,
                });
            }
            Purpose::Reinvite(call_key) => {
                self.reinvite_answered(now, call_key, key, answered, flow, response)
            }
            Purpose::Refresh(call_key) => {
                let call = self.calls.get_mut(&call_key);
                if let Some(call) = call.filter(|call| call.stage == Stage::Up) {
                    call.invite_out = Some(InviteOut {
                        exchange: key,
                        answered: Some(answered),
                    });
                    self.session_agreed(now, call_key, &response);
                    self.acknowledge_answer(now, call_key, None);
                }
            }
            Purpose::Abandoned { bye: true } => {
                self.end_fork(now, key, transaction, flow, &response, facts)
            }
            Purpose::Abandoned { bye: false } => {
                let mut draft = exchange.draft.clone();
                draft.method = Method::ACK;
                draft.contact = None;
                draft.headers.clear();
                draft.body = None;
                let hop = exchange.hop.clone();
                let purpose = Purpose::Ack {
                    call: None,
                    invite: transaction,
                    tag: facts.to_tag.clone(),
                };
                let mut ack = Exchange::new(purpose, draft, hop);
                ack.sent_by = exchange.sent_by.clone();
                self.start(now, ack);
            }
            _ => {}
        }
    }

    /// Acknowledges and ends a dialog that nobody wants: the call went another way, or was given up (§13.2.2.4).
    fn end_fork(
        &mut self,
        now: Instant,
        key: ExchangeKey,
        invite: TransactionKey,
        flow: Flow,
        response: &Response,
        facts: &Facts,
    ) {
        let Some(exchange) = self.exchanges.get(&key) else {
            return;
        };
        let sent_by = exchange.sent_by.clone();
        let account = exchange.account.clone();
        let credentials = exchange.draft.credentials.clone();
        let mut dialog = Dialog::of_response(&exchange.draft, facts, response);
        let (mut ack, next_hop) = dialog.draft(Method::ACK, Some(facts.cseq));
        ack.credentials = credentials;
        let hop = if flow.transport.is_reliable() {
            Hop::To(Destination::Flow(flow))
        } else {
            Hop::Uri {
                uri: next_hop,
                flow: Some(flow),
            }
        };
        let (bye, _) = dialog.draft(Method::BYE, None);
        let purpose = Purpose::Ack {
            call: None,
            invite,
            tag: facts.to_tag.clone(),
        };
        let mut ack = Exchange::new(purpose, ack, hop.clone());
        ack.sent_by.clone_from(&sent_by);
        self.start(now, ack);
        let mut bye = Exchange::new(Purpose::Nobody, bye, hop);
        bye.sent_by = sent_by;
        bye.account = account;
        self.start(now, bye);
    }

    /// Sends the ACK of a 2xx that awaits one. False when none does.
    pub(crate) fn acknowledge_answer(
        &mut self,
        now: Instant,
        key: CallKey,
        body: Option<Body>,
    ) -> bool {
        let Some(call) = self.calls.get_mut(&key) else {
            return false;
        };
        let Some(answered) = call.invite_out.as_mut().and_then(|out| out.answered.take()) else {
            return false;
        };
        let Some(out) = call.invite_out.take() else {
            return false;
        };
        let tag = call
            .dialog
            .as_ref()
            .map(|dialog| dialog.id().remote_tag.clone())
            .unwrap_or_default();
        // The exchange of a re-INVITE has no more to do; that of the INVITE still watches for forks.
        if matches!(
            self.exchanges
                .get(&out.exchange)
                .map(|exchange| &exchange.purpose),
            Some(Purpose::Reinvite(_) | Purpose::Refresh(_))
        ) && let Some(exchange) = self.exchanges.get_mut(&out.exchange)
        {
            exchange.purpose = Purpose::Nobody;
        }
        let order = InDialogOrder {
            method: Method::ACK,
            purpose: Purpose::Ack {
                call: Some(key),
                invite: answered.transaction,
                tag,
            },
            cseq: Some(answered.cseq),
            headers: Vec::new(),
            body,
        };
        self.send_ack(now, key, order, answered.credentials);
        true
    }

    fn send_ack(
        &mut self,
        now: Instant,
        key: CallKey,
        order: InDialogOrder,
        credentials: Vec<(&'static str, String)>,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        let Some(dialog) = call.dialog.as_mut() else {
            return;
        };
        let (draft, next_hop) = dialog.draft(order.method, order.cseq);
        let draft = Draft {
            credentials,
            body: order.body,
            ..draft
        };
        let mut exchange = Exchange::new(order.purpose, draft, call.hop(next_hop));
        exchange.sent_by = call.sent_by.clone();
        self.start(now, exchange);
    }

    /// Our INVITE failed.
    pub(crate) fn invite_rejected(
        &mut self,
        now: Instant,
        key: CallKey,
        outcome: Result<(Response, Flow), Failure>,
    ) {
        let _ = now;
        if self
            .calls
            .get(&key)
            .is_none_or(|call| call.stage != Stage::Calling)
        {
            return;
        }
        let (response, cause) = match outcome {
            Ok((response, _)) => (Some(response), Failure::Status),
            Err(failure) => (None, failure),
        };
        self.event(UaEvent::Rejected {
            call: key,
            response,
            cause,
        });
        self.finish(key);
    }

    /// Nobody answered in time: our INVITE is given up, or our re-INVITE and with it the call.
    pub(super) fn ring_out(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        match call.stage {
            Stage::Calling => {
                let reason = (
                    "Reason".to_owned(),
                    "SIP;cause=408;text=\"Request Timeout\"".to_owned(),
                );
                self.give_up(now, key, Failure::Timeout, vec![reason]);
            }
            Stage::Up
                if call
                    .invite_out
                    .as_ref()
                    .is_some_and(|out| out.answered.is_none()) =>
            {
                let event = UaEvent::ReinviteRejected {
                    call: key,
                    response: None,
                    cause: Failure::Timeout,
                };
                self.event(event);
                self.send_bye(now, key, Vec::new());
            }
            _ => {}
        }
    }

    /// Ends a call of ours that was not answered: the user hears so at once, CANCEL and what may cross it go on behind.
    pub(crate) fn give_up(
        &mut self,
        now: Instant,
        key: CallKey,
        cause: Failure,
        headers: Vec<(String, String)>,
    ) {
        let Some(out) = self
            .calls
            .get_mut(&key)
            .and_then(|call| call.invite_out.take())
        else {
            return;
        };
        self.abandon(now, out.exchange, true, headers);
        self.event(UaEvent::Rejected {
            call: key,
            response: None,
            cause,
        });
        self.finish(key);
    }
}
