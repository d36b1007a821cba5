//! Events as text: plain with percent encoding, JSON, XML.

use std::{collections::HashSet, fmt::Write as _};

use super::{Event, EventValue};

/// What stands for an empty value in the plain form.
const UNDEFINED: &str = "_undef_";

/// Percent-encode a header value: what is not printable ASCII, and space `" # % & + : ; < = > ? @ [ \ ] ^ ` { | }`.
pub fn percent(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for &octet in value.as_bytes() {
        let encoded = !(0x21..=0x7e).contains(&octet) || b"\"#%&+:;<=>?@[\\]^`{|}".contains(&octet);
        if encoded {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{octet:02X}");
        } else {
            out.push(char::from(octet));
        }
    }
    out
}

/// Undo `percent`. What is no encoding stays; octets that are no UTF-8 are replaced.
pub fn percent_decode(value: &str) -> String {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = |octet: u8| char::from(octet).to_digit(16);
        if let (b'%', [high, low, tail @ ..]) = (first, after)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            rest = tail;
        } else {
            out.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A header name without what would break a line or an element.
fn header_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_control() || c == ':' || c == ' ' {
                '_'
            } else {
                c
            }
        })
        .collect()
}

/// The plain form: one `Name: encoded value` each line, a blank line, the body.
pub fn plain(event: &Event) -> String {
    let mut out = String::new();
    for (name, value) in &event.headers {
        out.push_str(&header_name(name));
        out.push_str(": ");
        let text = value.text();
        if text.is_empty() {
            out.push_str(UNDEFINED);
        } else {
            out.push_str(&percent(&text));
        }
        out.push('\n');
    }
    match &event.body {
        Some(body) if !body.is_empty() => {
            // Writing to a String cannot fail.
            let _ = write!(out, "Content-Length: {}\n\n{body}", body.len());
        }
        _ => out.push('\n'),
    }
    out
}

/// One flat JSON object of texts in the order of the headers; arrays for array variables; the body as `_body`. The first
/// header of a name counts, as for readers of the other forms.
pub fn json(event: &Event) -> String {
    let mut members: Vec<(&str, serde_json::Value)> = Vec::new();
    let mut known = HashSet::new();
    for (name, value) in &event.headers {
        if known.insert(name.as_str()) {
            let value = match value {
                EventValue::Text(text) => text.as_str().into(),
                EventValue::Array(items) => items.as_slice().into(),
            };
            members.push((name, value));
        }
    }
    if let Some(body) = event.body.as_ref().filter(|body| !body.is_empty()) {
        members.push(("Content-Length", body.len().to_string().into()));
        members.push(("_body", body.as_str().into()));
    }
    let written: Vec<String> = members
        .into_iter()
        .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name)))
        .collect();
    format!("{{{}}}", written.join(","))
}

/// `<event><headers>…</headers>[<Content-Length>…</Content-Length><body>…</body>]</event>`, values percent-encoded.
pub fn xml(event: &Event) -> String {
    let mut out = String::from("<event>\n  <headers>\n");
    for (name, value) in &event.headers {
        let name = element_name(name);
        let items = match value {
            EventValue::Text(text) => std::slice::from_ref(text),
            EventValue::Array(items) => items.as_slice(),
        };
        for item in items {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "    <{name}>{}</{name}>", percent(item));
        }
    }
    out.push_str("  </headers>\n");
    if let Some(body) = event.body.as_ref().filter(|body| !body.is_empty()) {
        let _ = writeln!(out, "  <Content-Length>{}</Content-Length>", body.len());
        let _ = writeln!(out, "  <body>{}</body>", escape(body));
    }
    out.push_str("</event>");
    out
}

/// A header name as an element name: odd characters become `_`.
fn element_name(name: &str) -> String {
    let odd = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let mut element: String = name.chars().map(|c| if odd(c) { '_' } else { c }).collect();
    if !element.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        element.insert(0, '_');
    }
    element
}

/// Text between elements; characters XML cannot carry become `?`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Diagnostics, EventName,
        xml::{parse, position::LocatedText},
    };

    fn sample() -> Event {
        Event::new(EventName::Dtmf)
            .header("Event-Name", "DTMF")
            .header("variable_list", vec!["a".to_owned(), "b c".to_owned()])
            .header("Empty", "")
            .header("Name", "Änn <1>")
    }

    #[test]
    fn the_plain_form() {
        assert_eq!(
            plain(&sample().body("héllo")),
            "Event-Name: DTMF\nvariable_list: ARRAY%3A%3Aa%7C%3Ab%20c\nEmpty: _undef_\nName: %C3%84nn%20%3C1%3E\n\
             Content-Length: 6\n\nhéllo"
        );
        assert!(plain(&sample()).ends_with("%3E\n\n"));
        assert_eq!(percent("az-_.~/,'()*!$"), "az-_.~/,'()*!$");
        assert_eq!(
            percent(" \"#%&+:;<=>?@[\\]^`{|}\x7f\n"),
            "%20%22%23%25%26%2B%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D%7F%0A"
        );
    }

    #[test]
    fn the_json_form() {
        let value: serde_json::Value = serde_json::from_str(&json(&sample().body("x\"y"))).unwrap();
        assert!(
            json(&sample())
                .starts_with("{\"Event-Name\":\"DTMF\",\"variable_list\":[\"a\",\"b c\"],")
        );
        assert_eq!(value["Event-Name"], "DTMF");
        assert_eq!(value["variable_list"][1], "b c");
        assert_eq!(
            (&value["Content-Length"], &value["_body"]),
            (&"3".into(), &"x\"y".into())
        );
    }

    #[test]
    fn the_xml_form() {
        let text = xml(&sample().header("odd name<", "v").body("<&>"));
        let mut report = Diagnostics::new();
        let event = parse(&LocatedText::of_file("event", &text), &mut report).unwrap();
        assert_eq!(report.to_string(), "");
        let headers = event.child("headers").unwrap();
        let list: Vec<_> = headers
            .elements_named("variable_list")
            .map(|e| e.text())
            .collect();
        assert_eq!(list, ["a", "b%20c"]);
        assert_eq!(headers.child("odd_name_").unwrap().text(), "v");
        assert_eq!(event.child("body").unwrap().text(), "<&>");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// No value can add a header, break JSON or XML, or change on the way.
        #[test]
        fn any_value_stays_one_value(value in any::<String>(), name in any::<String>()) {
            let event = Event::new(EventName::Custom).header("A", value.clone()).header(name, "x").body(value.clone());
            let text = plain(&event);
            let first = text.lines().next().unwrap();
            let encoded = first.strip_prefix("A: ").unwrap();
            if !value.is_empty() {
                prop_assert_eq!(percent_decode(encoded), value.clone());
            }
            let head = text.split("\n\n").next().unwrap();
            prop_assert_eq!(head.lines().count(), 2 + usize::from(!value.is_empty()));
            let parsed: serde_json::Value = serde_json::from_str(&json(&event)).unwrap();
            prop_assert_eq!(parsed["A"].as_str(), Some(value.as_str()));
            let mut report = Diagnostics::new();
            let tree = parse(&LocatedText::of_file("event", &xml(&event)), &mut report);
            prop_assert!(tree.is_some() && report.is_empty(), "{}", report);
        }

        /// Decoding never panics.
        #[test]
        fn any_text_decodes(text in "[%0-9A-Fa-f]{0,20}|\\PC{0,20}") {
            let _ = percent_decode(&text);
        }
    }
}
