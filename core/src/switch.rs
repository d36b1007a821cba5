//! The exchange: a cheap handle to every service, and the way in for new calls.

use crate::application::{CommandCall, CommandSource, Registry};
use crate::call_record::{CdrCsv, CsvWriter};
use crate::clock::Clock;
use crate::config::{
    ConfigSnapshot, ConfigSource, DialplanCompiler, LoadRequest, SectionCompiler, SwitchConf, load,
};
use crate::endpoint::{Endpoints, NewCall};
use crate::event_bus::EventBus;
use crate::limits::Limits;
use crate::module::Module;
use crate::originate::Reporter;
use crate::session::{Birth, Refusal, SessionHandle, Sessions};
use crate::shutdown::{Phase, Shutdown};
use crate::sound::{Audible, LocalStreams, SoundFailure, SoundRequest, Speakers};
use crate::store::Store;
use arc_swap::ArcSwap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use strowger_media::codec::registry::Codecs;
use strowger_media::file::SoundCache;
use strowger_media::rate::QUANTUM;
use strowger_media::{LegId, MediaPool};
use strowger_model::{
    ChannelSnapshot, Diagnostics, Direction, Event, EventName, EventValue, Expanded, Extension,
    Globals, HuntTrace, LogLevel,
};

/// Decoded prompts kept in memory, octets: two hours of narrow-band audio.
const SOUND_CACHE: usize = 64 * 1024 * 1024;

/// Share of a quantum that a media worker may need, on the mean of a second, before new calls are refused.
const FULL_TICK: f64 = 0.8;

/// Finds expressions in texts (phrase macros); the dialplan's own engine, so that both behave alike.
pub type FindPattern = Arc<dyn Fn(&str, &Expanded) -> Option<Vec<Expanded>> + Send + Sync>;

/// Turns a hunt's trace into log lines.
pub type HuntLog = Arc<dyn Fn(&HuntTrace, &str) -> Vec<(LogLevel, String)> + Send + Sync>;

/// Starts the media workers as the configuration says.
pub type StartMedia = Box<dyn FnOnce(&SwitchConf) -> Result<MediaPool, String> + Send>;

/// Everything that a switch is made of.
pub struct SwitchParts {
    /// Where the configuration comes from.
    pub source: ConfigSource,
    /// What the rooms contribute.
    pub modules: Vec<Module>,
    /// How the dialplan is compiled.
    pub dialplan: DialplanCompiler,
    /// How expressions in phrase macros are found.
    pub find_pattern: FindPattern,
    /// How hunts are logged.
    pub hunt_log: HuntLog,
    /// The media workers, made after the configuration is known.
    pub media: StartMedia,
    /// What survives restarts.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// Where logs and call records go.
    pub log_dir: PathBuf,
    /// Work that blocks runs at once on the calling task (tests in virtual time) rather than on other threads.
    pub block_inline: bool,
}

/// Why there is no switch.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The configuration has errors; all of them.
    #[error("the configuration has errors")]
    Configuration(Diagnostics),
    /// A thread or socket could not be had.
    #[error("{0}")]
    Resources(String),
}

/// Names and contributions, without the parts that run: enough to load a configuration offline.
pub struct Assembly {
    /// What a dialplan may name.
    pub registry: Registry,
    /// What the rooms compile.
    pub sections: Vec<SectionCompiler>,
    endpoints: Endpoints,
    speakers: Speakers,
    module_names: Vec<&'static str>,
}

