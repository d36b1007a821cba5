//! Where a running exchange says how it can be reached, so that the console finds it whatever its configuration says now.

use crate::paths::Paths;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use strowger_core::Switch;

/// What the event socket's entry begins with.
const EVENT_SOCKET: &str = "event socket ";

/// The notice of a running exchange; taken down when dropped.
#[derive(Debug)]
pub struct Noticeboard {
    path: PathBuf,
}

fn path(paths: &Paths) -> PathBuf {
    paths.data.join("listening")
}

impl Noticeboard {
    /// Puts up what is open, one place a line.
    pub fn write(paths: &Paths, switch: &Switch) -> Noticeboard {
        let mut text = String::new();
        for place in switch
            .endpoints()
            .iter()
            .flat_map(|endpoint| endpoint.listening())
        {
            text.push_str(&place);
            text.push('\n');
        }
        let path = path(paths);
        if let Err(error) = std::fs::write(&path, text) {
            tracing::warn!(
                "cannot write {}: {error}; the console needs --port",
                path.display()
            );
        }
        Noticeboard { path }
    }

    /// Where the event socket of the exchange with this data directory can be reached.
    pub fn event_socket(paths: &Paths) -> Option<SocketAddr> {
        let text = std::fs::read_to_string(path(paths)).ok()?;
        let address: SocketAddr = text
            .lines()
            .find_map(|line| line.strip_prefix(EVENT_SOCKET))?
            .parse()
            .ok()?;
        Some(reachable(address))
    }
}

impl Drop for Noticeboard {
    fn drop(&mut self) {
        // When it stays, the console says that nobody answers there.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Who listens everywhere is reached on this machine.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everywhere_is_reached_here() {
        let address: SocketAddr = "0.0.0.0:8021".parse().expect("an address");
        assert_eq!(reachable(address).to_string(), "127.0.0.1:8021");
        let address: SocketAddr = "[::]:8021".parse().expect("an address");
        assert_eq!(reachable(address).to_string(), "[::1]:8021");
    }
}
