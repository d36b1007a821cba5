//! Packets within the process: a crosswise pair of bounded rings, for the loopback endpoint and for tests.

use crate::rtp::packet::MAX_DATAGRAM;
use rtrb::{Consumer, Producer, RingBuffer};

/// Packets that one direction holds; when full, the newest is dropped, as on a network.
pub const MEMORY_RING_PACKETS: usize = 64;

/// One packet in a ring.
struct Cell {
    len: usize,
    octets: [u8; MAX_DATAGRAM],
}

/// One end of a [`memory_pair`]: hand it to a leg, or act as a phone with it.
pub struct MemoryTransport {
    outgoing: Producer<Box<Cell>>,
    incoming: Consumer<Box<Cell>>,
    /// Emptied cells go back to their sender, so that nothing is allocated after the start.
    give_back: Producer<Box<Cell>>,
    free: Consumer<Box<Cell>>,
}

/// Two ends; what one sends the other receives, in order, at most [`MEMORY_RING_PACKETS`] unread.
pub fn memory_pair() -> (MemoryTransport, MemoryTransport) {
    let (a_out, b_in) = RingBuffer::new(MEMORY_RING_PACKETS);
    let (b_out, a_in) = RingBuffer::new(MEMORY_RING_PACKETS);
    let (b_back, a_free) = full_ring();
    let (a_back, b_free) = full_ring();
    (
        MemoryTransport {
            outgoing: a_out,
            incoming: a_in,
            give_back: a_back,
            free: a_free,
        },
        MemoryTransport {
            outgoing: b_out,
            incoming: b_in,
            give_back: b_back,
            free: b_free,
        },
    )
}

/// A ring filled with empty cells.
fn full_ring() -> (Producer<Box<Cell>>, Consumer<Box<Cell>>) {
    let (mut producer, consumer) = RingBuffer::new(MEMORY_RING_PACKETS);
    for _ in 0..MEMORY_RING_PACKETS {
        // The ring was just made with room for exactly so many.
        let _ = producer.push(Box::new(Cell {
            len: 0,
            octets: [0; MAX_DATAGRAM],
        }));
    }
    (producer, consumer)
}

impl MemoryTransport {
    /// Takes the oldest packet into `buf` (cut to its length) and returns its length; `None` when there is none.
    pub fn try_receive(&mut self, buf: &mut [u8]) -> Option<usize> {
        let cell = self.incoming.pop().ok()?;
        let len = cell.len.min(buf.len());
        buf[..len].copy_from_slice(&cell.octets[..len]);
        // As many cells exist as this ring has places.
        let _ = self.give_back.push(cell);
        Some(len)
    }

    /// Sends one whole RTP packet; `false` when the other side does not keep up, is gone, or the packet is too long.
    pub fn try_send(&mut self, packet: &[u8]) -> bool {
        if packet.len() > MAX_DATAGRAM || self.outgoing.is_abandoned() {
            return false;
        }
        let Ok(mut cell) = self.free.pop() else {
            return false;
        };
        cell.len = packet.len();
        cell.octets[..packet.len()].copy_from_slice(packet);
        self.outgoing.push(cell).is_ok()
    }

    /// Whether the other end was dropped.
    pub fn is_abandoned(&self) -> bool {
        self.outgoing.is_abandoned()
    }
}
