//! Calls and requests that go well (RFC 3665 and friends).

use strowger_sip_proto::message::Method;
use strowger_sip_proto::{OutgoingInvite, OutgoingRequest, ServerKey, UaEvent};

use crate::pair::{ADDRESSES, Pair, response, sdp};

#[test]
fn rfc3665_3_1_a_call_from_invite_to_bye() {
    let mut pair = Pair::new(1);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, request) = pair.incoming();
    assert_eq!(request.body(), b"v=0 offer");
    assert_eq!(pair.kinds(1), ["100 INVITE"]);
    pair.order(1, |core, now| {
        core.provisional(now, inc, 180, "", Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(50);
    match pair.event(0) {
        UaEvent::Provisional {
            call,
            response,
            early,
        } => {
            assert_eq!((call, response.status()), (out, 180));
            assert_eq!(response.to_tag().unwrap_or_default(), early);
        }
        other => panic!("{other:?}"),
    }
    pair.order(1, |core, now| {
        core.accept(now, inc, Vec::new(), sdp("v=0 answer"))
    })
    .unwrap();
    pair.run_ms(50);
    let answer = response(pair.event(0));
    assert_eq!(answer.body(), b"v=0 answer");
    assert!(answer.contacts().unwrap().first().is_some());
    pair.order(0, |core, now| core.ack(now, out, None)).unwrap();
    pair.run_ms(50);
    assert!(matches!(pair.event(1), UaEvent::Ack { body: None, .. }));
    pair.hang_up(0, out);
    pair.run_ms(50);
    assert!(matches!(pair.event(1), UaEvent::Bye { call, .. } if call == inc));
    assert!(matches!(pair.event(1), UaEvent::Terminated { call } if call == inc));
    assert!(matches!(pair.event(0), UaEvent::Terminated { call } if call == out));
    assert_eq!(pair.kinds(0), ["INVITE", "ACK", "BYE"]);
    assert_eq!(
        pair.kinds(1),
        ["100 INVITE", "180 INVITE", "200 INVITE", "200 BYE"]
    );
    pair.settle();
    assert!(pair.is_empty());
    pair.no_event(0);
    pair.no_event(1);
}

#[test]
fn rfc3261_12_requests_within_a_dialog_keep_ids_and_count_up() {
    let mut pair = Pair::new(2);
    let (out, _) = pair.connect();
    pair.hang_up(0, out);
    pair.run_ms(50);
    let invite = pair.last(0, "INVITE").request();
    let answer = pair.last(1, "200 INVITE").message();
    let bye = pair.last(0, "BYE").request();
    assert_eq!(bye.call_id(), invite.call_id());
    assert_eq!(bye.from_tag(), invite.from_tag());
    assert_eq!(bye.to_tag(), answer.headers().to_tag());
    assert!(bye.to_tag().is_some());
    assert_eq!(
        bye.cseq().unwrap().number,
        invite.cseq().unwrap().number + 1
    );
    let contact = answer
        .headers()
        .contacts()
        .unwrap()
        .first()
        .unwrap()
        .uri
        .to_string();
    assert_eq!(bye.uri().to_string(), contact);
    assert_ne!(
        bye.via_top().unwrap().branch(),
        invite.via_top().unwrap().branch()
    );
}

#[test]
fn the_called_side_hangs_up() {
    let mut pair = Pair::new(3);
    let (out, inc) = pair.connect();
    let reason = vec![("Reason".to_owned(), "Q.850;cause=16".to_owned())];
    pair.order(1, |core, now| core.hangup(now, inc, reason, 480))
        .unwrap();
    pair.run_ms(50);
    match pair.event(0) {
        UaEvent::Bye { call, request } => {
            assert_eq!(call, out);
            assert_eq!(request.get("Reason"), Some("Q.850;cause=16"));
        }
        other => panic!("{other:?}"),
    }
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_15_both_hang_up_at_once() {
    let mut pair = Pair::new(4);
    let (out, inc) = pair.connect();
    pair.hang_up(0, out);
    pair.hang_up(1, inc);
    pair.run_ms(100);
    assert_eq!(pair.count(0, "200 BYE") + pair.count(1, "200 BYE"), 2);
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    assert!(matches!(pair.event(1), UaEvent::Terminated { .. }));
    pair.settle();
    assert!(pair.is_empty());
    pair.no_event(0);
    pair.no_event(1);
}

#[test]
fn a_call_that_is_refused() {
    let mut pair = Pair::new(5);
    let out = pair.dial();
    pair.run_ms(50);
    let (inc, _) = pair.incoming();
    pair.order(1, |core, now| core.reject(now, inc, 486, "", Vec::new()))
        .unwrap();
    assert!(matches!(pair.event(1), UaEvent::Terminated { .. }));
    pair.run_ms(50);
    let refused = response(pair.event(0));
    assert_eq!((refused.status(), refused.reason()), (486, "Busy Here"));
    assert!(matches!(pair.event(0), UaEvent::Terminated { call } if call == out));
    let ack = pair.last(0, "ACK").request();
    let invite = pair.last(0, "INVITE").request();
    assert_eq!(
        ack.via_top().unwrap().branch(),
        invite.via_top().unwrap().branch()
    );
    assert_eq!(ack.to_tag(), refused.to_tag());
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3264_4_late_offer_in_the_200_and_answer_in_the_ack() {
    let mut pair = Pair::new(6);
    let order = OutgoingInvite {
        request_uri: format!("sip:bob@{}", ADDRESSES[1]),
        from: "sip:alice@example.com".to_owned(),
        ..OutgoingInvite::default()
    };
    let out = pair.order(0, |core, now| core.invite(now, order)).unwrap();
    pair.run_ms(50);
    let (inc, request) = pair.incoming();
    assert!(request.body().is_empty());
    pair.order(1, |core, now| {
        core.accept(now, inc, Vec::new(), sdp("v=0 offer"))
    })
    .unwrap();
    pair.run_ms(50);
    assert_eq!(response(pair.event(0)).body(), b"v=0 offer");
    pair.order(0, |core, now| core.ack(now, out, sdp("v=0 answer")))
        .unwrap();
    pair.run_ms(50);
    match pair.event(1) {
        UaEvent::Ack {
            body: Some((kind, octets)),
            ..
        } => {
            assert_eq!(
                (kind.as_str(), octets.as_slice()),
                ("application/sdp", &b"v=0 answer"[..])
            );
        }
        other => panic!("{other:?}"),
    }
}

fn server_key(event: UaEvent) -> ServerKey {
    match event {
        UaEvent::Request { key, .. }
        | UaEvent::Info { key, .. }
        | UaEvent::InDialog { key, .. } => key,
        other => panic!("nothing to answer: {other:?}"),
    }
}

#[test]
fn rfc6086_info_within_a_call() {
    let mut pair = Pair::new(7);
    let (_, inc) = pair.connect();
    let client = pair
        .order(1, |core, now| {
            core.info(now, inc, "application/dtmf-relay", b"Signal=5\r\n".to_vec())
        })
        .unwrap();
    pair.run_ms(50);
    let UaEvent::Info { key, request, .. } = pair.event(0) else {
        panic!("no INFO")
    };
    let pressed =
        strowger_sip_proto::info::read(&request.media_type().unwrap(), request.body()).unwrap();
    assert_eq!(pressed.digit, '5');
    pair.order(0, |core, now| {
        core.respond(now, key, 200, "", Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(50);
    match pair.event(1) {
        UaEvent::Response { key, response } => {
            assert_eq!((key, response.unwrap().status()), (client, 200))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rfc3515_refer_and_notify_within_a_call() {
    let mut pair = Pair::new(8);
    let (out, inc) = pair.connect();
    let refer_to = vec![("Refer-To".to_owned(), "<sip:carol@example.com>".to_owned())];
    pair.order(0, |core, now| {
        core.request_in_dialog(now, out, Method::REFER, refer_to, None)
    })
    .unwrap();
    pair.run_ms(50);
    let key = match pair.event(1) {
        UaEvent::InDialog { key, request, .. } => {
            assert_eq!(request.get("Refer-To"), Some("<sip:carol@example.com>"));
            assert!(request.contacts().unwrap().first().is_some());
            key
        }
        other => panic!("{other:?}"),
    };
    pair.order(1, |core, now| {
        core.respond(now, key, 202, "", Vec::new(), None)
    })
    .unwrap();
    let headers = vec![("Event".to_owned(), "refer".to_owned())];
    let body = Some(("message/sipfrag".to_owned(), b"SIP/2.0 200 OK".to_vec()));
    pair.order(1, |core, now| {
        core.request_in_dialog(now, inc, Method::NOTIFY, headers, body)
    })
    .unwrap();
    pair.run_ms(50);
    assert_eq!(response(pair.event(0)).status(), 202);
    let key = server_key(pair.event(0));
    pair.order(0, |core, now| {
        core.respond(now, key, 200, "", Vec::new(), None)
    })
    .unwrap();
    pair.run_ms(50);
    assert_eq!(response(pair.event(1)).status(), 200);
}

#[test]
fn rfc3261_11_options_both_ways() {
    let mut pair = Pair::new(9);
    for (from, to) in [(0, 1), (1, 0)] {
        let uri = format!("sip:{}", ADDRESSES[to]);
        let order = OutgoingRequest::new(Method::OPTIONS, uri, "<sip:ping@example.com>");
        pair.order(from, |core, now| core.request(now, order))
            .unwrap();
        pair.run_ms(50);
        let key = server_key(pair.event(to));
        pair.order(to, |core, now| {
            core.respond_capabilities(now, key, Vec::new())
        })
        .unwrap();
        pair.run_ms(50);
        let answer = response(pair.event(from));
        assert_eq!(answer.status(), 200);
        assert!(answer.allow().contains(&"INVITE"));
        assert!(answer.supports("replaces"));
    }
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_10_register_keeps_its_call_id_and_number() {
    let mut pair = Pair::new(10);
    let mut order =
        OutgoingRequest::new(Method::REGISTER, "sip:192.0.2.2", "<sip:alice@example.com>");
    order.to = "<sip:alice@example.com>".to_owned();
    order.contact = Some("<sip:alice@192.0.2.1>;expires=600".to_owned());
    order.call_id = Some("registration-1".to_owned());
    order.cseq = Some(41);
    pair.order(0, |core, now| core.request(now, order)).unwrap();
    pair.run_ms(50);
    let UaEvent::Request { key, request, flow } = pair.event(1) else {
        panic!("no REGISTER")
    };
    assert_eq!(request.call_id(), Some("registration-1"));
    assert_eq!(request.cseq().unwrap().number, 41);
    assert_eq!(flow.peer.to_string(), ADDRESSES[0]);
    let contact = vec![(
        "Contact".to_owned(),
        "<sip:alice@192.0.2.1>;expires=600".to_owned(),
    )];
    pair.order(1, |core, now| {
        core.respond(now, key, 200, "", contact, None)
    })
    .unwrap();
    pair.run_ms(50);
    assert_eq!(
        response(pair.event(0)).get("Contact"),
        Some("<sip:alice@192.0.2.1>;expires=600")
    );
}

#[test]
fn rfc3581_4_the_answer_says_where_the_request_came_from() {
    let mut pair = Pair::new(11);
    let options = "OPTIONS sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5099;branch=z9hG4bKx;rport\r\n\
        From: <sip:a@b>;tag=1\r\nTo: <sip:x@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n";
    pair.inject(0, "203.0.113.9:41000", options.as_bytes());
    let key = server_key(pair.event(0));
    pair.order(0, |core, now| {
        core.respond(now, key, 200, "", Vec::new(), None)
    })
    .unwrap();
    let answer = pair.last(0, "200 OPTIONS");
    assert_eq!(answer.to.to_string(), "203.0.113.9:41000");
    let via = answer.message().headers().via_top().unwrap();
    assert_eq!(via.received().unwrap().to_string(), "203.0.113.9");
    assert_eq!(via.rport(), Some(Some(41000)));
}

#[test]
fn names_are_resolved_and_the_next_target_is_tried() {
    use strowger_sip_proto::{Destination, Input, Target, Transport};
    let mut pair = Pair::new(12);
    let order = OutgoingInvite {
        request_uri: "sip:bob@pbx.example.com".to_owned(),
        from: "<sip:alice@example.com>".to_owned(),
        ..OutgoingInvite::default()
    };
    pair.order(0, |core, now| core.invite(now, order)).unwrap();
    assert!(pair.sent.is_empty());
    let (_, query, host) = pair.questions.remove(0);
    assert_eq!(host, "pbx.example.com");
    let dead = "203.0.113.1:5060".parse().unwrap();
    let targets = vec![
        Target {
            transport: Transport::Udp,
            address: dead,
        },
        Target {
            transport: Transport::Udp,
            address: ADDRESSES[1].parse().unwrap(),
        },
    ];
    pair.input(0, Input::Resolved { query, targets });
    assert_eq!(pair.last(0, "INVITE").to, dead);
    let to = Destination::New {
        transport: Transport::Udp,
        peer: dead,
        host: Some(host),
    };
    pair.input(0, Input::SendFailed { to });
    pair.run_ms(50);
    pair.incoming();
    pair.no_event(0);
}

#[test]
fn a_name_that_nobody_knows_fails_the_call_once() {
    use strowger_sip_proto::{Failure, Input};
    let mut pair = Pair::new(13);
    let order = OutgoingInvite {
        request_uri: "sip:bob@nowhere.invalid".to_owned(),
        from: "<sip:alice@example.com>".to_owned(),
        ..OutgoingInvite::default()
    };
    pair.order(0, |core, now| core.invite(now, order)).unwrap();
    let (_, query, _) = pair.questions.remove(0);
    pair.input(
        0,
        Input::Resolved {
            query,
            targets: Vec::new(),
        },
    );
    assert!(matches!(
        pair.event(0),
        UaEvent::Rejected {
            cause: Failure::Transport,
            response: None,
            ..
        }
    ));
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    assert!(pair.is_empty());
}

#[test]
fn a_name_that_is_never_resolved_fails_the_call_in_time() {
    use strowger_sip_proto::{Failure, Input};
    let mut pair = Pair::new(16);
    let order = OutgoingInvite {
        request_uri: "sip:bob@slow.example.com".to_owned(),
        from: "<sip:alice@example.com>".to_owned(),
        ..OutgoingInvite::default()
    };
    pair.order(0, |core, now| core.invite(now, order)).unwrap();
    pair.settle();
    assert!(matches!(
        pair.event(0),
        UaEvent::Rejected {
            cause: Failure::Timeout,
            ..
        }
    ));
    assert!(pair.is_empty());
    // An answer that comes after all is too late.
    let (_, query, _) = pair.questions.remove(0);
    pair.input(
        0,
        Input::Resolved {
            query,
            targets: Vec::new(),
        },
    );
    assert!(matches!(pair.event(0), UaEvent::Terminated { .. }));
    pair.no_event(0);
}

#[test]
fn rfc3261_12_2_1_1_requests_follow_record_route() {
    let mut pair = Pair::new(14);
    let invite = format!(
        "INVITE sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {raw};branch=z9hG4bK1;rport\r\n\
         Record-Route: <sip:198.51.100.7;lr>\r\nRecord-Route: <sip:203.0.113.5;lr>\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n\
         Contact: <sip:a@10.1.1.1:5070>\r\n\r\n",
        raw = crate::pair::RAW
    );
    pair.inject(0, crate::pair::RAW, invite.as_bytes());
    let UaEvent::Invite { call, .. } = pair.event(0) else {
        panic!("no INVITE")
    };
    pair.order(0, |core, now| core.accept(now, call, Vec::new(), None))
        .unwrap();
    let answer = pair.last(0, "200 INVITE").message();
    assert_eq!(answer.headers().record_routes().unwrap().len(), 2);
    let tag = answer.headers().to_tag().unwrap();
    let ack = format!(
        "ACK sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {raw};branch=z9hG4bK2\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:bob@192.0.2.1>;tag={tag}\r\nCall-ID: c\r\nCSeq: 7 ACK\r\n\r\n",
        raw = crate::pair::RAW
    );
    pair.inject(0, crate::pair::RAW, ack.as_bytes());
    assert!(matches!(pair.event(0), UaEvent::Ack { .. }));
    pair.hang_up(0, call);
    let bye = pair.last(0, "BYE");
    assert_eq!(bye.to.to_string(), crate::pair::RAW);
    assert_eq!(bye.request().uri().to_string(), "sip:a@10.1.1.1:5070");
    let routes: Vec<String> = bye.request().values("Route").map(str::to_owned).collect();
    assert_eq!(routes, ["<sip:198.51.100.7;lr>", "<sip:203.0.113.5;lr>"]);
}

#[test]
fn orders_that_would_break_a_message_are_refused() {
    let mut pair = Pair::new(15);
    let good = OutgoingInvite {
        request_uri: "sip:bob@192.0.2.2".to_owned(),
        from: "<sip:alice@example.com>".to_owned(),
        ..OutgoingInvite::default()
    };
    let bad = [
        OutgoingInvite {
            headers: vec![("X-A".to_owned(), "1\r\nX-B: 2".to_owned())],
            ..good.clone()
        },
        OutgoingInvite {
            headers: vec![("Via".to_owned(), "x".to_owned())],
            ..good.clone()
        },
        OutgoingInvite {
            headers: vec![("X A".to_owned(), "x".to_owned())],
            ..good.clone()
        },
        OutgoingInvite {
            call_id: Some("a\nb".to_owned()),
            ..good.clone()
        },
        OutgoingInvite {
            request_uri: "not a uri".to_owned(),
            ..good
        },
    ];
    for order in bad {
        assert!(pair.order(0, |core, now| core.invite(now, order)).is_err());
    }
    assert!(pair.sent.is_empty() && pair.is_empty());
}
