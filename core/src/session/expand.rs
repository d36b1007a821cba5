//! What `${name}` and `${function(args)}` mean on a channel.

use super::Session;
use crate::application::{CommandCall, CommandSource};
use crate::switch::Switch;
use strowger_model::{BoxFuture, ChannelSnapshot, Expanded, Scope, Template};

/// A channel's variables, profile and the exchange's globals, as templates see them.
pub struct ChannelScope<'a> {
    switch: &'a Switch,
    variables: &'a strowger_model::Variables,
    profile: &'a strowger_model::CallerProfile,
    other: Option<&'a strowger_model::CallerProfile>,
    snapshot: std::sync::OnceLock<ChannelSnapshot>,
    channel: Option<&'a strowger_model::Channel>,
}

impl<'a> ChannelScope<'a> {
    /// The scope of a finished or foreign channel, from its last picture.
    pub fn of_snapshot(switch: &'a Switch, snapshot: &'a ChannelSnapshot) -> ChannelScope<'a> {
        ChannelScope {
            switch,
            variables: &snapshot.variables,
            profile: &snapshot.profile,
            other: None,
            snapshot: std::sync::OnceLock::from(snapshot.clone()),
            channel: None,
        }
    }

    /// Lookup order of spec: channel variable, caller profile field (with `aleg_`/`bleg_`), global.
    pub fn look_up(&self, name: &str) -> Option<Expanded> {
        if let Some(value) = self.variables.get(name) {
            return Some(value.clone());
        }
        let lower = name.to_ascii_lowercase();
        let other = ["aleg_", "bleg_"]
            .iter()
            .find_map(|prefix| lower.strip_prefix(prefix));
        let field = match other {
            Some(field) => self.other.and_then(|profile| profile.field(field)),
            None => self.profile.field(name),
        };
        field
            .filter(|value| !value.is_empty())
            .or_else(|| self.switch.global(name).map(Expanded::trusted))
    }

    fn channel(&self) -> Option<&ChannelSnapshot> {
        match self.channel {
            Some(channel) => Some(self.snapshot.get_or_init(|| channel.snapshot())),
            None => self.snapshot.get(),
        }
    }
}

impl Scope for ChannelScope<'_> {
    fn variable(&self, name: &str) -> Option<Expanded> {
        self.look_up(name)
    }

    fn elements(&self, name: &str) -> Option<Vec<Expanded>> {
        if self.variables.get(name).is_some() {
            return Some(self.variables.elements(name));
        }
        self.look_up(name).map(|value| vec![value])
    }

    fn function<'a>(&'a self, name: &'a str, args: Expanded) -> BoxFuture<'a, Option<Expanded>> {
        Box::pin(async move {
            let command = self.switch.registry().commands.find(name)?;
            if !command.spec.expandable {
                return Some(Expanded::trusted(format!(
                    "-ERR {name} is not allowed in an expansion"
                )));
            }
            let from_network = args.has_network();
            let reply = (command.run)(CommandCall {
                switch: self.switch,
                channel: self.channel(),
                arguments: args,
                source: CommandSource::Expansion,
            })
            .await;
            // What a function makes of network text may contain that text.
            Some(if from_network {
                Expanded::network(reply)
            } else {
                Expanded::trusted(reply)
            })
        })
    }
}

impl Session {
    /// The scope in which this channel's templates expand.
    pub fn scope(&self) -> ChannelScope<'_> {
        ChannelScope {
            switch: &self.switch,
            variables: &self.channel.variables,
            profile: &self.channel.profile,
            other: self.channel.other.as_ref().map(|(_, profile)| profile),
            snapshot: std::sync::OnceLock::new(),
            channel: Some(&self.channel),
        }
    }

    /// Expands a template on this channel.
    pub async fn expand(&self, template: &Template) -> Expanded {
        template.expand(&self.scope()).await
    }

    /// Expands text that comes from the configuration or an operator.
    pub async fn expand_text(&self, text: &str) -> Expanded {
        match Template::parse(text) {
            template if template.literal().is_some() => Expanded::trusted(text),
            template => template.expand(&self.scope()).await,
        }
    }

    /// Runs an API command given as `name args` on behalf of this channel.
    pub(crate) async fn run_command_text(&self, text: &str) -> String {
        let (name, args) = text.split_once([' ', ':']).unwrap_or((text, ""));
        let arguments = self
            .expand_text(args.trim_start_matches(':').trim_start())
            .await;
        self.switch
            .run_command(
                name,
                arguments,
                Some(&self.channel.snapshot()),
                CommandSource::Operator,
            )
            .await
    }
}
