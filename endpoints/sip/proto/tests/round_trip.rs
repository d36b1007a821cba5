//! Properties: printing and reading agree, the framer cuts where the parser does, nothing panics,
//! and no writer lets a line end through.

use proptest::prelude::*;
use strowger_sip_proto::auth::{Algorithm, Challenge, answer};
use strowger_sip_proto::header::Reason;
use strowger_sip_proto::message::{
    CSeq, Frame, Framer, Host, Limits, Message, Method, NameAddr, Request, RequestBuilder,
    ResponseBuilder, Uri, Via, parse_datagram, reason_phrase,
};

fn invite() -> RequestBuilder {
    let uri = Uri::parse("sip:bob@pbx.example.com;transport=udp").unwrap();
    let mut builder = RequestBuilder::new(Method::INVITE, &uri);
    for (name, value) in [
        (
            "Via",
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport, SIP/2.0/TCP [2001:db8::1];branch=z9hG4bKb",
        ),
        ("Via", "SIP/2.0/UDP h;branch=z9hG4bKc"),
        ("Record-Route", "<sip:p1;lr>, <sip:p2;lr>"),
        ("From", "\"A, B\" <sip:a@h>;tag=f"),
        ("To", "Bob <sip:bob@pbx.example.com>"),
        ("Call-ID", "call@h"),
        ("CSeq", "7 INVITE"),
        ("Max-Forwards", "70"),
    ] {
        builder.header(name, value).unwrap();
    }
    builder
}

fn request(octets: &[u8]) -> Request {
    match parse_datagram(octets) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}\n{}", String::from_utf8_lossy(octets)),
    }
}

/// Cuts a stream that came in pieces of the given size.
fn cut(octets: &[u8], piece: usize) -> Vec<Result<Frame, u16>> {
    let mut framer = Framer::new(Limits::default());
    let mut out = Vec::new();
    for piece in octets.chunks(piece.max(1)) {
        framer.push(piece);
        while let Some(item) = framer.next() {
            out.push(item.map_err(|error| error.0.status));
        }
    }
    out
}

#[test]
fn a_response_repeats_the_request() {
    let mut builder = invite();
    builder.body("application/sdp", b"v=0\r\n").unwrap();
    let request = request(&builder.finish());
    assert_eq!(request.body(), b"v=0\r\n");
    assert_eq!(request.media_type().as_deref(), Some("application/sdp"));
    let mut reply = ResponseBuilder::reply(&request, 180, "");
    reply
        .to_tag("t")
        .via_source("198.51.100.7:40000".parse().unwrap());
    reply.header("Contact", "<sip:pbx>").unwrap();
    let octets = reply.finish();
    let Ok(Message::Response(response)) = parse_datagram(&octets) else {
        panic!("not read")
    };
    assert_eq!((response.status(), response.reason()), (180, "Ringing"));
    let vias = response.vias().unwrap();
    assert_eq!(vias.len(), 3);
    assert_eq!(vias[0].received(), "198.51.100.7".parse().ok());
    assert_eq!(vias[0].rport(), Some(Some(40_000)));
    assert_eq!(vias[1..], request.vias().unwrap()[1..]);
    assert_eq!(response.get("From"), request.get("From"));
    assert_eq!(response.to_tag().as_deref(), Some("t"));
    assert_eq!(response.to().unwrap().display.as_deref(), Some("Bob"));
    assert_eq!(response.record_routes().unwrap().len(), 2);
    assert_eq!(
        response.cseq().unwrap(),
        CSeq {
            number: 7,
            method: Method::INVITE
        }
    );
    assert_eq!(response.content_length().unwrap(), Some(0));
    assert!(octets.starts_with(b"SIP/2.0 180 Ringing\r\nVia: "));
    for status in [100, 400, 487] {
        let reply = ResponseBuilder::reply(&request, status, "").finish();
        let Ok(Message::Response(response)) = parse_datagram(&reply) else {
            panic!("not read")
        };
        assert!(response.record_routes().unwrap().is_empty());
        assert_eq!(response.reason(), reason_phrase(status));
    }
}

#[test]
fn the_source_is_noted_as_rfc3581_says() {
    let noted = |text: &str| {
        let mut via = Via::parse(text).unwrap();
        via.note_source("192.0.2.1:4000".parse().unwrap());
        via.to_string()
    };
    assert_eq!(
        noted("SIP/2.0/UDP 192.0.2.1;branch=a"),
        "SIP/2.0/UDP 192.0.2.1;branch=a"
    );
    assert_eq!(noted("SIP/2.0/UDP h"), "SIP/2.0/UDP h;received=192.0.2.1");
    assert_eq!(
        noted("SIP/2.0/UDP 10.0.0.1;rport"),
        "SIP/2.0/UDP 10.0.0.1;rport=4000;received=192.0.2.1"
    );
    assert_eq!(
        noted("SIP/2.0/UDP h;rport=;received=1.1.1.1"),
        "SIP/2.0/UDP h;rport=4000;received=192.0.2.1"
    );
}

