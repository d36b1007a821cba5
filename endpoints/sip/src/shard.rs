//! The task around one `SipCore`: messages and orders in, messages and signals out. All calls of a shard live here.

use crate::core_setup::core_config;
use crate::line::Line;
use crate::outbound::Prepared;
use crate::profile::Profile;
use crate::transport::{self, Packet};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use strowger_core::Switch;
use strowger_core::endpoint::{Indicated, Signal};
use strowger_core::shutdown::Phase;
use strowger_sip_proto::{
    CallKey, Destination, Entropy, FlowId, HeaderList, Input, Output, QueryId, ServerKey, SipCore,
    Target, Transport, UaEvent,
};
use tokio::sync::{Semaphore, mpsc};

/// Messages that wait for a shard, in each of its two queues.
pub(crate) const MESSAGES: usize = 1_024;
/// Indications that wait; sessions wait while it is full.
const INDICATIONS: usize = 256;
/// News of sockets and names that waits.
const CONTROLS: usize = 1_024;
/// Messages taken in a row before orders and timers get their turn.
const BATCH: usize = 64;
/// Answers that are held back at one time; more are not given at all.
const HELD_BACK: usize = 1_024;
/// How often calls whose session has gone are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// Names looked up at one time.
const LOOKUPS: usize = 100;
/// How long a look-up may take.
const LOOKUP: Duration = Duration::from_secs(5);
/// How long the last BYEs have to be answered when the exchange stops.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// News for a shard that is no message.
pub(crate) enum Control {
    /// A leg that a session is about to call out with.
    Prepare(Box<Prepared>),
    /// A connection is gone.
    FlowClosed(FlowId),
    /// A connection could not be opened.
    SendFailed(Destination),
    /// A name was looked up.
    Resolved(QueryId, Vec<Target>),
    /// The profile has new settings.
    Configure,
}

/// The way into a shard.
pub(crate) struct ShardHandle {
    pub(crate) known: mpsc::Sender<Packet>,
    pub(crate) strangers: mpsc::Sender<Packet>,
    pub(crate) control: mpsc::Sender<Control>,
    pub(crate) indications: mpsc::Sender<Indicated>,
}

/// The receiving ends of a shard's queues.
pub(crate) struct Inbox {
    known: mpsc::Receiver<Packet>,
    strangers: mpsc::Receiver<Packet>,
    control: mpsc::Receiver<Control>,
    indications: mpsc::Receiver<Indicated>,
}

/// The queues of one shard.
pub(crate) fn queues() -> (ShardHandle, Inbox) {
    let (known, known_in) = mpsc::channel(MESSAGES);
    let (strangers, strangers_in) = mpsc::channel(MESSAGES);
    let (control, control_in) = mpsc::channel(CONTROLS);
    let (indications, indications_in) = mpsc::channel(INDICATIONS);
    (
        ShardHandle {
            known,
            strangers,
            control,
            indications,
        },
        Inbox {
            known: known_in,
            strangers: strangers_in,
            control: control_in,
            indications: indications_in,
        },
    )
}

/// The system's randomness.
struct Random;

impl Entropy for Random {
    fn fill(&mut self, into: &mut [u8]) {
        rand::fill(into);
    }
}

/// A response that is given later, so that guessing passwords is slow.
pub(crate) struct Later {
    pub(crate) at: Instant,
    pub(crate) key: Answerable,
    pub(crate) status: u16,
    pub(crate) headers: HeaderList,
}

/// What a late response answers.
#[derive(Clone, Copy)]
pub(crate) enum Answerable {
    /// A request.
    Request(ServerKey),
    /// An INVITE.
    Call(CallKey),
}

/// One shard.
pub(crate) struct Shard {
    pub(crate) profile: Arc<Profile>,
    pub(crate) switch: Switch,
    pub(crate) index: usize,
    pub(crate) core: SipCore,
    /// Calls by our own number.
    pub(crate) lines: HashMap<u64, Line>,
    pub(crate) by_key: HashMap<CallKey, u64>,
    later: Vec<Later>,
    lookups: Arc<Semaphore>,
}

impl Shard {
    pub(crate) fn new(profile: Arc<Profile>, index: usize) -> Shard {
        Shard {
            switch: profile.switch.clone(),
            core: SipCore::new(core_config(&profile), Box::new(Random)),
            index,
            lines: HashMap::new(),
            by_key: HashMap::new(),
            later: Vec::new(),
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            profile,
        }
    }

