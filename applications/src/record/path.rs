//! Where a recording may be: below the directories that the configuration sets aside for sound, never elsewhere.

use std::path::{Component, Path, PathBuf};
use strowger_core::{Interrupt, Session, Switch};
use strowger_model::Expanded;

/// Globals that name directories in which recordings may be; the first is where relative names begin.
const ROOTS: [&str; 3] = ["recordings_dir", "storage_dir", "temp_dir"];

/// Kinds of files that recordings can be.
const EXTENSIONS: [&str; 11] = [
    "wav", "raw", "r8", "r16", "r24", "r32", "r48", "pcmu", "pcma", "ul", "al",
];

/// Longest path, octets.
const LONGEST: usize = 1_024;

/// The directories of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots(pub Vec<PathBuf>);

impl Roots {
    /// As the globals say; those that are not absolute do not count.
    pub fn of(switch: &Switch) -> Roots {
        Roots(
            ROOTS
                .iter()
                .filter_map(|name| switch.global(name))
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
                .collect(),
        )
    }

    /// The file that a text means, without looking at the disk.
    pub fn locate(&self, text: &Expanded) -> Result<PathBuf, String> {
        let text = without_parameters(&text.trim())?;
        let name = harmless(&text);
        let name = name.trim();
        if name.is_empty() || name.len() > LONGEST {
            return Err("there is no file name, or it is too long".to_owned());
        }
        if name.contains("://") || name.chars().any(char::is_control) {
            return Err(format!("`{}` is not a file name", name.escape_debug()));
        }
        let wanted = Path::new(name);
        if wanted
            .components()
            .any(|part| matches!(part, Component::ParentDir))
        {
            return Err(format!("`{name}`: recordings are not reached through `..`"));
        }
        let mut path = if wanted.is_absolute() {
            wanted.to_owned()
        } else {
            let first = self
                .0
                .first()
                .ok_or("recordings_dir is not set to an absolute directory")?;
            first.join(wanted)
        };
        if !self.0.iter().any(|root| path.starts_with(root)) {
            return Err(format!(
                "`{name}` is outside recordings_dir, storage_dir and temp_dir; record below one of them"
            ));
        }
        match path.extension().and_then(|extension| extension.to_str()) {
            None => {
                path.set_extension("wav");
            }
            Some(extension)
                if EXTENSIONS
                    .iter()
                    .any(|known| extension.eq_ignore_ascii_case(known)) => {}
            Some(extension) => {
                return Err(format!(
                    "`.{extension}` is not a kind of file recorded here; use .wav"
                ));
            }
        }
        Ok(path)
    }

    /// Makes the directory of a located file, and makes sure that no symbolic link leads out of the roots. Blocking.
    pub fn make_ready(&self, path: &Path) -> Result<(), String> {
        let say = |error: std::io::Error| format!("{}: {error}", path.display());
        let directory = path.parent().ok_or("there is no directory")?;
        let root = self
            .0
            .iter()
            .find(|root| path.starts_with(root))
            .ok_or("the file is outside every directory for recordings")?;
        std::fs::create_dir_all(root).map_err(say)?;
        // A link on the way must not make a directory elsewhere: the nearest part that exists is checked first.
        let existing = directory
            .ancestors()
            .find(|part| part.exists())
            .unwrap_or(root);
        self.check(existing, path)?;
        std::fs::create_dir_all(directory).map_err(say)?;
        self.check(directory, path)?;
        match std::fs::symlink_metadata(path) {
            Ok(found) if !found.is_file() => {
                Err(format!("{} exists and is not a plain file", path.display()))
            }
            _ => Ok(()),
        }
    }

    fn check(&self, directory: &Path, path: &Path) -> Result<(), String> {
        let real = directory
            .canonicalize()
            .map_err(|error| format!("{}: {error}", directory.display()))?;
        let inside = self
            .0
            .iter()
            .filter_map(|root| root.canonicalize().ok())
            .any(|root| real.starts_with(root));
        if inside {
            Ok(())
        } else {
            Err(format!(
                "{} leads out of the directories for recordings through a link",
                path.display()
            ))
        }
    }
}

