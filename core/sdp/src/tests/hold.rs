//! Hold and its end, in every spelling, offered and answered.

use super::{local, simple_offer};
use crate::{Agreed, Direction, HoldKind, LocalAudio, Negotiation, answer, conclude, offer};

const REAL: &str = "c=IN IP4 198.51.100.7";

fn agree(connection: &str, attributes: &str) -> Agreed {
    let answered = answer(
        &simple_offer(connection, attributes),
        &local(),
        Negotiation::Generous,
    )
    .expect("an answer");
    let written = answered.description.media[0].direction(Direction::SendRecv);
    assert_eq!(
        written, answered.agreed.direction,
        "the answer says what we do"
    );
    assert_eq!(answered.agreed.remote_held, answered.agreed.hold.is_held());
    answered.agreed
}

#[test]
fn hold_in_all_spellings() {
    let cases = [
        (
            REAL,
            "a=sendonly",
            Direction::SendOnly,
            Direction::RecvOnly,
            false,
        ),
        (
            REAL,
            "a=SENDONLY",
            Direction::SendOnly,
            Direction::RecvOnly,
            false,
        ),
        (
            REAL,
            "a=inactive",
            Direction::Inactive,
            Direction::Inactive,
            false,
        ),
        (
            "c=IN IP4 0.0.0.0",
            "a=sendrecv",
            Direction::SendRecv,
            Direction::RecvOnly,
            true,
        ),
        (
            "c=IN IP4 0.0.0.0",
            "",
            Direction::SendRecv,
            Direction::RecvOnly,
            true,
        ),
        (
            "c=IN IP4 0.0.0.0",
            "a=sendonly",
            Direction::SendOnly,
            Direction::RecvOnly,
            true,
        ),
        (
            "c=IN IP4 0.0.0.0",
            "a=inactive",
            Direction::Inactive,
            Direction::Inactive,
            true,
        ),
        (
            "c=IN IP6 ::",
            "a=inactive",
            Direction::Inactive,
            Direction::Inactive,
            true,
        ),
        (
            "c=IN IP6 anonymous.invalid",
            "",
            Direction::SendRecv,
            Direction::RecvOnly,
            true,
        ),
        // The session's own lines count where the section has none.
        (
            "c=IN IP4 198.51.100.7\na=sendonly",
            "",
            Direction::SendOnly,
            Direction::RecvOnly,
            false,
        ),
        (
            REAL,
            "c=IN IP4 0.0.0.0",
            Direction::SendRecv,
            Direction::RecvOnly,
            true,
        ),
    ];
    for (connection, attributes, direction, ours, zero_address) in cases {
        let agreed = agree(connection, attributes);
        let case = format!("{connection} {attributes}");
        assert_eq!(
            agreed.hold,
            HoldKind::Held {
                direction,
                zero_address
            },
            "{case}"
        );
        assert_eq!(agreed.direction, ours, "{case}");
        assert_eq!(agreed.remote_rtp.is_none(), zero_address, "{case}");
    }
}

#[test]
fn no_hold() {
    for (connection, attributes, ours) in [
        (REAL, "a=sendrecv", Direction::SendRecv),
        (REAL, "", Direction::SendRecv),
        // A listener is not a holder.
        (REAL, "a=recvonly", Direction::SendOnly),
        // The section's own line outweighs the session's.
        (
            "c=IN IP4 198.51.100.7\na=sendonly",
            "a=sendrecv",
            Direction::SendRecv,
        ),
        (
            "c=IN IP4 0.0.0.0",
            "c=IN IP4 198.51.100.7",
            Direction::SendRecv,
        ),
    ] {
        let agreed = agree(connection, attributes);
        assert_eq!(agreed.hold, HoldKind::None, "{connection} {attributes}");
        assert_eq!(agreed.direction, ours);
        assert_eq!(
            agreed.remote_rtp,
            Some("198.51.100.7:4000".parse().unwrap())
        );
    }
}

#[test]
fn our_own_hold_survives_their_offer() {
    let holding = LocalAudio {
        direction: Direction::SendOnly,
        ..local()
    };
    let agreed = answer(&simple_offer(REAL, ""), &holding, Negotiation::Generous)
        .expect("an answer")
        .agreed;
    assert_eq!(agreed.direction, Direction::SendOnly);
    assert!(!agreed.remote_held, "it is we who hold");
    let both = answer(
        &simple_offer(REAL, "a=sendonly"),
        &holding,
        Negotiation::Generous,
    )
    .expect("an answer")
    .agreed;
    assert_eq!(both.direction, Direction::Inactive);
    assert!(both.remote_held);
}

#[test]
fn answers_to_our_offers() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (offered, answered, agreed, held) in [
        (SendRecv, SendRecv, SendRecv, false),
        (SendRecv, SendOnly, RecvOnly, true),
        (SendRecv, Inactive, Inactive, true),
        (SendOnly, RecvOnly, SendOnly, false),
        (SendOnly, Inactive, Inactive, true),
        (RecvOnly, SendOnly, RecvOnly, true),
        (Inactive, Inactive, Inactive, false),
        // An answer that takes more than it was given gets no more.
        (SendOnly, SendRecv, SendOnly, false),
    ] {
        let ours = offer(&LocalAudio {
            direction: offered,
            ..local()
        });
        let result =
            conclude(&ours, &simple_offer(REAL, &format!("a={answered}"))).expect("agreement");
        assert_eq!(
            (result.direction, result.remote_held),
            (agreed, held),
            "{offered} answered {answered}"
        );
    }
    let zero =
        conclude(&offer(&local()), &simple_offer("c=IN IP4 0.0.0.0", "")).expect("agreement");
    assert_eq!(
        zero.hold,
        HoldKind::Held {
            direction: SendRecv,
            zero_address: true
        }
    );
    assert_eq!(zero.direction, RecvOnly);
}
