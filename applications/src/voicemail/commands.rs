//! What operators and dialplans ask about mailboxes: `vm_boxcount`, `vm_list` and the like.

use super::config::{Profile, VoicemailConf};
use super::inject::{self, Copy};
use super::mailbox::Mailbox;
use super::waiting::{self, Reason};
use std::path::PathBuf;
use std::sync::Arc;
use strowger_core::store::{Message, MessageCounts, MessageState};
use strowger_core::{ApiCommand, CommandCall, Switch, command};
use strowger_model::{Expanded, separate};

/// The profile meant when none is named.
const DEFAULT_PROFILE: &str = "default";

const INJECT_USAGE: &str = "Error: usage: [group=<group>[@domain]|domain=<domain>|<box>[@<domain>]] <file> [<cid_num>] [<cid_name>]";

/// All commands.
pub fn all() -> Vec<ApiCommand> {
    vec![
        command!(
            "vm_boxcount",
            boxcount,
            "[<profile>/]<user>@<domain>[|new|saved|new-urgent|new-saved|all]",
            "How many messages a mailbox has",
            expandable
        ),
        command!(
            "vm_prefs",
            prefs,
            "[<profile>/]<user>@<domain>[|name_path|greeting_path|password]",
            "What the owner of a mailbox has chosen"
        ),
        command!(
            "vm_list",
            list,
            "<id>@<domain>[/profile] [xml]",
            "The messages of a mailbox"
        ),
        command!(
            "vm_delete",
            delete,
            "<id>@<domain>[/profile] [<uuid>]",
            "Delete messages of a mailbox"
        ),
        command!(
            "vm_read",
            read,
            "<id>@<domain>[/profile] <read|unread> [<uuid>]",
            "Mark messages of a mailbox as read or unread"
        ),
        command!(
            "vm_inject",
            put,
            "[group=<group>[@domain]|domain=<domain>|<box>[@<domain>]] <file> [<cid_num>] [<cid_name>]",
            "Put a sound file into mailboxes as a message"
        ),
        command!(
            "voicemail_inject",
            put,
            "[group=<group>[@domain]|domain=<domain>|<box>[@<domain>]] <file> [<cid_num>] [<cid_name>]",
            "Put a sound file into mailboxes as a message"
        ),
        command!(
            "voicemail",
            control,
            "status|reload <profile> [reloadxml]",
            "The profiles of voicemail"
        ),
    ]
}

fn words(call: &CommandCall<'_>, most: usize) -> Vec<String> {
    separate(&call.arguments, ' ', most)
        .into_iter()
        .map(Expanded::into_string)
        .filter(|word| !word.is_empty())
        .collect()
}

fn profile(switch: &Switch, name: &str) -> Option<Arc<Profile>> {
    switch
        .config()
        .get::<VoicemailConf>()
        .profile(name)
        .cloned()
}

/// `[profile/]user@domain`.
fn profile_first(text: &str) -> (&str, &str) {
    text.split_once('/').unwrap_or((DEFAULT_PROFILE, text))
}

/// `user@domain[/profile]`.
fn profile_last(text: &str) -> (&str, &str) {
    let (account, profile) = text.rsplit_once('/').unwrap_or((text, DEFAULT_PROFILE));
    (profile, account)
}

fn find(switch: &Switch, profile: &Arc<Profile>, account: &str) -> Option<Mailbox> {
    let (user, domain) = account.split_once('@')?;
    Mailbox::find(switch, &switch.config(), profile, domain, user).ok()
}

fn find_last(switch: &Switch, text: &str) -> Option<Mailbox> {
    let (name, account) = profile_last(text);
    find(switch, &profile(switch, name)?, account)
}

fn failure(error: &dyn std::fmt::Display) -> String {
    format!("-ERR {error}\n")
}

async fn boxcount(call: CommandCall<'_>) -> String {
    let text = call.arguments.as_str().trim();
    let (account, what) = text.split_once('|').unwrap_or((text, "new"));
    let (name, account) = profile_first(account);
    if !account.contains('@') {
        return "0".to_owned();
    }
    let Some(profile) = profile(call.switch, name) else {
        return "-ERR No such profile\n".to_owned();
    };
    match find(call.switch, &profile, account) {
        None => counted(MessageCounts::default(), what),
        Some(mailbox) => match mailbox.counts().await {
            Ok(counts) => counted(counts, what),
            Err(error) => failure(&error),
        },
    }
}

