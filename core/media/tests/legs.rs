//! Players, bugs, failures and the end of a leg.

mod phone;

use phone::{Exchange, bridge};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use strowger_media::codec::{Codec, Decoder, Encoder, PayloadFormat};
use strowger_media::*;

/// Plays a tone at its rate for so many quanta.
struct Beep {
    rate: SampleRate,
    left: u32,
    position: u64,
    paused: bool,
    panics: bool,
}

impl Beep {
    fn new(rate: SampleRate, quanta: u32) -> Box<Beep> {
        Box::new(Beep {
            rate,
            left: quanta,
            position: 0,
            paused: false,
            panics: false,
        })
    }
}

impl Player for Beep {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn fill(&mut self, _: Instant, out: &mut [i16]) -> PlayerState {
        assert!(!self.panics, "the player is broken");
        if self.paused {
            out.fill(0);
            return PlayerState::Playing;
        }
        for sample in out.iter_mut() {
            let t = self.position as f64 / f64::from(self.rate.hz());
            *sample = ((t * 600.0 * std::f64::consts::TAU).sin() * 8_000.0) as i16;
            self.position += 1;
        }
        self.left -= 1;
        if self.left == 0 {
            PlayerState::Ended
        } else {
            PlayerState::Playing
        }
    }

    fn control(&mut self, control: PlayerControl) {
        self.paused = control == PlayerControl::Pause;
    }

    fn position(&self) -> u64 {
        self.position
    }
}

#[test]
fn a_player_of_another_rate_is_heard_to_its_end() {
    let mut exchange = Exchange::new();
    let (leg, mut phone) = exchange.call("PCMA");
    let player = leg.play(Beep::new(SampleRate::WIDE, 25)).unwrap();
    exchange.run(10, &mut [&mut phone]);
    phone.forget();
    leg.write(WriteList::one(Source::Player(player.id())))
        .unwrap();
    exchange.run(40, &mut [&mut phone]);
    let loud = phone
        .heard
        .chunks(160)
        .filter(|c| c.iter().any(|s| s.abs() > 4_000))
        .count();
    assert!(
        (25..=26).contains(&loud),
        "it begins when it is named, not when it is registered: {loud}"
    );
    let ended = LegEvent::PlayerEnded {
        player: player.id(),
        played_ms: 500,
        failed: false,
    };
    assert_eq!(
        exchange
            .log
            .of(leg.id())
            .iter()
            .filter(|e| **e == ended)
            .count(),
        1
    );
    phone.assert_unbroken();
}

#[test]
fn two_legs_hear_one_player_at_the_same_place_and_it_obeys() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("L16@8000h");
    let (b, mut phone_b) = exchange.call("L16@8000h");
    let player = a.play(Beep::new(SampleRate::NARROW, 1_000)).unwrap();
    for leg in [&a, &b] {
        leg.write(WriteList::one(Source::Player(player.id())))
            .unwrap();
    }
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    assert_eq!(phone_a.heard, phone_b.heard);
    player.control(PlayerControl::Pause);
    exchange.run(5, &mut [&mut phone_a, &mut phone_b]);
    assert!(
        phone_b.heard[phone_b.heard.len() - 600..]
            .iter()
            .all(|&s| s == 0)
    );
    player.control(PlayerControl::Resume);
    exchange.run(5, &mut [&mut phone_a, &mut phone_b]);
    assert!(phone_b.hears(600.0, 80) > 0.9);
    drop(player);
    exchange.run(5, &mut [&mut phone_a, &mut phone_b]);
    assert!(
        phone_b.heard[phone_b.heard.len() - 480..]
            .iter()
            .all(|&s| s == 0)
    );
    assert!(
        !exchange
            .log
            .of(a.id())
            .iter()
            .any(|e| matches!(e, LegEvent::PlayerEnded { .. })),
        "it was removed, not ended"
    );
}

#[test]
fn an_announcement_is_heard_over_a_bridge() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("PCMU");
    phone_b.tone = Some(1_000.0);
    bridge(&a, &b);
    exchange.run(20, &mut [&mut phone_a, &mut phone_b]);
    let player = a.play(Beep::new(SampleRate::NARROW, 1_000)).unwrap();
    a.write(WriteList::one(Source::Read(b.id())).with(Source::Player(player.id())))
        .unwrap();
    exchange.run(30, &mut [&mut phone_a, &mut phone_b]);
    assert!(phone_a.hears(1_000.0, 400) > 0.4 && phone_a.hears(600.0, 400) > 0.4);
    phone_a.assert_unbroken();
}

