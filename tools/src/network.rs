//! This machine's addresses, as the configuration's globals want them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Prefix that is assumed where the system does not tell the network's mask.
const ASSUMED_PREFIX: u8 = 24;

/// The addresses by which others reach this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// IPv4; 127.0.0.1 without a network.
    pub v4: Ipv4Addr,
    /// Bits of the IPv4 network.
    pub v4_prefix: u8,
    /// IPv6, if there is a route.
    pub v6: Option<Ipv6Addr>,
}

impl Addresses {
    /// Asks the system which source addresses it would use; no packet is sent.
    pub fn detect() -> Addresses {
        // Documentation addresses (RFC 5737, RFC 3849): any address beyond the own network does.
        let v4 = match source_for("0.0.0.0:0", "192.0.2.1:9") {
            Some(IpAddr::V4(address)) if !address.is_unspecified() => address,
            _ => Ipv4Addr::LOCALHOST,
        };
        let v6 = match source_for("[::]:0", "[2001:db8::1]:9") {
            Some(IpAddr::V6(address)) if !address.is_unspecified() => Some(address),
            _ => None,
        };
        Addresses {
            v4,
            v4_prefix: prefix_of(v4),
            v6,
        }
    }

    /// With the IPv4 address that an operator set.
    #[must_use]
    pub fn with_v4(self, v4: Ipv4Addr) -> Addresses {
        Addresses {
            v4,
            v4_prefix: prefix_of(v4),
            ..self
        }
    }

    /// The IPv4 network's mask.
    pub fn v4_mask(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(mask(self.v4_prefix))
    }
}

fn source_for(from: &str, to: &str) -> Option<IpAddr> {
    let socket = UdpSocket::bind(from).ok()?;
    socket.connect(to).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn mask(prefix: u8) -> u32 {
    u32::MAX
        .checked_shl(32 - u32::from(prefix.min(32)))
        .unwrap_or(0)
}

fn prefix_of(address: Ipv4Addr) -> u8 {
    if address.is_loopback() {
        return 8;
    }
    std::fs::read_to_string("/proc/net/route")
        .ok()
        .and_then(|table| prefix_in(&table, address))
        .unwrap_or(ASSUMED_PREFIX)
}

/// The prefix of the directly connected network that has this address, from Linux' routing table: hexadecimal, octets
/// in the order of the machine.
fn prefix_in(table: &str, address: Ipv4Addr) -> Option<u8> {
    let number = |text: &str| {
        u32::from_str_radix(text, 16)
            .ok()
            .map(|number| u32::from_be_bytes(number.to_ne_bytes()))
    };
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let network = number(columns.get(1)?)?;
            let gateway = number(columns.get(2)?)?;
            let mask = number(columns.get(7)?)?;
            let here = gateway == 0 && mask != 0 && address.to_bits() & mask == network;
            here.then(|| u8::try_from(mask.leading_ones()).ok())?
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_mask_comes_from_the_connected_network() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
        assert_eq!(prefix_in(table, Ipv4Addr::new(172, 17, 0, 5)), Some(16));
        assert_eq!(prefix_in(table, Ipv4Addr::new(10, 0, 0, 5)), None);
    }

    #[test]
    fn masks() {
        let addresses = Addresses::detect().with_v4(Ipv4Addr::LOCALHOST);
        assert_eq!(addresses.v4_mask(), Ipv4Addr::new(255, 0, 0, 0));
        assert_eq!(mask(0), 0);
        assert_eq!(mask(32), u32::MAX);
    }
}
