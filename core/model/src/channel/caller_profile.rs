//! Who calls whom, and where the call is to go.

use std::collections::BTreeMap;

use super::{direction::Direction, times::Times};
use crate::{boolean, expand::expanded::Expanded};

/// Who wrote the texts of a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProfileOrigin {
    /// A peer: numbers and names are network text.
    #[default]
    Network,
    /// The switch itself (an originate from the console, a loopback call).
    Internal,
}

/// Caller, callee and destination of a call leg. A transfer makes a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the fields are the names of the dialplan, each said by its name"
)]
pub struct CallerProfile {
    pub username: String,
    pub dialplan: String,
    pub caller_id_name: String,
    pub caller_id_number: String,
    pub orig_caller_id_name: String,
    pub orig_caller_id_number: String,
    pub callee_id_name: String,
    pub callee_id_number: String,
    pub ani: String,
    pub aniii: String,
    pub network_addr: String,
    pub rdnis: String,
    pub destination_number: String,
    pub uuid: String,
    pub source: String,
    pub transfer_source: String,
    pub context: String,
    pub chan_name: String,
    pub profile_index: u32,
    pub caller_ton: u8,
    pub caller_numplan: u8,
    pub destination_number_ton: u8,
    pub destination_number_numplan: u8,
    pub ani_ton: u8,
    pub ani_numplan: u8,
    pub rdnis_ton: u8,
    pub rdnis_numplan: u8,
    /// The caller's number was checked by who reported it.
    pub screen_bit: bool,
    pub privacy_hide_name: bool,
    pub privacy_hide_number: bool,
    /// Direction of the leg the profile belongs to.
    pub direction: Direction,
    /// Direction as the person on the leg sees it (an eavesdropper's callee may be a caller).
    pub logical_direction: Direction,
    pub times: Times,
    pub origin: ProfileOrigin,
    /// Fields of other names set by `set_profile_var`, shown in events.
    pub soft: BTreeMap<String, String>,
}

/// Field names in the order of the documentation.
const NAMES: &[&str] = &[
    "dialplan",
    "username",
    "caller_id_name",
    "caller_id_number",
    "orig_caller_id_name",
    "orig_caller_id_number",
    "callee_id_name",
    "callee_id_number",
    "ani",
    "aniii",
    "network_addr",
    "rdnis",
    "destination_number",
    "uuid",
    "source",
    "transfer_source",
    "context",
    "chan_name",
    "profile_index",
    "caller_ton",
    "caller_numplan",
    "destination_number_ton",
    "destination_number_numplan",
    "ani_ton",
    "ani_numplan",
    "rdnis_ton",
    "rdnis_numplan",
    "screen_bit",
    "privacy_hide_name",
    "privacy_hide_number",
    "profile_created_time",
    "created_time",
    "answered_time",
    "progress_time",
    "progress_media_time",
    "hungup_time",
    "transferred_time",
];

