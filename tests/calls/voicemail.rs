//! Messages: left, listened to, deleted, forwarded; greetings, PINs, and what a crash leaves.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use strowger_core::store::{Message, MessageState, Store};
use strowger_model::EventName;
use strowger_tests::{Phone, PhoneState, TestConf, TestSwitch, loudness, ms, secs};

const TONES: &[f32] = &[440.0, 550.0, 640.0, 700.0, 1004.0];

/// `1`: leave a message for 1000; `2`: the messages of 1000; `3`: of 1001; `4`: without being asked for a PIN.
const EXTENSIONS: &str = "\
    <extension name=\"leave\"><condition field=\"destination_number\" expression=\"^1$\">\
    <action application=\"answer\"/><action application=\"voicemail\" data=\"default test.example 1000\"/></condition></extension>\
    <extension name=\"check\"><condition field=\"destination_number\" expression=\"^2$\">\
    <action application=\"answer\"/><action application=\"voicemail\" data=\"check default test.example 1000\"/></condition></extension>\
    <extension name=\"other\"><condition field=\"destination_number\" expression=\"^3$\">\
    <action application=\"answer\"/><action application=\"voicemail\" data=\"check auth default test.example 1001\"/></condition></extension>\
    <extension name=\"auth\"><condition field=\"destination_number\" expression=\"^4$\">\
    <action application=\"answer\"/><action application=\"voicemail\" data=\"check auth default test.example 1000\"/></condition></extension>";

fn switch() -> TestSwitch {
    TestConf::dialplan(EXTENSIONS).start()
}

/// Dials and speaks a tone for so long after the beep.
fn speak(t: &mut TestSwitch, caller: &Phone, hz: f32, seconds: u64) {
    caller.speaks(hz).dial("1");
    recorded_for(t, seconds);
}

/// Waits for the beep to end and then so long.
fn recorded_for(t: &mut TestSwitch, seconds: u64) {
    t.take_events();
    t.run_until("the recording begins", secs(30), |t| {
        t.take_events()
            .iter()
            .any(|event| event.name == EventName::RecordStart)
    });
    t.run_for(secs(seconds));
}

/// Leaves a message of five seconds and hangs up.
fn leave(t: &mut TestSwitch, caller: &Phone, hz: f32) {
    speak(t, caller, hz, 5);
    caller.hangs_up();
    caller.falls_silent();
    t.run_for(secs(1));
}

fn counts(t: &mut TestSwitch) -> String {
    t.command("vm_boxcount 1000@test.example|all")
}

fn box_directory(t: &TestSwitch, id: &str) -> PathBuf {
    t.data()
        .join("storage/voicemail/default/test.example")
        .join(id)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(directory)
        .map(|entries| {
            entries
                .map(|entry| entry.expect("an entry").path())
                .collect()
        })
        .unwrap_or_default()
}

/// The values of a header in the `vm::maintenance` events of an action.
fn maintenance(t: &mut TestSwitch, action: &str, header: &str) -> Vec<String> {
    t.take_events()
        .iter()
        .filter(|event| event.subclass.as_deref() == Some("vm::maintenance"))
        .filter(|event| event.get("VM-Action") == Some(action))
        .map(|event| event.get(header).unwrap_or_default().to_owned())
        .collect()
}

fn is_over(phone: &Phone) -> bool {
    matches!(phone.state(), PhoneState::HungUp(_))
}

