//! Actions that run while hunting.

use strowger_model::{HangupCause, InlineEffect};

use crate::support::{actions, rules};

#[test]
fn set_inline_is_seen_by_later_conditions() {
    let call = |inline: &str| {
        rules(&format!(
            r#"<extension name="a" continue="true"><condition field="destination_number" expression="^(1)">
                 <action application="set" data="x=$1${{caller_id_number}}" inline="{inline}"/></condition></extension>
               <extension name="b"><condition field="${{x}}" expression="^11001$">
                 <action application="answer"/></condition></extension>"#
        ))
        .actions()
    };
    assert_eq!(call("true"), ["answer"]);
    assert_eq!(
        call("false"),
        ["set x=$1${caller_id_number}".replace("$1", "1")]
    );
}

#[test]
fn an_inline_action_alone_makes_an_extension() {
    let hunt = rules(
        r#"<extension name="a"><condition><action application="set" data="x=1" inline="true"/></condition></extension>"#,
    )
    .run();
    let extension = hunt.extension.as_ref().unwrap();
    assert_eq!(extension.name, "a");
    assert!(extension.actions.is_empty());
    assert_eq!(hunt.variables.text("x"), Some("1"));
}

#[test]
fn what_cannot_run_inline_is_skipped() {
    let hunt = rules(
        r#"<extension name="a"><condition><action application="answer" inline="true"/>
             <action application="echo"/></condition></extension>"#,
    )
    .run();
    assert_eq!(actions(&hunt), ["echo"]);
    assert_eq!(hunt.failed, None);
    let lines = strowger_dialplan::log_lines(&hunt.trace);
    assert!(
        lines
            .iter()
            .any(|(_, line)| line.contains("This application cannot be executed inline"))
    );
}

#[test]
fn an_unknown_inline_application_ends_the_call() {
    let hunt = rules(
        r#"<extension name="a"><condition><action application="no_such" inline="true"/></condition></extension>
           <extension name="b"><condition><action application="echo"/></condition></extension>"#,
    )
    .run();
    assert_eq!(hunt.failed, Some(HangupCause::DestinationOutOfOrder));
    assert!(!actions(&hunt).contains(&"echo".to_owned()));
}

#[test]
fn an_unknown_queued_application_is_left_to_the_session() {
    let call = rules(
        r#"<extension name="a"><condition><action application="no_such" data="1"/></condition></extension>"#,
    );
    assert_eq!(call.actions(), ["no_such 1"]);
}

#[test]
fn changes_of_the_profile_are_seen_at_once() {
    let hunt = rules(
        r#"<extension name="a" continue="true"><condition field="destination_number" expression="^1000$">
             <action application="set_profile_var" data="destination_number=7000" inline="true"/></condition></extension>
           <extension name="b"><condition field="destination_number" expression="^7000$">
             <action application="echo"/></condition></extension>"#,
    )
    .run();
    assert_eq!(actions(&hunt), ["echo"]);
    assert_eq!(hunt.profile.destination_number, "7000");
}

#[test]
fn effects_outside_the_call_are_handed_back() {
    let hunt = rules(
        r#"<extension name="a"><condition><action application="log" data="hello ${caller_id_name}" inline="true" loop="2"/>
           </condition></extension>"#,
    )
    .run();
    assert_eq!(hunt.effects.len(), 2);
    assert!(matches!(&hunt.effects[0], InlineEffect::Log { text, .. } if text == "hello Alice"));
}

#[test]
fn anti_actions_run_inline_too() {
    let call = rules(
        r#"<extension name="a" continue="true"><condition field="destination_number" expression="^2">
             <anti-action application="set" data="x=1" inline="true"/></condition></extension>
           <extension name="b"><condition field="${x}" expression="1"><action application="echo"/></condition></extension>"#,
    );
    assert_eq!(call.actions(), ["echo"]);
}

#[test]
fn a_quote_with_backslash_is_not_refused_inline() {
    let hunt = rules(
        r#"<extension name="a"><condition><action application="set" data="x=a\'b" inline="true"/></condition></extension>"#,
    )
    .run();
    assert!(hunt.variables.get("x").is_some());
}
