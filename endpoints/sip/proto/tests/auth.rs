//! Digest authentication: the vectors of RFC 7616 and RFC 2617, bad credentials, nonces, replay.

use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::*;
use strowger_sip_proto::auth::{
    Algorithm, Answer, AuthError, Challenge, Credentials, NonceVerdict, Nonces, Qop, answer,
    challenges, credentials, ha1, offers, response, strongest, verify,
};
use strowger_sip_proto::message::{Message, Method, Request, Uri, parse_datagram};

fn get() -> Method {
    Method::from("GET")
}

#[test]
fn rfc7616_section_3_9_1() {
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (algorithm, wanted) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (
            Algorithm::Sha256,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let mut challenge = Challenge::new("http-auth@example.org", nonce, algorithm, false);
        challenge.qop = vec![Qop::Auth, Qop::AuthInt];
        let credentials = answer(
            &challenge,
            "Mufasa",
            "Circle of Life",
            &get(),
            "/dir/index.html",
            1,
            cnonce,
            b"",
        );
        assert_eq!(credentials.response, wanted);
        let secret = ha1(
            algorithm,
            "Mufasa",
            "http-auth@example.org",
            "Circle of Life",
        );
        assert!(verify(&credentials, &secret, &get(), b""));
        assert!(!verify(&credentials, &secret, &Method::REGISTER, b""));
    }
}

#[test]
fn sha_512_256_uses_its_own_initial_values() {
    // RFC 7616 §3.9.2 with the response of its erratum (the RFC itself used a draft of the algorithm).
    let secret = ha1(
        Algorithm::Sha512_256,
        "J\u{e4}s\u{f8}n Doe",
        "api@example.org",
        "Secret, or not?",
    );
    let digest = response(
        &secret,
        &Answer {
            algorithm: Algorithm::Sha512_256,
            method: &get(),
            uri: "/doe.json",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            nc: "00000001",
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            qop: Some(Qop::Auth),
            body: b"",
        },
    );
    assert_eq!(
        digest,
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    );
}

#[test]
fn rfc2617_example_and_the_form_without_qop() {
    let challenge = Challenge::parse(
        r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
    )
    .unwrap();
    let credentials = answer(
        &challenge,
        "Mufasa",
        "Circle Of Life",
        &get(),
        "/dir/index.html",
        1,
        "0a4f113b",
        b"",
    );
    assert_eq!(credentials.response, "6629fae49393a05397450978507c4ef1");
    assert_eq!(
        credentials.opaque.as_deref(),
        Some("5ccc069c403ebaf9f0171e9517f40e41")
    );
    let mut plain = challenge.clone();
    plain.qop.clear();
    let credentials = answer(
        &plain,
        "Mufasa",
        "Circle Of Life",
        &get(),
        "/dir/index.html",
        1,
        "0a4f113b",
        b"",
    );
    assert_eq!(credentials.response, "670fd8c2df070c60b045671b8b24ff02");
    assert_eq!(
        (
            credentials.qop,
            credentials.nc.as_deref(),
            credentials.nonce_count()
        ),
        (None, None, None)
    );
}

#[test]
fn auth_int_covers_the_body() {
    let mut challenge = Challenge::new("pbx", "n", Algorithm::Sha256, false);
    challenge.qop = vec![Qop::AuthInt];
    let credentials = answer(
        &challenge,
        "1000",
        "secret",
        &Method::INVITE,
        "sip:pbx",
        1,
        "c",
        b"v=0\r\n",
    );
    let secret = ha1(Algorithm::Sha256, "1000", "pbx", "secret");
    assert!(verify(&credentials, &secret, &Method::INVITE, b"v=0\r\n"));
    assert!(!verify(&credentials, &secret, &Method::INVITE, b"v=1\r\n"));
}

