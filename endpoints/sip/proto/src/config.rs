//! How a machine is set up, its limits, and what it counts.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::flow::Transport;
use crate::message::Method;
use crate::timer::Durations;

/// Server and client transactions together; beyond, requests meet 503. Each costs about 4 kB, so 64 MB at most.
pub const TRANSACTIONS: usize = 16_384;
/// Calls; beyond, an INVITE meets 503.
pub const CALLS: usize = 8_192;
/// Early dialogs and forked answers of one INVITE; more forks than this are ignored.
pub const FORKS: usize = 16;
/// Rounds of credentials a request: the first answer, and one more for a stale nonce or a second proxy.
pub const CREDENTIAL_ROUNDS: u8 = 2;
/// How long an unanswered INVITE of ours waits after the last provisional response (RFC 3261 §16.6: more than 3 minutes).
pub const RING: Duration = Duration::from_secs(185);
/// How often a provisional response is repeated (RFC 3261 §13.3.1.1).
pub const PROVISIONAL_REPEAT: Duration = Duration::from_secs(60);
/// Told in Retry-After when a limit is reached, seconds.
pub const RETRY_AFTER: u32 = 10;

/// Via and Contact of a transport without configured address: answers come back by the flow, as for a WebSocket client
/// that has no address of its own (RFC 7118 §5).
const NO_ADDRESS: &str = "nowhere.invalid";

/// Session timers (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimer {
    /// What we ask for, seconds; 0 asks for none but goes along with a peer that wants one.
    pub expires: u32,
    /// The least we accept, seconds; not below 90.
    pub minimum: u32,
}

/// How one machine behaves.
#[derive(Clone, Debug)]
pub struct CoreConfig {
    /// Host and port that Via and default Contacts show, for each transport that the profile has.
    pub sent_by: BTreeMap<Transport, String>,
    /// User-Agent in requests and Server in responses; `None` says nothing.
    pub user_agent: Option<String>,
    /// Methods in Allow. A request of another known method meets 405, of an unknown one 501.
    pub allow: Vec<Method>,
    /// Option tags in Supported; a Require of anything else meets 420.
    pub supported: Vec<String>,
    /// Whether an INVITE is answered with 100 at once.
    pub trying: bool,
    /// Whether UDP requests within a call must come from an address of that call's peer.
    pub check_source: bool,
    /// Session timers; `None` leaves `timer` unsupported.
    pub session_timer: Option<SessionTimer>,
    /// T1, T2, T4.
    pub durations: Durations,
    /// Most transactions at once.
    pub max_transactions: usize,
    /// Most calls at once.
    pub max_calls: usize,
}

impl CoreConfig {
    /// Host and port for Via and Contact of a transport.
    pub(crate) fn sent_by(&self, transport: Transport) -> &str {
        self.sent_by
            .get(&transport)
            .map_or(NO_ADDRESS, String::as_str)
    }

    /// Without session timers the option tag `timer` would be a lie.
    pub(crate) fn consistent(mut self) -> Self {
        if self.session_timer.is_none() {
            self.supported.retain(|tag| tag != "timer");
        }
        self
    }

    /// Switches reliable provisional responses on (RFC 3262): the option tag `100rel` and the method PRACK.
    pub fn enable_100rel(&mut self) {
        if !self.supported.iter().any(|tag| tag == "100rel") {
            self.supported.insert(0, "100rel".to_owned());
        }
        if !self.allow.contains(&Method::PRACK) {
            self.allow.push(Method::PRACK);
        }
    }
}

impl Default for CoreConfig {
    fn default() -> Self {
        Self {
            sent_by: BTreeMap::new(),
            user_agent: None,
            allow: [
                "INVITE",
                "ACK",
                "BYE",
                "CANCEL",
                "OPTIONS",
                "MESSAGE",
                "UPDATE",
                "INFO",
                "REGISTER",
                "REFER",
                "NOTIFY",
                "PUBLISH",
                "SUBSCRIBE",
            ]
            .into_iter()
            .map(Method::from)
            .collect(),
            supported: ["timer", "path", "replaces"].map(String::from).to_vec(),
            trying: true,
            check_source: true,
            session_timer: Some(SessionTimer {
                expires: 0,
                minimum: 90,
            }),
            durations: Durations::default(),
            max_transactions: TRANSACTIONS,
            max_calls: CALLS,
        }
    }
}

/// Why a message was not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rejected {
    /// Not SIP, or a response that cannot be read: dropped.
    Garbage,
    /// A request that cannot be read: answered with the status of the fault.
    Malformed,
    /// Within a call but from a stranger's address: ignored.
    Source,
    /// 481: no such dialog or transaction.
    NoDialog,
    /// 482: the same request by another way.
    Merged,
    /// 483: Max-Forwards used up.
    Hops,
    /// 405 or 501.
    Method,
    /// 416.
    Scheme,
    /// 420.
    Extension,
    /// 491 or 500: out of turn within a call.
    Order,
    /// 503: a limit.
    Full,
    /// A response or ACK that belongs to nothing: ignored.
    Stray,
}

/// Running totals since the machine was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SipCounters {
    /// Requests received, by method; methods outside Allow count as `other`.
    pub requests_in: BTreeMap<String, u64>,
    /// Requests sent, by method; retransmissions not counted.
    pub requests_out: BTreeMap<String, u64>,
    /// Responses received, by status.
    pub responses_in: BTreeMap<u16, u64>,
    /// Responses sent, by status; retransmissions not counted.
    pub responses_out: BTreeMap<u16, u64>,
    /// Messages not processed, by reason.
    pub rejected: BTreeMap<Rejected, u64>,
    /// Messages sent again.
    pub retransmissions: u64,
    /// Requests received again.
    pub repeats: u64,
    /// Requests of ours that nobody answered.
    pub timeouts: u64,
}

impl SipCounters {
    pub(crate) fn reject(&mut self, reason: Rejected) {
        *self.rejected.entry(reason).or_default() += 1;
    }

    /// How often messages were not processed for this reason.
    pub fn rejections(&self, reason: Rejected) -> u64 {
        self.rejected.get(&reason).copied().unwrap_or(0)
    }
}
