//! What a caller hears: prompts, echo, recordings, digits collected.

use strowger_model::HangupCause;
use strowger_tests::{PhoneState, TestConf, TestSwitch, loudness, ms, secs};

const TONES: &[f32] = &[350.0, 440.0, 550.0, 700.0, 1004.0];

fn one(actions: &str) -> TestSwitch {
    TestConf::dialplan(&format!(
        "<extension name=\"test\"><condition field=\"destination_number\" expression=\"^1$\">{actions}</condition></extension>"
    ))
    .start()
}

#[test]
fn echo_returns_what_is_said() {
    let mut t = one("<action application=\"answer\"/><action application=\"echo\"/>");
    let alice = t.phone("1000");
    alice.speaks(440.0).dial("1");
    t.run_for(secs(1));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [440.0]);
}

#[test]
fn delayed_echo_comes_after_its_time() {
    let mut t =
        one("<action application=\"answer\"/><action application=\"delay_echo\" data=\"2000\"/>");
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(1));
    alice.speaks(440.0);
    alice.forgets();
    t.run_for(ms(1_500));
    assert_eq!(alice.hears(TONES), [] as [f32; 0]);
    t.run_for(ms(2_000));
    assert_eq!(alice.hears(TONES), [440.0]);
}

#[test]
fn a_prompt_of_the_sound_tree_is_heard_and_the_call_ends_after_it() {
    let mut t = one(
        "<action application=\"answer\"/><action application=\"playback\" data=\"voicemail/vm-goodbye.wav\"/>",
    );
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(4));
    assert!(loudness(&alice.heard()) > 100, "the prompt was heard");
    assert_eq!(
        alice.state(),
        PhoneState::HungUp(HangupCause::NormalClearing)
    );
}

#[test]
fn a_missing_prompt_is_no_reason_to_end_the_call() {
    let mut t = one(
        "<action application=\"answer\"/><action application=\"playback\" data=\"no/such/file.wav\"/>\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/>",
    );
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [1004.0]);
}

#[test]
fn a_terminator_ends_a_playback() {
    let mut t = one("<action application=\"answer\"/>\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,440);loops=-1\"/>\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,700);loops=-1\"/>");
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(1));
    alice.presses("5*");
    t.run_for(secs(1));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [700.0]);
}

#[test]
fn digits_are_collected_and_lead_on() {
    let mut t = TestConf::dialplan(
        "<extension name=\"ask\"><condition field=\"destination_number\" expression=\"^1$\">\
         <action application=\"answer\"/>\
         <action application=\"play_and_get_digits\" data=\"4 4 3 5000 # tone_stream://%(500,0,350) tone_stream://%(500,0,550) entry \\d{4}\"/>\
         <action application=\"transfer\" data=\"${entry}\"/></condition></extension>\
         <extension name=\"secret\"><condition field=\"destination_number\" expression=\"^4711$\">\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/></condition></extension>",
    )
    .start();
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(2));
    alice.presses("4711");
    t.run_for(secs(3));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [1004.0]);
}

#[test]
fn read_stores_what_was_typed_until_the_terminator() {
    let mut t = one("<action application=\"answer\"/>\
         <action application=\"read\" data=\"1 10 silence_stream://100 typed 5000 #\"/>\
         <action application=\"park\"/>");
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(1));
    alice.presses("123#");
    t.run_for(secs(3));
    let uuid = alice.uuid().expect("a call");
    assert_eq!(t.command(&format!("uuid_getvar {uuid} typed")), "123");
    assert_eq!(
        t.command(&format!("uuid_getvar {uuid} read_result")),
        "success"
    );
}

#[test]
fn a_recording_holds_what_was_said() {
    let mut t = one(
        "<action application=\"answer\"/><action application=\"record\" data=\"said.wav 20\"/>\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/>",
    );
    let alice = t.phone("1000");
    alice.speaks(440.0).dial("1");
    t.run_for(secs(5));
    alice.presses("*");
    t.run_for(secs(2));
    let path = t.data().join("recordings/said.wav");
    let mut reader = hound::WavReader::open(&path).expect("a playable file");
    let samples: Vec<i16> = reader
        .samples::<i16>()
        .map(|sample| sample.expect("a sample"))
        .collect();
    assert!(
        (4 * 8_000..6 * 8_000).contains(&samples.len()),
        "{} samples",
        samples.len()
    );
    assert_eq!(strowger_tests::tones_heard(&samples, TONES), [440.0]);
}

#[test]
fn music_on_hold_is_heard_by_the_one_who_waits() {
    let mut t = one(
        "<action application=\"answer\"/><action application=\"playback\" data=\"local_stream://moh\"/>",
    );
    let alice = t.phone("1000");
    alice.dial("1");
    t.run_for(secs(3));
    assert!(loudness(&alice.heard()) > 200);
    assert_eq!(alice.state(), PhoneState::Talking);
}
