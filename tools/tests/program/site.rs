//! A configuration of its own for each test, and the program run on it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file that no configuration can be made of.
pub const BROKEN: &str = "<include>\n<oops>\n</include>\n";

pub const DIALPLAN: &str = r#"<include>
  <context name="default">
    <extension name="people"><condition field="destination_number" expression="^(10\d\d)$">
      <action application="bridge" data="user/$1"/>
    </condition></extension>
    <extension name="night">
      <condition time-of-day="20:00-23:00"/>
      <condition field="destination_number" expression="^9$"><action application="hangup"/></condition>
    </extension>
    <extension name="day"><condition field="destination_number" expression="^9$">
      <action application="hangup"/>
    </condition></extension>
    <extension name="wait"><condition field="destination_number" expression="^7$">
      <action application="answer"/>
      <action application="park"/>
    </condition></extension>
    <extension name="vip">
      <condition field="${vip}" expression="^true$"/>
      <condition field="destination_number" expression="^8$"><action application="hangup"/></condition>
    </extension>
  </context>
  <context name="sales">
    <extension name="near">
      <condition field="network_addr" expression="^192\.0\.2\."/>
      <condition field="destination_number" expression="^6$"><action application="hangup"/></condition>
    </extension>
  </context>
</include>
"#;

const DOCUMENT: &str = r#"<document type="freeswitch/xml">
  <X-PRE-PROCESS cmd="set" data="event_socket_port=8021"/>
  <section name="configuration">
    <configuration name="event_socket.conf"><settings>
      <param name="listen-port" value="$${event_socket_port}"/>
      <param name="password" value="$${secret_event_socket}"/>
    </settings></configuration>
    <configuration name="cdr_csv.conf"/>
  </section>
  <section name="dialplan">
    <X-PRE-PROCESS cmd="include" data="dialplan.xml"/>
  </section>
  <section name="directory"><domain name="$${local_ip_v4}"><users>
    <user id="1000">
      <params>
        <param name="password" value="$${secret_sip_1000}"/>
        <param name="vm-password" value="$${secret_pin_1000}"/>
      </params>
      <variables><variable name="effective_caller_id_name" value="Ada"/></variables>
    </user>
    <user id="1001">
      <params><param name="password" value="$${secret_sip_1001}"/></params>
      <variables><variable name="user_context" value="sales"/></variables>
    </user>
  </users></domain></section>
</document>
"#;

/// A configuration and a data directory.
pub struct Site {
    folder: tempfile::TempDir,
}

/// How a program ended.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Site {
    pub fn new() -> Site {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = Site { folder };
        fs::create_dir(site.conf()).expect("made");
        site.write("strowger.xml", DOCUMENT);
        site.write("dialplan.xml", DIALPLAN);
        site
    }

    fn conf(&self) -> PathBuf {
        self.folder.path().join("conf")
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.conf().join(name), text).expect("written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strowger"));
        command
            .args(["--set", "local_ip_v4=127.0.0.1"])
            .args(["--set", "event_socket_port=0"])
            .args(arguments)
            .env("STROWGER_CONF", self.conf())
            .env("STROWGER_DATA", self.data())
            .env("HOME", self.folder.path())
            .env_remove("STROWGER_PASSWORD")
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, "")
    }

    /// Runs the program to its end with something to read.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .expect("started");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.as_bytes()).expect("taken");
        drop(stdin);
        let pid = rustix::process::Pid::from_child(&child);
        let (sender, ended) = channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = ended.recv_timeout(PATIENCE) else {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            panic!("{arguments:?} does not end");
        };
        let output = output.expect("ended");
        Done {
            code: output.status.code().expect("not killed"),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// An exchange that runs.
pub struct Running {
    child: Child,
    /// Lines of its standard error.
    err: Receiver<String>,
    /// What it said before it was ready.
    pub before: String,
    /// The line that says so.
    pub ready: String,
}

impl Running {
    pub fn start(site: &Site) -> Running {
        Running::start_with(site, &[])
    }

    pub fn start_with(site: &Site, options: &[&str]) -> Running {
        let mut child = site
            .command(&[&["run"], options].concat())
            .spawn()
            .expect("started");
        let reader = BufReader::new(child.stderr.take().expect("piped"));
        let (sender, err) = channel();
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut running = Running {
            child,
            err,
            before: String::new(),
            ready: String::new(),
        };
        let mut before = String::new();
        running.ready = running.hears_after("Strowger is ready", &mut before);
        running.before = before;
        running
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("sent");
    }

    /// Reads until a line has this, and gives the line.
    pub fn hears(&mut self, what: &str) -> String {
        self.hears_after(what, &mut String::new())
    }

    fn hears_after(&mut self, what: &str, before: &mut String) -> String {
        loop {
            let Ok(line) = self.err.recv_timeout(PATIENCE) else {
                panic!("it never says {what}, but: {before}");
            };
            if line.contains(what) {
                return line;
            }
            before.push_str(&line);
            before.push('\n');
        }
    }

    /// Its exit code.
    pub fn end(&mut self) -> i32 {
        // Its standard error ends with it.
        while self.err.recv_timeout(PATIENCE).is_ok() {}
        let status = self.child.try_wait().expect("asked");
        let status = status.or_else(|| self.child.wait().ok()).expect("ended");
        status.code().expect("not killed")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed must leave nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
