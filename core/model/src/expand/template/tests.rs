//! Expansion as the dialplan manual describes it, and properties that hold for any text.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// Variables from a map; `echo(x)` gives `x` back, `wait(x)` never answers.
struct Table(HashMap<&'static str, Expanded>);

impl Scope for Table {
    fn variable(&self, name: &str) -> Option<Expanded> {
        self.0.get(name.to_lowercase().as_str()).cloned()
    }

    fn elements(&self, name: &str) -> Option<Vec<Expanded>> {
        (name == "list").then(|| vec!["zero".into(), "one".into()])
    }

    fn function<'a>(
        &'a self,
        name: &'a str,
        arguments: Expanded,
    ) -> BoxFuture<'a, Option<Expanded>> {
        match name {
            "echo" => Box::pin(std::future::ready(Some(arguments))),
            "wait" => Box::pin(std::future::pending()),
            "code" => Box::pin(std::future::ready(Some("${name}".into()))),
            _ => Box::pin(std::future::ready(None)),
        }
    }
}

fn table() -> Table {
    let mut peer = Expanded::trusted("<${name}> ");
    peer.push_network("${echo(evil)} $1 \\n");
    Table(HashMap::from([
        ("name", "value".into()),
        ("digits", "0123456789".into()),
        ("which", "name".into()),
        ("nested", "[${name}]".into()),
        ("loop", "${loop}x".into()),
        ("bomb", "${bomb}${bomb}".into()),
        ("peer", peer),
        ("12", "twelve".into()),
        ("umlaut", "äöü".into()),
    ]))
}

fn expand(text: &str) -> String {
    Template::parse(text).expand_now(&table()).into_string()
}

#[test]
fn the_forms_of_the_manual() {
    let cases = [
        ("plain", "plain"),
        ("${name}", "value"),
        ("a${NAME}b", "avalueb"),
        ("$${name}", "value"),
        ("${digits:3}", "3456789"),
        ("${digits:-3}", "789"),
        ("${digits:2:3}", "234"),
        ("${digits:-4:2}", "67"),
        ("${digits:-99}", "0123456789"),
        ("${digits:99}", ""),
        ("${digits:8:9}", "89"),
        ("${digits:8:0}", "89"),
        ("${digits:8:-1}", "89"),
        ("${umlaut:1:1}", "ö"),
        ("${list[1]}", "one"),
        ("${list[7]}", ""),
        ("${${which}}", "value"),
        ("${nested}", "[value]"),
        ("${unset}", ""),
        ("${echo(${name} b)}", "value b"),
        ("${echo ${name} b}", "value b"),
        ("${echo(a(b)c)}", "a(b)c"),
        ("${echo(\\d{3})}", "\\d{3}"),
        ("${unknown(x)}", ""),
        ("${wait(x)}!", "!"),
        ("${code()}", "${name}"),
        ("\\${name}", "${name}"),
        ("\\$${name}", "${name}"),
        ("a\\\\b${unset}", "a\\b"),
        ("it\\'s${unset}", "its"),
        ("a\\,b", "a\\,b"),
        ("^(\\d+)\\$$", "^(\\d+)\\$$"),
        ("$x 5$", "$x 5$"),
        ("$1 and ${12}", "$1 and twelve"),
        ("${open", "${open"),
        ("${}", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(expand(text), expected, "{text}");
    }
}

#[test]
fn network_text_is_never_expanded() {
    let value = Template::parse("${peer}").expand_now(&table());
    assert_eq!(value, "<value> ${echo(evil)} $1 \\n");
    assert!(!value.is_network_at(0) && value.is_network_at(8));
    let again = Template::parse_expanded(&value);
    assert_eq!(again.expand_now(&table()), value);
    let name = Expanded::network("which} ${name");
    let template = Template::parse("${unset$1}").with_captures(&["".into(), name]);
    assert_eq!(template.expand_now(&table()), "");
}

#[test]
fn captures_are_put_in_everywhere() {
    let template = Template::parse("$0 ${$1:0:2} ${echo($2$3)} ${1} $9");
    assert!(template.has_captures());
    assert_eq!(template.highest_capture(), Some(9));
    let captures = [
        "all".into(),
        "name".into(),
        Expanded::network("${name}"),
        "$1".into(),
    ];
    let ready = template.with_captures(&captures);
    assert!(!ready.has_captures());
    assert_eq!(ready.expand_now(&table()), "all va ${name}$1 name ");
    assert_eq!(
        Template::parse("\\$1")
            .with_captures(&captures)
            .expand_now(&table()),
        "$1"
    );
}

#[test]
fn a_template_tells_what_it_uses() {
    let template = Template::parse("${echo(${code(x)} ${name:1})} ${list[0]} ${${which}}");
    assert_eq!(template.functions(), ["echo", "code"]);
    assert_eq!(template.variables(), ["name", "list", "which"]);
    assert_eq!(template.literal(), None);
    assert_eq!(Template::parse("sofia/gw/1").literal(), Some("sofia/gw/1"));
    assert_eq!(Template::parse("").literal(), Some(""));
    assert_eq!(
        template.source(),
        "${echo(${code(x)} ${name:1})} ${list[0]} ${${which}}"
    );
}

#[test]
fn values_that_name_themselves_end() {
    assert!(expand("${loop}").ends_with('x'));
    assert!(expand("${bomb}").len() <= 1 << 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Nothing a person can write makes parsing or expansion panic.
    #[test]
    fn any_text_expands(text in "[$\\\\{}():\\[\\]a-c1 '\\-]{0,60}|\\PC{0,40}") {
        let template = Template::parse(&text);
        let _ = template.expand_now(&table());
        let _ = template.with_captures(&["x".into()]).expand_now(&table());
        prop_assert_eq!(template.source(), text);
    }

    /// What a peer sends comes out as it went in, wherever it is put.
    #[test]
    fn network_text_comes_out_as_it_went_in(text in "[$\\\\{}():\\[\\]a-c1 ',|]{0,40}|\\PC{0,40}") {
        let mut scope = table();
        scope.0.insert("x", Expanded::network(text.clone()));
        let out = Template::parse("<${x}${echo(${x})}>").expand_now(&scope);
        prop_assert_eq!(out.as_str(), format!("<{text}{text}>"));
        let direct = Template::parse("<$1>").with_captures(&["".into(), Expanded::network(text.clone())]);
        prop_assert_eq!(direct.expand_now(&scope).into_string(), format!("<{text}>"));
    }

    /// Substrings never cut a character and never panic.
    #[test]
    fn substrings_of_any_text(text in "\\PC{0,20}", offset in any::<i64>(), length in any::<Option<i64>>()) {
        let part = substring(&text.as_str().into(), offset, length);
        prop_assert!(text.contains(part.as_str()));
    }
}
