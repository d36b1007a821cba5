//! Who hears whom: the sources that a leg sends, summed.

use crate::handle::{LegId, PlayerId};

/// The most sources that one leg may hear at once.
pub const MAX_SOURCES: usize = 4;

/// Something that can be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// What this leg receives. A leg may name itself (echo).
    Read(LegId),
    /// What this player plays.
    Player(PlayerId),
    /// What this leg is made to hear (eavesdropping); up to one quantum later. A leg may name itself.
    Write(LegId),
}

/// One entry of a [`WriteList`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is heard.
    pub source: Source,
    /// Gain in dB, −60 to +20.
    pub gain_db: i8,
}

/// What a leg sends: the sum of at most [`MAX_SOURCES`] sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteList {
    entries: [Option<Entry>; MAX_SOURCES],
    pass_digits: bool,
}

impl Default for WriteList {
    fn default() -> WriteList {
        WriteList::silence()
    }
}

impl WriteList {
    /// Nothing is heard.
    pub fn silence() -> WriteList {
        WriteList {
            entries: [None; MAX_SOURCES],
            pass_digits: false,
        }
    }

    /// One source at unity gain.
    pub fn one(source: Source) -> WriteList {
        WriteList::silence().with(source)
    }

    /// This list and one more source at unity gain; a fifth source is not added.
    pub fn with(self, source: Source) -> WriteList {
        self.with_gain(source, 0)
    }

    /// This list and one more source with a gain in dB (clamped to −60…+20); a fifth source is not added.
    pub fn with_gain(mut self, source: Source, gain_db: i8) -> WriteList {
        if let Some(free) = self.entries.iter_mut().find(|e| e.is_none()) {
            *free = Some(Entry {
                source,
                gain_db: gain_db.clamp(-60, 20),
            });
        }
        self
    }

    /// This list; telephone-events of a single `Read` source are passed on by the media plane. Otherwise they are
    /// only reported (`LegEvent::Digit`), and whoever hears of a digit may send it by `LegHandle::send_digits`.
    pub fn with_digits(mut self) -> WriteList {
        self.pass_digits = true;
        self
    }

    /// The sources, in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.entries.iter().flatten().copied()
    }

    /// Number of sources.
    pub fn len(&self) -> usize {
        self.entries().count()
    }

    /// Whether nothing is heard.
    pub fn is_empty(&self) -> bool {
        self.entries[0].is_none()
    }

    /// The leg that is heard, when the list is exactly one `Read` at unity gain.
    pub fn only_read(&self) -> Option<LegId> {
        match (self.entries[0], self.entries[1]) {
            (
                Some(Entry {
                    source: Source::Read(leg),
                    gain_db: 0,
                }),
                None,
            ) => Some(leg),
            _ => None,
        }
    }

    /// Whether telephone-events of a single `Read` source are passed on.
    pub fn passes_digits(&self) -> bool {
        self.pass_digits
    }
}
