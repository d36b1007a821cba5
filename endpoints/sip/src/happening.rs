//! Between the machine and a session: what the peer did becomes signals.

use crate::invite_variables;
use crate::line::Abilities;
use crate::media;
use crate::outbound::{destination, network};
use crate::shard::Shard;
use crate::status;
use std::time::Instant;
use strowger_core::endpoint::{Body, HangupReport, Signal};
use strowger_model::{Expanded, HangupCause, is_true};
use strowger_sip_proto::info;
use strowger_sip_proto::message::{HeaderTable, Method, Request, Response};
use strowger_sip_proto::{CallKey, Failure, HeaderList, ServerKey, UaEvent};

/// Redirections that one call follows (EXH-10).
const REDIRECTIONS: u8 = 5;
/// Body of an INFO handed on, octets.
const INFO_BODY: usize = 16_384;

type Facts = Vec<(String, Expanded)>;

impl Shard {
    /// Something happened in a call.
    pub(crate) fn call_happened(&mut self, now: Instant, event: UaEvent) {
        match event {
            UaEvent::Cancelled { call, request } => {
                let report = ended(HangupCause::OriginatorCancel, "recv_cancel", &request);
                self.over(call, report);
            }
            UaEvent::Ack { call, body } => self.acknowledged(now, call, body),
            UaEvent::AckTimeout { call } => {
                let mut report = HangupReport::of(HangupCause::RecoveryOnTimerExpire);
                report
                    .variables
                    .push(fact("sip_hangup_disposition", "send_bye"));
                self.over(call, report);
            }
            UaEvent::Bye { call, request } => {
                let mut report = ended(HangupCause::NormalClearing, "recv_bye", &request);
                report
                    .variables
                    .extend(invite_variables::of_response(&request, "sip_bye_h_"));
                self.over(call, report);
            }
            UaEvent::Reinvite { call, request } => self.session_changes(now, call, None, &request),
            UaEvent::ReinviteCancelled { call } => {
                tracing::debug!(
                    profile = self.profile.name,
                    ?call,
                    "a change of the session was withdrawn"
                );
            }
            UaEvent::Update { call, key, request } => {
                if key.is_some() {
                    self.session_changes(now, call, key, &request);
                }
            }
            UaEvent::Prack { key, .. } => {
                // An offer before the answer: the session agrees on media once.
                if let Some(key) = key {
                    self.respond(now, key, 488, Vec::new());
                }
            }
            UaEvent::Info { call, key, request } => self.info(now, call, key, &request),
            UaEvent::InDialog { call, key, request } => self.in_call(now, call, key, &request),
            UaEvent::Provisional { call, response, .. } => self.progressed(now, call, &response),
            UaEvent::Answered { call, response } => self.peer_answered(now, call, &response),
            UaEvent::Rejected {
                call,
                response,
                cause,
            } => self.rejected(now, call, response.as_ref(), cause),
            UaEvent::ReinviteAnswered { call, response } => {
                if let Err(error) = self.core.ack(now, call, None) {
                    tracing::debug!(profile = self.profile.name, %error, "no ACK was due");
                }
                let signal = match media::description(&response, response.body()) {
                    Some(sdp) => Signal::OfferAnswered(sdp),
                    None => Signal::OfferRefused { status: 488 },
                };
                self.signal(now, call, signal);
            }
            UaEvent::ReinviteRejected { call, response, .. } => {
                let status = response.map_or(408, |response| response.status());
                self.signal(now, call, Signal::OfferRefused { status });
            }
            UaEvent::SessionExpired { call } => {
                let mut report = HangupReport::of(HangupCause::RecoveryOnTimerExpire);
                report
                    .variables
                    .push(fact("sip_hangup_disposition", "send_bye"));
                self.over(call, report);
            }
            UaEvent::Response { .. } => {
                // Nobody waits for the outcome of INFO, NOTIFY, UPDATE or REFER.
            }
            UaEvent::Terminated { call } => {
                if let Some(number) = self.by_key.get(&call).copied() {
                    // It ended without a reason of its own.
                    self.end_line(
                        number,
                        HangupReport::of(HangupCause::NormalTemporaryFailure),
                    );
                }
            }
            UaEvent::Invite { .. } | UaEvent::Request { .. } => {
                // Handled before any call is concerned.
            }
        }
    }

