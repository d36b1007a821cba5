//! `filter`: which events reach a client, by their headers.

use regex::Regex;
use strowger_model::Event;

/// Filters of one client.
const MOST: usize = 256;
/// Longest header name or value of a filter, octets.
const LONGEST: usize = 4_096;

/// How a value is compared.
#[derive(Debug)]
enum Test {
    /// Equal, without case.
    Equal(String),
    /// `/expression/`.
    Match(Regex),
}

#[derive(Debug)]
struct Filter {
    header: String,
    /// As typed, to be deleted by.
    value: String,
    exclude: bool,
    test: Test,
}

/// A client's filters.
#[derive(Debug, Default)]
pub(crate) struct Filters(Vec<Filter>);

impl Filters {
    /// Obeys the words behind `filter`.
    pub(crate) fn obey(&mut self, words: &str) -> String {
        let words = words.trim();
        let (first, rest) = split(words);
        if first.eq_ignore_ascii_case("delete") {
            return self.delete(rest);
        }
        let words = if first.eq_ignore_ascii_case("add") {
            rest
        } else {
            words
        };
        let (header, value) = split(words);
        if header.is_empty() || value.is_empty() {
            return "-ERR invalid syntax".to_owned();
        }
        match self.add(header, value) {
            Ok(()) => format!("+OK filter added. [{header}]=[{value}]"),
            Err(why) => format!("-ERR {why}"),
        }
    }

    fn add(&mut self, header: &str, value: &str) -> Result<(), String> {
        if self.0.len() >= MOST || header.len() > LONGEST || value.len() > LONGEST {
            return Err("too many or too long filters".to_owned());
        }
        let (exclude, bare) = match value.strip_prefix('-') {
            Some(bare) => (true, bare),
            None => (false, value.strip_prefix('+').unwrap_or(value)),
        };
        let expression = bare
            .strip_prefix('/')
            .and_then(|bare| bare.strip_suffix('/'));
        let test = match expression {
            Some(expression) => Test::Match(
                Regex::new(expression).map_err(|_| "the expression is malformed".to_owned())?,
            ),
            None => Test::Equal(bare.to_owned()),
        };
        self.0.push(Filter {
            header: header.to_owned(),
            value: value.to_owned(),
            exclude,
            test,
        });
        Ok(())
    }

    fn delete(&mut self, words: &str) -> String {
        let (header, value) = split(words);
        if header.is_empty() {
            return "-ERR invalid syntax".to_owned();
        }
        if header.eq_ignore_ascii_case("all") {
            self.0.clear();
        } else {
            self.0.retain(|filter| {
                !(filter.header.eq_ignore_ascii_case(header)
                    && (value.is_empty() || filter.value == value))
            });
        }
        format!("+OK filter deleted. [{header}][{value}]")
    }

    /// Whether an event passes: with any filter, one that includes has to fit, and none that excludes may.
    pub(crate) fn pass(&self, event: &Event) -> bool {
        let mut included = self.0.is_empty();
        for filter in &self.0 {
            let fits = event
                .headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(&filter.header))
                .any(|(_, value)| match &filter.test {
                    Test::Equal(wanted) => value.text().eq_ignore_ascii_case(wanted),
                    Test::Match(expression) => expression.is_match(&value.text()),
                });
            if fits && filter.exclude {
                return false;
            }
            included |= fits;
        }
        included
    }
}

/// The first word and the rest.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace)
        .map_or((text, ""), |(first, rest)| (first, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::EventName;

    fn event(state: &str) -> Event {
        Event::new(EventName::ChannelState)
            .header("Unique-ID", "abc")
            .header("Channel-State", state)
    }

    fn filters(lines: &[&str]) -> Filters {
        let mut filters = Filters::default();
        for line in lines {
            assert!(filters.obey(line).starts_with("+OK"), "{line}");
        }
        filters
    }

    #[test]
    fn different_filters_are_alternatives_and_exclusion_is_a_veto() {
        assert!(filters(&[]).pass(&event("CS_INIT")));
        let both = filters(&["Unique-ID xyz", "add Channel-State cs_init"]);
        assert!(both.pass(&event("CS_INIT")));
        assert!(!both.pass(&event("CS_HANGUP")));
        let veto = filters(&["Unique-ID abc", "Channel-State -CS_INIT"]);
        assert!(!veto.pass(&event("CS_INIT")));
        assert!(veto.pass(&event("CS_HANGUP")));
    }

    #[test]
    fn exclusions_alone_deliver_nothing() {
        let negative = filters(&["Channel-State -CS_INIT"]);
        assert!(!negative.pass(&event("CS_HANGUP")));
        assert!(!negative.pass(&Event::new(EventName::Heartbeat)));
    }

    #[test]
    fn expressions_and_deleting() {
        let mut filters = filters(&["Channel-State /^CS_(INIT|NEW)$/"]);
        assert!(filters.pass(&event("CS_NEW")) && !filters.pass(&event("CS_HANGUP")));
        assert_eq!(
            filters.obey("delete Channel-State"),
            "+OK filter deleted. [Channel-State][]"
        );
        assert!(filters.pass(&event("CS_HANGUP")));
        assert!(filters.obey("Channel-State /(/").starts_with("-ERR"));
        assert_eq!(filters.obey("Channel-State"), "-ERR invalid syntax");
    }
}
