//! Responses: what is copied from the request, and what every one of ours carries (RFC 3261 §8.2.6).

use crate::command::Body;
use crate::config::CoreConfig;
use crate::dialog::with_tag;
use crate::flow::Flow;
use crate::message::{Method, Request, reason_phrase};

/// One response to be written.
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    /// Empty: the phrase of the RFC.
    pub(crate) reason: &'a str,
    /// For To, unless the request had one.
    pub(crate) tag: &'a str,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: Option<&'a Body>,
}

impl Reply<'_> {
    /// The whole message. The top Via tells the peer where its request came from (RFC 3581).
    pub(crate) fn write(&self, config: &CoreConfig, request: &Request, flow: &Flow) -> Vec<u8> {
        let reason = if self.reason.is_empty() { reason_phrase(self.status) } else { self.reason };
        let mut text = format!("SIP/2.0 {} {reason}\r\n", self.status);
        let mut line = |name: &str, value: &str| {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        };
        let headers = request.headers();
        let top = headers.via_top().ok().map(|mut via| {
            via.note_source(flow.peer);
            via.to_string()
        });
        for (place, via) in headers.values("Via").enumerate() {
            match &top {
                Some(top) if place == 0 => line("Via", top),
                _ => line("Via", &via),
            }
        }
        if request.method() == &Method::INVITE && (101..300).contains(&self.status) {
            for route in headers.values("Record-Route") {
                line("Record-Route", &route);
            }
        }
        line("From", &headers.get("From").unwrap_or_default());
        let to = headers.get("To").unwrap_or_default();
        let tagged = self.status == 100 || headers.to().is_ok_and(|to| to.tag().is_some());
        if tagged {
            line("To", &to);
        } else {
            line("To", &with_tag(&to, self.tag));
        }
        line("Call-ID", &headers.get("Call-ID").unwrap_or_default());
        line("CSeq", &headers.get("CSeq").unwrap_or_default());
        if self.status == 100
            && let Some(timestamp) = headers.get("Timestamp")
        {
            line("Timestamp", &timestamp);
        }
        if let Some(agent) = &config.user_agent {
            line("Server", agent);
        }
        for (name, value) in self.headers {
            line(name, value);
        }
        let body: &[u8] = match self.body {
            Some((content_type, octets)) => {
                line("Content-Type", content_type);
                octets
            }
            None => &[],
        };
        line("Content-Length", &body.len().to_string());
        text.push_str("\r\n");
        let mut octets = text.into_bytes();
        octets.extend_from_slice(body);
        octets
    }
}
