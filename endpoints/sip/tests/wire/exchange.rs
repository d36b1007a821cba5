//! A small exchange of its own for each test: one profile on a port that the kernel chose, users 1000 to 1003.

use std::net::SocketAddr;
use std::sync::Arc;
use strowger_core::application::CommandSource;
use strowger_core::clock::Clock;
use strowger_core::config::ConfigSource;
use strowger_core::media::{MediaConfig, MediaPool};
use strowger_core::session::{AppResult, Interrupt, Session};
use strowger_core::store::Store;
use strowger_core::{Module, Switch, SwitchParts, application};
use strowger_model::{Arguments, Dialplan, Expanded, HangupCause, Rest};

/// The domain of the users.
pub const DOMAIN: &str = "pbx.example";

/// An exchange that runs.
pub struct Exchange {
    pub switch: Switch,
    pub address: SocketAddr,
    _directory: tempfile::TempDir,
}

/// The password of a user.
pub fn password(user: &str) -> String {
    format!("long-secret-of-{user}")
}

fn configuration(host: &str, settings: &str) -> String {
    let users: String = ["1000", "1001", "1002"]
        .iter()
        .map(|id| {
            format!(
                "<user id=\"{id}\"><params><param name=\"password\" value=\"{}\"/></params><variables>\
                 <variable name=\"user_context\" value=\"default\"/><variable name=\"accountcode\" value=\"a{id}\"/></variables></user>",
                password(id)
            )
        })
        .collect();
    format!(
        r#"<document type="freeswitch/xml">
<section name="configuration">
<configuration name="sofia.conf"><profiles><profile name="internal">
<domains><domain name="all" alias="true"/></domains>
<settings>
<param name="sip-ip" value="{host}"/><param name="rtp-ip" value="{host}"/>
<param name="sip-port" value="auto"/><param name="auth-calls" value="true"/>
<param name="challenge-realm" value="auto_from"/><param name="context" value="public"/>
<param name="force-register-domain" value="{DOMAIN}"/><param name="force-register-db-domain" value="{DOMAIN}"/>
{settings}
</settings></profile></profiles></configuration>
</section>
<section name="dialplan"><context name="default">
<extension name="stay"><condition field="destination_number" expression="^9000$"><action application="answer"/><action application="stay"/></condition></extension>
<extension name="drop"><condition field="destination_number" expression="^9001$"><action application="answer"/></condition></extension>
<extension name="busy"><condition field="destination_number" expression="^9002$"><action application="end" data="USER_BUSY"/></condition></extension>
<extension name="ring"><condition field="destination_number" expression="^9003$"><action application="ring"/></condition></extension>
<extension name="users"><condition field="destination_number" expression="^(10\d\d)$"><action application="bridge" data="sofia/internal/$1%{DOMAIN}"/></condition></extension>
</context></section>
<section name="directory"><domain name="{DOMAIN}"><groups><group name="default"><users>{users}</users></group></groups></domain></section>
</document>"#
    )
}

impl Exchange {
    /// Starts one.
    pub async fn start() -> Exchange {
        Exchange::with("").await
    }

    /// Starts one whose profile has more parameters.
    pub async fn with(settings: &str) -> Exchange {
        Exchange::on("127.0.0.1", settings).await
    }

    /// Starts one on another address of this host.
    pub async fn on(host: &str, settings: &str) -> Exchange {
        let (switch, directory) = build_on(host, settings);
        switch.start().await.expect("it starts");
        let address = listening(&switch);
        Exchange {
            switch,
            address,
            _directory: directory,
        }
    }

    /// What a command answers.
    pub async fn command(&self, name: &str, arguments: &str) -> String {
        self.switch
            .run_command(
                name,
                Expanded::trusted(arguments),
                None,
                CommandSource::Operator,
            )
            .await
    }
}

/// The address of the only profile.
pub fn listening(switch: &Switch) -> SocketAddr {
    switch
        .endpoints()
        .of_type::<strowger_sip::Sofia>()
        .expect("SIP is there")
        .listening()[0]
        .1
}

/// A switch that does not listen yet.
pub fn build(settings: &str) -> (Switch, tempfile::TempDir) {
    build_on("127.0.0.1", settings)
}

fn build_on(host: &str, settings: &str) -> (Switch, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(
        directory.path().join("strowger.xml"),
        configuration(host, settings),
    )
    .expect("written");
    let parts = SwitchParts {
        source: ConfigSource {
            directory: directory.path().to_owned(),
            globals: vec![("domain".to_owned(), DOMAIN.to_owned())],
            ..ConfigSource::default()
        },
        modules: vec![strowger_sip::module(), applications()],
        dialplan: Arc::new(|section, vocabulary, report| {
            let xml = strowger_dialplan::compile(section, vocabulary, report);
            vec![Arc::new(xml) as Arc<dyn Dialplan>]
        }),
        find_pattern: Arc::new(strowger_dialplan::find),
        hunt_log: Arc::new(|_, _| Vec::new()),
        media: Box::new(|_| {
            MediaPool::start(MediaConfig {
                workers: 1,
                first_port: 41_000,
                last_port: 43_000,
            })
            .map_err(|error| error.to_string())
        }),
        store: Store::in_memory(),
        clock: Clock::system(),
        log_dir: directory.path().to_owned(),
        block_inline: false,
    };
    match Switch::build(parts) {
        Ok((switch, _)) => (switch, directory),
        Err(strowger_core::BuildError::Configuration(report)) => panic!(
            "{}",
            report.iter().map(|d| format!("{d}\n")).collect::<String>()
        ),
        Err(error) => panic!("{error}"),
    }
}

/// The applications that the dialplan above needs.
fn applications() -> Module {
    let mut module = Module::named("test");
    module.applications = vec![
        application!("answer", answer, NoArguments, "Answer", media: NotNeeded),
        application!("stay", stay, NoArguments, "Wait for the end", media: NotNeeded),
        application!("ring", ring, NoArguments, "Ring and wait", media: NotNeeded),
        application!("end", end, Text, "Hang up", media: NotNeeded),
        application!("bridge", bridge, Text, "Dial and connect", media: NotNeeded),
    ];
    module
}

#[derive(Arguments)]
struct NoArguments {}

#[derive(Arguments)]
struct Text {
    #[argument(rest)]
    text: Rest<Expanded>,
}

async fn answer(session: &mut Session, _: NoArguments) -> AppResult {
    Ok(session.answer().await?)
}

async fn stay(session: &mut Session, _: NoArguments) -> AppResult {
    loop {
        session.next().await?;
    }
}

async fn ring(session: &mut Session, _: NoArguments) -> AppResult {
    session.ring_ready().await?;
    loop {
        session.next().await?;
    }
}

async fn end(session: &mut Session, args: Text) -> AppResult {
    let cause = HangupCause::parse(args.text.0.as_str());
    session.handle().hangup(cause);
    Err(Interrupt::Hangup(cause).into())
}

async fn bridge(session: &mut Session, args: Text) -> AppResult {
    strowger_core::bridge::bridge(session, &args.text.0).await
}
