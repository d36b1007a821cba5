//! Argument lists as people write them.

use proptest::prelude::*;

use super::*;
use crate::{Expanded, HangupCause};

/// A made-up application with every feature of the grammar.
#[derive(strowger_model::Arguments, Debug, PartialEq)]
struct Collect {
    /// fewest digits
    min: u32,
    /// most digits
    #[argument(default = "10")]
    max: u32,
    /// what to do
    /// with them
    #[argument(choices = "keep,drop")]
    policy: Option<String>,
    /// all else
    #[argument(rest)]
    rest: Option<Expanded>,
}

#[derive(strowger_model::Arguments, Debug, PartialEq)]
struct Whole {
    /// a file
    file: String,
}

#[derive(strowger_model::Arguments, Debug, PartialEq)]
struct Nothing;

#[derive(strowger_model::Arguments, Debug, PartialEq)]
#[arguments(separator = '|')]
struct Bars {
    cause: HangupCause,
    wait: Option<Seconds>,
}

fn parse<T: Arguments>(text: &str) -> Result<T, String> {
    T::parse(&text.into()).map_err(|error| error.to_string())
}

#[test]
fn fields_become_arguments() {
    assert_eq!(Collect::GRAMMAR.usage(), "<min> [max] [keep|drop] [rest]");
    assert_eq!(Collect::GRAMMAR.arguments[2].help, "what to do with them");
    assert_eq!(
        parse("1 2 Keep 'a b'  c"),
        Ok(Collect {
            min: 1,
            max: 2,
            policy: Some("Keep".into()),
            rest: Some("'a b'  c".into())
        })
    );
    assert_eq!(
        parse("7"),
        Ok(Collect {
            min: 7,
            max: 10,
            policy: None,
            rest: None
        })
    );
    assert_eq!(
        parse::<Collect>(""),
        Err("argument `min`: is missing; usage: <min> [max] [keep|drop] [rest]".into())
    );
    assert_eq!(
        parse::<Collect>("x"),
        Err("argument `min`: `x` is not a whole number from 0 to 4294967295".into())
    );
    assert_eq!(
        parse::<Collect>("1 2 lose"),
        Err("argument `policy`: `lose` is none of keep, drop".into())
    );
}

#[test]
fn one_field_takes_everything_and_none_takes_nothing() {
    assert_eq!(
        parse(" a 'b c' "),
        Ok(Whole {
            file: "a 'b c'".into()
        })
    );
    assert_eq!(parse("  "), Ok(Nothing));
    assert_eq!(
        parse::<Nothing>("x"),
        Err("takes no arguments, but got `x`".into())
    );
}

#[test]
fn another_separator() {
    assert_eq!(
        parse("user_busy| 5"),
        Ok(Bars {
            cause: HangupCause::UserBusy,
            wait: Some(Seconds(5))
        })
    );
    assert!(parse::<Bars>("FLOOD").is_err());
    assert_eq!(
        parse("^^:17:5"),
        Ok(Bars {
            cause: HangupCause::UserBusy,
            wait: Some(Seconds(5))
        })
    );
}

fn split(text: &str, separator: char, max: usize) -> Vec<String> {
    separate(&text.into(), separator, max)
        .into_iter()
        .map(Expanded::into_string)
        .collect()
}

#[test]
fn separating_as_the_manual_says() {
    let cases: &[(&str, char, usize, &[&str])] = &[
        ("a,b,c", ',', 10, &["a", "b", "c"]),
        ("a,b,c", ',', 2, &["a", "b,c"]),
        ("a,,c,", ',', 10, &["a", "", "c"]),
        (" a , 'b, c' ", ',', 10, &["a", "b, c"]),
        ("a  b   c", ' ', 10, &["a", "b", "c"]),
        ("  a b", ' ', 10, &["a", "b"]),
        ("'a b' c", ' ', 10, &["a b", "c"]),
        ("a\\,b,c", ',', 10, &["a,b", "c"]),
        ("a\\nb\\sc\\'d", ',', 10, &["a\nb c'd"]),
        ("it's,fine", ',', 10, &["it's", "fine"]),
        ("'' b", ' ', 10, &["", "b"]),
        ("^^|a,b|c", ',', 10, &["a,b", "c"]),
        ("", ',', 10, &[]),
        ("a", ',', 0, &[]),
        ("\\", ',', 3, &["\\"]),
    ];
    for (text, separator, max, expected) in cases {
        assert_eq!(&split(text, *separator, *max), expected, "{text}");
    }
}

#[test]
fn network_text_never_separates() {
    let mut text = Expanded::trusted("a,");
    text.push_network("^^|b,'c\\,d' ");
    text.push_trusted(",e");
    let parts = separate(&text, ',', 10);
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[1], Expanded::network("^^|b,'c\\,d' "));
    assert_eq!(separate(&Expanded::network("^^|b|c"), ',', 10).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any text separates into at most the parts asked for.
    #[test]
    fn any_text_separates(text in "[ ,|'\\\\^a-c]{0,40}|\\PC{0,30}", max in 0_usize..6) {
        for separator in [' ', ',', '|'] {
            prop_assert!(separate(&text.as_str().into(), separator, max).len() <= max);
            prop_assert!(separate_rest(&text.as_str().into(), separator, max).len() <= max);
        }
    }

    /// Quoted or escaped text comes back as it went in.
    #[test]
    fn quoting_round_trips(parts in proptest::collection::vec("[ ,|a-c]{1,8}", 1..5)) {
        let quoted: Vec<_> = parts.iter().map(|part| format!("'{part}'")).collect();
        prop_assert_eq!(split(&quoted.join(","), ',', 10), parts.clone());
        prop_assert_eq!(split(&quoted.join(" "), ' ', 10), parts);
    }

    /// Network text is one part, unchanged.
    #[test]
    fn network_text_is_one_part(text in "[ ,|'\\\\^a-c]{1,30}|\\PC{1,30}") {
        let mut whole = Expanded::trusted("a,");
        whole.push_network(&text);
        whole.push_trusted(",b c");
        let parts = separate(&whole, ',', 10);
        prop_assert_eq!(parts.len(), 3);
        prop_assert_eq!(&parts[1], &Expanded::network(text));
    }
}
