//! What keys mean after a message.

use super::super::config::VoicemailConf;
use super::*;
use strowger_model::xml::{parse, position::LocatedText};
use strowger_model::{Diagnostics, Section};

fn keys(params: &str) -> Keys {
    let text = format!(
        "<configuration><profiles><profile name=\"default\">{params}</profile></profiles></configuration>"
    );
    let mut report = Diagnostics::new();
    let element = parse(&LocatedText::of_file("v.xml", &text), &mut report).expect("an element");
    let conf = VoicemailConf::compile(Some(&element), &mut report);
    conf.profile("default").expect("there").keys.clone()
}

#[test]
fn keys_with_two_meanings_are_looked_up_in_order() {
    let keys = keys("");
    let of = |key| wish(&keys, Some(key), MessageState::Kept);
    assert_eq!(of('1'), Wish::Go(Step::Previous), "1 is also listen");
    assert_eq!(of('0'), Wish::Go(Step::Again));
    assert_eq!(of('3'), Wish::Go(Step::Next));
    assert_eq!(of('5'), Wish::CallBack);
    assert_eq!(of('8'), Wish::Forward);
    assert_eq!(of('7'), Wish::Delete);
    assert_eq!(of('2'), Wish::Save);
    assert_eq!(of('9'), Wish::Save, "anything else keeps the message");
    assert_eq!(wish(&keys, None, MessageState::Kept), Wish::Save);
    assert_eq!(
        wish(&keys, Some('8'), MessageState::Deleted),
        Wish::Undelete
    );
}

#[test]
fn a_profile_may_give_listening_a_key_of_its_own() {
    let keys = keys("<param name=\"listen-file-key\" value=\"9\"/>");
    assert_eq!(wish(&keys, Some('9'), MessageState::Kept), Wish::Listen);
}

#[test]
fn only_numbers_are_called_back() {
    for good in ["1000", "+15551234567"] {
        assert!(is_number(good), "{good}");
    }
    for bad in [
        "",
        "+",
        "anonymous",
        "1000 XML default",
        "sofia/x",
        "123456789012345678901",
    ] {
        assert!(!is_number(bad), "{bad}");
    }
}
