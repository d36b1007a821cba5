//! Where the built program is.

use std::path::PathBuf;

/// The program `strowger`: `STROWGER_BIN`, or what was built beside this test.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("STROWGER_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test has a path");
    let built = test
        .ancestors()
        .nth(2)
        .map(|folder| folder.join("strowger"));
    built
        .filter(|path| path.is_file())
        .expect("the program is built first: cargo build -p strowger-tools")
}
