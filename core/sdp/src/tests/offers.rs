//! Our offers, what answers to them mean, and the rules of later offers and answers.

use super::{codec, lines, local, local_g711, read, simple_offer};
use crate::{
    AddressRules, Direction, LocalAudio, Negotiation, NegotiationError, answer, conclude, offer,
    re_answer, re_offer,
};

#[test]
fn first_offer_to_the_letter() {
    assert_eq!(
        lines(&offer(&local())),
        [
            "v=0",
            "o=Strowger 1000 1 IN IP4 192.0.2.10",
            "s=Strowger",
            "c=IN IP4 192.0.2.10",
            "t=0 0",
            "m=audio 20000 RTP/AVP 96 9 0 8 101 97",
            "a=rtpmap:96 opus/48000/2",
            "a=fmtp:96 useinbandfec=1",
            "a=rtpmap:9 G722/8000",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=rtpmap:97 telephone-event/48000",
            "a=fmtp:97 0-15",
            "a=ptime:20",
            "a=sendrecv",
        ]
    );
}

#[test]
fn ipv6_is_named_so() {
    let ours = LocalAudio {
        address: "2001:db8::10".parse().unwrap(),
        origin_address: "2001:db8::10".parse().unwrap(),
        ..local_g711()
    };
    let text = lines(&offer(&ours));
    assert!(text.contains(&"c=IN IP6 2001:db8::10".to_owned()));
    assert!(text.contains(&"o=Strowger 1000 1 IN IP6 2001:db8::10".to_owned()));
    let reply = simple_offer("c=IN IP6 2001:db8::20", "");
    assert_eq!(
        conclude(&offer(&ours), &reply).unwrap().remote_rtp,
        Some("[2001:db8::20]:4000".parse().unwrap())
    );
}

#[test]
fn names_from_configuration_cannot_add_lines() {
    let ours = LocalAudio {
        username: "a b\r\nm=audio 1 RTP/AVP 0".to_owned(),
        ..local()
    };
    let text = lines(&offer(&ours));
    assert_eq!(
        text[1],
        "o=a-b--m=audio-1-RTP/AVP-0 1000 1 IN IP4 192.0.2.10"
    );
    assert_eq!(text.iter().filter(|line| line.starts_with("m=")).count(), 1);
}

#[test]
fn telephone_event_payload_type_can_be_set_or_left_out() {
    let mut ours = local_g711();
    ours.formats
        .push(codec(Some(120), "telephone-event", 8000, 1));
    assert!(lines(&offer(&ours)).contains(&"m=audio 20000 RTP/AVP 0 8 120".to_owned()));
    ours.telephone_event = false;
    assert!(lines(&offer(&ours)).contains(&"m=audio 20000 RTP/AVP 0 8".to_owned()));
}

#[test]
fn conclude_takes_the_answers_order_and_payload_types() {
    let ours = offer(&local());
    let reply = read(
        "v=0\no=- 9 9 IN IP4 198.51.100.9\ns=-\nc=IN IP4 198.51.100.9\nt=0 0\nm=audio 5004 RTP/AVP 8 112 100\n\
         a=rtpmap:112 OPUS/48000/2\na=rtpmap:100 telephone-event/8000\na=ptime:40",
    );
    let agreed = conclude(&ours, &reply).expect("agreement");
    let send: Vec<_> = agreed
        .send
        .iter()
        .map(|f| (f.payload_type, f.name.as_str()))
        .collect();
    assert_eq!(send, [(8, "PCMA"), (112, "OPUS")]);
    let receive: Vec<_> = agreed.receive.iter().map(|f| f.payload_type).collect();
    assert_eq!(
        receive,
        [8, 96, 112],
        "what we asked for, and what the peer may send instead"
    );
    assert_eq!(agreed.telephone_event.unwrap().payload_type, 100);
    assert_eq!(agreed.ptime, 40);
}

#[test]
fn answer_without_rtpmap_means_what_was_offered() {
    let reply = read(
        "v=0\no=- 9 9 IN IP4 198.51.100.9\ns=-\nc=IN IP4 198.51.100.9\nt=0 0\nm=audio 5004 RTP/AVP 96 97",
    );
    let agreed = conclude(&offer(&local()), &reply).expect("agreement");
    assert_eq!(agreed.send[0].name, "OPUS");
    assert_eq!(agreed.telephone_event.unwrap().clock_rate, 48000);
}

#[test]
fn answers_that_are_none() {
    let ours = offer(&local());
    let reply = |media: &str| {
        read(&format!(
            "v=0\no=- 9 9 IN IP4 198.51.100.9\ns=-\nc=IN IP4 198.51.100.9\nt=0 0\n{media}"
        ))
    };
    assert_eq!(
        conclude(&ours, &reply("")),
        Err(NegotiationError::Unanswered)
    );
    assert_eq!(
        conclude(&ours, &reply("m=video 5 RTP/AVP 34")),
        Err(NegotiationError::Unanswered)
    );
    assert_eq!(
        conclude(&ours, &reply("m=audio 0 RTP/AVP 0")),
        Err(NegotiationError::Rejected)
    );
    assert!(matches!(
        conclude(&ours, &reply("m=audio 5 RTP/SAVP 0")),
        Err(NegotiationError::UnsupportedTransport { .. })
    ));
    assert!(matches!(
        conclude(&ours, &reply("m=audio 5 RTP/AVP 3")),
        Err(NegotiationError::NoCommonCodec { .. })
    ));
}

