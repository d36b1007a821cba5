//! `eval`, `stop`: nothing happens, except what expanding the text did.

use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, Expanded, InlineCall};

/// Arguments of `eval` and `stop`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Anything {
    /// any text; its `${functions}` have run when the application runs
    pub text: Option<Expanded>,
}

/// Does nothing.
pub async fn eval(_: &mut Session, _: Anything) -> AppResult {
    Ok(())
}

/// `eval` while the dialplan hunts.
pub fn eval_inline(_: &mut InlineCall<'_>, _: Anything) {}
