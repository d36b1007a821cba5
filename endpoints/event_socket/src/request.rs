//! What a frame asks for.

use crate::wire::Frame;

/// A command of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request<'a> {
    /// The password.
    Auth(&'a str),
    /// Goodbye.
    Exit,
    /// Run a command and wait.
    Api(&'a str),
    /// Run a command and hear of it later.
    BgApi(&'a str),
    /// Subscribe.
    Event(&'a str),
    /// Unsubscribe from some.
    NixEvent(&'a str),
    /// Unsubscribe from all.
    NoEvents,
    /// Subscribe to one channel.
    MyEvents(&'a str),
    /// Choose by headers.
    Filter(&'a str),
    /// Fire an event.
    SendEvent(&'a str),
    /// Tell a session.
    SendMsg(&'a str),
    /// Ask for a variable of the channel of `myevents`.
    GetVar(&'a str),
    /// Log lines.
    Log(&'a str),
    /// No log lines.
    NoLog,
    /// A command that only makes sense on a connection that the exchange opened for a call.
    Controlling,
    /// The same, spelled with a full stop.
    DivertEvents,
    /// Anything else.
    Unknown,
}

impl<'a> Request<'a> {
    /// Reads the first line of a frame.
    pub(crate) fn of(frame: &'a Frame) -> Request<'a> {
        let line = frame.line.trim();
        let (word, rest) = line
            .split_once(char::is_whitespace)
            .map_or((line, ""), |(word, rest)| (word, rest.trim()));
        match word.to_ascii_lowercase().as_str() {
            "auth" => Request::Auth(rest),
            "exit" | "..." => Request::Exit,
            "api" => Request::Api(rest),
            "bgapi" => Request::BgApi(rest),
            "event" => Request::Event(rest),
            "nixevent" => Request::NixEvent(rest),
            "noevents" => Request::NoEvents,
            "myevents" => Request::MyEvents(rest),
            "filter" => Request::Filter(rest),
            "sendevent" => Request::SendEvent(rest),
            "sendmsg" => Request::SendMsg(rest),
            "getvar" => Request::GetVar(rest),
            "log" => Request::Log(rest),
            "nolog" => Request::NoLog,
            "linger" | "nolinger" | "resume" | "connect" => Request::Controlling,
            "divert_events" => Request::DivertEvents,
            _ => Request::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_recognised_without_case() {
        let frame = |line: &str| Frame {
            line: line.to_owned(),
            ..Frame::default()
        };
        assert_eq!(Request::of(&frame("API status ")), Request::Api("status"));
        assert_eq!(Request::of(&frame("...")), Request::Exit);
        assert_eq!(Request::of(&frame("apistatus")), Request::Unknown);
        assert_eq!(
            Request::of(&frame("event plain  ALL")),
            Request::Event("plain  ALL")
        );
    }
}
