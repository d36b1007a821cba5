//! Which events a client asked for.

use crate::wire::Format;
use strowger_core::event_bus::EventFilter;
use strowger_model::EventName;

/// Subclasses one client may name.
const SUBCLASSES: usize = 1_024;

/// Events of one channel that `myevents` brings.
const MINE: &[EventName] = &[
    EventName::ChannelAnswer,
    EventName::ChannelApplication,
    EventName::ChannelBridge,
    EventName::ChannelCreate,
    EventName::ChannelData,
    EventName::ChannelDestroy,
    EventName::ChannelExecute,
    EventName::ChannelExecuteComplete,
    EventName::ChannelHangup,
    EventName::ChannelHangupComplete,
    EventName::ChannelOriginate,
    EventName::ChannelUuid,
    EventName::ChannelOutgoing,
    EventName::ChannelPark,
    EventName::ChannelProgress,
    EventName::ChannelProgressMedia,
    EventName::ChannelState,
    EventName::ChannelUnbridge,
    EventName::ChannelUnpark,
    EventName::DetectedSpeech,
    EventName::Dtmf,
    EventName::Notalk,
    EventName::Talk,
    EventName::BackgroundJob,
];

/// A client's wishes.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    filter: EventFilter,
    /// Whether it listens at all.
    listening: bool,
    /// `myevents`: only this channel's.
    pub(crate) mine: Option<String>,
}

impl Wishes {
    /// What the bus shall send.
    pub(crate) fn filter(&self) -> EventFilter {
        if self.listening {
            self.filter.clone()
        } else {
            EventFilter::default()
        }
    }

    /// `event [plain|json|xml] NAMES…`
    pub(crate) fn add(&mut self, words: &str, format: &mut Format) -> String {
        let mut found = false;
        let mut custom = false;
        for word in words.split_whitespace() {
            if custom {
                if self.filter.subclasses.len() < SUBCLASSES
                    && !self.filter.subclasses.iter().any(|known| known == word)
                {
                    self.filter.subclasses.push(word.to_owned());
                }
            } else if let Some(named) = Format::parse(word) {
                *format = named;
            } else if let Some(name) = EventName::parse(word) {
                found = true;
                custom = name == EventName::Custom;
                self.add_name(name);
            }
        }
        if !found {
            return "-ERR no keywords supplied".to_owned();
        }
        self.listening = true;
        format!("+OK event listener enabled {}", format.name())
    }

    fn add_name(&mut self, name: EventName) {
        if name == EventName::All {
            self.filter.all = true;
        } else if !self.filter.names.contains(&name) {
            self.filter.names.push(name);
        }
    }

    /// `nixevent NAMES…`
    pub(crate) fn remove(&mut self, words: &str) -> String {
        let mut found = false;
        let mut custom = false;
        for word in words.split_whitespace() {
            if custom {
                self.filter.subclasses.retain(|known| known != word);
                found = true;
            } else if let Some(name) = EventName::parse(word) {
                found = true;
                custom = name == EventName::Custom;
                self.remove_name(name);
            }
        }
        if found {
            "+OK events nixed".to_owned()
        } else {
            "-ERR no keywords supplied".to_owned()
        }
    }

    fn remove_name(&mut self, name: EventName) {
        if name == EventName::All {
            self.filter = EventFilter::default();
            return;
        }
        if self.filter.all {
            self.filter.all = false;
            self.filter.names = EventName::all().to_vec();
        }
        self.filter.names.retain(|known| *known != name);
    }

    /// `noevents`
    pub(crate) fn clear(&mut self) -> String {
        if !self.listening {
            return "-ERR not listening for events".to_owned();
        }
        *self = Wishes::default();
        "+OK no longer listening for events".to_owned()
    }

    /// `myevents UUID`
    pub(crate) fn only(&mut self, uuid: &str) -> String {
        if self.mine.is_some() {
            // FreeSWITCH's own spelling, which clients compare with.
            return "-ERR aready enabled.".to_owned();
        }
        for name in MINE {
            self.add_name(*name);
        }
        self.listening = true;
        self.mine = Some(uuid.to_owned());
        "+OK Events Enabled".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::Event;

    #[test]
    fn names_add_up_and_subclasses_follow_custom() {
        let mut wishes = Wishes::default();
        let mut format = Format::Plain;
        assert_eq!(wishes.add("json", &mut format), "-ERR no keywords supplied");
        assert_eq!(format, Format::Json, "the format changes all the same");
        assert_eq!(
            wishes.add("plain NO_SUCH SWITCH_EVENT_HEARTBEAT", &mut format),
            "+OK event listener enabled plain"
        );
        wishes.add("channel_answer CUSTOM a::b c::d", &mut format);
        let filter = wishes.filter();
        assert!(filter.passes(&Event::new(EventName::Heartbeat)));
        assert!(filter.passes(&Event::new(EventName::ChannelAnswer)));
        assert!(filter.passes(&Event::custom("c::d")));
        assert!(!filter.passes(&Event::custom("e::f")));
    }

    #[test]
    fn one_name_can_be_taken_out_of_all() {
        let mut wishes = Wishes::default();
        let mut format = Format::Plain;
        wishes.add("ALL", &mut format);
        wishes.remove("HEARTBEAT");
        assert!(!wishes.filter().passes(&Event::new(EventName::Heartbeat)));
        assert!(wishes.filter().passes(&Event::new(EventName::Dtmf)));
        assert!(wishes.filter().passes(&Event::custom("a::b")));
        assert_eq!(wishes.clear(), "+OK no longer listening for events");
        assert_eq!(wishes.clear(), "-ERR not listening for events");
    }
}
