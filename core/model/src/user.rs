//! The directory: domains, groups and users, with what users inherit.

use std::{collections::HashMap, sync::Arc};

use crate::{
    diagnostics::{Diagnostics, Source},
    secret::Secret,
    xml::tree::Element,
};

/// Names with values in the order written.
type Pairs = Vec<(String, String)>;

/// A user with everything inherited from group and domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub id: String,
    /// The domain.
    pub domain: String,
    /// A second name, often the number.
    pub number_alias: Option<String>,
    /// The voicemail box, if it is not named as the user.
    pub mailbox: Option<String>,
    /// Addresses that count as this user, as networks separated by commas.
    pub cidr: Option<String>,
    /// All attributes of the element.
    pub attributes: Vec<(String, String)>,
    /// Parameters that are no secrets: the user's, then the group's, then the domain's.
    pub params: Vec<(String, String)>,
    /// Parameters that are secrets (`password`, `a1-hash`, `vm-password` and the like).
    pub secrets: Vec<(String, Secret<String>)>,
    /// Variables for calls from and to the user.
    pub variables: Vec<(String, String)>,
    /// Variables shown as headers of the caller profile.
    pub profile_variables: Vec<(String, String)>,
    /// Every group the user is listed in.
    pub groups: Vec<String>,
    /// The gateways written inside the user.
    pub gateways: Vec<Element>,
    /// The dial string for calls to a group: from the nearest level that has `group-dial-string` or `dial-string`.
    pub group_dial_string: Option<String>,
    /// Where the user is written.
    pub source: Source,
}

impl User {
    /// A parameter by name without case, secrets included.
    pub fn param(&self, name: &str) -> Option<&str> {
        lookup(&self.params, name)
            .or_else(|| self.secret(name).map(|secret| secret.reveal().as_str()))
    }

    /// A variable by name without case.
    pub fn variable(&self, name: &str) -> Option<&str> {
        lookup(&self.variables, name)
    }

    /// An attribute by name; `domain-name` is the domain.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        lookup(&self.attributes, name).or((name == "domain-name").then_some(self.domain.as_str()))
    }

    /// A secret parameter by name without case.
    pub fn secret(&self, name: &str) -> Option<&Secret<String>> {
        let found = self
            .secrets
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, secret)| secret)
    }

    /// The digest password.
    pub fn password(&self) -> Option<&Secret<String>> {
        self.secret("password")
    }

    /// MD5 of `user:realm:password`, used instead of a password.
    pub fn a1_hash(&self) -> Option<&Secret<String>> {
        self.secret("a1-hash")
    }

    /// The PIN of the voicemail box.
    pub fn vm_password(&self) -> Option<&Secret<String>> {
        self.secret("vm-password")
    }

    /// `user@domain`.
    pub fn address(&self) -> String {
        format!("{}@{}", self.id, self.domain)
    }
}

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: String,
    /// The ids of its members in the order written, pointers included.
    pub members: Vec<String>,
    /// Parameters its own users inherit.
    pub params: Vec<(String, String)>,
    /// Variables its own users inherit.
    pub variables: Vec<(String, String)>,
}

/// A domain with its users.
#[derive(Clone, Debug)]
pub struct Domain {
    /// The name.
    pub name: String,
    /// Parameters all users inherit.
    pub params: Vec<(String, String)>,
    /// Variables all users inherit.
    pub variables: Vec<(String, String)>,
    /// In the order written.
    pub groups: Vec<Group>,
    /// Where the domain is written.
    pub source: Source,
    users: Vec<Arc<User>>,
    by_id: HashMap<String, usize>,
    by_alias: HashMap<String, usize>,
}

impl Domain {
    /// All users in the order written.
    pub fn users(&self) -> &[Arc<User>] {
        &self.users
    }

    /// A user by id or number alias, without case.
    pub fn user(&self, key: &str) -> Option<&Arc<User>> {
        let key = key.to_lowercase();
        let at = self.by_id.get(&key).or_else(|| self.by_alias.get(&key))?;
        self.users.get(*at)
    }

    /// A group by name, without case.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups
            .iter()
            .find(|group| group.name.eq_ignore_ascii_case(name))
    }

    /// A parameter of the domain itself.
    pub fn param(&self, name: &str) -> Option<&str> {
        lookup(&self.params, name)
    }

    /// A variable of the domain itself.
    pub fn variable(&self, name: &str) -> Option<&str> {
        lookup(&self.variables, name)
    }
}

/// The directory as the configuration has it.
#[derive(Clone, Debug, Default)]
pub struct XmlDirectory {
    domains: Vec<Arc<Domain>>,
}

