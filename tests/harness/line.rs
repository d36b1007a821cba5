//! The line between scripted phones and the switch: an endpoint named `phone` whose media are packets in memory.

use crate::phone::{Behaviour, Call, PhoneState, Station};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use strowger_core::endpoint::{
    Endpoint, HangupReport, Indicated, Indication, LegTransport, MediaProfile, NewCall,
    OutboundCall, Sdp, Signal, SignallingPort, StartError,
};
use strowger_core::media::{MemoryTransport, SampleRate, memory_pair};
use strowger_core::shutdown::Shutdown;
use strowger_core::{Negotiation, Switch};
use strowger_model::{BoxFuture, CallerProfile, HangupCause, ProfileOrigin, Variables};
use tokio::sync::mpsc;

/// All phones of one test.
#[derive(Default)]
pub(crate) struct Exchange {
    pub stations: BTreeMap<String, Station>,
    next_call: u64,
    /// Call number to phone number.
    calls: BTreeMap<u64, String>,
    queue: Option<mpsc::Sender<Indicated>>,
}

/// The endpoint, shared with the test.
#[derive(Clone, Default)]
pub(crate) struct Line(pub Arc<Mutex<Exchange>>);

impl Line {
    pub fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A phone goes off hook and dials.
    pub fn dial(&self, switch: &Switch, from: &str, number: &str) {
        let call = {
            let mut exchange = self.lock();
            let id = exchange.number_call(from);
            let queue = exchange.queue.clone().expect("the switch was started");
            let (port, signals) = SignallingPort::pair(id, queue);
            let (ours, theirs) = memory_pair();
            let uuid = switch.new_uuid();
            let station = exchange
                .stations
                .get_mut(from)
                .expect("a phone of this test");
            station.state = PhoneState::Dialling;
            station.call = Some(Call::new(id, signals, ours, uuid.clone()));
            let profile = CallerProfile {
                username: from.to_owned(),
                caller_id_name: format!("Phone {from}"),
                caller_id_number: from.to_owned(),
                ani: from.to_owned(),
                destination_number: number.to_owned(),
                network_addr: "127.0.0.1".to_owned(),
                context: station.context.clone(),
                dialplan: "XML".to_owned(),
                source: "phone".to_owned(),
                origin: ProfileOrigin::Network,
                ..CallerProfile::default()
            };
            let mut variables = Variables::new();
            if let Some(user) = switch.config().directory().user(&station.domain, from) {
                for (name, value) in &user.variables {
                    variables.set(name, value.as_str());
                }
                variables.set("user_name", from);
                variables.set("domain_name", user.domain.as_str());
            }
            NewCall {
                name: format!("phone/{from}"),
                uuid: Some(uuid),
                profile,
                variables,
                offer: None,
                media: media(theirs),
                port,
            }
        };
        if let Err(refusal) = switch.incoming(call) {
            let mut exchange = self.lock();
            let station = exchange
                .stations
                .get_mut(from)
                .expect("a phone of this test");
            station.state = PhoneState::HungUp(refusal.cause());
            station.call = None;
        }
    }

    async fn serve(self, mut indications: mpsc::Receiver<Indicated>) {
        while let Some(indicated) = indications.recv().await {
            self.obey(indicated).await;
        }
    }

    async fn obey(
        &self,
        Indicated {
            call,
            indication,
            channel,
        }: Indicated,
    ) {
        let Some(number) = self.lock().calls.get(&call).cloned() else {
            return;
        };
        match indication {
            Indication::Invite(_) => self.ring(call, &number, channel).await,
            Indication::Ringing => self.set(call, &number, PhoneState::Ringback),
            Indication::Progress(_) => self.set(call, &number, PhoneState::EarlyMedia),
            Indication::Answer(_) => self.set(call, &number, PhoneState::Talking),
            Indication::Hangup(cause) => {
                let mut exchange = self.lock();
                exchange.calls.remove(&call);
                if let Some(station) = exchange.stations.get_mut(&number)
                    && station.call.as_ref().is_some_and(|own| own.id == call)
                {
                    station.call = None;
                    station.state = PhoneState::HungUp(cause);
                }
            }
            Indication::Respond { status, .. } => {
                let signals = self.signals(call, &number);
                if let Some(signals) = signals {
                    let _ = signals
                        .send(Signal::Hangup(HangupReport::of(
                            HangupCause::NormalClearing,
                        )))
                        .await;
                }
                if let Some(station) = self.lock().stations.get_mut(&number) {
                    station.responses.push(status);
                }
            }
            Indication::Redirect(to) => {
                if let Some(station) = self.lock().stations.get_mut(&number) {
                    station.redirected = to;
                }
            }
            _ => {}
        }
    }

    fn signals(&self, call: u64, number: &str) -> Option<mpsc::Sender<Signal>> {
        let exchange = self.lock();
        let own = exchange.stations.get(number)?.call.as_ref()?;
        (own.id == call).then(|| own.signals.clone())
    }

