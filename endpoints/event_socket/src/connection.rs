//! One client: it logs in, commands are obeyed in their order, events are written between the replies.

use crate::config::EventSocketConf;
use crate::filter::Filters;
use crate::guard::Guard;
use crate::listener::conf;
use crate::log::{LogLine, LogTap};
use crate::request::Request;
use crate::send;
use crate::wire::{self, CLIENT_LIMIT, Decoder, Format, Frame, STRANGER_LIMIT};
use crate::wishes::Wishes;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_core::event_bus::{EventFilter, Subscription};
use strowger_core::shutdown::Shutdown;
use strowger_core::{CommandSource, Switch};
use strowger_model::{Event, EventName, Expanded, LogLevel};
use subtle::ConstantTimeEq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Semaphore, mpsc};

/// How long a client has to log in.
const LOGIN: Duration = Duration::from_secs(25);
/// How long one frame may take to be written: longer, and the client does not read any more.
const PATIENCE: Duration = Duration::from_secs(30);
/// Times that a client may lose events before it is disconnected.
const LOSSES: u32 = 2;
/// Events that wait while a command runs (some 5 kB each); beyond them events are lost.
const PENDING: usize = 2_000;
/// Background jobs of one client at one time.
const JOBS: usize = 64;
/// Octets read at once.
const CHUNK: usize = 4 * 1024;

/// Who is at the other end.
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) guard: Arc<Guard>,
    pub(crate) log: LogTap,
}

/// Why a connection is over.
#[derive(Debug)]
enum End {
    /// It said goodbye, was told goodbye, or failed to log in: a notice is sent.
    Goodbye,
    /// It hung up or cannot be understood.
    Gone,
}

/// Serves a client until it leaves.
pub(crate) async fn serve(stream: TcpStream, peer: Peer, switch: Switch, shutdown: Shutdown) {
    let (reader, writer) = stream.into_split();
    let mut connection = Connection {
        reader,
        writer,
        decoder: Decoder::new(STRANGER_LIMIT),
    };
    let end = tokio::select! {
        end = session(&mut connection, &peer, &switch) => end,
        () = shutdown.stopping() => End::Goodbye,
    };
    if matches!(end, End::Goodbye) {
        // A client that has left already hears nothing.
        let _ = connection.write(&wire::disconnect_notice()).await;
        let _ = connection.writer.shutdown().await;
    }
}

async fn session(connection: &mut Connection, peer: &Peer, switch: &Switch) -> End {
    match tokio::time::timeout(LOGIN, login(connection, peer, switch)).await {
        Ok(Ok(())) => {}
        Ok(Err(end)) => return end,
        Err(_) => return End::Goodbye,
    }
    connection.decoder.set_limit(CLIENT_LIMIT);
    let mut client = Client {
        switch: switch.clone(),
        subscription: switch.events().subscribe(EventFilter::default()),
        format: Format::default(),
        wishes: Wishes::default(),
        filters: Filters::default(),
        pending: VecDeque::new(),
        dropped: 0,
        losses: 0,
        jobs: Arc::new(Semaphore::new(JOBS)),
        tap: peer.log.clone(),
        log: None,
    };
    match client.converse(connection).await {
        Ok(()) => End::Goodbye,
        Err(end) => end,
    }
}

async fn login(connection: &mut Connection, peer: &Peer, switch: &Switch) -> Result<(), End> {
    connection.write(&wire::auth_request()).await?;
    loop {
        let frame = connection.read().await?;
        match Request::of(&frame) {
            Request::Auth(given) => {
                let right = conf(switch).is_some_and(|conf| is_password(&conf, given));
                if right {
                    peer.guard.passed(peer.address);
                    return connection.write(&wire::reply("+OK accepted")).await;
                }
                peer.guard.failed(peer.address, Instant::now());
                tracing::warn!(address = %peer.address, "event socket: wrong password");
                connection.write(&wire::reply("-ERR invalid")).await?;
                return Err(End::Goodbye);
            }
            Request::Exit => {
                connection.write(&wire::reply("+OK bye")).await?;
                return Err(End::Goodbye);
            }
            _ => {
                connection
                    .write(&wire::reply("-ERR command not found"))
                    .await?;
            }
        }
    }
}

/// Compares in a time that does not tell how much of it was right.
fn is_password(conf: &EventSocketConf, given: &str) -> bool {
    conf.password
        .reveal()
        .as_bytes()
        .ct_eq(given.as_bytes())
        .into()
}

/// The stream, as frames.
struct Connection {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    decoder: Decoder,
}

