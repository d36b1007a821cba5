//! Writing messages: every line ends with CRLF, no value can smuggle one in.

use std::borrow::Cow;
use std::net::SocketAddr;

use super::chars;
use super::error::HeaderError;
use super::method::Method;
use super::name_addr::NameAddr;
use super::status::reason_phrase;
use super::uri::Uri;
use super::via::Via;
use super::{HeaderTable, Request};

/// The part that requests and responses share.
#[derive(Clone, Debug)]
struct Writer {
    out: String,
    content_type: Option<String>,
    body: Vec<u8>,
}

impl Writer {
    fn new(start_line: String) -> Writer {
        Writer {
            out: start_line,
            content_type: None,
            body: Vec::new(),
        }
    }

    fn header(&mut self, name: &str, value: &str) -> Result<(), HeaderError> {
        let error = |what| {
            Err(HeaderError {
                header: Cow::Owned(name.escape_debug().to_string()),
                what,
            })
        };
        if !chars::is_token(name) {
            return error("is no header name");
        }
        if name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("l") {
            return error("is written by the builder from the body");
        }
        if value.contains(['\r', '\n', '\0']) {
            return error("must not hold a line end or NUL");
        }
        self.line(name, value);
        Ok(())
    }

    /// Writes a line whose value is known to hold no line end.
    fn line(&mut self, name: &str, value: &str) {
        self.out.push_str(name);
        self.out.push_str(": ");
        self.out.push_str(chars::trim(value));
        self.out.push_str("\r\n");
    }

    /// Copies all lines of a header of a message that was read.
    fn copy(&mut self, from: &HeaderTable, name: &str) {
        for value in from.all(name) {
            self.line(name, &clean(value));
        }
    }

    fn body(&mut self, content_type: &str, octets: &[u8]) -> Result<(), HeaderError> {
        if content_type.is_empty() || content_type.contains(['\r', '\n', '\0']) {
            return Err(HeaderError::new(
                "Content-Type",
                "must not be empty or hold a line end or NUL",
            ));
        }
        self.content_type = Some(content_type.to_owned());
        self.body = octets.to_vec();
        Ok(())
    }

    fn finish(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.out.len() + self.body.len() + 96);
        out.extend_from_slice(self.out.as_bytes());
        if let Some(content_type) = &self.content_type {
            out.extend_from_slice(b"Content-Type: ");
            out.extend_from_slice(content_type.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.body.len()).as_bytes());
        out.extend_from_slice(&self.body);
        out
    }
}

/// Text without line ends and NUL.
fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(['\r', '\n', '\0']) {
        Cow::Owned(text.replace(['\r', '\n', '\0'], " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// Writes a request.
#[derive(Clone, Debug)]
pub struct RequestBuilder(Writer);

impl RequestBuilder {
    /// A request to this URI, whose headers behind `?` are left out (RFC 3261 §19.1.5).
    pub fn new(method: Method, uri: &Uri) -> RequestBuilder {
        let uri = if uri.has_headers() {
            Cow::Owned(uri.clone().without_headers())
        } else {
            Cow::Borrowed(uri)
        };
        RequestBuilder(Writer::new(format!("{method} {uri} SIP/2.0\r\n")))
    }
}

/// Writes a response.
#[derive(Clone, Debug)]
pub struct ResponseBuilder {
    writer: Writer,
    vias: Vec<String>,
    to: String,
}

impl ResponseBuilder {
    /// A response with Via, From, To, Call-ID and CSeq of the request, and Record-Route where the
    /// response makes a dialog. An empty reason stands for the usual phrase.
    pub fn reply(request: &Request, status: u16, reason: &str) -> ResponseBuilder {
        let reason = if reason.is_empty() {
            reason_phrase(status)
        } else {
            reason
        };
        let reason = reason.replace(char::is_control, " ");
        let mut writer = Writer::new(String::with_capacity(512));
        writer
            .out
            .push_str(&format!("SIP/2.0 {status} {reason}\r\n"));
        let mut builder = ResponseBuilder {
            writer,
            vias: request
                .all("Via")
                .map(|via| clean(via).into_owned())
                .collect(),
            to: clean(request.get("To").unwrap_or("")).into_owned(),
        };
        builder.writer.copy(request, "From");
        builder.writer.copy(request, "Call-ID");
        builder.writer.copy(request, "CSeq");
        let makes_dialog = [
            Method::INVITE,
            Method::SUBSCRIBE,
            Method::REFER,
            Method::NOTIFY,
        ]
        .contains(request.method());
        if makes_dialog && (101..300).contains(&status) {
            builder.writer.copy(request, "Record-Route");
        }
        if status == 100 {
            builder.writer.copy(request, "Timestamp");
        }
        builder
    }

    /// Adds this tag to a To without tag.
    pub fn to_tag(&mut self, tag: &str) -> &mut ResponseBuilder {
        if let Ok(to) = NameAddr::parse(&self.to)
            && to.tag().is_none()
            && chars::is_token(tag)
        {
            self.to = to.with_tag(tag).to_string();
        }
        self
    }

    /// Notes in the top Via where the request came from: `received` and `rport` (RFC 3581).
    pub fn via_source(&mut self, source: SocketAddr) -> &mut ResponseBuilder {
        if let Some(line) = self.vias.first_mut() {
            let mut values: Vec<String> = chars::split_commas(line).map(str::to_owned).collect();
            if let Some(top) = values.first_mut()
                && let Ok(mut via) = Via::parse(top)
            {
                via.note_source(source);
                *top = via.to_string();
                *line = values.join(", ");
            }
        }
        self
    }

    /// Writes the response.
    pub fn finish(&self) -> Vec<u8> {
        let mut whole = self.writer.clone();
        let rest = whole
            .out
            .find("\r\n")
            .map(|at| whole.out.split_off(at + 2))
            .unwrap_or_default();
        for via in &self.vias {
            whole.line("Via", via);
        }
        whole.line("To", &self.to);
        whole.out.push_str(&rest);
        whole.finish()
    }

    fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }
}

impl RequestBuilder {
    /// Writes the request.
    pub fn finish(&self) -> Vec<u8> {
        self.0.finish()
    }

    fn writer(&mut self) -> &mut Writer {
        &mut self.0
    }
}

macro_rules! shared {
    ($($kind:ident)*) => {$(
        impl $kind {
            /// Adds a header. Refused: a name that is no token, a value with CR, LF or NUL, and
            /// Content-Length, which follows from the body.
            pub fn header(&mut self, name: &str, value: &str) -> Result<&mut $kind, HeaderError> {
                self.writer().header(name, value)?;
                Ok(self)
            }

            /// Sets body and Content-Type.
            pub fn body(&mut self, content_type: &str, octets: &[u8]) -> Result<&mut $kind, HeaderError> {
                self.writer().body(content_type, octets)?;
                Ok(self)
            }
        }
    )*};
}

shared!(RequestBuilder ResponseBuilder);
