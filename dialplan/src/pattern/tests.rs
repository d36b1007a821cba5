//! PCRE's meaning on other engines; bounds; network text stays literal.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use strowger_model::Expanded;

use super::{Outcome, Pattern, PatternError};

fn pattern(expression: &str) -> Pattern {
    Pattern::compile(&Expanded::trusted(expression))
        .unwrap_or_else(|error| panic!("{expression}: {error}"))
}

fn run(expression: &str, value: &str) -> Option<Vec<String>> {
    match pattern(expression).run(&Expanded::trusted(value)) {
        Outcome::Match(captures) => Some(captures.into_iter().map(Expanded::into_string).collect()),
        _ => None,
    }
}

fn matches(expression: &str, value: &str) -> bool {
    run(expression, value).is_some()
}

#[test]
fn an_empty_expression_matches_everything() {
    assert!(matches("", ""));
    assert!(matches("", "anything"));
    assert!(pattern("").matches_everything());
    assert!(pattern("^(.*)$").matches_everything());
    assert!(!pattern("^(.+)$").matches_everything());
}

#[test]
fn the_search_is_unanchored_and_minds_case() {
    assert!(matches("mod_sofia", "xmod_sofiax"));
    assert!(!matches("MOD_SOFIA", "mod_sofia"));
}

#[test]
fn captures_only_with_a_parenthesis() {
    assert_eq!(run("^1000$", "1000"), Some(vec![]));
    assert_eq!(run("^(10)(..)$", "1042").unwrap(), ["1042", "10", "42"]);
}

#[test]
fn a_group_that_took_no_part_is_empty_and_trailing_ones_are_absent() {
    assert_eq!(
        run(r"^88(\d{4})$|^\*0(.*)$", "*077").unwrap(),
        ["*077", "", "77"]
    );
    assert_eq!(
        run(r"^88(\d{4})$|^\*0(.*)$", "881001").unwrap(),
        ["881001", "1001"]
    );
}

#[test]
fn slashes_carry_flags() {
    assert!(matches("/^abc$/i", "ABC"));
    assert!(!matches("/^abc$/", "ABC"));
    assert!(matches("/a.b/s", "a\nb"));
    assert!(!matches("/a.b/", "a\nb"));
    assert!(matches("/^a/b$/is", "A/B"));
    assert_eq!(
        Pattern::compile(&Expanded::trusted("/^abc$")).unwrap_err(),
        PatternError::MissingSlash
    );
}

#[test]
fn asterisk_patterns() {
    assert!(matches("_NXXX", "2000"));
    assert!(!matches("_NXXX", "1000"));
    assert!(!matches("_NXXX", "20000"));
    assert!(matches("_9Z.", "91"));
    assert!(!matches("_9Z.", "90"));
    assert!(matches("_9Z.", "915551234"));
    assert!(matches("_1[3-5]X", "149"));
}

#[test]
fn quoted_text_is_literal() {
    assert!(matches(r"^\Qa.b(c\E\d$", "a.b(c7"));
    assert!(!matches(r"^\Qa.b\E$", "axb"));
    assert!(matches(r"^[\Q^]\E]$", "]"));
}

#[test]
fn digits_are_ascii_digits() {
    assert!(!matches(r"^\d$", "\u{0663}"));
    assert!(!matches(r"^[\d]$", "\u{0663}"));
    assert!(!matches(r"^\w$", "é"));
    assert!(matches(r"^\D$", "é"));
}

#[test]
fn escapes_and_braces_mean_what_they_mean_in_pcre() {
    assert!(matches(r"orbit\=(\d+)", "x;orbit=12"));
    assert!(matches(r"^\<sip:(.*)\>$", "<sip:1000@x>"));
    assert!(matches("^a{b}$", "a{b}"));
    assert!(matches("^a{2}$", "aa"));
    assert!(matches("^a{2,}$", "aaaa"));
    assert!(matches(r"^[a[b]$", "["));
    assert!(matches(r"^[]a]+$", "]a"));
    assert!(matches(r"^[[:digit:]]+$", "123"));
    assert!(matches(r"^[a&&b]$", "&"));
    assert!(matches(r"^\x41\e\061$", "A\u{1b}1"));
    assert!(matches(r"^a\Z", "a"));
    assert!(matches("^a(?#comment)b$", "ab"));
    assert_eq!(run("^(?'n'a)b$", "ab").unwrap(), ["ab", "a"]);
}

