//! Access lists: named lists of networks, the most specific entry decides.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{diagnostics::Diagnostics, user::XmlDirectory, xml::tree::Element};

/// An address range: address and prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// A network; `None` when the prefix is longer than the address.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= longest).then_some(Self { address, prefix })
    }

    /// `a.b.c.d/n` or `x::y/n`; without a length, the one address.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
        Self::new(
            address,
            prefix.unwrap_or(if address.is_ipv4() { 32 } else { 128 }),
        )
    }

    /// An address and a mask such as `255.255.255.0`; `None` when the mask has holes.
    pub fn with_mask(address: IpAddr, mask: IpAddr) -> Option<Self> {
        let (bits, length) = match mask {
            IpAddr::V4(mask) => (u128::from(mask.to_bits()) << 96, 32),
            IpAddr::V6(mask) => (mask.to_bits(), 128),
        };
        let ones = u8::try_from(bits.leading_ones().min(length)).ok()?;
        let whole = bits.count_ones() == u32::from(ones) && mask.is_ipv4() == address.is_ipv4();
        if whole {
            Self::new(address, ones)
        } else {
            None
        }
    }

    /// Whether an address is in it. IPv4 in IPv6 clothes (`::ffff:a.b.c.d`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32 - u32::from(self.prefix);
                (u64::from(ours.to_bits()) >> shift) == (u64::from(theirs.to_bits()) >> shift)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let different = ours.to_bits() ^ theirs.to_bits();
                different.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// What a list says about an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AclVerdict {
    /// Whether the address is allowed.
    pub allowed: bool,
    /// The user (`id@domain`) whose network decided, if a user's did.
    pub token: Option<String>,
}

/// Who has users with networks of their own.
pub trait CidrUsers {
    /// The id and the networks (separated by commas) of each such user of a domain.
    fn cidr_users(&self, domain: &str) -> Vec<(String, String)>;
}

impl CidrUsers for XmlDirectory {
    fn cidr_users(&self, domain: &str) -> Vec<(String, String)> {
        let users = self.users(domain).iter();
        users
            .filter_map(|user| Some((user.id.clone(), user.cidr.clone()?)))
            .collect()
    }
}

impl CidrUsers for () {
    fn cidr_users(&self, _domain: &str) -> Vec<(String, String)> {
        Vec::new()
    }
}

#[derive(Clone, Debug)]
struct Node {
    network: Network,
    allow: bool,
    token: Option<String>,
    ports: Vec<(u16, u16)>,
}

#[derive(Clone, Debug, Default)]
struct AccessList {
    allow: bool,
    nodes: Vec<Node>,
}

impl AccessList {
    fn check(&self, address: IpAddr, port: Option<u16>) -> AclVerdict {
        let mut verdict = AclVerdict {
            allowed: self.allow,
            token: None,
        };
        let mut longest = 0;
        for node in &self.nodes {
            let port_fits = node.ports.is_empty()
                || port.is_some_and(|p| {
                    node.ports
                        .iter()
                        .any(|&(low, high)| (low..=high).contains(&p))
                });
            if port_fits && node.network.prefix >= longest && node.network.contains(address) {
                longest = node.network.prefix;
                verdict = AclVerdict {
                    allowed: node.allow,
                    token: node.token.clone(),
                };
            }
        }
        verdict
    }
}

/// All access lists: the automatic ones and those of `acl.conf`.
#[derive(Clone, Debug, Default)]
pub struct AccessLists {
    lists: HashMap<String, AccessList>,
}

