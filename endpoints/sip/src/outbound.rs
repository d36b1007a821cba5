//! Calls out: dial strings (spec: sofia §3), and the leg that waits for its session's word.

use crate::line::{Abilities, Line};
use crate::media;
use crate::profile::{Profile, Profiles};
use crate::registrar;
use crate::shard::{Control, Shard};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use strowger_core::Switch;
use strowger_core::endpoint::{NewCall, OutboundCall, Signal, SignallingPort};
use strowger_core::store::Registration;
use strowger_model::{Direction, HangupCause, Variables, is_false};
use strowger_sip_proto::message::{NameAddr, Uri};
use strowger_sip_proto::{Destination, Flow, FlowId, Transport};
use tokio::sync::mpsc;

/// Where a leg goes and how.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Request-URI, without what was only meant for us.
    pub(crate) request_uri: Uri,
    /// To, when it is not the Request-URI.
    pub(crate) to: Option<Uri>,
    /// Route header fields.
    pub(crate) route: Vec<String>,
    /// Where to send it, when that is known; otherwise the URI is resolved.
    pub(crate) destination: Option<Destination>,
    /// The peer's address, as far as known: it decides which of our addresses is shown.
    pub(crate) peer: Option<IpAddr>,
}

/// A leg that a session is about to call out with.
pub(crate) struct Prepared {
    number: u64,
    uuid: String,
    call_id: String,
    signals: mpsc::Sender<Signal>,
    plan: Plan,
}

/// What stands behind `sofia/`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Dialled<'a> {
    /// A URI or `user@host`, by way of a profile; perhaps with another To.
    Address {
        profile: &'a str,
        uri: &'a str,
        to: Option<&'a str>,
    },
    /// A registered user of a domain.
    Registered {
        profile: &'a str,
        user: &'a str,
        domain: Option<&'a str>,
    },
    /// A trunk.
    Gateway,
}

/// Reads a dial string behind `sofia/`.
pub(crate) fn parse(text: &str) -> Result<Dialled<'_>, HangupCause> {
    let (profile, rest) = text.split_once('/').ok_or(HangupCause::InvalidUrl)?;
    if profile.eq_ignore_ascii_case("gateway") {
        return Ok(Dialled::Gateway);
    }
    let (rest, to) = match rest.split_once('^') {
        Some((rest, to)) => (rest, Some(to).filter(|to| !to.is_empty())),
        None => (rest, None),
    };
    if rest.is_empty() {
        return Err(HangupCause::InvalidUrl);
    }
    let lower = rest.get(..5).unwrap_or(rest).to_ascii_lowercase();
    if lower.starts_with("sip:") || lower.starts_with("sips:") || rest.contains('@') {
        return Ok(Dialled::Address {
            profile,
            uri: rest,
            to,
        });
    }
    match rest.split_once('%') {
        Some((user, domain)) => Ok(Dialled::Registered {
            profile,
            user,
            domain: Some(domain),
        }),
        None => Ok(Dialled::Registered {
            profile,
            user: rest,
            domain: None,
        }),
    }
}

/// Prepares a leg; nothing is sent yet.
pub(crate) async fn originate(
    switch: &Switch,
    profiles: &Profiles,
    call: &OutboundCall,
) -> Result<NewCall, HangupCause> {
    let (profile, plan) = plan(switch, profiles, call.destination.as_str())?;
    let conf = profile.conf.load_full();
    let mut variables = call.variables.clone();
    copy_headers(&mut variables, call);
    variables.set("sofia_profile_name", conf.name.as_str());
    variables.set("sip_profile_name", conf.name.as_str());
    variables.set("recovery_profile_name", conf.name.as_str());
    let call_id = variables
        .text("sip_invite_call_id")
        .filter(|id| is_call_id(id))
        .map(str::to_owned)
        .unwrap_or_else(|| {
            if conf.uuid_as_callid {
                call.uuid.clone()
            } else {
                switch.new_uuid()
            }
        });
    variables.set("sip_call_id", call_id.as_str());
    let index = profile.shard_of(call_id.as_bytes());
    let shard = profile
        .shards
        .get(index)
        .ok_or(HangupCause::NetworkOutOfOrder)?;
    let number = profile.new_call();
    let (port, signals) = SignallingPort::pair(number, shard.indications.clone());
    let mut leg = call.profile.clone();
    leg.direction = Direction::Outbound;
    leg.logical_direction = Direction::Outbound;
    leg.source = "mod_sofia".to_owned();
    leg.context = if leg.context.is_empty() {
        conf.context.clone()
    } else {
        leg.context
    };
    if leg.dialplan.is_empty() {
        leg.dialplan = conf.dialplan.clone();
    }
    leg.destination_number = plan.request_uri.user().unwrap_or_default().into_owned();
    let shown = match plan.request_uri.user() {
        Some(user) => format!("{user}@{}", plan.request_uri.host_text()),
        None => plan.request_uri.host_text(),
    };
    let new = NewCall {
        name: format!("sofia/{}/{shown}", profile.name),
        uuid: None,
        profile: leg,
        media: media::profile(&profile, plan.peer, &variables),
        variables,
        offer: None,
        port,
    };
    let prepared = Prepared {
        number,
        uuid: call.uuid.clone(),
        call_id,
        signals,
        plan,
    };
    shard
        .control
        .send(Control::Prepare(Box::new(prepared)))
        .await
        .map_err(|_| HangupCause::NetworkOutOfOrder)?;
    Ok(new)
}

