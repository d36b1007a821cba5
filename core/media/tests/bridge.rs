//! Two phones hear each other through a bridge, whatever their codecs; and what is not a bridge.

mod phone;

use phone::{Exchange, bridge};
use strowger_media::*;

fn both_hear(first: &str, second: &str) {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call(first);
    let (b, mut phone_b) = exchange.call(second);
    (phone_a.tone, phone_b.tone) = (Some(440.0), Some(1_000.0));
    bridge(&a, &b);
    exchange.run(60, &mut [&mut phone_a, &mut phone_b]);
    assert!(
        phone_a.hears(1_000.0, 500) > 0.9,
        "{first} hears {second}: {}",
        phone_a.hears(1_000.0, 500)
    );
    assert!(
        phone_b.hears(440.0, 500) > 0.9,
        "{second} hears {first}: {}",
        phone_b.hears(440.0, 500)
    );
    phone_a.assert_unbroken();
    phone_b.assert_unbroken();
    assert_eq!(a.statistics().lost, 0);
    assert_eq!(a.statistics().packets_in, 60);
    assert_eq!(a.statistics().concealed_ms, 0);
    assert!(exchange.log.of(a.id()).contains(&LegEvent::MediaStarted));
}

#[test]
fn phones_of_any_two_codecs_hear_each_other() {
    for (first, second) in [
        ("PCMU", "PCMU"),
        ("PCMU", "PCMA"),
        ("L16@16000h", "PCMU"),
        ("L16@48000h", "PCMA"),
        ("L16@32000h", "L16@16000h"),
    ] {
        both_hear(first, second);
    }
}

#[test]
fn an_echo_is_a_leg_that_hears_itself() {
    let mut exchange = Exchange::new();
    let (leg, mut phone) = exchange.call("PCMA");
    phone.tone = Some(700.0);
    leg.write(WriteList::one(Source::Read(leg.id()))).unwrap();
    exchange.run(40, &mut [&mut phone]);
    assert!(phone.hears(700.0, 400) > 0.95);
}

#[test]
fn three_legs_hear_the_other_two() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("PCMA");
    let (c, mut phone_c) = exchange.call("L16@16000h");
    (phone_a.tone, phone_b.tone, phone_c.tone) = (Some(400.0), Some(900.0), Some(1_500.0));
    for (leg, one, other) in [(&a, &b, &c), (&b, &a, &c), (&c, &a, &b)] {
        leg.write(WriteList::one(Source::Read(one.id())).with(Source::Read(other.id())))
            .unwrap();
    }
    exchange.run(60, &mut [&mut phone_a, &mut phone_b, &mut phone_c]);
    for (phone, own, others) in [
        (&phone_a, 400.0, [900.0, 1_500.0]),
        (&phone_c, 1_500.0, [400.0, 900.0]),
    ] {
        assert!(phone.hears(own, 500) < 0.01);
        for hz in others {
            let share = phone.hears(hz, 500);
            assert!(
                (0.4..0.6).contains(&share),
                "{hz} Hz is half of what is heard: {share}"
            );
        }
    }
}

#[test]
fn a_gain_is_applied() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("L16@16000h");
    let (b, mut phone_b) = exchange.call("L16@16000h");
    phone_b.tone = Some(500.0);
    a.write(WriteList::silence().with_gain(Source::Read(b.id()), -20))
        .unwrap();
    exchange.run(30, &mut [&mut phone_a, &mut phone_b]);
    let loudest = phone_a
        .heard
        .iter()
        .map(|s| s.unsigned_abs())
        .max()
        .unwrap();
    assert!(
        (780..=820).contains(&loudest),
        "8000 less 20 dB is 800, not {loudest}"
    );
}

#[test]
fn legs_on_different_workers_hear_each_other_through_links() {
    let (pool, mut workers) = MediaPool::manual_workers(MediaConfig {
        workers: 2,
        ..MediaConfig::default()
    });
    let second = workers.pop().unwrap();
    let mut exchange = Exchange {
        pool,
        worker: workers.pop().unwrap(),
        ..Exchange::new()
    };
    let mut second = second;
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("L16@16000h");
    (phone_a.tone, phone_b.tone) = (Some(440.0), Some(1_000.0));
    bridge(&a, &b);
    for _ in 0..60 {
        phone_a.speak();
        phone_b.speak();
        second.tick(exchange.now);
        exchange.tick();
        phone_a.hear();
        phone_b.hear();
    }
    assert!(phone_a.hears(1_000.0, 500) > 0.9 && phone_b.hears(440.0, 500) > 0.9);
    assert!(!a.statistics().relayed);
}

#[test]
fn a_phone_with_another_packet_time_is_adapted_to() {
    for (theirs, ours) in [(20, 30), (30, 20), (10, 60), (60, 10), (40, 20)] {
        let mut exchange = Exchange::new();
        let (a, mut phone_a) = exchange.call("PCMU");
        let (b, mut phone_b) = exchange.call_with("PCMU", |c| c.ptime_ms = ours);
        phone_a.ptime_ms = theirs;
        phone_a.tone = Some(600.0);
        bridge(&a, &b);
        exchange.run(90, &mut [&mut phone_a, &mut phone_b]);
        assert!(
            phone_b.hears(600.0, 600) > 0.9,
            "{theirs} ms to {ours} ms: {}",
            phone_b.hears(600.0, 600)
        );
        let octets = ours as usize * 8;
        assert!(
            phone_b.audio().all(|(_, p)| p.len() == octets),
            "every packet lasts {ours} ms"
        );
        phone_b.ptime_ms = ours;
        phone_b.assert_unbroken();
    }
}

