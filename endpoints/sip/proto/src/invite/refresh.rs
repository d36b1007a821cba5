//! Session timers: both sides prove now and then that the call still lives (RFC 4028).

use std::time::{Duration, Instant};

use super::{InDialogOrder, InviteOut, Stage};
use crate::call::{CallKey, Failure, UaEvent};
use crate::command::{Body, HeaderList};
use crate::exchange::Purpose;
use crate::flow::Flow;
use crate::header::session_expires::{Refresher, SMALLEST_INTERVAL as LEAST};
use crate::message::{HeaderTable, Method, Request, Response};
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};

/// The longest we go along with, a day: timers beyond would outlive any reason to have one.
const MOST: u32 = 86_400;
/// How long before expiry a silent peer is given up: this, or a third of the interval when that is less (§10).
const MARGIN: u32 = 32;
/// A refresh that cannot be sent because something else is under way waits this long.
const BUSY: Duration = Duration::from_secs(2);

/// What a call knows of its session timer.
#[derive(Default)]
pub(crate) struct Session {
    caller: bool,
    peer_timer: bool,
    peer_update: bool,
    /// Of the peer's last INVITE or UPDATE: interval, and whether it named itself (`uac`) or us to refresh.
    asked: Option<(u32, Option<bool>)>,
    /// The interval in force.
    interval: Option<u32>,
    we_refresh: bool,
    /// Our last session description, for a refresh by re-INVITE.
    description: Option<Body>,
}

impl Session {
    /// A session of a call that we place.
    pub(crate) fn calling() -> Self {
        Self {
            caller: true,
            ..Self::default()
        }
    }

    /// Whether we placed the call, and so chose its Call-ID.
    pub(crate) fn is_caller(&self) -> bool {
        self.caller
    }

    /// Keeps our session description.
    pub(crate) fn remember(&mut self, body: &Body) {
        if body.0.starts_with("application/sdp") {
            self.description = Some(body.clone());
        }
    }

    /// Reads what the peer's INVITE or UPDATE says.
    pub(crate) fn hear_request(&mut self, request: &Request) {
        self.hear(request);
        self.asked = session_expires(request);
    }

    fn hear(&mut self, headers: &HeaderTable) {
        self.peer_timer = headers.supports("timer") || headers.require().contains(&"timer");
        if headers.has("Allow") {
            self.peer_update = headers.allow().contains(&"UPDATE");
        }
    }
}

impl SipCore {
    /// The least interval to tell a peer that asks for less (§9): with 422.
    pub(crate) fn too_short_a_session(&self, request: &Request) -> Option<u32> {
        let minimum = self.config.session_timer?.minimum.max(LEAST);
        let (asked, _) = session_expires(request)?;
        (asked < minimum).then_some(minimum)
    }

    /// What our INVITE, re-INVITE or UPDATE says.
    pub(crate) fn session_request(&self, key: CallKey) -> HeaderList {
        let Some(timer) = self.config.session_timer else {
            return Vec::new();
        };
        let session = self.calls.get(&key).map(|call| &call.session);
        let running = session.and_then(|session| session.interval);
        let mut headers = Vec::new();
        let interval = running.unwrap_or(timer.expires);
        if interval > 0 {
            let interval = interval.max(timer.minimum.max(LEAST));
            // Who refreshes now goes on to; `uac` is the sender of this request.
            let refresher = match (running, session.is_some_and(|session| session.we_refresh)) {
                (Some(_), true) => ";refresher=uac",
                (Some(_), false) => ";refresher=uas",
                (None, _) => "",
            };
            headers.push((
                "Session-Expires".to_owned(),
                format!("{interval}{refresher}"),
            ));
            headers.push(("Min-SE".to_owned(), timer.minimum.max(LEAST).to_string()));
        }
        headers
    }

    /// What our 2xx says; arms the timer (§9).
    pub(crate) fn session_answer(&mut self, now: Instant, key: CallKey) -> HeaderList {
        let (Some(timer), Some(call)) = (self.config.session_timer, self.calls.get_mut(&key))
        else {
            return Vec::new();
        };
        let session = &mut call.session;
        let (interval, peer_refreshes) = match session.asked {
            Some((asked, refresher)) => (asked, refresher.unwrap_or(session.peer_timer)),
            None if timer.expires > 0 => (timer.expires.max(LEAST), false),
            None => {
                session.interval = None;
                self.timers.cancel(Owner::Call(key), Timer::Refresh);
                self.timers.cancel(Owner::Call(key), Timer::Expire);
                return Vec::new();
            }
        };
        let interval = interval.min(MOST);
        session.interval = Some(interval);
        session.we_refresh = !peer_refreshes;
        let refresher = if peer_refreshes { "uac" } else { "uas" };
        let mut headers = Vec::new();
        if session.peer_timer {
            headers.push((
                "Session-Expires".to_owned(),
                format!("{interval};refresher={refresher}"),
            ));
        }
        if peer_refreshes {
            headers.push(("Require".to_owned(), "timer".to_owned()));
        }
        self.arm_session(now, key);
        headers
    }

