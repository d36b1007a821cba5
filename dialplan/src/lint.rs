//! Suspicious rules: what compiles and still cannot be meant. Always warnings; vanilla-like configurations load.

use std::collections::HashMap;

use strowger_model::{Diagnostics, Source, Vocabulary};

use crate::field::Field;
use crate::pattern::Pattern;
use crate::program::{Action, Condition, Context, Expression, Program, Rule, Test};
use crate::syntax::Break;

/// The context whose callers nobody has authenticated, by FreeSWITCH's custom.
const PUBLIC: &str = "public";

/// Looks at a whole program.
pub fn lint(program: &Program, vocabulary: &dyn Vocabulary, report: &mut Diagnostics) {
    for context in &program.contexts {
        unreachable(context, report);
        for rule in &context.rules {
            for condition in &rule.conditions {
                captures(condition, report);
                mixtures(condition, vocabulary, report);
            }
        }
        if context.name.eq_ignore_ascii_case(PUBLIC) {
            toll_fraud(context, report);
        }
    }
}

/// Rules behind one that takes every call, or behind one that takes the same number.
fn unreachable(context: &Context, report: &mut Diagnostics) {
    let mut taken: HashMap<(String, &str), &Rule> = HashMap::new();
    let mut rules = context.rules.iter().peekable();
    while let Some(rule) = rules.next() {
        if let Some(key) = first_test(rule) {
            if let Some(before) = taken.get(&key) {
                report.warning(
                    Some(rule.source.clone()),
                    format!("extension {} is never reached", rule.name),
                    format!("{} at {} takes the same calls", before.name, before.source),
                    "remove one of them, or give the first continue=\"true\"",
                );
            } else if takes_what_it_tests(rule) {
                taken.insert(key, rule);
            }
        }
        if let (true, Some(next)) = (takes_everything(rule), rules.peek()) {
            report.warning(
                Some(next.source.clone()),
                format!(
                    "extension {} and all that follow are never reached",
                    next.name
                ),
                format!("{} at {} takes every call", rule.name, rule.source),
                "move it to the end of the context, or give it continue=\"true\"",
            );
            return;
        }
    }
}

/// The first condition's field and expression, where failing it leaves the rule.
fn first_test(rule: &Rule) -> Option<(String, &str)> {
    let condition = rule.conditions.first()?;
    let plain = condition.combination.is_none()
        && condition.test.network.is_none()
        && condition.test.time.is_empty()
        && condition.anti_actions.is_empty()
        && matches!(condition.break_on, Break::OnFalse | Break::Always);
    match &condition.test.field {
        Some((Field::Profile(name), Expression::Ready { text, .. })) if plain => {
            Some((name.to_ascii_lowercase(), text.as_str()))
        }
        _ => None,
    }
}

fn takes_what_it_tests(rule: &Rule) -> bool {
    !rule.continues
        && rule.conditions.len() == 1
        && rule
            .conditions
            .iter()
            .all(|condition| condition.nested.is_empty())
}

fn takes_everything(rule: &Rule) -> bool {
    let always = |condition: &Condition| {
        let everything = condition.is_absolute()
            || (condition.combination.is_none()
                && condition.test.network.is_none()
                && condition.test.time.is_empty()
                && matches!(&condition.test.field, Some((_, Expression::Ready { pattern, .. }))
                    if pattern.matches_everything()));
        everything && condition.nested.is_empty()
    };
    !rule.continues && !rule.conditions.is_empty() && rule.conditions.iter().all(always)
}

/// The tests whose groups `$1` of an action may mean.
fn tests(condition: &Condition) -> Vec<&Test> {
    match &condition.combination {
        Some((_, tests)) => tests.iter().collect(),
        None => vec![&condition.test],
    }
}

