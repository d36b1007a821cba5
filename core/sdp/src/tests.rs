//! Tests of the whole room: what a peer receives, and what is agreed, for the texts phones really send.

mod addresses;
mod hold;
mod offers;
mod phones;
mod properties;
mod reading;
mod seeds;

use std::net::{IpAddr, Ipv4Addr};

use crate::{Direction, LocalAudio, OfferedFormat, SessionDescription};

/// Our address in these tests.
const OURS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

/// A codec of ours.
fn codec(payload_type: Option<u8>, name: &str, clock_rate: u32, channels: u8) -> OfferedFormat {
    OfferedFormat {
        payload_type,
        name: name.to_owned(),
        clock_rate,
        channels,
        fmtp: None,
        ptime: None,
    }
}

/// A side that speaks Opus, G.722, G.711.
fn local() -> LocalAudio {
    let mut opus = codec(None, "opus", 48000, 2);
    opus.fmtp = Some("useinbandfec=1".to_owned());
    LocalAudio {
        address: IpAddr::V4(OURS),
        port: 20000,
        origin_address: IpAddr::V4(OURS),
        username: "Strowger".to_owned(),
        session_id: 1000,
        version: 1,
        formats: vec![
            opus,
            codec(Some(9), "G722", 8000, 1),
            codec(Some(0), "PCMU", 8000, 1),
            codec(Some(8), "PCMA", 8000, 1),
        ],
        telephone_event: true,
        direction: Direction::SendRecv,
        ptime: 20,
    }
}

/// A side that speaks G.711 alone.
fn local_g711() -> LocalAudio {
    LocalAudio {
        formats: local().formats.split_off(2),
        ..local()
    }
}

/// Reads a text written with bare line feeds and margins.
fn read(text: &str) -> SessionDescription {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty())
        .collect();
    SessionDescription::parse(lines.join("\r\n") + "\r\n")
        .expect("a test's own text is well formed")
}

/// A description as lines, to compare with.
fn lines(description: &SessionDescription) -> Vec<String> {
    let text = description.to_string();
    assert!(text.ends_with("\r\n"), "the last line is ended too");
    text.trim_end().split("\r\n").map(str::to_owned).collect()
}

/// A plain offer with a connection line and a direction line of choice.
fn simple_offer(connection: &str, attributes: &str) -> SessionDescription {
    read(&format!(
        "v=0\no=phone 77 1 IN IP4 198.51.100.7\ns=-\n{connection}\nt=0 0\nm=audio 4000 RTP/AVP 0 101\n\
         a=rtpmap:101 telephone-event/8000\n{attributes}\n"
    ))
}