    fn over(&mut self, call: CallKey, report: HangupReport) {
        if let Some(number) = self.by_key.get(&call).copied() {
            self.end_line(number, report);
        }
    }

    /// Tells the session of a call; a session that does not keep up has lost its call.
    fn signal(&mut self, now: Instant, call: CallKey, signal: Signal) {
        let Some(number) = self.by_key.get(&call).copied() else {
            return;
        };
        let told = self
            .lines
            .get(&number)
            .is_some_and(|line| self.tell(line, signal));
        if !told {
            self.forget(number);
            if let Err(error) = self.core.hangup(now, call, HeaderList::new(), 500) {
                tracing::debug!(profile = self.profile.name, %error, "the call had ended");
            }
        }
    }

    fn line_number(&self, call: CallKey) -> Option<u64> {
        self.by_key.get(&call).copied()
    }

    fn acknowledged(&mut self, now: Instant, call: CallKey, body: Option<(String, Vec<u8>)>) {
        let wanted = self
            .line_number(call)
            .and_then(|number| self.lines.get_mut(&number))
            .is_some_and(|line| std::mem::take(&mut line.answer_in_ack));
        if wanted {
            let sdp = body.map(|(_, octets)| {
                strowger_core::endpoint::Sdp(String::from_utf8_lossy(&octets).into_owned())
            });
            self.signal(now, call, Signal::Confirmed(sdp));
        }
    }

    /// A re-INVITE or UPDATE.
    fn session_changes(
        &mut self,
        now: Instant,
        call: CallKey,
        update: Option<ServerKey>,
        request: &Request,
    ) {
        let Some(line) = self
            .line_number(call)
            .and_then(|number| self.lines.get_mut(&number))
        else {
            return;
        };
        line.update = update;
        match media::description(request, request.body()) {
            Some(sdp) => self.signal(now, call, Signal::Offer(sdp)),
            None => {
                line.answer_in_ack = true;
                self.signal(now, call, Signal::OfferWanted);
            }
        }
    }

    fn info(&mut self, now: Instant, call: CallKey, key: ServerKey, request: &Request) {
        let media_type = request.media_type().unwrap_or_default();
        if request.has("Record") {
            // There is no template to record to.
            self.respond(now, key, 488, Vec::new());
            return;
        }
        if let Some(digit) = info::read(&media_type, request.body()) {
            self.respond(now, key, 200, Vec::new());
            let samples = u32::try_from(digit.duration.as_millis() * 8).unwrap_or(u32::MAX);
            let signal = Signal::Dtmf {
                digit: digit.digit,
                duration: samples,
            };
            self.signal(now, call, signal);
            return;
        }
        self.respond(now, key, 200, Vec::new());
        if request.body().len() <= INFO_BODY && !media_type.is_empty() {
            let body = Body {
                content_type: media_type,
                octets: request.body().to_vec(),
            };
            self.signal(now, call, Signal::Info(body));
        }
    }

    /// Requests in a call that have no meaning of their own to the machine.
    fn in_call(&mut self, now: Instant, call: CallKey, key: ServerKey, request: &Request) {
        match request.method().as_str() {
            "REFER" => self.referred(now, call, key, request),
            "OPTIONS" => {
                if let Err(error) = self.core.respond_capabilities(now, key, Vec::new()) {
                    tracing::debug!(profile = self.profile.name, %error, "OPTIONS was not answered");
                }
            }
            "NOTIFY" => {
                // The news of a REFER that we sent; anything else we did not ask for.
                let of_refer = matches!(request.event(), Ok(Some(event)) if event.package.eq_ignore_ascii_case("refer"));
                self.respond(now, key, if of_refer { 200 } else { 481 }, Vec::new());
            }
            _ => self.respond(now, key, 501, Vec::new()),
        }
    }

