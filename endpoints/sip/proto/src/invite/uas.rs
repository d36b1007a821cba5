//! A call comes in: provisional and final answers, the 2xx repeated until its ACK, CANCEL and BYE (RFC 3261 §9.2, §13.3, §15.1.2).

use std::time::Instant;

use super::prack::OPTION;
use super::{Call, Planned, Stage, Unacked};
use crate::call::{CallKey, ServerKey, UaEvent};
use crate::config::{RETRY_AFTER, Rejected};
use crate::dialog::{Dialog, refreshes};
use crate::exchange::contact;
use crate::facts::Facts;
use crate::flow::{Destination, Flow, Output, Transport};
use crate::message::{Method, Request};
use crate::receive::dialog_id;
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};
use crate::transaction::TransactionKey;

impl SipCore {
    /// An INVITE outside any dialog.
    pub(crate) fn invite_received(
        &mut self,
        now: Instant,
        transaction: TransactionKey,
        flow: Flow,
        facts: &Facts,
        request: Request,
    ) {
        if self.calls.len() >= self.config.max_calls {
            self.counters.reject(Rejected::Full);
            let retry = vec![("Retry-After".to_owned(), RETRY_AFTER.to_string())];
            self.answer(
                now,
                transaction,
                503,
                "Maximum Calls In Progress",
                retry,
                None,
            );
            return;
        }
        // An exchange forwards calls like a proxy: one that used up its hops goes no further (RFC 7332).
        if request.max_forwards() == Ok(Some(0)) {
            self.counters.reject(Rejected::Hops);
            self.answer(now, transaction, 483, "", Vec::new(), None);
            return;
        }
        let tag = self
            .transactions
            .server(transaction)
            .map(|server| server.tag.clone())
            .unwrap_or_default();
        let first_cseq =
            u32::try_from(crate::entropy::below(&mut self.entropy, 1 << 16)).unwrap_or(0);
        let Some(dialog) = Dialog::of_request(facts, &request, &tag, first_cseq) else {
            self.counters.reject(Rejected::Malformed);
            self.answer(now, transaction, 400, "Missing Contact", Vec::new(), None);
            return;
        };
        if let Some(minimum) = self.too_short_a_session(&request) {
            let headers = vec![("Min-SE".to_owned(), minimum.to_string())];
            self.answer(now, transaction, 422, "", headers, None);
            return;
        }
        let key = CallKey(self.next_serial());
        let mut call = Call::new(Stage::Incoming);
        call.hear(flow);
        call.session.hear_request(&request);
        let sent_by = self.config.sent_by(flow.transport);
        let user = request.uri().raw_user().unwrap_or_default();
        call.contact = Some(contact(user, sent_by, flow.transport));
        call.invite_in = Some(transaction);
        call.reliability.offered = !request.body().is_empty();
        call.reliability.agreed = self.config.supported.iter().any(|tag| tag == OPTION)
            && (request.supports(OPTION) || request.require().contains(&OPTION));
        self.dialogs.insert(dialog.id().clone(), key);
        call.dialog = Some(dialog);
        self.calls.insert(key, call);
        if let Some(server) = self.transactions.server_mut(transaction) {
            server.call = Some(key);
        }
        if self.config.trying {
            self.answer(now, transaction, 100, "", Vec::new(), None);
        }
        self.event(UaEvent::Invite {
            call: key,
            flow,
            request,
        });
    }

    /// Sends a 2xx to an INVITE or re-INVITE and repeats it until the ACK.
    pub(crate) fn send_answer(
        &mut self,
        now: Instant,
        key: CallKey,
        transaction: TransactionKey,
        response: Planned,
    ) -> bool {
        let Some(server) = self.transactions.server(transaction) else {
            return false;
        };
        let to = Destination::Flow(server.flow);
        let Some(cseq) = server
            .request
            .as_ref()
            .and_then(|request| request.cseq().ok())
        else {
            return false;
        };
        let sent = self.outputs.len();
        if !self.answer(
            now,
            transaction,
            response.status,
            &response.reason,
            response.headers,
            response.body,
        ) {
            return false;
        }
        let octets = match self.outputs.get(sent) {
            Some(Output::Send { octets, .. }) => octets.clone(),
            _ => return false,
        };
        self.forget_provisional(key);
        let interval = self.config.durations.t1;
        let limit = now + self.config.durations.transaction();
        if let Some(call) = self.calls.get_mut(&key) {
            call.invite_in = None;
            call.unacked = Some(Unacked {
                cseq: cseq.number,
                octets,
                to,
                interval,
            });
            self.timers
                .set(Owner::Call(key), Timer::Accept, now + interval);
            self.timers.set(Owner::Call(key), Timer::Acknowledge, limit);
        }
        true
    }

    /// No ACK yet: the 2xx again (§13.3.1.4, whatever the transport).
    pub(super) fn repeat_answer(&mut self, now: Instant, key: CallKey) {
        let longest = self.config.durations.t2;
        let Some(unacked) = self
            .calls
            .get_mut(&key)
            .and_then(|call| call.unacked.as_mut())
        else {
            return;
        };
        unacked.interval = (unacked.interval * 2).min(longest);
        self.outputs.push_back(Output::Send {
            to: unacked.to.clone(),
            octets: unacked.octets.clone(),
        });
        self.counters.retransmissions += 1;
        self.timers
            .set(Owner::Call(key), Timer::Accept, now + unacked.interval);
    }

    /// No ACK for 64·T1: the session ends.
    pub(super) fn never_acknowledged(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        call.unacked = None;
        let ordered = call.bye.take();
        if ordered.is_none() {
            self.event(UaEvent::AckTimeout { call: key });
        }
        self.send_bye(now, key, ordered.unwrap_or_default());
    }

