//! A profile that runs: its sockets, its shards, and what they share.

use crate::config::{External, ProfileConf};
use crate::guard::Guard;
use crate::nat;
use crate::shard::ShardHandle;
use crate::transport::{self, tcp::Connections, udp::Udp};
use arc_swap::ArcSwap;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use strowger_core::Switch;
use strowger_core::shutdown::Shutdown;
use strowger_sip_proto::auth::Nonces;
use strowger_sip_proto::{FlowId, Transport};

/// What a profile has counted.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) calls_in: AtomicU64,
    pub(crate) failed_in: AtomicU64,
    pub(crate) calls_out: AtomicU64,
    pub(crate) failed_out: AtomicU64,
    /// Channels in use now.
    pub(crate) channels: AtomicUsize,
    /// Inbound calls that are not answered yet.
    pub(crate) proceeding: AtomicUsize,
    /// Messages dropped because a queue was full.
    pub(crate) dropped: AtomicU64,
    /// Messages and connections of strangers beyond their share, or of banned ones.
    pub(crate) refused: AtomicU64,
}

/// Our addresses as peers beyond a NAT see them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outside {
    pub(crate) sip: Option<IpAddr>,
    pub(crate) rtp: Option<IpAddr>,
}

/// One profile that runs.
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) switch: Switch,
    pub(crate) shutdown: Shutdown,
    pub(crate) conf: ArcSwap<ProfileConf>,
    pub(crate) outside: ArcSwap<Outside>,
    pub(crate) udp: Udp,
    pub(crate) tcp: Connections,
    pub(crate) shards: Vec<ShardHandle>,
    pub(crate) guard: Guard,
    pub(crate) nonces: Mutex<Nonces>,
    pub(crate) counters: Counters,
    pub(crate) trace: AtomicBool,
    pub(crate) hash: RandomState,
    /// Call-IDs of the calls that we placed: one that comes back to us is our own.
    pub(crate) own_calls: Mutex<HashSet<String>>,
    pub(crate) next_call: AtomicU64,
    pub(crate) next_flow: AtomicU64,
    pub(crate) next_rtp: AtomicUsize,
}

impl Profile {
    /// The address that this profile listens on.
    pub(crate) fn local(&self) -> SocketAddr {
        self.udp.local
    }

