//! What a call does: the session runtime, dialling and bridging, and the contracts for every other room.
//!
//! A call in one breath: an endpoint hands a [`endpoint::NewCall`] to [`Switch::incoming`]; a task is born that lives
//! through [`session::Session`]'s states; routing finds an extension in the dialplan; its actions run as
//! [`application::Application`]s, each an `async fn(&mut Session, Args)`; `bridge` dials ([`originate`]) and joins two
//! legs ([`bridge`]); a hangup cause, set once, unwinds whatever runs; the call record is written and the session
//! forgotten.

pub mod application;
pub mod bridge;
pub mod call_record;
pub mod clock;
pub mod config;
pub mod endpoint;
pub mod event_bus;
pub mod limits;
pub mod log;
pub mod media_session;
pub mod module;
pub mod originate;
pub mod session;
pub mod shutdown;
pub mod sound;
pub mod store;
mod switch;

/// What rooms above core may use of the media room.
pub mod media {
    pub use strowger_media::codec::registry::Codecs;
    pub use strowger_media::file::{DecodedSound, SoundCache, SoundError};
    pub use strowger_media::player::{Player, PlayerControl, PlayerState};
    pub use strowger_media::rate::SampleRate;
    pub use strowger_media::recorder::RecordSides;
    pub use strowger_media::{
        BugGuard, Keep, LegHandle, LegStatistics, MediaBug, MediaConfig, MediaPool,
        MemoryTransport, Side, Source, WriteList, memory_pair,
    };
}

/// What endpoints may use of session descriptions: only whose order of codecs wins.
pub use strowger_sdp::Negotiation;

pub use application::{ApiCommand, Application, CommandCall, CommandSource, CommandSpec};
pub use module::Module;
pub use session::{AppError, AppResult, Interrupt, Session, SessionHandle};
pub use switch::{Assembly, BuildError, FindPattern, HuntLog, Switch, SwitchParts};
