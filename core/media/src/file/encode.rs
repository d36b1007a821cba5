//! Writing recordings: WAV (16-bit) whose header is right at every moment, and headerless files.

use super::decode::extension;
use super::raw::Coding;
use super::sound::SoundError;
use crate::codec::g711::{Law, linear_to_alaw, linear_to_mulaw};
use crate::rate::SampleRate;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// Octets before the audio of a WAV file that we make.
const HEADER: u64 = 44;

/// The most audio that a WAV file can say it has, with room for the header.
const MAX_DATA: u64 = u32::MAX as u64 - 1_024;

/// A sound file being written.
pub(crate) struct SoundWriter {
    file: File,
    kind: Kind,
    rate: SampleRate,
    channels: u16,
    /// Where the audio begins, and how many octets of it there are.
    start: u64,
    data: u64,
    /// Octets of audio that were there before.
    before: u64,
    scratch: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wav,
    Raw(Coding),
}

impl SoundWriter {
    /// Creates `path` and the directories above it; with `append`, goes on behind what it holds.
    /// Files are made with permissions `mode`.
    pub(crate) fn open(
        path: &Path,
        rate: SampleRate,
        channels: u16,
        append: bool,
        mode: u32,
    ) -> Result<SoundWriter, SoundError> {
        let kind = kind(path, rate, channels)?;
        let failed = |error: io::Error| SoundError::writing(path, &error);
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(!append)
            .mode(mode)
            .open(path)
            .map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut writer = SoundWriter {
            file,
            kind,
            rate,
            channels,
            start: if kind == Kind::Wav { HEADER } else { 0 },
            data: 0,
            before: 0,
            scratch: Vec::new(),
        };
        if length > 0 {
            writer.find_end(path, length)?;
        } else if kind == Kind::Wav {
            writer.file.write_all(&writer.header()).map_err(failed)?;
        }
        Ok(writer)
    }

    /// Whether the file held audio before this recording.
    pub(crate) fn appended(&self) -> bool {
        self.before > 0
    }

    /// Frames written by this recording.
    pub(crate) fn frames(&self) -> u64 {
        (self.data - self.before) / self.frame()
    }

    fn frame(&self) -> u64 {
        let sample = match self.kind {
            Kind::Wav => 2,
            Kind::Raw(coding) => coding.octets() as u64,
        };
        sample * u64::from(self.channels)
    }

