//! A whole switch in one thread and virtual time.

use crate::line::{Line, LineEndpoint};
use crate::phone::{Phone, Station};
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_core::application::CommandSource;
use strowger_core::clock::Clock;
use strowger_core::config::ConfigSource;
use strowger_core::event_bus::{EventFilter, Subscription};
use strowger_core::media::{MediaConfig, MediaPool};
use strowger_core::store::Store;
use strowger_core::{Module, Switch, SwitchParts};
use strowger_media::pool::ManualWorker;
use strowger_model::{Diagnostics, Dialplan, Event, Zone};
use tokio::runtime::Runtime;

/// One step of both planes.
const STEP: Duration = Duration::from_millis(20);

/// Turns that tasks get in one step: longer than any chain of messages through a call.
const TURNS: usize = 100;

/// What a test's switch is configured with.
pub struct TestConf {
    directory: PathBuf,
    sounds: PathBuf,
    globals: Vec<(String, String)>,
    kept: Option<tempfile::TempDir>,
    start: DateTime<Utc>,
    store: Option<Store>,
}

/// The root of the checkout.
fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests lie in the checkout")
        .to_owned()
}

impl TestConf {
    /// The repository's own configuration and sounds.
    pub fn stock() -> TestConf {
        TestConf {
            directory: checkout().join("conf"),
            sounds: checkout().join("sounds"),
            globals: Vec::new(),
            kept: None,
            // A Friday noon.
            start: DateTime::from_timestamp(1_795_176_000, 0).expect("a time"),
            store: None,
        }
    }

    /// A configuration with this inside its `default` context, users 1000–1003, and the repository's sounds.
    pub fn dialplan(extensions: &str) -> TestConf {
        TestConf::contexts(&format!("<context name=\"default\">{extensions}</context>"))
    }

    /// A configuration with these contexts, users 1000–1003, and the repository's sounds.
    pub fn contexts(contexts: &str) -> TestConf {
        let kept = tempfile::tempdir().expect("a directory");
        let sounds = checkout().join("sounds");
        let users: String = (1000..1004)
            .map(|id| {
                format!(
                    "<user id=\"{id}\"><params><param name=\"password\" value=\"secret-{id}-long\"/>\
                     <param name=\"vm-password\" value=\"7{id}\"/></params>\
                     <variables><variable name=\"user_context\" value=\"default\"/></variables></user>"
                )
            })
            .collect();
        let text = format!(
            "<document type=\"freeswitch/xml\">\n\
             <section name=\"configuration\">\n\
             <configuration name=\"switch.conf\"><settings/></configuration>\n\
             <configuration name=\"cdr_csv.conf\"><settings/><templates/></configuration>\n\
             <configuration name=\"local_stream.conf\"><directory name=\"moh\" path=\"{music}\"/></configuration>\n\
             <configuration name=\"voicemail.conf\"><settings/><profiles><profile name=\"default\"/></profiles></configuration>\n\
             </section>\n<section name=\"dialplan\">{contexts}</section>\n\
             <section name=\"directory\"><domain name=\"test.example\">\
             <params><param name=\"dial-string\" value=\"phone/${{dialed_user}}\"/></params>\
             <groups><group name=\"default\"><users>{users}</users></group></groups></domain></section>\n</document>",
            music = sounds.join("music/8000").display(),
        );
        std::fs::write(kept.path().join("strowger.xml"), text).expect("written");
        TestConf {
            directory: kept.path().to_owned(),
            sounds,
            kept: Some(kept),
            ..TestConf::stock()
        }
    }

    /// Begins at another time.
    pub fn starting_at(mut self, start: DateTime<Utc>) -> TestConf {
        self.start = start;
        self
    }

