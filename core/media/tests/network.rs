//! What a bad network does to the audio, and what the far end hears of it.

mod phone;

use phone::{Exchange, Phone, octets};
use rand::random;
use strowger_media::*;

/// An exchange in which what `speaker` says is heard as samples by `listener` (L16 both, so that nothing is lost but
/// what the network loses).
fn one_way() -> (Exchange, LegHandle, LegHandle, Phone, Phone) {
    let mut exchange = Exchange::new();
    let (a, mut speaker) = exchange.call("L16@8000h");
    let (b, listener) = exchange.call("L16@8000h");
    speaker.tone = Some(400.0);
    // Not mutual, so never relayed: the jitter buffer is what is tested.
    b.write(WriteList::one(Source::Read(a.id()))).unwrap();
    (exchange, a, b, speaker, listener)
}

#[test]
fn reordered_and_doubled_packets_are_heard_once_and_in_order() {
    let (mut exchange, a, _b, mut speaker, mut listener) = one_way();
    let mut clean = Vec::new();
    for pair in 0..50 {
        let (first, second) = (speaker.packet(), speaker.packet());
        clean.push(first.clone());
        clean.push(second.clone());
        // The first two in order: the buffer begins with the first that comes.
        if pair == 0 {
            speaker.end.try_send(&first);
            exchange.tick();
            speaker.end.try_send(&second);
        } else {
            exchange.tick();
            speaker.end.try_send(&second);
            speaker.end.try_send(&first);
            speaker.end.try_send(&second);
        }
        exchange.tick();
        listener.hear();
    }
    exchange.run(5, &mut [&mut listener]);
    let statistics = a.statistics();
    assert_eq!((statistics.lost, statistics.duplicate), (0, 49));
    assert!(statistics.concealed_ms <= 120, "{statistics:?}");
    assert!(
        listener.hears(400.0, 800) > 0.95,
        "{}",
        listener.hears(400.0, 800)
    );
}

#[test]
fn lost_packets_are_concealed_so_that_the_tone_goes_on() {
    let (mut exchange, a, _b, mut speaker, mut listener) = one_way();
    for n in 0..200u32 {
        let packet = speaker.packet();
        if n % 10 != 7 {
            speaker.end.try_send(&packet);
        }
        exchange.tick();
        listener.hear();
    }
    let statistics = a.statistics();
    assert_eq!(statistics.lost, 20);
    assert!(
        (380..=420).contains(&statistics.concealed_ms),
        "{statistics:?}"
    );
    let tone = &listener.heard[1_600..];
    let silent = tone
        .chunks(80)
        .filter(|c| c.iter().all(|s| s.abs() < 2_000))
        .count();
    assert_eq!(silent, 0, "no hole of 10 ms");
    assert!(
        listener.hears(400.0, 3_000) > 0.9,
        "{}",
        listener.hears(400.0, 3_000)
    );
}

#[test]
fn a_stall_is_faded_out_and_the_delay_comes_back_down() {
    let (mut exchange, a, _b, mut speaker, mut listener) = one_way();
    exchange.run(50, &mut [&mut speaker, &mut listener]);
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(speaker.packet());
        exchange.tick();
    }
    held.iter().for_each(|p| assert!(speaker.end.try_send(p)));
    listener.forget();
    exchange.run(800, &mut [&mut speaker, &mut listener]);
    let statistics = a.statistics();
    assert_eq!(statistics.lost, 0);
    assert!(listener.hears(400.0, 1_000) > 0.95);
    assert!(statistics.target_delay_ms <= 100, "{statistics:?}");
}

#[test]
fn silence_follows_when_the_phone_stops() {
    let (mut exchange, _a, _b, mut speaker, mut listener) = one_way();
    exchange.run(30, &mut [&mut speaker, &mut listener]);
    speaker.tone = None;
    exchange.run(20, &mut [&mut speaker, &mut listener]);
    listener.forget();
    exchange.run(10, &mut [&mut speaker, &mut listener]);
    assert!(listener.heard.iter().all(|&s| s == 0) && !listener.heard.is_empty());
    speaker.tone = Some(400.0);
    exchange.run(30, &mut [&mut speaker, &mut listener]);
    assert!(
        listener.hears(400.0, 300) > 0.95,
        "and the phone is heard again"
    );
}

