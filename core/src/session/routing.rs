//! `CS_ROUTING`: find the extension for the number dialled.

use super::Session;
use super::interrupt::Interrupt;
use super::life::Step;
use crate::application::{CommandCall, CommandSource};
use chrono::{DateTime, Utc};
use std::net::IpAddr;
use std::sync::Arc;
use strowger_model::{
    BoxFuture, CallerProfile, ChannelSnapshot, ChannelState, EventName, Expanded, Extension,
    HangupCause, Hunt, HuntCall, HuntEnv, InlineEffect, Vocabulary, Zone,
};

/// Dialplans tried at most for one call.
const MAX_DIALPLANS: usize = 25;

/// What a live call's dialplan may ask.
pub struct LiveEnv<'a> {
    switch: &'a crate::switch::Switch,
    config: &'a crate::config::ConfigSnapshot,
    channel: ChannelSnapshot,
}

impl HuntEnv for LiveEnv<'_> {
    fn now(&self) -> DateTime<Utc> {
        self.switch.clock().now()
    }

    fn zone(&self, name: Option<&str>) -> Option<Zone> {
        match name {
            Some(name) => Zone::named(name),
            None => Some(self.switch.clock().zone()),
        }
    }

    fn in_acl(&self, list: &str, address: IpAddr) -> bool {
        self.config.acls().check(list, address).allowed
    }

    fn global(&self, name: &str) -> Option<String> {
        self.switch.global(name)
    }

    fn function<'a>(&'a self, name: &'a str, args: Expanded) -> BoxFuture<'a, Option<Expanded>> {
        Box::pin(async move {
            let command = self.switch.registry().commands.find(name)?;
            if !command.spec.expandable {
                return None;
            }
            let network = args.has_network();
            let reply = (command.run)(CommandCall {
                switch: self.switch,
                channel: Some(&self.channel),
                arguments: args,
                source: CommandSource::Expansion,
            })
            .await;
            Some(if network {
                Expanded::network(reply)
            } else {
                Expanded::trusted(reply)
            })
        })
    }

    fn vocabulary(&self) -> &dyn Vocabulary {
        self.switch.registry()
    }
}

impl Session {
    /// Hunts in the newest configuration and goes on to execute what was found.
    pub(crate) async fn route(&mut self) -> Result<Step, Interrupt> {
        self.enter(ChannelState::Routing);
        self.config = self.switch.config();
        if self.extension.is_some() {
            return Ok(Step::Execute);
        }
        let hunt = self.hunt_profile(self.channel.profile.clone()).await;
        match hunt {
            Some(extension) => {
                self.extension = Some(extension);
                Ok(Step::Execute)
            }
            None => {
                tracing::info!(uuid = %self.channel.uuid, "No Route, Aborting");
                Ok(Step::End(HangupCause::NoRouteDestination))
            }
        }
    }

    /// Hunts with this profile; variables and effects of inline actions are taken over.
    pub(crate) async fn hunt_profile(&mut self, profile: CallerProfile) -> Option<Extension> {
        let list = self.expand_text(&profile.dialplan).await;
        for item in list
            .as_str()
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .take(MAX_DIALPLANS)
        {
            let (name, argument) = match item.split_once(':') {
                Some((name, argument)) => (name, Some(argument.to_owned())),
                None => (item, None),
            };
            let Some(dialplan) = self.config.dialplan(name) else {
                tracing::error!(uuid = %self.channel.uuid, dialplan = name, "there is no such dialplan");
                continue;
            };
            let call = HuntCall {
                channel_name: self.channel.name.clone(),
                profile: profile.clone(),
                variables: self.channel.variables.clone(),
                argument,
            };
            let config: Arc<_> = self.config.clone();
            let switch = self.switch.clone();
            let env = LiveEnv {
                switch: &switch,
                config: &config,
                channel: self.channel.snapshot(),
            };
            let hunt = dialplan.hunt(&call, &env).await;
            if let Some(extension) = self.take_over(hunt) {
                return Some(extension);
            }
        }
        None
    }

    fn take_over(&mut self, hunt: Hunt) -> Option<Extension> {
        self.dirty = true;
        self.switch
            .log_hunt(&self.channel.name, &self.channel.uuid, &hunt.trace);
        self.channel.variables = hunt.variables;
        if let Some(cause) = hunt.failed {
            self.handle.hangup(cause);
        }
        for effect in hunt.effects {
            self.apply_effect(effect);
        }
        hunt.extension
    }

    /// Does what an inline action asked for.
    pub fn apply_effect(&mut self, effect: InlineEffect) {
        match effect {
            InlineEffect::Log { level, text } => crate::log::line(level, Some(self.uuid()), &text),
            InlineEffect::Info { level } => self.log_info(level),
            InlineEffect::Event { name, headers } => self.fire_named(&name, headers),
            InlineEffect::SetGlobal { name, value } => self.switch.set_global(&name, &value),
        }
    }

    /// Fires an event whose name and headers a dialplan chose.
    pub fn fire_named(&mut self, name: &str, headers: Vec<(String, String)>) {
        let event_name = EventName::parse(name).unwrap_or(EventName::ChannelApplication);
        let subclass = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("Event-Subclass"))
            .cloned();
        let pairs: Vec<(&str, String)> = headers
            .iter()
            .filter(|(name, _)| {
                !name.eq_ignore_ascii_case("Event-Subclass")
                    && !name.eq_ignore_ascii_case("Event-Name")
            })
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        match subclass {
            Some((_, subclass)) if event_name == EventName::Custom => {
                self.fire_custom(&subclass, &pairs)
            }
            _ => self.fire(event_name, &pairs),
        }
    }

    /// Writes every header and variable of the channel to the log (`info` application).
    pub fn log_info(&mut self, level: strowger_model::LogLevel) {
        let mut event = strowger_model::Event::new(EventName::ChannelData);
        super::fire::describe(&self.channel, &mut event, true);
        let mut text = String::from("CHANNEL_DATA:\n");
        for (name, value) in &event.headers {
            text.push_str(&format!("{name}: [{}]\n", value.text()));
        }
        crate::log::line(level, Some(&self.channel.uuid), &text);
    }
}
