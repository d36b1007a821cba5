//! Where the files of a mailbox are, and that nothing from outside can name another place.

use std::io;
use std::path::{Path, PathBuf};

/// Longest name of a user, domain or profile: a file name has at most 255 octets, and greetings need some.
const LONGEST_NAME: usize = 128;

/// Only the exchange's own user reads mailboxes.
const PRIVATE_DIRECTORY: u32 = 0o700;

/// Only the exchange's own user reads messages.
const PRIVATE_FILE: u32 = 0o600;

/// Whether a name may be one step of a path: letters, digits and `._+-@`, neither `.` nor `..`.
pub fn is_safe_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !matches!(name, "." | "..")
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._+-@".contains(&b))
}

/// The same name with everything that may not be in a file name replaced.
pub fn safe_file_name(name: &str) -> String {
    let safe: String = name
        .chars()
        .filter(|c| c.is_ascii())
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._+-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .take(LONGEST_NAME)
        .collect();
    if is_safe_name(&safe) {
        safe
    } else {
        "sound.wav".to_owned()
    }
}

/// A directory below a root, as steps that are each safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxDirectory {
    root: PathBuf,
    steps: Vec<String>,
}

impl BoxDirectory {
    /// A directory below `root`; `None` when a step is not safe.
    pub fn below(root: impl Into<PathBuf>, steps: &[&str]) -> Option<BoxDirectory> {
        steps
            .iter()
            .all(|step| is_safe_name(step))
            .then(|| BoxDirectory {
                root: root.into(),
                steps: steps.iter().map(|step| (*step).to_owned()).collect(),
            })
    }

    /// The directory itself.
    pub fn path(&self) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(&self.steps);
        path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Whether a path is a file directly in it.
    pub fn holds(&self, path: &Path) -> bool {
        path.parent() == Some(&self.path())
    }

    /// Makes the directory, open to nobody else. Blocking. A symbolic link on the way is refused: who can place one
    /// must not choose where messages go.
    pub fn make(&self) -> io::Result<()> {
        make_private(&self.root)?;
        let mut path = self.root.clone();
        for step in &self.steps {
            path.push(step);
            make_private(&path)?;
            if std::fs::symlink_metadata(&path)?.is_symlink() {
                return Err(io::Error::other(format!(
                    "{} is a symbolic link; mailboxes are not stored behind links",
                    path.display()
                )));
            }
        }
        Ok(())
    }
}

fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_DIRECTORY)
        .create(path)
}

/// Writes a new private file. Blocking; an existing file or link is an error.
pub fn write_new(path: &Path, octets: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .open(path)?;
    file.write_all(octets)
}

/// Copies into a new private file. Blocking; half a copy is removed.
pub fn copy_new(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut source = std::fs::File::open(from)?;
    let mut target = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .open(to)?;
    if let Err(error) = io::copy(&mut source, &mut target) {
        remove(to);
        return Err(error);
    }
    Ok(())
}

/// Removes a file; that it is gone already is no failure. Blocking.
pub fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a voicemail file cannot be removed");
    }
}

/// Whether the disk below a directory has room for another message: a twentieth of it, at most 10 GiB, stays free
/// whatever callers say. Blocking. A disk that cannot be asked has room; recording itself then tells.
pub fn has_room(directory: &Path) -> bool {
    const MOST_KEPT_FREE: u64 = 10 * 1024 * 1024 * 1024;
    let existing = directory.ancestors().find(|path| path.exists());
    let Some(statistics) = existing.and_then(|path| rustix::fs::statvfs(path).ok()) else {
        return true;
    };
    let total = statistics.f_blocks.saturating_mul(statistics.f_frsize);
    let free = statistics.f_bavail.saturating_mul(statistics.f_frsize);
    free >= (total / 20).min(MOST_KEPT_FREE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn names_that_leave_the_root_are_no_steps() {
        for good in ["1000", "alice", "a.b+c_d-e", "example.com", "x@y", "..."] {
            assert!(is_safe_name(good), "{good}");
        }
        for bad in [
            "", ".", "..", "a/b", "../x", "%2e%2e", "a b", "a\0b", "ä", "x\\y", "*",
        ] {
            assert!(!is_safe_name(bad), "{bad}");
        }
        assert!(!is_safe_name(&"a".repeat(129)));
        assert!(BoxDirectory::below("/v", &["default", "..", "1000"]).is_none());
    }

    #[test]
    fn a_file_name_from_outside_is_made_harmless() {
        assert_eq!(safe_file_name("hello world.wav"), "hello_world.wav");
        assert_eq!(safe_file_name("../../etc/passwd"), ".._.._etc_passwd");
        assert_eq!(safe_file_name(".."), "sound.wav");
    }

    #[test]
    fn directories_and_files_are_private_and_links_are_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = BoxDirectory::below(dir.path().join("voicemail"), &["default", "d", "1000"])
            .expect("safe");
        place.make().expect("made");
        let mode =
            |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&place.path()), 0o700);
        assert_eq!(mode(place.path().parent().expect("a parent")), 0o700);
        let file = place.file("msg_1.wav");
        write_new(&file, b"x").expect("written");
        assert_eq!(mode(&file), 0o600);
        assert!(write_new(&file, b"y").is_err(), "nothing is overwritten");
        assert!(place.holds(&file));
        assert!(!place.holds(Path::new("/etc/passwd")));

        std::os::unix::fs::symlink("/tmp", place.path().with_file_name("1001")).expect("a link");
        let link = BoxDirectory::below(dir.path().join("voicemail"), &["default", "d", "1001"])
            .expect("safe");
        assert!(link.make().is_err());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

        #[test]
        fn no_name_leads_out_of_the_root(name in ".{0,12}|[./a-z%]{0,8}") {
            if let Some(place) = BoxDirectory::below("/voicemail", &["default", &name]) {
                let path = place.path();
                proptest::prop_assert_eq!(path.parent(), Some(Path::new("/voicemail/default")));
            }
            let file = safe_file_name(&name);
            proptest::prop_assert!(is_safe_name(&file), "{} became {}", name, file);
        }
    }
}
