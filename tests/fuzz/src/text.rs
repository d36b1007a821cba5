//! Texts: configuration, dialplan, templates, dial strings, arguments.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use strowger_dialplan::pattern::{Outcome, Pattern};
use strowger_dialplan::{InlineDialplan, Simulation, compile, explain, to_json};
use strowger_model::xml::position::LocatedText;
use strowger_model::{
    ApplicationSpec, ArgumentError, CallerProfile, Diagnostics, DialString, Expanded, Globals,
    HuntCall, InlineCall, PreprocessHost, ProfileOrigin, Variables, Vocabulary, XmlDirectory, fuzz,
    load,
};

/// Argument lists.
pub fn arguments(data: &[u8]) {
    fuzz::arguments(data);
}

/// Dial strings. Text from the network never becomes more than one leg.
pub fn dial_string(data: &[u8]) {
    fuzz::dial_string(data);
    let text = Expanded::network(String::from_utf8_lossy(data));
    if let Ok(dial) = DialString::parse(&text) {
        assert!(
            dial.enterprise.len() <= 1,
            "a caller forks a call: {dial:?}"
        );
    }
}

/// Templates: parsed, captures put in, expanded.
pub fn template(data: &[u8]) {
    fuzz::expand(data);
}

/// Sounds as applications name them.
pub fn sound_name(data: &[u8]) {
    fuzz::sound(data);
}

/// XML without directives.
pub fn xml(data: &[u8]) {
    fuzz::xml(data);
}

/// The percent encoding of events.
pub fn percent(data: &[u8]) {
    fuzz::percent(data);
}

/// A machine whose only file is the input; it may include itself.
struct OneFile<'a>(&'a [u8]);

const FILE: &str = "/conf/strowger.xml";

impl PreprocessHost for OneFile<'_> {
    fn env(&self, name: &str) -> Option<String> {
        (name == "HOME").then(|| "<home/>".to_owned())
    }

    fn exec(&mut self, command: &str) -> Result<String, String> {
        Ok(command.to_owned())
    }

    fn stun(&mut self, _: &str) -> Result<String, String> {
        Err("nobody answers".to_owned())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path == Path::new(FILE) {
            true => Ok(self.0.to_vec()),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        match pattern.contains('*') {
            true => vec![FILE.into()],
            false => Vec::new(),
        }
    }
}

/// A whole configuration file: directives, tree, directory.
pub fn configuration(data: &[u8]) {
    let mut report = Diagnostics::new();
    let document = load(
        Path::new(FILE),
        &mut Globals::new(),
        &HashSet::new(),
        &mut OneFile(data),
        &mut report,
    );
    if let Some(document) = document {
        XmlDirectory::compile(Some(&document.root), &mut report);
    }
    let _ = report.to_string();
}

/// Knows every application and every function, none of them inline.
struct Everything;

static ANYTHING: ApplicationSpec = ApplicationSpec {
    name: "anything",
    summary: "",
    help: "",
    grammar: strowger_model::Grammar {
        separator: ' ',
        arguments: &[],
    },
    media: strowger_model::MediaNeed::NotNeeded,
    inline: true,
    after_hangup: false,
};

impl Vocabulary for Everything {
    fn application(&self, _: &str) -> Option<&'static ApplicationSpec> {
        Some(&ANYTHING)
    }

    fn check(&self, _: &str, _: &Expanded) -> Result<(), ArgumentError> {
        Ok(())
    }

    fn inline(
        &self,
        name: &str,
        call: &mut InlineCall<'_>,
        data: &Expanded,
    ) -> Result<(), ArgumentError> {
        call.variables.set(name, data.clone());
        Ok(())
    }

    fn has_function(&self, _: &str) -> bool {
        true
    }

    fn has_endpoint(&self, _: &str) -> bool {
        true
    }
}

fn call(number: &str, context: &str) -> HuntCall {
    HuntCall {
        channel_name: "sofia/internal/1000".to_owned(),
        profile: CallerProfile {
            destination_number: number.to_owned(),
            caller_id_name: number.to_owned(),
            context: context.to_owned(),
            origin: ProfileOrigin::Network,
            ..CallerProfile::default()
        },
        variables: Variables::new(),
        argument: None,
    }
}

/// A dialplan, and a number dialled through it: the first line is the number, the rest the XML.
pub fn dialplan(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (number, document) = text.split_once('\n').unwrap_or(("1000", &text));
    let mut report = Diagnostics::new();
    let located = LocatedText::of_file("input", document);
    let Some(section) = strowger_model::xml::parse(&located, &mut report) else {
        return;
    };
    let compiled = compile(Some(&section), &Everything, &mut report);
    let simulation = Simulation::new(&Everything, chrono::DateTime::UNIX_EPOCH);
    for context in ["default", "public"] {
        let hunt = simulation.run(&compiled, &call(number, context));
        let _ = (explain(&hunt), to_json(&hunt));
    }
}

/// A number from the network never is a list of actions.
pub fn inline_dialplan(data: &[u8]) {
    let number = String::from_utf8_lossy(data);
    let simulation = Simulation::new(&Everything, chrono::DateTime::UNIX_EPOCH);
    let hunt = simulation.run(&InlineDialplan, &call(&number, "default"));
    assert!(
        hunt.extension
            .is_none_or(|extension| extension.actions.is_empty()),
        "a caller names an application"
    );
    let mut ours = call("", "default");
    ours.argument = Some(number.into_owned());
    simulation.run(&InlineDialplan, &ours);
}

/// An expression in the first line, matched against the rest.
pub fn pattern(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (expression, subject) = text.split_once('\n').unwrap_or((&text, "15551234"));
    let Ok(pattern) = Pattern::compile(&Expanded::trusted(expression)) else {
        return;
    };
    if let Outcome::Match(captures) = pattern.run(&Expanded::network(subject)) {
        for capture in captures {
            assert!(
                capture.is_empty() || capture.is_network_at(0),
                "a capture forgot where it came from"
            );
        }
    }
}
