//! Templates: text with `$1`, `${variable}` and `${function(arguments)}`, parsed once and expanded for each call.

mod evaluate;
mod parse;

use std::task::{Context, Poll, Waker};

pub use evaluate::substring;

use super::expanded::Expanded;
use crate::BoxFuture;

/// A parsed text that expands to another text.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    segments: Vec<Segment>,
    source: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Literal(Expanded),
    /// `$1` or `${1}` (braced).
    Capture {
        index: usize,
        braced: bool,
    },
    /// `${name}` with everything between the braces: offset, length and index are found after the name is expanded.
    Variable {
        name: Template,
    },
    /// `${name(arguments)}`.
    Function {
        name: String,
        arguments: Template,
    },
}

/// What a template may ask while it expands.
pub trait Scope: Sync {
    /// The value of a variable; the whole order of places to look in is the implementer's.
    fn variable(&self, name: &str) -> Option<Expanded>;

    /// The elements of an array variable; a plain value is one element.
    fn elements(&self, name: &str) -> Option<Vec<Expanded>> {
        self.variable(name).map(|value| vec![value])
    }

    /// The value of a function; `None` when there is none of this name.
    fn function<'a>(
        &'a self,
        name: &'a str,
        arguments: Expanded,
    ) -> BoxFuture<'a, Option<Expanded>>;
}

impl Template {
    /// Parse a text from configuration.
    pub fn parse(text: &str) -> Template {
        Self::parse_expanded(&Expanded::trusted(text))
    }

    /// Parse a text with origins; what came from the network stays literal.
    pub fn parse_expanded(text: &Expanded) -> Template {
        parse::template(text, true)
    }

    /// The text itself when there is nothing to expand.
    pub fn literal(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [] => Some(""),
            [Segment::Literal(text)] => Some(text.as_str()),
            _ => None,
        }
    }

    /// The text itself with its origins when there is nothing to expand.
    pub fn literal_text(&self) -> Option<Expanded> {
        match self.segments.as_slice() {
            [] => Some(Expanded::default()),
            [Segment::Literal(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// The text it was parsed from; after `with_captures`, that text with the captures put in.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The same template with `$0`, `$1`, … replaced, also inside names and arguments. Unset captures are empty.
    pub fn with_captures(&self, captures: &[Expanded]) -> Template {
        if !self.has_captures() {
            return self.clone();
        }
        let mut segments = Vec::new();
        let mut source = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Capture { index, .. } => {
                    let value = captures.get(*index).cloned().unwrap_or_default();
                    source.push_str(value.as_str());
                    // The trusted part of a capture is template text like the one around it, but has no captures.
                    segments.extend(parse::template(&value, false).segments);
                }
                Segment::Literal(text) => {
                    source.push_str(text.as_str());
                    segments.push(segment.clone());
                }
                Segment::Variable { name } => {
                    let name = name.with_captures(captures);
                    source.push_str(&format!("${{{}}}", name.source));
                    segments.push(Segment::Variable { name });
                }
                Segment::Function { name, arguments } => {
                    let arguments = arguments.with_captures(captures);
                    source.push_str(&format!("${{{name}({})}}", arguments.source));
                    segments.push(Segment::Function {
                        name: name.clone(),
                        arguments,
                    });
                }
            }
        }
        Template {
            segments: parse::join_literals(segments),
            source,
        }
    }

    /// Whether there is a `$1` anywhere.
    pub fn has_captures(&self) -> bool {
        self.segments.iter().any(|segment| match segment {
            Segment::Literal(_) => false,
            Segment::Capture { .. } => true,
            Segment::Variable { name } => name.has_captures(),
            Segment::Function { arguments, .. } => arguments.has_captures(),
        })
    }

    /// The highest capture used, if any.
    pub fn highest_capture(&self) -> Option<usize> {
        self.segments
            .iter()
            .filter_map(|segment| match segment {
                Segment::Literal(_) => None,
                Segment::Capture { index, .. } => Some(*index),
                Segment::Variable { name } => name.highest_capture(),
                Segment::Function { arguments, .. } => arguments.highest_capture(),
            })
            .max()
    }

    /// The names of all functions used, nested ones too.
    pub fn functions(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal(_) | Segment::Capture { .. } => {}
                Segment::Variable { name } => names.extend(name.functions()),
                Segment::Function { name, arguments } => {
                    names.push(name.as_str());
                    names.extend(arguments.functions());
                }
            }
        }
        names
    }

    /// The names of all variables used whose name is itself not to be expanded, without offset and index.
    pub fn variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal(_) | Segment::Capture { .. } => {}
                Segment::Variable { name } => match name.literal_text() {
                    Some(text) => names.push(evaluate::Reference::of(&text).name),
                    None => names.extend(name.variables()),
                },
                Segment::Function { arguments, .. } => names.extend(arguments.variables()),
            }
        }
        names
    }

    /// Expand. Captures that were not replaced stay as they are written. The trusted parts of variables' values are expanded
    /// again (to a depth of 100); network parts and the results of functions never are.
    pub fn expand<'a>(&'a self, scope: &'a dyn Scope) -> BoxFuture<'a, Expanded> {
        Box::pin(evaluate::expand(self, scope))
    }

    /// Expand without waiting: functions that are not ready at once are empty.
    pub fn expand_now(&self, scope: &dyn Scope) -> Expanded {
        if let Some(text) = self.literal_text() {
            return text;
        }
        let scope = Impatient(scope);
        let mut work = self.expand(&scope);
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(text) => text,
            // Only functions wait, and those of `Impatient` do not.
            Poll::Pending => Expanded::default(),
        }
    }
}

/// A scope whose functions are asked once and taken as empty when they would have to wait.
struct Impatient<'s>(&'s dyn Scope);

impl Scope for Impatient<'_> {
    fn variable(&self, name: &str) -> Option<Expanded> {
        self.0.variable(name)
    }

    fn elements(&self, name: &str) -> Option<Vec<Expanded>> {
        self.0.elements(name)
    }

    fn function<'a>(
        &'a self,
        name: &'a str,
        arguments: Expanded,
    ) -> BoxFuture<'a, Option<Expanded>> {
        let mut work = self.0.function(name, arguments);
        let value = match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => None,
        };
        Box::pin(std::future::ready(value))
    }
}

#[cfg(test)]
mod tests;