    /// Lives until the exchange stops.
    pub(crate) async fn run(mut self, mut inbox: Inbox) {
        let shutdown = self.profile.shutdown.clone();
        let mut sweep = tokio::time::Instant::now() + SWEEP;
        let mut stopped_at: Option<tokio::time::Instant> = None;
        loop {
            let wake = self.wake(sweep, stopped_at);
            let work = tokio::select! {
                biased;
                Some(control) = inbox.control.recv() => Work::Control(control),
                Some(indicated) = inbox.indications.recv() => Work::Indicated(Box::new(indicated)),
                Some(packet) = inbox.known.recv() => Work::Packets(self.batch(packet, &mut inbox.known)),
                Some(packet) = inbox.strangers.recv() => Work::Packets(self.batch(packet, &mut inbox.strangers)),
                () = tokio::time::sleep_until(wake) => Work::Time,
                () = shutdown.stopping(), if stopped_at.is_none() => {
                    stopped_at = Some(tokio::time::Instant::now() + LAST_WORDS);
                    Work::Time
                }
            };
            self.guarded(work);
            let now = tokio::time::Instant::now();
            if now >= sweep {
                self.sweep();
                sweep = now + SWEEP;
            }
            if let Some(end) = stopped_at
                && (now >= end || self.core.calls() == 0)
                && inbox.indications.is_empty()
            {
                return;
            }
        }
    }

    fn batch(&self, first: Packet, queue: &mut mpsc::Receiver<Packet>) -> Vec<Packet> {
        let mut batch = vec![first];
        while batch.len() < BATCH {
            match queue.try_recv() {
                Ok(packet) => batch.push(packet),
                Err(_) => break,
            }
        }
        batch
    }

    fn wake(
        &self,
        sweep: tokio::time::Instant,
        stopped: Option<tokio::time::Instant>,
    ) -> tokio::time::Instant {
        let mut wake = sweep;
        let timers = self
            .core
            .poll_timeout()
            .into_iter()
            .chain(self.later.iter().map(|later| later.at));
        for at in timers {
            wake = wake.min(at.into());
        }
        stopped.map_or(wake, |stopped| wake.min(stopped))
    }

    /// Does a piece of work. A panic costs this shard's calls, not the exchange: it begins anew.
    fn guarded(&mut self, work: Work) {
        if std::panic::catch_unwind(AssertUnwindSafe(|| self.work(work))).is_ok() {
            return;
        }
        tracing::error!(
            profile = self.profile.name,
            shard = self.index,
            calls = self.lines.len(),
            "a SIP shard has crashed and begins anew; its calls lose their signalling"
        );
        for line in std::mem::take(&mut self.lines).into_values() {
            // A session that is full or gone hears of it by the closed queue.
            let _ = line.signals.try_send(Signal::Lost);
            self.forget_counts(&line);
        }
        self.by_key.clear();
        self.later.clear();
        self.core = SipCore::new(core_config(&self.profile), Box::new(Random));
    }

    fn work(&mut self, work: Work) {
        let now = now();
        match work {
            Work::Control(control) => self.controlled(now, control),
            Work::Indicated(indicated) => self.indicated(now, *indicated),
            Work::Packets(packets) => {
                for packet in packets {
                    if self.challenged(now, &packet) {
                        continue;
                    }
                    self.core.handle_input(
                        now,
                        Input::Message {
                            flow: packet.flow,
                            octets: &packet.octets,
                        },
                    );
                    self.drain(now);
                }
            }
            Work::Time => {
                self.core.handle_timeout(now);
                self.give_late_answers(now);
            }
        }
        self.drain(now);
    }

    fn controlled(&mut self, now: Instant, control: Control) {
        match control {
            Control::Prepare(prepared) => self.prepared(*prepared),
            Control::FlowClosed(flow) => self.core.handle_input(now, Input::FlowClosed(flow)),
            Control::SendFailed(to) => self.core.handle_input(now, Input::SendFailed { to }),
            Control::Resolved(query, targets) => {
                self.core
                    .handle_input(now, Input::Resolved { query, targets });
            }
            Control::Configure => {
                let config = core_config(&self.profile);
                self.core.configure(config);
            }
        }
    }

