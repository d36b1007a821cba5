//! The stock configuration has no problems; FreeSWITCH's own loads, and says what is not built yet and where.

use std::path::{Path, PathBuf};
use std::process::Command;
use strowger_tests::{TestConf, program};

/// The folder of FreeSWITCH's stock configuration, when it lies beside the checkout.
fn vanilla() -> Option<PathBuf> {
    let fixtures = std::env::var_os("STROWGER_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let folder = fixtures.join("freeswitch-vanilla");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not here", folder.display());
    None
}

fn check(conf: &Path) -> serde_json::Value {
    let data = tempfile::tempdir().expect("a directory");
    let output = Command::new(program())
        .args([
            "check",
            "--json",
            "--set",
            "local_ip_v4=127.0.0.1",
            "--conf",
        ])
        .arg(conf)
        .arg("--data")
        .arg(data.path())
        .output()
        .expect("the program runs");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_stock_configuration_has_no_problem_at_all() {
    let report = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf"));
    assert_eq!(
        report["problems"].as_array().map(Vec::len),
        Some(0),
        "{report:#}"
    );
}

#[test]
fn the_stock_configuration_runs_in_a_switch() {
    let t = TestConf::stock().start();
    assert!(!t.warnings().has_errors());
}

#[test]
fn freeswitch_s_own_configuration_loads_and_names_what_is_missing() {
    let Some(folder) = vanilla() else { return };
    let report = check(&folder);
    assert_eq!(report["errors"], 0, "{report:#}");
    let problems = report["problems"].as_array().expect("a list");
    let mentions = |word: &str| {
        problems.iter().find(|problem| {
            problem["what"]
                .as_str()
                .is_some_and(|what| what.contains(word))
                || problem["why"]
                    .as_str()
                    .is_some_and(|why| why.contains(word))
        })
    };
    for missing in [
        "conference",
        "fifo",
        "valet_park",
        "ivr",
        "verto.conf",
        "eavesdrop",
        "rxfax",
        "intercept",
    ] {
        let problem =
            mentions(missing).unwrap_or_else(|| panic!("nothing says that {missing} is missing"));
        assert!(
            problem["file"]
                .as_str()
                .is_some_and(|file| file.ends_with(".xml")),
            "{problem}"
        );
        assert!(
            problem["line"].as_u64().is_some_and(|line| line > 0),
            "{problem}"
        );
    }
    for built in [
        "application bridge",
        "application set",
        "application playback",
        "application answer",
        "application say",
    ] {
        assert!(
            !problems.iter().any(|p| p["what"]
                .as_str()
                .is_some_and(|what| what.contains(&format!("unknown {built}")))),
            "{built} is built"
        );
    }
    // Every user has the well-known password: each is warned of.
    assert!(mentions("1000@").is_some());
}