fn counted(counts: MessageCounts, what: &str) -> String {
    match what {
        "new" => counts.new.to_string(),
        "saved" => counts.saved.to_string(),
        "new-urgent" | "urgent-new" => counts.new_urgent.to_string(),
        "new-saved" | "urgent-saved" => counts.saved_urgent.to_string(),
        "all" => format!(
            "{}:{}:{}:{}",
            counts.new, counts.saved, counts.new_urgent, counts.saved_urgent
        ),
        _ => "0".to_owned(),
    }
}

async fn prefs(call: CommandCall<'_>) -> String {
    let text = call.arguments.as_str().trim();
    let (account, what) = text.split_once('|').unwrap_or((text, ""));
    let (name, account) = profile_first(account);
    let Some(profile) = profile(call.switch, name) else {
        return "-ERR No such profile\n".to_owned();
    };
    let Some(mailbox) = find(call.switch, &profile, account) else {
        return "-ERR No such user\n".to_owned();
    };
    let own = match mailbox.preferences().await {
        Ok(own) => own,
        Err(error) => return failure(&error),
    };
    let greeting = own.greeting_path.unwrap_or_default();
    let name = own.name_path.unwrap_or_default();
    // Even the hash of a few digits gives them away: only whether there is one is told.
    let password = own.password.map_or("", |_| "***");
    match what {
        "greeting_path" => greeting,
        "name_path" => name,
        "password" => password.to_owned(),
        _ => format!("{greeting}:{name}:{password}"),
    }
}

async fn list(call: CommandCall<'_>) -> String {
    let words = words(&call, 2);
    let Some(mailbox) = words.first().and_then(|text| find_last(call.switch, text)) else {
        return "-ERR can't find user or profile.\n".to_owned();
    };
    let messages = match mailbox.messages().await {
        Ok(messages) => messages,
        Err(error) => return failure(&error),
    };
    if words.get(1).is_some_and(|format| format == "xml") {
        let mut text = "<voicemail>\n".to_owned();
        for message in &messages {
            text.push_str(&as_xml(message));
        }
        text.push_str("</voicemail>\n");
        text
    } else {
        messages.iter().map(as_line).collect()
    }
}

