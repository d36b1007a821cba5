//! A hunt for people: one line per decision with its file and line, actions below; the same as JSON for programs.

use serde_json::{Value, json};
use strowger_model::{Hunt, Source, TestKind, TraceStep};

use crate::trace::one_line;

/// Widest rule name that still aligns the columns.
const NAME_WIDTH: usize = 24;

/// One line of the table.
enum Line {
    Test {
        place: String,
        rule: String,
        outcome: bool,
        what: String,
        detail: String,
    },
    Action {
        application: String,
        data: String,
        mark: &'static str,
    },
    Text(String),
}

/// The hunt as aligned text:
///
/// ```text
/// public.xml:12  after_hours  no   time-of-day wday=2-6 hour=9-17        Sunday 22:15
/// public.xml:31  main_number  yes  destination_number =~ ^1555(1234)$    $1=1234
///                  answer
///                  ivr  main_menu_night
/// ```
pub fn explain(hunt: &Hunt) -> String {
    let mut lines = Vec::new();
    let mut rules: Vec<&str> = Vec::new();
    for step in &hunt.trace.steps {
        match step {
            TraceStep::Rule { name, .. } => rules.push(name),
            TraceStep::RuleEnd { .. } => {
                rules.pop();
            }
            TraceStep::Context {
                name,
                found,
                searched,
            } => match (found, name.eq_ignore_ascii_case(searched)) {
                (true, true) => {}
                (true, false) => lines.push(Line::Text(format!(
                    "context {name} not found: {searched} is used"
                ))),
                (false, _) => lines.push(Line::Text(format!("context {name} not found"))),
            },
            TraceStep::Test {
                source,
                outcome,
                kind,
                ..
            } => {
                let (what, detail) = describe(kind);
                lines.push(Line::Test {
                    place: place(source.as_ref()),
                    rule: one_line(rules.last().copied().unwrap_or_default()),
                    outcome: *outcome,
                    what,
                    detail,
                });
            }
            TraceStep::Queued {
                application,
                data,
                inline,
                anti,
                ..
            } => lines.push(Line::Action {
                application: application.clone(),
                data: one_line(data),
                mark: match (inline, anti) {
                    (true, _) => "  (inline)",
                    (false, true) => "  (anti-action)",
                    (false, false) => "",
                },
            }),
            TraceStep::Note { source, text } => {
                let place = source
                    .as_ref()
                    .map(|source| format!("{}: ", place(Some(source))))
                    .unwrap_or_default();
                lines.push(Line::Text(format!("{place}{}", one_line(text))));
            }
        }
    }
    lines.push(Line::Text(verdict(hunt)));
    table(&lines)
}

fn verdict(hunt: &Hunt) -> String {
    match (&hunt.failed, &hunt.extension) {
        (Some(cause), _) => format!("=> the call ends: {}", cause.name()),
        (None, Some(extension)) => format!(
            "=> extension {} with {} actions",
            one_line(&extension.name),
            extension.actions.len()
        ),
        (None, None) => "=> no extension: NO_ROUTE_DESTINATION".to_owned(),
    }
}

