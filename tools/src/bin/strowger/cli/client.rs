//! The client's side of the event socket.

use super::find::Target;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long connecting and logging in may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest head and body of a frame, octets.
const LONGEST_HEAD: usize = 64 * 1024;
const LONGEST_BODY: usize = 64 * 1024 * 1024;

/// A frame of the exchange.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Frame {
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Frame {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    pub fn kind(&self) -> &str {
        self.header("Content-Type")
    }
}

/// Reads one frame; `None` at the end.
pub fn read_frame(reader: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let mut frame = Frame::default();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        length += line.len();
        if length > LONGEST_HEAD {
            return Err(io::Error::other("the exchange sends an endless head"));
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            if frame.headers.is_empty() {
                continue;
            }
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            frame
                .headers
                .push((name.to_owned(), value.trim_start().to_owned()));
        }
    }
    let length: usize = frame.header("Content-Length").parse().unwrap_or(0);
    if length > LONGEST_BODY {
        return Err(io::Error::other("the exchange sends an endless body"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    frame.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(frame))
}

/// A connection that is logged in.
pub struct Client {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    /// Where it is connected to, for the prompt.
    pub place: String,
}

impl Client {
    /// Connects and logs in.
    pub fn connect(target: &Target) -> Result<Client, String> {
        let place = format!("{}:{}", target.host, target.port);
        let stream = open(&target.host, target.port).map_err(|error| {
            format!(
                "no exchange answers at {place}: {error}; is it running? Otherwise name it with --host and --port"
            )
        })?;
        let mut client = Client {
            reader: BufReader::new(stream.try_clone().map_err(|error| error.to_string())?),
            writer: stream,
            place,
        };
        client.log_in(target.password.reveal())?;
        // A command may take its time.
        client
            .writer
            .set_read_timeout(None)
            .map_err(|error| error.to_string())?;
        Ok(client)
    }

    fn log_in(&mut self, password: &str) -> Result<(), String> {
        let place = self.place.clone();
        let broken = |error: io::Error| format!("{place} does not speak as an exchange: {error}");
        let greeting = read_frame(&mut self.reader).map_err(broken)?;
        match greeting.as_ref().map(Frame::kind) {
            Some("auth/request") => {}
            Some("text/rude-rejection") => {
                return Err(format!(
                    "{place} refuses this connection: too many wrong passwords, too many clients, or apply-inbound-acl"
                ));
            }
            _ => return Err(format!("{place} does not speak as an exchange")),
        }
        self.send(&format!("auth {password}")).map_err(broken)?;
        let reply = read_frame(&mut self.reader)
            .map_err(broken)?
            .unwrap_or_default();
        if reply.header("Reply-Text").starts_with("+OK") {
            Ok(())
        } else {
            Err(format!(
                "{place} refuses the password; name the exchange's --data directory, or --password"
            ))
        }
    }

    /// Sends a line.
    pub fn send(&mut self, line: &str) -> io::Result<()> {
        write_line(&mut self.writer, line)
    }

    /// Runs a command and gives its reply.
    pub fn command(&mut self, command: &str) -> Result<String, String> {
        let lost = |error: io::Error| format!("the exchange hung up: {error}");
        self.send(&format!("api {command}")).map_err(lost)?;
        loop {
            match read_frame(&mut self.reader).map_err(lost)? {
                Some(frame) if frame.kind() == "api/response" => return Ok(frame.body),
                Some(_) => {}
                None => return Err("the exchange hung up before it answered".to_owned()),
            }
        }
    }

    /// The two directions, for use at the same time.
    pub fn split(self) -> (BufReader<TcpStream>, TcpStream, String) {
        (self.reader, self.writer, self.place)
    }
}

/// Sends a line as one command: line ends inside it would begin another.
pub fn write_line(writer: &mut impl Write, line: &str) -> io::Result<()> {
    let line: String = line
        .chars()
        .map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c })
        .collect();
    writer.write_all(format!("{line}\n\n").as_bytes())
}

fn open(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failure = io::Error::other("the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_one_after_the_other() {
        let text =
            "Content-Type: auth/request\n\n\nContent-Length: 3\nContent-Type: api/response\n\na\nb";
        let mut reader = BufReader::new(text.as_bytes());
        let first = read_frame(&mut reader).expect("read").expect("a frame");
        assert_eq!(first.kind(), "auth/request");
        let second = read_frame(&mut reader).expect("read").expect("a frame");
        assert_eq!(second.body, "a\nb");
        assert_eq!(read_frame(&mut reader).expect("read"), None);
    }

    #[test]
    fn one_line_stays_one_command() {
        let mut sent = Vec::new();
        write_line(&mut sent, "api a\n\napi b").expect("written");
        assert_eq!(sent, b"api a  api b\n\n");
    }
}
