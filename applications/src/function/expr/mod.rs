//! `expr`: arithmetic as `mod_expr` has it.

mod evaluate;
mod functions;
mod parse;

use std::collections::BTreeMap;
use strowger_core::CommandCall;

#[cfg(test)]
mod tests;

/// What is answered when an expression cannot be read or has no value.
const ERROR: &str = "!err!";

/// `expr`: the value of an expression.
pub async fn expr(call: CommandCall<'_>) -> String {
    calculate(call.arguments.as_str()).unwrap_or_else(|| ERROR.to_owned())
}

/// The value of a text; `name=value~` in front gives variables their values.
pub fn calculate(text: &str) -> Option<String> {
    let mut variables = BTreeMap::new();
    let (assignments, expression) = match text.rsplit_once('~') {
        Some((assignments, expression)) => (assignments, expression),
        None => ("", text),
    };
    for assignment in assignments
        .split('~')
        .filter(|part| !part.trim().is_empty())
    {
        let (name, value) = assignment.split_once('=')?;
        let value: f64 = value.trim().parse().ok()?;
        variables.insert(name.trim().to_owned(), value);
    }
    let parsed = parse::parse(expression)?;
    let value = evaluate::evaluate(&parsed, variables)?;
    Some(written(value))
}

/// At most ten digits after the point, without zeros at the end.
fn written(value: f64) -> String {
    let text = format!("{value:.10}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}
