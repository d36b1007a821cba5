//! From a sound's name to its audio: which file, which tone, which stream. Blocking: runs off the async threads.

use super::stream::LocalStreams;
use super::{Audible, SoundRequest};
use std::path::{Path, PathBuf};
use strowger_media::file::SoundCache;
use strowger_media::file::open_player;
use strowger_media::player::{self, Player};
use strowger_media::rate::SampleRate;
use strowger_media::tone::ToneScript;
use strowger_model::Sound;

/// Silence between the parts of a list, ms; FreeSWITCH plays them without a gap.
const LIST_GAP_MS: u64 = 0;

/// Where a channel's sounds are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoundPlace {
    /// `sound_prefix`: in front of relative names.
    pub prefix: PathBuf,
    /// Native file extension for names without one (`PCMU`).
    pub native: Option<String>,
}

/// Why a sound cannot be heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoundFailure {
    /// No such file.
    #[error("there is no sound file {name} (looked in {looked}); check sound_prefix and the name")]
    Missing {
        /// As asked for.
        name: String,
        /// Where it was looked for.
        looked: String,
    },
    /// A file that cannot be decoded, a tone that cannot be read.
    #[error("the sound {name} cannot be played: {why}")]
    Unplayable {
        /// As asked for.
        name: String,
        /// Why.
        why: String,
    },
}

/// Makes a sound playable.
pub(crate) fn resolve(
    request: &SoundRequest,
    cache: &SoundCache,
    streams: &LocalStreams,
) -> Result<Audible, SoundFailure> {
    match &request.sound {
        Sound::None => Ok(Audible::Nothing),
        Sound::Phrase { name, data, .. } => Ok(Audible::Phrase {
            name: name.clone(),
            data: data.clone(),
        }),
        sound => player_for(sound, request, cache, streams).map(Audible::Player),
    }
}

fn player_for(
    sound: &Sound,
    request: &SoundRequest,
    cache: &SoundCache,
    streams: &LocalStreams,
) -> Result<Box<dyn Player>, SoundFailure> {
    let rate = request.rate;
    let (options, sound) = sound.options();
    let loops = options.loops.unwrap_or(1);
    match sound {
        Sound::None => Ok(player::silence_player(0, 0, rate)),
        Sound::Tone { script, loops: own } => tone(script, options.loops.unwrap_or(*own), rate),
        Sound::ToneFile { path, loops: own } => {
            let found = find(path, request)?;
            let text = std::fs::read_to_string(&found)
                .map_err(|error| unplayable(path, &error.to_string()))?;
            // A tone file has one statement a line; comments begin with #.
            let script: Vec<&str> = text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .collect();
            tone(&script.join(";"), options.loops.unwrap_or(*own), rate)
        }
        Sound::Silence { ms, divisor } => Ok(player::silence_player(*ms, *divisor, rate)),
        Sound::Stream { name } => streams
            .find(name, rate, cache)
            .map(|stream| player::stream_player(stream, rate))
            .ok_or_else(|| SoundFailure::Missing {
                name: format!("local_stream://{name}"),
                looked: "local_stream.conf".to_owned(),
            }),
        Sound::File { path, offset, .. } => {
            let found = find(path, request)?;
            open_player(cache, &found, rate, *offset, loops)
                .map_err(|error| unplayable(path, &error.to_string()))
        }
        Sound::Sequence(parts) => {
            let mut players = Vec::new();
            for part in parts {
                match player_for(part, request, cache, streams) {
                    Ok(player) => players.push(player),
                    // One missing prompt of a list is one warning; the others are heard.
                    Err(failure) => tracing::warn!("{failure}"),
                }
            }
            Ok(player::sequence_player(players, LIST_GAP_MS))
        }
        Sound::Phrase { name, .. } => Err(unplayable(name, "a phrase cannot be part of a list")),
        Sound::Say(text) => Err(unplayable(
            text.as_str(),
            "no text-to-speech engine is configured; use a phrase or a file",
        )),
        Sound::With { .. } => Err(unplayable("{}", "its parameters are nested")),
    }
}

fn tone(script: &str, loops: i32, rate: SampleRate) -> Result<Box<dyn Player>, SoundFailure> {
    let parsed =
        ToneScript::parse(script).map_err(|error| unplayable(script, &error.to_string()))?;
    Ok(player::tone_player(&parsed, rate, loops))
}

fn unplayable(name: &str, why: &str) -> SoundFailure {
    SoundFailure::Unplayable {
        name: name.to_owned(),
        why: why.to_owned(),
    }
}

/// The file that a name means: below the prefix when relative, in a rate directory when there is one.
fn find(name: &str, request: &SoundRequest) -> Result<PathBuf, SoundFailure> {
    let path = Path::new(name);
    let path = if path.is_absolute() {
        path.to_owned()
    } else {
        request.place.prefix.join(path)
    };
    let mut candidates = vec![path.clone()];
    if path.extension().is_none() {
        candidates.clear();
        if let Some(native) = &request.place.native {
            candidates.push(path.with_extension(native));
        }
        candidates.push(path.with_extension("wav"));
    }
    for candidate in &candidates {
        if let Some(found) = at_rate(candidate, request.rate) {
            return Ok(found);
        }
    }
    let looked = path
        .parent()
        .map(|parent| parent.display().to_string())
        .unwrap_or_default();
    Err(SoundFailure::Missing {
        name: name.to_owned(),
        looked,
    })
}

/// `dir/<rate>/file` for the leg's rate, then 48000, 32000, 16000, 8000, then `dir/file`.
fn at_rate(path: &Path, rate: SampleRate) -> Option<PathBuf> {
    let (directory, file) = (path.parent()?, path.file_name()?);
    let mut rates = vec![rate.hz()];
    rates.extend(
        [48_000, 32_000, 16_000, 8_000]
            .into_iter()
            .filter(|&hz| hz != rate.hz()),
    );
    rates
        .into_iter()
        .map(|hz| directory.join(hz.to_string()).join(file))
        .chain(std::iter::once(path.to_owned()))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(prefix: &Path, rate: SampleRate) -> SoundRequest {
        SoundRequest {
            sound: Sound::None,
            place: SoundPlace {
                prefix: prefix.to_owned(),
                native: Some("PCMU".to_owned()),
            },
            rate,
        }
    }

    #[test]
    fn a_prompt_is_found_in_the_directory_of_its_rate() {
        let dir = tempfile::tempdir().expect("a directory");
        for rate in ["8000", "16000"] {
            std::fs::create_dir_all(dir.path().join("digits").join(rate)).expect("made");
            std::fs::write(dir.path().join("digits").join(rate).join("1.wav"), b"x")
                .expect("written");
        }
        let found = find("digits/1.wav", &request(dir.path(), SampleRate::NARROW)).expect("found");
        assert!(found.ends_with("digits/8000/1.wav"));
        let found = find("digits/1.wav", &request(dir.path(), SampleRate::FULL)).expect("found");
        assert!(
            found.ends_with("digits/16000/1.wav"),
            "the best rate below is taken: {found:?}"
        );
        let found = find("digits/1", &request(dir.path(), SampleRate::NARROW))
            .expect("found without extension");
        assert!(found.ends_with("digits/8000/1.wav"));
        let missing =
            find("digits/2.wav", &request(dir.path(), SampleRate::NARROW)).expect_err("missing");
        assert!(missing.to_string().contains("digits/2.wav"));
    }
}
