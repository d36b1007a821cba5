//! What every backend has to do, run against each of them.

use crate::Database;
use strowger_core::store::{
    Mailboxes, MemoryMailboxes, Message, MessageCounts, MessageState, Preferences, Registration,
    Urgency,
};

fn message(uuid: &str, created: i64) -> Message {
    Message {
        uuid: uuid.into(),
        user: "1000".into(),
        domain: "Example.org".into(),
        created,
        caller_name: "Zoë \"O'Hara\"\nX".into(),
        caller_number: "+15551234".into(),
        folder: "inbox".into(),
        path: format!("/voicemail/{uuid}.wav"),
        seconds: 7,
        ..Message::default()
    }
}

async fn keep(boxes: &dyn Mailboxes, message: &Message) {
    boxes.insert(message).await.expect("kept");
}

async fn names(boxes: &dyn Mailboxes, user: &str) -> Vec<String> {
    let messages = boxes.messages("example.ORG", user).await.expect("read");
    messages.into_iter().map(|message| message.uuid).collect()
}

/// The whole suite for mailboxes that are empty.
pub async fn mailboxes(boxes: &dyn Mailboxes) {
    messages_come_back_in_order(boxes).await;
    marks_and_counts(boxes).await;
    unfinished_ones_are_apart(boxes).await;
    preferences(boxes).await;
}

async fn messages_come_back_in_order(boxes: &dyn Mailboxes) {
    assert!(names(boxes, "1000").await.is_empty());
    let late = message("late", 300);
    keep(boxes, &late).await;
    keep(boxes, &message("early", 100)).await;
    let urgent = Message {
        urgency: Urgency::Urgent,
        ..message("urgent", 500)
    };
    keep(boxes, &urgent).await;
    let elsewhere = Message {
        user: "1001".into(),
        ..message("late", 1)
    };
    keep(boxes, &elsewhere).await;
    assert_eq!(names(boxes, "1000").await, ["urgent", "early", "late"]);
    assert_eq!(names(boxes, "1001").await, ["late"]);
    let found = boxes.messages("example.org", "1000").await.expect("read");
    assert_eq!(found[2], late, "every field survives");
    // The same message again replaces itself.
    keep(boxes, &late).await;
    assert_eq!(names(boxes, "1000").await.len(), 3);
    boxes
        .remove("EXAMPLE.org", "1000", "early")
        .await
        .expect("removed");
    boxes
        .remove("example.org", "1000", "no such")
        .await
        .expect("nothing to remove");
    assert_eq!(names(boxes, "1000").await, ["urgent", "late"]);
}

async fn marks_and_counts(boxes: &dyn Mailboxes) {
    let counts = boxes.counts("example.org", "1000").await.expect("counted");
    let expected = MessageCounts {
        new: 2,
        saved: 0,
        new_urgent: 1,
        saved_urgent: 0,
        seconds: 14,
    };
    assert_eq!(counts, expected);
    let heard = Message {
        read: 600,
        state: MessageState::Saved,
        ..message("late", 300)
    };
    boxes.mark(&heard).await.expect("marked");
    let counts = boxes.counts("example.org", "1000").await.expect("counted");
    assert_eq!((counts.new, counts.saved), (1, 1));
    let deleted = Message {
        state: MessageState::Deleted,
        ..heard
    };
    boxes.mark(&deleted).await.expect("marked");
    let counts = boxes.counts("example.org", "1000").await.expect("counted");
    assert_eq!((counts.saved, counts.seconds), (0, 7));
}

async fn unfinished_ones_are_apart(boxes: &dyn Mailboxes) {
    let recording = Message {
        state: MessageState::Recording,
        ..message("growing", 900)
    };
    keep(boxes, &recording).await;
    assert!(!names(boxes, "1000").await.contains(&"growing".to_owned()));
    let unfinished = boxes.unfinished().await.expect("read");
    assert_eq!(unfinished, [recording]);
    keep(boxes, &message("growing", 900)).await;
    assert!(boxes.unfinished().await.expect("read").is_empty());
    assert!(names(boxes, "1000").await.contains(&"growing".to_owned()));
}

async fn preferences(boxes: &dyn Mailboxes) {
    let none = boxes
        .preferences("example.org", "1000")
        .await
        .expect("read");
    assert_eq!(none, Preferences::default());
    let chosen = Preferences {
        greeting_path: Some("/greeting.wav".into()),
        password: Some("hash".into()),
        name_path: None,
    };
    boxes
        .set_preferences("Example.ORG", "1000", &chosen)
        .await
        .expect("kept");
    let found = boxes
        .preferences("example.org", "1000")
        .await
        .expect("read");
    assert_eq!(found, chosen);
    let other = boxes
        .preferences("example.org", "1001")
        .await
        .expect("read");
    assert_eq!(other, Preferences::default());
}

fn registration(contact: &str, expires: i64) -> Registration {
    Registration {
        user: "1000".into(),
        domain: "Example.org".into(),
        profile: "internal".into(),
        contact: contact.into(),
        call_id: "call".into(),
        cseq: 4_294_967_295,
        user_agent: "phone/1.0".into(),
        network_ip: "192.0.2.7".into(),
        network_port: 65_535,
        transport: "udp".into(),
        nat: true,
        path: vec!["<sip:a;lr>".into(), "<sip:b;lr>".into()],
        q: 1_000,
        expires,
        since: 5,
        auth_user: "1000".into(),
        auth_realm: "example.org".into(),
        flow: Some(3),
    }
}

#[tokio::test]
async fn memory() {
    mailboxes(&MemoryMailboxes::default()).await;
}

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = crate::open(&folder.path().join("test.db")).expect("open");
    mailboxes(&*store.mailboxes).await;
}

#[tokio::test]
async fn registrations_survive_a_restart_and_expired_ones_do_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("test.db");
    {
        let database = Database::open(&path).expect("open");
        let registrations = database.store().registrations;
        registrations.put(registration("sip:kept", 2_000));
        registrations.put(registration("sip:old", 100));
        registrations.put(registration("sip:left", 2_000));
        registrations.remove(&registration("sip:left", 0).key());
        database.flush().expect("flushed");
    }
    let store = crate::open(&path).expect("open");
    assert_eq!(store.registrations.restore(1_000), Ok(1));
    let found = store.registrations.find("1000", "example.org", 1_000);
    let expected = Registration {
        flow: None,
        ..registration("sip:kept", 2_000)
    };
    assert_eq!(*found[0], expected);
}
