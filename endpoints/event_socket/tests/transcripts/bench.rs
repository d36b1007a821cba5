//! An exchange with nothing but an event socket, and a client of it.

use std::sync::Arc;
use std::time::Duration;
use strowger_core::clock::Clock;
use strowger_core::config::ConfigSource;
use strowger_core::media::{MediaConfig, MediaPool};
use strowger_core::store::Store;
use strowger_core::{CommandCall, Module, Switch, SwitchParts, command};
use strowger_event_socket::LogTap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PASSWORD: &str = "zK4nPw8sQx2v";

/// The exchange.
pub struct Bench {
    pub switch: Switch,
    pub log: LogTap,
    pub warnings: String,
    address: String,
    password: String,
    _folder: tempfile::TempDir,
}

async fn echo(call: CommandCall<'_>) -> String {
    let text = call.arguments.into_string();
    if text.is_empty() {
        text
    } else {
        format!("{text}\n")
    }
}

async fn slow(call: CommandCall<'_>) -> String {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    echo(call).await
}

async fn crash(_: CommandCall<'_>) -> String {
    panic!("as asked")
}

fn test_module() -> Module {
    let mut module = Module::named("test");
    module.commands = vec![
        command!("echo", echo, "<text>", "Says it back"),
        command!("slow", slow, "<text>", "Says it back later"),
        command!("crash", crash, "", "Panics"),
    ];
    module
}

impl Bench {
    pub async fn start(params: &str) -> Bench {
        Bench::with_password(PASSWORD, params).await
    }

    pub async fn with_password(password: &str, params: &str) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let document = format!(
            r#"<document type="freeswitch/xml"><section name="configuration">
                 <configuration name="event_socket.conf"><settings>
                   <param name="listen-port" value="0"/>
                   <param name="password" value="{password}"/>
                   {params}
                 </settings></configuration>
               </section></document>"#
        );
        std::fs::write(folder.path().join("strowger.xml"), document).expect("written");
        let log = LogTap::default();
        let parts = SwitchParts {
            source: ConfigSource {
                directory: folder.path().to_owned(),
                ..ConfigSource::default()
            },
            modules: vec![
                test_module(),
                strowger_event_socket::module_with_log(log.clone()),
            ],
            dialplan: Arc::new(|_, _, _| Vec::new()),
            find_pattern: Arc::new(|_, _| None),
            hunt_log: Arc::new(|_, _| Vec::new()),
            media: Box::new(|_| Ok(MediaPool::manual(MediaConfig::default()).0)),
            store: Store::in_memory(),
            clock: Clock::system(),
            log_dir: folder.path().to_owned(),
            block_inline: true,
        };
        let (switch, warnings) = Switch::build(parts).expect("a switch");
        switch.start().await.expect("listening");
        let listening = switch
            .endpoints()
            .iter()
            .flat_map(|endpoint| endpoint.listening())
            .collect::<String>();
        let address = listening
            .strip_prefix("event socket ")
            .expect("an address")
            .to_owned();
        Bench {
            switch,
            log,
            warnings: warnings.to_string(),
            address,
            password: password.to_owned(),
            _folder: folder,
        }
    }

    /// A connection that has heard nothing yet.
    pub async fn connect(&self) -> Client {
        Client {
            stream: TcpStream::connect(&self.address).await.expect("connected"),
            buffer: Vec::new(),
            ended: false,
        }
    }

    /// A client that has logged in.
    pub async fn client(&self) -> Client {
        let mut client = self.connect().await;
        client.frame().await;
        let reply = client.ask(&format!("auth {}", self.password)).await;
        assert_eq!(reply, "+OK accepted");
        client
    }
}

/// A frame of the exchange.
#[derive(Debug)]
pub struct Heard {
    /// Header lines, without the blank one.
    pub head: String,
    pub body: String,
}

/// The other end.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    ended: bool,
}

const PATIENCE: Duration = Duration::from_secs(10);

impl Client {
    pub async fn send(&mut self, text: &str) {
        // The other side may have closed on purpose; what it said before is looked at later.
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// Sends a command and gives the text of its reply.
    pub async fn ask(&mut self, command: &str) -> String {
        let end = if command.contains("Content-Length") {
            ""
        } else {
            "\n\n"
        };
        self.send(&format!("{command}{end}")).await;
        let frame = self.frame().await;
        frame
            .head
            .lines()
            .find_map(|line| line.strip_prefix("Reply-Text: "))
            .unwrap_or_else(|| panic!("no reply but {frame:?}"))
            .to_owned()
    }

    pub async fn frame(&mut self) -> Heard {
        loop {
            if let Some(heard) = self.whole_frame() {
                return heard;
            }
            assert!(self.more().await, "closed while a frame was expected");
        }
    }

    fn whole_frame(&mut self) -> Option<Heard> {
        let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
        let head = String::from_utf8(self.buffer[..=end].to_vec()).expect("text");
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .map_or(0, |number| number.parse().expect("a number"));
        let whole = end + 2 + length;
        if self.buffer.len() < whole {
            return None;
        }
        let body = String::from_utf8(self.buffer[end + 2..whole].to_vec()).expect("text");
        self.buffer.drain(..whole);
        Some(Heard { head, body })
    }

    async fn more(&mut self) -> bool {
        let mut chunk = vec![0; 65_536];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk)).await;
        match read.expect("something in time") {
            Ok(0) | Err(_) => {
                self.ended = true;
                false
            }
            Ok(octets) => {
                self.buffer.extend_from_slice(&chunk[..octets]);
                true
            }
        }
    }

    /// Reads to the end.
    pub async fn closed(&mut self) -> bool {
        while self.more().await {}
        self.ended
    }

    /// Reads what comes within this time, and throws it away.
    pub async fn read_a_while(&mut self, time: Duration) {
        let _ = tokio::time::timeout(time, async {
            while self.more().await {
                self.buffer.clear();
            }
        })
        .await;
    }

    pub fn hung_up(&self) -> bool {
        self.ended
    }
}