#[test]
fn malformed_credentials_are_refused() {
    let good = r#"username="1000", realm="pbx", nonce="n", uri="sip:pbx", response="00", qop=auth, nc=00000001, cnonce="c""#;
    assert!(Credentials::parse(&format!("Digest {good}")).is_ok());
    assert!(Credentials::parse(&format!("dIGEST\t{good},")).is_ok());
    let cases: [(String, AuthError); 12] = [
        (format!("Basic {good}"), AuthError::Scheme),
        ("Digest".to_owned(), AuthError::Scheme),
        (format!("Digest {good}, nonce=\"m\""), AuthError::Doubled),
        (
            format!("Digest {}", good.replace("username=\"1000\", ", "")),
            AuthError::Missing("username"),
        ),
        (
            format!("Digest {}", good.replace("\"1000\"", "\"\"")),
            AuthError::Missing("username"),
        ),
        (
            format!("Digest {}", good.replace(", cnonce=\"c\"", "")),
            AuthError::Missing("cnonce"),
        ),
        (
            format!("Digest {}", good.replace("00000001", "1")),
            AuthError::Malformed,
        ),
        (
            format!("Digest {}", good.replace("\"n\"", "\"n")),
            AuthError::Malformed,
        ),
        (
            format!("Digest {}", good.replace("qop=auth", "qop=other")),
            AuthError::Qop,
        ),
        (
            format!("Digest {good}, algorithm=MD5-sess"),
            AuthError::Algorithm,
        ),
        (
            format!("Digest {good}, x=\"{}\"", "a".repeat(2048)),
            AuthError::TooLong,
        ),
        (
            format!(
                "Digest {good}, {}",
                (0..40).map(|n| format!("x{n}=1,")).collect::<String>()
            ),
            AuthError::TooLong,
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(Credentials::parse(&text), Err(wanted), "{text}");
    }
}

fn register(lines: &str) -> Request {
    let text = format!(
        "REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:1000@pbx>;tag=a\r\n\
         To: <sip:1000@pbx>\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\n{lines}\r\n"
    );
    match parse_datagram(text.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_usable_credentials_of_our_realm_count() {
    let line = |realm: &str| {
        format!(
            "Authorization: Digest username=\"1000\", realm=\"{realm}\", nonce=\"n\", uri=\"sip:pbx\", response=\"00\"\r\n"
        )
    };
    let request = register(&format!(
        "Authorization: NoOneKnows x=y\r\nAuthorization: Digest\r\n{}{}",
        line("other"),
        line("pbx")
    ));
    let found = credentials(&request, "Authorization", "pbx").unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].is_for(request.uri()));
    assert!(!found[0].is_for(&Uri::parse("sip:elsewhere").unwrap()));
    let flooded = register(&line("pbx").repeat(5));
    assert_eq!(
        credentials(&flooded, "Authorization", "pbx"),
        Err(AuthError::TooMany)
    );
}

#[test]
fn the_strongest_offer_of_each_realm_is_answered() {
    let list = challenges("pbx", "n", true, &[Algorithm::Sha256, Algorithm::Md5]);
    assert_eq!(
        list[0].to_string(),
        r#"Digest realm="pbx", nonce="n", algorithm=SHA-256, qop="auth", stale=true"#
    );
    let lines: String = list
        .iter()
        .rev()
        .map(|c| format!("WWW-Authenticate: {c}\r\n"))
        .collect();
    let request = register(&format!(
        "{lines}WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n\", algorithm=AKAv1-MD5\r\n"
    ));
    let chosen = strongest(offers(&request));
    assert_eq!(chosen.len(), 1);
    assert_eq!(
        (chosen[0].0, chosen[0].1.algorithm),
        ("Authorization", Algorithm::Sha256)
    );
    assert!(chosen[0].1.stale);
}

#[test]
fn nonces_age_count_and_belong() {
    let (here, near, far): (IpAddr, IpAddr, IpAddr) = (
        "192.0.2.1".parse().unwrap(),
        "192.0.2.200".parse().unwrap(),
        "198.51.100.1".parse().unwrap(),
    );
    let mut nonces = Nonces::new([9; 32], Duration::from_secs(60));
    let nonce = nonces.issue(1000, "pbx", here);
    assert_ne!(
        nonce,
        nonces.issue(1000, "pbx", here),
        "two phones never share a nonce"
    );
    assert_eq!(
        nonces.peek(&nonce, Some(1), 1000, "pbx", near),
        NonceVerdict::Fresh
    );
    assert_eq!(
        nonces.remembered(),
        0,
        "what has not succeeded costs no memory"
    );
    assert_eq!(
        nonces.check(&nonce, Some(1), 1010, "pbx", here),
        NonceVerdict::Fresh
    );
    assert_eq!(
        nonces.check(&nonce, Some(1), 1011, "pbx", here),
        NonceVerdict::Replayed
    );
    assert_eq!(
        nonces.check(&nonce, Some(5), 1012, "pbx", here),
        NonceVerdict::Fresh
    );
    assert_eq!(
        nonces.check(&nonce, Some(3), 1013, "pbx", here),
        NonceVerdict::Replayed,
        "going back"
    );
    assert_eq!(
        nonces.check(&nonce, Some(6), 1061, "pbx", here),
        NonceVerdict::Stale
    );
    assert_eq!(
        nonces.check(&nonce, Some(6), 990, "pbx", here),
        NonceVerdict::Unknown,
        "from the future"
    );
    assert_eq!(
        nonces.check(&nonce, Some(6), 1013, "other", here),
        NonceVerdict::Unknown
    );
    assert_eq!(
        nonces.check(&nonce, Some(6), 1013, "pbx", far),
        NonceVerdict::Unknown
    );
    for invented in [
        "",
        "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        &"0".repeat(64),
        &nonce.to_uppercase(),
    ] {
        assert_eq!(
            nonces.check(invented, Some(1), 1000, "pbx", here),
            NonceVerdict::Unknown
        );
    }
    let foreign = Nonces::new([8; 32], Duration::from_secs(60)).issue(1000, "pbx", here);
    assert_eq!(
        nonces.check(&foreign, Some(1), 1000, "pbx", here),
        NonceVerdict::Unknown
    );
    let once = nonces.issue(1000, "pbx", here);
    assert_eq!(
        nonces.check(&once, None, 1000, "pbx", here),
        NonceVerdict::Fresh
    );
    assert_eq!(
        nonces.check(&once, None, 1000, "pbx", here),
        NonceVerdict::Replayed
    );
    assert_eq!(
        nonces.check(&once, Some(7), 1000, "pbx", here),
        NonceVerdict::Replayed
    );
    let late = nonces.issue(2000, "pbx", here);
    assert_eq!(
        nonces.check(&late, Some(1), 2000, "pbx", here),
        NonceVerdict::Fresh
    );
    assert_eq!(nonces.remembered(), 1, "the old ones are gone");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_the_client_answers_the_server_accepts(
        user in "[^\r\n\0]{1,20}", realm in "[^\r\n\0]{1,20}", password in ".{0,20}", nonce in "[^\r\n\0]{1,40}",
        kind in 0..3_usize, nc in 1..u32::MAX, cnonce in "[a-z]{1,8}", qop in 0..3_usize,
    ) {
        let algorithm = [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512_256][kind];
        let mut challenge = Challenge::new(&realm, &nonce, algorithm, false);
        challenge.qop = [vec![], vec![Qop::Auth], vec![Qop::AuthInt]][qop].clone();
        challenge.opaque = Some(user.clone());
        prop_assert_eq!(&Challenge::parse(&challenge.to_string()).unwrap(), &challenge);
        let given = answer(&challenge, &user, &password, &Method::INVITE, "sip:a@b", nc, &cnonce, b"x");
        let read = Credentials::parse(&given.to_string()).unwrap();
        prop_assert_eq!(&read, &given);
        prop_assert!(verify(&read, &ha1(algorithm, &user, &realm, &password), &Method::INVITE, b"x"));
        let other = ha1(algorithm, &user, &realm, &format!("{password}x"));
        prop_assert!(!verify(&read, &other, &Method::INVITE, b"x"));
    }

    #[test]
    fn no_text_breaks_the_readers(text in ".{0,300}", octets in "Digest [a-z=\",\\\\ ]{0,200}") {
        for text in [text, octets] {
            let _ = Credentials::parse(&text);
            let _ = Challenge::parse(&text);
            let nonces = Nonces::new([0; 32], Duration::from_secs(1));
            prop_assert_eq!(nonces.peek(&text, None, 0, "", "::1".parse().unwrap()), NonceVerdict::Unknown);
        }
    }
}
