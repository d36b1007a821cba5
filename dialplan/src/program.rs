//! The compiled dialplan: immutable, shared by all hunts, every pattern compiled and every template parsed once.

use std::collections::HashMap;

use strowger_model::{Source, Template};

use crate::field::Field;
use crate::network::AddressList;
use crate::pattern::Pattern;
use crate::prefilter::Prefilter;
use crate::syntax::{Break, Combination};
use crate::time_of_day::TimeOfDay;

/// All contexts.
#[derive(Debug, Default)]
pub struct Program {
    /// In the order of the file.
    pub contexts: Vec<Context>,
    /// Lower-case name to place in `contexts`.
    by_name: HashMap<String, usize>,
}

impl Program {
    /// A program of these contexts; of several with one name the first is found.
    pub fn new(contexts: Vec<Context>) -> Program {
        let mut by_name = HashMap::with_capacity(contexts.len());
        for (index, context) in contexts.iter().enumerate() {
            by_name
                .entry(context.name.to_ascii_lowercase())
                .or_insert(index);
        }
        Program { contexts, by_name }
    }

    /// The context of a name, without case.
    pub fn context(&self, name: &str) -> Option<&Context> {
        self.contexts
            .get(*self.by_name.get(&name.to_ascii_lowercase())?)
    }
}

/// A context: rules tried in order.
#[derive(Debug)]
pub struct Context {
    /// Its name as written.
    pub name: String,
    /// Where it begins.
    pub source: Source,
    /// `<extension>` elements.
    pub rules: Vec<Rule>,
    /// Which rules cannot match a given number.
    pub prefilter: Prefilter,
}

/// An `<extension>`.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Whether hunting goes on after it matched.
    pub continues: bool,
    /// Where it begins.
    pub source: Source,
    /// Evaluated in order.
    pub conditions: Vec<Condition>,
}

/// A `<condition>`.
#[derive(Debug)]
pub struct Condition {
    /// Where it begins.
    pub source: Source,
    /// Its own test.
    pub test: Test,
    /// `regex="…"` and the `<regex>` children.
    pub combination: Option<(Combination, Vec<Test>)>,
    /// Which outcome leaves the extension.
    pub break_on: Break,
    /// When it matched.
    pub actions: Vec<Action>,
    /// When it did not.
    pub anti_actions: Vec<Action>,
    /// Evaluated after the actions were queued.
    pub nested: Vec<Condition>,
    /// Whether failing nested conditions fail this one.
    pub require_nested: bool,
}

impl Condition {
    /// Whether it matches whatever the call is: nothing to test.
    pub fn is_absolute(&self) -> bool {
        self.combination.is_none() && self.test.is_absolute()
    }
}

/// What one `<condition>` or `<regex>` tests.
#[derive(Debug)]
pub struct Test {
    /// Where it stands.
    pub source: Source,
    /// Field against expression.
    pub field: Option<(Field, Expression)>,
    /// The caller's address must be in this list.
    pub network: Option<AddressList>,
    /// Date and time attributes.
    pub time: TimeOfDay,
}

impl Test {
    /// Whether there is nothing to test.
    pub fn is_absolute(&self) -> bool {
        self.field.is_none() && self.network.is_none() && self.time.is_empty()
    }
}

/// The expression of a test.
#[derive(Debug)]
pub enum Expression {
    /// Compiled at load.
    Ready {
        /// As written.
        text: String,
        /// The compiled pattern.
        pattern: Pattern,
    },
    /// Cannot be compiled: never matches.
    Broken {
        /// As written.
        text: String,
        /// Why.
        reason: String,
    },
    /// Contains `${…}`: compiled when a call is there.
    AtHunt(Template),
}

impl Expression {
    /// As written.
    pub fn text(&self) -> &str {
        match self {
            Expression::Ready { text, .. } | Expression::Broken { text, .. } => text,
            Expression::AtHunt(template) => template.source(),
        }
    }
}

/// An `<action>` or `<anti-action>`.
#[derive(Debug)]
pub struct Action {
    /// Application name.
    pub application: String,
    /// Its argument.
    pub data: Template,
    /// Runs while hunting.
    pub inline: bool,
    /// How often it is queued.
    pub repeat: u32,
    /// Contains `\'`, which FreeSWITCH refuses to queue.
    pub refused: bool,
    /// Where it stands.
    pub source: Source,
}
