//! Arguments of applications, functions and commands: declared once, parsed, explained and checked from that.

pub mod grammar;
pub mod specification;
pub mod split;
pub mod types;

use std::fmt;

pub use grammar::{ArgumentSpec, Grammar};
pub use split::{separate, separate_rest};
pub use types::{Milliseconds, Rest, Seconds};

use crate::expand::expanded::Expanded;

/// A list of arguments with a grammar; derived for structs with `#[derive(Arguments)]`.
pub trait Arguments: Sized + Send + 'static {
    /// What the arguments are.
    const GRAMMAR: Grammar;

    /// Read the arguments from an expanded text.
    ///
    /// # Errors
    /// When an argument is missing, one too many, or not of its kind.
    fn parse(text: &Expanded) -> Result<Self, ArgumentError>;
}

/// A type that can be one argument.
pub trait Argument: Sized {
    /// What a person has to write, shown in usage: `seconds`, `number`.
    const KIND: &'static str;

    /// Read one argument.
    ///
    /// # Errors
    /// A sentence part that says what is wrong with the text.
    fn parse_argument(text: &Expanded) -> Result<Self, String>;
}

/// Arguments that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    /// Which argument, if it is about one.
    pub argument: Option<&'static str>,
    /// What is wrong with it.
    pub reason: String,
}

impl ArgumentError {
    /// An error about the arguments as a whole.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            argument: None,
            reason: reason.into(),
        }
    }

    /// An error about one argument.
    pub fn about(argument: &'static str, reason: impl Into<String>) -> Self {
        Self {
            argument: Some(argument),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.argument {
            Some(argument) => write!(out, "argument `{argument}`: {}", self.reason),
            None => out.write_str(&self.reason),
        }
    }
}

impl std::error::Error for ArgumentError {}

/// Cut a text into the arguments of a grammar, `None` for each that is not there. Used by the derived `parse`.
///
/// # Errors
/// When there is text although the grammar has no arguments, a required argument is missing, or one is not among its choices.
pub fn take(text: &Expanded, grammar: &Grammar) -> Result<Vec<Option<Expanded>>, ArgumentError> {
    let wanted = grammar.arguments;
    let trimmed = text.trim();
    let parts = match wanted {
        [] if trimmed.is_empty() => Vec::new(),
        [] => {
            return Err(ArgumentError::new(format!(
                "takes no arguments, but got `{trimmed}`"
            )));
        }
        [_] => vec![trimmed],
        [.., last] if last.rest => separate_rest(&trimmed, grammar.separator, wanted.len()),
        _ => separate(&trimmed, grammar.separator, wanted.len()),
    };
    let mut parts = parts.into_iter();
    let mut taken = Vec::with_capacity(wanted.len());
    for spec in wanted {
        let given = parts.next().filter(|part| !part.is_empty());
        let value = given.or_else(|| spec.default.map(Expanded::trusted));
        match &value {
            None if spec.required => {
                let reason = format!("is missing; usage: {}", grammar.usage());
                return Err(ArgumentError::about(spec.name, reason));
            }
            Some(value) if !spec.accepts(value.as_str()) => {
                let reason = format!("`{value}` is none of {}", spec.choices.join(", "));
                return Err(ArgumentError::about(spec.name, reason));
            }
            _ => taken.push(value),
        }
    }
    Ok(taken)
}

/// One required argument out of what `take` returned. Used by the derived `parse`.
///
/// # Errors
/// When the text is not of the argument's kind.
pub fn required<T: Argument>(
    name: &'static str,
    value: Option<Option<Expanded>>,
) -> Result<T, ArgumentError> {
    let text = value.flatten().unwrap_or_default();
    T::parse_argument(&text).map_err(|reason| ArgumentError::about(name, reason))
}

/// One optional argument out of what `take` returned. Used by the derived `parse`.
///
/// # Errors
/// When there is a text and it is not of the argument's kind.
pub fn optional<T: Argument>(
    name: &'static str,
    value: Option<Option<Expanded>>,
) -> Result<Option<T>, ArgumentError> {
    let Some(text) = value.flatten() else {
        return Ok(None);
    };
    T::parse_argument(&text)
        .map(Some)
        .map_err(|reason| ArgumentError::about(name, reason))
}

#[cfg(test)]
mod tests;
