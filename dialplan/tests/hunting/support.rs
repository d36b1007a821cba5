//! A vocabulary, and a call in one line.

use chrono::{DateTime, Utc};
use strowger_dialplan::{Detail, Simulation, XmlDialplan, compile};
use strowger_model::xml::position::LocatedText;
use strowger_model::{
    ApplicationSpec, ArgumentError, CallerProfile, Diagnostics, Expanded, Grammar, Hunt, HuntCall,
    InlineCall, InlineEffect, LogLevel, MediaNeed, ProfileOrigin, Variables, Vocabulary, Zone, xml,
};

const fn spec(name: &'static str, inline: bool) -> ApplicationSpec {
    ApplicationSpec {
        name,
        summary: "",
        help: "",
        grammar: Grammar {
            separator: ' ',
            arguments: &[],
        },
        media: MediaNeed::NotNeeded,
        inline,
        after_hangup: false,
    }
}

static APPLICATIONS: [ApplicationSpec; 50] = [
    spec("set", true),
    spec("unset", true),
    spec("push", true),
    spec("export", true),
    spec("eval", true),
    spec("log", true),
    spec("info", true),
    spec("set_profile_var", true),
    spec("acknowledge_call", false),
    spec("answer", false),
    spec("att_xfer", false),
    spec("bind_meta_app", false),
    spec("bridge", false),
    spec("conference", false),
    spec("conference_set_auto_outcall", false),
    spec("deflect", false),
    spec("delay_echo", false),
    spec("eavesdrop", false),
    spec("echo", false),
    spec("esf_page_group", false),
    spec("execute_extension", false),
    spec("fifo", false),
    spec("gentones", false),
    spec("group", false),
    spec("hangup", false),
    spec("hash", false),
    spec("intercept", false),
    spec("ivr", false),
    spec("play_fsv", false),
    spec("playback", false),
    spec("pre_answer", false),
    spec("read", false),
    spec("record_fsv", false),
    spec("record_session", false),
    spec("ring_ready", false),
    spec("rxfax", false),
    spec("say", false),
    spec("send_display", false),
    spec("sleep", false),
    spec("transfer", false),
    spec("txfax", false),
    spec("valet_park", false),
    spec("voicemail", false),
    spec("park", false),
    spec("respond", false),
    spec("redirect", false),
    spec("presence", true),
    spec("stop", true),
    spec("multiset", true),
    spec("unshift", true),
];

/// The applications of the vanilla dialplan that exist here.
pub struct Names;

impl Vocabulary for Names {
    fn application(&self, name: &str) -> Option<&'static ApplicationSpec> {
        APPLICATIONS.iter().find(|spec| spec.name == name)
    }

    fn check(&self, name: &str, literal: &Expanded) -> Result<(), ArgumentError> {
        if name == "sleep" && literal.as_str().parse::<u32>().is_err() {
            return Err(ArgumentError {
                argument: Some("milliseconds"),
                reason: "not a number".to_owned(),
            });
        }
        Ok(())
    }

    fn inline(
        &self,
        name: &str,
        call: &mut InlineCall<'_>,
        args: &Expanded,
    ) -> Result<(), ArgumentError> {
        let pair = || {
            args.split_once('=').ok_or(ArgumentError {
                argument: None,
                reason: "no =".to_owned(),
            })
        };
        match name {
            "set" | "export" => {
                let (name, value) = pair()?;
                call.variables.set(name.as_str(), value);
            }
            "unset" => call.variables.set(args.as_str(), ""),
            "set_profile_var" => {
                let (name, value) = pair()?;
                call.profile.set_field(name.as_str(), value.as_str());
            }
            "log" => call.effects.push(InlineEffect::Log {
                level: LogLevel::Info,
                text: args.as_str().to_owned(),
            }),
            _ => {}
        }
        Ok(())
    }

    fn has_function(&self, name: &str) -> bool {
        [
            "hash",
            "group",
            "group_call",
            "user_data",
            "sofia_contact",
            "verto_contact",
            "module_exists",
            "strftime",
            "strepoch",
            "regex",
            "cond",
            "expr",
            "acl",
        ]
        .contains(&name)
    }

    fn has_endpoint(&self, name: &str) -> bool {
        ["user", "group", "sofia", "loopback", "error"].contains(&name)
    }
}

