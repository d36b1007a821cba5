//! Where packets come from and go to.

pub mod latch;
pub mod memory;
pub mod udp;

pub use memory::{MemoryTransport, memory_pair};

use crate::rtp::packet::MAX_DATAGRAM;
use std::net::SocketAddr;
use std::os::fd::RawFd;

/// Packets taken from a transport in one go.
pub const BATCH_PACKETS: usize = 8;

/// Which of a leg's two channels a packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Media.
    Rtp,
    /// Reports.
    Rtcp,
}

/// One packet of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Its length; longer than the buffer when it was cut off.
    pub len: usize,
    /// Who sent it; `None` where the transport itself vouches for the far end.
    pub from: Option<SocketAddr>,
    /// The channel it came through.
    pub channel: Channel,
}

/// Room for the packets of one go; a worker owns one and lends it to each leg in turn.
pub struct PacketBatch {
    arrivals: [Arrival; BATCH_PACKETS],
    count: usize,
    buffers: Box<[[u8; MAX_DATAGRAM]; BATCH_PACKETS]>,
}

impl Default for PacketBatch {
    fn default() -> PacketBatch {
        PacketBatch::new()
    }
}

impl PacketBatch {
    /// An empty batch.
    pub fn new() -> PacketBatch {
        PacketBatch {
            arrivals: [Arrival {
                len: 0,
                from: None,
                channel: Channel::Rtp,
            }; BATCH_PACKETS],
            count: 0,
            buffers: Box::new([[0; MAX_DATAGRAM]; BATCH_PACKETS]),
        }
    }

    /// Number of packets.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether no more fit.
    pub fn is_full(&self) -> bool {
        self.count == BATCH_PACKETS
    }

    /// Forgets the packets.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Lets `fill` write one packet; it returns what arrived, or `None` when there is nothing.
    pub fn push_with(
        &mut self,
        fill: impl FnOnce(&mut [u8; MAX_DATAGRAM]) -> Option<Arrival>,
    ) -> bool {
        let Some(buffer) = self.buffers.get_mut(self.count) else {
            return false;
        };
        let Some(arrival) = fill(buffer) else {
            return false;
        };
        self.arrivals[self.count] = arrival;
        self.count += 1;
        true
    }

    /// Packet `index` and its octets; `None` beyond the last.
    pub fn get(&self, index: usize) -> Option<(Arrival, &[u8])> {
        if index >= self.count {
            return None;
        }
        let arrival = self.arrivals[index];
        Some((
            arrival,
            &self.buffers[index][..arrival.len.min(MAX_DATAGRAM)],
        ))
    }
}

/// Carries one leg's packets. Nothing in it may block, lock or allocate.
pub trait PacketTransport: Send {
    /// Appends what has arrived to `batch`, until it is full or there is nothing more. `reports`: look for RTCP, too.
    fn receive(&mut self, batch: &mut PacketBatch, reports: bool);

    /// Sends one packet; `false` when it could not be.
    fn send(&mut self, channel: Channel, packet: &[u8], to: SocketAddr) -> bool;

    /// The descriptor that becomes readable when RTP arrives, if there is one.
    fn readable(&self) -> Option<RawFd>;

    /// Our own RTP address; `None` where packets do not leave the process and need no address.
    fn local(&self) -> Option<SocketAddr>;
}

impl PacketTransport for MemoryTransport {
    fn receive(&mut self, batch: &mut PacketBatch, _reports: bool) {
        while batch.push_with(|buffer| {
            let len = self.try_receive(buffer)?;
            let channel = if crate::rtp::packet::is_rtcp(&buffer[..len]) {
                Channel::Rtcp
            } else {
                Channel::Rtp
            };
            Some(Arrival {
                len,
                from: None,
                channel,
            })
        }) {}
    }

    fn send(&mut self, channel: Channel, packet: &[u8], _to: SocketAddr) -> bool {
        // Nobody in the process wants reports about it.
        channel == Channel::Rtcp || self.try_send(packet)
    }

    fn readable(&self) -> Option<RawFd> {
        None
    }

    fn local(&self) -> Option<SocketAddr> {
        None
    }
}
