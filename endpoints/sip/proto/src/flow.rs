//! Where messages come from and go to: transports, flows, destinations, resolved targets; input and output of the machine.

use std::net::SocketAddr;

use crate::call::UaEvent;

/// A UDP socket, or one TCP, TLS or WebSocket connection; the number is given by the I/O side and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub u64);

/// How octets travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream inside TLS.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket inside TLS.
    Wss,
}

impl Transport {
    /// Whether the transport delivers or says so, which spares retransmissions (RFC 3261 §17).
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// Whether the transport is encrypted, as `sips:` demands.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The token in a Via header, upper case.
    pub fn via_token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The value of a URI's `transport` parameter, lower case (`ws` for both WebSockets, RFC 7118 §5.2.3).
    pub fn uri_token(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws | Self::Wss => "ws",
        }
    }

    /// Reads a token of either kind, in any case.
    pub fn from_token(token: &str) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss]
            .into_iter()
            .find(|transport| transport.via_token().eq_ignore_ascii_case(token))
    }

    /// The port when a URI names none (RFC 3261 §19.1.2, RFC 7118).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

/// A peer at the other end of a socket or connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// Socket or connection.
    pub id: FlowId,
    /// How it carries messages.
    pub transport: Transport,
    /// The far address.
    pub peer: SocketAddr,
}

/// Where a message is to go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Through this socket or connection.
    Flow(Flow),
    /// To this address, through whatever socket or connection the I/O side has or opens. When none can be opened, it
    /// answers with [`Input::SendFailed`] and the same destination.
    New {
        /// How.
        transport: Transport,
        /// Where.
        peer: SocketAddr,
        /// The name that a certificate must show, when there was a name.
        host: Option<String>,
    },
}

impl Destination {
    /// The transport.
    pub fn transport(&self) -> Transport {
        match self {
            Self::Flow(flow) => flow.transport,
            Self::New { transport, .. } => *transport,
        }
    }

    /// The far address.
    pub fn peer(&self) -> SocketAddr {
        match self {
            Self::Flow(flow) => flow.peer,
            Self::New { peer, .. } => *peer,
        }
    }
}

/// One place that a name resolved to (RFC 3263), best first in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// A question about a name, asked by [`Output::Resolve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueryId(pub u64);

/// What happens to the machine from outside.
#[derive(Debug)]
pub enum Input<'a> {
    /// A datagram, or one framed message of a stream.
    Message {
        /// Where it came from.
        flow: Flow,
        /// Its octets.
        octets: &'a [u8],
    },
    /// A connection is gone.
    FlowClosed(FlowId),
    /// A message could not be sent: no connection, or the network said unreachable.
    SendFailed {
        /// The destination as it was given in [`Output::Send`].
        to: Destination,
    },
    /// The answer to [`Output::Resolve`]; no targets when the name has none.
    Resolved {
        /// The question.
        query: QueryId,
        /// Where to try, in order.
        targets: Vec<Target>,
    },
}

/// What the machine wants done.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an output is moved once, out of the queue; a box would cost more than the copy"
)]
pub enum Output {
    /// Send one message.
    Send {
        /// Where to.
        to: Destination,
        /// The whole message.
        octets: Vec<u8>,
    },
    /// Resolve a name as RFC 3263 says and answer with [`Input::Resolved`], always.
    Resolve {
        /// To be repeated in the answer.
        query: QueryId,
        /// The name.
        host: String,
        /// The port, when the URI names one (then no SRV lookup).
        port: Option<u16>,
        /// The transport, when the URI names one.
        transport: Option<Transport>,
        /// Whether only encrypted transports will do (`sips:`).
        secure: bool,
    },
    /// Tell the user of the machine.
    Event(UaEvent),
}
