//! The explanation for people, the JSON for programs, the log lines for tools.

use strowger_dialplan::{explain, log_lines, to_json};
use strowger_model::LogLevel;

use crate::support::{Call, rules};

fn example() -> Call {
    rules(
        "<extension name=\"after_hours\"><condition wday=\"2-6\" hour=\"9-17\"/>\n\
         <condition field=\"destination_number\" expression=\"^9$\"/></extension>\n\
         <extension name=\"main_number\" continue=\"true\">\n\
         <condition field=\"destination_number\" expression=\"^1555(1234)$\"><action application=\"answer\"/>\n\
         <action application=\"ivr\" data=\"main_menu_$1\"/>\n\
         <action application=\"set\" data=\"x=${hash(select/a/b)}\" inline=\"true\"/></condition></extension>\n\
         <extension name=\"last\"><condition field=\"${x}\" expression=\"1\"><anti-action application=\"echo\"/>\
         </condition></extension>",
    )
    .dial("15551234")
    .at("2026-11-22 22:15:00")
}

#[test]
fn people_see_why() {
    let text = explain(&example().run());
    let expected = "\
Channel sofia/internal/1001
Processing Alice <1001>->15551234 in context default
test.xml:1  after_hours  no   time wday=2-6 hour=9-17                   Sunday 2026-11-22 22:15:00
test.xml:4  main_number  yes  destination_number =~ ^1555(1234)$        $1=1234
              answer
              ivr     main_menu_1234
              set     x=${hash(select/a/b)}  (inline)
test.xml:7  last         no   ${x} =~ 1                                 ()
              echo  (anti-action)
${hash(select/a/b)} has no answer here: it was taken as empty
=> extension main_number with 3 actions
";
    let squeeze = |text: &str| {
        let lines = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(squeeze(&text), squeeze(expected));
    // Columns are aligned.
    let column = |needle: &str| {
        text.lines()
            .find(|line| line.contains(needle))
            .and_then(|line| line.find(needle))
    };
    assert_eq!(column("time wday"), column("destination_number =~"));
    assert_eq!(column("Sunday"), column("$1=1234"));
}

#[test]
fn programs_see_the_same() {
    let value = to_json(&example().run());
    assert_eq!(value["number"], "15551234");
    assert_eq!(value["context"], "default");
    assert_eq!(value["extension"], "main_number");
    assert_eq!(value["actions"][1]["data"], "main_menu_1234");
    assert_eq!(value["actions"][1]["file"], "dialplan/test.xml");
    assert_eq!(value["actions"][1]["line"], 5);
    let steps = value["trace"].as_array().unwrap();
    let field = steps.iter().find(|step| step["kind"] == "field").unwrap();
    assert_eq!(field["captures"][1], "1234");
    assert_eq!(field["outcome"], true);
    assert_eq!(field["break"], "on-false");
}

#[test]
fn log_lines_are_those_that_tools_know() {
    let lines = log_lines(&example().run().trace);
    let expected = [
        (
            LogLevel::Info,
            "Processing Alice <1001>->15551234 in context default",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 parsing [default->after_hours] continue=false",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 Date/TimeMatch (FAIL) [after_hours] break=on-false",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 parsing [default->main_number] continue=true",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 Regex (PASS) [main_number] destination_number(15551234) =~ /^1555(1234)$/ \
             break=on-false",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 Action answer()",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 Action ivr(main_menu_1234)",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 Action set(x=${hash(select/a/b)}) INLINE",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 parsing [default->last] continue=false",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 Regex (FAIL) [last] ${x}() =~ /1/ break=on-false",
        ),
        (
            LogLevel::Debug,
            "Dialplan: sofia/internal/1001 ANTI-Action echo()",
        ),
    ];
    for (line, expected) in lines.iter().zip(expected) {
        assert_eq!((line.0, line.1.as_str()), expected);
    }
}

#[test]
fn passing_times_and_absolute_conditions_in_the_log() {
    let hunt = rules(
        r#"<extension name="a"><condition hour="12"/><condition><action application="echo"/></condition></extension>"#,
    )
    .run();
    let lines: Vec<String> = log_lines(&hunt.trace)
        .into_iter()
        .map(|(_, line)| line)
        .collect();
    assert!(lines.contains(
        &"Dialplan: sofia/internal/1001 Date/Time Match (PASS) [a] break=on-false".to_owned()
    ));
    assert!(lines.contains(&"Dialplan: sofia/internal/1001 Absolute Condition [a]".to_owned()));
}

#[test]
fn a_caller_cannot_begin_a_log_line() {
    let hunt = rules("")
        .profile(|profile| profile.caller_id_name = "x\nDialplan: forged\u{1b}[2J".to_owned())
        .run();
    for (_, line) in log_lines(&hunt.trace) {
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    assert!(!explain(&hunt).contains('\u{1b}'));
}

#[test]
fn nothing_found_is_null() {
    let value = to_json(&rules("").run());
    assert!(value["extension"].is_null());
    assert_eq!(value["number"], "1000");
    assert_eq!(value["actions"].as_array().map(Vec::len), Some(0));
}
