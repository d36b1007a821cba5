//! `voicemail`: leaving messages in boxes and listening to them.

mod check;
mod commands;
mod config;
mod forward;
mod greeting;
mod inject;
mod leave;
mod listen;
mod login;
mod mailbox;
mod paths;
mod pin;
mod prompt;
mod recording;
mod recovery;
mod state;
mod waiting;
mod wav;

pub use config::{Profile, VoicemailConf};
pub use recovery::complete_unfinished;

use check::Visit;
use mailbox::{Mailbox, NoMailbox};
use std::sync::Arc;
use strowger_core::{AppError, AppResult, Module, Session, application};
use strowger_model::{Arguments, Expanded, separate};

/// Words of the application's arguments at most.
const MOST_WORDS: usize = 6;

/// Voicemail as a switch takes it in.
pub fn module() -> Module {
    Module {
        applications: vec![application!(
            "voicemail",
            voicemail,
            Voicemail,
            "Leave a message in a mailbox, or listen to one's own",
            media: Required
        )],
        commands: commands::all(),
        endpoints: vec![Arc::new(waiting::Attendant)],
        sections: config::sections(state::SharedState::default()),
        ..Module::named("mod_voicemail")
    }
}

/// Arguments of `voicemail`.
#[derive(Arguments)]
pub struct Voicemail {
    /// [check] [auth|auth_only] profile domain [mailbox] [message uuid]
    what: Option<Expanded>,
}

/// What the arguments ask for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    check: bool,
    authorized: bool,
    only_authenticate: bool,
    profile: Option<String>,
    domain: Option<String>,
    id: Option<String>,
    message: Option<String>,
}

impl Request {
    /// Keywords are only such where the configuration wrote them: a caller named `auth` stays a caller.
    fn parse(text: &Expanded) -> Request {
        let mut request = Request::default();
        let mut words = separate(text, ' ', MOST_WORDS)
            .into_iter()
            .filter(|word| !word.is_empty())
            .peekable();
        while let Some(word) = words.peek() {
            match word.as_str() {
                _ if word.has_network() => break,
                "check" => request.check = true,
                "auth" => request.authorized = true,
                "auth_only" => request.only_authenticate = true,
                _ => break,
            }
            words.next();
        }
        let mut word = || words.next().map(Expanded::into_string);
        request.profile = word();
        request.domain = word();
        request.id = word();
        request.message = word();
        request
    }
}

async fn voicemail(session: &mut Session, args: Voicemail) -> AppResult {
    let switch = session.switch().clone();
    session.during(complete_unfinished(&switch)).await?;
    let request = Request::parse(&args.what.unwrap_or_default());
    let or_variable = |given: Option<String>, name: &str| {
        given
            .or_else(|| session.variable(name).map(Expanded::into_string))
            .filter(|text| !text.is_empty())
    };
    let profile_name = or_variable(request.profile, "voicemail_profile_name");
    let domain = or_variable(request.domain, "voicemail_domain_name");
    let id = or_variable(request.id, "voicemail_id");
    let (Some(profile_name), Some(domain)) = (profile_name, domain) else {
        return Err(mailbox::failed(
            "voicemail needs a profile and a domain: `voicemail [check] <profile> <domain> [<mailbox>]`",
        ));
    };
    let Some(profile) = login::profile(session, &profile_name) else {
        return Err(mailbox::failed(format!(
            "voicemail.conf has no profile {profile_name}; name one of those that it has"
        )));
    };
    if request.check || request.only_authenticate {
        let vouched = session
            .own_variable("voicemail_authorized")
            .is_some_and(|value| !value.has_network() && strowger_model::is_true(value.as_str()));
        let visit = Visit {
            profile,
            domain,
            id,
            message: request.message,
            authorized: request.authorized || vouched,
            only_authenticate: request.only_authenticate,
        };
        return check::check_messages(session, visit).await;
    }
    let Some(id) = id else {
        return Err(mailbox::failed(
            "voicemail needs a mailbox to leave a message in",
        ));
    };
    let config = switch.config();
    match Mailbox::find(&switch, &config, &profile, &domain, &id) {
        Ok(mailbox) => leave::leave_message(session, &mailbox).await,
        Err(why @ NoMailbox::Disabled(_)) => {
            tracing::info!(uuid = session.uuid(), %why, "no message can be left");
            Ok(())
        }
        Err(why) => {
            tracing::warn!(uuid = session.uuid(), %why, "no message can be left");
            prompt::say(session, "voicemail_goodbye", "").await?;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
