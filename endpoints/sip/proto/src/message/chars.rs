//! Character classes of RFC 3261 §25 and the escapes built on them.

use std::borrow::Cow;

/// One bit for each class that an octet belongs to, so that a test is one look-up.
const CLASSES: [u8; 256] = classes();

const TOKEN: u8 = 1;
const UNRESERVED: u8 = 2;
const USER: u8 = 4;
const PASSWORD: u8 = 8;
const URI_PARAMETER: u8 = 16;
const URI_HEADER: u8 = 32;
const OPAQUE: u8 = 64;

const fn classes() -> [u8; 256] {
    const fn add(table: &mut [u8; 256], octets: &[u8], bits: u8) {
        let mut at = 0;
        while at < octets.len() {
            table[octets[at] as usize] |= bits;
            at += 1;
        }
    }
    let mut table = [0; 256];
    let mut octet = 0_u8;
    while octet < 128 {
        if octet.is_ascii_alphanumeric() {
            table[octet as usize] |= TOKEN;
            add(
                &mut table,
                &[octet],
                UNRESERVED | USER | PASSWORD | URI_PARAMETER | URI_HEADER,
            );
        }
        if octet.is_ascii_graphic() && !matches!(octet, b'<' | b'>' | b'"' | b'\\') {
            table[octet as usize] |= OPAQUE;
        }
        octet += 1;
    }
    add(&mut table, b"-.!%*_+`'~", TOKEN);
    add(
        &mut table,
        b"-_.!~*'()",
        UNRESERVED | USER | PASSWORD | URI_PARAMETER | URI_HEADER,
    );
    // `#` is not in the grammar of a user, but phones dial `*97#` with it.
    add(&mut table, b"&=+$,;?/#", USER);
    add(&mut table, b"&=+$,", PASSWORD);
    add(&mut table, b"[]/:&+$", URI_PARAMETER);
    add(&mut table, b"[]/?:+$", URI_HEADER);
    table
}

fn is(octet: u8, class: u8) -> bool {
    CLASSES[usize::from(octet)] & class != 0
}

/// True for an octet that a `token` may hold.
pub(crate) fn is_token_octet(octet: u8) -> bool {
    is(octet, TOKEN)
}

/// True for a non-empty `token`.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_octet)
}

/// True for `unreserved`: alphanumeric or mark.
pub(crate) fn is_unreserved(octet: u8) -> bool {
    is(octet, UNRESERVED)
}

/// User part, unescaped.
pub(crate) fn is_user_octet(octet: u8) -> bool {
    is(octet, USER)
}

/// Password, unescaped.
pub(crate) fn is_password_octet(octet: u8) -> bool {
    is(octet, PASSWORD)
}

/// URI parameter name or value, unescaped.
pub(crate) fn is_uri_parameter_octet(octet: u8) -> bool {
    is(octet, URI_PARAMETER)
}

/// Header name or value inside a URI, unescaped.
pub(crate) fn is_uri_header_octet(octet: u8) -> bool {
    is(octet, URI_HEADER)
}

/// Octets of a URI of a scheme that is not ours: printable ASCII without the delimiters of headers.
pub(crate) fn is_opaque_octet(octet: u8) -> bool {
    is(octet, OPAQUE)
}

/// True when every octet is allowed by `class` or part of a complete `%HH` escape.
pub(crate) fn is_escaped(text: &str, class: fn(u8) -> bool) -> bool {
    let octets = text.as_bytes();
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        if octet == b'%' {
            match octets.get(at + 1..at + 3) {
                Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => at += 3,
                _ => return false,
            }
        } else if class(octet) {
            at += 1;
        } else {
            return false;
        }
    }
    true
}

/// Writes `text` with every octet outside `class` as `%HH` (`%` itself too).
pub(crate) fn escape(text: &str, class: fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for &octet in text.as_bytes() {
        if class(octet) && octet.is_ascii() {
            out.push(char::from(octet));
        } else {
            out.push('%');
            out.push(hex_digit(octet >> 4));
            out.push(hex_digit(octet & 15));
        }
    }
    out
}

fn hex_digit(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble & 15)])
}

/// Undoes `%HH` exactly once. Octets that are no UTF-8 afterwards are read as Latin-1.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let octets = text.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        let value = (octet == b'%')
            .then(|| octets.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| Some(hex_value(*hex.first()?)? << 4 | hex_value(*hex.get(1)?)?));
        match value {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(octet);
                at += 1;
            }
        }
    }
    Cow::Owned(match String::from_utf8(out) {
        Ok(text) => text,
        Err(error) => error
            .as_bytes()
            .iter()
            .map(|&octet| char::from(octet))
            .collect(),
    })
}

fn hex_value(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    }
}

/// Brings equal escapes to one spelling (RFC 3261 §19.1.4): an escape of an unreserved character
/// is undone, any other gets upper-case digits.
pub(crate) fn normalise_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let hex = rest.as_bytes().get(at + 1..at + 3);
        match hex.and_then(|hex| Some(hex_value(*hex.first()?)? << 4 | hex_value(*hex.get(1)?)?)) {
            Some(octet) if is_unreserved(octet) => {
                out.push(char::from(octet));
                rest = &rest[at + 3..];
            }
            Some(octet) => {
                out.push('%');
                out.push(hex_digit(octet >> 4));
                out.push(hex_digit(octet & 15));
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Trims the linear white space of SIP: space, tab.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Reads a number of digits only (no sign, no white space); `None` when it is none or too large.
pub(crate) fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Writes `text` as a quoted string. CR, LF and NUL, which no quoted pair may carry, become spaces.
pub(crate) fn quote(text: &str, out: &mut impl std::fmt::Write) -> std::fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '\r' | '\n' | '\0' => out.write_char(' ')?,
            '"' | '\\' | '\x01'..='\x1f' | '\x7f' => {
                out.write_char('\\')?;
                out.write_char(character)?;
            }
            _ => out.write_char(character)?,
        }
    }
    out.write_char('"')
}

/// Splits off the quoted string that `text` begins with: its inner text, still escaped, and the rest.
pub(crate) fn take_quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, octet) in inner.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((&inner[..at], &inner[at + 1..])),
            // Control characters need a backslash (qdtext of RFC 3261 §25.1).
            b'\0'..=b'\x08' | b'\n'..=b'\x1f' | b'\x7f' => return None,
            _ => {}
        }
    }
    None
}

/// Undoes the quoted pairs of the inside of a quoted string.
pub(crate) fn unquote(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(characters.next()),
            _ => out.push(character),
        }
    }
    Cow::Owned(out)
}

/// Position of the first `wanted` octet outside quoted strings and angle brackets.
pub(crate) fn find_outside(text: &str, wanted: u8) -> Option<usize> {
    memchr::memchr(wanted, text.as_bytes())?;
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    for (at, octet) in text.bytes().enumerate() {
        if quoted {
            match octet {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else if octet == wanted && (!angle || wanted == b'>') {
            return Some(at);
        } else {
            match octet {
                b'"' if !angle => quoted = true,
                b'<' => angle = true,
                b'>' => angle = false,
                _ => {}
            }
        }
    }
    None
}

/// Splits at commas outside quoted strings and angle brackets; the parts are trimmed.
pub(crate) fn split_commas(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match find_outside(text, b',') {
            Some(at) => {
                rest = Some(&text[at + 1..]);
                Some(trim(&text[..at]))
            }
            None => {
                rest = None;
                Some(trim(text))
            }
        }
    })
}
