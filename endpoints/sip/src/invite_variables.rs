//! The channel variables that an INVITE brings (spec: sofia §4). What the peer wrote is network text.

use crate::config::ProfileConf;
use crate::inbound::Admitted;
use crate::profile::Profile;
use strowger_model::{Expanded, User, Variables};
use strowger_sip_proto::Flow;
use strowger_sip_proto::message::{HeaderTable, NameAddr, Request, Uri};

/// Headers with a meaning of their own, which do not become `sip_h_*`.
const OWN_MEANING: &[&str] = &[
    "P-Asserted-Identity",
    "P-Preferred-Identity",
    "X-FS-Support",
];
/// Headers kept as `sip_h_*` at most: more of them are of no use to any dialplan.
const KEPT: usize = 64;

/// All variables of a new inbound call.
pub(crate) fn of(
    profile: &Profile,
    conf: &ProfileConf,
    flow: &Flow,
    request: &Request,
    contact: &NameAddr,
    admitted: &Admitted,
    nat: bool,
) -> Variables {
    let mut variables = Variables::new();
    let v = &mut variables;
    let network = |text: String| Expanded::network(text);
    let source = flow.peer.ip().to_canonical().to_string();
    for name in ["sip_received_ip", "sip_network_ip"] {
        v.set(name, source.as_str());
    }
    for name in ["sip_received_port", "sip_network_port"] {
        v.set(name, flow.peer.port().to_string());
    }
    v.set(
        "sip_via_protocol",
        flow.transport.via_token().to_ascii_lowercase(),
    );
    v.set("sip_local_network_addr", profile.shown_local().to_string());
    v.set(
        "sip_invite_stamp",
        profile.switch.clock().micros().to_string(),
    );
    for name in [
        "sofia_profile_name",
        "recovery_profile_name",
        "sip_profile_name",
    ] {
        v.set(name, conf.name.as_str());
    }
    v.set("sofia_profile_url", profile.url());
    if let Some(domain) = &conf.force_register_domain {
        v.set("sofia_profile_domain_name", domain.as_str());
    }
    v.set(
        "sip_authorized",
        if admitted.identity.is_some() || admitted.user.is_some() {
            "true"
        } else {
            "false"
        },
    );
    if admitted.looped {
        v.set("sip_looped_call", "true");
    }
    if let Some((list, token)) = &admitted.acl {
        v.set("sip_acl_authed_by", list.as_str());
        if let Some(token) = token {
            v.set("sip_acl_token", token.as_str());
        }
    }
    if nat {
        v.set("sip_nat_detected", "true");
    }
    if let Some(call_id) = request.call_id() {
        v.set("sip_call_id", network(call_id.to_owned()));
    }
    if let Some(agent) = request.get("User-Agent") {
        v.set("sip_user_agent", network(agent.to_owned()));
    }
    uri(v, "sip_req", request.uri());
    if let Ok(from) = request.from() {
        address(v, "sip_from", &from);
        v.set("sip_full_from", network(from.to_string()));
        let user = from.uri.user().unwrap_or_default();
        v.set(
            "sip_from_user_stripped",
            network(user.trim_start_matches('+').to_owned()),
        );
        v.set("presence_id", network(user_at_host(&from.uri)));
        for (name, value) in from.uri.params().iter() {
            // `;user=phone` must not replace the user.
            let variable = format!("sip_from_{}", plain(name));
            if v.get(&variable).is_none() {
                v.set(&variable, network(value.unwrap_or("true").to_owned()));
            }
        }
    }
    if let Ok(to) = request.to() {
        address(v, "sip_to", &to);
        v.set("sip_full_to", network(to.to_string()));
    }
    address(v, "sip_contact", contact);
    via(v, request);
    if let Some(routes) = all(request, "Route") {
        v.set("sip_full_route", network(routes));
    }
    named(v, request);
    extra(v, request);
    variables
}

/// The directory variables of the user that the call acts as; then what says who that is.
pub(crate) fn add_user(variables: &mut Variables, admitted: &Admitted) {
    let Some(user) = &admitted.user else {
        return;
    };
    for (name, value) in &user.variables {
        variables.set(name, value.as_str());
    }
    set_identity(variables, user);
    let (username, realm) = match &admitted.identity {
        Some(identity) => (identity.username.as_str(), identity.realm.as_str()),
        None => (user.id.as_str(), user.domain.as_str()),
    };
    variables.set("sip_auth_username", Expanded::network(username));
    variables.set("sip_auth_realm", Expanded::network(realm));
    if user.variable("presence_id").is_none() {
        variables.set("presence_id", user.address());
    }
}

fn set_identity(variables: &mut Variables, user: &User) {
    variables.set("user_name", user.id.as_str());
    variables.set("domain_name", user.domain.as_str());
    if let Some(alias) = &user.number_alias {
        variables.set("number_alias", alias.as_str());
        variables.set("sip_number_alias", alias.as_str());
    }
}

