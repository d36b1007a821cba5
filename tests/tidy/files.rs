//! How files look: their length, their names, their first line.

use crate::source;
use crate::tree;

/// Lines of a file, its unit tests not counted. Five hundred are meant; this is where it ends.
const LONGEST: usize = 700;

/// Files that are longer, each with its reason. Empty is how this list should be.
const LONGER: &[(&str, &str)] = &[(
    "core/src/switch.rs",
    "the handle to every service; its building and its stopping want files of their own",
)];

/// Names that hide that nobody decided what a thing is.
const NO_NAMES: [&str; 10] = [
    "util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "base", "shared",
];

/// Files without a word in them, which wait for their tests.
const EMPTY: [&str; 2] = [
    "endpoints/sip/src/config/tests.rs",
    "endpoints/sip/src/registrar/tests.rs",
];

#[test]
fn files_are_short() {
    let mut findings = Vec::new();
    for path in tree::files(".rs") {
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            continue;
        }
        let lines = source::code(&tree::read(&path)).len();
        let allowed = LONGER.iter().any(|(longer, _)| *longer == path);
        if lines > LONGEST && !allowed {
            findings.push(format!("{path}: {lines} lines"));
        }
        if lines <= LONGEST && allowed {
            findings.push(format!("{path} is short enough: take it off the list"));
        }
    }
    tree::none(
        &format!("Files over {LONGEST} lines; move ownership, not lines"),
        &findings,
    );
}

#[test]
fn modules_have_names() {
    let findings: Vec<String> = tree::files(".rs")
        .into_iter()
        .filter(|path| {
            let mut parts = path.trim_end_matches(".rs").split('/');
            parts.any(|part| NO_NAMES.contains(&part))
        })
        .collect();
    tree::none("Modules whose name says nothing", &findings);
}

#[test]
fn files_say_what_they_are() {
    let findings: Vec<String> = tree::files(".rs")
        .into_iter()
        .filter(|path| {
            let text = tree::read(path);
            let first = text.lines().next().unwrap_or_default();
            let waits = text.trim().is_empty() && EMPTY.contains(&path.as_str());
            !first.starts_with("//! ") && !waits
        })
        .collect();
    tree::none(
        "Files that do not begin with //! and what they are",
        &findings,
    );
}
