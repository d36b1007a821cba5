//! `acl`, `module_exists`, `file_exists` and the like: facts about the exchange.

use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};
use strowger_core::CommandCall;

/// Globals that name directories in which `file_exists` may look.
const LOOK_IN: [&str; 4] = ["recordings_dir", "storage_dir", "temp_dir", "sounds_dir"];

/// `acl`: whether a list (or network) has an address.
pub async fn acl(call: CommandCall<'_>) -> String {
    let mut words = call.arguments.as_str().split_whitespace();
    let (Some(address), Some(list)) = (words.next(), words.next()) else {
        return "false".to_owned();
    };
    let allowed = address
        .parse::<IpAddr>()
        .is_ok_and(|address| call.switch.config().acls().check(list, address).allowed);
    allowed.to_string()
}

/// `create_uuid`.
pub async fn create_uuid(call: CommandCall<'_>) -> String {
    call.switch.new_uuid()
}

/// `hostname`, `switchname`.
pub async fn hostname(call: CommandCall<'_>) -> String {
    call.switch.hostname().to_owned()
}

/// `module_exists`.
pub async fn module_exists(call: CommandCall<'_>) -> String {
    let wanted = call.arguments.as_str().trim();
    call.switch.module_names().contains(&wanted).to_string()
}

/// `file_exists`: only in the directories of sounds and recordings; others are none of a dialplan's business.
pub async fn file_exists(call: CommandCall<'_>) -> String {
    let roots: Vec<PathBuf> = LOOK_IN
        .iter()
        .filter_map(|name| call.switch.global(name))
        .map(PathBuf::from)
        .collect();
    match visible(call.arguments.as_str().trim(), &roots) {
        Some(path) => call
            .switch
            .blocking(move || path.exists())
            .await
            .to_string(),
        None => "false".to_owned(),
    }
}

fn visible(name: &str, roots: &[PathBuf]) -> Option<PathBuf> {
    let path = Path::new(name);
    let climbs = path
        .components()
        .any(|part| matches!(part, Component::ParentDir));
    let inside = roots
        .iter()
        .any(|root| root.is_absolute() && path.starts_with(root));
    (!climbs && inside).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_elsewhere_are_not_seen() {
        let roots = ["/srv/sounds".into()];
        assert!(visible("/srv/sounds/a.wav", &roots).is_some());
        for hidden in [
            "/etc/passwd",
            "/srv/sounds/../x",
            "a.wav",
            "",
            "/srv/soundsx",
        ] {
            assert_eq!(visible(hidden, &roots), None, "{hidden}");
        }
    }
}
