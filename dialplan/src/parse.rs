//! Located XML -> [`syntax`](crate::syntax). Tolerant where FreeSWITCH is; whatever has no effect is a warning.

use strowger_model::{Diagnostics, Element, Source, is_true};

use crate::syntax::{Action, Break, Combination, Condition, Context, Dialplan, Extension, Test};
use crate::time_of_day;

/// How deep conditions may nest; FreeSWITCH gives up at the same depth.
pub const NESTING_LIMIT: usize = 100;

/// How often `loop` may repeat an action.
pub const REPEAT_LIMIT: u32 = 1_000;

/// Reads the `dialplan` section.
pub fn parse(section: &Element, report: &mut Diagnostics) -> Dialplan {
    let mut contexts: Vec<Context> = Vec::new();
    collect(section, &mut contexts, report, 0);
    Dialplan { contexts }
}

/// `<dialplan>` and `<include>` wrappers are looked through.
fn collect(parent: &Element, contexts: &mut Vec<Context>, report: &mut Diagnostics, depth: usize) {
    for element in parent.elements() {
        match element.name.as_str() {
            "context" => {
                let found = context(element, report);
                if found.name.is_empty() {
                    report.warning(
                        Some(found.source),
                        "context without a name",
                        "no call can ever enter it",
                        "give it a name attribute",
                    );
                } else if let Some(first) = contexts
                    .iter()
                    .find(|other| other.name.eq_ignore_ascii_case(&found.name))
                {
                    report.warning(
                        Some(found.source),
                        format!("context {} is defined again", found.name),
                        format!("only the first one, at {}, is used", first.source),
                        "move its extensions into the first one, or give it another name",
                    );
                } else {
                    contexts.push(found);
                }
            }
            "dialplan" | "include" if depth < NESTING_LIMIT => {
                collect(element, contexts, report, depth + 1)
            }
            _ => unknown_element(element, &parent.name, report),
        }
    }
}

fn context(element: &Element, report: &mut Diagnostics) -> Context {
    only_attributes(element, &["name"], report);
    let mut extensions = Vec::new();
    collect_extensions(element, &mut extensions, report, 0);
    Context {
        name: element.attr("name").unwrap_or_default().to_owned(),
        source: element.source.clone(),
        extensions,
    }
}

fn collect_extensions(
    parent: &Element,
    extensions: &mut Vec<Extension>,
    report: &mut Diagnostics,
    depth: usize,
) {
    for child in parent.elements() {
        match child.name.as_str() {
            "extension" => extensions.push(extension(child, report)),
            "include" if depth < NESTING_LIMIT => {
                collect_extensions(child, extensions, report, depth + 1)
            }
            _ => unknown_element(child, "context", report),
        }
    }
}

fn extension(element: &Element, report: &mut Diagnostics) -> Extension {
    only_attributes(element, &["name", "continue"], report);
    let mut conditions = Vec::new();
    for child in element.elements() {
        if child.name == "condition" {
            conditions.push(condition(child, 1, report));
        } else if child.name == "action" || child.name == "anti-action" {
            report.warning(
                Some(child.source.clone()),
                format!("<{}> stands outside of a <condition>", child.name),
                "it is never queued",
                "put it into a <condition> without attributes to have it always queued",
            );
        } else {
            unknown_element(child, "extension", report);
        }
    }
    Extension {
        name: element
            .attr("name")
            .filter(|name| !name.is_empty())
            .unwrap_or("_anon_")
            .to_owned(),
        continues: element.attr("continue").is_some_and(is_true),
        source: element.source.clone(),
        conditions,
    }
}

fn condition(element: &Element, depth: usize, report: &mut Diagnostics) -> Condition {
    let mut known = vec![
        "field",
        "expression",
        "acl",
        "break",
        "regex",
        "require-nested",
    ];
    known.extend(time_of_day::ATTRIBUTES);
    only_attributes(element, &known, report);
    let combined = element.attr("regex");
    let mut actions = Vec::new();
    let mut anti_actions = Vec::new();
    let mut nested = Vec::new();
    let mut tests = Vec::new();
    for child in element.elements() {
        match child.name.as_str() {
            "action" => actions.push(action(child, report)),
            "anti-action" => anti_actions.push(action(child, report)),
            "condition" if depth < NESTING_LIMIT => {
                nested.push(condition(child, depth + 1, report))
            }
            "condition" => report.error(
                Some(child.source.clone()),
                "condition nested too deeply",
                format!("conditions nest at most {NESTING_LIMIT} levels"),
                "split the extension with transfer or execute_extension",
            ),
            "regex" if combined.is_some() => {
                let mut known = vec!["field", "expression", "acl"];
                known.extend(time_of_day::ATTRIBUTES);
                only_attributes(child, &known, report);
                tests.push(test(child));
            }
            "regex" => report.warning(
                Some(child.source.clone()),
                "<regex> is not looked at",
                "its condition has no regex attribute",
                "write <condition regex=\"all\"> (or any, xor)",
            ),
            "expression" => {}
            _ => unknown_element(child, "condition", report),
        }
    }
    Condition {
        source: element.source.clone(),
        test: test(element),
        combination: combined.map(|word| (combination(word, element, report), tests)),
        break_on: break_on(element, report),
        actions,
        anti_actions,
        nested,
        require_nested: !element
            .attr("require-nested")
            .is_some_and(strowger_model::is_false),
    }
}

