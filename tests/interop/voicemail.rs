//! A message is left, listened to, and still there after `kill -9`.

use crate::baresip::{Answer, Phone};
use crate::exchange::{Exchange, Setup, User};
use crate::{tone, tools};
use std::time::{Duration, Instant};

const CALLER_HZ: f32 = 440.0;
const OWNER_HZ: f32 = 700.0;
/// Seconds of the caller's tone that the owner must hear of a message of about five.
const MESSAGE: f32 = 3.0;

fn mailbox(exchange: &Exchange, owner: &User, what: &str) -> u32 {
    let reply = exchange.cli(&format!(
        "vm_boxcount {}@{}|{what}",
        owner.user, owner.domain
    ));
    reply
        .trim()
        .parse()
        .unwrap_or_else(|_| panic!("vm_boxcount answered {reply:?}"))
}

fn await_mailbox(exchange: &Exchange, owner: &User, what: &str, count: u32) {
    let start = Instant::now();
    while mailbox(exchange, owner, what) != count {
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{} {what} messages, expected {count}\n{}",
            mailbox(exchange, owner, what),
            exchange.log_tail(20)
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn log_in(exchange: &Exchange, phone: &mut Phone, owner: &User) {
    phone.dial(exchange, "*98");
    phone.await_event("CALL_ESTABLISHED", Duration::from_secs(8));
    phone.poll_for(Duration::from_millis(2000));
    phone.press(&format!("{}#", owner.user));
    phone.poll_for(Duration::from_millis(1200));
    phone.press(&format!("{}#", owner.pin));
}

#[test]
fn message_left_by_a_softphone_is_heard_again_even_after_kill_9() {
    if !tools::baresip() {
        return;
    }
    // The stock configuration rings for 30 s; three are enough here.
    let mut exchange = Setup::stock()
        .edit("dialplan/default.xml", "call_timeout=30", "call_timeout=3")
        .start();
    let owner = exchange.user("1001");
    let mut caller = Phone::start(
        &exchange,
        &exchange.user("1000"),
        CALLER_HZ,
        Answer::Auto,
        0,
    );
    let mut phone = Phone::start(&exchange, &owner, OWNER_HZ, Answer::Never, 1);
    caller.await_registered();
    phone.await_registered();

    caller.dial(&exchange, "1001");
    caller.await_event("CALL_ESTABLISHED", Duration::from_secs(12));
    // One second of silence, then the greeting, which # cuts short; then the beep.
    caller.poll_for(Duration::from_millis(2500));
    caller.press("#");
    caller.await_tone(640.0, 0.6, Duration::from_secs(8));
    caller.poll_for(Duration::from_millis(5500));
    caller.hang_up();
    await_mailbox(&exchange, &owner, "new", 1);

    log_in(&exchange, &mut phone, &owner);
    phone.await_tone(CALLER_HZ, MESSAGE, Duration::from_secs(25));
    // After the message comes the question what to do with it: 2 keeps it.
    phone.poll_for(Duration::from_millis(4500));
    phone.press("2");
    phone.poll_for(Duration::from_millis(1500));
    phone.hang_up();
    await_mailbox(&exchange, &owner, "new", 0);
    await_mailbox(&exchange, &owner, "saved", 1);
    drop(phone);

    exchange.kill_9();
    exchange.restart();
    await_mailbox(&exchange, &owner, "saved", 1);
    let mut phone = Phone::start(&exchange, &owner, OWNER_HZ, Answer::Never, 2);
    phone.await_registered();
    log_in(&exchange, &mut phone, &owner);
    phone.poll_for(Duration::from_millis(4000));
    phone.press("2");
    phone.await_tone(CALLER_HZ, MESSAGE, Duration::from_secs(20));
    phone.hang_up();
}

#[test]
fn new_message_survives_kill_9_in_the_second_it_was_left() {
    let mut exchange = Exchange::start();
    let owner = exchange.user("1004");
    let mut line = crate::phone::Line::new(&exchange, &exchange.user("1000"));
    // Nobody is registered as 1004: voicemail answers at once.
    let mut call = line.call("1004").expect("voicemail answers");
    call.rtp.talk(None, Duration::from_millis(2500));
    call.rtp.press("#");
    let beep = call.rtp.talk(None, Duration::from_millis(2500));
    tone::assert_heard("the caller", &beep.samples, 640.0, 0.6);
    call.rtp.talk(Some(CALLER_HZ), Duration::from_secs(5));
    assert_eq!(call.hang_up(), 200);
    await_mailbox(&exchange, &owner, "new", 1);
    exchange.kill_9();
    exchange.restart();
    assert_eq!(mailbox(&exchange, &owner, "new"), 1);
    let folder = exchange
        .data()
        .join("voicemail/default")
        .join(&owner.domain)
        .join(&owner.user);
    let message = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().contains("msg_"))
        .expect("the message is a file msg_UUID.wav");
    tone::assert_heard("the file", &tone::read(&message), CALLER_HZ, 4.0);
}

#[test]
fn wrong_pin_opens_nothing() {
    let exchange = Exchange::start();
    let mut line = crate::phone::Line::new(&exchange, &exchange.user("1000"));
    let mut call = line.call("*97").expect("voicemail answers");
    for _ in 0..3 {
        call.rtp.talk(None, Duration::from_millis(3000));
        call.rtp.press("000000#");
    }
    assert!(
        call.ended(Duration::from_secs(15)),
        "after three wrong PINs the caller is sent away"
    );
}
