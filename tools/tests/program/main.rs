//! The program as people and scripts meet it: output, exit codes, signals.

mod control;
mod site;

use serde_json::Value;
use site::{Running, Site};
use std::fs;

#[test]
fn a_good_configuration_passes_and_a_bad_one_is_located() {
    let site = Site::new();
    let done = site.run(&["check", "--json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let report: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(report["errors"], 0);
    site.write("dialplan.xml", site::BROKEN);
    let done = site.run(&["check"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("dialplan.xml:"), "{}", done.out);
    assert!(done.out.contains(": error: "), "{}", done.out);
    assert!(!site.data().exists(), "checking keeps nothing");
}

#[test]
fn the_stock_configuration_has_no_errors() {
    let conf = concat!(env!("CARGO_MANIFEST_DIR"), "/../conf");
    let site = Site::new();
    let done = site.run(&["check", "--json", "--conf", conf]);
    assert_eq!(done.code, 0, "{}", done.out);
}

#[test]
fn an_exchange_with_a_bad_configuration_does_not_start() {
    let site = Site::new();
    site.write("dialplan.xml", site::BROKEN);
    let done = site.run(&[]);
    assert_eq!(done.code, 2);
    let located = done
        .err
        .lines()
        .any(|line| line.contains("dialplan.xml:") && line.contains(": error: "));
    assert!(located, "{}", done.err);
    let done = site.run(&["--conf", "/no/such/folder"]);
    assert_eq!(done.code, 2);
    assert!(done.err.contains("/no/such/folder"), "{}", done.err);
}

#[test]
fn users_have_secrets_that_stay() {
    let site = Site::new();
    let first = site.run(&["users", "--json"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let users: Value = serde_json::from_str(&first.out).expect("JSON");
    assert_eq!(users[0]["user"], "1000");
    assert_eq!(users[0]["domain"], "127.0.0.1");
    assert_eq!(users[0]["name"], "Ada");
    assert_eq!(users[0]["password"].as_str().map(str::len), Some(20));
    assert_eq!(users[0]["pin"].as_str().map(str::len), Some(6));
    assert_eq!(site.run(&["users", "--json"]).out, first.out);
    let table = site.run(&["users"]).out;
    assert!(table.starts_with("USER") && table.lines().count() == 3);
}

#[test]
fn without_the_data_directory_no_password_is_shown() {
    let site = Site::new();
    fs::write(site.data(), "a file where a directory should be").expect("written");
    let done = site.run(&["users", "--json"]);
    assert_eq!(done.code, 0);
    assert!(done.err.contains("passwords are not shown"), "{}", done.err);
    let users: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(users[0]["password"], Value::Null);
}

#[test]
fn dial_explains_who_calls_and_when() {
    let site = Site::new();
    let found = site.run(&["dial", "1000", "--json"]);
    assert_eq!(found.code, 0, "{}", found.err);
    let hunt: Value = serde_json::from_str(&found.out).expect("JSON");
    assert_eq!(hunt["number"], "1000");
    assert_eq!(hunt["context"], "default");
    assert_eq!(hunt["extension"], "people");
    assert_eq!(hunt["actions"][0]["application"], "bridge");
    assert_eq!(hunt["actions"][0]["data"], "user/1000");
    assert_eq!(hunt["actions"][0]["line"], 4);
    assert!(
        hunt["trace"]
            .as_array()
            .is_some_and(|steps| !steps.is_empty())
    );
    assert_eq!(site.run(&["dial", "777"]).code, 3);
    let by_whom = site.run(&["dial", "5", "--from", "1001"]);
    assert!(by_whom.out.contains("in context sales"), "{}", by_whom.out);
    let night = site.run(&["dial", "9", "--at", "2026-11-20 22:15"]);
    assert!(night.out.contains("extension night"), "{}", night.out);
    let day = site.run(&["dial", "9", "--at", "2026-11-20 12:15"]);
    assert!(day.out.contains("extension day"), "{}", day.out);
    let special = site.run(&["dial", "8", "--set", "vip=true"]);
    assert!(special.out.contains("extension vip"), "{}", special.out);
    let inside = site.run(&["dial", "6", "--context", "sales", "--address", "192.0.2.9"]);
    assert!(inside.out.contains("extension near"), "{}", inside.out);
}

#[test]
fn dial_says_what_it_does_not_understand() {
    let site = Site::new();
    let done = site.run(&["dial", "1000", "--from", "nobody"]);
    assert_eq!(done.code, 1);
    assert!(
        done.err.starts_with("strowger: --from nobody: "),
        "{}",
        done.err
    );
    let done = site.run(&["dial", "1000", "--at", "tea time"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("--at"), "{}", done.err);
}

#[test]
fn it_starts_answers_the_console_reloads_and_stops() {
    let site = Site::new();
    let mut exchange = Running::start(&site);
    assert!(
        exchange.ready.starts_with("Strowger is ready: ")
            && exchange.ready.contains("event socket 127.0.0.1:"),
        "{}",
        exchange.ready
    );
    assert!(
        exchange.before.contains("strowger users"),
        "{}",
        exchange.before
    );
    let unknown = site.run(&["cli", "-x", "no_such_command"]);
    assert_eq!(unknown.code, 1, "{}", unknown.err);
    assert_eq!(unknown.out, "-ERR no_such_command Command not found!\n");
    let wrong = site.run(&["cli", "--password", "wrong", "-x", "status"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("refuses the password"), "{}", wrong.err);
    let again = site.run(&[]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("another exchange"), "{}", again.err);
    // A broken file changes nothing, and is located.
    site.write("dialplan.xml", site::BROKEN);
    exchange.signal(rustix::process::Signal::HUP);
    exchange.hears("the old one stays in force");
    site.write("dialplan.xml", site::DIALPLAN);
    exchange.signal(rustix::process::Signal::HUP);
    exchange.hears("read anew");
    exchange.signal(rustix::process::Signal::TERM);
    assert_eq!(exchange.end(), 0);
    assert!(site.data().join("strowger.db").is_file());
    let gone = site.run(&["cli", "-x", "status"]);
    assert_eq!(gone.code, 2, "{}", gone.out);
    // The second start has nothing to welcome anybody with.
    let mut exchange = Running::start(&site);
    assert!(!exchange.before.contains("first start"));
    exchange.signal(rustix::process::Signal::INT);
    assert_eq!(exchange.end(), 0);
}

#[test]
fn a_second_signal_ends_what_a_long_drain_would_wait_for() {
    let site = Site::new();
    let mut exchange = Running::start_with(&site, &["--drain", "600"]);
    let called = site.run(&["cli", "-x", "originate loopback/7/default &park"]);
    assert!(called.out.starts_with("+OK "), "{}", called.out);
    exchange.signal(rustix::process::Signal::TERM);
    exchange.hears("stopping");
    // Calls go on, new ones are refused.
    let refused = site.run(&["cli", "-x", "originate loopback/7/default &park"]);
    assert!(refused.out.starts_with("-ERR"), "{}", refused.out);
    exchange.signal(rustix::process::Signal::TERM);
    assert_eq!(exchange.end(), 0);
    let record = fs::read_to_string(site.data().join("log/cdr-csv/Master.csv"));
    assert!(record.is_ok_and(|text| text.contains("SYSTEM_SHUTDOWN")));
}

#[test]
fn an_operator_can_stop_it() {
    let site = Site::new();
    let mut exchange = Running::start(&site);
    let told = site.run(&["cli", "-x", "fsctl shutdown"]);
    assert_eq!(told.out, "+OK\n");
    assert_eq!(exchange.end(), 0);
}

#[test]
fn the_console_reads_a_script() {
    let site = Site::new();
    let mut exchange = Running::start(&site);
    let done = site.run_with(&["cli"], "no_such\n/event plain ALL\n/noevents\n/exit\n");
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        done.out.contains("-ERR no_such Command not found!"),
        "{}",
        done.out
    );
    assert!(
        done.out.contains("+OK event listener enabled plain"),
        "{}",
        done.out
    );
    exchange.signal(rustix::process::Signal::TERM);
    assert_eq!(exchange.end(), 0);
}
