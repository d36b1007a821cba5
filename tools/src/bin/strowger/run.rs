//! The exchange itself: everything is put together, started, kept going and stopped in order.

use crate::failure::Failure;
use crate::limits;
use crate::logging::Log;
use crate::options::{Fixed, Options};
use std::fs::{File, TryLockError};
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use strowger_core::config::SwitchConf;
use strowger_core::shutdown::Phase;
use strowger_core::{Switch, SwitchParts};
use strowger_model::{Event, EventName};
use strowger_storage::Database;
use strowger_tools::network::Addresses;
use strowger_tools::noticeboard::Noticeboard;
use strowger_tools::secrets::Secrets;
use strowger_tools::site::Site;
use strowger_tools::wiring;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often this machine's address is looked at, as in FreeSWITCH.
const ADDRESS_CHECK: Duration = Duration::from_secs(60);

/// Runs until told to stop.
pub fn run(options: &Options, fixed: Fixed) -> Result<ExitCode, Failure> {
    let log = Log::start(options.log.as_deref()).map_err(Failure::Sentence)?;
    limits::no_core_files();
    limits::private_files();
    let site = options.site(fixed);
    let wanted = Secrets::wanted(&site.paths.conf);
    let secrets = Secrets::ensure(&site.paths.data, &wanted).map_err(Failure::because)?;
    let _alone = claim(&site.paths.data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(usize::from(options.workers))
        .thread_name("exchange")
        .enable_all()
        .build()
        .map_err(|error| Failure::because(format!("the threads cannot be started: {error}")))?;
    let drain = Duration::from_secs(options.drain);
    let result = runtime.block_on(serve(&site, &secrets, &log, drain));
    // Blocking work that hangs must not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

/// One exchange for one data directory.
fn claim(data: &Path) -> Result<File, Failure> {
    let path = data.join("strowger.lock");
    let file = File::create(&path)
        .map_err(|error| Failure::because(format!("cannot write {}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::because(format!(
            "another exchange is using {}; stop it, or name another directory with --data",
            data.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Failure::because(format!(
            "cannot lock {}: {error}",
            path.display()
        ))),
    }
}

async fn serve(
    site: &Site,
    secrets: &Secrets,
    log: &Log,
    drain: Duration,
) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()
        .map_err(|error| Failure::because(format!("signals cannot be received: {error}")))?;
    let log_dir = site.paths.log();
    std::fs::create_dir_all(&log_dir)
        .map_err(|error| Failure::because(format!("cannot make {}: {error}", log_dir.display())))?;
    let database = Database::open(&site.paths.database()).map_err(Failure::because)?;
    let parts = SwitchParts {
        modules: wiring::modules_with_log(log.tap.clone()),
        ..wiring::parts(site.source(secrets), database.store(), log_dir)
    };
    let (switch, warnings) = Switch::build(parts)?;
    eprint!("{warnings}");
    let conf = switch.config().get::<SwitchConf>();
    log.configured(conf.log_level);
    if let Some(shortage) = limits::descriptors_for(conf.max_sessions) {
        tracing::warn!("{shortage}");
    }
    if limits::is_root() {
        tracing::warn!(
            "running as root; a user of its own is safer, and ports above 1023 do not need root"
        );
    }
    if let Err(error) = switch.start().await {
        switch.stop(Duration::ZERO).await;
        return Err(Failure::because(error));
    }
    let noticeboard = Noticeboard::write(&site.paths, &switch);
    if secrets.first {
        welcome(&switch, site, secrets);
    }
    eprintln!("Strowger is ready: {}", listening(&switch));
    if !site.is_fixed("local_ip_v4") {
        tokio::spawn(watch_addresses(switch.clone(), site.addresses));
    }
    signals.serve(&switch, log, drain).await;
    drop(noticeboard);
    if let Err(error) = database.flush() {
        tracing::error!("{error}");
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

fn listening(switch: &Switch) -> String {
    let places: Vec<String> = switch
        .endpoints()
        .iter()
        .map(|endpoint| endpoint.listening().join(", "))
        .filter(|places| !places.is_empty())
        .collect();
    if places.is_empty() {
        return "nothing listens; the configuration opens no port".to_owned();
    }
    places.join("; ")
}

/// At the first start: what to type into a phone.
fn welcome(switch: &Switch, site: &Site, secrets: &Secrets) {
    let config = switch.config();
    let Some(user) = config
        .directory()
        .domains()
        .iter()
        .find_map(|domain| domain.users().first().cloned())
    else {
        return;
    };
    // A journal keeps what it is given; a person at a terminal may see the password at once.
    let password = secrets
        .get(&format!("secret_sip_{}", user.id))
        .filter(|_| std::io::stderr().is_terminal())
        .map_or("(strowger users shows it)", |secret| secret.reveal());
    let port = switch
        .global("internal_sip_port")
        .unwrap_or_else(|| "5060".to_owned());
    eprintln!(
        "\nThis is the first start: passwords and voicemail PINs were made and are kept in {data}.\n\
         To log a phone in:\n  \
           server    {address}:{port} (UDP or TCP)\n  \
           domain    {domain}\n  \
           user      {user}\n  \
           password  {password}\n\
         \"strowger users\" shows every user with password and PIN. Then dial 9196 for an echo, or another user.\n",
        data = site.paths.data.join("secrets.json").display(),
        address = site.addresses.v4,
        domain = user.domain,
        user = user.id,
    );
}

/// Notices that this machine has got another address.
async fn watch_addresses(switch: Switch, mut known: Addresses) {
    let mut watch = tokio::time::interval(ADDRESS_CHECK);
    watch.tick().await;
    loop {
        tokio::select! {
            _ = watch.tick() => {}
            () = switch.shutdown().stopping() => return,
        }
        let found = switch.blocking(Addresses::detect).await;
        if found == known {
            continue;
        }
        let v6 = |addresses: &Addresses| {
            addresses
                .v6
                .map_or_else(|| "::1".to_owned(), |address| address.to_string())
        };
        tracing::warn!(
            "this machine's address changed from {} to {}; profiles keep theirs until they are restarted",
            known.v4,
            found.v4
        );
        switch.set_global("local_ip_v4", &found.v4.to_string());
        switch.set_global("local_mask_v4", &found.v4_mask().to_string());
        switch.set_global("local_ip_v6", &v6(&found));
        let event = Event::new(EventName::Trap)
            .header("condition", "network-address-change")
            .header("network-address-previous-v4", known.v4.to_string())
            .header("network-address-change-v4", found.v4.to_string())
            .header("network-address-previous-v6", v6(&known))
            .header("network-address-change-v6", v6(&found));
        switch.events().publish(event);
        known = found;
    }
}

/// What the system and operators ask of the process.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// SIGTERM or SIGINT, or the runtime's end.
    async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Serves until stopped.
    async fn serve(&mut self, switch: &Switch, log: &Log, drain: Duration) {
        let drain = loop {
            let shutdown = switch.shutdown().clone();
            tokio::select! {
                _ = self.hangup.recv() => reload(switch, log).await,
                _ = self.interrupt.recv() => break drain,
                _ = self.terminate.recv() => break drain,
                () = shutdown.draining() => {
                    if self.drained(switch).await {
                        break Duration::ZERO;
                    }
                }
            }
        };
        tracing::info!(
            calls = switch.sessions().len(),
            "stopping; a second signal ends everything at once"
        );
        tokio::select! {
            () = switch.stop(drain) => return,
            () = self.stop() => {}
        }
        switch.stop(Duration::ZERO).await;
    }

    /// An operator asked for the end (`fsctl shutdown`): it comes with the last call, or with a signal, unless the
    /// operator takes it back; then the answer is `false`.
    async fn drained(&mut self, switch: &Switch) -> bool {
        let mut look = tokio::time::interval(Duration::from_millis(100));
        loop {
            tokio::select! {
                () = switch.sessions().emptied() => return switch.shutdown().phase() != Phase::Running,
                () = self.stop() => return true,
                _ = look.tick() => {
                    if switch.shutdown().phase() == Phase::Running {
                        return false;
                    }
                }
            }
        }
    }
}

async fn reload(switch: &Switch, log: &Log) {
    match switch.reload().await {
        Ok(warnings) => {
            eprint!("{warnings}");
            log.configured(switch.config().get::<SwitchConf>().log_level);
            tracing::info!("the configuration was read anew");
        }
        Err(report) => {
            eprint!("{report}");
            tracing::error!("the configuration has errors; the old one stays in force");
        }
    }
    switch.rotate_call_records();
}
