//! A phone of few words on a datagram socket: writes requests, reads what comes, proves who it is.

use crate::exchange::{DOMAIN, password};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;
use strowger_sip_proto::auth::{self, Challenge};
use strowger_sip_proto::message::{Message, Method, Request, Response, parse_datagram};

/// Longer than anything takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// One phone.
pub struct Phone {
    socket: UdpSocket,
    exchange: SocketAddr,
    pub user: String,
    pub password: String,
    serial: u32,
}

/// What may be said besides the usual.
#[derive(Default, Clone)]
pub struct Extra<'a> {
    pub headers: &'a str,
    pub body: &'a str,
    pub to_tag: Option<&'a str>,
}

impl Phone {
    pub fn new(exchange: SocketAddr, user: &str) -> Phone {
        let socket = UdpSocket::bind((exchange.ip(), 0)).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Phone {
            socket,
            exchange,
            user: user.to_owned(),
            password: password(user),
            serial: 0,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    pub fn send(&self, text: &str) {
        self.socket
            .send_to(text.as_bytes(), self.exchange)
            .expect("sent");
    }

    /// The next message.
    pub fn receive(&self) -> Message {
        let mut buffer = [0; 65_536];
        let (length, _) = self
            .socket
            .recv_from(&mut buffer)
            .expect("a message in time");
        parse_datagram(&buffer[..length]).expect("it can be read")
    }

    /// How many messages come within a time.
    pub fn count_within(&self, time: Duration) -> usize {
        let end = std::time::Instant::now() + time;
        let mut count = 0;
        loop {
            let left = end.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                break;
            }
            self.socket.set_read_timeout(Some(left)).expect("a timeout");
            let mut buffer = [0; 65_536];
            count += usize::from(self.socket.recv_from(&mut buffer).is_ok());
        }
        self.socket
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout");
        count
    }

    /// The next response that is not 100.
    pub fn response(&self) -> Response {
        loop {
            if let Message::Response(response) = self.receive()
                && response.status() != 100
            {
                return response;
            }
        }
    }

    /// The next request.
    pub fn request(&self) -> Request {
        loop {
            if let Message::Request(request) = self.receive() {
                return request;
            }
        }
    }

    /// The next request of this method.
    pub fn request_of(&self, method: &str) -> Request {
        loop {
            let request = self.request();
            if request.method().as_str() == method {
                return request;
            }
        }
    }

    /// A request as text.
    pub fn text(
        &mut self,
        method: &str,
        uri: &str,
        to: &str,
        call_id: &str,
        extra: &Extra<'_>,
    ) -> String {
        self.serial += 1;
        let (user, address, serial) = (&self.user, self.address(), self.serial);
        let tag = extra
            .to_tag
            .map_or_else(String::new, |tag| format!(";tag={tag}"));
        let kind = if extra.body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK{serial}{call_id}{method};rport\r\n\
             Max-Forwards: 70\r\nFrom: \"Phone {user}\" <sip:{user}@{DOMAIN}>;tag=t{user}\r\nTo: <{to}>{tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {serial} {method}\r\nContact: <sip:{user}@{address}>\r\n\
             User-Agent: Wire/1\r\n{}{kind}Content-Length: {}\r\n\r\n{}",
            extra.headers,
            extra.body.len(),
            extra.body
        )
    }

    /// Sends a request; when challenged, acknowledges (INVITE) and sends it again with credentials.
    pub fn ask(
        &mut self,
        method: &str,
        uri: &str,
        to: &str,
        call_id: &str,
        extra: &Extra<'_>,
    ) -> Response {
        let text = self.text(method, uri, to, call_id, extra);
        self.send(&text);
        let response = self.response();
        if !matches!(response.status(), 401 | 407) {
            return response;
        }
        if method == "INVITE" {
            self.acknowledge(&text, &response);
        }
        let headers = format!(
            "{}{}",
            extra.headers,
            self.credentials(method, uri, &response)
        );
        let again = Extra {
            headers: &headers,
            ..extra.clone()
        };
        let text = self.text(method, uri, to, call_id, &again);
        self.send(&text);
        self.response()
    }

