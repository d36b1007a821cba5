//! The contract between a switch and its dialplans: a call goes in, an extension and an account of the search come out.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::{
    BoxFuture,
    argument::specification::{InlineEffect, Vocabulary},
    channel::{caller_profile::CallerProfile, hangup_cause::HangupCause, variables::Variables},
    diagnostics::Source,
    expand::{expanded::Expanded, template::Template},
    zone::Zone,
};

/// Something that finds out where a call goes.
pub trait Dialplan: Send + Sync + 'static {
    /// The name profiles use, such as `XML`.
    fn name(&self) -> &'static str;

    /// Find the extension of a call.
    fn hunt<'a>(&'a self, call: &'a HuntCall, env: &'a dyn HuntEnv) -> BoxFuture<'a, Hunt>;
}

/// The call a dialplan is asked about.
#[derive(Clone, Debug)]
pub struct HuntCall {
    /// Shown in logs.
    pub channel_name: String,
    /// Who calls whom; the context is in it.
    pub profile: CallerProfile,
    /// The channel's variables.
    pub variables: Variables,
    /// What stood after the `:` of the dialplan's name.
    pub argument: Option<String>,
}

/// What a dialplan may ask the world. Production, simulation and tests give different answers.
pub trait HuntEnv: Sync {
    /// What time it is.
    fn now(&self) -> DateTime<Utc>;

    /// A time zone by name, or the system's; `None` when there is none of this name.
    fn zone(&self, name: Option<&str>) -> Option<Zone>;

    /// Whether an address is in an access list.
    fn in_acl(&self, list: &str, address: IpAddr) -> bool;

    /// A global variable.
    fn global(&self, name: &str) -> Option<String>;

    /// The value of `${name(arguments)}`; `None` when there is none of this name.
    fn function<'a>(
        &'a self,
        name: &'a str,
        arguments: Expanded,
    ) -> BoxFuture<'a, Option<Expanded>>;

    /// The applications, functions and endpoints there are.
    fn vocabulary(&self) -> &dyn Vocabulary;
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    /// The actions to run, if any rule matched.
    pub extension: Option<Extension>,
    /// The variables after inline actions and captures.
    pub variables: Variables,
    /// The profile after inline actions.
    pub profile: CallerProfile,
    /// What inline actions want done outside the call.
    pub effects: Vec<InlineEffect>,
    /// How the search went.
    pub trace: HuntTrace,
    /// Whether the context exists.
    pub context_found: bool,
    /// Set when the call must end because of what the search met (an unknown inline application).
    pub failed: Option<HangupCause>,
}

/// A list of actions.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// The rule that queued the first action.
    pub name: String,
    /// The number it was found for.
    pub number: Expanded,
    /// In order; repetitions are written out.
    pub actions: Vec<Action>,
}

/// One application to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The application's name.
    pub application: String,
    /// Its arguments, captures already put in.
    pub arguments: Template,
    /// Where it is written.
    pub source: Option<Source>,
    /// The rule that queued it.
    pub extension: String,
}

/// How a search went, as data. Values are shown as they are: for operators only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HuntTrace {
    /// In order.
    pub steps: Vec<TraceStep>,
}

/// One step of a search.
#[derive(Clone, Debug, PartialEq)]
pub enum TraceStep {
    /// A context was looked up.
    Context {
        /// The name asked for.
        name: String,
        /// Whether it, or the catch-all context, exists.
        found: bool,
        /// The name of the context that is searched.
        searched: String,
    },
    /// A rule is tried.
    Rule {
        /// Its name; nested levels carry the level.
        name: String,
        /// Where it is written.
        source: Option<Source>,
        /// Whether the search goes on after it matches.
        continues: bool,
    },
    /// A condition was tested.
    Test {
        /// Where it is written.
        source: Option<Source>,
        /// Whether it passed.
        outcome: bool,
        /// What was tested.
        kind: TestKind,
        /// Its `break` word: `on-false`, `on-true`, `always`, `never`.
        break_on: &'static str,
    },
    /// An action was queued or run.
    Queued {
        /// The application.
        application: String,
        /// Its arguments as far as they are known.
        data: String,
        /// Where it is written.
        source: Option<Source>,
        /// Whether it ran at once.
        inline: bool,
        /// Whether it is an anti-action.
        anti: bool,
    },
    /// A rule is done.
    RuleEnd {
        /// Its name.
        name: String,
        /// Whether it matched.
        matched: bool,
        /// Whether the search goes on.
        continues: bool,
    },
    /// Something worth saying: an action refused, a function not answered.
    Note {
        /// Where it is about.
        source: Option<Source>,
        /// What.
        text: String,
    },
}

/// What a condition tested.
#[derive(Clone, Debug, PartialEq)]
pub enum TestKind {
    /// A field against a pattern.
    Field {
        /// As written.
        field: String,
        /// Its value.
        value: String,
        /// The pattern after expansion.
        expression: String,
        /// `$0`, `$1`, … when it matched and captures.
        captures: Vec<String>,
    },
    /// Date and time attributes.
    Time {
        /// Each as `name=value`.
        attributes: Vec<String>,
        /// The local time they were held against.
        now: String,
    },
    /// An address in an access list.
    Network {
        /// The list.
        list: String,
        /// The address.
        address: String,
    },
    /// No test at all.
    Absolute,
    /// Several tests together.
    Combined {
        /// `all`, `any` or `xor`.
        mode: &'static str,
    },
}
