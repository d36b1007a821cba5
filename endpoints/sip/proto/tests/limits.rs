//! Hostile input: numbers, names, line ends, sizes, alien protocols, and the foreign seed inputs.

mod fixtures;

use std::time::{Duration, Instant};

use strowger_sip_proto::message::{
    Frame, Framer, Limits, Message, NameAddr, ParseError, ParseErrorKind, Request, Uri,
    parse_datagram,
};

const HEAD: &str = "Via: SIP/2.0/UDP h:5060;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=a\r\nTo: <sip:b@h>\r\n\
                    Call-ID: c@h\r\nMax-Forwards: 70\r\n";

fn with(lines: &str) -> String {
    format!("OPTIONS sip:b@h SIP/2.0\r\n{HEAD}CSeq: 1 OPTIONS\r\n{lines}\r\n")
}

fn parse(text: &str) -> Result<Request, ParseError> {
    match parse_datagram(text.as_bytes())? {
        Message::Request(request) => Ok(request),
        Message::Response(_) => panic!("no request"),
    }
}

/// Status and kind with which a message is refused.
#[track_caller]
fn refused(text: &str) -> (u16, ParseErrorKind) {
    let error = parse(text).expect_err("must be refused");
    assert_eq!(
        error.status != 0,
        error.response(None).is_some(),
        "an answer goes with a status: {error}"
    );
    (error.status, error.kind)
}

/// What a stream gives: how many messages, and the status of the error that ends it.
fn stream(octets: &[u8]) -> (usize, Option<u16>) {
    let mut framer = Framer::new(Limits::default());
    framer.push(octets);
    let (mut messages, mut error) = (0, None);
    while let Some(item) = framer.next() {
        match item {
            Ok(Frame::Message(_)) => messages += 1,
            Ok(_) => {}
            Err(refused) => error = Some(refused.0.status),
        }
    }
    (messages, error)
}

#[test]
fn content_lengths_are_digits_within_bounds() {
    let nines = "9".repeat(400);
    for bad in [
        "-1",
        "18446744073709551615",
        "18446744073709551612",
        "4294967328",
        "+0",
        "0x0",
        "1e3",
        "",
        "five",
        "1 0",
        "0,0",
        "1048577",
        &nines,
    ] {
        let text = with(&format!("Content-Length: {bad}\r\n"));
        assert_eq!(
            refused(&text),
            (400, ParseErrorKind::ContentLength),
            "{bad}"
        );
        assert_eq!(stream(text.as_bytes()), (0, Some(400)), "{bad}");
    }
    assert!(parse(&with("Content-Length: 0000\r\n")).is_ok());
    assert!(
        parse(&with("Content-Length: 0\r\nl: 0\r\n")).is_ok(),
        "twice the same value"
    );
    assert_eq!(
        refused(&with("Content-Length: 0\r\nl: 1\r\n")).1,
        ParseErrorKind::ContentLength
    );
    assert_eq!(
        refused(&with("Content-Length: 1\r\n")).1,
        ParseErrorKind::ShortBody
    );
}

#[test]
fn a_space_before_the_colon_smuggles_nothing() {
    let inner = with("Content-Length: 0\r\n");
    let outer = format!(
        "{}{inner}",
        with(&format!("Content-Length \t : {}\r\n", inner.len()))
    );
    assert_eq!(stream(outer.as_bytes()), (1, None));
    assert_eq!(parse(&outer).unwrap().body(), inner.as_bytes());
    let request = parse(&with("X-Auth-Internal : yes\r\n")).unwrap();
    assert_eq!(request.get("x-auth-internal"), Some("yes"));
    for name in [
        "X-Auth\x0bInternal",
        "X-Auth\u{a0}Internal",
        "X Auth",
        "X-Auth\0",
        "(X)",
    ] {
        assert_eq!(
            refused(&with(&format!("{name}: yes\r\n"))),
            (400, ParseErrorKind::HeaderName),
            "{name:?}"
        );
    }
}

