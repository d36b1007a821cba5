//! Single parameters of a profile that need more than a number or a word.

use super::address::External;
use super::profile::{AclUse, Multiple};
use std::net::IpAddr;
use std::time::Duration;
use strowger_core::config::CompileContext;
use strowger_model::{Element, Params, is_true};
use strowger_sip_proto::auth::Algorithm;
use strowger_sip_proto::timer::Durations;

pub(super) fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

pub(super) fn named(element: &Element, list: &str, item: &str) -> Vec<String> {
    element
        .elements_named(list)
        .flat_map(|list| list.elements_named(item))
        .filter_map(|item| item.attr("name"))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn owned(list: Vec<&str>) -> Vec<String> {
    list.into_iter()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn external(p: &mut Params<'_, '_>, name: &str) -> External {
    let source = p.source(name);
    let value = p.text(name);
    External::read(name, value, source, p.report())
}

pub(super) fn domain(p: &mut Params<'_, '_>, name: &str) -> Option<String> {
    p.text(name)
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

pub(super) fn codecs(p: &mut Params<'_, '_>, name: &str, both: &str) -> Vec<String> {
    p.text_or(name, both)
        .split(',')
        .map(str::trim)
        .filter(|codec| !codec.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn seconds(p: &mut Params<'_, '_>, name: &str) -> Option<Duration> {
    let seconds = p.number(name, 0u64, 0..=86_400);
    (seconds != 0).then(|| Duration::from_secs(seconds))
}

pub(super) fn expiry(p: &mut Params<'_, '_>, name: &str) -> Option<u32> {
    Some(p.number(name, 0, 0..=86_400)).filter(|seconds| *seconds != 0)
}

pub(super) fn limit(p: &mut Params<'_, '_>, name: &str) -> Option<usize> {
    Some(p.number(name, 0usize, 0..=10_000_000)).filter(|limit| *limit != 0)
}

/// `list[:passctx[:failctx]]`.
pub(super) fn acl_use(text: &str) -> AclUse {
    let mut parts = text.trim().split(':').map(str::to_owned);
    let mut next = || parts.next().filter(|part| !part.is_empty());
    AclUse {
        list: next().unwrap_or_default(),
        pass: next(),
        fail: next(),
    }
}

pub(super) fn known_list(p: &mut Params<'_, '_>, text: &str, context: &CompileContext<'_>) {
    let list = text.split(':').next().unwrap_or_default().to_owned();
    if list.contains('/') || context.access_lists.has(&list) {
        return;
    }
    let source = p.source("apply-inbound-acl");
    p.report().warning(
        source,
        format!("there is no access list `{list}`"),
        "an unknown list lets nobody pass",
        "define it in acl.conf or correct the name",
    );
}

/// A list that contains our own address would call every peer of the local network NATed.
pub(super) fn nat_acls(
    p: &mut Params<'_, '_>,
    context: &CompileContext<'_>,
    sip_ip: IpAddr,
    ext: &External,
) -> Vec<String> {
    let mut kept = Vec::new();
    for list in owned(p.all("apply-nat-acl")) {
        let inside = context.access_lists.check(&list, sip_ip).allowed;
        if inside && *ext == External::Local && !sip_ip.is_loopback() {
            let source = p.source("apply-nat-acl");
            p.report().warning(
                source,
                format!("apply-nat-acl `{list}` is left out"),
                format!("our own address {sip_ip} is inside it and there is no ext-sip-ip"),
                "set ext-sip-ip, or choose a list of foreign networks",
            );
        } else {
            kept.push(list);
        }
    }
    kept
}

pub(super) fn multiple(p: &mut Params<'_, '_>) -> Multiple {
    match p.text("multiple-registrations").map(str::trim) {
        None | Some("") => Multiple::No,
        Some(text) if text.eq_ignore_ascii_case("call-id") => Multiple::ByCallId,
        Some(text) if text.eq_ignore_ascii_case("contact") || is_true(text) => Multiple::ByContact,
        Some(_) => Multiple::No,
    }
}

pub(super) fn algorithms(p: &mut Params<'_, '_>) -> Vec<Algorithm> {
    let names = p.list("rfc8760-auth-algorithms");
    if names.is_empty() {
        // Many phones in use give up when they meet any other algorithm, even beside MD5; who has none of these names
        // SHA-256 first (RFC 8760).
        return vec![Algorithm::Md5];
    }
    let mut list = Vec::new();
    for name in names {
        let known = [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512_256]
            .into_iter()
            .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(&name));
        match known {
            Some(algorithm) if !list.contains(&algorithm) => list.push(algorithm),
            Some(_) => {}
            None => {
                let source = p.source("rfc8760-auth-algorithms");
                p.report().error(
                    source,
                    "parameter `rfc8760-auth-algorithms` has no usable value",
                    format!("`{name}` is none of MD5, SHA-256, SHA-512-256"),
                    "write them separated by commas, the preferred one first",
                );
            }
        }
    }
    if list.is_empty() {
        list.push(Algorithm::Md5);
    }
    list
}

pub(super) fn session_timer(p: &mut Params<'_, '_>) -> Option<(u32, u32)> {
    let expires = p.number("session-timeout", 0, 0..=86_400);
    let minimum = p.number("minimum-session-expires", 90, 90..=86_400);
    p.boolean("enable-timer", true)
        .then_some((expires, minimum))
}

pub(super) fn durations(p: &mut Params<'_, '_>) -> Durations {
    let mut read = |name: &str, default: u64| {
        let value = p.number(name, default as i64, -1..=600_000);
        Duration::from_millis(if value <= 0 {
            default
        } else {
            value.unsigned_abs()
        })
    };
    let durations = Durations {
        t1: read("timer-T1", 500),
        t2: read("timer-T2", 4_000),
        t4: read("timer-T4", 4_000),
    };
    if p.text("timer-T1X64")
        .is_some_and(|text| text.trim().parse() != Ok(durations.t1.as_millis() as u64 * 64))
    {
        let source = p.source("timer-T1X64");
        p.report().warning(
            source,
            "parameter `timer-T1X64` is not supported yet",
            "it is always 64 times timer-T1",
            "set timer-T1 instead",
        );
    }
    durations
}

/// Two shards where there are processors for them; most exchanges need no more.
pub(super) fn default_shards() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().min(2))
}
