//! The names of events.

use std::fmt;

macro_rules! names {
    ($($variant:ident $name:literal,)*) => {
        /// The name of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventName {
            $(#[doc = concat!("`", $name, "`.")] $variant,)*
        }

        const ALL: &[EventName] = &[$(EventName::$variant,)*];

        impl EventName {
            /// The name on the wire, such as `CHANNEL_ANSWER`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

names! {
    Custom "CUSTOM",
    Clone "CLONE",
    ChannelCreate "CHANNEL_CREATE",
    ChannelDestroy "CHANNEL_DESTROY",
    ChannelState "CHANNEL_STATE",
    ChannelCallstate "CHANNEL_CALLSTATE",
    ChannelAnswer "CHANNEL_ANSWER",
    ChannelHangup "CHANNEL_HANGUP",
    ChannelHangupComplete "CHANNEL_HANGUP_COMPLETE",
    ChannelExecute "CHANNEL_EXECUTE",
    ChannelExecuteComplete "CHANNEL_EXECUTE_COMPLETE",
    ChannelHold "CHANNEL_HOLD",
    ChannelUnhold "CHANNEL_UNHOLD",
    ChannelBridge "CHANNEL_BRIDGE",
    ChannelUnbridge "CHANNEL_UNBRIDGE",
    ChannelProgress "CHANNEL_PROGRESS",
    ChannelProgressMedia "CHANNEL_PROGRESS_MEDIA",
    ChannelOutgoing "CHANNEL_OUTGOING",
    ChannelPark "CHANNEL_PARK",
    ChannelUnpark "CHANNEL_UNPARK",
    ChannelApplication "CHANNEL_APPLICATION",
    ChannelOriginate "CHANNEL_ORIGINATE",
    ChannelUuid "CHANNEL_UUID",
    Api "API",
    Log "LOG",
    InboundChan "INBOUND_CHAN",
    OutboundChan "OUTBOUND_CHAN",
    Startup "STARTUP",
    Shutdown "SHUTDOWN",
    ShutdownRequested "SHUTDOWN_REQUESTED",
    Publish "PUBLISH",
    Unpublish "UNPUBLISH",
    Talk "TALK",
    Notalk "NOTALK",
    SessionCrash "SESSION_CRASH",
    ModuleLoad "MODULE_LOAD",
    ModuleUnload "MODULE_UNLOAD",
    Dtmf "DTMF",
    Message "MESSAGE",
    PresenceIn "PRESENCE_IN",
    NotifyIn "NOTIFY_IN",
    PresenceOut "PRESENCE_OUT",
    PresenceProbe "PRESENCE_PROBE",
    MessageWaiting "MESSAGE_WAITING",
    MessageQuery "MESSAGE_QUERY",
    Roster "ROSTER",
    Codec "CODEC",
    BackgroundJob "BACKGROUND_JOB",
    DetectedSpeech "DETECTED_SPEECH",
    DetectedTone "DETECTED_TONE",
    PrivateCommand "PRIVATE_COMMAND",
    Heartbeat "HEARTBEAT",
    Trap "TRAP",
    AddSchedule "ADD_SCHEDULE",
    DelSchedule "DEL_SCHEDULE",
    ExeSchedule "EXE_SCHEDULE",
    ReSchedule "RE_SCHEDULE",
    Reloadxml "RELOADXML",
    CertReload "CERT_RELOAD",
    Notify "NOTIFY",
    PhoneFeature "PHONE_FEATURE",
    PhoneFeatureSubscribe "PHONE_FEATURE_SUBSCRIBE",
    SendMessage "SEND_MESSAGE",
    RecvMessage "RECV_MESSAGE",
    RequestParams "REQUEST_PARAMS",
    ChannelData "CHANNEL_DATA",
    General "GENERAL",
    Command "COMMAND",
    SessionHeartbeat "SESSION_HEARTBEAT",
    ClientDisconnected "CLIENT_DISCONNECTED",
    ServerDisconnected "SERVER_DISCONNECTED",
    SendInfo "SEND_INFO",
    RecvInfo "RECV_INFO",
    RecvRtcpMessage "RECV_RTCP_MESSAGE",
    SendRtcpMessage "SEND_RTCP_MESSAGE",
    CallSecure "CALL_SECURE",
    Nat "NAT",
    RecordStart "RECORD_START",
    RecordStop "RECORD_STOP",
    PlaybackStart "PLAYBACK_START",
    PlaybackStop "PLAYBACK_STOP",
    CallUpdate "CALL_UPDATE",
    Failure "FAILURE",
    SocketData "SOCKET_DATA",
    MediaBugStart "MEDIA_BUG_START",
    MediaBugStop "MEDIA_BUG_STOP",
    ConferenceDataQuery "CONFERENCE_DATA_QUERY",
    ConferenceData "CONFERENCE_DATA",
    CallSetupReq "CALL_SETUP_REQ",
    CallSetupResult "CALL_SETUP_RESULT",
    CallDetail "CALL_DETAIL",
    DeviceState "DEVICE_STATE",
    Text "TEXT",
    All "ALL",
}

/// What some clients put before a name.
const PREFIX: &str = "SWITCH_EVENT_";

impl EventName {
    /// The event a text names, without case, with or without `SWITCH_EVENT_`.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = match text.get(..PREFIX.len()) {
            Some(start) if start.eq_ignore_ascii_case(PREFIX) => &text[PREFIX.len()..],
            _ => text,
        };
        ALL.iter()
            .copied()
            .find(|event| event.name().eq_ignore_ascii_case(bare))
    }

    /// Every name.
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// Whether events of this name carry the channel's variables without being asked for them.
    pub fn carries_variables(self) -> bool {
        use EventName::*;
        matches!(
            self,
            ChannelCreate
                | ChannelOriginate
                | ChannelUuid
                | ChannelAnswer
                | ChannelPark
                | ChannelUnpark
                | ChannelBridge
                | ChannelUnbridge
                | ChannelProgress
                | ChannelProgressMedia
                | ChannelHangup
                | ChannelHangupComplete
                | ChannelData
                | ChannelExecute
                | ChannelExecuteComplete
                | ChannelDestroy
                | ChannelHold
                | ChannelUnhold
                | SessionHeartbeat
                | Api
                | RecordStart
                | RecordStop
                | PlaybackStart
                | PlaybackStop
                | CallUpdate
                | MediaBugStart
                | MediaBugStop
                | Text
                | RequestParams
                | Custom
        )
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for &event in EventName::all() {
            assert_eq!(EventName::parse(&event.name().to_lowercase()), Some(event));
            assert_eq!(
                EventName::parse(&format!("switch_event_{}", event.name())),
                Some(event)
            );
        }
        assert_eq!(EventName::parse("NO_SUCH_EVENT"), None);
    }
}