fn plan(
    switch: &Switch,
    profiles: &Profiles,
    text: &str,
) -> Result<(Arc<Profile>, Plan), HangupCause> {
    match parse(text)? {
        Dialled::Gateway => Err(HangupCause::InvalidGateway),
        Dialled::Address { profile, uri, to } => {
            let profile = profiles.find(profile).ok_or(HangupCause::InvalidProfile)?;
            let uri = if starts_with_scheme(uri) {
                uri.to_owned()
            } else {
                format!("sip:{uri}")
            };
            let uri = Uri::parse(&uri).map_err(|_| HangupCause::InvalidUrl)?;
            let to = to.map(address).transpose()?;
            let flow = open_flow(switch, &profile, &uri);
            let plan = addressed(&profile, uri, to, flow)?;
            Ok((profile, plan))
        }
        Dialled::Registered {
            profile: name,
            user,
            domain,
        } => {
            let profile = profiles.find(name).ok_or(HangupCause::InvalidProfile)?;
            let domain = domain.unwrap_or(name);
            let binding =
                registered(switch, &profile, user, domain).ok_or(HangupCause::UserNotRegistered)?;
            let contact = registrar::dialled_contact(&binding);
            let uri = Uri::parse(&contact).map_err(|_| HangupCause::InvalidUrl)?;
            let flow = flow_of(&profile, &binding);
            let plan = addressed(&profile, uri, None, flow)?;
            Ok((profile, plan))
        }
    }
}