    /// The address that peers on our own network see; never `0.0.0.0`.
    pub(crate) fn shown_local(&self) -> IpAddr {
        let local = self.local().ip();
        if !local.is_unspecified() {
            return local;
        }
        let name = if local.is_ipv4() {
            "local_ip_v4"
        } else {
            "local_ip_v6"
        };
        self.switch
            .global(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// Host and port that a peer shall see in Via and Contact.
    pub(crate) fn sent_by(&self, peer: IpAddr) -> String {
        let conf = self.conf.load();
        let outside = self.outside.load();
        let (address, port) = match outside.sip {
            Some(address) if !self.is_local(peer) => {
                (address, conf.ext_sip_port.unwrap_or(self.local().port()))
            }
            _ => (self.shown_local(), self.local().port()),
        };
        format!("{}:{port}", nat::host_text(address))
    }

    /// Host alone, as in From.
    pub(crate) fn host_for(&self, peer: IpAddr) -> String {
        match self.outside.load().sip {
            Some(address) if !self.is_local(peer) => nat::host_text(address),
            _ => nat::host_text(self.shown_local()),
        }
    }

    /// Whether a peer is on our own network.
    pub(crate) fn is_local(&self, peer: IpAddr) -> bool {
        nat::is_local(&self.conf.load(), self.switch.config().acls(), peer)
    }

    /// A number for a new call.
    pub(crate) fn new_call(&self) -> u64 {
        self.next_call.fetch_add(1, Ordering::Relaxed)
    }

    /// A number for a new connection.
    pub(crate) fn new_flow(&self) -> FlowId {
        FlowId(self.next_flow.fetch_add(1, Ordering::Relaxed))
    }

    /// Which shard a Call-ID belongs to.
    pub(crate) fn shard_of(&self, call_id: &[u8]) -> usize {
        match self.shards.len() {
            0 | 1 => 0,
            many => (self.hash.hash_one(call_id) % many as u64) as usize,
        }
    }

    /// Which shard a message belongs to.
    pub(crate) fn shard_of_message(&self, octets: &[u8]) -> usize {
        if self.shards.len() < 2 {
            return 0;
        }
        self.shard_of(transport::call_id(octets))
    }

    pub(crate) fn nonces(&self) -> MutexGuard<'_, Nonces> {
        // Nonces are checked whole; a panic in between loses at most one count.
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn own_calls(&self) -> MutexGuard<'_, HashSet<String>> {
        self.own_calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Registrations over a connection that closed end with it, where the profile says so.
    pub(crate) fn connection_closed(&self, flow: FlowId) {
        if !self.conf.load().tcp_unregister_on_close {
            return;
        }
        let registrations = &self.switch.store().registrations;
        for registration in registrations.all() {
            if registration.profile == self.name && registration.flow == Some(flow.0) {
                registrations.remove(&registration.key());
                crate::registrar::gone(&self.switch, &registration, "sofia::unregister");
            }
        }
    }

    /// `sip:user@host:port` that the profile is reached at.
    pub(crate) fn url(&self) -> String {
        let conf = self.conf.load();
        let address = self
            .outside
            .load()
            .sip
            .unwrap_or_else(|| self.shown_local());
        format!(
            "sip:{}@{}:{}",
            conf.contact_user,
            nat::host_text(address),
            conf.ext_sip_port.unwrap_or(self.local().port())
        )
    }

    /// Transports that the profile has.
    pub(crate) fn transports() -> [Transport; 2] {
        [Transport::Udp, Transport::Tcp]
    }
}

/// Looks up what `ext-sip-ip` and `ext-rtp-ip` name.
pub(crate) async fn outside(conf: &ProfileConf) -> Outside {
    Outside {
        sip: resolve(&conf.name, "ext-sip-ip", &conf.ext_sip_ip).await,
        rtp: resolve(&conf.name, "ext-rtp-ip", &conf.ext_rtp_ip).await,
    }
}

async fn resolve(profile: &str, parameter: &str, external: &External) -> Option<IpAddr> {
    match external {
        External::Local => None,
        External::Fixed(address) => Some(*address),
        External::Name(name) => match tokio::net::lookup_host((name.as_str(), 0)).await {
            Ok(mut found) => found.next().map(|address| address.ip()),
            Err(error) => {
                tracing::error!(profile, parameter, name, %error, "the name cannot be resolved: the local address is shown");
                None
            }
        },
    }
}

/// All profiles that run, by name and alias.
#[derive(Default)]
pub(crate) struct Profiles {
    list: ArcSwap<Vec<Arc<Profile>>>,
}

impl Profiles {
    /// Replaces the list.
    pub(crate) fn set(&self, list: Vec<Arc<Profile>>) {
        self.list.store(Arc::new(list));
    }

    /// All of them, in file order.
    pub(crate) fn all(&self) -> Arc<Vec<Arc<Profile>>> {
        self.list.load_full()
    }

    /// The profile of that name or alias, without case.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Profile>> {
        let list = self.list.load();
        list.iter()
            .find(|profile| profile.name.eq_ignore_ascii_case(name))
            .or_else(|| {
                list.iter().find(|profile| {
                    aliases(profile)
                        .iter()
                        .any(|alias| alias.eq_ignore_ascii_case(name))
                })
            })
            .cloned()
    }
}

/// Other names of a profile: its aliases, and domains with `alias="true"` (`all`: every directory domain).
pub(crate) fn aliases(profile: &Profile) -> Vec<String> {
    let conf = profile.conf.load();
    let mut names = conf.aliases.clone();
    for rule in conf.domains.iter().filter(|rule| rule.alias) {
        if rule.name == "all" {
            let config = profile.switch.config();
            names.extend(
                config
                    .directory()
                    .domains()
                    .iter()
                    .map(|domain| domain.name.clone()),
            );
        } else {
            names.push(rule.name.clone());
        }
    }
    names
}
