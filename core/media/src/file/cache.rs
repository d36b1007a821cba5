//! Decoded prompts in memory, and the choice between memory and streaming.

use super::decode::{decode, decode_up_to};
use super::prefetch::Prefetch;
use super::sound::{DecodedSound, SoundError};
use crate::player::{Player, file_player};
use crate::rate::SampleRate;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Sounds up to this length are played from memory, longer ones are streamed.
const MEMORY_SECONDS: usize = 120;

/// Sounds in memory by file, time of change and rate; the least recently used go when room is needed.
/// All methods block on the disk: they belong on threads that may.
pub struct SoundCache {
    entries: Mutex<Entries>,
    max_octets: usize,
    prefetch: Prefetch,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Key, Entry>,
    octets: usize,
    clock: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    path: PathBuf,
    changed: Option<SystemTime>,
    length: u64,
    rate: SampleRate,
}

struct Entry {
    sound: Arc<DecodedSound>,
    used: u64,
}

impl SoundCache {
    /// A cache that keeps at most `max_octets` of samples (0: nothing is kept).
    pub fn new(max_octets: usize) -> SoundCache {
        SoundCache {
            entries: Mutex::default(),
            max_octets,
            prefetch: Prefetch::new(),
        }
    }

    /// The sound of `path` at `rate`, decoded now unless it is in memory. A file that has changed is decoded
    /// again.
    pub fn load(&self, path: &Path, rate: SampleRate) -> Result<Arc<DecodedSound>, SoundError> {
        let key = Key::of(path, rate)?;
        if let Some(sound) = self.get(&key) {
            return Ok(sound);
        }
        let sound = Arc::new(decode(path, rate)?);
        self.keep(key, &sound);
        Ok(sound)
    }

    /// Octets of samples held now.
    pub fn octets(&self) -> usize {
        self.lock().octets
    }

    /// Samples that streamed files delivered too late, played as silence, since the start.
    pub fn late_samples(&self) -> u64 {
        self.prefetch.late_samples()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing panics while holding the lock; were it so, the entries would still be whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: &Key) -> Option<Arc<DecodedSound>> {
        let mut entries = self.lock();
        entries.clock += 1;
        let clock = entries.clock;
        let entry = entries.by_key.get_mut(key)?;
        entry.used = clock;
        Some(entry.sound.clone())
    }

    fn keep(&self, key: Key, sound: &Arc<DecodedSound>) {
        if sound.octets() > self.max_octets {
            return;
        }
        let mut entries = self.lock();
        // An older state of the same file is never asked for again.
        let stale: Vec<Key> = entries
            .by_key
            .keys()
            .filter(|other| other.path == key.path && other.rate == key.rate)
            .cloned()
            .collect();
        for other in stale {
            entries.remove(&other);
        }
        while entries.octets + sound.octets() > self.max_octets {
            let oldest = entries.by_key.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            entries.remove(&oldest);
        }
        entries.clock += 1;
        let used = entries.clock;
        entries.octets += sound.octets();
        entries.by_key.insert(
            key,
            Entry {
                sound: sound.clone(),
                used,
            },
        );
    }
}

impl Entries {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.by_key.remove(key) {
            self.octets -= entry.sound.octets();
        }
    }
}

impl Key {
    fn of(path: &Path, rate: SampleRate) -> Result<Key, SoundError> {
        let metadata =
            std::fs::metadata(path).map_err(|error| SoundError::reading(path, &error))?;
        let changed = metadata.modified().ok();
        Ok(Key {
            path: path.to_owned(),
            changed,
            length: metadata.len(),
            rate,
        })
    }
}

/// A player of the file `path` at `rate`, from `start_sample` (at `rate`), `loops` times (negative: for
/// ever; 0 counts as once). Sounds up to two minutes come from the cache, longer ones from the disk while
/// they play, half a second ahead.
pub fn open_player(
    cache: &SoundCache,
    path: &Path,
    rate: SampleRate,
    start_sample: u64,
    loops: i32,
) -> Result<Box<dyn Player>, SoundError> {
    let key = Key::of(path, rate)?;
    if let Some(sound) = cache.get(&key) {
        return Ok(file_player(sound, start_sample, loops));
    }
    if let Some(sound) = decode_up_to(path, rate, MEMORY_SECONDS)? {
        let sound = Arc::new(sound);
        cache.keep(key, &sound);
        return Ok(file_player(sound, start_sample, loops));
    }
    cache.prefetch.open(path, rate, start_sample, loops)
}
