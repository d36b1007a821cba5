//! Requests outside calls, both ways: REGISTER, OPTIONS, MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH (RFC 3261 §8).

use std::time::Instant;

use crate::call::{ClientKey, ServerKey};
use crate::command::{Body, CommandError, HeaderList, OutgoingRequest};
use crate::draft::{Draft, check_line, check_parts, take_header};
use crate::entropy;
use crate::exchange::{Exchange, Hop, Purpose};
use crate::invite::Addresses;
use crate::message::Method;
use crate::options;
use crate::sip_core::SipCore;
use crate::transaction::TransactionKey;

impl SipCore {
    /// Sends a request outside any call; its outcome comes as [`UaEvent::Response`](crate::UaEvent::Response).
    ///
    /// # Errors
    /// When the method has its own order, a part is malformed, or the limit of transactions is reached.
    pub fn request(
        &mut self,
        now: Instant,
        order: OutgoingRequest,
    ) -> Result<ClientKey, CommandError> {
        if [
            Method::INVITE,
            Method::ACK,
            Method::BYE,
            Method::CANCEL,
            Method::PRACK,
        ]
        .contains(&order.method)
        {
            return Err(CommandError::WrongMethod(order.method.as_str().to_owned()));
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
        for (what, text) in [
            ("Contact", &contact),
            ("Call-ID", &order.call_id),
            ("sent-by", &order.sent_by),
        ] {
            check_line(what, text.as_deref().unwrap_or_default())?;
        }
        let tag = entropy::tag(&mut self.entropy);
        let parts = Addresses::read(
            &order.request_uri,
            &order.to,
            &order.from,
            Some(&tag),
            &order.route,
        )?;
        let mut all = self.own_headers(&headers);
        all.extend(headers);
        // These make a dialog or refresh one, so they need a Contact (RFC 6665, RFC 3515).
        let wants_contact =
            [Method::SUBSCRIBE, Method::NOTIFY, Method::REFER].contains(&order.method);
        let draft = Draft {
            uri: parts.uri,
            contact_user: (wants_contact && contact.is_none()).then_some(parts.user),
            from: parts.from,
            to: parts.to,
            call_id: order
                .call_id
                .unwrap_or_else(|| entropy::call_id(&mut self.entropy)),
            cseq: order.cseq.unwrap_or(1),
            routes: order.route,
            contact,
            credentials: Vec::new(),
            headers: all,
            body: order.body,
            method: order.method,
        };
        let hop = order.destination.map_or(
            Hop::Uri {
                uri: parts.next_hop,
                flow: None,
            },
            Hop::To,
        );
        let key = ClientKey(self.next_serial());
        let mut exchange = Exchange::new(Purpose::Request(key), draft, hop);
        exchange.account = order.credentials;
        exchange.sent_by = order.sent_by;
        self.start(now, exchange);
        Ok(key)
    }

    /// Answers a request of the peer, within a call or outside.
    ///
    /// # Errors
    /// When it was answered before or its time is over, or a part is malformed.
    pub fn respond(
        &mut self,
        now: Instant,
        key: ServerKey,
        status: u16,
        reason: &str,
        mut headers: HeaderList,
        body: Option<Body>,
    ) -> Result<(), CommandError> {
        if !(100..=699).contains(&status) {
            return Err(CommandError::WrongStatus {
                status,
                order: "respond",
                range: "100 to 699",
            });
        }
        check_parts(&headers, body.as_ref())?;
        check_line("reason phrase", reason)?;
        let transaction = TransactionKey(key.0);
        let server = self
            .transactions
            .server(transaction)
            .ok_or(CommandError::NoRequest(key))?;
        if server.method == Method::INVITE || server.request.is_none() {
            return Err(CommandError::NoRequest(key));
        }
        if server.method == Method::UPDATE
            && (200..300).contains(&status)
            && let Some(call) = server.call
        {
            let mut session = self.session_answer(now, call);
            if let Some(contact) = self.calls.get(&call).and_then(|call| call.contact.clone())
                && !crate::draft::has_header(&headers, "Contact")
            {
                session.push(("Contact".to_owned(), contact));
            }
            headers.extend(session);
        }
        if self.answer(now, transaction, status, reason, headers, body) {
            return Ok(());
        }
        Err(CommandError::NoRequest(key))
    }

    /// Answers OPTIONS with what we can do (RFC 3261 §11.2), beside these headers.
    ///
    /// # Errors
    /// As [`SipCore::respond`].
    pub fn respond_capabilities(
        &mut self,
        now: Instant,
        key: ServerKey,
        headers: HeaderList,
    ) -> Result<(), CommandError> {
        let mut all = options::capabilities(&self.config);
        all.extend(headers);
        self.respond(now, key, 200, "", all, None)
    }

    /// The To tag that our answers to this request carry: our side of the dialog that a SUBSCRIBE makes.
    pub fn tag_of_request(&self, key: ServerKey) -> Option<&str> {
        self.transactions
            .server(TransactionKey(key.0))
            .map(|server| server.tag.as_str())
    }
}