fn columns(message: &Message) -> [(&'static str, String); 10] {
    [
        ("created_epoch", message.created.to_string()),
        ("read_epoch", message.read.to_string()),
        ("username", message.user.clone()),
        ("domain", message.domain.clone()),
        ("folder", message.folder.clone()),
        ("path", message.path.clone()),
        ("uuid", message.uuid.clone()),
        ("cid-name", message.caller_name.clone()),
        ("cid-number", message.caller_number.clone()),
        ("message-len", message.seconds.to_string()),
    ]
}

fn as_line(message: &Message) -> String {
    let values: Vec<String> = columns(message)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    format!("{}\n", values.join(":"))
}

fn as_xml(message: &Message) -> String {
    let mut text = " <message>\n".to_owned();
    for (name, value) in columns(message) {
        text.push_str(&format!("  <{name}>{}</{name}>\n", escaped(&value)));
    }
    text.push_str(" </message>\n");
    text
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

/// The messages that an operator means: one, or all.
async fn meant(mailbox: &Mailbox, uuid: Option<&String>) -> Result<Vec<Message>, String> {
    let mut messages = mailbox.messages().await.map_err(|error| failure(&error))?;
    if let Some(uuid) = uuid {
        messages.retain(|message| message.uuid == *uuid);
    }
    Ok(messages)
}

async fn delete(call: CommandCall<'_>) -> String {
    let words = words(&call, 2);
    let Some(mailbox) = words.first().and_then(|text| find_last(call.switch, text)) else {
        return "-ERR can't find user or profile.\n".to_owned();
    };
    let messages = match meant(&mailbox, words.get(1)).await {
        Ok(messages) => messages,
        Err(reply) => return reply,
    };
    for message in &messages {
        let removed = mailbox
            .store()
            .remove(&message.domain, &message.user, &message.uuid);
        if let Err(error) = removed.await {
            return failure(&error);
        }
    }
    let files = messages.iter().map(|message| PathBuf::from(&message.path));
    mailbox.remove_files(files.collect()).await;
    waiting::tell(&mailbox, Reason::Deleted).await;
    "+OK\n".to_owned()
}

async fn read(call: CommandCall<'_>) -> String {
    let words = words(&call, 3);
    let Some(mailbox) = words.first().and_then(|text| find_last(call.switch, text)) else {
        return "-ERR can't find user or profile.\n".to_owned();
    };
    let is_read = match words.get(1).map(String::as_str) {
        Some("read") => true,
        Some("unread") => false,
        _ => return "-ERR usage: <id>@<domain>[/profile] <read|unread> [<uuid>]\n".to_owned(),
    };
    let messages = match meant(&mailbox, words.get(2)).await {
        Ok(messages) => messages,
        Err(reply) => return reply,
    };
    for mut message in messages {
        message.read = if is_read { mailbox.now() } else { 0 };
        message.state = if is_read {
            MessageState::Saved
        } else {
            MessageState::Kept
        };
        if let Err(error) = mailbox.store().mark(&message).await {
            return failure(&error);
        }
    }
    waiting::tell(&mailbox, Reason::Read).await;
    "+OK\n".to_owned()
}

async fn put(call: CommandCall<'_>) -> String {
    let words = words(&call, 4);
    let (Some(target), Some(file)) = (words.first(), words.get(1)) else {
        return format!("{INJECT_USAGE}\n");
    };
    let switch = call.switch;
    let config = switch.config();
    let default_domain = switch.global("domain").unwrap_or_default();
    let users = inject::users(&config, target, &default_domain);
    let mailboxes: Vec<Mailbox> = users
        .iter()
        .filter_map(|user| Mailbox::find_anywhere(switch, &config, &user.domain, &user.id))
        .collect();
    if mailboxes.is_empty() {
        return format!("{INJECT_USAGE}\n");
    }
    let (roots, name) = (inject::allowed_roots(switch), file.clone());
    let file = match switch
        .blocking(move || inject::allowed_file(&roots, &name))
        .await
    {
        Ok(file) => file,
        Err(why) => return format!("Error: {why}\n"),
    };
    let copy = Copy {
        caller_number: words
            .get(2)
            .cloned()
            .unwrap_or_else(|| "anonymous".to_owned()),
        caller_name: words
            .get(3)
            .cloned()
            .unwrap_or_else(|| "anonymous".to_owned()),
        ..Copy::default()
    };
    let mut failures = Vec::new();
    for mailbox in mailboxes {
        if let Err(why) = inject::put(&mailbox, &file, copy.clone()).await {
            failures.push(why);
        }
    }
    if failures.is_empty() {
        "+OK\n".to_owned()
    } else {
        format!("Error: {}\n", failures.join("; "))
    }
}

async fn control(call: CommandCall<'_>) -> String {
    let words = words(&call, 3);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["status"] => {
            let rule = "=".repeat(40);
            let conf = call.switch.config().get::<VoicemailConf>();
            let names: String = conf
                .profiles()
                .map(|profile| format!("Profile: {}\n", profile.name))
                .collect();
            format!("{rule}\n{names}{rule}\n")
        }
        ["reload", name, ref rest @ ..] => {
            let mut reply = String::new();
            if rest == ["reloadxml"] {
                match call.switch.reload().await {
                    Ok(_) => reply.push_str("Reload XML [Success]\n"),
                    Err(report) => {
                        return format!("-ERR the configuration has {} errors\n", report.errors());
                    }
                }
            }
            if profile(call.switch, name).is_none() {
                return "-ERR No such profile\n".to_owned();
            }
            // Profiles are read where they are used: a reloaded configuration is in force already.
            reply.push_str("+OK reload complete\n");
            reply
        }
        _ => "-ERR usage: status|reload <profile> [reloadxml]\n".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_one_by_one_or_together() {
        let counts = MessageCounts {
            new: 3,
            saved: 2,
            new_urgent: 1,
            saved_urgent: 0,
            seconds: 9,
        };
        assert_eq!(counted(counts, "new"), "3");
        assert_eq!(counted(counts, "all"), "3:2:1:0");
        assert_eq!(counted(counts, "nonsense"), "0");
    }

    #[test]
    fn a_profile_stands_before_or_behind_the_account() {
        assert_eq!(profile_first("vm/1000@d"), ("vm", "1000@d"));
        assert_eq!(profile_first("1000@d"), ("default", "1000@d"));
        assert_eq!(profile_last("1000@d/vm"), ("vm", "1000@d"));
        assert_eq!(profile_last("1000@d"), ("default", "1000@d"));
    }

    #[test]
    fn a_callers_name_cannot_break_the_xml() {
        let message = Message {
            caller_name: "</cid-name><x>&\u{1}".to_owned(),
            ..Message::default()
        };
        let text = as_xml(&message);
        assert!(
            text.contains("<cid-name>&lt;/cid-name&gt;&lt;x&gt;&amp; </cid-name>"),
            "{text}"
        );
    }
}
