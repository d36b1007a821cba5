//! From start to end: call records, a polite stop, and two exchanges on one machine.

use crate::exchange::{Exchange, Setup};
use crate::phone::Line;
use crate::tone;
use std::time::{Duration, Instant};

/// The lines of the call record file once it has that many.
fn records(exchange: &Exchange, count: usize) -> Vec<String> {
    let file = exchange.data().join("log/cdr-csv/Master.csv");
    let start = Instant::now();
    loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.len() >= count {
            return lines;
        }
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{} has {} lines, expected {count}",
            file.display(),
            lines.len()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn every_call_leaves_one_record() {
    let exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    let mut call = line.call("9196").expect("9196 answers");
    call.rtp.talk(Some(440.0), Duration::from_millis(2200));
    assert_eq!(call.hang_up(), 200);
    let lines = records(&exchange, 1);
    assert_eq!(lines.len(), 1, "one line a call: {lines:?}");
    let fields: Vec<&str> = lines[0]
        .split("\",\"")
        .map(|field| field.trim_matches('"'))
        .collect();
    assert_eq!(fields.len(), 15, "the fields of the template: {}", lines[0]);
    assert_eq!(fields[1], "1000", "caller: {}", lines[0]);
    assert_eq!(fields[2], "9196", "number dialled: {}", lines[0]);
    assert_eq!(fields[3], "default", "context: {}", lines[0]);
    assert_eq!(fields[9], "NORMAL_CLEARING", "cause: {}", lines[0]);
    let seconds: u32 = fields[8].parse().expect("seconds");
    assert!((2..=3).contains(&seconds), "billed seconds: {}", lines[0]);
    assert_eq!(fields[12], "1000", "account: {}", lines[0]);
    assert_eq!(fields[13], "PCMU", "codec: {}", lines[0]);

    // A call that nobody answers has its record too: here there is no such number.
    let refused = line.call("7999").err().expect("nobody has this number");
    assert!((400..700).contains(&refused), "no such number: {refused}");
    assert_eq!(records(&exchange, 2).len(), 2);
}

#[test]
fn idle_exchange_stops_at_once_and_a_busy_one_drains() {
    let mut exchange = Exchange::start();
    exchange.ask_to_stop();
    let (code, took) = exchange.await_end();
    assert_eq!(code, Some(0), "{}", exchange.log_tail(10));
    assert!(
        took < Duration::from_millis(1500),
        "nothing to wait for, but it took {took:?}"
    );
    exchange.restart();

    let user = exchange.user("1000");
    let mut line = Line::new(&exchange, &user);
    let mut late = Line::new(&exchange, &exchange.user("1001"));
    let mut call = line.call("9196").expect("9196 answers");
    exchange.ask_to_stop();
    std::thread::sleep(Duration::from_millis(300));
    let refused = late.call("9196").err();
    assert_eq!(refused, Some(503), "no new call while stopping");
    let heard = call.rtp.talk(Some(440.0), Duration::from_secs(2));
    tone::assert_heard("the call that was there", &heard.samples, 440.0, 1.5);
    assert!(
        call.ended(Duration::from_secs(8)),
        "the call is ended with BYE"
    );
    let (code, took) = exchange.await_end();
    assert_eq!(code, Some(0), "{}", exchange.log_tail(10));
    assert!(
        took < Duration::from_secs(5),
        "after the BYE it still took {took:?}"
    );
    assert_eq!(
        records(&exchange, 1).len(),
        1,
        "the record is written before the end"
    );
}

#[test]
fn last_call_hung_up_ends_the_draining() {
    let mut exchange = Setup::stock().argument("--drain").argument("30").start();
    let mut line = Line::new(&exchange, &exchange.user("1000"));
    let mut call = line.call("9196").expect("9196 answers");
    exchange.ask_to_stop();
    let heard = call.rtp.talk(Some(440.0), Duration::from_secs(1));
    tone::assert_heard("the call that was there", &heard.samples, 440.0, 0.5);
    assert_eq!(call.hang_up(), 200);
    let (code, took) = exchange.await_end();
    assert_eq!(code, Some(0));
    assert!(
        took < Duration::from_secs(3),
        "no call left, but it took {took:?}"
    );
}

#[test]
fn registration_and_records_survive_kill_9() {
    let mut exchange = Exchange::start();
    let mut line = Line::new(&exchange, &exchange.user("1008"));
    assert_eq!(line.register(600), 200);
    let mut call = line.call("9196").expect("9196 answers");
    call.rtp.talk(Some(440.0), Duration::from_millis(500));
    assert_eq!(call.hang_up(), 200);
    records(&exchange, 1);
    let users = exchange.users();
    exchange.kill_9();
    exchange.restart();
    assert_eq!(
        exchange.count("registrations"),
        1,
        "the phone need not register again"
    );
    assert_eq!(records(&exchange, 1).len(), 1);
    let after = exchange.users();
    assert!(
        users
            .iter()
            .zip(&after)
            .all(|(one, other)| one.password == other.password),
        "passwords stay"
    );
    // And it is called at the contact it registered before.
    let mut other = Line::new(&exchange, &exchange.user("1000"));
    std::thread::scope(|scope| {
        let answered = scope.spawn(|| {
            let mut call = line.answer(Duration::from_secs(8)).expect("1008 rings");
            let heard = call.rtp.talk(Some(700.0), Duration::from_secs(2));
            tone::assert_heard("1008", &heard.samples, 440.0, 1.0);
            assert!(call.ended(Duration::from_secs(8)));
        });
        let mut call = other.call("1008").expect("1008 answers");
        let heard = call.rtp.talk(Some(440.0), Duration::from_secs(2));
        tone::assert_heard("1000", &heard.samples, 700.0, 1.0);
        assert_eq!(call.hang_up(), 200);
        answered.join().expect("the called side is content");
    });
}

#[test]
fn two_exchanges_side_by_side_do_not_meet() {
    let (one, two) = (Exchange::start(), Exchange::start());
    for exchange in [&one, &two] {
        let mut line = Line::new(exchange, &exchange.user("1000"));
        assert_eq!(line.register(120), 200);
        let mut call = line.call("9197").expect("9197 answers");
        let heard = call.rtp.talk(None, Duration::from_millis(1500));
        tone::assert_heard("the caller", &heard.samples, 1004.0, 1.0);
        assert_eq!(call.hang_up(), 200);
    }
    assert_ne!(
        one.user("1000").password,
        two.user("1000").password,
        "every installation makes its own secrets"
    );
    let mut stranger = Line::new(&two, &one.user("1000"));
    assert!(
        matches!(stranger.register(60), 401 | 403),
        "a password of the other exchange"
    );
}
