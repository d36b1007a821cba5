//! Parameters behind `;`: of header values and, with other escapes, of URIs.

use std::borrow::Cow;
use std::fmt;

use super::chars;

/// Parameters of one value; more serve only to waste time and memory.
pub(crate) const MAX_PARAMS: usize = 64;

/// Parameters in the order of the wire. Values are kept as written there (quoted or escaped), so
/// printing gives back what was read.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// No parameters.
    pub fn new() -> Params {
        Params::default()
    }

    /// The value as on the wire; `Some("")` for a parameter without value. Names compare without case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_deref().unwrap_or(""))
    }

    /// The value with quotes undone.
    pub fn unquoted(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.get(name)?;
        Some(match chars::take_quoted(value) {
            Some((inner, _)) => chars::unquote(inner),
            None => Cow::Borrowed(value),
        })
    }

    /// True when the parameter is there, with or without value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets or replaces a header parameter. A value that is no token and no host is written as a
    /// quoted string; characters that the name may not hold are left out.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(|value| {
            if !value.is_empty() && value.bytes().all(is_bare_value_octet) {
                value.to_owned()
            } else {
                let mut quoted = String::with_capacity(value.len() + 2);
                // Writing to a string cannot fail.
                let _ = chars::quote(value, &mut quoted);
                quoted
            }
        });
        self.set_raw(name, value);
    }

    /// Sets a parameter whose value has its wire form already.
    pub(crate) fn set_raw(&mut self, name: &str, value: Option<String>) {
        let name: String = name
            .chars()
            .filter(|&c| u8::try_from(c).is_ok_and(chars::is_token_octet))
            .collect();
        if name.is_empty() {
            return;
        }
        match self
            .0
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            Some(entry) => entry.1 = value,
            None => self.0.push((name, value)),
        }
    }

    pub(crate) fn push_raw(&mut self, name: &str, value: Option<&str>) {
        self.0.push((name.to_owned(), value.map(str::to_owned)));
    }

    /// Takes a parameter out; true when it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        before != self.0.len()
    }

    /// Name and value as on the wire, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads `;name=value;…` of a header; white space is allowed around every sign. The text must be
    /// empty or begin with `;`. Empty
    /// parameters are refused, and more than [`MAX_PARAMS`].
    pub(crate) fn parse(text: &str) -> Option<Params> {
        let mut params = Params::new();
        let mut rest = chars::trim(text);
        while !rest.is_empty() {
            rest = chars::trim(rest.strip_prefix(';')?);
            let end = rest
                .bytes()
                .position(|o| !chars::is_token_octet(o))
                .unwrap_or(rest.len());
            let name = &rest[..end];
            if name.is_empty() || params.len() == MAX_PARAMS {
                return None;
            }
            rest = chars::trim(&rest[end..]);
            let Some(after) = rest.strip_prefix('=') else {
                params.push_raw(name, None);
                continue;
            };
            rest = chars::trim(after);
            let end = match chars::take_quoted(rest) {
                Some((inner, _)) => inner.len() + 2,
                None => rest
                    .bytes()
                    .position(|o| !is_bare_value_octet(o))
                    .unwrap_or(rest.len()),
            };
            // An empty value (`rport=`) is no grammar, but it is sent and means a flag.
            params.push_raw(name, Some(&rest[..end]));
            rest = chars::trim(&rest[end..]);
        }
        Some(params)
    }
}

/// Octets of an unquoted value: token, host (also an IPv6 address without brackets), and what
/// phones write unquoted although they should not (`/`, `@`, `=`, …).
fn is_bare_value_octet(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b";,\"<>\\".contains(&octet)
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            write!(f, ";{name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}
