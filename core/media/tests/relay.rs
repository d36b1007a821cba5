//! Relay: a bridge of equal formats is forwarded on arrival, carries what the clock would carry, and nobody can see
//! from the packet numbers when it begins and ends.

mod phone;

use phone::{EVENTS, Exchange, Phone, bridge, octets};
use std::time::Duration;
use strowger_media::rtp::packet::Header;
use strowger_media::*;

/// A bug that only looks.
struct Looker;

impl MediaBug for Looker {
    fn wants(&self, side: Side) -> bool {
        side == Side::Read
    }

    fn observe(&mut self, _: Side, _: SampleRate, _: &[i16]) -> Keep {
        Keep::Going
    }
}

fn bridged() -> (Exchange, [LegHandle; 2], [Phone; 2]) {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("PCMU");
    (phone_a.tone, phone_b.tone) = (Some(440.0), Some(1_000.0));
    bridge(&a, &b);
    (exchange, [a, b], [phone_a, phone_b])
}

/// The payloads with sound in them.
fn loud(phone: &Phone) -> Vec<Vec<u8>> {
    phone
        .audio()
        .map(|(_, p)| p.clone())
        .filter(|p| p.iter().any(|&o| o != 0xff && o != 0x7f))
        .collect()
}

#[test]
fn relayed_and_clocked_output_carry_the_same_payloads() {
    let mut carried = Vec::new();
    for clocked in [false, true] {
        let (mut exchange, [a, b], [mut phone_a, mut phone_b]) = bridged();
        let guard = clocked.then(|| a.attach(Box::new(Looker)).unwrap());
        exchange.run(100, &mut [&mut phone_a, &mut phone_b]);
        assert_eq!(
            (a.statistics().relayed, b.statistics().relayed),
            (!clocked, !clocked)
        );
        let sent: Vec<Vec<u8>> = phone_a.sent.iter().map(|p| p[12..].to_vec()).collect();
        let heard = loud(&phone_b);
        assert!(heard.len() >= 97, "{}", heard.len());
        assert_eq!(
            heard[..],
            sent[..heard.len()],
            "what A says arrives at B octet for octet"
        );
        phone_b.assert_unbroken();
        carried.push(heard);
        drop(guard);
    }
    let both = carried[0].len().min(carried[1].len());
    assert_eq!(carried[0][..both], carried[1][..both]);
}

#[test]
fn a_relayed_packet_leaves_when_it_arrives() {
    let (mut exchange, [_a, b], [mut phone_a, mut phone_b]) = bridged();
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    assert!(b.statistics().relayed);
    phone_b.forget();
    let packet = phone_a.packet();
    phone_a.end.try_send(&packet);
    exchange
        .worker
        .arrivals(exchange.now - Duration::from_millis(15));
    phone_b.hear();
    assert_eq!(phone_b.received.len(), 1, "long before the next tick");
    assert_eq!(phone_b.received[0].1, packet[12..]);
}

#[test]
fn going_into_relay_and_out_of_it_breaks_no_numbers() {
    let (mut exchange, [a, b], [mut phone_a, mut phone_b]) = bridged();
    for round in 0..6 {
        exchange.run(25 + round, &mut [&mut phone_a, &mut phone_b]);
        assert!(b.statistics().relayed);
        let guard = b.attach(Box::new(Looker)).unwrap();
        exchange.run(25, &mut [&mut phone_a, &mut phone_b]);
        assert!(!b.statistics().relayed);
        drop(guard);
    }
    phone_a.assert_unbroken();
    phone_b.assert_unbroken();
    // Over all that time, media time has kept step with real time (but for the delay of the jitter buffer).
    let audio: Vec<_> = phone_b.audio().collect();
    let span = audio
        .last()
        .unwrap()
        .0
        .timestamp
        .wrapping_sub(audio[0].0.timestamp)
        / 160;
    let ticks = 6 * 50 + 15;
    assert!(
        span.abs_diff(ticks) <= 4,
        "{span} quanta of media time in {ticks} of real time"
    );
    drop(a);
}

