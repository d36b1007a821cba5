//! What the reader forgives, what it does not, and its limits.

use super::read;
use crate::{
    Direction, Host, MAX_ATTRIBUTES, MAX_CRYPTO, MAX_FORMATS, MAX_MEDIA, MAX_OCTETS, MediaKind,
    Reason, SessionDescription,
};

const HEAD: &str =
    "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n";

fn reason(text: impl AsRef<[u8]>) -> Reason {
    SessionDescription::parse(text)
        .expect_err("an error")
        .reason
}

#[test]
fn forgiven() {
    let odd = "\n v\nv=0\no=John Smith 99999999999999999999999 99999999999999999999999 IN IP4 host.example\n\
               b=nonsense\nb=AS:64\nx=what\nnot a line\nc=IN  IP4  198.51.100.7  \n\
               m=audio 4000/2  RTP/AVP 0 31 200 x 0\na=rtpmap:31 LPC\na=rtpmap:\na=\na=:x\na=rtpmap:300 X/1\na=fmtp:0\n";
    let description = SessionDescription::parse(odd).expect("forgiven");
    assert_eq!(description.origin.username, "John Smith");
    assert_eq!(description.origin.session_id, "99999999999999999999999");
    assert_eq!(description.origin.version, u64::MAX);
    assert_eq!(
        description.origin.address,
        Host::Name("host.example".to_owned())
    );
    assert_eq!(description.name, "-");
    assert_eq!(description.times.len(), 1);
    assert_eq!(description.bandwidth.len(), 1);
    let media = &description.media[0];
    assert_eq!((media.port, media.port_count), (4000, Some(2)));
    let formats: Vec<_> = media
        .rtpmaps()
        .into_iter()
        .map(|f| (f.payload_type, f.name))
        .collect();
    assert_eq!(formats, [(0, "PCMU".to_owned()), (31, "H261".to_owned())]);
}

#[test]
fn line_ends_of_all_kinds() {
    let wanted = SessionDescription::parse(HEAD).expect("well formed");
    for end in ["\n", "\r", "\r\r\n", "\n\n", " \r\n"] {
        assert_eq!(
            SessionDescription::parse(HEAD.replace("\r\n", end)).as_ref(),
            Ok(&wanted),
            "{end:?}"
        );
    }
    assert_eq!(SessionDescription::parse(HEAD.trim_end()), Ok(wanted));
}

#[test]
fn latin_1_is_read_as_such() {
    let description =
        SessionDescription::parse(b"v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=J\xfcrgen\r\n")
            .expect("read");
    assert_eq!(description.name, "J\u{fc}rgen");
}

#[test]
fn not_forgiven() {
    assert_eq!(reason(""), Reason::MissingVersion);
    assert_eq!(reason("v=1\n"), Reason::BadVersion);
    assert_eq!(reason("v=0\n"), Reason::MissingOrigin);
    for origin in [
        "o=",
        "o=- 1 1 IN IP4",
        "o=- 1 x IN IP4 1.2.3.4",
        "o=- 1 1 XX IP4 1.2.3.4",
        "o=- 1 1 IN IP4 1.2.3.4\0",
    ] {
        assert_eq!(
            reason(format!("v=0\n{origin}\n")),
            Reason::BadOrigin,
            "{origin}"
        );
    }
    let long = format!("c=IN IP4 {}", "a".repeat(256));
    for connection in [
        "c=",
        "c=IN IP4",
        "c=IN IP4 999.1.1.1",
        "c=IN IP4 1.2.3",
        "c=IN IP6 fe80::1%eth0",
        "c=IN IP4 1.2.3.4/x",
        "c=IN IP4 a b",
        "c=IN IP4 1.2.3.4\0",
        &long,
    ] {
        assert_eq!(
            reason(format!("{HEAD}{connection}\n")),
            Reason::BadConnection,
            "{connection}"
        );
    }
    for media in [
        "m=",
        "m=audio",
        "m=audio 1",
        "m=audio 65536 RTP/AVP 0",
        "m=audio -1 RTP/AVP 0",
        "m=audio +1 RTP/AVP 0",
        "m=audio 1/x RTP/AVP 0",
        "m=audio 1 RTP//AVP 0",
        "m=audio 1 RTP/AVP 0\0",
    ] {
        assert_eq!(
            reason(format!("{HEAD}{media}\n")),
            Reason::BadMedia,
            "{media}"
        );
    }
    let error = SessionDescription::parse(format!("{HEAD}m=audio\r\n")).expect_err("bad m=");
    assert_eq!(error.line, 6);
    assert_eq!(
        error.to_string(),
        "session description, line 6: m= must hold kind, port (0 to 65535), protocol and formats"
    );
}

