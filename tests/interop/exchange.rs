//! The real program under test: started in a folder of its own on ports of its own, watched through /proc.

use crate::ports::PortBlock;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// The address everything runs on.
pub const HOST: &str = "127.0.0.1";
/// From the start of the process to its ready line. Generous: many tests share two cores.
const START_LIMIT: Duration = Duration::from_secs(30);
/// From SIGTERM to the end of the process: drain time (5 s) and flushing.
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// The root of the source tree.
pub fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies below the project's root")
        .to_path_buf()
}

/// The program: `$STROWGER_BIN`, or built now from this source tree: for load always optimised, else in the
/// profile of the tests.
pub fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            if let Some(given) = std::env::var_os("STROWGER_BIN") {
                let path = PathBuf::from(given);
                assert!(
                    path.is_file(),
                    "STROWGER_BIN names {}, which is no file: build it with \"cargo build --release\"",
                    path.display()
                );
                return path;
            }
            build(crate::OPTIMISED || !cfg!(debug_assertions))
        })
        .clone()
}

fn build(optimised: bool) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(project_root()).args([
        "build",
        "--quiet",
        "--package",
        "strowger-tools",
        "--bin",
        "strowger",
    ]);
    if optimised {
        command.arg("--release");
    }
    let built = command.status().expect("cargo can be run");
    assert!(built.success(), "the exchange does not build: see above");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| project_root().join("target"), PathBuf::from);
    target
        .join(if optimised { "release" } else { "debug" })
        .join("strowger")
}

/// How an exchange shall be started.
pub struct Setup {
    conf: Option<tempfile::TempDir>,
    ports: u16,
    arguments: Vec<String>,
}

impl Setup {
    /// The repository's configuration as it is.
    pub fn stock() -> Setup {
        Setup {
            conf: None,
            ports: 1,
            arguments: Vec::new(),
        }
    }

    /// Takes that many port blocks instead of one: for more calls at once.
    #[must_use]
    pub fn port_blocks(mut self, blocks: u16) -> Setup {
        self.ports = blocks;
        self
    }

    /// One more argument on the command line.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Setup {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Changes a file of a copy of the configuration; `from` must be in it.
    #[must_use]
    pub fn edit(mut self, file: &str, from: &str, to: &str) -> Setup {
        let path = self.copy().join(file);
        let text = fs::read_to_string(&path).expect("the configuration file exists");
        assert!(text.contains(from), "{file} no longer holds {from:?}");
        fs::write(&path, text.replace(from, to)).expect("the copy can be written");
        self
    }

    /// Adds a file to a copy of the configuration.
    #[must_use]
    pub fn file(mut self, file: &str, text: &str) -> Setup {
        fs::write(self.copy().join(file), text).expect("the copy can be written");
        self
    }

    /// Where the copied configuration lies (made when there is none yet).
    pub fn copy(&mut self) -> PathBuf {
        let copy = self.conf.get_or_insert_with(|| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            copy_tree(&project_root().join("conf"), folder.path());
            folder
        });
        copy.path().to_path_buf()
    }

    /// Starts the exchange and waits until it is ready.
    pub fn start(self) -> Exchange {
        let conf = self.conf.as_ref().map_or_else(
            || project_root().join("conf"),
            |copy| copy.path().to_path_buf(),
        );
        let mut exchange = Exchange {
            child: None,
            data: tempfile::tempdir().expect("a temporary folder"),
            ports: PortBlock::take(self.ports),
            log: Arc::new(Mutex::new(Vec::new())),
            conf,
            setup: self,
        };
        exchange.launch();
        exchange
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the file can be copied");
        }
    }
}

/// A user of the directory, as `strowger users --json` prints it.
#[derive(Clone, Debug)]
pub struct User {
    /// Extension number and login name.
    pub user: String,
    /// The domain it belongs to.
    pub domain: String,
    /// SIP password.
    pub password: String,
    /// Voicemail PIN.
    pub pin: String,
}

