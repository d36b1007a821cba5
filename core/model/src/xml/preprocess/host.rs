//! What the preprocessor asks the machine for, and the real machine's answers.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

/// The machine as the preprocessor sees it. Tests answer from memory.
pub trait PreprocessHost {
    /// An environment variable.
    fn env(&self, name: &str) -> Option<String>;

    /// Run a shell command and return its standard output.
    ///
    /// # Errors
    /// That commands are not allowed, or why the command failed.
    fn exec(&mut self, command: &str) -> Result<String, String>;

    /// The address the world sees, asked from `stun:host[:port]`, `host:name`, or written out.
    ///
    /// # Errors
    /// Why there is no address.
    fn stun(&mut self, server: &str) -> Result<String, String>;

    /// The octets of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The files that match a pattern, sorted.
    fn glob(&self, pattern: &str) -> Vec<PathBuf>;
}

/// The real machine. It asks no STUN server: who can, wraps it.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileHost {
    /// Whether `exec` and `exec-set` may run commands.
    pub allow_exec: bool,
}

impl PreprocessHost for FileHost {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn exec(&mut self, command: &str) -> Result<String, String> {
        if !self.allow_exec {
            return Err("commands in the configuration are not allowed".to_owned());
        }
        let output = Command::new("/bin/sh").arg("-c").arg(command).output();
        let output = output.map_err(|error| format!("the shell did not start: {error}"))?;
        if !output.status.success() {
            return Err(format!("the command ended with {}", output.status));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn stun(&mut self, server: &str) -> Result<String, String> {
        let address: Result<IpAddr, _> = server.parse();
        address
            .map(|ip| ip.to_string())
            .map_err(|_| "no server is asked here".to_owned())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            const WORLD_WRITABLE: u32 = 0o002;
            if std::fs::metadata(path)?.permissions().mode() & WORLD_WRITABLE != 0 {
                let why = "everybody on this machine may write it (chmod o-w it)";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
            }
        }
        std::fs::read(path)
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = glob::glob(pattern)
            .map(|found| found.flatten().filter(|p| p.is_file()).collect())
            .unwrap_or_default();
        files.sort();
        files
    }
}