#[test]
fn a_message_is_left_and_heard_and_saved() {
    let mut t = switch();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    bob.dial("1");
    t.run_for(ms(800));
    assert_eq!(bob.hears(TONES), [640.0], "the beep");
    bob.speaks(440.0);
    t.run_for(secs(6));
    bob.presses("#");
    t.run_for(secs(1));
    bob.presses("2");
    t.run_for(secs(1));
    bob.presses("#");
    t.run_until("the call is over", secs(5), |_| is_over(&bob));
    let events = t.take_events();
    let waiting = events
        .iter()
        .find(|event| event.name == EventName::MessageWaiting)
        .expect("the lamp is lit");
    assert_eq!(waiting.get("MWI-Messages-Waiting"), Some("yes"));
    assert_eq!(
        waiting.get("MWI-Message-Account"),
        Some("1000@test.example")
    );
    assert_eq!(waiting.get("MWI-Voice-Message"), Some("1/0"));
    assert_eq!(waiting.get("Update-Reason"), Some("NEW"));
    assert_eq!(counts(&mut t), "1:0:0:0");

    alice.dial("2");
    t.run_for(secs(1));
    alice.presses("71000#");
    t.run_for(secs(2));
    alice.forgets();
    t.run_for(secs(2));
    assert_eq!(
        alice.hears(TONES),
        [440.0],
        "new messages play by themselves"
    );
    t.run_for(secs(5));
    alice.presses("2");
    t.run_for(secs(1));
    assert_eq!(counts(&mut t), "0:1:0:0");
    alice.presses("#");
    t.run_until("the call is over", secs(5), |_| is_over(&alice));
}

#[test]
fn a_hangup_in_the_middle_keeps_the_message_and_nobody_else_can_read_it() {
    let mut t = switch();
    let bob = t.phone("1001");
    speak(&mut t, &bob, 440.0, 4);
    let mailboxes = t.switch().store().mailboxes.clone();
    let unfinished = t.wait_for(async move { mailboxes.unfinished().await.expect("a store") });
    assert_eq!(
        unfinished.len(),
        1,
        "noted before it is complete: a crash would not lose it"
    );
    assert!(Path::new(&unfinished[0].path).exists());
    bob.hangs_up();
    t.run_for(secs(1));
    assert_eq!(counts(&mut t), "1:0:0:0");
    assert_eq!(
        maintenance(&mut t, "leave-message", "VM-Caller-ID-Number"),
        ["1001"]
    );

    let directory = box_directory(&t, "1000");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files = files(&directory);
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(mode(&files[0]), 0o600);
    let samples: Vec<i16> = hound::WavReader::open(&files[0])
        .expect("a playable file")
        .samples::<i16>()
        .map(|sample| sample.expect("a sample"))
        .collect();
    assert_eq!(strowger_tests::tones_heard(&samples, TONES), [440.0]);
}

#[test]
fn a_message_that_is_too_short_is_thrown_away() {
    let mut t = switch();
    let bob = t.phone("1001");
    speak(&mut t, &bob, 440.0, 1);
    bob.hangs_up();
    t.run_for(secs(1));
    assert_eq!(counts(&mut t), "0:0:0:0");
    assert_eq!(files(&box_directory(&t, "1000")), [] as [PathBuf; 0]);
    assert_eq!(
        maintenance(&mut t, "leave-message", "VM-UUID"),
        [] as [&str; 0]
    );
}

#[test]
fn who_records_again_and_gives_up_leaves_the_first_take() {
    let mut t = switch();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    speak(&mut t, &bob, 440.0, 5);
    bob.presses("#");
    t.run_for(secs(1));
    bob.presses("3");
    bob.speaks(700.0);
    recorded_for(&mut t, 1);
    bob.hangs_up();
    t.run_for(secs(1));
    assert_eq!(counts(&mut t), "1:0:0:0");
    assert_eq!(files(&box_directory(&t, "1000")).len(), 1);
    alice.dial("4");
    t.run_for(secs(1));
    alice.forgets();
    t.run_for(secs(2));
    assert_eq!(alice.hears(TONES), [440.0]);
}

#[test]
fn an_urgent_message_is_counted_as_such() {
    let mut t = switch();
    let bob = t.phone("1001");
    speak(&mut t, &bob, 440.0, 5);
    for key in ["#", "2", "*"] {
        bob.presses(key);
        t.run_for(secs(1));
    }
    assert!(is_over(&bob));
    assert_eq!(counts(&mut t), "1:0:1:0");
    assert_eq!(
        maintenance(&mut t, "leave-message", "VM-Flags"),
        ["A_URGENT"]
    );
}

