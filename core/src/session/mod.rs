//! A running call leg: the task that alone may change its channel.

mod answer;
mod command;
mod digits;
mod exchange;
mod execute;
mod expand;
mod fire;
mod handle;
mod hang_up;
mod interrupt;
mod life;
mod next;
mod park;
mod play;
mod record;
mod registry;
mod routing;
mod speak;

pub use command::{BridgeRole, Command, TransferWho};
pub use digits::{Collected, Digit, DigitPlan, Digits, QUEUED_DIGITS};
pub use exchange::BridgeEnd;
pub(crate) use exchange::after_bridge_destination;
pub use expand::ChannelScope;
pub(crate) use fire::describe;
pub use handle::{Busy, MAILBOX, SessionHandle};
pub use interrupt::{AppError, AppResult, Destination, Interrupt};
pub use next::{Either, Happening, Overdue};
pub(crate) use play::Background;
pub use play::{Ended, Played, StopOn};
pub use record::{RecordLimits, Recorded};
pub use registry::{Refusal, Sessions};
pub use routing::LiveEnv;

use crate::config::ConfigSnapshot;
use crate::endpoint::{Indication, NewCall, SignallingPort};
use crate::media_session::MediaSession;
use crate::originate::Reporter;
use crate::switch::Switch;
use digits::DigitQueue;
use std::sync::Arc;
use strowger_media::LegEvent;
use strowger_media::WriteList;
use strowger_model::{
    Channel, ChannelState, Direction, EventName, Expanded, Extension, HangupCause, Variables,
};
use tokio::sync::mpsc;

/// Media events that wait for a session; more are coalesced or counted by the listener.
pub(crate) const LEG_EVENTS: usize = 64;

/// A running leg. Applications get `&mut Session` and wait only through its verbs.
pub struct Session {
    switch: Switch,
    channel: Channel,
    handle: SessionHandle,
    mailbox: mpsc::Receiver<Command>,
    port: SignallingPort,
    leg_events: mpsc::Receiver<LegEvent>,
    media: MediaSession,
    config: Arc<ConfigSnapshot>,
    digits: DigitQueue,
    /// The extension to execute next, and how far it got.
    extension: Option<Extension>,
    /// What the phone hears when nothing is played: its bridge peer, or nothing.
    base: WriteList,
    /// Who dialled us and waits to hear how it goes (outbound legs).
    reporter: Option<Reporter>,
    /// The peer of the bridge that we are in.
    peer: Option<SessionHandle>,
    /// Nested executions, extensions and plays on the stack.
    depth: u32,
    /// The channel has changed since others last saw it.
    dirty: bool,
    /// Recordings running in the background, by path.
    recordings: Vec<record::Running>,
}

impl Session {
    /// The exchange.
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    /// The channel, to read.
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// This session as others see it.
    pub fn handle(&self) -> &SessionHandle {
        &self.handle
    }

    /// The channel's uuid.
    pub fn uuid(&self) -> &str {
        &self.channel.uuid
    }

    /// The configuration that this session's last hunt used.
    pub fn config(&self) -> &Arc<ConfigSnapshot> {
        &self.config
    }

    /// The leg's media.
    pub fn media(&self) -> &MediaSession {
        &self.media
    }

    /// The peer of the bridge that this session is in.
    pub fn peer(&self) -> Option<&SessionHandle> {
        self.peer.as_ref()
    }

    /// A variable of this channel alone (no profile fields, no globals).
    pub fn own_variable(&self, name: &str) -> Option<&Expanded> {
        self.channel.variables.get(name)
    }

    /// A variable as `${name}` would see it: channel, then caller profile, then globals.
    pub fn variable(&self, name: &str) -> Option<Expanded> {
        self.scope().look_up(name)
    }

    /// `variable` as text; empty when unset.
    pub fn text(&self, name: &str) -> String {
        self.variable(name)
            .map(Expanded::into_string)
            .unwrap_or_default()
    }

    /// Whether a variable is true in FreeSWITCH's sense.
    pub fn is_true(&self, name: &str) -> bool {
        self.variable(name)
            .is_some_and(|value| strowger_model::is_true(value.as_str()))
    }

    /// Sets a variable (an empty value deletes it).
    pub fn set(&mut self, name: &str, value: impl Into<Expanded>) {
        self.dirty = true;
        self.channel.variables.set(name, value);
    }

    /// Deletes a variable.
    pub fn unset(&mut self, name: &str) {
        self.dirty = true;
        self.channel.variables.remove(name);
    }

    /// The channel's variables, to change several.
    pub fn variables_mut(&mut self) -> &mut Variables {
        self.dirty = true;
        &mut self.channel.variables
    }

    /// The caller profile, to change.
    pub fn profile_mut(&mut self) -> &mut strowger_model::CallerProfile {
        self.dirty = true;
        &mut self.channel.profile
    }

    /// Whether the call was answered.
    pub fn is_answered(&self) -> bool {
        self.channel.times.answered != 0
    }

    /// Whether this leg was called by us.
    pub fn is_outbound(&self) -> bool {
        self.channel.direction == Direction::Outbound
    }

    /// Whether audio can flow already (early media or answered).
    pub fn has_media(&self) -> bool {
        self.media.is_flowing()
    }

    /// Tells the endpoint something.
    pub async fn indicate(&mut self, indication: Indication) -> Result<(), Interrupt> {
        self.publish();
        if self.port.to.send(indication, self.handle.snapshot()).await {
            Ok(())
        } else {
            Err(Interrupt::Hangup(HangupCause::NetworkOutOfOrder))
        }
    }

    /// Shows the channel as it is now to others, if it changed.
    pub(crate) fn publish(&mut self) {
        if self.dirty {
            self.dirty = false;
            self.handle.show(self.channel.snapshot());
        }
    }

    /// Enters a state and fires its event.
    pub(crate) fn enter(&mut self, next: ChannelState) {
        if self.channel.state == next {
            return;
        }
        self.dirty = true;
        if let Err(error) = self.channel.enter(next) {
            tracing::warn!(uuid = %self.channel.uuid, %error, "illegal change of channel state");
            return;
        }
        self.fire(EventName::ChannelState, &[]);
    }
}

/// What is needed to make a session, besides the switch.
pub(crate) struct Birth {
    pub call: NewCall,
    pub direction: Direction,
    pub reporter: Option<Reporter>,
    pub uuid: String,
    pub near: Option<strowger_media::LegId>,
    pub extension: Option<Extension>,
}
