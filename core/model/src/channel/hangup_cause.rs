//! Why a call ended: the only currency of call failure between rooms (Q.850 numbers, FreeSWITCH names).

use std::fmt;

macro_rules! causes {
    ($($variant:ident $name:literal $code:literal,)*) => {
        /// Why a call ended or could not be made.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum HangupCause {
            $(#[doc = concat!("`", $name, "`, number ", $code, ".")] $variant,)*
        }

        const ALL: &[HangupCause] = &[$(HangupCause::$variant,)*];

        impl HangupCause {
            /// The FreeSWITCH name, such as `NORMAL_CLEARING`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The number: Q.850 below 128, FreeSWITCH's own above.
            pub fn code(self) -> u16 {
                match self { $(Self::$variant => $code,)* }
            }

            /// The cause with this number.
            pub fn from_code(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

causes! {
    None "NONE" 0,
    UnallocatedNumber "UNALLOCATED_NUMBER" 1,
    NoRouteTransitNet "NO_ROUTE_TRANSIT_NET" 2,
    NoRouteDestination "NO_ROUTE_DESTINATION" 3,
    ChannelUnacceptable "CHANNEL_UNACCEPTABLE" 6,
    CallAwardedDelivered "CALL_AWARDED_DELIVERED" 7,
    NormalClearing "NORMAL_CLEARING" 16,
    UserBusy "USER_BUSY" 17,
    NoUserResponse "NO_USER_RESPONSE" 18,
    NoAnswer "NO_ANSWER" 19,
    SubscriberAbsent "SUBSCRIBER_ABSENT" 20,
    CallRejected "CALL_REJECTED" 21,
    NumberChanged "NUMBER_CHANGED" 22,
    RedirectionToNewDestination "REDIRECTION_TO_NEW_DESTINATION" 23,
    ExchangeRoutingError "EXCHANGE_ROUTING_ERROR" 25,
    DestinationOutOfOrder "DESTINATION_OUT_OF_ORDER" 27,
    InvalidNumberFormat "INVALID_NUMBER_FORMAT" 28,
    FacilityRejected "FACILITY_REJECTED" 29,
    ResponseToStatusEnquiry "RESPONSE_TO_STATUS_ENQUIRY" 30,
    NormalUnspecified "NORMAL_UNSPECIFIED" 31,
    NormalCircuitCongestion "NORMAL_CIRCUIT_CONGESTION" 34,
    NetworkOutOfOrder "NETWORK_OUT_OF_ORDER" 38,
    NormalTemporaryFailure "NORMAL_TEMPORARY_FAILURE" 41,
    SwitchCongestion "SWITCH_CONGESTION" 42,
    AccessInfoDiscarded "ACCESS_INFO_DISCARDED" 43,
    RequestedChanUnavail "REQUESTED_CHAN_UNAVAIL" 44,
    PreEmpted "PRE_EMPTED" 45,
    FacilityNotSubscribed "FACILITY_NOT_SUBSCRIBED" 50,
    OutgoingCallBarred "OUTGOING_CALL_BARRED" 52,
    IncomingCallBarred "INCOMING_CALL_BARRED" 54,
    BearercapabilityNotauth "BEARERCAPABILITY_NOTAUTH" 57,
    BearercapabilityNotavail "BEARERCAPABILITY_NOTAVAIL" 58,
    ServiceUnavailable "SERVICE_UNAVAILABLE" 63,
    BearercapabilityNotimpl "BEARERCAPABILITY_NOTIMPL" 65,
    ChanNotImplemented "CHAN_NOT_IMPLEMENTED" 66,
    FacilityNotImplemented "FACILITY_NOT_IMPLEMENTED" 69,
    ServiceNotImplemented "SERVICE_NOT_IMPLEMENTED" 79,
    InvalidCallReference "INVALID_CALL_REFERENCE" 81,
    IncompatibleDestination "INCOMPATIBLE_DESTINATION" 88,
    InvalidMsgUnspecified "INVALID_MSG_UNSPECIFIED" 95,
    MandatoryIeMissing "MANDATORY_IE_MISSING" 96,
    MessageTypeNonexist "MESSAGE_TYPE_NONEXIST" 97,
    WrongMessage "WRONG_MESSAGE" 98,
    IeNonexist "IE_NONEXIST" 99,
    InvalidIeContents "INVALID_IE_CONTENTS" 100,
    WrongCallState "WRONG_CALL_STATE" 101,
    RecoveryOnTimerExpire "RECOVERY_ON_TIMER_EXPIRE" 102,
    MandatoryIeLengthError "MANDATORY_IE_LENGTH_ERROR" 103,
    ProtocolError "PROTOCOL_ERROR" 111,
    Interworking "INTERWORKING" 127,
    Success "SUCCESS" 142,
    OriginatorCancel "ORIGINATOR_CANCEL" 487,
    Crash "CRASH" 700,
    SystemShutdown "SYSTEM_SHUTDOWN" 701,
    LoseRace "LOSE_RACE" 702,
    ManagerRequest "MANAGER_REQUEST" 703,
    BlindTransfer "BLIND_TRANSFER" 800,
    AttendedTransfer "ATTENDED_TRANSFER" 801,
    AllottedTimeout "ALLOTTED_TIMEOUT" 802,
    UserChallenge "USER_CHALLENGE" 803,
    MediaTimeout "MEDIA_TIMEOUT" 804,
    PickedOff "PICKED_OFF" 805,
    UserNotRegistered "USER_NOT_REGISTERED" 806,
    ProgressTimeout "PROGRESS_TIMEOUT" 807,
    InvalidGateway "INVALID_GATEWAY" 808,
    GatewayDown "GATEWAY_DOWN" 809,
    InvalidUrl "INVALID_URL" 810,
    InvalidProfile "INVALID_PROFILE" 811,
    NoPickup "NO_PICKUP" 812,
    SrtpReadError "SRTP_READ_ERROR" 813,
    Bowout "BOWOUT" 814,
    BusyEverywhere "BUSY_EVERYWHERE" 815,
    Decline "DECLINE" 816,
    DoesNotExistAnywhere "DOES_NOT_EXIST_ANYWHERE" 817,
    NotAcceptable "NOT_ACCEPTABLE" 818,
    Unwanted "UNWANTED" 819,
    NoIdentity "NO_IDENTITY" 820,
    BadIdentityInfo "BAD_IDENTITY_INFO" 821,
    UnsupportedCertificate "UNSUPPORTED_CERTIFICATE" 822,
    InvalidIdentity "INVALID_IDENTITY" 823,
    StaleDate "STALE_DATE" 824,
    RejectAll "REJECT_ALL" 825,
}

impl HangupCause {
    /// The cause a name or a number names, without case. An unknown text becomes `NORMAL_CLEARING`.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            let digits = text
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap_or_default();
            return digits
                .parse()
                .ok()
                .and_then(Self::from_code)
                .unwrap_or(Self::NormalClearing);
        }
        Self::from_name(text).unwrap_or(Self::NormalClearing)
    }

    /// The cause with this name, without case.
    pub fn from_name(name: &str) -> Option<Self> {
        ALL.iter()
            .copied()
            .find(|cause| cause.name().eq_ignore_ascii_case(name))
    }

    /// Every cause in the order of the numbers.
    pub fn all() -> &'static [Self] {
        ALL
    }
}

impl fmt::Display for HangupCause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_round_trip() {
        for &cause in HangupCause::all() {
            assert_eq!(HangupCause::from_code(cause.code()), Some(cause));
            assert_eq!(HangupCause::parse(&cause.name().to_lowercase()), cause);
            assert_eq!(HangupCause::parse(&cause.code().to_string()), cause);
        }
        assert_eq!(HangupCause::all().len(), 82);
        assert_eq!(
            HangupCause::parse("what is this"),
            HangupCause::NormalClearing
        );
        assert_eq!(HangupCause::parse("9999"), HangupCause::NormalClearing);
        assert_eq!(HangupCause::LoseRace.to_string(), "LOSE_RACE");
    }
}
