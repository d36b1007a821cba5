//! baresip, a softphone, without a screen: each phone plays its own tone and records what it hears.

use crate::exchange::{Exchange, User};
use crate::{tone, tools};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// For baresip to start, connect, and answer a command.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);
/// Length of the tone file: longer than any test.
const TONE_SECONDS: f32 = 150.0;

/// What a phone does with an incoming call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Picks up at once.
    Auto,
    /// Lets it ring.
    Never,
}

/// A running baresip with one account. Killed when dropped.
pub struct Phone {
    child: Child,
    folder: tempfile::TempDir,
    control: TcpStream,
    unread: Vec<u8>,
    events: Vec<serde_json::Value>,
    name: String,
}

impl Phone {
    /// Starts a phone that registers as `user` and speaks with a tone of `hz`. `slot` is the phone's
    /// number within the test, 0 to 4: it chooses its ports.
    pub fn start(exchange: &Exchange, user: &User, hz: f32, answer: Answer, slot: u16) -> Phone {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path();
        tone::write(&path.join("tone.wav"), hz, TONE_SECONDS);
        fs::create_dir(path.join("heard")).expect("the folder can be made");
        // baresip also opens the port after its SIP port (TLS), and a range for audio; the test ports are
        // two apart, and the last ones are free for audio.
        let sip = exchange.test_port(slot * 8);
        let control = exchange.test_port(slot * 8 + 1);
        let audio = exchange.test_port(slot * 8 + 2);
        let modules = tools::baresip_modules().expect("checked before");
        let config = format!(
            "poll_method epoll\nsip_listen {host}:{sip}\ncall_local_timeout 120\ncall_max_calls 4\n\
             audio_player aubridge,ear\naudio_source aufile,{tone}\naudio_alert aubridge,alert\n\
             ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\n\
             audio_path {folder}\naudio_buffer 20-160\nrtp_ports {audio}-{last}\n\
             jitter_buffer_delay 1-5\nmodule_path {modules}\n\
             module g711.so\nmodule sndfile.so\nmodule aubridge.so\nmodule aufile.so\n\
             module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
             ctrl_tcp_listen {host}:{control}\nsnd_path {heard}\n",
            host = crate::exchange::HOST,
            tone = path.join("tone.wav").display(),
            folder = path.display(),
            last = audio + 11,
            modules = modules.display(),
            heard = path.join("heard").display(),
        );
        fs::write(path.join("config"), config).expect("the folder can be written");
        let account = format!(
            "<sip:{user}@{address}>;auth_pass={password};regint=600;answermode={mode};audio_codecs=PCMU/8000/1\n",
            user = user.user,
            address = exchange.address(),
            password = user.password,
            mode = if answer == Answer::Auto {
                "auto"
            } else {
                "manual"
            },
        );
        fs::write(path.join("accounts"), account).expect("the folder can be written");
        let log = fs::File::create(path.join("log")).expect("the folder can be written");
        let child = Command::new("baresip")
            .arg("-4")
            .arg("-f")
            .arg(path)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("baresip can be started");
        let control = connect(control, &path.join("log"));
        Phone {
            child,
            folder,
            control,
            unread: Vec::new(),
            events: Vec::new(),
            name: format!("baresip {}", user.user),
        }
    }

    /// Waits until the exchange has accepted the registration.
    pub fn await_registered(&mut self) {
        self.control_poll();
        // The control connection may have come after the event.
        let start = Instant::now();
        while start.elapsed() < COMMAND_LIMIT {
            if self.has_event("REGISTER_OK") || self.log().contains("200 OK") {
                return;
            }
            if self.has_event("REGISTER_FAIL") {
                panic!("{} could not register:\n{}", self.name, self.log());
            }
            self.poll_for(Duration::from_millis(100));
        }
        panic!(
            "{} was not registered in {COMMAND_LIMIT:?}:\n{}",
            self.name,
            self.log()
        );
    }

    fn control_poll(&mut self) {
        self.poll_for(Duration::from_millis(10));
    }