    /// Sets a global variable, as `--set` does.
    pub fn with(mut self, name: &str, value: &str) -> TestConf {
        self.globals.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Keeps what another switch has stored.
    pub fn with_store(mut self, store: Store) -> TestConf {
        self.store = Some(store);
        self
    }

    /// Builds the switch and starts it.
    pub fn start(self) -> TestSwitch {
        TestSwitch::of(self)
    }
}

/// A switch in virtual time. Dropping it checks that nothing is left.
pub struct TestSwitch {
    runtime: Runtime,
    switch: Switch,
    worker: ManualWorker,
    now: Instant,
    line: Line,
    events: Subscription,
    seen: Vec<Arc<Event>>,
    data: PathBuf,
    warnings: Diagnostics,
    _kept: (Option<tempfile::TempDir>, tempfile::TempDir),
}

impl TestSwitch {
    fn of(conf: TestConf) -> TestSwitch {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let data = tempfile::tempdir().expect("a directory");
        let line = Line::default();
        let (pool, worker) = MediaPool::manual(MediaConfig {
            workers: 1,
            ..MediaConfig::default()
        });
        let entered = runtime.enter();
        let at = |name: &str| data.path().join(name).display().to_string();
        let mut globals = vec![
            ("sounds_dir".to_owned(), conf.sounds.display().to_string()),
            (
                "sound_prefix".to_owned(),
                conf.sounds.join("en/us/callie").display().to_string(),
            ),
            ("conf_dir".to_owned(), conf.directory.display().to_string()),
            ("recordings_dir".to_owned(), at("recordings")),
            ("storage_dir".to_owned(), at("storage")),
            ("log_dir".to_owned(), at("log")),
            ("temp_dir".to_owned(), at("temp")),
            ("domain".to_owned(), "test.example".to_owned()),
            ("domain_name".to_owned(), "test.example".to_owned()),
            ("local_ip_v4".to_owned(), "127.0.0.1".to_owned()),
            ("hostname".to_owned(), "test".to_owned()),
            (
                "secret_event_socket".to_owned(),
                "event-socket-secret".to_owned(),
            ),
        ];
        for id in 1000..1020 {
            globals.push((format!("secret_sip_{id}"), format!("secret-{id}-long")));
            globals.push((format!("secret_pin_{id}"), format!("7{id}")));
        }
        let parts = SwitchParts {
            source: ConfigSource {
                directory: conf.directory.clone(),
                globals,
                fixed: [("local_ip_v4".to_owned(), "127.0.0.1".to_owned())]
                    .into_iter()
                    .chain([("domain".to_owned(), "test.example".to_owned())])
                    .chain(conf.globals)
                    .collect(),
                allow_exec: false,
                stun: None,
                local: None,
            },
            modules: modules(&line),
            dialplan: Arc::new(|section, vocabulary, report| {
                let xml = strowger_dialplan::compile(section, vocabulary, report);
                let plans: Vec<Arc<dyn Dialplan>> =
                    vec![Arc::new(xml), Arc::new(strowger_dialplan::InlineDialplan)];
                plans
            }),
            find_pattern: Arc::new(strowger_dialplan::find),
            hunt_log: Arc::new(|trace, _| strowger_dialplan::log_lines(trace)),
            media: Box::new(move |_| Ok(pool)),
            store: conf.store.unwrap_or_else(Store::in_memory),
            clock: Clock::starting_at(conf.start, Zone::fixed(0)),
            log_dir: data.path().join("log"),
            block_inline: true,
        };
        let (switch, warnings) = match Switch::build(parts) {
            Ok(built) => built,
            Err(strowger_core::BuildError::Configuration(report)) => {
                panic!(
                    "{}",
                    report.iter().map(|d| format!("{d}\n")).collect::<String>()
                )
            }
            Err(error) => panic!("{error}"),
        };
        drop(entered);
        runtime.block_on(switch.start()).expect("started");
        let events = switch.events().subscribe(EventFilter {
            all: true,
            ..EventFilter::default()
        });
        TestSwitch {
            runtime,
            switch,
            worker,
            now: Instant::now(),
            line,
            events,
            seen: Vec::new(),
            data: data.path().to_owned(),
            warnings,
            _kept: (conf.kept, data),
        }
    }

    /// The switch.
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    /// What the configuration was warned of.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// Where recordings, voicemail and records lie.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A phone with this number, in the `default` context; it answers after two seconds.
    pub fn phone(&mut self, number: &str) -> Phone {
        self.phone_in(number, "default")
    }

    /// A phone whose calls begin in this context.
    pub fn phone_in(&mut self, number: &str, context: &str) -> Phone {
        self.line
            .lock()
            .stations
            .insert(number.to_owned(), Station::new(context, "test.example"));
        Phone {
            number: number.to_owned(),
            line: self.line.clone(),
            switch: self.switch.clone(),
            runtime: self.runtime.handle().clone(),
        }
    }

