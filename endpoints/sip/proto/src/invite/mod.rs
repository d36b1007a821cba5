//! INVITE usages (RFC 3261 §13 to §15): calls, ours and theirs, from the INVITE to the BYE.

mod addresses;
mod change;
mod commands;
mod prack;
mod refresh;
mod reinvite;
mod uac;
mod uas;

pub(crate) use addresses::Addresses;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::call::{CallKey, UaEvent};
use crate::command::{Account, Body, HeaderList};
use crate::dialog::{Dialog, DialogId};
use crate::exchange::{Exchange, ExchangeKey, Hop, Purpose};
use crate::flow::{Destination, Flow, FlowId};
use crate::message::{Method, Uri};
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};
use crate::transaction::TransactionKey;

/// Addresses remembered as the peer's: the one that called and the hops that requests went to.
const PEERS: usize = 8;

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It came in and has no final answer.
    Incoming,
    /// We placed it and no final answer came.
    Calling,
    /// A 2xx was sent or came.
    Up,
    /// Our BYE is under way.
    Ending,
}

/// An INVITE or re-INVITE of ours.
pub(crate) struct InviteOut {
    pub(crate) exchange: ExchangeKey,
    /// The transaction and number that a 2xx came for, until the user acknowledges it.
    pub(crate) answered: Option<Answered>,
}

/// A 2xx that awaits its ACK from us.
pub(crate) struct Answered {
    pub(crate) transaction: TransactionKey,
    pub(crate) cseq: u32,
    pub(crate) credentials: Vec<(&'static str, String)>,
}

/// A 2xx of ours that awaits its ACK from the peer.
pub(crate) struct Unacked {
    pub(crate) cseq: u32,
    pub(crate) octets: Vec<u8>,
    pub(crate) to: Destination,
    pub(crate) interval: Duration,
}

/// One INVITE usage.
pub(crate) struct Call {
    pub(crate) stage: Stage,
    /// Where the peer was heard last: a socket and its address, or a connection.
    pub(crate) flow: Option<Flow>,
    /// Everything goes there, by order.
    pub(crate) pinned: Option<Destination>,
    peers: Vec<IpAddr>,
    pub(crate) contact: Option<String>,
    pub(crate) sent_by: Option<String>,
    pub(crate) account: Option<Account>,
    pub(crate) dialog: Option<Dialog>,
    /// Dialogs of forks that rang, while we place the call.
    pub(crate) early: Vec<Dialog>,
    /// The peer's INVITE or re-INVITE that awaits our final answer.
    pub(crate) invite_in: Option<TransactionKey>,
    pub(crate) invite_out: Option<InviteOut>,
    pub(crate) unacked: Option<Unacked>,
    pub(crate) glare: Option<reinvite::Glare>,
    /// Header fields of the BYE that waits for an ACK (RFC 3261 §15).
    pub(crate) bye: Option<HeaderList>,
    pub(crate) patience: Option<Duration>,
    pub(crate) session: refresh::Session,
    pub(crate) reliability: prack::Reliability,
}

impl Call {
    pub(crate) fn new(stage: Stage) -> Self {
        Self {
            stage,
            flow: None,
            pinned: None,
            peers: Vec::new(),
            contact: None,
            sent_by: None,
            account: None,
            dialog: None,
            early: Vec::new(),
            invite_in: None,
            invite_out: None,
            unacked: None,
            glare: None,
            bye: None,
            patience: None,
            reliability: prack::Reliability::default(),
            session: if stage == Stage::Calling {
                refresh::Session::calling()
            } else {
                refresh::Session::default()
            },
        }
    }

    /// Remembers an address as the peer's.
    pub(crate) fn meet(&mut self, address: IpAddr) {
        let address = address.to_canonical();
        if !self.peers.contains(&address) {
            if self.peers.len() == PEERS {
                self.peers.remove(0);
            }
            self.peers.push(address);
        }
    }

    /// Whether the peer was met at this address.
    pub(crate) fn knows(&self, address: IpAddr) -> bool {
        self.peers.contains(&address.to_canonical())
    }

    /// The peer was heard on this flow.
    pub(crate) fn hear(&mut self, flow: Flow) {
        self.meet(flow.peer.ip());
        self.flow = Some(flow);
    }

    /// A connection is gone: what comes next goes to the Contact again.
    pub(crate) fn lose(&mut self, gone: FlowId) {
        self.flow = self
            .flow
            .filter(|flow| flow.id != gone || !flow.transport.is_reliable());
        if matches!(self.pinned, Some(Destination::Flow(flow)) if flow.id == gone && flow.transport.is_reliable())
        {
            self.pinned = None;
        }
    }

