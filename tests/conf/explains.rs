//! `strowger dial` says what a number does, and a live call does just that.

use std::path::Path;
use std::process::Command;
use strowger_model::EventName;
use strowger_tests::{TestConf, program, secs};

/// Twenty numbers of the stock configuration, and the extension that each leads to.
const NUMBERS: &[(&str, &str)] = &[
    ("1000", "local_extension"),
    ("1005", "local_extension"),
    ("1019", "local_extension"),
    ("0", "operator"),
    ("2000", "group_sales"),
    ("2001", "group_support"),
    ("2002", "group_billing"),
    ("*98", "voicemail_main"),
    ("4000", "voicemail_main"),
    ("*97", "voicemail_own"),
    ("5000", "front_desk_menu"),
    ("5001", "front_desk_hours"),
    ("5900", "park"),
    ("9170", "clock_time"),
    ("9171", "clock_date"),
    ("9180", "test_ringing"),
    ("9192", "test_show_info"),
    ("9196", "test_echo"),
    ("9197", "test_milliwatt"),
    ("9664", "test_hold_music"),
];

/// When the stock switch of a test begins: what `--at` must say for the two to agree.
const NOON: &str = "2026-11-20 12:00";

fn explain(number: &str) -> serde_json::Value {
    let data = tempfile::tempdir().expect("a directory");
    let output = Command::new(program())
        .args(["dial", number, "--from", "1001", "--at", NOON, "--json"])
        .args([
            "--set",
            "local_ip_v4=127.0.0.1",
            "--set",
            "domain=test.example",
            "--conf",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf"))
        .arg("--data")
        .arg(data.path())
        .env("TZ", "UTC")
        .output()
        .expect("the program runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{number}: {error}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn twenty_numbers_are_explained_and_a_live_call_does_the_same() {
    for (number, extension) in NUMBERS {
        let explained = explain(number);
        assert_eq!(text(&explained["extension"]), *extension, "{number}");
        let planned: Vec<(String, String)> = explained["actions"]
            .as_array()
            .expect("actions")
            .iter()
            .map(|action| (text(&action["application"]), text(&action["data"])))
            .collect();
        assert!(!planned.is_empty(), "{number}");

        let mut t = TestConf::stock()
            .starting_at(chrono::DateTime::from_timestamp(1_795_176_000, 0).expect("a time"))
            .start();
        let alice = t.phone("1001");
        for other in ["1000", "1002", "1005", "1010", "1019"] {
            t.phone(other).never_answers();
        }
        alice.dial(number);
        t.run_for(secs(45));
        let executed: Vec<(String, String)> = t
            .take_events()
            .iter()
            .filter(|event| event.name == EventName::ChannelExecute)
            .filter(|event| event.get("Channel-Name") == Some("phone/1001"))
            .map(|event| {
                let header = |name: &str| event.get(name).unwrap_or_default().to_owned();
                (header("Application"), header("Application-Data"))
            })
            .collect();
        assert!(!executed.is_empty(), "{number}: nothing was executed");
        // A call may wait in one action for ever; what it did so far is what was explained, in order. A transfer
        // leads to other extensions, of which this explanation does not speak.
        let until = planned
            .iter()
            .position(|(name, _)| name == "transfer")
            .map_or(planned.len(), |at| at + 1);
        for (at, (name, data)) in executed.iter().take(until).enumerate() {
            let (planned_name, planned_data) = &planned[at];
            assert_eq!(name, planned_name, "{number}: action {at}");
            if !planned_data.contains('$') {
                assert_eq!(data, planned_data, "{number}: data of action {at}");
            }
        }
    }
}
