//! Inheritance, groups and secrets of the directory.

use super::*;
use crate::xml::{parse, position::LocatedText};

const TEXT: &str = r#"<section name="directory"><domain name="d.example">
    <params><param name="dial-string" value="domain"/><param name="a" value="d"/></params>
    <variables><variable name="x" value="domain"/></variables>
    <groups>
      <group name="g"><params><param name="A" value="g"/><param name="b" value="g"/></params>
        <users><user id="1000" number-alias="0" cidr="192.0.2.0/24">
          <params><param name="password" value="s3cret"/><param name="b" value="u"/></params>
          <gateways><gateway name="gw"/></gateways></user></users></group>
      <group name="h"><users><user id="1000" type="pointer"/><user id="ghost" type="pointer"/></users></group>
    </groups>
    <user id="plain"/><user id="PLAIN"/><user/>
    </domain></section>"#;

fn directory() -> (XmlDirectory, Diagnostics) {
    let mut report = Diagnostics::new();
    let section = parse(&LocatedText::of_file("d.xml", TEXT), &mut report).unwrap();
    let directory = XmlDirectory::compile(Some(&section), &mut report);
    (directory, report)
}

#[test]
fn users_inherit_from_group_then_domain() {
    let (directory, report) = directory();
    let user = directory.user("D.EXAMPLE", "0").unwrap();
    assert_eq!(user.id, "1000");
    assert_eq!((user.param("a"), user.param("b")), (Some("g"), Some("u")));
    assert_eq!(
        (user.param("dial-string"), user.variable("X")),
        (Some("domain"), Some("domain"))
    );
    assert_eq!(user.groups, ["g", "h"]);
    assert_eq!(user.gateways.len(), 1);
    assert_eq!(user.attribute("domain-name"), Some("d.example"));
    assert_eq!(directory.group_members("d.example", "H").len(), 1);
    assert_eq!(
        directory
            .user_by("d.example", "mailbox:number-alias", "0")
            .unwrap()
            .id,
        "1000"
    );
    assert!(directory.user("d.example", "ghost").is_none());
    assert_eq!((report.errors(), report.len()), (1, 3), "{report}");
}

#[test]
fn secrets_do_not_show() {
    let (directory, _) = directory();
    let user = directory.user("d.example", "1000").unwrap();
    assert_eq!(user.password().unwrap().reveal(), "s3cret");
    assert_eq!(user.param("password"), Some("s3cret"));
    assert!(!format!("{directory:?}").contains("s3cret"));
}
