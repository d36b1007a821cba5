//! Events of registrations, and contacts as they are shown and dialled.

use crate::config::ProfileConf;
use crate::nat;
use crate::shard::Shard;
use strowger_core::Switch;
use strowger_core::store::Registration;
use strowger_model::Event;
use strowger_sip_proto::Flow;
use strowger_sip_proto::message::Request;

impl Shard {
    pub(super) fn tell_registered(
        &self,
        registration: &Registration,
        expires: u32,
        conf: &ProfileConf,
    ) {
        let (user, domain) = (registration.user.as_str(), registration.domain.as_str());
        let status = format!(
            "Registered({}{})",
            registration.transport.to_ascii_uppercase(),
            if registration.nat { "-NAT" } else { "" }
        );
        let event = Event::custom("sofia::register")
            .header("profile-name", registration.profile.as_str())
            .header("from-user", user)
            .header("from-host", domain)
            .header("presence-hosts", conf.presence_hosts.as_str())
            .header("contact", shown_contact(registration))
            .header("call-id", registration.call_id.as_str())
            .header("rpid", "unknown")
            .header("status", status)
            .header("expires", expires.to_string())
            .header("to-user", user)
            .header("to-host", domain)
            .header("network-ip", registration.network_ip.as_str())
            .header("network-port", registration.network_port.to_string())
            .header("username", registration.auth_user.as_str())
            .header("realm", registration.auth_realm.as_str())
            .header("user-agent", registration.user_agent.as_str());
        self.switch.events().publish(event);
    }

    pub(super) fn tell_refusal(&self, subclass: &str, flow: &Flow, request: &Request, status: u16) {
        let (user, host) = request
            .to()
            .map(|to| {
                (
                    to.uri.user().unwrap_or_default().into_owned(),
                    to.uri.host_text(),
                )
            })
            .unwrap_or_default();
        let event = Event::custom(subclass)
            .header("profile-name", self.profile.name.as_str())
            .header("to-user", printable(&user))
            .header("to-host", host)
            .header("network-ip", flow.peer.ip().to_canonical().to_string())
            .header("network-port", flow.peer.port().to_string())
            .header(
                "user-agent",
                printable(request.get("User-Agent").unwrap_or("unknown")),
            )
            .header("call-id", printable(request.call_id().unwrap_or_default()))
            .header(
                "auth-result",
                if status == 403 {
                    "FORBIDDEN"
                } else {
                    "RENEWED"
                },
            );
        self.switch.events().publish(event);
    }
}

/// Tells that a binding ended.
pub(crate) fn gone(switch: &Switch, registration: &Registration, subclass: &str) {
    let event = Event::custom(subclass)
        .header("profile-name", registration.profile.as_str())
        .header("from-user", registration.user.as_str())
        .header("from-host", registration.domain.as_str())
        .header("user", registration.user.as_str())
        .header("host", registration.domain.as_str())
        .header("contact", shown_contact(registration))
        .header("call-id", registration.call_id.as_str())
        .header("rpid", "unknown")
        .header("expires", registration.expires.to_string())
        .header("network-ip", registration.network_ip.as_str())
        .header("network-port", registration.network_port.to_string())
        .header("user-agent", registration.user_agent.as_str());
    switch.events().publish(event);
}

/// The contact as dial strings use it: with the way back to phones behind NAT, and the proxies on the way.
pub(crate) fn dialled_contact(registration: &Registration) -> String {
    let mut contact = registration.contact.clone();
    if let Some(first) = registration.path.first() {
        contact.push_str(&format!(";fs_path={}", escaped(first)));
    } else if registration.nat {
        let host = match registration.network_ip.parse() {
            Ok(address) => nat::host_text(address),
            Err(_) => registration.network_ip.clone(),
        };
        let route = format!(
            "sip:{host}:{};transport={}",
            registration.network_port, registration.transport
        );
        contact.push_str(&format!(";fs_nat=yes;fs_path={}", escaped(&route)));
    }
    contact
}

/// The contact as events and tables show it.
pub(crate) fn shown_contact(registration: &Registration) -> String {
    format!("\"\" <{}>", dialled_contact(registration))
}

/// A URI as the value of a parameter of another.
fn escaped(uri: &str) -> String {
    let mut out = String::with_capacity(uri.len() + 16);
    for octet in uri.bytes() {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

/// Text of a peer for events and tables: no control characters, not endless.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(256)
        .collect()
}
