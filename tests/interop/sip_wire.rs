//! Just enough SIP for a test that must control every octet: messages as text, over UDP or TCP, and digests.

use md5::{Digest, Md5};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Largest datagram and read.
const BUFFER: usize = 65_536;

/// A received message.
#[derive(Clone, Debug)]
pub struct Message {
    /// First line.
    pub start: String,
    /// Names as received, values trimmed, in order.
    pub headers: Vec<(String, String)>,
    /// What follows the empty line.
    pub body: String,
}

impl Message {
    /// Reads a whole message.
    pub fn parse(text: &str) -> Option<Message> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Some(Message {
            start,
            headers,
            body: body.to_owned(),
        })
    }

    /// Status code of a response.
    pub fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// Method of a request.
    pub fn method(&self) -> Option<&str> {
        if self.start.starts_with("SIP/2.0") {
            return None;
        }
        self.start.split(' ').next()
    }

    /// First value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All values of a header.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether it answers (or is) a request of this method.
    pub fn is_about(&self, method: &str) -> bool {
        self.header("CSeq")
            .is_some_and(|cseq| cseq.ends_with(method))
    }

    /// The parts that a digest is made of, of the MD5 challenge in it.
    pub fn challenge(&self) -> Option<Challenge> {
        ["WWW-Authenticate", "Proxy-Authenticate"]
            .into_iter()
            .find_map(|header| {
                self.all(header)
                    .find_map(|value| Challenge::parse(header, value))
            })
    }
}

/// A question for the password (RFC 7616, MD5).
#[derive(Clone, Debug)]
pub struct Challenge {
    realm: String,
    /// The server's nonce; a test may put another one here.
    pub nonce: String,
    qop: bool,
    opaque: Option<String>,
    proxy: bool,
}

impl Challenge {
    fn parse(header: &str, value: &str) -> Option<Challenge> {
        let parameters = value.strip_prefix("Digest ")?;
        let get = |name: &str| {
            parameters.split(',').find_map(|part| {
                let (key, value) = part.trim().split_once('=')?;
                key.eq_ignore_ascii_case(name)
                    .then(|| value.trim_matches('"').to_owned())
            })
        };
        if get("algorithm").is_some_and(|name| !name.eq_ignore_ascii_case("MD5")) {
            return None;
        }
        Some(Challenge {
            realm: get("realm")?,
            nonce: get("nonce")?,
            qop: get("qop").is_some(),
            opaque: get("opaque"),
            proxy: header.starts_with("Proxy"),
        })
    }

    /// The header line that proves knowledge of the password.
    pub fn answer(
        &self,
        method: &str,
        uri: &str,
        user: &str,
        password: &str,
        count: u32,
    ) -> String {
        let secret = md5(&format!("{user}:{}:{password}", self.realm));
        let request = md5(&format!("{method}:{uri}"));
        let name = if self.proxy {
            "Proxy-Authorization"
        } else {
            "Authorization"
        };
        let mut line = format!(
            "{name}: Digest username=\"{user}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", algorithm=MD5",
            self.realm, self.nonce
        );
        if self.qop {
            let own = "0a4f113b";
            let proof = md5(&format!(
                "{secret}:{}:{count:08x}:{own}:auth:{request}",
                self.nonce
            ));
            line += &format!(", qop=auth, nc={count:08x}, cnonce=\"{own}\", response=\"{proof}\"");
        } else {
            let proof = md5(&format!("{secret}:{}:{request}", self.nonce));
            line += &format!(", response=\"{proof}\"");
        }
        if let Some(opaque) = &self.opaque {
            line += &format!(", opaque=\"{opaque}\"");
        }
        line + "\r\n"
    }
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes())
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

