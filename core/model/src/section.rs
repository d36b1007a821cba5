//! How a part of the configuration becomes typed values.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use crate::{
    boolean,
    diagnostics::{Diagnostics, Source},
    xml::tree::Element,
};

/// When a changed section takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// At once.
    Live,
    /// For calls that begin afterwards.
    NewCalls,
    /// After a restart of whatever it configures.
    Restart,
}

/// A part of the configuration: compiled whole, with all its errors reported.
pub trait Section: Send + Sync + Sized + 'static {
    /// The configuration's name, such as `switch.conf`.
    const NAME: &'static str;
    /// When a change takes effect.
    const RELOAD: Reload;

    /// Compile the element, or the defaults when there is none.
    fn compile(element: Option<&Element>, report: &mut Diagnostics) -> Self;
}

/// Reader of `<param name="…" value="…"/>` lists. It notes who was asked for, so that `finish` can warn about the others.
#[derive(Debug)]
pub struct Params<'e, 'r> {
    entries: Vec<Entry<'e>>,
    report: &'r mut Diagnostics,
}

#[derive(Debug)]
struct Entry<'e> {
    name: &'e str,
    value: &'e str,
    element: &'e Element,
    asked: bool,
}

impl<'e, 'r> Params<'e, 'r> {
    /// The `<param>`s directly inside an element; none without an element.
    pub fn new(element: Option<&'e Element>, report: &'r mut Diagnostics) -> Self {
        Self::tagged(element, "param", report)
    }

    /// As `new`, for elements of another name such as `<variable>`.
    pub fn tagged(element: Option<&'e Element>, tag: &str, report: &'r mut Diagnostics) -> Self {
        let mut entries = Vec::new();
        for param in element
            .into_iter()
            .flat_map(Element::elements)
            .filter(|e| e.name == tag)
        {
            match param.attr("name") {
                Some(name) => {
                    let value = param.attr("value").unwrap_or_default();
                    entries.push(Entry {
                        name,
                        value,
                        element: param,
                        asked: false,
                    });
                }
                None => {
                    let what = format!("<{tag}> without a name");
                    let source = Some(param.source.clone());
                    report.error(
                        source,
                        what,
                        "it says nothing",
                        "add name=\"…\" value=\"…\"",
                    );
                }
            }
        }
        Self { entries, report }
    }

    fn ask(&mut self, name: &str) -> Option<(&'e str, &'e Element)> {
        let mut found = None;
        for entry in self
            .entries
            .iter_mut()
            .filter(|e| e.name.eq_ignore_ascii_case(name))
        {
            entry.asked = true;
            found = Some((entry.value, entry.element));
        }
        found
    }

