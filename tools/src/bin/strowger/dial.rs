//! `strowger dial`: where a call to a number would go, decision by decision, without calling anybody.
//!
//! The hunt is the live one, in an exchange that is put together but not started: same dialplan, same functions, no
//! phones registered, nothing kept.

use crate::check::secrets_for_reading;
use crate::failure::Failure;
use crate::options::{Dial, Fixed, Options};
use crate::output::show;
use chrono::{DateTime, Utc};
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use strowger_core::clock::Clock;
use strowger_core::config::ConfigSnapshot;
use strowger_core::{CommandCall, CommandSource, Switch};
use strowger_dialplan::simulate::moment;
use strowger_dialplan::{explain, to_json};
use strowger_model::{
    BoxFuture, Channel, ChannelSnapshot, Direction, Expanded, Hunt, HuntCall, HuntEnv,
    ProfileOrigin, TraceStep, User, Vocabulary, Zone,
};
use strowger_tools::wiring;

/// Code when no extension was found.
const NOT_FOUND: u8 = 3;
/// The dialplan that is asked.
const DIALPLAN: &str = "XML";
/// Where callers nobody knows more about are taken to be.
const CONTEXT: &str = "default";
/// Longest value of a function shown, characters.
const SHOWN: usize = 120;

/// Explains.
pub fn dial(options: &Options, dial: &Dial, fixed: Fixed) -> Result<ExitCode, Failure> {
    let zone = Zone::system();
    let now = match &dial.at {
        Some(text) => moment(text, &zone, Utc::now())
            .map_err(|why| Failure::because(format!("--at: {why}")))?,
        None => Utc::now(),
    };
    let site = options.site(fixed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::because)?;
    let hunt = runtime.block_on(async {
        let source = site.source(&secrets_for_reading(&site));
        let clock = Clock::starting_at(now, zone);
        let parts = wiring::offline_parts(source, site.paths.log(), clock);
        let (switch, _) = Switch::build(parts)?;
        let hunt = hunt(&switch, dial, &site.fixed, now).await;
        switch.stop(std::time::Duration::ZERO).await;
        hunt
    })?;
    if dial.json {
        show(&format!("{:#}\n", to_json(&hunt)));
    } else {
        show(&explain(&hunt));
    }
    Ok(match hunt.extension {
        Some(_) if hunt.failed.is_none() => ExitCode::SUCCESS,
        _ => ExitCode::from(NOT_FOUND),
    })
}

async fn hunt(
    switch: &Switch,
    dial: &Dial,
    set: &[(String, String)],
    now: DateTime<Utc>,
) -> Result<Hunt, Failure> {
    let config = switch.config();
    let dialplan = config
        .dialplan(DIALPLAN)
        .ok_or_else(|| Failure::because("there is no XML dialplan"))?
        .clone();
    let channel = channel(switch, &config, dial, set)?;
    let call = HuntCall {
        channel_name: channel.name.clone(),
        profile: channel.profile.clone(),
        variables: channel.variables.clone(),
        argument: None,
    };
    let env = OfflineEnv {
        switch: switch.clone(),
        config,
        channel,
        now,
        notes: Mutex::default(),
    };
    let mut hunt = dialplan.hunt(&call, &env).await;
    let notes = env
        .notes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    hunt.trace.steps.extend(
        notes
            .into_iter()
            .map(|text| TraceStep::Note { source: None, text }),
    );
    Ok(hunt)
}

/// The channel that such a call would have.
fn channel(
    switch: &Switch,
    config: &ConfigSnapshot,
    dial: &Dial,
    set: &[(String, String)],
) -> Result<Channel, Failure> {
    let user = match &dial.from {
        Some(name) => Some(find_user(config, name)?),
        None => None,
    };
    let caller = user.as_ref().map_or("0000000000", |user| user.id.as_str());
    let name = format!("dial/{caller}");
    let mut channel = Channel::new(switch.new_uuid(), name, Direction::Inbound);
    let context = dial
        .context
        .clone()
        .or_else(|| user.as_ref()?.variable("user_context").map(str::to_owned))
        .unwrap_or_else(|| CONTEXT.to_owned());
    let profile = &mut channel.profile;
    profile.origin = ProfileOrigin::Network;
    profile.dialplan = DIALPLAN.to_owned();
    profile.context = context;
    profile.destination_number = dial.number.clone();
    profile.network_addr = dial.address.to_string();
    profile.caller_id_number = caller.to_owned();
    profile.ani = caller.to_owned();
    profile.source = "mod_sofia".to_owned();
    profile.caller_id_name = caller.to_owned();
    if let Some(user) = &user {
        profile.username = user.id.clone();
        if let Some(name) = user.variable("effective_caller_id_name") {
            profile.caller_id_name = name.to_owned();
        }
        channel.variables.set("user_name", user.id.as_str());
        channel.variables.set("domain_name", user.domain.as_str());
        channel.variables.set("sip_authorized", "true");
        for (name, value) in &user.variables {
            channel.variables.set(name, value.as_str());
        }
    }
    for (name, value) in set {
        channel.variables.set(name, value.as_str());
    }
    Ok(channel)
}

fn find_user(config: &ConfigSnapshot, name: &str) -> Result<Arc<User>, Failure> {
    let (user, domain) = match name.split_once('@') {
        Some((user, domain)) => (user, Some(domain)),
        None => (name, None),
    };
    config
        .directory()
        .domains()
        .iter()
        .filter(|known| domain.is_none_or(|domain| known.name.eq_ignore_ascii_case(domain)))
        .find_map(|known| known.user(user))
        .cloned()
        .ok_or_else(|| {
            Failure::because(format!(
                "--from {name}: the directory has no such user; \"strowger users\" lists them"
            ))
        })
}

/// The world as the offline exchange sees it, at the time asked about.
struct OfflineEnv {
    switch: Switch,
    config: Arc<ConfigSnapshot>,
    channel: ChannelSnapshot,
    now: DateTime<Utc>,
    notes: Mutex<Vec<String>>,
}

impl HuntEnv for OfflineEnv {
    fn now(&self) -> DateTime<Utc> {
        self.now
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
            let asked = args.as_str().to_owned();
            let reply = (command.run)(CommandCall {
                switch: &self.switch,
                channel: Some(&self.channel),
                arguments: args,
                source: CommandSource::Expansion,
            })
            .await;
            let shown: String = reply.trim_end().chars().take(SHOWN).collect();
            let note =
                format!("${{{name}({asked})}} was answered without the running exchange: {shown}");
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            if !notes.contains(&note) {
                notes.push(note);
            }
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
