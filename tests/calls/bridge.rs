//! Dialling: who rings, who wins, what the caller hears meanwhile, and what follows a failure.

use strowger_model::HangupCause;
use strowger_tests::{PhoneState, TestConf, TestSwitch, loudness, ms, secs};

const TONES: &[f32] = &[350.0, 440.0, 480.0, 550.0, 700.0, 1004.0];

fn dialling(actions: &str) -> TestSwitch {
    TestConf::dialplan(&format!(
        "<extension name=\"test\"><condition field=\"destination_number\" expression=\"^(\\d+)$\">{actions}</condition></extension>"
    ))
    .start()
}

#[test]
fn phones_ring_together_and_the_first_to_answer_wins() {
    let mut t = dialling("<action application=\"bridge\" data=\"user/1001,user/1002\"/>");
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    let carol = t.phone("1002");
    bob.answers_after(secs(5)).speaks(550.0);
    carol.answers_after(secs(3)).speaks(700.0);
    alice.dial("1");
    t.run_for(secs(1));
    assert_eq!(
        (bob.state(), carol.state()),
        (PhoneState::Ringing, PhoneState::Ringing)
    );
    t.run_for(secs(3));
    assert_eq!(carol.state(), PhoneState::Talking);
    assert_eq!(bob.state(), PhoneState::HungUp(HangupCause::LoseRace));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [700.0]);
}

#[test]
fn the_next_alternative_is_tried_after_a_failure() {
    let mut t = dialling("<action application=\"bridge\" data=\"user/1001|user/1002\"/>");
    let alice = t.phone("1000");
    t.phone("1001").is_busy();
    let carol = t.phone("1002");
    alice.dial("1");
    t.run_for(secs(4));
    assert_eq!(carol.state(), PhoneState::Talking);
    assert_eq!(alice.state(), PhoneState::Talking);
}

#[test]
fn a_leg_rings_for_its_own_time_only() {
    let mut t =
        dialling("<action application=\"bridge\" data=\"[leg_timeout=3]user/1001|user/1002\"/>");
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    bob.never_answers();
    let carol = t.phone("1002");
    alice.dial("1");
    t.run_for(secs(2));
    assert_eq!(bob.state(), PhoneState::Ringing);
    t.run_for(secs(4));
    assert_eq!(bob.state(), PhoneState::HungUp(HangupCause::NoAnswer));
    assert_eq!(carol.state(), PhoneState::Talking);
}

#[test]
fn nobody_answers_and_the_dialplan_goes_on() {
    let mut t = dialling(
        "<action application=\"set\" data=\"call_timeout=5\"/>\
         <action application=\"bridge\" data=\"user/1001\"/>\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/>",
    );
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    bob.never_answers();
    alice.dial("1");
    t.run_for(secs(4));
    assert_eq!(bob.state(), PhoneState::Ringing);
    t.run_for(secs(3));
    assert_eq!(bob.state(), PhoneState::HungUp(HangupCause::NoAnswer));
    assert_eq!(alice.state(), PhoneState::EarlyMedia);
    assert_eq!(alice.hears(TONES), [1004.0]);
}

#[test]
fn busy_ends_the_call_unless_told_to_go_on() {
    let mut t = dialling(
        "<action application=\"set\" data=\"continue_on_fail=USER_BUSY\"/>\
         <action application=\"bridge\" data=\"user/1001\"/>\
         <action application=\"answer\"/>\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/>",
    );
    let alice = t.phone("1000");
    t.phone("1001").is_busy();
    alice.dial("1");
    t.run_for(secs(2));
    assert_eq!(alice.state(), PhoneState::Talking);
    assert_eq!(alice.hears(TONES), [1004.0]);
}

#[test]
fn the_caller_hears_ringback_made_here() {
    let mut t = dialling(
        "<action application=\"set\" data=\"ringback=%(2000,4000,440,480)\"/>\
         <action application=\"bridge\" data=\"user/1001\"/>",
    );
    let alice = t.phone("1000");
    t.phone("1001").answers_after(secs(4)).speaks(700.0);
    alice.dial("1");
    t.run_for(ms(1_500));
    assert_eq!(alice.state(), PhoneState::EarlyMedia);
    let mut heard = alice.hears(TONES);
    heard.sort_by(f32::total_cmp);
    assert_eq!(heard, [440.0, 480.0]);
    t.run_for(secs(4));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [700.0]);
}

