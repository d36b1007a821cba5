//! What became of an attempt: the variables that say so, and whether the dialplan goes on.

use super::Reached;
use crate::session::{AppError, Destination, Interrupt, Session};
use strowger_model::{Expanded, HangupCause, is_true};

/// Nobody was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialFailure {
    /// Why.
    pub cause: HangupCause,
    /// The causes of the legs: uuid (empty when there was no leg) and cause.
    pub legs: Vec<(String, HangupCause)>,
    /// What the deciding leg's protocol said, such as `sip:486`.
    pub detail: Option<Expanded>,
}

impl DialFailure {
    /// A failure before any leg was tried.
    pub fn of(cause: HangupCause) -> DialFailure {
        DialFailure {
            cause,
            legs: Vec::new(),
            detail: None,
        }
    }
}

/// What a failed bridge does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialPolicy {
    /// The next action of the extension runs.
    Continue,
    /// The caller goes to another extension.
    Transfer(Destination),
    /// The caller is hung up with the cause.
    HangUp(HangupCause),
}

/// `DIALSTATUS` of a cause.
fn dial_status(cause: HangupCause) -> &'static str {
    match cause {
        HangupCause::UserBusy => "BUSY",
        HangupCause::NoAnswer | HangupCause::NoUserResponse => "NOANSWER",
        HangupCause::OriginatorCancel => "CANCEL",
        HangupCause::CallRejected => "DONTCALL",
        HangupCause::DestinationOutOfOrder | HangupCause::InvalidProfile => "INVALIDARGS",
        other => other.name(),
    }
}

/// Sets the variables that tell a dialplan how dialling went.
pub(crate) fn note(session: &mut Session, outcome: &Result<Reached, DialFailure>) {
    match outcome {
        Ok(_) => {
            session.set("originate_disposition", "SUCCESS");
            session.set("DIALSTATUS", "SUCCESS");
        }
        Err(failure) => {
            let name = failure.cause.name();
            session.set("originate_disposition", name);
            session.set("originate_failed_cause", name);
            session.set("last_bridge_hangup_cause", name);
            session.set("bridge_hangup_cause", name);
            session.set("DIALSTATUS", dial_status(failure.cause));
            if let Some(detail) = &failure.detail {
                session.set("last_bridge_proto_specific_hangup_cause", detail.clone());
            }
            for (uuid, cause) in &failure.legs {
                let text = Expanded::trusted(format!("{uuid};{}", cause.name()));
                session.variables_mut().push("originate_causes", text);
            }
        }
    }
}

fn lists(text: &str, cause: HangupCause) -> bool {
    text.split(',').map(str::trim).any(|item| {
        item.eq_ignore_ascii_case(cause.name())
            || item.parse::<u16>().is_ok_and(|code| code == cause.code())
    })
}

/// What happens after nobody was reached.
pub fn on_failure(session: &Session, cause: HangupCause) -> DialPolicy {
    if cause == HangupCause::AttendedTransfer {
        return DialPolicy::HangUp(cause);
    }
    let failure_causes = session.text("failure_causes");
    if !failure_causes.is_empty() && !lists(&failure_causes, cause) {
        return DialPolicy::Continue;
    }
    let continue_on_fail = session.text("continue_on_fail");
    if !continue_on_fail.is_empty()
        && (is_true(&continue_on_fail) || lists(&continue_on_fail, cause))
    {
        return DialPolicy::Continue;
    }
    let always = [
        HangupCause::NoAnswer,
        HangupCause::NoUserResponse,
        HangupCause::OriginatorCancel,
    ];
    if continue_on_fail.is_empty() && failure_causes.is_empty() && always.contains(&cause) {
        return DialPolicy::Continue;
    }
    if let Some(to) = transfer_on_fail(&session.text("transfer_on_fail"), cause) {
        return DialPolicy::Transfer(to);
    }
    DialPolicy::HangUp(cause)
}

/// `causes [extension|auto_cause [dialplan context]]`.
fn transfer_on_fail(text: &str, cause: HangupCause) -> Option<Destination> {
    let mut words = text.split_whitespace();
    let causes = words.next()?;
    if !(is_true(causes) || lists(causes, cause)) {
        return None;
    }
    let extension = match words.next() {
        None | Some("auto_cause") => cause.name(),
        Some(extension) => extension,
    };
    Some(Destination {
        extension: Expanded::trusted(extension),
        dialplan: words.next().map(str::to_owned),
        context: words.next().map(str::to_owned),
    })
}

impl DialPolicy {
    /// The policy as an application's result.
    pub fn carry_out(self, session: &Session) -> Result<(), AppError> {
        match self {
            DialPolicy::Continue => Ok(()),
            DialPolicy::Transfer(to) => Err(Interrupt::Transfer(to).into()),
            DialPolicy::HangUp(cause) => {
                session.handle().hangup(cause);
                Err(Interrupt::Hangup(cause).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_listed_by_name_or_number() {
        assert!(lists("USER_BUSY,NO_ANSWER", HangupCause::NoAnswer));
        assert!(lists("17, 19", HangupCause::UserBusy));
        assert!(!lists("USER_BUSY", HangupCause::NoAnswer));
    }

    #[test]
    fn transfer_on_fail_names_an_extension_or_the_cause() {
        let to =
            transfer_on_fail("USER_BUSY 5000 XML default", HangupCause::UserBusy).expect("listed");
        assert_eq!(to.extension.as_str(), "5000");
        assert_eq!(to.context.as_deref(), Some("default"));
        let to = transfer_on_fail("true auto_cause", HangupCause::NoAnswer).expect("all causes");
        assert_eq!(to.extension.as_str(), "NO_ANSWER");
        assert_eq!(
            transfer_on_fail("USER_BUSY 5000", HangupCause::NoAnswer),
            None
        );
    }
}
