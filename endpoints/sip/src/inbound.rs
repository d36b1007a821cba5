//! An INVITE arrives: limits, address lists, proof of identity, and a new call for the exchange (spec: sofia §4).

use crate::auth::{Ask, Examination, Identity, Verdict};
use crate::config::ProfileConf;
use crate::line::{Abilities, Line};
use crate::media;
use crate::nat;
use crate::shard::{Answerable, Later, Shard};
use crate::{caller, invite_variables};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use strowger_core::config::ConfigSnapshot;
use strowger_core::endpoint::{NewCall, SignallingPort};
use strowger_model::{User, Variables};
use strowger_sip_proto::message::{NameAddr, Request};
use strowger_sip_proto::{CallKey, Destination, Flow, HeaderList};

/// Told in Retry-After when the exchange is full, seconds.
const RETRY_WHEN_FULL: u32 = 300;
/// Told in Retry-After while the exchange stops, seconds.
const RETRY_WHEN_STOPPING: u32 = 30;
/// Calls of this shard per second and dialog are limited by the machine; sessions by the exchange.
const BUSY: &str = "Maximum Calls In Progress";

/// Who may call, and as whom.
#[derive(Default)]
pub(crate) struct Admitted {
    /// Proved by digest.
    pub(crate) identity: Option<Identity>,
    /// The directory user that the call acts as.
    pub(crate) user: Option<Arc<User>>,
    /// The list that let it pass, and its token.
    pub(crate) acl: Option<(String, Option<String>)>,
    /// The context that a list demands.
    pub(crate) context: Option<String>,
    /// The call is one that we placed ourselves.
    pub(crate) looped: bool,
}

impl Admitted {
    /// Whether the caller is more than a stranger.
    pub(crate) fn is_trusted(&self) -> bool {
        self.user.is_some() || self.acl.is_some() || self.looped
    }
}

/// A response instead of a call.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) reason: &'static str,
    pub(crate) headers: HeaderList,
    pub(crate) delay: Duration,
}

impl Refusal {
    pub(crate) fn of(status: u16, reason: &'static str) -> Refusal {
        Refusal {
            status,
            reason,
            headers: HeaderList::new(),
            delay: Duration::ZERO,
        }
    }

    fn retry_after(reason: &'static str, seconds: u32) -> Refusal {
        Refusal {
            headers: vec![("Retry-After".to_owned(), seconds.to_string())],
            ..Refusal::of(503, reason)
        }
    }
}

impl Shard {
    /// An INVITE outside any call.
    pub(crate) fn invited(&mut self, now: Instant, call: CallKey, flow: Flow, request: &Request) {
        let outcome = self
            .may_enter()
            .and_then(|()| self.admit(now, &flow, request))
            .and_then(|admitted| self.take(now, call, &flow, request, admitted));
        if let Err(refusal) = outcome {
            self.profile
                .counters
                .failed_in
                .fetch_add(1, Ordering::Relaxed);
            if refusal.delay.is_zero() {
                self.refuse(now, call, refusal.status, refusal.reason, refusal.headers);
            } else {
                self.answer_later(Later {
                    at: now + refusal.delay,
                    key: Answerable::Call(call),
                    status: refusal.status,
                    headers: refusal.headers,
                });
            }
        }
    }

    /// Limits.
    fn may_enter(&self) -> Result<(), Refusal> {
        let conf = self.profile.conf.load();
        let counters = &self.profile.counters;
        if !self.takes_calls() {
            return Err(Refusal::retry_after("Shutting Down", RETRY_WHEN_STOPPING));
        }
        let limits = self.switch.limits();
        let full = limits.paused(false)
            || self.switch.sessions().len() >= limits.max_sessions()
            || conf
                .max_calls
                .is_some_and(|most| counters.channels.load(Ordering::Relaxed) >= most)
            || conf
                .max_proceeding
                .is_some_and(|most| counters.proceeding.load(Ordering::Relaxed) >= most);
        if full {
            return Err(Refusal::retry_after(BUSY, RETRY_WHEN_FULL));
        }
        Ok(())
    }