#[test]
fn loss_and_reordering_are_relayed_as_they_are() {
    let (mut exchange, [_a, b], [mut phone_a, mut phone_b]) = bridged();
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    phone_b.forget();
    let packets: Vec<_> = (0..5).map(|_| phone_a.packet()).collect();
    for n in [0usize, 2, 1, 4] {
        phone_a.end.try_send(&packets[n]);
        exchange.tick();
    }
    phone_b.hear();
    let first = phone_b.received[0].0;
    let steps: Vec<_> = phone_b
        .received
        .iter()
        .map(|(h, _)| h.sequence.wrapping_sub(first.sequence))
        .collect();
    assert_eq!(steps, [0, 2, 1, 4]);
    let times: Vec<_> = phone_b
        .received
        .iter()
        .map(|(h, _)| h.timestamp.wrapping_sub(first.timestamp) / 160)
        .collect();
    assert_eq!(times, [0, 2, 1, 4]);
    assert!(b.statistics().relayed);
}

#[test]
fn a_third_listener_ends_relay_and_hears_both() {
    let (mut exchange, [a, b], [mut phone_a, mut phone_b]) = bridged();
    let (s, mut phone_s) = exchange.call("PCMA");
    exchange.run(20, &mut [&mut phone_a, &mut phone_b, &mut phone_s]);
    assert!(a.statistics().relayed && b.statistics().relayed);
    s.write(WriteList::one(Source::Read(a.id())).with(Source::Read(b.id())))
        .unwrap();
    exchange.run(40, &mut [&mut phone_a, &mut phone_b, &mut phone_s]);
    assert!(!a.statistics().relayed && !b.statistics().relayed);
    assert!(phone_s.hears(440.0, 400) > 0.4 && phone_s.hears(1_000.0, 400) > 0.4);
    s.close();
    exchange.run(10, &mut [&mut phone_a, &mut phone_b]);
    assert!(
        a.statistics().relayed && b.statistics().relayed,
        "and begins again when it is gone"
    );
    phone_b.assert_unbroken();
}

#[test]
fn a_quiet_phone_is_left_to_the_clock() {
    let (mut exchange, [_a, b], [mut phone_a, mut phone_b]) = bridged();
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    phone_a.tone = None;
    exchange.run(50, &mut [&mut phone_a, &mut phone_b]);
    assert!(!b.statistics().relayed);
    phone_b.forget();
    exchange.run(10, &mut [&mut phone_a, &mut phone_b]);
    assert_eq!(phone_b.received.len(), 10, "silence keeps the path open");
    phone_a.tone = Some(440.0);
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    assert!(b.statistics().relayed);
    phone_b.assert_unbroken();
}

fn press(phone: &mut Phone, code: u8, quanta: u16) -> Vec<Vec<u8>> {
    let timestamp = phone.timestamp;
    let packets = (1..=quanta + 2).map(|n| {
        let end = n >= quanta;
        let [high, low] = (160 * n.min(quanta)).to_be_bytes();
        let header = Header {
            marker: n == 1,
            payload_type: EVENTS,
            sequence: phone.sequence,
            timestamp,
            ssrc: phone.ssrc,
        };
        phone.sequence = phone.sequence.wrapping_add(1);
        octets(&header, &[code, 10 | if end { 0x80 } else { 0 }, high, low])
    });
    let packets = packets.collect();
    phone.timestamp = phone.timestamp.wrapping_add(160 * u32::from(quanta + 2));
    packets
}

#[test]
fn relayed_digits_are_read_in_passing_and_passed_on_only_if_the_list_says_so() {
    for passes in [false, true] {
        let (mut exchange, [a, b], [mut phone_a, mut phone_b]) = bridged();
        if passes {
            let change = LegConfig {
                telephone_event: Some(TelephoneEventFormat {
                    payload_type: 96,
                    clock_rate: 8_000,
                }),
                ..phone::config("PCMU")
            };
            b.configure(change).unwrap();
            b.write(WriteList::one(Source::Read(a.id())).with_digits())
                .unwrap();
        }
        exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
        for packet in press(&mut phone_a, 7, 5) {
            phone_a.end.try_send(&packet);
            exchange.run(1, &mut [&mut phone_b]);
        }
        exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
        assert!(b.statistics().relayed);
        assert!(exchange.log.of(a.id()).contains(&LegEvent::Digit {
            digit: '7',
            duration: 800
        }));
        phone_b.assert_unbroken();
        let events: Vec<_> = phone_b
            .received
            .iter()
            .filter(|(h, _)| h.payload_type == 96)
            .collect();
        assert_eq!(events.len(), if passes { 7 } else { 0 });
        if passes {
            assert!(
                events
                    .iter()
                    .all(|(h, _)| h.timestamp == events[0].0.timestamp)
            );
            assert_eq!(events[4].1, [7, 0x8a, 3, 32]);
        }
    }
}

