//! Addresses in a profile: where to listen, and what to show to peers beyond a NAT.

use std::net::{IpAddr, Ipv4Addr};
use strowger_model::{Diagnostics, Source};

/// What `ext-sip-ip` and `ext-rtp-ip` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum External {
    /// Peers see the address that we listen on.
    #[default]
    Local,
    /// Peers outside the local network see this address.
    Fixed(IpAddr),
    /// As `Fixed`, once this name is resolved at the start.
    Name(String),
}

impl External {
    /// Reads the value of such a parameter; what cannot be used is reported and means the local address.
    pub(crate) fn read(
        name: &str,
        value: Option<&str>,
        source: Option<Source>,
        report: &mut Diagnostics,
    ) -> External {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
            return External::Local;
        };
        let lower = value.to_ascii_lowercase();
        if matches!(lower.as_str(), "auto" | "auto-nat") {
            return External::Local;
        }
        if lower.starts_with("stun:") {
            report.warning(
                source,
                format!("parameter `{name}` asks a STUN server"),
                "looking up the public address by STUN is not supported yet: the local address is shown",
                "write the public address, or host:NAME",
            );
            return External::Local;
        }
        if let Some(name) = lower.strip_prefix("host:") {
            return External::Name(name.to_owned());
        }
        let text = lower.strip_prefix("autonat:").unwrap_or(&lower);
        match text.trim_matches(['[', ']']).parse() {
            Ok(address) => External::Fixed(address),
            Err(_) => {
                report.error(
                    source,
                    format!("parameter `{name}` has no usable value"),
                    format!(
                        "`{value}` is no IP address, nor auto, auto-nat, autonat:IP or host:NAME"
                    ),
                    "write the address that peers outside shall see",
                );
                External::Local
            }
        }
    }
}

/// Reads `sip-ip` or `rtp-ip`: an address, or nothing for the host's own.
pub(crate) fn local(
    name: &str,
    value: Option<&str>,
    own: Option<&str>,
    source: Option<Source>,
    report: &mut Diagnostics,
) -> IpAddr {
    let own = own
        .and_then(|text| text.parse().ok())
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
        return own;
    };
    if value.eq_ignore_ascii_case("auto") {
        return own;
    }
    match value.trim_matches(['[', ']']).parse() {
        Ok(address) => address,
        Err(_) => {
            report.error(
                source,
                format!("parameter `{name}` has no usable value"),
                format!("`{value}` is no IP address"),
                "write an address of this host, such as 192.0.2.1",
            );
            own
        }
    }
}
