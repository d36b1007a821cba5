//! Orders for calls: place, acknowledge, ring, answer, refuse, end.

use std::time::Instant;

use super::addresses::Addresses;
use super::prack::OPTION;
use super::{Call, InviteOut, Planned, Stage};
#[cfg(doc)]
use crate::call::UaEvent;
use crate::call::{CallKey, Failure};
use crate::command::{Body, CommandError, HeaderList, OutgoingInvite};
use crate::config::RING;
use crate::draft::{Draft, check_line, check_parts, has_header, take_header};
use crate::entropy;
use crate::exchange::{Exchange, Hop, Purpose};
use crate::message::Method;
use crate::options;
use crate::sip_core::SipCore;
use crate::timer::{Owner, Timer};
use crate::transaction::TransactionKey;

impl SipCore {
    /// Places a call. What follows is [`UaEvent::Provisional`], then exactly one of `Answered` and `Rejected`.
    ///
    /// # Errors
    /// When a part of the order is malformed or the limit of calls is reached; then nothing is sent.
    pub fn invite(&mut self, now: Instant, order: OutgoingInvite) -> Result<CallKey, CommandError> {
        if self.calls.len() >= self.config.max_calls {
            return Err(CommandError::Full {
                what: "call",
                limit: self.config.max_calls,
            });
        }
        if self.transactions.len() >= self.config.max_transactions {
            return Err(CommandError::Full {
                what: "transaction",
                limit: self.config.max_transactions,
            });
        }
        let mut headers = order.headers;
        check_parts(&headers, order.body.as_ref())?;
        let contact = order.contact.or(take_header(&mut headers, "Contact"));
        let tag = entropy::tag(&mut self.entropy);
        let parts = Addresses::read(
            &order.request_uri,
            &order.to,
            &order.from,
            Some(&tag),
            &order.route,
        )?;
        for (what, text) in [
            ("Contact", &contact),
            ("Call-ID", &order.call_id),
            ("sent-by", &order.sent_by),
        ] {
            check_line(what, text.as_deref().unwrap_or_default())?;
        }
        let key = CallKey(self.next_serial());
        let mut call = Call::new(Stage::Calling);
        call.contact.clone_from(&contact);
        call.sent_by.clone_from(&order.sent_by);
        call.account.clone_from(&order.credentials);
        call.pinned = order.destination.clone().filter(|_| order.pinned);
        call.patience = order.patience;
        if let Some(body) = &order.body {
            call.session.remember(body);
        }
        self.calls.insert(key, call);
        let mut all = self.own_headers(&headers);
        if order.body.is_none() {
            // A reliable response would carry the offer, and PRACK would owe an answer that nobody gave us.
            for (_, tags) in all.iter_mut().filter(|(name, _)| name == "Supported") {
                let rest: Vec<&str> = tags.split(", ").filter(|tag| *tag != OPTION).collect();
                *tags = rest.join(", ");
            }
        }
        all.extend(self.session_request(key));
        all.extend(headers);
        let draft = Draft {
            method: Method::INVITE,
            uri: parts.uri,
            contact_user: contact.is_none().then_some(parts.user),
            from: parts.from,
            to: parts.to,
            call_id: order
                .call_id
                .unwrap_or_else(|| entropy::call_id(&mut self.entropy)),
            cseq: 1,
            routes: order.route,
            contact,
            credentials: Vec::new(),
            headers: all,
            body: order.body,
        };
        let hop = order.destination.map_or(
            Hop::Uri {
                uri: parts.next_hop,
                flow: None,
            },
            Hop::To,
        );
        let mut exchange = Exchange::new(Purpose::Invite(key), draft, hop);
        exchange.account = order.credentials;
        exchange.sent_by = order.sent_by;
        self.timers.set(
            Owner::Call(key),
            Timer::Ring,
            now + order.patience.unwrap_or(RING),
        );
        let exchange = self.start(now, exchange);
        if let Some(call) = self.calls.get_mut(&key) {
            call.invite_out = Some(InviteOut {
                exchange,
                answered: None,
            });
        }
        Ok(key)
    }

    /// Acknowledges the 2xx of [`UaEvent::Answered`] or [`UaEvent::ReinviteAnswered`]; the body is the answer when the
    /// 2xx carried the offer. The ACK is repeated by itself whenever the 2xx is.
    ///
    /// # Errors
    /// When the call is gone or no 2xx awaits its ACK.
    pub fn ack(
        &mut self,
        now: Instant,
        call: CallKey,
        body: Option<Body>,
    ) -> Result<(), CommandError> {
        check_parts(&[], body.as_ref())?;
        let known = self
            .calls
            .get_mut(&call)
            .ok_or(CommandError::NoCall(call))?;
        if let Some(body) = &body {
            known.session.remember(body);
        }
        if self.acknowledge_answer(now, call, body) {
            return Ok(());
        }
        Err(wrong(call, "acknowledge", "no 2xx awaits an ACK"))
    }

    /// Sends a provisional response, 101 to 199, to a call that came in.
    ///
    /// # Errors
    /// When the call is gone or answered, or a part is malformed.
    pub fn provisional(
        &mut self,
        now: Instant,
        call: CallKey,
        status: u16,
        reason: &str,
        headers: HeaderList,
        body: Option<Body>,
    ) -> Result<(), CommandError> {
        check_status(status, 101..=199, "provisional", "101 to 199")?;
        let (transaction, headers) = self.incoming(
            call,
            "send a provisional response",
            reason,
            headers,
            body.as_ref(),
        )?;
        let reason = reason.to_owned();
        let response = Planned {
            status,
            reason,
            headers,
            body,
        };
        self.send_provisional(now, call, transaction, response);
        Ok(())
    }

