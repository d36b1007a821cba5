//! A sound as a text that is known to be one.

use strowger_core::Session;
use strowger_model::{Argument, Expanded, Sound};

/// The text of a sound, or of several joined by `playback_delimiter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundText(pub Expanded);

impl Argument for SoundText {
    const KIND: &'static str = "sound";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        Sound::parse(text).map_err(|error| error.to_string())?;
        Ok(SoundText(text.clone()))
    }
}

impl SoundText {
    /// The sound; parsing has been tried before, so a failure only arises where a delimiter tore a text apart.
    pub fn sound(&self) -> Result<Sound, String> {
        Sound::parse(&self.0).map_err(|error| error.to_string())
    }

    /// The prompt of a question; nothing where the text is no sound.
    pub fn prompt(&self) -> Option<Sound> {
        match self.sound() {
            Ok(Sound::None) | Err(_) => None,
            Ok(sound) => Some(sound),
        }
    }

    /// The sounds between the channel's `playback_delimiter`, in order.
    pub fn list(&self, session: &Session) -> Vec<SoundText> {
        let mut delimiter = session.text("playback_delimiter");
        match (delimiter.pop(), delimiter.is_empty()) {
            (Some(only), true) => self.split(only),
            _ => vec![self.clone()],
        }
    }

    fn split(&self, delimiter: char) -> Vec<SoundText> {
        self.0
            .split(delimiter)
            .into_iter()
            .map(|part| SoundText(part.trim()))
            .filter(|part| !part.0.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_configuration_separates_sounds() {
        let mut text = Expanded::trusted("a.wav!b-");
        text.push_network("1!2");
        text.push_trusted(".wav");
        let list = SoundText(text).split('!');
        let names: Vec<&str> = list.iter().map(|sound| sound.0.as_str()).collect();
        assert_eq!(names, ["a.wav", "b-1!2.wav"]);
    }

    #[test]
    fn sounds_that_nothing_can_play_are_found_when_the_dialplan_loads() {
        assert!(
            SoundText::parse_argument(&Expanded::trusted("shout://example.org/x.mp3")).is_err()
        );
        assert!(SoundText::parse_argument(&Expanded::network("/etc/passwd")).is_err());
        assert!(SoundText::parse_argument(&Expanded::trusted("ivr/hello.wav")).is_ok());
    }
}
