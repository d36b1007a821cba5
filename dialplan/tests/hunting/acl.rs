//! The `acl` attribute and the `acl` function.

use crate::support::{Call, rules};

fn trusted(attributes: &str) -> Call {
    rules(&format!(
        r#"<extension name="a"><condition {attributes}><action application="answer"/>
             <anti-action application="hangup"/></condition></extension>"#
    ))
    .network("office", "192.0.2.0/24")
}

#[test]
fn the_callers_address_decides() {
    assert_eq!(trusted(r#"acl="office""#).actions(), ["answer"]);
    let other = trusted(r#"acl="office""#)
        .profile(|profile| profile.network_addr = "198.51.100.1".to_owned());
    assert_eq!(other.actions(), ["hangup"]);
    let none = trusted(r#"acl="office""#).profile(|profile| profile.network_addr = String::new());
    assert_eq!(none.actions(), ["hangup"]);
    assert_eq!(trusted(r#"acl="nobody""#).actions(), ["hangup"]);
    assert_eq!(trusted(r#"acl="192.0.2.7/32""#).actions(), ["answer"]);
}

#[test]
fn address_and_field_must_both_pass() {
    let both = r#"acl="office" field="destination_number" expression="^1000$""#;
    assert_eq!(trusted(both).actions(), ["answer"]);
    assert_eq!(trusted(both).dial("2000").actions(), ["hangup"]);
    let outside = trusted(both).profile(|profile| profile.network_addr = "198.51.100.1".to_owned());
    assert_eq!(outside.actions(), ["hangup"]);
}

#[test]
fn as_a_function_in_a_field() {
    let call = rules(
        r#"<extension name="a"><condition field="${acl(${network_addr} office)}" expression="^true$">
             <action application="answer"/></condition></extension>"#,
    )
    .function("acl(192.0.2.7 office)", "true");
    assert_eq!(call.actions(), ["answer"]);
}
