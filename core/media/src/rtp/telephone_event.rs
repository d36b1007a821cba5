//! Telephone-events (RFC 4733): digits in and out, exactly once.

use crate::handle::{MAX_QUEUED_DIGITS, SendDigit};
use crate::rate::QUANTUM_MS;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A digit whose end packets were all lost is over after so long without a packet of it.
const END_TIMEOUT: Duration = Duration::from_millis(200);
/// Received durations are clamped to 40 ms–5 s, in samples at 8 kHz.
const RECEIVED_RANGE: (u64, u64) = (320, 40_000);
/// Sent durations are clamped to this range, in samples at 8 kHz.
const SENT_RANGE: (u32, u32) = (400, 192_000);
/// Times that the end of a digit is sent.
const END_PACKETS: u32 = 3;
/// Silence between two digits sent.
const GAP_MS: u32 = 40;
/// Power level of the tone as we state it, −dBm0.
const VOLUME: u8 = 10;
/// The longest duration that one segment can state (RFC 4733 §2.5.1.3).
const LONGEST_SEGMENT: u32 = 0xffff;

/// The key of an event code.
pub fn key(code: u8) -> Option<char> {
    match code {
        0..=9 => Some(char::from(b'0' + code)),
        10 => Some('*'),
        11 => Some('#'),
        12..=15 => Some(char::from(b'A' + code - 12)),
        16 => Some('F'),
        _ => None,
    }
}

/// The event code of a key.
pub fn code(key: char) -> Option<u8> {
    match key {
        '0'..='9' => Some(key as u8 - b'0'),
        '*' => Some(10),
        '#' => Some(11),
        'A'..='D' => Some(key as u8 - b'A' + 12),
        'a'..='d' => Some(key as u8 - b'a' + 12),
        'F' | 'f' => Some(16),
        _ => None,
    }
}

/// A digit received: the key and how long it was held, in samples at 8 kHz.
pub type Digit = (char, u32);

struct Receiving {
    timestamp: u32,
    code: u8,
    /// Of this segment, in units of the clock rate.
    duration: u32,
    /// Of the segments before.
    before: u64,
    last: Instant,
    reported: bool,
}

/// Collects the packets of each digit received.
#[derive(Default)]
pub struct EventReceiver {
    current: Option<Receiving>,
}

impl EventReceiver {
    /// Takes a telephone-event packet in; returns the digits that are thereby over (an earlier one whose end was lost,
    /// and this one).
    pub fn packet(
        &mut self,
        now: Instant,
        timestamp: u32,
        payload: &[u8],
        clock_rate: u32,
    ) -> [Option<Digit>; 2] {
        let Some(&[code, flags, high, low]) = payload.first_chunk() else {
            return [None; 2];
        };
        if key(code).is_none() {
            return [None; 2];
        }
        let (end, duration) = (
            flags & 0x80 != 0,
            u32::from(u16::from_be_bytes([high, low])),
        );
        let mut earlier = None;
        match &mut self.current {
            Some(current) if current.timestamp == timestamp => {
                current.duration = current.duration.max(duration);
                current.last = now;
            }
            // A straggler of an earlier digit.
            Some(current) if (timestamp.wrapping_sub(current.timestamp) as i32) < 0 => {
                return [None; 2];
            }
            Some(current)
                if !current.reported
                    && current.code == code
                    && timestamp == current.timestamp.wrapping_add(LONGEST_SEGMENT) =>
            {
                current.before += u64::from(LONGEST_SEGMENT);
                current.timestamp = timestamp;
                current.duration = duration;
                current.last = now;
            }
            _ => {
                earlier = self.finish(clock_rate);
                self.current = Some(Receiving {
                    timestamp,
                    code,
                    duration,
                    before: 0,
                    last: now,
                    reported: false,
                });
            }
        }
        [earlier, if end { self.finish(clock_rate) } else { None }]
    }

    /// Ends a digit of which nothing more was heard for too long.
    pub fn poll(&mut self, now: Instant, clock_rate: u32) -> Option<Digit> {
        let current = self.current.as_ref()?;
        if !current.reported && now.saturating_duration_since(current.last) >= END_TIMEOUT {
            return self.finish(clock_rate);
        }
        None
    }

