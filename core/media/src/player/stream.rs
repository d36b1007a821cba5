//! Music on hold: one endless programme that everybody hears at the same place.

use super::rated::at_rate;
use super::{Player, PlayerControl, PlayerState};
use crate::file::DecodedSound;
use crate::rate::{QUANTUM, SampleRate};
use crate::resample::resample_all;
use std::sync::Arc;
use std::time::Instant;

/// How far a listener may drift from the programme, in quanta, before it jumps: late ticks shall not click.
const MAX_DRIFT_QUANTA: u64 = 2;

/// A programme of tracks played round and round since it was made. Its position follows from the time
/// alone, so it costs nothing while nobody listens.
pub struct SharedStream {
    name: String,
    rate: SampleRate,
    tracks: Vec<Arc<DecodedSound>>,
    length: u64,
    began: Instant,
}

impl SharedStream {
    /// A programme that begins now. Its rate is that of the first track (8 kHz without any, when silence is
    /// heard); tracks of other rates are converted here.
    pub fn new(name: &str, tracks: Vec<Arc<DecodedSound>>) -> Arc<SharedStream> {
        let rate = tracks
            .first()
            .map_or(SampleRate::NARROW, |track| track.rate());
        let tracks: Vec<Arc<DecodedSound>> = tracks
            .into_iter()
            .filter(|track| !track.samples().is_empty())
            .map(|track| {
                if track.rate() == rate {
                    return track;
                }
                let samples = resample_all(track.samples(), track.rate().hz(), rate.hz());
                Arc::new(DecodedSound::from_samples(rate, samples))
            })
            .collect();
        let length = tracks
            .iter()
            .map(|track| track.samples().len() as u64)
            .sum();
        Arc::new(SharedStream {
            name: name.to_owned(),
            rate,
            tracks,
            length,
            began: Instant::now(),
        })
    }

    /// The name it was made with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rate of the programme.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Length of one round, in ms.
    pub fn duration_ms(&self) -> u64 {
        self.rate.ms_of_samples(self.length)
    }

    /// The place of the programme at `now`, in whole quanta since it began.
    fn quantum_at(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.began);
        ((since.as_nanos() + QUANTUM.as_nanos() / 2) / QUANTUM.as_nanos()) as u64
    }

    /// Copies the programme from sample `at` on, round and round.
    fn copy(&self, at: u64, out: &mut [i16]) {
        if self.length == 0 {
            out.fill(0);
            return;
        }
        let mut place = at % self.length;
        let mut track = 0;
        while place >= self.tracks[track].samples().len() as u64 {
            place -= self.tracks[track].samples().len() as u64;
            track += 1;
        }
        let mut place = place as usize;
        let mut written = 0;
        while written < out.len() {
            let rest = &self.tracks[track].samples()[place..];
            let take = rest.len().min(out.len() - written);
            out[written..written + take].copy_from_slice(&rest[..take]);
            written += take;
            track = (track + 1) % self.tracks.len();
            place = 0;
        }
    }
}

/// A listener of `stream`, at `rate`. It never ends. While it is paused the programme goes on; it cannot be
/// sought in or restarted.
pub fn stream_player(stream: Arc<SharedStream>, rate: SampleRate) -> Box<dyn Player> {
    at_rate(
        Box::new(StreamPlayer {
            stream,
            next: None,
            paused: false,
            heard: 0,
        }),
        rate,
    )
}

struct StreamPlayer {
    stream: Arc<SharedStream>,
    /// The sample that is due next, once playing.
    next: Option<u64>,
    paused: bool,
    heard: u64,
}

impl Player for StreamPlayer {
    fn rate(&self) -> SampleRate {
        self.stream.rate
    }

    fn fill(&mut self, now: Instant, out: &mut [i16]) -> PlayerState {
        if self.paused {
            out.fill(0);
            self.next = None;
            return PlayerState::Playing;
        }
        let quantum = self.stream.rate.quantum_samples() as u64;
        let due = self.stream.quantum_at(now) * quantum;
        let at = self
            .next
            .filter(|next| next.abs_diff(due) <= MAX_DRIFT_QUANTA * quantum)
            .unwrap_or(due);
        self.stream.copy(at, out);
        self.next = Some(at + out.len() as u64);
        self.heard += out.len() as u64;
        PlayerState::Playing
    }

    fn control(&mut self, control: PlayerControl) {
        match control {
            PlayerControl::Pause => self.paused = true,
            PlayerControl::Resume => self.paused = false,
            PlayerControl::TogglePause => self.paused = !self.paused,
            PlayerControl::SeekBy(_) | PlayerControl::Restart => {}
        }
    }

    fn position(&self) -> u64 {
        self.heard
    }
}
