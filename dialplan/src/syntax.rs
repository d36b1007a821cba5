//! What the XML of a dialplan says, before anything is compiled: texts with the places they were written at.

use strowger_model::Source;

/// All contexts, in the order of the file.
#[derive(Debug, Clone)]
pub struct Dialplan {
    /// `<context>` elements.
    pub contexts: Vec<Context>,
}

/// `<context name="…">`.
#[derive(Debug, Clone)]
pub struct Context {
    /// Its name; compared without case.
    pub name: String,
    /// Where it begins.
    pub source: Source,
    /// `<extension>` elements in order.
    pub extensions: Vec<Extension>,
}

/// `<extension name="…" continue="…">`.
#[derive(Debug, Clone)]
pub struct Extension {
    /// Its name, `_anon_` where it has none.
    pub name: String,
    /// Whether hunting goes on after it matched.
    pub continues: bool,
    /// Where it begins.
    pub source: Source,
    /// Its conditions in order.
    pub conditions: Vec<Condition>,
}

/// `<condition …>`.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Where it begins.
    pub source: Source,
    /// Field, expression, date and time, address list.
    pub test: Test,
    /// The `regex` attribute and the `<regex>` children.
    pub combination: Option<(Combination, Vec<Test>)>,
    /// When the rest of the extension is left out.
    pub break_on: Break,
    /// `<action>` elements.
    pub actions: Vec<Action>,
    /// `<anti-action>` elements.
    pub anti_actions: Vec<Action>,
    /// `<condition>` elements inside this one.
    pub nested: Vec<Condition>,
    /// Whether failing nested conditions fail this one (`require-nested`).
    pub require_nested: bool,
}

/// What one `<condition>` or `<regex>` tests.
#[derive(Debug, Clone)]
pub struct Test {
    /// Where it stands.
    pub source: Source,
    /// `field`.
    pub field: Option<(String, Source)>,
    /// `expression`, attribute or element.
    pub expression: Option<(String, Source)>,
    /// `acl`: a list the caller's network address must be in.
    pub acl: Option<(String, Source)>,
    /// Date and time attributes: name, value, place.
    pub times: Vec<(&'static str, String, Source)>,
}

/// How the `<regex>` children of a condition combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combination {
    /// Every one must pass; stops at the first failure.
    All,
    /// One must pass; stops at the first that does.
    Any,
    /// Exactly one must pass; all are tested.
    Xor,
}

impl Combination {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Combination::All => "all",
            Combination::Any => "any",
            Combination::Xor => "xor",
        }
    }
}

/// The `break` attribute: after which outcome the extension's remaining conditions are not evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// After a match.
    OnTrue,
    /// After a failure (the default).
    OnFalse,
    /// After either.
    Always,
    /// After neither.
    Never,
}

impl Break {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Break::OnTrue => "on-true",
            Break::OnFalse => "on-false",
            Break::Always => "always",
            Break::Never => "never",
        }
    }
}

/// `<action>` or `<anti-action>`.
#[derive(Debug, Clone)]
pub struct Action {
    /// Name of the application.
    pub application: String,
    /// Its argument.
    pub data: String,
    /// Whether it runs while hunting.
    pub inline: bool,
    /// How often it is queued.
    pub repeat: u32,
    /// Where it stands.
    pub source: Source,
}