fn starts_with_scheme(text: &str) -> bool {
    ["sip:", "sips:"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

fn address(text: &str) -> Result<Uri, HangupCause> {
    let text = if starts_with_scheme(text) {
        text.to_owned()
    } else {
        format!("sip:{text}")
    };
    Uri::parse(&text).map_err(|_| HangupCause::InvalidUrl)
}

/// The best binding of a user; a domain that nobody registered at may be another name of the profile's.
fn registered(
    switch: &Switch,
    profile: &Profile,
    user: &str,
    domain: &str,
) -> Option<Arc<Registration>> {
    let clock = switch.clock().now().timestamp();
    let conf = profile.conf.load();
    let registrations = &switch.store().registrations;
    let domains = [Some(domain), conf.force_register_db_domain.as_deref()];
    domains
        .into_iter()
        .flatten()
        .find_map(|domain| registrations.find(user, domain, clock).into_iter().next())
}

/// The open connection that a registered phone is reached by.
fn flow_of(profile: &Profile, binding: &Registration) -> Option<Flow> {
    let id = FlowId(binding.flow?);
    let peer = (binding.profile == profile.name).then(|| profile.tcp.peer(id))??;
    Some(Flow {
        id,
        transport: Transport::Tcp,
        peer,
    })
}

/// The same for a dialled URI that is a registered contact.
fn open_flow(switch: &Switch, profile: &Profile, uri: &Uri) -> Option<Flow> {
    let stream = uri
        .transport()
        .is_some_and(|transport| transport.eq_ignore_ascii_case("tcp"));
    if !stream || uri.params().has("fs_path") {
        return None;
    }
    let text = uri.to_string();
    switch
        .store()
        .registrations
        .all()
        .into_iter()
        .find(|binding| binding.contact == text)
        .and_then(|binding| flow_of(profile, &binding))
}

fn addressed(
    profile: &Profile,
    mut uri: Uri,
    to: Option<Uri>,
    flow: Option<Flow>,
) -> Result<Plan, HangupCause> {
    let mut route = Vec::new();
    let mut next = None;
    if let Some(path) = uri.param("fs_path").map(std::borrow::Cow::into_owned) {
        let hop = hop(&path)?;
        if hop.is_loose() {
            route.push(format!("<{hop}>"));
        }
        next = Some(hop);
    } else if let Some(proxy) = &profile.conf.load().outbound_proxy {
        let hop = hop(proxy)?;
        next = Some(hop);
    }
    uri.remove_param("fs_path");
    uri.remove_param("fs_nat");
    let uri = uri.without_headers();
    if uri.is_sips() {
        // There is no encrypted transport.
        return Err(HangupCause::NetworkOutOfOrder);
    }
    let destination = match (&flow, &next) {
        (Some(flow), _) => Some(Destination::Flow(*flow)),
        (None, Some(hop)) => destination(hop),
        (None, None) => None,
    };
    if let (None, Some(hop)) = (&destination, next)
        && route.is_empty()
    {
        // A proxy known by name alone: the machine resolves the first route.
        let loose = hop.with_param("lr", None);
        route.push(format!("<{loose}>"));
    }
    let peer = destination
        .as_ref()
        .map(|destination| destination.peer().ip())
        .or_else(|| uri.host()?.ip());
    Ok(Plan {
        request_uri: uri,
        to,
        route,
        destination,
        peer,
    })
}

/// A next hop as `sip:host`, `<sip:host;lr>` or `host:port`.
fn hop(text: &str) -> Result<Uri, HangupCause> {
    let text = text.trim();
    if text.starts_with('<') {
        return NameAddr::parse(text)
            .map(|address| address.uri)
            .map_err(|_| HangupCause::InvalidUrl);
    }
    address(text)
}

/// Where a URI with an address leads; `None` for a name.
pub(crate) fn destination(uri: &Uri) -> Option<Destination> {
    let transport = uri
        .transport()
        .and_then(Transport::from_token)
        .unwrap_or(Transport::Udp);
    let peer = SocketAddr::new(
        uri.host()?.ip()?,
        uri.port().unwrap_or(transport.default_port()),
    );
    Some(Destination::New {
        transport,
        peer,
        host: None,
    })
}

/// The caller's headers go on to the callee, when the caller is not a stranger.
fn copy_headers(variables: &mut Variables, call: &OutboundCall) {
    let Some(originator) = &call.originator else {
        return;
    };
    let other = originator.snapshot();
    if other
        .variables
        .text("sip_copy_custom_headers")
        .is_some_and(is_false)
    {
        return;
    }
    let network_leg = other.variables.get("sip_network_ip").is_some();
    let trusted = other.variables.is_true("sip_authorized")
        || other.variables.get("sip_acl_authed_by").is_some();
    for (name, value) in other.variables.with_prefix("sip_h_") {
        // What the dialplan itself set may go anywhere.
        let ours = !value.has_network();
        if (ours || trusted || !network_leg) && variables.get(name).is_none() {
            variables.set(name, value.clone());
        }
    }
}

fn is_call_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._@+!~".contains(&b))
}

impl Shard {
    /// A session is about to call out.
    pub(crate) fn prepared(&mut self, prepared: Prepared) {
        self.profile
            .counters
            .channels
            .fetch_add(1, Ordering::Relaxed);
        self.profile
            .counters
            .calls_out
            .fetch_add(1, Ordering::Relaxed);
        self.profile.own_calls().insert(prepared.call_id.clone());
        self.lines.insert(
            prepared.number,
            Line {
                number: prepared.number,
                key: None,
                uuid: prepared.uuid,
                call_id: prepared.call_id,
                signals: prepared.signals,
                outbound: true,
                answered: false,
                answer_in_ack: false,
                ack_wanted: false,
                update: None,
                abilities: Abilities::default(),
                plan: Some(Box::new(prepared.plan)),
                offer: None,
                redirects: 0,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dial_strings_are_told_apart() {
        assert_eq!(
            parse("internal/1000@192.0.2.1:5070;transport=tcp"),
            Ok(Dialled::Address {
                profile: "internal",
                uri: "1000@192.0.2.1:5070;transport=tcp",
                to: None,
            })
        );
        assert_eq!(
            parse("internal/sip:1000@192.0.2.1^bob@example.org"),
            Ok(Dialled::Address {
                profile: "internal",
                uri: "sip:1000@192.0.2.1",
                to: Some("bob@example.org"),
            })
        );
        assert_eq!(
            parse("internal/1000%example.org"),
            Ok(Dialled::Registered {
                profile: "internal",
                user: "1000",
                domain: Some("example.org"),
            })
        );
        assert_eq!(
            parse("internal/1000"),
            Ok(Dialled::Registered {
                profile: "internal",
                user: "1000",
                domain: None,
            })
        );
        assert_eq!(parse("gateway/x/1"), Ok(Dialled::Gateway));
        assert_eq!(parse("internal"), Err(HangupCause::InvalidUrl));
        assert_eq!(parse("internal/"), Err(HangupCause::InvalidUrl));
    }

    #[test]
    fn a_uri_with_an_address_needs_no_look_up() {
        let uri = Uri::parse("sip:a@[2001:db8::1]:5080;transport=tcp").unwrap();
        let Some(Destination::New {
            transport, peer, ..
        }) = destination(&uri)
        else {
            panic!("an address");
        };
        assert_eq!(transport, Transport::Tcp);
        assert_eq!(peer.to_string(), "[2001:db8::1]:5080");
        assert!(destination(&Uri::parse("sip:a@example.org").unwrap()).is_none());
    }
}
