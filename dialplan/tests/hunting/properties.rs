//! Any program and any call are answered; the prefilter changes nothing; captures never become syntax.

use proptest::prelude::*;
use strowger_dialplan::log_lines;
use strowger_model::{Diagnostics, xml, xml::position::LocatedText};

use crate::support::{Names, rules};

const WORDS: [&str; 24] = [
    "field=\"destination_number\"",
    "field=\"${x}\"",
    "field=\"caller_id_number\"",
    "expression=\"^(1)(.*)$\"",
    "expression=\"^10\"",
    "expression=\"^(?!2)\"",
    "expression=\"^${x}$\"",
    "expression=\"(\"",
    "break=\"never\"",
    "break=\"on-true\"",
    "break=\"always\"",
    "hour=\"9-17\"",
    "hour=\"x\"",
    "wday=\"sat-mon\"",
    "regex=\"all\"",
    "regex=\"xor\"",
    "regex=\"any\"",
    "require-nested=\"false\"",
    "acl=\"192.0.2.0/24\"",
    "acl=\"other\"",
    "time-of-day=\"08:00-18:00\"",
    "",
    "",
    "",
];

fn attributes() -> impl Strategy<Value = String> {
    prop::collection::vec(0..WORDS.len(), 0..4).prop_map(|picked| {
        let mut names: Vec<&str> = Vec::new();
        let mut text = String::new();
        for index in picked {
            let word = WORDS[index];
            let name = word.split('=').next().unwrap_or_default();
            if !names.contains(&name) {
                names.push(name);
                text.push(' ');
                text.push_str(word);
            }
        }
        text
    })
}

fn action() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("<action application=\"set\" data=\"x=$1\" inline=\"true\"/>".to_owned()),
        Just("<action application=\"set\" data=\"y=$1${x}$2\"/>".to_owned()),
        Just("<action application=\"answer\" loop=\"2\"/>".to_owned()),
        Just("<action application=\"answer\" inline=\"true\"/>".to_owned()),
        Just("<anti-action application=\"hangup\" data=\"$1\"/>".to_owned()),
        Just(
            "<action application=\"set_profile_var\" data=\"destination_number=10$1\" inline=\"true\"/>"
                .to_owned()
        ),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = (
        attributes(),
        prop::collection::vec(action(), 0..3),
        attributes(),
    )
        .prop_map(|(own, actions, regex)| {
            format!(
                "<condition{own}><regex{regex}/>{}</condition>",
                actions.concat()
            )
        });
    leaf.prop_recursive(3, 8, 2, |inner| {
        (
            attributes(),
            prop::collection::vec(action(), 0..2),
            prop::collection::vec(inner, 0..3),
        )
            .prop_map(|(own, actions, nested)| {
                format!(
                    "<condition{own}>{}{}</condition>",
                    actions.concat(),
                    nested.concat()
                )
            })
    })
}

fn program() -> impl Strategy<Value = String> {
    let rule = (any::<bool>(), prop::collection::vec(condition(), 0..3)).prop_map(
        |(continues, conditions)| {
            format!(
                "<extension name=\"e\" continue=\"{continues}\">{}</extension>",
                conditions.concat()
            )
        },
    );
    prop::collection::vec(rule, 0..5).prop_map(|rules| rules.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// `run` also compares the hunt with and without the prefilter.
    #[test]
    fn any_program_and_any_number_are_answered(program in program(), number in "[0-2*${}x\\\\^.]{0,6}") {
        let hunt = rules(&program).dial(&number).run();
        prop_assert!(hunt.context_found);
        let _ = strowger_dialplan::explain(&hunt);
        let _ = strowger_dialplan::to_json(&hunt);
        let _ = log_lines(&hunt.trace);
    }

    /// Whatever is dialled arrives in the argument unchanged, as a value.
    #[test]
    fn captures_never_become_syntax(number in ".{0,24}") {
        let hunt = rules(
            r#"<extension name="a"><condition field="destination_number" expression="/^(.*)$/s">
                 <action application="set" data="x=$1"/></condition></extension>"#,
        )
        .dial(&number)
        .run();
        let extension = hunt.extension.unwrap();
        let arguments = &extension.actions[0].arguments;
        prop_assert!(arguments.functions().is_empty());
        prop_assert!(arguments.variables().is_empty());
        let expanded = arguments.expand_now(&Nothing);
        prop_assert_eq!(expanded.as_str(), format!("x={number}"));
    }

    #[test]
    fn any_xml_compiles_or_is_refused(text in "[<>a-z=\" /${}()]{0,64}") {
        let mut report = Diagnostics::new();
        let text = format!("<context name=\"c\">{text}</context>");
        if let Some(element) = xml::parse(&LocatedText::of_file("x.xml", &text), &mut report) {
            strowger_dialplan::compile(Some(&element), &Names, &mut report);
        }
    }
}

struct Nothing;

impl strowger_model::Scope for Nothing {
    fn variable(&self, _name: &str) -> Option<strowger_model::Expanded> {
        None
    }

    fn function<'a>(
        &'a self,
        _name: &'a str,
        _arguments: strowger_model::Expanded,
    ) -> strowger_model::BoxFuture<'a, Option<strowger_model::Expanded>> {
        Box::pin(async { None })
    }
}
