//! What a room must not call, told by name: clocks, sockets, randomness and tasks where they have no business.

use crate::source;
use crate::tree;

/// What must not be named in the code of which folders, and why.
struct Ban {
    folders: &'static [&'static str],
    /// Files and folders that are the one door through which the room does it all the same.
    doors: &'static [&'static str],
    names: &'static [&'static str],
    why: &'static str,
}

const PURE: &[&str] = &[
    "core/model/src/",
    "core/sdp/src/",
    "dialplan/src/",
    "endpoints/sip/proto/src/",
];

const BANS: &[Ban] = &[
    Ban {
        folders: PURE,
        doors: &[],
        names: &[
            "Instant::now",
            "SystemTime::now",
            "Utc::now",
            "Local::now",
            "Timestamp::now",
            "Zoned::now",
            ".elapsed()",
        ],
        why: "time is an argument here",
    },
    Ban {
        folders: PURE,
        doors: &[],
        names: &[
            "UdpSocket",
            "TcpStream",
            "TcpListener",
            "ToSocketAddrs",
            "tokio",
            "std::thread",
        ],
        why: "octets come in as arguments and go out as values",
    },
    Ban {
        folders: PURE,
        doors: &[],
        names: &["rand::", "getrandom", "RandomState::new"],
        why: "randomness is injected",
    },
    Ban {
        folders: PURE,
        doors: &["core/model/src/xml/preprocess/host.rs"],
        names: &[
            "std::fs",
            "std::env",
            "std::process",
            "Command::new",
            "File::open",
        ],
        why: "files and the system are asked through the preprocessor's host alone",
    },
    Ban {
        folders: &["applications/src/"],
        // Commands run for operators, beside the sessions.
        doors: &["applications/src/commands/"],
        names: &[
            "tokio::spawn",
            "tokio::time::sleep",
            "tokio::time::timeout",
            "tokio::net",
            "thread::spawn",
            "thread::sleep",
            "UdpSocket",
            "TcpStream",
            "TcpListener",
        ],
        why: "an application waits through verbs of its session and owns no task, thread or socket",
    },
    Ban {
        folders: &["core/media/src/"],
        doors: &[],
        names: &["tokio", "tracing", "println!", "eprintln!"],
        why: "media knows no tasks and does not log: what is to be known goes up as an event",
    },
    Ban {
        folders: &["core/src/"],
        doors: &[],
        names: &["UdpSocket", "TcpStream", "TcpListener", "rusqlite"],
        why: "core has no sockets and no SQL of its own",
    },
    Ban {
        folders: &["core/", "dialplan/", "applications/", "endpoints/"],
        doors: &[],
        names: &["println!", "print!", "process::exit"],
        why: "only the program speaks to the terminal and decides when it ends",
    },
    Ban {
        folders: &[
            "core/",
            "dialplan/",
            "applications/",
            "endpoints/",
            "tools/",
        ],
        doors: &[],
        names: &["static mut", "thread::sleep"],
        why: "no global mutable state, and nothing waits by sleeping on a thread",
    },
];

/// What is right all the same: file, name, reason.
const RIGHT: &[(&str, &str, &str)] = &[
    (
        "applications/src/audio/playback.rs",
        "tokio::spawn",
        "a time limit that breaks the wait of its session; aborted when dropped",
    ),
    (
        "applications/src/audio/playback.rs",
        "tokio::time::sleep",
        "a time limit that breaks the wait of its session; aborted when dropped",
    ),
    (
        "applications/src/voicemail/waiting.rs",
        "tokio::spawn",
        "answers queries for all mailboxes, beside the calls; ends with the exchange",
    ),
    (
        "core/media/src/file/prefetch.rs",
        "thread::sleep",
        "serves rings, for which no thread can wait",
    ),
    (
        "core/media/src/pool.rs",
        "thread::sleep",
        "the janitor serves rings, for which no thread can wait",
    ),
    (
        "core/media/src/worker/clock.rs",
        "thread::sleep",
        "the worker sleeps for what is shorter than a millisecond",
    ),
];

#[test]
fn rooms_do_not_call_what_is_not_theirs() {
    let mut findings = Vec::new();
    for path in tree::files(".rs") {
        if source::is_test(&path) {
            continue;
        }
        let text = tree::read(&path);
        let code = source::code(&text);
        for ban in BANS {
            let applies = ban.folders.iter().any(|folder| path.starts_with(folder));
            let door = ban.doors.iter().any(|door| path.starts_with(door));
            if !applies || door {
                continue;
            }
            for (number, line) in code.iter().enumerate() {
                for name in ban.names {
                    let right = RIGHT
                        .iter()
                        .any(|(file, call, _)| *file == path && call == name);
                    if source::mentions(line, name) && !right {
                        let line = number + 1;
                        findings.push(format!("{path}:{line}: {name}: {}", ban.why));
                    }
                }
            }
        }
    }
    tree::none("Calls that a room must not make", &findings);
}

#[test]
fn unsafe_code_is_in_the_media_room_and_says_why() {
    let mut findings = Vec::new();
    for path in tree::files(".rs") {
        let text = tree::read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in source::code(&text).iter().enumerate() {
            if !source::mentions(line, "unsafe") {
                continue;
            }
            if !path.starts_with("core/media/") {
                findings.push(format!("{path}:{}: unsafe", number + 1));
            }
            let near = &lines[number.saturating_sub(8)..=number];
            if !near.iter().any(|line| line.contains("SAFETY")) {
                findings.push(format!("{path}:{}: no SAFETY comment", number + 1));
            }
        }
    }
    tree::none("Unsafe code", &findings);
}

#[test]
fn exceptions_are_needed() {
    let findings: Vec<String> = RIGHT
        .iter()
        .filter(|(path, name, _)| {
            let text = std::fs::read_to_string(tree::root().join(path)).unwrap_or_default();
            !source::code(&text)
                .iter()
                .any(|line| source::mentions(line, name))
        })
        .map(|(path, name, _)| format!("{path}: {name} is not there any more"))
        .collect();
    tree::none("Exceptions that nobody needs", &findings);
}
