//! Settings of profiles: defaults, values, what is not supported, what is wrong.

use super::*;
use std::collections::HashSet as Fixed;
use std::path::{Path, PathBuf};
use strowger_core::Negotiation;
use strowger_model::xml::{self, FileHost};
use strowger_model::{AccessLists, Globals, XmlDirectory};
use strowger_sip_proto::auth::Algorithm;

/// Compiles a root file; the profiles and what was reported.
fn compiled(root: &Path, globals: &[(&str, &str)]) -> (SofiaConf, Vec<String>) {
    let mut report = Diagnostics::new();
    let mut known = Globals::new();
    for (name, value) in globals {
        known.set(name, *value);
    }
    let mut host = FileHost { allow_exec: false };
    let document = xml::load(root, &mut known, &Fixed::new(), &mut host, &mut report)
        .expect("the file can be read");
    let directory = XmlDirectory::compile(document.section("directory"), &mut report);
    let access_lists = AccessLists::compile(
        document.configuration("acl.conf"),
        &directory,
        None,
        &mut report,
    );
    let context = CompileContext {
        document: &document,
        globals: &known,
        access_lists: &access_lists,
        directory: &directory,
    };
    let mut own = Diagnostics::new();
    let conf = compile(&context, &mut own);
    let lines = own.sorted().iter().map(ToString::to_string).collect();
    (conf, lines)
}

/// Profiles with these settings inside the first one.
fn settings(text: &str) -> (SofiaConf, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("strowger.xml");
    let text = format!(
        "<document type=\"freeswitch/xml\"><section name=\"configuration\"><configuration name=\"sofia.conf\"><profiles>\n\
         <profile name=\"one\">{text}</profile>\n</profiles></configuration></section></document>"
    );
    std::fs::write(&root, text).expect("written");
    compiled(&root, &[("local_ip_v4", "192.0.2.10")])
}

#[test]
fn a_profile_without_settings_has_the_documented_defaults() {
    let (conf, lines) = settings("<settings/>");
    assert!(lines.is_empty(), "{lines:?}");
    let profile = &conf.profiles[0];
    assert_eq!(profile.sip_ip.to_string(), "192.0.2.10");
    assert_eq!(profile.sip_port, 5060);
    assert_eq!(profile.context, "default");
    assert_eq!(profile.dialplan, "XML");
    assert_eq!(profile.realm, Realm::To);
    assert_eq!(profile.nonce_ttl.as_secs(), 60);
    assert_eq!(profile.algorithms, [Algorithm::Md5]);
    assert!(!profile.auth_calls && profile.auth_messages && profile.auth_subscriptions);
    assert_eq!(profile.telephone_event, Some(101));
    assert_eq!(profile.negotiation, Negotiation::Generous);
    assert_eq!(profile.multiple, Multiple::No);
    assert_eq!(profile.requests_per_second, 1_000);
    assert_eq!(profile.session_timer, Some((0, 90)));
    assert_eq!(profile.caller_id, CallerIdType::None);
    assert_eq!(profile.local_network_acl.as_deref(), Some("localnet.auto"));
    assert_eq!(profile.expires_margin, 60);
}

#[test]
fn what_is_written_is_meant() {
    let (conf, lines) = settings(
        "<aliases><alias name=\"two\"/></aliases><domains><domain name=\"all\" alias=\"true\"/></domains><settings>\
         <param name=\"sip-ip\" value=\"2001:db8::1\"/><param name=\"sip-port\" value=\"auto\"/>\
         <param name=\"ext-sip-ip\" value=\"autonat:203.0.113.5\"/><param name=\"nonce-ttl\" value=\"5\"/>\
         <param name=\"apply-inbound-acl\" value=\"10.0.0.0/8:inside:outside\"/>\
         <param name=\"dtmf-type\" value=\"info\"/><param name=\"multiple-registrations\" value=\"call-id\"/>\
         <param name=\"rfc8760-auth-algorithms\" value=\"SHA-256,MD5\"/>\
         <param name=\"inbound-codec-prefs\" value=\"PCMA, PCMU\"/><param name=\"timer-T1\" value=\"-1\"/>\
         <param name=\"enable-timer\" value=\"false\"/><param name=\"user-agent-string\" value=\"_undef_\"/></settings>",
    );
    assert!(lines.is_empty(), "{lines:?}");
    let profile = &conf.profiles[0];
    assert_eq!(profile.aliases, ["two"]);
    assert!(profile.domains[0].alias);
    assert_eq!((profile.sip_ip.is_ipv6(), profile.sip_port), (true, 0));
    assert_eq!(
        profile.ext_sip_ip,
        External::Fixed("203.0.113.5".parse().unwrap())
    );
    assert_eq!(profile.nonce_ttl.as_secs(), 60);
    let acl = &profile.inbound_acls[0];
    assert_eq!(
        (acl.list.as_str(), acl.pass.as_deref(), acl.fail.as_deref()),
        ("10.0.0.0/8", Some("inside"), Some("outside"))
    );
    assert!(profile.dtmf_by_signalling && profile.telephone_event.is_none());
    assert_eq!(profile.multiple, Multiple::ByCallId);
    assert_eq!(profile.algorithms, [Algorithm::Sha256, Algorithm::Md5]);
    assert_eq!(profile.codecs_in, ["PCMA", "PCMU"]);
    assert_eq!(profile.codecs_out, ["PCMU", "PCMA"]);
    assert_eq!(profile.durations.t1.as_millis(), 500);
    assert_eq!(profile.session_timer, None);
    assert_eq!(profile.user_agent, None);
}

