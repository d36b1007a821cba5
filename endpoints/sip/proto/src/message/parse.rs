//! Octets to message: limits, the mandatory headers, and what to answer to what is wrong.

use super::chars;
use super::error::HeaderError;
use super::head::{Head, HeaderTable, Kind, content_length, read_head};
use super::method::Method;
use super::refusal::{ParseError, ParseErrorKind, ReplyTo};
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
    /// Values of Contact, of Route, and of Record-Route, each.
    pub addresses: usize,
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
            addresses: 64,
            folds: 100,
            method: 64,
            tag: 256,
        }
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
    let vias = table
        .lines(Kind::Via)
        .flat_map(chars::split_commas)
        .take(limits.vias + 1)
        .count();
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
    for kind in [Kind::Contact, Kind::Route, Kind::RecordRoute] {
        let values = table.lines(kind).flat_map(chars::split_commas);
        if values.take(limits.addresses + 1).count() > limits.addresses {
            return Err(ParseErrorKind::TooManyAddresses);
        }
    }
    table.contacts().map_err(malformed("Contact"))?;
    table.routes().map_err(malformed("Route"))?;
    table.record_routes().map_err(malformed("Record-Route"))?;
    Ok(())
}
