//! Patterns of expressions that contain `${…}`: compiled when a call needs them and kept for the next one.
//!
//! Two generations of bounded size: what is used moves to the young one, and when that is full the old one is dropped.
//! So the cache never holds more than twice its size, whatever callers send.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use strowger_model::Expanded;

use crate::pattern::{Pattern, PatternError};

/// Patterns per generation: far more than distinct expressions in use at a time in any known dialplan.
const GENERATION: usize = 256;

/// An expression after expansion, with the parts the network wrote: the same text may mean different patterns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    text: String,
    network: Vec<Range<usize>>,
}

type Compiled = Result<Arc<Pattern>, PatternError>;

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Key, Compiled>,
    old: HashMap<Key, Compiled>,
}

/// The cache of one dialplan.
#[derive(Debug, Default)]
pub(crate) struct PatternCache {
    generations: Mutex<Generations>,
}

impl PatternCache {
    /// The pattern of an expression.
    pub fn get(&self, expression: &Expanded) -> Compiled {
        let key = Key {
            text: expression.as_str().to_owned(),
            network: expression.network_spans().to_vec(),
        };
        // Nothing in here panics half way, so a poisoned lock still guards whole maps.
        let lock = || {
            self.generations
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().find(&key) {
            return known;
        }
        // Compiled without the lock: other calls need not wait.
        let compiled = Pattern::compile(expression).map(Arc::new);
        lock().insert(key, compiled.clone());
        compiled
    }

    /// How many patterns are kept.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        let generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        generations.young.len() + generations.old.len()
    }
}

impl Generations {
    fn find(&mut self, key: &Key) -> Option<Compiled> {
        if let Some(known) = self.young.get(key) {
            return Some(known.clone());
        }
        let (key, known) = self.old.remove_entry(key)?;
        self.insert(key, known.clone());
        Some(known)
    }

    fn insert(&mut self, key: Key, compiled: Compiled) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, compiled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_bounded_and_tells_network_text_apart() {
        let cache = PatternCache::default();
        for number in 0..5 * GENERATION {
            cache
                .get(&Expanded::trusted(format!("^{number}$")))
                .unwrap();
        }
        assert!(cache.len() <= 2 * GENERATION);
        let ours = cache.get(&Expanded::trusted("a.c")).unwrap();
        let theirs = cache.get(&Expanded::network("a.c")).unwrap();
        assert!(!Arc::ptr_eq(&ours, &theirs));
        assert!(Arc::ptr_eq(
            &ours,
            &cache.get(&Expanded::trusted("a.c")).unwrap()
        ));
        assert!(cache.get(&Expanded::trusted("(")).is_err());
    }
}
