//! `unset`, `multiunset`: forget variables.

use super::assignment::Names;
use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, InlineCall};

/// Arguments of `unset`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Unset {
    /// the variable
    pub name: String,
}

/// Arguments of `multiunset`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Multiunset {
    /// the variables, separated by blanks or by the character after `^^`
    pub names: Names,
}

/// Deletes a variable.
pub async fn unset(session: &mut Session, args: Unset) -> AppResult {
    session.unset(&args.name);
    Ok(())
}

/// `unset` while the dialplan hunts.
pub fn unset_inline(call: &mut InlineCall<'_>, args: Unset) {
    call.variables.remove(&args.name);
}

/// Deletes several variables.
pub async fn multiunset(session: &mut Session, args: Multiunset) -> AppResult {
    for name in &args.names.0 {
        session.unset(name);
    }
    Ok(())
}

/// `multiunset` while the dialplan hunts.
pub fn multiunset_inline(call: &mut InlineCall<'_>, args: Multiunset) {
    for name in &args.names.0 {
        call.variables.remove(name);
    }
}
