//! Which room may use which: every `Cargo.toml` against the table in ARCHITECTURE.md, "Doors".

use crate::tree;
use std::collections::{BTreeMap, BTreeSet};

/// One line of the table.
struct Door {
    uses: BTreeSet<String>,
    everything: bool,
    never: BTreeSet<String>,
}

/// What a manifest says.
struct Manifest {
    path: String,
    name: String,
    uses: BTreeSet<String>,
}

/// The names in back quotes.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn doors() -> BTreeMap<String, Door> {
    let text = tree::read("ARCHITECTURE.md");
    let doors = text
        .split("\n## ")
        .find(|part| part.starts_with("Doors"))
        .expect("ARCHITECTURE.md has a section \"Doors\"");
    let mut table = BTreeMap::new();
    for line in doors
        .lines()
        .filter(|line| line.starts_with("| `strowger-"))
    {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [package, uses, never] = cells[..] else {
            panic!("a door has three cells: {line}");
        };
        let package = names(package).pop_first().expect("a package");
        let door = Door {
            uses: names(uses),
            everything: uses.contains("every room"),
            never: names(never),
        };
        assert!(table.insert(package, door).is_none(), "twice: {line}");
    }
    table
}

/// Reads the little of TOML that manifests here consist of.
fn manifest(path: &str) -> Manifest {
    let (mut section, mut name, mut uses) = (String::new(), String::new(), BTreeSet::new());
    for line in tree::read(path).lines().map(str::trim) {
        if let Some(head) = line.strip_prefix('[') {
            section = head.trim_matches(['[', ']']).to_owned();
            // [dependencies.x] names x by itself.
            let normal = section.split_once("dependencies.").filter(|(kind, _)| {
                !kind.ends_with("dev-") && !kind.ends_with("build-") && *kind != "workspace."
            });
            if let Some((_, package)) = normal {
                uses.insert(package.to_owned());
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let key = key.trim().trim_matches('"');
        if section == "package" && key == "name" {
            name = value.trim().trim_matches('"').to_owned();
        }
        let normal = section == "dependencies"
            || (section.starts_with("target.") && section.ends_with(".dependencies"));
        if normal && !line.starts_with('#') {
            let package = key.split('.').next().expect("a first part");
            uses.insert(package.to_owned());
        }
    }
    Manifest {
        path: path.to_owned(),
        name,
        uses,
    }
}

/// Every package of the workspace.
pub fn packages() -> Vec<String> {
    rooms().into_iter().map(|room| room.name).collect()
}

fn rooms() -> Vec<Manifest> {
    tree::files("Cargo.toml")
        .iter()
        .filter(|path| !path.starts_with("tests/fuzz/"))
        .map(|path| manifest(path))
        .filter(|room| !room.name.is_empty())
        .collect()
}

#[test]
fn arrows_point_only_where_doors_are() {
    let doors = doors();
    let mut findings = Vec::new();
    for room in rooms() {
        let Some(door) = doors.get(&room.name) else {
            findings.push(format!("{}: {} has no line", room.path, room.name));
            continue;
        };
        for used in &room.uses {
            let ours = used.starts_with("strowger-");
            if ours && !door.everything && !door.uses.contains(used) {
                findings.push(format!("{}: no arrow to {used} is drawn", room.path));
            }
            if door.never.contains(used) {
                findings.push(format!("{}: must never use {used}", room.path));
            }
        }
    }
    tree::none(
        "Dependencies that ARCHITECTURE.md, \"Doors\", does not have",
        &findings,
    );
}

#[test]
fn every_door_leads_somewhere() {
    let packages: BTreeSet<String> = packages().into_iter().collect();
    let mut findings = Vec::new();
    for (name, door) in doors() {
        for name in door.uses.iter().chain([&name]) {
            if !packages.contains(name) {
                findings.push(format!("{name} is no package of the workspace"));
            }
        }
    }
    tree::none("Doors of rooms that are not there", &findings);
}

#[test]
fn there_is_no_way_round() {
    // Whoever may use whom: nothing comes back to where it began.
    let doors = doors();
    for start in doors.keys() {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = doors[start].uses.iter().collect();
        while let Some(next) = open.pop() {
            assert_ne!(next, start, "{start} can be reached from itself");
            if seen.insert(next) {
                open.extend(doors.get(next).into_iter().flat_map(|door| &door.uses));
            }
        }
    }
}