    /// A transfer asked by the phone.
    fn referred(&mut self, now: Instant, call: CallKey, key: ServerKey, request: &Request) {
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

    /// The peer answers; so its address is its own.
    fn proves(&self, call: CallKey) {
        if let Some(peer) = self.core.peer_of_call(call) {
            self.profile
                .guard
                .proved(peer.ip(), std::time::Instant::now());
        }
    }

    fn progressed(&mut self, now: Instant, call: CallKey, response: &Response) {
        self.proves(call);
        let Some(line) = self
            .line_number(call)
            .and_then(|number| self.lines.get_mut(&number))
        else {
            return;
        };
        line.abilities = Abilities::of(response);
        let mut facts = invite_variables::of_response(response, "sip_ph_");
        facts.extend(seen(response));
        let sdp = media::description(response, response.body());
        let status = response.status();
        let ignored =
            status == 183 && sdp.is_none() && self.profile.conf.load().ignore_183_without_sdp;
        self.signal(now, call, Signal::Variables(facts));
        if ignored {
            return;
        }
        // Early media agrees once: what comes after it only tells that it still rings.
        let signal = match sdp {
            Some(sdp) => Signal::Progress(Some(sdp)),
            None if status == 180 || status == 183 => Signal::Ringing,
            None => Signal::Progress(None),
        };
        self.signal(now, call, signal);
    }

    fn peer_answered(&mut self, now: Instant, call: CallKey, response: &Response) {
        self.proves(call);
        let Some(number) = self.line_number(call) else {
            return;
        };
        let Some(line) = self.lines.get_mut(&number) else {
            return;
        };
        line.abilities = Abilities::of(response);
        let late = line.ack_wanted;
        self.answered(number);
        if !late && let Err(error) = self.core.ack(now, call, None) {
            tracing::warn!(profile = self.profile.name, %error, "an answer was not acknowledged");
        }
        let mut facts = invite_variables::of_response(response, "sip_rh_");
        facts.extend(seen(response));
        if let Ok(contacts) = response.contacts()
            && let Some(contact) = contacts.first()
        {
            facts.push(network(
                "sip_contact_uri",
                invite_variables::user_at_host(&contact.uri),
            ));
        }
        if let Ok(to) = response.to() {
            facts.push(network("sip_full_to", to.to_string()));
            facts.push(network("sip_to_tag", to.tag().unwrap_or_default()));
        }
        self.signal(now, call, Signal::Variables(facts));
        let sdp = media::description(response, response.body());
        self.signal(now, call, Signal::Answered(sdp));
    }

    fn rejected(
        &mut self,
        now: Instant,
        call: CallKey,
        response: Option<&Response>,
        failure: Failure,
    ) {
        let Some(number) = self.line_number(call) else {
            return;
        };
        if let Some(response) = response {
            self.proves(call);
            if matches!(response.status(), 300..=302 | 305)
                && self.follow(now, number, call, response)
            {
                return;
            }
        }
        self.end_line(number, failed(response, failure));
    }

    /// Sends the INVITE again to where the peer says; `false` when that may not be.
    fn follow(&mut self, now: Instant, number: u64, old: CallKey, response: &Response) -> bool {
        let Some(target) = response
            .contacts()
            .ok()
            .and_then(|contacts| contacts.first().map(|contact| contact.uri.clone()))
            .filter(|uri| uri.is_sip() && !uri.is_sips())
        else {
            return false;
        };
        let Some(line) = self.lines.get_mut(&number) else {
            return false;
        };
        let Some(channel) = self
            .switch
            .sessions()
            .find(&line.uuid)
            .map(|session| session.snapshot())
        else {
            return false;
        };
        let fatal = channel
            .variables
            .text("outbound_redirect_fatal")
            .is_some_and(is_true);
        if fatal || line.redirects >= REDIRECTIONS {
            return false;
        }
        let Some(plan) = line.plan.as_deref_mut() else {
            return false;
        };
        plan.destination = destination(&target);
        plan.peer = plan.destination.as_ref().map(|to| to.peer().ip());
        plan.route.clear();
        plan.request_uri = target.without_headers();
        let mut order = crate::invite_out::order(
            &self.profile,
            plan,
            &line.call_id,
            &channel,
            line.offer.as_ref(),
        );
        // The same Call-ID (RFC 3261 §8.1.3.4), under which this shard is found; our tag is a new one. A password is
        // meant for the one who was dialled.
        order.credentials = None;
        match self.core.invite(now, order) {
            Ok(key) => {
                line.key = Some(key);
                line.redirects += 1;
                self.by_key.remove(&old);
                self.by_key.insert(key, number);
                let facts = redirected(response);
                self.signal(now, key, Signal::Variables(facts));
                true
            }
            Err(error) => {
                tracing::info!(profile = self.profile.name, %error, "a redirection cannot be followed");
                false
            }
        }
    }
}

fn fact(name: &str, value: &str) -> (String, Expanded) {
    (name.to_owned(), Expanded::trusted(value))
}

/// What every response tells of the peer.
fn seen(response: &Response) -> Facts {
    let mut facts = Facts::new();
    if let Some(agent) = response.user_agent() {
        facts.push(network("sip_user_agent", agent));
    }
    if let Ok(asserted) = response.asserted_identities()
        && let Some(party) = asserted.first()
    {
        facts.push(network(
            "sip_callee_id_number",
            party.uri.user().unwrap_or_default().into_owned(),
        ));
        if let Some(name) = &party.display {
            facts.push(network("sip_callee_id_name", name.clone()));
        }
    }
    facts
}

/// The report of a BYE or CANCEL.
fn ended(usual: HangupCause, disposition: &str, request: &HeaderTable) -> HangupReport {
    let cause = status::cause_of_reasons(&request.reasons()).unwrap_or(usual);
    let mut variables = vec![
        fact("sip_hangup_disposition", disposition),
        fact(
            "sip_term_status",
            if usual == HangupCause::OriginatorCancel {
                "487"
            } else {
                "200"
            },
        ),
        fact("sip_term_cause", &cause.code().to_string()),
    ];
    if let Some(reason) = request.get("Reason") {
        variables.push(network("sip_reason", reason));
    }
    HangupReport { cause, variables }
}

/// The report of a call of ours that failed.
fn failed(response: Option<&Response>, failure: Failure) -> HangupReport {
    let Some(response) = response else {
        let (status, cause) = match failure {
            Failure::Timeout => (408, HangupCause::RecoveryOnTimerExpire),
            Failure::Cancelled => (487, HangupCause::OriginatorCancel),
            Failure::Transport | Failure::Status => (503, HangupCause::NormalTemporaryFailure),
        };
        return HangupReport {
            cause,
            variables: vec![
                fact("sip_term_status", &status.to_string()),
                fact("sip_invite_failure_status", &status.to_string()),
                fact("proto_specific_hangup_cause", &format!("sip:{status}")),
                fact("sip_term_cause", &cause.code().to_string()),
                fact("sip_hangup_disposition", "send_cancel"),
            ],
        };
    };
    let status = response.status();
    let redirection = (300..400).contains(&status);
    let cause = status::cause_of_reasons(&response.reasons()).unwrap_or(if redirection {
        HangupCause::RequestedChanUnavail
    } else {
        status::cause_of(status)
    });
    let mut variables = vec![
        fact("sip_term_status", &status.to_string()),
        fact("sip_invite_failure_status", &status.to_string()),
        network("sip_invite_failure_phrase", response.reason()),
        network("sip_hangup_phrase", response.reason()),
        fact("proto_specific_hangup_cause", &format!("sip:{status}")),
        fact("sip_term_cause", &cause.code().to_string()),
        fact("sip_hangup_disposition", "recv_refuse"),
    ];
    if let Some(reason) = response.get("Reason") {
        variables.push(network("sip_reason", reason));
    }
    variables.extend(invite_variables::of_response(response, "sip_rh_"));
    if redirection {
        variables.extend(redirected(response));
    }
    HangupReport { cause, variables }
}

/// Where a call was sent on to.
fn redirected(response: &Response) -> Facts {
    let mut facts = Facts::new();
    let Ok(contacts) = response.contacts() else {
        return facts;
    };
    for (at, contact) in contacts.list().iter().take(10).enumerate() {
        let uri = &contact.uri;
        facts.push(network(
            &format!("sip_redirect_contact_{at}"),
            contact.to_string(),
        ));
        facts.push(network(
            &format!("sip_redirect_contact_user_{at}"),
            uri.user().unwrap_or_default().into_owned(),
        ));
        facts.push(network(
            &format!("sip_redirect_contact_host_{at}"),
            uri.host_text(),
        ));
        if at == 0 {
            facts.push(network("sip_redirected_to", contact.to_string()));
        }
    }
    facts
}
