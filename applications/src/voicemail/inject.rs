//! Putting a file into boxes as a message: copies to others, forwarded messages, announcements by an operator.

use super::mailbox::Mailbox;
use super::paths;
use super::waiting::{self, Reason};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use strowger_core::Switch;
use strowger_core::config::ConfigSnapshot;
use strowger_core::media::{SampleRate, SoundCache};
use strowger_core::store::{Message, MessageState, Urgency};
use strowger_model::User;

/// What a copy says about where it comes from.
#[derive(Clone, Debug, Default)]
pub struct Copy {
    /// Name of the caller.
    pub caller_name: String,
    /// Number of the caller.
    pub caller_number: String,
    /// Who forwarded it.
    pub forwarded_by: String,
    /// Urgent or not.
    pub urgency: Urgency,
}

/// Puts a copy of a sound file into a box, and tells of it. The error is a sentence.
pub async fn put(mailbox: &Mailbox, file: &Path, copy: Copy) -> Result<Message, String> {
    let full = mailbox
        .room_for(&copy.caller_number)
        .await
        .map_err(|e| e.to_string())?;
    if let Some(full) = full {
        return Err(format!(
            "{} takes no message: {full:?}",
            mailbox.user.address()
        ));
    }
    mailbox
        .make_directory()
        .await
        .map_err(|error| error.to_string())?;
    let uuid = mailbox.switch().new_uuid();
    let mut message = mailbox.new_message(uuid.clone(), copy.caller_name, copy.caller_number);
    let original = file.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("msg_{uuid}_broadcast_{}", paths::safe_file_name(&original));
    let target = mailbox.directory.file(&name);
    let (from, to) = (file.to_owned(), target.clone());
    let seconds = mailbox
        .switch()
        .blocking(move || copy_sound(&from, &to))
        .await?;
    message.path = target.display().to_string();
    message.seconds = seconds;
    message.state = MessageState::Kept;
    message.urgency = copy.urgency;
    message.forwarded_by = copy.forwarded_by;
    if let Err(error) = mailbox.store().insert(&message).await {
        mailbox.remove_files(vec![target]).await;
        return Err(error.to_string());
    }
    waiting::message_left(mailbox, &message);
    waiting::tell(mailbox, Reason::New).await;
    Ok(message)
}

/// Copies a file that can be decoded; its length in seconds. Blocking.
fn copy_sound(from: &Path, to: &Path) -> Result<u64, String> {
    let sound = SoundCache::new(0)
        .load(from, SampleRate::NARROW)
        .map_err(|error| error.to_string())?;
    paths::copy_new(from, to)
        .map_err(|error| format!("{} cannot be copied: {error}", from.display()))?;
    Ok(sound.duration_ms() / 1_000)
}

/// `vm-cc`: copies of a message just left.
pub async fn copy_to(mailbox: &Mailbox, targets: &str, file: &Path, message: &Message) {
    let config = mailbox.switch().config();
    for target in targets.split(',').map(str::trim).filter(|t| !t.is_empty()) {
        let users = users(&config, target, mailbox.domain());
        if users.is_empty() {
            tracing::warn!(
                target,
                mailbox = mailbox.user.address(),
                "vm-cc names nobody"
            );
        }
        for user in users {
            let copy = Copy {
                caller_name: message.caller_name.clone(),
                caller_number: message.caller_number.clone(),
                forwarded_by: String::new(),
                urgency: message.urgency,
            };
            let (switch, profile) = (mailbox.switch(), &mailbox.profile);
            let result = match Mailbox::find(switch, &config, profile, &user.domain, &user.id) {
                Ok(other) if other.directory == mailbox.directory => continue,
                Ok(other) => put(&other, file, copy).await.map(|_| ()),
                Err(why) => Err(why.to_string()),
            };
            if let Err(why) = result {
                tracing::warn!(
                    why,
                    target = user.address(),
                    "a copy of a message was not left"
                );
            }
        }
    }
}

/// The users that `group=G[@d]`, `domain=D` or `box[@d]` means.
pub fn users(config: &ConfigSnapshot, target: &str, default_domain: &str) -> Vec<Arc<User>> {
    let directory = config.directory();
    if let Some(domain) = target.strip_prefix("domain=") {
        return directory.users(domain).to_vec();
    }
    let (group, rest) = match target.strip_prefix("group=") {
        Some(rest) => (true, rest),
        None => (false, target),
    };
    let (name, domain) = rest.split_once('@').unwrap_or((rest, default_domain));
    if group {
        directory.group_members(domain, name)
    } else {
        directory
            .user_by(domain, "id:number-alias", name)
            .cloned()
            .into_iter()
            .collect()
    }
}

/// The file that an operator names, if it lies below a directory of sounds or recordings. Blocking.
pub fn allowed_file(roots: &[PathBuf], name: &str) -> Result<PathBuf, String> {
    let real = std::fs::canonicalize(name).map_err(|error| format!("{name}: {error}"))?;
    let allowed = roots
        .iter()
        .filter_map(|root| std::fs::canonicalize(root).ok())
        .any(|root| real.starts_with(root));
    if !allowed {
        let roots: Vec<String> = roots
            .iter()
            .map(|root| root.display().to_string())
            .collect();
        return Err(format!(
            "{name} is not below {}; copy it there first",
            roots.join(", ")
        ));
    }
    if real.is_file() {
        Ok(real)
    } else {
        Err(format!("{name} is not a file"))
    }
}

/// Directories from which files may be put into boxes.
pub fn allowed_roots(switch: &Switch) -> Vec<PathBuf> {
    let mut roots = vec![super::mailbox::storage_root(switch)];
    let named = ["sounds_dir", "sound_prefix", "recordings_dir"];
    roots.extend(
        named
            .iter()
            .filter_map(|name| switch.global(name))
            .filter(|text| text.starts_with('/') && text.len() > 1)
            .map(PathBuf::from),
    );
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_below_the_roots_are_taken() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("sounds");
        std::fs::create_dir(&root).expect("made");
        std::fs::write(root.join("a.wav"), b"x").expect("written");
        std::fs::write(dir.path().join("b.wav"), b"x").expect("written");
        std::os::unix::fs::symlink(dir.path().join("b.wav"), root.join("c.wav")).expect("linked");
        let allowed = |name: &str| {
            allowed_file(
                std::slice::from_ref(&root),
                &root.join(name).display().to_string(),
            )
        };
        assert!(allowed("a.wav").is_ok());
        assert!(allowed("../b.wav").is_err());
        assert!(allowed("c.wav").is_err(), "a link that leads out");
        assert!(allowed("none.wav").is_err());
        assert!(allowed("").is_err(), "a directory");
    }
}
