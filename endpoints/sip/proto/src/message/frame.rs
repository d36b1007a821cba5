//! Cutting a byte stream into messages by Content-Length (RFC 3261 §18.3, keep-alives of RFC 5626).

use memchr::memchr;

use super::chars;
use super::head::{content_length, read_head};
use super::parse::{Limits, looks_like_sip};
use super::refusal::{ParseError, ParseErrorKind, ReplyTo};

/// Octets of a request line besides its URI, generously; a longer first line is not waited for.
const FIRST_LINE_EXTRA: usize = 256;

/// What a stream carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// One message, exactly.
    Message(Vec<u8>),
    /// CRLF CRLF: to be answered with one CRLF.
    Ping,
    /// CRLF: the answer to our ping.
    Pong,
}

/// The stream can no longer be cut: answer with [`ParseError::response`] where there is one, then close.
#[derive(Clone, Debug, thiserror::Error)]
#[error("SIP stream cannot be read any further, close it: {0}")]
pub struct FrameError(pub ParseError);

/// Cuts a stream into messages. It holds at most one message and what was pushed last.
#[derive(Debug)]
pub struct Framer {
    limits: Limits,
    buffer: Vec<u8>,
    /// Octets of the buffer already handed out.
    taken: usize,
    /// Octets of the current message in which no end of the headers was found.
    scanned: usize,
    /// Whole length of the current message, once its headers are complete.
    length: Option<usize>,
    /// A lone CRLF was handed out as a pong; with a second one it is a ping.
    half_ping: bool,
    failed: bool,
}

impl Framer {
    /// A framer at the beginning of a stream.
    pub fn new(limits: Limits) -> Framer {
        Framer {
            limits,
            buffer: Vec::new(),
            taken: 0,
            scanned: 0,
            length: None,
            half_ping: false,
            failed: false,
        }
    }

    /// Takes in octets of the stream. After an error they are dropped.
    pub fn push(&mut self, octets: &[u8]) {
        if self.failed {
            return;
        }
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(octets);
    }

    /// True in the middle of a message: the time limit for a complete message runs.
    pub fn is_partial(&self) -> bool {
        self.taken < self.buffer.len()
    }

    /// The next frame, an error (the last item), or `None` until more octets come.
    #[expect(
        clippy::should_implement_trait,
        reason = "more frames come after a push, so this is no iterator"
    )]
    pub fn next(&mut self) -> Option<Result<Frame, FrameError>> {
        if self.failed {
            return None;
        }
        if self.length.is_none()
            && self.scanned == 0
            && let Some(frame) = self.keep_alive()
        {
            return Some(Ok(frame));
        }
        let result = self.message();
        if let Some(Err(_)) = &result {
            self.failed = true;
            self.buffer = Vec::new();
            self.taken = 0;
        }
        result
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn keep_alive(&mut self) -> Option<Frame> {
        loop {
            match self.rest() {
                [b'\r', b'\n', b'\r', b'\n', ..] => {
                    self.taken += 4;
                    self.half_ping = false;
                    return Some(Frame::Ping);
                }
                [b'\r', b'\n', ..] => {
                    self.taken += 2;
                    let second = std::mem::take(&mut self.half_ping);
                    self.half_ping = !second && self.rest().is_empty();
                    return Some(if second { Frame::Ping } else { Frame::Pong });
                }
                [b'\n', ..] => self.taken += 1,
                [b'\r'] | [] => return None,
                _ => {
                    self.half_ping = false;
                    return None;
                }
            }
        }
    }

    fn message(&mut self) -> Option<Result<Frame, FrameError>> {
        let length = match self.length {
            Some(length) => length,
            None => match self.find_length()? {
                Ok(length) => length,
                Err(error) => return Some(Err(error)),
            },
        };
        self.length = Some(length);
        let message = self.rest().get(..length)?.to_vec();
        self.taken += length;
        self.scanned = 0;
        self.length = None;
        Some(Ok(Frame::Message(message)))
    }

    fn find_length(&mut self) -> Option<Result<usize, FrameError>> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let first = *rest.first()?;
        if first == b'\r' && rest.len() == 1 {
            return None;
        }
        // A TLS or binary greeting has no line end to wait for; a wrong first line is the end of it.
        let alien = !chars::is_token_octet(first)
            || (memchr(b'\n', rest).is_some() && !looks_like_sip(rest));
        if alien {
            return Some(Err(refuse(ParseErrorKind::NotSip)));
        }
        if rest.len() > self.limits.uri + FIRST_LINE_EXTRA
            && memchr(b'\n', rest).is_none_or(|at| at > self.limits.uri + FIRST_LINE_EXTRA)
        {
            return Some(Err(refuse(ParseErrorKind::UriTooLong)));
        }
        let Some(end) = find_head_end(rest, &mut self.scanned) else {
            if rest.len() > self.limits.message {
                let whole = rest.get(..self.limits.message).unwrap_or_default();
                return Some(Err(with_reply(
                    whole,
                    &self.limits,
                    ParseErrorKind::TooLarge,
                )));
            }
            return None;
        };
        let whole = rest.get(..end).unwrap_or_default();
        let head = read_head(whole, &self.limits);
        if let Some(problem) = head.problem.filter(|_| head.len != end) {
            // The reader stopped at a limit, so a Content-Length may be hidden behind it.
            return Some(Err(with_reply(whole, &self.limits, problem)));
        }
        let body = match content_length(&head.table) {
            Ok(Some(body)) => body,
            Ok(None) => {
                return Some(Err(with_reply(
                    whole,
                    &self.limits,
                    ParseErrorKind::NoContentLength,
                )));
            }
            Err(kind) => return Some(Err(with_reply(whole, &self.limits, kind))),
        };
        if end + body > self.limits.message {
            return Some(Err(with_reply(
                whole,
                &self.limits,
                ParseErrorKind::TooLarge,
            )));
        }
        Some(Ok(end + body))
    }
}

/// Length of the headers with the empty line, searched from where the last search ended.
fn find_head_end(octets: &[u8], scanned: &mut usize) -> Option<usize> {
    let mut at = *scanned;
    while let Some(found) = memchr(b'\n', octets.get(at..).unwrap_or_default()) {
        let next = at + found + 1;
        match octets.get(next..) {
            Some([b'\n', ..]) => return Some(next + 1),
            Some([b'\r', b'\n', ..]) => return Some(next + 2),
            Some([] | [b'\r']) | None => {
                // The line end is looked at again when more has come.
                *scanned = at + found;
                return None;
            }
            _ => at = next,
        }
    }
    *scanned = octets.len();
    None
}

fn refuse(kind: ParseErrorKind) -> FrameError {
    FrameError(ParseError {
        kind,
        status: kind.status(),
        reason: kind.reason(),
        reply_to: None,
    })
}

/// The error, with the lines for an answer that can be salvaged from the headers.
fn with_reply(head: &[u8], limits: &Limits, kind: ParseErrorKind) -> FrameError {
    let reply_to = ReplyTo::salvage(&read_head(head, limits).table).map(Box::new);
    FrameError(ParseError {
        kind,
        status: kind.status(),
        reason: kind.reason(),
        reply_to,
    })
}
