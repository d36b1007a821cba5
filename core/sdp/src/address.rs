//! Which addresses of a peer we are willing to send media to.
//!
//! Whoever writes `c=` aims a stream at that address for as long as the call lasts, so addresses that are not one other
//! host, or that are our own, are refused before anything is sent.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

/// Why an address in a description is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// There is no `c=` line for the stream.
    #[error("no c= line gives it an address")]
    Missing,
    /// A host name; names are not looked up for a peer.
    #[error("host names are not looked up; a numeric address is needed")]
    Name,
    /// A multicast group.
    #[error("multicast")]
    Multicast,
    /// The broadcast address, or one of the reserved block it ends (240.0.0.0/4).
    #[error("broadcast or reserved")]
    Broadcast,
    /// In 0.0.0.0/8 other than 0.0.0.0 itself, which means hold.
    #[error("unspecified")]
    Unspecified,
    /// This very machine, though we are not there ourselves.
    #[error("loopback")]
    Loopback,
    /// Valid on one wire only, though we are not there ourselves; cloud metadata services live there.
    #[error("link-local")]
    LinkLocal,
    /// A cloud metadata service.
    #[error("metadata service")]
    Metadata,
    /// Our own media port: two legs pointed at each other's ports would feed on themselves.
    #[error("our own media port")]
    Own,
    /// The other IP version than our socket's.
    #[error("not reachable from our address, which is of the other IP version")]
    OtherFamily,
}

/// An address and the ports on it where our own media arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMedia {
    /// The address, as peers see it.
    pub address: IpAddr,
    /// The ports used for media there.
    pub ports: RangeInclusive<u16>,
}

/// What is refused as the remote end of a stream.
///
/// By default: multicast, broadcast, unspecified, metadata services, our own port of this stream, and loopback and
/// link-local addresses unless our own address is of that kind too.
#[derive(Debug, Clone, Default)]
pub struct AddressRules {
    /// Where our own media arrives; all of it is refused.
    pub own: Vec<OwnMedia>,
    /// Accept loopback peers whatever our own address is (a softphone on the same machine).
    pub allow_loopback: bool,
}

/// Metadata services: the address most clouds share, Alibaba Cloud, Oracle Cloud classic.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];

impl AddressRules {
    /// Checks a remote address against our own one for the same stream.
    ///
    /// # Errors
    /// The first problem found.
    pub fn check(&self, remote: SocketAddr, ours: SocketAddr) -> Result<(), AddressProblem> {
        let (ip, own) = (remote.ip().to_canonical(), ours.ip().to_canonical());
        if ip.is_multicast() {
            return Err(AddressProblem::Multicast);
        }
        if ip.is_unspecified() {
            return Err(AddressProblem::Unspecified);
        }
        match ip {
            IpAddr::V4(v4) => {
                if v4.octets()[0] >= 240 {
                    return Err(AddressProblem::Broadcast);
                }
                if v4.octets()[0] == 0 {
                    return Err(AddressProblem::Unspecified);
                }
                if METADATA_V4.contains(&v4) {
                    return Err(AddressProblem::Metadata);
                }
            }
            IpAddr::V6(v6) => {
                // fd00:ec2::254, Amazon's metadata service over IPv6.
                if v6.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] {
                    return Err(AddressProblem::Metadata);
                }
            }
        }
        if ip.is_ipv4() != own.is_ipv4() {
            return Err(AddressProblem::OtherFamily);
        }
        if ip.is_loopback() && !own.is_loopback() && !self.allow_loopback {
            return Err(AddressProblem::Loopback);
        }
        if is_link_local(ip) && !is_link_local(own) {
            return Err(AddressProblem::LinkLocal);
        }
        let is_own = |address: IpAddr, ports: &RangeInclusive<u16>| {
            address.to_canonical() == ip && ports.contains(&remote.port())
        };
        if is_own(own, &(ours.port()..=ours.port().saturating_add(1)))
            || self
                .own
                .iter()
                .any(|media| is_own(media.address, &media.ports))
        {
            return Err(AddressProblem::Own);
        }
        Ok(())
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}
