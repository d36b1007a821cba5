//! Challenges and how they are answered (RFC 3261 §22, RFC 7616, RFC 8760).

use strowger_sip_proto::auth::{Algorithm, Challenge, Credentials, ha1, verify};
use strowger_sip_proto::message::Method;
use strowger_sip_proto::{Account, OutgoingInvite, OutgoingRequest, UaEvent};

use crate::pair::{ADDRESSES, Pair, response};

fn account(realms: &[&str]) -> Option<Account> {
    Some(Account {
        user: "alice".to_owned(),
        password: "secret".to_owned(),
        realms: realms.iter().map(|realm| (*realm).to_owned()).collect(),
    })
}

fn invite(realms: &[&str]) -> OutgoingInvite {
    OutgoingInvite {
        request_uri: format!("sip:bob@{}", ADDRESSES[1]),
        from: "<sip:alice@example.com>".to_owned(),
        credentials: account(realms),
        ..OutgoingInvite::default()
    }
}

fn challenge(name: &str, algorithm: Algorithm, nonce: &str) -> (String, String) {
    (
        name.to_owned(),
        Challenge::new("example.com", nonce, algorithm, false).to_string(),
    )
}

#[test]
fn rfc3261_22_3_an_invite_is_sent_again_with_credentials() {
    let mut pair = Pair::new(1);
    let out = pair
        .order(0, |core, now| core.invite(now, invite(&["example.com"])))
        .unwrap();
    pair.run_ms(50);
    let (first, request) = pair.incoming();
    assert!(request.get("Proxy-Authorization").is_none());
    let asked = vec![
        challenge("Proxy-Authenticate", Algorithm::Md5, "n1"),
        challenge("Proxy-Authenticate", Algorithm::Sha256, "n2"),
    ];
    pair.order(1, |core, now| core.reject(now, first, 407, "", asked))
        .unwrap();
    assert!(matches!(pair.event(1), UaEvent::Terminated { .. }));
    pair.run_ms(50);
    pair.no_event(0);
    let (second, again) = pair.incoming();
    assert_eq!(again.call_id(), request.call_id());
    assert_eq!(again.from_tag(), request.from_tag());
    assert_eq!(again.to_tag(), None);
    assert_eq!(
        again.cseq().unwrap().number,
        request.cseq().unwrap().number + 1
    );
    assert_ne!(
        again.via_top().unwrap().branch(),
        request.via_top().unwrap().branch()
    );
    let credentials = Credentials::parse(again.get("Proxy-Authorization").unwrap()).unwrap();
    assert_eq!(credentials.algorithm, Algorithm::Sha256);
    let secret = ha1(Algorithm::Sha256, "alice", "example.com", "secret");
    assert!(verify(&credentials, &secret, &Method::INVITE, again.body()));
    pair.order(1, |core, now| core.accept(now, second, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    assert!(matches!(pair.event(0), UaEvent::Answered { call, .. } if call == out));
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    // The ACK shows the same credentials (§22.1) and its number is the second INVITE's.
    let ack = pair.last(0, "ACK").request();
    assert_eq!(
        ack.get("Proxy-Authorization"),
        again.get("Proxy-Authorization")
    );
    assert_eq!(ack.cseq().unwrap().number, again.cseq().unwrap().number);
    pair.run_ms(50);
    pair.hang_up(0, out);
    pair.settle();
    assert!(pair.is_empty());
    assert!(pair.last(0, "BYE").request().cseq().unwrap().number > ack.cseq().unwrap().number);
}

#[test]
fn sip21_a_server_that_always_challenges_sees_three_invites() {
    let mut pair = Pair::new(2);
    pair.order(0, |core, now| core.invite(now, invite(&[])))
        .unwrap();
    for round in 0..10 {
        pair.run_ms(50);
        let Some(UaEvent::Invite { call, .. }) = pair.events[1].pop_front() else {
            break;
        };
        let asked = vec![challenge(
            "WWW-Authenticate",
            Algorithm::Md5,
            &format!("n{round}"),
        )];
        pair.order(1, |core, now| core.reject(now, call, 401, "", asked))
            .unwrap();
        pair.events[1].clear();
    }
    assert_eq!(pair.count(0, "INVITE"), 3);
    assert_eq!(response(pair.event(0)).status(), 401);
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn aut07_a_foreign_realm_gets_nothing() {
    let mut pair = Pair::new(3);
    pair.order(0, |core, now| {
        core.invite(now, invite(&["trunk.example.net"]))
    })
    .unwrap();
    pair.run_ms(50);
    let (call, _) = pair.incoming();
    let asked = vec![challenge("WWW-Authenticate", Algorithm::Md5, "n")];
    pair.order(1, |core, now| core.reject(now, call, 401, "", asked))
        .unwrap();
    pair.run_ms(50);
    assert_eq!(pair.count(0, "INVITE"), 1);
    assert_eq!(response(pair.event(0)).status(), 401);
}

#[test]
fn rfc3261_22_2_register_answers_its_challenge() {
    let mut pair = Pair::new(4);
    let uri = format!("sip:{}", ADDRESSES[1]);
    let mut order = OutgoingRequest::new(Method::REGISTER, uri, "<sip:alice@example.com>");
    order.credentials = account(&["example.com"]);
    order.cseq = Some(5);
    pair.order(0, |core, now| core.request(now, order)).unwrap();
    pair.run_ms(50);
    let UaEvent::Request { key, .. } = pair.event(1) else {
        panic!("no REGISTER")
    };
    let asked = vec![challenge("WWW-Authenticate", Algorithm::Md5, "n")];
    pair.order(1, |core, now| core.respond(now, key, 401, "", asked, None))
        .unwrap();
    pair.run_ms(50);
    let UaEvent::Request { key, request, .. } = pair.event(1) else {
        panic!("no second REGISTER")
    };
    assert_eq!(request.cseq().unwrap().number, 6);
    let credentials = Credentials::parse(request.get("Authorization").unwrap()).unwrap();
    let secret = ha1(Algorithm::Md5, "alice", "example.com", "secret");
    assert!(verify(&credentials, &secret, &Method::REGISTER, b""));
    assert!(credentials.is_for(request.uri()));
    pair.order(1, |core, now| {
        core.respond(now, key, 200, "", Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(50);
    assert_eq!(response(pair.event(0)).status(), 200);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_22_a_bye_of_our_call_may_be_challenged() {
    let mut pair = Pair::new(5);
    let out = pair
        .order(0, |core, now| core.invite(now, invite(&[])))
        .unwrap();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.run_ms(50);
    pair.drop_next = vec!["BYE".to_owned()];
    pair.hang_up(0, out);
    let bye = pair.last(0, "BYE").request();
    let (name, text) = challenge("Proxy-Authenticate", Algorithm::Md5, "n");
    let refused = crate::pair::reply(&bye, 407, "", &[(&name, &text)]);
    pair.inject(0, ADDRESSES[1], &refused);
    pair.run_ms(50);
    let again = pair.last(0, "BYE").request();
    assert!(again.get("Proxy-Authorization").is_some());
    assert_eq!(again.cseq().unwrap().number, bye.cseq().unwrap().number + 1);
    pair.settle();
    assert!(pair.is_empty());
}