    /// Lets time pass.
    pub fn run_for(&mut self, time: Duration) {
        for _ in 0..time.as_millis().div_ceil(STEP.as_millis()) {
            self.step();
        }
    }

    /// Lets time pass until something is so, at most `limit`; fails the test otherwise.
    #[track_caller]
    pub fn run_until(
        &mut self,
        what: &str,
        limit: Duration,
        mut is_so: impl FnMut(&mut TestSwitch) -> bool,
    ) {
        for _ in 0..limit.as_millis().div_ceil(STEP.as_millis()) {
            if is_so(self) {
                return;
            }
            self.step();
        }
        assert!(is_so(self), "{what}: not within {limit:?}");
    }

    fn step(&mut self) {
        for station in self.line.lock().stations.values_mut() {
            station.send();
        }
        self.worker.tick(self.now);
        self.now += STEP;
        for station in self.line.lock().stations.values_mut() {
            station.receive();
        }
        self.runtime.block_on(async {
            tokio::time::advance(STEP).await;
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        });
        while let Some(event) = self.events.try_next() {
            self.seen.push(event);
        }
    }

    /// Lets messages find their way and calls end.
    pub fn settle(&mut self) {
        self.run_for(Duration::from_millis(200));
    }

    /// Runs an API command and gives its reply.
    pub fn command(&mut self, text: &str) -> String {
        let (name, args) = text.split_once(' ').unwrap_or((text, ""));
        let switch = self.switch.clone();
        let (name, args) = (name.to_owned(), args.to_owned());
        let job = self.runtime.spawn(async move {
            switch
                .run_command(&name, args.into(), None, CommandSource::Operator)
                .await
        });
        self.run_until("the command is done", Duration::from_secs(120), |_| {
            job.is_finished()
        });
        self.runtime.block_on(job).expect("the command ended well")
    }

    /// Loads the configuration anew.
    pub fn reload(&mut self) -> Result<Diagnostics, Diagnostics> {
        self.runtime.block_on(self.switch.reload())
    }

    /// Events seen so far, and forgets them.
    pub fn take_events(&mut self) -> Vec<Arc<Event>> {
        std::mem::take(&mut self.seen)
    }

    /// Runs a future of the test to its end, in virtual time.
    pub fn wait_for<T: Send + 'static>(
        &mut self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let job = self.runtime.spawn(work);
        self.run_until("the work is done", Duration::from_secs(120), |_| {
            job.is_finished()
        });
        self.runtime.block_on(job).expect("the work ended well")
    }

    /// The lines of the master call-record file.
    pub fn call_records(&mut self) -> Vec<String> {
        self.switch.flush_call_records();
        std::fs::read_to_string(self.data.join("log/cdr-csv/Master.csv"))
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for TestSwitch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for session in self.switch.sessions().all() {
            session.hangup(strowger_model::HangupCause::SystemShutdown);
        }
        self.run_for(Duration::from_secs(1));
        assert_eq!(self.switch.sessions().len(), 0, "a session is left");
        assert_eq!(self.switch.media().load().legs, 0, "a leg is left");
        let switch = self.switch.clone();
        self.runtime
            .block_on(async move { switch.stop(Duration::ZERO).await });
    }
}

/// The modules of the real program, with scripted phones in the place of SIP.
fn modules(line: &Line) -> Vec<Module> {
    let mut phones = Module::named("mod_test_phones");
    phones.endpoints.push(Arc::new(LineEndpoint(line.clone())));
    phones.commands.push(strowger_core::command!(
        "sofia_contact",
        contact,
        "",
        "Test phones",
        expandable
    ));
    let mut modules = strowger_applications::modules();
    modules.push(strowger_loopback::module());
    modules.push(phones);
    modules
}

/// The contact of a registered phone: every test phone is registered as `phone/<number>`.
async fn contact(call: strowger_core::CommandCall<'_>) -> String {
    let text = call.arguments.as_str();
    let user = text
        .trim_start_matches("*/")
        .split('@')
        .next()
        .unwrap_or_default();
    format!("phone/{user}")
}
