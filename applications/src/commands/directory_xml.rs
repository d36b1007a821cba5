//! `xml_locate`: part of the configuration as text. Passwords are not shown.

use strowger_core::CommandCall;
use strowger_model::{Element, Node};

/// Parameters whose values nobody needs to see.
const SECRETS: [&str; 8] = [
    "password",
    "a1-hash",
    "vm-password",
    "reverse-auth-pass",
    "default_password",
    "secret",
    "pin",
    "auth-pass",
];

const NOTHING: &str = "can't find anything\n";

/// The root, a section, or an element of a section.
pub(super) async fn xml_locate(call: CommandCall<'_>) -> String {
    let words: Vec<&str> = call.arguments.as_str().split_whitespace().collect();
    let config = call.switch.config();
    let document = config.document();
    let found = match words.as_slice() {
        [] | ["root"] => Some(&document.root),
        [section] => document.section(section),
        [section, tag, attribute, value] => document
            .section(section)
            .and_then(|section| locate(section, tag, attribute, value)),
        _ => None,
    };
    match found {
        Some(element) => {
            let mut out = String::new();
            write(element, 0, &mut out);
            out
        }
        None => NOTHING.to_owned(),
    }
}

/// The first such element anywhere inside, in document order.
fn locate<'a>(inside: &'a Element, tag: &str, attribute: &str, value: &str) -> Option<&'a Element> {
    inside.find(tag, attribute, value).or_else(|| {
        inside
            .elements()
            .find_map(|element| locate(element, tag, attribute, value))
    })
}

fn write(element: &Element, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let secret = element.attr("name").is_some_and(|name| {
        SECRETS
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret))
    });
    out.push_str(&format!("{indent}<{}", element.name));
    for attribute in &element.attributes {
        let hidden = (secret && attribute.name == "value")
            || SECRETS
                .iter()
                .any(|secret| attribute.name.eq_ignore_ascii_case(secret));
        let value = if hidden {
            "***".to_owned()
        } else {
            escaped(&attribute.value)
        };
        out.push_str(&format!(" {}=\"{value}\"", attribute.name));
    }
    if element.children.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    for child in &element.children {
        match child {
            Node::Element(child) => write(child, depth + 1, out),
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Text(text) => {
                let shown = if secret {
                    "***".to_owned()
                } else {
                    escaped(text.trim())
                };
                out.push_str(&format!("{indent}  {shown}\n"));
            }
        }
    }
    out.push_str(&format!("{indent}</{}>\n", element.name));
}

/// Text inside XML.
pub(super) fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c if c.is_control() && c != '\n' && c != '\t' => "?".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