    fn set(&self, call: u64, number: &str, state: PhoneState) {
        if let Some(station) = self.lock().stations.get_mut(number)
            && station.call.as_ref().is_some_and(|own| own.id == call)
        {
            station.state = state;
        }
    }

    /// A call comes to a phone: it does as its script says.
    async fn ring(&self, call: u64, number: &str, channel: Arc<strowger_model::ChannelSnapshot>) {
        let behaviour = {
            let mut exchange = self.lock();
            let Some(station) = exchange.stations.get_mut(number) else {
                return;
            };
            station.shown = (
                channel.profile.caller_id_name.clone(),
                channel.profile.caller_id_number.clone(),
            );
            station.behaviour.clone()
        };
        let Some(signals) = self.signals(call, number) else {
            return;
        };
        match behaviour {
            Behaviour::Busy => {
                self.refuse(call, number, &signals, HangupCause::UserBusy)
                    .await
            }
            Behaviour::Rejects => {
                self.refuse(call, number, &signals, HangupCause::CallRejected)
                    .await
            }
            Behaviour::NeverAnswers => {
                self.set(call, number, PhoneState::Ringing);
                let _ = signals.send(Signal::Ringing).await;
            }
            Behaviour::EarlyMedia => {
                self.set(call, number, PhoneState::EarlyMedia);
                let _ = signals
                    .send(Signal::Progress(Some(Sdp(String::new()))))
                    .await;
            }
            Behaviour::Answers(after) => {
                self.set(call, number, PhoneState::Ringing);
                let _ = signals.send(Signal::Ringing).await;
                let line = self.clone();
                let number = number.to_owned();
                tokio::spawn(async move { line.answer_later(call, number, after).await });
            }
        }
    }

    async fn answer_later(&self, call: u64, number: String, after: Duration) {
        tokio::time::sleep(after).await;
        // The caller may have given up.
        if let Some(signals) = self.signals(call, &number) {
            self.set(call, &number, PhoneState::Talking);
            let _ = signals.send(Signal::Answered(None)).await;
        }
    }

    async fn refuse(
        &self,
        call: u64,
        number: &str,
        signals: &mpsc::Sender<Signal>,
        cause: HangupCause,
    ) {
        {
            let mut exchange = self.lock();
            exchange.calls.remove(&call);
            if let Some(station) = exchange.stations.get_mut(number) {
                station.call = None;
                station.state = PhoneState::HungUp(cause);
            }
        }
        let _ = signals.send(Signal::Hangup(HangupReport::of(cause))).await;
    }
}

impl Exchange {
    fn number_call(&mut self, number: &str) -> u64 {
        self.next_call += 1;
        self.calls.insert(self.next_call, number.to_owned());
        self.next_call
    }
}

/// What phones speak: L16 through a ring.
fn media(ring: MemoryTransport) -> MediaProfile {
    MediaProfile {
        transport: LegTransport::Memory {
            ring,
            rate: SampleRate::NARROW,
        },
        codecs: vec!["L16".to_owned()],
        outbound_codecs: None,
        negotiation: Negotiation::Generous,
        telephone_event: Some(101),
        dtmf_by_signalling: false,
        hold_music: Some("local_stream://moh".to_owned()),
        media_timeout: None,
        hold_timeout: None,
    }
}

/// How many indications may wait for the phones of one test.
const QUEUE: usize = 256;

/// The endpoint object of a [`Line`].
pub(crate) struct LineEndpoint(pub Line);

impl Endpoint for LineEndpoint {
    fn name(&self) -> &'static str {
        "phone"
    }

    fn start(
        self: Arc<Self>,
        _switch: Switch,
        _shutdown: Shutdown,
    ) -> BoxFuture<'static, Result<(), StartError>> {
        Box::pin(async move {
            let (queue, indications) = mpsc::channel(QUEUE);
            self.0.lock().queue = Some(queue);
            tokio::spawn(self.0.clone().serve(indications));
            Ok(())
        })
    }

    fn originate<'a>(
        &'a self,
        call: &'a OutboundCall,
    ) -> BoxFuture<'a, Result<NewCall, HangupCause>> {
        Box::pin(async move {
            let number = call
                .destination
                .as_str()
                .split('@')
                .next()
                .unwrap_or_default()
                .to_owned();
            let mut exchange = self.0.lock();
            if !exchange.stations.contains_key(&number) {
                return Err(HangupCause::UserNotRegistered);
            }
            if exchange.stations[&number].call.is_some() {
                return Err(HangupCause::UserBusy);
            }
            let id = exchange.number_call(&number);
            let queue = exchange.queue.clone().ok_or(HangupCause::SystemShutdown)?;
            let (port, signals) = SignallingPort::pair(id, queue);
            let (ours, theirs) = memory_pair();
            let station = exchange
                .stations
                .get_mut(&number)
                .ok_or(HangupCause::UserNotRegistered)?;
            station.call = Some(Call::new(id, signals, ours, call.uuid.clone()));
            Ok(NewCall {
                name: format!("phone/{number}"),
                uuid: None,
                profile: call.profile.clone(),
                variables: call.variables.clone(),
                offer: None,
                media: media(theirs),
                port,
            })
        })
    }
}
