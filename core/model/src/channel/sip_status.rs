//! The cause that a SIP status stands for: one table for the endpoint that receives a status and for the dialplan that
//! sends one.

use super::hangup_cause::HangupCause;

impl HangupCause {
    /// The cause of a call that was refused with this SIP status (RFC 3261 section 21, in FreeSWITCH's reading).
    pub fn from_sip_status(status: u16) -> Self {
        match status {
            200 => Self::NormalClearing,
            401 | 402 | 403 | 407 | 603 | 608 => Self::CallRejected,
            404 => Self::UnallocatedNumber,
            485 | 604 => Self::NoRouteDestination,
            408 | 504 => Self::RecoveryOnTimerExpire,
            410 => Self::NumberChanged,
            413 | 414 | 416 | 420 | 421 | 423 | 505 | 513 => Self::Interworking,
            480 => Self::NoUserResponse,
            400 | 481 | 500 | 503 => Self::NormalTemporaryFailure,
            486 | 600 => Self::UserBusy,
            484 => Self::InvalidNumberFormat,
            488 | 606 => Self::IncompatibleDestination,
            502 => Self::NetworkOutOfOrder,
            405 => Self::ServiceUnavailable,
            406 | 415 | 501 => Self::ServiceNotImplemented,
            482 | 483 => Self::ExchangeRoutingError,
            487 => Self::OriginatorCancel,
            607 => Self::Unwanted,
            428 => Self::NoIdentity,
            429 => Self::BadIdentityInfo,
            437 => Self::UnsupportedCertificate,
            438 => Self::InvalidIdentity,
            _ => Self::NormalUnspecified,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HangupCause;

    #[test]
    fn statuses_have_their_causes() {
        for (status, cause) in [
            (486, HangupCause::UserBusy),
            (404, HangupCause::UnallocatedNumber),
            (480, HangupCause::NoUserResponse),
            (607, HangupCause::Unwanted),
            (438, HangupCause::InvalidIdentity),
            (499, HangupCause::NormalUnspecified),
        ] {
            assert_eq!(HangupCause::from_sip_status(status), cause, "{status}");
        }
    }
}
