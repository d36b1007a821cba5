//! Datagrams: one socket a profile.

use super::{arrived, is_keepalive};
use crate::profile::Profile;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use strowger_core::shutdown::Shutdown;
use strowger_sip_proto::{Flow, FlowId, Transport};

/// Octets that the kernel keeps for us while we are busy; it may grant less.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;
/// The largest datagram.
const DATAGRAM: usize = 65_536;
/// How long to rest after the kernel reported an error, so that a lasting one does not spin.
const AFTER_ERROR: Duration = Duration::from_millis(10);

/// The sending end of the socket.
pub(crate) struct Udp {
    socket: UdpSocket,
    pub(crate) flow: FlowId,
    pub(crate) local: SocketAddr,
    unsent: AtomicU64,
}

impl Udp {
    /// Binds; gives the sending end and the receiving end of one socket.
    pub(crate) fn bind(
        address: SocketAddr,
        flow: FlowId,
    ) -> io::Result<(Udp, tokio::net::UdpSocket)> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // A smaller buffer than wished is no reason not to start.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket: UdpSocket = socket.into();
        let local = socket.local_addr()?;
        let receiver = tokio::net::UdpSocket::from_std(socket.try_clone()?)?;
        let sender = Udp {
            socket,
            flow,
            local,
            unsent: AtomicU64::new(0),
        };
        Ok((sender, receiver))
    }

    /// Sends one datagram. When the kernel's buffer is full it is dropped and counted: SIP retransmits.
    pub(crate) fn send(&self, peer: SocketAddr, octets: &[u8]) -> io::Result<()> {
        match self.socket.send_to(octets, peer) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.unsent.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Receives until the exchange stops.
pub(crate) async fn receive(
    profile: Arc<Profile>,
    socket: tokio::net::UdpSocket,
    shutdown: Shutdown,
) {
    let mut buffer = vec![0; DATAGRAM];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = shutdown.stopping() => return,
        };
        match received {
            Ok((length, peer)) => {
                let octets = buffer.get(..length).unwrap_or_default();
                if is_keepalive(octets) {
                    continue;
                }
                let flow = Flow {
                    id: profile.udp.flow,
                    transport: Transport::Udp,
                    peer,
                };
                arrived(&profile, flow, octets.to_vec());
            }
            Err(error) => {
                tracing::debug!(profile = profile.name, %error, "receiving a datagram failed");
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
}