/// Compiles `<context>` elements; panics on XML that cannot be read.
pub fn compiled(contexts: &str) -> (XmlDialplan, Diagnostics) {
    let mut report = Diagnostics::new();
    let text = format!("<section name=\"dialplan\">{contexts}</section>");
    let section = xml::parse(
        &LocatedText::of_file("dialplan/test.xml", &text),
        &mut report,
    );
    assert!(!report.has_errors(), "{:?}", report.iter().next());
    let section = section.expect("the test writes XML");
    let dialplan = compile(Some(&section), &Names, &mut report);
    (dialplan, report)
}

/// The text of all messages.
pub fn messages(report: &Diagnostics) -> String {
    report
        .iter()
        .map(|message| format!("{message}\n"))
        .collect()
}

pub fn utc(text: &str) -> DateTime<Utc> {
    format!("{}Z", text.replace(' ', "T"))
        .parse()
        .expect("a time")
}

/// A call being described.
pub struct Call {
    contexts: String,
    call: HuntCall,
    now: DateTime<Utc>,
    zone: Zone,
    networks: Vec<(&'static str, &'static str)>,
    functions: Vec<(&'static str, &'static str)>,
    globals: Vec<(&'static str, &'static str)>,
}

/// Rules of the context `default`.
pub fn rules(rules: &str) -> Call {
    contexts(&format!("<context name=\"default\">{rules}</context>"))
}

pub fn contexts(contexts: &str) -> Call {
    let profile = CallerProfile {
        caller_id_name: "Alice".to_owned(),
        caller_id_number: "1001".to_owned(),
        network_addr: "192.0.2.7".to_owned(),
        context: "default".to_owned(),
        destination_number: "1000".to_owned(),
        source: "mod_sofia".to_owned(),
        origin: ProfileOrigin::Network,
        ..CallerProfile::default()
    };
    Call {
        contexts: contexts.to_owned(),
        call: HuntCall {
            channel_name: "sofia/internal/1001".to_owned(),
            profile,
            variables: Variables::new(),
            argument: None,
        },
        now: utc("2026-11-18 12:00:00"),
        zone: Zone::fixed(0),
        networks: Vec::new(),
        functions: Vec::new(),
        globals: Vec::new(),
    }
}

impl Call {
    pub fn dial(mut self, number: &str) -> Self {
        self.call.profile.destination_number = number.to_owned();
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.call.variables.set(name, value);
        self
    }

    pub fn profile(mut self, change: impl FnOnce(&mut CallerProfile)) -> Self {
        change(&mut self.call.profile);
        self
    }

    pub fn at(mut self, now: &str) -> Self {
        self.now = utc(now);
        self
    }

    pub fn zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    pub fn network(mut self, list: &'static str, network: &'static str) -> Self {
        self.networks.push((list, network));
        self
    }

    pub fn function(mut self, call: &'static str, answer: &'static str) -> Self {
        self.functions.push((call, answer));
        self
    }

    pub fn global(mut self, name: &'static str, value: &'static str) -> Self {
        self.globals.push((name, value));
        self
    }

    pub fn run(&self) -> Hunt {
        let (dialplan, _) = compiled(&self.contexts);
        let full = self.hunt(dialplan.with_detail(Detail::Full));
        let (dialplan, _) = compiled(&self.contexts);
        let short = self.hunt(dialplan.with_detail(Detail::Decisions));
        // The prefilter must never change what happens.
        assert_eq!(full.extension, short.extension);
        assert_eq!(full.failed, short.failed);
        assert!(full.variables.iter().eq(short.variables.iter()));
        full
    }

    fn hunt(&self, dialplan: XmlDialplan) -> Hunt {
        let mut env = Simulation::new(&Names, self.now).with_zone(self.zone.clone());
        for (list, network) in &self.networks {
            env = env.with_network(list, network).expect("a network");
        }
        for (call, answer) in &self.functions {
            env = env.with_function(call, answer);
        }
        for (name, value) in &self.globals {
            env = env.with_global(name, value);
        }
        env.run(&dialplan, &self.call)
    }

    /// Runs, and gives the queued actions as `application data`.
    pub fn actions(&self) -> Vec<String> {
        actions(&self.run())
    }
}

pub fn actions(hunt: &Hunt) -> Vec<String> {
    hunt.extension.as_ref().map_or_else(Vec::new, |extension| {
        extension
            .actions
            .iter()
            .map(|action| {
                format!("{} {}", action.application, action.arguments.source())
                    .trim_end()
                    .to_owned()
            })
            .collect()
    })
}
