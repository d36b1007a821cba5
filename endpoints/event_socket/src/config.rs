//! `event_socket.conf`: where it listens, who may connect, and the password.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use strowger_core::config::{CompileContext, is_weak_password};
use strowger_model::{Diagnostics, Params, Secret};

/// The configuration read.
pub const NAME: &str = "event_socket.conf";
/// The list that applies when none is named.
const LOOPBACK: &str = "loopback.auto";
/// FreeSWITCH's password, and port: for configurations that name none.
const KNOWN_PASSWORD: &str = "ClueCon";
const PORT: u16 = 8021;
/// Clients at one time.
const CLIENTS: usize = 32;
/// Parameters that tune FreeSWITCH's inside, or that are always so here.
const MEANINGLESS: &[&str] = &["debug", "nat-map", "stop-on-bind-error"];

/// Settings of the event socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSocketConf {
    /// Where it listens; `None`: the configuration has no event socket.
    pub listen: Option<SocketAddr>,
    /// The password.
    pub password: Secret<String>,
    /// Everybody knows the password: only this machine may connect.
    pub weak: bool,
    /// Lists that all have to let a client in.
    pub acls: Vec<String>,
    /// Clients at one time.
    pub max_clients: usize,
}

impl EventSocketConf {
    /// Reads it.
    pub fn compile(context: &CompileContext<'_>, report: &mut Diagnostics) -> EventSocketConf {
        let element = context.document.configuration(NAME);
        let source = element.map(|element| element.source.clone());
        let mut params = Params::new(
            element.and_then(|element| element.child("settings")),
            report,
        );
        let ip = params
            .parsed::<IpAddr>("listen-ip")
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let port = params.number("listen-port", PORT, 0..=u16::MAX);
        let password = params.text_or("password", KNOWN_PASSWORD);
        let mut acls: Vec<String> = params
            .all("apply-inbound-acl")
            .into_iter()
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        let acl_source = params.source("apply-inbound-acl");
        let password_source = params.source("password").or(source);
        let max_clients = params.number("max-clients", CLIENTS, 1..=1_024);
        params.meaningless(MEANINGLESS);
        params.finish();
        if acls.is_empty() {
            acls.push(LOOPBACK.to_owned());
        }
        for name in &acls {
            if !name.contains('/') && !context.access_lists.has(name) {
                report.warning(
                    acl_source.clone(),
                    format!("apply-inbound-acl {name}"),
                    "there is no such list, so nobody may connect",
                    "name a list of acl.conf, or a network such as 192.0.2.0/24",
                );
            }
        }
        let weak = is_weak_password("", &password);
        if weak && element.is_some() {
            report.warning(
                password_source,
                "the password of the event socket",
                "everybody knows it or it is too short",
                "only this machine may connect until it is changed; $${secret_event_socket} is a random one",
            );
        }
        EventSocketConf {
            listen: element.map(|_| SocketAddr::new(ip, port)),
            password: Secret::new(password),
            weak,
            acls,
            max_clients,
        }
    }
}