#[test]
fn line_ends() {
    let lf = with("Subject: x\r\n").replace("\r\n", "\n");
    assert_eq!(parse(&lf).unwrap().get("s"), Some("x"));
    assert_eq!(
        stream(with("l: 0\r\n").replace("\r\n", "\n").as_bytes()),
        (1, None)
    );
    assert_eq!(
        refused(&with("Subject: x\rX-Evil: y\r\n")).1,
        ParseErrorKind::BareCr
    );
    assert_eq!(
        refused(&with("").replace("70\r\n", "70\r\r\n")).1,
        ParseErrorKind::BareCr
    );
    let unended = with("");
    assert_eq!(
        refused(&unended[..unended.len() - 2]).1,
        ParseErrorKind::Unterminated
    );
    assert!(
        parse(&format!("\r\n\r\n{}", with(""))).is_ok(),
        "line ends before a message"
    );
    assert_eq!(
        refused(&with("").replacen("\r\n", "\r\n ;x\r\n", 1)).1,
        ParseErrorKind::StartLine
    );
}

#[test]
fn malformed_headers_that_are_not_needed_are_ignored() {
    let request = parse(&with(
        "no colon here\r\n folded on\r\n: no name\r\nX-Nul: a\0b\r\nDate: now\r\nX: y\r\n",
    ))
    .unwrap();
    assert_eq!(request.ignored_lines(), 3);
    assert!(!request.has("X-Nul"));
    assert_eq!(request.get("x"), Some("y"));
    assert_eq!(refused(&with("").replace("c@h", "c\0@h")).0, 400);
}

#[test]
fn mandatory_headers() {
    for (name, line) in [
        ("Via", "Via: SIP/2.0/UDP h:5060;branch=z9hG4bKa\r\n"),
        ("From", "From: <sip:a@h>;tag=a\r\n"),
        ("To", "To: <sip:b@h>\r\n"),
        ("Call-ID", "Call-ID: c@h\r\n"),
        ("CSeq", "CSeq: 1 OPTIONS\r\n"),
    ] {
        let error = parse(&with("").replace(line, "")).unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::Missing(name));
        assert_eq!(
            error.reply_to.is_none(),
            name == "Via",
            "without a Via there is nobody to answer"
        );
        if name != "Via" {
            assert_eq!(refused(&with(line)), (400, ParseErrorKind::Duplicate(name)));
        }
    }
    assert!(parse(&with("").replace("Max-Forwards: 70\r\n", "")).is_ok());
    assert_eq!(
        refused(&with("Max-Forwards: 70\r\n")).1,
        ParseErrorKind::Duplicate("Max-Forwards")
    );
    assert_eq!(
        refused(&with("").replace(";tag=a", "")).1,
        ParseErrorKind::Missing("From tag")
    );
    assert!(
        parse(&with("").replace(";tag=a", "").replace("z9hG4bKa", "1")).is_ok(),
        "an RFC 2543 sender"
    );
    assert_eq!(
        refused(&with("").replace("1 OPTIONS", "1 INVITE")).1,
        ParseErrorKind::CSeqMethod
    );
    assert_eq!(
        refused(&with("Contact: *, <sip:a@h>\r\n")).1,
        ParseErrorKind::Malformed("Contact")
    );
    assert_eq!(
        refused(&with("Route: sip:a@h?x=y\r\n")).1,
        ParseErrorKind::Malformed("Route")
    );
    for number in ["-1", "256", "7a", ""] {
        let text = with("").replace("Forwards: 70", &format!("Forwards: {number}"));
        assert_eq!(refused(&text).1, ParseErrorKind::Malformed("Max-Forwards"));
    }
    for number in [
        "4294967296",
        "-1",
        "+1",
        "1.0",
        "0x1",
        "99999999999999999999999",
    ] {
        assert_eq!(
            refused(&with("").replace("1 OPTIONS", &format!("{number} OPTIONS"))).1,
            ParseErrorKind::Malformed("CSeq")
        );
    }
}

