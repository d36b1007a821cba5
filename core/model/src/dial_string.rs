//! Dial strings: whom to call, together or in turn, with which variables. Network text is never a separator.

use thiserror::Error;

use crate::{
    argument::{Argument, separate},
    expand::expanded::Expanded,
};

/// The most legs one dial string may have.
pub const MAX_LEGS: usize = 128;
/// The most variables one block may have: more is not a dial string but an attack on memory.
const MAX_VARIABLES: usize = 256;

/// A whole dial string: one or more simple ones (separated by `:_:`) dialled at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialString {
    /// At least one.
    pub enterprise: Vec<SimpleDial>,
}

/// A dial string whose legs share variables and one race.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimpleDial {
    /// `<…>`: variables for all legs, of all simple strings when written first.
    pub all: Vec<(String, Expanded)>,
    /// `{…}`: variables for each leg.
    pub each: Vec<(String, Expanded)>,
    /// Tried in turn (`|`); the legs of one are called together (`,`).
    pub alternatives: Vec<Vec<DialLeg>>,
}

/// One leg to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialLeg {
    /// `[…]`: variables for this leg.
    pub variables: Vec<(String, Expanded)>,
    /// The endpoint in lower case, such as `sofia`.
    pub endpoint: String,
    /// What the endpoint is to call.
    pub data: Expanded,
}

/// Why a text is no dial string.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DialStringError {
    /// There is nobody to call.
    #[error("the dial string names nobody to call; write endpoint/destination")]
    Empty,
    /// A leg without endpoint.
    #[error("`{0}` names no endpoint; write endpoint/destination such as user/1000")]
    NoEndpoint(String),
    /// The endpoint was chosen by a peer.
    #[error("`{0}` takes its endpoint from the network; write the endpoint in the dialplan")]
    NetworkEndpoint(String),
    /// A block is not closed.
    #[error("the variables that begin with `{0}` are not closed; add the matching bracket")]
    Unclosed(char),
    /// A variable without value.
    #[error("`{0}` among the variables is not name=value")]
    Variable(String),
    /// Too many legs.
    #[error("the dial string has more than {MAX_LEGS} legs; call fewer at once")]
    TooMany,
}

impl DialString {
    /// Parse a dial string.
    ///
    /// # Errors
    /// When it names nobody, too many, or is not written as dial strings are.
    pub fn parse(text: &Expanded) -> Result<DialString, DialStringError> {
        let mut enterprise = Vec::new();
        for part in split_enterprise(text) {
            let simple = SimpleDial::parse(&part)?;
            if !simple.alternatives.is_empty() {
                enterprise.push(simple);
            }
        }
        let dial = DialString { enterprise };
        match dial.legs() {
            0 => Err(DialStringError::Empty),
            1..=MAX_LEGS => Ok(dial.share_all()),
            _ => Err(DialStringError::TooMany),
        }
    }

    /// How many legs it has, at most 128.
    pub fn legs(&self) -> usize {
        let alternatives = self
            .enterprise
            .iter()
            .flat_map(|simple| &simple.alternatives);
        alternatives.map(Vec::len).sum()
    }

    /// The `<…>` of the first simple string hold for the others too; their own come after and win.
    fn share_all(mut self) -> Self {
        if let Some((first, others)) = self.enterprise.split_first_mut() {
            for other in others {
                let own = std::mem::take(&mut other.all);
                other.all = first.all.iter().cloned().chain(own).collect();
            }
        }
        self
    }
}

