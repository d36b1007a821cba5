//! Where the exchange is and what its password is: as named, as it says itself, as its configuration says.

use crate::check::{load_offline, secrets_for_reading};
use crate::options::Cli;
use std::net::SocketAddr;
use strowger_event_socket::EventSocketConf;
use strowger_model::Secret;
use strowger_tools::noticeboard::{Noticeboard, reachable};
use strowger_tools::secrets::Secrets;
use strowger_tools::site::Site;

/// Tried when nobody says anything else.
const HOST: &str = "127.0.0.1";
const PORT: u16 = 8021;

/// What to connect to.
pub struct Target {
    pub host: String,
    pub port: u16,
    pub password: Secret<String>,
}

/// Finds the exchange of this site.
pub fn find(site: &Site, cli: &Cli) -> Target {
    // An exchange elsewhere has nothing to do with the files here.
    let running =
        Noticeboard::event_socket(&site.paths).filter(|_| cli.host.is_none() && cli.port.is_none());
    let complete = (running.is_some() || cli.port.is_some()) && cli.password.is_some();
    let configured = if complete { None } else { configured(site) };
    let address: Option<SocketAddr> = running.or_else(|| {
        configured
            .as_ref()
            .and_then(|conf| conf.listen)
            .map(reachable)
    });
    let password = cli
        .password
        .clone()
        .map(Secret::new)
        .or_else(|| configured.map(|conf| conf.password))
        .or_else(|| {
            Secrets::read(&site.paths.data)
                .ok()?
                .get("secret_event_socket")
                .cloned()
        });
    Target {
        host: cli.host.clone().unwrap_or_else(|| {
            address.map_or_else(|| HOST.to_owned(), |address| address.ip().to_string())
        }),
        port: cli
            .port
            .unwrap_or_else(|| address.map_or(PORT, |address| address.port())),
        password: password.unwrap_or_default(),
    }
}

/// The event socket as the files say; `None` when they cannot be used at the moment.
fn configured(site: &Site) -> Option<EventSocketConf> {
    let (snapshot, _) = load_offline(site, &secrets_for_reading(site));
    snapshot?
        .try_get::<EventSocketConf>()
        .map(|conf| (*conf).clone())
}
