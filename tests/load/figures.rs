//! Prints what a call costs: processor time to set it up, processor time for each second of it, and memory.
//!
//! `cargo run --release --package strowger-tests --bin figures`. The figures are those of this machine.

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

use std::time::{Duration, Instant};
use traffic::Traffic;

/// Figures are those of the optimised program.
const OPTIMISED: bool = true;
/// Calls whose set-up is measured, and how many a second.
const SET_UPS: (u32, u32) = (500, 25);
/// Calls held at once, and how many are begun a second.
const HELD: (u32, u32) = (200, 50);
/// How long the held calls are measured.
const WINDOW: Duration = Duration::from_secs(15);

fn main() {
    if !tools::present("sipp") {
        std::process::exit(1);
    }
    let exchange = traffic::setup().start();
    let traffic = Traffic::prepare(&exchange);
    let start = exchange.footprint();

    // Caches and pools filled once; then what the exchange does with nobody calling.
    traffic.run("call_silent", 100, 25, Duration::from_millis(200));
    exchange.await_idle(Duration::from_secs(10));
    let idle = share_of_processor(&exchange, Duration::from_secs(3));

    let (calls, rate) = SET_UPS;
    let (before, clock) = (exchange.processor_time(), Instant::now());
    traffic.run("call_silent", calls, rate, Duration::from_millis(0));
    let spent = exchange.processor_time() - before;
    let set_up = (spent.as_secs_f64() - idle * clock.elapsed().as_secs_f64()) / f64::from(calls);
    exchange.await_idle(Duration::from_secs(10));

    let (calls, rate) = HELD;
    let quiet = exchange.footprint();
    let ramp = Duration::from_secs(u64::from(calls / rate)) + Duration::from_secs(2);
    let (_, (share, busy)) = traffic.run_meanwhile("call_pcmu", calls, rate, ramp + WINDOW, || {
        std::thread::sleep(ramp);
        let share = share_of_processor(&exchange, WINDOW - Duration::from_secs(3));
        (share, exchange.footprint())
    });
    let held = (share - idle) / f64::from(calls);
    let memory = busy.rss_kb.saturating_sub(quiet.rss_kb) as f64 / f64::from(calls);

    println!(
        "idle: {:.1} MB resident, {} threads, {:.2} % of a core",
        start.rss_kb as f64 / 1024.0,
        start.threads,
        idle * 100.0
    );
    println!(
        "bridged call between two phones, PCMU on both sides, the caller proving its password:"
    );
    println!(
        "  set-up and end:        {:.2} ms of processor time",
        set_up * 1000.0
    );
    println!(
        "  each second of it:     {:.3} ms of processor time ({:.0} calls a core)",
        held * 1000.0,
        1.0 / held
    );
    println!("  memory while it lasts: {memory:.0} kB");
}

/// Processor time per second of time.
fn share_of_processor(exchange: &exchange::Exchange, time: Duration) -> f64 {
    let (before, clock) = (exchange.processor_time(), Instant::now());
    std::thread::sleep(time);
    (exchange.processor_time() - before).as_secs_f64() / clock.elapsed().as_secs_f64()
}
