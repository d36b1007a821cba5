//! A program that controls calls over the event socket of a running exchange.

use crate::site::{Running, Site};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

struct Program {
    reader: BufReader<TcpStream>,
}

struct Frame {
    head: String,
    body: String,
}

impl Program {
    fn connect(site: &Site, exchange: &Running) -> Program {
        let address = exchange
            .ready
            .rsplit("event socket ")
            .next()
            .expect("an address");
        let stream = TcpStream::connect(address.trim()).expect("connected");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("set");
        let mut program = Program {
            reader: BufReader::new(stream),
        };
        program.frame();
        let secrets = std::fs::read_to_string(site.data().join("secrets.json")).expect("read");
        let secrets: serde_json::Value = serde_json::from_str(&secrets).expect("JSON");
        let password = secrets["secret_event_socket"].as_str().expect("a password");
        assert_eq!(program.ask(&format!("auth {password}")), "+OK accepted");
        program
    }

    fn frame(&mut self) -> Frame {
        let mut head = String::new();
        while !head.ends_with("\n\n") {
            let octets = self.reader.read_line(&mut head).expect("a line");
            assert!(octets > 0, "closed after {head}");
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |number| number.parse().expect("a number"));
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).expect("a body");
        Frame {
            head,
            body: String::from_utf8(body).expect("text"),
        }
    }

    fn send(&mut self, command: &str) {
        let text = format!("{command}\n\n");
        self.reader
            .get_mut()
            .write_all(text.as_bytes())
            .expect("sent");
    }

    /// The reply; events before it are passed over.
    fn ask(&mut self, command: &str) -> String {
        self.send(command);
        loop {
            let frame = self.frame();
            if let Some(text) = frame
                .head
                .lines()
                .find_map(|line| line.strip_prefix("Reply-Text: "))
            {
                return text.to_owned();
            }
            if frame.head.contains("api/response") {
                return frame.body;
            }
        }
    }

    /// Waits for an event of this name and gives it.
    fn event(&mut self, name: &str) -> String {
        loop {
            let frame = self.frame();
            if frame.body.starts_with(&format!("Event-Name: {name}\n")) {
                return frame.body;
            }
        }
    }
}

#[test]
fn a_program_follows_a_call_and_ends_it() {
    let site = Site::new();
    let mut exchange = Running::start(&site);
    let mut program = Program::connect(&site, &exchange);
    let reply = program.ask("api originate {colour=blue}loopback/7/default &park");
    let uuid = reply
        .trim_end()
        .strip_prefix("+OK ")
        .unwrap_or_else(|| panic!("no call: {reply}"))
        .to_owned();
    assert_eq!(
        program.ask(&format!("myevents {uuid}")),
        "+OK Events Enabled"
    );
    assert_eq!(program.ask("getvar colour"), "blue");
    let told = program.ask(&format!(
        "sendmsg {uuid}\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: colour=red\nevent-uuid: abc"
    ));
    assert_eq!(told, "+OK");
    let done = program.event("CHANNEL_EXECUTE_COMPLETE");
    assert!(done.contains("Application: set\n"), "{done}");
    assert!(done.contains("Application-UUID: abc\n"), "{done}");
    assert!(done.contains(&format!("Unique-ID: {uuid}\n")), "{done}");
    assert_eq!(program.ask("getvar colour"), "red");
    let odd = program.ask(&format!("sendmsg {uuid}\ncall-command: unicast"));
    assert!(
        odd.starts_with("-ERR call-command unicast is not supported"),
        "{odd}"
    );
    let told = program.ask(&format!(
        "sendmsg {uuid}\ncall-command: hangup\nhangup-cause: USER_BUSY"
    ));
    assert_eq!(told, "+OK");
    let ended = program.event("CHANNEL_HANGUP_COMPLETE");
    assert!(ended.contains("Hangup-Cause: USER_BUSY\n"), "{ended}");
    program.send("exit");
    exchange.signal(rustix::process::Signal::TERM);
    assert_eq!(exchange.end(), 0);
}
