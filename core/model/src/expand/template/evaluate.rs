//! From template to text: variables, substrings, array elements, functions.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Scope, Segment, Template, parse};
use crate::{BoxFuture, expand::expanded::Expanded};

/// How often a value that contains `${…}` is expanded again.
const MAX_DEPTH: usize = 100;
/// How many variables and functions one expansion may ask for. Values that name each other several times would otherwise
/// double the work at each of the 100 levels.
const MAX_REFERENCES: usize = 10_000;
/// The longest text an expansion may build, in octets; what is longer is cut.
const MAX_LENGTH: usize = 1 << 20;

/// `name`, `name[2]`, `name:2`, `name:-4:2`.
pub(super) struct Reference {
    pub name: String,
    index: Option<usize>,
    offset: Option<i64>,
    length: Option<i64>,
}

impl Reference {
    /// Read what stands between the braces, after it was expanded. Only trusted `:` and `[` mean something.
    pub fn of(text: &Expanded) -> Self {
        let mut reference = Self {
            name: String::new(),
            index: None,
            offset: None,
            length: None,
        };
        let mut name = text.clone();
        if let Some((before, numbers)) = text.split_once(':')
            && let Some((offset, length)) = offsets(numbers.as_str())
        {
            (reference.offset, reference.length) = (Some(offset), length);
            name = before;
        }
        if let Some((before, index)) = name.split_once('[')
            && let Some(index) = index
                .as_str()
                .strip_suffix(']')
                .and_then(|i| i.trim().parse().ok())
        {
            reference.index = Some(index);
            name = before;
        }
        reference.name = name.into_string();
        reference
    }
}

fn offsets(text: &str) -> Option<(i64, Option<i64>)> {
    match text.split_once(':') {
        Some((offset, length)) => Some((offset.parse().ok()?, Some(length.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
}

/// The part of a text from a character on; negative counts from the end, and is ignored when that is before the beginning.
/// A length of 0 or less, or beyond the end, means to the end.
pub fn substring(text: &Expanded, offset: i64, length: Option<i64>) -> Expanded {
    let total = text.as_str().chars().count();
    let back = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
    let start = match offset {
        0.. => back.min(total),
        _ if back <= total => total - back,
        _ => 0,
    };
    let left = total - start;
    let wanted = length
        .and_then(|n| usize::try_from(n).ok())
        .filter(|&n| n > 0 && n < left);
    let byte = |n: usize| {
        text.as_str()
            .char_indices()
            .nth(n)
            .map_or(text.len(), |(at, _)| at)
    };
    text.slice(byte(start)..byte(start + wanted.unwrap_or(left)))
}

/// Expand a template with a fresh budget.
pub(super) async fn expand(template: &Template, scope: &dyn Scope) -> Expanded {
    let asked = AtomicUsize::new(0);
    segments(template, scope, &asked, 0).await
}

fn segments<'a>(
    template: &'a Template,
    scope: &'a dyn Scope,
    asked: &'a AtomicUsize,
    depth: usize,
) -> BoxFuture<'a, Expanded> {
    Box::pin(async move {
        let mut text = Expanded::default();
        for segment in &template.segments {
            match segment {
                Segment::Literal(literal) => text.push(literal),
                Segment::Capture {
                    index,
                    braced: false,
                } => text.push_trusted(&format!("${index}")),
                // Nothing captured: then `${12}` is a variable like any other.
                Segment::Capture {
                    index,
                    braced: true,
                } => {
                    let name = Expanded::trusted(index.to_string());
                    text.push(&variable(&name, scope, asked, depth).await);
                }
                Segment::Variable { name } => {
                    let name = segments(name, scope, asked, depth).await;
                    text.push(&variable(&name, scope, asked, depth).await);
                }
                Segment::Function { name, arguments } => {
                    if asked.fetch_add(1, Ordering::Relaxed) >= MAX_REFERENCES {
                        continue;
                    }
                    let arguments = segments(arguments, scope, asked, depth).await;
                    let value = scope.function(name, arguments).await;
                    text.push(&value.unwrap_or_default());
                }
            }
            if text.len() > MAX_LENGTH {
                return text.slice(0..MAX_LENGTH);
            }
        }
        text
    })
}

async fn variable(
    reference: &Expanded,
    scope: &dyn Scope,
    asked: &AtomicUsize,
    depth: usize,
) -> Expanded {
    if asked.fetch_add(1, Ordering::Relaxed) >= MAX_REFERENCES {
        return Expanded::default();
    }
    let reference = Reference::of(reference);
    let value = match reference.index {
        Some(index) => scope
            .elements(&reference.name)
            .and_then(|list| list.into_iter().nth(index)),
        None => scope.variable(&reference.name),
    };
    let Some(mut value) = value else {
        return Expanded::default();
    };
    if depth < MAX_DEPTH {
        let again = parse::template(&value, false);
        value = match again.literal_text() {
            Some(text) => text,
            None => segments(&again, scope, asked, depth + 1).await,
        };
    }
    match reference.offset {
        Some(offset) => substring(&value, offset, reference.length),
        None => value,
    }
}
