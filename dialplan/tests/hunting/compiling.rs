//! What is reported at load, where, and that everything else still works.

use crate::support::{compiled, messages};

fn report(rules: &str) -> String {
    let (_, report) = compiled(&format!("<context name=\"default\">\n{rules}\n</context>"));
    assert!(!report.has_errors(), "{}", messages(&report));
    messages(&report)
}

fn one(condition: &str) -> String {
    report(&format!(
        "<extension name=\"a\">\n{condition}\n</extension>"
    ))
}

#[test]
fn a_clean_dialplan_has_nothing_to_report() {
    let text = one(
        r#"<condition field="destination_number" expression="^(1\d\d)$" break="never"><action application="answer"/>
             <action application="bridge" data="user/$1@${domain_name}"/></condition>"#,
    );
    assert_eq!(text, "");
}

#[test]
fn everything_at_once_with_places() {
    let text = one(
        r#"<condition field="destination_number" expression="^(1" colour="red"/>
<condition hour="nine"/>
<condition field="${nope(1)}" expression="x" break="perhaps"/>
<condition regex="most"><regex field="source" expression="a"/></condition>
<condition><action application="no_such"/></condition>
<condition><action application="sleep" data="long"/></condition>
<condition><action application="answer" inline="true"/></condition>
<condition><action application="set" data="x=it\'s"/></condition>
<condition field="toll_allow" expression="local"/>
<condition expression="^1$"/>
<condition acl=""/>"#,
    );
    for (line, part) in [
        (3, "expression \"^(1\""),
        (3, "unknown attribute colour"),
        (4, "hour=\"nine\""),
        (5, "unknown function ${nope(…)}"),
        (5, "break=\"perhaps\""),
        (6, "regex=\"most\""),
        (7, "unknown application no_such"),
        (8, "argument of sleep"),
        (9, "answer cannot be executed inline"),
        (10, "contains \\'"),
        (11, "field \"toll_allow\" is not a caller profile field"),
        (12, "without a field"),
        (13, "acl="),
    ] {
        let found = text.lines().any(|message| {
            message.starts_with(&format!("dialplan/test.xml:{line}:")) && message.contains(part)
        });
        assert!(found, "line {line}, {part}:\n{text}");
    }
}

#[test]
fn actions_and_elements_in_the_wrong_place() {
    let text = report(
        r#"<extension name="a"><action application="answer"/><conditoin/></extension>
<extention name="b"/>
<extension name="c"><condition><regex field="source" expression="a"/><action application="answer"><b/></action>
</condition></extension>"#,
    );
    for part in [
        "outside of a <condition>",
        "<conditoin>",
        "<extention>",
        "<regex> is not looked at",
        "<b>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn contexts_twice_or_nameless_or_none() {
    let (_, twice) = compiled("<context name=\"a\"/><context name=\"A\"/><context/>");
    assert!(messages(&twice).contains("context A is defined again"));
    assert!(messages(&twice).contains("context without a name"));
    let (_, none) = compiled("");
    assert!(messages(&none).contains("the dialplan has no context"));
    let mut report = strowger_model::Diagnostics::new();
    strowger_dialplan::compile(None, &crate::support::Names, &mut report);
    assert!(messages(&report).contains("there is no dialplan section"));
}

#[test]
fn loops_are_limited() {
    assert!(
        one(r#"<condition><action application="answer" loop="9999999"/></condition>"#)
            .contains("1000 times")
    );
    assert!(
        one(r#"<condition><action application="answer" loop="x"/></condition>"#)
            .contains("not a number")
    );
}

#[test]
fn lint_unreachable_rules() {
    let text = report(
        r#"<extension name="all"><condition field="destination_number" expression="^(.*)$">
             <action application="answer"/></condition></extension>
<extension name="late"><condition><action application="echo"/></condition></extension>"#,
    );
    assert!(
        text.contains("extension late and all that follow are never reached"),
        "{text}"
    );
    let text = report(
        r#"<extension name="a"><condition field="destination_number" expression="^1$">
             <action application="answer"/></condition></extension>
<extension name="b"><condition field="destination_number" expression="^1$">
             <action application="echo"/></condition></extension>"#,
    );
    assert!(text.contains("extension b is never reached"), "{text}");
    let text = report(
        r#"<extension name="a" continue="true"><condition field="destination_number" expression="^1$">
             <action application="answer"/></condition></extension>
<extension name="b"><condition field="destination_number" expression="^1$">
             <action application="echo"/></condition></extension>"#,
    );
    assert_eq!(text, "");
}

#[test]
fn lint_captures_that_are_never_set() {
    assert!(
        one(r#"<condition field="destination_number" expression="^1$"><action application="set" data="x=$1"/></condition>"#)
            .contains("capture $1 in the argument of set is never set")
    );
    assert!(
        one(r#"<condition field="destination_number" expression="^(1)$"><action application="set" data="x=$2"/></condition>"#)
            .contains("the expression has 1 groups")
    );
    assert!(
        one(r#"<condition field="destination_number" expression="^(1)$">
                 <anti-action application="set" data="x=$1"/></condition>"#)
        .contains("anti-action set")
    );
}

#[test]
fn lint_mixtures_and_dead_actions() {
    assert!(
        one(r#"<condition hour="9" field="source" expression="x"/>"#)
            .contains("date or time together")
    );
    assert!(
        one(r#"<condition break="always"><condition/></condition>"#)
            .contains("nested conditions with break")
    );
    assert!(
        one(r#"<condition><action application="hangup"/><action application="echo"/></condition>"#)
            .contains("echo after the call has ended")
    );
}

#[test]
fn lint_strangers_on_a_trunk() {
    let public = |expression: &str| {
        let (_, report) = compiled(&format!(
            r#"<context name="public"><extension name="out">
                 <condition field="destination_number" expression="{expression}">
                 <action application="bridge" data="sofia/gateway/trunk/$1"/></condition></extension></context>"#
        ));
        messages(&report)
    };
    assert!(public(r"^(\d+)$").contains("dials a gateway"));
    assert!(!public(r"^(5551\d\d\d)$").contains("dials a gateway"));
}

#[test]
fn dial_strings_are_checked() {
    let bridge = |data: &str| {
        one(&format!(
            r#"<condition><action application="bridge" data="{data}"/></condition>"#
        ))
    };
    assert!(bridge("user/1000,skinny/internal/7").contains("unknown endpoint skinny/"));
    assert_eq!(bridge("{a=1,b=2}user/1000|sofia/gateway/g/1"), "");
    assert_eq!(bridge("${dial}/1000"), "");
    assert!(bridge("{a=1").contains("argument of bridge"));
}
