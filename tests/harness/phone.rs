//! A scripted phone: it dials, answers, speaks a tone, presses keys, and remembers what it heard.

use crate::audio::{tone, tones_heard};
use crate::line::Line;
use std::collections::VecDeque;
use std::time::Duration;
use strowger_core::Switch;
use strowger_core::endpoint::{HangupReport, Signal};
use strowger_core::media::MemoryTransport;
use strowger_model::HangupCause;
use tokio::sync::mpsc;

/// Payload types on the ring, as the loopback endpoint has them.
const AUDIO: u8 = 96;
const EVENT: u8 = 101;

/// Packets of a key press: 100 ms of pressing, then the end three times.
const PRESS_PACKETS: u32 = 5;
const END_PACKETS: u32 = 3;
/// Quanta between two keys.
const KEY_GAP: u32 = 4;

/// What a phone is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneState {
    /// Nothing.
    Idle,
    /// It has dialled and heard nothing yet.
    Dialling,
    /// It was told that the other side rings.
    Ringback,
    /// It is being called.
    Ringing,
    /// Audio before the answer.
    EarlyMedia,
    /// In a call.
    Talking,
    /// The call is over, with this cause.
    HungUp(HangupCause),
}

#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    Answers(Duration),
    NeverAnswers,
    Busy,
    Rejects,
    EarlyMedia,
}

/// The media and signalling of a phone's call.
pub(crate) struct Call {
    pub id: u64,
    pub signals: mpsc::Sender<Signal>,
    pub uuid: String,
    media: MemoryTransport,
    sequence: u16,
    timestamp: u32,
    pressing: Option<(char, u32, u32)>,
    pause: u32,
}

impl Call {
    pub fn new(
        id: u64,
        signals: mpsc::Sender<Signal>,
        media: MemoryTransport,
        uuid: String,
    ) -> Call {
        Call {
            id,
            signals,
            uuid,
            media,
            sequence: 1,
            timestamp: 160,
            pressing: None,
            pause: 0,
        }
    }
}

/// A phone as the line knows it.
pub(crate) struct Station {
    pub state: PhoneState,
    pub behaviour: Behaviour,
    pub context: String,
    pub domain: String,
    pub call: Option<Call>,
    pub speaks: Option<f32>,
    pub heard: Vec<i16>,
    pub digits_heard: String,
    pub keys: VecDeque<char>,
    pub shown: (String, String),
    pub responses: Vec<u16>,
    pub redirected: Vec<String>,
    phase: u64,
    last_event: Option<u32>,
}

impl Station {
    pub fn new(context: &str, domain: &str) -> Station {
        Station {
            state: PhoneState::Idle,
            behaviour: Behaviour::Answers(Duration::from_secs(2)),
            context: context.to_owned(),
            domain: domain.to_owned(),
            call: None,
            speaks: None,
            heard: Vec::new(),
            digits_heard: String::new(),
            keys: VecDeque::new(),
            shown: Default::default(),
            responses: Vec::new(),
            redirected: Vec::new(),
            phase: 0,
            last_event: None,
        }
    }

    fn has_media(&self) -> bool {
        matches!(self.state, PhoneState::EarlyMedia | PhoneState::Talking)
    }

    /// Sends one packet of 20 ms: a key being pressed, a tone, or silence.
    pub fn send(&mut self) {
        let has_media = self.has_media();
        let Some(call) = &mut self.call else { return };
        if !has_media {
            return;
        }
        if call.pressing.is_none()
            && call.pause == 0
            && let Some(key) = self.keys.pop_front()
        {
            call.pressing = Some((key, call.timestamp, 0));
        }
        call.pause = call.pause.saturating_sub(1);
        if let Some((key, started, packets)) = call.pressing {
            send_event(call, key, started, packets);
            let packets = packets + 1;
            call.pressing =
                (packets < PRESS_PACKETS + END_PACKETS).then_some((key, started, packets));
            if call.pressing.is_none() {
                call.pause = KEY_GAP;
            }
        } else {
            let samples = match self.speaks {
                Some(hz) => tone(hz, &mut self.phase),
                None => [0; 160],
            };
            let mut packet = header(AUDIO, false, call.sequence, call.timestamp, call.id);
            for sample in samples {
                packet.extend_from_slice(&sample.to_be_bytes());
            }
            call.media.try_send(&packet);
        }
        call.sequence = call.sequence.wrapping_add(1);
        call.timestamp = call.timestamp.wrapping_add(160);
    }

    /// Takes what the switch sent.
    pub fn receive(&mut self) {
        let Some(call) = &mut self.call else { return };
        let mut packet = [0u8; 2_048];
        while let Some(length) = call.media.try_receive(&mut packet) {
            let packet = &packet[..length];
            if length < 12 {
                continue;
            }
            match packet[1] & 0x7f {
                AUDIO => {
                    let samples = packet[12..]
                        .chunks_exact(2)
                        .map(|pair| i16::from_be_bytes([pair[0], pair[1]]));
                    self.heard.extend(samples);
                }
                EVENT if length >= 16 => {
                    let stamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
                    if self.last_event != Some(stamp) {
                        self.last_event = Some(stamp);
                        self.digits_heard.push(key_of(packet[12]));
                    }
                }
                _ => {}
            }
        }
    }
}

