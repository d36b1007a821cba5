//! Endpoints: what makes and receives calls over one protocol, and the registry of those loaded.

mod call;
mod port;

pub use call::{LegTransport, MediaProfile, NewCall, OutboundCall, RtpProfile};
pub use port::{
    Body, HangupReport, Identity, Indicated, Indication, IndicationSender, Sdp, Signal,
    SignallingPort,
};

use crate::shutdown::Shutdown;
use crate::switch::Switch;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use strowger_model::{BoxFuture, HangupCause};

/// A protocol over which calls come and go. A room's own commands find their endpoint again through `Any`.
pub trait Endpoint: Any + Send + Sync {
    /// The word before the first `/` of a dial string (`sofia`, `loopback`, …), lower case.
    fn name(&self) -> &'static str;

    /// Other words for the same endpoint (`sip` for `sofia`).
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// Opens listeners; resolves once every one of them is open, so that the exchange may say that it is ready.
    /// Work that goes on afterwards ends with `shutdown`.
    fn start(
        self: Arc<Self>,
        switch: Switch,
        shutdown: Shutdown,
    ) -> BoxFuture<'static, Result<(), StartError>>;

    /// Prepares an outbound leg: resolves the destination and makes the signalling port. Nothing is sent before
    /// the session says `Indication::Invite` through that port.
    fn originate<'a>(
        &'a self,
        call: &'a OutboundCall,
    ) -> BoxFuture<'a, Result<NewCall, HangupCause>>;

    /// What is open, for people (`SIP udp/tcp 192.0.2.1:5060 (internal)`): shown once when the exchange is ready.
    fn listening(&self) -> Vec<String> {
        Vec::new()
    }

    /// Called after a new configuration took effect.
    fn reconfigured<'a>(&'a self, _switch: &'a Switch) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// Why an endpoint cannot start: what, where, why and what to do, in one sentence each.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}; {advice}")]
pub struct StartError {
    /// What could not be done, with the address or file.
    pub what: String,
    /// The reason given by the system.
    pub why: String,
    /// What the operator can do.
    pub advice: String,
}

/// The endpoints of one switch, by name and alias.
#[derive(Default)]
pub struct Endpoints {
    by_name: BTreeMap<&'static str, Arc<dyn Endpoint>>,
    unique: Vec<Arc<dyn Endpoint>>,
}

impl Endpoints {
    /// Adds an endpoint under its name and aliases.
    pub fn add(&mut self, endpoint: Arc<dyn Endpoint>) {
        self.by_name.insert(endpoint.name(), endpoint.clone());
        for alias in endpoint.aliases() {
            self.by_name.insert(alias, endpoint.clone());
        }
        self.unique.push(endpoint);
    }

    /// The endpoint of that name, without case.
    pub fn find(&self, name: &str) -> Option<&Arc<dyn Endpoint>> {
        self.by_name.get(name.to_ascii_lowercase().as_str())
    }

    /// The endpoint of this type, for the commands of the room that made it.
    pub fn of_type<T: Endpoint>(&self) -> Option<&T> {
        self.unique
            .iter()
            .find_map(|endpoint| (&**endpoint as &dyn Any).downcast_ref())
    }

    /// Every endpoint once, in the order of registration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Endpoint>> {
        self.unique.iter()
    }
}
