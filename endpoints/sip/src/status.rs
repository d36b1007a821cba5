//! SIP status and hangup cause: both tables in one place, and what overrides them (RFC 3326).

use strowger_model::{HangupCause as Cause, Variables};
use strowger_sip_proto::header::Reason;

/// The status that refuses a call which ends with this cause.
pub(crate) fn status_of(cause: Cause) -> u16 {
    match cause {
        Cause::UnallocatedNumber | Cause::NoRouteTransitNet | Cause::NoRouteDestination => 404,
        Cause::UserBusy => 486,
        Cause::NoUserResponse => 408,
        Cause::CallRejected | Cause::Decline | Cause::RejectAll => 603,
        Cause::NumberChanged | Cause::RedirectionToNewDestination => 410,
        Cause::DestinationOutOfOrder | Cause::InvalidProfile => 502,
        Cause::InvalidNumberFormat | Cause::InvalidUrl | Cause::InvalidGateway => 484,
        Cause::FacilityRejected | Cause::FacilityNotImplemented | Cause::ServiceNotImplemented => {
            501
        }
        Cause::RequestedChanUnavail
        | Cause::NormalCircuitCongestion
        | Cause::NetworkOutOfOrder
        | Cause::NormalTemporaryFailure
        | Cause::SwitchCongestion
        | Cause::GatewayDown
        | Cause::BearercapabilityNotavail => 503,
        // Nobody is to blame but the moment: the caller may try elsewhere or later.
        Cause::SystemShutdown => 503,
        Cause::OutgoingCallBarred
        | Cause::IncomingCallBarred
        | Cause::BearercapabilityNotauth
        | Cause::StaleDate => 403,
        Cause::BearercapabilityNotimpl | Cause::IncompatibleDestination => 488,
        Cause::RecoveryOnTimerExpire => 504,
        Cause::OriginatorCancel => 487,
        Cause::ExchangeRoutingError => 483,
        Cause::BusyEverywhere => 600,
        Cause::DoesNotExistAnywhere => 604,
        Cause::NotAcceptable => 606,
        Cause::Unwanted => 607,
        Cause::NoIdentity => 428,
        Cause::BadIdentityInfo => 429,
        Cause::UnsupportedCertificate => 437,
        Cause::InvalidIdentity => 438,
        _ => 480,
    }
}

/// The cause of a call that was refused with this status.
pub(crate) fn cause_of(status: u16) -> Cause {
    Cause::from_sip_status(status)
}

/// The status with which we refuse: what the B leg's peer said (`sip:NNN`), else what the cause means.
pub(crate) fn refusal(cause: Cause, variables: &Variables) -> u16 {
    if variables.is_true("sip_ignore_remote_cause") {
        return status_of(cause);
    }
    variables
        .text("last_bridge_proto_specific_hangup_cause")
        .and_then(|text| text.strip_prefix("sip:"))
        .and_then(|text| text.parse().ok())
        // A challenge or a redirection of the far side is none of ours.
        .filter(|status| (400..=699).contains(status) && !matches!(status, 401 | 407))
        .unwrap_or_else(|| status_of(cause))
}

/// The cause that Reason headers name, if one does.
pub(crate) fn cause_of_reasons(reasons: &[Reason]) -> Option<Cause> {
    reasons.iter().find_map(|reason| {
        let code = reason.cause?;
        let ours = reason.protocol.eq_ignore_ascii_case("FreeSWITCH");
        if !(reason.is_q850() || ours) {
            return None;
        }
        Cause::from_code(code).filter(|cause| *cause != Cause::None)
    })
}

/// The value of the Reason header that tells this cause; `None` when the channel wants none.
pub(crate) fn reason_header(cause: Cause, variables: &Variables) -> Option<String> {
    if let Some(own) = variables.text("sip_reason") {
        return Some(own.to_owned());
    }
    let elsewhere = matches!(cause, Cause::LoseRace | Cause::PickedOff);
    if elsewhere && !variables.is_true("ignore_completed_elsewhere") {
        return Some(Reason::sip(200, "Call completed elsewhere").to_string());
    }
    if variables.is_true("disable_q850_reason") {
        return None;
    }
    let code = cause.code();
    // Causes of our own have no number in Q.850; the name still tells.
    let number = if (1..=127).contains(&code) { code } else { 16 };
    Some(Reason::q850(number, cause.name()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mapping_is_asymmetric_as_documented() {
        for (in_status, cause, out_status) in [
            (480, Cause::NoUserResponse, 408),
            (408, Cause::RecoveryOnTimerExpire, 504),
            (403, Cause::CallRejected, 603),
            (404, Cause::UnallocatedNumber, 404),
            (600, Cause::UserBusy, 486),
            (488, Cause::IncompatibleDestination, 488),
            (503, Cause::NormalTemporaryFailure, 503),
            (607, Cause::Unwanted, 607),
            (438, Cause::InvalidIdentity, 438),
            (699, Cause::NormalUnspecified, 480),
        ] {
            assert_eq!(cause_of(in_status), cause, "{in_status}");
            assert_eq!(status_of(cause), out_status, "{cause}");
        }
    }

    #[test]
    fn what_the_far_side_said_wins_unless_it_is_a_challenge() {
        let mut variables = Variables::new();
        variables.set("last_bridge_proto_specific_hangup_cause", "sip:480");
        assert_eq!(refusal(Cause::NoUserResponse, &variables), 480);
        variables.set("last_bridge_proto_specific_hangup_cause", "sip:407");
        assert_eq!(refusal(Cause::CallRejected, &variables), 603);
        variables.set("last_bridge_proto_specific_hangup_cause", "sip:480");
        variables.set("sip_ignore_remote_cause", "true");
        assert_eq!(refusal(Cause::NoUserResponse, &variables), 408);
    }

    #[test]
    fn reasons_are_told_and_read() {
        let mut variables = Variables::new();
        let text = reason_header(Cause::UserBusy, &variables).unwrap();
        assert_eq!(text, "Q.850;cause=17;text=\"USER_BUSY\"");
        let read = Reason::parse(&text).unwrap();
        assert_eq!(cause_of_reasons(&[read]), Some(Cause::UserBusy));
        let race = reason_header(Cause::LoseRace, &variables).unwrap();
        assert_eq!(race, "SIP;cause=200;text=\"Call completed elsewhere\"");
        variables.set("disable_q850_reason", "true");
        assert_eq!(reason_header(Cause::UserBusy, &variables), None);
    }
}
