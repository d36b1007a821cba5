//! One outbound leg: prepared by its endpoint, started as a session of its own.

use super::plan::PlannedLeg;
use super::{DialOptions, Progress, Report, Reporter};
use crate::endpoint::OutboundCall;
use crate::session::{Session, SessionHandle};
use crate::switch::Switch;
use strowger_media::LegId;
use strowger_model::{
    CallerProfile, Event, EventName, EventValue, Expanded, HangupCause, ProfileOrigin, Variables,
};
use tokio::sync::mpsc;

/// What all legs of a race share about the caller.
#[derive(Clone)]
pub(crate) struct Caller {
    pub handle: Option<SessionHandle>,
    pub profile: Option<CallerProfile>,
    pub effective_name: Option<String>,
    pub effective_number: Option<String>,
    pub codecs: Vec<String>,
    pub near: Option<LegId>,
    pub call_uuid: Option<String>,
}

impl Caller {
    pub(crate) fn of(session: Option<&Session>) -> Caller {
        let Some(session) = session else {
            return Caller {
                handle: None,
                profile: None,
                effective_name: None,
                effective_number: None,
                codecs: Vec::new(),
                near: None,
                call_uuid: None,
            };
        };
        let own = |name: &str| {
            session
                .variable(name)
                .map(Expanded::into_string)
                .filter(|text| !text.is_empty())
        };
        Caller {
            handle: Some(session.handle().clone()),
            profile: Some(session.channel().profile.clone()),
            effective_name: own("effective_caller_id_name"),
            effective_number: own("effective_caller_id_number"),
            codecs: session
                .media()
                .agreed_codec()
                .map_or_else(|| session.media().peer_codecs(), |codec| vec![codec]),
            near: session.media().leg().map(strowger_media::LegHandle::id),
            call_uuid: own("call_uuid"),
        }
    }
}

/// Makes the leg and reports; what goes wrong before there is a session is reported as its end.
pub(crate) async fn run(
    switch: Switch,
    index: usize,
    leg: PlannedLeg,
    caller: Caller,
    options: DialOptions,
    reports: mpsc::Sender<Report>,
) {
    let reporter = Reporter {
        leg: index,
        to: reports,
    };
    if let Some(delay) = leg
        .variables
        .text("leg_delay_start")
        .and_then(super::plan::seconds)
    {
        tokio::time::sleep(delay).await;
    }
    if let Err(cause) = start(&switch, leg, &caller, &options, reporter.clone()).await {
        reporter.report(Progress::Ended(cause));
    }
}

async fn start(
    switch: &Switch,
    leg: PlannedLeg,
    caller: &Caller,
    options: &DialOptions,
    reporter: Reporter,
) -> Result<(), HangupCause> {
    if let Some(cause) = leg.failed {
        return Err(cause);
    }
    let endpoint = switch
        .endpoints()
        .find(&leg.endpoint)
        .ok_or(HangupCause::ChanNotImplemented)?
        .clone();
    let uuid = leg
        .variables
        .text("origination_uuid")
        .filter(|text| is_uuid_like(text))
        .map_or_else(|| switch.new_uuid(), str::to_owned);
    let call = OutboundCall {
        uuid: uuid.clone(),
        destination: leg.data.clone(),
        profile: profile(&leg, caller, options),
        variables: variables(&leg.variables, caller),
        originator: caller.handle.clone(),
    };
    let mut new = endpoint.originate(&call).await?;
    prefer_codecs(&mut new.media, &leg.variables, caller);
    new.uuid = Some(uuid.clone());
    let handle = switch
        .begin_outbound(new, reporter, uuid, caller.near)
        .map_err(|refusal| refusal.cause())?;
    announce(switch, &handle);
    Ok(())
}

fn announce(switch: &Switch, handle: &SessionHandle) {
    if switch.events().wanted(EventName::ChannelOutgoing) {
        let mut event = Event::new(EventName::ChannelOutgoing);
        crate::session::describe(&handle.snapshot(), &mut event, switch.verbose_events());
        event.headers.push((
            "Call-Direction".to_owned(),
            EventValue::Text("outbound".to_owned()),
        ));
        switch.events().publish(event);
    }
}

/// Letters, digits, `-`: what may name a channel.
fn is_uuid_like(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The new leg offers the caller's codec first, so that a bridge between them need not transcode.
fn prefer_codecs(
    media: &mut crate::endpoint::MediaProfile,
    variables: &Variables,
    caller: &Caller,
) {
    if variables.get("absolute_codec_string").is_some() || variables.get("codec_string").is_some() {
        return;
    }
    let list = media
        .outbound_codecs
        .clone()
        .unwrap_or_else(|| media.codecs.clone());
    let mut ordered: Vec<String> = Vec::with_capacity(list.len());
    for codec in &caller.codecs {
        let wanted = codec.split('@').next().unwrap_or(codec);
        for own in &list {
            let same = own
                .split('@')
                .next()
                .unwrap_or(own)
                .eq_ignore_ascii_case(wanted);
            if same && !ordered.contains(own) {
                ordered.push(own.clone());
            }
        }
    }
    for own in list {
        if !ordered.contains(&own) {
            ordered.push(own);
        }
    }
    media.outbound_codecs = Some(ordered);
}

fn profile(leg: &PlannedLeg, caller: &Caller, options: &DialOptions) -> CallerProfile {
    let variable = |name: &str| {
        leg.variables
            .text(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let from = caller.profile.clone();
    let mut profile = from.clone().unwrap_or_default();
    profile.origin = from
        .as_ref()
        .map_or(ProfileOrigin::Internal, |profile| profile.origin);
    profile.caller_id_name = variable("origination_caller_id_name")
        .or_else(|| caller.effective_name.clone())
        .or_else(|| options.caller_id_name.clone())
        .or_else(|| from.as_ref().map(|profile| profile.caller_id_name.clone()))
        .unwrap_or_default();
    profile.caller_id_number = variable("origination_caller_id_number")
        .or_else(|| caller.effective_number.clone())
        .or_else(|| options.caller_id_number.clone())
        .or_else(|| {
            from.as_ref()
                .map(|profile| profile.caller_id_number.clone())
        })
        .unwrap_or_else(|| "0000000000".to_owned());
    profile.callee_id_name =
        variable("origination_callee_id_name").unwrap_or_else(|| "Outbound Call".to_owned());
    let user = leg.data.as_str().rsplit('/').next().unwrap_or_default();
    let user = user
        .strip_prefix("sip:")
        .unwrap_or(user)
        .split(['@', ';'])
        .next()
        .unwrap_or_default();
    profile.callee_id_number =
        variable("origination_callee_id_number").unwrap_or_else(|| user.to_owned());
    profile.destination_number = user.to_owned();
    profile.rdnis = String::new();
    profile.transfer_source = String::new();
    profile.source = String::new();
    profile
}

fn variables(own: &Variables, caller: &Caller) -> Variables {
    let mut variables = own.clone();
    if let Some(handle) = &caller.handle {
        variables.set("originator", handle.uuid());
        variables.set("originating_leg_uuid", handle.uuid());
        variables.set("signal_bond", handle.uuid());
    }
    if let Some(call) = &caller.call_uuid {
        variables.set("call_uuid", call.as_str());
    }
    variables
}
