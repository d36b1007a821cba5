//! `set_profile_var`: change what the call says about its caller.

use super::set::Set;
use strowger_core::{AppResult, Session};
use strowger_model::InlineCall;

/// Changes a field of the caller profile; other names become fields of their own.
pub async fn set_profile_var(session: &mut Session, args: Set) -> AppResult {
    let value = super::set::expanded_again(session, args.assignment.value).await;
    session
        .profile_mut()
        .set_field(&args.assignment.name, value.as_str());
    Ok(())
}

/// `set_profile_var` while the dialplan hunts.
pub fn set_profile_var_inline(call: &mut InlineCall<'_>, args: Set) {
    call.profile
        .set_field(&args.assignment.name, args.assignment.value.as_str());
}
