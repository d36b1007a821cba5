//! Strangers' datagrams are challenged without being remembered: no transaction, no repetition, no memory.
//! Only what comes back with credentials reaches the machine.

use crate::auth::{Ask, Examination, Verdict};
use crate::inbound::by_list;
use crate::shard::Shard;
use crate::transport::{self, Packet};
use std::hash::BuildHasher;
use std::time::Instant;
use strowger_sip_proto::message::{
    Message, Request, ResponseBuilder, parse_datagram, reason_phrase,
};
use strowger_sip_proto::{Destination, Transport};

impl Shard {
    /// Challenges a stranger's first request; `false` when the machine shall look at the message.
    pub(crate) fn challenged(&self, now: Instant, packet: &Packet) -> bool {
        if packet.flow.transport != Transport::Udp
            || self.profile.guard.is_known(packet.flow.peer.ip(), now)
        {
            return false;
        }
        let Ok(Message::Request(request)) = parse_datagram(&packet.octets) else {
            return false;
        };
        let Some(ask) = self.asks(&request, packet) else {
            return false;
        };
        let conf = self.profile.conf.load_full();
        let config = self.switch.config();
        let examination = Examination {
            profile: &self.profile,
            conf: &conf,
            config: &config,
            request: &request,
            flow: &packet.flow,
            ask,
            now,
        };
        let Verdict::Challenge(status, headers) = examination.verdict() else {
            return false;
        };
        let mut response = ResponseBuilder::reply(&request, status, reason_phrase(status));
        // The same request gets the same tag whenever it is repeated.
        let tag = self
            .profile
            .hash
            .hash_one((request.get("Via"), request.call_id()));
        response.to_tag(&format!("{tag:016x}"));
        response.via_source(packet.flow.peer);
        for (name, value) in &headers {
            if response.header(name, value).is_err() {
                return false;
            }
        }
        let to = Destination::Flow(packet.flow);
        if let Err(error) = transport::send(&self.profile, &to, response.finish()) {
            tracing::debug!(profile = self.profile.name, %error, "a challenge was not sent");
        }
        true
    }

    /// How a request must prove itself before anything else; `None` when it need not, or already tries to.
    fn asks(&self, request: &Request, packet: &Packet) -> Option<Ask> {
        let conf = self.profile.conf.load();
        let tries = request.has("Authorization") || request.has("Proxy-Authorization");
        if tries || request.to_tag().is_some() {
            return None;
        }
        let digest = match request.method().as_str() {
            "INVITE" => {
                let listed = || {
                    by_list(&conf, &self.switch.config(), &packet.flow)
                        .is_ok_and(|admitted| admitted.acl.is_some())
                };
                conf.auth_calls
                    && !conf.auth_calls_acl_only
                    && !conf.accept_blind_auth
                    && self.takes_calls()
                    && !self.is_own_call(&packet.flow, request)
                    && !listed()
            }
            "REGISTER" => {
                return (!conf.disable_register
                    && !conf.accept_blind_reg
                    && conf.register_acls.is_empty())
                .then_some(Ask::Registrar);
            }
            "MESSAGE" => conf.auth_messages,
            "SUBSCRIBE" | "PUBLISH" => conf.auth_subscriptions,
            "REFER" => !conf.disable_transfer,
            _ => false,
        };
        digest.then_some(Ask::Proxy)
    }
}
