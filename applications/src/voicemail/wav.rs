//! The few things about WAV files that mailboxes need: how long one is that was cut off, and writing one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Chunks looked at before a file is given up.
const MOST_CHUNKS: usize = 64;

/// A WAV file's audio, by its header and its real size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Octets of a second of audio.
    pub octets_per_second: u32,
    /// Where the samples begin.
    pub start: u64,
    /// Octets of samples that are in the file, whatever the header says.
    pub octets: u64,
}

impl Extent {
    /// Whole milliseconds of audio.
    pub fn ms(&self) -> u64 {
        self.octets * 1_000 / u64::from(self.octets_per_second.max(1))
    }
}

/// Measures a file whose `data` chunk is the last, as recordings are. Blocking.
pub fn measure(path: &Path) -> io::Result<Extent> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut riff = [0; 12];
    file.read_exact(&mut riff)?;
    if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
        return Err(io::Error::other("not a WAV file"));
    }
    let mut octets_per_second = 0;
    for _ in 0..MOST_CHUNKS {
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let at = file.stream_position()?;
        if &head[..4] == b"data" {
            return Ok(Extent {
                octets_per_second,
                start: at,
                octets: size.saturating_sub(at),
            });
        }
        if &head[..4] == b"fmt " {
            let mut format = [0; 16];
            file.read_exact(&mut format)?;
            octets_per_second = u32::from_le_bytes([format[8], format[9], format[10], format[11]]);
        }
        file.seek(SeekFrom::Start(
            at + u64::from(length) + u64::from(length % 2),
        ))?;
    }
    Err(io::Error::other("no samples in the first chunks"))
}

/// Makes the header of a cut recording say what is really there. Blocking.
pub fn repair(path: &Path, extent: &Extent) -> io::Result<()> {
    let size = |octets: u64| u32::try_from(octets).unwrap_or(u32::MAX).to_le_bytes();
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::Start(4))?;
    file.write_all(&size(extent.start + extent.octets - 8))?;
    file.seek(SeekFrom::Start(extent.start - 4))?;
    file.write_all(&size(extent.octets))?;
    file.sync_all()
}

/// A WAV file of 16-bit mono samples.
pub fn encode(samples: &[i16], hz: u32) -> Vec<u8> {
    let data = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX);
    let mut octets = Vec::with_capacity(44 + samples.len() * 2);
    octets.extend(b"RIFF");
    octets.extend(data.saturating_add(36).to_le_bytes());
    octets.extend(b"WAVEfmt ");
    octets.extend(16_u32.to_le_bytes());
    octets.extend(1_u16.to_le_bytes());
    octets.extend(1_u16.to_le_bytes());
    octets.extend(hz.to_le_bytes());
    octets.extend((hz * 2).to_le_bytes());
    octets.extend(2_u16.to_le_bytes());
    octets.extend(16_u16.to_le_bytes());
    octets.extend(b"data");
    octets.extend(data.to_le_bytes());
    octets.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_file_is_as_long_as_what_is_in_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("cut.wav");
        let mut octets = encode(&vec![7; 16_000], 8_000);
        octets[40..44].copy_from_slice(&0_u32.to_le_bytes());
        std::fs::write(&path, &octets).expect("written");
        let extent = measure(&path).expect("a WAV file");
        assert_eq!(extent.ms(), 2_000);
        repair(&path, &extent).expect("repaired");
        assert_eq!(
            std::fs::read(&path).expect("read"),
            encode(&vec![7; 16_000], 8_000)
        );
    }

    #[test]
    fn what_is_no_wav_file_is_an_error_and_no_panic() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("x.wav");
        for octets in [
            &b""[..],
            b"RIFF",
            b"RIFFxxxxWAVE",
            b"RIFFxxxxWAVEfmt \xff\xff\xff\xff",
        ] {
            std::fs::write(&path, octets).expect("written");
            assert!(measure(&path).is_err());
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

        #[test]
        fn damaged_headers_are_measured_or_refused(at in 0_usize..44, octet: u8) {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("x.wav");
            let mut octets = encode(&[1; 800], 8_000);
            octets[at] = octet;
            std::fs::write(&path, &octets).expect("written");
            if let Ok(extent) = measure(&path) {
                proptest::prop_assert!(extent.octets <= 1_600);
                repair(&path, &extent).expect("repaired");
                proptest::prop_assert_eq!(std::fs::metadata(&path).expect("there").len(), 1_644);
            }
        }
    }
}
