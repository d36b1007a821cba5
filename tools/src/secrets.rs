//! Secrets that a configuration refers to by name: made at the first start, kept in the data directory.
//!
//! `$${secret_sip_1000}` is the password of extension 1000, `$${secret_pin_1000}` its voicemail PIN,
//! `$${secret_event_socket}` the password of the control connection.

use rand::RngExt;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use strowger_model::Secret;

/// Characters of a password.
const PASSWORD_LENGTH: usize = 20;
/// Digits of a PIN.
const PIN_LENGTH: usize = 6;
/// Letters and digits that nobody mistakes for one another when typing them into a phone.
const ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Different digits that a PIN has at least.
const PIN_VARIETY: usize = 4;
/// Largest configuration file that is searched for names, octets.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;
/// Folders below the configuration that are searched.
const DEEPEST: usize = 16;

/// Secrets by name of their global variable.
#[derive(Debug, Default)]
pub struct Secrets {
    values: BTreeMap<String, Secret<String>>,
    /// Whether this process made the file: the first start.
    pub first: bool,
}

/// Secrets can neither be read nor kept.
#[derive(Debug, thiserror::Error)]
#[error("{what} {path}: {why}; {advice}", path = path.display())]
pub struct SecretsError {
    what: &'static str,
    path: PathBuf,
    why: String,
    advice: &'static str,
}

impl Secrets {
    /// The secrets that these files name.
    pub fn wanted(conf: &Path) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        search(conf, 0, &mut names);
        names
    }

    /// Reads the secrets kept in the data directory and makes those that are missing.
    pub fn ensure(data: &Path, wanted: &BTreeSet<String>) -> Result<Secrets, SecretsError> {
        make_private_folder(data).map_err(|why| SecretsError {
            what: "cannot make the data directory",
            path: data.to_owned(),
            why: why.to_string(),
            advice: "name one that may be written with --data",
        })?;
        // Two programs that start at once must not make two sets.
        let lock = data.join("secrets.lock");
        let held = private(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|why| failure("cannot write", &lock, &why))?;
        let mut secrets = Secrets::read(data)?;
        let missing: Vec<&String> = wanted
            .iter()
            .filter(|name| !secrets.values.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            secrets.first = secrets.values.is_empty();
            for name in missing {
                secrets.values.insert(name.clone(), make(name));
            }
            secrets.write(data)?;
        }
        drop(held);
        Ok(secrets)
    }

    /// Reads the secrets kept in the data directory; none when there is no file yet.
    pub fn read(data: &Path) -> Result<Secrets, SecretsError> {
        let path = data.join("secrets.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Secrets::default()),
            Err(error) => return Err(failure("cannot read", &path, &error)),
        };
        let values: BTreeMap<String, String> =
            serde_json::from_str(&text).map_err(|error| SecretsError {
                what: "cannot understand",
                path: path.clone(),
                // The parser's own words may quote a secret: only the place is told.
                why: format!("it is no JSON object of texts at line {}", error.line()),
                advice: "correct it, or remove it to have new secrets made",
            })?;
        // A file that was copied about may have become readable to others.
        if fs::metadata(&path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0) {
            let _ = fs::set_permissions(&path, fs::Permissions::from_mode(0o600));
        }
        Ok(Secrets {
            values: values
                .into_iter()
                .map(|(name, value)| (name, Secret::new(value)))
                .collect(),
            first: false,
        })
    }

    /// Secrets that nobody keeps, so that a configuration can be checked where none were made.
    pub fn temporary(wanted: &BTreeSet<String>) -> Secrets {
        Secrets {
            values: wanted
                .iter()
                .map(|name| (name.clone(), make(name)))
                .collect(),
            first: false,
        }
    }

    /// Adds temporary ones for names that have none.
    #[must_use]
    pub fn completed(mut self, wanted: &BTreeSet<String>) -> Secrets {
        for name in wanted {
            self.values
                .entry(name.clone())
                .or_insert_with(|| make(name));
        }
        self
    }

    /// The secret of that name.
    pub fn get(&self, name: &str) -> Option<&Secret<String>> {
        self.values.get(name)
    }

    /// The secrets as global variables.
    pub fn globals(&self) -> Vec<(String, String)> {
        self.values
            .iter()
            .map(|(name, value)| (name.clone(), value.reveal().clone()))
            .collect()
    }

    fn write(&self, data: &Path) -> Result<(), SecretsError> {
        let path = data.join("secrets.json");
        let fresh = data.join("secrets.json.new");
        let values: BTreeMap<&str, &str> = self
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value.reveal().as_str()))
            .collect();
        let text = serde_json::json!(values);
        // Written whole under another name first: a crash leaves the old file or the new one.
        private(&fresh)
            .and_then(|mut file| {
                file.set_len(0)?;
                writeln!(file, "{text:#}")?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&fresh, &path))
            .map_err(|why| failure("cannot write", &path, &why))
    }
}

