//! REFER within a call: a phone sends its peer on (RFC 3515).

use crate::report::{Facts, fact, network};
use crate::shard::Shard;
use std::time::Instant;
use strowger_core::endpoint::Signal;
use strowger_model::Expanded;
use strowger_sip_proto::message::{Method, Request};
use strowger_sip_proto::{CallKey, ServerKey};

impl Shard {
    /// A transfer asked by the phone.
    pub(crate) fn referred(
        &mut self,
        now: Instant,
        call: CallKey,
        key: ServerKey,
        request: &Request,
    ) {
        let Some(line) = self
            .line_number(call)
            .and_then(|number| self.lines.get(&number))
        else {
            self.respond(now, key, 481, Vec::new());
            return;
        };
        let snapshot = self
            .switch
            .sessions()
            .find(&line.uuid)
            .map(|session| session.snapshot());
        let denied = snapshot
            .as_ref()
            .is_some_and(|channel| channel.variables.is_true("deny_refer_requests"));
        if denied || self.profile.conf.load().disable_transfer {
            self.respond(now, key, 403, Vec::new());
            return;
        }
        let Ok(Some(refer)) = request.refer_to() else {
            self.respond(now, key, 400, Vec::new());
            return;
        };
        if !matches!(refer.replaces(), Ok(None)) {
            // Joining two calls needs the other one's session.
            self.respond(now, key, 501, Vec::new());
            return;
        }
        let bridged = snapshot
            .as_ref()
            .is_some_and(|channel| channel.variables.get("bridge_uuid").is_some());
        let target = refer.target();
        let to = target.user().unwrap_or_default().into_owned();
        self.respond(now, key, 202, Vec::new());
        let outcome = if bridged && !to.is_empty() {
            "SIP/2.0 200 OK\r\n"
        } else {
            "SIP/2.0 403 Forbidden\r\n"
        };
        if bridged && !to.is_empty() {
            let mut facts: Facts = vec![
                network("sip_refer_to", refer.address.to_string()),
                network("transfer_to", to.clone()),
                fact("transfer_disposition", "recv_replace"),
                fact("endpoint_disposition", "BLIND_TRANSFER"),
            ];
            if let Ok(Some(by)) = request.referred_by() {
                facts.push(network("sip_h_Referred-By", by.to_string()));
            }
            self.signal(now, call, Signal::Variables(facts));
        }
        let headers = vec![
            ("Event".to_owned(), "refer".to_owned()),
            (
                "Subscription-State".to_owned(),
                "terminated;reason=noresource".to_owned(),
            ),
        ];
        let body = Some((
            "message/sipfrag;version=2.0".to_owned(),
            outcome.as_bytes().to_vec(),
        ));
        if let Err(error) = self
            .core
            .request_in_dialog(now, call, Method::NOTIFY, headers, body)
        {
            tracing::debug!(profile = self.profile.name, %error, "the transfer's outcome was not told");
        }
        if bridged && !to.is_empty() {
            let to = Expanded::network(to);
            self.signal(now, call, Signal::Refer { to });
        }
    }
}
