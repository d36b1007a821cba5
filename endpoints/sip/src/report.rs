//! What is told of the end of a call, and of the peer's responses, as channel variables.

use crate::invite_variables;
use crate::status;
use strowger_core::endpoint::HangupReport;
use strowger_model::{Expanded, HangupCause};
use strowger_sip_proto::Failure;
use strowger_sip_proto::message::{HeaderTable, Response};

/// Names and values of channel variables.
pub(crate) type Facts = Vec<(String, Expanded)>;

/// A text of the peer as a variable.
pub(crate) fn network(name: &str, value: impl Into<String>) -> (String, Expanded) {
    (name.to_owned(), Expanded::network(value))
}

/// A text of our own as a variable.
pub(crate) fn fact(name: &str, value: &str) -> (String, Expanded) {
    (name.to_owned(), Expanded::trusted(value))
}

/// What every response tells of the peer.
pub(crate) fn seen(response: &Response) -> Facts {
    let mut facts = Facts::new();
    if let Some(agent) = response.user_agent() {
        facts.push(network("sip_user_agent", agent));
    }
    if let Ok(asserted) = response.asserted_identities()
        && let Some(party) = asserted.first()
    {
        facts.push(network(
            "sip_callee_id_number",
            party.uri.user().unwrap_or_default().into_owned(),
        ));
        if let Some(name) = &party.display {
            facts.push(network("sip_callee_id_name", name.clone()));
        }
    }
    facts
}

/// The report of a BYE or CANCEL.
pub(crate) fn ended(usual: HangupCause, disposition: &str, request: &HeaderTable) -> HangupReport {
    let cause = status::cause_of_reasons(&request.reasons()).unwrap_or(usual);
    let mut variables = vec![
        fact("sip_hangup_disposition", disposition),
        fact(
            "sip_term_status",
            if usual == HangupCause::OriginatorCancel {
                "487"
            } else {
                "200"
            },
        ),
        fact("sip_term_cause", &cause.code().to_string()),
    ];
    if let Some(reason) = request.get("Reason") {
        variables.push(network("sip_reason", reason));
    }
    HangupReport { cause, variables }
}

/// The report of a call of ours that failed.
pub(crate) fn failed(response: Option<&Response>, failure: Failure) -> HangupReport {
    let Some(response) = response else {
        let (status, cause) = match failure {
            Failure::Timeout => (408, HangupCause::RecoveryOnTimerExpire),
            Failure::Cancelled => (487, HangupCause::OriginatorCancel),
            Failure::Transport | Failure::Status => (503, HangupCause::NormalTemporaryFailure),
        };
        return HangupReport {
            cause,
            variables: vec![
                fact("sip_term_status", &status.to_string()),
                fact("sip_invite_failure_status", &status.to_string()),
                fact("proto_specific_hangup_cause", &format!("sip:{status}")),
                fact("sip_term_cause", &cause.code().to_string()),
                fact("sip_hangup_disposition", "send_cancel"),
            ],
        };
    };
    let status = response.status();
    let redirection = (300..400).contains(&status);
    let cause = status::cause_of_reasons(&response.reasons()).unwrap_or(if redirection {
        HangupCause::RequestedChanUnavail
    } else {
        status::cause_of(status)
    });
    let mut variables = vec![
        fact("sip_term_status", &status.to_string()),
        fact("sip_invite_failure_status", &status.to_string()),
        network("sip_invite_failure_phrase", response.reason()),
        network("sip_hangup_phrase", response.reason()),
        fact("proto_specific_hangup_cause", &format!("sip:{status}")),
        fact("sip_term_cause", &cause.code().to_string()),
        fact("sip_hangup_disposition", "recv_refuse"),
    ];
    if let Some(reason) = response.get("Reason") {
        variables.push(network("sip_reason", reason));
    }
    variables.extend(invite_variables::of_response(response, "sip_rh_"));
    if redirection {
        variables.extend(redirected(response));
    }
    HangupReport { cause, variables }
}

/// Where a call was sent on to.
pub(crate) fn redirected(response: &Response) -> Facts {
    let mut facts = Facts::new();
    let Ok(contacts) = response.contacts() else {
        return facts;
    };
    for (at, contact) in contacts.list().iter().take(10).enumerate() {
        let uri = &contact.uri;
        facts.push(network(
            &format!("sip_redirect_contact_{at}"),
            contact.to_string(),
        ));
        facts.push(network(
            &format!("sip_redirect_contact_user_{at}"),
            uri.user().unwrap_or_default().into_owned(),
        ));
        facts.push(network(
            &format!("sip_redirect_contact_host_{at}"),
            uri.host_text(),
        ));
        if at == 0 {
            facts.push(network("sip_redirected_to", contact.to_string()));
        }
    }
    facts
}
