//! Transactions (RFC 3261 §17 with RFC 6026): the table that matches messages to them, makes them and lets them expire.

mod client;
mod invite_client;
mod invite_server;
mod key;
mod server;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

pub use key::TransactionKey;
pub(crate) use key::{ClientId, MergeId, ServerId};

use crate::call::CallKey;
use crate::config::SipCounters;
use crate::draft::Draft;
use crate::entropy::KeyedHash;
use crate::exchange::ExchangeKey;
use crate::flow::{Destination, Flow, FlowId, Output};
use crate::message::{Method, Request};
use crate::timer::{Durations, Owner, Timer, TimerTable};
use client::Client;
use invite_client::InviteClient;
use invite_server::InviteServer;
use server::Server;

/// What a transaction needs of the world: the time, its timers, and a way out.
pub(crate) struct Port<'a> {
    pub(crate) now: Instant,
    pub(crate) key: TransactionKey,
    pub(crate) timers: &'a mut TimerTable,
    pub(crate) outputs: &'a mut VecDeque<Output>,
    pub(crate) counters: &'a mut SipCounters,
    pub(crate) durations: Durations,
}

impl Port<'_> {
    fn set(&mut self, timer: Timer, after: Duration) {
        self.timers
            .set(Owner::Transaction(self.key), timer, self.now + after);
    }

    fn cancel(&mut self, timer: Timer) {
        self.timers.cancel(Owner::Transaction(self.key), timer);
    }

    fn send(&mut self, to: &Destination, octets: &[u8]) {
        self.outputs.push_back(Output::Send {
            to: to.clone(),
            octets: octets.to_vec(),
        });
    }

    fn send_again(&mut self, to: &Destination, octets: &[u8]) {
        self.counters.retransmissions += 1;
        self.send(to, octets);
    }
}

/// What becomes of a transaction after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes on.
    Lives,
    /// It is over and was so to be expected.
    Ends,
    /// It is over without the answer that its user awaits.
    TimedOut,
}

/// What becomes of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upward {
    /// The user gets it.
    Deliver,
    /// It was a repetition.
    Absorb,
}

enum ClientMachine {
    Invite(Box<InviteClient>),
    Other(Client),
}

/// A request of ours under way.
pub(crate) struct ClientTransaction {
    id: ClientId,
    /// Where it was sent.
    pub(crate) to: Destination,
    /// The connection that answers came by, when that was not known at first.
    pub(crate) via_flow: Option<FlowId>,
    /// Whose request this is.
    pub(crate) exchange: ExchangeKey,
    reconnected: bool,
    machine: ClientMachine,
}

enum ServerMachine {
    Invite(InviteServer),
    Other(Server),
}

/// A request of a peer.
pub(crate) struct ServerTransaction {
    id: ServerId,
    merge: Option<MergeId>,
    /// Where responses go.
    pub(crate) flow: Flow,
    /// Its method.
    pub(crate) method: Method,
    /// The request, until it was finally answered.
    pub(crate) request: Option<Request>,
    /// The tag that our responses put into To.
    pub(crate) tag: String,
    /// The call it belongs to.
    pub(crate) call: Option<CallKey>,
    machine: ServerMachine,
}

/// All transactions of one machine.
pub(crate) struct Transactions {
    clients: HashMap<TransactionKey, ClientTransaction>,
    servers: HashMap<TransactionKey, ServerTransaction>,
    by_client: HashMap<ClientId, TransactionKey, KeyedHash>,
    by_server: HashMap<ServerId, TransactionKey, KeyedHash>,
    by_merge: HashMap<MergeId, TransactionKey, KeyedHash>,
}

