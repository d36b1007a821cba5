//! Access lists as configurations write them.

use super::*;
use crate::xml::{parse, position::LocatedText};

struct Brian;

impl CidrUsers for Brian {
    fn cidr_users(&self, domain: &str) -> Vec<(String, String)> {
        (domain == "d")
            .then(|| ("brian".to_owned(), "192.0.2.0/24".to_owned()))
            .into_iter()
            .collect()
    }
}

fn lists(text: &str) -> (AccessLists, Diagnostics) {
    let mut report = Diagnostics::new();
    let conf = parse(&LocatedText::of_file("acl.xml", text), &mut report).unwrap();
    let local = Some(("192.168.7.5".parse().unwrap(), 24));
    let lists = AccessLists::compile(Some(&conf), &Brian, local, &mut report);
    (lists, report)
}

#[test]
fn the_most_specific_entry_decides_and_ties_go_to_the_later() {
    let (lists, report) = lists(
        r#"<c><network-lists>
        <list name="lan"><node type="deny" cidr="192.168.42.0/24"/><node type="allow" cidr="192.168.42.42/32"/></list>
        <list name="domains" default="deny"><node type="allow" domain="d"/></list>
        <list name="tie" default="deny"><node type="allow" cidr="10.0.0.0/8"/><node type="deny" host="10.0.0.0" mask="255.0.0.0"/></list>
        <list name="ports" default="deny"><node type="allow" cidr="0.0.0.0/0" ports="5060,5080"/></list>
        </network-lists></c>"#,
    );
    assert_eq!(report.to_string(), "");
    let allowed = |list: &str, address: &str| lists.check(list, address.parse().unwrap()).allowed;
    assert!(allowed("lan", "192.168.42.42") && allowed("LAN", "8.8.8.8"));
    assert!(!allowed("lan", "192.168.42.41"));
    assert!(!allowed("lan", "::ffff:192.168.42.41"));
    assert!(!allowed("tie", "10.1.1.1"));
    let verdict = lists.check("domains", "192.0.2.77".parse().unwrap());
    assert_eq!(
        verdict,
        AclVerdict {
            allowed: true,
            token: Some("brian@d".into())
        }
    );
    assert!(!allowed("unknown", "127.0.0.1"));
    assert!(allowed("10.0.0.0/8,192.168.0.0/16", "192.168.1.1"));
    assert!(!allowed("10.0.0.0/8", "11.0.0.1") && !allowed("nonsense/8", "11.0.0.1"));
    assert!(!allowed("ports", "1.1.1.1"));
    assert!(
        lists
            .check_port("ports", "1.1.1.1".parse().unwrap(), Some(5080))
            .allowed
    );
}

#[test]
fn automatic_lists() {
    let (lists, _) = lists("<c/>");
    for (list, address, expected) in [
        ("rfc6598.auto", "100.64.1.1", true),
        ("rfc1918.auto", "172.31.0.1", true),
        ("rfc1918.auto", "172.32.0.1", false),
        ("rfc1918.auto", "fe80::1", true),
        ("wan.auto", "8.8.8.8", true),
        ("wan.auto", "2001:db8::1", true),
        ("wan.auto", "169.254.1.1", false),
        ("wan_v4.auto", "2001:db8::1", false),
        ("wan_v6.auto", "8.8.8.8", false),
        ("wan_v6.auto", "2001:db8::1", true),
        ("any_v4.auto", "10.0.0.1", true),
        ("any_v6.auto", "::1", true),
        ("any_v6.auto", "10.0.0.1", false),
        ("nat.auto", "192.168.1.1", true),
        ("nat.auto", "192.168.7.9", false),
        ("loopback.auto", "127.1.2.3", true),
        ("loopback.auto", "::1", true),
        ("loopback.auto", "10.0.0.1", false),
        ("localnet.auto", "192.168.7.200", true),
        ("localnet.auto", "192.168.8.1", false),
    ] {
        assert_eq!(
            lists.check(list, address.parse().unwrap()).allowed,
            expected,
            "{list} {address}"
        );
    }
}

#[test]
fn mistakes_are_reported_where_they_are() {
    let (_, report) = lists(
        "<c><network-lists><list name=\"x\" default=\"maybe\">\n<node cidr=\"1.2.3.4/99\"/>\n<node/></list><list/></network-lists></c>",
    );
    let places: Vec<_> = report
        .iter()
        .map(|d| d.source.clone().unwrap().to_string())
        .collect();
    assert_eq!(
        places,
        ["acl.xml:1:34", "acl.xml:2:7", "acl.xml:3:1", "acl.xml:3:15"]
    );
}
