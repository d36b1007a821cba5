//! `echo`: the caller hears himself.

use crate::Nothing;
use strowger_core::media::{Source, WriteList};
use strowger_core::session::Happening;
use strowger_core::{AppError, AppResult, Session};
use strowger_model::HangupCause;

/// Sends back whatever comes, audio and digits, until the call ends or somebody breaks it.
pub async fn echo(session: &mut Session, _: Nothing) -> AppResult {
    loop {
        // Again after whatever happened: another sound may have been played in between.
        let Some(leg) = session.media().leg() else {
            return Err(AppError::Failed(
                HangupCause::IncompatibleDestination,
                "there is no audio to send back".to_owned(),
            ));
        };
        // A worker that takes no commands is told again at the next happening.
        let _ = leg.write(WriteList::one(Source::Read(leg.id())).with_digits());
        let happening = session.next().await?;
        // Digits in the media come back with it; those in the signalling are sent back here.
        let by_hand = session.media().digits_by_signalling();
        while let Some(digit) = session.take_digit() {
            if by_hand {
                session
                    .send_digits(&[(digit.digit, digit.duration)])
                    .await?;
            }
        }
        if matches!(happening, Happening::Break) {
            break;
        }
    }
    if let Some(leg) = session.media().leg() {
        let _ = leg.write(WriteList::silence());
    }
    Ok(())
}
