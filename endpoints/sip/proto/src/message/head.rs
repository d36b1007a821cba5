//! Start line and headers: the one reader used for datagrams and streams, and lookup by name.

use std::ops::Range;

use memchr::memchr;

use super::chars;
use super::parse::Limits;
use super::refusal::ParseErrorKind;

/// Headers the parser itself looks at; the name is compared once, when the line is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    CSeq,
    CallId,
    Contact,
    ContentLength,
    ContentType,
    From,
    MaxForwards,
    RecordRoute,
    Route,
    To,
    Via,
    Other,
}

impl Kind {
    fn of(name: &str) -> Kind {
        let name = long_name(name);
        let candidates: &[(&str, Kind)] = match name.len() {
            2 => &[("To", Kind::To)],
            3 => &[("Via", Kind::Via)],
            4 => &[("From", Kind::From), ("CSeq", Kind::CSeq)],
            5 => &[("Route", Kind::Route)],
            7 => &[("Call-ID", Kind::CallId), ("Contact", Kind::Contact)],
            12 => &[
                ("Max-Forwards", Kind::MaxForwards),
                ("Content-Type", Kind::ContentType),
                ("Record-Route", Kind::RecordRoute),
            ],
            14 => &[("Content-Length", Kind::ContentLength)],
            _ => &[],
        };
        candidates
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or(Kind::Other, |&(_, kind)| kind)
    }
}

/// The long form of a header name (RFC 3261 §7.3.3 and the registry of compact forms).
pub(crate) fn long_name(name: &str) -> &str {
    let &[letter] = name.as_bytes() else {
        return name;
    };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'n' => "Identity-Info",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}

#[derive(Clone, Debug)]
struct Entry {
    kind: Kind,
    name: Range<u32>,
    value: Range<u32>,
}

/// The headers of one message: its head unfolded and decoded to text, and where each name and
/// value lies in it. Typed values are read on demand.
#[derive(Clone, Debug, Default)]
pub struct HeaderTable {
    text: String,
    start_line: usize,
    entries: Vec<Entry>,
}

/// The headers of a message, as lent by it.
pub type Headers<'a> = &'a HeaderTable;

impl HeaderTable {
    pub(crate) fn start_line(&self) -> &str {
        self.slice(0..self.start_line as u32)
    }

    fn slice(&self, range: Range<u32>) -> &str {
        self.text
            .get(range.start as usize..range.end as usize)
            .unwrap_or("")
    }

    /// The first value of this name (long or compact form, any case), unfolded and trimmed. Text
    /// that is no UTF-8 was read as Latin-1.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// True with at least one such header.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value of each header line of this name, in order.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let wanted = long_name(name);
        let kind = Kind::of(name);
        self.entries
            .iter()
            .filter(move |entry| {
                entry.kind == kind
                    && (kind != Kind::Other
                        || long_name(self.slice(entry.name.clone())).eq_ignore_ascii_case(wanted))
            })
            .map(|entry| self.slice(entry.value.clone()))
    }

    /// The values of all lines of this name, split at commas outside quotes and angle brackets.
    /// Empty values are left out.
    pub fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.all(name)
            .flat_map(chars::split_commas)
            .filter(|value| !value.is_empty())
    }

    /// Name (as on the wire) and value of every header line, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|entry| {
            (
                self.slice(entry.name.clone()),
                self.slice(entry.value.clone()),
            )
        })
    }

    /// How many header lines there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without header lines.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn lines(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(move |entry| entry.kind == kind)
            .map(|entry| self.slice(entry.value.clone()))
    }
}

/// What the reader found.
pub(crate) struct Head {
    pub(crate) table: HeaderTable,
    /// Octets up to and with the empty line.
    pub(crate) len: usize,
    /// The first thing wrong; the table holds what could be read all the same.
    pub(crate) problem: Option<ParseErrorKind>,
    /// Header lines left out because they are malformed and not needed.
    pub(crate) ignored: usize,
}

/// Reads start line and headers from `octets`, which begin with the start line.
pub(crate) fn read_head(octets: &[u8], limits: &Limits) -> Head {
    let mut reader = Reader {
        table: HeaderTable {
            text: String::with_capacity(octets.len().min(2048)),
            ..HeaderTable::default()
        },
        problem: None,
        ignored: 0,
        folds: 0,
        open: false,
    };
    let mut at = 0;
    let mut first = true;
    loop {
        let rest = octets.get(at..).unwrap_or_default();
        let Some(end) = memchr(b'\n', rest) else {
            reader.fail(ParseErrorKind::Unterminated);
            at = octets.len();
            break;
        };
        let line = rest.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += end + 1;
        if memchr(b'\r', line).is_some() {
            reader.fail(ParseErrorKind::BareCr);
        }
        if first {
            first = false;
            push_text(&mut reader.table.text, line);
            reader.table.start_line = reader.table.text.len();
            if line.contains(&0) {
                reader.fail(ParseErrorKind::StartLine);
            }
            continue;
        }
        if line.is_empty() {
            break;
        }
        if reader.line(line, limits).is_err() {
            break;
        }
    }
    Head {
        table: reader.table,
        len: at,
        problem: reader.problem,
        ignored: reader.ignored,
    }
}

