//! `sofia.conf`: the profiles that listen, compiled once and checked whole.

mod address;
mod later;
mod parameters;
mod profile;
#[cfg(test)]
mod tests;

pub(crate) use address::External;
pub(crate) use profile::{CallerIdType, MAX_CONTACTS, Multiple, ProfileConf, Realm};

use std::collections::HashSet;
use std::sync::Arc;
use strowger_core::config::{CompileContext, SectionCompiler};
use strowger_model::{Diagnostics, Params};

/// All profiles of `sofia.conf`, in file order.
#[derive(Debug, Default)]
pub(crate) struct SofiaConf {
    pub(crate) profiles: Vec<Arc<ProfileConf>>,
    /// Domains, in lower case, with users whose secret is only known as an MD5 hash.
    pub(crate) hashed_domains: HashSet<String>,
}

/// Global settings that tune another implementation's inside, or that ask for what is always so.
const TUNING: &[&str] = &[
    "log-level",
    "tracelevel",
    "debug-presence",
    "debug-sla",
    "max-reg-threads",
    "abort-on-empty-external-ip",
    "auto-restart",
];

/// The compiler of `sofia.conf`.
pub(crate) fn section() -> SectionCompiler {
    SectionCompiler::with("sofia.conf", compile)
}

fn compile(context: &CompileContext<'_>, report: &mut Diagnostics) -> SofiaConf {
    let Some(root) = context.document.configuration("sofia.conf") else {
        return SofiaConf::default();
    };
    let mut global = Params::new(root.child("global_settings"), report);
    global.meaningless(TUNING);
    global.finish();
    let mut conf = SofiaConf::default();
    let elements = root
        .elements_named("profiles")
        .flat_map(|profiles| profiles.elements_named("profile"));
    for element in elements {
        let Some(name) = element.attr("name").filter(|name| !name.is_empty()) else {
            report.error(
                Some(element.source.clone()),
                "<profile> without a name",
                "nothing could refer to it",
                "add name=\"…\"",
            );
            continue;
        };
        if let Some(other) = conf.profiles.iter().find(|other| other.name == name) {
            report.error(
                Some(element.source.clone()),
                format!("profile `{name}` is written twice"),
                format!("the other one is at {}", other.source),
                "rename or remove one",
            );
            continue;
        }
        let profile = profile::compile(name, element, context, report);
        if let Some(profile) = profile {
            conf.profiles.push(Arc::new(profile));
        }
    }
    same_socket_twice(&conf, report);
    conf.hashed_domains = context
        .directory
        .domains()
        .iter()
        .filter(|domain| domain.users().iter().any(|user| user.a1_hash().is_some()))
        .map(|domain| domain.name.to_ascii_lowercase())
        .collect();
    conf
}

fn same_socket_twice(conf: &SofiaConf, report: &mut Diagnostics) {
    for (at, profile) in conf.profiles.iter().enumerate() {
        let twin = conf.profiles.iter().take(at).find(|other| {
            profile.sip_port != 0
                && other.sip_port == profile.sip_port
                && other.sip_ip == profile.sip_ip
        });
        if let Some(twin) = twin {
            report.error(
                Some(profile.source.clone()),
                format!(
                    "profile `{}` listens on {} port {}",
                    profile.name, profile.sip_ip, profile.sip_port
                ),
                format!("profile `{}` does so already", twin.name),
                "give one of them another sip-ip or sip-port",
            );
        }
    }
}