    /// Carries out what the machine wants, until it wants no more.
    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Send { to, octets } => {
                    if let Err(error) = transport::send(&self.profile, &to, octets) {
                        tracing::debug!(profile = self.profile.name, peer = %to.peer(), %error, "not sent");
                        self.core.handle_input(now, Input::SendFailed { to });
                    }
                }
                Output::Resolve {
                    query,
                    host,
                    port,
                    transport,
                    secure,
                } => self.resolve(now, query, host, port, transport, secure),
                Output::Event(event) => self.happened(now, event),
            }
        }
    }

    fn resolve(
        &mut self,
        now: Instant,
        query: QueryId,
        host: String,
        port: Option<u16>,
        transport: Option<Transport>,
        secure: bool,
    ) {
        let transport = transport.unwrap_or(Transport::Udp);
        let possible = !secure && Profile::transports().contains(&transport);
        let Some(permit) = possible
            .then(|| self.lookups.clone().try_acquire_owned().ok())
            .flatten()
        else {
            let targets = Vec::new();
            self.core
                .handle_input(now, Input::Resolved { query, targets });
            return;
        };
        let ours_is_v4 = self.profile.local().is_ipv4();
        let Some(control) = self
            .profile
            .shards
            .get(self.index)
            .map(|shard| shard.control.clone())
        else {
            return;
        };
        tokio::spawn(async move {
            let port = port.unwrap_or(transport.default_port());
            let found =
                tokio::time::timeout(LOOKUP, tokio::net::lookup_host((host.as_str(), port))).await;
            let targets = match found {
                Ok(Ok(addresses)) => targets(addresses, transport, ours_is_v4),
                Ok(Err(error)) => {
                    tracing::info!(host, %error, "the name cannot be resolved");
                    Vec::new()
                }
                Err(_) => Vec::new(),
            };
            drop(permit);
            // A shard that is gone needs no answer.
            let _ = control.send(Control::Resolved(query, targets)).await;
        });
    }

    /// Holds an answer back; when too many are held already, none is given.
    pub(crate) fn answer_later(&mut self, later: Later) {
        if self.later.len() < HELD_BACK {
            self.later.push(later);
        }
    }

    fn give_late_answers(&mut self, now: Instant) {
        let (due, rest) = std::mem::take(&mut self.later)
            .into_iter()
            .partition::<Vec<_>, _>(|later| later.at <= now);
        self.later = rest;
        for later in due {
            match later.key {
                Answerable::Request(key) => self.respond(now, key, later.status, later.headers),
                Answerable::Call(call) => self.refuse(now, call, later.status, "", later.headers),
            }
        }
    }

    /// Answers a request; one that was answered or timed out meanwhile needs nothing.
    pub(crate) fn respond(
        &mut self,
        now: Instant,
        key: ServerKey,
        status: u16,
        headers: HeaderList,
    ) {
        if let Err(error) = self.core.respond(now, key, status, "", headers, None) {
            tracing::debug!(profile = self.profile.name, %error, "a request was not answered");
        }
    }

    /// Refuses a call that has no session.
    pub(crate) fn refuse(
        &mut self,
        now: Instant,
        call: CallKey,
        status: u16,
        reason: &str,
        headers: HeaderList,
    ) {
        if let Err(error) = self.core.reject(now, call, status, reason, headers) {
            tracing::debug!(profile = self.profile.name, %error, "a call was not refused");
        }
    }

    /// Whether new calls are taken.
    pub(crate) fn takes_calls(&self) -> bool {
        self.switch.shutdown().phase() == Phase::Running
    }

    /// Ends calls whose session has gone without a goodbye.
    fn sweep(&mut self) {
        let now = now();
        let gone: Vec<u64> = self
            .lines
            .values()
            .filter(|line| line.signals.is_closed())
            .map(|line| line.number)
            .collect();
        for number in gone {
            let Some(line) = self.forget(number) else {
                continue;
            };
            if let Some(key) = line.key
                && let Err(error) = self.core.hangup(now, key, Vec::new(), 480)
            {
                tracing::debug!(profile = self.profile.name, %error, "a forgotten call had ended already");
            }
        }
        self.drain(now);
    }

    /// Takes a call out of the tables.
    pub(crate) fn forget(&mut self, number: u64) -> Option<Line> {
        let line = self.lines.remove(&number)?;
        if let Some(key) = line.key {
            self.by_key.remove(&key);
        }
        self.forget_counts(&line);
        Some(line)
    }

    fn forget_counts(&self, line: &Line) {
        let counters = &self.profile.counters;
        counters.channels.fetch_sub(1, Ordering::Relaxed);
        if !line.outbound && !line.answered {
            counters.proceeding.fetch_sub(1, Ordering::Relaxed);
        }
        if line.outbound {
            self.profile.own_calls().remove(&line.call_id);
        }
        if !line.answered {
            let failed = if line.outbound {
                &counters.failed_out
            } else {
                &counters.failed_in
            };
            failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn happened(&mut self, now: Instant, event: UaEvent) {
        match event {
            UaEvent::Invite {
                call,
                flow,
                request,
            } => self.invited(now, call, flow, &request),
            UaEvent::Request { key, flow, request } => self.requested(now, key, flow, &request),
            other => self.call_happened(now, other),
        }
    }
}

enum Work {
    Control(Control),
    Indicated(Box<Indicated>),
    Packets(Vec<Packet>),
    Time,
}

/// The time for the machine: tokio's, so that tests may stop it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn targets(
    addresses: impl Iterator<Item = SocketAddr>,
    transport: Transport,
    ours_is_v4: bool,
) -> Vec<Target> {
    addresses
        .filter(|address| address.is_ipv4() == ours_is_v4)
        .map(|address| Target { transport, address })
        .collect()
}
