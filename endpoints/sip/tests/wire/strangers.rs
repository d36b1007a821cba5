//! Peers that are not on this host: challenged in few octets, once, and served as soon as they prove themselves.

use crate::exchange::{DOMAIN, Exchange};
use crate::phone::{Extra, Phone, offer};
use std::net::UdpSocket;
use std::time::Duration;

/// An address of this host that is not its loopback; without one these tests have nothing to test.
fn own_address() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: the system only chooses the address that it would send from.
    socket.connect("203.0.113.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    if address.is_loopback() || address.is_unspecified() {
        eprintln!("skipped: this host has only its loopback address");
        return None;
    }
    Some(address.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unproven_invite_gets_one_short_challenge_and_is_forgotten() {
    let Some(host) = own_address() else {
        return;
    };
    let exchange = Exchange::on(&host, "").await;
    let mut phone = Phone::new(exchange.address, "1000");
    let uri = format!("sip:9000@{DOMAIN}");
    let body = offer();
    let text = phone.text(
        "INVITE",
        &uri,
        &uri,
        "stranger",
        &Extra {
            body: &body,
            ..Extra::default()
        },
    );
    phone.send(&text);
    let challenge = phone.response();
    assert_eq!(challenge.status(), 407);
    assert!(challenge.octets().len() * 2 <= text.len() * 3);
    // Longer than the first two repetitions of a response that is kept (RFC 3261 timer G).
    assert_eq!(phone.count_within(Duration::from_millis(1_700)), 0);
    let answer = phone.call("9000", "proven");
    assert_eq!(answer.status(), 200);
    phone.acknowledge_answer(&answer, "proven");
    let bye = phone.in_dialog("BYE", &answer, "proven");
    phone.send(&bye);
    assert_eq!(phone.response().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_a_stranger_is_cut_and_a_phone_that_logged_in_is_not() {
    let Some(host) = own_address() else {
        return;
    };
    let exchange = Exchange::on(&host, "").await;
    let mut phone = Phone::new(exchange.address, "1000");
    let to = format!("sip:{DOMAIN}");
    for number in 0..400 {
        let text = phone.text(
            "OPTIONS",
            &to,
            &to,
            &format!("o{number}"),
            &Extra::default(),
        );
        phone.send(&text);
    }
    let answered = phone.count_within(Duration::from_millis(500));
    assert!((50..=160).contains(&answered), "{answered} of 400");
    // The bucket fills again, and proof opens the way.
    assert_eq!(phone.count_within(Duration::from_millis(300)), 0);
    assert_eq!(phone.register(60).status(), 200);
    for number in 0..200 {
        let text = phone.text(
            "OPTIONS",
            &to,
            &to,
            &format!("p{number}"),
            &Extra::default(),
        );
        phone.send(&text);
    }
    assert_eq!(phone.count_within(Duration::from_millis(800)), 200);
}
