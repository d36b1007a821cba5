//! Phrase macros: prompts made of files and spoken values, per language (`languages` section).

use std::collections::BTreeMap;
use strowger_model::{Diagnostics, Element, Source, Template};

/// What one step of a macro does.
#[derive(Clone, Debug)]
pub enum PhraseAction {
    /// Play a file string.
    Play(Template),
    /// Speak a value: type, method, gender, text.
    Say {
        /// Type name.
        kind: super::SayType,
        /// Method.
        method: super::SayMethod,
        /// Gender.
        gender: super::SayGender,
        /// The value.
        text: Template,
    },
    /// Another macro.
    Phrase {
        /// Its name.
        name: Template,
        /// Its data.
        data: Template,
    },
    /// Run an application: name and arguments.
    Execute {
        /// Application.
        application: String,
        /// Arguments.
        data: Template,
    },
    /// End the macro.
    Break,
    /// A function that only takes its pause (spec: unknown functions do nothing).
    Nothing,
}

/// One `<input>` of a macro.
#[derive(Debug)]
pub struct PhraseInput {
    /// Expression to be found in the subject; compiled when the macro runs.
    pub pattern: String,
    /// What is tested; the data when absent.
    pub field: Option<Template>,
    /// Stop after this input when it matched.
    pub break_on_match: bool,
    /// Steps when it matches.
    pub matched: Vec<PhraseAction>,
    /// Steps when it does not.
    pub unmatched: Vec<PhraseAction>,
}

/// A macro.
#[derive(Debug)]
pub struct PhraseMacro {
    /// Pause after each step, ms.
    pub pause_ms: u64,
    /// The inputs in order.
    pub inputs: Vec<PhraseInput>,
    /// `sound_prefix` while it runs, when its language or group has one.
    pub sound_prefix: Option<String>,
    /// Language for `say`.
    pub say_language: String,
    /// Where it stands.
    pub source: Source,
}

/// All macros of all languages.
#[derive(Debug, Default)]
pub struct Phrases {
    macros: BTreeMap<(String, String, String), PhraseMacro>,
}

/// Pause after a step unless the macro says otherwise, ms.
const PAUSE_MS: u64 = 100;

impl Phrases {
    /// Reads the `languages` section.
    pub fn compile(section: Option<&Element>, report: &mut Diagnostics) -> Phrases {
        let mut phrases = Phrases::default();
        for language in section
            .into_iter()
            .flat_map(|section| section.elements_named("language"))
        {
            let name = language.attr("name").unwrap_or("en").to_ascii_lowercase();
            let prefix = language
                .attr("sound-prefix")
                .or_else(|| language.attr("sound-path"));
            let say = language.attr("say-module").unwrap_or(&name).to_owned();
            for group in groups(language) {
                let group_name = group.attr("name").unwrap_or_default().to_ascii_lowercase();
                let prefix = group.attr("sound-prefix").or(prefix);
                for element in group.elements_named("macro") {
                    let Some(macro_name) = element.attr("name") else {
                        report.warning(
                            Some(element.source.clone()),
                            "a phrase macro",
                            "it has no name",
                            "give it one",
                        );
                        continue;
                    };
                    let key = (
                        name.clone(),
                        group_name.clone(),
                        macro_name.to_ascii_lowercase(),
                    );
                    let compiled = compile_macro(element, prefix, &say, report);
                    // The first of several macros of one name counts, as everywhere in the configuration.
                    phrases.macros.entry(key).or_insert(compiled);
                }
            }
        }
        phrases
    }

    /// The macro of that name (`name` or `name@group`) in a language.
    pub fn find(&self, language: &str, name: &str) -> Option<&PhraseMacro> {
        let language = language.to_ascii_lowercase();
        let (name, group) = match name.split_once('@') {
            Some((name, group)) => (name.to_ascii_lowercase(), Some(group.to_ascii_lowercase())),
            None => (name.to_ascii_lowercase(), None),
        };
        match group {
            Some(group) => self.macros.get(&(language, group, name)),
            None => self
                .macros
                .get(&(language.clone(), String::new(), name.clone()))
                .or_else(|| {
                    self.macros
                        .iter()
                        .find(|(key, _)| key.0 == language && key.2 == name)
                        .map(|(_, m)| m)
                }),
        }
    }
}