#[test]
fn builders_refuse_what_would_split_a_message() {
    let mut builder = invite();
    for (name, value) in [
        ("Subject", "a\r\nX: y"),
        ("Subject", "a\nX: y"),
        ("Subject", "a\rX: y"),
        ("Subject", "a\0"),
        ("X\r\nY", "a"),
        ("X Y", "a"),
        ("X:", "a"),
        ("", "a"),
        ("Content-Length", "5"),
        ("l", "5"),
    ] {
        assert!(builder.header(name, value).is_err(), "{name:?} {value:?}");
    }
    assert!(builder.body("text/plain\r\nX: y", b"").is_err());
    assert!(builder.body("", b"").is_err());
    assert_eq!(
        builder.finish(),
        invite().finish(),
        "what was refused left no trace"
    );
    assert_eq!(Method::from("IN\r\nVITE").as_str(), "IN__VITE");
    let reply = ResponseBuilder::reply(&request(&invite().finish()), 200, "O\r\nX: y").finish();
    assert!(reply.starts_with(b"SIP/2.0 200 O  X: y\r\n"));
}

#[test]
fn a_request_uri_has_no_headers() {
    let uri = Uri::parse("sip:a@h?Route=%3Csip:evil%3E").unwrap();
    let octets = RequestBuilder::new(Method::OPTIONS, &uri).finish();
    assert!(octets.starts_with(b"OPTIONS sip:a@h SIP/2.0\r\n"));
}

/// Text with a liking for the signs that matter.
fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[ \t\r\n\0a<>\"\\\\,;:@%=?&/0-9\\[\\]é-]{0,40}",
        "(sips?|tel|x):[a-z%0-9@;=?&:.\\[\\]#+]{0,40}",
        "\"?[a-z\\\\\" ]{0,8}\"? ?<sip:[a-z0-9%@.:;=?]{0,20}>(;[a-z]{1,3}(=\"?[a-z \\\\]{0,3}\"?)?){0,3}",
        "SIP ?/ ?2.0 ?/ ?UDP [a-z0-9.:\\[\\]]{1,12}(;[a-z]{1,3}(=[a-z0-9]{0,3})?){0,3}",
        "[0-9]{1,11} [A-Z]{1,8}",
    ]
}