impl AccessLists {
    /// Compile `acl.conf`. `local` is the switch's own address and prefix length, for `nat.auto` and `localnet.auto`.
    pub fn compile(
        acl_conf: Option<&Element>,
        directory: &dyn CidrUsers,
        local: Option<(IpAddr, u8)>,
        report: &mut Diagnostics,
    ) -> Self {
        let mut lists = automatic(local);
        let written = acl_conf
            .into_iter()
            .flat_map(|conf| conf.elements_named("network-lists"))
            .flat_map(|lists| lists.elements_named("list"));
        for element in written {
            let Some(name) = element.attr("name").filter(|name| !name.is_empty()) else {
                let source = Some(element.source.clone());
                report.error(
                    source,
                    "<list> without a name",
                    "nobody can use it",
                    "add name=\"…\"",
                );
                continue;
            };
            let allow = word(element, "default", true, report);
            let mut list = AccessList {
                allow,
                nodes: Vec::new(),
            };
            for node in element.elements_named("node") {
                compile_node(node, &mut list, directory, report);
            }
            lists.insert(name.to_lowercase(), list);
        }
        Self { lists }
    }

    /// What a list says about an address. A name with `/` in it is taken as networks separated by commas; an unknown list
    /// allows nothing.
    pub fn check(&self, list_or_cidr: &str, address: IpAddr) -> AclVerdict {
        self.check_port(list_or_cidr, address, None)
    }

    /// As `check`, with the port for entries that name ports.
    pub fn check_port(&self, list_or_cidr: &str, address: IpAddr, port: Option<u16>) -> AclVerdict {
        if list_or_cidr.contains('/') {
            let mut networks = list_or_cidr.split(',').filter_map(Network::parse);
            return AclVerdict {
                allowed: networks.any(|network| network.contains(address)),
                token: None,
            };
        }
        let list = self.lists.get(&list_or_cidr.trim().to_lowercase());
        list.map(|list| list.check(address, port))
            .unwrap_or_default()
    }

    /// Whether there is a list of this name, without case.
    pub fn has(&self, name: &str) -> bool {
        self.lists.contains_key(&name.to_lowercase())
    }

