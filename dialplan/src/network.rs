//! The `acl` attribute: whether the caller's network address is in a list. An extension of the FreeSWITCH dialplan.

use std::net::IpAddr;

use strowger_model::{CallerProfile, HuntEnv};

/// A named list, or networks written out (`10.0.0.0/8`); what a name means is the environment's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressList(String);

impl AddressList {
    /// Reads the attribute.
    ///
    /// # Errors
    ///
    /// When there is no name.
    pub fn parse(text: &str) -> Result<AddressList, String> {
        match text.trim() {
            "" => Err("acl names no list".to_owned()),
            name => Ok(AddressList(name.to_owned())),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether the caller's address is in it. A call without an address (made by the switch itself) is in no list.
    pub fn holds(&self, profile: &CallerProfile, env: &dyn HuntEnv) -> bool {
        address(&profile.network_addr).is_some_and(|address| env.in_acl(&self.0, address))
    }
}

/// An address as endpoints write it: bare, or an IPv6 address in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse().ok()
}