struct Reader {
    table: HeaderTable,
    problem: Option<ParseErrorKind>,
    ignored: usize,
    folds: usize,
    /// A folded line continues the last entry.
    open: bool,
}

/// A limit was passed: reading on would only cost time.
struct Stop;

impl Reader {
    fn fail(&mut self, kind: ParseErrorKind) {
        self.problem.get_or_insert(kind);
    }

    fn stop(&mut self, kind: ParseErrorKind) -> Result<(), Stop> {
        self.fail(kind);
        Err(Stop)
    }

    fn line(&mut self, line: &[u8], limits: &Limits) -> Result<(), Stop> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            self.folds += 1;
            if self.folds > limits.folds {
                return self.stop(ParseErrorKind::TooManyFolds);
            }
            return self.fold(trim_octets(line), limits);
        }
        self.open = false;
        let Some(colon) = memchr(b':', line) else {
            self.ignored += 1;
            return Ok(());
        };
        let (name, value) = line.split_at(colon);
        let name = trim_octets(name);
        if name.is_empty() {
            self.ignored += 1;
            return Ok(());
        }
        if !name.iter().all(|&octet| chars::is_token_octet(octet)) {
            self.fail(ParseErrorKind::HeaderName);
            return Ok(());
        }
        if self.table.entries.len() >= limits.headers {
            return self.stop(ParseErrorKind::TooManyHeaders);
        }
        if line.len() > limits.header {
            return self.stop(ParseErrorKind::HeaderTooLong);
        }
        let text = &mut self.table.text;
        let name_start = text.len();
        push_text(text, name);
        let kind = Kind::of(text.get(name_start..).unwrap_or(""));
        let value = trim_octets(value.get(1..).unwrap_or_default());
        if has_bare_nul(value) {
            text.truncate(name_start);
            if kind == Kind::Other {
                self.ignored += 1;
            } else {
                self.fail(ParseErrorKind::Octet);
            }
            return Ok(());
        }
        let value_start = text.len();
        push_text(text, value);
        let end = text.len() as u32;
        self.table.entries.push(Entry {
            kind,
            name: name_start as u32..value_start as u32,
            value: value_start as u32..end,
        });
        self.open = true;
        Ok(())
    }

    fn fold(&mut self, piece: &[u8], limits: &Limits) -> Result<(), Stop> {
        if self.table.entries.is_empty() && self.ignored == 0 {
            // White space before the first header would change the start line.
            self.fail(ParseErrorKind::StartLine);
            return Ok(());
        }
        if !self.open || piece.is_empty() {
            return Ok(());
        }
        if has_bare_nul(piece) {
            self.fail(ParseErrorKind::Octet);
            return Ok(());
        }
        let Some(entry) = self.table.entries.last_mut() else {
            return Ok(());
        };
        if entry.value.len() + piece.len() > limits.header {
            return self.stop(ParseErrorKind::HeaderTooLong);
        }
        let text = &mut self.table.text;
        if !entry.value.is_empty() {
            text.push(' ');
        }
        push_text(text, piece);
        entry.value.end = text.len() as u32;
        Ok(())
    }
}

/// Appends octets as text: UTF-8, or else Latin-1.
fn push_text(text: &mut String, octets: &[u8]) {
    match std::str::from_utf8(octets) {
        Ok(valid) => text.push_str(valid),
        Err(_) => text.extend(octets.iter().map(|&octet| char::from(octet))),
    }
}

fn trim_octets(mut octets: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = octets {
        octets = rest;
    }
    octets
}

/// A NUL is legal only behind a backslash (quoted pair).
fn has_bare_nul(octets: &[u8]) -> bool {
    memchr(0, octets).is_some()
        && octets
            .iter()
            .enumerate()
            .any(|(at, &octet)| octet == 0 && (at == 0 || octets.get(at - 1) != Some(&b'\\')))
}

/// The Content-Length that all such headers agree on.
pub(crate) fn content_length(table: &HeaderTable) -> Result<Option<usize>, ParseErrorKind> {
    /// Longest body that a message may announce.
    const LARGEST: u64 = 1024 * 1024;
    let mut length = None;
    for value in table.lines(Kind::ContentLength) {
        let number = chars::digits(value)
            .filter(|&n| n <= LARGEST)
            .ok_or(ParseErrorKind::ContentLength)?;
        if length.is_some_and(|known| known != number) {
            return Err(ParseErrorKind::ContentLength);
        }
        length = Some(number);
    }
    Ok(length.map(|number| number as usize))
}
