//! Reading sound files of every format that is played, block by block, mixed to mono.
//!
//! Uncompressed audio (headerless, AU, most WAV files) is read here; the rest (ADPCM in WAV, AIFF, FLAC, MP3,
//! Ogg Vorbis) by symphonia.

use super::raw::RawReader;
use super::sound::{DecodedSound, SoundError};
use crate::rate::SampleRate;
use crate::resample::resample_all;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

/// Sample rates that are believed, Hz.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;

/// The most channels that are mixed.
const MAX_CHANNELS: usize = 8;

/// Damaged or empty packets in a row after which the rest of the file is given up.
const MAX_USELESS_PACKETS: u32 = 200;

/// The longest sound that is decoded into memory; longer ones are streamed.
const MAX_DECODED_SECONDS: usize = 30 * 60;

/// A sound file being read.
pub(crate) struct SoundReader {
    path: PathBuf,
    hz: u32,
    frames: Option<u64>,
    source: Source,
}

enum Source {
    Container(Box<Container>),
    Raw(RawReader),
}

struct Container {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    scratch: Vec<i16>,
    any: bool,
}

impl SoundReader {
    /// Opens `path` and reads what kind of sound it is.
    pub(crate) fn open(path: &Path) -> Result<SoundReader, SoundError> {
        guarded(path, || SoundReader::open_unguarded(path))
    }

    fn open_unguarded(path: &Path) -> Result<SoundReader, SoundError> {
        let mut file = File::open(path).map_err(|error| SoundError::reading(path, &error))?;
        let metadata = file
            .metadata()
            .map_err(|error| SoundError::reading(path, &error))?;
        if !metadata.is_file() {
            return Err(SoundError::damaged(path, "it is not a regular file"));
        }
        let extension = extension(path);
        if let Some(why) = known_but_unsupported(&extension) {
            return Err(SoundError::unsupported(path, why));
        }
        if let Some(raw) = RawReader::open(path, &extension, &mut file, metadata.len())? {
            let (hz, frames) = (raw.hz(), Some(raw.frames()));
            return SoundReader {
                path: path.to_owned(),
                hz,
                frames,
                source: Source::Raw(raw),
            }
            .checked();
        }
        let mut hint = Hint::new();
        hint.with_extension(&extension);
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let format = symphonia::default::get_probe()
            .probe(
                &hint,
                stream,
                FormatOptions::default(),
                MetadataOptions::default(),
            )
            .map_err(|error| {
                SoundError::unsupported(
                    path,
                    format!("{error} (WAV, AIFF, AU, FLAC, MP3 or Ogg Vorbis is)"),
                )
            })?;
        let track = format
            .default_track(TrackType::Audio)
            .ok_or_else(|| SoundError::unsupported(path, "it holds no audio"))?;
        let parameters = track
            .codec_params
            .as_ref()
            .and_then(|parameters| parameters.audio())
            .ok_or_else(|| SoundError::unsupported(path, "its audio codec is not known"))?;
        let hz = parameters
            .sample_rate
            .ok_or_else(|| SoundError::damaged(path, "it does not say its sample rate"))?;
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(|error| SoundError::unsupported(path, error.to_string()))?;
        let (track, frames) = (track.id, track.num_frames);
        let container = Container {
            format,
            decoder,
            track,
            scratch: Vec::new(),
            any: false,
        };
        let source = Source::Container(Box::new(container));
        SoundReader {
            path: path.to_owned(),
            hz,
            frames,
            source,
        }
        .checked()
    }

    fn checked(self) -> Result<SoundReader, SoundError> {
        if RATES.contains(&self.hz) {
            return Ok(self);
        }
        let why = format!(
            "its sample rate is {} Hz, but {} to {} Hz are played",
            self.hz,
            RATES.start(),
            RATES.end()
        );
        Err(SoundError::Unsupported {
            path: self.path,
            why,
        })
    }

    /// The file's own sample rate, Hz.
    pub(crate) fn hz(&self) -> u32 {
        self.hz
    }

    /// How many frames the file says that it has.
    pub(crate) fn frames(&self) -> Option<u64> {
        self.frames
    }

    /// Appends the next block, mixed to mono, to `out`; `false` at the end. A file that is cut short ends
    /// there, and damage is passed over as long as anything can be had.
    pub(crate) fn read(&mut self, out: &mut Vec<i16>) -> Result<bool, SoundError> {
        let path = &self.path;
        match &mut self.source {
            Source::Raw(raw) => raw
                .read(out)
                .map_err(|error| SoundError::reading(path, &error)),
            Source::Container(container) => {
                let hz = self.hz;
                guarded(path, || container.read(path, hz, out))
            }
        }
    }
}