    /// The header line that answers a challenge.
    pub fn credentials(&self, method: &str, uri: &str, response: &Response) -> String {
        let (header, challenge): (&str, Challenge) = auth::strongest(auth::offers(response))
            .into_iter()
            .next()
            .expect("a challenge");
        let answer = auth::answer(
            &challenge,
            &self.user,
            &self.password,
            &Method::from(method),
            uri,
            1,
            "0a4f113b",
            b"",
        );
        format!("{header}: {answer}\r\n")
    }

    /// The ACK of a refusal: the INVITE's own Via, and the To of the response.
    pub fn acknowledge(&self, invite: &str, response: &Response) {
        let uri = invite.split(' ').nth(1).expect("a URI");
        let line = |name: &str| {
            invite
                .lines()
                .find(|line| line.starts_with(name))
                .expect("the header is there")
                .to_owned()
        };
        let number = line("CSeq:")
            .split(' ')
            .nth(1)
            .expect("a number")
            .to_owned();
        self.send(&format!(
            "ACK {uri} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\n{}\r\nTo: {}\r\n{}\r\nCSeq: {number} ACK\r\nContent-Length: 0\r\n\r\n",
            line("Via:"),
            line("From:"),
            response.get("To").expect("To"),
            line("Call-ID:"),
        ));
    }

    /// The ACK of a 200.
    pub fn acknowledge_answer(&mut self, response: &Response, call_id: &str) {
        let number = response.cseq().expect("CSeq").number;
        let text = self.in_dialog("ACK", response, call_id).replace(
            &format!("CSeq: {} ACK", self.serial),
            &format!("CSeq: {number} ACK"),
        );
        self.send(&text);
    }

    /// A request within the call that this response established.
    pub fn in_dialog(&mut self, method: &str, response: &Response, call_id: &str) -> String {
        let target = response
            .contacts()
            .expect("contacts")
            .first()
            .expect("a contact")
            .uri
            .to_string();
        let to = response.to().expect("To");
        let tag = to.tag().expect("a tag").to_owned();
        let extra = Extra {
            to_tag: Some(&tag),
            ..Extra::default()
        };
        self.text(method, &target, &to.uri.to_string(), call_id, &extra)
    }

    /// Answers a request.
    pub fn answer(&self, request: &Request, status: &str, body: &str) {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for name in ["Via", "From", "Call-ID", "CSeq", "Record-Route"] {
            for value in request.all(name) {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        let to = request.get("To").expect("To");
        let tag = if to.contains("tag=") {
            String::new()
        } else {
            format!(";tag=b{}", self.user)
        };
        text.push_str(&format!(
            "To: {to}{tag}\r\nContact: <sip:{}@{}>\r\n",
            self.user,
            self.address()
        ));
        if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.send(&text);
    }

    /// Registers at the exchange.
    pub fn register(&mut self, seconds: u32) -> Response {
        let headers = format!("Expires: {seconds}\r\n");
        let extra = Extra {
            headers: &headers,
            ..Extra::default()
        };
        let call_id = format!("register-{}", self.user);
        let own = format!("sip:{}@{DOMAIN}", self.user);
        self.ask("REGISTER", &format!("sip:{DOMAIN}"), &own, &call_id, &extra)
    }

    /// Calls a number with an offer; gives the first answer besides 100.
    pub fn call(&mut self, number: &str, call_id: &str) -> Response {
        let uri = format!("sip:{number}@{DOMAIN}");
        let body = offer().replace("127.0.0.1", &self.address().ip().to_string());
        let extra = Extra {
            body: &body,
            ..Extra::default()
        };
        self.ask("INVITE", &uri, &uri, call_id, &extra)
    }
}

/// A session description of this phone.
pub fn offer() -> String {
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 101\r\n\
     a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        .to_owned()
}
