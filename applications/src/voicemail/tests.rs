//! What the arguments mean, and what the configuration becomes.

use super::config::{Callback, VoicemailConf, warn_about_users};
use super::*;
use strowger_model::xml::{parse, position::LocatedText};
use strowger_model::{Diagnostics, Section, XmlDirectory};

#[test]
fn arguments_name_profile_domain_box_and_message() {
    let request = Request::parse(&Expanded::trusted(
        "check auth default example.com 1000 abc",
    ));
    assert!(request.check && request.authorized && !request.only_authenticate);
    assert_eq!(request.profile.as_deref(), Some("default"));
    assert_eq!(request.domain.as_deref(), Some("example.com"));
    assert_eq!(request.id.as_deref(), Some("1000"));
    assert_eq!(request.message.as_deref(), Some("abc"));
    let leave = Request::parse(&Expanded::trusted("default example.com 1000"));
    assert!(!leave.check);
    assert_eq!(leave.id.as_deref(), Some("1000"));
    assert_eq!(Request::parse(&Expanded::default()), Request::default());
}

#[test]
fn a_caller_cannot_say_keywords() {
    let request = Request::parse(&Expanded::network("check"));
    assert!(!request.check);
    let mut text = Expanded::trusted("check ");
    text.push(&Expanded::network("auth"));
    let request = Request::parse(&text);
    assert!(request.check && !request.authorized);
}

fn compiled(text: &str) -> (VoicemailConf, Diagnostics) {
    let mut report = Diagnostics::new();
    let element = parse(
        &LocatedText::of_file("voicemail.conf.xml", text),
        &mut report,
    )
    .expect("an element");
    let conf = VoicemailConf::compile(Some(&element), &mut report);
    (conf, report)
}

#[test]
fn a_profile_has_defaults_and_calls_nobody_back_unless_told_where() {
    let (conf, report) = compiled(
        "<configuration name=\"voicemail.conf\"><profiles><profile name=\"Default\"/>\n\
         <profile name=\"other\"><param name=\"callback-context\" value=\"back\"/>\n\
         <param name=\"operator-key\" value=\"9\"/></profile></profiles></configuration>",
    );
    assert!(!report.has_errors());
    let profile = conf.profile("default").expect("without case");
    assert_eq!(profile.callback, None);
    assert_eq!(profile.keys.operator, None);
    assert_eq!(profile.keys.terminator, '#');
    assert_eq!(profile.shortest.as_secs(), 3);
    assert_eq!(profile.digit_timeout.as_millis(), 10_000);
    let other = conf.profile("other").expect("there");
    assert_eq!(
        other.callback,
        Some(Callback {
            dialplan: "XML".to_owned(),
            context: "back".to_owned()
        })
    );
    assert_eq!(other.keys.operator, Some('9'));
}

#[test]
fn what_is_not_supported_or_wrong_is_said_with_its_line() {
    let (_, report) = compiled(
        "<configuration name=\"voicemail.conf\"><profiles>\n<profile name=\"default\">\n\
         <param name=\"odbc-dsn\" value=\"x\"/>\n<param name=\"file-extension\" value=\"mp3\"/>\n\
         <param name=\"terminator-key\" value=\"##\"/>\n<param name=\"convert-cmd\" value=\"lame\"/>\n\
         <email><param name=\"email-from\" value=\"a@b\"/></email>\n</profile>\n<profile name=\"../x\"/>\n\
         </profiles></configuration>",
    );
    let lines: Vec<String> = report.sorted().iter().map(|d| d.to_string()).collect();
    let starts = |wanted: &str| lines.iter().any(|line| line.starts_with(wanted));
    for wanted in [
        "voicemail.conf.xml:3:1: warning: parameter `odbc-dsn`",
        "voicemail.conf.xml:4:30: warning: parameter `file-extension`",
        "voicemail.conf.xml:5:30: error: parameter `terminator-key`",
        "voicemail.conf.xml:6:1: warning: parameter `convert-cmd`",
        "voicemail.conf.xml:7:1: warning: the <email>",
        "voicemail.conf.xml:9:1: error: voicemail profile `../x`",
    ] {
        assert!(starts(wanted), "{wanted}\n{}", lines.join("\n"));
    }
}

#[test]
fn mail_asked_for_by_users_is_warned_about_once_for_each_parameter() {
    let text = "<section name=\"directory\"><domain name=\"d\"><users>\n\
        <user id=\"1000\"><params><param name=\"vm-mailto\" value=\"a@b\"/></params></user>\n\
        <user id=\"1001\"><params><param name=\"vm-mailto\" value=\"c@d\"/>\
        <param name=\"vm-attach-file\" value=\"true\"/></params></user>\n</users></domain></section>";
    let mut report = Diagnostics::new();
    let element = parse(&LocatedText::of_file("users.xml", text), &mut report).expect("an element");
    let directory = XmlDirectory::compile(Some(&element), &mut report);
    warn_about_users(&directory, &mut report);
    let lines: Vec<String> = report.sorted().iter().map(|d| d.to_string()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("users.xml:2:1: warning: the user parameter `vm-mailto`"),
        "{lines:?}"
    );
    assert!(lines[0].contains("1000@d and 1 other users"), "{lines:?}");
    assert!(
        lines[1].starts_with("users.xml:3:1: warning: the user parameter `vm-attach-file`"),
        "{lines:?}"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    #[test]
    fn what_a_peer_says_is_never_more_than_a_name(text in ".{0,40}") {
        let request = Request::parse(&Expanded::network(text));
        proptest::prop_assert!(!request.check && !request.authorized && !request.only_authenticate);
        proptest::prop_assert_eq!(request.domain, None);
    }
}
