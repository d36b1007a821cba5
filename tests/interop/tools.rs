//! The foreign programs these tests need, and what happens without them.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Where Debian's package keeps the modules of baresip.
const BARESIP_MODULES: &[&str] = &[
    "/usr/lib/baresip/modules",
    "/usr/lib/x86_64-linux-gnu/baresip/modules",
    "/usr/lib/aarch64-linux-gnu/baresip/modules",
    "/usr/local/lib/baresip/modules",
];

/// Whether the program is there. Without it a test is skipped with a printed reason; in CI (`CI=true`) it fails.
pub fn present(program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    });
    found || missing(&format!("the program {program} is not installed"))
}

/// Whether baresip and its modules are there; see [`present`].
pub fn baresip() -> bool {
    present("baresip")
        && (baresip_modules().is_some() || missing("the modules of baresip are not installed"))
}

/// The folder of baresip's modules.
pub fn baresip_modules() -> Option<PathBuf> {
    BARESIP_MODULES
        .iter()
        .map(PathBuf::from)
        .find(|folder| folder.join("ctrl_tcp.so").is_file())
}

/// The folder of exact test messages: `$STROWGER_FIXTURES` or `../shared/fixtures`. Never part of this
/// repository, so its absence is a skip everywhere.
pub fn fixtures() -> Option<PathBuf> {
    let folder = std::env::var_os("STROWGER_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let found = folder.join("torture").is_dir().then_some(folder);
    if found.is_none() {
        say("no torture messages; set STROWGER_FIXTURES to their folder");
    }
    found
}

fn missing(what: &str) -> bool {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "{what}, and CI must run every test");
    say(what);
    false
}

/// Prints past the capture of the test runner, which would hide it in a test that "passes".
fn say(what: &str) {
    let test = std::thread::current();
    let name = test.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "SKIPPED {name}: {what}");
}