#[test]
fn re_offer_raises_the_version_only_for_a_change() {
    let first = offer(&local());
    assert_eq!(re_offer(&first, &local()), first);
    // Numbers the caller counted on the side do not matter; the last description sent does.
    assert_eq!(
        re_offer(
            &first,
            &LocalAudio {
                version: 40,
                session_id: 3,
                ..local()
            }
        ),
        first
    );
    let held = re_offer(
        &first,
        &LocalAudio {
            direction: Direction::SendOnly,
            ..local()
        },
    );
    assert_eq!(held.origin.version, 2);
    assert_eq!(held.origin.session_id, "1000");
    assert_eq!(
        held.media[0].direction(Direction::SendRecv),
        Direction::SendOnly
    );
    assert_eq!(re_offer(&held, &local()).origin.version, 3);
}

#[test]
fn re_offer_keeps_payload_types_and_sections() {
    // Our answer to a phone that called Opus 110, DTMF 96, and put video first.
    let theirs = read(
        "v=0\no=- 9 9 IN IP4 198.51.100.9\ns=-\nc=IN IP4 198.51.100.9\nt=0 0\nm=video 5000 RTP/AVP 34\n\
         m=audio 5004 RTP/AVP 110 96\na=rtpmap:110 opus/48000/2\na=rtpmap:96 telephone-event/48000",
    );
    let first = answer(&theirs, &local(), Negotiation::Generous)
        .expect("an answer")
        .description;
    let next = re_offer(&first, &local());
    let text = lines(&next);
    assert!(text.contains(&"m=video 0 RTP/AVP 34".to_owned()));
    assert!(
        text.contains(&"m=audio 20000 RTP/AVP 110 9 0 8 101 96".to_owned()),
        "{text:?}"
    );
    assert_eq!(next.media.len(), 2);
    assert_eq!(next.origin.version, 2);
}

#[test]
fn re_answer_raises_the_version_only_for_a_change() {
    let theirs = simple_offer("c=IN IP4 198.51.100.7", "");
    let again = |previous: &crate::SessionDescription, theirs: &crate::SessionDescription| {
        let rules = AddressRules::default();
        re_answer(previous, theirs, &local(), Negotiation::Generous, &rules)
            .expect("an answer")
            .description
    };
    let first = answer(&theirs, &local(), Negotiation::Generous)
        .expect("an answer")
        .description;
    assert_eq!(again(&first, &theirs), first);
    let held = again(&first, &simple_offer("c=IN IP4 198.51.100.7", "a=sendonly"));
    assert_eq!(held.origin.version, 2);
    assert_eq!(again(&held, &theirs).origin.version, 3);
}

#[test]
fn two_of_us_agree() {
    let asking = local();
    let answering = LocalAudio {
        address: "192.0.2.11".parse().unwrap(),
        ..local_g711()
    };
    let question = offer(&asking);
    let answered = answer(&question, &answering, Negotiation::Generous).expect("an answer");
    let agreed = conclude(&question, &answered.description).expect("agreement");
    assert_eq!(agreed.send, answered.agreed.receive);
    assert_eq!(agreed.send[0].name, "PCMU");
    assert_eq!(
        agreed.telephone_event,
        answered.agreed.telephone_event.map(|f| crate::RtpFormat {
            fmtp: Some("0-15".to_owned()),
            ..f
        })
    );
}

#[test]
fn more_codecs_than_payload_types_are_left_out() {
    let many = (1..60)
        .map(|n| codec(None, &format!("X{n}"), 8000, 1))
        .collect();
    let description = offer(&LocalAudio {
        formats: many,
        ..local()
    });
    let formats = description.media[0].rtpmaps();
    assert_eq!(formats.len(), 32, "96 to 127");
    assert_eq!(
        formats
            .iter()
            .filter(|format| format.is_telephone_event())
            .count(),
        1
    );
}

#[test]
fn a_configured_payload_type_that_means_another_codec_is_not_used() {
    let ours = LocalAudio {
        formats: vec![codec(Some(0), "opus", 48000, 2)],
        ..local()
    };
    assert!(lines(&offer(&ours)).contains(&"m=audio 20000 RTP/AVP 96 101".to_owned()));
    let two = LocalAudio {
        formats: vec![
            codec(Some(100), "opus", 48000, 2),
            codec(Some(100), "speex", 16000, 1),
        ],
        telephone_event: false,
        ..local()
    };
    assert!(lines(&offer(&two)).contains(&"m=audio 20000 RTP/AVP 100 96".to_owned()));
}
