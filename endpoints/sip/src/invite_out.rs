//! The INVITE that we send: addresses, identity and headers, from the channel's profile and variables.

use crate::config::CallerIdType;
use crate::outbound::Plan;
use crate::profile::Profile;
use std::net::IpAddr;
use strowger_core::endpoint::Sdp;
use strowger_model::{CallerProfile, ChannelSnapshot, Variables, is_true};
use strowger_sip_proto::message::{NameAddr, Uri};
use strowger_sip_proto::{HeaderList, OutgoingInvite, Transport};

/// Headers that variables may not set: the machine or the profile writes them.
const REFUSED: &[&str] = &[
    "via",
    "from",
    "to",
    "call-id",
    "cseq",
    "max-forwards",
    "content-length",
    "content-type",
    "route",
    "record-route",
    "contact",
    "authorization",
    "proxy-authorization",
    "supported",
    "require",
    "allow",
    "v",
    "f",
    "t",
    "i",
    "l",
    "c",
    "m",
    "k",
];

/// Makes the order for the machine.
pub(crate) fn order(
    profile: &Profile,
    plan: &Plan,
    call_id: &str,
    channel: &ChannelSnapshot,
    offer: Option<&Sdp>,
) -> OutgoingInvite {
    let variables = &channel.variables;
    let sent_by = plan.peer.map(|peer| profile.sent_by(peer));
    let mut request_uri = plan.request_uri.clone();
    let auto_answer = variables
        .text("sip_auto_answer")
        .is_some_and(|text| is_true(text) || text.parse::<u32>().is_ok_and(|n| n > 0));
    if auto_answer {
        request_uri.set_param("intercom", Some("true"));
    }
    let request_uri = match variables.text("sip_invite_req_uri") {
        Some(text) => bare(text).to_owned(),
        None => with_params(
            &request_uri.to_string(),
            variables.text("sip_invite_params"),
        ),
    };
    let to = variables
        .text("sip_force_full_to")
        .or_else(|| variables.text("sip_invite_to_uri"))
        .map(str::to_owned)
        .or_else(|| plan.to.as_ref().map(Uri::to_string))
        .unwrap_or_else(|| {
            let uri = plan.request_uri.clone();
            match variables.text("sip_to_user") {
                Some(user) => uri.with_user(user).to_string(),
                None => uri.to_string(),
            }
        });
    let to = with_params(&in_brackets(&to), variables.text("sip_invite_to_params"));
    let transport = plan
        .destination
        .as_ref()
        .map_or_else(|| transport_of(&plan.request_uri), |to| to.transport());
    let mut route = plan.route.clone();
    if let Some(own) = variables.text("sip_route_uri") {
        route.insert(0, in_brackets(own));
    }
    OutgoingInvite {
        request_uri,
        to,
        from: from(profile, plan, channel),
        contact: Some(contact(profile, sent_by.as_deref(), transport, variables)),
        destination: plan
            .destination
            .clone()
            .filter(|_| variables.text("sip_route_uri").is_none()),
        route,
        pinned: false,
        headers: headers(profile, plan, channel, auto_answer),
        body: offer.map(|sdp| ("application/sdp".to_owned(), sdp.0.clone().into_bytes())),
        credentials: credentials(variables),
        patience: None,
        call_id: Some(call_id.to_owned()),
        sent_by,
    }
}

/// Credentials that the dial string itself gives.
fn credentials(variables: &Variables) -> Option<strowger_sip_proto::Account> {
    Some(strowger_sip_proto::Account {
        user: variables.text("sip_auth_username")?.to_owned(),
        password: variables.text("sip_auth_password")?.to_owned(),
        realms: Vec::new(),
    })
}

fn transport_of(uri: &Uri) -> Transport {
    uri.transport()
        .and_then(Transport::from_token)
        .unwrap_or(Transport::Udp)
}