/// The text without `{name=value}` parameters, which recordings do not have.
fn without_parameters(text: &Expanded) -> Result<Expanded, String> {
    let mut rest = text.clone();
    while !rest.is_network_at(0) && rest.as_str().starts_with('{') {
        let close = rest
            .find_trusted('}')
            .ok_or_else(|| format!("`{rest}`: the brace is not closed"))?;
        tracing::warn!(
            parameters = &rest.as_str()[..=close],
            "parameters of a recording are not supported and have no effect"
        );
        rest = rest.slice(close + 1..rest.len()).trim();
    }
    Ok(rest)
}

/// What a peer chose can only ever be part of a file's name: anything else in it becomes `_`.
fn harmless(text: &Expanded) -> String {
    text.chars()
        .map(|(_, c, network)| {
            let plain = c.is_alphanumeric() || "-_+@*#= ".contains(c);
            if network && !plain { '_' } else { c }
        })
        .collect()
}

/// Finds and prepares the file of a recording while the session goes on living.
pub async fn prepare(
    session: &mut Session,
    text: &Expanded,
) -> Result<Result<PathBuf, String>, Interrupt> {
    let roots = Roots::of(session.switch());
    let path = match roots.locate(text) {
        Ok(path) => path,
        Err(why) => return Ok(Err(why)),
    };
    let switch = session.switch().clone();
    session
        .during(async move {
            switch
                .blocking(move || roots.make_ready(&path).map(|()| path))
                .await
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots() -> Roots {
        Roots(vec!["/srv/recordings".into(), "/tmp/x".into()])
    }

    fn locate(text: &str) -> Result<PathBuf, String> {
        roots().locate(&Expanded::trusted(text))
    }

    #[test]
    fn recordings_stay_in_their_directories() {
        assert_eq!(locate("a/b.wav"), Ok("/srv/recordings/a/b.wav".into()));
        assert_eq!(locate("a"), Ok("/srv/recordings/a.wav".into()));
        assert_eq!(locate("/tmp/x/a.WAV"), Ok("/tmp/x/a.WAV".into()));
        for evil in [
            "/etc/cron.d/x.wav",
            "../x.wav",
            "a/../../x.wav",
            "/srv/recordings/../x.wav",
            "/srv/recordingsx/a.wav",
            "http://example.org/a.wav",
            "a.sh",
            "a\nb.wav",
            "",
        ] {
            assert!(locate(evil).is_err(), "{evil}");
        }
    }

    #[test]
    fn a_callers_name_is_only_ever_part_of_a_name() {
        let mut text = Expanded::trusted("calls/");
        text.push_network("../../etc/x");
        text.push_trusted(".wav");
        let path = roots().locate(&text).expect("a harmless name");
        assert_eq!(path, Path::new("/srv/recordings/calls/______etc_x.wav"));
    }

    #[test]
    fn links_do_not_lead_out() {
        let dir = tempfile::tempdir().expect("a directory");
        let outside = tempfile::tempdir().expect("another");
        let root = dir.path().join("recordings");
        std::fs::create_dir(&root).expect("made");
        std::os::unix::fs::symlink(outside.path(), root.join("out")).expect("linked");
        std::os::unix::fs::symlink(outside.path().join("f"), root.join("f.wav")).expect("linked");
        let roots = Roots(vec![root.clone()]);
        assert!(roots.make_ready(&root.join("out/a.wav")).is_err());
        assert!(roots.make_ready(&root.join("out/new/a.wav")).is_err());
        assert!(!outside.path().join("new").exists());
        assert!(roots.make_ready(&root.join("f.wav")).is_err());
        assert_eq!(roots.make_ready(&root.join("new/deep/a.wav")), Ok(()));
        assert!(root.join("new/deep").is_dir());
    }
}
