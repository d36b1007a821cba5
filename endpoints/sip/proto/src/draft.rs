//! A request of ours before it has a Via: sent anew with each round of credentials and each target, and the source of
//! its ACK and CANCEL.

use crate::command::{Body, CommandError, HeaderList};
use crate::message::{Method, RequestBuilder, Uri};

/// What we set ourselves; an order that names one of these would break the dialog.
const OURS: [&str; 16] = [
    "via",
    "v",
    "from",
    "f",
    "to",
    "t",
    "call-id",
    "i",
    "cseq",
    "max-forwards",
    "content-length",
    "l",
    "route",
    "record-route",
    "content-type",
    "c",
];

/// Everything of a request but its Via.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) routes: Vec<String>,
    pub(crate) contact: Option<String>,
    /// The user of a Contact to be made once the transport is known.
    pub(crate) contact_user: Option<String>,
    /// Authorization and Proxy-Authorization.
    pub(crate) credentials: Vec<(&'static str, String)>,
    pub(crate) headers: HeaderList,
    pub(crate) body: Option<Body>,
}

impl Draft {
    /// The whole message.
    pub(crate) fn write(&self, via: &str) -> Vec<u8> {
        let mut builder = RequestBuilder::new(self.method.clone(), &self.uri);
        // What an order says was checked when it was given, and the parser lets no line end through: nothing is refused.
        let mut line = |name: &str, value: &str| {
            let _ = builder.header(name, value);
        };
        line("Via", via);
        line("Max-Forwards", "70");
        for route in &self.routes {
            line("Route", route);
        }
        line("From", &self.from);
        line("To", &self.to);
        line("Call-ID", &self.call_id);
        line("CSeq", &format!("{} {}", self.cseq, self.method.as_str()));
        if let Some(contact) = &self.contact {
            line("Contact", contact);
        }
        for (name, value) in &self.credentials {
            line(name, value);
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        if let Some((content_type, octets)) = &self.body {
            let _ = builder.body(content_type, octets);
        }
        builder.finish()
    }

    /// The ACK of a final response other than 2xx, which goes with the INVITE's own Via (RFC 3261 §17.1.1.3).
    pub(crate) fn ack_of_failure(&self, to: &str) -> Self {
        let mut ack = self.bare(Method::ACK);
        to.clone_into(&mut ack.to);
        ack
    }

    /// The CANCEL, which goes with the INVITE's own Via (RFC 3261 §9.1).
    pub(crate) fn cancel(&self) -> Self {
        self.bare(Method::CANCEL)
    }

    fn bare(&self, method: Method) -> Self {
        Self {
            method,
            uri: self.uri.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            routes: self.routes.clone(),
            contact: None,
            contact_user: None,
            credentials: Vec::new(),
            headers: Vec::new(),
            body: None,
        }
    }
}

/// Refuses header fields and bodies that would change the shape of a message, or that the machine writes itself.
pub(crate) fn check_parts(
    headers: &[(String, String)],
    body: Option<&Body>,
) -> Result<(), CommandError> {
    for (name, value) in headers {
        let malformed = |reason: &str| CommandError::Malformed {
            what: "header",
            value: format!("{}: {}", name.escape_debug(), value.escape_debug()),
            reason: reason.to_owned(),
        };
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(malformed("the name is not a token (RFC 3261 §25.1)"));
        }
        if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            return Err(malformed("this header is written by the machine itself"));
        }
        check_line("header", value)?;
    }
    if let Some((content_type, _)) = body {
        check_line("Content-Type", content_type)?;
    }
    Ok(())
}

/// Refuses text that would end its line.
pub(crate) fn check_line(what: &'static str, value: &str) -> Result<(), CommandError> {
    if value
        .bytes()
        .any(|octet| matches!(octet, b'\r' | b'\n' | 0))
    {
        return Err(CommandError::Malformed {
            what,
            value: value.escape_debug().to_string(),
            reason: "it holds a line end or NUL".to_owned(),
        });
    }
    Ok(())
}

fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&octet)
}

/// Takes a header out of a list, the last one winning.
pub(crate) fn take_header(headers: &mut HeaderList, name: &str) -> Option<String> {
    let mut found = None;
    headers.retain_mut(|(have, value)| {
        if have.eq_ignore_ascii_case(name) {
            found = Some(std::mem::take(value));
            return false;
        }
        true
    });
    found
}

/// Whether a list has a header.
pub(crate) fn has_header(headers: &[(String, String)], name: &str) -> bool {
    headers
        .iter()
        .any(|(have, _)| have.eq_ignore_ascii_case(name))
}