impl CallerProfile {
    /// Every field name that `field` knows besides the soft ones.
    pub fn names() -> &'static [&'static str] {
        NAMES
    }

    /// The value of a field by its dialplan name, without case; `None` for an unknown name. Texts that a peer chose come
    /// back as network text when the profile's origin is the network.
    pub fn field(&self, name: &str) -> Option<Expanded> {
        let lower = name.to_ascii_lowercase();
        if let Some(text) = self.chosen_by_peer(&lower) {
            return Some(match self.origin {
                ProfileOrigin::Network => Expanded::network(text.as_str()),
                ProfileOrigin::Internal => Expanded::trusted(text.as_str()),
            });
        }
        let text = match lower.as_str() {
            "dialplan" => self.dialplan.clone(),
            "network_addr" => self.network_addr.clone(),
            "uuid" => self.uuid.clone(),
            "source" => self.source.clone(),
            "context" => self.context.clone(),
            "profile_index" => self.profile_index.to_string(),
            "caller_ton" => self.caller_ton.to_string(),
            "caller_numplan" => self.caller_numplan.to_string(),
            "destination_number_ton" => self.destination_number_ton.to_string(),
            "destination_number_numplan" => self.destination_number_numplan.to_string(),
            "ani_ton" => self.ani_ton.to_string(),
            "ani_numplan" => self.ani_numplan.to_string(),
            "rdnis_ton" => self.rdnis_ton.to_string(),
            "rdnis_numplan" => self.rdnis_numplan.to_string(),
            "screen_bit" => self.screen_bit.to_string(),
            "privacy_hide_name" => self.privacy_hide_name.to_string(),
            "privacy_hide_number" => self.privacy_hide_number.to_string(),
            "profile_created_time" => self.times.profile_created.to_string(),
            "created_time" => self.times.created.to_string(),
            "answered_time" => self.times.answered.to_string(),
            "progress_time" => self.times.progress.to_string(),
            "progress_media_time" => self.times.progress_media.to_string(),
            "hungup_time" => self.times.hungup.to_string(),
            "transferred_time" => self.times.transferred.to_string(),
            _ => {
                let soft = self
                    .soft
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(name));
                return soft.map(|(_, value)| Expanded::network(value.as_str()));
            }
        };
        Some(Expanded::trusted(text))
    }

    /// Change a field. Names that are no field, or one that cannot be changed (times, `profile_index`), are kept as soft
    /// fields; then the answer is false. An empty value deletes a soft field.
    pub fn set_field(&mut self, name: &str, value: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        if let Some(text) = self.text_mut(&lower) {
            value.clone_into(text);
            return true;
        }
        if let Some(flag) = self.flag_mut(&lower) {
            *flag = boolean::is_true(value);
            return true;
        }
        if let Some(number) = self.number_mut(&lower) {
            *number = value.trim().parse().unwrap_or(0);
            return true;
        }
        let known = self
            .soft
            .keys()
            .find(|known| known.eq_ignore_ascii_case(name))
            .cloned();
        let key = known.unwrap_or_else(|| name.to_owned());
        if value.is_empty() {
            self.soft.remove(&key);
        } else {
            self.soft.insert(key, value.to_owned());
        }
        false
    }

    fn chosen_by_peer(&self, name: &str) -> Option<&String> {
        Some(match name {
            "username" => &self.username,
            "caller_id_name" => &self.caller_id_name,
            "caller_id_number" => &self.caller_id_number,
            "orig_caller_id_name" => &self.orig_caller_id_name,
            "orig_caller_id_number" => &self.orig_caller_id_number,
            "callee_id_name" => &self.callee_id_name,
            "callee_id_number" => &self.callee_id_number,
            "ani" => &self.ani,
            "aniii" => &self.aniii,
            "rdnis" => &self.rdnis,
            "destination_number" => &self.destination_number,
            "transfer_source" => &self.transfer_source,
            "chan_name" => &self.chan_name,
            _ => return None,
        })
    }

    fn text_mut(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "username" => &mut self.username,
            "dialplan" => &mut self.dialplan,
            "caller_id_name" => &mut self.caller_id_name,
            "caller_id_number" => &mut self.caller_id_number,
            "orig_caller_id_name" => &mut self.orig_caller_id_name,
            "orig_caller_id_number" => &mut self.orig_caller_id_number,
            "callee_id_name" => &mut self.callee_id_name,
            "callee_id_number" => &mut self.callee_id_number,
            "ani" => &mut self.ani,
            "aniii" => &mut self.aniii,
            "network_addr" => &mut self.network_addr,
            "rdnis" => &mut self.rdnis,
            "destination_number" => &mut self.destination_number,
            "uuid" => &mut self.uuid,
            "source" => &mut self.source,
            "transfer_source" => &mut self.transfer_source,
            "context" => &mut self.context,
            "chan_name" => &mut self.chan_name,
            _ => return None,
        })
    }

    fn flag_mut(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "screen_bit" => &mut self.screen_bit,
            "privacy_hide_name" => &mut self.privacy_hide_name,
            "privacy_hide_number" => &mut self.privacy_hide_number,
            _ => return None,
        })
    }

    fn number_mut(&mut self, name: &str) -> Option<&mut u8> {
        Some(match name {
            "caller_ton" => &mut self.caller_ton,
            "caller_numplan" => &mut self.caller_numplan,
            "destination_number_ton" => &mut self.destination_number_ton,
            "destination_number_numplan" => &mut self.destination_number_numplan,
            "ani_ton" => &mut self.ani_ton,
            "ani_numplan" => &mut self.ani_numplan,
            "rdnis_ton" => &mut self.rdnis_ton,
            "rdnis_numplan" => &mut self.rdnis_numplan,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_field() {
        let profile = CallerProfile::default();
        for name in CallerProfile::names() {
            assert!(profile.field(&name.to_uppercase()).is_some(), "{name}");
        }
        assert_eq!(profile.field("no_such_field"), None);
    }

    #[test]
    fn what_a_peer_chose_is_network_text() {
        let mut profile = CallerProfile {
            destination_number: "1000".into(),
            ..Default::default()
        };
        assert!(profile.field("destination_number").unwrap().has_network());
        assert!(!profile.field("created_time").unwrap().has_network());
        profile.origin = ProfileOrigin::Internal;
        assert!(!profile.field("destination_number").unwrap().has_network());
    }

    #[test]
    fn unknown_names_become_soft_fields() {
        let mut profile = CallerProfile::default();
        assert!(profile.set_field("Caller_ID_Name", "Ann"));
        assert_eq!(profile.caller_id_name, "Ann");
        assert!(!profile.set_field("colour", "green"));
        assert_eq!(profile.field("COLOUR").unwrap(), "green");
        profile.set_field("Colour", "");
        assert!(profile.soft.is_empty());
    }
}
