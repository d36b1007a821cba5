//! XML to a located tree. No document types, no entities besides the five and numbers, bounded depth, no recursion; goes on
//! after an error so that all are reported at once.

use super::{
    position::LocatedText,
    tree::{Attribute, Element, Node},
};
use crate::diagnostics::Diagnostics;

/// How deep elements may be nested. Deeper trees are an attack or a mistake, and would cost stack wherever a tree is walked.
pub const MAX_DEPTH: usize = 64;
/// After this many errors the rest is not looked at: they are then most likely one mistake.
const MAX_ERRORS: usize = 100;

/// Parse a text into its outermost element. `None` when there is none.
pub fn parse(text: &LocatedText, report: &mut Diagnostics) -> Option<Element> {
    let mut parser = Parser {
        text,
        at: 0,
        open: Vec::new(),
        root: None,
        errors: 0,
        report,
    };
    while parser.at < text.as_str().len() && parser.errors < MAX_ERRORS {
        parser.step();
    }
    parser.finish()
}

struct Parser<'t> {
    text: &'t LocatedText,
    at: usize,
    open: Vec<Element>,
    root: Option<Element>,
    errors: usize,
    report: &'t mut Diagnostics,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text.as_str()[self.at..]
    }

    fn error(&mut self, at: usize, what: impl Into<String>, why: impl Into<String>, advice: &str) {
        self.errors += 1;
        self.report
            .error(Some(self.text.source(at)), what, why, advice);
    }

    fn step(&mut self) {
        let rest = self.rest();
        if let Some(after) = rest.strip_prefix("<!--") {
            self.skip(4, after, "-->", "comment");
        } else if let Some(after) = rest.strip_prefix("<![CDATA[") {
            let length = after.find("]]>").unwrap_or(after.len());
            self.add_text(after[..length].to_owned());
            self.skip(9, after, "]]>", "CDATA section");
        } else if let Some(after) = rest.strip_prefix("<?") {
            self.skip(2, after, "?>", "processing instruction");
        } else if rest.starts_with("<!") {
            self.declaration(rest);
        } else if rest.starts_with("</") {
            self.close(rest);
        } else if rest.starts_with('<') {
            self.element(rest);
        } else {
            let length = rest.find('<').unwrap_or(rest.len());
            let text = self.entities(self.at, &rest[..length]);
            self.add_text(text);
            self.at += length;
        }
    }

    /// Go past an end mark; `after` is what follows the `opened` octets that began it.
    fn skip(&mut self, opened: usize, after: &str, end: &str, what: &str) {
        match after.find(end) {
            Some(length) => self.at += opened + length + end.len(),
            None => {
                let why = format!("there is no `{end}` after it");
                self.error(self.at, format!("{what} without end"), why, "close it");
                self.at = self.text.as_str().len();
            }
        }
    }

    fn declaration(&mut self, rest: &str) {
        self.error(
            self.at,
            "document type declaration",
            "declarations can define entities that read files or grow without bound",
            "remove it; write the values themselves",
        );
        // An internal subset holds `>` of its own and ends with `]>`.
        let simple = rest.find('>').unwrap_or(rest.len());
        let end = match rest.find('[') {
            Some(open) if open < simple => rest.find("]>").map_or(rest.len(), |at| at + 2),
            _ => (simple + 1).min(rest.len()),
        };
        self.at += end;
    }

    fn add_text(&mut self, text: String) {
        match self.open.last_mut() {
            Some(parent) => match parent.children.last_mut() {
                Some(Node::Text(before)) => before.push_str(&text),
                _ if text.trim().is_empty() => {}
                _ => parent.children.push(Node::Text(text)),
            },
            None if text.trim().is_empty() => {}
            None => {
                let lead = text.len() - text.trim_start().len();
                let shown: String = text.trim().chars().take(30).collect();
                self.error(
                    self.at + lead,
                    format!("text `{shown}` outside of all elements"),
                    "a document is one element",
                    "remove it or move it inside",
                );
            }
        }
    }

    fn close(&mut self, rest: &str) {
        let start = self.at;
        let length = rest.find('>').unwrap_or(rest.len());
        let name = rest[2..length].trim();
        self.at += (length + 1).min(rest.len());
        match self.open.iter().rposition(|element| element.name == name) {
            Some(depth) => {
                while self.open.len() > depth + 1 {
                    self.unclosed(&format!("`</{name}>` comes before its end"));
                }
                self.pop();
            }
            None => {
                let inside = self
                    .open
                    .last()
                    .map_or("no element", |element| element.name.as_str());
                let why = format!("nothing of this name is open here (inside: {inside})");
                self.error(
                    start,
                    format!("`</{name}>` closes nothing"),
                    why,
                    "check the names of both tags",
                );
            }
        }
    }

    /// Report and close the innermost element.
    fn unclosed(&mut self, why: &str) {
        if let Some(element) = self.open.last() {
            let what = format!("<{}> is not closed", element.name);
            let source = element.source.clone();
            self.errors += 1;
            let advice = "close it with a tag of the same name, or write `/>`";
            self.report.error(Some(source), what, why, advice);
        }
        self.pop();
    }

    fn pop(&mut self) {
        let Some(element) = self.open.pop() else {
            return;
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None if self.root.is_none() => self.root = Some(element),
            None => {
                let source = element.source;
                self.errors += 1;
                self.report.error(
                    Some(source),
                    format!("<{}> is a second outermost element", element.name),
                    "a document is one element",
                    "move it inside the first",
                );
            }
        }
    }

    fn element(&mut self, rest: &str) {
        let start = self.at;
        let name_end = name_length(&rest[1..]) + 1;
        let name = &rest[1..name_end];
        if name.is_empty() {
            self.error(
                start,
                "`<` without a name after it",
                "it begins an element",
                "write `&lt;` for the sign",
            );
            self.add_text("<".to_owned());
            self.at += 1;
            return;
        }
        let mut element = Element {
            name: name.to_owned(),
            attributes: Vec::new(),
            children: Vec::new(),
            source: self.text.source(start),
        };
        self.at += name_end;
        let empty = self.attributes(&mut element);
        if self.open.len() >= MAX_DEPTH {
            let what = format!("more than {MAX_DEPTH} elements inside one another");
            self.error(
                start,
                what,
                "no configuration needs that",
                "check for missing end tags",
            );
            self.errors = MAX_ERRORS;
            return;
        }
        self.open.push(element);
        if empty {
            self.pop();
        }
    }

    /// Read attributes up to the end of the tag; whether it ended with `/>`.
    fn attributes(&mut self, element: &mut Element) -> bool {
        loop {
            let rest = self.rest();
            let rest = {
                let trimmed = rest.trim_start();
                self.at += rest.len() - trimmed.len();
                trimmed
            };
            if rest.is_empty() {
                let what = format!("<{}> has no `>`", element.name);
                self.error(
                    self.at.saturating_sub(1),
                    what,
                    "the file ends before it",
                    "close the tag",
                );
                return false;
            }
            if rest.starts_with("/>") {
                self.at += 2;
                return true;
            }
            if rest.starts_with('>') {
                self.at += 1;
                return false;
            }
            if rest.starts_with('<') {
                let what = format!("<{}> has no `>`", element.name);
                self.error(self.at, what, "another tag begins first", "close the tag");
                return false;
            }
            self.attribute(rest, element);
        }
    }

    fn attribute(&mut self, rest: &str, element: &mut Element) {
        let start = self.at;
        let length = name_length(rest);
        if length == 0 {
            let odd = rest.chars().next().unwrap_or(' ');
            self.error(
                start,
                format!("`{odd}` in <{}>", element.name),
                "an attribute was expected",
                "remove it",
            );
            self.at += odd.len_utf8();
            return;
        }
        let name = &rest[..length];
        let after = rest[length..].trim_start();
        let value = after.strip_prefix('=').map(str::trim_start);
        let quote = value
            .and_then(|value| value.chars().next())
            .filter(|c| matches!(c, '"' | '\''));
        let (Some(value), Some(quote)) = (value, quote) else {
            let what = format!(
                "attribute `{name}` of <{}> has no quoted value",
                element.name
            );
            self.error(
                start,
                what,
                "attributes are written name=\"value\"",
                "add the value in quotes",
            );
            self.at += length;
            let skip = after.strip_prefix('=').map_or("", |v| v.trim_start());
            if !skip.is_empty() {
                let end = skip
                    .find(|c: char| c.is_whitespace() || c == '>' || c == '/')
                    .unwrap_or(skip.len());
                self.at = self.text.as_str().len() - skip.len() + end;
            }
            return;
        };
        let value_start = self.text.as_str().len() - value.len() + 1;
        let Some(end) = value[1..].find(quote) else {
            let what = format!("the value of `{name}` has no closing quote");
            self.error(start, what, "the file ends before it", "close the quote");
            self.at = self.text.as_str().len();
            return;
        };
        let raw = value[1..=end].replace(['\n', '\t', '\r'], " ");
        let value = self.entities(value_start, &raw);
        self.at = value_start + end + 1;
        if element.attr(name).is_some() {
            let source = Some(self.text.source(start));
            let what = format!("attribute `{name}` is written twice");
            self.report
                .warning(source, what, "the first one counts", "remove the second");
            return;
        }
        let source = self.text.source(start);
        element.attributes.push(Attribute {
            name: name.to_owned(),
            value,
            source,
        });
    }

    /// Resolve `&amp;` and its like. What is no entity is taken as written, with a warning.
    fn entities(&mut self, start: usize, raw: &str) -> String {
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find('&') {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            match entity(rest) {
                Some((character, length)) => {
                    text.push(character);
                    rest = &rest[length..];
                }
                None => {
                    let source = Some(self.text.source(start + raw.len() - rest.len()));
                    let why = "it begins no known entity and is taken as it stands";
                    self.report
                        .warning(source, "`&` in text", why, "write `&amp;`");
                    text.push('&');
                    rest = &rest[1..];
                }
            }
        }
        text.push_str(rest);
        text
    }

    fn finish(mut self) -> Option<Element> {
        let complain = self.errors < MAX_ERRORS;
        while !self.open.is_empty() {
            if complain {
                self.unclosed("the text ends before its end");
            } else {
                self.pop();
            }
        }
        self.root
    }
}

/// How many octets of a text are a name.
fn name_length(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, '=' | '/' | '>' | '<' | '"' | '\''))
        .unwrap_or(text.len())
}

/// The character an entity at the beginning of a text stands for, and its length.
fn entity(text: &str) -> Option<(char, usize)> {
    /// `&#x10FFFF;` with room for leading zeros.
    const LONGEST: usize = 16;
    let end = text.bytes().take(LONGEST).position(|b| b == b';')?;
    let name = &text[1..end];
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "amp" => '&',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|&c| c != '\0')?
        }
    };
    Some((character, end + 1))
}
