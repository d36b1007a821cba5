//! The jitter buffer alone, in virtual time.

use super::*;
use proptest::prelude::*;
use std::time::Duration;

const UNITS: u32 = 160;

fn buffer() -> JitterBuffer {
    JitterBuffer::new(JitterSettings::default(), 8_000, 320)
}

/// One quantum: what is due, as the first octet of each packet, or −1 for something missing.
fn quantum(buffer: &mut JitterBuffer) -> Vec<i32> {
    buffer.begin_quantum();
    let mut units = 0;
    let mut out = Vec::new();
    while units < UNITS {
        match buffer.due(UNITS) {
            Due::Packet(p) => {
                units += p.units;
                out.push(i32::from(p.payload[0]));
            }
            Due::Missing(n) => {
                units += n;
                out.push(-1);
            }
            Due::Nothing => break,
        }
    }
    buffer.end_quantum();
    out
}

fn put(buffer: &mut JitterBuffer, now: Instant, n: i64) -> Inserted {
    buffer.insert(now, n, n * i64::from(UNITS), UNITS, 0, &[n as u8; 160])
}

#[test]
fn the_initial_delay_is_kept_and_order_restored() {
    let (mut buffer, now) = (buffer(), Instant::now());
    let at = |n: u32| now + Duration::from_millis(20) * n;
    assert_eq!(quantum(&mut buffer), []);
    put(&mut buffer, at(0), 1);
    assert_eq!(quantum(&mut buffer), [], "40 ms have to be there first");
    put(&mut buffer, at(1), 2);
    assert_eq!(quantum(&mut buffer), [1]);
    put(&mut buffer, at(2), 4);
    assert_eq!(quantum(&mut buffer), [2]);
    assert_eq!(put(&mut buffer, at(3), 3), Inserted::Stored);
    assert_eq!(quantum(&mut buffer), [3]);
    assert_eq!(quantum(&mut buffer), [4]);
    assert_eq!(put(&mut buffer, at(4), 4), Inserted::Late);
}

#[test]
fn a_hole_is_missing_and_its_straggler_is_late() {
    let (mut buffer, now) = (buffer(), Instant::now());
    for n in [1, 2, 4, 5] {
        put(&mut buffer, now, n);
    }
    assert_eq!(
        (quantum(&mut buffer), quantum(&mut buffer)),
        (vec![1], vec![2])
    );
    assert_eq!(quantum(&mut buffer), [-1]);
    put(&mut buffer, now, 3);
    assert_eq!(quantum(&mut buffer), [4], "3 is over");
    assert_eq!(buffer.take_counts().late, 1);
}

#[test]
fn an_underrun_makes_the_delay_longer_and_loses_nothing() {
    let (mut buffer, now) = (buffer(), Instant::now());
    put(&mut buffer, now, 1);
    put(&mut buffer, now, 2);
    assert_eq!(
        (quantum(&mut buffer), quantum(&mut buffer)),
        (vec![1], vec![2])
    );
    assert_eq!(
        (quantum(&mut buffer), quantum(&mut buffer)),
        (vec![-1], vec![-1])
    );
    for n in 3..6 {
        put(&mut buffer, now + Duration::from_millis(80), n);
    }
    assert_eq!(
        (quantum(&mut buffer), quantum(&mut buffer)),
        (vec![3], vec![4])
    );
}

#[test]
fn what_was_invented_in_an_underrun_is_not_invented_again_when_it_was_loss() {
    let (mut buffer, now) = (buffer(), Instant::now());
    put(&mut buffer, now, 1);
    put(&mut buffer, now, 2);
    quantum(&mut buffer);
    quantum(&mut buffer);
    assert_eq!(quantum(&mut buffer), [-1], "3 is lost, as will be seen");
    put(&mut buffer, now, 4);
    assert_eq!(quantum(&mut buffer), [4]);
}

#[test]
fn a_burst_beyond_the_maximum_is_cut_to_the_target() {
    let (mut buffer, now) = (buffer(), Instant::now());
    for n in 1..30 {
        put(&mut buffer, now, n);
    }
    quantum(&mut buffer);
    quantum(&mut buffer);
    assert!(buffer.level_ms() <= 60, "{} ms", buffer.level_ms());
    assert!(buffer.take_counts().overflow >= 20);
}

#[test]
fn jitter_raises_the_target_and_calm_lowers_it() {
    let (mut buffer, mut now) = (buffer(), Instant::now());
    let mut n = 0;
    for round in 0..200u32 {
        // Every tenth packet comes 80 ms late.
        let late = if round % 10 == 9 { 80 } else { 0 };
        n += 1;
        put(&mut buffer, now + Duration::from_millis(late), n);
        now += Duration::from_millis(20);
        quantum(&mut buffer);
    }
    assert!(
        (80..=120).contains(&buffer.target_ms()),
        "{} ms",
        buffer.target_ms()
    );
    for _ in 0..2_000 {
        n += 1;
        put(&mut buffer, now, n);
        now += Duration::from_millis(20);
        quantum(&mut buffer);
    }
    assert_eq!(buffer.target_ms(), 40);
}

proptest! {
    #[test]
    fn any_sequence_of_packets_is_survived_in_order(steps in proptest::collection::vec((-40i64..60, -10_000i64..10_000, 1u32..4_000, any::<bool>()), 1..200)) {
        let mut buffer = buffer();
        let now = Instant::now();
        let (mut sequence, mut timestamp) = (1i64 << 20, 1i64 << 34);
        let mut last = i64::MIN;
        for (index, (step, time, units, tick)) in steps.into_iter().enumerate() {
            sequence += step;
            timestamp += time;
            let octets = sequence.to_be_bytes();
            buffer.insert(now + Duration::from_millis(5 * index as u64), sequence, timestamp, units, 0, &octets);
            if tick {
                buffer.begin_quantum();
                for _ in 0..8 {
                    match buffer.due(UNITS) {
                        Due::Packet(p) => {
                            let heard = i64::from_be_bytes(p.payload.try_into().unwrap());
                            prop_assert!(heard > last, "never back, never twice");
                            last = heard;
                        }
                        Due::Missing(n) => prop_assert!(n <= UNITS),
                        Due::Nothing => break,
                    }
                }
                buffer.end_quantum();
            }
        }
    }
}
