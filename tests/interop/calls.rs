//! Two softphones call each other; the test numbers sound as the configuration says.

use crate::baresip::{Answer, Phone};
use crate::exchange::Exchange;
use crate::phone::Line;
use crate::{tone, tools};
use std::time::Duration;

/// A call is answered within this time.
const SET_UP: Duration = Duration::from_secs(8);
const ALICE_HZ: f32 = 440.0;
const BOB_HZ: f32 = 700.0;

#[test]
fn two_softphones_register_and_hear_each_other_both_ways() {
    if !tools::baresip() {
        return;
    }
    let exchange = Exchange::start();
    let mut alice = Phone::start(&exchange, &exchange.user("1000"), ALICE_HZ, Answer::Auto, 0);
    let mut bob = Phone::start(&exchange, &exchange.user("1001"), BOB_HZ, Answer::Auto, 1);
    alice.await_registered();
    bob.await_registered();

    alice.dial(&exchange, "1001");
    alice.await_event("CALL_ESTABLISHED", SET_UP);
    alice.await_tone(BOB_HZ, 2.0, Duration::from_secs(8));
    bob.await_tone(ALICE_HZ, 2.0, Duration::from_secs(8));
    assert_eq!(exchange.count("calls"), 1, "a bridged call is one call");
    assert_eq!(exchange.count("channels"), 2, "with two sessions");
    alice.hang_up();
    exchange.await_idle(Duration::from_secs(5));

    bob.dial(&exchange, "1000");
    bob.await_event("CALL_ESTABLISHED", SET_UP);
    alice.await_tone(BOB_HZ, 4.0, Duration::from_secs(8));
    bob.await_tone(ALICE_HZ, 4.0, Duration::from_secs(8));
    bob.hang_up();
    exchange.await_idle(Duration::from_secs(5));
    tone::assert_not_heard("1000", &alice.heard(), ALICE_HZ, 0.3);
    tone::assert_not_heard("1001", &bob.heard(), BOB_HZ, 0.3);
}

#[test]
fn whoever_is_on_hold_hears_music_and_then_the_other_again() {
    if !tools::baresip() {
        return;
    }
    let exchange = Exchange::start();
    let mut alice = Phone::start(&exchange, &exchange.user("1000"), ALICE_HZ, Answer::Auto, 0);
    let mut bob = Phone::start(&exchange, &exchange.user("1001"), BOB_HZ, Answer::Auto, 1);
    alice.await_registered();
    bob.await_registered();
    alice.dial(&exchange, "1001");
    bob.await_tone(ALICE_HZ, 1.0, Duration::from_secs(10));

    alice.command("hold", None);
    alice.poll_for(Duration::from_millis(700));
    let before = bob.heard().len();
    alice.poll_for(Duration::from_secs(3));
    let on_hold = bob.heard().split_off(before);
    tone::assert_not_heard("1001 on hold", &on_hold, ALICE_HZ, 0.2);
    let music = tone::seconds_of_sound(&on_hold);
    assert!(music > 1.5, "1001 on hold hears music for {music} s of 3 s");

    alice.command("resume", None);
    alice.poll_for(Duration::from_millis(700));
    let before = bob.heard().len();
    alice.poll_for(Duration::from_secs(3));
    let after = bob.heard().split_off(before);
    tone::assert_heard("1001 after hold", &after, ALICE_HZ, 2.0);
    alice.hang_up();
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn echo_milliwatt_and_music_sound_as_they_should() {
    let exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1002"));
    assert_eq!(line.register(120), 200);

    let mut call = line.call("9196").expect("9196 answers");
    let heard = call.rtp.talk(Some(ALICE_HZ), Duration::from_secs(3));
    tone::assert_heard("the caller of 9196", &heard.samples, ALICE_HZ, 2.3);
    assert_eq!(call.hang_up(), 200);

    let mut call = line.call("9197").expect("9197 answers");
    let heard = call.rtp.talk(Some(ALICE_HZ), Duration::from_secs(3));
    tone::assert_heard("the caller of 9197", &heard.samples, 1004.0, 2.3);
    tone::assert_not_heard("the caller of 9197", &heard.samples, ALICE_HZ, 0.0);
    assert_eq!(call.hang_up(), 200);

    let mut call = line.call("9664").expect("9664 answers");
    let heard = call.rtp.talk(Some(ALICE_HZ), Duration::from_secs(4));
    let music = tone::seconds_of_sound(&heard.samples);
    assert!(music > 2.0, "music for {music} s of 4 s");
    tone::assert_not_heard("the caller of 9664", &heard.samples, ALICE_HZ, 0.3);
    assert_eq!(call.hang_up(), 200);
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn softphone_reaches_the_echo_and_its_keys_the_menu() {
    if !tools::baresip() {
        return;
    }
    let exchange = Exchange::start();
    let mut alice = Phone::start(&exchange, &exchange.user("1000"), ALICE_HZ, Answer::Auto, 0);
    let mut bob = Phone::start(&exchange, &exchange.user("1001"), BOB_HZ, Answer::Auto, 1);
    alice.await_registered();
    bob.await_registered();
    alice.dial(&exchange, "9196");
    alice.await_tone(ALICE_HZ, 2.0, Duration::from_secs(10));
    alice.hang_up();

    // The menu at 5000 takes an extension number by RFC 4733 keys.
    alice.dial(&exchange, "5000");
    alice.await_event("CALL_ESTABLISHED", SET_UP);
    alice.poll_for(Duration::from_millis(1500));
    alice.press("1001");
    alice.await_tone(BOB_HZ, 2.0, Duration::from_secs(20));
    alice.hang_up();
    exchange.await_idle(Duration::from_secs(5));
}

#[test]
fn nobody_gets_in_without_the_right_password() {
    let exchange = Exchange::start();
    let mut user = exchange.user("1003");
    user.password.push('x');
    let mut stranger = Line::new(&exchange, &user);
    let status = stranger.register(60);
    assert!(matches!(status, 401 | 403), "wrong password: {status}");
    let refused = stranger.call("9196").err();
    assert!(
        matches!(refused, Some(401 | 403 | 407)),
        "wrong password: {refused:?}"
    );
}