    /// What baresip itself wrote.
    pub fn log(&self) -> String {
        let octets = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&octets);
        text.lines()
            // Its status line comes many times a second.
            .filter(|line| !line.contains("(bit/s)") || line.contains("Call"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Sends a command and waits for its answer.
    pub fn command(&mut self, command: &str, parameters: Option<&str>) -> String {
        let mut request = serde_json::json!({ "command": command, "token": "t" });
        if let Some(parameters) = parameters {
            request["params"] = parameters.into();
        }
        let text = request.to_string();
        self.control
            .write_all(format!("{}:{text},", text.len()).as_bytes())
            .expect("baresip listens");
        let start = Instant::now();
        loop {
            self.poll_for(Duration::from_millis(50));
            if let Some(at) = self
                .events
                .iter()
                .position(|event| event["response"] == true)
            {
                let reply = self.events.remove(at);
                assert_eq!(
                    reply["ok"], true,
                    "{}: {command} failed: {reply}",
                    self.name
                );
                return reply["data"].as_str().unwrap_or_default().to_owned();
            }
            assert!(
                start.elapsed() < COMMAND_LIMIT,
                "{} did not answer {command:?}:\n{}",
                self.name,
                self.log()
            );
        }
    }

    /// Dials a number of the exchange.
    pub fn dial(&mut self, exchange: &Exchange, number: &str) {
        self.events.clear();
        let uri = format!("sip:{number}@{}", exchange.address());
        self.command("dial", Some(&uri));
    }

    /// Presses keys (RFC 4733), one after the other.
    pub fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.command("sndcode", Some(&key.to_string()));
            self.poll_for(Duration::from_millis(400));
        }
    }

    /// Hangs up.
    pub fn hang_up(&mut self) {
        self.command("hangup", None);
        self.await_event("CALL_CLOSED", COMMAND_LIMIT);
    }

    /// Waits for an event such as `CALL_ESTABLISHED` since the last dialling.
    pub fn await_event(&mut self, kind: &str, limit: Duration) {
        let start = Instant::now();
        while !self.has_event(kind) {
            assert!(
                start.elapsed() < limit,
                "{}: no {kind} within {limit:?}; events {:?}\n{}",
                self.name,
                self.event_names(),
                self.log()
            );
            self.poll_for(Duration::from_millis(50));
        }
    }

    /// Whether such an event has come since the last dialling.
    pub fn has_event(&self, kind: &str) -> bool {
        self.events.iter().any(|event| event["type"] == kind)
    }

    fn event_names(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter_map(|event| event["type"].as_str())
            .collect()
    }

    /// Lets time pass while events are collected.
    pub fn poll_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let step = left.clamp(Duration::from_millis(1), Duration::from_millis(50));
            self.control
                .set_read_timeout(Some(step))
                .expect("a time above zero");
            let mut buffer = [0; 4096];
            match self.control.read(&mut buffer) {
                Ok(0) => return std::thread::sleep(left),
                Ok(count) => self.unread.extend_from_slice(&buffer[..count]),
                Err(_) => {}
            }
            while let Some(event) = take_netstring(&mut self.unread) {
                self.events.push(event);
            }
        }
    }

    /// Everything heard so far, the calls one after the other.
    pub fn heard(&self) -> Vec<i16> {
        let mut files: Vec<PathBuf> = fs::read_dir(self.folder.path().join("heard"))
            .expect("the folder exists")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        files.sort();
        files.iter().flat_map(|file| tone::read(file)).collect()
    }

    /// Waits until it has heard the tone for that long in all.
    pub fn await_tone(&mut self, hz: f32, seconds: f32, limit: Duration) {
        let start = Instant::now();
        loop {
            let heard = self.heard();
            if tone::seconds_of(&heard, hz) >= seconds {
                return;
            }
            if start.elapsed() >= limit {
                tone::assert_heard(&self.name, &heard, hz, seconds);
            }
            self.poll_for(Duration::from_millis(250));
        }
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn connect(port: u16, log: &std::path::Path) -> TcpStream {
    let start = Instant::now();
    loop {
        match TcpStream::connect((crate::exchange::HOST, port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(
                start.elapsed() < COMMAND_LIMIT,
                "baresip does not listen: {error}\n{}",
                fs::read_to_string(log).unwrap_or_default()
            ),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Takes one `LENGTH:TEXT,` off the front.
fn take_netstring(unread: &mut Vec<u8>) -> Option<serde_json::Value> {
    let colon = unread.iter().position(|octet| *octet == b':')?;
    let length: usize = std::str::from_utf8(&unread[..colon]).ok()?.parse().ok()?;
    if unread.len() < colon + length + 2 {
        return None;
    }
    let value = serde_json::from_slice(&unread[colon + 1..=colon + length]).unwrap_or_default();
    unread.drain(..colon + length + 2);
    Some(value)
}