fn contact(
    profile: &Profile,
    sent_by: Option<&str>,
    transport: Transport,
    variables: &Variables,
) -> String {
    let own = format!(
        "{}:{}",
        crate::nat::host_text(profile.shown_local()),
        profile.local().port()
    );
    let mut uri = format!(
        "sip:{}@{}",
        profile.conf.load().contact_user,
        sent_by.unwrap_or(&own)
    );
    if transport != Transport::Udp {
        uri.push_str(";transport=");
        uri.push_str(transport.uri_token());
    }
    format!(
        "<{}>",
        with_params(&uri, variables.text("sip_invite_contact_params"))
    )
}

/// `"name" <sip:number@host>` (spec: sofia §3).
fn from(profile: &Profile, plan: &Plan, channel: &ChannelSnapshot) -> String {
    let variables = &channel.variables;
    if let Some(full) = variables.text("sip_force_full_from") {
        return full.to_owned();
    }
    let (name, number) = identity(&channel.profile);
    let conf = profile.conf.load();
    let hidden = channel.profile.privacy_hide_number
        && caller_id_type(variables, conf.caller_id) != CallerIdType::None;
    let host = variables
        .text("sip_invite_domain")
        .map(str::to_owned)
        .unwrap_or_else(|| host_for(profile, plan.peer));
    let uri = match variables.text("sip_from_uri") {
        Some(uri) => bare(uri).to_owned(),
        None if hidden => "sip:anonymous@anonymous.invalid".to_owned(),
        None => {
            let user = variables.text("sip_from_user").unwrap_or(&number);
            address(user, &host)
        }
    };
    let uri = with_params(&uri, variables.text("sip_invite_from_params"));
    let display = variables
        .text("sip_from_display")
        .map(str::to_owned)
        .unwrap_or(if hidden { "Anonymous".to_owned() } else { name });
    match Uri::parse(&uri) {
        Ok(parsed) => named(parsed, &display),
        // The machine says what is wrong with it.
        Err(_) => format!("<{uri}>"),
    }
}

fn host_for(profile: &Profile, peer: Option<IpAddr>) -> String {
    match peer {
        Some(peer) => profile.host_for(peer),
        None => crate::nat::host_text(profile.shown_local()),
    }
}

/// `sip:user@host` with the user escaped.
fn address(user: &str, host: &str) -> String {
    match Uri::parse(&format!("sip:{host}")) {
        Ok(uri) if !user.is_empty() => uri.with_user(user).to_string(),
        Ok(uri) => uri.to_string(),
        Err(_) => format!("sip:{user}@{host}"),
    }
}

/// A name-addr; the display name `_undef_` means none.
fn named(uri: Uri, display: &str) -> String {
    let address = NameAddr::new(uri);
    let display: String = display.chars().filter(|c| !c.is_control()).collect();
    if display.is_empty() || display == "_undef_" {
        return address.to_string();
    }
    address.with_display(&display).to_string()
}

/// The caller as the profile of the leg shows it.
fn identity(profile: &CallerProfile) -> (String, String) {
    (
        profile.caller_id_name.clone(),
        profile.caller_id_number.clone(),
    )
}

fn caller_id_type(variables: &Variables, usual: CallerIdType) -> CallerIdType {
    variables
        .text("sip_cid_type")
        .and_then(CallerIdType::read)
        .unwrap_or(usual)
}

fn headers(
    profile: &Profile,
    plan: &Plan,
    channel: &ChannelSnapshot,
    auto_answer: bool,
) -> HeaderList {
    let variables = &channel.variables;
    let conf = profile.conf.load();
    let mut headers = HeaderList::new();
    headers.push((
        "X-FS-Support".to_owned(),
        "update_display,send_info".to_owned(),
    ));
    let (name, number) = identity(&channel.profile);
    let host = variables
        .text("sip_invite_domain")
        .map(str::to_owned)
        .unwrap_or_else(|| host_for(profile, plan.peer));
    if let Ok(uri) = Uri::parse(&address(&number, &host)) {
        headers.extend(identity_headers(
            caller_id_type(variables, conf.caller_id),
            &named(uri, &name),
            "calling",
            channel.profile.privacy_hide_name,
            channel.profile.privacy_hide_number,
            channel.profile.screen_bit,
        ));
    }
    if let Some(alert) = variables.text("alert_info") {
        headers.push(("Alert-Info".to_owned(), alert.to_owned()));
    }
    if auto_answer {
        let host = host_for(profile, plan.peer);
        headers.push((
            "Call-Info".to_owned(),
            format!("<sip:{host}>;answer-after=0"),
        ));
    }
    let exclude = variables.text("exclude_outgoing_extra_header");
    extra(&mut headers, variables, "sip_h_", exclude);
    headers.retain(sendable);
    headers
}

