//! Multipart bodies: the one of RFC 4475, what is found, what is refused.

mod fixtures;

use proptest::prelude::*;
use strowger_sip_proto::message::{MultipartError, parse_datagram, parts};

const MIXED: &str = "multipart/mixed; boundary=\"a b\"";

#[test]
fn the_session_description_is_found() {
    let body = "ignored\r\n--a b\r\nContent-Type: Application/SDP ; x=y\r\n\r\nv=0\r\ns=-\r\n\r\n--a b  \r\n\
                c: application/\r\n isup\r\nContent-Disposition: Signal;handling=optional\r\n\r\n\0\x01\r\n--a b--\r\nignored";
    let found = parts(MIXED, body.as_bytes()).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].media_type.as_str(), found[0].body),
        ("application/sdp", &b"v=0\r\ns=-\r\n"[..])
    );
    assert_eq!(
        (found[1].media_type.as_str(), found[1].body),
        ("application/isup", &b"\0\x01"[..])
    );
    assert_eq!(found[1].disposition, "signal");
    assert_eq!(parts("text/plain", b"x").unwrap()[0].body, b"x");
    let nested = format!(
        "--o\n\n--a b\n--o\nContent-Type: {MIXED}\n\n{}\n--o--",
        "--a b\n\nx\n--a b--"
    );
    let found = parts("multipart/mixed;boundary=o", nested.as_bytes()).unwrap();
    assert_eq!(
        found.iter().map(|part| part.body).collect::<Vec<_>>(),
        [&b"--a b"[..], b"x"]
    );
}

#[test]
fn malformed_bodies_are_refused() {
    let long = format!("multipart/mixed;boundary={}", "b".repeat(71));
    for (content_type, body, wanted) in [
        (
            "multipart/mixed",
            "--\r\n\r\n----",
            MultipartError::Boundary,
        ),
        (
            "multipart/mixed;boundary=\"\"",
            "--\r\n\r\n----",
            MultipartError::Boundary,
        ),
        (long.as_str(), "", MultipartError::Boundary),
        (MIXED, "", MultipartError::Unclosed),
        (MIXED, "--a b--", MultipartError::Unclosed),
        (MIXED, "--a b\r\n\r\nx", MultipartError::Unclosed),
        (
            MIXED,
            "--a b\r\n\r\nx\r\n--a bc--\r\n",
            MultipartError::Unclosed,
        ),
    ] {
        assert_eq!(
            parts(content_type, body.as_bytes()),
            Err(wanted),
            "{content_type} {body}"
        );
    }
    assert!(matches!(
        parts("multipart/mixed;;", b""),
        Err(MultipartError::Header(_))
    ));
    let many = format!("{}--a b--", "--a b\r\n\r\nx\r\n".repeat(17));
    assert_eq!(
        parts(MIXED, many.as_bytes()),
        Err(MultipartError::TooManyParts)
    );
    let mut deep = String::from("x");
    for level in 0..5 {
        deep = format!(
            "--{level}\nContent-Type: {}\n\n{deep}\n--{level}--",
            match level {
                0 => "text/plain".to_owned(),
                _ => format!("multipart/mixed;boundary={}", level - 1),
            }
        );
    }
    assert_eq!(
        parts("multipart/mixed;boundary=4", deep.as_bytes()),
        Err(MultipartError::TooDeep)
    );
    let head = format!("--a b\r\nX: {}\r\n\r\nx\r\n--a b--", "y".repeat(5000));
    assert_eq!(parts(MIXED, head.as_bytes()), Err(MultipartError::PartHead));
}

#[test]
fn rfc4475_mpart01() {
    let Some(octets) = fixtures::read("torture/rfc4475/mpart01.dat") else {
        return;
    };
    let message = parse_datagram(&octets).unwrap();
    let found = parts(message.content_type().unwrap(), message.body()).unwrap();
    let types: Vec<&str> = found.iter().map(|part| part.media_type.as_str()).collect();
    assert_eq!(types, ["text/plain", "application/octet-stream"]);
    assert_eq!(
        message.body_part("text/plain").unwrap(),
        Some(&b"Hello"[..])
    );
    assert_eq!(message.body_part("application/sdp").unwrap(), None);
}

proptest! {
    #[test]
    fn no_body_breaks_the_reader(body in "(--a b(--)?|\r?\n|x|:|Content-Type: multipart/x;boundary=a){0,30}", octets in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = parts(MIXED, body.as_bytes());
        let _ = parts(MIXED, &octets);
    }
}