impl Assembly {
    /// Puts modules together.
    pub fn of(modules: Vec<Module>) -> Assembly {
        let mut assembly = Assembly {
            registry: Registry::default(),
            sections: vec![
                SectionCompiler::of::<SwitchConf>(),
                SectionCompiler::of::<CdrCsv>(),
                SectionCompiler::of::<LocalStreams>(),
            ],
            endpoints: Endpoints::default(),
            speakers: Speakers::default(),
            module_names: Vec::new(),
        };
        for name in ["user", "group", "error"] {
            assembly.registry.add_endpoint(name);
        }
        for module in modules {
            assembly.module_names.push(module.name);
            for application in module.applications {
                assembly
                    .registry
                    .note_application(application.spec().name, module.name);
                assembly.registry.add_application(application);
            }
            for command in module.commands {
                assembly
                    .registry
                    .note_command(command.spec.name, module.name);
                assembly.registry.add_command(command);
            }
            for endpoint in module.endpoints {
                let registry = &mut assembly.registry;
                registry.note_other("endpoint", endpoint.name(), module.name);
                registry.add_endpoint(endpoint.name());
                for alias in endpoint.aliases() {
                    registry.note_other("endpoint", alias, module.name);
                    registry.add_endpoint(alias);
                }
                assembly.endpoints.add(endpoint);
            }
            for speaker in module.speakers {
                assembly
                    .registry
                    .note_other("say", speaker.language(), module.name);
                assembly.speakers.add(speaker);
            }
            assembly.sections.extend(module.sections);
        }
        assembly
    }
}

struct Inner {
    core_uuid: String,
    hostname: String,
    started: Instant,
    source: ConfigSource,
    sections: Vec<SectionCompiler>,
    dialplan: DialplanCompiler,
    find_pattern: FindPattern,
    hunt_log: HuntLog,
    config: ArcSwap<ConfigSnapshot>,
    reloading: tokio::sync::Mutex<()>,
    globals: RwLock<Globals>,
    sessions: Sessions,
    events: EventBus,
    endpoints: Endpoints,
    registry: Registry,
    speakers: Speakers,
    module_names: Vec<&'static str>,
    store: Store,
    media: MediaPool,
    codecs: Codecs,
    sounds: SoundCache,
    clock: Clock,
    limits: Limits,
    shutdown: Shutdown,
    records: CsvWriter,
    log_dir: PathBuf,
    block_inline: bool,
    verbose_events: AtomicBool,
}

/// The exchange. Cheap to clone; two of them may live in one process.
#[derive(Clone)]
pub struct Switch(Arc<Inner>);

impl Switch {
    /// Loads the configuration and makes a switch; endpoints are started by [`Switch::start`]. The report holds
    /// every warning.
    pub fn build(parts: SwitchParts) -> Result<(Switch, Diagnostics), BuildError> {
        let assembly = Assembly::of(parts.modules);
        let request = LoadRequest {
            source: &parts.source,
            sections: &assembly.sections,
            dialplan: &parts.dialplan,
            vocabulary: &assembly.registry,
            generation: 1,
        };
        let (snapshot, report) = load(&request);
        let Some(snapshot) = snapshot else {
            return Err(BuildError::Configuration(report));
        };
        let conf = snapshot.get::<SwitchConf>();
        let media = (parts.media)(&conf).map_err(BuildError::Resources)?;
        let records = CsvWriter::start().map_err(|error| {
            BuildError::Resources(format!("the writer of call records cannot start: {error}"))
        })?;
        let mut globals = snapshot.globals().clone();
        for (name, value) in &conf.variables {
            globals.set(name, value.clone());
        }
        let core_uuid = uuid::Uuid::new_v4().to_string();
        globals.set("core_uuid", core_uuid.clone());
        let hostname = globals.get("hostname").unwrap_or("strowger").to_owned();
        let events = EventBus::new(stamp(&core_uuid, &hostname, &globals, parts.clock.clone()));
        let switch = Switch(Arc::new(Inner {
            core_uuid,
            hostname,
            started: Instant::now(),
            source: parts.source,
            sections: assembly.sections,
            dialplan: parts.dialplan,
            find_pattern: parts.find_pattern,
            hunt_log: parts.hunt_log,
            verbose_events: AtomicBool::new(conf.verbose_events),
            limits: Limits::new(conf.max_sessions, conf.sessions_per_second),
            config: ArcSwap::from_pointee(snapshot),
            reloading: tokio::sync::Mutex::new(()),
            globals: RwLock::new(globals),
            sessions: Sessions::default(),
            events,
            endpoints: assembly.endpoints,
            registry: assembly.registry,
            speakers: assembly.speakers,
            module_names: assembly.module_names,
            store: parts.store,
            media,
            codecs: Codecs::builtin(),
            sounds: SoundCache::new(SOUND_CACHE),
            clock: parts.clock,
            shutdown: Shutdown::default(),
            records,
            log_dir: parts.log_dir,
            block_inline: parts.block_inline,
        }));
        Ok((switch, report))
    }

