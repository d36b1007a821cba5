//! `set`, `multiset`, `push`, `unshift`, `set_global`: give variables values.

use super::assignment::{Assignment, Assignments};
use super::each;
use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, Expanded, InlineCall, InlineEffect, Template};

/// Arguments of `set` and its like.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// the variable and its value; an empty value deletes it
    pub assignment: Assignment,
}

/// Arguments of `multiset`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Multiset {
    /// the variables and their values, separated by blanks or by the character after `^^`
    pub assignments: Assignments,
}

/// A value is expanded a second time when it is set, so that `\${name}` in a dialplan means the value of now; what
/// came from the network is not.
pub(crate) async fn expanded_again(session: &Session, value: Expanded) -> Expanded {
    if !value.as_str().contains("${") {
        return value;
    }
    session.expand(&Template::parse_expanded(&value)).await
}

async fn set_one(session: &mut Session, assignment: Assignment) {
    let value = expanded_again(session, assignment.value).await;
    session.set(&assignment.name, value);
}

/// Sets a variable.
pub async fn set(session: &mut Session, args: Set) -> AppResult {
    set_one(session, args.assignment).await;
    Ok(())
}

/// `set` while the dialplan hunts.
pub fn set_inline(call: &mut InlineCall<'_>, args: Set) {
    call.variables
        .set(&args.assignment.name, args.assignment.value);
}

/// Sets several variables.
pub async fn multiset(session: &mut Session, args: Multiset) -> AppResult {
    for assignment in each(args.assignments) {
        set_one(session, assignment).await;
    }
    Ok(())
}

/// `multiset` while the dialplan hunts.
pub fn multiset_inline(call: &mut InlineCall<'_>, args: Multiset) {
    for assignment in each(args.assignments) {
        call.variables.set(&assignment.name, assignment.value);
    }
}

/// Appends a value to a variable, which becomes an array.
pub async fn push(session: &mut Session, args: Set) -> AppResult {
    let value = expanded_again(session, args.assignment.value).await;
    session.variables_mut().push(&args.assignment.name, value);
    Ok(())
}

/// `push` while the dialplan hunts.
pub fn push_inline(call: &mut InlineCall<'_>, args: Set) {
    call.variables
        .push(&args.assignment.name, args.assignment.value);
}

/// Puts a value in front of a variable, which becomes an array.
pub async fn unshift(session: &mut Session, args: Set) -> AppResult {
    let value = expanded_again(session, args.assignment.value).await;
    session
        .variables_mut()
        .unshift(&args.assignment.name, value);
    Ok(())
}

/// `unshift` while the dialplan hunts.
pub fn unshift_inline(call: &mut InlineCall<'_>, args: Set) {
    call.variables
        .unshift(&args.assignment.name, args.assignment.value);
}

/// Sets a variable of the whole exchange. A value that a peer chose is refused: globals count as the operator's own
/// text everywhere.
pub async fn set_global(session: &mut Session, args: Set) -> AppResult {
    let Assignment { name, value } = args.assignment;
    let value = expanded_again(session, value).await;
    match global(&name, &value) {
        Some(InlineEffect::SetGlobal { name, value }) => session.switch().set_global(&name, &value),
        _ => tracing::error!(
            uuid = session.uuid(),
            name,
            "set_global: a caller's text cannot become a global variable"
        ),
    }
    Ok(())
}

/// `set_global` while the dialplan hunts.
pub fn set_global_inline(call: &mut InlineCall<'_>, args: Set) {
    match global(&args.assignment.name, &args.assignment.value) {
        Some(effect) => call.effects.push(effect),
        None => tracing::error!(
            name = args.assignment.name,
            "set_global: a caller's text cannot become a global variable"
        ),
    }
}

fn global(name: &str, value: &Expanded) -> Option<InlineEffect> {
    (!value.has_network()).then(|| InlineEffect::SetGlobal {
        name: name.to_owned(),
        value: value.as_str().to_owned(),
    })
}
