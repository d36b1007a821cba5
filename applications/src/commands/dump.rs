//! `uuid_dump`: everything known about a channel.

use super::target::{NO_CHANNEL, channel};
use strowger_core::CommandCall;
use strowger_model::event::encode;
use strowger_model::{ChannelFacts, Event, EventName, channel_values};

/// As the event CHANNEL_DATA in one of the forms of events.
pub(super) async fn uuid_dump(call: CommandCall<'_>) -> String {
    let Some((session, format)) = channel(&call) else {
        return NO_CHANNEL.to_owned();
    };
    let snapshot = session.snapshot();
    let mut event = Event::new(EventName::ChannelData);
    event.headers = channel_values(&ChannelFacts {
        channel: &snapshot,
        variables: true,
    });
    let event = call.switch.events().stamped(event);
    match format.as_str() {
        "json" => encode::json(&event),
        "xml" => encode::xml(&event),
        "plain" => plain(&event),
        _ => encode::plain(&event),
    }
}

/// One `Name: value` each line, values as they are; line ends inside them become blanks, so that no value can pose as
/// a header.
fn plain(event: &Event) -> String {
    let mut out = String::new();
    for (name, value) in &event.headers {
        let value = value.text().replace(['\r', '\n'], " ");
        out.push_str(&format!("{name}: {value}\n"));
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_pose_as_a_header() {
        let event = Event::new(EventName::ChannelData).header("Caller-Name", "a\r\nHangup: yes");
        assert_eq!(plain(&event), "Caller-Name: a  Hangup: yes\n\n");
    }
}