#[test]
fn limits_are_answered_and_end_a_stream() {
    let cases = [
        (
            with(&"X: y\r\n".repeat(251)),
            ParseErrorKind::TooManyHeaders,
            431,
        ),
        (
            with(&format!("X: {}\r\n", "y".repeat(8 * 1024))),
            ParseErrorKind::HeaderTooLong,
            431,
        ),
        (
            with(&format!(
                "X: y\r\n{}",
                format!(" {}\r\n", "y".repeat(200)).repeat(50)
            )),
            ParseErrorKind::HeaderTooLong,
            431,
        ),
        (
            with(&format!("X: y\r\n{}", " y\r\n".repeat(101))),
            ParseErrorKind::TooManyFolds,
            431,
        ),
        (
            with(&"Via: SIP/2.0/UDP h;branch=z9hG4bKa\r\n".repeat(64)),
            ParseErrorKind::TooManyVias,
            431,
        ),
        (
            with(&format!("Via: {}\r\n", ["SIP/2.0/UDP h"; 64].join(","))),
            ParseErrorKind::TooManyVias,
            431,
        ),
        (
            with(&format!("Contact: {}\r\n", ["<sip:a@h>"; 65].join(","))),
            ParseErrorKind::TooManyAddresses,
            400,
        ),
        (
            with("").replacen("b@h", &"b".repeat(2048), 1),
            ParseErrorKind::UriTooLong,
            414,
        ),
        (
            with("").replace("OPTIONS", &"M".repeat(65)),
            ParseErrorKind::Method,
            400,
        ),
        (
            with("").replace("1 OPTIONS", &format!("1 {}", "M".repeat(4096))),
            ParseErrorKind::Malformed("CSeq"),
            400,
        ),
        (
            with("").replace("tag=a", &format!("tag={}", "t".repeat(257))),
            ParseErrorKind::TagTooLong,
            400,
        ),
        (
            with(&format!("\r\n{}", "b".repeat(65_536))),
            ParseErrorKind::TooLarge,
            513,
        ),
        (
            with(&"X: yyyyyyyyyyyyyyyyyy\r\n".repeat(4096)),
            ParseErrorKind::TooManyHeaders,
            513,
        ),
    ];
    for (text, kind, status) in cases {
        let error = parse(&text).expect_err("must be refused");
        assert_eq!(error.status, status, "{error}");
        if status != 513 {
            assert_eq!(error.kind, kind);
        }
        let answer = error.response(Some("tag")).expect("an answer");
        assert!(answer.len() <= text.len() + 64, "no amplification");
        assert!(answer.starts_with(format!("SIP/2.0 {status} ").as_bytes()));
    }
    assert!(parse(&with(&"X: y\r\n".repeat(250))).is_ok());
    assert!(parse(&with("").replace("tag=a", &format!("tag={}", "t".repeat(256)))).is_ok());
    assert_eq!(
        stream(with(&format!("l: 70000\r\n\r\n{}", "b".repeat(10))).as_bytes()),
        (0, Some(513))
    );
    assert_eq!(
        stream(with(&"X: y\r\n".repeat(300)).as_bytes()),
        (0, Some(431))
    );
    assert_eq!(
        stream(format!("OPTIONS sip:h SIP/2.0\r\n{}", "X: y\r\n".repeat(20_000)).as_bytes()).1,
        Some(513)
    );
}

#[test]
fn the_worst_case_takes_linear_time() {
    let bodies = [
        with(&format!("X: {}\r\n", "\\\"<,".repeat(2000))),
        with(&format!("Contact: {}\r\n", "<sip:a@h>,".repeat(800))),
        with(&format!("To: \"{}\r\n", "\\".repeat(8000))),
        with(&" \r\n".repeat(20_000)),
        with(&":\r\n".repeat(20_000)),
        "A".repeat(65_000),
        format!("INVITE {} SIP/2.0\r\n\r\n", "%41".repeat(20_000)),
    ];
    for body in bodies {
        let start = Instant::now();
        let _ = parse_datagram(body.as_bytes());
        // An unoptimised build on a busy machine; quadratic work would take seconds.
        assert!(
            start.elapsed() < Duration::from_millis(250),
            "{:?} {:.40}",
            start.elapsed(),
            body
        );
    }
}

#[test]
fn a_stream_in_single_octets_takes_linear_time() {
    let mut framer = Framer::new(Limits::default());
    let start = Instant::now();
    for octet in with(&"X: yyyyyyyyyyyyyyyyyyyyy\r\n".repeat(200)).as_bytes() {
        framer.push(&[*octet]);
        let _ = framer.next();
    }
    assert!(start.elapsed() < Duration::from_millis(500));
}

