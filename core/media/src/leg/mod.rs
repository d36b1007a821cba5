//! The media half of a call leg.

pub mod bug;
pub mod config;
pub mod event;
pub(crate) mod prepared;
pub mod write_list;

pub use bug::{Keep, MediaBug, Side};
pub use config::{
    JitterSettings, LearnFrom, LegConfig, NegotiatedFormat, RemoteMedia, RemoteRefused,
    TelephoneEventFormat,
};
pub use event::{LegEvent, LegListener};
pub use write_list::{Source, WriteList};

use crate::handle::{LegShared, Listener};
use crate::leg::prepared::{Prepared, ResolvedWrites};
use crate::pool::TransportSpec;
use crate::rate::SampleRate;
use crate::transport::PacketTransport;
use crate::worker::command::BugSlot;
use std::sync::Arc;

/// Bugs that one leg may carry; a further one ends at once.
pub(crate) const MAX_BUGS: usize = 16;

/// One leg, owned by its worker.
pub(crate) struct Leg {
    pub(crate) shared: Arc<LegShared>,
    pub(crate) listener: Listener,
    pub(crate) transport: Box<dyn PacketTransport>,
    pub(crate) rate: SampleRate,
    pub(crate) prepared: Option<Box<Prepared>>,
    pub(crate) writes: Option<Box<ResolvedWrites>>,
    pub(crate) bugs: Vec<Box<BugSlot>>,
    pub(crate) muted_read: bool,
    pub(crate) muted_write: bool,
}

impl Leg {
    pub(crate) fn new(
        shared: Arc<LegShared>,
        listener: Listener,
        transport: TransportSpec,
        rate: SampleRate,
    ) -> Leg {
        let transport: Box<dyn PacketTransport> = match transport {
            TransportSpec::Udp(sockets) => Box::new(sockets),
            TransportSpec::Memory(memory) => Box::new(memory),
        };
        Leg {
            shared,
            listener,
            transport,
            rate,
            prepared: None,
            writes: None,
            bugs: Vec::with_capacity(MAX_BUGS),
            muted_read: false,
            muted_write: false,
        }
    }
}
