//! A tick allocates and frees nothing once everything has warmed up.

mod phone;

use phone::{Exchange, bridge};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use strowger_media::tone::script::ToneScript;
use strowger_media::*;

thread_local! {
    static COUNTING: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Counts what the thread under test allocates and frees.
struct Counter;

fn count() {
    // A thread that is ending has no such variable any more, and is not under test.
    let _ = COUNTING.try_with(|c| c.set(c.get().map(|n| n + 1)));
}

#[allow(unsafe_code)] // an allocator cannot be written without
// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps the contract of `dealloc`, and the block is the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counter = Counter;

struct Level(u64);

impl MediaBug for Level {
    fn wants(&self, _: Side) -> bool {
        true
    }

    fn observe(&mut self, _: Side, _: SampleRate, pcm: &[i16]) -> Keep {
        self.0 += pcm.iter().map(|s| u64::from(s.unsigned_abs())).sum::<u64>();
        Keep::Going
    }
}

#[test]
fn a_tick_allocates_nothing_after_its_warm_up() {
    let mut exchange = Exchange::new();
    let mut legs = Vec::new();
    let mut phones = Vec::new();
    for codec in [
        "PCMU",
        "PCMU",
        "PCMU",
        "PCMA",
        "L16@16000h",
        "PCMU",
        "L16@48000h",
        "PCMA",
    ] {
        let (leg, mut phone) = exchange.call_with(codec, |c| {
            c.ptime_ms = if legs.len() == 7 { 30 } else { 20 }
        });
        phone.tone = Some(300.0 + 100.0 * legs.len() as f64);
        legs.push(leg);
        phones.push(phone);
    }
    // Relayed, transcoded, resampled, repacketized; with a bug, a player and digits.
    legs.chunks(2).for_each(|pair| bridge(&pair[0], &pair[1]));
    let _guard = legs[2].attach(Box::new(Level(0))).unwrap();
    let script = ToneScript::parse("%(100,50,440,480)").unwrap();
    let player = legs[4]
        .play(player::tone::tone_player(&script, SampleRate::NARROW, -1))
        .unwrap();
    let list = WriteList::one(Source::Read(legs[5].id())).with(Source::Player(player.id()));
    legs[4].write(list).unwrap();
    let digits = [SendDigit {
        digit: '5',
        duration: 1_600,
    }; 40];
    legs[0].send_digits(&digits).unwrap();
    let mut counted = 0;
    for tick in 0..400u32 {
        for (n, phone) in phones.iter_mut().enumerate() {
            // Some loss, so that concealment is measured, too.
            if (tick as usize + n) % 13 == 5 {
                phone.packet();
            } else {
                phone.speak();
            }
        }
        if tick >= 200 {
            COUNTING.set(Some(0));
        }
        exchange.worker.tick_only(exchange.now);
        counted += COUNTING.take().unwrap_or(0);
        exchange.now += phone::QUANTUM;
        phones.iter_mut().for_each(phone::Phone::hear);
    }
    assert_eq!(counted, 0);
    assert!(
        legs[1].statistics().relayed,
        "what was measured includes relay"
    );
    assert!(legs[3].statistics().concealed_ms > 0, "and concealment");
}
