//! Conditions, `break`, nesting, `continue`: what is queued and when hunting stops.

use crate::support::{actions, rules};

const END: &str =
    r#"<extension name="end"><condition><action application="park"/></condition></extension>"#;

#[test]
fn the_last_condition_evaluated_decides_not_all_of_them() {
    let call = rules(&format!(
        r#"<extension name="a">
             <condition field="destination_number" expression="^1000$" break="never">
               <action application="set" data="first=1"/></condition>
             <condition field="destination_number" expression="^2000$" break="never">
               <action application="set" data="second=1"/></condition>
           </extension>{END}"#
    ));
    // The rule fails, hunting goes on, and what was queued stays queued.
    assert_eq!(call.actions(), ["set first=1", "park"]);
    let call = rules(&format!(
        r#"<extension name="a">
             <condition field="destination_number" expression="^2000$" break="never"/>
             <condition field="destination_number" expression="^1000$"><action application="answer"/></condition>
           </extension>{END}"#
    ));
    assert_eq!(call.actions(), ["answer"]);
}

#[test]
fn a_failing_condition_with_anti_actions_counts_as_matched() {
    let call = rules(&format!(
        r#"<extension name="a"><condition field="destination_number" expression="^2000$">
             <action application="answer"/><anti-action application="hangup" data="USER_BUSY"/>
           </condition></extension>{END}"#
    ));
    assert_eq!(call.actions(), ["hangup USER_BUSY"]);
}

#[test]
fn a_failing_condition_with_anti_actions_and_continue_goes_on() {
    let call = rules(&format!(
        r#"<extension name="a" continue="true"><condition field="destination_number" expression="^2000$">
             <anti-action application="set" data="x=1"/></condition></extension>{END}"#
    ));
    assert_eq!(call.actions(), ["set x=1", "park"]);
}

#[test]
fn a_failing_condition_with_the_default_break_leaves_the_extension() {
    let call = rules(&format!(
        r#"<extension name="a">
             <condition field="destination_number" expression="^2000$"><action application="answer"/></condition>
             <condition><action application="echo"/></condition></extension>{END}"#
    ));
    assert_eq!(call.actions(), ["park"]);
}

#[test]
fn break_words() {
    let with = |word: &str, expression: &str| {
        rules(&format!(
            r#"<extension name="a">
                 <condition field="destination_number" expression="{expression}" break="{word}">
                   <action application="set" data="first=1"/></condition>
                 <condition><action application="set" data="second=1"/></condition></extension>"#
        ))
        .actions()
    };
    let (both, first, second) = (
        ["set first=1", "set second=1"],
        ["set first=1"],
        ["set second=1"],
    );
    assert_eq!(with("on-false", "^1000$"), both);
    assert_eq!(with("on-true", "^1000$"), first);
    assert_eq!(with("always", "^1000$"), first);
    assert_eq!(with("never", "^1000$"), both);
    assert!(with("on-false", "^2000$").is_empty());
    assert_eq!(with("on-true", "^2000$"), second);
    assert!(with("always", "^2000$").is_empty());
    assert_eq!(with("never", "^2000$"), second);
    // Unknown words count as on-false.
    assert_eq!(with("sometimes", "^1000$"), both);
    assert!(with("sometimes", "^2000$").is_empty());
    assert_eq!(with("NEVER", "^2000$"), second);
}

#[test]
fn a_condition_without_attributes_always_runs() {
    assert_eq!(rules(END).actions(), ["park"]);
}