fn header(payload_type: u8, marker: bool, sequence: u16, timestamp: u32, ssrc: u64) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type | if marker { 0x80 } else { 0 }];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&(ssrc as u32 ^ 0x5a5a_0000).to_be_bytes());
    packet
}

fn send_event(call: &mut Call, key: char, started: u32, packets: u32) {
    let ended = packets >= PRESS_PACKETS;
    let duration = 160 * (packets.min(PRESS_PACKETS - 1) + 1);
    let mut packet = header(EVENT, packets == 0, call.sequence, started, call.id);
    packet.push(event_of(key));
    packet.push(10 | if ended { 0x80 } else { 0 });
    packet.extend_from_slice(&(duration as u16).to_be_bytes());
    call.media.try_send(&packet);
}

const KEYS: &str = "0123456789*#ABCD";

fn event_of(key: char) -> u8 {
    KEYS.find(key).map_or(0, |at| at as u8)
}

fn key_of(event: u8) -> char {
    KEYS.chars().nth(usize::from(event)).unwrap_or('?')
}

/// A phone in a test. Cheap to clone.
#[derive(Clone)]
pub struct Phone {
    pub(crate) number: String,
    pub(crate) line: Line,
    pub(crate) switch: Switch,
    pub(crate) runtime: tokio::runtime::Handle,
}

impl Phone {
    fn with<T>(&self, work: impl FnOnce(&mut Station) -> T) -> T {
        work(
            self.line
                .lock()
                .stations
                .get_mut(&self.number)
                .expect("a phone of this test"),
        )
    }

    fn behaves(&self, behaviour: Behaviour) -> &Phone {
        self.with(|station| station.behaviour = behaviour);
        self
    }

    /// Answers a call after it has rung so long.
    pub fn answers_after(&self, time: Duration) -> &Phone {
        self.behaves(Behaviour::Answers(time))
    }

    /// Rings and is never answered.
    pub fn never_answers(&self) -> &Phone {
        self.behaves(Behaviour::NeverAnswers)
    }

    /// Is busy.
    pub fn is_busy(&self) -> &Phone {
        self.behaves(Behaviour::Busy)
    }

    /// Rejects calls.
    pub fn rejects(&self) -> &Phone {
        self.behaves(Behaviour::Rejects)
    }

    /// Sends early media and is never answered.
    pub fn sends_early_media(&self) -> &Phone {
        self.behaves(Behaviour::EarlyMedia)
    }

    /// Calls a number.
    pub fn dial(&self, number: &str) {
        let _inside = self.runtime.enter();
        self.line.dial(&self.switch, &self.number, number);
    }

    /// Speaks a tone from now on.
    pub fn speaks(&self, hz: f32) -> &Phone {
        self.with(|station| station.speaks = Some(hz));
        self
    }

    /// Says nothing from now on.
    pub fn falls_silent(&self) {
        self.with(|station| station.speaks = None);
    }

    /// Presses keys, one after another.
    pub fn presses(&self, keys: &str) {
        self.with(|station| station.keys.extend(keys.chars()));
    }

    /// Answers the ringing call now.
    pub fn answers(&self) {
        self.signal(Signal::Answered(None));
        self.with(|station| station.state = PhoneState::Talking);
    }

    /// Hangs up.
    pub fn hangs_up(&self) {
        self.signal(Signal::Hangup(HangupReport::of(
            HangupCause::NormalClearing,
        )));
    }

    /// Asks the switch to send the other party to a number (blind transfer).
    pub fn transfers_to(&self, number: &str) {
        self.signal(Signal::Refer {
            to: strowger_model::Expanded::network(number),
        });
    }

    fn signal(&self, signal: Signal) {
        let signals = self.with(|station| station.call.as_ref().map(|call| call.signals.clone()));
        if let Some(signals) = signals {
            signals
                .try_send(signal)
                .expect("a session takes signals at once in virtual time");
        }
    }

    /// What it is doing.
    pub fn state(&self) -> PhoneState {
        self.with(|station| station.state)
    }

    /// The uuid of its call's channel.
    pub fn uuid(&self) -> Option<String> {
        self.with(|station| station.call.as_ref().map(|call| call.uuid.clone()))
    }

    /// Forgets what it has heard so far.
    pub fn forgets(&self) {
        self.with(|station| {
            station.heard.clear();
            station.digits_heard.clear();
        });
    }

    /// The samples heard since it last forgot, 8 kHz.
    pub fn heard(&self) -> Vec<i16> {
        self.with(|station| station.heard.clone())
    }

    /// Which of these tones (Hz) it has heard since it last forgot.
    pub fn hears(&self, candidates: &[f32]) -> Vec<f32> {
        tones_heard(&self.heard(), candidates)
    }

    /// Keys that reached it since it last forgot.
    pub fn digits_heard(&self) -> String {
        self.with(|station| station.digits_heard.clone())
    }

    /// Name and number shown on it for the last call.
    pub fn shown(&self) -> (String, String) {
        self.with(|station| station.shown.clone())
    }

    /// Status codes that `respond` sent to it.
    pub fn responses(&self) -> Vec<u16> {
        self.with(|station| station.responses.clone())
    }

    /// Where it was redirected to.
    pub fn redirected(&self) -> Vec<String> {
        self.with(|station| station.redirected.clone())
    }
}
