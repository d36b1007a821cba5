//! `show api`, `show application`, `show modules` and the like: what the exchange can do.

use super::table::Table;
use std::collections::BTreeMap;
use strowger_core::Switch;

/// Module named for what the exchange's core itself provides.
const CORE: &str = "CORE";

/// One thing that the exchange provides.
struct Interface {
    kind: &'static str,
    name: String,
    module: &'static str,
}

/// `show api`.
pub(super) fn commands(switch: &Switch) -> Table {
    let mut table = Table::new(&["name", "description", "syntax", "ikey"]);
    let registry = switch.registry();
    for command in registry.commands.iter() {
        let spec = &command.spec;
        let module = registry.command_module(spec.name).unwrap_or(CORE);
        table.row(texts([spec.name, spec.summary, spec.syntax, module]));
    }
    table
}

/// `show application`.
pub(super) fn applications(switch: &Switch) -> Table {
    let mut table = Table::new(&["name", "description", "syntax", "ikey"]);
    let registry = switch.registry();
    for application in registry.applications.iter() {
        let spec = application.spec();
        let module = registry.application_module(spec.name).unwrap_or(CORE);
        table.row(texts([
            spec.name,
            spec.summary,
            &spec.grammar.usage(),
            module,
        ]));
    }
    table
}

fn texts<const N: usize>(values: [&str; N]) -> Vec<String> {
    values.into_iter().map(str::to_owned).collect()
}

fn all(switch: &Switch) -> Vec<Interface> {
    let registry = switch.registry();
    let mut all = Vec::new();
    let mut add = |kind, name: String, module| all.push(Interface { kind, name, module });
    for command in registry.commands.iter() {
        let name = command.spec.name;
        add(
            "api",
            name.to_owned(),
            registry.command_module(name).unwrap_or(CORE),
        );
    }
    for application in registry.applications.iter() {
        let name = application.spec().name;
        add(
            "application",
            name.to_owned(),
            registry.application_module(name).unwrap_or(CORE),
        );
    }
    let mut codecs: Vec<String> = switch
        .codecs()
        .all()
        .iter()
        .map(|codec| codec.format().name.to_string())
        .collect();
    codecs.sort();
    codecs.dedup();
    for name in codecs {
        add("codec", name, CORE);
    }
    for name in ["XML", "inline"] {
        if switch.config().dialplan(name).is_some() {
            add("dialplan", name.to_owned(), CORE);
        }
    }
    for name in registry.endpoint_names() {
        let module = registry.other_module("endpoint", name);
        add("endpoint", name.to_owned(), module.unwrap_or(CORE));
    }
    for name in switch.speakers().languages() {
        let module = registry.other_module("say", name);
        add("say", name.to_owned(), module.unwrap_or(CORE));
    }
    all
}

/// `show codec`, `show endpoint`, …
pub(super) fn of_kind(switch: &Switch, kind: &str) -> Table {
    let mut table = Table::new(&["type", "name", "ikey"]);
    for interface in all(switch) {
        if interface.kind == kind {
            table.row(texts([interface.kind, &interface.name, interface.module]));
        }
    }
    table
}

/// `show interfaces`.
pub(super) fn interfaces(switch: &Switch) -> Table {
    let mut table = Table::new(&["type", "name", "ikey"]);
    for interface in all(switch) {
        table.row(texts([interface.kind, &interface.name, interface.module]));
    }
    table
}

/// `show modules`: what each module provides. There are no files: modules are part of the program.
pub(super) fn modules(switch: &Switch) -> Table {
    let mut table = Table::new(&["type", "name", "ikey", "filename"]);
    for interface in all(switch) {
        table.row(texts([
            interface.kind,
            &interface.name,
            interface.module,
            "",
        ]));
    }
    table
}

/// `show interface_types`.
pub(super) fn types(switch: &Switch) -> Table {
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    let all = all(switch);
    for interface in &all {
        *totals.entry(interface.kind).or_default() += 1;
    }
    let mut table = Table::new(&["type", "total"]);
    for (kind, total) in totals {
        table.row(vec![kind.to_owned(), total.to_string()]);
    }
    table
}
