//! Octets to message: limits, the mandatory headers, and what to answer to what is wrong.

use std::fmt;

use super::chars;
use super::error::HeaderError;
use super::head::{Head, HeaderTable, Kind, content_length, read_head};
use super::method::Method;
use super::status::reason_phrase;
use super::uri::Uri;
use super::{Message, Request, Response};

/// Bounds on what is read; time and memory stay proportional to the octets received.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Octets of a message.
    pub message: usize,
    /// Header lines.
    pub headers: usize,
    /// Octets of one header line with its folded lines.
    pub header: usize,
    /// Octets of the Request-URI.
    pub uri: usize,
    /// Via values.
    pub vias: usize,
    /// Folded lines in a message.
    pub folds: usize,
    /// Octets of a method. RFC 4475's legal example `intmeth` has 43, so 32 would refuse it.
    pub method: usize,
    /// Octets of a From or To tag.
    pub tag: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            message: 64 * 1024,
            headers: 256,
            header: 8 * 1024,
            uri: 2 * 1024,
            vias: 64,
            folds: 100,
            method: 64,
            tag: 256,
        }
    }
}

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

/// Reads one datagram, or one message cut from a stream, with the default limits. The body is the
/// rest when there is no Content-Length; octets behind the announced length are left out.
pub fn parse_datagram(octets: &[u8]) -> Result<Message, ParseError> {
    parse(octets, &Limits::default())
}

/// Reads one datagram, or one message cut from a stream.
pub fn parse(octets: &[u8], limits: &Limits) -> Result<Message, ParseError> {
    let octets = skip_line_ends(octets);
    let silent = |kind: ParseErrorKind| ParseError {
        kind,
        status: 0,
        reason: kind.reason(),
        reply_to: None,
    };
    if octets.is_empty() {
        return Err(silent(ParseErrorKind::Empty));
    }
    if !looks_like_sip(octets) {
        return Err(silent(ParseErrorKind::NotSip));
    }
    let within = octets.get(..limits.message).unwrap_or(octets);
    let head = read_head(within, limits);
    let refuse = |head: &Head, kind: ParseErrorKind| ParseError {
        kind,
        status: kind.status(),
        reason: kind.reason(),
        reply_to: ReplyTo::salvage(&head.table).map(Box::new),
    };
    if octets.len() > limits.message {
        return Err(refuse(&head, ParseErrorKind::TooLarge));
    }
    match read_message(octets, &head, limits) {
        Ok(Start::Request(method, uri, end)) => Ok(Message::Request(Request {
            octets: octets.get(..end).unwrap_or(octets).to_vec(),
            head: head.len,
            ignored: head.ignored,
            table: head.table,
            method,
            uri,
        })),
        Ok(Start::Response(status, reason, end)) => Ok(Message::Response(Response {
            octets: octets.get(..end).unwrap_or(octets).to_vec(),
            head: head.len,
            ignored: head.ignored,
            table: head.table,
            status,
            reason,
        })),
        Err(kind) => Err(refuse(&head, kind)),
    }
}

fn skip_line_ends(octets: &[u8]) -> &[u8] {
    let start = octets
        .iter()
        .position(|octet| !b"\r\n".contains(octet))
        .unwrap_or(octets.len());
    octets.get(start..).unwrap_or_default()
}

/// True when the first line ends or begins with a SIP version; decides between an answer and silence.
pub(crate) fn looks_like_sip(octets: &[u8]) -> bool {
    let end = memchr::memchr(b'\n', octets).unwrap_or(octets.len());
    let line = octets.get(..end).unwrap_or_default().trim_ascii();
    let is_version = |word: &[u8]| {
        word.get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"SIP/"))
    };
    let last = line
        .rsplit(|&octet| octet == b' ')
        .next()
        .unwrap_or_default();
    is_version(line) || (is_version(last) && last.len() < line.len())
}

enum Start {
    Request(Method, Uri, usize),
    Response(u16, std::ops::Range<usize>, usize),
}

fn read_message(octets: &[u8], head: &Head, limits: &Limits) -> Result<Start, ParseErrorKind> {
    let table = &head.table;
    let line = table.start_line();
    let start = if line
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("SIP/"))
    {
        let (status, reason) = read_status_line(line)?;
        Start::Response(status, reason, 0)
    } else {
        let (method, uri) = read_request_line(line, limits)?;
        Start::Request(method, uri, 0)
    };
    if let Some(problem) = head.problem {
        return Err(problem);
    }
    let method = match &start {
        Start::Request(method, ..) => Some(method),
        Start::Response(..) => None,
    };
    check_headers(table, method, limits)?;
    let available = octets.len() - head.len.min(octets.len());
    let body = match content_length(table)? {
        Some(length) if length > available => return Err(ParseErrorKind::ShortBody),
        Some(length) => length,
        None => available,
    };
    let end = head.len + body;
    Ok(match start {
        Start::Request(method, uri, _) => Start::Request(method, uri, end),
        Start::Response(status, reason, _) => Start::Response(status, reason, end),
    })
}

