//! One request of ours from the order to its outcome: name resolution, the next target when one fails, and the rounds of
//! credentials (RFC 3261 §8.1.3, §22, RFC 3263 §4.3).

mod again;
mod cancel;
mod credentials;

use std::collections::VecDeque;
use std::time::Instant;

use crate::call::{CallKey, ClientKey, Failure, UaEvent};
use crate::command::{Account, HeaderList};
use crate::config::Rejected;
use crate::draft::Draft;
use crate::entropy;
use crate::facts::Facts;
use crate::flow::{Destination, Flow, Output, QueryId, Target, Transport};
use crate::message::{Method, Response, Uri};
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};
use crate::transaction::{ClientId, TransactionKey, Upward};

/// Our handle of an exchange; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ExchangeKey(pub(crate) u64);

/// Targets tried for one request; a name with more addresses than this is served by the first ones.
const TARGETS: usize = 8;

/// Who waits for the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The INVITE of a call.
    Invite(CallKey),
    /// A re-INVITE.
    Reinvite(CallKey),
    /// An INVITE whose call is over: cancelled when it can be; a late 2xx is acknowledged and, when it made a dialog, ended.
    Abandoned { bye: bool },
    /// An ACK of a 2xx, remembered by its INVITE transaction.
    Ack {
        call: Option<CallKey>,
        invite: TransactionKey,
        tag: String,
    },
    /// The BYE of a call.
    Bye(CallKey),
    /// The session refresh of a call.
    Refresh(CallKey),
    /// A request within a call, by order.
    InDialog(CallKey, ClientKey),
    /// A request outside calls, by order.
    Request(ClientKey),
    /// Nobody: PRACK, CANCEL, the BYE of a stray fork.
    Nobody,
}

impl Purpose {
    fn call(&self) -> Option<CallKey> {
        match self {
            Self::Invite(call)
            | Self::Reinvite(call)
            | Self::Bye(call)
            | Self::Refresh(call)
            | Self::InDialog(call, _)
            | Self::Ack {
                call: Some(call), ..
            } => Some(*call),
            Self::Abandoned { .. }
            | Self::Ack { call: None, .. }
            | Self::Request(_)
            | Self::Nobody => None,
        }
    }
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub(crate) enum Hop {
    /// Exactly there.
    To(Destination),
    /// Where this URI resolves to; over the UDP socket of `flow` when both are UDP.
    Uri { uri: Uri, flow: Option<Flow> },
}

/// A request of ours under way.
pub(crate) struct Exchange {
    pub(crate) purpose: Purpose,
    pub(crate) draft: Draft,
    pub(crate) account: Option<Account>,
    pub(crate) hop: Hop,
    pub(crate) sent_by: Option<String>,
    pub(crate) transaction: Option<TransactionKey>,
    /// Header fields for the CANCEL that waits for a provisional response.
    pub(crate) cancel: Option<HeaderList>,
    rounds: u8,
    /// Whether a 422 was obeyed already.
    lengthened: bool,
    /// Where it was sent last; credentials go to the same place.
    last: Option<Destination>,
    targets: VecDeque<Destination>,
    query: Option<QueryId>,
}

impl Exchange {
    pub(crate) fn new(purpose: Purpose, draft: Draft, hop: Hop) -> Self {
        Self {
            purpose,
            draft,
            account: None,
            hop,
            sent_by: None,
            transaction: None,
            cancel: None,
            rounds: 0,
            lengthened: false,
            last: None,
            targets: VecDeque::new(),
            query: None,
        }
    }
}

impl SipCore {
    /// Begins an exchange: sends at once when the address is known, asks for it when not.
    pub(crate) fn start(&mut self, now: Instant, exchange: Exchange) -> ExchangeKey {
        let key = ExchangeKey(self.next_serial());
        let hop = exchange.hop.clone();
        self.exchanges.insert(key, exchange);
        match hop {
            Hop::To(to) => self.transmit(now, key, to),
            Hop::Uri { uri, flow } => self.locate(now, key, &uri, flow),
        }
        key
    }

