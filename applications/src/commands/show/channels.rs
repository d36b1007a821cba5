//! `show channels`, and the columns of one channel.

use super::table::Table;
use chrono::DateTime;
use std::sync::Arc;
use strowger_core::Switch;
use strowger_model::{ChannelSnapshot, strftime};

/// Columns of a channel, in FreeSWITCH's order.
pub(super) const COLUMNS: [&str; 38] = [
    "uuid",
    "direction",
    "created",
    "created_epoch",
    "name",
    "state",
    "cid_name",
    "cid_num",
    "ip_addr",
    "dest",
    "application",
    "application_data",
    "dialplan",
    "context",
    "read_codec",
    "read_rate",
    "read_bit_rate",
    "write_codec",
    "write_rate",
    "write_bit_rate",
    "secure",
    "hostname",
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "call_uuid",
    "sent_callee_name",
    "sent_callee_num",
    "initial_cid_name",
    "initial_cid_num",
    "initial_ip_addr",
    "initial_dest",
    "initial_dialplan",
    "initial_context",
];

/// All channels, oldest first; with `like` those in whose uuid, name or parties the text occurs.
pub(super) fn table(switch: &Switch, like: Option<&str>) -> Table {
    let mut table = Table::new(&COLUMNS);
    for channel in oldest_first(switch) {
        if like.is_none_or(|text| is_like(&channel, text)) {
            table.row(
                COLUMNS
                    .iter()
                    .map(|name| value(switch, &channel, name))
                    .collect(),
            );
        }
    }
    table
}

/// Every channel as it last showed itself.
pub(super) fn oldest_first(switch: &Switch) -> Vec<Arc<ChannelSnapshot>> {
    let mut channels: Vec<_> = switch
        .sessions()
        .all()
        .iter()
        .map(|session| session.snapshot())
        .collect();
    channels.sort_by(|a, b| (a.times.created, &a.uuid).cmp(&(b.times.created, &b.uuid)));
    channels
}

fn is_like(channel: &ChannelSnapshot, text: &str) -> bool {
    let text = text.to_lowercase();
    let variable = |name| channel.variables.text(name).unwrap_or_default();
    [
        channel.uuid.as_str(),
        &channel.name,
        &channel.profile.caller_id_name,
        &channel.profile.caller_id_number,
        variable("presence_data"),
        variable("accountcode"),
    ]
    .iter()
    .any(|value| value.to_lowercase().contains(&text))
}

/// The value of a column.
pub(super) fn value(switch: &Switch, channel: &ChannelSnapshot, column: &str) -> String {
    let profile = &channel.profile;
    let first = channel.history.last().unwrap_or(profile);
    let variable = |name| channel.variables.text(name).unwrap_or_default().to_owned();
    let read = channel.read_format.as_ref();
    let write = channel.write_format.as_ref();
    match column {
        "uuid" => channel.uuid.clone(),
        "direction" => channel.direction.name().to_owned(),
        "created" => local(switch, channel.times.created),
        "created_epoch" => (channel.times.created / 1_000_000).to_string(),
        "name" => channel.name.clone(),
        "state" => channel.state.name().to_owned(),
        "cid_name" => profile.caller_id_name.clone(),
        "cid_num" => profile.caller_id_number.clone(),
        "ip_addr" => profile.network_addr.clone(),
        "dest" => profile.destination_number.clone(),
        "application" => channel.application.clone(),
        "application_data" => channel.application_data.clone(),
        "dialplan" => profile.dialplan.clone(),
        "context" => profile.context.clone(),
        "read_codec" => codec(read),
        "read_rate" => rate(read),
        "read_bit_rate" => bit_rate(read),
        "write_codec" => codec(write),
        "write_rate" => rate(write),
        "write_bit_rate" => bit_rate(write),
        "secure" => variable("secure_type"),
        "hostname" => switch.hostname().to_owned(),
        "presence_id" if channel.presence_id.is_empty() => variable("presence_id"),
        "presence_id" => channel.presence_id.clone(),
        "presence_data" => variable("presence_data"),
        "accountcode" => variable("accountcode"),
        "callstate" => channel.call_state.name().to_owned(),
        "callee_name" => profile.callee_id_name.clone(),
        "callee_num" => profile.callee_id_number.clone(),
        "callee_direction" => variable("callee_direction"),
        "call_uuid" => channel.call_uuid.clone(),
        "sent_callee_name" => variable("last_sent_callee_id_name"),
        "sent_callee_num" => variable("last_sent_callee_id_number"),
        "initial_cid_name" => first.caller_id_name.clone(),
        "initial_cid_num" => first.caller_id_number.clone(),
        "initial_ip_addr" => first.network_addr.clone(),
        "initial_dest" => first.destination_number.clone(),
        "initial_dialplan" => first.dialplan.clone(),
        "initial_context" => first.context.clone(),
        _ => String::new(),
    }
}

/// Local date and time of microseconds since 1970.
fn local(switch: &Switch, micros: i64) -> String {
    let moment = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    strftime("%Y-%m-%d %H:%M:%S", &switch.clock().zone().to_local(moment))
}

type Codec = (String, u32);

fn codec(format: Option<&Codec>) -> String {
    format.map(|(name, _)| name.clone()).unwrap_or_default()
}

fn rate(format: Option<&Codec>) -> String {
    format.map(|(_, rate)| rate.to_string()).unwrap_or_default()
}

/// Bits a second of codecs that have a fixed number; 0 for those that have not.
fn bit_rate(format: Option<&Codec>) -> String {
    let Some((name, rate)) = format else {
        return String::new();
    };
    match name.to_ascii_uppercase().as_str() {
        "PCMU" | "PCMA" | "G722" => 64_000,
        "L16" => rate * 16,
        _ => 0,
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::{Channel, Direction};

    #[test]
    fn channels_are_found_by_their_parties() {
        let mut channel = Channel::new("aaaa-bbbb", "sofia/internal/1000@x", Direction::Inbound);
        channel.profile.caller_id_name = "John Doe".into();
        assert!(is_like(&channel, "john"));
        assert!(is_like(&channel, "1000@"));
        assert!(!is_like(&channel, "2000"));
    }

    #[test]
    fn bit_rates_are_those_of_the_codec() {
        assert_eq!(bit_rate(Some(&("PCMA".into(), 8_000))), "64000");
        assert_eq!(bit_rate(Some(&("L16".into(), 16_000))), "256000");
        assert_eq!(bit_rate(Some(&("opus".into(), 48_000))), "0");
        assert_eq!(bit_rate(None), "");
    }
}
