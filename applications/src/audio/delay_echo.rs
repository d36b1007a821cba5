//! `delay_echo`: the caller hears himself a while later. A media bug fills a bounded ring with what the phone says,
//! a player empties it into what the phone hears.

use rtrb::{Consumer, Producer, RingBuffer};
use std::time::Instant;
use strowger_core::media::{
    Keep, MediaBug, Player, PlayerControl, PlayerState, SampleRate, Side, Source, WriteList,
};
use strowger_core::session::Happening;
use strowger_core::{AppError, AppResult, Session};
use strowger_model::{Arguments, HangupCause};

/// Longest delay: at 48 kHz its ring takes two megabytes.
const LONGEST_MS: u64 = 20_000;

/// Room in the ring beyond the delay, for a reader that is late.
const SLACK_MS: u64 = 200;

/// Arguments of `delay_echo`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct DelayEcho {
    /// milliseconds, at most 20000
    #[argument(default = "1000")]
    pub delay: u64,
}

/// Fills the ring with what the phone says.
struct Listen {
    ring: Producer<i16>,
    rate: SampleRate,
}

impl MediaBug for Listen {
    fn wants(&self, side: Side) -> bool {
        side == Side::Read
    }

    fn observe(&mut self, _: Side, rate: SampleRate, pcm: &[i16]) -> Keep {
        if rate != self.rate {
            // The codec has changed: the application begins anew with a ring of the new rate.
            return Keep::Done;
        }
        for &sample in pcm {
            // Full only when the player has not run for a while; what is newest is lost then.
            if self.ring.push(sample).is_err() {
                break;
            }
        }
        Keep::Going
    }
}

/// Plays what is in the ring.
struct Speak {
    ring: Consumer<i16>,
    rate: SampleRate,
    played: u64,
}

impl Player for Speak {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn fill(&mut self, _now: Instant, out: &mut [i16]) -> PlayerState {
        for sample in out.iter_mut() {
            *sample = self.ring.pop().unwrap_or(0);
        }
        self.played += out.len() as u64;
        PlayerState::Playing
    }

    fn control(&mut self, _: PlayerControl) {}

    fn position(&self) -> u64 {
        self.played
    }
}

/// A ring that already holds the delay as silence.
fn delayed(ms: u64, rate: SampleRate) -> (Listen, Speak) {
    let samples = |ms: u64| (ms * u64::from(rate.hz()) / 1_000) as usize;
    let (mut producer, ring) = RingBuffer::new(samples(ms + SLACK_MS));
    for _ in 0..samples(ms) {
        // The ring is longer than the delay.
        let _ = producer.push(0);
    }
    let listen = Listen {
        ring: producer,
        rate,
    };
    let speak = Speak {
        ring,
        rate,
        played: 0,
    };
    (listen, speak)
}

/// Sends back what the caller says after a delay, until the call ends or somebody breaks it.
pub async fn delay_echo(session: &mut Session, args: DelayEcho) -> AppResult {
    let delay = args.delay.min(LONGEST_MS);
    if delay < args.delay {
        tracing::warn!(
            uuid = session.uuid(),
            "delay_echo: {} ms is too long, {LONGEST_MS} ms are taken",
            args.delay
        );
    }
    let nothing = || {
        AppError::Failed(
            HangupCause::IncompatibleDestination,
            "there is no audio to send back".to_owned(),
        )
    };
    'renewed: loop {
        let rate = session.media().rate().ok_or_else(nothing)?;
        let leg = session.media().leg().ok_or_else(nothing)?.clone();
        let (listen, speak) = delayed(delay, rate);
        let (Ok(bug), Ok(player)) = (leg.attach(Box::new(listen)), leg.play(Box::new(speak)))
        else {
            return Err(AppError::Failed(
                HangupCause::SwitchCongestion,
                "the media workers are overloaded".to_owned(),
            ));
        };
        loop {
            // Again after whatever happened: another sound may have been played in between.
            let _ = leg.write(WriteList::one(Source::Player(player.id())));
            match session.next().await? {
                Happening::BugEnded(ended) if ended == bug.id() => continue 'renewed,
                Happening::Break => {
                    let _ = leg.write(WriteList::silence());
                    return Ok(());
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_hears_his_words_after_the_delay() {
        let rate = SampleRate::NARROW;
        let (mut listen, mut speak) = delayed(40, rate);
        let now = Instant::now();
        let mut heard = Vec::new();
        for block in 0..4i16 {
            assert_eq!(
                listen.observe(Side::Read, rate, &[block + 1; 160]),
                Keep::Going
            );
            let mut out = [0i16; 160];
            speak.fill(now, &mut out);
            heard.push(out[0]);
        }
        assert_eq!(heard, [0, 0, 1, 2]);
    }

    #[test]
    fn a_ring_that_nobody_empties_stays_bounded() {
        let rate = SampleRate::NARROW;
        let (mut listen, _speak) = delayed(20, rate);
        for _ in 0..1_000 {
            assert_eq!(listen.observe(Side::Read, rate, &[1; 160]), Keep::Going);
        }
    }

    #[test]
    fn another_rate_begins_anew() {
        let (mut listen, _speak) = delayed(20, SampleRate::NARROW);
        assert_eq!(
            listen.observe(Side::Read, SampleRate::FULL, &[1; 960]),
            Keep::Done
        );
    }
}