    /// Reads what the peer's 2xx says; arms the timer (§7.2).
    pub(crate) fn session_agreed(&mut self, now: Instant, key: CallKey, response: &Response) {
        let (Some(_), Some(call)) = (self.config.session_timer, self.calls.get_mut(&key)) else {
            return;
        };
        call.session.hear(response);
        match session_expires(response) {
            Some((interval, refresher)) => {
                call.session.interval = Some(interval.clamp(LEAST, MOST));
                call.session.we_refresh = refresher.unwrap_or(true);
                self.arm_session(now, key);
            }
            None => {
                call.session.interval = None;
                self.timers.cancel(Owner::Call(key), Timer::Refresh);
                self.timers.cancel(Owner::Call(key), Timer::Expire);
            }
        }
    }

    fn arm_session(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get(&key) else {
            return;
        };
        let Some(interval) = call.session.interval else {
            return;
        };
        let owner = Owner::Call(key);
        if call.session.we_refresh {
            self.timers.cancel(owner, Timer::Expire);
            self.timers
                .set(owner, Timer::Refresh, now + seconds(interval / 2));
        } else {
            self.timers.cancel(owner, Timer::Refresh);
            self.timers.set(
                owner,
                Timer::Expire,
                now + seconds(interval - MARGIN.min(interval / 3)),
            );
        }
    }

    /// Time to refresh: by UPDATE, or by the same offer again when the peer knows no UPDATE.
    pub(super) fn refresh_session(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get(&key) else {
            return;
        };
        if call.stage != Stage::Up {
            return;
        }
        if call.invite_out.is_some() || call.invite_in.is_some() || call.unacked.is_some() {
            self.timers
                .set(Owner::Call(key), Timer::Refresh, now + BUSY);
            return;
        }
        let by_invite = !call.session.peer_update && call.session.description.is_some();
        let body = call.session.description.clone().filter(|_| by_invite);
        let mut headers = crate::options::session(&self.config);
        headers.extend(self.session_request(key));
        let method = if by_invite {
            Method::INVITE
        } else {
            Method::UPDATE
        };
        let order = InDialogOrder {
            method,
            purpose: Purpose::Refresh(key),
            cseq: None,
            headers,
            body,
        };
        let Some(exchange) = self.send_in_dialog(now, key, order) else {
            return;
        };
        if by_invite
            && self.exchanges.contains_key(&exchange)
            && let Some(call) = self.calls.get_mut(&key)
        {
            call.invite_out = Some(InviteOut {
                exchange,
                answered: None,
            });
        }
    }

    /// The outcome of a refresh, other than a 2xx to a re-INVITE.
    pub(crate) fn refresh_done(
        &mut self,
        now: Instant,
        key: CallKey,
        outcome: Result<(Response, Flow), Failure>,
    ) {
        let Some(call) = self.calls.get_mut(&key) else {
            return;
        };
        call.invite_out = None;
        if call.stage != Stage::Up {
            return;
        }
        match outcome {
            Ok((response, _)) if response.is_success() => {
                if let Some(dialog) = call.dialog.as_mut() {
                    dialog.refresh(&response);
                }
                self.session_agreed(now, key, &response);
            }
            Ok((response, _)) if !matches!(response.status(), 408 | 481) => {
                // 491 passes; anything else is as good as a sign of life, and the next attempt may do better.
                self.timers
                    .set(Owner::Call(key), Timer::Refresh, now + BUSY * 5);
            }
            _ => self.session_expired(now, key),
        }
    }

    /// The peer is silent: the call ends (§10).
    pub(super) fn session_expired(&mut self, now: Instant, key: CallKey) {
        self.event(UaEvent::SessionExpired { call: key });
        let reason = (
            "Reason".to_owned(),
            "SIP;cause=408;text=\"Session Expired\"".to_owned(),
        );
        self.send_bye(now, key, vec![reason]);
    }

    /// A request within a call, sent by order, was answered.
    pub(crate) fn in_dialog_answered(
        &mut self,
        key: CallKey,
        method: &Method,
        response: &Response,
    ) {
        if crate::dialog::refreshes(method)
            && response.is_success()
            && let Some(dialog) = self
                .calls
                .get_mut(&key)
                .and_then(|call| call.dialog.as_mut())
        {
            dialog.refresh(response);
        }
    }
}

/// Session-Expires: the interval, and whether `uac` is to refresh, when it says so.
fn session_expires(headers: &HeaderTable) -> Option<(u32, Option<bool>)> {
    let value = headers.session_expires().ok()??;
    Some((
        value.seconds,
        value.refresher.map(|refresher| refresher == Refresher::Uac),
    ))
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}
