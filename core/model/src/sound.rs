//! What can be played: files, tones, silence, streams, phrases, and several of them in a row.

use thiserror::Error;

use crate::{argument::Argument, expand::expanded::Expanded};

/// Something to play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A file; relative paths are looked up under the sound prefix.
    File {
        /// As written.
        path: String,
        /// The `{name=value}` parameters before it.
        parameters: Vec<(String, String)>,
        /// Where to begin, in samples (`file@@8000`).
        offset: u64,
    },
    /// A tone script (TGML).
    Tone {
        /// The script.
        script: String,
        /// How often; -1 is without end.
        loops: i32,
    },
    /// A file of tone scripts.
    ToneFile {
        /// As written.
        path: String,
        /// How often; -1 is without end.
        loops: i32,
    },
    /// Silence.
    Silence {
        /// How long in milliseconds; negative is without end.
        ms: i64,
        /// 0 is digital silence, more is comfort noise (higher is quieter).
        divisor: u32,
    },
    /// A stream shared by its listeners.
    Stream {
        /// Its name.
        name: String,
    },
    /// A phrase macro.
    Phrase {
        /// Its name.
        name: String,
        /// What it is about.
        data: Expanded,
    },
    /// Text to be spoken by a speech engine.
    Say(Expanded),
    /// One after another.
    Sequence(Vec<Sound>),
    /// Another sound with parameters that are not the file's own matter.
    With {
        /// The parameters.
        options: SoundOptions,
        /// The sound.
        sound: Box<Sound>,
    },
    /// Nothing, where a prompt may be left out.
    None,
}

/// Parameters that mean something to any sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoundOptions {
    /// How often; -1 is without end.
    pub loops: Option<i32>,
    /// Louder or quieter, in steps of -4 to 4.
    pub volume: Option<i32>,
    /// The longest time in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Parameters of other names, in order.
    pub others: Vec<(String, String)>,
}

/// Why a text is no sound.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SoundParseError {
    /// A kind of source there is no player for.
    #[error(
        "`{0}://` is not a kind of sound played here; use a file, tone_stream, silence_stream, local_stream or phrase"
    )]
    UnknownScheme(String),
    /// What follows the scheme is unusable.
    #[error("`{text}` cannot be played: {why}")]
    Malformed {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A peer tried to choose more than a relative file name.
    #[error(
        "`{0}` takes more than a relative file name from the network; only names without `..` may come from a peer"
    )]
    Network(String),
    /// Too many parts in a row.
    #[error("more than {MAX_PARTS} sounds in a row; play fewer at once")]
    TooMany,
}

/// The most sounds in one sequence.
const MAX_PARTS: usize = 128;
/// How deep sequences may contain sequences.
const MAX_NESTING: usize = 4;

