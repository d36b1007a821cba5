//! The contacts of a REGISTER: which are kept, for how long, and what is answered.

use super::{Owner, setting};
use crate::config::{MAX_CONTACTS, ProfileConf};
use crate::inbound::Refusal;
use std::sync::Arc;
use strowger_core::store::Registration;
use strowger_sip_proto::HeaderList;
use strowger_sip_proto::message::{NameAddr, Request};

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

/// One contact of a REGISTER.
pub(super) struct Wish {
    pub(super) contact: String,
    pub(super) q: u16,
    pub(super) expires: u32,
}

pub(super) fn wishes(
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
pub(super) fn contact_text(address: &NameAddr) -> Result<String, Refusal> {
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

pub(super) fn granted(
    conf: &ProfileConf,
    owner: &Owner,
    asked: Option<u32>,
    behind_nat: bool,
) -> u32 {
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
pub(super) fn deviated(seconds: u32, spread: u32) -> u32 {
    if spread == 0 {
        return seconds;
    }
    let offset = rand::random_range(0..=u64::from(spread) * 2);
    u32::try_from((u64::from(seconds) + offset).saturating_sub(u64::from(spread)))
        .unwrap_or(LONGEST)
}

pub(super) fn path(request: &Request) -> Result<Vec<String>, Refusal> {
    let list = request
        .paths()
        .map_err(|_| Refusal::of(400, "Malformed Path"))?;
    if list.len() > PATH {
        return Err(Refusal::of(403, "Path Too Long"));
    }
    Ok(list.iter().map(|hop| hop.uri.to_string()).collect())
}

pub(super) fn answer(
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