    /// Appends interleaved samples; afterwards the file is complete up to here. On an error, what could be
    /// written is kept and the file stays valid.
    pub(crate) fn write(&mut self, interleaved: &[i16]) -> io::Result<()> {
        self.scratch.clear();
        match self.kind {
            Kind::Raw(Coding::G711(Law::Mu)) => {
                self.scratch
                    .extend(interleaved.iter().map(|sample| linear_to_mulaw(*sample)));
            }
            Kind::Raw(Coding::G711(Law::A)) => {
                self.scratch
                    .extend(interleaved.iter().map(|sample| linear_to_alaw(*sample)));
            }
            _ => self
                .scratch
                .extend(interleaved.iter().flat_map(|sample| sample.to_le_bytes())),
        }
        if self.kind == Kind::Wav && self.data + self.scratch.len() as u64 > MAX_DATA {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "a WAV file holds at most 4 GB",
            ));
        }
        match self.file.write_all(&self.scratch) {
            Ok(()) => {
                self.data += self.scratch.len() as u64;
                self.write_header()
            }
            Err(error) => {
                self.keep_what_fits();
                Err(error)
            }
        }
    }

    /// After a write that failed half-way: the file ends with its last whole frame.
    fn keep_what_fits(&mut self) {
        let there = self.file.metadata().map_or(0, |metadata| metadata.len());
        if let Some(data) = there
            .checked_sub(self.start)
            .filter(|data| *data >= self.data)
        {
            self.data = data - data % self.frame();
        }
        // Both may fail when the disk does; the header from before is right as well, only shorter.
        let _ = self.file.set_len(self.start + self.data);
        let _ = self.write_header();
    }

    fn write_header(&mut self) -> io::Result<()> {
        if self.kind != Kind::Wav {
            return Ok(());
        }
        let riff = (self.start - 8 + self.data) as u32;
        self.file
            .write_all_at(&(self.data as u32).to_le_bytes(), self.start - 4)?;
        self.file.write_all_at(&riff.to_le_bytes(), 4)
    }

    fn header(&self) -> [u8; HEADER as usize] {
        let mut header = [0u8; HEADER as usize];
        let frame = self.channels * 2;
        header[0..4].copy_from_slice(b"RIFF");
        header[4..8].copy_from_slice(&(HEADER as u32 - 8).to_le_bytes());
        header[8..16].copy_from_slice(b"WAVEfmt ");
        header[16..20].copy_from_slice(&16u32.to_le_bytes());
        header[20..22].copy_from_slice(&1u16.to_le_bytes());
        header[22..24].copy_from_slice(&self.channels.to_le_bytes());
        header[24..28].copy_from_slice(&self.rate.hz().to_le_bytes());
        header[28..32].copy_from_slice(&(self.rate.hz() * u32::from(frame)).to_le_bytes());
        header[32..34].copy_from_slice(&frame.to_le_bytes());
        header[34..36].copy_from_slice(&16u16.to_le_bytes());
        header[36..40].copy_from_slice(b"data");
        header
    }

    /// Goes behind the audio of a file that is there already.
    fn find_end(&mut self, path: &Path, length: u64) -> Result<(), SoundError> {
        let failed = |error: io::Error| SoundError::writing(path, &error);
        if self.kind == Kind::Wav {
            let (start, data) = self.find_data(length).map_err(|why| {
                SoundError::unsupported(path, format!("it cannot be appended to: {why}"))
            })?;
            self.start = start;
            self.data = data;
        } else {
            self.data = length;
        }
        self.data -= self.data % self.frame();
        self.before = self.data;
        // What follows the audio (tags, or the rest of a write that was cut) makes room for the new audio.
        self.file.set_len(self.start + self.data).map_err(failed)?;
        self.file
            .seek(SeekFrom::Start(self.start + self.data))
            .map_err(failed)?;
        self.write_header().map_err(failed)
    }

    /// Start and octets of the audio of a WAV file that is of the kind being written.
    fn find_data(&mut self, length: u64) -> Result<(u64, u64), String> {
        let mut octets = vec![0u8; length.min(65_536) as usize];
        self.file
            .seek(SeekFrom::Start(0))
            .map_err(|error| error.to_string())?;
        self.file
            .read_exact(&mut octets)
            .map_err(|error| error.to_string())?;
        if octets.get(..4) != Some(b"RIFF") || octets.get(8..12) != Some(b"WAVE") {
            return Err("it is no WAV file".to_owned());
        }
        let mut right = false;
        let mut at = 12usize;
        while let Some(chunk) = octets.get(at..at + 8) {
            let size = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]) as usize;
            let body = at + 8;
            if &chunk[..4] == b"data" {
                if !right {
                    return Err(format!(
                        "its audio is not 16-bit PCM at {} Hz with {} channel(s)",
                        self.rate.hz(),
                        self.channels
                    ));
                }
                return Ok((body as u64, (size as u64).min(length - body as u64)));
            }
            if &chunk[..4] == b"fmt " {
                let ours = self.header();
                right = octets.get(body..body + 16) == ours.get(20..36);
            }
            at = body.saturating_add(size).saturating_add(size % 2);
        }
        Err("its audio does not begin within the first 64 KB".to_owned())
    }
}

/// The kind of file that the name asks for.
fn kind(path: &Path, rate: SampleRate, channels: u16) -> Result<Kind, SoundError> {
    let extension = extension(path);
    if matches!(extension.as_str(), "" | "wav" | "wave") {
        return Ok(Kind::Wav);
    }
    let Some((coding, hz)) = Coding::of_extension(&extension) else {
        let why =
            format!("`.{extension}` is not recorded; use .wav, .raw, .r8 to .r48, .PCMU or .PCMA");
        return Err(SoundError::unsupported(path, why));
    };
    if hz != rate.hz() || channels != 1 {
        let why = format!(
            "`.{extension}` is {hz} Hz mono, but {} Hz with {channels} channel(s) was asked for; use .wav",
            rate.hz()
        );
        return Err(SoundError::unsupported(path, why));
    }
    Ok(Kind::Raw(coding))
}