impl Argument for DialString {
    const KIND: &'static str = "dial string";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

impl SimpleDial {
    fn parse(text: &Expanded) -> Result<Self, DialStringError> {
        let mut simple = Self::default();
        let mut rest = trim_blanks(text);
        loop {
            if let Some((block, after)) = block(&rest, '<', '>')? {
                simple.all.extend(variables(&block)?);
                rest = after;
            } else if let Some((block, after)) = block(&rest, '{', '}')? {
                simple.each.extend(variables(&block)?);
                rest = after;
            } else {
                break;
            }
        }
        for alternative in split_outside(&rest, '|')? {
            let mut legs = Vec::new();
            for leg in split_outside(&alternative, ',')? {
                let leg = trim_blanks(&leg);
                if !leg.is_empty() {
                    legs.push(DialLeg::parse(leg)?);
                }
            }
            if !legs.is_empty() {
                simple.alternatives.push(legs);
            }
        }
        Ok(simple)
    }
}

impl DialLeg {
    fn parse(mut rest: Expanded) -> Result<Self, DialStringError> {
        let mut own = Vec::new();
        while let Some((block, after)) = block(&rest, '[', ']')? {
            own.extend(variables(&block)?);
            rest = after;
        }
        // One part: only quotes, escapes and outer blanks go.
        let rest = separate(&rest, '\0', 1).pop().unwrap_or_default();
        let Some((endpoint, data)) = rest.split_once('/') else {
            let shown = rest.to_string();
            let network = rest.as_str().contains('/') || rest.has_network();
            return Err(if network {
                DialStringError::NetworkEndpoint(shown)
            } else {
                DialStringError::NoEndpoint(shown)
            });
        };
        if endpoint.has_network() {
            return Err(DialStringError::NetworkEndpoint(rest.to_string()));
        }
        let endpoint = endpoint.as_str().trim().to_ascii_lowercase();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if endpoint.is_empty() || !endpoint.chars().all(plain) {
            return Err(DialStringError::NoEndpoint(rest.to_string()));
        }
        Ok(Self {
            variables: own,
            endpoint,
            data,
        })
    }
}

/// Without trusted blanks at both ends.
fn trim_blanks(text: &Expanded) -> Expanded {
    let blank = |&(_, c, network): &(usize, char, bool)| !network && c.is_whitespace();
    let start = text
        .chars()
        .find(|mark| !blank(mark))
        .map_or(text.len(), |(at, ..)| at);
    let end = text
        .chars()
        .filter(|mark| !blank(mark))
        .last()
        .map_or(start, |(at, c, _)| at + c.len_utf8());
    text.slice(start..end)
}

/// A block at the beginning of a text, its inside and what follows. Brackets inside are balanced.
fn block(
    text: &Expanded,
    open: char,
    close: char,
) -> Result<Option<(Expanded, Expanded)>, DialStringError> {
    let text = trim_blanks(text);
    if text.is_network_at(0) || !text.as_str().starts_with(open) {
        return Ok(None);
    }
    let end = closing(&text, 0, open, close).ok_or(DialStringError::Unclosed(open))?;
    Ok(Some((text.slice(1..end), text.slice(end + 1..text.len()))))
}

/// The place of the bracket that closes the one at `start`.
fn closing(text: &Expanded, start: usize, open: char, close: char) -> Option<usize> {
    let mut level = 0_usize;
    for (at, c, network) in text.chars().filter(|&(at, ..)| at >= start) {
        if network {
            continue;
        }
        if c == open {
            level += 1;
        } else if c == close {
            level -= 1;
            if level == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// `name=value` pairs separated by commas, or by D after `^^D`.
fn variables(block: &Expanded) -> Result<Vec<(String, Expanded)>, DialStringError> {
    let mut pairs = Vec::new();
    for item in separate(block, ',', MAX_VARIABLES) {
        if item.is_empty() {
            continue;
        }
        let Some((name, value)) = item.split_once('=') else {
            return Err(DialStringError::Variable(item.to_string()));
        };
        let name_text = name.as_str().trim();
        if name_text.is_empty() || name.has_network() {
            return Err(DialStringError::Variable(item.to_string()));
        }
        pairs.push((name_text.to_owned(), trim_blanks(&value)));
    }
    Ok(pairs)
}

/// Split at `:_:` outside of brackets.
fn split_enterprise(text: &Expanded) -> Vec<Expanded> {
    const MARK: &str = ":_:";
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.as_str().match_indices(MARK) {
        if at >= start && (at..at + MARK.len()).all(|byte| !text.is_network_at(byte)) {
            parts.push(text.slice(start..at));
            start = at + MARK.len();
        }
    }
    parts.push(text.slice(start..text.len()));
    parts
}

/// Split at a separator that is neither network text nor inside `[…]` or closed quotes.
fn split_outside(text: &Expanded, separator: char) -> Result<Vec<Expanded>, DialStringError> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut skip_to = 0;
    let mut quoted = false;
    let mut quotes_left = text
        .chars()
        .filter(|&(_, c, network)| c == '\'' && !network)
        .count();
    for (at, c, network) in text.chars() {
        if network {
            continue;
        }
        if c == '\'' {
            quotes_left -= 1;
        }
        if at < skip_to {
            continue;
        }
        let leg_begins = text.as_str()[start..at]
            .trim_matches([' ', '\t'])
            .is_empty()
            || text.as_str()[..at].trim_end().ends_with([']', ',', '|']);
        match c {
            '[' if !quoted && leg_begins => {
                let end = closing(text, at, '[', ']').ok_or(DialStringError::Unclosed('['))?;
                skip_to = end + 1;
            }
            '\'' => quoted = !quoted && quotes_left > 0,
            _ if c == separator && !quoted => {
                parts.push(text.slice(start..at));
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.slice(start..text.len()));
    Ok(parts)
}

#[cfg(test)]
mod tests;
