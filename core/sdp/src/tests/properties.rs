//! Properties that hold for every text.

use proptest::prelude::*;

use super::local;
use crate::{
    AddressRules, Direction, LocalAudio, Negotiation, SessionDescription, answer, conclude, offer,
    re_answer, re_offer,
};

/// Puts octets through everything and checks what must always hold. Returns whether they could be read.
pub(super) fn exercise(octets: &[u8]) -> bool {
    let Ok(description) = SessionDescription::parse(octets) else {
        return false;
    };
    let printed = description.to_string();
    // Latin-1 text grows when printed as UTF-8, perhaps beyond the limit.
    if printed.len() <= crate::MAX_OCTETS {
        assert_eq!(
            SessionDescription::parse(&printed).as_ref(),
            Ok(&description),
            "{printed}"
        );
    }
    for media in &description.media {
        let formats = media.rtpmaps();
        assert!(
            formats
                .iter()
                .all(|f| f.payload_type <= 127 && f.clock_rate > 0 && f.channels > 0)
        );
        let _ = (
            media.ptime(),
            media.maxptime(),
            media.rtcp_address(),
            media.telephone_event(),
        );
    }
    for mode in [
        Negotiation::Generous,
        Negotiation::Greedy,
        Negotiation::Scrooge,
    ] {
        if let Ok(answered) = answer(&description, &local(), mode) {
            check_answer(&description, &answered.description, &answered.agreed, mode);
        }
    }
    let ours = offer(&local());
    if let Ok(agreed) = conclude(&ours, &description) {
        assert!(!agreed.send.is_empty() && !agreed.receive.is_empty());
        assert!((10..=120).contains(&agreed.ptime));
    }
    // Whatever we sent last, an unchanged offer after the next one has the same version.
    let next = re_offer(&description, &local());
    assert_eq!(re_offer(&next, &local()), next);
    assert!(next.media.len() >= description.media.len());
    true
}

fn check_answer(
    offer: &SessionDescription,
    answer: &SessionDescription,
    agreed: &crate::Agreed,
    mode: Negotiation,
) {
    assert_eq!(answer.media.len(), offer.media.len());
    for (index, (theirs, ours)) in offer.media.iter().zip(&answer.media).enumerate() {
        assert_eq!(
            (&theirs.kind, &theirs.protocol),
            (&ours.kind, &ours.protocol)
        );
        assert_eq!(
            ours.is_rejected(),
            index != agreed.media_index,
            "exactly one section is open"
        );
        assert!(
            ours.formats
                .iter()
                .all(|format| theirs.formats.iter().any(|t| same_number(t, format)))
        );
    }
    assert_eq!(
        SessionDescription::parse(answer.to_string()).as_ref(),
        Ok(answer)
    );
    assert!((10..=120).contains(&agreed.ptime));
    assert_eq!(agreed.remote_held, agreed.hold.is_held());
    assert!(
        agreed.remote_rtp.is_some() || !agreed.direction.sends(),
        "nothing is sent without an address"
    );
    let again = re_answer(answer, offer, &local(), mode, &AddressRules::default());
    assert_eq!(
        again.map(|again| again.description).as_ref(),
        Ok(answer),
        "the same offer again changes nothing"
    );
}

/// `08` is payload type 8.
fn same_number(a: &str, b: &str) -> bool {
    a == b || a.parse::<u8>().is_ok_and(|a| Ok(a) == b.parse::<u8>())
}

fn line() -> impl Strategy<Value = String> {
    let direction =
        prop::sample::select(vec!["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"]);
    let connection = prop::sample::select(vec![
        "c=IN IP4 198.51.100.7",
        "c=IN IP4 0.0.0.0",
        "c=IN IP6 ::",
        "c=IN IP4 224.1.1.1/3",
        "c=IN IP4 name.example",
    ]);
    let kind = prop::sample::select(vec!["audio", "video", "image", "AUDIO", "text"]);
    let protocol =
        prop::sample::select(vec!["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "udptl", "rtp/avp"]);
    let name = prop::sample::select(vec![
        "PCMU",
        "opus",
        "telephone-event",
        "G729",
        "iLBC",
        "L16",
        "x",
    ]);
    prop_oneof![
        3 => (kind, any::<u16>(), protocol, prop::collection::vec(0u16..140, 0..6)).prop_map(|(k, p, t, f)| {
            let formats: String = f.iter().map(|n| format!(" {n}")).collect();
            format!("m={k} {p} {t}{formats}")
        }),
        2 => connection.prop_map(str::to_owned),
        2 => direction.prop_map(str::to_owned),
        3 => (0u16..140, name, prop::sample::select(vec![0u32, 8000, 16000, 48000]), 0u8..3)
            .prop_map(|(pt, n, r, c)| format!("a=rtpmap:{pt} {n}/{r}/{c}")),
        2 => (0u16..140, "[ -~]{0,12}").prop_map(|(pt, v)| format!("a=fmtp:{pt} {v}")),
        1 => (0u32..300).prop_map(|n| format!("a=ptime:{n}")),
        1 => (0u32..300).prop_map(|n| format!("a=maxptime:{n}")),
        1 => (any::<u16>(), "[0-9.]{0,9}").prop_map(|(p, a)| format!("a=rtcp:{p} IN IP4 {a}")),
        1 => "[a-z]=[^\r\n]{0,20}",
        1 => "a=[^\r\n]{0,20}",
    ]
}

fn description() -> impl Strategy<Value = String> {
    prop::collection::vec(line(), 0..14).prop_map(|lines| {
        format!(
            "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\nc=IN IP4 198.51.100.7\r\n{}\r\n",
            lines.join("\r\n")
        )
    })
}

fn any_direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![
        Direction::SendRecv,
        Direction::SendOnly,
        Direction::RecvOnly,
        Direction::Inactive,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_octets(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        exercise(&octets);
    }

    #[test]
    fn any_lines(text in description()) {
        exercise(text.as_bytes());
    }

    #[test]
    fn damaged_lines(text in description(), at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut octets = text.into_bytes();
        let index = at.index(octets.len());
        octets[index] = octet;
        exercise(&octets);
    }

    #[test]
    fn nobody_sends_what_the_other_does_not_take(theirs in any_direction(), ours in any_direction()) {
        let question = offer(&LocalAudio { direction: theirs, address: "192.0.2.99".parse().unwrap(), ..local() });
        let answered = answer(&question, &LocalAudio { direction: ours, ..local() }, Negotiation::Generous).unwrap();
        prop_assert_eq!(answered.agreed.direction, ours.and(theirs.reverse()));
        let concluded = conclude(&question, &answered.description).unwrap();
        prop_assert_eq!(concluded.direction, answered.agreed.direction.reverse());
    }
}