#[test]
fn early_media_of_the_callee_is_heard_before_the_answer() {
    let mut t = dialling("<action application=\"bridge\" data=\"user/1001\"/>");
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    bob.sends_early_media().speaks(550.0);
    alice.dial("1");
    t.run_for(secs(1));
    assert_eq!(alice.state(), PhoneState::EarlyMedia);
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [550.0]);
    bob.answers();
    t.run_for(ms(300));
    assert_eq!(alice.state(), PhoneState::Talking);
}

#[test]
fn ignored_early_media_leaves_the_caller_waiting() {
    let mut t =
        dialling("<action application=\"bridge\" data=\"{ignore_early_media=true}user/1001\"/>");
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    bob.sends_early_media().speaks(550.0);
    alice.dial("1");
    t.run_for(secs(1));
    assert_eq!(alice.state(), PhoneState::Dialling);
    assert_eq!(loudness(&alice.heard()), 0);
    bob.answers();
    t.run_for(ms(300));
    assert_eq!(alice.state(), PhoneState::Talking);
}

#[test]
fn digits_pass_through_a_bridge_once_each() {
    let mut t = dialling("<action application=\"bridge\" data=\"user/1001\"/>");
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    alice.dial("1");
    t.run_for(secs(3));
    alice.presses("1590*#");
    bob.presses("42");
    t.run_for(secs(6));
    assert_eq!(bob.digits_heard(), "1590*#");
    assert_eq!(alice.digits_heard(), "42");
}

#[test]
fn after_the_bridge_the_dialplan_goes_on_or_hangs_up_as_told() {
    let mut t = dialling(
        "<action application=\"bridge\" data=\"user/1001\"/>\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/>",
    );
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    alice.dial("1");
    t.run_for(secs(3));
    bob.hangs_up();
    t.run_for(ms(300));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [1004.0]);
    drop(t);

    let mut t = dialling(
        "<action application=\"set\" data=\"hangup_after_bridge=true\"/>\
         <action application=\"bridge\" data=\"user/1001\"/>\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/>",
    );
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    alice.dial("1");
    t.run_for(secs(3));
    bob.hangs_up();
    t.run_for(ms(500));
    assert_eq!(
        alice.state(),
        PhoneState::HungUp(HangupCause::NormalClearing)
    );
}

#[test]
fn a_dialled_number_cannot_grow_a_second_destination() {
    let mut t = TestConf::dialplan(
        "<extension name=\"any\"><condition field=\"destination_number\" expression=\"^(.*)$\">\
         <action application=\"bridge\" data=\"user/$1\"/></condition></extension>",
    )
    .start();
    let mallory = t.phone("1000");
    let bob = t.phone("1001");
    let carol = t.phone("1002");
    mallory.dial("1001,user/1002");
    t.run_for(secs(1));
    assert_eq!(bob.state(), PhoneState::Idle);
    assert_eq!(carol.state(), PhoneState::Idle);
    assert!(matches!(mallory.state(), PhoneState::HungUp(_)));
}

#[test]
fn the_callee_sees_who_calls() {
    let mut t = dialling(
        "<action application=\"set\" data=\"effective_caller_id_name=Front Desk\"/>\
         <action application=\"bridge\" data=\"{origination_caller_id_number=4711}user/1001\"/>",
    );
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    alice.dial("1");
    t.run_for(secs(1));
    assert_eq!(bob.shown(), ("Front Desk".to_owned(), "4711".to_owned()));
}

#[test]
fn a_group_rings_its_members() {
    let mut t = dialling("<action application=\"bridge\" data=\"group/default\"/>");
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    let carol = t.phone("1002");
    alice.dial("1");
    t.run_for(secs(1));
    assert_eq!(bob.state(), PhoneState::Ringing);
    assert_eq!(carol.state(), PhoneState::Ringing);
    t.run_for(secs(2));
    assert_eq!(alice.state(), PhoneState::Talking);
}