/// A text that no other call of any test has.
pub fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.subsec_nanos());
    format!(
        "{:x}{:x}{now:x}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// A way to the exchange.
pub enum Wire {
    /// A UDP socket.
    Udp(UdpSocket),
    /// A TCP connection and what was read but not yet understood.
    Tcp(TcpStream, Vec<u8>),
}

impl Wire {
    /// A UDP socket of its own at that address.
    pub fn udp(local: IpAddr, server: SocketAddr) -> Wire {
        let socket = UdpSocket::bind((local, 0)).expect("a free port");
        socket.connect(server).expect("a local address");
        Wire::Udp(socket)
    }

    /// A TCP connection.
    pub fn tcp(server: SocketAddr) -> std::io::Result<Wire> {
        let stream = TcpStream::connect_timeout(&server, Duration::from_secs(5))?;
        Ok(Wire::Tcp(stream, Vec::new()))
    }

    /// Own address.
    pub fn local(&self) -> SocketAddr {
        match self {
            Wire::Udp(socket) => socket.local_addr(),
            Wire::Tcp(stream, _) => stream.local_addr(),
        }
        .expect("a bound socket")
    }

    /// `UDP` or `TCP`, as in Via.
    pub fn transport(&self) -> &'static str {
        match self {
            Wire::Udp(_) => "UDP",
            Wire::Tcp(..) => "TCP",
        }
    }

    /// Sends; false when the peer has closed.
    pub fn send(&mut self, octets: &[u8]) -> bool {
        match self {
            Wire::Udp(socket) => socket.send(octets).is_ok(),
            Wire::Tcp(stream, _) => stream.write_all(octets).is_ok(),
        }
    }

    /// The next message, if one comes in time.
    pub fn receive(&mut self, limit: Duration) -> Option<Message> {
        let end = Instant::now() + limit;
        loop {
            if let Wire::Tcp(_, unread) = self
                && let Some(message) = take_message(unread)
            {
                return Some(message);
            }
            let left = end
                .checked_duration_since(Instant::now())?
                .max(Duration::from_millis(1));
            let mut buffer = vec![0; BUFFER];
            match self {
                Wire::Udp(socket) => {
                    socket
                        .set_read_timeout(Some(left))
                        .expect("a time above zero");
                    if let Ok(count) = socket.recv(&mut buffer)
                        && let Some(message) =
                            Message::parse(&String::from_utf8_lossy(&buffer[..count]))
                    {
                        return Some(message);
                    }
                }
                Wire::Tcp(stream, unread) => {
                    stream
                        .set_read_timeout(Some(left))
                        .expect("a time above zero");
                    match stream.read(&mut buffer) {
                        Ok(0) => return None,
                        Ok(count) => unread.extend_from_slice(&buffer[..count]),
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => return None,
                    }
                }
            }
        }
    }
}

fn take_message(unread: &mut Vec<u8>) -> Option<Message> {
    while unread.starts_with(b"\r\n") {
        unread.drain(..2);
    }
    let head = unread.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let mut message = Message::parse(&String::from_utf8_lossy(&unread[..head]))?;
    let length: usize = message
        .header("Content-Length")
        .or_else(|| message.header("l"))
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    if unread.len() < head + length {
        return None;
    }
    message.body = String::from_utf8_lossy(&unread[head..head + length]).into_owned();
    unread.drain(..head + length);
    Some(message)
}

/// What all requests of one dialog (or of one registration) have in common.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// Request-URI.
    pub target: String,
    /// From, with tag.
    pub from: String,
    /// To, with tag once there is one.
    pub to: String,
    /// Call-ID.
    pub call_id: String,
    /// Last sequence number used.
    pub cseq: u32,
}

impl Dialog {
    /// A new one.
    pub fn new(target: &str, from: &str, to: &str) -> Dialog {
        Dialog {
            target: target.to_owned(),
            from: format!("<{from}>;tag={}", unique()),
            to: format!("<{to}>"),
            call_id: unique(),
            cseq: 0,
        }
    }

    /// A request of this dialog as text. `extra` are whole header lines; a body is SDP.
    pub fn request(
        &self,
        method: &str,
        wire: &Wire,
        branch: &str,
        extra: &str,
        body: &str,
    ) -> String {
        let local = wire.local();
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/{transport} {local};branch=z9hG4bK{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             {extra}{kind}Content-Length: {length}\r\n\r\n{body}",
            target = self.target,
            transport = wire.transport(),
            from = self.from,
            to = self.to,
            call_id = self.call_id,
            cseq = self.cseq,
            length = body.len(),
        )
    }
}

/// The answer to a request, with the given tag for To.
pub fn response(request: &Message, status: &str, tag: &str, extra: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for (name, value) in &request.headers {
        if ["Via", "From", "Call-ID", "CSeq", "Record-Route"]
            .iter()
            .any(|kept| name.eq_ignore_ascii_case(kept))
        {
            text += &format!("{name}: {value}\r\n");
        }
        if name.eq_ignore_ascii_case("To") {
            let tag = if value.contains(";tag=") {
                String::new()
            } else {
                format!(";tag={tag}")
            };
            text += &format!("To: {value}{tag}\r\n");
        }
    }
    let kind = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    text + &format!("{extra}{kind}Content-Length: {}\r\n\r\n{body}", body.len())
}
