//! `set_user`: the call belongs to a directory user from now on.

use strowger_core::{AppError, AppResult, Session};
use strowger_model::{Arguments, HangupCause};

/// Arguments of `set_user`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct SetUser {
    /// the user, `id@domain`
    pub user: String,
    /// put in front of every variable's name
    pub prefix: Option<String>,
}

/// Takes over the user's variables and sets `user_name` and `domain_name`.
pub async fn set_user(session: &mut Session, args: SetUser) -> AppResult {
    let default = session.text("domain");
    let (id, domain) = args
        .user
        .split_once('@')
        .unwrap_or((args.user.as_str(), default.as_str()));
    let config = session.switch().config();
    let Some(user) = config.directory().user(domain, id) else {
        return Err(AppError::Failed(
            HangupCause::SubscriberAbsent,
            format!("there is no user {id} in the domain {domain}"),
        ));
    };
    let prefix = args.prefix.unwrap_or_default();
    for (name, value) in &user.variables {
        session.set(&format!("{prefix}{name}"), value.as_str());
    }
    for (name, value) in &user.profile_variables {
        session.profile_mut().set_field(name, value);
    }
    session.set("user_name", user.id.as_str());
    session.set("domain_name", user.domain.as_str());
    Ok(())
}
