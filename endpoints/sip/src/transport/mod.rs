//! Sockets: what comes in is judged by its source, assigned to a shard by its Call-ID, and queued within bounds.

pub(crate) mod tcp;
pub(crate) mod udp;

use crate::guard::Admission;
use crate::profile::Profile;
use crate::shard::Control;
use crate::trace;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use strowger_sip_proto::{Destination, Flow, Transport};

/// A message that waits for its shard.
pub(crate) struct Packet {
    pub(crate) flow: Flow,
    pub(crate) octets: Vec<u8>,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No socket of this profile carries that transport.
    #[error("this profile has no {0:?} transport")]
    NoTransport(Transport),
    /// The connection is gone, or its queue is full because the peer does not read.
    #[error("the connection is gone or does not take more")]
    Connection,
    /// Broadcast, multicast, or no address at all.
    #[error("nothing is sent to this address")]
    Unreachable,
    /// What the system said.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Takes in one message: over the rate it is dropped, otherwise queued for its shard. A full queue drops and counts;
/// SIP retransmits.
pub(crate) fn arrived(profile: &Profile, flow: Flow, octets: Vec<u8>) {
    let source = flow.peer.ip();
    let total = profile.conf.load().requests_per_second;
    let admission = profile.guard.admit(source, total, Instant::now());
    if admission == Admission::Drop {
        profile.counters.refused.fetch_add(1, Ordering::Relaxed);
        return;
    }
    if profile.trace.load(Ordering::Relaxed) {
        trace::message(&profile.name, false, flow.transport, flow.peer, &octets);
    }
    let Some(shard) = profile.shards.get(profile.shard_of_message(&octets)) else {
        return;
    };
    let queue = match admission {
        Admission::Known => &shard.known,
        _ => &shard.strangers,
    };
    if queue.try_send(Packet { flow, octets }).is_err() {
        profile.counters.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends one message.
pub(crate) fn send(
    profile: &Arc<Profile>,
    to: &Destination,
    octets: Vec<u8>,
) -> Result<(), SendError> {
    let peer = to.peer();
    if !crate::nat::is_reachable(peer) {
        return Err(SendError::Unreachable);
    }
    if profile.trace.load(Ordering::Relaxed) {
        trace::message(&profile.name, true, to.transport(), peer, &octets);
    }
    match (to.transport(), to) {
        (Transport::Udp, _) => Ok(profile.udp.send(peer, &octets)?),
        (Transport::Tcp, Destination::Flow(flow)) => {
            if profile.tcp.send(flow.id, octets) {
                Ok(())
            } else {
                Err(SendError::Connection)
            }
        }
        (Transport::Tcp, Destination::New { .. }) => {
            tcp::send_or_connect(profile, peer, to.clone(), octets)
        }
        (other, _) => Err(SendError::NoTransport(other)),
    }
}

/// Tells every shard; which of them is concerned, only they know.
pub(crate) async fn tell_shards(profile: &Profile, news: impl Fn() -> Control) {
    for shard in &profile.shards {
        // A shard that is gone needs no news.
        let _ = shard.control.send(news()).await;
    }
}

/// Whether octets are only line ends, as keep-alives are (RFC 5626 §3.5.1).
pub(crate) fn is_keepalive(octets: &[u8]) -> bool {
    octets
        .iter()
        .all(|octet| matches!(octet, b'\r' | b'\n' | 0))
}

/// The Call-ID of a message that has not been parsed; empty when none is found.
pub(crate) fn call_id(octets: &[u8]) -> &[u8] {
    let mut lines = octets
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end);
    lines.next();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            break;
        }
        let Some(colon) = line.iter().position(|octet| *octet == b':') else {
            continue;
        };
        let name = line[..colon].trim_ascii();
        if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
            let value = line[colon + 1..].trim_ascii();
            if value.is_empty() {
                return lines.next().unwrap_or_default().trim_ascii();
            }
            return value;
        }
    }
    &[]
}

/// A socket address as a person writes it.
pub(crate) fn address_text(address: SocketAddr, transport: &str) -> String {
    format!("{transport} {address}")
}

#[cfg(test)]
mod tests {
    use super::{call_id, is_keepalive};
    use proptest::prelude::*;
    use strowger_sip_proto::message::parse_datagram;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn the_call_id_is_the_one_that_the_parser_reads(id in "[A-Za-z0-9@.-]{1,20}", name in "(Call-ID|i|CALL-ID ?)") {
            let text = format!(
                "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\n\
                 To: <sip:a@b>\r\n{name}: {id}\r\nCSeq: 1 OPTIONS\r\n\r\n"
            );
            let parsed = parse_datagram(text.as_bytes()).unwrap();
            prop_assert_eq!(parsed.call_id().map(str::as_bytes), Some(call_id(text.as_bytes())));
        }

        #[test]
        fn any_octets_have_a_call_id_or_none(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = call_id(&octets);
        }
    }

    #[test]
    fn the_call_id_is_found_in_every_form() {
        for text in [
            "OPTIONS sip:a SIP/2.0\r\nVia: x\r\nCall-ID: abc@d\r\n\r\n",
            "SIP/2.0 200 OK\r\ni:abc@d\r\n\r\n",
            "SIP/2.0 200 OK\nCALL-id \t:  abc@d  \n\n",
            "SIP/2.0 200 OK\r\nCall-ID:\r\n  abc@d\r\n\r\n",
        ] {
            assert_eq!(call_id(text.as_bytes()), b"abc@d", "{text}");
        }
        assert_eq!(call_id(b"x\r\n\r\nCall-ID: in-the-body\r\n"), b"");
        assert_eq!(call_id(b""), b"");
        assert!(is_keepalive(b"\r\n\r\n") && !is_keepalive(b"OPTIONS"));
    }
}
