//! Crashes, damage and strangers' files.

use crate::{Database, open};
use std::fs;
use strowger_core::store::Message;

fn message() -> Message {
    Message {
        uuid: "u".into(),
        user: "1000".into(),
        domain: "d".into(),
        ..Message::default()
    }
}

#[tokio::test]
async fn an_accepted_message_survives_being_killed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.db");
    let store = open(&path).expect("open");
    store.mailboxes.insert(&message()).await.expect("kept");
    // What another process finds when this one is gone without a word: the files as they are now.
    let copy = folder.path().join("b.db");
    fs::copy(&path, &copy).expect("copied");
    fs::copy(
        folder.path().join("a.db-wal"),
        folder.path().join("b.db-wal"),
    )
    .expect("copied");
    let after = open(&copy).expect("open");
    let found = after.mailboxes.messages("d", "1000").await.expect("read");
    assert_eq!(found, [message()]);
}

#[tokio::test]
async fn a_damaged_file_is_kept_aside_and_work_goes_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.db");
    fs::write(&path, vec![b'x'; 20_000]).expect("written");
    let store = open(&path).expect("begun anew");
    store.mailboxes.insert(&message()).await.expect("kept");
    let aside: Vec<_> = fs::read_dir(folder.path())
        .expect("listed")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("damaged"))
        .collect();
    assert_eq!(aside.len(), 1);
    assert_eq!(fs::read(aside[0].path()).expect("read").len(), 20_000);
}

#[test]
fn a_newer_file_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.db");
    let connection = rusqlite::Connection::open(&path).expect("open");
    connection
        .pragma_update(None, "user_version", 999)
        .expect("set");
    drop(connection);
    let error = Database::open(&path).err().expect("refused");
    assert!(error.to_string().contains("newer version"), "{error}");
    assert!(path.is_file());
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let error = open(std::path::Path::new("/no/such/folder/a.db"))
        .err()
        .expect("refused");
    assert!(
        error.to_string().contains("/no/such/folder/a.db"),
        "{error}"
    );
}