#[test]
fn hold_stops_what_the_direction_says_and_resumes() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("PCMU");
    (phone_a.tone, phone_b.tone) = (Some(440.0), Some(1_000.0));
    bridge(&a, &b);
    exchange.run(30, &mut [&mut phone_a, &mut phone_b]);
    let held = LegConfig {
        sending: false,
        receiving: false,
        ..phone::config("PCMU")
    };
    a.configure(held).unwrap();
    exchange.run(3, &mut [&mut phone_a, &mut phone_b]);
    phone_a.received.clear();
    phone_b.heard.clear();
    exchange.run(30, &mut [&mut phone_a, &mut phone_b]);
    assert!(
        phone_a.received.is_empty(),
        "nothing is sent to a phone that does not want it"
    );
    assert!(
        phone_b.heard.iter().all(|&s| s.abs() < 10),
        "what it says is not heard"
    );
    assert!(
        !phone_b.heard.is_empty(),
        "the other side is kept open with silence"
    );
    a.configure(phone::config("PCMU")).unwrap();
    exchange.run(40, &mut [&mut phone_a, &mut phone_b]);
    assert!(phone_a.hears(1_000.0, 400) > 0.9 && phone_b.hears(440.0, 400) > 0.9);
    phone_a.assert_unbroken();
    phone_b.assert_unbroken();
}

#[test]
fn mute_silences_one_side_only() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("PCMU");
    (phone_a.tone, phone_b.tone) = (Some(440.0), Some(1_000.0));
    bridge(&a, &b);
    a.set_mute(Side::Read, true).unwrap();
    exchange.run(40, &mut [&mut phone_a, &mut phone_b]);
    assert!(phone_a.hears(1_000.0, 400) > 0.9);
    assert!(phone_b.heard.iter().all(|&s| s.abs() < 10));
    a.set_mute(Side::Read, false).unwrap();
    a.set_mute(Side::Write, true).unwrap();
    exchange.run(5, &mut [&mut phone_a, &mut phone_b]);
    phone_a.forget();
    exchange.run(40, &mut [&mut phone_a, &mut phone_b]);
    assert!(phone_a.heard.iter().all(|&s| s.abs() < 10) && phone_b.hears(440.0, 400) > 0.9);
}

#[test]
fn a_codec_may_change_within_the_call() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("PCMA");
    phone_b.tone = Some(1_000.0);
    bridge(&a, &b);
    exchange.run(30, &mut [&mut phone_a, &mut phone_b]);
    let last = phone_a.received.last().unwrap().0;
    a.configure(phone::config("L16@16000h")).unwrap();
    let mut wide = phone::Phone::new(phone_a.end, "L16@16000h");
    exchange.run(30, &mut [&mut wide, &mut phone_b]);
    assert!(wide.hears(1_000.0, 300) > 0.9);
    let first = wide.received[0].0;
    assert_eq!(
        (first.ssrc, first.sequence),
        (last.ssrc, last.sequence.wrapping_add(1))
    );
}

#[test]
fn what_a_held_phone_sends_is_neither_heard_nor_counted_as_lost() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    exchange.run(20, &mut [&mut phone_a]);
    a.configure(LegConfig {
        receiving: false,
        ..phone::config("PCMU")
    })
    .unwrap();
    exchange.run(100, &mut [&mut phone_a]);
    a.configure(phone::config("PCMU")).unwrap();
    exchange.run(20, &mut [&mut phone_a]);
    let statistics = a.statistics();
    assert_eq!(
        (statistics.lost, statistics.late, statistics.foreign),
        (0, 0, 0),
        "{statistics:?}"
    );
}

#[test]
fn an_eavesdropper_hears_both_sides_of_one_leg() {
    for workers in [1, 2] {
        let (pool, mut manual) = MediaPool::manual_workers(MediaConfig {
            workers,
            ..MediaConfig::default()
        });
        let first = manual.remove(0);
        let mut exchange = Exchange {
            pool,
            worker: first,
            ..Exchange::new()
        };
        let (a, mut phone_a) = exchange.call("PCMU");
        // With two workers, the eavesdropper is on the other one.
        let (s, mut phone_s) = exchange.call("L16@16000h");
        let (b, mut phone_b) = exchange.call("PCMU");
        (phone_a.tone, phone_b.tone) = (Some(440.0), Some(1_000.0));
        bridge(&a, &b);
        let mut ticks = |exchange: &mut Exchange, phone_s: &mut phone::Phone| {
            for _ in 0..50 {
                [&mut phone_a, &mut phone_b]
                    .into_iter()
                    .for_each(|p| p.speak());
                manual.iter_mut().for_each(|w| w.tick(exchange.now));
                exchange.tick();
                [&mut phone_a, &mut phone_b]
                    .into_iter()
                    .for_each(|p| p.hear());
                phone_s.hear();
            }
        };
        ticks(&mut exchange, &mut phone_s);
        assert!(a.statistics().relayed);
        s.write(WriteList::one(Source::Read(a.id())).with(Source::Write(a.id())))
            .unwrap();
        ticks(&mut exchange, &mut phone_s);
        assert!(!a.statistics().relayed);
        for hz in [440.0, 1_000.0] {
            let share = phone_s.hears(hz, 500);
            assert!(
                (0.4..0.6).contains(&share),
                "{workers} workers: {hz} Hz is half of what is heard: {share}"
            );
        }
        s.write(WriteList::silence()).unwrap();
        ticks(&mut exchange, &mut phone_s);
        assert!(a.statistics().relayed, "relay begins again");
        assert!(phone_a.hears(1_000.0, 500) > 0.95 && phone_b.hears(440.0, 500) > 0.95);
        phone_a.assert_unbroken();
    }
}
