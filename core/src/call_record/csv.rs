//! Call records as CSV lines (`cdr_csv.conf`): rendered by the session's task, written by one thread.

use crate::session::ChannelScope;
use crate::switch::Switch;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use strowger_model::{
    BoxFuture, ChannelSnapshot, Diagnostics, Element, Expanded, Params, Reload, Scope, Section,
    Template,
};

/// Lines that wait for the disk; beyond that the session's thread writes itself, so that no record is lost.
const WAITING_LINES: usize = 4_096;

/// Which legs are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legs {
    /// Those that called us.
    A,
    /// Those that we called.
    B,
    /// Both.
    Both,
}

/// `cdr_csv.conf`.
#[derive(Debug)]
pub struct CdrCsv {
    enabled: bool,
    base: Option<PathBuf>,
    default_template: String,
    templates: BTreeMap<String, Template>,
    legs: Legs,
    master_only: bool,
    rotate_on_hup: bool,
    exact: bool,
}

const BUILT_IN: &str = "\"${caller_id_name}\",\"${caller_id_number}\",\"${destination_number}\",\"${context}\",\
\"${start_stamp}\",\"${answer_stamp}\",\"${end_stamp}\",\"${duration}\",\"${billsec}\",\"${hangup_cause}\",\
\"${uuid}\",\"${bleg_uuid}\",\"${accountcode}\",\"${read_codec}\",\"${write_codec}\"";

impl Section for CdrCsv {
    const NAME: &'static str = "cdr_csv.conf";
    const RELOAD: Reload = Reload::Live;

    fn compile(element: Option<&Element>, report: &mut Diagnostics) -> Self {
        let mut params = Params::new(
            element.and_then(|element| element.child("settings")),
            report,
        );
        let base = params
            .text("log-base")
            .filter(|base| !base.is_empty())
            .map(PathBuf::from);
        let default_template = params
            .text("default-template")
            .unwrap_or("example")
            .to_owned();
        let legs = match params.choice("legs", &["a", "b", "ab"]) {
            Some("b") => Legs::B,
            Some("ab") => Legs::Both,
            _ => Legs::A,
        };
        let master_only =
            params.boolean("master-file-only", false) | params.boolean("masterfileonly", false);
        let rotate_on_hup = params.boolean("rotate-on-hup", true);
        let exact = params.boolean("exact-values", false);
        params.meaningless(&["debug"]);
        params.finish();
        let mut templates = BTreeMap::new();
        for template in element
            .and_then(|element| element.child("templates"))
            .into_iter()
            .flat_map(|templates| templates.elements_named("template"))
        {
            if let Some(name) = template.attr("name") {
                templates.insert(name.to_owned(), Template::parse(&template.text()));
            }
        }
        if element.is_some()
            && !templates.contains_key(&default_template)
            && let Some(element) = element
        {
            report.warning(
                Some(element.source.clone()),
                format!("the default template {default_template} of cdr_csv.conf"),
                "there is no template of that name",
                "the built-in template is used; add it or name another",
            );
        }
        CdrCsv {
            enabled: element.is_some(),
            base,
            default_template,
            templates,
            legs,
            master_only,
            rotate_on_hup,
            exact,
        }
    }
}

impl CdrCsv {
    /// Whether a signal to rotate means something.
    pub fn rotates_on_hup(&self) -> bool {
        self.rotate_on_hup
    }

    /// The lines for one call: file and text.
    pub(crate) fn lines(
        &self,
        switch: &Switch,
        channel: &ChannelSnapshot,
        log_dir: &Path,
    ) -> Vec<(PathBuf, String)> {
        let is_b = channel.variables.get("originator").is_some();
        let wanted = match self.legs {
            Legs::A => !is_b,
            Legs::B => is_b,
            Legs::Both => true,
        };
        let policy = channel.variables.text("process_cdr").unwrap_or_default();
        let forced = channel.variables.is_true("force_process_cdr");
        let refused = strowger_model::is_false(policy)
            || (policy == "a_only" && is_b)
            || (policy == "b_only" && !is_b);
        if !self.enabled || !(wanted || forced) || (refused && !forced) {
            return Vec::new();
        }
        let skip = channel
            .variables
            .text("skip_cdr_causes")
            .unwrap_or_default();
        let cause = channel.variables.text("hangup_cause").unwrap_or_default();
        if skip
            .split(['|', ','])
            .any(|skipped| !skipped.is_empty() && skipped.trim().eq_ignore_ascii_case(cause))
        {
            return Vec::new();
        }
        let base = self.base.clone().unwrap_or_else(|| log_dir.join("cdr-csv"));
        let base = if base.ends_with("cdr-csv") {
            base
        } else {
            base.join("cdr-csv")
        };
        let scope = CsvScope {
            inner: ChannelScope::of_snapshot(switch, channel),
            exact: self.exact,
        };
        let account = channel
            .variables
            .text("accountcode")
            .filter(|code| is_file_name(code));
        let own_template = account.and_then(|account| self.templates.get(account));
        let default = Template::parse(BUILT_IN);
        let template = own_template
            .or_else(|| self.templates.get(&self.default_template))
            .unwrap_or(&default);
        let text = format!("{}\n", template.expand_now(&scope));
        let mut lines = vec![(base.join("Master.csv"), text.clone())];
        if let Some(account) = account.filter(|_| !self.master_only) {
            lines.push((base.join(format!("{account}.csv")), text));
        }
        lines
    }
}