fn read_request_line(line: &str, limits: &Limits) -> Result<(Method, Uri), ParseErrorKind> {
    let version = line.trim_end().rsplit(' ').next().unwrap_or("");
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(ParseErrorKind::Version);
    }
    let mut parts = line.split(' ');
    let (Some(method), Some(uri), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        // A long Request-URI is the better reason when there is one.
        let long = line
            .split(' ')
            .nth(1)
            .is_some_and(|uri| uri.len() > limits.uri);
        return Err(if long {
            ParseErrorKind::UriTooLong
        } else {
            ParseErrorKind::StartLine
        });
    };
    if method.len() > limits.method {
        return Err(ParseErrorKind::Method);
    }
    let method = Method::parse(method).ok_or(ParseErrorKind::Method)?;
    if uri.len() > limits.uri {
        return Err(ParseErrorKind::UriTooLong);
    }
    let uri = Uri::parse(uri).map_err(|_| ParseErrorKind::RequestUri)?;
    if uri.has_headers() {
        // RFC 3261 §19.1.1: never in a Request-URI; they must not turn into headers of ours.
        return Err(ParseErrorKind::RequestUri);
    }
    Ok((method, uri))
}

fn read_status_line(line: &str) -> Result<(u16, std::ops::Range<usize>), ParseErrorKind> {
    let (version, rest) = line.split_once(' ').ok_or(ParseErrorKind::StartLine)?;
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(ParseErrorKind::Version);
    }
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = (code.len() == 3)
        .then(|| chars::digits(code))
        .flatten()
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| (100..700).contains(status))
        .ok_or(ParseErrorKind::StartLine)?;
    Ok((status, line.len() - reason.len()..line.len()))
}

/// The one line of a header that must be there exactly once.
fn single<'a>(
    table: &'a HeaderTable,
    kind: Kind,
    name: &'static str,
) -> Result<&'a str, ParseErrorKind> {
    let mut lines = table.lines(kind);
    let line = lines.next().ok_or(ParseErrorKind::Missing(name))?;
    match lines.next() {
        Some(_) => Err(ParseErrorKind::Duplicate(name)),
        None => Ok(line),
    }
}

fn check_headers(
    table: &HeaderTable,
    method: Option<&Method>,
    limits: &Limits,
) -> Result<(), ParseErrorKind> {
    let malformed = |name: &'static str| move |_: HeaderError| ParseErrorKind::Malformed(name);
    let vias: usize = table
        .lines(Kind::Via)
        .map(|line| chars::split_commas(line).take(limits.vias + 1).count())
        .sum();
    if vias > limits.vias {
        return Err(ParseErrorKind::TooManyVias);
    }
    let vias = table.vias().map_err(malformed("Via"))?;
    let top = vias.first().ok_or(ParseErrorKind::Missing("Via"))?;

    for (kind, name) in [(Kind::From, "From"), (Kind::To, "To")] {
        single(table, kind, name)?;
        let address = if kind == Kind::From {
            table.from()
        } else {
            table.to()
        }
        .map_err(malformed(name))?;
        match address.tag() {
            Some(tag) if tag.len() > limits.tag => return Err(ParseErrorKind::TagTooLong),
            // A sender that writes RFC 3261 branches must write a From tag; before, it was optional.
            None if kind == Kind::From && top.unique_branch().is_some() => {
                return Err(ParseErrorKind::Missing("From tag"));
            }
            _ => {}
        }
    }

    let call_id = single(table, Kind::CallId, "Call-ID")?;
    if call_id.is_empty() || call_id.chars().any(|c| c.is_control() || c == ' ') {
        return Err(ParseErrorKind::Malformed("Call-ID"));
    }

    single(table, Kind::CSeq, "CSeq")?;
    let cseq = table.cseq().map_err(malformed("CSeq"))?;
    if cseq.method.as_str().len() > limits.method {
        return Err(ParseErrorKind::Malformed("CSeq"));
    }
    if method.is_some_and(|method| *method != cseq.method) {
        return Err(ParseErrorKind::CSeqMethod);
    }

    if table.lines(Kind::ContentType).nth(1).is_some() {
        return Err(ParseErrorKind::Duplicate("Content-Type"));
    }
    if method.is_some() {
        if table.lines(Kind::MaxForwards).nth(1).is_some() {
            return Err(ParseErrorKind::Duplicate("Max-Forwards"));
        }
        table.max_forwards().map_err(malformed("Max-Forwards"))?;
    }
    table.contacts().map_err(malformed("Contact"))?;
    table.routes().map_err(malformed("Route"))?;
    table.record_routes().map_err(malformed("Record-Route"))?;
    Ok(())
}
