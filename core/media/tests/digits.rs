//! Telephone-events end to end: every digit exactly once, whatever is lost.

mod phone;

use phone::{EVENTS, Exchange};
use strowger_media::rtp::packet::{Header, MAX_DATAGRAM};
use strowger_media::*;

const DIALLED: &str = "1234567890*#ABCD0011223399##";

/// Two legs whose far ends are connected to each other, one of which dials: the loss between them is `lost`.
fn dial(mut lost: impl FnMut(usize) -> bool) -> (String, LegStatistics) {
    let mut exchange = Exchange::new();
    let (caller, mut wire) = exchange.call("PCMU");
    let (callee, mut far) = exchange.call("PCMU");
    exchange.tick();
    let digits: Vec<SendDigit> = DIALLED
        .chars()
        .map(|digit| SendDigit {
            digit,
            duration: 800,
        })
        .collect();
    caller.send_digits(&digits).unwrap();
    let mut buffer = [0; MAX_DATAGRAM];
    let mut count = 0;
    for _ in 0..DIALLED.len() * 12 + 30 {
        exchange.tick();
        while let Some(len) = wire.end.try_receive(&mut buffer) {
            count += 1;
            if !lost(count) {
                far.end.try_send(&buffer[..len]);
            }
        }
    }
    assert_eq!(caller.statistics().digits_out, DIALLED.len() as u64);
    (exchange.log.digits(callee.id()), callee.statistics())
}

#[test]
fn every_digit_arrives_exactly_once() {
    let (heard, statistics) = dial(|_| false);
    assert_eq!(heard, DIALLED);
    assert_eq!(statistics.lost, 0);
}

#[test]
fn at_five_percent_loss_and_more_every_digit_arrives_exactly_once() {
    for share in [5u64, 20] {
        for seed in 1..=20u64 {
            let mut state = seed * 0x9e37_79b9;
            let (heard, statistics) = dial(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 16) % 100 < share
            });
            assert_eq!(heard, DIALLED, "seed {seed}");
            assert!(statistics.lost > 0);
        }
    }
}

#[test]
fn a_digit_whose_ends_are_all_lost_is_heard_with_its_length_so_far() {
    let mut exchange = Exchange::new();
    let (leg, mut phone) = exchange.call("PCMU");
    exchange.run(5, &mut [&mut phone]);
    for n in 1..=6u16 {
        let [high, low] = (n * 160).to_be_bytes();
        let header = Header {
            marker: n == 1,
            payload_type: EVENTS,
            sequence: phone.sequence,
            timestamp: 5,
            ssrc: phone.ssrc,
        };
        phone.sequence = phone.sequence.wrapping_add(1);
        phone
            .end
            .try_send(&phone::octets(&header, &[11, 10, high, low]));
        exchange.tick();
    }
    assert_eq!(exchange.log.digits(leg.id()), "");
    exchange.run(12, &mut []);
    assert!(exchange.log.of(leg.id()).contains(&LegEvent::Digit {
        digit: '#',
        duration: 960
    }));
}

#[test]
fn events_of_another_type_or_beyond_sixteen_are_no_digits() {
    let mut exchange = Exchange::new();
    let (leg, mut phone) = exchange.call("PCMU");
    exchange.run(5, &mut [&mut phone]);
    for (payload_type, code) in [(102, 5), (EVENTS, 17), (EVENTS, 255)] {
        for _ in 0..3 {
            phone.timestamp = phone.timestamp.wrapping_add(160);
            let header = Header {
                marker: true,
                payload_type,
                sequence: phone.sequence,
                timestamp: phone.timestamp,
                ssrc: phone.ssrc,
            };
            phone.sequence = phone.sequence.wrapping_add(1);
            phone
                .end
                .try_send(&phone::octets(&header, &[code, 0x80, 1, 0]));
        }
        exchange.tick();
    }
    exchange.run(20, &mut []);
    assert_eq!(exchange.log.digits(leg.id()), "");
}

#[test]
fn a_clocked_bridge_passes_digits_on_when_its_list_says_so() {
    for passes in [false, true] {
        let mut exchange = Exchange::new();
        let (a, mut phone_a) = exchange.call("PCMU");
        let (b, mut phone_b) = exchange.call("PCMA");
        let list = WriteList::one(Source::Read(a.id()));
        b.write(if passes { list.with_digits() } else { list })
            .unwrap();
        exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
        for n in 1..=8u16 {
            let [high, low] = (n.min(6) * 160).to_be_bytes();
            let header = Header {
                marker: n == 1,
                payload_type: EVENTS,
                sequence: phone_a.sequence,
                timestamp: phone_a.timestamp,
                ssrc: phone_a.ssrc,
            };
            phone_a.sequence = phone_a.sequence.wrapping_add(1);
            phone_a.end.try_send(&phone::octets(
                &header,
                &[9, if n >= 6 { 0x8a } else { 10 }, high, low],
            ));
            exchange.run(1, &mut [&mut phone_b]);
        }
        phone_a.timestamp = phone_a.timestamp.wrapping_add(8 * 160);
        exchange.run(40, &mut [&mut phone_a, &mut phone_b]);
        let ends = phone_b
            .received
            .iter()
            .filter(|(h, p)| h.payload_type == EVENTS && p[0] == 9 && p[1] & 0x80 != 0)
            .count();
        assert_eq!(ends, if passes { 3 } else { 0 });
        assert_eq!(exchange.log.digits(a.id()), "9");
    }
}

#[test]
fn pauses_take_their_time_and_what_cannot_be_sent_is_counted() {
    let mut exchange = Exchange::new();
    let (leg, mut phone) = exchange.call("PCMU");
    exchange.tick();
    let digit = |digit| SendDigit {
        digit,
        duration: 400,
    };
    leg.send_digits(&[digit('1'), digit('w'), digit('2'), digit('W'), digit('3')])
        .unwrap();
    exchange.run(120, &mut [&mut phone]);
    let starts: Vec<u32> = phone
        .received
        .iter()
        .filter(|(h, _)| h.payload_type == EVENTS && h.marker)
        .map(|(h, _)| h.timestamp)
        .collect();
    assert_eq!(starts.len(), 3);
    let (first, second) = (
        starts[1].wrapping_sub(starts[0]) / 8,
        starts[2].wrapping_sub(starts[1]) / 8,
    );
    assert!(
        (500..=700).contains(&first) && (1_000..=1_200).contains(&second),
        "{first} ms, {second} ms"
    );
    let without = LegConfig {
        telephone_event: None,
        ..phone::config("PCMU")
    };
    leg.configure(without).unwrap();
    leg.send_digits(&[digit('1'), digit('2')]).unwrap();
    exchange.run(10, &mut [&mut phone]);
    assert_eq!(leg.statistics().digits_unsent, 2);
    let too_many = vec![digit('1'); 129];
    assert_eq!(leg.send_digits(&too_many), Err(Overloaded));
    leg.send_digits(&too_many[..128]).unwrap();
}