    /// Lists and digest.
    fn admit(&self, now: Instant, flow: &Flow, request: &Request) -> Result<Admitted, Refusal> {
        let conf = self.profile.conf.load_full();
        let config = self.switch.config();
        if self.is_own_call(flow, request) {
            return Ok(Admitted {
                looped: true,
                ..Admitted::default()
            });
        }
        let mut admitted = by_list(&conf, &config, flow)?;
        if admitted.acl.is_some() || conf.accept_blind_auth {
            if admitted.user.is_none() && conf.accept_blind_auth {
                admitted.user = user_of_from(&conf, &config, request);
            }
            return Ok(admitted);
        }
        if !conf.auth_calls {
            return Ok(admitted);
        }
        if conf.auth_calls_acl_only {
            return Err(Refusal::of(403, ""));
        }
        let identity = self.identify(now, &conf, &config, flow, request, Ask::Proxy)?;
        if !speaks_for_itself(&identity.user, request) {
            return Err(Refusal::of(403, "From Is Another User"));
        }
        admitted.user = Some(identity.user.clone());
        admitted.identity = Some(identity);
        Ok(admitted)
    }

    /// The digest of a request, or the response that it gets instead.
    pub(crate) fn identify(
        &self,
        now: Instant,
        conf: &ProfileConf,
        config: &ConfigSnapshot,
        flow: &Flow,
        request: &Request,
        ask: Ask,
    ) -> Result<Identity, Refusal> {
        let examination = Examination {
            profile: &self.profile,
            conf,
            config,
            request,
            flow,
            ask,
            now,
        };
        match examination.verdict() {
            Verdict::Passed(identity) => {
                self.profile.tcp.trust(flow.id);
                Ok(identity)
            }
            Verdict::Challenge(status, headers) => Err(Refusal {
                headers,
                ..Refusal::of(status, "")
            }),
            Verdict::Refused(delay) => Err(Refusal {
                delay,
                ..Refusal::of(403, "")
            }),
            Verdict::Malformed => Err(Refusal::of(400, "Too Many Credentials")),
        }
    }

    /// A call that we placed and that found its way back: its Call-ID is ours, which nobody else can guess.
    pub(crate) fn is_own_call(&self, flow: &Flow, request: &Request) -> bool {
        let here = flow.peer.ip().is_loopback() || flow.peer.ip() == self.profile.shown_local();
        here && request
            .call_id()
            .is_some_and(|call_id| self.profile.own_calls().contains(call_id))
    }

    /// Makes the call and hands it to the exchange.
    fn take(
        &mut self,
        now: Instant,
        key: CallKey,
        flow: &Flow,
        request: &Request,
        admitted: Admitted,
    ) -> Result<(), Refusal> {
        let contact = &contact(request)?;
        if request.has("Replaces") || request.has("Join") {
            // Joining calls of others is not supported yet: such a dialog is not found.
            return Err(Refusal::of(481, ""));
        }
        let offer = media::description(request, request.body());
        if offer.is_none() && !request.body().is_empty() && !is_optional(request) {
            return Err(Refusal {
                headers: vec![("Accept".to_owned(), "application/sdp".to_owned())],
                ..Refusal::of(415, "")
            });
        }
        let conf = self.profile.conf.load_full();
        let config = self.switch.config();
        let nat = nat::is_behind_nat(&conf, config.acls(), flow, request, Some(contact));
        let names_host = contact.uri.host().is_none_or(|host| host.ip().is_none());
        if nat || !admitted.is_trusted() || names_host {
            // What follows goes where this came from: a stranger cannot have us send to a third party, nor
            // have us look up names.
            let pinned = self.core.pin(key, Some(Destination::Flow(*flow)));
            debug_assert!(pinned.is_ok(), "the call came in this moment");
        }
        let sent_by = self.profile.sent_by(flow.peer.ip());
        if let Err(error) = self.core.set_sent_by(key, &sent_by) {
            tracing::debug!(profile = self.profile.name, %error, "the call has ended already");
        }
        let mut variables =
            invite_variables::of(&self.profile, &conf, flow, request, contact, &admitted, nat);
        invite_variables::add_user(&mut variables, &admitted);
        let profile = caller::profile(&conf, flow, request, &admitted, &variables);
        let uuid = conf
            .callid_as_uuid
            .then(|| request.call_id().map(str::to_owned))
            .flatten()
            .filter(|id| is_plain_id(id));
        let number = self.profile.new_call();
        let Some(shard) = self.profile.shards.get(self.index) else {
            return Err(Refusal::of(500, ""));
        };
        let (port, signals) = SignallingPort::pair(number, shard.indications.clone());
        let media = media::profile(&self.profile, Some(flow.peer.ip()), &variables);
        let from = request.from().ok();
        let call = NewCall {
            name: format!(
                "sofia/{}/{}",
                self.profile.name,
                from.map_or_else(String::new, |from| invite_variables::user_at_host(
                    &from.uri
                ))
            ),
            uuid,
            profile,
            variables: with_disposition(variables, &conf, offer.is_some()),
            offer: offer.clone(),
            media,
            port,
        };
        let handle = self.switch.incoming(call).map_err(|refusal| {
            if self.profile.guard.may_log(flow.peer.ip(), "no room", now) {
                tracing::info!(profile = self.profile.name, source = %flow.peer.ip(), %refusal, "calls are refused");
            }
            Refusal::retry_after(BUSY, RETRY_WHEN_FULL)
        })?;
        let counters = &self.profile.counters;
        counters.calls_in.fetch_add(1, Ordering::Relaxed);
        counters.channels.fetch_add(1, Ordering::Relaxed);
        counters.proceeding.fetch_add(1, Ordering::Relaxed);
        self.profile.tcp.trust(flow.id);
        self.by_key.insert(key, number);
        self.lines.insert(
            number,
            Line {
                number,
                key: Some(key),
                uuid: handle.uuid().to_owned(),
                call_id: request.call_id().unwrap_or_default().to_owned(),
                signals,
                outbound: false,
                answered: false,
                answer_in_ack: offer.is_none(),
                ack_wanted: false,
                update: None,
                abilities: Abilities::of(request),
                plan: None,
                offer: None,
                redirects: 0,
            },
        );
        Ok(())
    }
}

