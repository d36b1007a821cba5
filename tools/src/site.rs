//! What is known before the configuration is read: directories, addresses, secrets, and what the command line fixed.

use crate::network::Addresses;
use crate::paths::Paths;
use crate::secrets::Secrets;
use std::net::{IpAddr, Ipv4Addr};
use strowger_core::config::ConfigSource;

/// The surroundings of an exchange.
#[derive(Clone, Debug)]
pub struct Site {
    /// Directories.
    pub paths: Paths,
    /// `--set`: globals that the files must not change.
    pub fixed: Vec<(String, String)>,
    /// Whether the configuration may run commands.
    pub allow_exec: bool,
    /// Addresses of this machine.
    pub addresses: Addresses,
}

impl Site {
    /// Looks around.
    pub fn new(paths: Paths, fixed: Vec<(String, String)>, allow_exec: bool) -> Site {
        let set = fixed
            .iter()
            .rev()
            .find(|(name, _)| name.eq_ignore_ascii_case("local_ip_v4"))
            .and_then(|(_, value)| value.parse::<Ipv4Addr>().ok());
        let found = Addresses::detect();
        Site {
            paths,
            allow_exec,
            addresses: set.map_or(found, |address| found.with_v4(address)),
            fixed,
        }
    }

    /// Whether the operator fixed this global.
    pub fn is_fixed(&self, name: &str) -> bool {
        self.fixed
            .iter()
            .any(|(fixed, _)| fixed.eq_ignore_ascii_case(name))
    }

    /// Where the configuration comes from, with these secrets.
    pub fn source(&self, secrets: &Secrets) -> ConfigSource {
        let mut globals = self.paths.globals();
        let addresses = &self.addresses;
        let v6 = addresses
            .v6
            .map_or_else(|| "::1".to_owned(), |address| address.to_string());
        for (name, value) in [
            ("hostname", hostname()),
            ("local_ip_v4", addresses.v4.to_string()),
            ("local_mask_v4", addresses.v4_mask().to_string()),
            ("local_ip_v6", v6),
        ] {
            globals.push((name.to_owned(), value));
        }
        globals.extend(secrets.globals());
        ConfigSource {
            directory: self.paths.conf.clone(),
            globals,
            fixed: self.fixed.clone(),
            allow_exec: self.allow_exec,
            stun: Some(crate::stun::ask),
            local: Some((IpAddr::V4(addresses.v4), addresses.v4_prefix)),
        }
    }
}

/// This machine's name.
fn hostname() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
