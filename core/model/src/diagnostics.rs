//! Messages about configuration: where, what, why and what to do, all at once instead of one by one.

use std::{fmt, sync::Arc};

/// A place in a file. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The file as a person would name it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Source {
    /// A place in a file.
    pub fn new(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self {
            file: file.into(),
            line,
            column,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, but something is not as its writer meant it.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One located message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub source: Option<Source>,
    /// What is wrong.
    pub what: String,
    /// Why it is wrong.
    pub why: String,
    /// What to do about it.
    pub advice: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(out, "{source}: ")?;
        }
        write!(out, "{}: {}", self.severity.name(), self.what)?;
        if !self.why.is_empty() {
            write!(out, ": {}", self.why)?;
        }
        if !self.advice.is_empty() {
            write!(out, "; {}", self.advice)?;
        }
        Ok(())
    }
}

/// All messages of one look at the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No messages yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Add an error.
    pub fn error(
        &mut self,
        source: Option<Source>,
        what: impl Into<String>,
        why: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(
            Severity::Error,
            source,
            what.into(),
            why.into(),
            advice.into(),
        );
    }

    /// Add a warning.
    pub fn warning(
        &mut self,
        source: Option<Source>,
        what: impl Into<String>,
        why: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(
            Severity::Warning,
            source,
            what.into(),
            why.into(),
            advice.into(),
        );
    }

    /// Add a message that is already made.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    fn add(
        &mut self,
        severity: Severity,
        source: Option<Source>,
        what: String,
        why: String,
        advice: String,
    ) {
        self.list.push(Diagnostic {
            severity,
            source,
            what,
            why,
            advice,
        });
    }

    /// Whether there is an error among the messages.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.list
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .count()
    }

    /// Every message in the order it was added.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Add all messages of another look.
    pub fn extend(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }

    /// Sort by file, line and column; messages without a place come first.
    pub fn sort(&mut self) {
        self.list.sort_by(|a, b| a.source.cmp(&b.source));
    }

    /// The same messages, sorted by file and line.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut list: Vec<_> = self.list.iter().collect();
        list.sort_by(|a, b| a.source.cmp(&b.source));
        list
    }

    /// A JSON array with one object for each message, sorted.
    pub fn to_json(&self) -> serde_json::Value {
        let describe = |d: &&Diagnostic| {
            serde_json::json!({
                "severity": d.severity.name(),
                "file": d.source.as_ref().map(|s| &*s.file),
                "line": d.source.as_ref().map(|s| s.line),
                "column": d.source.as_ref().map(|s| s.column),
                "what": d.what,
                "why": d.why,
                "advice": d.advice,
            })
        };
        self.sorted().iter().map(describe).collect()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in self.sorted() {
            writeln!(out, "{diagnostic}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_where_what_why_and_what_to_do() {
        let mut all = Diagnostics::new();
        all.warning(
            Some(Source::new("b.xml", 3, 7)),
            "unknown param",
            "nobody reads it",
            "remove it",
        );
        all.error(Some(Source::new("a.xml", 9, 1)), "no name", "", "");
        assert!(all.has_errors());
        assert_eq!(
            all.to_string(),
            "a.xml:9:1: error: no name\nb.xml:3:7: warning: unknown param: nobody reads it; remove it\n"
        );
        assert_eq!(all.to_json()[1]["line"], 3);
    }
}
