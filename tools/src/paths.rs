//! Where configuration, data and sounds are: named by the operator, in a source checkout, or installed.

use std::path::{Path, PathBuf};

/// Root documents of a configuration directory.
const ROOTS: [&str; 2] = ["strowger.xml", "freeswitch.xml"];

/// What the operator named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// `--conf` or `STROWGER_CONF`.
    pub conf: Option<PathBuf>,
    /// `--data` or `STROWGER_DATA`.
    pub data: Option<PathBuf>,
    /// `--sounds` or `STROWGER_SOUNDS`.
    pub sounds: Option<PathBuf>,
}

/// Directories in use, absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// What all others are relative to where nothing else is said.
    pub base: PathBuf,
    /// Configuration.
    pub conf: PathBuf,
    /// Secrets, database, voicemail, recordings, logs.
    pub data: PathBuf,
    /// Prompts and music.
    pub sounds: PathBuf,
}

impl Paths {
    /// Finds the directories for this process.
    pub fn find(named: &Named) -> Paths {
        let here = std::env::current_dir().ok();
        let program = std::env::current_exe().ok();
        Paths::from(named, here.as_deref(), program.as_deref())
    }

    /// `here` is the working directory, `program` the executable.
    fn from(named: &Named, here: Option<&Path>, program: Option<&Path>) -> Paths {
        let checkout = here
            .into_iter()
            .chain(program.into_iter().flat_map(Path::ancestors))
            .find(|folder| is_checkout(folder));
        let defaults = match checkout {
            Some(root) => [
                root.to_owned(),
                root.join("conf"),
                root.join("data"),
                root.join("sounds"),
            ],
            None => [
                "/usr/share/strowger".into(),
                "/etc/strowger".into(),
                "/var/lib/strowger".into(),
                "/usr/share/strowger/sounds".into(),
            ],
        };
        let [base, conf, data, sounds] = defaults;
        let absolute = |named: &Option<PathBuf>, default: PathBuf| {
            let path = named.clone().unwrap_or(default);
            // Only an empty path cannot be made absolute; it is then reported as a directory that does not exist.
            std::path::absolute(&path).unwrap_or(path)
        };
        Paths {
            base,
            conf: absolute(&named.conf, conf),
            data: absolute(&named.data, data),
            sounds: absolute(&named.sounds, sounds),
        }
    }

    /// Where logs and call records go.
    pub fn log(&self) -> PathBuf {
        self.data.join("log")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.data.join("strowger.db")
    }

    /// The directories as global variables, named as in FreeSWITCH.
    pub fn globals(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        let mut globals = vec![
            ("base_dir".to_owned(), text(&self.base)),
            ("conf_dir".to_owned(), text(&self.conf)),
            ("data_dir".to_owned(), text(&self.data)),
            ("localstate_dir".to_owned(), text(&self.data)),
            ("db_dir".to_owned(), text(&self.data)),
            ("storage_dir".to_owned(), text(&self.data)),
            ("sounds_dir".to_owned(), text(&self.sounds)),
            ("sound_prefix".to_owned(), text(&self.sounds)),
            ("temp_dir".to_owned(), text(&std::env::temp_dir())),
        ];
        for (name, folder) in [
            ("recordings_dir", "recordings"),
            ("log_dir", "log"),
            ("run_dir", "run"),
            ("script_dir", "scripts"),
            ("certs_dir", "certs"),
            ("cache_dir", "cache"),
            ("mod_dir", "mod"),
            ("htdocs_dir", "htdocs"),
            ("grammar_dir", "grammar"),
            ("fonts_dir", "fonts"),
            ("images_dir", "images"),
        ] {
            globals.push((name.to_owned(), text(&self.data.join(folder))));
        }
        globals
    }
}

/// A folder with our sources and the stock configuration.
fn is_checkout(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file()
        && ROOTS
            .iter()
            .any(|root| folder.join("conf").join(root).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_found_from_the_program_and_options_win() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        std::fs::create_dir_all(root.join("conf")).expect("made");
        std::fs::write(root.join("conf/strowger.xml"), "<document/>").expect("written");
        std::fs::write(root.join("Cargo.toml"), "").expect("written");
        let program = root.join("target/debug/strowger");
        let elsewhere = Path::new("/");
        let found = Paths::from(&Named::default(), Some(elsewhere), Some(&program));
        assert_eq!(found.conf, root.join("conf"));
        assert_eq!(found.data, root.join("data"));
        let named = Named {
            data: Some("/tmp/elsewhere".into()),
            ..Named::default()
        };
        let found = Paths::from(&named, Some(elsewhere), Some(&program));
        assert_eq!(found.data, Path::new("/tmp/elsewhere"));
        assert_eq!(found.sounds, root.join("sounds"));
    }

    #[test]
    fn elsewhere_it_is_installed() {
        let found = Paths::from(&Named::default(), Some(Path::new("/")), None);
        assert_eq!(found.conf, Path::new("/etc/strowger"));
        assert_eq!(found.data, Path::new("/var/lib/strowger"));
    }
}
