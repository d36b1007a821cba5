//! Everything that happens to audio, frame by frame: RTP, codecs, jitter, players, recorders, and the
//! worker threads that move them on one 20 ms clock. Nothing here knows tokio, XML or sessions.

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
