//! Requests outside calls: registrations, OPTIONS, and those that are refused, after their sender proved who it is.

use crate::auth::Ask;
use crate::inbound::Refusal;
use crate::shard::{Answerable, Later, Shard};
use std::sync::atomic::Ordering;
use std::time::Instant;
use strowger_sip_proto::message::{Method, Request};
use strowger_sip_proto::{Flow, ServerKey};

/// Octets that a full answer to OPTIONS has besides what it copies from the request.
const CAPABILITIES: usize = 450;

impl Shard {
    /// A request outside any call.
    pub(crate) fn requested(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
    ) {
        let method = request.method();
        if *method == Method::REGISTER {
            self.registration(now, key, flow, request);
        } else if *method == Method::OPTIONS {
            self.options(now, key, flow, request);
        } else if *method == Method::NOTIFY {
            // We have subscribed to nothing.
            self.respond(now, key, 481, Vec::new());
        } else {
            self.unsupported(now, key, flow, request);
        }
    }

    /// What we can do, in short to strangers, or that we are busy.
    fn options(&mut self, now: Instant, key: ServerKey, flow: Flow, request: &Request) {
        let conf = self.profile.conf.load_full();
        let limits = self.switch.limits();
        let busy = !self.takes_calls()
            || self.switch.sessions().len() >= limits.max_sessions()
            || conf
                .max_calls
                .is_some_and(|most| self.profile.counters.channels.load(Ordering::Relaxed) >= most);
        if busy && conf.options_503_when_busy {
            let headers = vec![("Retry-After".to_owned(), "300".to_owned())];
            self.respond(now, key, 503, headers);
            return;
        }
        let unproven =
            !flow.transport.is_reliable() && !self.profile.guard.is_known(flow.peer.ip(), now);
        if unproven && request.octets().len() < CAPABILITIES * 2 {
            self.respond(now, key, 200, Vec::new());
        } else if let Err(error) = self.core.respond_capabilities(now, key, Vec::new()) {
            tracing::debug!(profile = self.profile.name, %error, "OPTIONS was not answered");
        }
    }

    /// MESSAGE, SUBSCRIBE, PUBLISH, REFER and INFO: who it is comes first, then that it is not supported.
    fn unsupported(&mut self, now: Instant, key: ServerKey, flow: Flow, request: &Request) {
        let conf = self.profile.conf.load_full();
        let method = request.method().as_str();
        let asked = match method {
            "MESSAGE" => conf.auth_messages,
            "SUBSCRIBE" | "PUBLISH" => conf.auth_subscriptions,
            _ => true,
        };
        if asked {
            let config = self.switch.config();
            if let Err(refusal) = self.identify(now, &conf, &config, &flow, request, Ask::Proxy) {
                self.turn_down(now, key, refusal);
                return;
            }
        }
        match method {
            "SUBSCRIBE" | "PUBLISH" => self.respond(now, key, 489, Vec::new()),
            "INFO" => self.respond(now, key, 481, Vec::new()),
            _ => self.respond(now, key, 501, Vec::new()),
        }
    }

    /// Answers with a refusal, at once or after its delay.
    pub(crate) fn turn_down(&mut self, now: Instant, key: ServerKey, refusal: Refusal) {
        if refusal.delay.is_zero() {
            let Refusal {
                status,
                reason,
                headers,
                ..
            } = refusal;
            if let Err(error) = self.core.respond(now, key, status, reason, headers, None) {
                tracing::debug!(profile = self.profile.name, %error, "a request was not answered");
            }
        } else {
            self.answer_later(Later {
                at: now + refusal.delay,
                key: Answerable::Request(key),
                status: refusal.status,
                headers: refusal.headers,
            });
        }
    }
}
