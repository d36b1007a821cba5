//! Cutting an argument text at its separators, with quotes, escapes and `^^X`; network text never cuts.

use std::ops::Range;

use crate::expand::expanded::Expanded;

/// One character, where it stands, and whether it came from the network.
type Mark = (usize, char, bool);

/// Cut a text at a separator into at most `max` parts; the last one keeps the remaining separators. `'quotes'` protect
/// separators, `\` escapes quotes, the separator and itself and writes `\n \r \t \s`, blanks around a part are dropped, and
/// a run of blanks counts as one separator when the separator is a blank. A text beginning `^^X` is cut at `X` instead.
pub fn separate(text: &Expanded, default_separator: char, max: usize) -> Vec<Expanded> {
    let marks: Vec<Mark> = text.chars().collect();
    let (body, separator) = delimiter(&marks, default_separator);
    let ranges = cut(body, separator, max);
    ranges
        .into_iter()
        .map(|range| clean(&body[range], separator))
        .collect()
}

/// As `separate`, but the last of `max` parts is the remaining text as it stands, with its quotes and escapes.
pub fn separate_rest(text: &Expanded, default_separator: char, max: usize) -> Vec<Expanded> {
    let marks: Vec<Mark> = text.chars().collect();
    let (body, separator) = delimiter(&marks, default_separator);
    let ranges = cut(body, separator, max);
    let full = ranges.len() == max;
    let last = ranges.len().saturating_sub(1);
    let part = |(at, range): (usize, Range<usize>)| {
        if full && at == last {
            let start = body.get(range.start).map_or(text.len(), |mark| mark.0);
            text.slice(start..text.len()).trim()
        } else {
            clean(&body[range], separator)
        }
    };
    ranges.into_iter().enumerate().map(part).collect()
}

/// The text after a `^^X`, and the separator to use.
fn delimiter(marks: &[Mark], default: char) -> (&[Mark], char) {
    match marks {
        [(_, '^', false), (_, '^', false), (_, other, false), ..] => (&marks[3..], *other),
        _ => (marks, default),
    }
}

/// The ranges of the parts, not yet cleaned.
fn cut(marks: &[Mark], separator: char, max: usize) -> Vec<Range<usize>> {
    let blank = separator == ' ';
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    // The places of quotes still to come tell whether a quote is closed at all.
    let mut quotes_left = marks.iter().filter(|m| m.1 == '\'' && !m.2).count();
    while at < marks.len() && parts.len() < max {
        let start = at;
        if parts.len() + 1 == max {
            parts.push(start..marks.len());
            break;
        }
        while blank && matches!(marks.get(at), Some((_, ' ', false))) {
            at += 1;
        }
        let mut quoted = false;
        let mut end = None;
        while let Some(&(_, c, network)) = marks.get(at) {
            if network {
                at += 1;
                continue;
            }
            match c {
                '\\' => {
                    at += 1;
                    if matches!(marks.get(at), Some((_, '\'', false))) {
                        quotes_left -= 1;
                    }
                }
                '\'' => {
                    quotes_left -= 1;
                    quoted = !quoted && quotes_left > 0;
                }
                _ if c == separator && !quoted => {
                    end = Some(at);
                    at += 1;
                    break;
                }
                _ => {}
            }
            at += 1;
        }
        parts.push(start..end.unwrap_or(marks.len()).min(marks.len()));
        while end.is_some() && blank && matches!(marks.get(at), Some((_, ' ', false))) {
            at += 1;
        }
    }
    parts
}

/// A part without outer blanks, quotes and escapes.
fn clean(marks: &[Mark], separator: char) -> Expanded {
    let mut text = Expanded::default();
    let mut keep = 0;
    let mut quoted = false;
    let mut quotes_left = marks.iter().filter(|m| m.1 == '\'' && !m.2).count();
    let mut rest = marks.iter().skip_while(|m| m.1 == ' ' && !m.2).peekable();
    while let Some(&(_, c, network)) = rest.next() {
        if network {
            text.push_char(c, true);
            keep = text.len();
            continue;
        }
        if c == '\\' {
            let next = rest.peek().filter(|m| !m.2).map(|m| m.1);
            if let Some(plain) = next.and_then(|next| unescape(next, separator)) {
                if next == Some('\'') {
                    quotes_left -= 1;
                }
                rest.next();
                text.push_char(plain, false);
                keep = text.len();
                continue;
            }
        }
        if c == '\'' {
            quotes_left -= 1;
            if quoted || quotes_left > 0 {
                quoted = !quoted;
                // An empty or blank quoted part is kept as it stands.
                keep = keep.max(text.len());
                continue;
            }
        }
        text.push_char(c, false);
        if c != ' ' || quoted {
            keep = text.len();
        }
    }
    text.slice(0..keep)
}

/// What `\` and this character stand for.
fn unescape(next: char, separator: char) -> Option<char> {
    match next {
        '\'' | '"' | '\\' => Some(next),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        's' => Some(' '),
        _ if next == separator && separator != ' ' => Some(next),
        _ => None,
    }
}
