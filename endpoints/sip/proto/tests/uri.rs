//! URIs and addresses: what is read, what is refused, what is the same.

use strowger_sip_proto::message::{NameAddr, Uri, UriError};

#[test]
fn uris_are_read_or_refused_never_guessed() {
    for good in [
        "sip:h",
        "sip:*97#@h",
        "sips:a:b@h:5061;transport=tls;lr?Subject=x&y=",
        "sip:[2001:db8::1]:5060",
        "sip:a@192.0.2.1",
        "SIP:a%40b@h.example.",
        "tel:+1-201-555-0123;phone-context=x",
        "urn:service:sos",
        "sip:;x@h",
        "sip:under_score@my_host",
    ] {
        assert!(Uri::parse(good).is_ok(), "{good} {:?}", Uri::parse(good));
    }
    for (bad, why) in [
        ("", UriError::Scheme),
        ("h", UriError::Scheme),
        ("1sip:h", UriError::Scheme),
        (":h", UriError::Scheme),
        ("sip:", UriError::Host),
        ("sip:@h", UriError::User),
        ("sip:a@", UriError::Host),
        ("sip:a@b@c", UriError::Host),
        ("sip:a b@h", UriError::User),
        ("sip:a%4@h", UriError::User),
        ("sip:a%zz@h", UriError::User),
        ("sip:a\r\n@h", UriError::User),
        ("sip:a\"b@h", UriError::User),
        ("sip:a@h:0", UriError::Port),
        ("sip:a@h:65536", UriError::Port),
        ("sip:a@h:", UriError::Port),
        ("sip:a@h:5060x", UriError::Port),
        ("sip:a@h:-1", UriError::Port),
        ("sip:2001:db8::10", UriError::Host),
        ("sip:[2001:db8:::1]", UriError::Host),
        ("sip:[::1", UriError::Host),
        ("sip:[::1%25eth0]", UriError::Host),
        ("sip:300.1.1.1", UriError::Host),
        ("sip:a@-..h", UriError::Host),
        ("sip:h;;", UriError::Parameter),
        ("sip:h;a b", UriError::Parameter),
        ("sip:h?", UriError::Headers),
        ("sip:h?a", UriError::Headers),
        ("tel:", UriError::User),
        ("x:<y>", UriError::Opaque),
    ] {
        assert_eq!(Uri::parse(bad), Err(why), "{bad}");
    }
    for bad in [
        "\"a <sip:b@h>",
        "Bell, A <sip:b@h>",
        "< sip:b@h>",
        "<sip:b@h",
        "sip:b@h?x=y",
        "a b",
        "\"a\" sip:b@h",
        "<sip:b@h>x",
    ] {
        assert!(NameAddr::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn uris_compare_as_rfc3261_section_19_1_4_says() {
    let eq = |a: &str, b: &str| Uri::parse(a).unwrap().equivalent(&Uri::parse(b).unwrap());
    for (a, b) in [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ] {
        assert!(eq(a, b) && eq(b, a), "{a} {b}");
    }
    for (a, b) in [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com:6000;transport=tcp",
            "sip:bob@biloxi.com",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:a%40b@h", "sip:a%2540b@h"),
        ("sips:a@h", "sip:a@h"),
    ] {
        assert!(!eq(a, b) && !eq(b, a), "{a} {b}");
    }
}
