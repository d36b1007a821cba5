//! `redirect`, `deflect`: the caller is sent elsewhere.

use crate::call::end::end;
use std::time::Duration;
use strowger_core::endpoint::Indication;
use strowger_core::session::Happening;
use strowger_core::{AppResult, Session};
use strowger_model::{Arguments, Expanded, HangupCause};
use tokio::time::Instant;

/// How long `deflect` waits for the peer to say how the transfer went; phones that never say are left then.
const OUTCOME_WITHIN: Duration = Duration::from_secs(60);

/// Arguments of `redirect` and `deflect`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// where to: SIP URIs or numbers, separated by commas
    pub to: Expanded,
}

impl Redirect {
    /// The addresses; a comma that a peer chose is part of an address.
    pub fn addresses(&self) -> Vec<String> {
        self.to
            .split(',')
            .into_iter()
            .map(|address| address.trim().into_string())
            .filter(|address| !address.is_empty() && !address.chars().any(char::is_control))
            .collect()
    }
}

/// Sends the caller to other addresses: 302 before the answer, REFER afterwards.
pub async fn redirect(session: &mut Session, args: Redirect) -> AppResult {
    let addresses = args.addresses();
    if addresses.is_empty() {
        tracing::error!(uuid = session.uuid(), "redirect: there is no address");
        return Ok(());
    }
    let answered = session.is_answered();
    session.indicate(Indication::Redirect(addresses)).await?;
    if answered {
        return Ok(());
    }
    end(session, HangupCause::RedirectionToNewDestination)
}

/// As `redirect`; an answered call waits until the peer reports (`sip_refer_reply`) or leaves.
pub async fn deflect(session: &mut Session, args: Redirect) -> AppResult {
    session.unset("sip_refer_reply");
    redirect(session, args).await?;
    let deadline = Instant::now() + OUTCOME_WITHIN;
    while session.own_variable("sip_refer_reply").is_none() {
        match session.next_until(deadline).await? {
            Some(Happening::Break) | None => break,
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_cannot_add_an_address() {
        let mut to = Expanded::trusted("sip:a@example.org,sip:");
        to.push_network("b,c");
        let args = Redirect::parse(&to).expect("addresses");
        assert_eq!(args.addresses(), ["sip:a@example.org", "sip:b,c"]);
    }
}
