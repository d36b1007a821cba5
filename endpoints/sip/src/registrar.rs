//! The registrar (RFC 3261 §10.3): who may register, which contacts are kept and for how long, and what is told of it.

use crate::auth::{Ask, Identity};
use crate::config::{MAX_CONTACTS, Multiple, ProfileConf};
use crate::inbound::Refusal;
use crate::nat;
use crate::shard::Shard;
use std::sync::Arc;
use std::time::Instant;
use strowger_core::Switch;
use strowger_core::config::ConfigSnapshot;
use strowger_core::store::Registration;
use strowger_model::{Event, User, is_true};
use strowger_sip_proto::message::{Contacts, NameAddr, Request};
use strowger_sip_proto::{Flow, HeaderList, ServerKey};

/// Seconds that a binding lasts when nobody says (spec: sofia §5).
const DEFAULT_EXPIRES: u32 = 300;
/// The same for phones behind NAT: their hole closes soon.
const DEFAULT_EXPIRES_NAT: u32 = 30;
/// Longest binding, seconds.
const LONGEST: u32 = 86_400;
/// Octets of a contact URI.
const CONTACT: usize = 512;
/// Proxies of a Path header.
const PATH: usize = 8;

/// Whose contacts a REGISTER is about.
struct Owner {
    user: String,
    domain: String,
    account: Option<Arc<User>>,
    auth_user: String,
    auth_realm: String,
}

/// One contact of a REGISTER.
struct Wish {
    contact: String,
    q: u16,
    expires: u32,
}

impl Shard {
    /// A REGISTER.
    pub(crate) fn registration(
        &mut self,
        now: Instant,
        key: ServerKey,
        flow: Flow,
        request: &Request,
    ) {
        match self.register(now, &flow, request) {
            Ok(headers) => self.respond(now, key, 200, headers),
            Err(refusal) => {
                let subclass = match refusal.status {
                    401 if !request.has("Authorization") => "sofia::pre_register",
                    401 => "sofia::register_attempt",
                    _ => "sofia::register_failure",
                };
                self.tell_refusal(subclass, &flow, request, refusal.status);
                self.turn_down(now, key, refusal);
            }
        }
    }

    fn register(
        &self,
        now: Instant,
        flow: &Flow,
        request: &Request,
    ) -> Result<HeaderList, Refusal> {
        let conf = self.profile.conf.load_full();
        let config = self.switch.config();
        let owner = self.owner(now, &conf, &config, flow, request)?;
        self.may_register(&conf, &owner, request)?;
        let registrations = &self.switch.store().registrations;
        let clock = self.switch.clock().now().timestamp();
        let contacts = request
            .contacts()
            .map_err(|_| Refusal::of(400, "Malformed Contact"))?;
        let existing = registrations.find(&owner.user, &owner.domain, clock);
        let call_id = request.call_id().unwrap_or_default();
        let cseq = request.cseq().map_or(0, |cseq| cseq.number);
        let old = existing
            .iter()
            .any(|known| known.call_id == call_id && known.cseq >= cseq);
        let list = match contacts {
            Contacts::Star => {
                if request.expires().ok().flatten() != Some(0) {
                    return Err(Refusal::of(400, "Contact * Needs Expires 0"));
                }
                if old {
                    return Err(Refusal::of(500, "Out Of Order"));
                }
                for known in &existing {
                    registrations.remove(&known.key());
                    gone(&self.switch, known, "sofia::unregister");
                }
                return Ok(answer(&[], request, clock, conf.expires_margin));
            }
            Contacts::List(list) => list,
        };
        if list.is_empty() {
            return Ok(answer(&existing, request, clock, conf.expires_margin));
        }
        if old {
            return Err(Refusal::of(500, "Out Of Order"));
        }
        let behind_nat = nat::is_behind_nat(&conf, config.acls(), flow, request, list.first());
        let wishes = wishes(&conf, &owner, request, &list, behind_nat)?;
        let path = path(request)?;
        let fresh = wishes
            .iter()
            .filter(|wish| wish.expires > 0)
            .filter(|wish| !existing.iter().any(|known| known.contact == wish.contact))
            .count();
        let multiple = multiple(&conf, &owner);
        // What this REGISTER replaces does not count.
        let staying = existing
            .iter()
            .filter(|known| stays(known, multiple, call_id))
            .count();
        let most = most_contacts(&conf, &owner);
        if fresh > 0 && staying + fresh > most {
            return Err(Refusal::of(403, "Too Many Contacts"));
        }
        for known in &existing {
            let refreshed = wishes.iter().any(|wish| wish.contact == known.contact);
            if !refreshed && fresh > 0 && !stays(known, multiple, call_id) {
                registrations.remove(&known.key());
                gone(&self.switch, known, "sofia::unregister");
            }
        }
        for wish in &wishes {
            let registration = Registration {
                user: owner.user.clone(),
                domain: owner.domain.clone(),
                profile: self.profile.name.clone(),
                contact: wish.contact.clone(),
                call_id: call_id.to_owned(),
                cseq,
                user_agent: printable(request.get("User-Agent").unwrap_or("unknown")),
                network_ip: flow.peer.ip().to_canonical().to_string(),
                network_port: flow.peer.port(),
                transport: flow.transport.uri_token().to_owned(),
                nat: behind_nat,
                path: path.clone(),
                q: wish.q,
                expires: clock + i64::from(wish.expires) + i64::from(conf.expires_margin),
                since: existing
                    .iter()
                    .find(|known| known.contact == wish.contact)
                    .map_or(clock, |known| known.since),
                auth_user: owner.auth_user.clone(),
                auth_realm: owner.auth_realm.clone(),
                flow: flow.transport.is_reliable().then_some(flow.id.0),
            };
            if wish.expires == 0 {
                if let Some(known) = registrations.remove(&registration.key()) {
                    gone(&self.switch, &known, "sofia::unregister");
                }
            } else {
                self.tell_registered(&registration, wish.expires, &conf);
                registrations.put(registration);
            }
        }
        let current = registrations.find(&owner.user, &owner.domain, clock);
        Ok(answer(&current, request, clock, conf.expires_margin))
    }

