//! `show calls` and its relatives: one row for each call, a bridged pair being one.

use super::channels::{COLUMNS, oldest_first, value};
use super::table::Table;
use std::collections::HashMap;
use std::sync::Arc;
use strowger_core::Switch;
use strowger_model::ChannelSnapshot;

/// Columns of the first leg; the others follow with `b_` in front.
const BRIEF: [&str; 21] = [
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
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "call_uuid",
    "hostname",
    "sent_callee_name",
    "sent_callee_num",
];

/// Columns of the second leg.
const BRIEF_SECOND: [&str; 19] = [
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
    "presence_id",
    "presence_data",
    "accountcode",
    "callstate",
    "callee_name",
    "callee_num",
    "callee_direction",
    "sent_callee_name",
    "sent_callee_num",
];

/// `show calls`.
pub(super) fn brief(switch: &Switch) -> Table {
    table(switch, &BRIEF, &BRIEF_SECOND)
}

/// `show detailed_calls`.
pub(super) fn detailed(switch: &Switch) -> Table {
    table(switch, &COLUMNS, &COLUMNS)
}

fn table(switch: &Switch, first: &[&str], second: &[&str]) -> Table {
    let columns = first
        .iter()
        .map(|&name| name.to_owned())
        .chain(second.iter().map(|name| format!("b_{name}")))
        .chain(["call_created_epoch".to_owned()])
        .collect();
    let mut table = Table::with_columns(columns);
    for (a, b) in pairs(oldest_first(switch)) {
        let mut row: Vec<String> = first.iter().map(|name| value(switch, &a, name)).collect();
        row.extend(second.iter().map(|name| match &b {
            Some(b) => value(switch, b, name),
            None => String::new(),
        }));
        row.push(match &b {
            Some(_) => (a.times.bridged / 1_000_000).to_string(),
            None => String::new(),
        });
        table.row(row);
    }
    table
}

type Pair = (Arc<ChannelSnapshot>, Option<Arc<ChannelSnapshot>>);

/// Bridged channels in pairs, the calling half first; the others alone.
fn pairs(channels: Vec<Arc<ChannelSnapshot>>) -> Vec<Pair> {
    let by_uuid: HashMap<String, Arc<ChannelSnapshot>> = channels
        .iter()
        .map(|channel| (channel.uuid.clone(), channel.clone()))
        .collect();
    channels
        .into_iter()
        .filter_map(|channel| {
            let partner = partner(&channel).and_then(|uuid| by_uuid.get(uuid));
            match partner {
                // Both have to agree: while a bridge begins or ends each stands for itself.
                Some(b) if partner_is(b, &channel) => {
                    let called = channel.variables.text("last_bridge_role") == Some("originatee");
                    let b = b.clone();
                    (!called).then_some((channel, Some(b)))
                }
                _ => Some((channel, None)),
            }
        })
        .collect()
}

fn partner(channel: &ChannelSnapshot) -> Option<&str> {
    channel.variables.text("bridge_uuid")
}

fn partner_is(channel: &ChannelSnapshot, other: &ChannelSnapshot) -> bool {
    partner(channel) == Some(other.uuid.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::{Channel, Direction};

    fn channel(uuid: &str, partner: Option<&str>, role: &str) -> Arc<ChannelSnapshot> {
        let mut channel = Channel::new(uuid, "x", Direction::Inbound);
        if let Some(partner) = partner {
            channel.variables.set("bridge_uuid", partner);
        }
        channel.variables.set("last_bridge_role", role);
        Arc::new(channel)
    }

    #[test]
    fn a_bridged_pair_is_one_call() {
        let found = pairs(vec![
            channel("b", Some("a"), "originatee"),
            channel("a", Some("b"), "originator"),
            channel("c", None, ""),
            channel("d", Some("gone"), "originator"),
        ]);
        let names: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|(a, b)| (a.uuid.as_str(), b.as_ref().map(|b| b.uuid.as_str())))
            .collect();
        assert_eq!(names, [("a", Some("b")), ("c", None), ("d", None)]);
    }
}