    fn locate(&mut self, now: Instant, key: ExchangeKey, uri: &Uri, flow: Option<Flow>) {
        let named = uri.transport().and_then(Transport::from_token);
        let secure = uri.is_sips();
        if let Some(address) = uri.host().and_then(|host| host.ip()) {
            let transport = match named {
                Some(Transport::Tcp) if secure => Transport::Tls,
                Some(Transport::Ws) if secure => Transport::Wss,
                Some(named) => named,
                None if secure => Transport::Tls,
                None => Transport::Udp,
            };
            let port = uri.port().unwrap_or(transport.default_port());
            let to = destination(
                Target {
                    transport,
                    address: (address, port).into(),
                },
                flow,
                None,
            );
            self.transmit(now, key, to);
            return;
        }
        let host = uri.host_text();
        if host.is_empty() {
            self.fail(now, key, Failure::Transport);
            return;
        }
        let query = QueryId(self.next_serial());
        if let Some(exchange) = self.exchanges.get_mut(&key) {
            exchange.query = Some(query);
        }
        self.queries.insert(query, key);
        let limit = now + self.config.durations.transaction();
        self.timers.set(Owner::Exchange(key), Timer::Resolve, limit);
        self.outputs.push_back(Output::Resolve {
            query,
            host,
            port: uri.port(),
            transport: named,
            secure,
        });
    }

    /// The answer to a question about a name.
    pub(crate) fn resolved(&mut self, now: Instant, query: QueryId, targets: Vec<Target>) {
        let Some(key) = self.queries.remove(&query) else {
            return;
        };
        self.timers.cancel_all(Owner::Exchange(key));
        let Some(exchange) = self.exchanges.get_mut(&key) else {
            return;
        };
        exchange.query = None;
        let (flow, host) = match &exchange.hop {
            Hop::Uri { uri, flow } => (*flow, Some(uri.host_text())),
            Hop::To(_) => (None, None),
        };
        exchange.targets = targets
            .into_iter()
            .take(TARGETS)
            .map(|target| destination(target, flow, host.clone()))
            .collect();
        self.next_target(now, key, Failure::Transport);
    }

    fn next_target(&mut self, now: Instant, key: ExchangeKey, failure: Failure) {
        let next = self
            .exchanges
            .get_mut(&key)
            .and_then(|exchange| exchange.targets.pop_front());
        match next {
            Some(to) => self.transmit(now, key, to),
            None => self.deliver(now, key, Err(failure)),
        }
    }

    fn transmit(&mut self, now: Instant, key: ExchangeKey, to: Destination) {
        let Some(exchange) = self.exchanges.get_mut(&key) else {
            return;
        };
        let transport = to.transport();
        let sent_by = exchange
            .sent_by
            .clone()
            .unwrap_or_else(|| self.config.sent_by(transport).to_owned());
        if let Some(user) = exchange.draft.contact_user.take() {
            exchange.draft.contact = Some(contact(&user, &sent_by, transport));
        }
        let branch = entropy::branch(&mut self.entropy);
        let via = format!(
            "SIP/2.0/{} {sent_by};branch={branch};rport",
            transport.via_token()
        );
        if let Some(call) = exchange
            .purpose
            .call()
            .and_then(|call| self.calls.get_mut(&call))
        {
            call.meet(to.peer().ip());
            if let (None, Some(contact)) = (&call.contact, &exchange.draft.contact) {
                call.contact = Some(contact.clone());
            }
        }
        *self
            .counters
            .requests_out
            .entry(exchange.draft.method.as_str().to_owned())
            .or_default() += 1;
        if let Purpose::Ack { invite, tag, .. } = &exchange.purpose {
            let octets = exchange.draft.write(&via);
            self.transactions.remember_ack(*invite, tag, &octets, &to);
            self.outputs.push_back(Output::Send { to, octets });
            self.exchanges.remove(&key);
            return;
        }
        let transaction = TransactionKey(self.next_serial());
        let (transactions, exchanges, mut port) = self.client_side(now, transaction);
        if let Some(exchange) = exchanges.get_mut(&key) {
            exchange.transaction = Some(transaction);
            exchange.last = Some(to.clone());
            transactions.send(&mut port, key, &exchange.draft, branch, via, to);
        }
    }

