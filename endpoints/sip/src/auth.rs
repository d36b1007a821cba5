//! Proof of identity: digest authentication against the directory, at constant work, whoever asks.

use crate::config::{ProfileConf, Realm, SofiaConf};
use crate::nat;
use crate::profile::Profile;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_core::config::{ConfigSnapshot, is_weak_password};
use strowger_model::{User, is_false, is_true};
use strowger_sip_proto::auth::{
    Algorithm, Challenge, Credentials, NonceVerdict, challenges, credentials, ha1, verify,
};
use strowger_sip_proto::message::{Host, Request, Uri};
use strowger_sip_proto::{Flow, HeaderList};

/// Stands in for the secret of users that do not exist, so that they cost the same time.
const NOBODY: &str = "no such user has this secret";

/// Octets of a response besides the headers that it copies, for keeping challenges short.
const RESPONSE_OVERHEAD: usize = 200;

/// Where the credentials stand, and with which status they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// 401, `Authorization`: registrations.
    Registrar,
    /// 407, `Proxy-Authorization`: everything else.
    Proxy,
}

impl Ask {
    fn status(self) -> u16 {
        match self {
            Ask::Registrar => 401,
            Ask::Proxy => 407,
        }
    }

    fn challenge_header(self) -> &'static str {
        match self {
            Ask::Registrar => "WWW-Authenticate",
            Ask::Proxy => "Proxy-Authenticate",
        }
    }

    fn credentials_headers(self) -> [&'static str; 2] {
        match self {
            Ask::Registrar => ["Authorization", "Proxy-Authorization"],
            Ask::Proxy => ["Proxy-Authorization", "Authorization"],
        }
    }
}

/// Who a request comes from.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) user: Arc<User>,
    pub(crate) realm: String,
    pub(crate) username: String,
}

/// The outcome of looking at a request's credentials.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Proved.
    Passed(Identity),
    /// No usable credentials: this response asks for them.
    Challenge(u16, HeaderList),
    /// Wrong, for whatever reason: 403 after this delay.
    Refused(Duration),
    /// The header cannot be taken seriously: 400.
    Malformed,
}

/// Looks at the credentials of a request.
pub(crate) struct Examination<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) conf: &'a ProfileConf,
    pub(crate) config: &'a ConfigSnapshot,
    pub(crate) request: &'a Request,
    pub(crate) flow: &'a Flow,
    pub(crate) ask: Ask,
    pub(crate) now: Instant,
}

