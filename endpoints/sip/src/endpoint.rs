//! The endpoint `sofia`: opens the profiles' sockets, starts their shards, places calls.

use crate::config::{ProfileConf, SofiaConf};
use crate::guard::Guard;
use crate::outbound;
use crate::profile::{self, Counters, Profile, Profiles};
use crate::registrar;
use crate::shard::{self, Control, Inbox, Shard};
use crate::transport::{tcp, tell_shards, udp};
use arc_swap::ArcSwap;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use strowger_core::Switch;
use strowger_core::config::is_weak_password;
use strowger_core::endpoint::{Endpoint, NewCall, OutboundCall, StartError};
use strowger_core::shutdown::Shutdown;
use strowger_model::{BoxFuture, Event, HangupCause, is_true};
use strowger_sip_proto::FlowId;
use strowger_sip_proto::auth::Nonces;

/// How often expired registrations are looked for.
const EXPIRY: Duration = Duration::from_secs(1);
/// Users with weak passwords named in one message.
const WEAK_SHOWN: usize = 5;
/// When the kernel chooses the UDP port, how often another one is tried because its TCP port is taken.
const PORT_TRIES: usize = 16;

/// SIP.
#[derive(Default)]
pub struct Sofia {
    pub(crate) profiles: Profiles,
}

impl Sofia {
    /// The addresses that the profiles listen on, by name in file order; for tests and tools that let the kernel
    /// choose ports.
    pub fn listening(&self) -> Vec<(String, SocketAddr)> {
        self.profiles
            .all()
            .iter()
            .map(|profile| (profile.name.clone(), profile.local()))
            .collect()
    }
}

impl Endpoint for Sofia {
    fn name(&self) -> &'static str {
        "sofia"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["sip"]
    }

    fn start(
        self: Arc<Self>,
        switch: Switch,
        shutdown: Shutdown,
    ) -> BoxFuture<'static, Result<(), StartError>> {
        Box::pin(async move {
            let Some(conf) = switch.config().try_get::<SofiaConf>() else {
                return Ok(());
            };
            for conf in &conf.profiles {
                no_weak_passwords_everywhere(&switch, conf)?;
            }
            // Every socket is bound before anything is answered: a start that fails has done nothing.
            let mut opened = Vec::new();
            for conf in &conf.profiles {
                opened.push(open(&switch, &shutdown, conf.clone()).await?);
            }
            restore(&switch);
            let profiles: Vec<Arc<Profile>> =
                opened.iter().map(|opened| opened.profile.clone()).collect();
            self.profiles.set(profiles);
            for opened in opened {
                run(opened, &shutdown);
            }
            tokio::spawn(expire(switch, shutdown));
            Ok(())
        })
    }

    fn originate<'a>(
        &'a self,
        call: &'a OutboundCall,
    ) -> BoxFuture<'a, Result<NewCall, HangupCause>> {
        Box::pin(async move {
            let switch = self
                .profiles
                .all()
                .first()
                .map(|profile| profile.switch.clone());
            match switch {
                Some(switch) => outbound::originate(&switch, &self.profiles, call).await,
                None if call.destination.as_str().starts_with("gateway/") => {
                    Err(HangupCause::InvalidGateway)
                }
                None => Err(HangupCause::InvalidProfile),
            }
        })
    }

    fn listening(&self) -> Vec<String> {
        Sofia::listening(self)
            .into_iter()
            .map(|(name, address)| format!("SIP udp/tcp {address} ({name})"))
            .collect()
    }

    fn reconfigured<'a>(&'a self, switch: &'a Switch) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(conf) = switch.config().try_get::<SofiaConf>() else {
                return;
            };
            let running = self.profiles.all();
            for new in &conf.profiles {
                match running.iter().find(|profile| profile.name == new.name) {
                    Some(profile) => reconfigure(profile, new.clone()).await,
                    None => tracing::warn!(
                        profile = new.name,
                        "a new profile starts to listen with the next restart"
                    ),
                }
            }
            for profile in running.iter() {
                if !conf.profiles.iter().any(|new| new.name == profile.name) {
                    tracing::warn!(
                        profile = profile.name,
                        "the profile is not configured any more; it listens until the next restart"
                    );
                }
            }
        })
    }
}

async fn reconfigure(profile: &Arc<Profile>, new: Arc<ProfileConf>) {
    let old = profile.conf.load_full();
    if old.sip_ip != new.sip_ip || old.sip_port != new.sip_port || old.shards != new.shards {
        tracing::warn!(
            profile = new.name,
            listening = %profile.local(),
            "sip-ip, sip-port and shards take effect with the next restart"
        );
    }
    profile
        .outside
        .store(Arc::new(profile::outside(&new).await));
    profile.conf.store(new);
    tell_shards(profile, || Control::Configure).await;
}

/// A profile whose sockets are bound.
struct Opened {
    profile: Arc<Profile>,
    inboxes: Vec<Inbox>,
    udp: tokio::net::UdpSocket,
    tcp: tokio::net::TcpListener,
}

