//! Text that remembers which of its bytes came from the network.

use std::{borrow::Cow, fmt, ops::Range};

/// A text of which parts may have been chosen by a peer. Parsers treat those parts as plain characters: network text never
/// becomes syntax.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Expanded {
    text: String,
    /// Byte ranges that came from the network: sorted, not empty, neither overlapping nor touching.
    network: Vec<Range<usize>>,
}

impl Expanded {
    /// Text from configuration or the switch itself.
    pub fn trusted(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            network: Vec::new(),
        }
    }

    /// Text that a peer chose.
    pub fn network(text: impl Into<String>) -> Self {
        let text = text.into();
        let mut expanded = Self::default();
        expanded.push_network(&text);
        expanded
    }

    /// The whole text, origins aside.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Length in octets.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether the octet at this place came from the network.
    pub fn is_network_at(&self, byte: usize) -> bool {
        let after = self.network.partition_point(|span| span.start <= byte);
        after > 0 && byte < self.network[after - 1].end
    }

    /// Whether any part came from the network.
    pub fn has_network(&self) -> bool {
        !self.network.is_empty()
    }

    /// The byte ranges that came from the network, in order.
    pub fn network_spans(&self) -> &[Range<usize>] {
        &self.network
    }

    /// Append a text with its origins.
    pub fn push(&mut self, more: &Expanded) {
        let base = self.text.len();
        self.text.push_str(&more.text);
        for span in &more.network {
            self.mark(base + span.start..base + span.end);
        }
    }

    /// Append trusted text.
    pub fn push_trusted(&mut self, more: &str) {
        self.text.push_str(more);
    }

    /// Append text that a peer chose.
    pub fn push_network(&mut self, more: &str) {
        let base = self.text.len();
        self.text.push_str(more);
        self.mark(base..self.text.len());
    }

    /// Append one character with its origin.
    pub fn push_char(&mut self, character: char, network: bool) {
        let base = self.text.len();
        self.text.push(character);
        if network {
            self.mark(base..self.text.len());
        }
    }

    /// Each character with its byte place and whether it came from the network.
    pub fn chars(&self) -> impl Iterator<Item = (usize, char, bool)> + '_ {
        let mut spans = self.network.iter().peekable();
        self.text.char_indices().map(move |(at, character)| {
            while spans.next_if(|span| span.end <= at).is_some() {}
            (
                at,
                character,
                spans.peek().is_some_and(|span| span.start <= at),
            )
        })
    }

    /// A part with its origins. A range that is outside the text or cuts a character is moved to the nearest character
    /// before it.
    pub fn slice(&self, range: Range<usize>) -> Expanded {
        let floor = |mut at: usize| {
            at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (floor(range.start), floor(range.end));
        if start >= end {
            return Self::default();
        }
        let network = self
            .network
            .iter()
            .map(|span| span.start.max(start)..span.end.min(end))
            .filter(|span| span.start < span.end)
            .map(|span| span.start - start..span.end - start)
            .collect();
        Self {
            text: self.text[start..end].to_owned(),
            network,
        }
    }

    /// Without the white space at both ends, whatever its origin.
    pub fn trim(&self) -> Expanded {
        let start = self.text.len() - self.text.trim_start().len();
        self.slice(start..start + self.text.trim().len())
    }

    /// The text alone; the origins are forgotten.
    pub fn into_string(self) -> String {
        self.text
    }

    /// The place of a character that did not come from the network.
    pub fn find_trusted(&self, wanted: char) -> Option<usize> {
        self.chars()
            .find(|&(_, c, network)| c == wanted && !network)
            .map(|(at, ..)| at)
    }

    /// Split at the first separator that did not come from the network.
    pub fn split_once(&self, separator: char) -> Option<(Expanded, Expanded)> {
        let at = self.find_trusted(separator)?;
        Some((
            self.slice(0..at),
            self.slice(at + separator.len_utf8()..self.text.len()),
        ))
    }

    /// Split at every separator that did not come from the network; no quoting.
    pub fn split(&self, separator: char) -> Vec<Expanded> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (at, c, network) in self.chars() {
            if c == separator && !network {
                parts.push(self.slice(start..at));
                start = at + c.len_utf8();
            }
        }
        parts.push(self.slice(start..self.text.len()));
        parts
    }

    /// The rest after a prefix, if the text begins with it and the prefix did not come from the network.
    pub fn strip_prefix(&self, prefix: &str) -> Option<Expanded> {
        let trusted = self
            .network
            .first()
            .is_none_or(|span| span.start >= prefix.len());
        (trusted && self.text.starts_with(prefix))
            .then(|| self.slice(prefix.len()..self.text.len()))
    }

    /// The same text, all of it marked as network text.
    pub fn into_network(self) -> Expanded {
        Self::network(self.text)
    }

    /// Mark bytes already in the text, at or after every earlier mark.
    fn mark(&mut self, span: Range<usize>) {
        if span.is_empty() {
            return;
        }
        match self.network.last_mut() {
            Some(last) if last.end >= span.start => last.end = last.end.max(span.end),
            _ => self.network.push(span),
        }
    }
}

