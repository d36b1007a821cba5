//! Two channels tied crosswise: what one indicates the other hears as a signal.

use super::{Target, What, media, profile_for_b, variables_for_b};
use strowger_core::Switch;
use strowger_core::endpoint::{
    HangupReport, Indicated, Indication, NewCall, OutboundCall, Sdp, Signal, SignallingPort,
};
use strowger_model::{Action, Extension, HangupCause, Template};
use tokio::sync::mpsc;

/// Indications that may wait between the two halves.
const QUEUE: usize = 64;

/// The half that was dialled, and the half that goes through the dialplan.
const A: u64 = 0;
const B: u64 = 1;

/// Makes the first channel; the second is born when the first is told to invite.
pub(crate) fn make(switch: &Switch, call: &OutboundCall, target: Target) -> NewCall {
    let (queue, indications) = mpsc::channel(QUEUE);
    let (port_a, to_a) = SignallingPort::pair(A, queue.clone());
    let (port_b, to_b) = SignallingPort::pair(B, queue);
    let (media_a, media_b) = media();
    let b_uuid = switch.new_uuid();
    let name = match &target.what {
        What::Extension(extension) => extension.as_str().to_owned(),
        What::Application { name, .. } => format!("app={name}"),
    };
    let mut variables = call.variables.clone();
    let mut variables_b = variables_for_b(call);
    for (own, leg, other) in [
        (&mut variables, "A", b_uuid.as_str()),
        (&mut variables_b, "B", call.uuid.as_str()),
    ] {
        own.set("is_loopback", "true");
        own.set("loopback_leg", leg);
        own.set("other_loopback_leg_uuid", other);
    }
    if let Some(originator) = &call.originator {
        variables_b.set("loopback_from_uuid", originator.uuid());
    }
    let second = NewCall {
        name: format!("loopback/{name}-b"),
        uuid: Some(b_uuid),
        profile: profile_for_b(call, &target),
        variables: variables_b,
        offer: None,
        media: media_b,
        port: port_b,
    };
    let tie = Tie {
        switch: switch.clone(),
        to_a,
        to_b,
        second: Some((second, target)),
        indications,
    };
    tokio::spawn(tie.run());
    NewCall {
        name: format!("loopback/{name}-a"),
        uuid: Some(call.uuid.clone()),
        profile: call.profile.clone(),
        variables,
        offer: None,
        media: media_a,
        port: port_a,
    }
}

/// The task between the two halves; it ends when both have hung up.
struct Tie {
    switch: Switch,
    to_a: mpsc::Sender<Signal>,
    to_b: mpsc::Sender<Signal>,
    second: Option<(NewCall, Target)>,
    indications: mpsc::Receiver<Indicated>,
}

impl Tie {
    async fn run(mut self) {
        // The queue closes when both ports are dropped, that is, when both sessions have ended.
        while let Some(Indicated {
            call, indication, ..
        }) = self.indications.recv().await
        {
            match (call, indication) {
                (A, Indication::Invite(_)) => self.give_birth().await,
                (A, Indication::Hangup(cause)) => {
                    self.second = None;
                    tell(self.half(B), Signal::Hangup(HangupReport::of(cause))).await;
                }
                (B, Indication::Hangup(cause)) => {
                    tell(self.half(A), Signal::Hangup(HangupReport::of(cause))).await
                }
                (B, Indication::Ringing) => tell(self.half(A), Signal::Ringing).await,
                // No SDP travels here: an empty text says that media may flow.
                (B, Indication::Progress(_)) => {
                    tell(self.half(A), Signal::Progress(Some(Sdp(String::new())))).await
                }
                (B, Indication::Answer(_)) => tell(self.half(A), Signal::Answered(None)).await,
                (B, Indication::Respond { status, .. }) => {
                    let cause = if status == 486 {
                        HangupCause::UserBusy
                    } else {
                        HangupCause::CallRejected
                    };
                    tell(self.half(A), Signal::Hangup(HangupReport::of(cause))).await;
                }
                (from, Indication::Dtmf { digit, duration }) => {
                    tell(self.half(1 - from), Signal::Dtmf { digit, duration }).await;
                }
                (from, Indication::Info(body)) => {
                    tell(self.half(1 - from), Signal::Info(body)).await
                }
                // Names on displays, changes of media and redirections mean nothing inside one process.
                _ => {}
            }
        }
    }

    async fn give_birth(&mut self) {
        let Some((call, target)) = self.second.take() else {
            return;
        };
        let born = match target.what {
            What::Extension(_) => self.switch.incoming(call),
            What::Application { name, data } => {
                let action = |application: &str, arguments: Template| Action {
                    application: application.to_owned(),
                    arguments,
                    source: None,
                    extension: "loopback".to_owned(),
                };
                let actions = vec![
                    action("pre_answer", Template::parse("")),
                    action(&name, Template::parse_expanded(&data)),
                ];
                let number = call.profile.destination_number.clone();
                let extension = Extension {
                    name: "loopback".to_owned(),
                    number: number.into(),
                    actions,
                };
                self.switch.incoming_to(call, extension)
            }
        };
        if let Err(refusal) = born {
            tell(
                self.half(A),
                Signal::Hangup(HangupReport::of(refusal.cause())),
            )
            .await;
        }
    }

    fn half(&self, half: u64) -> mpsc::Sender<Signal> {
        if half == A {
            self.to_a.clone()
        } else {
            self.to_b.clone()
        }
    }
}

async fn tell(half: mpsc::Sender<Signal>, signal: Signal) {
    // A half that has ended needs no more news.
    let _ = half.send(signal).await;
}