/// `user@host` without port; the host alone when there is no user.
pub(crate) fn user_at_host(uri: &Uri) -> String {
    match uri.user() {
        Some(user) if !user.is_empty() => format!("{user}@{}", uri.host_text()),
        _ => uri.host_text(),
    }
}

/// The host part with the port, when there is one.
fn host_and_port(uri: &Uri) -> String {
    match uri.port() {
        Some(port) => format!("{}:{port}", user_at_host(uri)),
        None => user_at_host(uri),
    }
}

fn uri(v: &mut Variables, prefix: &str, uri: &Uri) {
    let mut set = |part: &str, text: String| {
        v.set(&format!("{prefix}_{part}"), Expanded::network(text));
    };
    set("user", uri.user().unwrap_or_default().into_owned());
    set("host", uri.host_text());
    set("uri", host_and_port(uri));
    if let Some(port) = uri.port() {
        set("port", port.to_string());
    }
    let params: Vec<String> = uri
        .params()
        .iter()
        .map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name.to_owned(),
        })
        .collect();
    set("params", params.join(";"));
}

fn address(v: &mut Variables, prefix: &str, address: &NameAddr) {
    uri(v, prefix, &address.uri);
    if let Some(display) = address
        .display
        .as_deref()
        .filter(|display| !display.is_empty())
    {
        v.set(&format!("{prefix}_display"), Expanded::network(display));
    }
    if let Some(tag) = address.tag() {
        v.set(&format!("{prefix}_tag"), Expanded::network(tag));
    }
}

fn via(v: &mut Variables, request: &Request) {
    if let Some(full) = all(request, "Via") {
        v.set("sip_full_via", Expanded::network(full));
    }
    let Ok(top) = request.via_top() else {
        return;
    };
    v.set("sip_via_host", Expanded::network(top.host.to_string()));
    if let Some(port) = top.port {
        v.set("sip_via_port", port.to_string());
    }
    if let Some(rport) = top.rport().flatten() {
        v.set("sip_via_rport", rport.to_string());
    }
}

/// Headers with variables of their own names.
fn named(v: &mut Variables, request: &Request) {
    for (header, variable) in [
        ("Subject", "sip_subject"),
        ("Call-Info", "sip_call_info"),
        ("Alert-Info", "alert_info"),
        ("Remote-Party-ID", "sip_Remote-Party-ID"),
        ("P-Preferred-Identity", "sip_P-Preferred-Identity"),
        ("Privacy", "sip_Privacy"),
        ("Accept-Language", "sip_accept_language"),
        ("Identity", "sip_identity"),
        ("History-Info", "sip_history_info"),
        ("Geolocation", "sip_geolocation"),
    ] {
        if let Some(value) = all(request, header) {
            v.set(variable, Expanded::network(value));
        }
    }
    if let Some(allow) = all(request, "Allow") {
        v.set("sip_allow", Expanded::network(allow));
    }
    if let Some(Ok(asserted)) = request
        .get("P-Asserted-Identity")
        .map(|_| request.asserted_identities())
        && let Some(first) = asserted.first()
    {
        let user = first.uri.user().unwrap_or_default().into_owned();
        v.set("sip_P-Asserted-Identity", Expanded::network(user));
    }
    if let Ok(Some(by)) = request.referred_by() {
        v.set("sip_referred_by_full", Expanded::network(by.to_string()));
        uri(v, "sip_referred_by", &by.uri);
    }
}

/// Headers that pass through the exchange as `sip_h_*`.
fn extra(v: &mut Variables, request: &Request) {
    let mut seen: Vec<(String, usize)> = Vec::new();
    for (name, value) in request.iter().filter(|(name, _)| passes(name)).take(KEPT) {
        let lower = name.to_ascii_lowercase();
        let count = match seen.iter_mut().find(|(known, _)| *known == lower) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                seen.push((lower, 0));
                0
            }
        };
        let variable = match count {
            0 => format!("sip_h_{name}"),
            n => format!("sip_h_{name}-{n}"),
        };
        v.set(&variable, Expanded::network(value));
    }
}

fn passes(name: &str) -> bool {
    let starts = |prefix: &str| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if OWN_MEANING.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return false;
    }
    ["X-", "P-", "K-", "On"].iter().any(|prefix| starts(prefix))
        || ["User-to-User", "Diversion", "History-Info"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
}

/// Headers of a response that become variables: `prefix` is `sip_rh_` or `sip_ph_`.
pub(crate) fn of_response(headers: &HeaderTable, prefix: &str) -> Vec<(String, Expanded)> {
    headers
        .iter()
        .filter(|(name, _)| {
            let starts = |start: &str| {
                name.get(..start.len())
                    .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
            };
            (starts("X-") && !starts("X-FS-")) || starts("P-") || starts("On")
        })
        .take(KEPT)
        .map(|(name, value)| (format!("{prefix}{name}"), Expanded::network(value)))
        .collect()
}

fn all(request: &Request, name: &'static str) -> Option<String> {
    let lines: Vec<&str> = request.all(name).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// A parameter name as part of a variable name.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect()
}
