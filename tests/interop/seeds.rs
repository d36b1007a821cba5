//! Odd messages and packets collected elsewhere, sent to the running exchange: it must live, and stay small.

use crate::attacks::assert_answers;
use crate::exchange::{Exchange, User};
use crate::phone::Line;
use crate::sip_wire::{Wire, unique};
use crate::{tone, tools};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::Path;
use std::time::Duration;

/// Messages between two questions whether it still answers.
const BETWEEN_CHECKS: usize = 20;
/// Memory that may stay in use after all of them (kB).
const MEMORY_KB: u64 = 32 * 1024;

fn inputs(kind: &str) -> Vec<(String, Vec<u8>)> {
    let Some(fixtures) = tools::fixtures() else {
        return Vec::new();
    };
    let folder = fixtures.join("seeds").join(kind);
    let mut found: Vec<(String, Vec<u8>)> = files(&folder);
    found.sort();
    found
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let octets = std::fs::read(&path).ok()?;
            Some((path.file_name()?.to_string_lossy().into_owned(), octets))
        })
        .collect()
}

#[test]
fn odd_sip_messages_do_no_harm() {
    let messages = inputs("sip-odd");
    if messages.is_empty() {
        return;
    }
    let exchange = Exchange::start();
    let before = exchange.footprint();
    for (index, (name, octets)) in messages.iter().enumerate() {
        let mut udp = Wire::udp(IpAddr::V4(Ipv4Addr::LOCALHOST), exchange.address());
        udp.send(octets);
        if let Ok(mut tcp) = Wire::tcp(exchange.address()) {
            tcp.send(octets);
        }
        if index % BETWEEN_CHECKS == 0 {
            assert_answers(&exchange, name);
        }
    }
    assert_answers(&exchange, "all of them");
    let after = exchange.footprint();
    assert!(
        after.rss_kb <= before.rss_kb + MEMORY_KB,
        "{before:?} -> {after:?}"
    );
    assert_eq!(
        exchange.count("channels"),
        0,
        "a stranger's message made a session"
    );
}

#[test]
fn odd_session_descriptions_do_no_harm() {
    let descriptions = inputs("sdp-odd");
    if descriptions.is_empty() {
        return;
    }
    let exchange = Exchange::start();
    let user: User = exchange.user("1000");
    let mut line = Line::new(&exchange, &user);
    for (name, octets) in descriptions {
        let body = String::from_utf8_lossy(&octets).into_owned();
        let mut dialog = line.dialog_to("9196");
        let contact = line.contact();
        let reply = line
            .request(&mut dialog, "INVITE", &contact, &body)
            .unwrap_or_else(|| panic!("no answer to a call with {name}"));
        if reply.status < 300 {
            dialog.to = reply.message.header("To").unwrap_or_default().to_owned();
            let text = dialog.request("ACK", &line.wire, &unique(), "", "");
            line.wire.send(text.as_bytes());
            let over = line
                .request(&mut dialog, "BYE", "", "")
                .expect("an answer to BYE");
            assert_eq!(over.status, 200, "BYE after {name}");
        }
    }
    assert_answers(&exchange, "odd session descriptions");
    exchange.await_idle(Duration::from_secs(10));
}

#[test]
fn odd_audio_packets_leave_the_call_alone() {
    let packets: Vec<(String, Vec<u8>)> = ["rtp", "rtcp", "srtp", "stun"]
        .into_iter()
        .flat_map(inputs)
        .collect();
    if packets.is_empty() {
        return;
    }
    let exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    let mut call = line.call("9196").expect("9196 answers");
    let audio = call.rtp.remote();
    let mut control = audio;
    control.set_port(audio.port() + 1);
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    for (_, octets) in &packets {
        let _ = sender.send_to(octets, audio);
        let _ = sender.send_to(octets, control);
    }
    let heard = call.rtp.talk(Some(440.0), Duration::from_secs(2));
    tone::assert_heard("the caller", &heard.samples, 440.0, 1.4);
    assert_eq!(call.hang_up(), 200);
}
