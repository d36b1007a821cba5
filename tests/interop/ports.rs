//! Ports for one exchange and its phones, so that tests of all processes run side by side.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

/// Below it are well-known ports.
const FIRST: u16 = 10_100;
/// From here on the system gives ports to outgoing connections.
const END: u16 = 32_000;
/// Ports in one block: 100 for signalling and phones, the rest for audio.
const BLOCK: u16 = 600;
/// Ports of a block that are not for the exchange's audio.
const SIGNALLING: u16 = 100;

/// A run of ports that no other test has. A socket bound to its first port is the lock, which the system
/// gives back even when a test is killed.
pub struct PortBlock {
    base: u16,
    length: u16,
    _guards: Vec<UdpSocket>,
}

impl PortBlock {
    /// Takes `blocks` neighbouring blocks.
    pub fn take(blocks: u16) -> PortBlock {
        let count = (END - FIRST) / BLOCK;
        // Different processes start looking at different places: fewer collisions.
        let offset = u16::try_from(std::process::id() % u32::from(count)).unwrap_or(0);
        for step in 0..count {
            let block = (offset + step) % count;
            if block + blocks > count {
                continue;
            }
            let base = FIRST + block * BLOCK;
            if let Some(guards) = lock(base, blocks) {
                let taken = PortBlock {
                    base,
                    length: blocks * BLOCK,
                    _guards: guards,
                };
                if [0, 2, 4].into_iter().all(|index| is_free(taken.at(index))) {
                    return taken;
                }
            }
        }
        panic!("no {blocks} free blocks of {BLOCK} ports between {FIRST} and {END}");
    }

    /// The port at that place; 0 to 98.
    pub fn at(&self, index: u16) -> u16 {
        assert!(index < SIGNALLING - 1, "a signalling port");
        self.base + 1 + index
    }

    /// Whether the port is bound by this block itself.
    pub fn is_guard(&self, port: u16) -> bool {
        port >= self.base && (port - self.base).is_multiple_of(BLOCK)
    }

    /// First and last port for audio.
    pub fn media(&self) -> (u16, u16) {
        (self.base + SIGNALLING, self.base + self.length - 1)
    }
}

fn lock(base: u16, blocks: u16) -> Option<Vec<UdpSocket>> {
    (0..blocks)
        .map(|block| UdpSocket::bind((Ipv4Addr::LOCALHOST, base + block * BLOCK)).ok())
        .collect()
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
