//! `sofia_contact` and its relatives: where a user is registered.

use super::endpoint;
use crate::registrar::dialled_contact;
use std::sync::Arc;
use strowger_core::CommandCall;
use strowger_core::store::Registration;

/// What nobody registered gives.
const NOT_REGISTERED: &str = "error/user_not_registered";

/// `[~<agent> ][<profile>|*/]<user>[@<domain>][/<suffix>]`.
struct Question<'a> {
    agent: Option<&'a str>,
    profile: Option<&'a str>,
    user: &'a str,
    domain: Option<&'a str>,
    suffix: Option<&'a str>,
}

impl<'a> Question<'a> {
    fn read(text: &'a str) -> Question<'a> {
        let text = text.trim();
        let (agent, text) = match text.strip_prefix('~').map(|rest| rest.split_once(' ')) {
            Some(Some((agent, text))) => (Some(agent), text.trim()),
            Some(None) => (None, text.trim_start_matches('~')),
            None => (None, text),
        };
        // The profile stands before a `/` that comes before the `@`; a later `/` begins the suffix.
        let at = text.find('@').unwrap_or(text.len());
        let (profile, rest) = match text.split_once('/') {
            Some((profile, rest)) if profile.len() < at => (Some(profile), rest),
            _ => (None, text),
        };
        let (address, suffix) = match rest.split_once('/') {
            Some((address, suffix)) => (address, Some(suffix)),
            None => (rest, None),
        };
        let (user, domain) = match address.split_once('@') {
            Some((user, domain)) => (user, Some(domain)),
            None => (address, None),
        };
        Question {
            agent,
            profile: profile.filter(|profile| !profile.is_empty()),
            user,
            domain: domain.filter(|domain| !domain.is_empty()),
            suffix,
        }
    }
}

fn bindings(call: &CommandCall<'_>, question: &Question<'_>) -> Vec<Arc<Registration>> {
    let Some(sofia) = endpoint(call.switch) else {
        return Vec::new();
    };
    let clock = call.switch.clock().now().timestamp();
    let default = call.switch.global("domain").unwrap_or_default();
    let domain = question.domain.unwrap_or(&default);
    let registrations = &call.switch.store().registrations;
    let wanted = match question.profile {
        Some("*") => None,
        Some(name) => match sofia.profiles.find(name) {
            Some(profile) => Some(profile),
            None => return Vec::new(),
        },
        None => sofia.profiles.find(domain),
    };
    let mut found = registrations.find(question.user, domain, clock);
    // Users may be stored under the one domain that a profile forces.
    let forced = wanted
        .as_ref()
        .and_then(|profile| profile.conf.load().force_register_db_domain.clone());
    if let (true, Some(forced)) = (found.is_empty(), forced) {
        found = registrations.find(question.user, &forced, clock);
    }
    let Some(wanted) = wanted else {
        return found;
    };
    let here: Vec<_> = found
        .iter()
        .filter(|binding| binding.profile == wanted.name)
        .cloned()
        .collect();
    // Without a profile in the question the others are searched when this one has nothing.
    if question.profile.is_some() || !here.is_empty() {
        return here;
    }
    found
}

/// The dial string of a registered user; several contacts ring together.
pub(super) async fn sofia_contact(call: CommandCall<'_>) -> String {
    let question = Question::read(call.arguments.as_str());
    let variable = |name: &str| {
        call.channel
            .and_then(|channel| channel.variables.text(name))
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let exclude = variable("sip_exclude_contact");
    let agent = question
        .agent
        .map(str::to_owned)
        .or_else(|| variable("sip_match_user_agent"));
    let mut legs: Vec<String> = Vec::new();
    for binding in bindings(&call, &question) {
        let contact = dialled_contact(&binding);
        let excluded = exclude
            .as_deref()
            .is_some_and(|exclude| contact.contains(exclude));
        let other = agent
            .as_deref()
            .is_some_and(|agent| !binding.user_agent.contains(agent));
        if excluded || other {
            continue;
        }
        let leg = format!(
            "{}sofia/{}/{contact}",
            question.suffix.unwrap_or_default(),
            binding.profile
        );
        if !legs.contains(&leg) {
            legs.push(leg);
        }
    }
    if legs.is_empty() {
        return NOT_REGISTERED.to_owned();
    }
    legs.join(",")
}

/// How many contacts a user has.
pub(super) async fn sofia_count_reg(call: CommandCall<'_>) -> String {
    let question = Question::read(call.arguments.as_str());
    bindings(&call, &question).len().to_string()
}

/// The name that the user logged in with.
pub(super) async fn sofia_username_of(call: CommandCall<'_>) -> String {
    let question = Question::read(call.arguments.as_str());
    bindings(&call, &question)
        .first()
        .map(|binding| binding.auth_user.clone())
        .unwrap_or_default()
}

/// The dial string of a user's best contact.
pub(super) async fn reg_url(call: CommandCall<'_>) -> String {
    let question = Question::read(call.arguments.as_str());
    bindings(&call, &question).first().map_or_else(
        || NOT_REGISTERED.to_owned(),
        |binding| format!("sofia/{}/{}", binding.profile, dialled_contact(binding)),
    )
}

#[cfg(test)]
mod tests {
    use super::Question;

    #[test]
    fn the_question_is_taken_apart() {
        let q = Question::read("*/1000@example.org");
        assert_eq!(
            (q.profile, q.user, q.domain),
            (Some("*"), "1000", Some("example.org"))
        );
        let q = Question::read("~Snom internal/1000@example.org/[leg_timeout=5]");
        assert_eq!(q.agent, Some("Snom"));
        assert_eq!(
            (q.profile, q.user, q.suffix),
            (Some("internal"), "1000", Some("[leg_timeout=5]"))
        );
        let q = Question::read("1000");
        assert_eq!((q.profile, q.user, q.domain), (None, "1000", None));
    }
}
