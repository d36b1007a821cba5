//! Every room's contributions, once, in order: the list that makes a switch of separate rooms.

use std::path::PathBuf;
use std::sync::Arc;
use strowger_core::clock::Clock;
use strowger_core::config::{ConfigSource, DialplanCompiler};
use strowger_core::store::Store;
use strowger_core::{FindPattern, HuntLog, Module, SwitchParts};
use strowger_dialplan::InlineDialplan;
use strowger_dialplan::pattern::{Outcome, Pattern};
use strowger_event_socket::LogTap;
use strowger_media::{MediaConfig, MediaPool};
use strowger_model::{Dialplan, Expanded};

/// Every module of every room.
pub fn modules() -> Vec<Module> {
    modules_with_log(LogTap::default())
}

/// Every module of every room, with the log that clients of the event socket may read.
pub fn modules_with_log(log: LogTap) -> Vec<Module> {
    let mut modules = strowger_applications::modules();
    modules.push(strowger_loopback::module());
    modules.push(strowger_sip::module());
    modules.push(strowger_event_socket::module_with_log(log));
    modules
}

/// The dialplans: XML and inline.
pub fn dialplan() -> DialplanCompiler {
    Arc::new(|section, vocabulary, report| {
        let xml = strowger_dialplan::compile(section, vocabulary, report);
        vec![Arc::new(xml) as Arc<dyn Dialplan>, Arc::new(InlineDialplan)]
    })
}

/// Expressions of phrase macros, found by the dialplan's engine.
pub fn find_pattern() -> FindPattern {
    Arc::new(|pattern, subject| {
        let pattern = Pattern::compile(&Expanded::trusted(pattern)).ok()?;
        match pattern.run(subject) {
            Outcome::Match(captures) => Some(captures),
            Outcome::NoMatch | Outcome::GaveUp(_) => None,
        }
    })
}

/// A hunt's decisions as log lines.
pub fn hunt_log() -> HuntLog {
    Arc::new(|trace, _channel| strowger_dialplan::log_lines(trace))
}

/// The parts of an exchange that serves calls.
pub fn parts(source: ConfigSource, store: Store, log_dir: PathBuf) -> SwitchParts {
    SwitchParts {
        source,
        modules: modules(),
        dialplan: dialplan(),
        find_pattern: find_pattern(),
        hunt_log: hunt_log(),
        media: Box::new(|conf| {
            let config = MediaConfig {
                first_port: conf.rtp_start_port,
                last_port: conf.rtp_end_port,
                ..MediaConfig::default()
            };
            MediaPool::start(config).map_err(|error| error.to_string())
        }),
        store,
        clock: Clock::system(),
        log_dir,
        block_inline: false,
    }
}

/// The parts of an exchange that only answers questions: no media threads, nothing kept, a clock that can be set.
pub fn offline_parts(mut source: ConfigSource, log_dir: PathBuf, clock: Clock) -> SwitchParts {
    // Offline nobody on the network is asked anything.
    source.stun = None;
    SwitchParts {
        media: Box::new(|_| Ok(MediaPool::manual(MediaConfig::default()).0)),
        clock,
        block_inline: true,
        ..parts(source, Store::in_memory(), log_dir)
    }
}