/// How a party's identity is told (RFC 3325, or the older Remote-Party-ID).
pub(crate) fn identity_headers(
    kind: CallerIdType,
    party: &str,
    side: &str,
    hide_name: bool,
    hide_number: bool,
    screened: bool,
) -> HeaderList {
    let privacy = match (hide_name, hide_number) {
        (_, true) => "full",
        (true, false) => "name",
        (false, false) => "off",
    };
    match kind {
        CallerIdType::None => HeaderList::new(),
        CallerIdType::Rpid => {
            let screen = if screened { "yes" } else { "no" };
            vec![(
                "Remote-Party-ID".to_owned(),
                format!("{party};party={side};privacy={privacy};screen={screen}"),
            )]
        }
        CallerIdType::Pid => {
            let privacy = if privacy == "off" { "none" } else { "id" };
            vec![
                ("P-Asserted-Identity".to_owned(), party.to_owned()),
                ("Privacy".to_owned(), privacy.to_owned()),
            ]
        }
    }
}

/// The header of a connected party, for 18x, 200 and UPDATE.
pub(crate) fn connected(
    profile: &Profile,
    peer: Option<IpAddr>,
    variables: &Variables,
    name: &str,
    number: &str,
) -> HeaderList {
    let kind = caller_id_type(variables, profile.conf.load().caller_id);
    match Uri::parse(&address(number, &host_for(profile, peer))) {
        Ok(uri) => {
            let mut headers =
                identity_headers(kind, &named(uri, name), "called", false, false, true);
            headers.retain(sendable);
            headers
        }
        Err(_) => HeaderList::new(),
    }
}

/// Header fields that variables with this prefix set.
pub(crate) fn extra(
    headers: &mut HeaderList,
    variables: &Variables,
    prefix: &str,
    exclude: Option<&str>,
) {
    for (variable, value) in variables.with_prefix(prefix) {
        let name = variable.get(prefix.len()..).unwrap_or_default();
        // Repeated headers were numbered when they came in: `X-A-1` is the second `X-A`.
        let name = match name.rsplit_once('-') {
            Some((base, digits))
                if digits.len() == 1
                    && digits.bytes().all(|b| b.is_ascii_digit())
                    && variables.get(&format!("{prefix}{base}")).is_some() =>
            {
                base
            }
            _ => name,
        };
        let refused = REFUSED
            .iter()
            .any(|refused| refused.eq_ignore_ascii_case(name));
        let excluded = exclude.is_some_and(|exclude| crate::matching::matches(exclude, name));
        if !refused && !excluded {
            headers.push((name.to_owned(), value.as_str().to_owned()));
        }
    }
}

/// Whether a header can be written: one that cannot costs its line, not the call.
pub(crate) fn sendable(header: &(String, String)) -> bool {
    let (name, value) = header;
    let token = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b));
    let line = !value.chars().any(|c| matches!(c, '\r' | '\n' | '\0'));
    if !(token && line) {
        tracing::warn!(
            header = %name.escape_debug(),
            "a header set by a variable is left out: its name is no token or its value has a line end"
        );
    }
    token && line
}

/// Without `<>`.
fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'))
        .unwrap_or(text)
}

fn in_brackets(text: &str) -> String {
    let text = text.trim();
    if text.contains('<') {
        return text.to_owned();
    }
    if text.starts_with("sip:") || text.starts_with("sips:") {
        format!("<{text}>")
    } else {
        format!("<sip:{text}>")
    }
}

fn with_params(text: &str, params: Option<&str>) -> String {
    match params.map(|params| params.trim_start_matches(';')) {
        Some(params) if !params.is_empty() => format!("{text};{params}"),
        _ => text.to_owned(),
    }
}
