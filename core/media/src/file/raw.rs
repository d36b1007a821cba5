//! Sound files whose audio lies in one uncompressed piece: headerless ones, known by their extension, and
//! those of [`super::header`].

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
    /// 24 bits, least significant octet first.
    Little24,
    /// 32 bits, least significant octet first.
    Little32,
    /// 32-bit floating point from −1 to 1, least significant octet first.
    Float32,
    /// 8 bits, signed.
    Signed8,
    /// 8 bits, silence at 128.
    Unsigned8,
}

impl Coding {
    pub(crate) fn octets(self) -> usize {
        match self {
            Coding::G711(_) | Coding::Signed8 | Coding::Unsigned8 => 1,
            Coding::Little16 | Coding::Big16 => 2,
            Coding::Little24 => 3,
            Coding::Little32 | Coding::Float32 => 4,
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
            Coding::Unsigned8 => {
                out.extend(octets.iter().map(|octet| (i16::from(*octet) - 128) << 8));
            }
            // Of longer samples the two upper octets are kept.
            Coding::Little24 => out.extend(
                octets
                    .chunks_exact(3)
                    .map(|sample| i16::from_le_bytes([sample[1], sample[2]])),
            ),
            Coding::Little32 => out.extend(
                octets
                    .chunks_exact(4)
                    .map(|sample| i16::from_le_bytes([sample[2], sample[3]])),
            ),
            Coding::Float32 => out.extend(octets.chunks_exact(4).map(|sample| {
                let value = f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]);
                (value * 32_768.0) as i16
            })),
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

/// Where the audio of a file lies, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) coding: Coding,
    pub(crate) hz: u32,
    pub(crate) channels: usize,
    /// First octet, and how many there are; both within the file.
    pub(crate) start: u64,
    pub(crate) size: u64,
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
    /// A reader when the extension, or a header, says that this is such a file.
    pub(crate) fn open(
        path: &Path,
        extension: &str,
        file: &mut File,
        length: u64,
    ) -> Result<Option<RawReader>, SoundError> {
        let reading = |error: io::Error| SoundError::reading(path, &error);
        let layout = match Coding::of_extension(extension) {
            Some((coding, hz)) => Layout {
                coding,
                hz,
                channels: 1,
                start: 0,
                size: length,
            },
            None => match super::header::read(path, file, length)? {
                Some(layout) => layout,
                None => return Ok(None),
            },
        };
        let Layout {
            coding,
            hz,
            channels,
            start,
            size,
        } = layout;
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

/// Reads until `buffer` is full or the end comes.
pub(super) fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
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
