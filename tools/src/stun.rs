//! Asking a STUN server for our public address (RFC 8489, a plain binding request), for `stun-set`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// All of it — the name, three requests, the answer — takes this long at most: a start must not hang on a network.
const WITHIN: Duration = Duration::from_secs(3);

/// Wait for one answer.
const RETRY: Duration = Duration::from_millis(700);

const COOKIE: u32 = 0x2112_a442;
const DEFAULT_PORT: u16 = 3_478;
const BINDING_RESPONSE: u16 = 0x0101;
const MAPPED_ADDRESS: u16 = 0x0001;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// The address that `stun:host[:port]` sees us at, or that `host:name` resolves to.
///
/// # Errors
/// Why there is none, for an operator.
pub fn ask(server: &str) -> Result<String, String> {
    let server = server.to_owned();
    let (done, answer) = mpsc::sync_channel(1);
    // The system's resolver cannot be interrupted: it gets a thread that may outlive the question.
    std::thread::Builder::new()
        .name("stun".to_owned())
        .spawn(move || drop(done.try_send(resolve(&server))))
        .map_err(|error| error.to_string())?;
    answer
        .recv_timeout(WITHIN)
        .unwrap_or_else(|_| Err(format!("no answer within {} s", WITHIN.as_secs())))
        .map(|address| address.to_string())
}

fn resolve(server: &str) -> Result<IpAddr, String> {
    if let Some(name) = server.strip_prefix("host:") {
        return Ok(first_address(&format!("{name}:0"))?.ip());
    }
    let host = server.strip_prefix("stun:").unwrap_or(server);
    let with_port = if host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
    {
        host.to_owned()
    } else {
        format!("{host}:{DEFAULT_PORT}")
    };
    binding(first_address(&with_port)?)
}

fn first_address(host: &str) -> Result<SocketAddr, String> {
    let mut found = host
        .to_socket_addrs()
        .map_err(|error| format!("{host} cannot be resolved: {error}"))?;
    found.next().ok_or_else(|| format!("{host} has no address"))
}

fn binding(server: SocketAddr) -> Result<IpAddr, String> {
    let local: SocketAddr = if server.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let text = |error: std::io::Error| error.to_string();
    let socket = UdpSocket::bind(local).map_err(text)?;
    // Connected: answers from anybody else are not delivered.
    socket.connect(server).map_err(text)?;
    let id: [u8; 12] = rand::random();
    let request = request(&id);
    let until = Instant::now() + WITHIN;
    while Instant::now() < until {
        socket.send(&request).map_err(text)?;
        socket.set_read_timeout(Some(RETRY)).map_err(text)?;
        let mut octets = [0u8; 1_024];
        if let Ok(length) = socket.recv(&mut octets)
            && let Some(address) = mapped_address(&octets[..length], &id)
        {
            return Ok(address);
        }
    }
    Err(format!("{server} did not answer"))
}

fn request(id: &[u8; 12]) -> [u8; 20] {
    let mut octets = [0u8; 20];
    octets[1] = 1;
    octets[4..8].copy_from_slice(&COOKIE.to_be_bytes());
    octets[8..].copy_from_slice(id);
    octets
}

/// The mapped address of a binding response with our id; `None` for anything else.
pub fn mapped_address(octets: &[u8], id: &[u8; 12]) -> Option<IpAddr> {
    let head = octets.get(..20)?;
    let kind = u16::from_be_bytes([head[0], head[1]]);
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    if kind != BINDING_RESPONSE || head[4..8] != COOKIE.to_be_bytes() || &head[8..] != id {
        return None;
    }
    let mut rest = octets.get(20..20 + length)?;
    let mut plain = None;
    while rest.len() >= 4 {
        let kind = u16::from_be_bytes([rest[0], rest[1]]);
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let value = rest.get(4..4 + length)?;
        match kind {
            XOR_MAPPED_ADDRESS => return address(value, Some(id)),
            MAPPED_ADDRESS => plain = address(value, None),
            _ => {}
        }
        rest = rest
            .get(4 + length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    plain
}

fn address(value: &[u8], xor: Option<&[u8; 12]>) -> Option<IpAddr> {
    let mut mask = [0u8; 16];
    if let Some(id) = xor {
        mask[..4].copy_from_slice(&COOKIE.to_be_bytes());
        mask[4..].copy_from_slice(id);
    }
    let family = value.get(1)?;
    let octets = value.get(4..)?;
    match family {
        1 => {
            let octets: [u8; 4] = octets.get(..4)?.try_into().ok()?;
            Some(IpAddr::V4(
                std::array::from_fn(|i| octets[i] ^ mask[i]).into(),
            ))
        }
        2 => {
            let octets: [u8; 16] = octets.get(..16)?.try_into().ok()?;
            Some(IpAddr::V6(
                std::array::from_fn::<u8, 16, _>(|i| octets[i] ^ mask[i]).into(),
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(id: &[u8; 12]) -> Vec<u8> {
        let mut octets = vec![1, 1, 0, 12];
        octets.extend_from_slice(&COOKIE.to_be_bytes());
        octets.extend_from_slice(id);
        octets.extend_from_slice(&[0, 0x20, 0, 8, 0, 1, 0, 0]);
        let cookie = COOKIE.to_be_bytes();
        octets.extend([203, 0, 113, 9].iter().zip(cookie).map(|(a, b)| a ^ b));
        octets
    }

    #[test]
    fn rfc8489_14_2_the_xored_address_is_read() {
        let id = [7; 12];
        assert_eq!(
            mapped_address(&response(&id), &id),
            Some("203.0.113.9".parse().expect("an address"))
        );
    }

    #[test]
    fn an_answer_to_another_question_is_ignored() {
        assert_eq!(mapped_address(&response(&[7; 12]), &[8; 12]), None);
    }

    #[test]
    fn cut_or_hostile_answers_are_nothing() {
        let id = [7; 12];
        let whole = response(&id);
        for length in 0..whole.len() {
            assert_eq!(mapped_address(&whole[..length], &id), None);
        }
        let mut long = whole;
        long[23] = 0xff;
        assert_eq!(mapped_address(&long, &id), None);
    }

    #[test]
    fn a_server_on_this_machine_is_asked() {
        let server = UdpSocket::bind("127.0.0.1:0").expect("bound");
        let address = server.local_addr().expect("an address");
        let answering = std::thread::spawn(move || {
            let mut octets = [0u8; 64];
            let (_, from) = server.recv_from(&mut octets).expect("a request");
            let id: [u8; 12] = octets[8..20].try_into().expect("an id");
            server.send_to(&response(&id), from).expect("answered");
        });
        assert_eq!(
            ask(&format!("stun:{address}")),
            Ok("203.0.113.9".to_owned())
        );
        answering.join().expect("ended");
    }
}
