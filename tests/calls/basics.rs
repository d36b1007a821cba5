//! A call rings, is answered, is heard both ways, and ends.

use strowger_model::HangupCause;
use strowger_tests::{PhoneState, TestConf, ms, secs};

const TONES: &[f32] = &[350.0, 440.0, 550.0, 700.0];

fn bridging() -> TestConf {
    TestConf::dialplan(
        "<extension name=\"local\"><condition field=\"destination_number\" expression=\"^(10\\d\\d)$\">\
         <action application=\"bridge\" data=\"user/$1@test.example\"/></condition></extension>",
    )
}

#[test]
fn two_phones_talk_and_each_hears_the_other() {
    let mut t = bridging().start();
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    alice.speaks(440.0).dial("1001");
    bob.speaks(700.0);
    t.run_until("ringback", secs(2), |_| {
        alice.state() == PhoneState::Ringback
    });
    t.run_until("answered", secs(4), |_| {
        alice.state() == PhoneState::Talking
    });
    alice.forgets();
    bob.forgets();
    t.run_for(secs(2));
    assert_eq!(alice.hears(TONES), [700.0]);
    assert_eq!(bob.hears(TONES), [440.0]);
    alice.hangs_up();
    t.run_for(ms(500));
    assert_eq!(bob.state(), PhoneState::HungUp(HangupCause::NormalClearing));
    assert_eq!(t.call_records().len(), 1);
}

#[test]
fn a_busy_phone_is_told_so() {
    let mut t = bridging().start();
    let alice = t.phone("1000");
    t.phone("1001").is_busy();
    alice.dial("1001");
    t.run_for(secs(1));
    assert_eq!(alice.state(), PhoneState::HungUp(HangupCause::UserBusy));
}

#[test]
fn a_number_that_leads_nowhere_is_no_route() {
    let mut t = bridging().start();
    let alice = t.phone("1000");
    alice.dial("555");
    t.run_for(secs(1));
    assert_eq!(
        alice.state(),
        PhoneState::HungUp(HangupCause::NoRouteDestination)
    );
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let mut t = bridging().start();
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    bob.never_answers();
    alice.dial("1001");
    t.run_for(secs(1));
    assert_eq!(bob.state(), PhoneState::Ringing);
    alice.hangs_up();
    t.run_for(ms(200));
    assert_eq!(
        bob.state(),
        PhoneState::HungUp(HangupCause::OriginatorCancel)
    );
}
