//! Directory users and groups as destinations (`user/1000@domain`, `group/sales@domain+A`).

use crate::session::Session;
use crate::switch::Switch;
use std::sync::Arc;
use strowger_model::{BoxFuture, Expanded, HangupCause, Scope, Template, User, Variables};

/// What a user's dial string sees: who is dialled, then the caller, then the globals.
struct Dialled<'a> {
    switch: &'a Switch,
    caller: Option<&'a Session>,
    user: Expanded,
    domain: Expanded,
}

impl Scope for Dialled<'_> {
    fn variable(&self, name: &str) -> Option<Expanded> {
        match name.to_ascii_lowercase().as_str() {
            "dialed_user" => Some(self.user.clone()),
            "dialed_domain" => Some(self.domain.clone()),
            _ => match self.caller {
                Some(caller) => caller.variable(name),
                None => self.switch.global(name).map(Expanded::trusted),
            },
        }
    }

    fn function<'a>(&'a self, name: &'a str, args: Expanded) -> BoxFuture<'a, Option<Expanded>> {
        Box::pin(async move { self.switch.expand_function(name, args).await })
    }
}

fn user_and_domain(switch: &Switch, data: &Expanded) -> (String, String) {
    let text = data.as_str();
    match text.split_once('@') {
        Some((user, domain)) => (user.to_owned(), domain.to_owned()),
        None => (text.to_owned(), switch.global("domain").unwrap_or_default()),
    }
}

/// The dial string of a user, and the variables for its legs.
pub(crate) async fn expand_user(
    switch: &Switch,
    caller: Option<&Session>,
    data: &Expanded,
    variables: &Variables,
) -> Result<(Expanded, Variables), HangupCause> {
    let (name, domain) = user_and_domain(switch, data);
    let config = switch.config();
    let user = config
        .directory()
        .user(&domain, &name)
        .ok_or(HangupCause::SubscriberAbsent)?;
    let text = user
        .param("dial-string")
        .ok_or(HangupCause::MandatoryIeMissing)?
        .to_owned();
    // From here on it is the directory's spelling, not the dialled text.
    let scope = Dialled {
        switch,
        caller,
        user: Expanded::trusted(user.id.clone()),
        domain: Expanded::trusted(user.domain.clone()),
    };
    let text = Template::parse(&text).expand(&scope).await;
    if text.as_str().contains("user/") {
        tracing::error!(
            user = user.id,
            "the user's dial string leads to user/ again"
        );
        return Err(HangupCause::InvalidIeContents);
    }
    Ok((text, callee_variables(user, variables)))
}

/// Variables of the user's own for legs to it, under those of the dial string.
fn callee_variables(user: &Arc<User>, variables: &Variables) -> Variables {
    let mut merged = Variables::new();
    for (name, value) in user.variables.iter() {
        merged.set(name, value.as_str());
    }
    for (name, value) in user.params.iter() {
        if let Some(variable) = name.strip_prefix("dial-var-") {
            merged.set(variable, value.as_str());
        }
    }
    merged.merge(variables);
    if merged.get("presence_id").is_none() {
        merged.set("presence_id", format!("{}@{}", user.id, user.domain));
    }
    merged.set("dialed_user", user.id.as_str());
    merged.set("dialed_domain", user.domain.as_str());
    merged
}

/// The dial string of a group: `G[@D][+F|A|E]`.
pub(crate) async fn expand_group(
    switch: &Switch,
    data: &Expanded,
    variables: &Variables,
) -> Result<(Expanded, Variables), HangupCause> {
    let text = switch
        .group_call(data.as_str())
        .await
        .ok_or(HangupCause::NoRouteDestination)?;
    Ok((text, variables.clone()))
}

/// The dial strings of a group's members, joined as asked: `|` (F), `,` (A) or `:_:` (E).
pub(crate) async fn group_call(switch: &Switch, text: &str) -> Option<Expanded> {
    let (text, flag) = match text.rsplit_once('+') {
        Some((text, flag)) if matches!(flag, "F" | "A" | "E" | "f" | "a" | "e") => {
            (text, flag.to_ascii_uppercase())
        }
        _ => (text, "A".to_owned()),
    };
    let (group, domain) = user_and_domain(switch, &Expanded::trusted(text));
    let joint = match flag.as_str() {
        "F" => "|",
        "E" => ":_:",
        _ => ",",
    };
    let config = switch.config();
    let mut joined = Expanded::default();
    for user in config.directory().group_members(&domain, &group) {
        let member = member_string(switch, &user).await;
        if member.is_empty() {
            continue;
        }
        if !joined.is_empty() {
            joined.push_trusted(joint);
        }
        joined.push(&member);
    }
    (!joined.is_empty()).then_some(joined)
}

async fn member_string(switch: &Switch, user: &Arc<User>) -> Expanded {
    let Some(text) = user
        .param("group-dial-string")
        .or_else(|| user.param("dial-string"))
    else {
        return Expanded::trusted(format!("user/{}@{}", user.id, user.domain));
    };
    let scope = Dialled {
        switch,
        caller: None,
        user: Expanded::trusted(user.id.clone()),
        domain: Expanded::trusted(user.domain.clone()),
    };
    let text = Template::parse(text).expand(&scope).await;
    braces_to_brackets(&text)
}

/// `{a=b}x,y` becomes `[a=b]x,[a=b]y`: inside a group variables belong to their legs.
fn braces_to_brackets(text: &Expanded) -> Expanded {
    let Ok(parsed) = strowger_model::DialString::parse(text) else {
        return text.clone();
    };
    let mut out = Expanded::default();
    for simple in &parsed.enterprise {
        for leg in simple.alternatives.iter().flatten() {
            if !out.is_empty() {
                out.push_trusted(",");
            }
            let variables: Vec<_> = simple
                .all
                .iter()
                .chain(&simple.each)
                .chain(&leg.variables)
                .collect();
            if !variables.is_empty() {
                out.push_trusted("[");
                for (index, (name, value)) in variables.iter().enumerate() {
                    if index > 0 {
                        out.push_trusted(",");
                    }
                    out.push_trusted(&format!("{name}='"));
                    out.push(value);
                    out.push_trusted("'");
                }
                out.push_trusted("]");
            }
            out.push_trusted(&leg.endpoint);
            out.push_trusted("/");
            out.push(&leg.data);
        }
    }
    out
}
