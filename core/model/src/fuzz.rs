//! Entry points for fuzzing: each takes any octets, runs one parser over them and must neither panic nor take long.

use crate::{
    BoxFuture, Diagnostics, DialString, Expanded, Scope, Sound, Template,
    event::encode,
    separate,
    xml::{parse, position::LocatedText},
};

/// The first octet says which half of the text came from the network.
fn text(data: &[u8]) -> Expanded {
    let (kind, rest) = data
        .split_first()
        .map_or((0, data), |(first, rest)| (first % 4, rest));
    let all = String::from_utf8_lossy(rest);
    let middle = (0..=all.len() / 2)
        .rev()
        .find(|&at| all.is_char_boundary(at))
        .unwrap_or(0);
    let mut text = Expanded::default();
    for (part, network) in [
        (&all[..middle], kind & 1 == 1),
        (&all[middle..], kind & 2 == 2),
    ] {
        match network {
            true => text.push_network(part),
            false => text.push_trusted(part),
        }
    }
    text
}

/// Every variable is its own name, every function its own arguments.
struct Mirror;

impl Scope for Mirror {
    fn variable(&self, name: &str) -> Option<Expanded> {
        Some(name.into())
    }

    fn function<'a>(&'a self, _: &'a str, arguments: Expanded) -> BoxFuture<'a, Option<Expanded>> {
        Box::pin(std::future::ready(Some(arguments)))
    }
}

/// Templates: parse, put captures in, expand.
pub fn expand(data: &[u8]) {
    let template = Template::parse_expanded(&text(data));
    let _ = template.with_captures(&[text(data)]).expand_now(&Mirror);
}

/// Argument lists.
pub fn arguments(data: &[u8]) {
    for separator in [' ', ',', '|'] {
        let _ = separate(&text(data), separator, 10);
    }
}

/// Dial strings.
pub fn dial_string(data: &[u8]) {
    let _ = DialString::parse(&text(data));
}

/// Sounds.
pub fn sound(data: &[u8]) {
    let _ = (Sound::parse(&text(data)), Sound::ringback(&text(data)));
}

/// XML without the preprocessor, as from a peer.
pub fn xml(data: &[u8]) {
    let located = LocatedText::of_file("input", &String::from_utf8_lossy(data));
    let _ = parse(&located, &mut Diagnostics::new());
}

/// The percent encoding of events.
pub fn percent(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = encode::percent_decode(&text);
    assert_eq!(
        encode::percent_decode(&encode::percent(&text)),
        text,
        "what was encoded comes back"
    );
}

/// An entry point and its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every entry point by name.
pub fn targets() -> [Target; 6] {
    [
        ("arguments", arguments),
        ("dial_string", dial_string),
        ("expand", expand),
        ("percent", percent),
        ("sound", sound),
        ("xml", xml),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_unique() {
        assert_eq!(
            targets()
                .map(|(name, _)| name)
                .into_iter()
                .collect::<HashSet<_>>()
                .len(),
            6
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_octets(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (_, run) in targets() {
                run(&data);
            }
        }
    }
}