impl fmt::Display for Expanded {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.text)
    }
}

impl AsRef<str> for Expanded {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Expanded {
    fn from(text: &str) -> Self {
        Self::trusted(text)
    }
}

impl From<String> for Expanded {
    fn from(text: String) -> Self {
        Self::trusted(text)
    }
}

impl From<&String> for Expanded {
    fn from(text: &String) -> Self {
        Self::trusted(text.as_str())
    }
}

impl From<&Expanded> for Expanded {
    fn from(text: &Expanded) -> Self {
        text.clone()
    }
}

impl From<Cow<'_, str>> for Expanded {
    fn from(text: Cow<'_, str>) -> Self {
        Self::trusted(text.into_owned())
    }
}

impl PartialEq<str> for Expanded {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Expanded {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text of pieces, each trusted or not, and the origin of every character.
    fn mixed() -> impl Strategy<Value = (Expanded, Vec<(char, bool)>)> {
        proptest::collection::vec(("[a-c,äö ]{0,4}", any::<bool>()), 0..6).prop_map(|pieces| {
            let (mut text, mut marks) = (Expanded::default(), Vec::new());
            for (piece, network) in pieces {
                match network {
                    true => text.push_network(&piece),
                    false => text.push_trusted(&piece),
                }
                marks.extend(piece.chars().map(|c| (c, network)));
            }
            (text, marks)
        })
    }

    fn marks(text: &Expanded) -> Vec<(char, bool)> {
        text.chars().map(|(_, c, network)| (c, network)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Every character keeps its origin through pushing, slicing and splitting.
        #[test]
        fn origins_stay_with_their_characters((text, expected) in mixed(), a in 0_usize..20, b in 0_usize..20) {
            prop_assert_eq!(marks(&text), expected);
            for (at, _, network) in text.chars() {
                prop_assert_eq!(text.is_network_at(at), network);
            }
            let cut = text.slice(a..b);
            prop_assert!(text.as_str().contains(cut.as_str()));
            let mut joined = text.slice(0..a);
            joined.push(&text.slice(a..text.len()));
            prop_assert_eq!(&joined, &text);
            if let Some((before, after)) = text.split_once(',') {
                prop_assert!(before.find_trusted(',').is_none());
                let mut whole = before;
                whole.push_trusted(",");
                whole.push(&after);
                prop_assert_eq!(whole, text);
            }
        }
    }

    #[test]
    fn prefixes_and_separators_must_be_trusted() {
        let network = Expanded::network("a,b");
        assert_eq!(network.split_once(','), None);
        assert_eq!(network.strip_prefix("a"), None);
        assert_eq!(Expanded::from("a,b").strip_prefix("a,"), Some("b".into()));
        assert_eq!(Expanded::network(" x ").trim(), Expanded::network("x"));
        assert_eq!(network.split(',').len(), 1);
    }
}
