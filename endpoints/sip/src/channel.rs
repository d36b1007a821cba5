//! Between a session and the machine: indications become orders.

use crate::config::CallerIdType;
use crate::invite_out;
use crate::line::Line;
use crate::shard::Shard;
use crate::status;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use strowger_core::endpoint::{Body, HangupReport, Identity, Indicated, Indication, Sdp, Signal};
use strowger_model::{ChannelSnapshot, HangupCause, Variables};
use strowger_sip_proto::info::{self, InfoDigit};
use strowger_sip_proto::message::{Method, NameAddr, Uri};
use strowger_sip_proto::{CallKey, CommandError, HeaderList};

/// Longest digit in a message, milliseconds.
const DIGIT: u64 = 10_000;

fn sdp_body(sdp: Option<Sdp>) -> Option<(String, Vec<u8>)> {
    sdp.map(|sdp| ("application/sdp".to_owned(), sdp.0.into_bytes()))
}

impl Shard {
    /// A session wants something done at its peer.
    pub(crate) fn indicated(&mut self, now: Instant, indicated: Indicated) {
        let Indicated {
            call,
            indication,
            channel,
        } = indicated;
        match indication {
            Indication::Invite(offer) => self.call_out(now, call, offer, &channel),
            Indication::Hangup(cause) => self.say_goodbye(now, call, cause, &channel),
            other => {
                let Some(line) = self.lines.get(&call) else {
                    // The peer hung up meanwhile; the session will hear it.
                    return;
                };
                let Some(key) = line.key else {
                    return;
                };
                if let Err(error) = self.ordered(now, call, key, other, &channel) {
                    tracing::warn!(uuid = channel.uuid, %error, "the peer could not be told");
                }
            }
        }
    }

    fn ordered(
        &mut self,
        now: Instant,
        number: u64,
        key: CallKey,
        indication: Indication,
        channel: &ChannelSnapshot,
    ) -> Result<(), CommandError> {
        let variables = &channel.variables;
        match indication {
            Indication::Ringing => {
                let headers = self.progress_headers(key, channel);
                self.core.provisional(now, key, 180, "", headers, None)
            }
            Indication::Acknowledge => {
                let headers = self.progress_headers(key, channel);
                self.core.provisional(now, key, 182, "", headers, None)
            }
            Indication::Progress(sdp) => {
                let headers = self.progress_headers(key, channel);
                self.core
                    .provisional(now, key, 183, "", headers, sdp_body(sdp))
            }
            Indication::Answer(sdp) => {
                let mut headers = self.connected(key, channel);
                invite_out::extra(&mut headers, variables, "sip_rh_", None);
                headers.retain(invite_out::sendable);
                self.core.accept(now, key, headers, sdp_body(sdp))?;
                self.answered(number);
                Ok(())
            }
            Indication::Confirm(sdp) => {
                self.core.ack(now, key, sdp_body(Some(sdp)))?;
                if let Some(line) = self.lines.get_mut(&number) {
                    line.ack_wanted = false;
                }
                Ok(())
            }
            Indication::Offer(sdp) => self.core.reinvite(now, key, sdp_body(Some(sdp))),
            Indication::OfferAnswer(sdp) => self.answer_offer(now, number, key, 200, Some(sdp)),
            Indication::OfferRefused => self.answer_offer(now, number, key, 488, None),
            Indication::Display(party) => self.display(now, number, key, &party, variables),
            Indication::Dtmf { digit, duration } => {
                let milliseconds = (u64::from(duration) / 8).min(DIGIT);
                let body = info::write(InfoDigit {
                    digit,
                    duration: Duration::from_millis(milliseconds),
                });
                self.core.info(now, key, info::DTMF_RELAY, body).map(drop)
            }
            Indication::Info(Body {
                content_type,
                octets,
            }) => self.core.info(now, key, &content_type, octets).map(drop),
            Indication::Respond { status, phrase } => self.answer_with(
                now,
                number,
                key,
                status,
                &phrase.unwrap_or_default(),
                channel,
            ),
            Indication::Redirect(targets) => self.redirect(now, number, key, &targets, channel),
            // Handled above.
            Indication::Invite(_) | Indication::Hangup(_) => Ok(()),
        }
    }

    /// The answer to a re-INVITE or UPDATE of the peer.
    fn answer_offer(
        &mut self,
        now: Instant,
        number: u64,
        key: CallKey,
        status: u16,
        sdp: Option<Sdp>,
    ) -> Result<(), CommandError> {
        let update = self
            .lines
            .get_mut(&number)
            .and_then(|line| line.update.take());
        match update {
            Some(update) => self
                .core
                .respond(now, update, status, "", Vec::new(), sdp_body(sdp)),
            None => self.core.answer_reinvite(now, key, status, sdp_body(sdp)),
        }
    }