    /// Who registers: by digest, by address list, or whoever, as the profile says.
    fn owner(
        &self,
        now: Instant,
        conf: &ProfileConf,
        config: &ConfigSnapshot,
        flow: &Flow,
        request: &Request,
    ) -> Result<Owner, Refusal> {
        let to = request.to().map_err(|_| Refusal::of(400, "Malformed To"))?;
        let user = to.uri.user().unwrap_or_default().into_owned();
        let to_host = to.uri.host_text();
        let stored_domain = conf
            .force_register_db_domain
            .clone()
            .unwrap_or(to_host.clone());
        let port = conf.acl_with_port.then_some(flow.peer.port());
        let listed = conf
            .register_acls
            .iter()
            .any(|list| config.acls().check_port(list, flow.peer.ip(), port).allowed);
        if !conf.register_acls.is_empty() && !listed {
            return Err(Refusal::of(403, ""));
        }
        let domain = conf.force_register_domain.clone().unwrap_or(to_host);
        if listed || conf.accept_blind_reg {
            if !is_plain(&user) {
                return Err(Refusal::of(400, "Odd User"));
            }
            return Ok(Owner {
                account: config.directory().user(&domain, &user).cloned(),
                auth_user: user.clone(),
                auth_realm: domain,
                user,
                domain: stored_domain,
            });
        }
        let identity = self.identify(now, conf, config, flow, request, Ask::Registrar)?;
        self.owned_by(conf, config, &domain, user, stored_domain, identity)
    }

    /// The user who logged in must own the address of record (AUT-05).
    fn owned_by(
        &self,
        conf: &ProfileConf,
        config: &ConfigSnapshot,
        domain: &str,
        user: String,
        stored_domain: String,
        identity: Identity,
    ) -> Result<Owner, Refusal> {
        let forced = identity
            .user
            .param("sip-force-user")
            .or_else(|| identity.user.variable("sip-force-user"));
        let own = config
            .directory()
            .user(domain, &user)
            .is_some_and(|named| Arc::ptr_eq(named, &identity.user));
        if forced.is_none() && !own && (conf.force_matching_username || !is_plain(&user)) {
            return Err(Refusal::of(403, ""));
        }
        Ok(Owner {
            user: match forced {
                Some(forced) => forced.to_owned(),
                // Calls go to the user by its id, whatever name the phone registers.
                None if own => identity.user.id.clone(),
                None => user,
            },
            domain: stored_domain,
            auth_user: identity.username,
            auth_realm: identity.realm,
            account: Some(identity.user),
        })
    }

    fn may_register(
        &self,
        conf: &ProfileConf,
        owner: &Owner,
        request: &Request,
    ) -> Result<(), Refusal> {
        let forbidden = setting(owner, "sip-forbid-register").is_some_and(is_true);
        let agent = request.get("User-Agent").unwrap_or_default();
        let filters = [
            conf.user_agent_filter.as_deref(),
            setting(owner, "user-agent-filter"),
        ];
        let filtered = filters
            .into_iter()
            .flatten()
            .any(|filter| !crate::matching::matches(filter, agent));
        if forbidden || filtered {
            return Err(Refusal::of(403, ""));
        }
        Ok(())
    }

