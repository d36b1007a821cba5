//! SIPp, the traffic generator, with the scenarios of `sipp/`.

use crate::exchange::{Exchange, HOST, User};
use crate::tone;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the scenarios lie.
fn scenario_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("interop/sipp")
        .join(format!("{name}.xml"))
}

/// One run of SIPp: who, how often, how fast.
pub struct Sipp {
    command: Command,
    scenario: String,
    folder: tempfile::TempDir,
    limit: Duration,
}

/// A SIPp that runs in the background. Killed when dropped.
pub struct Running {
    child: Child,
    scenario: String,
    folder: tempfile::TempDir,
    limit: Duration,
}

/// What SIPp counted.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counted {
    /// Calls that went as the scenario says.
    pub successful: u64,
    /// Calls that did not.
    pub failed: u64,
    /// Messages sent again because no answer came.
    pub retransmissions: u64,
}

impl Sipp {
    /// A calling (or registering) SIPp. `user` logs in, `number` is dialled. Its ports come from the test
    /// ports of the exchange: `slot` 0 to 4.
    pub fn caller(
        exchange: &Exchange,
        scenario: &str,
        user: &User,
        number: &str,
        slot: u16,
    ) -> Sipp {
        let mut sipp = Sipp::new(
            scenario,
            exchange.test_port(slot * 8),
            exchange.test_port(slot * 8 + 2),
        );
        // The scenarios name this file; SIPp looks for it in its working folder.
        let audio = sipp.folder.path().join("audio.ulaw");
        let samples = tone::sine(440.0, tone::RATE * 2, 0);
        let octets: Vec<u8> = samples.into_iter().map(tone::to_ulaw).collect();
        fs::write(audio, octets).expect("the folder can be written");
        // By itself SIPp proves its password for the address of the server, not for what it asks for.
        let asked = if scenario.starts_with("register") {
            user.domain.clone()
        } else {
            format!("{number}@{}", user.domain)
        };
        sipp.command
            .args(["-auth_uri", &asked])
            .arg(exchange.address().to_string())
            .args(["-s", number, "-au", &user.user, "-ap", &user.password])
            .args(["-key", "user", &user.user, "-key", "domain", &user.domain]);
        sipp
    }

    /// A called SIPp that listens on `port`; it echoes the audio it gets.
    pub fn callee(scenario: &str, port: u16, media_port: u16) -> Sipp {
        let mut sipp = Sipp::new(scenario, port, media_port);
        sipp.command.arg("-rtp_echo");
        sipp
    }

    fn new(scenario: &str, port: u16, media_port: u16) -> Sipp {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new("sipp");
        command
            .current_dir(folder.path())
            .arg("-sf")
            .arg(scenario_file(scenario))
            .args(["-i", HOST, "-p", &port.to_string()])
            .args(["-mi", HOST, "-mp", &media_port.to_string()])
            .args(["-nostdin", "-m", "1"])
            .args(["-trace_err", "-error_file", "errors"])
            .args(["-trace_stat", "-stf", "figures", "-fd", "1"])
            .stdin(Stdio::null());
        Sipp {
            command,
            scenario: scenario.to_owned(),
            folder,
            limit: Duration::from_secs(60),
        }
    }

    /// So many calls in all, so many new ones a second.
    #[must_use]
    pub fn calls(mut self, total: u32, per_second: u32) -> Sipp {
        self.command
            .args(["-m", &total.to_string(), "-r", &per_second.to_string()]);
        self.command.args(["-l", &total.to_string()]);
        self
    }

    /// How long a call lasts (the scenario's pause without a time of its own).
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Sipp {
        self.command.args(["-d", &time.as_millis().to_string()]);
        self
    }

    /// Over TCP, all calls on one connection.
    #[must_use]
    pub fn over_tcp(mut self) -> Sipp {
        self.command.args(["-t", "t1"]);
        self
    }

    /// Ends with a failure after that time.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Sipp {
        self.limit = limit;
        self
    }

    /// Starts it in the background.
    pub fn start(mut self) -> Running {
        let screen = fs::File::create(self.folder.path().join("screen")).expect("writable");
        let child = self
            .command
            .args([
                "-timeout",
                &self.limit.as_secs().to_string(),
                "-timeout_error",
            ])
            .stdout(screen.try_clone().expect("a second handle"))
            .stderr(screen)
            .spawn()
            .expect("SIPp can be started");
        Running {
            child,
            scenario: self.scenario,
            folder: self.folder,
            limit: self.limit,
        }
    }

    /// Runs it to its end, which must be a success.
    pub fn run(self) -> Counted {
        self.start().finish()
    }
}

impl Running {
    /// Waits for the end, which must be a success.
    pub fn finish(mut self) -> Counted {
        let start = Instant::now();
        // SIPp watches its own time limit; this is for a SIPp that hangs.
        while start.elapsed() < self.limit + Duration::from_secs(10) {
            if let Some(status) = self.child.try_wait().expect("the process can be asked") {
                assert!(
                    status.success(),
                    "SIPp {} failed ({status}):\n{}",
                    self.scenario,
                    self.report()
                );
                return self.counted();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("SIPp {} hangs:\n{}", self.scenario, self.report());
    }

    /// What has been counted so far (SIPp writes it every second and at its end).
    pub fn counted(&self) -> Counted {
        let text = fs::read_to_string(self.folder.path().join("figures")).unwrap_or_default();
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
        let values: Vec<&str> = lines.next_back().unwrap_or_default().split(';').collect();
        let get = |name: &str| {
            names
                .iter()
                .position(|known| *known == name)
                .and_then(|at| values.get(at)?.parse().ok())
                .unwrap_or(0)
        };
        Counted {
            successful: get("SuccessfulCall(C)"),
            failed: get("FailedCall(C)"),
            retransmissions: get("Retransmissions(C)"),
        }
    }

    fn report(&self) -> String {
        let read = |name: &str, lines: usize| {
            let octets = fs::read(self.folder.path().join(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&octets).into_owned();
            let all: Vec<&str> = text.lines().collect();
            all[..all.len().min(lines)].join("\n")
        };
        let screen = read("screen", 100_000);
        let end: Vec<&str> = screen.lines().collect();
        format!(
            "{}\n--- unexpected ---\n{}",
            end[end.len().saturating_sub(60)..].join("\n"),
            read("errors", 40)
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