#[test]
fn clocks_that_differ_neither_pile_up_delay_nor_break_the_tone() {
    for skip in [true, false] {
        let (mut exchange, a, _b, mut speaker, mut listener) = one_way();
        for n in 0..3_000u32 {
            // 500 ppm would be 1 in 2 000; this is worse.
            if skip && n % 400 == 399 {
                exchange.tick();
                continue;
            }
            let packet = speaker.packet();
            speaker.end.try_send(&packet);
            if !skip && n % 400 == 399 {
                let packet = speaker.packet();
                speaker.end.try_send(&packet);
            }
            exchange.tick();
            listener.hear();
        }
        let statistics = a.statistics();
        assert!(
            statistics.overflow < 10 && statistics.late < 10,
            "{statistics:?}"
        );
        assert!(
            listener.hears(400.0, 2_000) > 0.9,
            "{}",
            listener.hears(400.0, 2_000)
        );
    }
}

#[test]
fn what_was_not_negotiated_is_not_heard() {
    let (mut exchange, a, _b, mut speaker, mut listener) = one_way();
    for _ in 0..20 {
        let mut packet = speaker.packet();
        packet[1] = 9;
        speaker.end.try_send(&packet);
        exchange.tick();
    }
    listener.hear();
    assert!(listener.heard.iter().all(|&s| s == 0));
    assert_eq!(
        (a.statistics().unknown_payload, a.statistics().packets_in),
        (20, 0)
    );
}

#[test]
fn rubbish_is_counted_and_harmless() {
    let (mut exchange, a, _b, mut speaker, mut listener) = one_way();
    for n in 0..100usize {
        let rubbish: Vec<u8> = (0..n).map(|_| random()).collect();
        let mut lies = speaker.packet();
        lies[0] |= 0x3f;
        speaker.end.try_send(&rubbish);
        speaker.end.try_send(&lies);
        let packet = speaker.packet();
        speaker.end.try_send(&packet);
        exchange.tick();
        listener.hear();
    }
    assert!(a.statistics().malformed > 50);
    assert!(a.statistics().packets_in >= 100);
}

#[test]
fn a_new_ssrc_from_the_same_phone_is_followed_after_three_packets() {
    let (mut exchange, a, _b, mut speaker, mut listener) = one_way();
    exchange.run(30, &mut [&mut speaker, &mut listener]);
    (speaker.ssrc, speaker.sequence, speaker.timestamp) = (99, 5, 77);
    exchange.run(40, &mut [&mut speaker, &mut listener]);
    assert_eq!(a.statistics().foreign, 2);
    assert!(listener.hears(400.0, 400) > 0.95);
    speaker.sequence = speaker.sequence.wrapping_add(30_000);
    exchange.run(40, &mut [&mut speaker, &mut listener]);
    assert!(
        listener.hears(400.0, 400) > 0.95,
        "a jump of the sequence is followed, too"
    );
}

#[test]
fn media_timeout_is_raised_once_and_again_after_media() {
    let mut exchange = Exchange::new();
    let timeout = std::time::Duration::from_secs(2);
    let (leg, mut phone) = exchange.call_with("PCMU", |c| c.media_timeout = Some(timeout));
    let count = |e: &Exchange| {
        e.log
            .of(leg.id())
            .iter()
            .filter(|e| **e == LegEvent::MediaTimeout)
            .count()
    };
    exchange.run(50, &mut [&mut phone]);
    phone.tone = None;
    exchange.run(99, &mut [&mut phone]);
    assert_eq!(count(&exchange), 0);
    exchange.run(200, &mut [&mut phone]);
    assert_eq!(count(&exchange), 1);
    phone.tone = Some(0.0);
    exchange.run(10, &mut [&mut phone]);
    phone.tone = None;
    exchange.run(110, &mut [&mut phone]);
    assert_eq!(count(&exchange), 2);
}

#[test]
fn padding_and_extensions_do_not_become_sound() {
    let (mut exchange, _a, _b, mut speaker, mut listener) = one_way();
    for _ in 0..30 {
        let packet = speaker.packet();
        let (header, payload) = rtp::packet::Header::parse(&packet).unwrap();
        let mut longer = octets(&header, payload);
        longer[0] |= 0x20;
        longer.extend([0x55, 0x55, 0x55, 4]);
        speaker.end.try_send(&longer);
        exchange.tick();
        listener.hear();
    }
    assert!(listener.hears(400.0, 400) > 0.95);
    assert!(
        listener.audio().all(|(_, p)| p.len() == 320),
        "every packet sent has the plain length of 20 ms"
    );
}