/// `$1` that no group sets.
fn captures(condition: &Condition, report: &mut Diagnostics) {
    let mut groups = 0;
    let mut parenthesis = false;
    let mut countable = true;
    for test in tests(condition) {
        match &test.field {
            Some((_, Expression::Ready { pattern, .. })) => {
                groups = groups.max(pattern.groups());
                parenthesis |= pattern.has_parenthesis();
            }
            Some((_, Expression::AtHunt(template))) => {
                countable = false;
                parenthesis |= template.source().contains('(');
            }
            Some((_, Expression::Broken { .. })) | None => {}
        }
    }
    for action in &condition.actions {
        let Some(highest) = action.data.highest_capture() else {
            continue;
        };
        if !parenthesis {
            report.warning(
                Some(action.source.clone()),
                format!(
                    "capture ${highest} in the argument of {} is never set",
                    action.application
                ),
                "the condition's expression has no group: the text stays as it is written",
                "put ( ) around what is meant in the expression",
            );
        } else if countable && highest > groups {
            report.warning(
                Some(action.source.clone()),
                format!(
                    "capture ${highest} in the argument of {} is never set",
                    action.application
                ),
                format!("the expression has {groups} groups: it is always empty"),
                "count the groups of the expression",
            );
        }
    }
    for action in condition
        .anti_actions
        .iter()
        .filter(|action| action.data.has_captures())
    {
        report.warning(
            Some(action.source.clone()),
            format!(
                "capture in the argument of the anti-action {}",
                action.application
            ),
            "an anti-action runs when nothing matched: the text stays as it is written",
            "use a variable such as ${destination_number}",
        );
    }
    for nested in &condition.nested {
        captures(nested, report);
    }
}

/// Attributes that together do something else than they seem to.
fn mixtures(condition: &Condition, vocabulary: &dyn Vocabulary, report: &mut Diagnostics) {
    let tested = condition.test.field.is_some()
        || condition.test.network.is_some()
        || condition.combination.is_some();
    if tested && !condition.test.time.is_empty() {
        report.warning(
            Some(condition.source.clone()),
            "date or time together with another test on one condition",
            "the actions are queued when either of them passes",
            "write two conditions, the one with date and time first",
        );
    }
    if !condition.nested.is_empty() && matches!(condition.break_on, Break::Always | Break::OnTrue) {
        report.warning(
            Some(condition.source.clone()),
            format!(
                "nested conditions with break=\"{}\"",
                condition.break_on.word()
            ),
            "they are left out when the condition matches",
            "remove the break attribute",
        );
    }
    let hangs_up = condition
        .actions
        .iter()
        .position(|action| ends_call(action, vocabulary));
    if let Some(after) = hangs_up.and_then(|position| condition.actions.get(position + 1)) {
        report.warning(
            Some(after.source.clone()),
            format!("{} after the call has ended", after.application),
            "hangup ends the call: what follows does not run",
            "move it before hangup",
        );
    }
    for nested in &condition.nested {
        mixtures(nested, vocabulary, report);
    }
}

fn ends_call(action: &Action, vocabulary: &dyn Vocabulary) -> bool {
    action.application == "hangup"
        && !action.inline
        && action.repeat > 0
        && vocabulary.application("hangup").is_some()
}

/// Strangers reaching a trunk with a number of their choice.
fn toll_fraud(context: &Context, report: &mut Diagnostics) {
    for rule in &context.rules {
        let mut dangerous: Vec<(&Source, String)> = Vec::new();
        for condition in &rule.conditions {
            open_trunks(condition, restricted(rule), &mut dangerous);
        }
        for (source, application) in dangerous {
            report.warning(
                Some(source.clone()),
                format!("{application} in context {} dials a gateway", context.name),
                "anybody who reaches this system may call any number at your cost",
                "let the expression match only numbers that are yours, or transfer to a context that authenticates",
            );
        }
    }
}

/// Whether some condition of the rule fixes which numbers pass.
fn restricted(rule: &Rule) -> bool {
    rule.conditions.iter().any(|condition| {
        tests(condition).iter().any(|test| match &test.field {
            Some((Field::Profile(name), Expression::Ready { text, pattern })) => {
                name.eq_ignore_ascii_case("destination_number") && is_closed(text, pattern)
            }
            _ => false,
        })
    })
}

/// Anchored at both ends with nothing of open length in between.
fn is_closed(text: &str, pattern: &Pattern) -> bool {
    !pattern.matches_everything()
        && text.starts_with('^')
        && text.ends_with('$')
        && !text.contains(['*', '+'])
        && !text.contains(",}")
}

fn open_trunks<'a>(
    condition: &'a Condition,
    restricted: bool,
    found: &mut Vec<(&'a Source, String)>,
) {
    for action in condition.actions.iter().chain(&condition.anti_actions) {
        let data = action.data.source();
        let chosen =
            data.contains("$1") || data.contains("${1}") || data.contains("${destination_number}");
        if !restricted && chosen && data.contains("gateway/") {
            found.push((&action.source, action.application.clone()));
        }
    }
    for nested in &condition.nested {
        open_trunks(nested, restricted, found);
    }
}
