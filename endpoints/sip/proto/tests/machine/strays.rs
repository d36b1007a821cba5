//! Messages that belong to nothing, come from strangers, or ask for what we cannot do (RFC 3261 §8.2, SECURITY rows SIP-*).

use strowger_sip_proto::{CoreConfig, Rejected, UaEvent};

use crate::pair::{ADDRESSES, Pair, RAW, config, reply, sdp};

struct Raw<'a> {
    method: &'a str,
    uri: &'a str,
    branch: &'a str,
    to_tag: &'a str,
    cseq: u32,
    extra: &'a str,
}

impl Default for Raw<'_> {
    fn default() -> Self {
        Raw {
            method: "OPTIONS",
            uri: "sip:bob@192.0.2.1",
            branch: "z9hG4bKa",
            to_tag: "",
            cseq: 1,
            extra: "",
        }
    }
}

impl Raw<'_> {
    fn write(&self) -> Vec<u8> {
        let Raw {
            method,
            uri,
            branch,
            to_tag,
            cseq,
            extra,
        } = self;
        let tag = if to_tag.is_empty() {
            String::new()
        } else {
            format!(";tag={to_tag}")
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {RAW};branch={branch};rport\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:bob@192.0.2.1>{tag}\r\nCall-ID: raw\r\nCSeq: {cseq} {method}\r\n{extra}\r\n"
        )
        .into_bytes()
    }
}

const CONTACT: &str = "Contact: <sip:a@198.51.100.7>\r\n";

#[test]
fn rfc3261_12_2_2_requests_of_unknown_dialogs_meet_481_and_an_ack_silence() {
    for method in [
        "BYE", "INVITE", "INFO", "UPDATE", "REFER", "PRACK", "MESSAGE", "OPTIONS", "ACK",
    ] {
        let mut pair = Pair::with(
            1,
            CoreConfig {
                supported: Vec::new(),
                ..allow_prack()
            },
            config(ADDRESSES[1]),
        );
        pair.inject(
            0,
            RAW,
            &Raw {
                method,
                to_tag: "none",
                extra: CONTACT,
                ..Raw::default()
            }
            .write(),
        );
        let expected: Vec<String> = if method == "ACK" {
            Vec::new()
        } else {
            vec![format!("481 {method}")]
        };
        assert_eq!(pair.kinds(0), expected);
        pair.no_event(0);
        if method == "INVITE" {
            pair.inject(
                0,
                RAW,
                &Raw {
                    method: "ACK",
                    to_tag: "none",
                    ..Raw::default()
                }
                .write(),
            );
        }
        pair.settle();
        assert!(pair.is_empty());
    }
}

fn allow_prack() -> CoreConfig {
    let mut config = config(ADDRESSES[0]);
    config
        .allow
        .push(strowger_sip_proto::message::Method::PRACK);
    config
}