#[test]
fn three_wrong_pins_end_the_call_and_five_lock_the_box() {
    let mut t = switch();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    leave(&mut t, &bob, 440.0);
    t.take_events();
    alice.dial("2");
    t.run_for(secs(1));
    for _ in 0..3 {
        alice.presses("9999#");
        t.run_for(secs(3));
    }
    assert!(is_over(&alice), "three attempts in one call");
    assert_eq!(
        maintenance(&mut t, "authentication", "VM-Auth-Result"),
        ["fail"; 3]
    );
    alice.dial("2");
    t.run_for(secs(1));
    for _ in 0..2 {
        alice.presses("9999#");
        t.run_for(secs(3));
    }
    assert_eq!(maintenance(&mut t, "mailbox-locked", "VM-User"), ["1000"]);
    alice.presses("71000#");
    t.run_for(secs(3));
    assert!(is_over(&alice), "the right PIN opens no locked box");
    assert_eq!(counts(&mut t), "1:0:0:0");
}

#[test]
fn a_deleted_message_is_gone_with_its_file() {
    let mut t = switch();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    leave(&mut t, &bob, 440.0);
    alice.dial("4");
    t.run_for(secs(1));
    alice.presses("7");
    t.run_for(secs(1));
    assert_eq!(counts(&mut t), "0:0:0:0");
    assert_eq!(files(&box_directory(&t, "1000")), [] as [PathBuf; 0]);
}

#[test]
fn keys_move_within_a_message_and_between_messages() {
    let mut t = switch();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    leave(&mut t, &bob, 440.0);
    t.run_for(secs(2));
    leave(&mut t, &bob, 700.0);
    alice.dial("4");
    t.run_for(secs(1));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [440.0], "the older one first");
    alice.presses("3");
    t.run_for(ms(600));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [700.0], "the next one");
    alice.presses("1");
    t.run_for(ms(600));
    alice.forgets();
    t.run_for(secs(1));
    assert_eq!(alice.hears(TONES), [440.0], "back to the one before");
    alice.presses("6");
    t.run_for(ms(600));
    alice.forgets();
    t.run_for(secs(3));
    assert_eq!(
        alice.hears(TONES),
        [] as [f32; 0],
        "three seconds on, it is nearly over"
    );
    alice.hangs_up();
    t.run_for(secs(1));
    assert_eq!(counts(&mut t), "2:0:0:0", "nothing was decided");
}

#[test]
fn a_recorded_greeting_is_what_callers_hear() {
    let mut t = switch();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    alice.speaks(550.0).dial("4");
    t.run_for(secs(1));
    for key in ["5", "1"] {
        alice.presses(key);
        t.run_for(ms(500));
    }
    alice.presses("3");
    recorded_for(&mut t, 5);
    for key in ["#", "2"] {
        alice.presses(key);
        t.run_for(secs(1));
    }
    alice.hangs_up();
    t.run_for(secs(1));
    assert!(box_directory(&t, "1000").join("greeting_3.wav").exists());
    assert_eq!(
        files(&box_directory(&t, "1000")).len(),
        1,
        "no draft is left"
    );
    bob.dial("1");
    t.run_for(secs(1));
    bob.forgets();
    t.run_for(secs(2));
    assert_eq!(bob.hears(TONES), [550.0]);
    bob.presses("#");
    t.run_for(ms(400));
    bob.forgets();
    t.run_for(ms(400));
    assert_eq!(bob.hears(TONES), [640.0], "# goes straight to the beep");
}

