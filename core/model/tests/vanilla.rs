//! The stock FreeSWITCH configuration loads completely, and its elements know where they were written.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use strowger_model::{
    AccessLists, Diagnostics, Document, Element, FileHost, Globals, Node, XmlDirectory, load,
};

/// The fixtures, or `None` after saying that they are not there.
fn fixtures() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("STROWGER_FIXTURES")
        .map(PathBuf::from)
        .unwrap_or_else(|| here.join("../../../shared/fixtures"));
    if folder.join("freeswitch-vanilla").is_dir() {
        return Some(folder);
    }
    eprintln!(
        "skipped: no fixtures at {} (set STROWGER_FIXTURES)",
        folder.display()
    );
    None
}

fn vanilla() -> Option<(Document, Globals, Diagnostics)> {
    let root = fixtures()?
        .canonicalize()
        .ok()?
        .join("freeswitch-vanilla/freeswitch.xml");
    let mut globals: Globals = [
        ("local_ip_v4", "192.0.2.5"),
        ("sounds_dir", "/sounds"),
        ("conf_dir", "/conf"),
    ]
    .into_iter()
    .collect();
    let mut report = Diagnostics::new();
    let document = load(
        &root,
        &mut globals,
        &HashSet::new(),
        &mut FileHost::default(),
        &mut report,
    );
    Some((document.expect("the root element"), globals, report))
}

/// `file:line` relative to the configuration directory.
fn place(element: &Element) -> String {
    let source = &element.source;
    let file = source
        .file
        .split("freeswitch-vanilla/")
        .last()
        .unwrap_or_default();
    format!("{file}:{}", source.line)
}

fn count(element: &Element) -> usize {
    let inner = element.children.iter().map(|node| match node {
        Node::Element(element) => count(element),
        Node::Text(_) => 0,
    });
    1 + inner.sum::<usize>()
}

#[test]
fn it_loads_without_errors() {
    let Some((document, globals, report)) = vanilla() else {
        return;
    };
    assert_eq!(report.errors(), 0, "{report}");
    let sections: Vec<_> = document
        .root
        .elements_named("section")
        .filter_map(|s| s.attr("name"))
        .collect();
    assert_eq!(
        sections,
        [
            "configuration",
            "dialplan",
            "chatplan",
            "directory",
            "languages"
        ]
    );
    for name in [
        "acl.conf",
        "switch.conf",
        "sofia.conf",
        "ivr.conf",
        "avformat.conf",
        "modules.conf",
    ] {
        assert!(document.configuration(name).is_some(), "{name}");
    }
    assert!(count(&document.root) > 3000, "{}", count(&document.root));
    assert_eq!(globals.get("domain"), Some("192.0.2.5"));
    assert_eq!(globals.get("sound_prefix"), Some("/sounds/en/us/callie"));
    assert_eq!(globals.get("us-ring"), Some("%(2000,4000,440,480)"));
    assert_eq!(globals.get("digits_dialed_filter"), None);
    assert_eq!(globals.get("external_rtp_ip"), None);
    let unset = report
        .iter()
        .filter(|d| d.what.contains("stays unset"))
        .count();
    assert_eq!((unset, report.len()), (2, 2), "{report}");
}

#[test]
fn elements_know_where_they_were_written() {
    let Some((document, ..)) = vanilla() else {
        return;
    };
    let dialplan = document.section("dialplan").unwrap();
    assert_eq!(place(dialplan), "freeswitch.xml:45");
    let context = dialplan.find("context", "name", "default").unwrap();
    let echo = context.find("extension", "name", "echo").unwrap();
    let condition = echo.child("condition").unwrap();
    assert_eq!(condition.attr("expression"), Some("^9196$"));
    assert_eq!(place(condition), "dialplan/default.xml:719");
    let pizza = context.find("extension", "name", "pizza_demo").unwrap();
    assert_eq!(
        place(pizza).split(':').next(),
        Some("dialplan/default/00_pizza_demo.xml")
    );
    let profiles = document
        .configuration("sofia.conf")
        .unwrap()
        .child("profiles")
        .unwrap();
    let internal = profiles.find("profile", "name", "internal").unwrap();
    let settings = internal.child("settings").unwrap();
    let auth = settings.find("param", "name", "auth-calls").unwrap();
    assert_eq!(auth.attr("value"), Some("true"));
    assert_eq!(place(auth), "sip_profiles/internal.xml:279");
}

#[test]
fn directory_and_access_lists() {
    let Some((document, globals, mut report)) = vanilla() else {
        return;
    };
    let directory = XmlDirectory::compile(document.section("directory"), &mut report);
    let domain = globals.get("domain").unwrap();
    let user = directory.user(domain, "1000").unwrap();
    assert_eq!(place_of(user), "directory/default/1000.xml:2");
    assert_eq!(user.password().unwrap().reveal(), "1234");
    assert_eq!(user.variable("user_context"), Some("default"));
    assert_eq!(user.variable("record_stereo"), Some("true"));
    assert!(
        user.param("dial-string")
            .unwrap()
            .starts_with("{^^:sip_invite_domain=${dialed_domain}")
    );
    assert_eq!(user.groups, ["default", "sales"]);
    assert_eq!(directory.users(domain).len(), 24);
    assert_eq!(directory.group_members(domain, "support").len(), 5);
    let gateway = directory.user(domain, "example.com").unwrap();
    assert_eq!(gateway.gateways.len(), 1);
    let lists = AccessLists::compile(
        document.configuration("acl.conf"),
        &directory,
        None,
        &mut report,
    );
    let verdict = lists.check("domains", "192.0.2.99".parse().unwrap());
    assert_eq!(verdict.token.as_deref(), Some("brian@192.0.2.5"));
    assert!(!lists.check("lan", "192.168.42.1".parse().unwrap()).allowed);
    assert_eq!(report.errors(), 0, "{report}");
}

fn place_of(user: &strowger_model::User) -> String {
    let file = user
        .source
        .file
        .split("freeswitch-vanilla/")
        .last()
        .unwrap_or_default();
    format!("{file}:{}", user.source.line)
}

#[test]
fn odd_documents_do_not_panic() {
    let Some(folder) = fixtures() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("seeds/xml"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let octets = std::fs::read(entry.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&octets);
        let located = strowger_model::xml::position::LocatedText::of_file("seed", &text);
        let _ = strowger_model::xml::parse(&located, &mut Diagnostics::new());
        seen += 1;
    }
    assert!(seen > 0);
}