impl Container {
    fn read(&mut self, path: &Path, hz: u32, out: &mut Vec<i16>) -> Result<bool, SoundError> {
        let mut useless = 0;
        while useless < MAX_USELESS_PACKETS {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(false),
                // A new stream chained behind the first is not part of this sound.
                Err(Error::ResetRequired) => return Ok(false),
                Err(error) => {
                    return if self.any {
                        Ok(false)
                    } else {
                        self.nothing(path, &error)
                    };
                }
            };
            if packet.track_id != self.track {
                useless += 1;
                continue;
            }
            match self.decoder.decode(&packet) {
                Ok(buffer) if buffer.frames() > 0 => {
                    let channels = buffer.spec().channels().count();
                    if buffer.spec().rate() != hz || !(1..=MAX_CHANNELS).contains(&channels) {
                        let why = format!(
                            "a part has {channels} channels at {} Hz",
                            buffer.spec().rate()
                        );
                        return Err(SoundError::unsupported(path, why));
                    }
                    buffer.copy_to_vec_interleaved(&mut self.scratch);
                    mix(&self.scratch, channels, out);
                    self.any = true;
                    return Ok(true);
                }
                Ok(_) | Err(Error::DecodeError(_) | Error::IoError(_)) => useless += 1,
                Err(error) => {
                    return if self.any {
                        Ok(false)
                    } else {
                        self.nothing(path, &error)
                    };
                }
            }
        }
        if self.any {
            Ok(false)
        } else {
            Err(SoundError::damaged(path, "no audio can be decoded"))
        }
    }

    /// The end of a file of which nothing was decoded: empty sounds are right, damaged ones are not.
    fn nothing(&self, path: &Path, error: &Error) -> Result<bool, SoundError> {
        match error {
            Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            error => Err(SoundError::damaged(path, error)),
        }
    }
}

/// Appends interleaved samples to `out` as the mean of their channels.
pub(crate) fn mix(interleaved: &[i16], channels: usize, out: &mut Vec<i16>) {
    if channels <= 1 {
        out.extend_from_slice(interleaved);
        return;
    }
    out.extend(interleaved.chunks_exact(channels).map(|frame| {
        let sum: i32 = frame.iter().map(|sample| i32::from(*sample)).sum();
        (sum / channels as i32) as i16
    }));
}

/// Decodes the whole of `path` at `rate`.
pub fn decode(path: &Path, rate: SampleRate) -> Result<DecodedSound, SoundError> {
    match decode_up_to(path, rate, MAX_DECODED_SECONDS)? {
        Some(sound) => Ok(sound),
        None => Err(SoundError::unsupported(
            path,
            format!(
                "it lasts more than {} minutes, too long to be held in memory",
                MAX_DECODED_SECONDS / 60
            ),
        )),
    }
}

/// Decodes the whole of `path` at `rate`; `None` when it lasts longer than `seconds`.
pub(crate) fn decode_up_to(
    path: &Path,
    rate: SampleRate,
    seconds: usize,
) -> Result<Option<DecodedSound>, SoundError> {
    let mut reader = SoundReader::open(path)?;
    let most = seconds * reader.hz() as usize;
    if reader.frames().is_some_and(|frames| frames > most as u64) {
        return Ok(None);
    }
    let mut samples = Vec::new();
    while reader.read(&mut samples)? {
        if samples.len() > most {
            return Ok(None);
        }
    }
    let samples = resample_all(&samples, reader.hz(), rate.hz());
    Ok(Some(DecodedSound::from_samples(rate, samples)))
}

/// The extension of `path` in small letters.
pub(crate) fn extension(path: &Path) -> String {
    path.extension()
        .map(|text| text.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default()
}

fn known_but_unsupported(extension: &str) -> Option<String> {
    let format = match extension {
        "gsm" => "GSM 06.10",
        "g722" => "raw G.722",
        "g729" => "raw G.729",
        "opus" => "Opus",
        "mp4" | "m4a" | "aac" => "AAC",
        "wma" => "Windows Media",
        "vox" | "adpcm" => "headerless ADPCM",
        _ => return None,
    };
    Some(format!("{format} is not played; convert it to WAV"))
}

/// Runs a reader of foreign data; should it panic, that file is damaged and nothing else happens.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, SoundError>) -> Result<T, SoundError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(SoundError::damaged(path, "its contents make no sense")))
}

/// Entry for fuzzing: reads `path` to its end, whatever it holds.
pub fn fuzz(path: &Path) {
    if let Ok(mut reader) = SoundReader::open(path) {
        let mut out = Vec::new();
        while matches!(reader.read(&mut out), Ok(true)) {
            out.clear();
        }
    }
}
