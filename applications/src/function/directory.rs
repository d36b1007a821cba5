//! `user_data`, `user_exists`, `group_call` and the like: what the directory says.

use strowger_core::application::CommandSource;
use strowger_core::{CommandCall, Switch};
use strowger_model::{Expanded, User};

/// `user[@domain]`; without a domain the exchange's own.
fn user_and_domain(switch: &Switch, text: &str) -> (String, String) {
    match text.split_once('@') {
        Some((user, domain)) => (user.to_owned(), domain.to_owned()),
        None => (text.to_owned(), switch.global("domain").unwrap_or_default()),
    }
}

/// `domain_exists`.
pub async fn domain_exists(call: CommandCall<'_>) -> String {
    let name = call.arguments.as_str().trim();
    let config = call.switch.config();
    (!name.is_empty() && config.directory().domain(name).is_some()).to_string()
}

/// `user_exists`: by the attributes that the key names (`id`, `id:number-alias`).
pub async fn user_exists(call: CommandCall<'_>) -> String {
    let mut words = call.arguments.as_str().split_whitespace();
    let (Some(key), Some(user), Some(domain)) = (words.next(), words.next(), words.next()) else {
        return "false".to_owned();
    };
    let config = call.switch.config();
    config
        .directory()
        .user_by(domain, key, user)
        .is_some()
        .to_string()
}

/// `user_data`: an attribute, variable or parameter, merged from user, group and domain. Secrets have no text here.
pub async fn user_data(call: CommandCall<'_>) -> String {
    let mut words = call.arguments.as_str().split_whitespace();
    let (Some(user), Some(kind), Some(name)) = (words.next(), words.next(), words.next()) else {
        return String::new();
    };
    let (user, domain) = user_and_domain(call.switch, user);
    let config = call.switch.config();
    config
        .directory()
        .user(&domain, &user)
        .and_then(|user| datum(user, kind, name))
        .unwrap_or_default()
}

fn datum(user: &User, kind: &str, name: &str) -> Option<String> {
    match kind {
        "attr" => match name {
            "id" => Some(user.id.clone()),
            "number-alias" => user.number_alias.clone(),
            "mailbox" => user.mailbox.clone(),
            "cidr" => user.cidr.clone(),
            other => user.attribute(other).map(str::to_owned),
        },
        "var" => user.variable(name).map(str::to_owned),
        "param" => user.param(name).map(str::to_owned),
        _ => None,
    }
}

/// `in_group`: `user[@domain],group`.
pub async fn in_group(call: CommandCall<'_>) -> String {
    let Some((user, group)) = call.arguments.split_once(',') else {
        return "false".to_owned();
    };
    let (user, domain) = user_and_domain(call.switch, user.trim().as_str());
    let config = call.switch.config();
    config
        .directory()
        .group_members(&domain, group.trim().as_str())
        .iter()
        .any(|member| member.id.eq_ignore_ascii_case(&user))
        .to_string()
}

/// `group_call`: the dial strings of a group's members.
pub async fn group_call(call: CommandCall<'_>) -> String {
    match call.switch.group_call(call.arguments.as_str().trim()).await {
        Some(text) => text.into_string(),
        None => "error/NO_ROUTE_DESTINATION".to_owned(),
    }
}

/// What `list_users` asks for.
#[derive(Default)]
struct Wanted<'a> {
    group: Option<&'a str>,
    domain: Option<&'a str>,
    user: Option<&'a str>,
    context: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(text: &'a str) -> Wanted<'a> {
        let mut wanted = Wanted::default();
        let mut words = text.split_whitespace();
        while let (Some(kind), Some(name)) = (words.next(), words.next()) {
            match kind {
                "group" => wanted.group = Some(name),
                "domain" => wanted.domain = Some(name),
                "user" => wanted.user = Some(name),
                "context" => wanted.context = Some(name),
                _ => {}
            }
        }
        wanted
    }

    fn wants(&self, user: &User) -> bool {
        let same = |wanted: Option<&str>, value: &str| {
            wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        same(self.domain, &user.domain)
            && same(self.user, &user.id)
            && same(
                self.context,
                user.variable("user_context").unwrap_or_default(),
            )
            && self.group.is_none_or(|group| {
                user.groups
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(group))
            })
    }
}

/// `list_users`: one line for each user.
pub async fn list_users(call: CommandCall<'_>) -> String {
    let text = call.arguments.as_str().to_owned();
    let wanted = Wanted::of(&text);
    let mut out = String::from(
        "userid|context|domain|group|contact|callgroup|effective_caller_id_name|effective_caller_id_number\n",
    );
    let config = call.switch.config();
    for domain in config.directory().domains() {
        for user in domain.users() {
            if !wanted.wants(user) {
                continue;
            }
            let contact = contact(call.switch, user).await;
            let variable = |name: &str| user.variable(name).unwrap_or_default();
            let groups = user.groups.join(",");
            out.push_str(&format!(
                "{}|{}|{}|{}|{}|{}|{}|{}\n",
                user.id,
                variable("user_context"),
                user.domain,
                groups,
                contact,
                variable("callgroup"),
                variable("effective_caller_id_name"),
                variable("effective_caller_id_number"),
            ));
        }
    }
    out.push_str("\n+OK\n");
    out
}

async fn contact(switch: &Switch, user: &User) -> String {
    if switch.registry().commands.find("sofia_contact").is_none() {
        return "error/user_not_registered".to_owned();
    }
    let address = Expanded::trusted(user.address());
    switch
        .run_command("sofia_contact", address, None, CommandSource::Operator)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_listed_by_what_is_asked_for() {
        let wanted = Wanted::of("group sales user 1000");
        assert_eq!((wanted.group, wanted.user), (Some("sales"), Some("1000")));
        assert_eq!(wanted.domain, None);
    }
}
