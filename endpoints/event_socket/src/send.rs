//! `sendmsg` and `sendevent`: what clients tell sessions and the bus.

use crate::wire::Frame;
use std::time::{Duration, Instant};
use strowger_core::Switch;
use strowger_core::session::{Busy, Command, SessionHandle};
use strowger_model::{Event, EventName, EventValue, HangupCause};
use tokio::sync::oneshot;

/// A repeated application that ends sooner than this is broken; repeating it would only burn time.
const SHORTEST_LOOP: Duration = Duration::from_millis(500);
/// Headers one event may carry.
const HEADERS: usize = 512;

/// `sendmsg UUID` with `call-command` and its headers.
pub(crate) fn to_session(switch: &Switch, uuid: &str, frame: &Frame) -> String {
    let Some(session) = switch.sessions().find(uuid) else {
        return format!("-ERR invalid session id [{uuid}]");
    };
    let command = frame.header("call-command").unwrap_or_default();
    match command.to_ascii_lowercase().as_str() {
        "execute" => execute(session, frame),
        "hangup" => {
            let cause = frame
                .header("hangup-cause")
                .map_or(HangupCause::NormalClearing, HangupCause::parse);
            session.hangup(cause);
            "+OK".to_owned()
        }
        "" => "-ERR the message has no call-command".to_owned(),
        other => {
            format!("-ERR call-command {other} is not supported; execute and hangup are")
        }
    }
}

fn execute(session: SessionHandle, frame: &Frame) -> String {
    let Some(application) = frame
        .header("execute-app-name")
        .filter(|name| !name.is_empty())
    else {
        return "-ERR execute needs an execute-app-name".to_owned();
    };
    let data = frame
        .header("execute-app-arg")
        .map(str::to_owned)
        .or_else(|| frame.body.clone())
        .unwrap_or_default();
    let loops = frame
        .header("loops")
        .and_then(|loops| loops.trim().parse::<i64>().ok())
        .unwrap_or(1);
    let message = Execute {
        application: application.to_owned(),
        data,
        event_uuid: frame.header("event-uuid").map(str::to_owned),
    };
    if loops == 0 || loops == 1 {
        return match session.send(message.command(None)) {
            Ok(()) => "+OK".to_owned(),
            Err(Busy::Full) => "-ERR the session has too many messages waiting".to_owned(),
            Err(Busy::Gone) => format!("-ERR invalid session id [{}]", session.uuid()),
        };
    }
    tokio::spawn(repeat(session, message, loops));
    "+OK".to_owned()
}

struct Execute {
    application: String,
    data: String,
    event_uuid: Option<String>,
}

impl Execute {
    fn command(&self, done: Option<oneshot::Sender<()>>) -> Command {
        Command::Execute {
            application: self.application.clone(),
            data: self.data.clone(),
            event_uuid: self.event_uuid.clone(),
            done,
        }
    }
}

/// Runs an application again and again; below zero without end.
async fn repeat(session: SessionHandle, message: Execute, loops: i64) {
    let mut left = loops;
    while left != 0 && session.hangup_cause().is_none() {
        let (done, finished) = oneshot::channel();
        let began = Instant::now();
        // The session is gone, or drops the message when it ends: either way this is over.
        if session.send(message.command(Some(done))).is_err() || finished.await.is_err() {
            return;
        }
        if began.elapsed() < SHORTEST_LOOP {
            tracing::warn!(
                uuid = session.uuid(),
                application = message.application,
                "a repeated application ends at once; it is not repeated any more"
            );
            return;
        }
        left -= 1;
    }
}

/// `sendevent NAME` with headers and body.
pub(crate) fn to_bus(switch: &Switch, name: &str, frame: &Frame) -> String {
    let Some(name) = EventName::parse(name.trim()) else {
        return "-ERR invalid event name".to_owned();
    };
    // An event for one session that carries a command is that command.
    if let Some(uuid) = frame.header("unique-id")
        && frame.header("call-command").is_some()
    {
        return to_session(switch, uuid, frame);
    }
    if frame.headers.len() > HEADERS {
        return format!("-ERR an event has at most {HEADERS} headers");
    }
    let uuid = switch.new_uuid();
    let mut event = Event::new(name);
    for (header, value) in &frame.headers {
        if header.eq_ignore_ascii_case("Event-Subclass") && name == EventName::Custom {
            event.subclass = Some(value.clone());
        } else if !header.eq_ignore_ascii_case("Content-Length")
            && !header.eq_ignore_ascii_case("Event-Name")
        {
            event
                .headers
                .push((header.clone(), EventValue::Text(value.clone())));
        }
    }
    event.push("Event-UUID", uuid.clone());
    event.body = frame.body.clone();
    switch.events().publish(event);
    format!("+OK {uuid}")
}
