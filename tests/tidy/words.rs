//! Words that have no place in the tree: paths of somebody's machine, hosts of registries, unfinished work.

use crate::source::is_test;
use crate::tree;

/// Kinds of files that people write.
const WRITTEN: [&str; 9] = [
    ".rs",
    ".toml",
    ".md",
    ".xml",
    ".tsv",
    ".yml",
    ".noload",
    "run",
    "Cargo.lock",
];

/// This file names what it looks for.
const SELF: &str = "tests/tidy/words.rs";

/// The public registry as lock files and licence checks name it.
const REGISTRY: &str = "https://github.com/rust-lang/crates.io-index";

/// Files that have to name the registry.
const NAME_THE_REGISTRY: [&str; 2] = ["Cargo.lock", "deny.toml"];

fn written() -> Vec<String> {
    let mut files: Vec<String> = WRITTEN.iter().flat_map(|end| tree::files(end)).collect();
    files.retain(|path| path != SELF);
    files
}

fn lines_with(words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for path in written() {
        for (number, line) in tree::read(&path).lines().enumerate() {
            let mut line = line.to_owned();
            if NAME_THE_REGISTRY.iter().any(|name| path.ends_with(name)) {
                line = line.replace(REGISTRY, "");
            }
            for word in words.iter().filter(|word| line.contains(**word)) {
                findings.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    findings
}

#[test]
fn no_path_of_a_machine_is_in_the_tree() {
    let mut findings = lines_with(&["/work/", "/root/", "/home/", "/Users/"]);
    // A test may invent somebody's home.
    findings.retain(|finding| {
        !finding.ends_with(": /home/") || !is_test(finding.split(':').next().unwrap_or_default())
    });
    tree::none("Paths of somebody's machine", &findings);
}

#[test]
fn no_registry_is_named() {
    let words = [
        "crates.io",
        "registry.npmjs",
        "pypi.org",
        "proxy.golang.org",
        "artifactory",
        "sparse+http",
    ];
    tree::none("Hosts of package registries", &lines_with(&words));
}

#[test]
fn everything_locked_comes_from_the_public_registry() {
    let findings: Vec<String> = tree::read("Cargo.lock")
        .lines()
        .filter_map(|line| line.strip_prefix("source = "))
        .map(|source| source.trim_matches('"').to_owned())
        .filter(|source| source != &format!("registry+{REGISTRY}"))
        .collect();
    tree::none("Sources in Cargo.lock", &findings);
}

#[test]
fn nothing_is_left_for_later() {
    let words = [
        "todo!(",
        "unimplemented!(",
        "#[ignore",
        "FIXME",
        "TODO",
        "HACK",
    ];
    tree::none("Unfinished work and ignored tests", &lines_with(&words));
}

#[test]
fn code_that_is_not_used_is_deleted() {
    let mut findings = Vec::new();
    for path in tree::files(".rs") {
        if path == SELF {
            continue;
        }
        let text = tree::read(&path);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(comment) = line.strip_prefix("// ") else {
                continue;
            };
            let code = comment.ends_with(';')
                && ["let ", "use ", "self.", "return ", "pub "]
                    .iter()
                    .any(|begin| comment.starts_with(begin));
            if code {
                findings.push(format!("{path}:{}: {comment}", number + 1));
            }
        }
    }
    tree::none("Code in comments", &findings);
}