/// Where requests to the caller go.
fn contact(request: &Request) -> Result<NameAddr, Refusal> {
    request
        .contacts()
        .ok()
        .and_then(|contacts| contacts.first().cloned())
        .filter(|contact| contact.uri.is_sip())
        .ok_or(Refusal::of(400, "Missing Contact Header"))
}

/// What the profile's lists say about a source.
pub(crate) fn by_list(
    conf: &ProfileConf,
    config: &ConfigSnapshot,
    flow: &Flow,
) -> Result<Admitted, Refusal> {
    let mut admitted = Admitted::default();
    let port = conf.acl_with_port.then_some(flow.peer.port());
    for acl in &conf.inbound_acls {
        let verdict = config.acls().check_port(&acl.list, flow.peer.ip(), port);
        if verdict.allowed {
            admitted.user = verdict.token.as_deref().and_then(|token| {
                let (user, domain) = token.split_once('@')?;
                config.directory().user(domain, user).cloned()
            });
            admitted.context = acl.pass.clone();
            admitted.acl = Some((acl.list.clone(), verdict.token));
            return Ok(admitted);
        }
    }
    if conf.inbound_acls.is_empty() || conf.auth_calls {
        return Ok(admitted);
    }
    match conf.inbound_acls.iter().find_map(|acl| acl.fail.clone()) {
        Some(context) => {
            admitted.context = Some(context);
            Ok(admitted)
        }
        None => Err(Refusal::of(403, "")),
    }
}

fn user_of_from(
    conf: &ProfileConf,
    config: &ConfigSnapshot,
    request: &Request,
) -> Option<Arc<User>> {
    let from = request.from().ok()?;
    let domain = conf
        .force_register_domain
        .clone()
        .unwrap_or_else(|| from.uri.host_text());
    config.directory().user(&domain, &from.uri.user()?).cloned()
}

/// Whether From names the user who proved to be there, by id or number, or nobody at all.
fn speaks_for_itself(user: &User, request: &Request) -> bool {
    let Ok(from) = request.from() else {
        return false;
    };
    let Some(name) = from.uri.user() else {
        return true;
    };
    name.is_empty()
        || name.eq_ignore_ascii_case("anonymous")
        || name.eq_ignore_ascii_case(&user.id)
        || user
            .number_alias
            .as_deref()
            .is_some_and(|alias| name.eq_ignore_ascii_case(alias))
}

/// Whether a body may be passed over (RFC 3261 §20.11).
fn is_optional(request: &Request) -> bool {
    request
        .get("Content-Disposition")
        .is_some_and(|value| value.to_ascii_lowercase().contains("handling=optional"))
}

fn is_plain_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@'))
}

fn with_disposition(mut variables: Variables, conf: &ProfileConf, offered: bool) -> Variables {
    let word = match (offered, conf.late_negotiation) {
        (false, _) => "RECEIVED_NOSDP",
        (true, true) => "DELAYED NEGOTIATION",
        (true, false) => "RECEIVED",
    };
    variables.set("endpoint_disposition", word);
    variables
}