    /// The names of all lists, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.lists.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

fn compile_node(
    element: &Element,
    list: &mut AccessList,
    directory: &dyn CidrUsers,
    report: &mut Diagnostics,
) {
    let allow = word(element, "type", list.allow, report);
    let ports = ports(element, report);
    let mut add = |network, token| {
        list.nodes.push(Node {
            network,
            allow,
            token,
            ports: ports.clone(),
        })
    };
    let bad = |what: String, attribute: &str, report: &mut Diagnostics| {
        let advice = "write a network such as 192.0.2.0/24";
        report.error(
            Some(element.attr_source(attribute)),
            what,
            "it is no network",
            advice,
        );
    };
    if let Some(domain) = element.attr("domain") {
        for (id, cidr) in directory.cidr_users(domain) {
            for text in cidr.split(',') {
                match Network::parse(text) {
                    Some(network) => add(network, Some(format!("{id}@{domain}"))),
                    None => bad(
                        format!("`{text}` of user `{id}@{domain}`"),
                        "domain",
                        report,
                    ),
                }
            }
        }
    } else if let Some(cidr) = element.attr("cidr") {
        for text in cidr.split(',') {
            match Network::parse(text) {
                Some(network) => add(network, None),
                None => bad(format!("cidr `{text}`"), "cidr", report),
            }
        }
    } else if let (Some(host), Some(mask)) = (element.attr("host"), element.attr("mask")) {
        let network = host
            .parse()
            .ok()
            .zip(mask.parse().ok())
            .and_then(|(h, m)| Network::with_mask(h, m));
        match network {
            Some(network) => add(network, None),
            None => bad(format!("host `{host}` with mask `{mask}`"), "host", report),
        }
    } else {
        let what = "<node> names no network";
        let advice = "add cidr=\"…\", host and mask, or domain";
        report.error(
            Some(element.source.clone()),
            what,
            "it matches nothing",
            advice,
        );
    }
}

/// `allow` or `deny` of an attribute.
fn word(element: &Element, attribute: &str, default: bool, report: &mut Diagnostics) -> bool {
    match element.attr(attribute) {
        None => default,
        Some(word) if word.eq_ignore_ascii_case("allow") => true,
        Some(word) if word.eq_ignore_ascii_case("deny") => false,
        Some(word) => {
            let what = format!("{attribute} `{word}`");
            let source = Some(element.attr_source(attribute));
            report.error(
                source,
                what,
                "it is neither allow nor deny",
                "write one of the two",
            );
            false
        }
    }
}

fn ports(element: &Element, report: &mut Diagnostics) -> Vec<(u16, u16)> {
    let mut ranges = Vec::new();
    for attribute in ["port", "ports"] {
        for text in element
            .attr(attribute)
            .into_iter()
            .flat_map(|list| list.split(','))
        {
            match text.trim().parse() {
                Ok(port) => ranges.push((port, port)),
                Err(_) => {
                    let source = Some(element.attr_source(attribute));
                    let what = format!("port `{text}`");
                    report.error(source, what, "it is no number up to 65535", "correct it");
                }
            }
        }
    }
    let bound = |attribute: &str| {
        element
            .attr(attribute)
            .and_then(|text| text.trim().parse().ok())
    };
    match (bound("port-min"), bound("port-max")) {
        (None, None) => {}
        (low, high) => ranges.push((low.unwrap_or(0), high.unwrap_or(u16::MAX))),
    }
    ranges
}

/// The lists that are always there.
fn automatic(local: Option<(IpAddr, u8)>) -> HashMap<String, AccessList> {
    let v4 = |a, b, c, d, n| Network {
        address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        prefix: n,
    };
    let shared = v4(100, 64, 0, 0, 10);
    let private = [
        v4(10, 0, 0, 0, 8),
        v4(172, 16, 0, 0, 12),
        v4(192, 168, 0, 0, 16),
    ];
    let link_local = Network {
        address: IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)),
        prefix: 10,
    };
    let all_v4 = v4(0, 0, 0, 0, 0);
    let all_v6 = Network {
        address: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        prefix: 0,
    };
    let loopback = [
        v4(127, 0, 0, 0, 8),
        Network {
            address: IpAddr::V6(Ipv6Addr::LOCALHOST),
            prefix: 128,
        },
    ];
    let own: Vec<Network> = local
        .and_then(|(a, n)| Network::new(a, n))
        .into_iter()
        .collect();
    let not_public: Vec<Network> = [v4(0, 0, 0, 0, 8), private[0], private[1], private[2]]
        .into_iter()
        .chain([v4(169, 254, 0, 0, 16), shared, link_local])
        .collect();
    let with = |list: &[Network], more: Network| -> Vec<Network> {
        list.iter().copied().chain([more]).collect()
    };
    let make = |allow: bool, allowed: &[Network], denied: &[Network]| {
        let node = |allow| {
            move |&network: &Network| Node {
                network,
                allow,
                token: None,
                ports: Vec::new(),
            }
        };
        let nodes = denied
            .iter()
            .map(node(false))
            .chain(allowed.iter().map(node(true)))
            .collect();
        AccessList { allow, nodes }
    };
    let mut nat = make(false, &with(&private, shared), &[]);
    // The own network is not behind a NAT, even where it is as wide as a private range: the later entry wins a tie.
    nat.nodes.extend(make(false, &[], &own).nodes);
    [
        ("rfc6598.auto", make(false, &[shared], &[])),
        (
            "rfc1918.auto",
            make(false, &with(&private, link_local), &[]),
        ),
        ("wan.auto", make(true, &[], &not_public)),
        ("wan_v4.auto", make(true, &[], &with(&not_public, all_v6))),
        ("wan_v6.auto", make(true, &[], &[all_v4, link_local])),
        ("any_v4.auto", make(true, &[], &[all_v6])),
        ("any_v6.auto", make(true, &[], &[all_v4])),
        ("nat.auto", nat),
        ("loopback.auto", make(false, &loopback, &[])),
        ("localnet.auto", make(false, &own, &[])),
    ]
    .into_iter()
    .map(|(name, list)| (name.to_owned(), list))
    .collect()
}

#[cfg(test)]
mod tests;
