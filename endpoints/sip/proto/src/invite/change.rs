//! Orders for calls that are up: change the session, send requests within it, say where they go.

use std::net::IpAddr;
use std::time::Instant;

use super::commands::{check_status, wrong};
use super::reinvite::Glare;
use super::{InDialogOrder, Planned, Stage};
#[cfg(doc)]
use crate::call::UaEvent;
use crate::call::{CallKey, ClientKey};
use crate::command::{Account, Body, CommandError, HeaderList};
use crate::draft::{check_line, check_parts};
use crate::exchange::Purpose;
use crate::flow::Destination;
use crate::message::{Method, NameAddr};
use crate::sip_core::SipCore;

impl SipCore {
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
        let response = Planned {
            status,
            reason: reason.to_owned(),
            headers: all,
            body,
        };
        self.send_answer(now, call, transaction, response);
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

    /// Takes requests within a call from this address too: another host of the same peer (the machine knows only the addresses
    /// that the call itself showed).
    ///
    /// # Errors
    /// When the call is gone.
    pub fn trust_source(&mut self, call: CallKey, address: IpAddr) -> Result<(), CommandError> {
        let known = self
            .calls
            .get_mut(&call)
            .ok_or(CommandError::NoCall(call))?;
        known.meet(address);
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
}
