//! `answer`, `pre_answer`, `ring_ready`: the call gets on.

use crate::Nothing;
use strowger_core::endpoint::Indication;
use strowger_core::{AppResult, Session};
use strowger_model::Arguments;

/// Arguments of `answer`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// accepted from older dialplans; answering is the same with and without it
    #[argument(choices = "is_conference,conference")]
    pub purpose: Option<String>,
}

/// Answers; nothing happens when the call is answered already.
pub async fn answer(session: &mut Session, _: Answer) -> AppResult {
    session.answer().await?;
    Ok(())
}

/// Says that the call is being worked on; nothing happens once it is answered.
pub async fn acknowledge_call(session: &mut Session, _: Nothing) -> AppResult {
    if !session.is_answered() {
        session.indicate(Indication::Acknowledge).await?;
    }
    Ok(())
}

/// Starts early media.
pub async fn pre_answer(session: &mut Session, _: Nothing) -> AppResult {
    session.pre_answer().await?;
    Ok(())
}

/// Says that it rings.
pub async fn ring_ready(session: &mut Session, _: Nothing) -> AppResult {
    session.ring_ready().await?;
    Ok(())
}