fn table(lines: &[Line]) -> String {
    let width = |of: &dyn Fn(&Line) -> Option<usize>, most: usize| {
        lines
            .iter()
            .filter_map(of)
            .filter(|width| *width <= most)
            .max()
            .unwrap_or(0)
    };
    let places = width(
        &|line| match line {
            Line::Test { place, .. } => Some(place.chars().count()),
            _ => None,
        },
        48,
    );
    let names = width(
        &|line| match line {
            Line::Test { rule, .. } => Some(rule.chars().count()),
            _ => None,
        },
        NAME_WIDTH,
    );
    let tests = width(
        &|line| match line {
            Line::Test { what, detail, .. } if !detail.is_empty() => Some(what.chars().count()),
            _ => None,
        },
        72,
    );
    let applications = width(
        &|line| match line {
            Line::Action { application, .. } => Some(application.chars().count()),
            _ => None,
        },
        NAME_WIDTH,
    );
    let mut text = String::new();
    for line in lines {
        let row = match line {
            Line::Test {
                place,
                rule,
                outcome,
                what,
                detail,
            } => {
                let answer = if *outcome { "yes" } else { "no" };
                format!("{place:places$}  {rule:names$}  {answer:3}  {what:tests$}  {detail}")
            }
            Line::Action {
                application,
                data,
                mark,
            } => format!(
                "{:places$}    {application:applications$}  {data}{mark}",
                ""
            ),
            Line::Text(text) => text.clone(),
        };
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// File name and line; the whole path would push everything else off the screen.
fn place(source: Option<&Source>) -> String {
    source.map_or_else(String::new, |source| {
        let file = source.file.rsplit('/').next().unwrap_or_default();
        format!("{file}:{}", source.line)
    })
}

fn describe(kind: &TestKind) -> (String, String) {
    match kind {
        TestKind::Field {
            field,
            value,
            expression,
            captures,
        } => {
            let groups: Vec<String> = captures
                .iter()
                .enumerate()
                .skip(1)
                .map(|(number, text)| format!("${number}={}", one_line(text)))
                .collect();
            let detail = match groups.is_empty() {
                true => format!("({})", one_line(value)),
                false => groups.join(" "),
            };
            (format!("{field} =~ {}", one_line(expression)), detail)
        }
        TestKind::Time { attributes, now } => {
            (format!("time {}", attributes.join(" ")), now.clone())
        }
        TestKind::Network { list, address } => (format!("address in {list}"), one_line(address)),
        TestKind::Absolute => ("always".to_owned(), String::new()),
        TestKind::Combined { mode } => (format!("{mode} of the above"), String::new()),
    }
}

/// The hunt as JSON: `number`, `context`, `context_found`, `extension` (its name or null), `actions`, `failed`, `trace`.
pub fn to_json(hunt: &Hunt) -> Value {
    let actions: Vec<Value> = hunt
        .extension
        .iter()
        .flat_map(|extension| &extension.actions)
        .map(|action| {
            let value = json!({
                "application": action.application,
                "data": action.arguments.source(),
                "extension": action.extension,
            });
            with(value, place_json(action.source.as_ref()))
        })
        .collect();
    let number = match &hunt.extension {
        Some(extension) => extension.number.as_str(),
        None => hunt.profile.destination_number.as_str(),
    };
    let context = hunt.trace.steps.iter().find_map(|step| match step {
        TraceStep::Context { name, .. } => Some(name.as_str()),
        _ => None,
    });
    json!({
        "number": number,
        "context": context,
        "context_found": hunt.context_found,
        "extension": hunt.extension.as_ref().map(|extension| extension.name.as_str()),
        "actions": actions,
        "failed": hunt.failed.map(strowger_model::HangupCause::name),
        "trace": hunt.trace.steps.iter().map(step_json).collect::<Vec<Value>>(),
    })
}

/// `file`, `line` and `column`.
fn place_json(source: Option<&Source>) -> Value {
    source.map_or_else(
        || json!({ "file": null, "line": null }),
        |source| json!({ "file": &*source.file, "line": source.line, "column": source.column }),
    )
}

/// One object with the members of both.
fn with(mut value: Value, more: Value) -> Value {
    if let (Some(whole), Value::Object(more)) = (value.as_object_mut(), more) {
        whole.extend(more);
    }
    value
}

fn step_json(step: &TraceStep) -> Value {
    let (value, source) = match step {
        TraceStep::Context {
            name,
            found,
            searched,
        } => {
            return json!({ "step": "context", "name": name, "found": found, "searched": searched });
        }
        TraceStep::RuleEnd {
            name,
            matched,
            continues,
        } => {
            return json!({ "step": "end", "name": name, "matched": matched, "continue": continues });
        }
        TraceStep::Rule {
            name,
            source,
            continues,
        } => (
            json!({ "step": "rule", "name": name, "continue": continues }),
            source,
        ),
        TraceStep::Test {
            source,
            outcome,
            kind,
            break_on,
        } => {
            let value = json!({ "step": "test", "outcome": outcome, "break": break_on });
            (with(value, kind_json(kind)), source)
        }
        TraceStep::Queued {
            application,
            data,
            source,
            inline,
            anti,
        } => (
            json!({
                "step": "action", "application": application, "data": data, "inline": inline, "anti": anti
            }),
            source,
        ),
        TraceStep::Note { source, text } => (json!({ "step": "note", "text": text }), source),
    };
    with(value, place_json(source.as_ref()))
}

fn kind_json(kind: &TestKind) -> Value {
    match kind {
        TestKind::Field {
            field,
            value,
            expression,
            captures,
        } => json!({
            "kind": "field", "field": field, "value": value, "expression": expression, "captures": captures
        }),
        TestKind::Time { attributes, now } => {
            json!({ "kind": "time", "attributes": attributes, "now": now })
        }
        TestKind::Network { list, address } => {
            json!({ "kind": "network", "list": list, "address": address })
        }
        TestKind::Absolute => json!({ "kind": "absolute" }),
        TestKind::Combined { mode } => json!({ "kind": "combined", "mode": mode }),
    }
}
