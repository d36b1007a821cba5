//! Accepting: the listener, who may connect, how many.

use crate::config::EventSocketConf;
use crate::connection::{self, Peer};
use crate::guard::Guard;
use crate::log::LogTap;
use crate::wire;
use socket2::{SockRef, TcpKeepalive};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use strowger_core::Switch;
use strowger_core::endpoint::{Endpoint, NewCall, OutboundCall, StartError};
use strowger_core::shutdown::Shutdown;
use strowger_model::{BoxFuture, HangupCause};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How long a refused client has to take its refusal.
const REFUSAL: Duration = Duration::from_secs(2);
/// Refusals being written at one time; others are closed without a word.
const REFUSALS: usize = 32;
/// A client that died without a word is noticed after about this long.
const KEEPALIVE: Duration = Duration::from_secs(60);
/// Pause after an error of `accept` (such as no descriptors), so that it is not asked again and again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The event socket of one switch.
pub struct EventSocket {
    local: OnceLock<SocketAddr>,
    log: LogTap,
}

impl EventSocket {
    /// An event socket whose clients may read this log.
    pub fn new(log: LogTap) -> EventSocket {
        EventSocket {
            local: OnceLock::new(),
            log,
        }
    }

    /// Where it listens, once it does.
    pub fn local(&self) -> Option<SocketAddr> {
        self.local.get().copied()
    }
}

impl Endpoint for EventSocket {
    fn name(&self) -> &'static str {
        "event_socket"
    }

    fn start(
        self: Arc<Self>,
        switch: Switch,
        shutdown: Shutdown,
    ) -> BoxFuture<'static, Result<(), StartError>> {
        Box::pin(async move {
            let Some(conf) = conf(&switch) else {
                return Ok(());
            };
            let Some(address) = conf.listen else {
                return Ok(());
            };
            let listener = TcpListener::bind(address)
                .await
                .map_err(|error| StartError {
                    what: format!("the event socket cannot listen on {address}"),
                    why: error.to_string(),
                    advice: "another program may be using the port: stop it, or choose another \
                         listen-port in event_socket.conf (or --set event_socket_port=…)"
                        .to_owned(),
                })?;
            let local = listener.local_addr().unwrap_or(address);
            let _ = self.local.set(local);
            let clients = Arc::new(Semaphore::new(conf.max_clients));
            tokio::spawn(accept(
                listener,
                switch,
                shutdown,
                clients,
                self.log.clone(),
            ));
            Ok(())
        })
    }

    fn originate<'a>(
        &'a self,
        _call: &'a OutboundCall,
    ) -> BoxFuture<'a, Result<NewCall, HangupCause>> {
        Box::pin(async { Err(HangupCause::ChanNotImplemented) })
    }

    fn listening(&self) -> Vec<String> {
        self.local()
            .map(|address| format!("event socket {address}"))
            .into_iter()
            .collect()
    }
}

pub(crate) fn conf(switch: &Switch) -> Option<Arc<EventSocketConf>> {
    switch.config().try_get::<EventSocketConf>()
}

async fn accept(
    listener: TcpListener,
    switch: Switch,
    shutdown: Shutdown,
    clients: Arc<Semaphore>,
    log: LogTap,
) {
    let guard = Arc::new(Guard::default());
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.stopping() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("the event socket cannot accept a client: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let address = peer.ip().to_canonical();
        let place = clients.clone().try_acquire_owned();
        let refusal = match (&place, refusal(&switch, address, &guard)) {
            (_, Some(why)) => Some(why),
            (Err(_), None) => Some("as many clients as max-clients are connected"),
            (Ok(_), None) => None,
        };
        if let Some(why) = refusal {
            tracing::warn!(%address, "event socket: a client was refused: {why}");
            if let Ok(permit) = refusals.clone().try_acquire_owned() {
                tokio::spawn(async move {
                    refuse(stream).await;
                    drop(permit);
                });
            }
            continue;
        }
        keep_alive(&stream);
        let peer = Peer {
            address,
            guard: guard.clone(),
            log: log.clone(),
        };
        let (switch, shutdown) = (switch.clone(), shutdown.clone());
        tokio::spawn(async move {
            connection::serve(stream, peer, switch, shutdown).await;
            drop(place);
        });
    }
}

/// Why this address may not connect.
fn refusal(switch: &Switch, address: IpAddr, guard: &Guard) -> Option<&'static str> {
    let config = switch.config();
    let Some(conf) = config.try_get::<EventSocketConf>() else {
        return Some("there is no configuration");
    };
    if conf.weak && !address.is_loopback() {
        return Some("the password is well known, so only this machine may connect");
    }
    let acls = config.acls();
    if !conf
        .acls
        .iter()
        .all(|list| acls.check(list, address).allowed)
    {
        return Some("apply-inbound-acl does not let it in");
    }
    guard
        .refuses(address, Instant::now())
        .then_some("it sent too many wrong passwords")
}

async fn refuse(mut stream: TcpStream) {
    let text = wire::rude_rejection();
    // Whoever does not take the refusal misses it.
    let _ = tokio::time::timeout(REFUSAL, async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await
    })
    .await;
}

fn keep_alive(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE / 4);
    if let Err(error) = SockRef::from(stream).set_tcp_keepalive(&keepalive) {
        tracing::debug!("keep-alive cannot be switched on: {error}");
    }
}