fn failure(what: &'static str, path: &Path, why: &io::Error) -> SecretsError {
    SecretsError {
        what,
        path: path.to_owned(),
        why: why.to_string(),
        advice: "run as the user who owns the data directory, or name another one with --data",
    }
}

/// Makes a folder that only its owner may enter; one that exists stays as it is.
fn make_private_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// A file that only its owner may read.
fn private(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn search(folder: &Path, depth: usize, names: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if depth < DEEPEST {
                search(&path, depth + 1, names);
            }
        } else if path.extension().is_some_and(|end| end == "xml")
            && fs::metadata(&path).is_ok_and(|meta| meta.len() <= LARGEST_FILE)
            && let Ok(octets) = fs::read(&path)
        {
            collect(&String::from_utf8_lossy(&octets), names);
        }
    }
}

fn collect(text: &str, names: &mut BTreeSet<String>) {
    for part in text.split("$${").skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && is_ours(name)
        {
            names.insert(name.to_owned());
        }
    }
}

/// Names for which a secret can be made up: both ends of it are ours.
fn is_ours(name: &str) -> bool {
    let of_somebody = ["secret_sip_", "secret_pin_"].iter().any(|prefix| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty())
    });
    of_somebody || name == "secret_event_socket"
}

fn make(name: &str) -> Secret<String> {
    Secret::new(if name.starts_with("secret_pin_") {
        make_pin()
    } else {
        make_password()
    })
}

fn make_password() -> String {
    let mut random = rand::rng();
    (0..PASSWORD_LENGTH)
        .map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]))
        .collect()
}

fn make_pin() -> String {
    let mut random = rand::rng();
    loop {
        let pin: String = (0..PIN_LENGTH)
            .map(|_| char::from(b'0' + random.random_range(0..10u8)))
            .collect();
        if !is_trivial(&pin) {
            return pin;
        }
    }
}

/// Rows, repetitions and few digits: what people try first.
fn is_trivial(pin: &str) -> bool {
    let digits = pin.as_bytes();
    let variety: BTreeSet<u8> = digits.iter().copied().collect();
    let steps: BTreeSet<u8> = digits
        .windows(2)
        .map(|pair| pair[1].wrapping_sub(pair[0]))
        .collect();
    variety.len() < PIN_VARIETY || steps.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_kept_private() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let conf = folder.path().join("conf/directory");
        fs::create_dir_all(&conf).expect("made");
        fs::write(
            conf.join("1000.xml"),
            r#"<param name="password" value="$${secret_sip_1000}"/><param value="$${secret_pin_1000}"/>
               $${domain} $${secret_trunk} $${secret_event_socket} $${secret_sip_"#,
        )
        .expect("written");
        let data = folder.path().join("data");
        let wanted = Secrets::wanted(&folder.path().join("conf"));
        assert_eq!(
            wanted.iter().map(String::as_str).collect::<Vec<_>>(),
            ["secret_event_socket", "secret_pin_1000", "secret_sip_1000"]
        );
        let first = Secrets::ensure(&data, &wanted).expect("made");
        assert!(first.first);
        let again = Secrets::ensure(&data, &wanted).expect("read");
        assert!(!again.first);
        assert_eq!(first.globals(), again.globals());
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&data.join("secrets.json")), 0o600);
        assert_eq!(mode(&data), 0o700);
        let password = first.get("secret_sip_1000").expect("made").reveal();
        assert_eq!(password.len(), 20);
        assert!(!password.contains(['0', 'O', 'l', '1', 'I', 'o']));
        let pin = first.get("secret_pin_1000").expect("made").reveal();
        assert!(pin.len() == 6 && pin.chars().all(|c| c.is_ascii_digit()));
    }

    #[test]
    fn a_new_user_gets_secrets_and_the_others_keep_theirs() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let one = BTreeSet::from(["secret_sip_1000".to_owned()]);
        let first = Secrets::ensure(folder.path(), &one).expect("made");
        let two = BTreeSet::from(["secret_sip_1000".to_owned(), "secret_sip_1001".to_owned()]);
        let second = Secrets::ensure(folder.path(), &two).expect("made");
        assert_eq!(first.get("secret_sip_1000"), second.get("secret_sip_1000"));
        assert!(second.get("secret_sip_1001").is_some() && !second.first);
    }

    #[test]
    fn a_broken_file_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("secrets.json");
        fs::write(&path, "{\"secret_sip_1000\": \"hush").expect("written");
        let wanted = BTreeSet::from(["secret_sip_1000".to_owned()]);
        let error = Secrets::ensure(folder.path(), &wanted).expect_err("refused");
        assert!(!error.to_string().contains("hush"));
        assert!(fs::read_to_string(&path).expect("there").contains("hush"));
    }

    #[test]
    fn pins_that_people_try_first_are_not_made() {
        for pin in ["111111", "123456", "654321", "121212", "112233"] {
            assert!(is_trivial(pin), "{pin}");
        }
        assert!(!is_trivial("402917"));
    }
}
