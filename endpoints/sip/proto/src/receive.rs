//! A message comes in: whose it is, and what is refused before anybody is asked (RFC 3261 §8.2, §12.2.2).

use std::hash::BuildHasher;
use std::time::Instant;

use crate::call::{CallKey, ServerKey, UaEvent};
use crate::command::{Body, HeaderList};
use crate::config::{RETRY_AFTER, Rejected};
use crate::dialog::DialogId;
use crate::entropy;
use crate::facts::Facts;
use crate::flow::{Destination, Flow, Output, Transport};
use crate::message::{Message, Method, Request, Scheme, parse_datagram};
use crate::options;
use crate::reply::Reply;
use crate::sip_core::SipCore;
use crate::transaction::{ServerId, TransactionKey};

/// Methods that RFCs define: when not in Allow they meet 405, all others 501.
const KNOWN: [Method; 14] = [
    Method::ACK,
    Method::BYE,
    Method::CANCEL,
    Method::INFO,
    Method::INVITE,
    Method::MESSAGE,
    Method::NOTIFY,
    Method::OPTIONS,
    Method::PRACK,
    Method::PUBLISH,
    Method::REFER,
    Method::REGISTER,
    Method::SUBSCRIBE,
    Method::UPDATE,
];

/// Methods whose dialogs, if any, are the user's business and not an INVITE's.
const OUTSIDE_CALLS: [Method; 4] = [
    Method::NOTIFY,
    Method::PUBLISH,
    Method::REGISTER,
    Method::SUBSCRIBE,
];

impl SipCore {
    pub(crate) fn receive(&mut self, now: Instant, flow: Flow, octets: &[u8]) {
        match parse_datagram(octets) {
            Ok(Message::Request(request)) => self.receive_request(now, flow, request),
            Ok(Message::Response(response)) => self.receive_response(now, flow, response),
            Err(error) => {
                let tag = format!("{:016x}", self.hash.hash_one(octets));
                match error.response(Some(&tag)) {
                    Some(response) => {
                        self.counters.reject(Rejected::Malformed);
                        self.reply_stateless(flow, error.status, response);
                    }
                    None => self.counters.reject(Rejected::Garbage),
                }
            }
        }
    }

    fn receive_request(&mut self, now: Instant, flow: Flow, request: Request) {
        let Some(facts) = Facts::of(&request) else {
            self.counters.reject(Rejected::Garbage);
            return;
        };
        let method = request.method().clone();
        let counted = if self.config.allow.contains(&method) {
            method.as_str()
        } else {
            "other"
        };
        *self
            .counters
            .requests_in
            .entry(counted.to_owned())
            .or_default() += 1;

        let id = facts.server_id(request.uri_text());
        if let Some(key) = self.transactions.server_of(&id) {
            let (transactions, mut port) = self.server_side(now, key);
            if method != Method::ACK {
                transactions.repeat(&mut port, flow);
            } else if transactions.acknowledge(&mut port) {
                self.acknowledged(now, flow, &facts, &request);
            }
            return;
        }
        if method == Method::ACK {
            self.acknowledged(now, flow, &facts, &request);
            return;
        }
        let call = self.call_of(&facts);
        if call.is_some_and(|call| self.is_stranger(call, &flow)) {
            self.counters.reject(Rejected::Source);
            return;
        }
        if self.transactions.len() >= self.config.max_transactions {
            self.counters.reject(Rejected::Full);
            self.refuse_stateless(flow, &id, &request);
            return;
        }
        self.admit(now, flow, facts, id, request, call);
    }