#[test]
fn look_around_back_references_and_possessive_quantifiers_work() {
    let valet = r"^((?!6000)60\d{2})$";
    assert!(pattern(valet).is_backtracking());
    assert_eq!(run(valet, "6001").unwrap(), ["6001", "6001"]);
    assert!(!matches(valet, "6000"));
    assert!(matches(r"^(\d)\1$", "77"));
    assert!(!matches(r"^(\d)\1$", "78"));
    assert!(!matches(r"^\d++1$", "111"));
    assert!(matches(r"(?<=a)b", "ab"));
}

#[test]
fn broken_expressions_say_what_is_wrong() {
    for broken in [
        "(",
        "^[a-",
        "a)",
        "^(?|a|b)$",
        "(*FAIL)",
        "*a",
        r"\y",
        "a\\",
    ] {
        let error = Pattern::compile(&Expanded::trusted(broken)).unwrap_err();
        assert!(!error.to_string().is_empty(), "{broken}");
    }
    assert!(Pattern::compile(&Expanded::trusted("x".repeat(70_000))).is_err());
    assert!(Pattern::compile(&Expanded::trusted(r"((\d{1,999}){1,999}){1,999}")).is_err());
}

#[test]
fn network_text_in_an_expression_is_literal() {
    let with = |before: &str, network: &str, after: &str| {
        let mut expression = Expanded::trusted(before);
        expression.push_network(network);
        expression.push_trusted(after);
        Pattern::compile(&expression).unwrap()
    };
    let is = |pattern: &Pattern, value: &str| {
        pattern.run(&Expanded::trusted(value)) == Outcome::Match(vec![])
    };
    let any = with("^", ".*", "$");
    assert!(is(&any, ".*"));
    assert!(!is(&any, "1000"));
    assert!(is(&with("^[", "]", "a]+$"), "a]"));
    assert!(!is(&with("^[", "^", "a]$"), "b"));
    assert!(is(&with(r"^\Q", r"\E.*", r"\E$"), r"\E.*"));
    assert!(!is(&with(r"^\Q", r"\E.*", r"\E$"), "x"));
    assert!(is(&with("", "/x/i", ""), "/x/i"));
    assert!(!is(&with("", "_X", ""), "5"));
    assert!(!is(&with("_9", "X", ""), "95"));
    assert!(is(&with("_9", "X", ""), "9X"));
    assert!(is(&with(r"^\", ".", "$"), "."));
    let group = with("^", "(1", "$");
    assert!(!group.has_parenthesis());
    assert!(is(&group, "(1"));
}

#[test]
fn captures_of_network_text_stay_network_text() {
    let found = pattern("^(..)(.*)$").run(&Expanded::network("10${x}"));
    let Outcome::Match(captures) = found else {
        panic!("no match")
    };
    assert!(captures.iter().all(Expanded::has_network));
    assert_eq!(captures[2].as_str(), "${x}");
}

#[test]
fn beginnings() {
    let prefixes = |text: &str| pattern(text).prefixes().map(<[String]>::to_vec);
    let some = |list: &[&str]| {
        Some(
            list.iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(prefixes("^1234$"), some(&["1234"]));
    assert_eq!(prefixes("^(1234)$"), some(&["1234"]));
    assert_eq!(prefixes(r"^(10[01]\d)$"), some(&["10"]));
    assert_eq!(prefixes(r"^\*98$|^(?:4000)$"), some(&["*98", "4000"]));
    assert_eq!(prefixes("^12?3$"), some(&["1"]));
    assert_eq!(prefixes("^12+3$"), some(&["12"]));
    assert_eq!(prefixes("^12+?3$"), some(&["12"]));
    assert_eq!(prefixes("^12+??3$"), some(&["1"]));
    assert_eq!(prefixes("^(1)+??3$"), None);
    assert_eq!(prefixes("^(12)?3$"), None);
    assert_eq!(prefixes("^12(3|4)$"), some(&["12"]));
    assert_eq!(prefixes("^(3|4)12$"), None);
    assert_eq!(prefixes("1234$"), None);
    assert_eq!(prefixes("/^abc$/i"), None);
    assert_eq!(prefixes("^(?!6000)60$"), None);
    assert_eq!(prefixes("_9XX"), some(&["9"]));
    assert_eq!(prefixes("^a|b"), None);
    assert_eq!(prefixes(r"^\Qab\E"), None);
}

#[test]
fn evil_patterns_stop_in_time() {
    let evil = [
        "^(a+)+$",
        "^(a|aa)+$",
        "^(a|a?)+$",
        "^(.*a){20}$",
        "(x+x+)+y",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        r"^(?=(a+))\1+b$",
        r"^(?!b)(a+)+$",
        r"(a*)*\1b",
        r"^(a+)+(?=b)",
        r"((a|b)*)*\2c",
        r"(?=.*a.*a.*a.*a)b",
        r"^(?:(?=a)a+)+$",
        r"(.*)(.*)(.*)(.*)\4x",
        "a*a*a*a*a*a*b",
        r"^(\w+\s?)*$",
        r"(?<!b)(a+)+c",
        "(a?){50}a{50}",
    ];
    // Unoptimised engines are some twenty times slower than those of a release.
    let allowed = Duration::from_millis(if cfg!(debug_assertions) { 400 } else { 20 });
    for length in [1000, 4096] {
        let value = Expanded::network(format!("{}!", "a".repeat(length)));
        for expression in evil {
            let pattern = pattern(expression);
            pattern.run(&value);
            let start = Instant::now();
            pattern.run(&value);
            assert!(
                start.elapsed() < allowed,
                "{expression}: {:?}",
                start.elapsed()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_expression_and_value_are_answered(
        expression in r"[\^$a-c0-9()|*+?{},\[\]\\QEdw.:!=<>&#/_ -]{0,24}",
        network in r"[\[\]()\\E.*+?|{}^$/_-]{0,8}",
        value in ".{0,32}",
    ) {
        let mut whole = Expanded::trusted(&*expression);
        whole.push_network(&network);
        whole.push_trusted(&expression);
        for text in [Expanded::trusted(&*expression), whole] {
            if let Ok(pattern) = Pattern::compile(&text) {
                let _ = pattern.run(&Expanded::network(&*value));
            }
        }
    }

    #[test]
    fn network_text_alone_matches_itself_only(network in ".{1,16}", other in ".{0,16}") {
        let mut expression = Expanded::trusted("^");
        expression.push_network(&network);
        expression.push_trusted("$");
        let pattern = Pattern::compile(&expression).unwrap();
        prop_assert_eq!(pattern.run(&Expanded::trusted(&*network)), Outcome::Match(vec![]));
        prop_assert_eq!(pattern.run(&Expanded::trusted(&*other)) == Outcome::Match(vec![]), network == other);
    }

    #[test]
    fn a_match_begins_with_one_of_the_beginnings(
        expression in r"\^[a-c(]{0,4}[a-c)?*+|\[\]]{0,6}\$?",
        value in "[a-c]{0,6}",
    ) {
        if let Ok(pattern) = Pattern::compile(&Expanded::trusted(&*expression))
            && let Some(prefixes) = pattern.prefixes()
            && let Outcome::Match(_) = pattern.run(&Expanded::trusted(&*value))
        {
            let begins = prefixes.iter().any(|prefix| value.starts_with(prefix.as_str()));
            prop_assert!(begins, "{} {}", expression, value);
        }
    }
}
