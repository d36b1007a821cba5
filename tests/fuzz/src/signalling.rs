//! Octets of SIP, of session descriptions, and of the protocols around them.

use strowger_sdp::{
    Direction, LocalAudio, Negotiation, OfferedFormat, SessionDescription, answer, conclude, offer,
    re_offer,
};
use strowger_sip_proto::auth::{Challenge, Credentials};
use strowger_sip_proto::message::{
    Frame, Framer, Limits, Message, NameAddr, ResponseBuilder, Uri, parse_datagram,
};

/// A datagram: read, every header looked at, answered.
pub fn sip_message(data: &[u8]) {
    match parse_datagram(data) {
        Ok(message) => {
            look_at(&message);
            if let Message::Request(request) = &message {
                let reply = ResponseBuilder::reply(request, 200, "").finish();
                assert!(parse_datagram(&reply).is_ok(), "our answer cannot be read");
            }
        }
        Err(refused) => {
            if let Some(reply) = refused.response(Some("tag")) {
                assert!(reply.starts_with(b"SIP/2.0 "), "an answer that is none");
            }
        }
    }
}

fn look_at(message: &Message) {
    for (_, value) in message.iter() {
        assert!(!value.contains(['\r', '\n']), "a value with an end of line");
    }
    let _ = (message.vias(), message.from(), message.to(), message.cseq());
    let _ = (
        message.contacts(),
        message.routes(),
        message.record_routes(),
    );
    let _ = (
        message.max_forwards(),
        message.expires(),
        message.min_expires(),
    );
    let _ = (message.retry_after(), message.content_length());
    let _ = (message.require(), message.supported(), message.allow());
    let _ = (
        message.replaces(),
        message.refer_to(),
        message.referred_by(),
    );
    let _ = (
        message.session_expires(),
        message.min_se(),
        message.reasons(),
    );
    let _ = (message.rack(), message.rseq(), message.event());
    let _ = (
        message.diversions(),
        message.history_info(),
        message.privacy(),
    );
    let _ = (message.asserted_identities(), message.remote_party_id());
    let _ = (message.paths(), message.service_routes());
    let _ = (
        message.subscription_state(),
        message.accepts("application/sdp"),
    );
    match message {
        Message::Request(request) => {
            let _ = request.body_part("application/sdp");
        }
        Message::Response(response) => {
            let _ = response.body_part("application/sdp");
        }
    }
}

/// A stream, cut into pieces as long as the last octet says: the messages do not depend on the pieces.
pub fn sip_stream(octets: &[u8]) {
    let Some(piece) = octets.last() else {
        return;
    };
    let frames = |piece: usize| {
        let mut framer = Framer::new(Limits::default());
        let mut messages = Vec::new();
        for octets in octets.chunks(piece.max(1)) {
            framer.push(octets);
            while let Some(item) = framer.next() {
                match item {
                    Ok(Frame::Message(octets)) => messages.push(octets.to_vec()),
                    Ok(_) => {}
                    Err(_) => return messages,
                }
            }
        }
        messages
    };
    assert_eq!(
        frames(usize::from(*piece)),
        frames(octets.len()),
        "messages depend on how they were cut"
    );
}

/// Addresses and URIs.
pub fn sip_uri(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(uri) = Uri::parse(&text) {
        let again = Uri::parse(&uri.to_string()).expect("what we print can be read");
        assert_eq!(again.to_string(), uri.to_string());
        let _ = (
            uri.user(),
            uri.password(),
            uri.host_text(),
            uri.equivalent(&again),
        );
        uri.headers().for_each(drop);
    }
    let _ = NameAddr::parse(&text);
}

/// Credentials and challenges of digest authentication.
pub fn digest(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = (Credentials::parse(&text), Challenge::parse(&text));
    if let Ok(message) = parse_datagram(data) {
        for name in ["Authorization", "Proxy-Authorization"] {
            for value in message.all(name) {
                let _ = Credentials::parse(value);
            }
        }
    }
}

fn local() -> LocalAudio {
    let format = |payload_type, name: &str| OfferedFormat {
        payload_type: Some(payload_type),
        name: name.to_owned(),
        clock_rate: 8_000,
        channels: 1,
        fmtp: None,
        ptime: None,
    };
    LocalAudio {
        address: [192, 0, 2, 1].into(),
        port: 16_384,
        origin_address: [192, 0, 2, 1].into(),
        username: "Strowger".to_owned(),
        session_id: 1,
        version: 1,
        formats: vec![format(0, "PCMU"), format(8, "PCMA")],
        telephone_event: true,
        direction: Direction::SendRecv,
        ptime: 20,
    }
}

/// A session description: read, answered, taken as an answer, and what we print can be read again.
pub fn sdp(data: &[u8]) {
    let Ok(theirs) = SessionDescription::parse(data) else {
        return;
    };
    let printed = theirs.to_string();
    if printed.len() <= strowger_sdp::MAX_OCTETS {
        let again = SessionDescription::parse(&printed).expect("what we print can be read");
        assert_eq!(again, theirs);
    }
    for mode in [
        Negotiation::Generous,
        Negotiation::Greedy,
        Negotiation::Scrooge,
    ] {
        if let Ok(answered) = answer(&theirs, &local(), mode) {
            assert_eq!(answered.description.media.len(), theirs.media.len());
        }
    }
    let _ = conclude(&offer(&local()), &theirs);
    let _ = re_offer(&theirs, &local());
}

/// The answer of a STUN server, to the question that it claims to answer.
pub fn stun(data: &[u8]) {
    let id = data
        .get(8..20)
        .and_then(|id| id.try_into().ok())
        .unwrap_or([0; 12]);
    let _ = strowger_tools::stun::mapped_address(data, &id);
}

/// The text protocol of the event socket.
pub fn event_socket(data: &[u8]) {
    strowger_event_socket::wire::fuzz(data);
}
