//! Changing a session: hold and resume, glare, UPDATE (RFC 3261 §14, RFC 3311).

use strowger_sip_proto::message::Method;
use strowger_sip_proto::{Failure, UaEvent};

use crate::pair::{Pair, response, sdp};

#[test]
fn rfc5359_2_1_hold_and_resume() {
    let mut pair = Pair::new(1);
    let (out, inc) = pair.connect();
    for (who, there, here, offer) in [
        (0, inc, out, "a=sendonly"),
        (0, inc, out, "a=sendrecv"),
        (1, out, inc, "a=inactive"),
    ] {
        pair.order(who, |core, now| core.reinvite(now, here, sdp(offer)))
            .unwrap();
        pair.run_ms(50);
        let other = 1 - who;
        match pair.event(other) {
            UaEvent::Reinvite { call, request } => {
                assert_eq!(call, there);
                assert_eq!(request.body(), offer.as_bytes());
            }
            event => panic!("{event:?}"),
        }
        pair.order(other, |core, now| {
            core.answer_reinvite(now, there, 200, sdp("a=answer"))
        })
        .unwrap();
        pair.run_ms(50);
        assert_eq!(response(pair.event(who)).body(), b"a=answer");
        pair.order(who, |core, now| core.ack(now, here, None))
            .unwrap();
        pair.run_ms(50);
        assert!(matches!(pair.event(other), UaEvent::Ack { .. }));
    }
    pair.hang_up(1, inc);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_14_1_a_refused_reinvite_leaves_the_call_up() {
    let mut pair = Pair::new(2);
    let (out, inc) = pair.connect();
    pair.order(0, |core, now| core.reinvite(now, out, sdp("m=video")))
        .unwrap();
    pair.run_ms(50);
    pair.events[1].clear();
    pair.order(1, |core, now| core.answer_reinvite(now, inc, 488, None))
        .unwrap();
    pair.run_ms(50);
    assert_eq!(response(pair.event(0)).status(), 488);
    pair.run_ms(60_000);
    pair.no_event(0);
    assert_eq!(pair.cores[0].calls(), 1);
    pair.order(0, |core, now| core.reinvite(now, out, sdp("m=audio")))
        .unwrap();
}

#[test]
fn rfc3261_14_1_glare_meets_491_twice_and_both_changes_get_through() {
    let mut pair = Pair::new(3);
    let (out, inc) = pair.connect();
    pair.order(0, |core, now| core.reinvite(now, out, sdp("from 0")))
        .unwrap();
    pair.order(1, |core, now| core.reinvite(now, inc, sdp("from 1")))
        .unwrap();
    pair.run_ms(50);
    assert_eq!(
        (pair.count(0, "491 INVITE"), pair.count(1, "491 INVITE")),
        (1, 1)
    );
    pair.no_event(0);
    pair.no_event(1);
    let mut heard = [Vec::new(), Vec::new()];
    for _ in 0..600 {
        pair.run_ms(10);
        for (who, call) in [(0, out), (1, inc)] {
            while let Some(event) = pair.events[who].pop_front() {
                match event {
                    UaEvent::Reinvite { request, .. } => {
                        heard[who].push(String::from_utf8(request.body().to_vec()).unwrap());
                        pair.order(who, |core, now| {
                            core.answer_reinvite(now, call, 200, sdp("yes"))
                        })
                        .unwrap();
                    }
                    UaEvent::ReinviteAnswered { .. } => {
                        pair.order(who, |core, now| core.ack(now, call, None))
                            .unwrap();
                    }
                    UaEvent::Ack { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert_eq!(
        heard,
        [vec!["from 1".to_owned()], vec!["from 0".to_owned()]]
    );
    // The side that did not choose the Call-ID tries first (0–2 s), the other later (2.1–4 s).
    assert!(pair.times(1, "INVITE")[1] < pair.times(0, "INVITE")[2]);
    pair.hang_up(0, out);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_14_2_a_second_reinvite_before_the_first_is_answered_meets_500() {
    let mut pair = Pair::new(4);
    let (out, inc) = pair.connect();
    pair.order(0, |core, now| core.reinvite(now, out, sdp("one")))
        .unwrap();
    pair.run_ms(50);
    let first = pair.last(0, "INVITE").request();
    let text = String::from_utf8(first.octets().to_vec()).unwrap();
    let number = first.cseq().unwrap().number;
    let branch = first.via_top().unwrap().branch().unwrap().to_owned();
    let second = text
        .replace(
            &format!("CSeq: {number} "),
            &format!("CSeq: {} ", number + 1),
        )
        .replace(&branch, "z9hG4bKsecond");
    pair.inject(1, crate::pair::ADDRESSES[0], second.as_bytes());
    assert!(
        pair.last(1, "500 INVITE")
            .message()
            .headers()
            .retry_after()
            .unwrap()
            .is_some()
    );
    pair.events[1].clear();
    pair.order(1, |core, now| core.answer_reinvite(now, inc, 200, None))
        .unwrap();
}

#[test]
fn a_reinvite_can_be_withdrawn() {
    let mut pair = Pair::new(5);
    let (out, inc) = pair.connect();
    pair.order(0, |core, now| core.reinvite(now, out, sdp("one")))
        .unwrap();
    pair.run_ms(50);
    pair.events[1].clear();
    let invite = pair.last(0, "INVITE").request();
    let text = String::from_utf8(invite.octets().to_vec()).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap();
    let cancel: Vec<String> = head
        .replace("INVITE", "CANCEL")
        .lines()
        .filter(|line| !line.starts_with("Content") && !line.starts_with("Allow"))
        .map(str::to_owned)
        .collect();
    pair.inject(
        1,
        crate::pair::ADDRESSES[0],
        format!("{}\r\n\r\n", cancel.join("\r\n")).as_bytes(),
    );
    assert!(matches!(pair.event(1), UaEvent::ReinviteCancelled { call } if call == inc));
    assert_eq!(pair.count(1, "487 INVITE"), 1);
    pair.run_ms(50);
    assert_eq!(response(pair.event(0)).status(), 487);
    assert_eq!(pair.cores[1].calls(), 1);
}

#[test]
fn rfc3261_12_2_1_2_a_reinvite_that_nobody_answers_ends_the_call() {
    let mut pair = Pair::new(6);
    let (out, _) = pair.connect();
    pair.weather.loss_percent = 100;
    pair.order(0, |core, now| core.reinvite(now, out, sdp("one")))
        .unwrap();
    pair.run_ms(33_000);
    assert!(matches!(
        pair.event(0),
        UaEvent::ReinviteRejected {
            cause: Failure::Timeout,
            response: None,
            ..
        }
    ));
    assert_eq!(pair.last(0, "BYE").request().method(), &Method::BYE);
    pair.run_ms(33_000);
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
}

#[test]
fn rfc3261_15_1_2_bye_during_a_reinvite_ends_both() {
    for late in [false, true] {
        let mut pair = Pair::new(7);
        let (out, inc) = pair.connect();
        pair.order(0, |core, now| core.reinvite(now, out, sdp("one")))
            .unwrap();
        pair.run_ms(50);
        pair.events[1].clear();
        if late {
            // The 200 to the re-INVITE and the caller's BYE cross.
            pair.order(1, |core, now| {
                core.answer_reinvite(now, inc, 200, sdp("yes"))
            })
            .unwrap();
        }
        pair.hang_up(0, out);
        pair.settle();
        assert!(pair.is_empty());
        let ends = pair.events[1]
            .iter()
            .filter(|event| matches!(event, UaEvent::Terminated { .. }))
            .count();
        assert_eq!(ends, 1);
        assert_eq!(pair.count(1, "487 INVITE"), usize::from(!late));
        assert_eq!(pair.count(0, "BYE"), 1);
    }
}

#[test]
fn rfc3311_5_2_update_with_an_offer_is_answered_by_the_user() {
    let mut pair = Pair::new(8);
    let (out, _) = pair.connect();
    pair.order(0, |core, now| {
        core.request_in_dialog(now, out, Method::UPDATE, Vec::new(), sdp("offer"))
    })
    .unwrap();
    pair.run_ms(50);
    let UaEvent::Update { key: Some(key), .. } = pair.event(1) else {
        panic!("no UPDATE")
    };
    pair.order(1, |core, now| {
        core.respond(now, key, 200, "", Vec::new(), sdp("answer"))
    })
    .unwrap();
    pair.run_ms(50);
    assert_eq!(response(pair.event(0)).body(), b"answer");
}

#[test]
fn rfc3311_an_update_without_body_is_answered_at_once() {
    let mut pair = Pair::new(9);
    let (out, _) = pair.connect();
    let name = vec![(
        "P-Asserted-Identity".to_owned(),
        "\"Bob\" <sip:b@example.com>".to_owned(),
    )];
    pair.order(0, |core, now| {
        core.request_in_dialog(now, out, Method::UPDATE, name, None)
    })
    .unwrap();
    pair.run_ms(50);
    match pair.event(1) {
        UaEvent::Update {
            key: None, request, ..
        } => assert!(request.has("P-Asserted-Identity")),
        other => panic!("{other:?}"),
    }
    assert_eq!(response(pair.event(0)).status(), 200);
}

#[test]
fn rfc3261_12_2_2_a_reinvite_moves_the_remote_target() {
    let mut pair = Pair::new(10);
    let (out, inc) = pair.connect();
    let contact = vec![(
        "Contact".to_owned(),
        "<sip:alice@192.0.2.1:5060;moved>".to_owned(),
    )];
    pair.order(0, |core, now| {
        core.reinvite_with(now, out, Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(50);
    pair.events[1].clear();
    pair.order(1, |core, now| {
        core.answer_reinvite_with(now, inc, 200, "", contact, None)
    })
    .unwrap();
    pair.run_ms(50);
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    assert!(
        pair.last(0, "ACK")
            .request()
            .uri()
            .to_string()
            .contains("moved")
    );
}