    /// Answers a call that came in with 200, repeated until its ACK.
    ///
    /// # Errors
    /// When the call is gone or answered, or a part is malformed.
    pub fn accept(
        &mut self,
        now: Instant,
        call: CallKey,
        headers: HeaderList,
        body: Option<Body>,
    ) -> Result<(), CommandError> {
        let (transaction, headers) = self.incoming(call, "accept", "", headers, body.as_ref())?;
        let mut all = self.session_answer(now, call);
        all.extend(headers);
        if let Some(known) = self.calls.get_mut(&call) {
            known.stage = Stage::Up;
            if let Some(body) = &body {
                known.session.remember(body);
            }
        }
        let response = Planned {
            status: 200,
            reason: String::new(),
            headers: all,
            body,
        };
        self.send_answer(now, call, transaction, response);
        Ok(())
    }

    /// Refuses a call that came in with 300 to 699; `Terminated` follows.
    ///
    /// # Errors
    /// When the call is gone or answered, or a part is malformed.
    pub fn reject(
        &mut self,
        now: Instant,
        call: CallKey,
        status: u16,
        reason: &str,
        headers: HeaderList,
    ) -> Result<(), CommandError> {
        check_status(status, 300..=699, "reject", "300 to 699")?;
        check_parts(&headers, None)?;
        check_line("reason phrase", reason)?;
        let transaction = self.pending_invite(call, "reject")?;
        self.answer(now, transaction, status, reason, headers, None);
        self.finish(call);
        Ok(())
    }

    /// Ends a call in whatever state it is: refuses it with `status_if_unanswered` when it came in and was not answered,
    /// cancels it when it was placed and not answered (`Rejected` with [`Failure::Cancelled`] comes at once), or sends BYE. The headers, such
    /// as Reason, go with whichever message that is. `Terminated` follows.
    ///
    /// # Errors
    /// When the call is gone or a part is malformed.
    pub fn hangup(
        &mut self,
        now: Instant,
        call: CallKey,
        headers: HeaderList,
        status_if_unanswered: u16,
    ) -> Result<(), CommandError> {
        check_parts(&headers, None)?;
        let known = self
            .calls
            .get_mut(&call)
            .ok_or(CommandError::NoCall(call))?;
        match known.stage {
            Stage::Incoming => self.reject(now, call, status_if_unanswered, "", headers),
            Stage::Calling => {
                self.give_up(now, call, Failure::Cancelled, headers);
                Ok(())
            }
            Stage::Up if known.unacked.is_some() => {
                // The called side has to wait for the ACK or its absence (RFC 3261 §15).
                known.bye = Some(headers);
                Ok(())
            }
            Stage::Up => {
                self.send_bye(now, call, headers);
                Ok(())
            }
            Stage::Ending => Ok(()),
        }
    }

    /// The INVITE of a call that awaits its first final answer.
    fn pending_invite(
        &self,
        call: CallKey,
        order: &'static str,
    ) -> Result<TransactionKey, CommandError> {
        let known = self.calls.get(&call).ok_or(CommandError::NoCall(call))?;
        known
            .invite_in
            .filter(|_| known.stage == Stage::Incoming)
            .ok_or(wrong(
                call,
                order,
                "it did not come in, or is answered already",
            ))
    }

    fn incoming(
        &mut self,
        call: CallKey,
        order: &'static str,
        reason: &str,
        headers: HeaderList,
        body: Option<&Body>,
    ) -> Result<(TransactionKey, HeaderList), CommandError> {
        check_parts(&headers, body)?;
        check_line("reason phrase", reason)?;
        let transaction = self.pending_invite(call, order)?;
        Ok((transaction, self.dialog_headers(call, headers)))
    }

    /// Contact, Allow and Supported before the headers of an order; a Contact in the order is kept for the whole call.
    pub(super) fn dialog_headers(&mut self, call: CallKey, mut headers: HeaderList) -> HeaderList {
        let given = take_header(&mut headers, "Contact");
        let mut all = Vec::with_capacity(headers.len() + 3);
        if let Some(known) = self.calls.get_mut(&call) {
            if given.is_some() {
                known.contact = given;
            }
            if let Some(contact) = &known.contact {
                all.push(("Contact".to_owned(), contact.clone()));
            }
        }
        all.extend(
            options::session(&self.config)
                .into_iter()
                .filter(|(name, _)| !has_header(&headers, name)),
        );
        all.extend(headers);
        all
    }

    /// User-Agent, Allow and Supported, unless the order has its own.
    pub(crate) fn own_headers(&self, given: &[(String, String)]) -> HeaderList {
        let mut headers = options::session(&self.config);
        if let Some(agent) = &self.config.user_agent {
            headers.insert(0, ("User-Agent".to_owned(), agent.clone()));
        }
        headers.retain(|(name, _)| !has_header(given, name));
        headers
    }
}

pub(super) fn wrong(call: CallKey, order: &'static str, state: &'static str) -> CommandError {
    CommandError::WrongState { call, order, state }
}

pub(super) fn check_status(
    status: u16,
    allowed: std::ops::RangeInclusive<u16>,
    order: &'static str,
    range: &'static str,
) -> Result<(), CommandError> {
    if allowed.contains(&status) {
        return Ok(());
    }
    Err(CommandError::WrongStatus {
        status,
        order,
        range,
    })
}