fn combination(word: &str, element: &Element, report: &mut Diagnostics) -> Combination {
    match word.to_ascii_lowercase().as_str() {
        "all" => Combination::All,
        "xor" => Combination::Xor,
        "any" => Combination::Any,
        _ => {
            report.warning(
                Some(element.attr_source("regex")),
                format!("unknown word regex=\"{word}\""),
                "it counts as any",
                "write all, any or xor",
            );
            Combination::Any
        }
    }
}

fn break_on(element: &Element, report: &mut Diagnostics) -> Break {
    let Some(word) = element.attr("break") else {
        return Break::OnFalse;
    };
    match word.to_ascii_lowercase().as_str() {
        "on-true" => Break::OnTrue,
        "on-false" => Break::OnFalse,
        "always" => Break::Always,
        "never" => Break::Never,
        _ => {
            report.warning(
                Some(element.attr_source("break")),
                format!("unknown word break=\"{word}\""),
                "it counts as on-false",
                "write on-true, on-false, always or never",
            );
            Break::OnFalse
        }
    }
}

fn test(element: &Element) -> Test {
    let attribute = |name: &str| {
        element
            .attr(name)
            .map(|value| (value.to_owned(), element.attr_source(name)))
    };
    Test {
        source: element.source.clone(),
        field: attribute("field"),
        // The element wins over the attribute, even when it is empty.
        expression: match element.child("expression") {
            Some(child) => Some((child.text().trim().to_owned(), child.source.clone())),
            None => attribute("expression"),
        },
        acl: attribute("acl"),
        times: time_of_day::ATTRIBUTES
            .iter()
            .filter_map(|name| attribute(name).map(|(value, source)| (*name, value, source)))
            .collect(),
    }
}

fn action(element: &Element, report: &mut Diagnostics) -> Action {
    only_attributes(element, &["application", "data", "inline", "loop"], report);
    for child in element.elements() {
        unknown_element(child, &element.name, report);
    }
    let text = element.text();
    let text = text.trim();
    Action {
        application: element.attr("application").unwrap_or_default().to_owned(),
        data: match text {
            "" => element.attr("data").unwrap_or_default().to_owned(),
            text => text.to_owned(),
        },
        inline: element.attr("inline").is_some_and(is_true),
        repeat: repeat(element, report),
        source: element.source.clone(),
    }
}

fn repeat(element: &Element, report: &mut Diagnostics) -> u32 {
    let Some(text) = element.attr("loop") else {
        return 1;
    };
    let place: Source = element.attr_source("loop");
    match text.trim().parse::<i64>() {
        Ok(count) if count > i64::from(REPEAT_LIMIT) => {
            report.warning(
                Some(place),
                format!("loop=\"{text}\" is too often"),
                format!("the action is queued {REPEAT_LIMIT} times"),
                "repeat with transfer or an application that loops by itself",
            );
            REPEAT_LIMIT
        }
        Ok(count) => u32::try_from(count).unwrap_or(0),
        Err(_) => {
            report.warning(
                Some(place),
                format!("loop=\"{text}\" is not a number"),
                "the action is never queued",
                "write how often the action is to be queued",
            );
            0
        }
    }
}

fn only_attributes(element: &Element, known: &[&str], report: &mut Diagnostics) {
    for attribute in &element.attributes {
        if !known.contains(&attribute.name.as_str()) {
            report.warning(
                Some(attribute.source.clone()),
                format!("unknown attribute {} of <{}>", attribute.name, element.name),
                "it has no effect",
                format!("known are: {}", known.join(", ")),
            );
        }
    }
}

fn unknown_element(element: &Element, inside: &str, report: &mut Diagnostics) {
    report.warning(
        Some(element.source.clone()),
        format!("unknown element <{}> in <{inside}>", element.name),
        "it has no effect",
        "remove it or correct its name",
    );
}