impl Connection {
    /// The next command. What was read survives when this is dropped half-way.
    async fn read(&mut self) -> Result<Frame, End> {
        loop {
            match self.decoder.next_frame() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!("event socket: a client is disconnected: {error}");
                    return Err(End::Gone);
                }
            }
            let mut chunk = [0; CHUNK];
            match self.reader.read(&mut chunk).await {
                Ok(0) | Err(_) => return Err(End::Gone),
                Ok(octets) => self.decoder.push(&chunk[..octets]),
            }
        }
    }

    async fn write(&mut self, frame: &str) -> Result<(), End> {
        match tokio::time::timeout(PATIENCE, self.writer.write_all(frame.as_bytes())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                tracing::warn!("event socket: a client that does not read is disconnected");
                Err(End::Gone)
            }
        }
    }
}

/// A client that has logged in.
struct Client {
    switch: Switch,
    subscription: Subscription,
    format: Format,
    wishes: Wishes,
    filters: Filters,
    /// Events that came while a command ran.
    pending: VecDeque<Arc<Event>>,
    /// Events that did not fit there.
    dropped: u64,
    losses: u32,
    jobs: Arc<Semaphore>,
    tap: LogTap,
    log: Option<mpsc::Receiver<Arc<LogLine>>>,
}

impl Client {
    async fn converse(&mut self, connection: &mut Connection) -> Result<(), End> {
        loop {
            self.count_losses()?;
            if let Some(event) = self.pending.pop_front() {
                self.deliver(connection, &event).await?;
                continue;
            }
            tokio::select! {
                biased;
                frame = connection.read() => {
                    let frame = frame?;
                    if self.obey(connection, &frame).await? {
                        return Ok(());
                    }
                }
                event = self.subscription.next() => match event {
                    Some(event) => self.deliver(connection, &event).await?,
                    None => return Ok(()),
                },
                line = next_line(&mut self.log) => connection.write(&wire::log_data(&line)).await?,
            }
        }
    }

    /// A client that cannot keep up is told in the log once, and leaves the second time.
    fn count_losses(&mut self) -> Result<(), End> {
        let lost = self.subscription.take_lost() + std::mem::take(&mut self.dropped);
        if lost == 0 {
            return Ok(());
        }
        self.losses += 1;
        tracing::warn!(
            lost,
            "event socket: a client does not read fast enough and lost events"
        );
        if self.losses >= LOSSES {
            return Err(End::Goodbye);
        }
        Ok(())
    }

    async fn deliver(&mut self, connection: &mut Connection, event: &Event) -> Result<(), End> {
        if !self.wants(event) {
            return Ok(());
        }
        connection.write(&wire::event(self.format, event)).await
    }

    fn wants(&self, event: &Event) -> bool {
        if let Some(uuid) = &self.wishes.mine
            && event.get("Unique-ID") != Some(uuid)
            && event.get("Job-Owner-UUID") != Some(uuid)
        {
            return false;
        }
        self.filters.pass(event)
    }

    /// Obeys one command; `true` when the client leaves.
    async fn obey(&mut self, connection: &mut Connection, frame: &Frame) -> Result<bool, End> {
        let text = match Request::of(frame) {
            Request::Exit => {
                connection.write(&wire::reply("+OK bye")).await?;
                return Ok(true);
            }
            Request::Api(line) => {
                let body = self.run(line).await;
                connection.write(&wire::api_response(&body)).await?;
                return Ok(false);
            }
            Request::BgApi(line) => {
                let frame = self.run_in_background(line, frame);
                connection.write(&frame).await?;
                return Ok(false);
            }
            Request::Auth(_) => "-ERR command not found".to_owned(),
            Request::Event(words) => {
                let reply = self.wishes.add(words, &mut self.format);
                self.subscription.set_filter(self.wishes.filter());
                reply
            }
            Request::NixEvent(words) => {
                let reply = self.wishes.remove(words);
                self.subscription.set_filter(self.wishes.filter());
                reply
            }
            Request::NoEvents => {
                let reply = self.wishes.clear();
                self.subscription.set_filter(self.wishes.filter());
                self.forget_events();
                reply
            }
            Request::MyEvents(words) => self.my_events(words),
            Request::Filter(words) => self.filters.obey(words),
            Request::SendEvent(name) => send::to_bus(&self.switch, name, frame),
            Request::SendMsg(uuid) => send::to_session(&self.switch, uuid, frame),
            Request::GetVar(name) => self.variable(name),
            Request::Log(level) => self.read_log(level),
            Request::NoLog => match self.log.take() {
                Some(_) => "+OK no longer logging".to_owned(),
                // FreeSWITCH's own spelling, which clients compare with.
                None => "-ERR not loging".to_owned(),
            },
            Request::Controlling => "-ERR not controlling a session".to_owned(),
            Request::DivertEvents => "-ERR not controlling a session.".to_owned(),
            Request::Unknown => "-ERR command not found".to_owned(),
        };
        connection.write(&wire::reply(&text)).await?;
        Ok(false)
    }

    fn read_log(&mut self, text: &str) -> String {
        let level = match text {
            "" => Some(LogLevel::Debug),
            text => LogLevel::parse(text),
        };
        let Some(level) = level else {
            return "-ERR invalid log level".to_owned();
        };
        self.log = Some(self.tap.subscribe(level));
        format!("+OK log level {text} [{}]", level.number())
    }

