//! The text protocol: octets in, frames out, and back. No sockets, no clock.

use crate::log::LogLine;
use strowger_model::Event;
use strowger_model::event::encode;

/// Octets of one command before its sender has logged in.
pub const STRANGER_LIMIT: usize = 4 * 1024;
/// Octets of one command with its body afterwards.
pub const CLIENT_LIMIT: usize = 1024 * 1024;

/// A command as it came: a line, headers, perhaps a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The first line.
    pub line: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body that `Content-Length` announced.
    pub body: Option<String>,
}

impl Frame {
    /// The first header of that name, without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Why nothing more can be understood: the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A command is longer than its sender may make it.
    #[error("a command is longer than {0} octets")]
    TooLong(usize),
    /// `Content-Length` is no number from 0 up.
    #[error("Content-Length is not a number from 0 up")]
    BadLength,
}

/// Cuts a stream of octets into commands.
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Octets that were searched for the end of the head already.
    searched: usize,
    limit: usize,
}

impl Decoder {
    /// A decoder that takes commands up to this many octets.
    pub fn new(limit: usize) -> Decoder {
        Decoder {
            buffer: Vec::new(),
            searched: 0,
            limit,
        }
    }

    /// Changes the limit.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Takes what was received.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Octets that wait for the rest of their command.
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole command.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, WireError> {
        let blank = self
            .buffer
            .iter()
            .take_while(|octet| matches!(octet, b'\r' | b'\n'))
            .count();
        if blank > 0 {
            self.buffer.drain(..blank);
            self.searched = 0;
        }
        let Some(head_end) = self.head_end() else {
            if self.buffer.len() > self.limit {
                return Err(WireError::TooLong(self.limit));
            }
            return Ok(None);
        };
        if head_end > self.limit {
            return Err(WireError::TooLong(self.limit));
        }
        let head = String::from_utf8_lossy(&self.buffer[..head_end]);
        let mut frame = parse_head(&head);
        let length = match frame.header("content-length") {
            Some(text) => text
                .trim()
                .parse::<usize>()
                .map_err(|_| WireError::BadLength)?,
            None => 0,
        };
        if length > self.limit - head_end {
            return Err(WireError::TooLong(self.limit));
        }
        let end = head_end + length;
        if self.buffer.len() < end {
            return Ok(None);
        }
        if length > 0 {
            let body = String::from_utf8_lossy(&self.buffer[head_end..end]).into_owned();
            frame.body = Some(body);
        }
        self.buffer.drain(..end);
        self.searched = 0;
        Ok(Some(frame))
    }

    /// Behind the blank line that ends the head: two line feeds with nothing but carriage returns between them.
    fn head_end(&mut self) -> Option<usize> {
        let mut ended_line = false;
        // The last few octets may be the first half of the end: they are looked at again.
        let start = self.searched;
        for (at, octet) in self.buffer.iter().enumerate().skip(start) {
            match octet {
                b'\n' if ended_line => return Some(at + 1),
                b'\n' => {
                    ended_line = true;
                    self.searched = at;
                }
                b'\r' => {}
                _ => ended_line = false,
            }
        }
        if !ended_line {
            self.searched = self.buffer.len();
        }
        None
    }
}

fn parse_head(head: &str) -> Frame {
    let mut lines = head.split('\n').map(|line| line.trim_end_matches('\r'));
    let line = lines.next().unwrap_or_default().to_owned();
    let headers = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim_start().to_owned()))
        })
        .collect();
    Frame {
        line,
        headers,
        body: None,
    }
}

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Header lines with percent-encoded values.
    #[default]
    Plain,
    /// One JSON object.
    Json,
    /// An XML element.
    Xml,
}

impl Format {
    /// The format of that name, without case.
    pub fn parse(text: &str) -> Option<Format> {
        [Format::Plain, Format::Json, Format::Xml]
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(text))
    }

    /// `plain`, `json` or `xml`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Plain => "plain",
            Format::Json => "json",
            Format::Xml => "xml",
        }
    }
}

/// The question for the password.
pub fn auth_request() -> String {
    "Content-Type: auth/request\n\n".to_owned()
}

/// The answer to a command.
pub fn reply(text: &str) -> String {
    format!(
        "Content-Type: command/reply\nReply-Text: {}\n\n",
        one_line(text)
    )
}

/// The answer to a command, with one more header.
pub fn reply_with(text: &str, name: &str, value: &str) -> String {
    format!(
        "Content-Type: command/reply\nReply-Text: {}\n{name}: {}\n\n",
        one_line(text),
        one_line(value)
    )
}

/// The answer to `api`.
pub fn api_response(body: &str) -> String {
    with_body("api/response", body)
}

/// An event.
pub fn event(format: Format, event: &Event) -> String {
    let body = match format {
        Format::Plain => encode::plain(event),
        Format::Json => encode::json(event),
        Format::Xml => encode::xml(event),
    };
    format!(
        "Content-Length: {}\nContent-Type: text/event-{}\n\n{body}",
        body.len(),
        format.name()
    )
}

/// A line of the log.
pub fn log_data(line: &LogLine) -> String {
    let mut head = format!(
        "Content-Type: log/data\nContent-Length: {}\nLog-Level: {}\nText-Channel: 0\nLog-File: {}\nLog-Func: {}\nLog-Line: {}\n",
        line.text.len(),
        line.level.number(),
        one_line(&line.file),
        one_line(&line.function),
        line.line,
    );
    if let Some(uuid) = &line.uuid {
        head.push_str(&format!("User-Data: {}\n", one_line(uuid)));
    }
    format!("{head}\n{}", line.text)
}

/// What is said before the connection is closed.
pub fn disconnect_notice() -> String {
    with_body("text/disconnect-notice", "Disconnected, goodbye.\n")
}

/// What somebody hears who may not connect.
pub fn rude_rejection() -> String {
    with_body("text/rude-rejection", "Access Denied, go away.\n")
}

fn with_body(kind: &str, body: &str) -> String {
    format!(
        "Content-Type: {kind}\nContent-Length: {}\n\n{body}",
        body.len()
    )
}

/// A header's value must not begin another header.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c })
        .collect()
}

/// Entry for fuzzing: any octets, in any pieces, give frames or an error, never a panic.
pub fn fuzz(octets: &[u8]) {
    let mut decoder = Decoder::new(STRANGER_LIMIT);
    for piece in octets.chunks(7) {
        decoder.push(piece);
        while let Ok(Some(_)) = decoder.next_frame() {}
    }
}

#[cfg(test)]
mod tests;
