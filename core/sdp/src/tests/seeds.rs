//! The collection of odd descriptions: none makes the reader or the negotiator panic.

use std::path::PathBuf;

use super::properties::exercise;

/// The folder of odd descriptions, or `None` where this copy of the project has none.
fn seeds() -> Option<PathBuf> {
    let fixtures = std::env::var_os("STROWGER_FIXTURES")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures")
        });
    let folder = fixtures.join("seeds/sdp-odd");
    folder.is_dir().then_some(folder)
}

#[test]
fn odd_descriptions_do_no_harm() {
    let Some(folder) = seeds() else {
        eprintln!("skipped: no folder seeds/sdp-odd among the fixtures (set STROWGER_FIXTURES)");
        return;
    };
    let (mut seen, mut read) = (0, 0);
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let octets =
            std::fs::read(entry.expect("a readable entry").path()).expect("a readable seed");
        seen += 1;
        read += usize::from(exercise(&octets));
    }
    assert!(seen > 100, "only {seen} seeds");
    assert!(read > seen / 4, "only {read} of {seen} seeds were readable");
}