impl Examination<'_> {
    /// The verdict.
    pub(crate) fn verdict(&self) -> Verdict {
        let realm = self.realm();
        let Some(credentials) = self.credentials(&realm) else {
            return Verdict::Malformed;
        };
        let Some(credentials) = credentials else {
            return self.challenge(&realm, false);
        };
        self.examine(&realm, &credentials)
    }

    /// The realm that challenges name.
    pub(crate) fn realm(&self) -> String {
        let host = |address: Result<strowger_sip_proto::message::NameAddr, _>| {
            address
                .ok()
                .map(|address: strowger_sip_proto::message::NameAddr| address.uri.host_text())
        };
        let found = match &self.conf.realm {
            Realm::From => host(self.request.from()),
            Realm::To => host(self.request.to()),
            Realm::Literal(text) => Some(text.clone()),
        };
        found
            .filter(|realm| !realm.is_empty())
            .unwrap_or_else(|| nat::host_text(self.profile.shown_local()))
    }

    /// The directory domain of this request's users.
    pub(crate) fn domain(&self) -> String {
        self.conf
            .force_register_domain
            .clone()
            .unwrap_or_else(|| self.realm())
    }

    /// Outer `None`: too many header lines. Inner `None`: no usable ones.
    fn credentials(&self, realm: &str) -> Option<Option<Credentials>> {
        for header in self.ask.credentials_headers() {
            let found = credentials(self.request, header, realm).ok()?;
            let usable = found
                .into_iter()
                .find(|credentials| self.algorithms().contains(&credentials.algorithm));
            if usable.is_some() {
                return Some(usable);
            }
        }
        Some(None)
    }

    /// MD5 alone in a domain where some user's secret is only known as an MD5 hash; the whole domain, so that a
    /// challenge does not tell which users exist.
    fn algorithms(&self) -> Vec<Algorithm> {
        let domain = self.domain().to_ascii_lowercase();
        let hashed = self
            .config
            .try_get::<SofiaConf>()
            .is_some_and(|conf| conf.hashed_domains.contains(&domain));
        if hashed {
            vec![Algorithm::Md5]
        } else {
            self.conf.algorithms.clone()
        }
    }

    fn examine(&self, realm: &str, credentials: &Credentials) -> Verdict {
        let source = self.flow.peer.ip();
        let count = credentials.nonce_count();
        let nonce =
            self.profile
                .nonces()
                .peek(&credentials.nonce, count, self.seconds(), realm, source);
        match nonce {
            NonceVerdict::Fresh => {}
            NonceVerdict::Stale | NonceVerdict::Replayed => return self.challenge(realm, true),
            NonceVerdict::Unknown => return self.challenge(realm, false),
        }
        if self.conf.max_nonce_uses > 0
            && count.is_some_and(|count| count > self.conf.max_nonce_uses)
        {
            return self.challenge(realm, true);
        }
        let domain = self.domain();
        let user = self.config.directory().user(&domain, &credentials.username);
        let right = self.digest_is_right(user, realm, credentials);
        let for_us = credentials.is_for(self.request.uri()) || self.names_us(&credentials.uri);
        let allowed = user.is_some_and(|user| self.may_come_from_here(user));
        match user {
            Some(user) if right && for_us && allowed => {
                let verdict = self.profile.nonces().check(
                    &credentials.nonce,
                    count,
                    self.seconds(),
                    realm,
                    source,
                );
                if verdict != NonceVerdict::Fresh {
                    return self.challenge(realm, true);
                }
                self.profile
                    .guard
                    .succeeded(source, &credentials.username, self.now);
                Verdict::Passed(Identity {
                    user: user.clone(),
                    realm: realm.to_owned(),
                    username: credentials.username.clone(),
                })
            }
            _ => self.refused(&credentials.username),
        }
    }

    /// Some clients hash their server's address instead of the Request-URI. What counts is that the digest was made for
    /// this exchange and for nobody else's number.
    fn names_us(&self, hashed: &str) -> bool {
        let Ok(hashed) = Uri::parse(hashed) else {
            return false;
        };
        let uri = self.request.uri();
        let user = hashed.user().unwrap_or_default();
        let own = |host: &Host| {
            host.ip()
                .is_some_and(|address| address == self.profile.shown_local())
        };
        (user.is_empty() || Some(user) == uri.user())
            && hashed
                .host()
                .is_some_and(|host| Some(host) == uri.host() || own(host))
    }

    /// Compares the digest; for users that do not exist against a secret that nobody has.
    fn digest_is_right(
        &self,
        user: Option<&Arc<User>>,
        realm: &str,
        credentials: &Credentials,
    ) -> bool {
        let hash = user.and_then(|user| user.a1_hash());
        let password = user.and_then(|user| user.password());
        // Computed in any case, so that every path costs the same.
        let from_password = ha1(
            credentials.algorithm,
            &credentials.username,
            realm,
            password.map_or(NOBODY, |password| password.reveal().as_str()),
        );
        let secret = match hash {
            Some(hash) if credentials.algorithm == Algorithm::Md5 => {
                hash.reveal().to_ascii_lowercase()
            }
            _ => from_password,
        };
        let right = verify(
            credentials,
            &secret,
            self.request.method(),
            self.request.body(),
        );
        let secretless = user.is_some_and(|user| {
            let empty = password.is_none_or(|password| password.reveal().is_empty());
            let may = !user.param("allow-empty-password").is_some_and(is_false);
            empty && hash.is_none() && may
        });
        (right && (hash.is_some() || password.is_some())) || secretless
    }

    /// Whether the user may log in from this address: its own list, and weak passwords only from close by.
    fn may_come_from_here(&self, user: &User) -> bool {
        let source = self.flow.peer.ip();
        if let Some(list) = user.param("auth-acl")
            && !self
                .config
                .acls()
                .check_port(
                    list,
                    source,
                    self.conf.acl_with_port.then_some(self.flow.peer.port()),
                )
                .allowed
        {
            self.note(&user.id, "the address is not in the user's auth-acl");
            return false;
        }
        let weak_is_fine = user.param("allow-weak-password").is_some_and(is_true);
        if user.a1_hash().is_none() && !nat::is_private(source) && !weak_is_fine {
            let password = user
                .password()
                .map_or("", |password| password.reveal().as_str());
            if is_weak_password(&user.id, password) {
                self.note(
                    &user.id,
                    "the password is weak, so logins from outside the local networks are refused; give the user a random one of 12 characters or more",
                );
                return false;
            }
        }
        true
    }

    fn refused(&self, account: &str) -> Verdict {
        self.note(account, "wrong user or password");
        // The nonce came back: the address is real, at least its network.
        let delay = self
            .profile
            .guard
            .failed(self.flow.peer.ip(), account, true, self.now);
        Verdict::Refused(delay)
    }

    fn note(&self, account: &str, reason: &'static str) {
        let source = self.flow.peer.ip();
        if !self.profile.guard.may_log(source, reason, self.now) {
            return;
        }
        let account = account.escape_debug();
        let method = self.request.method().as_str();
        if self.conf.log_auth_failures {
            tracing::warn!(
                "SIP auth failure ({method}) on sofia profile '{}' for [{account}] from ip {source}: {reason}",
                self.profile.name
            );
        } else {
            tracing::info!(profile = self.profile.name, method, %account, %source, "login refused: {reason}");
        }
    }

    /// The response that asks for credentials. To a datagram from a stranger it is kept short.
    pub(crate) fn challenge(&self, realm: &str, stale: bool) -> Verdict {
        let source = self.flow.peer.ip();
        let nonce = self.profile.nonces().issue(self.seconds(), realm, source);
        let mut list: Vec<Challenge> = challenges(realm, &nonce, stale, &self.algorithms());
        let unproven =
            !self.flow.transport.is_reliable() && !self.profile.guard.is_known(source, self.now);
        if unproven {
            let most = self.request.octets().len() * 3 / 2;
            while list.len() > 1 && self.length(&list) > most {
                // MD5 stands last: phones that know more know it too.
                list.remove(0);
            }
        }
        let name = self.ask.challenge_header();
        let headers = list
            .iter()
            .map(|challenge| (name.to_owned(), challenge.to_string()))
            .collect();
        Verdict::Challenge(self.ask.status(), headers)
    }

    fn length(&self, list: &[Challenge]) -> usize {
        let copied: usize = ["Via", "From", "To", "Call-ID", "CSeq"]
            .iter()
            .flat_map(|name| {
                self.request
                    .all(name)
                    .map(|value| name.len() + value.len() + 4)
            })
            .sum();
        let ours: usize = list
            .iter()
            .map(|challenge| self.ask.challenge_header().len() + challenge.to_string().len() + 4)
            .sum();
        RESPONSE_OVERHEAD + copied + ours
    }

    fn seconds(&self) -> u64 {
        seconds(self.profile)
    }
}

/// Seconds since 1970, for nonces.
pub(crate) fn seconds(profile: &Profile) -> u64 {
    u64::try_from(profile.switch.clock().now().timestamp()).unwrap_or(0)
}