impl XmlDirectory {
    /// Compile the `directory` section.
    pub fn compile(section: Option<&Element>, report: &mut Diagnostics) -> Self {
        let mut directory = Self::default();
        for element in section.into_iter().flat_map(|s| s.elements_named("domain")) {
            let Some(name) = named(element, "name", report) else {
                continue;
            };
            if let Some(first) = directory.domain(name) {
                let what = format!("domain `{name}` is written twice");
                let why = format!("the one at {} counts", first.source);
                report.warning(Some(element.source.clone()), what, why, "join the two");
                continue;
            }
            directory
                .domains
                .push(Arc::new(compile_domain(element, name, report)));
        }
        directory
    }

    /// All domains in the order written.
    pub fn domains(&self) -> &[Arc<Domain>] {
        &self.domains
    }

    /// A domain by name, without case.
    pub fn domain(&self, name: &str) -> Option<&Arc<Domain>> {
        self.domains
            .iter()
            .find(|domain| domain.name.eq_ignore_ascii_case(name))
    }

    /// A user of a domain by id or number alias, without case.
    pub fn user(&self, domain: &str, key: &str) -> Option<&Arc<User>> {
        self.domain(domain)?.user(key)
    }

    /// A user by a list of attributes tried in order, such as `id:number-alias`.
    pub fn user_by(&self, domain: &str, attributes: &str, value: &str) -> Option<&Arc<User>> {
        let domain = self.domain(domain)?;
        attributes.split(':').find_map(|name| match name {
            "id" => domain.user(value),
            _ => domain.users.iter().find(|user| {
                user.attribute(name)
                    .is_some_and(|v| v.eq_ignore_ascii_case(value))
            }),
        })
    }

    /// All users of a domain; none when there is no such domain.
    pub fn users(&self, domain: &str) -> &[Arc<User>] {
        self.domain(domain).map_or(&[], |domain| domain.users())
    }

    /// The members of a group in the order written.
    pub fn group_members(&self, domain: &str, group: &str) -> Vec<Arc<User>> {
        let Some(domain) = self.domain(domain) else {
            return Vec::new();
        };
        let members = domain.group(group).map_or(&[][..], |group| &group.members);
        members
            .iter()
            .filter_map(|id| domain.user(id).cloned())
            .collect()
    }
}

/// What users inherit from one level.
struct Level {
    params: Pairs,
    variables: Pairs,
    profile_variables: Pairs,
}

impl Level {
    fn of(element: &Element, report: &mut Diagnostics) -> Self {
        Self {
            params: pairs(element, "params", "param", report),
            variables: pairs(element, "variables", "variable", report),
            profile_variables: pairs(element, "profile-variables", "variable", report),
        }
    }

    fn dial_string(&self) -> Option<String> {
        let found = lookup(&self.params, "group-dial-string");
        found
            .or_else(|| lookup(&self.params, "dial-string"))
            .map(str::to_owned)
    }
}

fn compile_domain(element: &Element, name: &str, report: &mut Diagnostics) -> Domain {
    let level = Level::of(element, report);
    let mut domain = Domain {
        name: name.to_owned(),
        params: level.params.clone(),
        variables: level.variables.clone(),
        groups: Vec::new(),
        source: element.source.clone(),
        users: Vec::new(),
        by_id: HashMap::new(),
        by_alias: HashMap::new(),
    };
    let groups = element
        .elements_named("groups")
        .flat_map(|groups| groups.elements_named("group"));
    for group in groups {
        let Some(group_name) = named(group, "name", report) else {
            continue;
        };
        let group_level = Level::of(group, report);
        let mut members = Vec::new();
        for user in group
            .elements_named("users")
            .flat_map(|users| users.elements_named("user"))
        {
            if let Some(id) = named(user, "id", report) {
                members.push(id.to_owned());
                add_user(&mut domain, user, id, &[&group_level, &level], report);
            }
        }
        let Level {
            params, variables, ..
        } = group_level;
        domain.groups.push(Group {
            name: group_name.to_owned(),
            members,
            params,
            variables,
        });
    }
    let listed = element
        .elements_named("users")
        .flat_map(|users| users.elements_named("user"));
    for user in listed.chain(element.elements_named("user")) {
        if let Some(id) = named(user, "id", report) {
            add_user(&mut domain, user, id, &[&level], report);
        }
    }
    note_groups(&mut domain, element, report);
    domain
}

