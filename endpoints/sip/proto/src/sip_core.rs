//! `SipCore`: everything of one SIP endpoint that has state, behind four methods.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use crate::call::{CallKey, Failure, UaEvent};
use crate::config::{CoreConfig, SipCounters};
use crate::dialog::DialogId;
use crate::entropy::{Entropy, KeyedHash};
use crate::exchange::{Exchange, ExchangeKey};
use crate::flow::{Destination, Input, Output, QueryId};
use crate::invite::Call;
use crate::message::Uri;
use crate::timer::{Owner, TimerTable};
use crate::transaction::{Port, TransactionKey, Transactions};

/// How many outputs of one input may wait to be polled before the oldest queue memory is given back.
const OUTPUT_CAPACITY: usize = 256;

/// The signalling machine: calls, registrations and other requests over any transport, without I/O.
///
/// After each call of a method that takes the time, drain [`SipCore::poll_output`]:
///
/// ```
/// # use std::time::Instant;
/// # use strowger_sip_proto::{CoreConfig, Entropy, Output, OutgoingRequest, SipCore, message::Method};
/// # struct Dice(u8);
/// # impl Entropy for Dice {
/// #     fn fill(&mut self, into: &mut [u8]) { for octet in into { self.0 = self.0.wrapping_mul(5).wrapping_add(3); *octet = self.0; } }
/// # }
/// let mut core = SipCore::new(CoreConfig::default(), Box::new(Dice(1)));
/// let ping = OutgoingRequest::new(Method::OPTIONS, "sip:192.0.2.7", "<sip:pbx@example.com>");
/// core.request(Instant::now(), ping)?;
/// while let Some(output) = core.poll_output() {
///     match output {
///         Output::Send { to, octets } => println!("{} octets to {}", octets.len(), to.peer()),
///         Output::Resolve { host, .. } => println!("who is {host}?"),
///         Output::Event(event) => println!("{event:?}"),
///     }
/// }
/// let wake_me = core.poll_timeout();
/// assert!(wake_me.is_some());
/// # Ok::<(), strowger_sip_proto::CommandError>(())
/// ```
pub struct SipCore {
    pub(crate) config: CoreConfig,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) hash: KeyedHash,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) timers: TimerTable,
    pub(crate) counters: SipCounters,
    pub(crate) transactions: Transactions,
    pub(crate) exchanges: HashMap<ExchangeKey, Exchange>,
    pub(crate) queries: HashMap<QueryId, ExchangeKey>,
    pub(crate) calls: HashMap<CallKey, Call>,
    pub(crate) dialogs: HashMap<DialogId, CallKey, KeyedHash>,
    serial: u64,
}

impl SipCore {
    /// A machine without calls.
    pub fn new(config: CoreConfig, mut entropy: Box<dyn Entropy>) -> Self {
        let config = config.consistent();
        let hash = KeyedHash::new(&mut entropy);
        Self {
            config,
            entropy,
            outputs: VecDeque::new(),
            timers: TimerTable::default(),
            counters: SipCounters::default(),
            transactions: Transactions::new(&hash),
            exchanges: HashMap::new(),
            queries: HashMap::new(),
            calls: HashMap::new(),
            dialogs: HashMap::with_hasher(hash.clone()),
            hash,
            serial: 0,
        }
    }

    /// Something happened outside.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Message { flow, octets } => self.receive(now, flow, octets),
            Input::FlowClosed(flow) => {
                self.transactions.reconnect(&mut self.outputs, flow);
                for call in self.calls.values_mut() {
                    call.lose(flow);
                }
            }
            Input::SendFailed { to } => self.send_failed(now, &to),
            Input::Resolved { query, targets } => self.resolved(now, query, targets),
        }
    }

    /// The next thing to do or to know; `None` when all was taken.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if output.is_none() && self.outputs.capacity() > OUTPUT_CAPACITY {
            self.outputs.shrink_to(OUTPUT_CAPACITY);
        }
        output
    }

    /// When [`SipCore::handle_timeout`] wants to be called; ask again after every input and order.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Time has passed: everything due by `now` happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((owner, timer)) = self.timers.expired(now) {
            match owner {
                Owner::Transaction(transaction) => self.transaction_timer(now, transaction, timer),
                Owner::Exchange(exchange) => self.fail(now, exchange, Failure::Timeout),
                Owner::Call(call) => self.call_timer(now, call, timer),
            }
        }
    }

    /// Running totals.
    pub fn counters(&self) -> &SipCounters {
        &self.counters
    }

    /// How it is set up.
    pub fn config(&self) -> &CoreConfig {
        &self.config
    }

    /// Changes the set-up; calls that exist keep what they have said of themselves.
    pub fn configure(&mut self, config: CoreConfig) {
        self.config = config.consistent();
    }

    /// How many calls there are.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// How many transactions there are, those that only wait for repetitions included.
    pub fn transactions(&self) -> usize {
        self.transactions.len()
    }

    /// Entries in all tables together: 0 when nothing is going on.
    pub fn footprint(&self) -> usize {
        self.timers.len()
            + self.transactions.footprint()
            + self.exchanges.len()
            + self.queries.len()
            + self.calls.len()
            + self.dialogs.len()
    }

    /// The call that has this dialog, for Replaces and Join (RFC 3891).
    pub fn call_of_dialog(
        &self,
        call_id: &str,
        local_tag: &str,
        remote_tag: &str,
    ) -> Option<CallKey> {
        let id = DialogId {
            call_id: call_id.to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: remote_tag.to_owned(),
        };
        self.dialogs.get(&id).copied()
    }

    /// The dialog of a call once it has one, for Replaces, dialog-info and logs.
    pub fn dialog_of_call(&self, call: CallKey) -> Option<&DialogId> {
        Some(self.calls.get(&call)?.dialog.as_ref()?.id())
    }

    /// Where the peer of a call wants its requests: its Contact, for Refer-To and dialog-info.
    pub fn target_of_call(&self, call: CallKey) -> Option<&Uri> {
        Some(self.calls.get(&call)?.dialog.as_ref()?.target())
    }

    /// The far address of a call, as last heard of.
    pub fn peer_of_call(&self, call: CallKey) -> Option<std::net::SocketAddr> {
        let call = self.calls.get(&call)?;
        call.pinned
            .as_ref()
            .map(Destination::peer)
            .or(call.flow.map(|flow| flow.peer))
    }

    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(crate) fn event(&mut self, event: UaEvent) {
        self.outputs.push_back(Output::Event(event));
    }

    /// The transactions and exchanges, and what a transaction needs of the world.
    pub(crate) fn client_side(
        &mut self,
        now: Instant,
        key: TransactionKey,
    ) -> (
        &mut Transactions,
        &mut HashMap<ExchangeKey, Exchange>,
        Port<'_>,
    ) {
        let port = Port {
            now,
            key,
            timers: &mut self.timers,
            outputs: &mut self.outputs,
            counters: &mut self.counters,
            durations: self.config.durations,
        };
        (&mut self.transactions, &mut self.exchanges, port)
    }

    pub(crate) fn server_side(
        &mut self,
        now: Instant,
        key: TransactionKey,
    ) -> (&mut Transactions, Port<'_>) {
        let (transactions, _, port) = self.client_side(now, key);
        (transactions, port)
    }
}
