//! Requests and responses: the octets as received, a table of header ranges, values typed on demand.

mod build;
mod chars;
mod error;
mod frame;
mod head;
mod host;
mod method;
mod multipart;
mod name_addr;
mod params;
mod parse;
mod refusal;
pub mod status;
mod typed;
mod uri;
mod via;

use std::ops::{Deref, Range};

pub use build::{RequestBuilder, ResponseBuilder};
pub use error::HeaderError;
pub use frame::{Frame, FrameError, Framer};
pub use head::{HeaderTable, Headers};
pub use host::Host;
pub use method::Method;
pub use multipart::{MultipartError, Part, parts};
pub use name_addr::{Contacts, NameAddr};
pub use params::Params;
pub use parse::{Limits, parse, parse_datagram};
pub use refusal::{ParseError, ParseErrorKind, ReplyTo};
pub use status::reason_phrase;
pub use uri::{Scheme, Uri, UriError};
pub use via::{BRANCH_COOKIE, CSeq, Via};

pub(crate) use chars::{digits, is_token, quote, split_commas, take_quoted, trim, unquote};

/// A request whose mandatory headers are there and well-formed.
#[derive(Clone, Debug)]
pub struct Request {
    octets: Vec<u8>,
    head: usize,
    ignored: usize,
    table: HeaderTable,
    method: Method,
    uri: Uri,
}

/// A response whose mandatory headers are there and well-formed.
#[derive(Clone, Debug)]
pub struct Response {
    octets: Vec<u8>,
    head: usize,
    ignored: usize,
    table: HeaderTable,
    status: u16,
    reason: Range<usize>,
}

/// A message.
#[derive(Clone, Debug)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Request {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI; it never has headers.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The Request-URI exactly as on the wire.
    pub fn uri_text(&self) -> &str {
        self.table.start_line().split(' ').nth(1).unwrap_or("")
    }
}

impl Response {
    /// The status, 100 to 699.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase; may be empty.
    pub fn reason(&self) -> &str {
        self.table
            .start_line()
            .get(self.reason.clone())
            .unwrap_or("")
    }

    /// True for 1xx.
    pub fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// True for 2xx to 6xx.
    pub fn is_final(&self) -> bool {
        self.status >= 200
    }
}

macro_rules! shared {
    ($($kind:ident)*) => {$(
        impl $kind {
            /// The headers.
            pub fn headers(&self) -> Headers<'_> {
                &self.table
            }

            /// The body, cut at Content-Length.
            pub fn body(&self) -> &[u8] {
                self.octets.get(self.head..).unwrap_or_default()
            }

            /// The message as received, without line ends before and octets behind it.
            pub fn octets(&self) -> &[u8] {
                &self.octets
            }

            /// How many malformed header lines were left out.
            pub fn ignored_lines(&self) -> usize {
                self.ignored
            }
        }

        impl Deref for $kind {
            type Target = HeaderTable;

            fn deref(&self) -> &HeaderTable {
                &self.table
            }
        }
    )*};
}

shared!(Request Response);

impl Message {
    /// The headers.
    pub fn headers(&self) -> Headers<'_> {
        match self {
            Message::Request(request) => request.headers(),
            Message::Response(response) => response.headers(),
        }
    }

    /// The body, cut at Content-Length.
    pub fn body(&self) -> &[u8] {
        match self {
            Message::Request(request) => request.body(),
            Message::Response(response) => response.body(),
        }
    }

    /// The message as received.
    pub fn octets(&self) -> &[u8] {
        match self {
            Message::Request(request) => request.octets(),
            Message::Response(response) => response.octets(),
        }
    }

    /// The request, when it is one.
    pub fn request(&self) -> Option<&Request> {
        match self {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        }
    }

    /// The response, when it is one.
    pub fn response(&self) -> Option<&Response> {
        match self {
            Message::Request(_) => None,
            Message::Response(response) => Some(response),
        }
    }
}

impl Deref for Message {
    type Target = HeaderTable;

    fn deref(&self) -> &HeaderTable {
        self.headers()
    }
}
