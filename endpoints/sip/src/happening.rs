//! Between the machine and a session: what the peer did becomes signals.

use crate::invite_variables;
use crate::line::Abilities;
use crate::media;
use crate::outbound::destination;
use crate::report::{ended, fact, failed, network, redirected, seen};
use crate::shard::Shard;
use std::time::Instant;
use strowger_core::endpoint::{Body, HangupReport, Signal};
use strowger_model::{HangupCause, is_true};
use strowger_sip_proto::info;
use strowger_sip_proto::message::{Request, Response};
use strowger_sip_proto::{CallKey, Failure, HeaderList, ServerKey, UaEvent};

/// Redirections that one call follows.
const REDIRECTIONS: u8 = 5;
/// Body of an INFO handed on, octets.
const INFO_BODY: usize = 16_384;

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
    pub(crate) fn signal(&mut self, now: Instant, call: CallKey, signal: Signal) {
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

    pub(crate) fn line_number(&self, call: CallKey) -> Option<u64> {
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