async fn open(
    switch: &Switch,
    shutdown: &Shutdown,
    conf: Arc<ProfileConf>,
) -> Result<Opened, StartError> {
    let (sender, receiver, listener) = bind(&conf)?;
    let outside = profile::outside(&conf).await;
    let (shards, inboxes) = (0..conf.shards).map(|_| shard::queues()).unzip();
    let mut key = [0; 32];
    rand::fill(&mut key);
    let profile = Arc::new(Profile {
        name: conf.name.clone(),
        switch: switch.clone(),
        shutdown: shutdown.clone(),
        outside: ArcSwap::from_pointee(outside),
        udp: sender,
        tcp: tcp::Connections::default(),
        shards,
        guard: Guard::default(),
        nonces: Mutex::new(Nonces::new(key, conf.nonce_ttl)),
        counters: Counters::default(),
        trace: AtomicBool::new(conf.trace),
        hash: RandomState::new(),
        own_calls: Mutex::new(HashSet::new()),
        next_call: AtomicU64::new(1),
        // 0 is the datagram socket.
        next_flow: AtomicU64::new(1),
        next_rtp: AtomicUsize::new(0),
        conf: ArcSwap::new(conf),
    });
    Ok(Opened {
        profile,
        inboxes,
        udp: receiver,
        tcp: listener,
    })
}

/// A profile that listens on every address is open to whoever finds it: with a password that everybody knows it does not
/// start. On a single address such users are only let in from close by.
fn no_weak_passwords_everywhere(switch: &Switch, conf: &ProfileConf) -> Result<(), StartError> {
    if !conf.sip_ip.is_unspecified() || (conf.disable_register && !conf.auth_calls) {
        return Ok(());
    }
    let config = switch.config();
    let weak: Vec<String> = config
        .directory()
        .domains()
        .iter()
        .flat_map(|domain| domain.users())
        .filter(|user| !user.param("allow-weak-password").is_some_and(is_true))
        .filter(|user| {
            user.password()
                .is_some_and(|password| is_weak_password(&user.id, password.reveal()))
        })
        .map(|user| format!("{} ({})", user.address(), user.source))
        .take(WEAK_SHOWN)
        .collect();
    if weak.is_empty() {
        return Ok(());
    }
    Err(StartError {
        what: format!(
            "profile `{}` listens on every address of this host",
            conf.name
        ),
        why: format!("anybody can guess the password of {}", weak.join(", ")),
        advice: format!(
            "give these users random passwords, or set sip-ip of the profile ({}) to one local address, or give such a user the parameter allow-weak-password=true",
            conf.source
        ),
    })
}

type Bound = (udp::Udp, tokio::net::UdpSocket, tokio::net::TcpListener);

/// Binds UDP and TCP to one port.
fn bind(conf: &ProfileConf) -> Result<Bound, StartError> {
    let address = SocketAddr::new(conf.sip_ip, conf.sip_port);
    let mut tries = if conf.sip_port == 0 { PORT_TRIES } else { 1 };
    loop {
        let (sender, receiver) = udp::Udp::bind(address, FlowId(0))
            .map_err(|error| cannot_listen(conf, "UDP", address, &error))?;
        tries -= 1;
        match tcp::listen(sender.local) {
            Ok(listener) => return Ok((sender, receiver, listener)),
            Err(error) if tries == 0 => {
                return Err(cannot_listen(conf, "TCP", sender.local, &error));
            }
            Err(_) => {}
        }
    }
}

fn cannot_listen(
    conf: &ProfileConf,
    transport: &str,
    address: SocketAddr,
    error: &io::Error,
) -> StartError {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "stop the other program that listens there, or change sip-port in profile `{}` ({})",
            conf.name, conf.source
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "this host has no such address: change sip-ip in profile `{}` ({})",
            conf.name, conf.source
        ),
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need the right to bind them: choose another sip-port, or grant CAP_NET_BIND_SERVICE"
                .to_owned()
        }
        _ => format!("check sip-ip and sip-port of profile `{}` ({})", conf.name, conf.source),
    };
    StartError {
        what: format!(
            "SIP cannot listen on {}",
            crate::transport::address_text(address, transport)
        ),
        why: error.to_string(),
        advice,
    }
}

fn run(opened: Opened, shutdown: &Shutdown) {
    let Opened {
        profile,
        inboxes,
        udp,
        tcp,
    } = opened;
    for (index, inbox) in inboxes.into_iter().enumerate() {
        tokio::spawn(Shard::new(profile.clone(), index).run(inbox));
    }
    tokio::spawn(udp::receive(profile.clone(), udp, shutdown.clone()));
    tokio::spawn(tcp::accept(profile.clone(), tcp, shutdown.clone()));
    tracing::info!(profile = profile.name, address = %profile.local(), "SIP listens on UDP and TCP");
    let event = Event::custom("sofia::profile_start")
        .header("module_name", "mod_sofia")
        .header("profile_name", profile.name.as_str())
        .header("profile_uri", profile.url());
    profile.switch.events().publish(event);
}

/// Takes over the registrations that survived the last run.
fn restore(switch: &Switch) {
    let now = switch.clock().now().timestamp();
    match switch.store().registrations.restore(now) {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "registrations restored"),
        Err(error) => {
            tracing::error!(%error, "registrations could not be restored: phones will register anew")
        }
    }
}

/// Ends registrations whose time is over.
async fn expire(switch: Switch, shutdown: Shutdown) {
    let mut tick = tokio::time::interval(EXPIRY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shutdown.stopping() => return,
        }
        let now = switch.clock().now().timestamp();
        for registration in switch.store().registrations.expire(now) {
            registrar::gone(&switch, &registration, "sofia::expire");
        }
    }
}

impl Profile {
    /// Switches the tracing of messages.
    pub(crate) fn set_trace(&self, on: bool) {
        self.trace.store(on, Ordering::Relaxed);
    }
}
