//! Responses: what is copied from the request, and what every one of ours carries (RFC 3261 §8.2.6).

use crate::command::Body;
use crate::config::CoreConfig;
use crate::flow::Flow;
use crate::message::{Request, ResponseBuilder};

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
        let mut builder = ResponseBuilder::reply(request, self.status, self.reason);
        builder.via_source(flow.peer);
        if self.status > 100 {
            builder.to_tag(self.tag);
        }
        // What an order says was checked when it was given: nothing is refused here.
        if let Some(agent) = &config.user_agent {
            let _ = builder.header("Server", agent);
        }
        for (name, value) in self.headers {
            let _ = builder.header(name, value);
        }
        if let Some((content_type, octets)) = self.body {
            let _ = builder.body(content_type, octets);
        }
        builder.finish()
    }
}
