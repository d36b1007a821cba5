//! The caller profile of an inbound call: who calls whom, as the dialplan sees it.

use crate::config::ProfileConf;
use crate::inbound::Admitted;
use strowger_model::{CallerProfile, Direction, Expanded, ProfileOrigin, Variables};
use strowger_sip_proto::Flow;
use strowger_sip_proto::message::{NameAddr, Request};

/// Makes the profile.
pub(crate) fn profile(
    conf: &ProfileConf,
    flow: &Flow,
    request: &Request,
    admitted: &Admitted,
    variables: &Variables,
) -> CallerProfile {
    let from = request.from().ok();
    let identity = identity(request, admitted).or(from.clone());
    let number = identity.as_ref().map(user).unwrap_or_default();
    let name = identity
        .as_ref()
        .and_then(|identity| identity.display.clone())
        .filter(|display| !display.is_empty())
        .unwrap_or_else(|| number.clone());
    let privacy = request.privacy();
    let hidden = privacy.is_some_and(|privacy| privacy.hides_identity())
        || request
            .remote_party_id()
            .ok()
            .flatten()
            .is_some_and(|party| party.is_private());
    CallerProfile {
        username: from.as_ref().map(user).unwrap_or_default(),
        dialplan: text(variables, "user_dialplan").unwrap_or_else(|| conf.dialplan.clone()),
        caller_id_name: name,
        caller_id_number: number.clone(),
        ani: number,
        aniii: request
            .from()
            .ok()
            .and_then(|from| from.params.get("isup-oli").map(str::to_owned))
            .unwrap_or_default(),
        network_addr: flow.peer.ip().to_canonical().to_string(),
        destination_number: destination(conf, request),
        context: context(conf, request, admitted, variables),
        source: "mod_sofia".to_owned(),
        direction: Direction::Inbound,
        logical_direction: Direction::Inbound,
        screen_bit: true,
        privacy_hide_name: hidden,
        privacy_hide_number: hidden,
        rdnis: diverted_from(request),
        origin: ProfileOrigin::Network,
        ..CallerProfile::default()
    }
}

/// Who a trusted network says is calling. A user who logged in cannot be somebody else.
fn identity(request: &Request, admitted: &Admitted) -> Option<NameAddr> {
    let named = request
        .remote_party_id()
        .ok()
        .flatten()
        .map(|party| party.address)
        .or_else(|| request.asserted_identities().ok()?.into_iter().next())
        .or_else(|| request.preferred_identities().ok()?.into_iter().next())?;
    let own = admitted.user.as_ref().is_none_or(|account| {
        let name = user(&named);
        name == account.id || account.number_alias.as_ref() == Some(&name)
    });
    own.then_some(named)
}

fn user(address: &NameAddr) -> String {
    address.uri.user().unwrap_or_default().into_owned()
}

/// Request-URI, else To, else From, else `service`.
fn destination(conf: &ProfileConf, request: &Request) -> String {
    if conf.full_id_in_dialplan {
        return request.uri().to_string();
    }
    let filled = |text: String| (!text.is_empty()).then_some(text);
    request
        .uri()
        .user()
        .and_then(|user| filled(user.into_owned()))
        .or_else(|| request.to().ok().and_then(|to| filled(user(&to))))
        .or_else(|| request.from().ok().and_then(|from| filled(user(&from))))
        .unwrap_or_else(|| "service".to_owned())
}

fn context(
    conf: &ProfileConf,
    request: &Request,
    admitted: &Admitted,
    variables: &Variables,
) -> String {
    if let Some(context) = &admitted.context {
        return context.clone();
    }
    // Only the directory may say so, never a header.
    if admitted.user.is_some()
        && let Some(context) = text(variables, "user_context")
    {
        return context;
    }
    if conf.context == "_domain_" {
        return request
            .from()
            .map_or_else(|_| "default".to_owned(), |from| from.uri.host_text());
    }
    conf.context.clone()
}

fn diverted_from(request: &Request) -> String {
    request
        .diversions()
        .ok()
        .and_then(|list| list.first().map(|diversion| user(&diversion.address)))
        .unwrap_or_default()
}

fn text(variables: &Variables, name: &str) -> Option<String> {
    variables
        .get(name)
        .filter(|value| !value.is_empty() && !value.has_network())
        .map(Expanded::as_str)
        .map(str::to_owned)
}
