//! `gentones`: tones from a script.

use strowger_core::session::StopOn;
use strowger_core::{AppResult, Session};
use strowger_model::{Argument, Arguments, Expanded, Sound};

/// A tone script and how often it is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tones(pub Sound);

impl Argument for Tones {
    const KIND: &'static str = "script|loops";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        if text.has_network() {
            return Err(format!("`{text}`: a caller cannot write a tone script"));
        }
        let (script, loops) = match text.as_str().rsplit_once('|') {
            Some((script, loops)) => {
                let loops = loops
                    .trim()
                    .parse()
                    .map_err(|_| format!("`{loops}` is not a number of repetitions"))?;
                (script, loops)
            }
            None => (text.as_str(), 1),
        };
        if script.trim().is_empty() {
            return Err("there is no tone".to_owned());
        }
        Ok(Tones(Sound::Tone {
            script: script.trim().to_owned(),
            loops: if loops == 0 { 1 } else { loops },
        }))
    }
}

/// Arguments of `gentones`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Gentones {
    /// the script, such as `%(1000,0,640)`; `|-1` behind it repeats without end
    pub tones: Tones,
}

/// Plays tones; digits do not end them.
pub async fn gentones(session: &mut Session, args: Gentones) -> AppResult {
    session.play(&args.tones.0, StopOn::Nothing).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_stand_behind_the_script() {
        let sound = |text: &str| Gentones::parse(&Expanded::trusted(text)).map(|args| args.tones.0);
        let expected = |loops| {
            Ok(Sound::Tone {
                script: "%(1000, 0, 640)".to_owned(),
                loops,
            })
        };
        assert_eq!(sound("%(1000, 0, 640)"), expected(1));
        assert_eq!(sound("%(1000, 0, 640)|-1"), expected(-1));
        assert!(sound("%(1,2,3)|x").is_err());
        assert!(Gentones::parse(&Expanded::network("%(1,2,3)")).is_err());
    }
}
