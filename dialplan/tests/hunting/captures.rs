//! Fields, expressions, captures.

use crate::support::{actions, rules};

fn one(condition: &str) -> crate::support::Call {
    rules(&format!(r#"<extension name="a">{condition}</extension>"#))
}

#[test]
fn captures_are_substituted_when_the_expression_has_a_parenthesis() {
    let hunt = one(
        r#"<condition field="destination_number" expression="^(\d\d)(\d\d)$">
             <action application="set" data="x=$1-${2}-$0-$9-$x-${y}"/></condition>"#,
    )
    .dial("1234")
    .run();
    assert_eq!(actions(&hunt), ["set x=12-34-1234--$x-${y}"]);
    let stored: Vec<String> = hunt
        .variables
        .elements("DP_MATCH")
        .into_iter()
        .map(|text| text.into_string())
        .collect();
    assert_eq!(stored, ["1234", "12", "34"]);
}

#[test]
fn without_a_parenthesis_dollar_one_stays() {
    let hunt = one(
        r#"<condition field="destination_number" expression="^6070-moderator$">
             <action application="conference" data="$1-x@video"/></condition>"#,
    )
    .dial("6070-moderator")
    .run();
    assert_eq!(actions(&hunt), ["conference $1-x@video"]);
    assert!(hunt.variables.get("DP_MATCH").is_none());
}

#[test]
fn an_unset_group_is_empty() {
    let call = one(
        r#"<condition field="destination_number" expression="^88(\d{4})$|^\*0(.*)$">
             <action application="eavesdrop" data="[$1$2]"/></condition>"#,
    );
    assert_eq!(call.dial("*07").actions(), ["eavesdrop [7]"]);
}

#[test]
fn anti_actions_are_not_substituted() {
    let call = one(r#"<condition field="destination_number" expression="^(2)$">
             <anti-action application="set" data="x=$1"/></condition>"#);
    assert_eq!(call.actions(), ["set x=$1"]);
}

#[test]
fn each_condition_has_its_own_captures() {
    let hunt = one(
        r#"<condition field="destination_number" expression="^(1)"><action application="set" data="x=$1"/></condition>
           <condition><action application="set" data="y=$1"/></condition>"#,
    )
    .run();
    assert_eq!(actions(&hunt), ["set x=1", "set y=$1"]);
}

#[test]
fn a_bare_field_is_a_profile_field_and_never_a_variable() {
    let call = one(
        r#"<condition field="toll_allow" expression="local"><action application="answer"/></condition>"#,
    );
    assert!(call.variable("toll_allow", "local").actions().is_empty());
    let call = one(
        r#"<condition field="${toll_allow}" expression="local"><action application="answer"/></condition>"#,
    );
    assert_eq!(call.variable("toll_allow", "local").actions(), ["answer"]);
    let call = one(
        r#"<condition field="CALLER_ID_Number" expression="^1001$"><action application="answer"/></condition>"#,
    );
    assert_eq!(call.actions(), ["answer"]);
    let call = one(
        r#"<condition field="no_such_field" expression="^$"><action application="answer"/></condition>"#,
    );
    assert_eq!(call.actions(), ["answer"]);
}

#[test]
fn fields_with_text_functions_profile_and_globals() {
    let call = one(
        r#"<condition field="x-${caller_id_number}-${module_exists(mod_a)}-${g}" expression="^x-1001-true-7$">
             <action application="answer"/></condition>"#,
    )
    .function("module_exists(mod_a)", "true")
    .global("g", "7");
    assert_eq!(call.actions(), ["answer"]);
}

#[test]
fn a_missing_expression_matches_everything() {
    assert_eq!(
        one(r#"<condition field="rdnis"><action application="answer"/></condition>"#).actions(),
        ["answer"]
    );
}

#[test]
fn the_expression_element_wins() {
    let call = one(
        r#"<condition field="destination_number" expression="^2$"><expression><![CDATA[^(1000)$]]></expression>
             <action application="set" data="x=$1"/></condition>"#,
    );
    assert_eq!(call.actions(), ["set x=1000"]);
}

#[test]
fn expressions_are_expanded() {
    let call = one(r#"<condition field="${sip_refer_to}">
             <expression><![CDATA[<sip:callpark@${domain_name};orbit=(\d+)>]]></expression>
             <action application="fifo" data="$1@${domain_name} in"/></condition>"#)
    .variable("domain_name", "pbx.example")
    .variable("sip_refer_to", "<sip:callpark@pbx.example;orbit=17>");
    assert_eq!(call.actions(), ["fifo 17@${domain_name} in"]);
}

#[test]
fn callers_cannot_write_expressions() {
    let same = r#"<condition field="destination_number" expression="^${caller_id_number}$">
                    <action application="answer"/></condition>"#;
    assert!(
        one(same)
            .profile(|profile| profile.caller_id_number = ".*".to_owned())
            .actions()
            .is_empty()
    );
    let dialled = one(same)
        .dial(".*")
        .profile(|profile| profile.caller_id_number = ".*".to_owned());
    assert_eq!(dialled.actions(), ["answer"]);
}

#[test]
fn callers_cannot_write_templates() {
    let hunt = one(
        r#"<condition field="destination_number" expression="^(.*)$">
             <action application="set" data="x=$1"/></condition>"#,
    )
    .dial("${system(id)}")
    .run();
    let action = &hunt.extension.as_ref().unwrap().actions[0];
    assert!(action.arguments.functions().is_empty());
    assert!(action.arguments.variables().is_empty());
    let text = action.arguments.literal().map(str::to_owned);
    assert_eq!(text.as_deref(), Some("x=${system(id)}"));
}

#[test]
fn a_broken_expression_never_matches_and_runs_the_anti_actions() {
    let call = one(
        r#"<condition field="destination_number" expression="^(1000$"><action application="answer"/>
             <anti-action application="hangup"/></condition>"#,
    );
    assert_eq!(call.actions(), ["hangup"]);
}
