//! Bridging: dial, connect the two, and what happens to each when the other leaves.

use crate::originate::{self, Reached, on_failure};
use crate::session::{
    AppResult, BridgeEnd, BridgeRole, Command, Interrupt, Session, after_bridge_destination,
};
use strowger_model::{Expanded, Variables, is_true};

/// Dials and bridges the session with whoever answers; afterwards its variables decide what comes next.
pub async fn bridge(session: &mut Session, destination: &Expanded) -> AppResult {
    let reached = match originate::dial(session, destination).await? {
        Ok(reached) => reached,
        Err(failure) => return on_failure(session, failure.cause).carry_out(session),
    };
    let end = connect(session, reached).await?;
    if !end.answered && !session.is_answered() {
        // Early media only: as if dialling had failed.
        return on_failure(session, end.cause).carry_out(session);
    }
    after_bridge(session, end)
}

/// Connects the session with a reached peer until one of them leaves. Whatever goes wrong before the two are joined
/// drops `reached`, and with it the peer.
pub async fn connect(session: &mut Session, reached: Reached) -> Result<BridgeEnd, Interrupt> {
    if reached.answered() {
        session.answer().await?;
    } else {
        session.pre_answer().await?;
    }
    session.run_dial_hooks("pre_bridge").await?;
    let peer = reached.adopt();
    for (name, value) in bridge_exports(&session.channel().variables) {
        peer.send_surely(Command::SetVariable { name, value });
    }
    peer.send_surely(Command::Join {
        peer: session.handle().clone(),
        role: BridgeRole::Callee,
    });
    let end = session.exchange(peer, BridgeRole::Caller).await?;
    session.run_dial_hooks("post_bridge").await?;
    Ok(end)
}

/// The variables that the partner of a bridge gets (`bridge_export_vars`).
fn bridge_exports(variables: &Variables) -> Vec<(String, Expanded)> {
    variables
        .text("bridge_export_vars")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter_map(|name| {
            let value = variables.get(name)?.clone();
            let name = name.strip_prefix("nolocal:").unwrap_or(name);
            Some((name.to_owned(), value))
        })
        .collect()
}

/// The caller's side after the callee has left.
fn after_bridge(session: &mut Session, end: BridgeEnd) -> AppResult {
    if session.is_true("park_after_bridge") {
        return Err(Interrupt::Park.into());
    }
    if let Some(to) = after_bridge_destination(&session.text("transfer_after_bridge")) {
        return Err(Interrupt::Transfer(to).into());
    }
    let policy = session.text("hangup_after_bridge");
    if is_true(&policy) || policy.eq_ignore_ascii_case("explicit") {
        session.handle().hangup(end.cause);
        return Err(Interrupt::Hangup(end.cause).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partner_gets_what_is_listed() {
        let mut variables = Variables::new();
        variables.set("bridge_export_vars", "a,nolocal:b,unset");
        variables.set("a", "1");
        variables.set("nolocal:b", "2");
        let names: Vec<_> = bridge_exports(&variables)
            .into_iter()
            .map(|(name, value)| (name, value.into_string()))
            .collect();
        assert_eq!(
            names,
            [
                ("a".to_owned(), "1".to_owned()),
                ("b".to_owned(), "2".to_owned())
            ]
        );
    }
}