    /// An ACK of a 2xx, or one that belongs to nothing and is ignored.
    pub(crate) fn acknowledged(
        &mut self,
        now: Instant,
        flow: Flow,
        facts: &Facts,
        request: &Request,
    ) {
        let Some(key) = self.call_of(facts) else {
            self.counters.reject(Rejected::Stray);
            return;
        };
        if self.is_stranger(key, &flow) {
            self.counters.reject(Rejected::Source);
            return;
        }
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        if call.unacked.as_ref().map(|unacked| unacked.cseq) != Some(facts.cseq) {
            self.counters.reject(Rejected::Stray);
            return;
        }
        call.unacked = None;
        if flow.transport.is_reliable() {
            call.hear(flow);
        }
        let ordered = call.bye.take();
        self.timers.cancel(Owner::Call(key), Timer::Accept);
        self.timers.cancel(Owner::Call(key), Timer::Acknowledge);
        if let Some(headers) = ordered {
            self.send_bye(now, key, headers);
            return;
        }
        let body = (!request.body().is_empty()).then(|| {
            let content_type = request
                .content_type()
                .unwrap_or("application/sdp")
                .to_owned();
            (content_type, request.body().to_vec())
        });
        self.event(UaEvent::Ack { call: key, body });
    }

    /// A CANCEL: 481 unless it matches an INVITE; without effect when that has its final answer (§9.2).
    pub(crate) fn cancel_received(
        &mut self,
        now: Instant,
        cancel: TransactionKey,
        invite: Option<TransactionKey>,
        flow: Flow,
        request: Request,
    ) {
        let Some((invite, server)) =
            invite.and_then(|key| Some((key, self.transactions.server(key)?)))
        else {
            self.counters.reject(Rejected::NoDialog);
            self.answer(now, cancel, 481, "", Vec::new(), None);
            return;
        };
        if self.config.check_source
            && flow.transport == Transport::Udp
            && server.flow.peer.ip().to_canonical() != flow.peer.ip().to_canonical()
        {
            self.counters.reject(Rejected::Source);
            self.transactions.remove_server(&mut self.timers, cancel);
            return;
        }
        let (call, tag) = (server.call, server.tag.clone());
        if let Some(server) = self.transactions.server_mut(cancel) {
            server.tag = tag;
        }
        self.answer(now, cancel, 200, "", Vec::new(), None);
        let Some(key) = call else {
            return;
        };
        let Some(call) = self
            .calls
            .get_mut(&key)
            .filter(|call| call.invite_in == Some(invite))
        else {
            return;
        };
        call.invite_in = None;
        let first = call.stage == Stage::Incoming;
        self.answer(now, invite, 487, "", Vec::new(), None);
        if first {
            self.event(UaEvent::Cancelled { call: key, request });
            self.finish(key);
        } else {
            self.event(UaEvent::ReinviteCancelled { call: key });
        }
    }

    /// A request within a call.
    pub(crate) fn in_dialog(
        &mut self,
        now: Instant,
        transaction: TransactionKey,
        key: CallKey,
        flow: Flow,
        facts: &Facts,
        request: Request,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        let stage = call.stage;
        let in_order = call
            .dialog_mut(&dialog_id(facts))
            .is_some_and(|dialog| dialog.accept_cseq(facts.cseq));
        if !in_order {
            self.counters.reject(Rejected::Order);
            self.answer(now, transaction, 500, "CSeq Out Of Order", Vec::new(), None);
            return;
        }
        if flow.transport.is_reliable() {
            call.hear(flow);
        }
        if let Some(server) = self.transactions.server_mut(transaction) {
            server.call = Some(key);
        }
        let method = request.method().clone();
        if method == Method::BYE {
            self.bye_received(now, transaction, key, request);
        } else if stage == Stage::Ending {
            self.counters.reject(Rejected::NoDialog);
            self.answer(now, transaction, 481, "", Vec::new(), None);
        } else if method == Method::INVITE {
            self.reinvite_received(now, transaction, key, request);
        } else if method == Method::UPDATE {
            self.update_received(now, transaction, key, facts, request);
        } else if method == Method::PRACK {
            self.prack_received(now, transaction, key, request);
        } else {
            if refreshes(&method)
                && let Some(dialog) = self
                    .calls
                    .get_mut(&key)
                    .and_then(|call| call.dialog.as_mut())
            {
                dialog.refresh(&request);
            }
            let server = ServerKey(transaction.0);
            let event = if method == Method::INFO {
                UaEvent::Info {
                    call: key,
                    key: server,
                    request,
                }
            } else {
                UaEvent::InDialog {
                    call: key,
                    key: server,
                    request,
                }
            };
            self.event(event);
        }
    }

    fn bye_received(
        &mut self,
        now: Instant,
        transaction: TransactionKey,
        key: CallKey,
        request: Request,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        if call.stage == Stage::Calling {
            // The called side may not end an early dialog by BYE (§15).
            self.counters.reject(Rejected::Order);
            self.answer(now, transaction, 481, "", Vec::new(), None);
            return;
        }
        if call.stage == Stage::Ending {
            // Both hung up at once: our BYE goes on to its own end.
            self.answer(now, transaction, 200, "", Vec::new(), None);
            return;
        }
        let invite_in = call.invite_in.take();
        let invite_out = call.invite_out.take();
        self.answer(now, transaction, 200, "", Vec::new(), None);
        if let Some(invite) = invite_in {
            self.answer(now, invite, 487, "", Vec::new(), None);
        }
        if let Some(out) = invite_out {
            self.let_go(now, out.exchange);
        }
        self.event(UaEvent::Bye { call: key, request });
        self.finish(key);
    }
}
