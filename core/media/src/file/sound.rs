//! A decoded sound, and why a sound file could not be had.

use crate::rate::SampleRate;
use std::path::{Path, PathBuf};

/// A sound in memory: mono, 16-bit, at a leg's rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedSound {
    rate: SampleRate,
    samples: Vec<i16>,
}

impl DecodedSound {
    /// A sound from its samples.
    pub fn from_samples(rate: SampleRate, samples: Vec<i16>) -> DecodedSound {
        DecodedSound { rate, samples }
    }

    /// The rate of the samples.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The samples, mono.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// How long it lasts, in ms.
    pub fn duration_ms(&self) -> u64 {
        self.rate.ms_of_samples(self.samples.len() as u64)
    }

    /// Octets that it takes in memory.
    pub fn octets(&self) -> usize {
        self.samples.len() * size_of::<i16>()
    }
}

/// Why a sound file cannot be played or recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// There is no such file.
    #[error("sound file {} does not exist", path.display())]
    NotFound {
        /// The file asked for.
        path: PathBuf,
    },
    /// The file is there but cannot be read, or its contents are damaged.
    #[error("sound file {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// The format is not one that is played or recorded.
    #[error("sound file {} has a format that is not supported: {why}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is, and what would do.
        why: String,
    },
    /// The file cannot be created or written.
    #[error("sound file {} cannot be written: {why}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
}

impl SoundError {
    /// The error of opening or reading `path`.
    pub(crate) fn reading(path: &Path, error: &std::io::Error) -> SoundError {
        let path = path.to_owned();
        match error.kind() {
            std::io::ErrorKind::NotFound => SoundError::NotFound { path },
            _ => SoundError::Unreadable {
                path,
                why: error.to_string(),
            },
        }
    }

    /// Damage found in `path`.
    pub(crate) fn damaged(path: &Path, why: impl std::fmt::Display) -> SoundError {
        SoundError::Unreadable {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }

    /// A format that `path` has and we do not.
    pub(crate) fn unsupported(path: &Path, why: impl Into<String>) -> SoundError {
        SoundError::Unsupported {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    /// The error of creating or writing `path`.
    pub(crate) fn writing(path: &Path, error: &std::io::Error) -> SoundError {
        SoundError::Unwritable {
            path: path.to_owned(),
            why: error.to_string(),
        }
    }
}