    /// Places a call.
    fn call_out(
        &mut self,
        now: Instant,
        number: u64,
        offer: Option<Sdp>,
        channel: &ChannelSnapshot,
    ) {
        let Some(line) = self.lines.get_mut(&number) else {
            tracing::error!(
                uuid = channel.uuid,
                "a call was placed that nobody prepared"
            );
            return;
        };
        line.offer.clone_from(&offer);
        line.uuid.clone_from(&channel.uuid);
        let Some(plan) = line.plan.as_deref() else {
            return;
        };
        let order = invite_out::order(&self.profile, plan, &line.call_id, channel, offer.as_ref());
        match self.core.invite(now, order) {
            Ok(key) => {
                line.key = Some(key);
                line.ack_wanted = offer.is_none();
                self.by_key.insert(key, number);
            }
            Err(error) => {
                tracing::warn!(uuid = channel.uuid, %error, "the call cannot be placed");
                let cause = match error {
                    CommandError::Full { .. } => HangupCause::SwitchCongestion,
                    _ => HangupCause::InvalidUrl,
                };
                self.end_line(number, HangupReport::of(cause));
            }
        }
    }

    /// The session's last word: the machine chooses between CANCEL, BYE and a final response.
    fn say_goodbye(
        &mut self,
        now: Instant,
        number: u64,
        cause: HangupCause,
        channel: &ChannelSnapshot,
    ) {
        let Some(line) = self.forget(number) else {
            return;
        };
        let Some(key) = line.key else {
            return;
        };
        let variables = &channel.variables;
        let mut headers = HeaderList::new();
        if let Some(reason) = status::reason_header(cause, variables) {
            headers.push(("Reason".to_owned(), reason));
        }
        if line.answered || line.outbound {
            invite_out::extra(&mut headers, variables, "sip_bye_h_", None);
        } else {
            invite_out::extra(&mut headers, variables, "sip_rh_", None);
        }
        headers.retain(invite_out::sendable);
        let status = status::refusal(cause, variables);
        if !line.outbound && !line.answered && status == 503 {
            headers.push(("Retry-After".to_owned(), "10".to_owned()));
        }
        if line.outbound && line.answered && line.ack_wanted {
            // The peer's 2xx must be acknowledged before the BYE, with or without an answer (RFC 3261 §13.2.2.4).
            if let Err(error) = self.core.ack(now, key, None) {
                tracing::debug!(uuid = channel.uuid, %error, "no ACK was due");
            }
        }
        if let Err(error) = self.core.hangup(now, key, headers, status) {
            tracing::debug!(uuid = channel.uuid, %error, "the call had ended at the peer");
        }
    }

    fn answer_with(
        &mut self,
        now: Instant,
        number: u64,
        key: CallKey,
        status: u16,
        phrase: &str,
        channel: &ChannelSnapshot,
    ) -> Result<(), CommandError> {
        let Some(line) = self.lines.get(&number) else {
            return Ok(());
        };
        if line.answered || line.outbound {
            tracing::warn!(
                uuid = channel.uuid,
                status,
                "respond comes too late: the call is answered"
            );
            return Ok(());
        }
        let mut headers = HeaderList::new();
        if status < 200 {
            invite_out::extra(&mut headers, &channel.variables, "sip_ph_", None);
            headers.retain(invite_out::sendable);
            return self
                .core
                .provisional(now, key, status, phrase, headers, None);
        }
        invite_out::extra(&mut headers, &channel.variables, "sip_rh_", None);
        headers.retain(invite_out::sendable);
        self.core.reject(now, key, status, phrase, headers)?;
        let report = HangupReport {
            cause: status::cause_of(status),
            variables: vec![
                ("sip_term_status".to_owned(), status.to_string().into()),
                ("sip_hangup_disposition".to_owned(), "send_refuse".into()),
            ],
        };
        self.end_line(number, report);
        Ok(())
    }

