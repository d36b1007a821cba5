//! Addresses a peer may and may not aim us at.

use super::{local, simple_offer};
use crate::{
    AddressProblem, AddressRules, LocalAudio, Negotiation, NegotiationError, OwnMedia, answer,
    answer_with, conclude, offer,
};

fn problem_of(connection: &str) -> Option<AddressProblem> {
    let theirs = simple_offer(connection, "");
    let problem = |error| match error {
        NegotiationError::BadAddress { problem, .. } => problem,
        other => panic!("{connection}: {other}"),
    };
    let answered = answer(&theirs, &local(), Negotiation::Generous)
        .err()
        .map(problem);
    let concluded = conclude(&offer(&local()), &theirs).err().map(problem);
    assert_eq!(
        answered, concluded,
        "{connection}: the same rules for offers and answers"
    );
    answered
}

#[test]
fn refused() {
    for (connection, problem) in [
        ("c=IN IP4 224.2.1.1/127/3", AddressProblem::Multicast),
        ("c=IN IP6 ff02::1", AddressProblem::Multicast),
        ("c=IN IP4 255.255.255.255", AddressProblem::Broadcast),
        ("c=IN IP4 250.1.2.3", AddressProblem::Broadcast),
        ("c=IN IP4 0.1.2.3", AddressProblem::Unspecified),
        ("c=IN IP4 127.0.0.1", AddressProblem::Loopback),
        ("c=IN IP6 ::ffff:127.0.0.1", AddressProblem::Loopback),
        ("c=IN IP4 169.254.7.7", AddressProblem::LinkLocal),
        ("c=IN IP4 169.254.169.254", AddressProblem::Metadata),
        ("c=IN IP6 2001:db8::1", AddressProblem::OtherFamily),
        ("c=IN IP4 phone.example.com", AddressProblem::Name),
        ("", AddressProblem::Missing),
    ] {
        assert_eq!(problem_of(connection), Some(problem), "{connection}");
    }
}

#[test]
fn accepted() {
    for connection in [
        "c=IN IP4 198.51.100.7",
        "c=IN IP4 10.0.0.1",
        "c=IN IP4 198.51.100.7/127",
        "c=IN IP6 ::ffff:10.0.0.1",
    ] {
        assert_eq!(problem_of(connection), None, "{connection}");
    }
}

#[test]
fn loopback_is_fine_among_neighbours_on_it() {
    let ours = LocalAudio {
        address: "127.0.0.1".parse().unwrap(),
        ..local()
    };
    let theirs = simple_offer("c=IN IP4 127.0.0.1", "");
    assert!(answer(&theirs, &ours, Negotiation::Generous).is_ok());
    let rules = AddressRules {
        allow_loopback: true,
        ..AddressRules::default()
    };
    assert!(answer_with(&theirs, &local(), Negotiation::Generous, &rules).is_ok());
}

#[test]
fn our_own_media_ports_are_refused() {
    let own = |port: u16| LocalAudio {
        port,
        address: "198.51.100.7".parse().unwrap(),
        ..local()
    };
    let theirs = simple_offer("c=IN IP4 198.51.100.7", "");
    let refused = |result: Result<crate::Answered, NegotiationError>| {
        matches!(
            result,
            Err(NegotiationError::BadAddress {
                problem: AddressProblem::Own,
                ..
            })
        )
    };
    assert!(
        refused(answer(&theirs, &own(4000), Negotiation::Generous)),
        "this very stream"
    );
    assert!(
        !refused(answer(&theirs, &own(20000), Negotiation::Generous)),
        "another program on our host"
    );
    let rules = AddressRules {
        own: vec![OwnMedia {
            address: "198.51.100.7".parse().unwrap(),
            ports: 3000..=5000,
        }],
        ..AddressRules::default()
    };
    assert!(
        refused(answer_with(
            &theirs,
            &local(),
            Negotiation::Generous,
            &rules
        )),
        "another of our streams"
    );
}

#[test]
fn rtcp_is_not_sent_where_rtp_would_not_be() {
    for (line, expected) in [
        ("a=rtcp:4555", "198.51.100.7:4555"),
        ("a=rtcp:4555 IN IP4 198.51.100.8", "198.51.100.8:4555"),
        ("a=rtcp:4555 IN IP4 224.0.0.1", "198.51.100.7:4001"),
        ("a=rtcp:4555 IN IP4 0.0.0.0", "198.51.100.7:4555"),
        ("a=rtcp:0", "198.51.100.7:4001"),
        ("a=rtcp:70000", "198.51.100.7:4001"),
        ("a=rtcp:4555 IN IP4 victim.example", "198.51.100.7:4001"),
    ] {
        let theirs = simple_offer("c=IN IP4 198.51.100.7", line);
        let agreed = answer(&theirs, &local(), Negotiation::Generous)
            .expect("an answer")
            .agreed;
        assert_eq!(agreed.remote_rtcp, expected.parse().unwrap(), "{line}");
    }
}
