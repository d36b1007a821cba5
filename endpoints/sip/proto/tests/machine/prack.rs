//! Reliable provisional responses (RFC 3262).

use strowger_sip_proto::{CoreConfig, UaEvent};

use crate::pair::{ADDRESSES, Pair, config, response, sdp};

fn reliable(me: &str) -> CoreConfig {
    let mut config = config(me);
    config.enable_100rel();
    config
}

fn pair(seed: u64) -> Pair {
    Pair::with(seed, reliable(ADDRESSES[0]), reliable(ADDRESSES[1]))
}

#[test]
fn rfc3262_3_a_provisional_response_is_repeated_until_its_prack() {
    let mut pair = pair(1);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.drop_next = vec![
        "183 INVITE".to_owned(),
        "PRACK".to_owned(),
        "PRACK".to_owned(),
    ];
    pair.order(1, |core, now| {
        core.provisional(now, inc, 183, "", Vec::new(), sdp("v=0 early"))
    })
    .unwrap();
    pair.run_ms(3000);
    assert_eq!(pair.count(1, "183 INVITE"), 3);
    let prack = pair.last(0, "PRACK").request();
    assert_eq!(prack.get("RAck"), Some("1 1 INVITE"));
    assert_eq!(pair.count(1, "200 PRACK"), 1);
    assert!(matches!(pair.event(1), UaEvent::Prack { key: None, .. }));
    assert_eq!(response(pair.event(0)).body(), b"v=0 early");
    // Repetitions are not heard.
    pair.no_event(0);
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    assert_eq!(response(pair.event(0)).status(), 200);
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.hang_up(0, out);
    // The BYE counts on from the PRACK (RFC 3261 §12.2.1.1).
    assert_eq!(pair.last(0, "BYE").request().cseq().unwrap().number, 3);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3262_3_the_next_one_waits_for_the_prack_of_the_first() {
    let mut pair = pair(2);
    pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    for status in [180, 183] {
        pair.order(1, |core, now| {
            core.provisional(now, inc, status, "", Vec::new(), None)
        })
        .unwrap();
    }
    assert_eq!(pair.count(1, "183 INVITE"), 0);
    pair.run_ms(100);
    assert_eq!(pair.count(1, "183 INVITE"), 1);
    assert_eq!(
        pair.last(1, "183 INVITE").message().headers().rseq(),
        Ok(Some(2))
    );
    assert_eq!(response(pair.event(0)).status(), 180);
    assert_eq!(response(pair.event(0)).status(), 183);
    pair.order(1, |core, now| core.reject(now, inc, 486, "", Vec::new()))
        .unwrap();
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3262_3_without_prack_the_call_is_refused() {
    let mut pair = pair(3);
    pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.drop_next = vec!["PRACK".to_owned(); 100];
    pair.order(1, |core, now| {
        core.provisional(now, inc, 180, "", Vec::new(), None)
    })
    .unwrap();
    pair.settle();
    assert_eq!(pair.times(1, "180 INVITE").len(), 7);
    assert_eq!(pair.count(1, "504 INVITE"), 1);
    assert!(matches!(pair.event(1), UaEvent::AckTimeout { call } if call == inc));
    assert!(matches!(pair.event(1), UaEvent::Terminated { .. }));
    assert!(pair.is_empty());
}

#[test]
fn a_quick_answer_ends_the_repetition() {
    let mut pair = pair(4);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| {
        core.provisional(now, inc, 180, "", Vec::new(), None)
    })
    .unwrap();
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(50);
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.run_ms(5000);
    assert_eq!(pair.count(1, "180 INVITE"), 1);
    assert_eq!(pair.count(1, "200 PRACK"), 1);
    pair.hang_up(1, inc);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn a_peer_without_the_extension_is_rung_as_ever() {
    let mut pair = Pair::with(5, config(ADDRESSES[0]), reliable(ADDRESSES[1]));
    pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| {
        core.provisional(now, inc, 180, "", Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(5000);
    assert_eq!(pair.count(1, "180 INVITE"), 1);
    assert!(!pair.last(1, "180 INVITE").message().headers().has("RSeq"));
}
