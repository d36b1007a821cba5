//! Session timers (RFC 4028).

use strowger_sip_proto::message::Method;
use strowger_sip_proto::{CoreConfig, SessionTimer, UaEvent};

use crate::pair::{ADDRESSES, Pair, RAW, config, response};

fn timed(me: &str, expires: u32) -> CoreConfig {
    CoreConfig {
        session_timer: Some(SessionTimer {
            expires,
            minimum: 90,
        }),
        ..config(me)
    }
}

#[test]
fn rfc4028_7_2_the_refresher_refreshes_at_half_the_interval() {
    let mut pair = Pair::with(1, timed(ADDRESSES[0], 1800), timed(ADDRESSES[1], 0));
    let (out, _) = pair.connect();
    let answer = pair.last(1, "200 INVITE").message();
    assert_eq!(
        answer.headers().get("Session-Expires"),
        Some("1800;refresher=uac")
    );
    pair.run_ms(3 * 1000 * 1000);
    assert_eq!(pair.count(0, "UPDATE"), 3);
    assert_eq!(pair.count(1, "200 UPDATE"), 3);
    assert!(
        pair.events[1]
            .iter()
            .all(|event| matches!(event, UaEvent::Update { key: None, .. }))
    );
    assert_eq!(
        pair.last(1, "200 UPDATE")
            .message()
            .headers()
            .get("Session-Expires"),
        Some("1800;refresher=uac")
    );
    pair.hang_up(0, out);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc4028_7_4_without_update_the_same_offer_is_sent_again() {
    let no_update = |mut config: CoreConfig| {
        config.allow.retain(|method| *method != Method::UPDATE);
        config
    };
    let mut pair = Pair::with(
        2,
        timed(ADDRESSES[0], 600),
        no_update(timed(ADDRESSES[1], 0)),
    );
    let (_, inc) = pair.connect();
    pair.run_ms(301_000);
    match pair.event(1) {
        UaEvent::Reinvite { request, .. } => assert_eq!(request.body(), b"v=0 offer"),
        other => panic!("{other:?}"),
    }
    pair.order(1, |core, now| core.answer_reinvite(now, inc, 200, None))
        .unwrap();
    pair.run_ms(100);
    // The refresh is nobody's business: acknowledged without a word to the user.
    pair.no_event(0);
    assert!(matches!(pair.event(1), UaEvent::Ack { .. }));
    pair.run_ms(300_000);
    assert!(matches!(pair.event(1), UaEvent::Reinvite { .. }));
}

#[test]
fn rfc4028_10_a_peer_that_stops_refreshing_loses_the_call() {
    let mut pair = Pair::with(3, timed(ADDRESSES[0], 600), timed(ADDRESSES[1], 0));
    pair.connect();
    pair.weather.loss_percent = 100;
    pair.run_ms(600_000);
    assert!(matches!(pair.event(1), UaEvent::SessionExpired { .. }));
    assert!(matches!(pair.event(0), UaEvent::SessionExpired { .. }));
    assert!(pair.count(1, "BYE") > 0);
    pair.run_ms(100_000);
    assert!(pair.is_empty());
}

#[test]
fn rfc4028_9_too_short_an_interval_meets_422() {
    let mut pair = Pair::new(4);
    let invite = format!(
        "INVITE sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {RAW};branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:bob@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@{RAW}>\r\nSupported: timer\r\n\
         Session-Expires: 30\r\n\r\n"
    );
    pair.inject(0, RAW, invite.as_bytes());
    assert_eq!(
        pair.last(0, "422 INVITE").message().headers().get("Min-SE"),
        Some("90")
    );
    pair.no_event(0);
}

#[test]
fn rfc4028_7_1_a_422_is_obeyed_once() {
    let mut pair = Pair::with(
        5,
        timed(ADDRESSES[0], 120),
        CoreConfig {
            session_timer: Some(SessionTimer {
                expires: 0,
                minimum: 300,
            }),
            ..config(ADDRESSES[1])
        },
    );
    let out = pair.dial();
    pair.run_ms(100);
    let (inc, request) = pair.incoming();
    assert_eq!(request.get("Session-Expires"), Some("300"));
    assert_eq!(request.get("Min-SE"), Some("300"));
    assert_eq!(pair.count(1, "422 INVITE"), 1);
    pair.order(1, |core, now| core.accept(now, inc, Vec::new(), None))
        .unwrap();
    pair.run_ms(100);
    assert_eq!(
        response(pair.event(0)).get("Session-Expires"),
        Some("300;refresher=uac")
    );
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.hang_up(0, out);
}

#[test]
fn rfc3261_8_2_2_3_a_required_timer_that_is_switched_off_meets_420() {
    let off = CoreConfig {
        session_timer: None,
        ..config(ADDRESSES[0])
    };
    let mut pair = Pair::with(7, off, config(ADDRESSES[1]));
    let invite = format!(
        "INVITE sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {RAW};branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:bob@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@{RAW}>\r\nRequire: timer\r\n\r\n"
    );
    pair.inject(0, RAW, invite.as_bytes());
    assert_eq!(pair.count(0, "420 INVITE"), 1);
}

#[test]
fn without_timers_nothing_is_said_of_them() {
    let mut pair = Pair::new(6);
    pair.connect();
    assert!(!pair.last(0, "INVITE").request().has("Session-Expires"));
    assert!(
        !pair
            .last(1, "200 INVITE")
            .message()
            .headers()
            .has("Session-Expires")
    );
    let before = pair.sent.len();
    pair.run_ms(10_000_000);
    assert_eq!(pair.sent.len(), before);
}
