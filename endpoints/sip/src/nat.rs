//! Peers behind NAT: how they are recognised, and which of our addresses a peer shall see.

use crate::config::ProfileConf;
use std::net::{IpAddr, SocketAddr};
use strowger_model::AccessLists;
use strowger_sip_proto::message::{HeaderTable, NameAddr};
use strowger_sip_proto::{Flow, Transport};

/// Whether a request comes through a NAT, so that its sender is reached where it came from and not where it says.
pub(crate) fn is_behind_nat(
    conf: &ProfileConf,
    lists: &AccessLists,
    flow: &Flow,
    headers: &HeaderTable,
    contact: Option<&NameAddr>,
) -> bool {
    let source = flow.peer.ip();
    if matches!(flow.transport, Transport::Ws | Transport::Wss) {
        return true;
    }
    if conf.tcp_always_nat && flow.transport == Transport::Tcp {
        return true;
    }
    if conf.aggressive_nat && via_differs(headers, flow.peer) {
        return true;
    }
    let Some(host) = contact.and_then(|contact| contact.uri.host()?.ip()) else {
        return false;
    };
    let private = |address: IpAddr| {
        conf.nat_acls
            .iter()
            .any(|list| lists.check(list, address).allowed)
    };
    host != source && private(host) && !private(source)
}

fn via_differs(headers: &HeaderTable, source: SocketAddr) -> bool {
    // Proxies on the way write their own Via; the first sender's is the last.
    let Ok(vias) = headers.vias() else {
        return true;
    };
    let Some(top) = vias.first() else {
        return true;
    };
    match top.host.ip() {
        Some(host) => host != source.ip() || top.port.unwrap_or(5060) != source.port(),
        None => false,
    }
}

/// Whether a peer is on our own network and so sees our local address.
pub(crate) fn is_local(conf: &ProfileConf, lists: &AccessLists, peer: IpAddr) -> bool {
    peer.is_loopback()
        || conf
            .local_network_acl
            .as_deref()
            .is_some_and(|list| lists.check(list, peer).allowed)
}

/// Whether an address is reachable from this host's own networks alone (RFC 1918, loopback, link-local, RFC 4193).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Whether anything may be sent to an address at all.
pub(crate) fn is_reachable(peer: SocketAddr) -> bool {
    let routable = match peer.ip().to_canonical() {
        IpAddr::V4(address) => {
            !(address.is_unspecified() || address.is_broadcast() || address.is_multicast())
        }
        IpAddr::V6(address) => !(address.is_unspecified() || address.is_multicast()),
    };
    routable && peer.port() != 0
}

/// An address as the host part of a URI.
pub(crate) fn host_text(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