#[test]
fn a_new_pin_must_not_be_trivial_and_is_kept_as_a_hash() {
    let mut t = switch();
    let alice = t.phone("1000");
    alice.dial("4");
    t.run_for(secs(1));
    for keys in ["5", "6", "1234#", "482915#"] {
        alice.presses(keys);
        t.run_for(secs(2));
    }
    alice.hangs_up();
    t.run_for(secs(1));
    assert_eq!(maintenance(&mut t, "change-password", "VM-User"), ["1000"]);
    let mailboxes = t.switch().store().mailboxes.clone();
    let own = t.wait_for(async move {
        mailboxes
            .preferences("test.example", "1000")
            .await
            .expect("a store")
    });
    let kept = own.password.expect("a PIN");
    assert!(
        kept.starts_with("pbkdf2-sha256$") && !kept.contains("482915"),
        "{kept}"
    );
    assert_eq!(t.command("vm_prefs 1000@test.example|password"), "***");
    alice.dial("2");
    t.run_for(secs(1));
    t.take_events();
    alice.presses("482915#");
    t.run_for(secs(2));
    assert_eq!(
        maintenance(&mut t, "authentication", "VM-Auth-Result"),
        ["success"]
    );
}

#[test]
fn a_forwarded_message_reaches_the_other_box_behind_its_introduction() {
    let mut t = switch();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    leave(&mut t, &bob, 440.0);
    alice.speaks(700.0).dial("4");
    t.run_for(secs(1));
    alice.presses("8");
    t.run_for(ms(500));
    alice.presses("1");
    recorded_for(&mut t, 3);
    for keys in ["#", "2", "1001#"] {
        alice.presses(keys);
        t.run_for(secs(2));
    }
    alice.hangs_up();
    t.run_for(secs(1));
    assert_eq!(t.command("vm_boxcount 1001@test.example"), "1");
    assert_eq!(counts(&mut t), "1:0:0:0", "it stays where it was");
    let left: Vec<PathBuf> = files(&box_directory(&t, "1000"));
    assert_eq!(left.len(), 1, "{left:?}");
    bob.dial("3");
    t.run_for(secs(1));
    bob.forgets();
    t.run_for(secs(1));
    assert_eq!(bob.hears(TONES), [700.0], "the introduction");
    t.run_for(secs(3));
    bob.forgets();
    t.run_for(secs(1));
    assert_eq!(bob.hears(TONES), [440.0], "the message");
}

#[test]
fn nobody_is_called_back_from_a_box_opened_without_a_long_pin() {
    let mut t = TestConf::dialplan(&format!(
        "{EXTENSIONS}<extension name=\"paid\"><condition field=\"destination_number\" expression=\"^1001$\">\
         <action application=\"playback\" data=\"tone_stream://%(1000,0,1004);loops=-1\"/></condition></extension>"
    ))
    .start();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    leave(&mut t, &bob, 440.0);
    alice.dial("2");
    t.run_for(secs(1));
    alice.presses("71000#");
    t.run_for(secs(8));
    alice.forgets();
    alice.presses("5");
    t.run_for(secs(3));
    assert_eq!(alice.hears(TONES), [] as [f32; 0]);
}

#[test]
fn the_owner_gets_in_during_the_greeting() {
    let mut t = switch();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    leave(&mut t, &bob, 440.0);
    // A greeting, so that there is something to interrupt.
    let directory = box_directory(&t, "1000");
    let mailboxes = t.switch().store().mailboxes.clone();
    let message = files(&directory)[0].clone();
    let greeting = directory.join("greeting_1.wav");
    std::fs::copy(message, &greeting).expect("copied");
    t.wait_for(async move {
        let own = strowger_core::store::Preferences {
            greeting_path: Some(greeting.display().to_string()),
            ..Default::default()
        };
        mailboxes
            .set_preferences("test.example", "1000", &own)
            .await
            .expect("a store");
    });
    alice.dial("1");
    t.run_for(secs(1));
    alice.presses("0");
    t.run_for(secs(1));
    t.take_events();
    alice.presses("71000#");
    t.run_for(secs(2));
    assert_eq!(
        maintenance(&mut t, "authentication", "VM-Auth-Result"),
        ["success"]
    );
}

