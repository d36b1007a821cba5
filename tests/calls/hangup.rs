//! How calls end: at every moment, with the right cause, leaving nothing behind.

use strowger_core::session::Command;
use strowger_model::{EventName, HangupCause};
use strowger_tests::{PhoneState, TestConf, ms, secs};

const BRIDGE: &str = "<extension name=\"test\"><condition field=\"destination_number\" expression=\"^(10\\d\\d)$\">\
    <action application=\"bridge\" data=\"user/$1\"/></condition></extension>";

#[test]
fn hanging_up_at_any_moment_leaves_nothing() {
    for moment in (0..4_000).step_by(180) {
        let mut t = TestConf::dialplan(BRIDGE).start();
        let alice = t.phone("1000");
        let bob = t.phone("1001");
        alice.dial("1001");
        t.run_for(ms(moment));
        alice.hangs_up();
        t.run_for(ms(500));
        assert_eq!(t.switch().sessions().len(), 0, "after {moment} ms");
        assert!(
            matches!(bob.state(), PhoneState::HungUp(_) | PhoneState::Idle),
            "after {moment} ms: {:?}",
            bob.state()
        );
        assert_eq!(t.call_records().len(), 1, "after {moment} ms");
    }
}

#[test]
fn a_panic_ends_its_call_and_no_other() {
    let mut t = TestConf::dialplan(BRIDGE).start();
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    let carol = t.phone("1002");
    let dave = t.phone("1003");
    alice.dial("1001");
    carol.speaks(440.0).dial("1003");
    dave.speaks(550.0);
    t.run_for(secs(3));
    let session = t
        .switch()
        .sessions()
        .find(&alice.uuid().expect("a call"))
        .expect("a session");
    session.send(Command::Panic).expect("sent");
    t.run_for(secs(1));
    assert!(
        matches!(
            alice.state(),
            PhoneState::HungUp(HangupCause::NormalTemporaryFailure)
        ),
        "{:?}",
        alice.state()
    );
    assert!(
        matches!(bob.state(), PhoneState::HungUp(_)),
        "{:?}",
        bob.state()
    );
    assert!(
        t.take_events()
            .iter()
            .any(|event| event.name == EventName::SessionCrash)
    );
    carol.forgets();
    t.run_for(secs(1));
    assert_eq!(
        carol.hears(&[440.0, 550.0]),
        [550.0],
        "the other call goes on"
    );
    assert_eq!(t.switch().sessions().len(), 2);
}

#[test]
fn an_operator_ends_a_call() {
    let mut t = TestConf::dialplan(BRIDGE).start();
    let alice = t.phone("1000");
    let bob = t.phone("1001");
    alice.dial("1001");
    t.run_for(secs(3));
    let uuid = alice.uuid().expect("a call");
    assert_eq!(
        t.command(&format!("uuid_kill {uuid} CALL_REJECTED")),
        "+OK\n"
    );
    t.run_for(ms(500));
    assert_eq!(alice.state(), PhoneState::HungUp(HangupCause::CallRejected));
    assert!(matches!(bob.state(), PhoneState::HungUp(_)));
}

#[test]
fn every_call_ends_when_the_exchange_stops() {
    let mut t = TestConf::dialplan(BRIDGE).start();
    let alice = t.phone("1000");
    t.phone("1001");
    alice.dial("1001");
    t.run_for(secs(3));
    let switch = t.switch().clone();
    t.wait_for(async move { switch.stop(secs(1)).await });
    assert_eq!(
        alice.state(),
        PhoneState::HungUp(HangupCause::SystemShutdown)
    );
    let carol = t.phone("1002");
    carol.dial("1001");
    t.run_for(ms(100));
    assert_eq!(
        carol.state(),
        PhoneState::HungUp(HangupCause::SystemShutdown)
    );
}

#[test]
fn events_of_a_call_come_in_order() {
    let mut t = TestConf::dialplan(BRIDGE).start();
    let alice = t.phone("1000");
    t.phone("1001");
    alice.dial("1001");
    t.run_for(ms(100));
    let uuid = alice.uuid().expect("a call");
    t.run_for(secs(3));
    alice.hangs_up();
    t.settle();
    let names: Vec<EventName> = t
        .take_events()
        .iter()
        .filter(|event| event.get("Unique-ID").is_some_and(|value| value == uuid))
        .map(|event| event.name)
        .collect();
    let at = |name: EventName| {
        names
            .iter()
            .position(|n| *n == name)
            .unwrap_or_else(|| panic!("no {name:?} in {names:?}"))
    };
    let order = [
        EventName::ChannelCreate,
        EventName::ChannelExecute,
        EventName::ChannelProgress,
        EventName::ChannelAnswer,
        EventName::ChannelBridge,
        EventName::ChannelUnbridge,
        EventName::ChannelHangupComplete,
        EventName::ChannelDestroy,
    ];
    for pair in order.windows(2) {
        assert!(
            at(pair[0]) < at(pair[1]),
            "{:?} before {:?} in {names:?}",
            pair[0],
            pair[1]
        );
    }
}
