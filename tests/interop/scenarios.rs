//! SIPp scenarios: registration, calls, keys, hold, cancelling, busy, and requests nobody knows.

use crate::exchange::{Exchange, Setup};
use crate::phone::Line;
use crate::sip_wire::Wire;
use crate::sipp::Sipp;
use crate::tools;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A number that rings 1001 and nothing else: a failure comes through to the caller.
const PLAIN: (&str, &str) = (
    "dialplan/default/90_plain.xml",
    "<include>\n  <extension name=\"plain\">\n    <condition field=\"destination_number\" expression=\"^8001$\">\n      \
     <action application=\"bridge\" data=\"user/1001@${domain_name}\"/>\n    </condition>\n  </extension>\n</include>\n",
);

/// Registers 1001 with the address of a SIPp that is called.
fn register_callee(exchange: &Exchange, port: u16) {
    let mut line = Line::new(exchange, &exchange.user("1001"));
    assert_eq!(
        line.register_at(port, 3600),
        200,
        "registration of the called side"
    );
}

#[test]
fn registration_with_a_password_and_with_a_wrong_one() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = Exchange::start();
    let user = exchange.user("1005");
    Sipp::caller(&exchange, "register", &user, "1005", 0)
        .calls(20, 20)
        .run();
    Sipp::caller(&exchange, "register", &user, "1005", 1)
        .over_tcp()
        .calls(20, 20)
        .run();
    let mut wrong = exchange.user("1006");
    wrong.password = "not-the-password-at-all".to_owned();
    Sipp::caller(&exchange, "register_refused", &wrong, "1006", 2).run();
    assert_eq!(exchange.count("registrations"), 0);
}

#[test]
fn calls_in_both_laws_reach_the_called_phone() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = Exchange::start();
    let port = exchange.test_port(0);
    register_callee(&exchange, port);
    let callee = Sipp::callee("answer", port, exchange.test_port(2))
        .calls(20, 10)
        .start();
    let user = exchange.user("1000");
    let three = Duration::from_secs(3);
    let ulaw = Sipp::caller(&exchange, "call_pcmu", &user, "1001", 1)
        .calls(10, 5)
        .lasting(three)
        .start();
    let alaw = Sipp::caller(&exchange, "call_pcma", &user, "1001", 2)
        .calls(10, 5)
        .lasting(three)
        .start();
    assert_eq!(ulaw.finish().successful, 10);
    assert_eq!(alaw.finish().successful, 10);
    assert_eq!(callee.finish().successful, 20);
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn keys_sent_as_sip_info_reach_the_menu() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = Exchange::start();
    let port = exchange.test_port(0);
    register_callee(&exchange, port);
    let callee = Sipp::callee("answer", port, exchange.test_port(2)).start();
    Sipp::caller(&exchange, "call_keys", &exchange.user("1000"), "5000", 1)
        .lasting(Duration::from_secs(8))
        .run();
    assert_eq!(
        callee.finish().successful,
        1,
        "the menu put the caller through to 1001"
    );
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn hold_and_back_by_re_invite() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = Exchange::start();
    let port = exchange.test_port(0);
    register_callee(&exchange, port);
    let callee = Sipp::callee("answer", port, exchange.test_port(2))
        .calls(5, 5)
        .start();
    Sipp::caller(&exchange, "call_hold", &exchange.user("1000"), "1001", 1)
        .calls(5, 5)
        .run();
    assert_eq!(callee.finish().successful, 5);
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn giving_up_while_it_rings_stops_the_ringing() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = Exchange::start();
    let port = exchange.test_port(0);
    register_callee(&exchange, port);
    let callee = Sipp::callee("ring", port, exchange.test_port(2))
        .calls(5, 5)
        .start();
    Sipp::caller(&exchange, "call_cancel", &exchange.user("1000"), "1001", 1)
        .calls(5, 5)
        .run();
    assert_eq!(callee.finish().successful, 5);
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn busy_comes_through_and_with_voicemail_leads_to_it() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = Setup::stock().file(PLAIN.0, PLAIN.1).start();
    let port = exchange.test_port(0);
    register_callee(&exchange, port);
    let callee = Sipp::callee("busy", port, exchange.test_port(2))
        .calls(4, 4)
        .start();
    let user = exchange.user("1000");
    Sipp::caller(&exchange, "call_busy", &user, "8001", 1)
        .calls(2, 2)
        .run();
    Sipp::caller(&exchange, "call_pcmu", &user, "1001", 2)
        .calls(2, 2)
        .lasting(Duration::from_secs(2))
        .run();
    assert_eq!(callee.finish().successful, 4);
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn no_answer_leads_to_voicemail() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = Setup::stock()
        .edit("dialplan/default.xml", "call_timeout=30", "call_timeout=2")
        .start();
    let port = exchange.test_port(0);
    register_callee(&exchange, port);
    let callee = Sipp::callee("ring", port, exchange.test_port(2)).start();
    Sipp::caller(&exchange, "call_pcmu", &exchange.user("1000"), "1001", 1)
        .lasting(Duration::from_secs(2))
        .run();
    assert_eq!(
        callee.finish().successful,
        1,
        "the phone that nobody picked up was told"
    );
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn options_is_answered_and_an_unknown_method_refused() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = Exchange::start();
    let user = exchange.user("1000");
    Sipp::caller(&exchange, "options", &user, "1000", 0)
        .calls(20, 20)
        .run();
    Sipp::caller(&exchange, "options", &user, "1000", 1)
        .over_tcp()
        .run();
    Sipp::caller(&exchange, "unknown_method", &user, "1000", 2)
        .calls(5, 5)
        .run();
}

#[test]
fn hold_is_answered_with_the_opposite_direction() {
    let exchange = Exchange::start();
    let mut line = Line::over(
        Wire::udp(IpAddr::V4(Ipv4Addr::LOCALHOST), exchange.address()),
        &exchange.user("1007"),
    );
    let mut call = line.call("9196").expect("9196 answers");
    let held = call.change("sendonly");
    assert!(
        held.body.contains("a=recvonly") || held.body.contains("a=inactive"),
        "{}",
        held.body
    );
    let back = call.change("sendrecv");
    assert!(
        !back.body.contains("a=recvonly") && !back.body.contains("a=inactive"),
        "{}",
        back.body
    );
    let heard = call.rtp.talk(Some(440.0), Duration::from_secs(2));
    crate::tone::assert_heard("the caller after hold", &heard.samples, 440.0, 1.2);
    assert_eq!(call.hang_up(), 200);
}