impl Transactions {
    pub(crate) fn new(hash: &KeyedHash) -> Self {
        Self {
            clients: HashMap::new(),
            servers: HashMap::new(),
            by_client: HashMap::with_hasher(hash.clone()),
            by_server: HashMap::with_hasher(hash.clone()),
            by_merge: HashMap::with_hasher(hash.clone()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// Entries in all maps together: nothing may remain of ended transactions.
    pub(crate) fn footprint(&self) -> usize {
        self.len() + self.by_client.len() + self.by_server.len() + self.by_merge.len()
    }

    // ---- requests of ours

    /// Sends a request and makes its transaction. `draft` is what an ACK or CANCEL of it will be made of.
    pub(crate) fn send(
        &mut self,
        port: &mut Port<'_>,
        exchange: ExchangeKey,
        draft: &Draft,
        branch: String,
        via: String,
        to: Destination,
    ) {
        let octets = draft.write(&via);
        let id = ClientId {
            branch,
            method: draft.method.clone(),
        };
        let reliable = to.transport().is_reliable();
        port.send(&to, &octets);
        let machine = if draft.method == Method::INVITE {
            ClientMachine::Invite(Box::new(InviteClient::start(
                port,
                octets,
                reliable,
                draft.clone(),
                via,
            )))
        } else {
            ClientMachine::Other(Client::start(port, octets, reliable))
        };
        self.by_client.insert(id.clone(), port.key);
        self.clients.insert(
            port.key,
            ClientTransaction {
                id,
                to,
                via_flow: None,
                exchange,
                reconnected: false,
                machine,
            },
        );
    }

    pub(crate) fn client_of(&self, id: &ClientId) -> Option<TransactionKey> {
        self.by_client.get(id).copied()
    }

    pub(crate) fn client(&self, key: TransactionKey) -> Option<&ClientTransaction> {
        self.clients.get(&key)
    }

    /// Feeds a response; `to` is its To header, wanted by the ACK of a failure, `tag` the tag in it.
    pub(crate) fn response(
        &mut self,
        port: &mut Port<'_>,
        flow: Flow,
        status: u16,
        to: &str,
        tag: &str,
    ) -> Upward {
        let Some(client) = self.clients.get_mut(&port.key) else {
            return Upward::Absorb;
        };
        client.via_flow = Some(flow.id);
        let destination = client.to.clone();
        let (upward, fate) = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.response(port, &destination, status, to, tag),
            ClientMachine::Other(machine) => machine.response(port, status),
        };
        if fate != Fate::Lives {
            self.remove_client(port.timers, port.key);
        }
        upward
    }

    /// The branch and draft of an INVITE, for its CANCEL, while a provisional but no final response came.
    pub(crate) fn cancellable(
        &self,
        key: TransactionKey,
    ) -> Option<(String, String, Draft, Destination)> {
        let client = self.clients.get(&key)?;
        match &client.machine {
            ClientMachine::Invite(machine) if machine.is_proceeding() => Some((
                client.id.branch.clone(),
                machine.via().to_owned(),
                machine.draft().cancel(),
                client.to.clone(),
            )),
            _ => None,
        }
    }

    /// Remembers the ACK of a 2xx, to be sent again whenever that 2xx is.
    pub(crate) fn remember_ack(
        &mut self,
        key: TransactionKey,
        tag: &str,
        octets: &[u8],
        to: &Destination,
    ) {
        if let Some(ClientMachine::Invite(machine)) =
            self.clients.get_mut(&key).map(|client| &mut client.machine)
        {
            machine.remember_ack(tag, octets, to);
        }
    }

    pub(crate) fn remove_client(
        &mut self,
        timers: &mut TimerTable,
        key: TransactionKey,
    ) -> Option<ExchangeKey> {
        let client = self.clients.remove(&key)?;
        self.by_client.remove(&client.id);
        timers.cancel_all(Owner::Transaction(key));
        Some(client.exchange)
    }

    /// Clients that wait for a first response from exactly there.
    pub(crate) fn unanswered_at(&self, to: &Destination) -> Vec<TransactionKey> {
        let mut keys: Vec<TransactionKey> = self
            .clients
            .iter()
            .filter(|(_, client)| client.to == *to && client.is_unanswered())
            .map(|(key, _)| *key)
            .collect();
        // In the order of sending, not of a hash: the same input gives the same output.
        keys.sort_unstable();
        keys
    }

    /// A connection is gone: requests on it that nobody answered yet go out once more, over a new connection. The peer
    /// knows them by their branch, so nothing happens twice.
    pub(crate) fn reconnect(&mut self, outputs: &mut VecDeque<Output>, gone: FlowId) {
        let mut concerned: Vec<TransactionKey> = self
            .clients
            .iter()
            .filter(|(_, client)| {
                matches!(client.to, Destination::Flow(flow) if flow.id == gone && flow.transport.is_reliable())
                    && !client.reconnected
                    && client.is_unanswered()
            })
            .map(|(key, _)| *key)
            .collect();
        concerned.sort_unstable();
        for key in concerned {
            let Some(client) = self.clients.get_mut(&key) else {
                continue;
            };
            let Destination::Flow(flow) = client.to else {
                continue;
            };
            client.reconnected = true;
            client.to = Destination::New {
                transport: flow.transport,
                peer: flow.peer,
                host: None,
            };
            let octets = match &client.machine {
                ClientMachine::Invite(machine) => machine.octets().to_vec(),
                ClientMachine::Other(machine) => machine.octets().to_vec(),
            };
            outputs.push_back(Output::Send {
                to: client.to.clone(),
                octets,
            });
        }
    }

    // ---- requests of peers

    pub(crate) fn server_of(&self, id: &ServerId) -> Option<TransactionKey> {
        self.by_server.get(id).copied()
    }

    pub(crate) fn merged(&self, id: &MergeId) -> bool {
        self.by_merge.contains_key(id)
    }

    pub(crate) fn server(&self, key: TransactionKey) -> Option<&ServerTransaction> {
        self.servers.get(&key)
    }

    pub(crate) fn server_mut(&mut self, key: TransactionKey) -> Option<&mut ServerTransaction> {
        self.servers.get_mut(&key)
    }

    /// Makes the transaction of a request that is new.
    pub(crate) fn receive(
        &mut self,
        port: &mut Port<'_>,
        id: ServerId,
        merge: Option<MergeId>,
        flow: Flow,
        request: Request,
        tag: String,
    ) {
        let method = request.method().clone();
        let reliable = flow.transport.is_reliable();
        let machine = if method == Method::INVITE {
            ServerMachine::Invite(InviteServer::start(reliable))
        } else {
            ServerMachine::Other(Server::start(port, reliable))
        };
        self.by_server.insert(id.clone(), port.key);
        if let Some(merge) = &merge {
            self.by_merge.insert(merge.clone(), port.key);
        }
        self.servers.insert(
            port.key,
            ServerTransaction {
                id,
                merge,
                flow,
                method,
                request: Some(request),
                tag,
                call: None,
                machine,
            },
        );
    }

    /// The same request again.
    pub(crate) fn repeat(&mut self, port: &mut Port<'_>, flow: Flow) {
        let Some(server) = self.servers.get_mut(&port.key) else {
            return;
        };
        port.counters.repeats += 1;
        if flow.transport.is_reliable() {
            server.flow = flow;
        }
        // Whoever asks again is answered where it asks from (RFC 3261 §18.2.2); our own repetitions go on to the first.
        let to = Destination::Flow(flow);
        match &mut server.machine {
            ServerMachine::Invite(machine) => machine.repeat(port, &to),
            ServerMachine::Other(machine) => machine.repeat(port, &to),
        }
    }

    /// An ACK that matches an INVITE; whether it acknowledges a 2xx, which is for the user.
    pub(crate) fn acknowledge(&mut self, port: &mut Port<'_>) -> bool {
        let Some(server) = self.servers.get_mut(&port.key) else {
            return false;
        };
        let ServerMachine::Invite(machine) = &mut server.machine else {
            return false;
        };
        let for_user = machine.is_accepted();
        if machine.acknowledge(port) != Fate::Lives {
            self.remove_server(port.timers, port.key);
        }
        for_user
    }

    /// Sends a response. Final ones let go of the request. False when the transaction took a final one before.
    pub(crate) fn respond(&mut self, port: &mut Port<'_>, status: u16, octets: Vec<u8>) -> bool {
        let Some(server) = self.servers.get_mut(&port.key) else {
            return false;
        };
        let to = Destination::Flow(server.flow);
        let fate = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.respond(port, &to, status, octets),
            ServerMachine::Other(machine) => machine.respond(port, &to, status, octets),
        };
        let Some(fate) = fate else {
            return false;
        };
        *port.counters.responses_out.entry(status).or_default() += 1;
        if status >= 200 {
            server.request = None;
        }
        if fate != Fate::Lives {
            self.remove_server(port.timers, port.key);
        }
        true
    }

    pub(crate) fn remove_server(&mut self, timers: &mut TimerTable, key: TransactionKey) {
        if let Some(server) = self.servers.remove(&key) {
            self.by_server.remove(&server.id);
            if let Some(merge) = server.merge {
                self.by_merge.remove(&merge);
            }
            timers.cancel_all(Owner::Transaction(key));
        }
    }

    // ---- time

    /// A timer of a transaction is due. The exchange whose request failed, when one did.
    pub(crate) fn timer(
        &mut self,
        port: &mut Port<'_>,
        timer: Timer,
    ) -> Option<(ExchangeKey, Fate)> {
        if let Some(client) = self.clients.get_mut(&port.key) {
            let to = client.to.clone();
            let fate = match &mut client.machine {
                ClientMachine::Invite(machine) => machine.timer(port, &to, timer),
                ClientMachine::Other(machine) => machine.timer(port, &to, timer),
            };
            if fate == Fate::Lives {
                return None;
            }
            return self
                .remove_client(port.timers, port.key)
                .map(|exchange| (exchange, fate));
        }
        if let Some(server) = self.servers.get_mut(&port.key) {
            let to = Destination::Flow(server.flow);
            let fate = match &mut server.machine {
                ServerMachine::Invite(machine) => machine.timer(port, &to, timer),
                ServerMachine::Other(machine) => machine.timer(timer),
            };
            if fate != Fate::Lives {
                self.remove_server(port.timers, port.key);
            }
        }
        None
    }
}

impl ClientTransaction {
    fn is_unanswered(&self) -> bool {
        match &self.machine {
            ClientMachine::Invite(machine) => machine.is_calling(),
            ClientMachine::Other(machine) => machine.is_trying(),
        }
    }
}
