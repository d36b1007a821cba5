//! Which context, and where in it hunting begins.

use strowger_dialplan::{Simulation, log_lines};
use strowger_model::{Dialplan, HuntCall, LogLevel};

use crate::support::{Names, compiled, contexts, rules, utc};

const TWO: &str = r#"<context name="default"><extension name="a"><condition><action application="answer"/></condition>
    </extension></context>
    <context name="Other"><extension name="o"><condition><action application="echo"/></condition></extension></context>"#;

#[test]
fn the_context_is_found_without_case() {
    assert_eq!(
        contexts(TWO)
            .profile(|profile| profile.context = "other".to_owned())
            .actions(),
        ["echo"]
    );
    assert_eq!(
        contexts(TWO)
            .profile(|profile| profile.context = String::new())
            .actions(),
        ["answer"]
    );
}

#[test]
fn an_unknown_context_falls_back_to_global() {
    let all = format!(
        r#"{TWO}<context name="global"><extension name="g"><condition><action application="park"/></condition></extension>
           </context>"#
    );
    assert_eq!(
        contexts(&all)
            .profile(|profile| profile.context = "nowhere".to_owned())
            .actions(),
        ["park"]
    );
}

#[test]
fn an_unknown_context_without_global_is_a_warning_and_no_extension() {
    let hunt = contexts(TWO)
        .profile(|profile| profile.context = "nowhere".to_owned())
        .run();
    assert!(hunt.extension.is_none());
    assert!(!hunt.context_found);
    let lines = log_lines(&hunt.trace);
    assert!(lines.contains(&(LogLevel::Warning, "Context nowhere not found".to_owned())));
}

const NAMED: &str = r#"<extension name="first"><condition><action application="answer"/></condition></extension>
    <extension name="Desk"><condition><action application="echo"/></condition></extension>
    <extension name="last"><condition><action application="park"/></condition></extension>"#;

#[test]
fn auto_hunt_begins_at_the_extension_named_like_the_number() {
    assert_eq!(
        rules(NAMED)
            .dial("desk")
            .variable("auto_hunt", "true")
            .actions(),
        ["echo"]
    );
    assert_eq!(rules(NAMED).dial("desk").actions(), ["answer"]);
    assert_eq!(
        rules(NAMED)
            .dial("nobody")
            .variable("auto_hunt", "true")
            .actions(),
        ["answer"]
    );
}

#[test]
fn another_file_is_another_dialplan() {
    let (main, _) = compiled(TWO);
    let (other, _) = compiled(
        r#"<dialplan><context name="default"><extension name="f"><condition><action application="park"/></condition>
           </extension></context></dialplan>"#,
    );
    let main = main.with_file("special.xml", other);
    let env = Simulation::new(&Names, utc("2026-11-18 12:00:00"));
    let mut call = HuntCall {
        channel_name: "x".to_owned(),
        profile: strowger_model::CallerProfile::default(),
        variables: strowger_model::Variables::new(),
        argument: Some("special.xml".to_owned()),
    };
    assert_eq!(main.name(), "XML");
    assert_eq!(crate::support::actions(&env.run(&main, &call)), ["park"]);
    call.argument = Some("missing.xml".to_owned());
    let hunt = env.run(&main, &call);
    assert!(hunt.extension.is_none() && !hunt.context_found);
    assert!(strowger_dialplan::explain(&hunt).contains("missing.xml is not loaded"));
}
