//! Streams: accepting and opening connections, their limits and their deadlines.

use super::{SendError, arrived, tell_shards};
use crate::profile::Profile;
use crate::shard::Control;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use strowger_core::shutdown::Shutdown;
use strowger_sip_proto::message::{Frame, Framer, Limits};
use strowger_sip_proto::{Destination, Flow, FlowId, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// A new connection must send something within this time.
const FIRST_OCTETS: Duration = Duration::from_secs(5);
/// A message once begun must be complete within this time.
const WHOLE_MESSAGE: Duration = Duration::from_secs(10);
/// A stranger's connection without messages is closed after this time.
const STRANGER_IDLE: Duration = Duration::from_secs(30);
/// A peer that does not read what we send loses its connection after this time.
const WRITE: Duration = Duration::from_secs(10);
/// How long a peer that has closed its half of the connection may wait for answers.
const ANSWER: Duration = Duration::from_secs(2);
/// How long opening a connection may take; less than the transaction's 32 s, so that another address can be tried.
const CONNECT: Duration = Duration::from_secs(5);
/// Connections from one address.
const PER_SOURCE: usize = 64;
/// Connections in all; a connection costs a descriptor and about 20 kB.
const CONNECTIONS: usize = 4_096;
/// Of these, how many strangers may hold: the rest is for peers that proved themselves.
const FOR_STRANGERS: usize = CONNECTIONS / 5 * 4;
/// Messages that wait for one connection.
const QUEUE: usize = 64;
/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 1_024;
/// How long to rest when no connection can be accepted (no descriptors left).
const AFTER_ERROR: Duration = Duration::from_millis(100);
/// Octets read at once.
const CHUNK: usize = 8_192;

struct Open {
    peer: SocketAddr,
    queue: mpsc::Sender<Vec<u8>>,
    trusted: Arc<AtomicBool>,
}

/// The connections of one profile.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<FlowId, Open>>,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, HashMap<FlowId, Open>> {
        // Only single insertions and removals happen under the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message on a connection; `false` when it is gone or its peer does not read.
    pub(crate) fn send(&self, flow: FlowId, octets: Vec<u8>) -> bool {
        self.lock()
            .get(&flow)
            .is_some_and(|open| open.queue.try_send(octets).is_ok())
    }

    /// The connection to this address, if one is open.
    pub(crate) fn find(&self, peer: SocketAddr) -> Option<FlowId> {
        self.lock()
            .iter()
            .find(|(_, open)| open.peer == peer)
            .map(|(id, _)| *id)
    }

    /// The far end of a connection.
    pub(crate) fn peer(&self, flow: FlowId) -> Option<SocketAddr> {
        self.lock().get(&flow).map(|open| open.peer)
    }

    /// The peer proved itself: its connection may be idle.
    pub(crate) fn trust(&self, flow: FlowId) {
        if let Some(open) = self.lock().get(&flow) {
            open.trusted.store(true, Ordering::Relaxed);
        }
    }

    /// Takes a connection in; `None` when there are too many already.
    fn admit(
        &self,
        id: FlowId,
        peer: SocketAddr,
        known: bool,
    ) -> Option<(mpsc::Receiver<Vec<u8>>, Arc<AtomicBool>)> {
        let mut open = self.lock();
        let most = if known { CONNECTIONS } else { FOR_STRANGERS };
        let source: IpAddr = peer.ip().to_canonical();
        let same = open
            .values()
            .filter(|other| other.peer.ip().to_canonical() == source)
            .count();
        if open.len() >= most || (same >= PER_SOURCE && !source.is_loopback()) {
            return None;
        }
        // Programs on this host share one address; they may have more, but not everything.
        if source.is_loopback() && same >= FOR_STRANGERS / 2 {
            return None;
        }
        let (queue, waiting) = mpsc::channel(QUEUE);
        let trusted = Arc::new(AtomicBool::new(false));
        open.insert(
            id,
            Open {
                peer,
                queue,
                trusted: trusted.clone(),
            },
        );
        Some((waiting, trusted))
    }

    fn remove(&self, id: FlowId) {
        self.lock().remove(&id);
    }
}

/// Opens the listening socket.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // After a restart the old connections' TIME_WAIT must not keep the port.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Accepts until the exchange stops.
pub(crate) async fn accept(profile: Arc<Profile>, listener: TcpListener, shutdown: Shutdown) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.stopping() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(profile = profile.name, %error, "a connection could not be accepted");
                tokio::time::sleep(AFTER_ERROR).await;
                continue;
            }
        };
        let now = std::time::Instant::now();
        if profile.guard.is_banned(peer.ip(), now) {
            profile.counters.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let id = profile.new_flow();
        let known = profile.guard.is_known(peer.ip(), now);
        let Some((waiting, trusted)) = profile.tcp.admit(id, peer, known) else {
            profile.counters.refused.fetch_add(1, Ordering::Relaxed);
            if profile.guard.may_log(peer.ip(), "connections", now) {
                tracing::info!(profile = profile.name, source = %peer.ip(), "too many connections: the new one is closed");
            }
            continue;
        };
        let profile = profile.clone();
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            let connection = Connection {
                profile,
                flow: Flow {
                    id,
                    transport: Transport::Tcp,
                    peer,
                },
                trusted,
                inbound: true,
            };
            connection.serve(stream, waiting, shutdown).await;
        });
    }
}

