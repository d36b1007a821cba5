//! Why a message is refused, and the answer to it.

use std::fmt;

use super::chars;
use super::head::{HeaderTable, Kind};
use super::status::reason_phrase;

/// What is wrong with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParseErrorKind {
    /// Nothing but line ends: a keep-alive.
    Empty,
    /// No SIP at all: drop, and close a stream.
    NotSip,
    /// More octets than a message may have.
    TooLarge,
    /// The request line or status line is malformed.
    StartLine,
    /// The method is no token or too long.
    Method,
    /// The Request-URI is malformed.
    RequestUri,
    /// The Request-URI is too long.
    UriTooLong,
    /// Another version than SIP/2.0.
    Version,
    /// A carriage return without line feed.
    BareCr,
    /// A NUL octet in a header that is needed.
    Octet,
    /// The empty line behind the headers is missing.
    Unterminated,
    /// A header name holds an octet that no name may hold.
    HeaderName,
    /// A header is too long.
    HeaderTooLong,
    /// Too many headers.
    TooManyHeaders,
    /// Too many folded lines.
    TooManyFolds,
    /// Too many Via values.
    TooManyVias,
    /// Too many values of Contact, Route or Record-Route.
    TooManyAddresses,
    /// A mandatory header is missing.
    Missing(&'static str),
    /// A header that may be there once is there twice.
    Duplicate(&'static str),
    /// A header that is needed is malformed.
    Malformed(&'static str),
    /// The Content-Length is no number, too large, or given twice with different values.
    ContentLength,
    /// A stream needs a Content-Length in every message.
    NoContentLength,
    /// The body is shorter than the Content-Length.
    ShortBody,
    /// The method of CSeq is not the method of the request.
    CSeqMethod,
    /// A tag is too long.
    TagTooLong,
}

impl ParseErrorKind {
    /// The status to answer a request with; 0 = silence.
    pub fn status(self) -> u16 {
        match self {
            ParseErrorKind::Empty | ParseErrorKind::NotSip => 0,
            ParseErrorKind::TooLarge => 513,
            ParseErrorKind::UriTooLong => 414,
            ParseErrorKind::Version => 505,
            ParseErrorKind::HeaderTooLong
            | ParseErrorKind::TooManyHeaders
            | ParseErrorKind::TooManyFolds
            | ParseErrorKind::TooManyVias => 431,
            _ => 400,
        }
    }

    /// The reason phrase to answer with.
    pub fn reason(self) -> &'static str {
        match self {
            ParseErrorKind::Empty => "Keep-Alive",
            ParseErrorKind::NotSip => "Not SIP",
            ParseErrorKind::TooLarge => "Message Too Large",
            ParseErrorKind::StartLine => "Malformed Request Line",
            ParseErrorKind::Method => "Malformed Method",
            ParseErrorKind::RequestUri => "Malformed Request-URI",
            ParseErrorKind::UriTooLong => "Request-URI Too Long",
            ParseErrorKind::Version => "Version Not Supported",
            ParseErrorKind::BareCr => "Carriage Return Without Line Feed",
            ParseErrorKind::Octet => "Illegal Octet In Header",
            ParseErrorKind::Unterminated => "Headers Not Terminated",
            ParseErrorKind::HeaderName => "Malformed Header Name",
            ParseErrorKind::HeaderTooLong => "Header Too Long",
            ParseErrorKind::TooManyHeaders => "Too Many Headers",
            ParseErrorKind::TooManyFolds => "Too Many Folded Lines",
            ParseErrorKind::TooManyVias => "Too Many Vias",
            ParseErrorKind::TooManyAddresses => "Too Many Addresses",
            ParseErrorKind::Missing(name) => match name {
                "Via" => "Missing Via",
                "From" => "Missing From",
                "From tag" => "Missing From Tag",
                "To" => "Missing To",
                "Call-ID" => "Missing Call-ID",
                _ => "Missing CSeq",
            },
            ParseErrorKind::Duplicate(name) => match name {
                "From" => "Duplicate From",
                "To" => "Duplicate To",
                "Call-ID" => "Duplicate Call-ID",
                "CSeq" => "Duplicate CSeq",
                "Max-Forwards" => "Duplicate Max-Forwards",
                _ => "Duplicate Content-Type",
            },
            ParseErrorKind::Malformed(name) => match name {
                "Via" => "Malformed Via",
                "From" => "Malformed From",
                "To" => "Malformed To",
                "Call-ID" => "Malformed Call-ID",
                "CSeq" => "Malformed CSeq",
                "Max-Forwards" => "Malformed Max-Forwards",
                "Contact" => "Malformed Contact",
                "Route" => "Malformed Route",
                _ => "Malformed Record-Route",
            },
            ParseErrorKind::ContentLength => "Malformed Content-Length",
            ParseErrorKind::NoContentLength => "Missing Content-Length",
            ParseErrorKind::ShortBody => "Body Shorter Than Content-Length",
            ParseErrorKind::CSeqMethod => "CSeq Method Mismatch",
            ParseErrorKind::TagTooLong => "Tag Too Long",
        }
    }
}

/// A message that is refused.
#[derive(Clone, Debug)]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Status to answer with; 0 = drop in silence.
    pub status: u16,
    /// Reason phrase to answer with, and for the counter.
    pub reason: &'static str,
    /// What an answer needs; `None` = drop in silence (a response, an ACK, or nothing to go by).
    pub reply_to: Option<Box<ReplyTo>>,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP message refused: {} ({:?})", self.reason, self.kind)
    }
}

