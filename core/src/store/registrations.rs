//! Who is reachable where, until when. The truth is in memory; a journal keeps it across restarts.

use super::StoreError;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// One binding of a user to a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// User part of the address of record.
    pub user: String,
    /// Domain of the address of record.
    pub domain: String,
    /// The profile that took the registration.
    pub profile: String,
    /// Contact URI as the phone gave it.
    pub contact: String,
    /// Call-ID of the REGISTER.
    pub call_id: String,
    /// CSeq of the REGISTER.
    pub cseq: u32,
    /// What the phone calls itself.
    pub user_agent: String,
    /// Address that the REGISTER came from.
    pub network_ip: String,
    /// Port that the REGISTER came from.
    pub network_port: u16,
    /// `udp`, `tcp`, ….
    pub transport: String,
    /// Reach the phone at the network address rather than at its contact's.
    pub nat: bool,
    /// Proxies on the way, as route URIs, nearest first (RFC 3327).
    pub path: Vec<String>,
    /// Preference in thousandths (RFC 3261 q, 1000 best).
    pub q: u16,
    /// When it ends, seconds since 1970.
    pub expires: i64,
    /// When it was made, seconds since 1970.
    pub since: i64,
    /// Who proved to be the user.
    pub auth_user: String,
    /// Realm of the proof.
    pub auth_realm: String,
    /// The connection it came over, for streams; meaningless after a restart.
    pub flow: Option<u64>,
}

/// What makes a binding unique: address of record and contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegistrationKey {
    /// User, lower case.
    pub user: String,
    /// Domain, lower case.
    pub domain: String,
    /// Contact URI.
    pub contact: String,
}

impl Registration {
    /// What makes this binding unique.
    pub fn key(&self) -> RegistrationKey {
        RegistrationKey {
            user: self.user.to_ascii_lowercase(),
            domain: self.domain.to_ascii_lowercase(),
            contact: self.contact.clone(),
        }
    }
}

/// Keeps bindings across restarts. `save` and `remove` only queue: they must not block.
pub trait RegistrationJournal: Send + Sync + 'static {
    /// All bindings kept.
    fn load(&self) -> Result<Vec<Registration>, StoreError>;
    /// Keeps a binding, new or changed.
    fn save(&self, registration: &Registration);
    /// Forgets a binding.
    fn remove(&self, key: &RegistrationKey);
}

type Bindings = HashMap<(String, String), Vec<Arc<Registration>>>;

/// All bindings.
pub struct Registrations {
    bindings: RwLock<Bindings>,
    journal: Option<Arc<dyn RegistrationJournal>>,
}

impl Registrations {
    /// An empty registrar that keeps a journal, if given.
    pub fn new(journal: Option<Arc<dyn RegistrationJournal>>) -> Registrations {
        Registrations {
            bindings: RwLock::default(),
            journal,
        }
    }

    /// Takes over what the journal kept and has not expired.
    pub fn restore(&self, now: i64) -> Result<usize, StoreError> {
        let Some(journal) = &self.journal else {
            return Ok(0);
        };
        let mut restored = 0;
        for mut registration in journal.load()? {
            if registration.expires <= now {
                journal.remove(&registration.key());
                continue;
            }
            // The connection died with the old process.
            registration.flow = None;
            self.insert(Arc::new(registration));
            restored += 1;
        }
        Ok(restored)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Bindings> {
        self.bindings
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, registration: Arc<Registration>) {
        let key = registration.key();
        let mut bindings = self.write();
        let list = bindings
            .entry((key.user.clone(), key.domain.clone()))
            .or_default();
        list.retain(|other| other.contact != registration.contact);
        list.push(registration);
        // Best first; of equals the newest.
        list.sort_by(|a, b| b.q.cmp(&a.q).then(b.since.cmp(&a.since)));
    }

    /// Adds or refreshes a binding.
    pub fn put(&self, registration: Registration) {
        if let Some(journal) = &self.journal {
            journal.save(&registration);
        }
        self.insert(Arc::new(registration));
    }

    /// Removes a binding; gives it back when there was one.
    pub fn remove(&self, key: &RegistrationKey) -> Option<Arc<Registration>> {
        let mut bindings = self.write();
        let owner = (key.user.clone(), key.domain.clone());
        let list = bindings.get_mut(&owner)?;
        let at = list
            .iter()
            .position(|registration| registration.contact == key.contact)?;
        let removed = list.remove(at);
        if list.is_empty() {
            bindings.remove(&owner);
        }
        drop(bindings);
        if let Some(journal) = &self.journal {
            journal.remove(key);
        }
        Some(removed)
    }

    /// The bindings of a user that have not expired, best first.
    pub fn find(&self, user: &str, domain: &str, now: i64) -> Vec<Arc<Registration>> {
        let owner = (user.to_ascii_lowercase(), domain.to_ascii_lowercase());
        let bindings = self.bindings.read().unwrap_or_else(PoisonError::into_inner);
        bindings
            .get(&owner)
            .map(|list| {
                list.iter()
                    .filter(|registration| registration.expires > now)
                    .cloned()
                    .collect()
            })
            .unwrap_or_default()
    }

    /// Every binding.
    pub fn all(&self) -> Vec<Arc<Registration>> {
        let bindings = self.bindings.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = bindings.values().flatten().cloned().collect();
        all.sort_by(|a, b| (&a.user, &a.domain, &a.contact).cmp(&(&b.user, &b.domain, &b.contact)));
        all
    }

    /// Removes what has expired, and gives it.
    pub fn expire(&self, now: i64) -> Vec<Arc<Registration>> {
        let late: Vec<_> = self
            .all()
            .into_iter()
            .filter(|registration| registration.expires <= now)
            .collect();
        for registration in &late {
            self.remove(&registration.key());
        }
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(contact: &str, q: u16, expires: i64) -> Registration {
        Registration {
            user: "1000".into(),
            domain: "Example.org".into(),
            profile: "internal".into(),
            contact: contact.into(),
            call_id: "c".into(),
            cseq: 1,
            user_agent: String::new(),
            network_ip: "127.0.0.1".into(),
            network_port: 5060,
            transport: "udp".into(),
            nat: false,
            path: Vec::new(),
            q,
            expires,
            since: 0,
            auth_user: "1000".into(),
            auth_realm: "example.org".into(),
            flow: None,
        }
    }

    #[test]
    fn the_best_contact_comes_first_and_expired_ones_do_not_count() {
        let registrations = Registrations::new(None);
        registrations.put(binding("sip:a", 500, 100));
        registrations.put(binding("sip:b", 1000, 100));
        registrations.put(binding("sip:old", 1000, 10));
        let found = registrations.find("1000", "example.ORG", 50);
        assert_eq!(
            found.iter().map(|r| r.contact.as_str()).collect::<Vec<_>>(),
            ["sip:b", "sip:a"]
        );
        assert_eq!(registrations.expire(50).len(), 1);
        assert_eq!(registrations.all().len(), 2);
    }

    #[test]
    fn a_refresh_replaces_its_binding() {
        let registrations = Registrations::new(None);
        registrations.put(binding("sip:a", 1000, 100));
        registrations.put(binding("sip:a", 1000, 200));
        let found = registrations.find("1000", "example.org", 150);
        assert_eq!(found.len(), 1);
        assert!(registrations.remove(&found[0].key()).is_some());
        assert!(registrations.find("1000", "example.org", 0).is_empty());
    }
}