/// Remembers what it saw.
#[derive(Default)]
struct Seen {
    read: Vec<i16>,
    write: Vec<i16>,
}

struct Watcher {
    seen: Arc<Mutex<Seen>>,
    quanta: u32,
    gone: Arc<AtomicBool>,
}

impl MediaBug for Watcher {
    fn wants(&self, _: Side) -> bool {
        true
    }

    fn observe(&mut self, side: Side, _: SampleRate, pcm: &[i16]) -> Keep {
        let mut seen = self.seen.lock().unwrap();
        match side {
            Side::Read => seen.read.extend(pcm),
            Side::Write => seen.write.extend(pcm),
        }
        if side == Side::Write {
            self.quanta -= 1;
        }
        if self.quanta == 0 {
            Keep::Done
        } else {
            Keep::Going
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::SeqCst);
    }
}

fn watcher(quanta: u32) -> (Box<Watcher>, Arc<Mutex<Seen>>, Arc<AtomicBool>) {
    let (seen, gone) = (Arc::default(), Arc::default());
    (
        Box::new(Watcher {
            seen: Arc::clone(&seen),
            quanta,
            gone: Arc::clone(&gone),
        }),
        seen,
        gone,
    )
}

#[test]
fn a_bug_sees_both_sides_in_step_and_ends_when_it_is_done() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("PCMA");
    (phone_a.tone, phone_b.tone) = (Some(440.0), Some(1_000.0));
    bridge(&a, &b);
    let (bug, seen, gone) = watcher(50);
    let guard = a.attach(bug).unwrap();
    exchange.run(60, &mut [&mut phone_a, &mut phone_b]);
    let seen = seen.lock().unwrap();
    assert_eq!(
        (seen.read.len(), seen.write.len()),
        (50 * 160, 50 * 160),
        "a quantum without audio is seen as silence"
    );
    let power = |pcm: &[i16], hz| dsp::goertzel::tone_power(&pcm[4_000..], SampleRate::NARROW, hz);
    assert!(power(&seen.read, 440.0) > 0.9 && power(&seen.write, 1_000.0) > 0.9);
    assert!(
        exchange
            .log
            .of(a.id())
            .contains(&LegEvent::BugEnded { bug: guard.id() })
    );
    assert!(gone.load(Ordering::SeqCst));
}

#[test]
fn dropping_the_guard_detaches_a_bug_without_an_event() {
    let mut exchange = Exchange::new();
    let (a, mut phone) = exchange.call("PCMU");
    let (bug, _, gone) = watcher(1_000);
    let guard = a.attach(bug).unwrap();
    exchange.run(5, &mut [&mut phone]);
    assert!(!gone.load(Ordering::SeqCst));
    drop(guard);
    exchange.run(1, &mut [&mut phone]);
    assert!(gone.load(Ordering::SeqCst));
    assert!(
        !exchange
            .log
            .of(a.id())
            .iter()
            .any(|e| matches!(e, LegEvent::BugEnded { .. }))
    );
}

/// A codec whose decoder panics on a payload that begins with 0x66.
struct Brittle(Arc<dyn Codec>);

struct BrittleDecoder(Box<dyn Decoder>);

impl Codec for Brittle {
    fn format(&self) -> &PayloadFormat {
        self.0.format()
    }

    fn static_payload_type(&self) -> Option<u8> {
        self.0.static_payload_type()
    }

    fn agree(&self, offered: &PayloadFormat) -> Option<PayloadFormat> {
        self.0.agree(offered)
    }

    fn decoder(&self, agreed: &PayloadFormat) -> Box<dyn Decoder> {
        Box::new(BrittleDecoder(self.0.decoder(agreed)))
    }

    fn encoder(&self, agreed: &PayloadFormat) -> Box<dyn Encoder> {
        self.0.encoder(agreed)
    }
}

impl Decoder for BrittleDecoder {
    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, codec::CodecError> {
        assert_ne!(payload.first(), Some(&0x66), "the decoder is broken");
        self.0.decode(payload, out)
    }

    fn samples_in(&self, payload: &[u8]) -> usize {
        self.0.samples_in(payload)
    }
}