    /// Where a request within the dialog goes whose next hop is this URI: the pinned place, the living connection, or
    /// where the URI leads.
    pub(crate) fn hop(&self, next_hop: Uri) -> Hop {
        if let Some(pinned) = &self.pinned {
            return Hop::To(pinned.clone());
        }
        match self.flow {
            Some(flow) if flow.transport.is_reliable() => Hop::To(Destination::Flow(flow)),
            flow => Hop::Uri {
                uri: next_hop,
                flow,
            },
        }
    }

    /// The dialog of that identity: the confirmed one or an early one.
    pub(crate) fn dialog_mut(&mut self, id: &DialogId) -> Option<&mut Dialog> {
        self.dialog
            .as_mut()
            .into_iter()
            .chain(&mut self.early)
            .find(|dialog| dialog.id() == id)
    }
}

/// A response to be sent.
pub(crate) struct Planned {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: HeaderList,
    pub(crate) body: Option<Body>,
}

/// What a request within a call consists of.
pub(crate) struct InDialogOrder {
    pub(crate) method: Method,
    pub(crate) purpose: Purpose,
    /// The number of what it acknowledges; `None`: the next.
    pub(crate) cseq: Option<u32>,
    pub(crate) headers: HeaderList,
    pub(crate) body: Option<Body>,
}

impl SipCore {
    /// Sends a request within the dialog of a call.
    pub(crate) fn send_in_dialog(
        &mut self,
        now: Instant,
        key: CallKey,
        order: InDialogOrder,
    ) -> Option<ExchangeKey> {
        let call = self.calls.get_mut(&key)?;
        let dialog = call.dialog.as_mut()?;
        let refreshes = crate::dialog::refreshes(&order.method);
        let (mut draft, next_hop) = dialog.draft(order.method, order.cseq);
        if refreshes || draft.method == Method::REFER {
            draft.contact = call.contact.clone();
        }
        if let Some(agent) = &self.config.user_agent {
            draft.headers.push(("User-Agent".to_owned(), agent.clone()));
        }
        draft.headers.extend(order.headers);
        draft.body = order.body;
        let hop = call.hop(next_hop);
        let mut exchange = Exchange::new(order.purpose, draft, hop);
        exchange.account = call.account.clone();
        exchange.sent_by = call.sent_by.clone();
        Some(self.start(now, exchange))
    }

    /// Sends the BYE of a call; what is under way within it ends.
    pub(crate) fn send_bye(&mut self, now: Instant, key: CallKey, headers: HeaderList) {
        self.acknowledge_answer(now, key, None);
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        call.stage = Stage::Ending;
        call.unacked = None;
        call.glare = None;
        call.bye = None;
        let invite_in = call.invite_in.take();
        let invite_out = call.invite_out.take();
        self.timers.cancel_all(Owner::Call(key));
        if let Some(transaction) = invite_in {
            self.answer(now, transaction, 487, "", Vec::new(), None);
        }
        if let Some(out) = invite_out {
            self.let_go(now, out.exchange);
        }
        let order = InDialogOrder {
            method: Method::BYE,
            purpose: Purpose::Bye(key),
            cseq: None,
            headers,
            body: None,
        };
        if self.send_in_dialog(now, key, order).is_none() {
            self.finish(key);
        }
    }

    /// A re-INVITE whose dialog ends: a 2xx is still acknowledged, but not for ever awaited.
    fn let_go(&mut self, now: Instant, exchange: ExchangeKey) {
        let limit = now + self.config.durations.transaction();
        if let Some(exchange) = self.exchanges.get_mut(&exchange)
            && matches!(exchange.purpose, Purpose::Reinvite(_) | Purpose::Refresh(_))
        {
            exchange.purpose = Purpose::Abandoned { bye: false };
            if let Some(transaction) = exchange.transaction {
                self.timers
                    .set(Owner::Transaction(transaction), Timer::Cancel, limit);
            }
        }
    }

    /// The call is gone.
    pub(crate) fn finish(&mut self, key: CallKey) {
        let Some(call) = self.calls.remove(&key) else {
            return;
        };
        self.timers.cancel_all(Owner::Call(key));
        for dialog in call.dialog.iter().chain(&call.early) {
            self.dialogs.remove(dialog.id());
        }
        self.event(UaEvent::Terminated { call: key });
    }

    /// A timer of a call is due.
    pub(crate) fn call_timer(&mut self, now: Instant, key: CallKey, timer: Timer) {
        match timer {
            Timer::Accept => self.repeat_answer(now, key),
            Timer::Acknowledge => self.never_acknowledged(now, key),
            Timer::Reliable => self.repeat_provisional(now, key),
            Timer::Prack => self.never_pracked(now, key),
            Timer::Ring => self.ring_out(now, key),
            Timer::Glare => self.try_again(now, key),
            Timer::Refresh => self.refresh_session(now, key),
            Timer::Expire => self.session_expired(now, key),
            _ => {}
        }
    }
}
