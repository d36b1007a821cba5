//! The interactive console: history, completion, events while one types.

use super::client::{Client, Frame, read_frame, write_line};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, ExternalPrinter, Helper};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};

/// Replies that may wait; the console takes one before it sends the next command.
const REPLIES: usize = 16;

const HELP: &str = "\
Type a command of the exchange (\"help\" lists them; Tab completes), or one of these:
  /event [plain|json|xml] NAMES   show events, such as /event plain ALL
  /nixevent NAMES, /noevents      show fewer, or none
  /filter HEADER VALUE            show only events that have this
  /log [LEVEL], /nolog            show the log, or not
  /exit                           leave
";

/// Talks until the person or the exchange leaves.
pub fn talk(mut client: Client) -> Result<ExitCode, ReadlineError> {
    let commands = client
        .command("help")
        .map(|help| command_names(&help))
        .unwrap_or_default();
    let mut editor: Editor<Completion, FileHistory> = Editor::new()?;
    editor.set_helper(Some(Completion { commands }));
    let history = history_path();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    let (mut reader, mut writer, place) = client.split();
    let (sender, replies) = sync_channel(REPLIES);
    let mut show = printer(&mut editor);
    std::thread::spawn(move || {
        while let Ok(Some(frame)) = read_frame(&mut reader) {
            match frame.kind() {
                "api/response" | "command/reply" => {
                    if sender.send(frame).is_err() {
                        return;
                    }
                }
                _ => show(format!("{}\n", frame.body.trim_end())),
            }
        }
    });
    if std::io::stdin().is_terminal() {
        println!("Connected to {place}. \"/help\" helps, \"/exit\" leaves.");
    }
    let code = loop {
        let line = match editor.readline("strowger> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => break ExitCode::SUCCESS,
            Err(error) => return Err(error),
        };
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        // History is a convenience: without it the console works as well.
        let _ = editor.add_history_entry(line);
        let sent = match line.strip_prefix('/') {
            Some("exit" | "quit" | "bye") => break ExitCode::SUCCESS,
            Some("help") => {
                print!("{HELP}");
                continue;
            }
            Some(raw) => raw.to_owned(),
            None if line == "..." => break ExitCode::SUCCESS,
            None => format!("api {line}"),
        };
        if write_line(&mut writer, &sent).is_err() || !show_reply(&replies) {
            eprintln!("strowger: the exchange at {place} hung up");
            break ExitCode::from(super::UNREACHABLE);
        }
    };
    if let Some(path) = &history {
        let _ = editor.save_history(path);
    }
    Ok(code)
}

/// Prints events above the line being typed; plainly when nobody types.
fn printer(editor: &mut Editor<Completion, FileHistory>) -> Box<dyn FnMut(String) + Send> {
    match editor.create_external_printer() {
        Ok(mut printer) => Box::new(move |text| {
            // The terminal is gone, and the console with it.
            let _ = printer.print(text);
        }),
        Err(_) => Box::new(|text| print!("{text}")),
    }
}

fn show_reply(replies: &Receiver<Frame>) -> bool {
    let Ok(frame) = replies.recv() else {
        return false;
    };
    if frame.kind() == "command/reply" {
        println!("{}", frame.header("Reply-Text"));
    } else {
        print!("{}", frame.body);
        if !frame.body.ends_with('\n') {
            println!();
        }
    }
    true
}

fn history_path() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("HOME")?).join(".strowger_history"))
}

/// The commands that `help` lists: the first word of each line.
fn command_names(help: &str) -> Vec<String> {
    let is_name = |word: &&str| {
        word.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.'))
    };
    let mut names: Vec<String> = help
        .lines()
        .filter_map(|line| line.split([',', ' ', '\t']).next())
        .filter(|word| !word.is_empty())
        .filter(is_name)
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Completes the names of commands.
struct Completion {
    commands: Vec<String>,
}

const LOCAL: [&str; 8] = [
    "/event",
    "/exit",
    "/log",
    "/nolog",
    "/filter",
    "/help",
    "/nixevent",
    "/noevents",
];

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<String>), ReadlineError> {
        let typed = line.get(..position).unwrap_or(line);
        Ok((0, complete(&self.commands, typed)))
    }
}

fn complete(commands: &[String], typed: &str) -> Vec<String> {
    if typed.contains(' ') {
        return Vec::new();
    }
    commands
        .iter()
        .map(String::as_str)
        .chain(LOCAL)
        .filter(|name| name.starts_with(typed))
        .map(|name| format!("{name} "))
        .collect()
}

impl Helper for Completion {}
impl Highlighter for Completion {}
impl Validator for Completion {}
impl Hinter for Completion {
    type Hint = String;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_help_and_complete() {
        let help = "Valid Commands:\nstatus,,The state,core\nshow\tcalls\n\n2 commands\n";
        let names = command_names(help);
        assert!(names.contains(&"status".to_owned()) && names.contains(&"show".to_owned()));
        assert_eq!(complete(&names, "st"), ["status "]);
        assert_eq!(
            complete(&names, "/n"),
            ["/nolog ", "/nixevent ", "/noevents "]
        );
        assert!(complete(&names, "status x").is_empty());
    }
}
