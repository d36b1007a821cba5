//! The life of a session: one state after another until the call is over and reported.

use super::interrupt::{Destination, Interrupt};
use super::{Birth, LEG_EVENTS, Session, SessionHandle};
use crate::endpoint::SignallingPort;
use crate::media_session::MediaSession;
use crate::switch::Switch;
use std::sync::Arc;
use strowger_media::LegId;
use strowger_media::{LegEvent, LegListener, WriteList};
use strowger_model::{
    AnswerState, CallState, Channel, ChannelState, Direction, EventName, Expanded, HangupCause,
};
use tokio::sync::mpsc;

/// Transfers of one call at most, unless `max_session_transfers` says otherwise; then it is a loop.
const MAX_TRANSFERS: i64 = 70;

/// Places in the queue of leg events that digits may not take.
const KEPT_FOR_NEWS: usize = 16;

/// Passes leg events into the session's queue; a full queue drops the event and the leg counts it.
struct Listener(mpsc::Sender<LegEvent>);

impl LegListener for Listener {
    fn leg_event(&self, _leg: LegId, event: LegEvent) {
        // The last places are kept for news that somebody waits for: a flood of digits must not hide a sound's end.
        if matches!(event, LegEvent::Digit { .. }) && self.0.capacity() <= KEPT_FOR_NEWS {
            return;
        }
        // A session that does not keep up loses news, never stalls the media worker.
        let _ = self.0.try_send(event);
    }
}

impl Session {
    pub(crate) fn born(switch: Switch, birth: Birth) -> Session {
        let Birth {
            call,
            direction,
            reporter,
            uuid,
            near,
            extension,
        } = birth;
        let now = switch.clock().micros();
        let mut channel = Channel::new(uuid.clone(), call.name, direction);
        channel.profile = call.profile;
        channel.profile.uuid = uuid.clone();
        channel.profile.chan_name = channel.name.clone();
        channel.variables = call.variables;
        channel.times.created = now;
        channel.times.profile_created = now;
        channel.call_state = CallState::Down;
        channel.answer_state = AnswerState::Ringing;
        let (events, leg_events) = mpsc::channel(LEG_EVENTS);
        let mut media = MediaSession::new(call.media, call.offer, Arc::new(Listener(events)));
        if let Some(near) = near {
            media.open_near(near);
        }
        let (handle, mailbox) = SessionHandle::new(channel.snapshot());
        let config = switch.config();
        Session {
            switch,
            channel,
            handle,
            mailbox,
            port: call.port,
            leg_events,
            media,
            config,
            digits: Default::default(),
            extension,
            base: WriteList::silence(),
            reporter,
            peer: None,
            depth: 0,
            dirty: true,
            recordings: Vec::new(),
        }
    }

    pub(crate) fn port(&self) -> &SignallingPort {
        &self.port
    }

    /// Lives from `CS_INIT` to the goodbye. What is left afterwards is `hang_up` and `report`.
    pub(crate) async fn live(&mut self) {
        self.initialise();
        let mut next = if self.is_outbound() {
            self.call_out().await
        } else {
            self.start_routing()
        };
        loop {
            let outcome = match next {
                Step::Route => self.route().await,
                Step::Execute => self.execute_extension_actions().await,
                Step::Park => self.park_state().await,
                Step::Consume => self.consume_media().await,
                Step::Join(peer, role) => self.exchange_state(peer, role).await,
                Step::End(cause) => {
                    self.handle.hangup(cause);
                    break;
                }
            };
            next = match outcome {
                Ok(step) => step,
                Err(interrupt) => self.after(interrupt),
            };
        }
        self.hang_up().await;
        self.report_call().await;
    }

    fn initialise(&mut self) {
        let direction = self.direction_name();
        let uuid = self.channel.uuid.clone();
        self.set("direction", direction);
        self.set("uuid", uuid.as_str());
        if self.channel.variables.get("call_uuid").is_none() {
            self.set("call_uuid", uuid.as_str());
        }
        let name = self.channel.name.clone();
        self.set("channel_name", Expanded::network(name));
        if self.channel.variables.get("digits_dialed").is_none() {
            self.set("digits_dialed", "none");
        }
        self.enter(ChannelState::Init);
        self.fire(EventName::ChannelCreate, &[]);
        if self.channel.direction == Direction::Outbound {
            self.fire(EventName::ChannelOriginate, &[]);
        } else {
            self.set_call_state(CallState::Ringing);
        }
    }

