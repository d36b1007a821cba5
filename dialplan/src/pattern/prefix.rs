//! The literal text a value must begin with for a pattern to match: what the hunt's prefilter is built on.
//!
//! Only what is certain counts. A pattern that does not begin with `^` in every alternative has no prefix; groups are
//! looked into only when nothing in the alternative could make them optional or choose between branches.

use super::Tagged;

/// The possible beginnings, one per alternative; `None` when some alternative has none.
pub(super) fn prefixes(pattern: &[Tagged]) -> Option<Vec<String>> {
    alternatives(pattern)?.into_iter().map(prefix).collect()
}

/// Splits at the `|` outside of groups and classes; `None` for patterns with quotes, which are not followed here.
fn alternatives(pattern: &[Tagged]) -> Option<Vec<&[Tagged]>> {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut class = false;
    let mut start = 0;
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            ('\\', false) => {
                if matches!(pattern.get(at + 1), Some(('Q', false)) | None) {
                    return None;
                }
                at += 1;
            }
            ('[', false) if !class => {
                class = true;
                // A `]` right after the opening (or its ^) is a member of the class.
                if pattern.get(at + 1) == Some(&('^', false)) {
                    at += 1;
                }
                if pattern.get(at + 1) == Some(&(']', false)) {
                    at += 1;
                }
            }
            (']', false) if class => class = false,
            ('(', false) if !class => depth += 1,
            (')', false) if !class => depth = depth.checked_sub(1)?,
            ('|', false) if !class && depth == 0 => {
                parts.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&pattern[start..]);
    Some(parts)
}

/// The literal beginning of one alternative.
fn prefix(alternative: &[Tagged]) -> Option<String> {
    let (('^', false), rest) = alternative.split_first()? else {
        return None;
    };
    let branches = rest.contains(&('|', false));
    let optional = rest
        .windows(2)
        .any(|pair| pair[0] == (')', false) && matches!(pair[1], ('?' | '*' | '+' | '{', false)));
    let enter = !branches && !optional;
    let mut text = String::new();
    let mut at = 0;
    while at < rest.len() {
        let (character, length) = match rest[at] {
            ('(', false) if enter && rest.get(at + 1) != Some(&('?', false)) => {
                at += 1;
                continue;
            }
            ('(', false)
                if enter && rest.get(at + 1..at + 3) == Some(&[('?', false), (':', false)]) =>
            {
                at += 3;
                continue;
            }
            (')', false) if enter => {
                at += 1;
                continue;
            }
            ('\\', false) => match rest.get(at + 1) {
                Some((escaped, _)) if !escaped.is_ascii_alphanumeric() => (*escaped, 2),
                _ => break,
            },
            ('(' | ')' | '[' | '.' | '^' | '$' | '|' | '*' | '+' | '?' | '{', false) => break,
            (plain, _) => (plain, 1),
        };
        at += length;
        match rest.get(at) {
            Some(('?' | '*' | '{', false)) => break,
            Some(('+', false)) => {
                // `a+` has one at least; but another quantifier behind it (`a+??`) may make all of it optional.
                let mut behind = at + 1;
                if matches!(rest.get(behind), Some(('?' | '+', false))) {
                    behind += 1;
                }
                if !matches!(rest.get(behind), Some(('?' | '*' | '+' | '{', false))) {
                    text.push(character);
                }
                break;
            }
            _ => text.push(character),
        }
    }
    (!text.is_empty()).then_some(text)
}