#[test]
fn digits_sent_into_a_relay_arrive_and_the_audio_goes_on() {
    let (mut exchange, [_a, b], [mut phone_a, mut phone_b]) = bridged();
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    b.send_digits(&[
        SendDigit {
            digit: '4',
            duration: 800,
        },
        SendDigit {
            digit: '2',
            duration: 800,
        },
    ])
    .unwrap();
    exchange.run(60, &mut [&mut phone_a, &mut phone_b]);
    let codes: Vec<u8> = phone_b
        .received
        .iter()
        .filter(|(h, p)| h.payload_type == EVENTS && p[1] & 0x80 != 0)
        .map(|(_, p)| p[0])
        .collect();
    assert_eq!(codes, [4, 4, 4, 2, 2, 2]);
    assert!(phone_b.hears(440.0, 400) > 0.9);
    phone_b.assert_unbroken();
    assert_eq!(b.statistics().digits_out, 2);
}

#[test]
fn a_packet_time_that_is_not_ours_is_relayed_when_both_sides_agree_on_it() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call_with("PCMU", |c| c.ptime_ms = 30);
    let (b, mut phone_b) = exchange.call_with("PCMU", |c| c.ptime_ms = 30);
    (phone_a.ptime_ms, phone_b.ptime_ms) = (30, 30);
    phone_a.tone = Some(440.0);
    bridge(&a, &b);
    exchange.run(60, &mut [&mut phone_a, &mut phone_b]);
    assert!(b.statistics().relayed);
    assert!(phone_b.hears(440.0, 600) > 0.95 && phone_b.audio().all(|(_, p)| p.len() == 240));
    let guard = b.attach(Box::new(Looker)).unwrap();
    exchange.run(60, &mut [&mut phone_a, &mut phone_b]);
    assert!(!b.statistics().relayed && phone_b.hears(440.0, 600) > 0.95);
    phone_b.assert_unbroken();
    drop(guard);
}

#[test]
fn comfort_noise_is_not_relayed_and_leaves_no_gap() {
    let (mut exchange, [_a, b], [mut phone_a, mut phone_b]) = bridged();
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    let mut noise = phone_a.packet();
    noise[1] = 13;
    phone_a.end.try_send(&noise[..13]);
    exchange.run(20, &mut [&mut phone_b]);
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    assert!(b.statistics().relayed);
    assert!(phone_b.received.iter().all(|(h, _)| h.payload_type == 0));
    phone_b.assert_unbroken();
}

/// Plays 600 Hz for ever.
struct Beep(u64);

impl Player for Beep {
    fn rate(&self) -> SampleRate {
        SampleRate::NARROW
    }

    fn fill(&mut self, _: std::time::Instant, out: &mut [i16]) -> PlayerState {
        for sample in out.iter_mut() {
            let t = self.0 as f64 / 8_000.0;
            *sample = ((t * 600.0 * std::f64::consts::TAU).sin() * 8_000.0) as i16;
            self.0 += 1;
        }
        PlayerState::Playing
    }

    fn control(&mut self, _: PlayerControl) {}

    fn position(&self) -> u64 {
        self.0
    }
}

#[test]
fn when_one_half_of_a_relayed_bridge_ends_the_other_can_be_played_to() {
    let (mut exchange, [a, b], [mut phone_a, mut phone_b]) = bridged();
    exchange.run(60, &mut [&mut phone_a, &mut phone_b]);
    assert!(a.statistics().relayed, "the bridge is relayed");
    b.close();
    let player = a.play(Box::new(Beep(0))).unwrap();
    a.write(WriteList::one(Source::Player(player.id())))
        .unwrap();
    exchange.run(60, &mut [&mut phone_a]);
    assert!(
        phone_a.hears(600.0, 500) > 0.9,
        "{}",
        phone_a.hears(600.0, 500)
    );
}