/// Sends over the connection to an address, opening it first when there is none.
pub(crate) fn send_or_connect(
    profile: &Arc<Profile>,
    peer: SocketAddr,
    to: Destination,
    octets: Vec<u8>,
) -> Result<(), SendError> {
    if let Some(flow) = profile.tcp.find(peer) {
        return if profile.tcp.send(flow, octets) {
            Ok(())
        } else {
            Err(SendError::Connection)
        };
    }
    let id = profile.new_flow();
    let Some((waiting, trusted)) = profile.tcp.admit(id, peer, true) else {
        return Err(SendError::Connection);
    };
    // We chose this peer: nothing to prove.
    trusted.store(true, Ordering::Relaxed);
    profile.tcp.send(id, octets);
    let profile = profile.clone();
    tokio::spawn(async move {
        match connect(&profile, peer).await {
            Ok(stream) => {
                let shutdown = profile.shutdown.clone();
                let connection = Connection {
                    profile,
                    flow: Flow {
                        id,
                        transport: Transport::Tcp,
                        peer,
                    },
                    trusted,
                    inbound: false,
                };
                connection.serve(stream, waiting, shutdown).await;
            }
            Err(error) => {
                tracing::debug!(profile = profile.name, %peer, %error, "no connection");
                profile.tcp.remove(id);
                tell_shards(&profile, || Control::SendFailed(to.clone())).await;
            }
        }
    });
    Ok(())
}

async fn connect(profile: &Profile, peer: SocketAddr) -> io::Result<TcpStream> {
    let local = profile.local();
    let socket = if peer.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if local.is_ipv4() == peer.is_ipv4() && !local.ip().is_unspecified() {
        socket.bind(SocketAddr::new(local.ip(), 0))?;
    }
    timeout(CONNECT, socket.connect(peer))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// One open connection.
struct Connection {
    profile: Arc<Profile>,
    flow: Flow,
    trusted: Arc<AtomicBool>,
    inbound: bool,
}

impl Connection {
    async fn serve(
        self,
        mut stream: TcpStream,
        mut waiting: mpsc::Receiver<Vec<u8>>,
        shutdown: Shutdown,
    ) {
        // Without these two a message waits, and a vanished peer is noticed late; neither ends the connection.
        let _ = stream.set_nodelay(true);
        if let Some(time) = self.profile.conf.load().tcp_keepalive {
            let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(time));
        }
        let mut framer = Framer::new(Limits::default());
        let mut buffer = vec![0; CHUNK];
        let opened = Instant::now();
        let mut heard = false;
        // When the message under way began, and when the last complete one came.
        let mut began: Option<Instant> = None;
        let mut last = opened;
        // The peer has said all it will say; it may still want our answer.
        let mut ended: Option<Instant> = None;
        loop {
            let deadline = if ended.is_some() {
                ended
            } else if let Some(began) = began {
                Some(began + WHOLE_MESSAGE)
            } else if self.inbound && !heard {
                Some(opened + FIRST_OCTETS)
            } else if self.trusted.load(Ordering::Relaxed) {
                None
            } else {
                Some(last + STRANGER_IDLE)
            };
            // Trust may come while we wait: look again then.
            let look = deadline.unwrap_or_else(|| Instant::now() + STRANGER_IDLE);
            tokio::select! {
                read = stream.read(&mut buffer), if ended.is_none() => {
                    let Ok(length) = read else { break };
                    if length == 0 {
                        ended = Some(Instant::now() + ANSWER);
                        continue;
                    }
                    heard = true;
                    framer.push(buffer.get(..length).unwrap_or_default());
                    let before = last;
                    if !self.take_frames(&mut framer, &mut stream, &mut last).await {
                        if last == before && last == opened {
                            break;
                        }
                        // What came before the unreadable part is still answered.
                        ended = Some(Instant::now() + ANSWER);
                        continue;
                    }
                    began = framer.is_partial().then(|| began.unwrap_or_else(Instant::now));
                }
                message = waiting.recv() => {
                    let Some(message) = message else { break };
                    if !write(&mut stream, &message).await {
                        break;
                    }
                }
                () = sleep_until(look) => {
                    let trusted = ended.is_none()
                        && began.is_none()
                        && heard
                        && self.trusted.load(Ordering::Relaxed);
                    if deadline.is_some() && !trusted {
                        break;
                    }
                }
                () = shutdown.stopping() => {
                    // The last words that are queued still go out.
                    while let Ok(message) = waiting.try_recv() {
                        if !write(&mut stream, &message).await {
                            break;
                        }
                    }
                    break;
                }
            }
        }
        self.profile.tcp.remove(self.flow.id);
        self.profile.connection_closed(self.flow.id);
        let id = self.flow.id;
        tell_shards(&self.profile, || Control::FlowClosed(id)).await;
    }

    /// Hands complete messages on; `false` when the stream cannot be read any further.
    async fn take_frames(
        &self,
        framer: &mut Framer,
        stream: &mut TcpStream,
        last: &mut Instant,
    ) -> bool {
        while let Some(frame) = framer.next() {
            match frame {
                Ok(Frame::Message(octets)) => {
                    *last = Instant::now();
                    arrived(&self.profile, self.flow, octets);
                }
                Ok(Frame::Ping) => {
                    if !write(stream, b"\r\n").await {
                        return false;
                    }
                }
                Ok(Frame::Pong) => {}
                Err(error) => {
                    if let Some(response) = error.0.response(Some("unreadable")) {
                        write(stream, &response).await;
                    }
                    return false;
                }
            }
        }
        true
    }
}

async fn write(stream: &mut TcpStream, octets: &[u8]) -> bool {
    matches!(timeout(WRITE, stream.write_all(octets)).await, Ok(Ok(())))
}