    /// A response came in.
    pub(crate) fn receive_response(&mut self, now: Instant, flow: Flow, response: Response) {
        let Some(facts) = Facts::of(&response) else {
            self.counters.reject(Rejected::Garbage);
            return;
        };
        let status = response.status();
        *self.counters.responses_in.entry(status).or_default() += 1;
        let branch = facts.via.branch().unwrap_or_default().to_owned();
        let id = ClientId {
            branch,
            method: facts.method.clone(),
        };
        let Some(transaction) = self.transactions.client_of(&id) else {
            self.counters.reject(Rejected::Stray);
            return;
        };
        let Some(key) = self
            .transactions
            .client(transaction)
            .map(|client| client.exchange)
        else {
            return;
        };
        let (transactions, _, mut port) = self.client_side(now, transaction);
        if transactions.response(&mut port, flow, status, &facts.to, &facts.to_tag)
            == Upward::Absorb
        {
            return;
        }
        let Some(exchange) = self.exchanges.get(&key) else {
            return;
        };
        let is_invite = exchange.draft.method == Method::INVITE;
        if status < 200 {
            if is_invite {
                self.invite_provisional(now, key, flow, response, &facts);
            }
            return;
        }
        if status < 300 && is_invite {
            self.invite_answered(now, key, transaction, flow, response, &facts);
            return;
        }
        if matches!(status, 401 | 407) && self.answer_challenge(now, key, &response) {
            return;
        }
        if status == 422 && self.lengthen_session(now, key, &response) {
            return;
        }
        let more = self
            .exchanges
            .get(&key)
            .is_some_and(|exchange| !exchange.targets.is_empty());
        if status == 503 && more {
            self.next_target(now, key, Failure::Transport);
            return;
        }
        self.deliver(now, key, Ok((response, flow)));
    }

    /// A request failed without a response: the next target, or the bad news.
    pub(crate) fn fail(&mut self, now: Instant, key: ExchangeKey, failure: Failure) {
        if failure == Failure::Timeout {
            self.counters.timeouts += 1;
        }
        self.next_target(now, key, failure);
    }

    /// The outcome, other than a 2xx to an INVITE.
    fn deliver(
        &mut self,
        now: Instant,
        key: ExchangeKey,
        outcome: Result<(Response, Flow), Failure>,
    ) {
        let Some(exchange) = self.exchanges.remove(&key) else {
            return;
        };
        if let Some(query) = exchange.query {
            self.queries.remove(&query);
            self.timers.cancel_all(Owner::Exchange(key));
        }
        match exchange.purpose {
            Purpose::Invite(call) => self.invite_rejected(now, call, outcome),
            Purpose::Reinvite(call) => self.reinvite_rejected(now, call, outcome),
            Purpose::Refresh(call) => self.refresh_done(now, call, outcome),
            Purpose::Bye(call) => self.finish(call),
            Purpose::InDialog(call, key) => {
                if let Ok((response, _)) = &outcome {
                    self.in_dialog_answered(call, &exchange.draft.method, response);
                }
                self.event(UaEvent::Response {
                    key,
                    response: outcome.map(|(response, _)| response),
                });
            }
            Purpose::Request(key) => {
                self.event(UaEvent::Response {
                    key,
                    response: outcome.map(|(response, _)| response),
                });
            }
            Purpose::Abandoned { .. } | Purpose::Ack { .. } | Purpose::Nobody => {}
        }
    }

    /// A transaction's timer is due.
    pub(crate) fn transaction_timer(
        &mut self,
        now: Instant,
        transaction: TransactionKey,
        timer: Timer,
    ) {
        let (transactions, _, mut port) = self.client_side(now, transaction);
        let Some((key, fate)) = transactions.timer(&mut port, timer) else {
            return;
        };
        // A request that went out again, with credentials or to another target, has a younger transaction.
        if self
            .exchanges
            .get(&key)
            .and_then(|exchange| exchange.transaction)
            != Some(transaction)
        {
            return;
        }
        if fate == crate::transaction::Fate::TimedOut {
            self.fail(now, key, Failure::Timeout);
        } else {
            self.exchanges.remove(&key);
        }
    }

    /// Nothing could be sent there.
    pub(crate) fn send_failed(&mut self, now: Instant, to: &Destination) {
        for transaction in self.transactions.unanswered_at(to) {
            if let Some(key) = self
                .transactions
                .remove_client(&mut self.timers, transaction)
            {
                self.fail(now, key, Failure::Transport);
            }
        }
    }
}

/// The destination of a target; a UDP one goes through the socket of `flow` when that is of the same family.
fn destination(target: Target, flow: Option<Flow>, host: Option<String>) -> Destination {
    match flow {
        Some(flow)
            if flow.transport == Transport::Udp
                && target.transport == Transport::Udp
                && flow.peer.is_ipv4() == target.address.is_ipv4() =>
        {
            Destination::Flow(Flow {
                peer: target.address,
                ..flow
            })
        }
        _ => Destination::New {
            transport: target.transport,
            peer: target.address,
            host,
        },
    }
}

/// A Contact for us at this transport.
pub(crate) fn contact(user: &str, sent_by: &str, transport: Transport) -> String {
    let at = if user.is_empty() { "" } else { "@" };
    match transport {
        Transport::Udp => format!("<sip:{user}{at}{sent_by}>"),
        _ => format!(
            "<sip:{user}{at}{sent_by};transport={}>",
            transport.uri_token()
        ),
    }
}
