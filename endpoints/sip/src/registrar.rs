//! The registrar (RFC 3261 §10.3): who may register, which contacts are kept and for how long, and what is told of it.

mod contacts;
mod news;

pub(crate) use news::{dialled_contact, gone, shown_contact};

use crate::auth::{Ask, Identity};
use crate::config::{MAX_CONTACTS, Multiple, ProfileConf};
use crate::inbound::Refusal;
use crate::nat;
use crate::shard::Shard;
use contacts::{answer, path, wishes};
use news::printable;
use std::sync::Arc;
use std::time::Instant;
use strowger_core::config::ConfigSnapshot;
use strowger_core::store::Registration;
use strowger_model::{User, is_true};
use strowger_sip_proto::message::{Contacts, Request};
use strowger_sip_proto::{Flow, HeaderList, ServerKey};

/// Whose contacts a REGISTER is about.
struct Owner {
    user: String,
    domain: String,
    account: Option<Arc<User>>,
    auth_user: String,
    auth_realm: String,
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

    /// The user who logged in must own the address of record.
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

fn is_plain(user: &str) -> bool {
    (1..=128).contains(&user.len())
        && !user
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>\"'`,;|{}[]$\\^@/".contains(c))
}

#[cfg(test)]
mod tests;
