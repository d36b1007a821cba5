//! The headers of WAV and AU files with uncompressed audio. Nothing that a header says is believed beyond
//! the length of the file; files whose writer died before it could fill in the lengths are read to their end.

use super::raw::{Coding, Layout, read_up_to};
use super::sound::SoundError;
use crate::codec::g711::Law;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// The most channels that are mixed.
const MAX_CHANNELS: u32 = 8;

/// The most chunks before the audio that are stepped over.
const MAX_CHUNKS: usize = 1_000;

/// The layout of an AU file, or of a WAV file with uncompressed audio; `None` for all others. Leaves `file`
/// at its start.
pub(crate) fn read(
    path: &Path,
    file: &mut File,
    length: u64,
) -> Result<Option<Layout>, SoundError> {
    let reading = |error: io::Error| SoundError::reading(path, &error);
    let mut head = [0u8; 24];
    let got = read_up_to(file, &mut head).map_err(reading)?;
    let layout = match (&head[..4], &head[8..12]) {
        (b".snd", _) if got == head.len() => Some(au(path, &head, length)?),
        (b"RIFF", b"WAVE") => wav(path, file, &head, length)?,
        (b"FORM", _) => {
            check_form(path, file, length)?;
            None
        }
        _ => None,
    };
    file.seek(SeekFrom::Start(0)).map_err(reading)?;
    Ok(layout)
}

fn channels(path: &Path, channels: u32) -> Result<usize, SoundError> {
    if (1..=MAX_CHANNELS).contains(&channels) {
        return Ok(channels as usize);
    }
    let why = format!("it has {channels} channels, but 1 to {MAX_CHANNELS} are played");
    Err(SoundError::unsupported(path, why))
}

fn au(path: &Path, head: &[u8; 24], length: u64) -> Result<Layout, SoundError> {
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
    let channels = channels(path, word(20))?;
    let start = u64::from(word(4)).max(24).min(length);
    // A size of all ones means up to the end of the file.
    let size = u64::from(word(8)).min(length - start);
    Ok(Layout {
        coding,
        hz: word(16),
        channels,
        start,
        size,
    })
}

/// What a WAV file's `fmt ` chunk says: coding (`None` for compressed audio), rate and channels.
type Format = (Option<Coding>, u32, u32);

fn wav(
    path: &Path,
    file: &mut File,
    head: &[u8],
    length: u64,
) -> Result<Option<Layout>, SoundError> {
    let reading = |error: io::Error| SoundError::reading(path, &error);
    let whole = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let mut format: Option<Format> = None;
    let mut at = 12u64;
    for _ in 0..MAX_CHUNKS {
        let mut chunk = [0u8; 8];
        file.seek(SeekFrom::Start(at)).map_err(reading)?;
        if read_up_to(file, &mut chunk).map_err(reading)? < chunk.len() {
            return Err(SoundError::damaged(path, "it ends before its audio begins"));
        }
        let size = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        let body = at + 8;
        match &chunk[..4] {
            b"data" => {
                let Some((coding, hz, count)) = format else {
                    return Err(SoundError::damaged(
                        path,
                        "its audio comes before its format",
                    ));
                };
                let Some(coding) = coding else {
                    return Ok(None);
                };
                let channels = channels(path, count)?;
                let unfinished = size == 0 && matches!(whole, 0 | u32::MAX);
                let size = if unfinished {
                    u64::MAX
                } else {
                    u64::from(size)
                };
                let size = size.min(length - body.min(length));
                return Ok(Some(Layout {
                    coding,
                    hz,
                    channels,
                    start: body,
                    size,
                }));
            }
            b"fmt " => {
                let mut octets = [0u8; 26];
                let want = octets.len().min(size as usize);
                if want < 16 || read_up_to(file, &mut octets[..want]).map_err(reading)? < want {
                    return Err(SoundError::damaged(path, "its format chunk is too short"));
                }
                format = Some(wav_format(&octets));
            }
            _ => {}
        }
        at = body + u64::from(size) + u64::from(size % 2);
        if at > length {
            let name = String::from_utf8_lossy(&chunk[..4])
                .escape_default()
                .to_string();
            return Err(SoundError::damaged(
                path,
                format!("its chunk `{name}` is longer than the file"),
            ));
        }
    }
    Err(SoundError::damaged(
        path,
        format!("its audio does not come within {MAX_CHUNKS} chunks"),
    ))
}

fn wav_format(octets: &[u8; 26]) -> Format {
    let half = |at: usize| u16::from_le_bytes([octets[at], octets[at + 1]]);
    // The extensible form has the true format in its first two octets of the sub-format.
    let tag = if half(0) == 0xfffe { half(24) } else { half(0) };
    let coding = match (tag, half(14)) {
        (1, 8) => Some(Coding::Unsigned8),
        (1, 16) => Some(Coding::Little16),
        (1, 24) => Some(Coding::Little24),
        (1, 32) => Some(Coding::Little32),
        (3, 32) => Some(Coding::Float32),
        (6, 8) => Some(Coding::G711(Law::A)),
        (7, 8) => Some(Coding::G711(Law::Mu)),
        _ => None,
    };
    let hz = u32::from_le_bytes([octets[4], octets[5], octets[6], octets[7]]);
    (coding, hz, u32::from(half(2)))
}

/// Refuses AIFF files of which a chunk, other than the audio itself, claims to be longer than the file: its
/// reader would make room for it before the lie is noticed.
fn check_form(path: &Path, file: &mut File, length: u64) -> Result<(), SoundError> {
    let reading = |error: io::Error| SoundError::reading(path, &error);
    let mut at = 12u64;
    let mut chunk = [0u8; 8];
    for _ in 0..MAX_CHUNKS {
        if at + 8 > length {
            return Ok(());
        }
        file.seek(SeekFrom::Start(at)).map_err(reading)?;
        file.read_exact(&mut chunk).map_err(reading)?;
        if &chunk[..4] == b"SSND" {
            return Ok(());
        }
        let size = u32::from_be_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        at += 8 + u64::from(size) + u64::from(size % 2);
        if at > length + 1 {
            return Err(SoundError::damaged(
                path,
                "one of its chunks is longer than the file",
            ));
        }
    }
    Err(SoundError::damaged(
        path,
        format!("it has more than {MAX_CHUNKS} chunks"),
    ))
}
