//! Links: a leg's or player's sound for listeners on another worker, one quantum later, without locks.
//!
//! Four slots, each a sequence lock made of plain atomics: the writer never waits, and a reader that is overtaken
//! while it copies notices and takes silence.

use crate::frame::PcmBlock;
use crate::rate::{MAX_QUANTUM_SAMPLES, SampleRate};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Slots of a link: one being written, one to read, two for lateness.
const SLOTS: usize = 4;
/// Samples packed into one atomic word.
const PER_WORD: usize = 4;

struct Slot {
    /// `2 × tick + 1` while being written, `2 × tick + 2` when complete, 0 at first.
    stamp: AtomicU64,
    /// `rate << 16 | samples`; 0 when the source was silent.
    header: AtomicU64,
    words: [AtomicU64; MAX_QUANTUM_SAMPLES / PER_WORD],
}

/// One source's ring.
pub(crate) struct Link {
    slots: [Slot; SLOTS],
    latest: AtomicU64,
}

impl Link {
    pub(crate) fn new() -> Arc<Link> {
        Arc::new(Link {
            slots: std::array::from_fn(|_| Slot {
                stamp: AtomicU64::new(0),
                header: AtomicU64::new(0),
                words: [const { AtomicU64::new(0) }; MAX_QUANTUM_SAMPLES / PER_WORD],
            }),
            latest: AtomicU64::new(0),
        })
    }

    /// Whether anybody besides the source holds the link.
    pub(crate) fn has_readers(self: &Arc<Link>) -> bool {
        Arc::strong_count(self) > 1
    }

    /// Publishes the block of `tick`; called by the source's worker alone.
    pub(crate) fn publish(&self, tick: u64, block: Option<&PcmBlock>) {
        let slot = &self.slots[(tick % SLOTS as u64) as usize];
        slot.stamp.store(2 * tick + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        let header = block.map_or(0, |b| {
            u64::from(b.rate().hz()) << 16 | b.samples().len() as u64
        });
        slot.header.store(header, Ordering::Relaxed);
        if let Some(block) = block {
            for (word, samples) in slot.words.iter().zip(block.samples().chunks(PER_WORD)) {
                let packed = samples
                    .iter()
                    .rev()
                    .fold(0u64, |w, &s| w << 16 | u64::from(s as u16));
                word.store(packed, Ordering::Relaxed);
            }
        }
        slot.stamp.store(2 * tick + 2, Ordering::Release);
        self.latest.store(tick, Ordering::Release);
    }

    /// Copies the block of `tick` into `out`; `false` when the source was silent, or the slot is not (or no longer) there.
    fn copy(&self, tick: u64, out: &mut PcmBlock) -> bool {
        let slot = &self.slots[(tick % SLOTS as u64) as usize];
        let stamp = slot.stamp.load(Ordering::Acquire);
        if stamp != 2 * tick + 2 {
            return false;
        }
        let header = slot.header.load(Ordering::Relaxed);
        let Some(rate) = SampleRate::new((header >> 16) as u32) else {
            return false;
        };
        let samples = out.fill_with_silence(rate);
        for (to, word) in samples.chunks_mut(PER_WORD).zip(&slot.words) {
            let mut packed = word.load(Ordering::Relaxed);
            for sample in to {
                *sample = packed as u16 as i16;
                packed >>= 16;
            }
        }
        fence(Ordering::Acquire);
        slot.stamp.load(Ordering::Relaxed) == stamp
    }
}

/// A listener's place in a link.
pub(crate) struct LinkReader {
    link: Arc<Link>,
    last: u64,
}

impl LinkReader {
    pub(crate) fn new(link: Arc<Link>) -> LinkReader {
        LinkReader { link, last: 0 }
    }

    /// The next block not yet heard, in `out`. Follows the source at a distance of one or two quanta.
    pub(crate) fn next(&mut self, out: &mut PcmBlock) -> bool {
        let latest = self.link.latest.load(Ordering::Acquire);
        if latest <= self.last {
            return false;
        }
        self.last = if latest - self.last <= 2 {
            self.last + 1
        } else {
            latest
        };
        self.link.copy(self.last, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_hears_each_block_once_and_skips_when_it_was_away() {
        let link = Link::new();
        let mut reader = LinkReader::new(Arc::clone(&link));
        assert!(link.has_readers());
        let mut block = PcmBlock::new(SampleRate::WIDE);
        let mut heard = PcmBlock::new(SampleRate::NARROW);
        assert!(!reader.next(&mut heard));
        for tick in 1..=3u64 {
            block
                .fill_with_silence(SampleRate::WIDE)
                .iter_mut()
                .enumerate()
                .for_each(|(i, s)| *s = -(i as i16) * tick as i16);
            link.publish(tick, Some(&block));
            assert!(reader.next(&mut heard));
            assert_eq!(heard.samples(), block.samples());
            assert_eq!(heard.rate(), SampleRate::WIDE);
            assert!(!reader.next(&mut heard), "nothing new");
        }
        for tick in 4..=9 {
            link.publish(tick, Some(&block));
        }
        assert!(reader.next(&mut heard));
        assert!(!reader.next(&mut heard), "jumped to the newest");
        link.publish(10, None);
        assert!(!reader.next(&mut heard), "silence");
    }
}
