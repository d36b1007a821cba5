//! The XML dialplan: compiled at load, hunted for each call, explained to people. Also the `inline` dialplan.
//!
//! ```text
//! XML -> parse -> syntax -> compile -> Program -> hunt(HuntCall, HuntEnv) -> Hunt { extension, trace, … }
//! ```
//!
//! Nothing here reads a clock, a file or a socket: the environment of a hunt answers what time it is, whether an address
//! is in a list and what a function's value is. So the same program runs in production, in `strowger dial` and in tests.
//! Text that came from the network is never syntax: not in expressions, not in captures, not in inline action lists.

use std::collections::HashMap;

use strowger_model::{BoxFuture, Dialplan, Hunt, HuntCall, HuntEnv};

mod cache;
pub mod compile;
pub mod explain;
pub mod field;
mod hunt;
pub mod inline;
pub mod lint;
pub mod network;
pub mod parse;
pub mod pattern;
pub mod prefilter;
pub mod program;
mod scope;
pub mod simulate;
pub mod syntax;
pub mod time_of_day;
pub mod trace;

pub use compile::compile;
pub use explain::{explain, to_json};
pub use inline::InlineDialplan;
pub use pattern::find;
pub use program::Program;
pub use simulate::Simulation;
pub use trace::{Detail, log_lines};

/// A compiled XML dialplan. Immutable; calls share it.
#[derive(Debug)]
pub struct XmlDialplan {
    program: Program,
    cache: cache::PatternCache,
    detail: Option<Detail>,
    files: HashMap<String, XmlDialplan>,
}

impl XmlDialplan {
    /// Wraps a program.
    pub fn new(program: Program) -> XmlDialplan {
        XmlDialplan {
            program,
            cache: cache::PatternCache::default(),
            detail: None,
            files: HashMap::new(),
        }
    }

    /// What was compiled.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// How much every hunt records. Without this, small contexts are traced rule by rule and large ones (more than 256
    /// extensions) leave out the rules that the prefilter skipped, which have no effect on the call.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> XmlDialplan {
        self.detail = Some(detail);
        self
    }

    /// Adds the dialplan that `XML:path` names: another file, loaded and compiled by the caller.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<String>, dialplan: XmlDialplan) -> XmlDialplan {
        self.files.insert(path.into(), dialplan);
        self
    }

    /// Hunts with a given amount of detail in the trace.
    pub async fn hunt_with(
        &self,
        call: &HuntCall,
        env: &dyn HuntEnv,
        detail: Option<Detail>,
    ) -> Hunt {
        let dialplan = match call.argument.as_deref() {
            None | Some("") => self,
            Some(path) => match self.files.get(path) {
                Some(other) => other,
                None => return trace::missing_file(call, path),
            },
        };
        hunt::hunt(
            &dialplan.program,
            &dialplan.cache,
            call,
            env,
            detail.or(self.detail),
        )
        .await
    }
}

impl Dialplan for XmlDialplan {
    fn name(&self) -> &'static str {
        "XML"
    }

    fn hunt<'a>(&'a self, call: &'a HuntCall, env: &'a dyn HuntEnv) -> BoxFuture<'a, Hunt> {
        Box::pin(self.hunt_with(call, env, None))
    }
}