fn groups(language: &Element) -> Vec<&Element> {
    let phrases: Vec<&Element> = language.elements_named("phrases").collect();
    let roots = if phrases.is_empty() {
        vec![language]
    } else {
        phrases
    };
    roots
        .into_iter()
        .flat_map(|root| root.elements_named("macros"))
        .collect()
}

fn compile_macro(
    element: &Element,
    prefix: Option<&str>,
    say: &str,
    report: &mut Diagnostics,
) -> PhraseMacro {
    let pause_ms = match element.attr("pause").map(str::parse) {
        None => PAUSE_MS,
        Some(Ok(ms)) => ms,
        Some(Err(_)) => {
            report.warning(
                Some(element.attr_source("pause")),
                "the pause of a phrase macro",
                "it is no number of milliseconds",
                "write pause=\"100\"",
            );
            PAUSE_MS
        }
    };
    let inputs = element
        .elements_named("input")
        .map(|input| compile_input(input, report))
        .collect();
    PhraseMacro {
        pause_ms,
        inputs,
        sound_prefix: prefix
            .filter(|prefix| !prefix.is_empty())
            .map(str::to_owned),
        say_language: say.to_owned(),
        source: element.source.clone(),
    }
}

fn compile_input(input: &Element, report: &mut Diagnostics) -> PhraseInput {
    let mut actions = |name: &str| -> Vec<PhraseAction> {
        input
            .elements_named(name)
            .flat_map(|element| element.elements_named("action"))
            .map(|action| compile_action(action, report))
            .collect()
    };
    let matched = actions("match");
    let unmatched = actions("nomatch");
    PhraseInput {
        pattern: input.attr("pattern").unwrap_or(".*").to_owned(),
        field: input.attr("field").map(Template::parse),
        break_on_match: input
            .attr("break_on_match")
            .is_some_and(strowger_model::is_true),
        matched,
        unmatched,
    }
}

fn compile_action(action: &Element, report: &mut Diagnostics) -> PhraseAction {
    let data = action.attr("data").unwrap_or_default();
    match action.attr("function").unwrap_or_default() {
        "play-file" => PhraseAction::Play(Template::parse(data)),
        "say" => {
            let kind = action.attr("type").and_then(super::SayType::from_name);
            let Some(kind) = kind else {
                report.warning(
                    Some(action.attr_source("type")),
                    "a say action of a phrase macro",
                    "its type is not known",
                    "see the say application for the types",
                );
                return PhraseAction::Nothing;
            };
            PhraseAction::Say {
                kind,
                method: action
                    .attr("method")
                    .and_then(super::SayMethod::from_name)
                    .unwrap_or(super::SayMethod::NotApplicable),
                gender: action
                    .attr("gender")
                    .and_then(super::SayGender::from_name)
                    .unwrap_or_default(),
                text: Template::parse(data),
            }
        }
        "phrase" => PhraseAction::Phrase {
            name: Template::parse(action.attr("phrase").unwrap_or_default()),
            data: Template::parse(data),
        },
        "execute" => {
            let (application, rest) = data.split_once('(').unwrap_or((data, ""));
            PhraseAction::Execute {
                application: application.trim().to_owned(),
                data: Template::parse(rest.strip_suffix(')').unwrap_or(rest)),
            }
        }
        "break" => PhraseAction::Break,
        "speak-text" => {
            report.warning(
                Some(action.source.clone()),
                "speak-text in a phrase macro",
                "no text-to-speech engine can be used yet",
                "this step is silent; use play-file",
            );
            PhraseAction::Nothing
        }
        _ => PhraseAction::Nothing,
    }
}
