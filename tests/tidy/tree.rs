//! The files of the project, as the house rules look at them.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are made, not written: builds, what the exchange keeps, what fuzzing finds.
const MADE: [&str; 7] = [
    ".git",
    "target",
    "data",
    "fuzz-target",
    "corpus",
    "artifacts",
    "coverage",
];

/// The root of the project.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("tests is in the project").to_owned()
}

/// Every file below the root whose name ends so, as paths from the root, sorted.
pub fn files(end: &str) -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    walk(&root, &root, end, &mut found);
    found.sort();
    found
}

fn walk(root: &Path, folder: &Path, end: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| entry.expect("a readable entry"))
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().expect("a kind of file");
        if kind.is_dir() {
            if !MADE.contains(&name.as_str()) {
                walk(root, &entry.path(), end, found);
            }
        } else if kind.is_file() && name.ends_with(end) {
            let path = entry.path();
            let path = path.strip_prefix(root).expect("below the root");
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

/// The text of a file; octets that are no text are replaced.
pub fn read(path: &str) -> String {
    let octets = fs::read(root().join(path)).expect("a readable file");
    String::from_utf8_lossy(&octets).into_owned()
}

/// Fails with all findings at once.
#[track_caller]
pub fn none(what: &str, findings: &[String]) {
    assert!(
        findings.is_empty(),
        "{what}:\n  {}\n",
        findings.join("\n  ")
    );
}