    fn forget_events(&mut self) {
        self.pending.clear();
        while self.subscription.try_next().is_some() {}
    }

    fn my_events(&mut self, words: &str) -> String {
        let mut words = words.split_whitespace();
        let Some(uuid) = words.next() else {
            return "-ERR invalid uuid".to_owned();
        };
        let with_format = words
            .next()
            .is_some_and(|word| Format::parse(word).is_some());
        if with_format && self.switch.sessions().find(uuid).is_none() {
            return "-ERR invalid uuid".to_owned();
        }
        let reply = self.wishes.only(uuid);
        self.subscription.set_filter(self.wishes.filter());
        reply
    }

    fn variable(&self, name: &str) -> String {
        let Some(uuid) = &self.wishes.mine else {
            return "-ERR not controlling a session".to_owned();
        };
        let Some(session) = self.switch.sessions().find(uuid) else {
            return format!("-ERR invalid session id [{uuid}]");
        };
        let snapshot = session.snapshot();
        snapshot
            .variables
            .text(name)
            .map(str::to_owned)
            .or_else(|| Some(snapshot.profile.field(name)?.into_string()))
            .unwrap_or_default()
    }

    /// Runs a command; events that come meanwhile wait.
    async fn run(&mut self, line: &str) -> String {
        // On a console one types commands, `bgapi` among them.
        if let ("bgapi", job) = command_of(line) {
            let uuid = self.switch.new_uuid();
            return match self.start_job(job, &uuid) {
                Ok(()) => format!("+OK Job-UUID: {uuid}\n"),
                Err(why) => format!("{why}\n"),
            };
        }
        let mut work = tokio::spawn(run_line(self.switch.clone(), line.to_owned()));
        loop {
            tokio::select! {
                reply = &mut work => return answered(reply.unwrap_or_else(|_| crashed())),
                event = self.subscription.next() => match event {
                    Some(event) if self.pending.len() < PENDING => self.pending.push_back(event),
                    Some(_) => self.dropped += 1,
                    // The exchange stops; the command's own end is waited for.
                    None => return answered(work.await.unwrap_or_else(|_| crashed())),
                },
            }
        }
    }

    fn run_in_background(&mut self, line: &str, frame: &Frame) -> String {
        let uuid = frame
            .header("Job-UUID")
            .filter(|uuid| !uuid.is_empty())
            .map_or_else(|| self.switch.new_uuid(), str::to_owned);
        match self.start_job(line, &uuid) {
            Ok(()) => wire::reply_with(&format!("+OK Job-UUID: {uuid}"), "Job-UUID", &uuid),
            Err(why) => wire::reply(why),
        }
    }

    fn start_job(&mut self, line: &str, uuid: &str) -> Result<(), &'static str> {
        let permit = self
            .jobs
            .clone()
            .try_acquire_owned()
            .map_err(|_| "-ERR too many background jobs are running")?;
        let (switch, line, job) = (self.switch.clone(), line.to_owned(), uuid.to_owned());
        tokio::spawn(async move {
            let work = tokio::spawn(run_line(switch.clone(), line.clone()));
            let body = work.await.unwrap_or_else(|_| crashed());
            report(&switch, job, &line, body);
            drop(permit);
        });
        Ok(())
    }
}

/// The next log line; never, for a client that reads none.
async fn next_line(log: &mut Option<mpsc::Receiver<Arc<LogLine>>>) -> Arc<LogLine> {
    if let Some(lines) = log
        && let Some(line) = lines.recv().await
    {
        return line;
    }
    std::future::pending().await
}

fn crashed() -> String {
    "-ERR the command crashed; the exchange's log says where\n".to_owned()
}

fn command_of(line: &str) -> (&str, &str) {
    line.split_once(char::is_whitespace)
        .map_or((line, ""), |(name, arguments)| {
            (name, arguments.trim_start())
        })
}

async fn run_line(switch: Switch, line: String) -> String {
    let (name, arguments) = command_of(&line);
    if name.is_empty() {
        return "-ERR no command given\n".to_owned();
    }
    switch
        .run_command(
            name,
            Expanded::trusted(arguments),
            None,
            CommandSource::Operator,
        )
        .await
}

/// Who waits for a reply gets one.
fn answered(reply: String) -> String {
    if reply.is_empty() {
        "-ERR no reply\n".to_owned()
    } else {
        reply
    }
}

/// Tells everybody who listens what became of a job.
fn report(switch: &Switch, job: String, line: &str, body: String) {
    let (name, arguments) = command_of(line);
    let mut event = Event::new(EventName::BackgroundJob)
        .header("Job-UUID", job)
        .header("Job-Owner-UUID", "")
        .header("Job-Command", name);
    if !arguments.is_empty() {
        event.push("Job-Command-Arg", arguments);
    }
    switch.events().publish(event.body(body));
}
