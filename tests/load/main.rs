//! A thousand calls with audio at fifty a second: none fails, and nothing is left over afterwards.

#[allow(dead_code, reason = "every test program uses its own part of it")]
#[path = "../interop/exchange.rs"]
mod exchange;
#[allow(dead_code, reason = "every test program uses its own part of it")]
#[path = "../interop/phone.rs"]
mod phone;
#[path = "../interop/ports.rs"]
mod ports;
#[allow(dead_code, reason = "every test program uses its own part of it")]
#[path = "../interop/rtp.rs"]
mod rtp;
#[allow(dead_code, reason = "every test program uses its own part of it")]
#[path = "../interop/sip_wire.rs"]
mod sip_wire;
#[allow(dead_code, reason = "every test program uses its own part of it")]
#[path = "../interop/sipp.rs"]
mod sipp;
#[allow(dead_code, reason = "every test program uses its own part of it")]
#[path = "../interop/tone.rs"]
mod tone;
#[allow(dead_code, reason = "every test program uses its own part of it")]
#[path = "../interop/tools.rs"]
mod tools;
mod traffic;

use exchange::{Exchange, Footprint};
use phone::Line;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use traffic::Traffic;

/// Load is measured on the optimised program only.
const OPTIMISED: bool = true;
/// Calls of the run that counts.
const CALLS: u32 = 1_000;
/// Calls before it, and how many a second: somewhat more at once than in the run that counts, so that whatever
/// memory that run needs has been in use already.
const WARM_UP: (u32, u32) = (1_200, 60);
/// New calls a second.
const RATE: u32 = 50;
/// How long a call lasts: with 50 a second, 250 at once.
const LENGTH: Duration = Duration::from_secs(5);
/// Ended transactions linger for 32 s (RFC 3261 timers B, H, J) and used ports rest; then all must be back.
const LINGER: Duration = Duration::from_secs(34);
/// All must be back after this time.
const SETTLE: Duration = Duration::from_secs(50);
/// Memory after the run, in percent of the memory before it.
const RSS_PERCENT: u64 = 105;

/// Handles, threads, ports and memory as they were, or the difference when time is up.
fn await_footprint(exchange: &Exchange, before: Footprint) -> Footprint {
    let start = Instant::now();
    loop {
        let now = exchange.footprint();
        let back = now.handles <= before.handles
            && now.threads <= before.threads
            && now.rtp_ports <= before.rtp_ports
            && now.rss_kb * 100 <= before.rss_kb * RSS_PERCENT;
        if back || start.elapsed() > SETTLE {
            return now;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn thousand_calls_at_fifty_a_second_leave_nothing_behind() {
    if !tools::present("sipp") {
        return;
    }
    let exchange = traffic::setup().start();
    let idle = exchange.footprint();
    let traffic = Traffic::prepare(&exchange);
    assert_eq!(
        traffic
            .run("call_pcmu", WARM_UP.0, WARM_UP.1, LENGTH)
            .successful,
        u64::from(WARM_UP.0)
    );
    exchange.await_idle(Duration::from_secs(20));
    std::thread::sleep(LINGER);
    let before = exchange.footprint();
    assert!(
        before.handles <= idle.handles,
        "file handles: {idle:?} -> {before:?}"
    );
    assert!(
        before.rtp_ports <= idle.rtp_ports,
        "audio ports: {idle:?} -> {before:?}"
    );

    let over = AtomicBool::new(false);
    let counted = std::thread::scope(|scope| {
        // An ordinary caller meanwhile: every call is answered and sounds right.
        let (exchange, over) = (&exchange, &over);
        let listener = scope.spawn(move || {
            let mut line = Line::new(exchange, &exchange.user("1002"));
            let mut longest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let mut call = line.call("9197").expect("9197 answers under load");
                // Past the first packet; what counts is the stream.
                call.rtp.listen(Duration::from_millis(200));
                let heard = call.rtp.listen(Duration::from_secs(2));
                tone::assert_heard("a caller under load", &heard.samples, 1004.0, 1.6);
                longest = longest.max(heard.longest_gap);
                assert_eq!(call.hang_up(), 200);
                std::thread::sleep(Duration::from_millis(500));
            }
            longest
        });
        let counted = traffic.run("call_pcmu", CALLS, RATE, LENGTH);
        over.store(true, Ordering::Relaxed);
        let longest = listener.join().expect("the listening caller is content");
        println!("longest pause in a caller's audio during the load: {longest:?}");
        counted
    });
    println!("{counted:?}");
    assert_eq!((counted.successful, counted.failed), (u64::from(CALLS), 0));

    exchange.await_idle(Duration::from_secs(20));
    let after = await_footprint(&exchange, before);
    println!("idle {idle:?}\nbefore {before:?}\nafter {after:?}");
    assert!(
        after.handles <= before.handles,
        "file handles: {before:?} -> {after:?}"
    );
    assert!(
        after.threads <= before.threads,
        "threads: {before:?} -> {after:?}"
    );
    assert!(
        after.rtp_ports <= before.rtp_ports,
        "audio ports: {before:?} -> {after:?}"
    );
    assert!(
        after.rss_kb * 100 <= before.rss_kb * RSS_PERCENT,
        "memory grew by more than 5 %: {before:?} -> {after:?}"
    );
}