    /// Whether a key is held down at this moment.
    pub fn is_pressed(&self) -> bool {
        self.current.as_ref().is_some_and(|c| !c.reported)
    }

    fn finish(&mut self, clock_rate: u32) -> Option<Digit> {
        let current = self.current.as_mut().filter(|c| !c.reported)?;
        current.reported = true;
        let units = current.before + u64::from(current.duration);
        let samples = units * 8_000 / u64::from(clock_rate.max(1));
        Some((
            key(current.code)?,
            samples.clamp(RECEIVED_RANGE.0, RECEIVED_RANGE.1) as u32,
        ))
    }
}

/// A telephone-event packet to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// The payload.
    pub payload: [u8; 4],
    /// The time at which the event (or its segment) began.
    pub timestamp: u32,
    /// Set on the first packet of the event.
    pub marker: bool,
}

enum Sending {
    Idle,
    /// Quanta left of a pause or gap.
    Waiting(u32),
    Event {
        code: u8,
        start: u32,
        total: u32,
        elapsed: u32,
        segment: u32,
        ends: u32,
    },
}

/// Sends queued digits one after another, one packet per quantum.
pub struct EventSender {
    queue: VecDeque<SendDigit>,
    state: Sending,
}

impl Default for EventSender {
    fn default() -> EventSender {
        EventSender {
            queue: VecDeque::with_capacity(MAX_QUEUED_DIGITS),
            state: Sending::Idle,
        }
    }
}

impl EventSender {
    /// Queues a digit; `false` when the queue is full.
    pub fn push(&mut self, digit: SendDigit) -> bool {
        let room = self.queue.len() < MAX_QUEUED_DIGITS;
        if room {
            self.queue.push_back(digit);
        }
        room
    }