/// Messages with a few octets turned, cut and doubled.
fn odd_message() -> impl Strategy<Value = Vec<u8>> {
    let lines = prop::collection::vec(
        prop_oneof![
            "[A-Za-z-]{1,8} ?: ?[ -~]{0,30}",
            "(Content-Length|l|L) ?: ?[0-9]{1,2}",
            "[ \t][ -~]{0,10}",
            "(v|Route|m|From|To|t): [ -~]{0,30}",
        ],
        0..6,
    );
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4);
    (
        lines,
        changes,
        prop::collection::vec(any::<u8>(), 0..40),
        any::<bool>(),
    )
        .prop_map(|(lines, changes, body, lf)| {
            let mut builder = invite();
            let _ = builder.body("x/y", &body);
            let text = builder.finish();
            let end = text.iter().position(|&octet| octet == b'\n').unwrap() + 1;
            let mut out = text[..end].to_vec();
            for line in lines {
                out.extend_from_slice(line.as_bytes());
                out.extend_from_slice(if lf { b"\n" } else { b"\r\n" });
            }
            out.extend_from_slice(&text[end..]);
            for (index, octet, kind) in changes {
                let at = index.index(out.len());
                match kind {
                    0 => out[at] = octet,
                    1 => out.truncate(at.max(1)),
                    2 => out.insert(at, octet),
                    _ => drop(out.remove(at)),
                }
                if out.is_empty() {
                    out.push(b'x');
                }
            }
            out
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn uri_print_is_a_fixed_point(text in odd_text()) {
        if let Ok(uri) = Uri::parse(&text) {
            let printed = uri.to_string();
            let again = Uri::parse(&printed);
            prop_assert_eq!(again.as_ref(), Ok(&uri), "{}", printed);
            prop_assert!(uri.equivalent(&uri));
            prop_assert!(!printed.contains(['\r', '\n', '\0', ' ']));
        }
    }

    #[test]
    fn name_addr_print_is_a_fixed_point(text in odd_text()) {
        if let Ok(address) = NameAddr::parse(&text) {
            let printed = address.to_string();
            let again = NameAddr::parse(&printed);
            prop_assert!(again.is_ok(), "{} -> {}", text, printed);
            prop_assert_eq!(again.unwrap().to_string(), printed);
        }
    }

    #[test]
    fn via_and_cseq_prints_are_fixed_points(text in odd_text()) {
        if let Ok(via) = Via::parse(&text) {
            prop_assert_eq!(Via::parse(&via.to_string()), Ok(via));
        }
        if let Ok(cseq) = CSeq::parse(&text) {
            prop_assert_eq!(CSeq::parse(&cseq.to_string()), Ok(cseq));
        }
    }

    #[test]
    fn any_user_and_any_name_come_back(user in ".{1,20}", name in "[^\r\n\0]{1,20}", value in "[^\r\n\0]{1,20}") {
        let uri = Uri::sip(Host::Name("h".into())).with_user(&user).with_param("p", Some(&value)).with_header("X", &value);
        let address = NameAddr::new(uri).with_display(&name).with_param("q", Some(&value));
        let again = NameAddr::parse(&address.to_string()).unwrap();
        prop_assert_eq!(again.uri.user().unwrap(), user);
        prop_assert_eq!(again.uri.param("p").unwrap(), value.as_str());
        prop_assert_eq!(again.uri.headers().next().unwrap().1, value.as_str());
        prop_assert_eq!(again.params.unquoted("q").unwrap(), value.as_str());
        prop_assert_eq!(again.display, Some(name));
    }

    #[test]
    fn no_typed_value_prints_a_line_end(text in "[\r\n\0a\"\\\\;,<>é ]{0,20}") {
        let host = || Host::Name("h".into());
        let uri = Uri::sip(host()).with_user(&text).with_param(&text, Some(&text)).with_header(&text, &text);
        let address = NameAddr::new(uri).with_display(&text).with_tag(&text).with_param(&text, Some(&text));
        let reason = Reason { protocol: text.clone(), cause: None, text: Some(text.clone()) };
        let challenge = Challenge::new(&text, &text, Algorithm::Md5, true);
        let credentials = answer(&challenge, &text, &text, &Method::from(text.as_str()), &text, 1, &text, b"");
        for printed in [
            address.to_string(),
            Via::new("UDP", host(), None, &text).to_string(),
            reason.to_string(),
            challenge.to_string(),
            credentials.to_string(),
            Method::from(text.as_str()).to_string(),
        ] {
            prop_assert!(!printed.contains(['\r', '\n', '\0']), "{:?}", printed);
        }
    }

    #[test]
    fn what_a_builder_writes_is_read_back(name in "[A-Za-z-]{2,9}", value in odd_text(), body in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut builder = invite();
        let name = format!("X-{name}");
        let written = builder.header(&name, &value).is_ok();
        prop_assert_eq!(written, !value.contains(['\r', '\n', '\0']));
        builder.body("x/y", &body).unwrap();
        let octets = builder.finish();
        let request = request(&octets);
        prop_assert_eq!(request.body(), &body[..]);
        prop_assert_eq!(request.octets(), &octets[..]);
        prop_assert_eq!(request.len(), if written { 11 } else { 10 });
        if written {
            prop_assert_eq!(request.get(&name), Some(value.trim_matches([' ', '\t'])));
        }
        let reply = ResponseBuilder::reply(&request, 200, &value).finish();
        prop_assert!(parse_datagram(&reply).is_ok());
    }

    #[test]
    fn the_framer_cuts_where_the_parser_does(octets in odd_message(), piece in 1..50_usize) {
        let frames = cut(&octets, piece);
        prop_assert_eq!(&frames, &cut(&octets, octets.len()), "the pieces do not matter");
        // A message that both read has the same end for both, so nothing hides between messages.
        if let Ok(message) = parse_datagram(&octets)
            && message.content_length().is_ok_and(|length| length.is_some())
        {
            let first = frames.iter().find_map(|frame| match frame {
                Ok(Frame::Message(octets)) => Some(octets.as_slice()),
                _ => None,
            });
            prop_assert_eq!(first, Some(message.octets()));
        }
    }

    #[test]
    fn nothing_panics_and_answers_are_messages(octets in odd_message()) {
        match parse_datagram(&octets) {
            Ok(message) => {
                for (_, value) in message.iter() {
                    prop_assert!(!value.contains(['\r', '\n']));
                }
                for name in ["Contact", "Route", "Via", "X"] {
                    let _ = message.values(name).count();
                }
                if let Message::Request(request) = &message {
                    let reply = ResponseBuilder::reply(request, 200, "").finish();
                    prop_assert!(parse_datagram(&reply).is_ok(), "{}", String::from_utf8_lossy(&reply));
                }
            }
            Err(error) => {
                if let Some(answer) = error.response(Some("t")) {
                    let text = String::from_utf8(answer).unwrap();
                    let lines: Vec<&str> = text.split("\r\n").collect();
                    prop_assert!(lines[0].starts_with("SIP/2.0 "));
                    prop_assert!(!lines.iter().any(|line| line.contains(['\r', '\n', '\0'])));
                    prop_assert_eq!(lines.iter().filter(|line| line.is_empty()).count(), 2);
                }
            }
        }
    }

    #[test]
    fn any_octets_are_survived(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_datagram(&octets);
        let _ = cut(&octets, 7);
    }
}