#[test]
fn a_leg_that_panics_ends_alone() {
    let mut exchange = Exchange::new();
    let (bad, mut phone_bad) = exchange.call_with("PCMU", |c| {
        c.receive[0].codec = Arc::new(Brittle(phone::codec("PCMU")))
    });
    let (a, mut phone_a) = exchange.call("PCMA");
    let (b, mut phone_b) = exchange.call("PCMU");
    (phone_a.tone, phone_b.tone) = (Some(440.0), Some(1_000.0));
    // A hears both; the broken decoder runs while A is written, and it is not A's fault.
    a.write(WriteList::one(Source::Read(b.id())).with(Source::Read(bad.id())))
        .unwrap();
    b.write(WriteList::one(Source::Read(a.id()))).unwrap();
    exchange.run(20, &mut [&mut phone_bad, &mut phone_a, &mut phone_b]);
    for _ in 0..5 {
        let mut packet = phone_bad.packet();
        packet[12] = 0x66;
        phone_bad.end.try_send(&packet);
        exchange.run(1, &mut [&mut phone_a, &mut phone_b]);
    }
    exchange.run(30, &mut [&mut phone_a, &mut phone_b]);
    let events = exchange.log.of(bad.id());
    assert!(
        matches!(events.last(), Some(LegEvent::Failed(why)) if why.contains("decoder is broken")),
        "{events:?}"
    );
    assert!(phone_a.hears(1_000.0, 400) > 0.9 && phone_b.hears(440.0, 400) > 0.9);
    phone_a.assert_unbroken();
    assert_eq!(exchange.pool.load().legs, 2);
}

#[test]
fn a_player_that_panics_has_failed_and_nothing_else_has() {
    let mut exchange = Exchange::new();
    let (leg, mut phone) = exchange.call("PCMU");
    let player = leg
        .play(Box::new(Beep {
            panics: true,
            ..*Beep::new(SampleRate::NARROW, 5)
        }))
        .unwrap();
    leg.write(WriteList::one(Source::Player(player.id())))
        .unwrap();
    exchange.run(5, &mut [&mut phone]);
    let ended = LegEvent::PlayerEnded {
        player: player.id(),
        played_ms: 0,
        failed: true,
    };
    assert!(exchange.log.of(leg.id()).contains(&ended));
    assert_eq!(phone.received.len(), 5);
}

#[test]
fn a_leg_ends_by_close_or_with_its_last_handle_and_statistics_stay() {
    let mut exchange = Exchange::new();
    let (a, mut phone_a) = exchange.call("PCMU");
    let (b, mut phone_b) = exchange.call("PCMU");
    let (id_a, id_b) = (a.id(), b.id());
    assert_ne!(id_a, id_b);
    let second = b.clone();
    exchange.run(10, &mut [&mut phone_a, &mut phone_b]);
    a.close();
    drop(b);
    exchange.run(2, &mut [&mut phone_b]);
    assert_eq!(exchange.log.of(id_a).last(), Some(&LegEvent::Closed));
    assert_eq!(a.statistics().packets_in, 10);
    assert!(
        !exchange.log.of(id_b).contains(&LegEvent::Closed),
        "one handle is left"
    );
    drop(second);
    exchange.tick();
    assert_eq!(exchange.log.of(id_b).last(), Some(&LegEvent::Closed));
    assert_eq!(exchange.pool.load().legs, 0);
    assert!(phone_a.end.is_abandoned());
}

#[test]
fn commands_beyond_the_queue_are_refused_but_closing_is_not() {
    let mut exchange = Exchange::new();
    let (leg, _phone) = exchange.call("PCMU");
    let refused = AtomicU64::new(0);
    for _ in 0..5_000 {
        if leg.set_mute(Side::Read, true) == Err(Overloaded) {
            refused.fetch_add(1, Ordering::Relaxed);
        }
    }
    assert!(refused.into_inner() > 900);
    let spec = LegSpec {
        transport: TransportSpec::Memory(memory_pair().0),
        rate: SampleRate::NARROW,
        near: None,
    };
    assert!(matches!(
        exchange.pool.open(spec, exchange.log.clone()),
        Err(MediaError::Overloaded(_))
    ));
    leg.close();
    for _ in 0..3 {
        exchange.tick();
    }
    assert_eq!(exchange.log.of(leg.id()).last(), Some(&LegEvent::Closed));
}