    /// Unanswered: 302, or 300 for several. Answered: REFER.
    fn redirect(
        &mut self,
        now: Instant,
        number: u64,
        key: CallKey,
        targets: &[String],
        channel: &ChannelSnapshot,
    ) -> Result<(), CommandError> {
        let Some(line) = self.lines.get(&number) else {
            return Ok(());
        };
        let uris: Vec<Uri> = targets
            .iter()
            .filter_map(|target| {
                let target = target.trim();
                let text = match NameAddr::parse(target) {
                    Ok(address) => return Some(address.uri),
                    Err(_) if target.contains('@') => format!("sip:{target}"),
                    Err(_) => format!(
                        "sip:{target}@{}",
                        crate::nat::host_text(self.profile.shown_local())
                    ),
                };
                Uri::parse(&text).ok()
            })
            .collect();
        let Some(first) = uris.first() else {
            tracing::warn!(
                uuid = channel.uuid,
                "a redirection without a usable address"
            );
            return Ok(());
        };
        if line.answered {
            let referred_by = format!("<{}>", self.profile.url());
            let headers = vec![
                ("Refer-To".to_owned(), format!("<{first}>")),
                ("Referred-By".to_owned(), referred_by),
            ];
            return self
                .core
                .request_in_dialog(now, key, Method::REFER, headers, None)
                .map(drop);
        }
        if line.outbound {
            return Ok(());
        }
        let status = if uris.len() > 1 { 300 } else { 302 };
        let mut headers: HeaderList = Vec::new();
        for (at, uri) in uris.iter().enumerate() {
            let value = if uris.len() > 1 {
                // Each a little less wanted than the one before.
                format!("<{uri}>;q=0.{:03}", 999usize.saturating_sub(at))
            } else {
                format!("<{uri}>")
            };
            headers.push(("Contact".to_owned(), value));
        }
        self.core.reject(now, key, status, "", headers)?;
        self.end_line(
            number,
            HangupReport::of(HangupCause::RedirectionToNewDestination),
        );
        Ok(())
    }

    /// Shows a party on the phone: INFO for phones that say they know it, UPDATE for those that allow it.
    fn display(
        &mut self,
        now: Instant,
        number: u64,
        key: CallKey,
        party: &Identity,
        variables: &Variables,
    ) -> Result<(), CommandError> {
        let Some(line) = self.lines.get(&number) else {
            return Ok(());
        };
        let conf = self.profile.conf.load();
        if !line.answered
            || !conf.send_display_update
            || variables.is_true("ignore_display_updates")
        {
            return Ok(());
        }
        if line.abilities.display_info {
            let mut headers = vec![
                ("X-FS-Display-Name".to_owned(), party.name.clone()),
                ("X-FS-Display-Number".to_owned(), party.number.clone()),
            ];
            headers.retain(invite_out::sendable);
            let body = Some(("message/update_display".to_owned(), Vec::new()));
            return self
                .core
                .request_in_dialog(now, key, Method::INFO, headers, body)
                .map(drop);
        }
        if line.abilities.update && conf.allow_update {
            let peer = self.core.peer_of_call(key).map(|peer| peer.ip());
            let mut headers =
                invite_out::connected(&self.profile, peer, variables, &party.name, &party.number);
            if headers.is_empty() {
                return Ok(());
            }
            headers.push(("X-FS-Display-Name".to_owned(), party.name.clone()));
            headers.retain(invite_out::sendable);
            return self
                .core
                .request_in_dialog(now, key, Method::UPDATE, headers, None)
                .map(drop);
        }
        Ok(())
    }

    fn progress_headers(&self, key: CallKey, channel: &ChannelSnapshot) -> HeaderList {
        let mut headers = if self.profile.conf.load().identity_in_1xx {
            self.connected(key, channel)
        } else {
            HeaderList::new()
        };
        invite_out::extra(&mut headers, &channel.variables, "sip_ph_", None);
        headers.retain(invite_out::sendable);
        headers
    }

    /// The identity of the party that answers, when the profile tells it.
    fn connected(&self, key: CallKey, channel: &ChannelSnapshot) -> HeaderList {
        let conf = self.profile.conf.load();
        if !conf.pass_callee_id || conf.caller_id == CallerIdType::None {
            return HeaderList::new();
        }
        let own = |variable: &str, field: &str| {
            channel.variables.text(variable).unwrap_or(field).to_owned()
        };
        let name = own("sip_callee_id_name", &channel.profile.callee_id_name);
        let mut number = own("sip_callee_id_number", &channel.profile.callee_id_number);
        if number.is_empty() {
            number.clone_from(&channel.profile.destination_number);
        }
        let peer = self.core.peer_of_call(key).map(|peer| peer.ip());
        invite_out::connected(&self.profile, peer, &channel.variables, &name, &number)
    }

    /// Notes that a call is up.
    pub(crate) fn answered(&mut self, number: u64) {
        if let Some(line) = self.lines.get_mut(&number)
            && !line.answered
        {
            line.answered = true;
            if !line.outbound {
                self.profile
                    .counters
                    .proceeding
                    .fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// The call is over at the peer: the session hears why, and the shard forgets it.
    pub(crate) fn end_line(&mut self, number: u64, report: HangupReport) {
        if let Some(line) = self.forget(number) {
            self.tell(&line, Signal::Hangup(report));
        }
    }

    /// Tells a session something; `false` when it is gone or its queue is full, which ends the call.
    pub(crate) fn tell(&self, line: &Line, signal: Signal) -> bool {
        match line.signals.try_send(signal) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(uuid = line.uuid, %error, "a session does not listen any more");
                false
            }
        }
    }
}