    /// A request that is new gets a transaction, and what is wrong with it is said.
    fn admit(
        &mut self,
        now: Instant,
        flow: Flow,
        facts: Facts,
        id: ServerId,
        request: Request,
        call: Option<CallKey>,
    ) {
        let method = request.method().clone();
        let fresh = facts.to_tag.is_empty();
        let tag = if fresh {
            entropy::tag(&mut self.entropy)
        } else {
            facts.to_tag.clone()
        };
        let merge = (fresh && method != Method::CANCEL).then(|| facts.merge_id());
        let merged = merge
            .as_ref()
            .is_some_and(|merge| self.transactions.merged(merge));
        let cancelled = (method == Method::CANCEL)
            .then(|| self.transactions.server_of(&id.with_method(Method::INVITE)));
        let key = TransactionKey(self.next_serial());
        let (transactions, mut port) = self.server_side(now, key);
        transactions.receive(
            &mut port,
            id,
            merge.filter(|_| !merged),
            flow,
            request.clone(),
            tag,
        );

        if let Some(invite) = cancelled {
            self.cancel_received(now, key, invite, flow, request);
            return;
        }
        if !self.config.allow.contains(&method) {
            self.counters.reject(Rejected::Method);
            let status = if KNOWN.contains(&method) { 405 } else { 501 };
            let allow = vec![("Allow".to_owned(), options::allow(&self.config))];
            self.answer(now, key, status, "", allow, None);
            return;
        }
        if !matches!(
            request.uri().scheme(),
            Scheme::Sip | Scheme::Sips | Scheme::Tel
        ) {
            self.counters.reject(Rejected::Scheme);
            self.answer(now, key, 416, "", Vec::new(), None);
            return;
        }
        if merged {
            self.counters.reject(Rejected::Merged);
            self.answer(now, key, 482, "", Vec::new(), None);
            return;
        }
        let unknown: Vec<&str> = request
            .require()
            .into_iter()
            .filter(|tag| {
                !self
                    .config
                    .supported
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(tag))
            })
            .collect();
        if !unknown.is_empty() {
            self.counters.reject(Rejected::Extension);
            let unsupported = vec![("Unsupported".to_owned(), unknown.join(", "))];
            self.answer(now, key, 420, "", unsupported, None);
            return;
        }
        if let Some(call) = call {
            self.in_dialog(now, key, call, flow, &facts, request);
        } else if !fresh && !OUTSIDE_CALLS.contains(&method) {
            self.counters.reject(Rejected::NoDialog);
            self.answer(now, key, 481, "", Vec::new(), None);
        } else if method == Method::INVITE {
            self.invite_received(now, key, flow, &facts, request);
        } else if [Method::BYE, Method::UPDATE, Method::PRACK].contains(&method) {
            self.counters.reject(Rejected::NoDialog);
            self.answer(now, key, 481, "", Vec::new(), None);
        } else {
            self.event(UaEvent::Request {
                key: ServerKey(key.0),
                flow,
                request,
            });
        }
    }

    /// The call whose dialog a request of the peer belongs to.
    pub(crate) fn call_of(&self, facts: &Facts) -> Option<CallKey> {
        if facts.to_tag.is_empty() {
            return None;
        }
        self.dialogs.get(&dialog_id(facts)).copied()
    }

    /// Whether a request within a call comes by datagram from an address that its peer never had.
    pub(crate) fn is_stranger(&self, call: CallKey, flow: &Flow) -> bool {
        self.config.check_source
            && flow.transport == Transport::Udp
            && self
                .calls
                .get(&call)
                .is_some_and(|call| !call.knows(flow.peer.ip()))
    }

    /// Answers a request through its transaction. False when it was finally answered before.
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        key: TransactionKey,
        status: u16,
        reason: &str,
        headers: HeaderList,
        body: Option<Body>,
    ) -> bool {
        let Some(server) = self.transactions.server(key) else {
            return false;
        };
        let Some(request) = &server.request else {
            return false;
        };
        let reply = Reply {
            status,
            reason,
            tag: &server.tag,
            headers: &headers,
            body: body.as_ref(),
        };
        let octets = reply.write(&self.config, request, &server.flow);
        let (transactions, mut port) = self.server_side(now, key);
        transactions.respond(&mut port, status, octets)
    }

    fn refuse_stateless(&mut self, flow: Flow, id: &ServerId, request: &Request) {
        let tag = format!("{:016x}", self.hash.hash_one(id));
        let headers = vec![("Retry-After".to_owned(), RETRY_AFTER.to_string())];
        let reply = Reply {
            status: 503,
            reason: "",
            tag: &tag,
            headers: &headers,
            body: None,
        };
        let octets = reply.write(&self.config, request, &flow);
        self.reply_stateless(flow, 503, octets);
    }

    fn reply_stateless(&mut self, flow: Flow, status: u16, octets: Vec<u8>) {
        *self.counters.responses_out.entry(status).or_default() += 1;
        self.outputs.push_back(Output::Send {
            to: Destination::Flow(flow),
            octets,
        });
    }
}

/// The dialog that a request of the peer names: its To is us.
pub(crate) fn dialog_id(facts: &Facts) -> DialogId {
    DialogId {
        call_id: facts.call_id.clone(),
        local_tag: facts.to_tag.clone(),
        remote_tag: facts.from_tag.clone(),
    }
}
