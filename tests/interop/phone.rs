//! A plain SIP phone of our own, for what the ready-made ones do not let a test see or forge.

use crate::exchange::{Exchange, User};
use crate::rtp::Rtp;
use crate::sip_wire::{Challenge, Dialog, Message, Wire, response, unique};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// Waiting for an answer to a request.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Before the first repetition of a request over UDP (RFC 3261 timer T1).
const T1: Duration = Duration::from_millis(500);

/// What came back to a request: the final response, and the challenge that was answered on the way.
pub struct Reply {
    /// The final response.
    pub message: Message,
    /// Status code of it.
    pub status: u16,
}

/// One phone line of a user.
pub struct Line {
    /// The way to the exchange.
    pub wire: Wire,
    /// Login.
    pub user: String,
    /// Password.
    pub password: String,
    domain: String,
    registration: Dialog,
    waiting: Vec<Message>,
}

impl Line {
    /// A phone at 127.0.0.1 over UDP. Nothing is sent yet.
    pub fn new(exchange: &Exchange, user: &User) -> Line {
        Line::over(
            Wire::udp(IpAddr::V4(Ipv4Addr::LOCALHOST), exchange.address()),
            user,
        )
    }

    /// A phone on that wire.
    pub fn over(wire: Wire, user: &User) -> Line {
        let own = format!("sip:{}@{}", user.user, user.domain);
        Line {
            wire,
            user: user.user.clone(),
            password: user.password.clone(),
            registration: Dialog::new(&format!("sip:{}", user.domain), &own, &own),
            domain: user.domain.clone(),
            waiting: Vec::new(),
        }
    }

    /// Own Contact header line.
    pub fn contact(&self) -> String {
        let transport = if self.wire.transport() == "TCP" {
            ";transport=tcp"
        } else {
            ""
        };
        format!(
            "Contact: <sip:{}@{}{transport}>\r\n",
            self.user,
            self.wire.local()
        )
    }

    /// A new dialog from this user to another number of the domain.
    pub fn dialog_to(&self, number: &str) -> Dialog {
        let target = format!("sip:{number}@{}", self.domain);
        Dialog::new(
            &target,
            &format!("sip:{}@{}", self.user, self.domain),
            &target,
        )
    }

    /// Sends a request and waits for its final response. No challenge is answered. None: no answer.
    pub fn ask(&mut self, text: &str, method: &str, call_id: &str) -> Option<Reply> {
        let start = Instant::now();
        let (mut next_repeat, mut pause) = (start + T1, T1);
        let mut provisional = false;
        self.wire.send(text.as_bytes());
        while start.elapsed() < ANSWER_LIMIT {
            let Some(message) = self.wire.receive(Duration::from_millis(100)) else {
                if !provisional && self.wire.transport() == "UDP" && Instant::now() >= next_repeat {
                    self.wire.send(text.as_bytes());
                    pause *= 2;
                    next_repeat = Instant::now() + pause;
                }
                continue;
            };
            match message.status() {
                Some(status)
                    if message.is_about(method) && message.header("Call-ID") == Some(call_id) =>
                {
                    if status >= 200 {
                        return Some(Reply { message, status });
                    }
                    provisional = true;
                }
                Some(_) => {}
                None => self.incoming(message),
            }
        }
        None
    }

    /// What the exchange asks of its own accord: pings and notes are answered, the rest is kept.
    fn incoming(&mut self, request: Message) {
        match request.method() {
            Some("OPTIONS" | "NOTIFY") => {
                self.wire
                    .send(response(&request, "200 OK", "phone", "", "").as_bytes());
            }
            _ => self.waiting.push(request),
        }
    }

    /// The next request of that method, also one that came while something else was done.
    pub fn await_request(&mut self, method: &str, limit: Duration) -> Option<Message> {
        let end = Instant::now() + limit;
        loop {
            if let Some(at) = self
                .waiting
                .iter()
                .position(|one| one.method() == Some(method))
            {
                return Some(self.waiting.remove(at));
            }
            let left = end.checked_duration_since(Instant::now())?;
            if let Some(message) = self.wire.receive(left)
                && message.status().is_none()
            {
                self.incoming(message);
            }
        }
    }

    /// A request of a dialog with its challenge answered.
    pub fn request(
        &mut self,
        dialog: &mut Dialog,
        method: &str,
        extra: &str,
        body: &str,
    ) -> Option<Reply> {
        dialog.cseq += 1;
        let branch = unique();
        let text = dialog.request(method, &self.wire, &branch, extra, body);
        let first = self.ask(&text, method, &dialog.call_id)?;
        if method == "INVITE" && first.status >= 300 {
            self.acknowledge(dialog, &first.message, &branch);
        }
        let Some(challenge) = first
            .message
            .challenge()
            .filter(|_| matches!(first.status, 401 | 407))
        else {
            return Some(first);
        };
        self.request_with(dialog, method, extra, body, &challenge)
    }

    /// A request that answers this challenge.
    pub fn request_with(
        &mut self,
        dialog: &mut Dialog,
        method: &str,
        extra: &str,
        body: &str,
        challenge: &Challenge,
    ) -> Option<Reply> {
        dialog.cseq += 1;
        let proof = challenge.answer(method, &dialog.target, &self.user, &self.password, 1);
        let branch = unique();
        let text = dialog.request(
            method,
            &self.wire,
            &branch,
            &format!("{extra}{proof}"),
            body,
        );
        let second = self.ask(&text, method, &dialog.call_id)?;
        if method == "INVITE" && second.status >= 300 {
            self.acknowledge(dialog, &second.message, &branch);
        }
        Some(second)
    }

