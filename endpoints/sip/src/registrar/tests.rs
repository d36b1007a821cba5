//! Bindings: which stay, how they are dialled, how long they last.

use super::contacts::{contact_text, granted};
use super::*;
use strowger_sip_proto::message::NameAddr;

fn binding(contact: &str, call_id: &str) -> Registration {
    Registration {
        user: "1000".into(),
        domain: "pbx.example".into(),
        profile: "internal".into(),
        contact: contact.into(),
        call_id: call_id.into(),
        cseq: 1,
        user_agent: "Phone".into(),
        network_ip: "198.51.100.7".into(),
        network_port: 31_000,
        transport: "udp".into(),
        nat: false,
        path: Vec::new(),
        q: 1_000,
        expires: 0,
        since: 0,
        auth_user: "1000".into(),
        auth_realm: "pbx.example".into(),
        flow: None,
    }
}

#[test]
fn a_phone_behind_nat_is_dialled_where_it_came_from() {
    let mut phone = binding("sip:1000@10.0.0.5:5060", "c");
    assert_eq!(dialled_contact(&phone), "sip:1000@10.0.0.5:5060");
    phone.nat = true;
    assert_eq!(
        dialled_contact(&phone),
        "sip:1000@10.0.0.5:5060;fs_nat=yes;fs_path=sip%3A198.51.100.7%3A31000%3Btransport%3Dudp"
    );
    phone.path = vec!["sip:edge.example;lr".to_owned()];
    assert_eq!(
        dialled_contact(&phone),
        "sip:1000@10.0.0.5:5060;fs_path=sip%3Aedge.example%3Blr"
    );
}

#[test]
fn which_bindings_survive_depends_on_the_mode() {
    let known = binding("sip:a", "first");
    for (multiple, same, other) in [
        (Multiple::No, false, false),
        (Multiple::ByCallId, false, true),
        (Multiple::ByContact, true, true),
    ] {
        assert_eq!(stays(&known, multiple, "first"), same, "{multiple:?}");
        assert_eq!(stays(&known, multiple, "second"), other, "{multiple:?}");
    }
}

#[test]
fn contacts_are_kept_only_when_they_are_plain() {
    let text = |contact: &str| contact_text(&NameAddr::parse(contact).unwrap()).ok();
    assert_eq!(
        text("\"x\" <sip:1000:secret@10.0.0.5:5060;transport=tcp?A=b>;expires=5").as_deref(),
        Some("sip:1000@10.0.0.5:5060;transport=tcp")
    );
    assert_eq!(
        text("<sip:1000@[2001:db8::1]:5060>").as_deref(),
        Some("sip:1000@[2001:db8::1]:5060")
    );
    for odd in [
        "<sip:a,b@10.0.0.5>",
        "<sip:$%7Bx@10.0.0.5>",
        "<tel:+123>",
        "<http://x>",
    ] {
        assert_eq!(text(odd), None, "{odd}");
    }
}

#[test]
fn expiry_follows_the_phone_within_the_profiles_limits() {
    let conf = crate::config::ProfileConf::for_tests();
    let owner = Owner {
        user: "1000".into(),
        domain: "d".into(),
        account: None,
        auth_user: String::new(),
        auth_realm: String::new(),
    };
    assert_eq!(granted(&conf, &owner, None, false), 300);
    assert_eq!(granted(&conf, &owner, None, true), 30);
    assert_eq!(granted(&conf, &owner, Some(0), false), 0);
    assert_eq!(granted(&conf, &owner, Some(4_000_000_000), false), 86_400);
    let conf = crate::config::ProfileConf {
        min_expires: Some(120),
        max_expires: Some(600),
        ..conf
    };
    assert_eq!(granted(&conf, &owner, Some(1), false), 120);
    assert_eq!(granted(&conf, &owner, Some(3_600), false), 600);
    let conf = crate::config::ProfileConf {
        force_expires: Some(90),
        ..conf
    };
    assert_eq!(granted(&conf, &owner, Some(3_600), false), 90);
}