/// Letters, digits, `.`, `_`, `+`, `-`: what may name a file.
fn is_file_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
}

/// Values as they may stand in a quoted CSV field: quotes doubled, one line, no formula for a spreadsheet.
struct CsvScope<'a> {
    inner: ChannelScope<'a>,
    exact: bool,
}

impl Scope for CsvScope<'_> {
    fn variable(&self, name: &str) -> Option<Expanded> {
        self.inner
            .look_up(name)
            .map(|value| Expanded::network(csv_value(&value, self.exact)))
    }

    fn function<'a>(&'a self, name: &'a str, args: Expanded) -> BoxFuture<'a, Option<Expanded>> {
        self.inner.function(name, args)
    }
}

fn csv_value(value: &Expanded, exact: bool) -> String {
    let text = value.as_str();
    let mut out = String::with_capacity(text.len());
    if !exact && value.has_network() && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        out.push('\'');
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\"\""),
            '\n' | '\r' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

enum Job {
    Line(PathBuf, String),
    Rotate(String),
    Flush(SyncSender<()>),
}

/// The thread that appends lines to files.
pub struct CsvWriter {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl CsvWriter {
    /// Starts the writer.
    pub fn start() -> std::io::Result<CsvWriter> {
        let (jobs, inbox) = sync_channel(WAITING_LINES);
        let thread = std::thread::Builder::new()
            .name("call-records".to_owned())
            .spawn(move || write_all(&inbox))?;
        Ok(CsvWriter {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
        })
    }

    fn send(&self, job: Job) {
        let jobs = self
            .jobs
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        let Some(jobs) = jobs else { return };
        match jobs.try_send(job) {
            Ok(()) => {}
            // A disk that is this slow slows the end of calls, never their media, and loses no record.
            Err(TrySendError::Full(Job::Line(path, line))) => append(&path, &line),
            Err(TrySendError::Full(job)) => drop(jobs.send(job)),
            Err(TrySendError::Disconnected(_)) => {}
        }
    }

    /// Queues a line for a file.
    pub fn write(&self, path: PathBuf, line: String) {
        self.send(Job::Line(path, line));
    }

    /// Renames every file written so far with this suffix; the next line begins a new one.
    pub fn rotate(&self, suffix: String) {
        self.send(Job::Rotate(suffix));
    }

    /// Waits until everything queued is on disk. Blocking.
    pub fn flush(&self) {
        let (done, finished) = sync_channel(1);
        self.send(Job::Flush(done));
        // The writer answers or has gone.
        let _ = finished.recv_timeout(std::time::Duration::from_secs(5));
    }

    /// Writes what is queued and ends the thread. Blocking.
    pub fn stop(&self) {
        self.jobs
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(thread) = self
            .thread
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take()
        {
            // It has no way to panic that matters here: every failure is a log line.
            let _ = thread.join();
        }
    }
}

fn write_all(jobs: &Receiver<Job>) {
    let mut known = std::collections::BTreeSet::new();
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Line(path, line) => {
                append(&path, &line);
                known.insert(path);
            }
            Job::Rotate(suffix) => {
                for path in std::mem::take(&mut known) {
                    let mut name = path.clone().into_os_string();
                    name.push(format!(".{suffix}"));
                    if let Err(error) = std::fs::rename(&path, &name) {
                        tracing::warn!(path = %path.display(), %error, "a call record file cannot be rotated");
                    }
                }
            }
            Job::Flush(done) => drop(done.try_send(())),
        }
    }
}

fn append(path: &Path, line: &str) {
    let result = path
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(path)?;
            file.write_all(line.as_bytes())
        });
    if let Err(error) = result {
        // The record itself goes to the log: better there than nowhere.
        tracing::error!(path = %path.display(), %error, record = line.trim_end(), "a call record cannot be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_name_is_no_formula_and_no_second_line() {
        assert_eq!(
            csv_value(&Expanded::network("=cmd|' /C calc'!A0"), false),
            "'=cmd|' /C calc'!A0"
        );
        assert_eq!(csv_value(&Expanded::network("a\"b\nc"), false), "a\"\"b c");
        assert_eq!(
            csv_value(&Expanded::network("+15551234"), true),
            "+15551234"
        );
        assert_eq!(csv_value(&Expanded::trusted("-5"), false), "-5");
    }

    #[test]
    fn lines_are_appended_and_files_rotated() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("cdr-csv").join("Master.csv");
        let writer = CsvWriter::start().expect("started");
        writer.write(path.clone(), "one\n".into());
        writer.write(path.clone(), "two\n".into());
        writer.rotate("old".into());
        writer.write(path.clone(), "three\n".into());
        writer.stop();
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "three\n");
        assert_eq!(
            std::fs::read_to_string(path.with_file_name("Master.csv.old")).expect("read"),
            "one\ntwo\n"
        );
    }

    #[test]
    fn account_codes_are_file_names_only_when_harmless() {
        assert!(is_file_name("1000"));
        assert!(!is_file_name("../x"));
        assert!(!is_file_name(".hidden"));
        assert!(!is_file_name("a/b"));
    }
}