    /// ACK of a failure: same branch, To of the response (RFC 3261 §17.1.1.3).
    fn acknowledge(&mut self, dialog: &Dialog, failure: &Message, branch: &str) {
        let mut dialog = dialog.clone();
        dialog.to = failure.header("To").unwrap_or_default().to_owned();
        let text = dialog.request("ACK", &self.wire, branch, "", "");
        self.wire.send(text.as_bytes());
    }

    /// Registers for that many seconds (0 = signs off) and returns the status code.
    pub fn register(&mut self, seconds: u32) -> u16 {
        let contact = self.contact();
        self.register_contact(&contact, seconds)
    }

    /// Registers another program of this machine as this user's phone.
    pub fn register_at(&mut self, port: u16, seconds: u32) -> u16 {
        let contact = format!("Contact: <sip:{}@127.0.0.1:{port}>\r\n", self.user);
        self.register_contact(&contact, seconds)
    }

    fn register_contact(&mut self, contact: &str, seconds: u32) -> u16 {
        let extra = format!("{contact}Expires: {seconds}\r\n");
        let mut dialog = self.registration.clone();
        let reply = self.request(&mut dialog, "REGISTER", &extra, "");
        self.registration = dialog;
        reply.map_or(0, |reply| reply.status)
    }

    /// Calls a number; the status code when the call fails (0: no answer).
    pub fn call(&mut self, number: &str) -> Result<Call<'_>, u16> {
        let rtp = Rtp::open(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let mut dialog = self.dialog_to(number);
        let extra = self.contact();
        let reply = self
            .request(&mut dialog, "INVITE", &extra, &rtp.offer("sendrecv"))
            .ok_or(0_u16)?;
        if reply.status >= 300 {
            return Err(reply.status);
        }
        let mut call = Call {
            line: self,
            dialog,
            rtp,
        };
        call.confirm(&reply.message);
        Ok(call)
    }

    /// Picks up the next call.
    pub fn answer(&mut self, limit: Duration) -> Option<Call<'_>> {
        let invite = self.await_request("INVITE", limit)?;
        let mut rtp = Rtp::open(IpAddr::V4(Ipv4Addr::LOCALHOST));
        rtp.set_remote(&invite.body);
        let tag = unique();
        self.wire
            .send(response(&invite, "180 Ringing", &tag, &self.contact(), "").as_bytes());
        let text = response(
            &invite,
            "200 OK",
            &tag,
            &self.contact(),
            &rtp.offer("sendrecv"),
        );
        self.wire.send(text.as_bytes());
        self.await_request("ACK", ANSWER_LIMIT)?;
        let header = |name| invite.header(name).unwrap_or_default().to_owned();
        let dialog = Dialog {
            target: uri_of(&header("Contact")),
            from: format!("{};tag={tag}", header("To")),
            to: header("From"),
            call_id: header("Call-ID"),
            cseq: 1,
        };
        Some(Call {
            line: self,
            dialog,
            rtp,
        })
    }
}

/// The URI between `<` and `>`.
fn uri_of(value: &str) -> String {
    let inner = value.split_once('<').map_or(value, |(_, rest)| rest);
    inner
        .split_once('>')
        .map_or(inner, |(uri, _)| uri)
        .to_owned()
}

/// An answered call.
pub struct Call<'a> {
    line: &'a mut Line,
    /// Its dialog.
    pub dialog: Dialog,
    /// Its audio.
    pub rtp: Rtp,
}

impl Call<'_> {
    fn confirm(&mut self, answer: &Message) {
        self.dialog.to = answer.header("To").unwrap_or_default().to_owned();
        if let Some(contact) = answer.header("Contact") {
            self.dialog.target = uri_of(contact);
        }
        self.rtp.set_remote(&answer.body);
        let text = self
            .dialog
            .request("ACK", &self.line.wire, &unique(), "", "");
        self.line.wire.send(text.as_bytes());
    }

    /// Changes the direction of the audio by re-INVITE: `sendonly` is hold. The answer's direction line.
    pub fn change(&mut self, direction: &str) -> Message {
        let extra = self.line.contact();
        let offer = self.rtp.offer(direction);
        let reply = self
            .line
            .request(&mut self.dialog, "INVITE", &extra, &offer)
            .expect("a re-INVITE is answered");
        assert_eq!(reply.status, 200, "re-INVITE: {}", reply.message.start);
        self.confirm(&reply.message);
        reply.message
    }

    /// Hangs up; the status of the answer.
    pub fn hang_up(&mut self) -> u16 {
        self.line
            .request(&mut self.dialog, "BYE", "", "")
            .map_or(0, |reply| reply.status)
    }

    /// Whether the exchange ends the call within that time.
    pub fn ended(&mut self, limit: Duration) -> bool {
        let Some(bye) = self.line.await_request("BYE", limit) else {
            return false;
        };
        self.line
            .wire
            .send(response(&bye, "200 OK", "", "", "").as_bytes());
        true
    }
}
