//! Writes `applications/REFERENCE.md`: every application, function, command and configuration, from what the rooms
//! themselves declare. `--check` fails when the page is not up to date.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use strowger_core::application::CommandSpec;
use strowger_core::{Application, Assembly};
use strowger_model::{ApplicationSpec, MediaNeed};
use strowger_tools::wiring;

const HEAD: &str = "\
# Reference

What a dialplan and an operator can name. This page is generated from the program (`cargo run --bin reference`); change
the declarations, not the page.

In a usage line `<x>` must be there and `[x]` may be left out.
";

fn main() -> ExitCode {
    let page = page();
    let path = path();
    let check = std::env::args()
        .nth(1)
        .is_some_and(|word| word == "--check");
    if check {
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        if written == page {
            return ExitCode::SUCCESS;
        }
        eprintln!("applications/REFERENCE.md is not up to date; run: cargo run --bin reference");
        return ExitCode::FAILURE;
    }
    match std::fs::write(&path, page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} cannot be written: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// The page in the source tree that this program was built from.
fn path() -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "applications",
        "REFERENCE.md",
    ]
    .iter()
    .collect()
}

fn page() -> String {
    let assembly = Assembly::of(wiring::modules());
    let mut page = HEAD.to_owned();
    page.push_str("\n## Applications\n\n`<action application=\"name\" data=\"arguments\"/>`\n");
    for application in assembly.registry.applications.iter() {
        describe(application, &mut page);
    }
    let commands: Vec<&CommandSpec> = assembly
        .registry
        .commands
        .iter()
        .map(|command| &command.spec)
        .collect();
    page.push_str("\n## Functions\n\n`${name(arguments)}` in a dialplan; the same names work as commands.\n\n");
    table(
        commands
            .iter()
            .copied()
            .filter(|command| command.expandable),
        &mut page,
    );
    page.push_str("\n## Commands\n\nOn the console (`strowger cli`) and the event socket (`api`, `bgapi`).\n\n");
    table(
        commands
            .iter()
            .copied()
            .filter(|command| !command.expandable),
        &mut page,
    );
    page.push_str(
        "\n## Configurations\n\n`<configuration name=\"…\">` elements that are read; any other is reported by \
         `strowger check`.\n\n",
    );
    let names: BTreeSet<&str> = assembly
        .sections
        .iter()
        .map(|section| section.name())
        .chain(["acl.conf"])
        .collect();
    for name in names {
        line(&mut page, &format!("- `{name}`"));
    }
    page
}

/// Writing to a text cannot fail.
fn line(page: &mut String, text: &str) {
    let _ = writeln!(page, "{text}");
}

fn describe(application: &dyn Application, page: &mut String) {
    let spec: &ApplicationSpec = application.spec();
    let usage = spec.grammar.usage();
    line(page, &format!("\n### {}\n", spec.name));
    line(page, &format!("{}.\n", spec.summary.trim_end_matches('.')));
    if spec.help != spec.summary {
        line(page, &format!("{}\n", spec.help));
    }
    line(
        page,
        &format!(
            "```text\n{}\n```",
            format!("{} {usage}", spec.name).trim_end()
        ),
    );
    if !spec.grammar.arguments.is_empty() {
        line(page, "\n| argument | is | |\n|---|---|---|");
    }
    for argument in spec.grammar.arguments {
        let is = match argument.choices {
            [] => argument.kind.to_owned(),
            choices => choices.join(", "),
        };
        let mut about = argument.help.to_owned();
        if let Some(default) = argument.default.filter(|default| !default.is_empty()) {
            let _ = write!(about, " (`{default}`)");
        }
        line(
            page,
            &format!(
                "| `{}` | {} | {} |",
                argument.name,
                cell(&is),
                cell(about.trim())
            ),
        );
    }
    let mut notes = Vec::new();
    if spec.media == MediaNeed::Required {
        notes.push("opens the audio path first if nothing has");
    }
    if spec.inline {
        notes.push("may run while the dialplan is still searching (`inline=\"true\"`)");
    }
    if spec.after_hangup {
        notes.push("also runs after the call has ended");
    }
    if !notes.is_empty() {
        line(page, &format!("\nIt {}.", notes.join("; it ")));
    }
}

fn table<'a>(commands: impl Iterator<Item = &'a CommandSpec>, page: &mut String) {
    line(page, "| name | arguments | |\n|---|---|---|");
    for command in commands {
        let syntax = match command.syntax {
            "" => String::new(),
            syntax => format!("`{}`", cell(syntax)),
        };
        line(
            page,
            &format!(
                "| `{}` | {syntax} | {} |",
                command.name,
                cell(command.summary)
            ),
        );
    }
}

/// A text as one cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_and_command_has_an_entry() {
        let page = page();
        let assembly = Assembly::of(wiring::modules());
        for application in assembly.registry.applications.iter() {
            assert!(page.contains(&format!("\n### {}\n", application.spec().name)));
        }
        for command in assembly.registry.commands.iter() {
            assert!(page.contains(&format!("\n| `{}` |", command.spec.name)));
        }
        assert!(page.contains("`event_socket.conf`"));
    }
}
