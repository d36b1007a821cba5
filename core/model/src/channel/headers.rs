//! The headers events carry about a channel, in FreeSWITCH's order.

use super::{Channel, caller_profile::CallerProfile, hangup_cause::HangupCause, times::Times};
use crate::event::EventValue;

/// What event headers are made from.
#[derive(Clone, Copy, Debug)]
pub struct ChannelFacts<'a> {
    /// The channel, or a snapshot of it.
    pub channel: &'a Channel,
    /// Whether `variable_*` headers are wanted.
    pub variables: bool,
}

/// The channel's headers: basic ones, `Caller-*`, `Other-Leg-*`, and `variable_*` where wanted. Array variables are given in
/// their `ARRAY::` text form.
pub fn channel_headers(facts: &ChannelFacts<'_>) -> Vec<(String, String)> {
    let values = channel_values(facts);
    values
        .into_iter()
        .map(|(name, value)| (name, value.text().into_owned()))
        .collect()
}

/// As `channel_headers`, with array variables as arrays.
pub fn channel_values(facts: &ChannelFacts<'_>) -> Vec<(String, EventValue)> {
    let channel = facts.channel;
    let mut list: Vec<(String, EventValue)> = Vec::with_capacity(64);
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            list.push((name.to_owned(), value.into()));
        }
    };
    put("Channel-State", channel.state.name());
    put("Channel-Call-State", channel.call_state.name());
    put("Channel-State-Number", &channel.state.number().to_string());
    put("Channel-Name", &channel.name);
    put("Unique-ID", &channel.uuid);
    put("Call-Direction", channel.direction.name());
    put(
        "Presence-Call-Direction",
        channel.profile.logical_direction.name(),
    );
    put(
        "Channel-HIT-Dialplan",
        if channel.hit_dialplan {
            "true"
        } else {
            "false"
        },
    );
    put("Channel-Presence-ID", &channel.presence_id);
    let call_uuid = if channel.call_uuid.is_empty() {
        &channel.uuid
    } else {
        &channel.call_uuid
    };
    put("Channel-Call-UUID", call_uuid);
    put("Answer-State", channel.answer_state.name());
    put(
        "Hangup-Cause",
        channel.cause.map(HangupCause::name).unwrap_or_default(),
    );
    for (side, format) in [
        ("Read", &channel.read_format),
        ("Write", &channel.write_format),
    ] {
        if let Some((codec, rate)) = format {
            put(&format!("Channel-{side}-Codec-Name"), codec);
            put(&format!("Channel-{side}-Codec-Rate"), &rate.to_string());
        }
    }
    for (name, value) in profile_headers("Caller", &channel.profile, &channel.times) {
        put(&name, &value);
    }
    if let Some((kind, other)) = &channel.other {
        put("Other-Type", kind.name());
        for (name, value) in profile_headers("Other-Leg", other, &other.times) {
            put(&name, &value);
        }
    }
    if facts.variables {
        for (name, value) in channel.variables.iter() {
            let elements = channel.variables.elements(name);
            let value = match elements.len() {
                0 | 1 => EventValue::Text(value.as_str().to_owned()),
                _ => EventValue::Array(elements.into_iter().map(|e| e.into_string()).collect()),
            };
            list.push((format!("variable_{name}"), value));
        }
    }
    list
}