/// What the process holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Resident memory in kilobytes.
    pub rss_kb: u64,
    /// Open file handles.
    pub handles: usize,
    /// Threads.
    pub threads: usize,
    /// UDP sockets bound inside its RTP range.
    pub rtp_ports: usize,
}

/// A running exchange. Killed when dropped.
pub struct Exchange {
    child: Option<Child>,
    data: tempfile::TempDir,
    conf: PathBuf,
    ports: PortBlock,
    log: Arc<Mutex<Vec<String>>>,
    setup: Setup,
}

impl Exchange {
    /// The stock configuration, started.
    pub fn start() -> Exchange {
        Setup::stock().start()
    }

    /// Port of the phones (UDP and TCP).
    pub fn sip_port(&self) -> u16 {
        self.ports.at(0)
    }

    /// Port of strangers and trunks.
    pub fn external_port(&self) -> u16 {
        self.ports.at(2)
    }

    /// A port of this exchange's block that only the test uses; `index` 0 to 39, steps of 2.
    pub fn test_port(&self, index: u16) -> u16 {
        assert!(index < 40, "ports kept for the test");
        self.ports.at(10 + index * 2)
    }

    /// SIP address of the phones' port, `127.0.0.1:port`.
    pub fn address(&self) -> std::net::SocketAddr {
        std::net::SocketAddr::from(([127, 0, 0, 1], self.sip_port()))
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Number of the process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the exchange runs").id()
    }

    fn globals(&self) -> Vec<(String, String)> {
        let (first, last) = self.ports.media();
        vec![
            ("local_ip_v4".to_owned(), HOST.to_owned()),
            ("internal_sip_port".to_owned(), self.ports.at(0).to_string()),
            ("external_sip_port".to_owned(), self.ports.at(2).to_string()),
            ("event_socket_port".to_owned(), self.ports.at(4).to_string()),
            ("rtp_start_port".to_owned(), first.to_string()),
            ("rtp_end_port".to_owned(), last.to_string()),
        ]
    }

    /// The program with this exchange's folders and variables, for a subcommand.
    pub fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(program());
        command.current_dir(project_root()).arg(subcommand);
        command.arg("--conf").arg(&self.conf);
        command.arg("--data").arg(self.data.path());
        command.arg("--sounds").arg(project_root().join("sounds"));
        for (name, value) in self.globals() {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        command
    }