impl std::error::Error for ParseError {}

impl ParseError {
    /// The answer to send to the packet's source, statelessly; `None` = silence.
    pub fn response(&self, to_tag: Option<&str>) -> Option<Vec<u8>> {
        let reply_to = self.reply_to.as_ref()?;
        (self.status != 0).then(|| reply_to.response(self.status, self.reason, to_tag))
    }
}

/// The header lines of a refused request that its answer repeats, as they came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReplyTo {
    /// Via lines, in order.
    pub vias: Vec<String>,
    /// From line.
    pub from: Option<String>,
    /// To line.
    pub to: Option<String>,
    /// Call-ID line.
    pub call_id: Option<String>,
    /// CSeq line.
    pub cseq: Option<String>,
}

impl ReplyTo {
    pub(crate) fn salvage(table: &HeaderTable) -> Option<ReplyTo> {
        let request_line = table.start_line();
        if request_line.starts_with("SIP/") || request_line.starts_with("ACK ") {
            return None;
        }
        let first = |kind| {
            let line = table
                .lines(kind)
                .next()
                .filter(|line| !line.contains(['\r', '\n', '\0']))?;
            Some(line.to_owned())
        };
        let vias: Vec<String> = table
            .lines(Kind::Via)
            .filter(|line| !line.contains(['\r', '\n', '\0']))
            .map(str::to_owned)
            .collect();
        (!vias.is_empty()).then(|| ReplyTo {
            vias,
            from: first(Kind::From),
            to: first(Kind::To),
            call_id: first(Kind::CallId),
            cseq: first(Kind::CSeq),
        })
    }

    /// Writes the answer. `to_tag` is added to a To that has none.
    pub fn response(&self, status: u16, reason: &str, to_tag: Option<&str>) -> Vec<u8> {
        let reason = if reason.is_empty() {
            reason_phrase(status)
        } else {
            reason
        };
        let mut out = format!(
            "SIP/2.0 {status} {}\r\n",
            reason.replace(char::is_control, " ")
        );
        let mut line = |name: &str, value: &str| {
            out.push_str(name);
            out.push_str(": ");
            out.push_str(value);
            out.push_str("\r\n");
        };
        for via in &self.vias {
            line("Via", via);
        }
        if let Some(from) = &self.from {
            line("From", from);
        }
        if let Some(to) = &self.to {
            let lower = to.to_ascii_lowercase();
            match to_tag.filter(|tag| chars::is_token(tag) && !lower.contains("tag")) {
                Some(tag) => line("To", &format!("{to};tag={tag}")),
                None => line("To", to),
            }
        }
        if let Some(call_id) = &self.call_id {
            line("Call-ID", call_id);
        }
        if let Some(cseq) = &self.cseq {
            line("CSeq", cseq);
        }
        out.push_str("Content-Length: 0\r\n\r\n");
        out.into_bytes()
    }
}
