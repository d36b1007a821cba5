//! Sound files without a container, known by their extension, and Sun's AU with its simple header.

use super::sound::SoundError;
use crate::codec::g711::Law;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Octets read at a time.
const BLOCK: usize = 8_192;

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// One octet of G.711.
    G711(Law),
    /// 16 bits, least significant octet first.
    Little16,
    /// 16 bits, most significant octet first.
    Big16,
    /// 8 bits, signed.
    Signed8,
}

impl Coding {
    pub(crate) fn octets(self) -> usize {
        match self {
            Coding::G711(_) | Coding::Signed8 => 1,
            Coding::Little16 | Coding::Big16 => 2,
        }
    }

    /// Coding and rate (Hz) of headerless files with this extension.
    pub(crate) fn of_extension(extension: &str) -> Option<(Coding, u32)> {
        Some(match extension {
            "pcmu" | "ulaw" | "ul" | "mulaw" => (Coding::G711(Law::Mu), 8_000),
            "pcma" | "alaw" | "al" => (Coding::G711(Law::A), 8_000),
            "raw" | "r8" => (Coding::Little16, 8_000),
            "r16" => (Coding::Little16, 16_000),
            "r24" => (Coding::Little16, 24_000),
            "r32" => (Coding::Little16, 32_000),
            "r48" => (Coding::Little16, 48_000),
            _ => return None,
        })
    }

    fn decode(self, octets: &[u8], out: &mut Vec<i16>) {
        match self {
            Coding::G711(law) => {
                let table = law.table();
                out.extend(octets.iter().map(|code| table[usize::from(*code)]));
            }
            Coding::Signed8 => {
                out.extend(octets.iter().map(|octet| i16::from(*octet as i8) << 8));
            }
            Coding::Little16 => out.extend(
                octets
                    .chunks_exact(2)
                    .map(|pair| i16::from_le_bytes([pair[0], pair[1]])),
            ),
            Coding::Big16 => out.extend(
                octets
                    .chunks_exact(2)
                    .map(|pair| i16::from_be_bytes([pair[0], pair[1]])),
            ),
        }
    }
}

/// Reads such a file block by block.
pub(crate) struct RawReader {
    file: BufReader<File>,
    coding: Coding,
    channels: usize,
    hz: u32,
    /// Octets of whole frames still to come.
    left: u64,
    scratch: Vec<i16>,
}

impl RawReader {
    /// A reader when the extension, or the AU signature, says that this is such a file.
    pub(crate) fn open(
        path: &Path,
        extension: &str,
        file: &mut File,
        length: u64,
    ) -> Result<Option<RawReader>, SoundError> {
        let reading = |error: io::Error| SoundError::reading(path, &error);
        let (coding, hz, channels, start, size) = match Coding::of_extension(extension) {
            Some((coding, hz)) => (coding, hz, 1, 0, length),
            None => {
                let mut head = [0u8; 24];
                let got = read_up_to(file, &mut head).map_err(reading)?;
                file.seek(SeekFrom::Start(0)).map_err(reading)?;
                if got < head.len() || &head[..4] != b".snd" {
                    return Ok(None);
                }
                au(path, &head, length)?
            }
        };
        file.seek(SeekFrom::Start(start)).map_err(reading)?;
        let file = BufReader::new(file.try_clone().map_err(reading)?);
        let frame = (coding.octets() * channels) as u64;
        let left = size - size % frame;
        Ok(Some(RawReader {
            file,
            coding,
            channels,
            hz,
            left,
            scratch: Vec::new(),
        }))
    }

    pub(crate) fn hz(&self) -> u32 {
        self.hz
    }

    /// Frames still to come.
    pub(crate) fn frames(&self) -> u64 {
        self.left / (self.coding.octets() * self.channels) as u64
    }

    /// Appends the next block to `out`; `false` at the end.
    pub(crate) fn read(&mut self, out: &mut Vec<i16>) -> io::Result<bool> {
        let frame = self.coding.octets() * self.channels;
        let want = (BLOCK - BLOCK % frame).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let mut octets = [0u8; BLOCK];
        let got = read_up_to(&mut self.file, &mut octets[..want])?;
        let whole = got - got % frame;
        self.left -= whole as u64;
        if got < want {
            // The file was cut while being read.
            self.left = 0;
        }
        if whole == 0 {
            return Ok(false);
        }
        self.scratch.clear();
        self.coding.decode(&octets[..whole], &mut self.scratch);
        super::decode::mix(&self.scratch, self.channels, out);
        Ok(true)
    }
}

/// Coding, rate, channels, start and size of an AU file.
fn au(
    path: &Path,
    head: &[u8; 24],
    length: u64,
) -> Result<(Coding, u32, usize, u64, u64), SoundError> {
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let coding = match word(12) {
        1 => Coding::G711(Law::Mu),
        2 => Coding::Signed8,
        3 => Coding::Big16,
        27 => Coding::G711(Law::A),
        other => {
            let why = format!("AU encoding {other} is not played (1, 2, 3 and 27 are)");
            return Err(SoundError::unsupported(path, why));
        }
    };
    let channels = word(20);
    if !(1..=8).contains(&channels) {
        return Err(SoundError::unsupported(
            path,
            format!("it has {channels} channels"),
        ));
    }
    let start = u64::from(word(4)).max(24).min(length);
    // A size of all ones means up to the end of the file.
    let size = u64::from(word(8)).min(length - start);
    Ok((coding, word(16), channels as usize, start, size))
}

/// Reads until `buffer` is full or the end comes.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match reader.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}
