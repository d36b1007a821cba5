//! After a crash: recordings that were under way become messages when they are long enough.

use super::mailbox::Mailbox;
use super::state::SharedState;
use super::{paths, waiting, wav};
use std::path::PathBuf;
use std::time::Duration;
use strowger_core::Switch;
use strowger_core::store::{Message, MessageState};

/// Shortest message when its profile is not there any more.
const SHORTEST: Duration = Duration::from_secs(3);

/// Completes the messages that were being recorded when the process ended: those with at least `min-record-len` of
/// audio are kept and flagged as cut, others are removed. Runs once in the life of an exchange; whoever calls later
/// waits for it at most.
pub async fn complete_unfinished(switch: &Switch) {
    let Some(state) = switch.config().try_get::<SharedState>() else {
        return;
    };
    state.complete_once(complete(switch)).await;
}

async fn complete(switch: &Switch) {
    let store = switch.store().mailboxes.clone();
    let unfinished = match store.unfinished().await {
        Ok(unfinished) => unfinished,
        Err(error) => {
            tracing::error!(%error, "messages cut off by a crash cannot be listed; they stay hidden until the next start");
            return;
        }
    };
    for message in unfinished {
        complete_one(switch, message).await;
    }
}

async fn complete_one(switch: &Switch, mut message: Message) {
    let store = switch.store().mailboxes.clone();
    let config = switch.config();
    let mailbox = Mailbox::find_anywhere(switch, &config, &message.domain, &message.user);
    let shortest = mailbox
        .as_ref()
        .map_or(SHORTEST, |mailbox| mailbox.profile.shortest);
    let path = PathBuf::from(&message.path);
    let length = switch.blocking(move || salvage(&path, shortest)).await;
    let result = match length {
        Some(length) => {
            message.seconds = length.as_secs();
            message.state = MessageState::Kept;
            message.cut = true;
            store.insert(&message).await
        }
        None => {
            store
                .remove(&message.domain, &message.user, &message.uuid)
                .await
        }
    };
    match (result, length) {
        (Err(error), _) => {
            tracing::error!(%error, uuid = message.uuid, "a message cut off by a crash cannot be completed");
        }
        (Ok(()), None) => {
            tracing::info!(
                uuid = message.uuid,
                "a message cut off by a crash was too short and is removed"
            );
        }
        (Ok(()), Some(length)) => {
            tracing::warn!(
                uuid = message.uuid,
                seconds = length.as_secs(),
                "a message was cut off by a crash; what was recorded is kept"
            );
            if let Some(mailbox) = mailbox {
                waiting::message_left(&mailbox, &message);
                waiting::tell(&mailbox, waiting::Reason::New).await;
            }
        }
    }
}

/// The length of a recording that is worth keeping, its header put right; a shorter one is deleted. Blocking.
fn salvage(path: &std::path::Path, shortest: Duration) -> Option<Duration> {
    let extent = match wav::measure(path) {
        Ok(extent) => extent,
        Err(error) => {
            tracing::debug!(path = %path.display(), %error, "no recording to complete");
            paths::remove(path);
            return None;
        }
    };
    let length = Duration::from_millis(extent.ms());
    if length < shortest {
        paths::remove(path);
        return None;
    }
    if let Err(error) = wav::repair(path, &extent) {
        tracing::warn!(path = %path.display(), %error, "the header of a cut recording cannot be corrected");
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_recording_that_is_long_enough_is_salvaged() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("msg_1.wav");
        std::fs::write(&path, wav::encode(&vec![1; 32_000], 8_000)).expect("written");
        assert_eq!(
            salvage(&path, Duration::from_secs(3)),
            Some(Duration::from_secs(4))
        );
        assert_eq!(salvage(&path, Duration::from_secs(5)), None);
        assert!(!path.exists(), "it was too short");
        assert_eq!(
            salvage(&path, Duration::from_secs(5)),
            None,
            "no file at all"
        );
    }
}