    fn launch(&mut self) {
        let mut command = self.command("run");
        command
            .args(&self.setup.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the exchange can be started");
        let errors = child.stderr.take().expect("standard error is piped");
        let (lines, arrivals) = channel();
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines() {
                let Ok(line) = line else { break };
                if line.starts_with("Strowger is ready") {
                    let _ = lines.send(());
                }
                log.lock().expect("no panic under the lock").push(line);
            }
        });
        self.child = Some(child);
        self.await_ready(&arrivals);
    }

    fn await_ready(&mut self, ready: &Receiver<()>) {
        match ready.recv_timeout(START_LIMIT) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => panic!(
                "the exchange was not ready after {START_LIMIT:?}:\n{}",
                self.log_tail(40)
            ),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.as_mut().map(Child::wait);
                panic!(
                    "the exchange ended at once ({status:?}):\n{}",
                    self.log_tail(40)
                );
            }
        }
    }

    /// The last lines of its standard error.
    pub fn log_tail(&self, lines: usize) -> String {
        let log = self.log.lock().expect("no panic under the lock");
        log[log.len().saturating_sub(lines)..].join("\n")
    }

    /// `strowger users --json`.
    pub fn users(&self) -> Vec<User> {
        let output = self
            .command("users")
            .arg("--json")
            .output()
            .expect("the program can be run");
        assert!(
            output.status.success(),
            "\"strowger users\" failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let list: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("\"strowger users --json\" prints JSON");
        let text = |entry: &serde_json::Value, key: &str| {
            entry[key].as_str().unwrap_or_default().to_owned()
        };
        list.as_array()
            .expect("a list of users")
            .iter()
            .map(|entry| User {
                user: text(entry, "user"),
                domain: text(entry, "domain"),
                password: text(entry, "password"),
                pin: text(entry, "pin"),
            })
            .collect()
    }

    /// One user of the directory.
    pub fn user(&self, number: &str) -> User {
        self.users()
            .into_iter()
            .find(|user| user.user == number)
            .unwrap_or_else(|| panic!("\"strowger users\" does not name {number}"))
    }

    /// The reply of a console command.
    pub fn cli(&self, command: &str) -> String {
        let output = self
            .command("cli")
            .args(["--port", &self.ports.at(4).to_string(), "-x", command])
            .output()
            .expect("the program can be run");
        assert_ne!(
            output.status.code(),
            Some(2),
            "the console cannot connect: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.log_tail(10)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The number before `total.` in the reply to `show WHAT count`.
    pub fn count(&self, what: &str) -> usize {
        let reply = self.cli(&format!("show {what} count"));
        reply
            .split_whitespace()
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("\"show {what} count\" answered {reply:?}"))
    }

    /// Waits until no session is left.
    pub fn await_idle(&self, limit: Duration) {
        let start = Instant::now();
        loop {
            let (channels, calls) = (self.count("channels"), self.count("calls"));
            if channels == 0 && calls == 0 {
                return;
            }
            assert!(
                start.elapsed() < limit,
                "after {limit:?} there are still {channels} sessions and {calls} calls:\n{}",
                self.cli("show channels")
            );
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.pid().to_string()])
            .status()
            .expect("kill can be run");
        assert!(sent.success(), "the exchange is gone already");
    }

    /// Sends SIGTERM and returns at once.
    pub fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    /// Waits for the end of the process: its exit code and how long that took.
    pub fn await_end(&mut self) -> (Option<i32>, Duration) {
        let start = Instant::now();
        let child = self.child.as_mut().expect("the exchange runs");
        while start.elapsed() < STOP_LIMIT {
            if let Some(status) = child.try_wait().expect("the process can be asked") {
                return (status.code(), start.elapsed());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!(
            "still running {STOP_LIMIT:?} after SIGTERM:\n{}",
            self.log_tail(20)
        );
    }

    /// `kill -9`, without any chance to tidy up.
    pub fn kill_9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the process can be killed");
            child.wait().expect("the process can be awaited");
        }
    }

    /// Starts it again with the same data, after [`Exchange::kill_9`] or [`Exchange::await_end`].
    pub fn restart(&mut self) {
        self.kill_9();
        self.launch();
    }

    /// Memory, handles, threads and media ports now.
    pub fn footprint(&self) -> Footprint {
        let process = PathBuf::from(format!("/proc/{}", self.pid()));
        let status = fs::read_to_string(process.join("status")).expect("the process runs");
        let field = |name: &str| -> u64 {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
                .unwrap_or_else(|| panic!("/proc/PID/status has no {name}"))
        };
        Footprint {
            rss_kb: field("VmRSS:"),
            handles: fs::read_dir(process.join("fd"))
                .expect("the process runs")
                .count(),
            threads: usize::try_from(field("Threads:")).expect("a small number"),
            rtp_ports: self.rtp_ports(),
        }
    }

    fn rtp_ports(&self) -> usize {
        let (first, last) = self.ports.media();
        let table = fs::read_to_string("/proc/net/udp").expect("Linux");
        table
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().nth(1)?.split(':').nth(1))
            .filter_map(|port| u16::from_str_radix(port, 16).ok())
            .filter(|port| (first..=last).contains(port) && !self.ports.is_guard(*port))
            .count()
    }

    /// Processor time used so far, of all threads.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it runs");
        let after_name = stat.rsplit(')').next().expect("a name in brackets");
        // Fields 14 and 15 of proc(5), in hundredths of a second; the first field after the name is number 3.
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(14 - 3)
            .take(2)
            .map(|field| field.parse::<u64>().expect("a number"))
            .sum();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the exchange's last words ---\n{}", self.log_tail(60));
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
