//! `regex="all|any|xor"`.

use crate::support::{Call, actions, rules};

fn combined(mode: &str, second: &str) -> Call {
    rules(&format!(
        r#"<extension name="a"><condition regex="{mode}">
             <regex field="destination_number" expression="^(10)(..)$"/>
             <regex field="caller_id_number" expression="{second}"/>
             <action application="set" data="x=$1"/>
             <anti-action application="hangup"/>
           </condition></extension>"#
    ))
}

#[test]
fn all_needs_every_one() {
    assert_eq!(combined("all", "^1001$").actions(), ["set x=10"]);
    assert_eq!(combined("all", "^1002$").actions(), ["hangup"]);
}

#[test]
fn any_needs_one_and_stops_there() {
    assert_eq!(combined("any", "^1002$").actions(), ["set x=10"]);
    assert_eq!(
        combined("any", "^(1001)$").dial("9").actions(),
        ["set x=1001"]
    );
    assert_eq!(combined("any", "^1002$").dial("9").actions(), ["hangup"]);
    // Stopped at the first: the second did not become the source of $1.
    assert_eq!(combined("any", "^(1001)$").actions(), ["set x=10"]);
    assert_eq!(combined("whatever", "^1002$").actions(), ["set x=10"]);
}

#[test]
fn xor_needs_exactly_one() {
    assert_eq!(combined("xor", "^1002$").actions(), ["set x=10"]);
    assert_eq!(combined("xor", "^1001$").actions(), ["hangup"]);
    assert_eq!(combined("xor", "^1002$").dial("9").actions(), ["hangup"]);
}

#[test]
fn dollar_one_means_the_last_evaluated_with_parentheses() {
    assert_eq!(combined("all", "^(1)0(01)$").actions(), ["set x=1"]);
    let hunt = combined("all", "^(1)0(01)$")
        .variable("DP_REGEX_MATCH_7", "stale")
        .run();
    let texts = |name: &str| -> Vec<String> {
        hunt.variables
            .elements(name)
            .into_iter()
            .map(|text| text.into_string())
            .collect()
    };
    assert_eq!(texts("DP_REGEX_MATCH_1"), ["1000", "10", "00"]);
    assert_eq!(texts("DP_REGEX_MATCH_2"), ["1001", "1", "01"]);
    assert_eq!(texts("DP_MATCH"), ["1001", "1", "01"]);
    assert!(hunt.variables.get("DP_REGEX_MATCH_7").is_none());
}

#[test]
fn a_failed_one_with_parentheses_leaves_its_captures_empty() {
    assert_eq!(combined("xor", "^(1002)$").actions(), ["set x="]);
}

#[test]
fn hunting_goes_by_the_raw_result_of_the_last_one() {
    let call = rules(
        r#"<extension name="a"><condition regex="xor" break="never">
             <regex field="destination_number" expression="^1000$"/>
             <regex field="caller_id_number" expression="^1002$"/>
             <action application="answer"/>
             <condition><action application="echo"/></condition>
           </condition></extension>
           <extension name="b"><condition><action application="park"/></condition></extension>"#,
    );
    // Satisfied, so its action is queued; the last regex failed, so nothing nested runs and hunting goes on.
    assert_eq!(call.actions(), ["answer", "park"]);
}

#[test]
fn times_and_empty_ones_may_be_combined() {
    let call = |hour: &str| {
        rules(&format!(
            r#"<extension name="a"><condition regex="all"><regex hour="{hour}"/><regex/>
                 <regex field="destination_number" expression="^(1000)$"/>
                 <action application="set" data="x=$1"/></condition></extension>"#
        ))
    };
    assert_eq!(call("9-17").actions(), ["set x=1000"]);
    assert!(call("18-20").actions().is_empty());
}

#[test]
fn the_trace_says_how_they_combined() {
    let hunt = combined("all", "^1002$").run();
    assert_eq!(actions(&hunt), ["hangup"]);
    let lines = strowger_dialplan::log_lines(&hunt.trace);
    assert!(
        lines
            .iter()
            .any(|(_, line)| line.contains("Regex all (FAIL) [a]")),
        "{lines:?}"
    );
}
