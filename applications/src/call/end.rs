//! `hangup`, `respond`: the call ends with a cause or a status.

use strowger_core::endpoint::Indication;
use strowger_core::{AppResult, Interrupt, Session};
use strowger_model::{Arguments, HangupCause};

/// Arguments of `hangup`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Hangup {
    /// name or number of the cause; unknown names mean NORMAL_CLEARING
    #[argument(default = "NORMAL_CLEARING")]
    pub cause: String,
}

/// Ends the call.
pub async fn hangup(session: &mut Session, args: Hangup) -> AppResult {
    end(session, HangupCause::parse(&args.cause))
}

/// Ends the call with a cause; the result of an application that does so.
pub fn end(session: &Session, cause: HangupCause) -> AppResult {
    session.handle().hangup(cause);
    Err(Interrupt::Hangup(cause).into())
}

/// Arguments of `respond`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Respond {
    /// SIP status code, 100 to 699
    pub status: u16,
    /// reason phrase; the standard one without it
    #[argument(rest)]
    pub phrase: Option<String>,
}

/// Gives the call a response; a final one ends it.
pub async fn respond(session: &mut Session, args: Respond) -> AppResult {
    let Respond { status, phrase } = args;
    if !(100..700).contains(&status) {
        tracing::error!(uuid = session.uuid(), status, "respond: no SIP status code");
        return Ok(());
    }
    if session.is_answered() {
        tracing::warn!(
            uuid = session.uuid(),
            status,
            "respond: the call is answered already"
        );
        return Ok(());
    }
    session
        .indicate(Indication::Respond { status, phrase })
        .await?;
    if status < 300 {
        return Ok(());
    }
    end(session, cause_of_status(status))
}

/// The cause that stands in the record of a call refused with this status.
pub fn cause_of_status(status: u16) -> HangupCause {
    match status {
        300..=399 => HangupCause::RedirectionToNewDestination,
        _ => HangupCause::from_sip_status(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::Expanded;

    #[test]
    fn hangup_takes_names_and_numbers() {
        let parse = |text: &str| Hangup::parse(&Expanded::trusted(text)).map(|args| args.cause);
        assert_eq!(parse("").as_deref(), Ok("NORMAL_CLEARING"));
        assert_eq!(parse(" 17 ").as_deref(), Ok("17"));
        assert_eq!(HangupCause::parse("17"), HangupCause::UserBusy);
    }

    #[test]
    fn respond_takes_a_phrase_of_several_words() {
        let args =
            Respond::parse(&Expanded::trusted("503 Come back later")).expect("two arguments");
        assert_eq!(args.status, 503);
        assert_eq!(args.phrase.as_deref(), Some("Come back later"));
        assert!(Respond::parse(&Expanded::trusted("busy")).is_err());
        assert_eq!(cause_of_status(486), HangupCause::UserBusy);
        assert_eq!(cause_of_status(407), HangupCause::CallRejected);
    }
}
