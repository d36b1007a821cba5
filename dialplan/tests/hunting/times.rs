//! Date and time on conditions, and the zone they are read in.

use strowger_model::Zone;

use crate::support::{Call, rules};

fn hours(range: &str) -> Call {
    rules(&format!(
        r#"<extension name="a"><condition hour="{range}"><action application="answer"/>
             <anti-action application="hangup"/></condition></extension>"#
    ))
}

#[test]
fn passing_and_failing() {
    assert_eq!(
        hours("9-17").at("2026-11-18 12:00:00").actions(),
        ["answer"]
    );
    assert_eq!(
        hours("9-17").at("2026-11-18 18:00:00").actions(),
        ["hangup"]
    );
}

#[test]
fn a_failing_time_without_anti_actions_leaves_the_extension() {
    let call = rules(
        r#"<extension name="a"><condition wday="sat"/><condition><action application="answer"/></condition></extension>
           <extension name="b"><condition><action application="park"/></condition></extension>"#,
    );
    assert_eq!(call.actions(), ["park"]);
}

#[test]
fn the_zone_is_the_offset_variable_then_the_named_one_then_the_system() {
    let noon = |call: Call| call.at("2026-07-01 12:00:00");
    assert_eq!(noon(hours("12")).actions(), ["answer"]);
    assert_eq!(noon(hours("13")).zone(Zone::fixed(1)).actions(), ["answer"]);
    let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
    assert_eq!(
        noon(hours("14")).variable("timezone", berlin).actions(),
        ["answer"]
    );
    assert_eq!(
        noon(hours("7"))
            .variable("timezone", berlin)
            .variable("tod_tz_offset", "-5")
            .actions(),
        ["answer"]
    );
    assert_eq!(
        noon(hours("14"))
            .variable("timezone", berlin)
            .variable("tod_tz_offset", "x")
            .actions(),
        ["answer"]
    );
    assert_eq!(
        noon(hours("12"))
            .variable("timezone", "Nowhere/Atall")
            .actions(),
        ["answer"]
    );
}

#[test]
fn the_zone_is_read_again_for_every_condition() {
    let call = rules(
        r#"<extension name="a">
             <condition hour="12"><action application="set" data="tod_tz_offset=3" inline="true"/></condition>
             <condition hour="15"><action application="answer"/></condition></extension>"#,
    );
    assert_eq!(call.actions(), ["answer"]);
}

#[test]
fn daylight_saving_is_that_of_the_system() {
    let call = |value: &str| {
        rules(&format!(
            r#"<extension name="a"><condition dst="{value}"><action application="answer"/></condition></extension>"#
        ))
        .zone(Zone::named("CET-1CEST,M3.5.0,M10.5.0/3").unwrap())
    };
    assert_eq!(call("true").at("2026-07-01 12:00:00").actions(), ["answer"]);
    assert!(call("true").at("2026-12-01 12:00:00").actions().is_empty());
    assert!(call("false").at("2026-12-01 12:00:00").actions().is_empty());
    assert!(call("false").at("2026-07-01 12:00:00").actions().is_empty());
}

/// Time and field on one condition: either of them chooses the actions, the field alone decides about going on.
#[test]
fn time_and_field_together_are_an_or_for_the_actions() {
    let call = |hour: &str, expression: &str| {
        rules(&format!(
            r#"<extension name="a"><condition hour="{hour}" field="destination_number" expression="{expression}">
                 <action application="answer"/><anti-action application="hangup"/></condition></extension>
               <extension name="b"><condition><action application="park"/></condition></extension>"#
        ))
        .actions()
    };
    assert_eq!(call("12", "^1000$"), ["answer"]);
    assert_eq!(call("12", "^2000$"), ["answer", "park"]);
    assert_eq!(call("13", "^1000$"), ["answer"]);
    assert_eq!(call("13", "^2000$"), ["hangup"]);
}

#[test]
fn a_time_that_cannot_be_read_never_holds() {
    assert_eq!(hours("noon").actions(), ["hangup"]);
}

/// Ten date conditions in series: the first that fails ends the rule, so Christmas never sets anything.
#[test]
fn holidays_in_series_are_only_new_years_day() {
    let call = || {
        rules(
            r#"<extension name="holidays" continue="true">
                 <condition mday="1" mon="1"><action application="set" data="open=false"/></condition>
                 <condition mday="25" mon="12"><action application="set" data="open=false"/></condition></extension>
               <extension name="b"><condition><action application="park"/></condition></extension>"#,
        )
    };
    assert_eq!(
        call().at("2026-01-01 12:00:00").actions(),
        ["set open=false", "park"]
    );
    assert_eq!(call().at("2026-12-25 12:00:00").actions(), ["park"]);
}

#[test]
fn times_as_people_write_them() {
    let zone = Zone::fixed(1);
    let now = crate::support::utc("2026-11-20 12:00:00");
    let at = |text: &str| strowger_dialplan::simulate::moment(text, &zone, now);
    let utc = |text: &str| Ok(crate::support::utc(text));
    assert_eq!(at("22:15"), utc("2026-11-20 21:15:00"));
    assert_eq!(at("Sun 22:15"), utc("2026-11-22 21:15:00"));
    assert_eq!(at("friday 08:00"), utc("2026-11-20 07:00:00"));
    assert_eq!(at("2026-01-01 00:30:10"), utc("2025-12-31 23:30:10"));
    assert_eq!(at("2026-01-01T00:00:00Z"), utc("2026-01-01 00:00:00"));
    for wrong in [
        "",
        "noon",
        "25:00",
        "2026-02-30 10:00",
        "Som 10:00",
        "10",
        "é 10:00",
        "1-2 10:00",
    ] {
        assert!(at(wrong).unwrap_err().contains("is not a time"), "{wrong}");
    }
}