/// The headers of a profile with a prefix such as `Caller`. Empty texts are left out; times are µs, 0 when unset.
pub fn profile_headers(
    prefix: &str,
    profile: &CallerProfile,
    times: &Times,
) -> Vec<(String, String)> {
    let texts = [
        ("Direction", profile.direction.name()),
        ("Logical-Direction", profile.logical_direction.name()),
        ("Username", &profile.username),
        ("Dialplan", &profile.dialplan),
        ("Caller-ID-Name", &profile.caller_id_name),
        ("Caller-ID-Number", &profile.caller_id_number),
        ("Orig-Caller-ID-Name", &profile.orig_caller_id_name),
        ("Orig-Caller-ID-Number", &profile.orig_caller_id_number),
        ("Callee-ID-Name", &profile.callee_id_name),
        ("Callee-ID-Number", &profile.callee_id_number),
        ("Network-Addr", &profile.network_addr),
        ("ANI", &profile.ani),
        ("ANI-II", &profile.aniii),
        ("Destination-Number", &profile.destination_number),
        ("Unique-ID", &profile.uuid),
        ("Source", &profile.source),
        ("Transfer-Source", &profile.transfer_source),
        ("Context", &profile.context),
        ("RDNIS", &profile.rdnis),
        ("Channel-Name", &profile.chan_name),
    ];
    // The channel's own times where the profile has none of its own.
    let or = |of_profile: i64, of_channel: i64| {
        if of_profile == 0 {
            of_channel
        } else {
            of_profile
        }
    };
    let own = &profile.times;
    let moments = [
        (
            "Profile-Created-Time",
            or(own.profile_created, times.profile_created),
        ),
        ("Channel-Created-Time", or(own.created, times.created)),
        ("Channel-Answered-Time", or(own.answered, times.answered)),
        ("Channel-Progress-Time", or(own.progress, times.progress)),
        (
            "Channel-Progress-Media-Time",
            or(own.progress_media, times.progress_media),
        ),
        ("Channel-Hangup-Time", or(own.hungup, times.hungup)),
        (
            "Channel-Transfer-Time",
            or(own.transferred, times.transferred),
        ),
        (
            "Channel-Resurrect-Time",
            or(own.resurrected, times.resurrected),
        ),
        ("Channel-Bridged-Time", or(own.bridged, times.bridged)),
        ("Channel-Last-Hold", or(own.last_hold, times.last_hold)),
        ("Channel-Hold-Accum", or(own.hold_accum, times.hold_accum)),
    ];
    let flags = [
        ("Screen-Bit", profile.screen_bit),
        ("Privacy-Hide-Name", profile.privacy_hide_name),
        ("Privacy-Hide-Number", profile.privacy_hide_number),
    ];
    let index = ("Profile-Index", profile.profile_index.to_string());
    let filled = texts.into_iter().filter(|(_, text)| !text.is_empty());
    filled
        .map(|(name, text)| (name, text.to_owned()))
        .chain([index])
        .chain(moments.map(|(name, moment)| (name, moment.to_string())))
        .chain(flags.map(|(name, flag)| (name, flag.to_string())))
        .map(|(name, value)| (format!("{prefix}-{name}"), value))
        .chain(
            profile
                .soft
                .iter()
                .map(|(name, value)| (format!("{prefix}-{name}"), value.clone())),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::{OtherType, direction::Direction};

    #[test]
    fn headers_come_in_the_order_of_the_manual() {
        let mut channel = Channel::new("uuid-1", "sofia/internal/1000@h", Direction::Inbound);
        channel.profile.caller_id_name = "Ann".into();
        channel.profile.destination_number = "9196".into();
        channel.times.created = 5;
        channel.read_format = Some(("PCMU".into(), 8000));
        channel.cause = Some(HangupCause::NoAnswer);
        channel.variables.set("one", "1");
        channel.variables.set("two", "ARRAY::a|:b");
        channel.other = Some((OtherType::Originatee, CallerProfile::default()));
        let list = channel_headers(&ChannelFacts {
            channel: &channel,
            variables: true,
        });
        let names: Vec<&str> = list.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            &names[..12],
            [
                "Channel-State",
                "Channel-Call-State",
                "Channel-State-Number",
                "Channel-Name",
                "Unique-ID",
                "Call-Direction",
                "Presence-Call-Direction",
                "Channel-HIT-Dialplan",
                "Channel-Call-UUID",
                "Answer-State",
                "Hangup-Cause",
                "Channel-Read-Codec-Name",
            ]
        );
        let get = |name: &str| {
            list.iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(get("Channel-State"), Some("CS_NEW"));
        assert_eq!(get("Caller-Caller-ID-Name"), Some("Ann"));
        assert_eq!(get("Caller-Channel-Created-Time"), Some("5"));
        assert_eq!(get("Caller-ANI"), None);
        assert_eq!(get("Other-Type"), Some("originatee"));
        assert_eq!(get("Other-Leg-Profile-Index"), Some("0"));
        assert_eq!(get("variable_two"), Some("ARRAY::a|:b"));
        let place = |name: &str| names.iter().position(|n| *n == name).unwrap();
        assert!(place("Caller-Destination-Number") < place("Caller-Unique-ID"));
        assert!(place("Caller-Privacy-Hide-Number") < place("Other-Type"));
        let bare = channel_headers(&ChannelFacts {
            channel: &channel,
            variables: false,
        });
        assert!(!bare.iter().any(|(name, _)| name.starts_with("variable_")));
    }
}