impl SoundOptions {
    /// Read parameters. Values that are no numbers where numbers belong stay among the others.
    pub fn from_parameters(parameters: &[(String, String)]) -> Self {
        let mut options = Self::default();
        for (name, value) in parameters {
            let kept = match name.to_ascii_lowercase().as_str() {
                "loops" => value.parse().map(|n| options.loops = Some(n)).is_ok(),
                "vol" => value.parse().map(|n| options.volume = Some(n)).is_ok(),
                "timeout" => value.parse().map(|n| options.timeout_ms = Some(n)).is_ok(),
                _ => false,
            };
            if !kept {
                options.others.push((name.clone(), value.clone()));
            }
        }
        options
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Sound {
    /// Parse a text as `playback` takes it. Network text can only ever be part of a relative file name, or the data of a
    /// phrase: never a scheme, parameters or an absolute path.
    ///
    /// # Errors
    /// When there is no player for it, it is malformed, or a peer chose too much of it.
    pub fn parse(text: &Expanded) -> Result<Sound, SoundParseError> {
        parse_nested(text, 0)
    }

    /// Parse what `ringback` takes: besides everything else a bare tone script or `silence[:divisor]`.
    ///
    /// # Errors
    /// As `parse`.
    pub fn ringback(text: &Expanded) -> Result<Sound, SoundParseError> {
        let plain = text.as_str().trim();
        if !text.has_network() {
            if let Some(divisor) = strip_prefix_without_case(plain, "silence:") {
                let divisor = divisor
                    .trim()
                    .parse()
                    .map_err(|_| malformed(plain, "the divisor is no number"))?;
                return Ok(Sound::Silence { ms: -1, divisor });
            }
            if plain.eq_ignore_ascii_case("silence") {
                return Ok(Sound::Silence { ms: -1, divisor: 0 });
            }
            let script = ["%(", "v=", "L=", "l=", "d=", "w=", "c=", "r="];
            if script.iter().any(|start| plain.starts_with(start)) {
                return Ok(Sound::Tone {
                    script: plain.to_owned(),
                    loops: -1,
                });
            }
        }
        Self::parse(text)
    }

    /// Whether it is made here, without reading anything: tones and silence.
    pub fn needs_no_file(&self) -> bool {
        match self {
            Self::Tone { .. } | Self::Silence { .. } | Self::None => true,
            Self::With { sound, .. } => sound.needs_no_file(),
            _ => false,
        }
    }

    /// The options around a sound, and the sound inside.
    pub fn options(&self) -> (SoundOptions, &Sound) {
        match self {
            Self::With { options, sound } => (options.clone(), sound),
            Self::File { parameters, .. } => (SoundOptions::from_parameters(parameters), self),
            other => (SoundOptions::default(), other),
        }
    }
}

impl Argument for Sound {
    const KIND: &'static str = "sound";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

fn malformed(text: &str, why: &'static str) -> SoundParseError {
    SoundParseError::Malformed {
        text: text.to_owned(),
        why,
    }
}

fn strip_prefix_without_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

fn parse_nested(text: &Expanded, depth: usize) -> Result<Sound, SoundParseError> {
    let mut rest = text.trim();
    let mut parameters = Vec::new();
    while !rest.is_network_at(0) && rest.as_str().starts_with('{') {
        let close = rest
            .find_trusted('}')
            .ok_or_else(|| malformed(rest.as_str(), "`{` is not closed"))?;
        read_parameters(&rest.slice(1..close), &mut parameters)?;
        rest = rest.slice(close + 1..rest.len()).trim();
    }
    let plain = rest.as_str();
    let nothing = ["", "silence", "undef"]
        .iter()
        .any(|word| plain.eq_ignore_ascii_case(word));
    if nothing && !rest.has_network() {
        return Ok(Sound::None);
    }
    match scheme(&rest) {
        None => file(&rest, parameters),
        Some((scheme, body)) => {
            let options = SoundOptions::from_parameters(&parameters);
            streamed(&scheme, &body, options, depth)
        }
    }
}

/// The scheme in lower case and what follows it, if the text begins with one that did not come from the network.
fn scheme(text: &Expanded) -> Option<(String, Expanded)> {
    let plain = text.as_str();
    let trusted = |end: usize| (0..end).all(|at| !text.is_network_at(at));
    for name in ["phrase:", "say:"] {
        if strip_prefix_without_case(plain, name).is_some() && trusted(name.len()) {
            let body = text.slice(name.len()..text.len());
            return Some((name.trim_end_matches(':').to_owned(), body));
        }
    }
    let at = plain.find("://")?;
    let name = &plain[..at];
    let word = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_+.-".contains(c));
    (word && trusted(at + 3)).then(|| (name.to_ascii_lowercase(), text.slice(at + 3..text.len())))
}

fn streamed(
    scheme: &str,
    body: &Expanded,
    mut options: SoundOptions,
    depth: usize,
) -> Result<Sound, SoundParseError> {
    let may_be_network = matches!(scheme, "phrase" | "say" | "file_string");
    if body.has_network() && !may_be_network {
        return Err(SoundParseError::Network(body.to_string()));
    }
    let text = body.as_str();
    let sound = match scheme {
        "tone_stream" => {
            let (script, mut loops) = tone_loops(text)?;
            if let Some(n) = options.loops.take() {
                loops = n;
            }
            match script.strip_prefix("path=") {
                Some(path) => Sound::ToneFile {
                    path: path.to_owned(),
                    loops,
                },
                None if script.trim().is_empty() => {
                    return Err(malformed(text, "there is no tone"));
                }
                None => Sound::Tone {
                    script: script.to_owned(),
                    loops,
                },
            }
        }
        "silence_stream" => {
            let (ms, divisor) = text.split_once(',').unwrap_or((text, "0"));
            let ms = ms
                .trim()
                .parse()
                .map_err(|_| malformed(text, "the time is no number"))?;
            let divisor: i64 = divisor
                .trim()
                .parse()
                .map_err(|_| malformed(text, "the divisor is no number"))?;
            Sound::Silence {
                ms,
                divisor: u32::try_from(divisor.max(0)).unwrap_or(u32::MAX),
            }
        }
        "local_stream" if text.trim().is_empty() => {
            return Err(malformed(text, "there is no name"));
        }
        "local_stream" => Sound::Stream {
            name: text.trim().to_owned(),
        },
        "phrase" => {
            let (name, data) = body
                .split_once(':')
                .unwrap_or_else(|| (body.clone(), Expanded::default()));
            if name.has_network() {
                return Err(SoundParseError::Network(name.to_string()));
            }
            if name.as_str().trim().is_empty() {
                return Err(malformed(text, "the phrase has no name"));
            }
            Sound::Phrase {
                name: name.as_str().trim().to_owned(),
                data,
            }
        }
        "say" => Sound::Say(body.clone()),
        "file_string" => sequence(body, depth)?,
        other => return Err(SoundParseError::UnknownScheme(other.to_owned())),
    };
    if options.is_empty() {
        return Ok(sound);
    }
    Ok(Sound::With {
        options,
        sound: Box::new(sound),
    })
}

fn sequence(body: &Expanded, depth: usize) -> Result<Sound, SoundParseError> {
    if depth >= MAX_NESTING {
        return Err(SoundParseError::TooMany);
    }
    let parts = body.split('!');
    if parts.len() > MAX_PARTS {
        return Err(SoundParseError::TooMany);
    }
    let mut sounds = Vec::new();
    for part in parts.iter().filter(|part| !part.trim().is_empty()) {
        sounds.push(parse_nested(part, depth + 1)?);
    }
    Ok(Sound::Sequence(sounds))
}

/// The script before `;loops=N`, and N (1 without).
fn tone_loops(text: &str) -> Result<(&str, i32), SoundParseError> {
    let Some((script, loops)) = text.rsplit_once(";loops=") else {
        return Ok((text, 1));
    };
    let loops = loops.trim().trim_end_matches(';');
    let loops = loops
        .parse()
        .map_err(|_| malformed(text, "loops is no number"))?;
    Ok((script, loops))
}

fn read_parameters(
    block: &Expanded,
    parameters: &mut Vec<(String, String)>,
) -> Result<(), SoundParseError> {
    if block.has_network() {
        return Err(SoundParseError::Network(block.to_string()));
    }
    for item in block
        .as_str()
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        let Some((name, value)) = item.split_once('=') else {
            return Err(malformed(item, "a parameter is written name=value"));
        };
        parameters.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(())
}

fn file(text: &Expanded, parameters: Vec<(String, String)>) -> Result<Sound, SoundParseError> {
    let mut path = text.clone();
    let mut offset = 0;
    if let Some(at) = text.as_str().rfind("@@")
        && !text.is_network_at(at)
        && let Ok(samples) = text.as_str()[at + 2..].parse()
    {
        offset = samples;
        path = text.slice(0..at);
    }
    let plain = path.as_str();
    if plain.is_empty() {
        return Err(malformed(text.as_str(), "there is no file name"));
    }
    if plain.contains(|c: char| c.is_control()) {
        return Err(malformed(
            &plain.escape_debug().to_string(),
            "file names have no control characters",
        ));
    }
    if path.has_network() && !may_come_from_peer(&path) {
        return Err(SoundParseError::Network(plain.to_owned()));
    }
    Ok(Sound::File {
        path: path.into_string(),
        parameters,
        offset,
    })
}

/// Whether what the network put into a file name neither climbs, nor is absolute, nor looks like something else.
fn may_come_from_peer(path: &Expanded) -> bool {
    let text = path.as_str();
    let absolute = path.is_network_at(0) && text.starts_with(['/', '\\', '~', '{', '|']);
    let drive = path.is_network_at(0) && text.as_bytes().get(1) == Some(&b':');
    let scheme = text.contains("://");
    let climbs = text.split(['/', '\\']).any(|part| part == "..");
    !(absolute || drive || scheme || climbs)
}

#[cfg(test)]
mod tests;
