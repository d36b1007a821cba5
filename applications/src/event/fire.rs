//! `event`: tell whoever listens on the event bus.

use strowger_core::{AppResult, Session};
use strowger_model::{Argument, Arguments, Expanded, InlineCall, InlineEffect, separate};

/// Headers of one event at most.
const MAX_HEADERS: usize = 128;

/// The event's name when none is given.
const DEFAULT_NAME: &str = "CHANNEL_APPLICATION";

/// A name and headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventText {
    /// Event name.
    pub name: String,
    /// Headers in order, the subclass among them.
    pub headers: Vec<(String, String)>,
}

impl Argument for EventText {
    const KIND: &'static str = "header=value,…";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let mut event = EventText {
            name: DEFAULT_NAME.to_owned(),
            headers: Vec::new(),
        };
        for item in separate(text, ',', MAX_HEADERS) {
            let Some((name, value)) = item.split_once('=') else {
                if item.is_empty() {
                    continue;
                }
                return Err(format!("`{item}` is no header; write name=value"));
            };
            if name.has_network() {
                return Err(format!("`{name}`: a caller cannot name a header"));
            }
            let (name, value) = (name.trim().into_string(), value.trim().into_string());
            if name.eq_ignore_ascii_case("Event-Name") {
                event.name = value;
            } else {
                event.headers.push((name, value));
            }
        }
        Ok(event)
    }
}

/// Arguments of `event`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Fire {
    /// Event-Name, Event-Subclass and other headers, separated by commas
    #[argument(default = "Event-Name=CHANNEL_APPLICATION")]
    pub event: EventText,
}

/// Fires an event with the channel's data.
pub async fn event(session: &mut Session, args: Fire) -> AppResult {
    session.fire_named(&args.event.name, args.event.headers);
    Ok(())
}

/// `event` while the dialplan hunts.
pub fn event_inline(call: &mut InlineCall<'_>, args: Fire) {
    call.effects.push(InlineEffect::Event {
        name: args.event.name,
        headers: args.event.headers,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_separated_by_commas() {
        let mut text = Expanded::trusted("Event-Subclass=a::b,Event-Name=CUSTOM,x=");
        text.push_network("1,y=2");
        let event = EventText::parse_argument(&text).expect("an event");
        assert_eq!(event.name, "CUSTOM");
        assert_eq!(
            event.headers,
            [
                ("Event-Subclass".to_owned(), "a::b".to_owned()),
                ("x".to_owned(), "1,y=2".to_owned())
            ]
        );
        let empty = Fire::parse(&Expanded::default()).expect("the default");
        assert_eq!(empty.event.name, DEFAULT_NAME);
        assert!(EventText::parse_argument(&Expanded::trusted("nonsense")).is_err());
    }
}
