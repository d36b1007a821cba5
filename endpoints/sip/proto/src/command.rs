//! What the user of the machine orders: calls and requests to send, with everything that may be said about them.

use std::fmt;
use std::time::Duration;

use crate::call::{CallKey, ClientKey, ServerKey};
use crate::flow::Destination;
use crate::message::Method;

/// A media type and the octets of a body.
pub type Body = (String, Vec<u8>);

/// Header fields to add, in order: name and value.
pub type HeaderList = Vec<(String, String)>;

/// What a server that challenges us is told.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// User name for the digest.
    pub user: String,
    /// Password.
    pub password: String,
    /// The realms this may be shown to; empty means any realm of the server that this request goes to.
    pub realms: Vec<String>,
}

impl Account {
    /// Whether a challenge of this realm may be answered.
    pub fn covers(&self, realm: &str) -> bool {
        self.realms.is_empty() || self.realms.iter().any(|known| known == realm)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("user", &self.user)
            .field("realms", &self.realms)
            .finish_non_exhaustive()
    }
}

/// A call to place.
#[derive(Clone, Debug, Default)]
pub struct OutgoingInvite {
    /// Request-URI: `sip:1000@192.0.2.7:5060;transport=udp`.
    pub request_uri: String,
    /// To, without tag: a URI or a name-addr. Empty: the Request-URI.
    pub to: String,
    /// From, without tag: a URI or a name-addr.
    pub from: String,
    /// Contact: a name-addr. `None`: made of the From user and the sent-by of the transport.
    pub contact: Option<String>,
    /// Route header fields, first hop first (a pre-loaded route or outbound proxy).
    pub route: Vec<String>,
    /// Where to send it. `None`: where the first route, or else the Request-URI, resolves to.
    pub destination: Option<Destination>,
    /// Everything within the call goes to `destination` too, whatever Contact says (peers behind NAT).
    pub pinned: bool,
    /// More header fields.
    pub headers: HeaderList,
    /// Usually the offer.
    pub body: Option<Body>,
    /// How to answer a challenge, at most twice a request.
    pub credentials: Option<Account>,
    /// How long to wait for a final answer; then CANCEL. `None`: three minutes after the last provisional response.
    pub patience: Option<Duration>,
    /// Call-ID; `None`: a fresh one.
    pub call_id: Option<String>,
    /// Host and port for Via and the default Contact, instead of the configured ones (an address outside a NAT).
    pub sent_by: Option<String>,
}

/// A request to send outside any call: REGISTER, OPTIONS, MESSAGE, SUBSCRIBE, NOTIFY …
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// The method; not INVITE, ACK or CANCEL.
    pub method: Method,
    /// Request-URI.
    pub request_uri: String,
    /// To: a URI or a name-addr, with tag within a subscription. Empty: the Request-URI.
    pub to: String,
    /// From: a URI or a name-addr; gets a fresh tag unless it has one.
    pub from: String,
    /// Contact, when the method wants one.
    pub contact: Option<String>,
    /// Route header fields, first hop first.
    pub route: Vec<String>,
    /// Where to send it. `None`: where the first route, or else the Request-URI, resolves to.
    pub destination: Option<Destination>,
    /// More header fields.
    pub headers: HeaderList,
    /// The body.
    pub body: Option<Body>,
    /// How to answer a challenge, at most twice.
    pub credentials: Option<Account>,
    /// Call-ID; `None`: a fresh one. Registrations keep theirs (RFC 3261 §10.2).
    pub call_id: Option<String>,
    /// CSeq number; `None`: 1. Registrations count up.
    pub cseq: Option<u32>,
    /// Host and port for Via, instead of the configured ones.
    pub sent_by: Option<String>,
}

impl OutgoingRequest {
    /// A request with nothing but the mandatory parts.
    pub fn new(method: Method, request_uri: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            method,
            request_uri: request_uri.into(),
            to: String::new(),
            from: from.into(),
            contact: None,
            route: Vec::new(),
            destination: None,
            headers: Vec::new(),
            body: None,
            credentials: None,
            call_id: None,
            cseq: None,
            sent_by: None,
        }
    }
}

/// Why an order cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The call ended already, or never was.
    #[error("call {0:?} does not exist any more")]
    NoCall(CallKey),
    /// The request was answered already, or its transaction timed out.
    #[error("request {0:?} does not await an answer any more")]
    NoRequest(ServerKey),
    /// We have no such request under way.
    #[error("request {0:?} of ours is not under way any more")]
    NoClient(ClientKey),
    /// The call is in no state for that, for example `accept` on a call that we placed.
    #[error("call {call:?} cannot {order} now: {state}")]
    WrongState {
        /// The call.
        call: CallKey,
        /// What was ordered.
        order: &'static str,
        /// Why not.
        state: &'static str,
    },
    /// A header, URI or address that was given cannot be written or read.
    #[error("{what} `{value}` is malformed: {reason}")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// What was given.
        value: String,
        /// What is wrong.
        reason: String,
    },
    /// A status outside what the order allows.
    #[error("status {status} does not fit: {order} takes {range}")]
    WrongStatus {
        /// What was given.
        status: u16,
        /// What was ordered.
        order: &'static str,
        /// The allowed range.
        range: &'static str,
    },
    /// The limit of calls or transactions is reached.
    #[error("{what} limit of {limit} is reached; raise it in the profile or wait for calls to end")]
    Full {
        /// Calls or transactions.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// The method has its own order, or none.
    #[error("{0} cannot be sent by this order")]
    WrongMethod(String),
}