/// Add a user unless the element only points to one, or the id is taken.
fn add_user(
    domain: &mut Domain,
    element: &Element,
    id: &str,
    above: &[&Level],
    report: &mut Diagnostics,
) {
    if element
        .attr("type")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("pointer"))
    {
        return;
    }
    if let Some(&first) = domain.by_id.get(&id.to_lowercase()) {
        let what = format!("user `{id}` is written twice in domain `{}`", domain.name);
        let why = format!("the one at {} counts", domain.users[first].source);
        let advice = "remove it, or write type=\"pointer\" to list the user in another group";
        report.warning(Some(element.source.clone()), what, why, advice);
        return;
    }
    let own = Level::of(element, report);
    let levels: Vec<&Level> = std::iter::once(&own).chain(above.iter().copied()).collect();
    let merge = |pick: fn(&Level) -> &Pairs| {
        let mut merged = Pairs::new();
        for pair in levels.iter().flat_map(|level| pick(level)) {
            if lookup(&merged, &pair.0).is_none() {
                merged.push(pair.clone());
            }
        }
        merged
    };
    let (secrets, params): (Pairs, Pairs) = merge(|level| &level.params)
        .into_iter()
        .partition(|(name, _)| is_secret(name));
    let attribute = |name: &str| {
        element
            .attr(name)
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
    };
    let user = User {
        id: id.to_owned(),
        domain: domain.name.clone(),
        number_alias: attribute("number-alias"),
        mailbox: attribute("mailbox"),
        cidr: attribute("cidr"),
        attributes: element
            .attributes
            .iter()
            .map(|a| (a.name.clone(), a.value.clone()))
            .collect(),
        params,
        secrets: secrets
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
        variables: merge(|level| &level.variables),
        profile_variables: merge(|level| &level.profile_variables),
        groups: Vec::new(),
        gateways: element
            .elements_named("gateways")
            .flat_map(|gateways| gateways.elements_named("gateway"))
            .cloned()
            .collect(),
        group_dial_string: levels.iter().find_map(|level| level.dial_string()),
        source: element.source.clone(),
    };
    let at = domain.users.len();
    domain.by_id.insert(id.to_lowercase(), at);
    if let Some(alias) = &user.number_alias {
        domain.by_alias.entry(alias.to_lowercase()).or_insert(at);
    }
    domain.users.push(Arc::new(user));
}

/// Tell each user which groups list it; warn about members who do not exist.
fn note_groups(domain: &mut Domain, element: &Element, report: &mut Diagnostics) {
    for group in &domain.groups {
        for id in &group.members {
            let at = domain
                .by_id
                .get(&id.to_lowercase())
                .or_else(|| domain.by_alias.get(&id.to_lowercase()));
            match at.and_then(|&at| domain.users.get_mut(at)) {
                Some(user) => Arc::make_mut(user).groups.push(group.name.clone()),
                None => {
                    let found = element
                        .elements_named("groups")
                        .flat_map(|groups| groups.find("group", "name", &group.name))
                        .flat_map(|group| group.elements_named("users"))
                        .find_map(|users| users.find("user", "id", id));
                    let what = format!(
                        "group `{}` lists user `{id}`, who does not exist",
                        group.name
                    );
                    let why = format!("domain `{}` has no such user", domain.name);
                    report.warning(
                        found.map(|user| user.source.clone()),
                        what,
                        why,
                        "add or remove the user",
                    );
                }
            }
        }
    }
}

/// Whether a parameter's value must not be shown.
fn is_secret(name: &str) -> bool {
    const ENDINGS: [&str; 5] = ["password", "a1-hash", "-pass", "-pin", "-secret"];
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending)) && name != "allow-empty-password"
}

fn lookup<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    let found = pairs
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn pairs(element: &Element, list: &str, item: &str, report: &mut Diagnostics) -> Pairs {
    let mut pairs = Pairs::new();
    for item in element
        .elements_named(list)
        .flat_map(|list| list.elements_named(item))
    {
        if let Some(name) = named(item, "name", report) {
            pairs.push((
                name.to_owned(),
                item.attr("value").unwrap_or_default().to_owned(),
            ));
        }
    }
    pairs
}

/// The attribute that names an element; without it the element is an error.
fn named<'e>(element: &'e Element, attribute: &str, report: &mut Diagnostics) -> Option<&'e str> {
    let name = element.attr(attribute).filter(|name| !name.is_empty());
    if name.is_none() {
        let what = format!("<{}> without {attribute}", element.name);
        let advice = format!("add {attribute}=\"…\"");
        report.error(
            Some(element.source.clone()),
            what,
            "it cannot be found without",
            advice,
        );
    }
    name
}

#[cfg(test)]
mod tests;