    /// Opens every endpoint's listeners.
    pub async fn start(&self) -> Result<(), crate::endpoint::StartError> {
        for endpoint in self.0.endpoints.iter() {
            endpoint
                .clone()
                .start(self.clone(), self.0.shutdown.clone())
                .await?;
        }
        let switch = self.clone();
        tokio::spawn(async move { heartbeat(&switch).await });
        let mut event = Event::new(EventName::Startup);
        event.headers.push((
            "Event-Info".to_owned(),
            EventValue::Text("System Ready".to_owned()),
        ));
        self.events().publish(event);
        Ok(())
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<ConfigSnapshot> {
        self.0.config.load_full()
    }

    /// Loads the configuration anew. With errors nothing changes; the report says what is wrong either way.
    pub async fn reload(&self) -> Result<Diagnostics, Diagnostics> {
        let _one_at_a_time = self.0.reloading.lock().await;
        let switch = self.clone();
        let generation = self.config().generation() + 1;
        let (snapshot, report) = self
            .blocking(move || {
                load(&LoadRequest {
                    source: &switch.0.source,
                    sections: &switch.0.sections,
                    dialplan: &switch.0.dialplan,
                    vocabulary: &switch.0.registry,
                    generation,
                })
            })
            .await;
        let Some(snapshot) = snapshot else {
            return Err(report);
        };
        {
            let mut globals = self
                .0
                .globals
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            for (name, value) in snapshot.globals().iter() {
                globals.set(name, value);
            }
        }
        let conf = snapshot.get::<SwitchConf>();
        self.0.limits.set_max_sessions(conf.max_sessions);
        self.0
            .limits
            .set_sessions_per_second(conf.sessions_per_second);
        self.0.config.store(Arc::new(snapshot));
        self.events().publish(Event::new(EventName::Reloadxml));
        for endpoint in self.0.endpoints.iter() {
            endpoint.reconfigured(self).await;
        }
        Ok(report)
    }

    /// Runs work that blocks (files, names) without holding up others.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        if self.0.block_inline {
            return work();
        }
        match tokio::task::spawn_blocking(work).await {
            Ok(value) => value,
            // The work panicked (the hook has logged it) or the runtime stops: this call goes down with it.
            Err(error) => std::panic::resume_unwind(if error.is_panic() {
                error.into_panic()
            } else {
                Box::new("the exchange stops")
            }),
        }
    }

    /// The sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// The event bus.
    pub fn events(&self) -> &EventBus {
        &self.0.events
    }

    /// The endpoints.
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }

    /// Applications and commands.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Languages for spoken values.
    pub fn speakers(&self) -> &Speakers {
        &self.0.speakers
    }

    /// Names of the modules present.
    pub fn module_names(&self) -> &[&'static str] {
        &self.0.module_names
    }

    /// The stores.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The media workers.
    pub fn media(&self) -> &MediaPool {
        &self.0.media
    }

    /// The codecs known.
    pub fn codecs(&self) -> &Codecs {
        &self.0.codecs
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Limits of new sessions.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// How far stopping has got.
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// The uuid of this process's core.
    pub fn core_uuid(&self) -> &str {
        &self.0.core_uuid
    }

    /// This host's name.
    pub fn hostname(&self) -> &str {
        &self.0.hostname
    }

    /// How long the exchange has been up.
    pub fn uptime(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// Where logs and call records go.
    pub fn log_dir(&self) -> &std::path::Path {
        &self.0.log_dir
    }

    /// The directory of the configuration.
    pub fn conf_dir(&self) -> &std::path::Path {
        &self.0.source.directory
    }

    /// Whether every event carries all variables.
    pub fn verbose_events(&self) -> bool {
        self.0.verbose_events.load(Ordering::Relaxed)
    }

    /// Makes every event carry all variables, or not.
    pub fn set_verbose_events(&self, on: bool) {
        self.0.verbose_events.store(on, Ordering::Relaxed);
    }

    /// A global variable.
    pub fn global(&self, name: &str) -> Option<String> {
        self.0
            .globals
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .map(str::to_owned)
    }

    /// All global variables.
    pub fn globals(&self) -> Vec<(String, String)> {
        let globals = self
            .0
            .globals
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        globals
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Sets (or, when empty, deletes) a global variable.
    pub fn set_global(&self, name: &str, value: &str) {
        self.0
            .globals
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .set(name, value.to_owned());
    }

    /// A fresh uuid for a channel or job.
    pub fn new_uuid(&self) -> String {
        if self.config().get::<SwitchConf>().uuid_version == 7 {
            uuid::Uuid::now_v7().to_string()
        } else {
            uuid::Uuid::new_v4().to_string()
        }
    }

    /// Takes a call that came in.
    pub fn incoming(&self, call: NewCall) -> Result<SessionHandle, Refusal> {
        self.begin_inbound(call, None)
    }

    /// Takes a call that runs this extension instead of hunting for one.
    pub fn incoming_to(
        &self,
        call: NewCall,
        extension: Extension,
    ) -> Result<SessionHandle, Refusal> {
        self.begin_inbound(call, Some(extension))
    }

    fn begin_inbound(
        &self,
        call: NewCall,
        extension: Option<Extension>,
    ) -> Result<SessionHandle, Refusal> {
        self.admit(false)?;
        let uuid = call.uuid.clone().unwrap_or_else(|| self.new_uuid());
        self.0.sessions.spawn(
            self,
            Birth {
                call,
                direction: Direction::Inbound,
                reporter: None,
                uuid,
                near: None,
                extension,
            },
        )
    }

    pub(crate) fn begin_outbound(
        &self,
        call: NewCall,
        reporter: Reporter,
        uuid: String,
        near: Option<LegId>,
    ) -> Result<SessionHandle, Refusal> {
        self.admit(true)?;
        let birth = Birth {
            call,
            direction: Direction::Outbound,
            reporter: Some(reporter),
            uuid,
            near,
            extension: None,
        };
        self.0.sessions.spawn(self, birth)
    }

    fn admit(&self, outbound: bool) -> Result<(), Refusal> {
        let limits = &self.0.limits;
        if self.0.shutdown.phase() != Phase::Running || limits.paused(outbound) {
            return Err(Refusal::Closed);
        }
        if self.0.sessions.len() >= limits.max_sessions() {
            return Err(Refusal::MaxSessions);
        }
        if self.0.media.load().mean_tick > QUANTUM.mul_f64(FULL_TICK) {
            return Err(Refusal::Overload);
        }
        // Legs that we dial belong to calls that were admitted; only those that come in count against the rate.
        if !outbound && !limits.admit(Instant::now()) {
            return Err(Refusal::Rate);
        }
        Ok(())
    }

    /// Runs a command and gives its reply.
    pub async fn run_command(
        &self,
        name: &str,
        arguments: Expanded,
        channel: Option<&ChannelSnapshot>,
        source: CommandSource,
    ) -> String {
        let Some(command) = self.0.registry.commands.find(name) else {
            return format!("-ERR {name} Command not found!\n");
        };
        if self.events().wanted(EventName::Api) {
            let mut event = Event::new(EventName::Api);
            event
                .headers
                .push(("API-Command".to_owned(), EventValue::Text(name.to_owned())));
            event.headers.push((
                "API-Command-Argument".to_owned(),
                EventValue::Text(arguments.as_str().to_owned()),
            ));
            self.events().publish(event);
        }
        (command.run)(CommandCall {
            switch: self,
            channel,
            arguments,
            source,
        })
        .await
    }

    /// `${name(args)}` without a channel.
    pub async fn expand_function(&self, name: &str, args: Expanded) -> Option<Expanded> {
        let command = self
            .0
            .registry
            .commands
            .find(name)
            .filter(|command| command.spec.expandable)?;
        let network = args.has_network();
        let call = CommandCall {
            switch: self,
            channel: None,
            arguments: args,
            source: CommandSource::Expansion,
        };
        let reply = (command.run)(call).await;
        Some(if network {
            Expanded::network(reply)
        } else {
            Expanded::trusted(reply)
        })
    }

    /// The dial strings of a group (`group[@domain][+A|F|E]`), joined; `None` when it has no members.
    pub async fn group_call(&self, text: &str) -> Option<Expanded> {
        crate::originate::group_call(self, text).await
    }

    /// Finds an expression in a text: the captures, `$0` first.
    pub fn find_pattern(&self, pattern: &str, subject: &Expanded) -> Option<Vec<Expanded>> {
        (self.0.find_pattern)(pattern, subject)
    }

    /// Writes a hunt's decisions to the log. The text is made only where somebody reads such detail.
    pub(crate) fn log_hunt(&self, channel: &str, uuid: &str, trace: &HuntTrace) {
        tracing::debug!(
            target: "dialplan",
            uuid,
            "{}",
            HuntLines { log: &self.0.hunt_log, trace, channel }
        );
    }

    /// Makes a sound playable, off the async threads.
    pub async fn audible(&self, request: SoundRequest) -> Result<Audible, SoundFailure> {
        if request.sound.needs_no_file() {
            // A tone or a silence is a matter of microseconds: no thread need be woken for it.
            let streams = self.config().get::<LocalStreams>();
            return crate::sound::resolve(&request, &self.0.sounds, &streams);
        }
        let switch = self.clone();
        self.blocking(move || {
            let streams = switch.config().get::<LocalStreams>();
            crate::sound::resolve(&request, &switch.0.sounds, &streams)
        })
        .await
    }

    pub(crate) fn write_call_record(&self, channel: &ChannelSnapshot) {
        let csv = self.config().get::<CdrCsv>();
        for (path, line) in csv.lines(self, channel, &self.0.log_dir) {
            self.0.records.write(path, line);
        }
    }

    /// Begins new call-record files.
    pub fn rotate_call_records(&self) {
        let time = self.0.clock.zone().to_local(self.0.clock.now());
        self.0
            .records
            .rotate(strowger_model::strftime("%Y-%m-%d-%H-%M-%S", &time));
    }

    /// Waits until every call record is on disk. Blocking.
    pub fn flush_call_records(&self) {
        self.0.records.flush();
    }

    /// Stops: no new calls, `drain` for those that are up, then hang up; records and recordings are complete
    /// afterwards. Another call of this during the drain ends it at once when its `drain` is zero.
    pub async fn stop(&self, drain: Duration) {
        let mut event = Event::new(EventName::Shutdown);
        event.headers.push((
            "Event-Info".to_owned(),
            EventValue::Text("System Shutting Down".to_owned()),
        ));
        self.events().publish(event);
        self.0.shutdown.enter(Phase::Draining);
        // Whoever still talks when the time is up is hung up below.
        let _ = tokio::time::timeout(drain, self.0.sessions.emptied()).await;
        for session in self.0.sessions.all() {
            session.hangup(strowger_model::HangupCause::SystemShutdown);
        }
        if tokio::time::timeout(LAST_WORDS, self.0.sessions.emptied())
            .await
            .is_err()
        {
            tracing::error!(left = self.0.sessions.len(), "sessions did not end in time");
        }
        self.0.shutdown.enter(Phase::Stopping);
        let switch = self.clone();
        self.blocking(move || {
            switch.0.records.stop();
            switch.0.media.stop();
        })
        .await;
    }

    /// Stops taking calls (`fsctl shutdown`): the program then calls [`Switch::stop`].
    pub fn request_stop(&self) {
        self.0.shutdown.enter(Phase::Draining);
    }

    /// Takes calls again after [`Switch::request_stop`].
    pub fn cancel_stop(&self) {
        self.0.shutdown.enter(Phase::Running);
    }
}

/// A hunt's log lines, written out only when a log takes them.
struct HuntLines<'a> {
    log: &'a HuntLog,
    trace: &'a HuntTrace,
    channel: &'a str,
}

impl std::fmt::Display for HuntLines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, (_, line)) in (self.log)(self.trace, self.channel).iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&crate::log::escape(line))?;
        }
        Ok(())
    }
}