#[test]
fn what_is_not_supported_is_said_with_its_place() {
    let (_, lines) = settings(
        "\n<gateways><gateway name=\"trunk\"/></gateways>\n<settings>\n<param name=\"tls\" value=\"true\"/>\n\
         <param name=\"ws-binding\" value=\":5066\"/>\n<param name=\"manage-presence\" value=\"true\"/>\n\
         <param name=\"pass-rfc2833\" value=\"true\"/>\n<param name=\"wss-binding\" value=\"\"/>\n\
         <param name=\"vad\" value=\"in\"/>\n<param name=\"tls-only\" value=\"false\"/></settings>",
    );
    let places: Vec<(String, bool)> = lines
        .iter()
        .map(|line| {
            let row = line.split(':').nth(1).unwrap_or_default().to_owned();
            (row, line.contains("warning"))
        })
        .collect();
    let rows: Vec<&str> = places.iter().map(|(row, _)| row.as_str()).collect();
    assert_eq!(rows, ["3", "5", "6", "7", "8", "10"], "{lines:#?}");
    assert!(places.iter().all(|(_, warning)| *warning), "{lines:#?}");
}

#[test]
fn what_cannot_work_is_an_error() {
    for (text, what) in [
        (
            "<settings><param name=\"sip-ip\" value=\"my.host\"/></settings>",
            "sip-ip",
        ),
        (
            "<settings><param name=\"sip-port\" value=\"99999\"/></settings>",
            "sip-port",
        ),
        (
            "<settings><param name=\"auth-calls\" value=\"perhaps\"/></settings>",
            "auth-calls",
        ),
        (
            "<settings><param name=\"ext-rtp-ip\" value=\"?\"/></settings>",
            "ext-rtp-ip",
        ),
        (
            "<settings><param name=\"rfc8760-auth-algorithms\" value=\"ROT13\"/></settings>",
            "ROT13",
        ),
        ("</profile><profile name=\"one\">", "written twice"),
        ("</profile><profile name=\"two\">", "listens on"),
        ("</profile><profile name=\"a/b\">", "odd name"),
        ("</profile><profile>", "without a name"),
    ] {
        let (_, lines) = settings(text);
        assert!(
            lines
                .iter()
                .any(|line| line.contains("error") && line.contains(what)),
            "{text}: {lines:?}"
        );
    }
}

#[test]
fn the_usual_configuration_loads_with_warnings_only() {
    let fixtures = std::env::var_os("STROWGER_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let root = fixtures.join("freeswitch-vanilla/freeswitch.xml");
    if !root.is_file() {
        eprintln!("skipped: there is no {}", root.display());
        return;
    }
    let (conf, lines) = compiled(
        &root,
        &[
            ("local_ip_v4", "192.0.2.10"),
            ("local_ip_v6", "2001:db8::10"),
            ("recordings_dir", "/r"),
            ("external_sip_ip", "192.0.2.10"),
            ("external_rtp_ip", "192.0.2.10"),
        ],
    );
    assert!(
        !lines.iter().any(|line| line.contains("error:")),
        "{lines:#?}"
    );
    let names: Vec<&str> = conf
        .profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    assert!(
        names.contains(&"internal") && names.contains(&"external"),
        "{names:?}"
    );
    let internal = conf
        .profiles
        .iter()
        .find(|profile| profile.name == "internal")
        .unwrap();
    assert!(internal.auth_calls && internal.late_negotiation && internal.force_matching_username);
    assert_eq!(internal.realm, Realm::From);
    assert_eq!(internal.media_timeout.map(|time| time.as_secs()), Some(300));
    assert_eq!(internal.inbound_acls[0].list, "domains");
}

impl ProfileConf {
    /// A profile with every default.
    pub(crate) fn for_tests() -> ProfileConf {
        let (conf, _) = settings("<settings/>");
        (*conf.profiles[0]).clone()
    }
}