#[test]
fn limits() {
    assert_eq!(
        reason(vec![b'v'; MAX_OCTETS + 1]),
        Reason::TooLong(MAX_OCTETS + 1)
    );
    let with = |line: &str, count: usize| {
        SessionDescription::parse(format!("{HEAD}{}", line.repeat(count))).map_err(|e| e.reason)
    };
    assert!(with("m=audio 1 RTP/AVP 0\n", MAX_MEDIA).is_ok());
    assert_eq!(
        with("m=audio 1 RTP/AVP 0\n", MAX_MEDIA + 1),
        Err(Reason::TooManyMedia)
    );
    assert!(with("a=x\n", MAX_ATTRIBUTES).is_ok());
    assert_eq!(
        with("a=x\n", MAX_ATTRIBUTES + 1),
        Err(Reason::TooManyAttributes)
    );
    assert!(with("a=crypto:1 X inline:x\n", MAX_CRYPTO).is_ok());
    assert_eq!(
        with("a=crypto:1 X inline:x\n", MAX_CRYPTO + 1),
        Err(Reason::TooManyCrypto)
    );
    let formats = |count: usize| format!("m=audio 1 RTP/AVP{}\n", " 0".repeat(count));
    assert!(with(&formats(MAX_FORMATS), 1).is_ok());
    assert_eq!(
        with(&formats(MAX_FORMATS + 1), 1),
        Err(Reason::TooManyFormats)
    );
}

#[test]
fn a_control_character_makes_an_attribute_count_for_nothing() {
    let description = read(
        "v=0\no=- 1 1 IN IP4 198.51.100.7\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\na=fmtp:96 x\0y",
    );
    assert_eq!(description.media[0].attributes.len(), 1);
    assert_eq!(description.media[0].rtpmaps()[0].fmtp, None);
}

#[test]
fn payload_types_out_of_range_are_not_wrapped() {
    let text = format!(
        "{HEAD}m=audio 4000 RTP/AVP 4294967296 128 127\na=rtpmap:4294967296 PCMU/8000\na=rtpmap:127 L16/16000\n"
    );
    let formats = SessionDescription::parse(text).expect("read").media[0].rtpmaps();
    assert_eq!(
        formats.iter().map(|f| f.payload_type).collect::<Vec<_>>(),
        [127]
    );
}

#[test]
fn sections_of_other_kinds() {
    let description = SessionDescription::parse(format!(
        "{HEAD}a=inactive\nm=image 4000 udptl t38\na=T38FaxVersion:0\nm=application 0 DTLS/SCTP 5000\nm=Text 6 TCP x\ni=words\na=sendonly\n"
    ))
    .expect("read");
    let kinds: Vec<_> = description.media.iter().map(|m| m.kind.clone()).collect();
    assert_eq!(
        kinds,
        [
            MediaKind::Image,
            MediaKind::Application,
            MediaKind::Other("text".to_owned())
        ]
    );
    assert!(description.media[0].rtpmaps().is_empty());
    assert!(description.media[1].is_rejected());
    assert_eq!(description.media[2].information.as_deref(), Some("words"));
    assert_eq!(
        description.media[0].direction(description.direction()),
        Direction::Inactive
    );
    assert_eq!(
        description.media[2].direction(description.direction()),
        Direction::SendOnly
    );
}