#[test]
fn rfc3261_18_1_2_a_response_to_nothing_is_dropped() {
    let mut pair = Pair::new(2);
    let stray = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:c@d>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
    pair.inject(0, RAW, stray.as_bytes());
    assert!(pair.sent.is_empty());
    assert_eq!(pair.cores[0].counters().rejections(Rejected::Stray), 1);
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_8_2_2_2_a_request_that_came_two_ways_is_taken_once() {
    let mut pair = Pair::new(3);
    for branch in ["z9hG4bKa", "z9hG4bKb"] {
        pair.inject(
            0,
            RAW,
            &Raw {
                method: "INVITE",
                branch,
                extra: CONTACT,
                ..Raw::default()
            }
            .write(),
        );
    }
    assert_eq!(pair.kinds(0), ["100 INVITE", "482 INVITE"]);
    assert!(matches!(pair.event(0), UaEvent::Invite { .. }));
    pair.no_event(0);
}

#[test]
fn what_cannot_be_done_is_refused_as_the_rfc_says() {
    let cases = [
        (
            Raw {
                method: "INVITE",
                extra: "Contact: <sip:a@b>\r\nMax-Forwards: 0\r\n",
                ..Raw::default()
            },
            483,
        ),
        (
            Raw {
                method: "INVITE",
                extra: "",
                ..Raw::default()
            },
            400,
        ),
        (
            Raw {
                method: "INVITE",
                extra: "Contact: <sip:a@b>\r\nRequire: frob, timer\r\n",
                ..Raw::default()
            },
            420,
        ),
        (
            Raw {
                uri: "soap.beep://192.0.2.1",
                ..Raw::default()
            },
            416,
        ),
        (
            Raw {
                method: "FROBNICATE",
                ..Raw::default()
            },
            501,
        ),
        (
            Raw {
                method: "PRACK",
                to_tag: "x",
                ..Raw::default()
            },
            405,
        ),
        (
            Raw {
                method: "BYE",
                ..Raw::default()
            },
            481,
        ),
    ];
    for (raw, status) in cases {
        let mut pair = Pair::new(4);
        pair.inject(0, RAW, &raw.write());
        assert_eq!(pair.kinds(0), [format!("{status} {}", raw.method)]);
        let answer = pair.sent[0].message();
        match status {
            405 => assert!(answer.headers().allow().contains(&"INVITE")),
            420 => assert_eq!(answer.headers().get("Unsupported"), Some("frob")),
            _ => {}
        }
        pair.no_event(0);
        if raw.method == "INVITE" {
            let tag = answer.headers().to_tag().unwrap();
            pair.inject(
                0,
                RAW,
                &Raw {
                    method: "ACK",
                    to_tag: &tag,
                    ..Raw::default()
                }
                .write(),
            );
        }
        pair.settle();
        assert!(pair.is_empty());
    }
}

#[test]
fn sip11_noise_is_dropped_and_broken_requests_are_told() {
    let mut pair = Pair::new(5);
    for noise in [
        "GET / HTTP/1.1\r\n\r\n",
        "\0\0\0\0",
        "",
        "\r\n\r\n",
        "hello",
    ] {
        pair.inject(0, RAW, noise.as_bytes());
    }
    assert!(pair.sent.is_empty());
    let broken = String::from_utf8(Raw::default().write())
        .unwrap()
        .replace("Call-ID", "Max-Forwards: 300\r\nCall-ID");
    pair.inject(0, RAW, broken.as_bytes());
    let answer = pair.sent[0].message();
    assert_eq!(answer.response().unwrap().status(), 400);
    assert_eq!(pair.cores[0].counters().rejections(Rejected::Malformed), 1);
    assert!(pair.is_empty());
}

#[test]
fn sip24_within_a_call_datagrams_of_strangers_are_ignored() {
    let mut pair = Pair::new(6);
    let (out, inc) = pair.connect();
    pair.drop_next = vec!["BYE".to_owned()];
    pair.hang_up(0, out);
    let bye = pair.last(0, "BYE");
    pair.inject(1, "203.0.113.66:5060", &bye.octets);
    pair.no_event(1);
    assert_eq!(pair.count(1, "200 BYE"), 0);
    assert_eq!(pair.cores[1].counters().rejections(Rejected::Source), 1);
    // The same octets from another port of the peer, as after a NAT's change of mind, are the peer's.
    pair.inject(1, "192.0.2.1:61234", &bye.octets);
    assert!(matches!(pair.event(1), UaEvent::Bye { call, .. } if call == inc));
}

#[test]
fn sip24_another_host_of_the_peer_can_be_trusted() {
    let mut pair = Pair::new(61);
    let (out, inc) = pair.connect();
    let host = "203.0.113.66".parse().unwrap();
    pair.order(1, |core, _| core.trust_source(inc, host))
        .unwrap();
    pair.drop_next = vec!["BYE".to_owned()];
    pair.hang_up(0, out);
    let bye = pair.last(0, "BYE");
    pair.inject(1, "203.0.113.66:5060", &bye.octets);
    assert!(matches!(pair.event(1), UaEvent::Bye { call, .. } if call == inc));
}

#[test]
fn two_thousand_calls_with_alike_ids_are_told_apart() {
    let limits = CoreConfig {
        trying: false,
        ..config(ADDRESSES[0])
    };
    let mut pair = Pair::with(62, limits, config(ADDRESSES[1]));
    for number in 0..2000 {
        let invite = String::from_utf8(
            Raw {
                method: "INVITE",
                extra: CONTACT,
                ..Raw::default()
            }
            .write(),
        )
        .unwrap();
        let invite = invite
            .replace(
                "Call-ID: raw",
                &format!(
                    "Call-ID: {}",
                    "A".repeat(number % 97 + 1) + &number.to_string()
                ),
            )
            .replace("z9hG4bKa", &format!("z9hG4bK{number}"));
        pair.inject(0, RAW, invite.as_bytes());
    }
    assert_eq!(pair.cores[0].calls(), 2000);
    while let Some(UaEvent::Invite { call, .. }) = pair.events[0].pop_front() {
        pair.order(0, |core, now| core.reject(now, call, 480, "", Vec::new()))
            .unwrap();
    }
    pair.sent.clear();
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn sip24_the_right_call_id_with_wrong_tags_is_another_dialog() {
    let mut pair = Pair::new(7);
    let (out, _) = pair.connect();
    pair.drop_next = vec!["BYE".to_owned()];
    pair.hang_up(0, out);
    let text = String::from_utf8(pair.last(0, "BYE").octets).unwrap();
    let tag = pair.last(0, "BYE").request().from_tag().unwrap();
    pair.inject(1, ADDRESSES[0], text.replace(&tag, "guess").as_bytes());
    assert_eq!(pair.count(1, "481 BYE"), 1);
    pair.no_event(1);
    assert_eq!(pair.cores[1].calls(), 1);
}

#[test]
fn rfc3261_12_2_2_a_request_out_of_order_meets_500() {
    let mut pair = Pair::new(8);
    pair.inject(
        0,
        RAW,
        &Raw {
            method: "INVITE",
            cseq: 5,
            extra: CONTACT,
            ..Raw::default()
        }
        .write(),
    );
    let UaEvent::Invite { call, .. } = pair.event(0) else {
        panic!("no INVITE")
    };
    pair.order(0, |core, now| {
        core.accept(now, call, Vec::new(), sdp("v=0"))
    })
    .unwrap();
    let tag = pair
        .last(0, "200 INVITE")
        .message()
        .headers()
        .to_tag()
        .unwrap();
    let inside = |method, branch, cseq| {
        Raw {
            method,
            branch,
            cseq,
            to_tag: &tag,
            ..Raw::default()
        }
        .write()
    };
    pair.inject(0, RAW, &inside("ACK", "z9hG4bKb", 5));
    assert!(matches!(pair.event(0), UaEvent::Ack { .. }));
    pair.inject(0, RAW, &inside("INFO", "z9hG4bKc", 4));
    assert_eq!(pair.count(0, "500 INFO"), 1);
    pair.inject(0, RAW, &inside("INFO", "z9hG4bKd", 6));
    assert!(matches!(pair.event(0), UaEvent::Info { .. }));
    pair.inject(0, RAW, &inside("BYE", "z9hG4bKe", 9));
    assert!(matches!(pair.event(0), UaEvent::Bye { .. }));
    // After the BYE the dialog is gone.
    pair.inject(
        0,
        RAW,
        &Raw {
            method: "INVITE",
            branch: "z9hG4bKf",
            cseq: 10,
            to_tag: &tag,
            extra: CONTACT,
            uri: "sip:x@y",
        }
        .write(),
    );
    assert_eq!(pair.count(0, "481 INVITE"), 1);
}

#[test]
fn a_request_repeated_is_answered_again_and_not_raised_again() {
    let mut pair = Pair::new(9);
    let options = Raw::default().write();
    pair.inject(0, RAW, &options);
    pair.inject(0, RAW, &options);
    let UaEvent::Request { key, .. } = pair.event(0) else {
        panic!("no OPTIONS")
    };
    pair.no_event(0);
    assert!(pair.sent.is_empty());
    pair.order(0, |core, now| {
        core.respond_capabilities(now, key, Vec::new())
    })
    .unwrap();
    pair.inject(0, RAW, &options);
    assert_eq!(pair.count(0, "200 OPTIONS"), 2);
    assert_eq!(pair.sent[0].octets, pair.sent[1].octets);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn rfc3261_17_2_3_peers_of_rfc2543_are_matched_without_branches() {
    let mut pair = Pair::new(10);
    let strip = |octets: Vec<u8>| {
        String::from_utf8(octets)
            .unwrap()
            .replace(";branch=z9hG4bKa;rport", "")
            .into_bytes()
    };
    let invite = strip(
        Raw {
            method: "INVITE",
            extra: CONTACT,
            ..Raw::default()
        }
        .write(),
    );
    pair.inject(0, RAW, &invite);
    pair.inject(0, RAW, &invite);
    let UaEvent::Invite { call, .. } = pair.event(0) else {
        panic!("no INVITE")
    };
    pair.no_event(0);
    pair.order(0, |core, now| core.reject(now, call, 486, "", Vec::new()))
        .unwrap();
    let tag = pair
        .last(0, "486 INVITE")
        .message()
        .headers()
        .to_tag()
        .unwrap();
    pair.inject(
        0,
        RAW,
        &strip(
            Raw {
                method: "ACK",
                to_tag: &tag,
                ..Raw::default()
            }
            .write(),
        ),
    );
    pair.run_ms(1000);
    assert_eq!(pair.count(0, "486 INVITE"), 1);
    pair.settle();
    assert!(pair.is_empty());
}

#[test]
fn a_full_machine_says_503_and_holds_no_more() {
    let limits = CoreConfig {
        max_transactions: 50,
        max_calls: 5,
        ..config(ADDRESSES[0])
    };
    let mut pair = Pair::with(11, limits, config(ADDRESSES[1]));
    for number in 0..200 {
        let branch = format!("z9hG4bK{number}");
        let extra = format!("{CONTACT}Max-Forwards: 70\r\n");
        let raw = Raw {
            method: "INVITE",
            branch: &branch,
            cseq: number,
            extra: &extra,
            ..Raw::default()
        };
        pair.inject(0, RAW, &raw.write());
    }
    let refused = pair.last(0, "503 INVITE").message();
    assert!(refused.headers().retry_after().unwrap().is_some());
    assert_eq!(pair.cores[0].calls(), 5);
    assert!(pair.cores[0].footprint() < 500);
    assert!(pair.cores[0].counters().rejections(Rejected::Full) == 195);
}

#[test]
fn sip13_answers_go_to_the_source_whatever_via_says() {
    let mut pair = Pair::new(12);
    let lying = String::from_utf8(Raw::default().write())
        .unwrap()
        .replace(RAW, "203.0.113.99:9;maddr=224.0.0.1;received=203.0.113.98");
    pair.inject(0, RAW, lying.as_bytes());
    let UaEvent::Request { key, .. } = pair.event(0) else {
        panic!("no OPTIONS")
    };
    pair.order(0, |core, now| {
        core.respond(now, key, 404, "", Vec::new(), None)
    })
    .unwrap();
    assert_eq!(pair.sent[0].to.to_string(), RAW);
}

#[test]
fn a_subscription_is_its_users_business() {
    let mut pair = Pair::new(13);
    let extra = format!("{CONTACT}Event: dialog\r\nExpires: 0\r\n");
    pair.inject(
        0,
        RAW,
        &Raw {
            method: "SUBSCRIBE",
            to_tag: "ours",
            extra: &extra,
            ..Raw::default()
        }
        .write(),
    );
    let UaEvent::Request { key, request, .. } = pair.event(0) else {
        panic!("no SUBSCRIBE")
    };
    assert_eq!(request.to_tag().as_deref(), Some("ours"));
    assert_eq!(pair.cores[0].tag_of_request(key), Some("ours"));
    pair.order(0, |core, now| {
        core.respond(now, key, 481, "", Vec::new(), None)
    })
    .unwrap();
}

#[test]
fn an_answer_from_elsewhere_needs_our_branch() {
    let mut pair = Pair::new(14);
    pair.dial();
    let invite = pair.last(0, "INVITE").request();
    let forged = String::from_utf8(reply(&invite, 486, "x", &[])).unwrap();
    let branch = invite.via_top().unwrap().branch().unwrap().to_owned();
    pair.inject(0, RAW, forged.replace(&branch, "z9hG4bKguess").as_bytes());
    pair.no_event(0);
    assert_eq!(pair.cores[0].counters().rejections(Rejected::Stray), 1);
}
