//! Documents: their links lead somewhere, and they name every room.

use crate::arrows;
use crate::tree;
use std::collections::BTreeSet;
use strowger_core::Assembly;

/// Links of a Markdown text: `[words](target)`, outside of code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // What stands in back quotes is no link.
        let line: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for after in line.split("](").skip(1) {
            if let Some((target, _)) = after.split_once(')') {
                found.push((number + 1, target.to_owned()));
            }
        }
    }
    found
}

/// The anchors that headings give, as the usual renderers make them.
fn anchors(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if !fenced && line.starts_with('#') {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let anchor = heading
                .chars()
                .filter_map(|c| match c {
                    ' ' => Some('-'),
                    c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                    _ => None,
                })
                .collect();
            found.push(anchor);
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    let root = tree::root();
    let mut findings = Vec::new();
    for path in tree::files(".md") {
        let text = tree::read(&path);
        let folder = root.join(&path);
        let folder = folder.parent().expect("a file is in a folder").to_owned();
        for (line, link) in links(&text) {
            if link.starts_with("https://") || link.starts_with("http://") {
                continue;
            }
            let (file, anchor) = match link.split_once('#') {
                Some((file, anchor)) => (file, Some(anchor)),
                None => (link.as_str(), None),
            };
            let target = folder.join(file);
            if !file.is_empty() && !target.exists() {
                findings.push(format!("{path}:{line}: {link}"));
                continue;
            }
            if let Some(anchor) = anchor {
                let there = match file {
                    "" => text.clone(),
                    _ => std::fs::read_to_string(&target).unwrap_or_default(),
                };
                if !anchors(&there).iter().any(|one| one == anchor) {
                    findings.push(format!("{path}:{line}: no heading for #{anchor}"));
                }
            }
        }
    }
    tree::none("Links that lead nowhere", &findings);
}

#[test]
fn the_architecture_names_every_room() {
    let text = tree::read("ARCHITECTURE.md");
    let findings: Vec<String> = arrows::packages()
        .into_iter()
        .filter(|package| !text.contains(&format!("| `{package}` |")))
        .collect();
    tree::none("Rooms that ARCHITECTURE.md does not name", &findings);
}

#[test]
fn paths_that_documents_name_are_there() {
    // `core/src/session/next.rs` in back quotes is a promise like a link.
    let root = tree::root();
    let rooms = [
        "core/",
        "dialplan/",
        "applications/",
        "endpoints/",
        "tools/",
        "tests/",
        "conf/",
        "sounds/",
    ];
    let mut findings = Vec::new();
    for path in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        for (number, line) in tree::read(path).lines().enumerate() {
            for name in line.split('`').skip(1).step_by(2) {
                let is_path = rooms.iter().any(|room| name.starts_with(room))
                    && !name.contains([' ', '*', '<', '$']);
                if is_path && !root.join(name).exists() {
                    findings.push(format!("{path}:{}: {name}", number + 1));
                }
            }
        }
    }
    tree::none("Paths that are not there", &findings);
}

#[test]
fn comments_cite_what_is_there() {
    // Numbered sections are not how ARCHITECTURE.md is ordered.
    let elsewhere = ["SECURITY.md", "CRATES.md", "spec/", "ARCHITECTURE §"];
    let findings: Vec<String> = tree::files(".rs")
        .into_iter()
        .filter(|path| !path.starts_with("tests/tidy/"))
        .flat_map(|path| {
            let text = tree::read(&path);
            text.lines()
                .enumerate()
                .filter(|(_, line)| elsewhere.iter().any(|word| line.contains(word)))
                .map(|(number, line)| format!("{path}:{}: {}", number + 1, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    tree::none("Documents that are not in the tree", &findings);
}

#[test]
fn the_reference_is_fresh() {
    let page = tree::read("applications/REFERENCE.md");
    let assembly = Assembly::of(strowger_tools::wiring::modules());
    let usages: BTreeSet<String> = assembly
        .registry
        .applications
        .iter()
        .map(|application| {
            let spec = application.spec();
            format!("{} {}", spec.name, spec.grammar.usage())
                .trim_end()
                .to_owned()
        })
        .chain(assembly.registry.commands.iter().map(|command| {
            // As a table's cell has it.
            let summary = command.spec.summary.replace('|', "\\|").replace('\n', " ");
            format!("{} {summary}", command.spec.name)
        }))
        .collect();
    let blocks = page.split("```text\n").skip(1);
    let written: BTreeSet<String> = blocks
        .filter_map(|block| Some(block.split_once("\n```")?.0.to_owned()))
        .chain(page.lines().filter_map(|line| {
            let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
            // Commands have their syntax, or nothing, in the second cell; arguments of applications have no such line
            // outside their own tables.
            let summary = rest.strip_suffix(" |")?.rsplit_once("| ")?.1;
            let command = assembly.registry.commands.find(name)?;
            let expected = command.spec.summary.replace('|', "\\|");
            (expected == summary).then(|| format!("{name} {summary}"))
        }))
        .collect();
    let findings: Vec<String> = usages
        .symmetric_difference(&written)
        .map(|usage| usage.to_owned())
        .collect();
    tree::none(
        "applications/REFERENCE.md is not up to date; run: cargo run --bin reference",
        &findings,
    );
}