#[test]
fn messages_cut_off_by_a_crash_are_completed_at_the_next_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, seconds: u32| -> String {
        let path = dir.path().join(name);
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).expect("a file");
        for sample in 0..seconds * 8_000 {
            writer
                .write_sample(if sample % 20 < 10 { 4_000_i16 } else { -4_000 })
                .expect("written");
        }
        writer.finalize().expect("complete");
        path.display().to_string()
    };
    let message = |uuid: &str, path: String| Message {
        uuid: uuid.to_owned(),
        user: "1000".to_owned(),
        domain: "test.example".to_owned(),
        created: 1_795_000_000,
        folder: "inbox".to_owned(),
        caller_number: "1001".to_owned(),
        path,
        state: MessageState::Recording,
        ..Message::default()
    };
    let long = message("long", file("long.wav", 30));
    let short = message("short", file("short.wav", 1));
    // The process died before the header was right.
    let mut octets = std::fs::read(&long.path).expect("read");
    octets[40..44].copy_from_slice(&0_u32.to_le_bytes());
    std::fs::write(&long.path, octets).expect("written");
    let store = Store::in_memory();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for message in [&long, &short] {
        runtime
            .block_on(store.mailboxes.insert(message))
            .expect("a store");
    }

    let mut t = TestConf::dialplan(EXTENSIONS).with_store(store).start();
    let alice = t.phone("1000");
    assert_eq!(counts(&mut t), "1:0:0:0");
    let mailboxes = t.switch().store().mailboxes.clone();
    let kept = t.wait_for(async move {
        mailboxes
            .messages("test.example", "1000")
            .await
            .expect("a store")
    });
    assert!(kept[0].cut && kept[0].seconds == 30, "{kept:?}");
    assert!(!Path::new(&short.path).exists());
    alice.dial("4");
    t.run_for(secs(1));
    alice.forgets();
    t.run_for(secs(20));
    assert!(loudness(&alice.heard()) > 1_000, "the cut message plays");
}

#[test]
fn what_was_deleted_in_a_call_that_a_crash_ended_goes_at_the_next_visit() {
    let mut t = switch();
    let alice = t.phone("1000");
    let directory = box_directory(&t, "1000");
    std::fs::create_dir_all(&directory).expect("made");
    let path = directory.join("msg_1.wav");
    std::fs::write(&path, b"x").expect("written");
    let mailboxes = t.switch().store().mailboxes.clone();
    let message = Message {
        uuid: "m".to_owned(),
        user: "1000".to_owned(),
        domain: "test.example".to_owned(),
        path: path.display().to_string(),
        state: MessageState::Deleted,
        ..Message::default()
    };
    t.wait_for(async move { mailboxes.insert(&message).await.expect("a store") });
    assert_eq!(counts(&mut t), "0:0:0:0");
    assert!(path.exists());
    alice.dial("4");
    t.run_for(secs(1));
    assert!(!path.exists());
}

#[test]
fn a_full_box_takes_nothing_more() {
    let mut t = switch();
    let bob = t.phone("1001");
    let mailboxes = t.switch().store().mailboxes.clone();
    t.wait_for(async move {
        for number in 0..500 {
            let message = Message {
                uuid: format!("m{number}"),
                user: "1000".to_owned(),
                domain: "test.example".to_owned(),
                state: MessageState::Kept,
                ..Message::default()
            };
            mailboxes.insert(&message).await.expect("a store");
        }
    });
    t.take_events();
    bob.speaks(440.0).dial("1");
    t.run_until("the call is over", secs(5), |_| is_over(&bob));
    assert_eq!(maintenance(&mut t, "mailbox-full", "VM-User"), ["1000"]);
    assert_eq!(counts(&mut t), "500:0:0:0");
}

