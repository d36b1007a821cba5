//! `say`, `phrase`: spoken values and phrase macros.

use strowger_core::session::StopOn;
use strowger_core::sound::{SayGender, SayMethod, SayType};
use strowger_core::{AppResult, Session};
use strowger_model::argument::separate_rest;
use strowger_model::{Argument, ArgumentError, ArgumentSpec, Arguments, Expanded, Grammar, Sound};

/// Arguments of `say`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// Language.
    pub language: String,
    /// Kind of value.
    pub kind: SayType,
    /// How.
    pub method: SayMethod,
    /// Gender of what is counted.
    pub gender: SayGender,
    /// The value.
    pub text: Expanded,
}

const fn word(name: &'static str, kind: &'static str, help: &'static str) -> ArgumentSpec {
    ArgumentSpec {
        name,
        kind,
        help,
        required: true,
        default: None,
        rest: false,
        choices: &[],
    }
}

impl Arguments for Say {
    const GRAMMAR: Grammar = Grammar {
        separator: ' ',
        arguments: &[
            word("language", "text", "the language, such as en"),
            word(
                "type",
                SayType::KIND,
                "the kind of value, such as NUMBER or CURRENT_TIME",
            ),
            word(
                "method",
                SayMethod::KIND,
                "N/A, PRONOUNCED, ITERATED, COUNTED or PRONOUNCED_YEAR",
            ),
            ArgumentSpec {
                required: false,
                ..word("gender", SayGender::KIND, "MASCULINE, FEMININE or NEUTER")
            },
            ArgumentSpec {
                rest: true,
                ..word("text", "text", "the value")
            },
        ],
    };

    fn parse(text: &Expanded) -> Result<Self, ArgumentError> {
        let text = text.trim();
        let mut words = separate_rest(&text, ' ', 5);
        let gender = match words.get(3) {
            Some(word) if words.len() == 5 && !word.has_network() => {
                SayGender::from_name(word.as_str())
            }
            _ => None,
        };
        if gender.is_none() {
            // Without a gender the fourth word begins the value.
            words = separate_rest(&text, ' ', 4);
        }
        let missing = |name| ArgumentError::about(name, "is missing");
        let mut words = words.into_iter();
        let mut next = |name| words.next().ok_or_else(|| missing(name));
        let language = next("language")?;
        let kind = SayType::parse_argument(&next("type")?)
            .map_err(|reason| ArgumentError::about("type", reason))?;
        let method = SayMethod::parse_argument(&next("method")?)
            .map_err(|reason| ArgumentError::about("method", reason))?;
        if gender.is_some() {
            next("gender")?;
        }
        let value = next("text")?;
        let language = language.as_str().split(':').next().unwrap_or_default();
        if language.is_empty() {
            return Err(missing("language"));
        }
        Ok(Say {
            language: language.to_owned(),
            kind,
            method,
            gender: gender.unwrap_or_default(),
            text: value,
        })
    }
}

/// Speaks a value; digits of `playback_terminators` end it.
pub async fn say(session: &mut Session, args: Say) -> AppResult {
    let stop = session.playback_terminators();
    let Say {
        language,
        kind,
        method,
        gender,
        text,
    } = args;
    session
        .say(&language, kind, method, gender, text.as_str(), stop)
        .await?;
    Ok(())
}

/// Arguments of `phrase`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
#[arguments(separator = ',')]
pub struct PhraseCall {
    /// the macro; `name@group` takes it from a group
    pub name: String,
    /// what its inputs are matched with
    #[argument(rest)]
    pub data: Option<Expanded>,
}

/// Plays a phrase macro of the channel's language; digits stay queued.
pub async fn phrase(session: &mut Session, args: PhraseCall) -> AppResult {
    let sound = Sound::Phrase {
        name: args.name,
        data: args.data.unwrap_or_default(),
    };
    session.play(&sound, StopOn::Nothing).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Say, ArgumentError> {
        Say::parse(&Expanded::trusted(text))
    }

    #[test]
    fn a_gender_may_stand_before_the_value() {
        let args = parse("en NUMBER pronounced 42").expect("four words");
        assert_eq!(args.text.as_str(), "42");
        assert_eq!(args.gender, SayGender::Neuter);
        let args = parse("en:de ITEMS counted feminine 42").expect("five words");
        assert_eq!(
            (args.gender, args.text.as_str()),
            (SayGender::Feminine, "42")
        );
        assert_eq!(args.language, "en");
        let args = parse("en name_spelled N/A John Doe").expect("a name");
        assert_eq!(args.text.as_str(), "John Doe");
        assert!(parse("en NONSENSE pronounced 1").is_err());
        assert!(parse("en NUMBER pronounced").is_err());
    }

    #[test]
    fn a_phrase_has_data_behind_a_comma() {
        let args = PhraseCall::parse(&Expanded::trusted("spell,a,b")).expect("a phrase");
        assert_eq!(args.name, "spell");
        assert_eq!(args.data, Some(Expanded::trusted("a,b")));
        let args = PhraseCall::parse(&Expanded::trusted("hello")).expect("a phrase");
        assert_eq!(args.data, None);
    }
}
