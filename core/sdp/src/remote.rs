//! Where a description asks for its media, after the checks.

use std::net::{Ipv4Addr, SocketAddr};

use crate::address::{AddressProblem, AddressRules};
use crate::direction::Direction;
use crate::negotiate::NegotiationError;
use crate::session::{Host, SessionDescription};

/// Where the peer wants its media.
pub(crate) struct Remote {
    /// RTP; `None` for a zero address.
    pub(crate) rtp: Option<SocketAddr>,
    /// RTCP; unspecified for a zero address.
    pub(crate) rtcp: SocketAddr,
}

impl Remote {
    /// Reads and checks the address of the section at `index`, given our own of that stream.
    pub(crate) fn of(
        description: &SessionDescription,
        index: usize,
        ours: SocketAddr,
        rules: &AddressRules,
    ) -> Result<Self, NegotiationError> {
        let bad = |address: String, problem| NegotiationError::BadAddress { address, problem };
        let missing = || bad("-".to_owned(), AddressProblem::Missing);
        let media = description.media.get(index).ok_or_else(missing)?;
        let connection = description.connection_of(index).ok_or_else(missing)?;
        // Port 65535 leaves none above it; RTCP then shares the port.
        let next_port = media.port.saturating_add(1);
        let ip = match &connection.host {
            Host::Ip(ip) => ip.to_canonical(),
            // RFC 3264 section 5.1 and RFC 6157: a name in .invalid is "no address yet".
            Host::Name(name) if name.to_ascii_lowercase().rsplit('.').next() == Some("invalid") => {
                Ipv4Addr::UNSPECIFIED.into()
            }
            Host::Name(name) => return Err(bad(name.clone(), AddressProblem::Name)),
        };
        if ip.is_unspecified() {
            return Ok(Remote {
                rtp: None,
                rtcp: SocketAddr::new(ip, next_port),
            });
        }
        let rtp = SocketAddr::new(ip, media.port);
        let check = |address| {
            rules
                .check(address, ours)
                .map_err(|problem| bad(address.to_string(), problem))
        };
        check(rtp)?;
        // An RTCP address we would not send to is passed over; reports then go where they go by default.
        let written = media.rtcp_address().map(|rtcp| {
            SocketAddr::new(
                rtcp.address
                    .filter(|address| !address.is_unspecified())
                    .unwrap_or(ip),
                rtcp.port,
            )
        });
        let rtcp = match written.filter(|address| rules.check(*address, ours).is_ok()) {
            Some(address) => address,
            None => {
                let default = SocketAddr::new(ip, next_port);
                check(default)?;
                default
            }
        };
        Ok(Remote {
            rtp: Some(rtp),
            rtcp,
        })
    }

    /// The peer's direction: without an address to send to, it cannot receive (RFC 3264 section 8.4).
    pub(crate) fn effective(&self, written: Direction) -> Direction {
        if self.rtp.is_none() {
            written.and(Direction::SendOnly)
        } else {
            written
        }
    }
}