#[test]
fn other_protocols_get_no_answer() {
    for alien in [
        &b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\x01\x00\x00\x21\x12\xa4\x42aaaaaaaaaaaa",
        b"\0\0\0\0",
        b"INVITE sip:a@b\r\n\r\n",
        b"hello\r\n",
        b"SSH-2.0-x\r\n",
    ] {
        let error = parse_datagram(alien).unwrap_err();
        assert_eq!((error.kind, error.status), (ParseErrorKind::NotSip, 0));
        assert_eq!(stream(alien), (0, Some(0)));
    }
    for quiet in [&b""[..], b"\r\n", b"\r\n\r\n"] {
        assert_eq!(
            parse_datagram(quiet).unwrap_err().kind,
            ParseErrorKind::Empty
        );
    }
}

#[test]
fn refused_responses_and_acks_get_no_answer() {
    let response = with("").replace("OPTIONS sip:b@h SIP/2.0", "SIP/2.0 200 OK");
    assert!(parse_datagram(response.as_bytes()).is_ok());
    for line in [
        "SIP/2.0 4294967301 X",
        "SIP/2.0 20 X",
        "SIP/2.0 099 X",
        "SIP/2.0 700 X",
        "SIP/2.0 2x0 X",
        "SIP/7.0 200 OK",
    ] {
        let error =
            parse_datagram(response.replace("SIP/2.0 200 OK", line).as_bytes()).unwrap_err();
        assert!(error.response(None).is_none(), "{line}");
    }
    let ack = with("")
        .replace("OPTIONS", "ACK")
        .replace("Call-ID: c@h\r\n", "");
    assert!(
        parse_datagram(ack.as_bytes())
            .unwrap_err()
            .response(None)
            .is_none()
    );
}

#[test]
fn answers_repeat_what_they_need() {
    let text = with("").replace("1 OPTIONS", "1 INVITE");
    let answer = parse(&text).unwrap_err().response(Some("x")).unwrap();
    assert_eq!(
        String::from_utf8(answer).unwrap(),
        "SIP/2.0 400 CSeq Method Mismatch\r\nVia: SIP/2.0/UDP h:5060;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=a\r\n\
         To: <sip:b@h>;tag=x\r\nCall-ID: c@h\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn keep_alives() {
    let frames = |pieces: &[&[u8]]| {
        let mut framer = Framer::new(Limits::default());
        let mut out = Vec::new();
        for piece in pieces {
            framer.push(piece);
            while let Some(frame) = framer.next() {
                out.push(frame.unwrap());
            }
        }
        out
    };
    assert_eq!(frames(&[b"\r\n\r\n"]), [Frame::Ping]);
    assert_eq!(frames(&[b"\r\n"]), [Frame::Pong]);
    assert_eq!(
        frames(&[b"\r\n", b"\r\n"]),
        [Frame::Pong, Frame::Ping],
        "a ping cut in two is answered"
    );
    assert_eq!(frames(&[b"\r", b"\n\r\n"]), [Frame::Ping]);
    let message = with("l: 0\r\n");
    let all = format!("\r\n\r\n{message}\r\n{message}");
    let wanted = Frame::Message(message.clone().into_bytes());
    assert_eq!(
        frames(&[all.as_bytes()]),
        [Frame::Ping, wanted.clone(), Frame::Pong, wanted]
    );
}

#[test]
fn request_uris_are_bare_and_without_headers() {
    assert_eq!(
        refused(&with("").replacen("sip:b@h", "<sip:b@h>", 1)).0,
        400
    );
    assert_eq!(
        refused(&with("").replacen("sip:b@h", "sip:b@h?Route=x", 1)).1,
        ParseErrorKind::RequestUri
    );
}

#[test]
fn seeds_of_other_projects_do_no_harm() {
    let Some(root) = fixtures::fixtures() else {
        return;
    };
    let mut count = 0;
    for folder in std::fs::read_dir(root.join("seeds")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let octets = std::fs::read(file.unwrap().path()).unwrap();
            let start = Instant::now();
            let datagram = parse_datagram(&octets);
            let _ = stream(&octets);
            if let Ok(text) = std::str::from_utf8(&octets) {
                let _ = Uri::parse(text.trim_end());
                let _ = NameAddr::parse(text.trim_end());
            }
            if let Err(error) = datagram {
                let _ = error.response(None);
            }
            assert!(start.elapsed() < Duration::from_millis(250));
            count += 1;
        }
    }
    assert!(count > 500, "the seeds are there: {count}");
}
