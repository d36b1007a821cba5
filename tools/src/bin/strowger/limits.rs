//! What the system grants this process.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything that is not a call's media: listeners, connections, files.
const BESIDES_CALLS: u64 = 256;
/// Descriptors of one call leg: RTP and RTCP.
const PER_LEG: u64 = 2;

/// No core files: they would hold passwords and conversations.
pub fn no_core_files() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!("core files cannot be switched off: {error}");
    }
}

/// Takes as many descriptors as the system grants; a sentence when that is too few for so many sessions.
pub fn descriptors_for(sessions: usize) -> Option<String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let most = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        // Refused: what is granted already has to do, and is looked at below.
        let _ = setrlimit(Resource::Nofile, most);
    }
    let granted = getrlimit(Resource::Nofile).current?;
    let needed = BESIDES_CALLS + PER_LEG * u64::try_from(sessions).unwrap_or(u64::MAX / PER_LEG);
    (granted < needed).then(|| {
        format!(
            "{granted} open files are granted, but max-sessions {sessions} needs {needed}: calls would be refused; \
             raise the limit (ulimit -n {needed}) or lower max-sessions"
        )
    })
}

/// Files that are made are for their owner alone: recordings, voicemail, logs with numbers in them.
pub fn private_files() {
    let _former = rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