    fn start_routing(&mut self) -> Step {
        tracing::info!(
            uuid = %self.channel.uuid,
            "Processing {} <{}>->{} in context {}",
            self.channel.profile.caller_id_name,
            self.channel.profile.caller_id_number,
            self.channel.profile.destination_number,
            self.channel.profile.context
        );
        Step::Route
    }

    async fn call_out(&mut self) -> Step {
        self.enter(ChannelState::Routing);
        match self.run_hooks("originate").await {
            Ok(()) => {}
            Err(interrupt) => return self.after(interrupt),
        }
        match self.invite().await {
            Ok(()) => Step::Consume,
            Err(interrupt) => self.after(interrupt),
        }
    }

    /// What an interrupt that nobody caught means for the channel's next state.
    fn after(&mut self, interrupt: Interrupt) -> Step {
        self.extension = None;
        match interrupt {
            Interrupt::Hangup(cause) => Step::End(cause),
            Interrupt::Join { peer, role } => Step::Join(peer, role),
            Interrupt::Park => Step::Park,
            Interrupt::Transfer(to) => self.transfer_to(to),
        }
    }

    /// Gives the channel a new caller profile for another extension.
    pub(crate) fn transfer_to(&mut self, to: Destination) -> Step {
        let limit = ["max_session_transfers", "max_forwards"]
            .iter()
            .find_map(|name| Some((*name, self.text(name).trim().parse::<i64>().ok()?)));
        let (name, left) = limit.unwrap_or(("max_forwards", MAX_TRANSFERS));
        if left <= 0 {
            tracing::error!(uuid = %self.channel.uuid, "transferred too often: this is a loop");
            return Step::End(HangupCause::ExchangeRoutingError);
        }
        self.set(name, (left - 1).to_string());
        self.unset("temp_hold_music");
        let old = self.channel.profile.clone();
        let dialplan = to
            .dialplan
            .or_else(|| Some(self.text("force_transfer_dialplan")).filter(|text| !text.is_empty()))
            .unwrap_or_else(|| {
                if old.dialplan.eq_ignore_ascii_case("inline") {
                    "XML".into()
                } else {
                    old.dialplan.clone()
                }
            });
        let context = to
            .context
            .or_else(|| Some(self.text("force_transfer_context")).filter(|text| !text.is_empty()))
            .unwrap_or_else(|| old.context.clone());
        let extension = if to.extension.is_empty() {
            "service".to_owned()
        } else {
            to.extension.as_str().to_owned()
        };
        let now = self.switch.clock().micros();
        let source = format!(
            "{}:{}:bl_xfer:{extension}/{context}/{dialplan}",
            now / 1_000_000,
            old.uuid
        );
        let mut profile = old.clone();
        profile.rdnis = old.destination_number.clone();
        profile.destination_number = extension;
        profile.dialplan = if dialplan.is_empty() {
            "XML".into()
        } else {
            dialplan
        };
        profile.context = if context.is_empty() {
            "default".into()
        } else {
            context
        };
        profile.transfer_source = source.clone();
        profile.profile_index = old.profile_index + 1;
        self.channel.times.profile_created = now;
        self.channel.times.transferred = now;
        self.channel.history.push(old);
        self.channel.profile = profile;
        let marked = Expanded::network(source);
        self.channel
            .variables
            .push("transfer_history", marked.clone());
        self.set("transfer_source", marked);
        self.unset("signal_bond");
        self.hear(WriteList::silence());
        Step::Route
    }

    /// An outbound leg without an application: wait for whoever dialled it to say what comes next.
    async fn consume_media(&mut self) -> Result<Step, Interrupt> {
        self.enter(ChannelState::ConsumeMedia);
        loop {
            self.next().await?;
        }
    }
}

/// What a session does next.
pub(crate) enum Step {
    /// Hunt.
    Route,
    /// Run the extension that was found.
    Execute,
    /// Wait in park.
    Park,
    /// Wait for the one who dialled.
    Consume,
    /// Live in a bridge.
    Join(SessionHandle, super::BridgeRole),
    /// The call is over.
    End(HangupCause),
}