    fn tell_registered(&self, registration: &Registration, expires: u32, conf: &ProfileConf) {
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

    fn tell_refusal(&self, subclass: &str, flow: &Flow, request: &Request, status: u16) {
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

fn setting<'o>(owner: &'o Owner, name: &str) -> Option<&'o str> {
    let account = owner.account.as_ref()?;
    account.param(name).or_else(|| account.variable(name))
}

fn multiple(conf: &ProfileConf, owner: &Owner) -> Multiple {
    match setting(owner, "sip-allow-multiple-registrations") {
        Some(text) if text.eq_ignore_ascii_case("call-id") => Multiple::ByCallId,
        Some(text) if is_true(text) || text.eq_ignore_ascii_case("contact") => Multiple::ByContact,
        Some(_) => Multiple::No,
        None => conf.multiple,
    }
}

/// Whether a binding survives a REGISTER with this Call-ID that brings another contact.
fn stays(known: &Registration, multiple: Multiple, call_id: &str) -> bool {
    match multiple {
        Multiple::No => false,
        Multiple::ByCallId => known.call_id != call_id,
        Multiple::ByContact => true,
    }
}

fn most_contacts(conf: &ProfileConf, owner: &Owner) -> usize {
    setting(owner, "max-registrations-per-extension")
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|most| *most > 0)
        .unwrap_or(conf.max_contacts)
        .min(MAX_CONTACTS)
}

fn wishes(
    conf: &ProfileConf,
    owner: &Owner,
    request: &Request,
    list: &[NameAddr],
    behind_nat: bool,
) -> Result<Vec<Wish>, Refusal> {
    if list.len() > MAX_CONTACTS {
        return Err(Refusal::of(403, "Too Many Contacts"));
    }
    let header = request
        .expires()
        .map_err(|_| Refusal::of(400, "Malformed Expires"))?;
    list.iter()
        .map(|address| {
            let asked = address.expires().or(header);
            Ok(Wish {
                contact: contact_text(address)?,
                q: address.q_thousandths(),
                expires: granted(conf, owner, asked, behind_nat),
            })
        })
        .collect()
}

/// The contact URI as it is kept. It will stand in dial strings, so what is syntax there is refused.
fn contact_text(address: &NameAddr) -> Result<String, Refusal> {
    if !address.uri.is_sip() {
        return Err(Refusal::of(400, "Contact Is No SIP URI"));
    }
    let uri = address.uri.clone().without_headers().without_password();
    let text = uri.to_string();
    let odd = |c: char| c.is_control() || c.is_whitespace() || "<>\"'`,|{}$\\^!".contains(c);
    if text.len() > CONTACT || text.chars().any(odd) || text.contains(":_:") {
        return Err(Refusal::of(400, "Odd Contact"));
    }
    Ok(text)
}

fn granted(conf: &ProfileConf, owner: &Owner, asked: Option<u32>, behind_nat: bool) -> u32 {
    let number = |name: &str| setting(owner, name).and_then(|text| text.parse::<u32>().ok());
    let usual = if behind_nat {
        DEFAULT_EXPIRES_NAT
    } else {
        DEFAULT_EXPIRES
    };
    let asked = asked.unwrap_or(usual);
    if asked == 0 {
        return 0;
    }
    if let Some(forced) = number("sip-force-expires").or(conf.force_expires) {
        let spread = number("sip-expires-max-deviation").unwrap_or(conf.expires_deviation);
        return deviated(forced, spread).clamp(1, LONGEST);
    }
    let least = number("sip-force-expires-min")
        .or(conf.min_expires)
        .unwrap_or(1)
        .clamp(1, LONGEST);
    let most = number("sip-force-expires-max")
        .or(conf.max_expires)
        .unwrap_or(LONGEST)
        .clamp(least, LONGEST);
    asked.clamp(least, most)
}

/// Spreads refreshes, so that phones that started together do not stay together.
fn deviated(seconds: u32, spread: u32) -> u32 {
    if spread == 0 {
        return seconds;
    }
    let offset = rand::random_range(0..=u64::from(spread) * 2);
    u32::try_from((u64::from(seconds) + offset).saturating_sub(u64::from(spread)))
        .unwrap_or(LONGEST)
}

fn path(request: &Request) -> Result<Vec<String>, Refusal> {
    let list = request
        .paths()
        .map_err(|_| Refusal::of(400, "Malformed Path"))?;
    if list.len() > PATH {
        return Err(Refusal::of(403, "Path Too Long"));
    }
    Ok(list.iter().map(|hop| hop.uri.to_string()).collect())
}

fn answer(
    bindings: &[Arc<Registration>],
    request: &Request,
    clock: i64,
    margin: u32,
) -> HeaderList {
    let mut headers = HeaderList::new();
    for path in request.all("Path") {
        headers.push(("Path".to_owned(), path.to_owned()));
    }
    for binding in bindings {
        let left = (binding.expires - clock - i64::from(margin)).max(0);
        let mut value = format!("<{}>;expires={left}", binding.contact);
        if binding.q < 1_000 {
            value.push_str(&format!(";q=0.{:03}", binding.q));
        }
        headers.push(("Contact".to_owned(), value));
    }
    headers
}

fn is_plain(user: &str) -> bool {
    (1..=128).contains(&user.len())
        && !user
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>\"'`,;|{}[]$\\^@/".contains(c))
}

/// Text of a peer for events and tables: no control characters, not endless.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(256)
        .collect()
}

#[cfg(test)]
#[path = "registrar/tests.rs"]
mod tests;