    /// Whether digits are being sent or wait to be.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, Sending::Idle) && self.queue.is_empty()
    }

    /// Digits waiting, without the one that is being sent.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Forgets everything; returns how many digits that were.
    pub fn clear(&mut self) -> usize {
        self.state = Sending::Idle;
        let count = self.queue.len();
        self.queue.clear();
        count
    }

    /// Whether an event takes the place of audio at this moment.
    pub fn in_event(&self) -> bool {
        matches!(self.state, Sending::Event { .. })
    }

    /// The packet of this quantum, if there is one. `timestamp`: the media time now; `clock_rate`: of the event format.
    pub fn step(&mut self, timestamp: u32, clock_rate: u32) -> Option<EventPacket> {
        let mut first = false;
        loop {
            match &mut self.state {
                Sending::Waiting(quanta) if *quanta > 1 => {
                    *quanta -= 1;
                    return None;
                }
                Sending::Waiting(_) | Sending::Idle => {
                    self.state = Sending::Idle;
                    let digit = self.queue.pop_front()?;
                    match digit.digit {
                        'w' => self.state = Sending::Waiting(500 / QUANTUM_MS + 1),
                        'W' => self.state = Sending::Waiting(1_000 / QUANTUM_MS + 1),
                        other => {
                            let Some(code) = code(other) else { continue };
                            let samples =
                                u64::from(digit.duration.clamp(SENT_RANGE.0, SENT_RANGE.1));
                            let total = (samples * u64::from(clock_rate) / 8_000) as u32;
                            first = true;
                            self.state = Sending::Event {
                                code,
                                start: timestamp,
                                total,
                                elapsed: 0,
                                segment: 0,
                                ends: 0,
                            };
                        }
                    }
                }
                Sending::Event {
                    ends: END_PACKETS, ..
                } => {
                    self.state = Sending::Waiting(GAP_MS / QUANTUM_MS);
                    return None;
                }
                Sending::Event {
                    code,
                    start,
                    total,
                    elapsed,
                    segment,
                    ends,
                } => {
                    *elapsed = (*elapsed + clock_rate / 1_000 * QUANTUM_MS).min(*total);
                    let timestamp = start.wrapping_add(*segment);
                    let mut duration = *elapsed - *segment;
                    if duration > LONGEST_SEGMENT {
                        duration = LONGEST_SEGMENT;
                        *segment += LONGEST_SEGMENT;
                    }
                    let end = *elapsed == *total && *elapsed - *segment == duration;
                    *ends += u32::from(end);
                    let [high, low] = (duration as u16).to_be_bytes();
                    let payload = [*code, VOLUME | if end { 0x80 } else { 0 }, high, low];
                    return Some(EventPacket {
                        payload,
                        timestamp,
                        marker: first,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn send_all(sender: &mut EventSender) -> Vec<Option<EventPacket>> {
        let mut packets = Vec::new();
        let mut time = 0u32;
        while !sender.is_idle() {
            packets.push(sender.step(time, 8_000));
            time += 160;
        }
        packets
    }

    #[test]
    fn duration_grows_time_is_frozen_and_the_end_is_sent_thrice_rfc4733() {
        let mut sender = EventSender::default();
        sender.push(SendDigit {
            digit: '5',
            duration: 800,
        });
        sender.push(SendDigit {
            digit: '#',
            duration: 1,
        });
        let packets = send_all(&mut sender);
        let first: Vec<_> = packets[..7].iter().flatten().collect();
        assert!(first.iter().all(|p| p.timestamp == 0 && p.payload[0] == 5));
        let durations: Vec<_> = first
            .iter()
            .map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]]))
            .collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
        assert_eq!(
            first
                .iter()
                .map(|p| p.payload[1] & 0x80 != 0)
                .collect::<Vec<_>>(),
            [false, false, false, false, true, true, true]
        );
        assert_eq!(first.iter().filter(|p| p.marker).count(), 1);
        assert_eq!(packets[7], None, "a gap of two quanta");
        assert_eq!(packets[8], None);
        let second = packets[9].unwrap();
        assert_eq!(
            (second.timestamp, second.marker, second.payload[0]),
            (9 * 160, true, 11)
        );
    }

    #[test]
    fn a_digit_longer_than_a_segment_is_one_digit() {
        let mut sender = EventSender::default();
        sender.push(SendDigit {
            digit: '1',
            duration: 100_000,
        });
        let mut receiver = EventReceiver::default();
        let now = Instant::now();
        let mut heard = Vec::new();
        for packet in send_all(&mut sender).into_iter().flatten() {
            heard.extend(
                receiver
                    .packet(now, packet.timestamp, &packet.payload, 8_000)
                    .into_iter()
                    .flatten(),
            );
        }
        assert_eq!(heard, [('1', 40_000)]);
    }

    proptest! {
        #[test]
        fn lost_packets_never_double_a_digit(lost in proptest::collection::vec(proptest::bool::weighted(0.2), 400)) {
            let mut sender = EventSender::default();
            for digit in "123#*0".chars() {
                sender.push(SendDigit { digit, duration: 1_600 });
            }
            let mut receiver = EventReceiver::default();
            let mut now = Instant::now();
            let mut heard = String::new();
            for (packet, lost) in send_all(&mut sender).into_iter().zip(lost) {
                now += Duration::from_millis(20);
                if let Some(p) = packet.filter(|_| !lost) {
                    heard.extend(receiver.packet(now, p.timestamp, &p.payload, 8_000).into_iter().flatten().map(|d| d.0));
                }
                heard.extend(receiver.poll(now, 8_000).map(|d| d.0));
            }
            heard.extend(receiver.poll(now + END_TIMEOUT, 8_000).map(|d| d.0));
            prop_assert_eq!(heard, "123#*0");
        }

        #[test]
        fn any_payload_is_taken_or_ignored(payload in proptest::collection::vec(any::<u8>(), 0..8), timestamp: u32, rate in 0u32..100_000) {
            let mut receiver = EventReceiver::default();
            let now = Instant::now();
            receiver.packet(now, timestamp, &payload, rate);
            receiver.poll(now + END_TIMEOUT, rate);
        }
    }
}