#[test]
fn operators_list_inject_mark_and_delete() {
    let mut t = switch();
    let bob = t.phone("1001");
    leave(&mut t, &bob, 440.0);
    let line = t.command("vm_list 1000@test.example");
    assert!(line.contains(":0:1000:test.example:inbox:"), "{line}");
    assert!(line.trim_end().ends_with(":Phone 1001:1001:5"), "{line}");
    assert!(
        t.command("vm_list 1000@test.example xml")
            .contains("<cid-number>1001</cid-number>")
    );
    assert_eq!(t.command("vm_read 1000@test.example read"), "+OK\n");
    assert_eq!(counts(&mut t), "0:1:0:0");
    let source = t.data().join("storage/news.wav");
    std::fs::copy(&files(&box_directory(&t, "1000"))[0], &source).expect("copied");
    let inject = format!(
        "vm_inject group=default@test.example {} 555 News",
        source.display()
    );
    assert_eq!(t.command(&inject), "+OK\n");
    assert_eq!(counts(&mut t), "1:1:0:0");
    assert_eq!(t.command("vm_boxcount 1003@test.example"), "1");
    let outside = t.command("vm_inject 1000@test.example /etc/passwd");
    assert!(outside.starts_with("Error: "), "{outside}");
    assert_eq!(t.command("vm_delete 1000@test.example"), "+OK\n");
    assert_eq!(counts(&mut t), "0:0:0:0");
    assert_eq!(files(&box_directory(&t, "1000")), [] as [PathBuf; 0]);
    assert_eq!(
        t.command("vm_delete 1000@test.example/none"),
        "-ERR can't find user or profile.\n"
    );
    assert_eq!(t.command("vm_boxcount nobody"), "0");
}

#[test]
fn the_sender_is_called_back_with_a_long_pin_and_only_in_the_context_for_it() {
    let mut t = TestConf::stock().with("secret_pin_1000", "482915").start();
    let (alice, bob) = (t.phone("1000"), t.phone("1001"));
    alice.never_answers();
    bob.speaks(440.0).dial("1000");
    t.run_for(secs(30));
    recorded_for(&mut t, 5);
    bob.hangs_up();
    bob.answers_after(secs(1)).falls_silent();
    t.run_for(secs(1));
    alice.dial("*97");
    t.run_for(secs(6));
    alice.presses("482915#");
    t.run_for(secs(20));
    alice.presses("5");
    t.run_until("the sender is called", secs(20), |_| {
        bob.state() == PhoneState::Talking
    });
    let uuid = alice.uuid().expect("a call");
    let session = t.switch().sessions().find(&uuid).expect("a session");
    let class = session
        .snapshot()
        .variables
        .text("toll_allow")
        .map(str::to_owned);
    assert_eq!(
        class.as_deref(),
        Some("local"),
        "a forged number costs nothing"
    );
}

#[test]
fn a_question_about_a_box_is_answered() {
    let mut t = switch();
    let bob = t.phone("1001");
    leave(&mut t, &bob, 440.0);
    t.take_events();
    let query = strowger_model::Event::new(EventName::MessageQuery)
        .header("Message-Account", "sip:1000@test.example");
    t.switch().events().publish(query);
    t.settle();
    let answers: Vec<String> = t
        .take_events()
        .iter()
        .filter(|event| event.name == EventName::MessageWaiting)
        .map(|event| {
            event
                .get("MWI-Voice-Message")
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(answers, ["1/0"]);
}

#[test]
fn a_disk_that_takes_nothing_is_told_of() {
    let mut t = switch();
    let bob = t.phone("1001");
    std::fs::write(t.data().join("storage"), b"not a directory").expect("written");
    bob.dial("1");
    t.run_until("the call is over", secs(10), |_| is_over(&bob));
    let failures = maintenance(&mut t, "record-failed", "VM-Failure");
    assert_eq!(failures.len(), 1);
    assert_eq!(counts(&mut t), "0:0:0:0");
}

#[test]
fn the_stock_configuration_takes_a_message_for_who_is_not_there() {
    let mut t = TestConf::stock().start();
    let alice = t.phone("1000");
    alice.dial("1001");
    recorded_for(&mut t, 0);
    let heard = alice.heard();
    assert!(loudness(&heard) > 100, "a greeting was heard");
    alice.forgets();
    alice.speaks(440.0);
    t.run_for(secs(6));
    alice.hangs_up();
    t.run_for(secs(1));
    assert_eq!(t.command("vm_boxcount 1001@test.example"), "1");
}