#[test]
fn an_extension_without_conditions_does_not_match() {
    assert_eq!(
        rules(&format!(r#"<extension name="a"></extension>{END}"#)).actions(),
        ["park"]
    );
}

#[test]
fn a_match_without_actions_stops_and_leaves_no_extension() {
    let hunt = rules(&format!(
        r#"<extension name="a"><condition field="destination_number" expression="^1000$"/></extension>{END}"#
    ))
    .run();
    assert!(hunt.extension.is_none());
    assert!(hunt.context_found);
}

#[test]
fn one_extension_accumulates_and_is_named_after_the_first_that_queued() {
    let hunt = rules(&format!(
        r#"<extension name="none"><condition field="destination_number" expression="^2$">
             <action application="answer"/></condition></extension>
           <extension name="one" continue="true"><condition><action application="answer"/></condition></extension>
           <extension name="two"><condition><action application="echo"/></condition></extension>{END}"#
    ))
    .run();
    let extension = hunt.extension.as_ref().unwrap();
    assert_eq!(extension.name, "one");
    assert_eq!(extension.number.as_str(), "1000");
    assert_eq!(actions(&hunt), ["answer", "echo"]);
    assert_eq!(extension.actions[1].extension, "two");
    assert_eq!(extension.actions[0].source.as_ref().unwrap().line, 3);
}

fn nested(attributes: &str, number: &str) -> Vec<String> {
    rules(&format!(
        r#"<extension name="a">
             <condition field="destination_number" expression="^1" {attributes}>
               <condition field="destination_number" expression="^1000$"><action application="echo"/></condition>
               <action application="answer"/>
             </condition>
             <condition><action application="set" data="after=1"/></condition>
           </extension>{END}"#
    ))
    .dial(number)
    .actions()
}

#[test]
fn nested_conditions_run_after_the_actions_of_their_parent() {
    assert_eq!(nested("", "1000"), ["answer", "echo", "set after=1"]);
}

#[test]
fn failing_nested_conditions_fail_the_extension() {
    assert_eq!(nested("", "1001"), ["answer", "park"]);
    // … unless the parent says never, or does not require them.
    assert_eq!(nested("break=\"never\"", "1001"), ["answer", "set after=1"]);
    assert_eq!(
        nested("require-nested=\"false\"", "1001"),
        ["answer", "set after=1"]
    );
    assert_eq!(
        nested("require-nested=\"true\"", "1001"),
        ["answer", "park"]
    );
}

#[test]
fn a_failing_parent_does_not_reach_its_nested_conditions() {
    assert_eq!(nested("", "2000"), ["park"]);
    assert_eq!(nested("break=\"never\"", "2000"), ["set after=1"]);
}

#[test]
fn break_on_a_match_skips_nested_conditions() {
    assert_eq!(nested("break=\"on-true\"", "1000"), ["answer"]);
    assert_eq!(nested("break=\"always\"", "1000"), ["answer"]);
}

#[test]
fn anti_actions_make_nested_conditions_run_too() {
    let call = rules(
        r#"<extension name="a"><condition field="destination_number" expression="^2$" break="never">
             <anti-action application="answer"/>
             <condition><action application="echo"/></condition></condition></extension>"#,
    );
    assert_eq!(call.actions(), ["answer", "echo"]);
}

#[test]
fn nested_levels_are_named_in_the_log() {
    let hunt = rules(
        r#"<extension name="a"><condition><condition><condition><action application="echo"/></condition></condition>
           </condition></extension>"#,
    )
    .run();
    let lines = strowger_dialplan::log_lines(&hunt.trace);
    for name in [
        "[default->a]",
        "[default->a_recur_1]",
        "[default->a_recur_2]",
    ] {
        assert!(
            lines.iter().any(|(_, line)| line.contains(name)),
            "{name}: {lines:?}"
        );
    }
}

#[test]
fn loops_repeat_and_zero_means_never() {
    let call = rules(
        r#"<extension name="a"><condition><action application="sleep" data="1" loop="3"/>
             <action application="answer" loop="0"/><action application="echo" loop="-2"/></condition></extension>"#,
    );
    assert_eq!(call.actions(), ["sleep 1", "sleep 1", "sleep 1"]);
}

#[test]
fn a_backslash_quote_in_the_data_is_refused() {
    let hunt = rules(
        r#"<extension name="a"><condition><action application="set" data="x=it\'s"/>
             <action application="answer"/></condition></extension>"#,
    )
    .run();
    assert_eq!(actions(&hunt), ["answer"]);
    let lines = strowger_dialplan::log_lines(&hunt.trace);
    assert!(lines.iter().any(|(_, line)| {
        line.contains("App not added, Invalid character sequence in data string")
    }));
}

#[test]
fn element_text_overrides_the_data_attribute() {
    let call = rules(
        r#"<extension name="a"><condition><action application="set" data="x=1"><![CDATA[x=<2>]]></action>
             <action application="set" data="y=1"> </action></condition></extension>"#,
    );
    assert_eq!(call.actions(), ["set x=<2>", "set y=1"]);
}

#[test]
fn variables_in_data_wait_until_the_application_runs() {
    let call = rules(
        r#"<extension name="a"><condition><action application="set" data="x=${caller_id_number}"/></condition></extension>"#,
    );
    assert_eq!(call.actions(), ["set x=${caller_id_number}"]);
}