/// How long hung-up sessions have for their goodbyes and files.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Puts the headers that every event begins with.
fn stamp(
    core_uuid: &str,
    hostname: &str,
    globals: &Globals,
    clock: Clock,
) -> impl Fn(&mut Event, u64) + Send + Sync + use<> {
    let fixed: Vec<(String, String)> = [
        ("Core-UUID", core_uuid),
        ("FreeSWITCH-Hostname", hostname),
        ("FreeSWITCH-Switchname", hostname),
        (
            "FreeSWITCH-IPv4",
            globals.get("local_ip_v4").unwrap_or("127.0.0.1"),
        ),
        (
            "FreeSWITCH-IPv6",
            globals.get("local_ip_v6").unwrap_or("::1"),
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    move |event, sequence| {
        let now = clock.now();
        let local = clock.zone().to_local(now);
        let mut headers = Vec::with_capacity(event.headers.len() + 15);
        let text = |name: &str, value: String| (name.to_owned(), EventValue::Text(value));
        headers.push(text("Event-Name", event.name.name().to_owned()));
        headers.extend(
            fixed
                .iter()
                .map(|(name, value)| (name.clone(), EventValue::Text(value.clone()))),
        );
        headers.push(text(
            "Event-Date-Local",
            strowger_model::strftime("%Y-%m-%d %H:%M:%S", &local),
        ));
        headers.push(text(
            "Event-Date-GMT",
            now.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        ));
        headers.push(text(
            "Event-Date-Timestamp",
            now.timestamp_micros().to_string(),
        ));
        headers.push(text("Event-Calling-File", "switch.rs".to_owned()));
        headers.push(text("Event-Calling-Function", "publish".to_owned()));
        headers.push(text("Event-Calling-Line-Number", "0".to_owned()));
        headers.push(text("Event-Sequence", sequence.to_string()));
        if let Some(subclass) = &event.subclass {
            headers.push(text("Event-Subclass", subclass.clone()));
        }
        headers.append(&mut event.headers);
        event.headers = headers;
    }
}

async fn heartbeat(switch: &Switch) {
    let seconds = switch.config().get::<SwitchConf>().heartbeat_seconds;
    if seconds == 0 {
        return;
    }
    let mut beat = tokio::time::interval(Duration::from_secs(seconds));
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            () = switch.shutdown().stopping() => return,
        }
        if !switch.events().wanted(EventName::Heartbeat) {
            continue;
        }
        let limits = switch.limits();
        let mut event = Event::new(EventName::Heartbeat);
        for (name, value) in [
            ("Event-Info", "System Ready".to_owned()),
            ("Uptime-msec", switch.uptime().as_millis().to_string()),
            ("Session-Count", switch.sessions().len().to_string()),
            ("Max-Sessions", limits.max_sessions().to_string()),
            ("Session-Per-Sec", limits.sessions_per_second().to_string()),
            ("Session-Per-Sec-Last", limits.last_rate().to_string()),
            ("Session-Per-Sec-Max", limits.peak_rate().to_string()),
            (
                "Session-Since-Startup",
                switch.sessions().since_start().to_string(),
            ),
            ("Session-Peak-Max", switch.sessions().peak().to_string()),
        ] {
            event
                .headers
                .push((name.to_owned(), EventValue::Text(value)));
        }
        switch.events().publish(event);
    }
}
