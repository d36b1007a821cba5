//! The applications, commands and endpoints' names of one switch: what a dialplan may name.

use super::{ApiCommand, Application};
use std::collections::{BTreeMap, BTreeSet};
use strowger_model::{ApplicationSpec, ArgumentError, Expanded, InlineCall, Vocabulary};

/// Applications by name.
#[derive(Default)]
pub struct Applications {
    by_name: BTreeMap<&'static str, Box<dyn Application>>,
}

impl Applications {
    /// The application of that name (case matters, as in FreeSWITCH).
    pub fn find(&self, name: &str) -> Option<&dyn Application> {
        self.by_name.get(name).map(Box::as_ref)
    }

    /// All, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Application> {
        self.by_name.values().map(Box::as_ref)
    }
}

/// Commands by name.
#[derive(Default)]
pub struct Commands {
    by_name: BTreeMap<&'static str, ApiCommand>,
}

impl Commands {
    /// The command of that name.
    pub fn find(&self, name: &str) -> Option<&ApiCommand> {
        self.by_name.get(name)
    }

    /// All, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &ApiCommand> {
        self.by_name.values()
    }
}

/// Everything that a dialplan or an operator may name.
#[derive(Default)]
pub struct Registry {
    /// The applications.
    pub applications: Applications,
    /// The commands.
    pub commands: Commands,
    endpoints: BTreeSet<String>,
    other_modules: BTreeMap<(&'static str, String), &'static str>,
    application_modules: BTreeMap<&'static str, &'static str>,
    command_modules: BTreeMap<&'static str, &'static str>,
}

impl Registry {
    /// Adds an application; a later one of the same name replaces the earlier.
    pub fn add_application(&mut self, application: Box<dyn Application>) {
        self.applications
            .by_name
            .insert(application.spec().name, application);
    }

    /// Adds a command; a later one of the same name replaces the earlier.
    pub fn add_command(&mut self, command: ApiCommand) {
        self.commands.by_name.insert(command.spec.name, command);
    }

    /// Notes which module contributes an application.
    pub fn note_application(&mut self, name: &'static str, module: &'static str) {
        self.application_modules.insert(name, module);
    }

    /// Notes which module contributes a command.
    pub fn note_command(&mut self, name: &'static str, module: &'static str) {
        self.command_modules.insert(name, module);
    }

    /// Notes which module contributes something of another kind (`endpoint`, `say`).
    pub fn note_other(&mut self, kind: &'static str, name: &str, module: &'static str) {
        self.other_modules.insert((kind, name.to_owned()), module);
    }

    /// The module of something of another kind.
    pub fn other_module(&self, kind: &'static str, name: &str) -> Option<&'static str> {
        self.other_modules.get(&(kind, name.to_owned())).copied()
    }

    /// The module of an application.
    pub fn application_module(&self, name: &str) -> Option<&'static str> {
        self.application_modules.get(name).copied()
    }

    /// The module of a command.
    pub fn command_module(&self, name: &str) -> Option<&'static str> {
        self.command_modules.get(name).copied()
    }

    /// The names of endpoints and dial-string resolvers.
    pub fn endpoint_names(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(String::as_str)
    }

    /// Notes the name of an endpoint or dial-string resolver.
    pub fn add_endpoint(&mut self, name: &str) {
        self.endpoints.insert(name.to_ascii_lowercase());
    }
}

impl Vocabulary for Registry {
    fn application(&self, name: &str) -> Option<&'static ApplicationSpec> {
        self.applications.find(name).map(Application::spec)
    }

    fn check(&self, name: &str, literal: &Expanded) -> Result<(), ArgumentError> {
        match self.applications.find(name) {
            Some(application) => application.check(literal),
            None => Ok(()),
        }
    }

    fn inline(
        &self,
        name: &str,
        call: &mut InlineCall<'_>,
        args: &Expanded,
    ) -> Result<(), ArgumentError> {
        let Some(application) = self.applications.find(name) else {
            return Err(ArgumentError {
                argument: None,
                reason: format!("there is no application {name}"),
            });
        };
        application.inline(call, args).unwrap_or_else(|| {
            Err(ArgumentError {
                argument: None,
                reason: format!("{name} cannot be executed inline"),
            })
        })
    }

    fn has_function(&self, name: &str) -> bool {
        self.commands
            .find(name)
            .is_some_and(|command| command.spec.expandable)
    }

    fn has_endpoint(&self, name: &str) -> bool {
        self.endpoints.contains(&name.to_ascii_lowercase())
    }
}