    /// The value of a parameter, the last one if it is written several times.
    pub fn text(&mut self, name: &str) -> Option<&'e str> {
        self.ask(name).map(|(value, _)| value)
    }

    /// The value of a parameter that is not empty, or a default.
    pub fn text_or(&mut self, name: &str, default: &str) -> String {
        self.text(name)
            .filter(|value| !value.is_empty())
            .unwrap_or(default)
            .to_owned()
    }

    /// Every value of a parameter that may be written several times.
    pub fn all(&mut self, name: &str) -> Vec<&'e str> {
        self.ask(name);
        let same = self
            .entries
            .iter()
            .filter(|e| e.name.eq_ignore_ascii_case(name));
        same.map(|entry| entry.value).collect()
    }

    /// Whether a parameter says yes. A text that is neither yes nor no is an error.
    pub fn boolean(&mut self, name: &str, default: bool) -> bool {
        let Some((value, element)) = self.ask(name) else {
            return default;
        };
        match (boolean::is_true(value), boolean::is_false(value)) {
            (true, _) => true,
            (_, true) => false,
            _ if value.is_empty() => default,
            _ => {
                let why = format!("`{value}` is neither true nor false");
                self.invalid(element, name, why, "write true or false");
                default
            }
        }
    }

    /// A number in a range. Anything else is an error, and the default is taken.
    pub fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some((value, element)) = self.ask(name).filter(|(value, _)| !value.is_empty()) else {
            return default;
        };
        match value.trim().parse::<T>() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let why = format!(
                    "`{value}` is not a number from {} to {}",
                    range.start(),
                    range.end()
                );
                self.invalid(element, name, why, &format!("without it, it is {default}"));
                default
            }
        }
    }

    /// The parts of a comma list without blanks; none when the parameter is missing or empty.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A value that its own type parses. What it refuses is an error, and the result `None`.
    pub fn parsed<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let (value, element) = self.ask(name).filter(|(value, _)| !value.is_empty())?;
        match value.trim().parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.invalid(
                    element,
                    name,
                    format!("`{value}`: {error}"),
                    "correct the value",
                );
                None
            }
        }
    }

    /// One of several words, without case. Another word is an error, and the result `None`.
    pub fn choice(&mut self, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let (value, element) = self.ask(name).filter(|(value, _)| !value.is_empty())?;
        let found = words
            .iter()
            .copied()
            .find(|word| word.eq_ignore_ascii_case(value));
        if found.is_none() {
            let why = format!("`{value}` is none of {}", words.join(", "));
            self.invalid(element, name, why, "write one of them");
        }
        found
    }

    /// Where a parameter's value is written.
    pub fn source(&self, name: &str) -> Option<Source> {
        let mut same = self.entries.iter().rev();
        let last = same.find(|entry| entry.name.eq_ignore_ascii_case(name));
        last.map(|entry| entry.element.attr_source("value"))
    }

    /// Every parameter as it stands, all taken as asked for.
    pub fn rest(&mut self) -> Vec<(&'e str, &'e str)> {
        for entry in &mut self.entries {
            entry.asked = true;
        }
        self.entries
            .iter()
            .map(|entry| (entry.name, entry.value))
            .collect()
    }

    /// Parameters that are known and have no meaning here: no warning for them.
    pub fn meaningless(&mut self, names: &[&str]) {
        for name in names {
            self.ask(name);
        }
    }

    /// The report, for messages of the caller's own.
    pub fn report(&mut self) -> &mut Diagnostics {
        self.report
    }

    /// Warn about every parameter that nobody asked for.
    pub fn finish(self) {
        for entry in self.entries.iter().filter(|entry| !entry.asked) {
            let source = Some(entry.element.source.clone());
            let what = format!("parameter `{}` is not supported yet", entry.name);
            self.report.warning(
                source,
                what,
                "it changes nothing",
                "remove it or mind the difference",
            );
        }
    }

    fn invalid(&mut self, element: &Element, name: &str, why: String, advice: &str) {
        let source = Some(element.attr_source("value"));
        self.report.error(
            source,
            format!("parameter `{name}` has no usable value"),
            why,
            advice,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{parse, position::LocatedText};

    #[test]
    fn parameters_are_read_and_forgotten_ones_reported() {
        let text = "<settings>\n<param name=\"port\" value=\"99999\"/>\n<param name=\"Loud\" value=\"true\"/>\n\
            <param name=\"acl\" value=\"a\"/><param name=\"acl\" value=\"b\"/>\n<param name=\"odd\" value=\"1\"/>\n\
            <param value=\"x\"/>\n<param name=\"codecs\" value=\"PCMU, G722,\"/></settings>";
        let mut report = Diagnostics::new();
        let element = parse(&LocatedText::of_file("x.xml", text), &mut report).unwrap();
        let mut params = Params::new(Some(&element), &mut report);
        assert_eq!(params.number("port", 5060_u16, 1..=65535), 5060);
        assert!(params.boolean("loud", false));
        assert_eq!(params.all("acl"), ["a", "b"]);
        assert_eq!(params.list("codecs"), ["PCMU", "G722"]);
        assert_eq!(params.text("missing"), None);
        params.finish();
        let lines: Vec<_> = report.sorted().iter().map(|d| d.to_string()).collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[0].starts_with("x.xml:2:20: error: parameter `port`"),
            "{}",
            lines[0]
        );
        assert!(
            lines[1].starts_with("x.xml:5:1: warning: parameter `odd` is not supported"),
            "{}",
            lines[1]
        );
        assert!(
            lines[2].starts_with("x.xml:6:1: error: <param> without a name"),
            "{}",
            lines[2]
        );
    }
}
