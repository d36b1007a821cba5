//! Calls that are moved: by the dialplan, by the phone, by an operator.

use strowger_model::HangupCause;
use strowger_tests::{PhoneState, TestConf, ms, secs};

const TONES: &[f32] = &[350.0, 440.0, 550.0, 700.0, 1004.0];

const PLAN: &str = "<extension name=\"local\"><condition field=\"destination_number\" expression=\"^(10\\d\\d)$\">\
    <action application=\"bridge\" data=\"user/$1\"/></condition></extension>\
    <extension name=\"tone\"><condition field=\"destination_number\" expression=\"^9197$\">\
    <action application=\"answer\"/><action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/></condition></extension>\
    <extension name=\"move\"><condition field=\"destination_number\" expression=\"^5$\">\
    <action application=\"transfer\" data=\"9197 XML default\"/></condition></extension>\
    <extension name=\"round\"><condition field=\"destination_number\" expression=\"^6$\">\
    <action application=\"transfer\" data=\"6\"/></condition></extension>";

#[test]
fn a_transfer_in_the_dialplan_goes_to_the_new_extension() {
    let mut t = TestConf::dialplan(PLAN).start();
    let alice = t.phone("1000");
    alice.dial("5");
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [1004.0]);
}

#[test]
fn a_circle_of_transfers_ends() {
    let mut t = TestConf::dialplan(PLAN).start();
    let alice = t.phone("1000");
    alice.dial("6");
    t.run_for(secs(2));
    assert_eq!(
        alice.state(),
        PhoneState::HungUp(HangupCause::ExchangeRoutingError)
    );
}

#[test]
fn a_phone_transfers_the_other_party() {
    let mut t = TestConf::dialplan(PLAN).start();
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    let carol = t.phone("1002");
    carol.speaks(700.0);
    alice.dial("1001");
    t.run_for(secs(3));
    bob.transfers_to("1002");
    t.run_for(secs(3));
    assert!(
        matches!(bob.state(), PhoneState::HungUp(_)),
        "{:?}",
        bob.state()
    );
    assert_eq!(carol.state(), PhoneState::Talking);
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [700.0]);
}

#[test]
fn an_operator_moves_a_call() {
    let mut t = TestConf::dialplan(PLAN).start();
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    alice.dial("1001");
    t.run_for(secs(3));
    let uuid = alice.uuid().expect("a call");
    assert_eq!(t.command(&format!("uuid_transfer {uuid} 9197")), "+OK\n");
    t.run_for(ms(500));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [1004.0]);
    assert!(
        matches!(bob.state(), PhoneState::HungUp(_)),
        "{:?}",
        bob.state()
    );
}

#[test]
fn a_parked_call_waits_until_it_is_moved() {
    let mut t = TestConf::dialplan(&format!(
        "{PLAN}<extension name=\"park\"><condition field=\"destination_number\" expression=\"^7$\">\
         <action application=\"answer\"/><action application=\"park\"/></condition></extension>"
    ))
    .start();
    let alice = t.phone("1000");
    alice.dial("7");
    t.run_for(secs(20));
    assert_eq!(alice.state(), PhoneState::Talking);
    let uuid = alice.uuid().expect("a call");
    t.command(&format!("uuid_transfer {uuid} 9197"));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [1004.0]);
}
