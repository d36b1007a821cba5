//! Orders for calls: place, ring, answer, refuse, change, end.

use std::time::Instant;

use super::reinvite::Glare;
use super::{Call, InDialogOrder, InviteOut, Stage};
#[cfg(doc)]
use crate::call::UaEvent;
use crate::call::{CallKey, ClientKey, Failure};
use crate::command::{Account, Body, CommandError, HeaderList, OutgoingInvite};
use crate::config::RING;
use crate::draft::{Draft, check_line, check_parts, has_header, take_header};
use crate::entropy;
use crate::exchange::{Exchange, Hop, Purpose};
use crate::flow::Destination;
use crate::message::{Method, NameAddr, Uri};
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
        self.answer(now, transaction, status, reason, headers, body);
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
        self.send_answer(now, call, transaction, 200, "", all, body);
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

    /// Sends a re-INVITE with this offer, or without an offer. After 491 it is tried again by itself.
    ///
    /// # Errors
    /// When the call is gone, not answered, or another change of the session is under way.
    pub fn reinvite(
        &mut self,
        now: Instant,
        call: CallKey,
        body: Option<Body>,
    ) -> Result<(), CommandError> {
        self.reinvite_with(now, call, Vec::new(), body)
    }

    /// Like [`SipCore::reinvite`], with more header fields.
    ///
    /// # Errors
    /// As [`SipCore::reinvite`], or when a header is malformed.
    pub fn reinvite_with(
        &mut self,
        now: Instant,
        call: CallKey,
        headers: HeaderList,
        body: Option<Body>,
    ) -> Result<(), CommandError> {
        check_parts(&headers, body.as_ref())?;
        let known = self.calls.get(&call).ok_or(CommandError::NoCall(call))?;
        let order = "send a re-INVITE";
        if known.stage != Stage::Up || known.bye.is_some() {
            return Err(wrong(call, order, "it is not answered, or ending"));
        }
        if known.unacked.is_some() {
            return Err(wrong(call, order, "our last 2xx is not acknowledged yet"));
        }
        if known.invite_in.is_some() || known.invite_out.is_some() || known.glare.is_some() {
            return Err(wrong(call, order, "another re-INVITE is under way"));
        }
        self.send_reinvite(
            now,
            call,
            Glare {
                headers,
                body,
                attempts: 0,
            },
        );
        Ok(())
    }

    /// Answers the re-INVITE of [`UaEvent::Reinvite`].
    ///
    /// # Errors
    /// When the call is gone or no re-INVITE awaits an answer.
    pub fn answer_reinvite(
        &mut self,
        now: Instant,
        call: CallKey,
        status: u16,
        body: Option<Body>,
    ) -> Result<(), CommandError> {
        self.answer_reinvite_with(now, call, status, "", Vec::new(), body)
    }

    /// Like [`SipCore::answer_reinvite`], with a reason phrase and more header fields.
    ///
    /// # Errors
    /// As [`SipCore::answer_reinvite`], or when a part is malformed.
    pub fn answer_reinvite_with(
        &mut self,
        now: Instant,
        call: CallKey,
        status: u16,
        reason: &str,
        headers: HeaderList,
        body: Option<Body>,
    ) -> Result<(), CommandError> {
        check_status(status, 101..=699, "answer a re-INVITE", "101 to 699")?;
        check_parts(&headers, body.as_ref())?;
        check_line("reason phrase", reason)?;
        let known = self.calls.get(&call).ok_or(CommandError::NoCall(call))?;
        let Some(transaction) = known.invite_in.filter(|_| known.stage == Stage::Up) else {
            return Err(wrong(call, "answer a re-INVITE", "none awaits an answer"));
        };
        if !(200..300).contains(&status) {
            if status >= 300
                && let Some(known) = self.calls.get_mut(&call)
            {
                known.invite_in = None;
            }
            self.answer(now, transaction, status, reason, headers, body);
            return Ok(());
        }
        let request = self
            .transactions
            .server(transaction)
            .and_then(|server| server.request.clone());
        if let (Some(known), Some(request)) = (self.calls.get_mut(&call), request) {
            if let Some(dialog) = known.dialog.as_mut() {
                dialog.refresh(&request);
            }
            if let Some(body) = &body {
                known.session.remember(body);
            }
        }
        let mut all = self.session_answer(now, call);
        all.extend(self.dialog_headers(call, headers));
        self.send_answer(now, call, transaction, status, reason, all, body);
        Ok(())
    }

    /// Sends INFO within a call (RFC 6086); its outcome comes as [`UaEvent::Response`].
    ///
    /// # Errors
    /// As [`SipCore::request_in_dialog`].
    pub fn info(
        &mut self,
        now: Instant,
        call: CallKey,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<ClientKey, CommandError> {
        self.request_in_dialog(
            now,
            call,
            Method::INFO,
            Vec::new(),
            Some((content_type.to_owned(), body)),
        )
    }

    /// Sends any other request within a call: REFER, NOTIFY, MESSAGE, UPDATE, OPTIONS … Its outcome comes as
    /// [`UaEvent::Response`].
    ///
    /// # Errors
    /// When the call is gone or has no dialog yet, the method has its own order, or a part is malformed.
    pub fn request_in_dialog(
        &mut self,
        now: Instant,
        call: CallKey,
        method: Method,
        headers: HeaderList,
        body: Option<Body>,
    ) -> Result<ClientKey, CommandError> {
        if [
            Method::INVITE,
            Method::ACK,
            Method::BYE,
            Method::CANCEL,
            Method::PRACK,
        ]
        .contains(&method)
        {
            return Err(CommandError::WrongMethod(method.as_str().to_owned()));
        }
        check_parts(&headers, body.as_ref())?;
        let known = self.calls.get(&call).ok_or(CommandError::NoCall(call))?;
        if known.stage == Stage::Ending || known.dialog.is_none() {
            return Err(wrong(
                call,
                "send a request",
                "it has no dialog yet, or is ending",
            ));
        }
        let client = ClientKey(self.next_serial());
        let order = InDialogOrder {
            method,
            purpose: Purpose::InDialog(call, client),
            cseq: None,
            headers,
            body,
        };
        self.send_in_dialog(now, call, order);
        Ok(client)
    }

    /// Sends everything within the call there from now on, whatever Contact says (peers behind NAT); `None` undoes it.
    ///
    /// # Errors
    /// When the call is gone.
    pub fn pin(
        &mut self,
        call: CallKey,
        destination: Option<Destination>,
    ) -> Result<(), CommandError> {
        let known = self
            .calls
            .get_mut(&call)
            .ok_or(CommandError::NoCall(call))?;
        if let Some(destination) = &destination {
            known.meet(destination.peer().ip());
        }
        known.pinned = destination;
        Ok(())
    }

    /// Host and port for Via and the default Contact of what we send within a call that came in.
    ///
    /// # Errors
    /// When the call is gone or the text malformed.
    pub fn set_sent_by(&mut self, call: CallKey, sent_by: &str) -> Result<(), CommandError> {
        check_line("sent-by", sent_by)?;
        let known = self
            .calls
            .get_mut(&call)
            .ok_or(CommandError::NoCall(call))?;
        if let Some(flow) = known.flow {
            let user = known
                .contact
                .as_deref()
                .and_then(|contact| NameAddr::parse(contact).ok())
                .and_then(|contact| contact.uri.raw_user().map(str::to_owned))
                .unwrap_or_default();
            known.contact = Some(crate::exchange::contact(&user, sent_by, flow.transport));
        }
        known.sent_by = Some(sent_by.to_owned());
        Ok(())
    }

    /// How our requests within a call that came in answer a challenge.
    ///
    /// # Errors
    /// When the call is gone.
    pub fn set_credentials(
        &mut self,
        call: CallKey,
        credentials: Option<Account>,
    ) -> Result<(), CommandError> {
        let known = self
            .calls
            .get_mut(&call)
            .ok_or(CommandError::NoCall(call))?;
        known.account = credentials;
        Ok(())
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
    fn dialog_headers(&mut self, call: CallKey, mut headers: HeaderList) -> HeaderList {
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

/// The addresses of a request outside dialogs, read and completed.
pub(crate) struct Addresses {
    pub(crate) uri: Uri,
    pub(crate) to: String,
    pub(crate) from: String,
    /// The user of From, for a default Contact.
    pub(crate) user: String,
    pub(crate) next_hop: Uri,
}

impl Addresses {
    /// Reads them; `tag` is added to a From without one.
    pub(crate) fn read(
        uri: &str,
        to: &str,
        from: &str,
        tag: Option<&str>,
        route: &[String],
    ) -> Result<Self, CommandError> {
        let read_uri = Uri::parse(uri).map_err(|error| malformed("Request-URI", uri, error))?;
        let to = match to {
            "" => NameAddr::new(read_uri.clone()),
            to => NameAddr::parse(to).map_err(|error| malformed("To", to, error))?,
        };
        let mut from = NameAddr::parse(from).map_err(|error| malformed("From", from, error))?;
        if let (None, Some(tag)) = (from.tag(), tag) {
            from = from.with_tag(tag);
        }
        let mut next_hop = read_uri.clone();
        for (place, hop) in route.iter().enumerate() {
            let hop = NameAddr::parse(hop).map_err(|error| malformed("Route", hop, error))?;
            if place == 0 {
                next_hop = hop.uri;
            }
        }
        Ok(Self {
            uri: read_uri.without_headers(),
            to: to.to_string(),
            user: from.uri.raw_user().unwrap_or_default().to_owned(),
            from: from.to_string(),
            next_hop,
        })
    }
}

fn malformed(what: &'static str, value: &str, error: impl std::fmt::Display) -> CommandError {
    CommandError::Malformed {
        what,
        value: value.escape_debug().to_string(),
        reason: error.to_string(),
    }
}

fn wrong(call: CallKey, order: &'static str, state: &'static str) -> CommandError {
    CommandError::WrongState { call, order, state }
}

fn check_status(
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
