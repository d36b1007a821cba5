//! Calls to ourselves.

use strowger_model::HangupCause;
use strowger_tests::{PhoneState, TestConf, loudness, ms, secs};

#[test]
fn a_loopback_leg_goes_through_the_dialplan() {
    let mut t = TestConf::dialplan(
        "<extension name=\"tone\"><condition field=\"destination_number\" expression=\"^9197$\">\
         <action application=\"answer\"/><action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/>\
         </condition></extension>\
         <extension name=\"go\"><condition field=\"destination_number\" expression=\"^1$\">\
         <action application=\"bridge\" data=\"loopback/9197\"/></condition></extension>",
    )
    .start();
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(1));
    assert_eq!(alice.state(), PhoneState::Talking);
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(&[440.0, 1004.0]), [1004.0]);
    alice.hangs_up();
    t.run_for(ms(500));
    assert_eq!(t.switch().sessions().len(), 0);
}

#[test]
fn a_loopback_leg_runs_one_application() {
    let mut t = TestConf::dialplan(
        "<extension name=\"go\"><condition field=\"destination_number\" expression=\"^1$\">\
         <action application=\"bridge\" data=\"loopback/app=playback:voicemail/vm-goodbye.wav\"/></condition></extension>",
    )
    .start();
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(4));
    assert!(loudness(&alice.heard()) > 100, "the prompt was heard");
    assert!(
        matches!(
            alice.state(),
            PhoneState::HungUp(HangupCause::NormalClearing)
        ),
        "{:?}",
        alice.state()
    );
}

#[test]
fn a_loop_of_loops_ends() {
    let mut t = TestConf::dialplan(
        "<extension name=\"go\"><condition field=\"destination_number\" expression=\"^1$\">\
         <action application=\"bridge\" data=\"loopback/1\"/></condition></extension>",
    )
    .start();
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(5));
    assert!(t.switch().sessions().len() <= 1_000);
    alice.hangs_up();
    t.run_for(secs(2));
    assert_eq!(t.switch().sessions().len(), 0, "hanging up unravels it");
}
