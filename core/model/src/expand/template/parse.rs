//! From text to template: `\` escapes, `$1`, `${…}`, `$${…}`; network text is never syntax.

use super::{Segment, Template};
use crate::expand::expanded::Expanded;

/// How deep `${…}` may be nested; what is deeper is taken literally.
const MAX_NESTING: usize = 100;
/// The most digits of a capture number that are read (captures end at 256).
const CAPTURE_DIGITS: usize = 3;

type Mark = (usize, char, bool);

/// Parse a text; `captures` says whether `$1` is one or plain text.
pub(super) fn template(text: &Expanded, captures: bool) -> Template {
    nested(text, captures, 0)
}

fn nested(text: &Expanded, captures: bool, depth: usize) -> Template {
    let source = text.as_str().to_owned();
    let marks: Vec<Mark> = text.chars().collect();
    if depth > MAX_NESTING || !has_syntax(&marks, captures) {
        return Template {
            segments: vec![Segment::Literal(text.clone())],
            source,
        };
    }
    let mut reader = Reader {
        text,
        marks: &marks,
        at: 0,
        captures,
        depth,
        segments: Vec::new(),
    };
    while reader.at < marks.len() {
        reader.step();
    }
    Template {
        segments: join_literals(reader.segments),
        source,
    }
}

/// Whether there is anything to do: a text without `${` and escapes is taken as it is. `\$` alone is no reason, or patterns
/// that end in it would change.
fn has_syntax(marks: &[Mark], captures: bool) -> bool {
    marks.windows(2).any(|pair| match (pair[0], pair[1]) {
        ((_, '$', false), (_, '{', false)) => true,
        ((_, '$', false), (_, next, false)) => captures && next.is_ascii_digit(),
        ((_, '\\', false), (_, '\\' | '\'' | 'n' | 's', false)) => true,
        _ => false,
    })
}

struct Reader<'t> {
    text: &'t Expanded,
    marks: &'t [Mark],
    at: usize,
    captures: bool,
    depth: usize,
    segments: Vec<Segment>,
}

impl Reader<'_> {
    /// The trusted character some places ahead.
    fn peek(&self, ahead: usize) -> Option<char> {
        self.marks
            .get(self.at + ahead)
            .filter(|mark| !mark.2)
            .map(|mark| mark.1)
    }

    fn byte(&self, index: usize) -> usize {
        self.marks.get(index).map_or(self.text.len(), |mark| mark.0)
    }

    fn literal(&mut self, from: usize, to: usize) {
        let text = self.text.slice(self.byte(from)..self.byte(to));
        self.segments.push(Segment::Literal(text));
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            (Some('\\'), Some('$')) => {
                let skip = if self.peek(2) == Some('$') { 2 } else { 1 };
                self.literal(self.at + skip, self.at + skip + 1);
                self.at += skip + 1;
            }
            (Some('\\'), Some('\\')) => {
                self.literal(self.at, self.at + 1);
                self.at += 2;
            }
            (Some('\\'), Some('\'')) => self.at += 2,
            (Some('$'), Some('{')) => self.braces(self.at + 1),
            (Some('$'), Some('$')) if self.peek(2) == Some('{') => self.braces(self.at + 2),
            (Some('$'), Some(digit)) if self.captures && digit.is_ascii_digit() => self.capture(),
            _ => self.plain(),
        }
    }

    /// Everything up to the next character that could mean something.
    fn plain(&mut self) {
        let start = self.at;
        self.at += 1;
        let special = |mark: &Mark| !mark.2 && matches!(mark.1, '\\' | '$');
        while self.marks.get(self.at).is_some_and(|mark| !special(mark)) {
            self.at += 1;
        }
        self.literal(start, self.at);
    }

    fn capture(&mut self) {
        let digits: String = (1..=CAPTURE_DIGITS)
            .map_while(|ahead| self.peek(ahead).filter(char::is_ascii_digit))
            .collect();
        self.at += 1 + digits.len();
        let index = digits.parse().unwrap_or(usize::MAX);
        self.segments.push(Segment::Capture {
            index,
            braced: false,
        });
    }

    /// `open` is the place of `{`. Braces inside are balanced; without an end all is plain text.
    fn braces(&mut self, open: usize) {
        let mut level = 0_usize;
        let close = (open..self.marks.len()).find(|&at| {
            match self.marks[at] {
                (_, '{', false) => level += 1,
                (_, '}', false) => level -= 1,
                _ => {}
            }
            level == 0
        });
        let Some(close) = close else {
            let start = self.at;
            self.at = open + 1;
            self.literal(start, self.at);
            return;
        };
        let inner = self.text.slice(self.byte(open + 1)..self.byte(close));
        self.segments.push(self.reference(&inner));
        self.at = close + 1;
    }

    fn reference(&self, inner: &Expanded) -> Segment {
        let digits = inner.as_str();
        let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if number && self.captures && !inner.has_network() {
            let index = digits.parse().unwrap_or(usize::MAX);
            return Segment::Capture {
                index,
                braced: true,
            };
        }
        match function(inner) {
            Some((name, arguments)) => Segment::Function {
                name,
                arguments: nested(&arguments, self.captures, self.depth + 1),
            },
            None => Segment::Variable {
                name: nested(inner, self.captures, self.depth + 1),
            },
        }
    }
}

/// `name(arguments)` or `name arguments` as its two parts. A name that is itself to be expanded is no function.
fn function(inner: &Expanded) -> Option<(String, Expanded)> {
    let (at, mark, _) = inner
        .chars()
        .find(|&(_, c, network)| !network && matches!(c, '(' | ' ' | '$' | '{'))?;
    if at == 0 || matches!(mark, '$' | '{') {
        return None;
    }
    let name = inner.slice(0..at);
    if name.has_network() {
        return None;
    }
    let rest = inner.slice(at + 1..inner.len());
    if mark == ' ' {
        return Some((name.into_string(), rest));
    }
    let end = rest
        .chars()
        .filter(|&(_, c, network)| c == ')' && !network)
        .last();
    let arguments = rest.slice(0..end.map_or(rest.len(), |(at, ..)| at));
    Some((name.into_string(), arguments))
}

/// Neighbouring literals as one, empty ones dropped.
pub(super) fn join_literals(segments: Vec<Segment>) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::with_capacity(segments.len());
    for segment in segments {
        match (joined.last_mut(), segment) {
            (_, Segment::Literal(text)) if text.is_empty() => {}
            (Some(Segment::Literal(before)), Segment::Literal(text)) => before.push(&text),
            (_, segment) => joined.push(segment),
        }
    }
    joined
}
