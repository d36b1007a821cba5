//! Telling the world about messages: `MESSAGE_WAITING`, the `vm::maintenance` events, and the answer to
//! `MESSAGE_QUERY`.

use super::mailbox::Mailbox;
use super::recovery;
use std::sync::Arc;
use strowger_core::Session;
use strowger_core::Switch;
use strowger_core::endpoint::{Endpoint, NewCall, OutboundCall, StartError};
use strowger_core::event_bus::EventFilter;
use strowger_core::shutdown::Shutdown;
use strowger_core::store::{Message, MessageCounts, Urgency};
use strowger_model::{BoxFuture, Event, EventName, HangupCause};

/// Subclass of what happens in mailboxes.
const MAINTENANCE: &str = "vm::maintenance";

/// Why a count is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Somebody asked.
    Unknown,
    /// A message came.
    New,
    /// Messages were deleted.
    Deleted,
    /// The owner has left.
    Purge,
    /// A message was marked as read or unread.
    Read,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Reason::Unknown => "UNKNOWN",
            Reason::New => "NEW",
            Reason::Deleted => "DELETED",
            Reason::Purge => "PURGE",
            Reason::Read => "READ",
        }
    }
}

/// Tells what is in a box now.
pub async fn tell(mailbox: &Mailbox, reason: Reason) {
    let counts = match mailbox.counts().await {
        Ok(counts) => counts,
        Err(error) => {
            tracing::error!(%error, "the messages of a box cannot be counted; nobody is told of a change");
            return;
        }
    };
    let switch = mailbox.switch();
    switch
        .events()
        .publish(message_waiting(mailbox, counts, reason));
    if reason != Reason::Unknown {
        let mut event = Event::custom(MAINTENANCE);
        event.extend(
            box_headers(mailbox, "mwi-update")
                .into_iter()
                .chain([
                    ("VM-Total-New", counts.new.to_string()),
                    ("VM-Total-Saved", counts.saved.to_string()),
                    ("VM-Total-New-Urgent", counts.new_urgent.to_string()),
                    ("VM-Total-Saved-Urgent", counts.saved_urgent.to_string()),
                ])
                .map(|(name, value)| (name.to_owned(), value)),
        );
        switch.events().publish(event);
    }
}

fn message_waiting(mailbox: &Mailbox, counts: MessageCounts, reason: Reason) -> Event {
    let waiting = if counts.new > 0 { "yes" } else { "no" };
    Event::new(EventName::MessageWaiting)
        .header("MWI-Messages-Waiting", waiting)
        .header("Update-Reason", reason.word())
        .header(
            "MWI-Message-Account",
            format!("{}@{}", mailbox.id(), mailbox.domain()),
        )
        .header(
            "MWI-Voice-Message",
            voice_message(counts, mailbox.profile.full_header),
        )
}

/// `new/saved`, with `(urgent new/urgent saved)` when wanted (RFC 3842 §5.2).
fn voice_message(counts: MessageCounts, full: bool) -> String {
    let mut text = format!("{}/{}", counts.new, counts.saved);
    if full {
        text.push_str(&format!(" ({}/{})", counts.new_urgent, counts.saved_urgent));
    }
    text
}

fn box_headers(mailbox: &Mailbox, action: &str) -> Vec<(&'static str, String)> {
    vec![
        ("VM-Action", action.to_owned()),
        ("VM-User", mailbox.id().to_owned()),
        ("VM-Domain", mailbox.domain().to_owned()),
    ]
}

/// Fires a `vm::maintenance` event of a call.
pub fn happened(
    session: &mut Session,
    mailbox: &Mailbox,
    action: &str,
    more: &[(&'static str, String)],
) {
    let mut headers = box_headers(mailbox, action);
    headers.extend_from_slice(more);
    session.fire_custom(MAINTENANCE, &headers);
}

/// What events say about a message.
pub fn message_headers(message: &Message) -> Vec<(&'static str, String)> {
    let flags = match message.urgency {
        Urgency::Urgent => "A_URGENT",
        Urgency::Normal => "B_NORMAL",
    };
    let mut headers = vec![
        ("VM-Caller-ID-Name", message.caller_name.clone()),
        ("VM-Caller-ID-Number", message.caller_number.clone()),
        ("VM-File-Path", message.path.clone()),
        ("VM-Flags", flags.to_owned()),
        ("VM-Folder", message.folder.clone()),
        ("VM-UUID", message.uuid.clone()),
        ("VM-Message-Len", message.seconds.to_string()),
        ("VM-Timestamp", message.created.to_string()),
    ];
    if message.cut {
        headers.push(("VM-Cut", "true".to_owned()));
    }
    headers
}

/// Fires `leave-message` outside of a call.
pub fn message_left(mailbox: &Mailbox, message: &Message) {
    let mut event = Event::custom(MAINTENANCE);
    event.extend(
        box_headers(mailbox, "leave-message")
            .into_iter()
            .chain(message_headers(message))
            .map(|(name, value)| (name.to_owned(), value)),
    );
    mailbox.switch().events().publish(event);
}

/// What runs beside the calls: completes what a crash left behind when the exchange starts, then answers
/// `MESSAGE_QUERY`. It is an endpoint because those are what an exchange starts; it takes no calls.
pub struct Attendant;

impl Endpoint for Attendant {
    fn name(&self) -> &'static str {
        "voicemail"
    }

    fn start(
        self: Arc<Self>,
        switch: Switch,
        shutdown: Shutdown,
    ) -> BoxFuture<'static, Result<(), StartError>> {
        Box::pin(async move {
            recovery::complete_unfinished(&switch).await;
            tokio::spawn(async move {
                tokio::select! {
                    () = answer_queries(&switch) => {}
                    () = shutdown.stopping() => {}
                }
            });
            Ok(())
        })
    }

    fn originate<'a>(&'a self, _: &'a OutboundCall) -> BoxFuture<'a, Result<NewCall, HangupCause>> {
        Box::pin(async { Err(HangupCause::ChanNotImplemented) })
    }
}

async fn answer_queries(switch: &Switch) {
    let mut queries = switch.events().subscribe(EventFilter {
        names: vec![EventName::MessageQuery],
        ..EventFilter::default()
    });
    while let Some(query) = queries.next().await {
        let Some((user, domain)) = query.get("Message-Account").and_then(account) else {
            continue;
        };
        let config = switch.config();
        if let Some(mailbox) = Mailbox::find_anywhere(switch, &config, domain, user) {
            tell(&mailbox, Reason::Unknown).await;
        }
    }
}

/// User and domain of `sip:user@domain` or `user@domain`.
fn account(text: &str) -> Option<(&str, &str)> {
    let text = text
        .strip_prefix("sip:")
        .or_else(|| text.strip_prefix("sips:"))
        .unwrap_or(text);
    text.split_once('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_line_counts_urgent_messages_when_wanted() {
        let counts = MessageCounts {
            new: 3,
            saved: 2,
            new_urgent: 1,
            saved_urgent: 0,
            seconds: 60,
        };
        assert_eq!(voice_message(counts, false), "3/2");
        assert_eq!(voice_message(counts, true), "3/2 (1/0)");
    }

    #[test]
    fn an_account_is_a_user_at_a_domain() {
        assert_eq!(
            account("sip:1000@example.com"),
            Some(("1000", "example.com"))
        );
        assert_eq!(account("1000@example.com"), Some(("1000", "example.com")));
        assert_eq!(account("1000"), None);
    }
}
