//! Everything that happens to audio, frame by frame: RTP, codecs, jitter, players, recorders, and the
//! worker threads that move them on one 20 ms clock. Nothing here knows tokio, XML or sessions.
//!
//! A [`MediaPool`] has workers; a worker has legs and players; a [`LegHandle`] tells a leg what to do and a
//! [`LegListener`] hears what happened. One tick of a worker, in order:
//!
//! 1. commands are obeyed (`worker::obey`), and it is derived who is relayed (`leg::relay`);
//! 2. every leg takes in what has arrived: whose is it (`transport::latch`, `rtp::sequence`), what is it
//!    (`leg::receive`), when is it due (`jitter`);
//! 3. every leg takes one quantum out of its jitter buffer, not decoded unless somebody asks, and shows it to its bugs;
//! 4. every leg sums the sources of its [`WriteList`], or passes one on as it is, and sends it (`leg::write`);
//! 5. what other workers hear is published (`worker::link`), reports are sent (`rtcp`), counters become readable.
//!
//! Between ticks a worker forwards what arrives for relayed legs.

pub mod codec;
pub mod dsp;
pub mod dtmf;
pub mod file;
pub mod frame;
pub mod handle;
pub mod jitter;
pub mod leg;
pub mod player;
pub mod pool;
pub mod ports;
pub mod rate;
pub mod recorder;
pub mod resample;
pub mod rtcp;
pub mod rtp;
pub mod statistics;
pub mod tone;
pub mod transport;
pub mod worker;

pub use handle::{
    BugGuard, BugId, LegHandle, LegId, Overloaded, PlayerHandle, PlayerId, SendDigit,
};
pub use leg::bug::{Keep, MediaBug, Side};
pub use leg::config::{
    JitterSettings, LearnFrom, LegConfig, NegotiatedFormat, RemoteMedia, RemoteRefused,
    TelephoneEventFormat,
};
pub use leg::event::{LegEvent, LegListener};
pub use leg::write_list::{Source, WriteList};
pub use player::{Player, PlayerControl, PlayerState};
pub use pool::{
    LegSpec, ManualWorker, MediaConfig, MediaError, MediaLoad, MediaPool, TransportSpec,
};
pub use ports::RtpSockets;
pub use rate::SampleRate;
pub use statistics::LegStatistics;
pub use transport::memory::{MemoryTransport, memory_pair};
