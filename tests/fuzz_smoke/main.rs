//! Every fuzz target on a stable compiler: over its seeds, over damaged seeds, and over random octets, a bounded number
//! of each. The numbers only look random, so a failure comes again.
//!
//! `STROWGER_FUZZ_INPUTS=100000` runs more; `STROWGER_FUZZ_SEED` begins elsewhere.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use targets::{TARGETS, Target};

/// Inputs for each target unless told otherwise.
const INPUTS: u64 = 2_000;
/// Where the numbers begin unless told otherwise.
const SEED: u64 = 0x1891;
/// Longest random input, octets.
const LONGEST: u64 = 400;
/// Longest seed that is taken, octets: what a peer can send at once.
const LONGEST_SEED: u64 = 64 * 1_024;
/// No input may take longer, even in an unoptimised build on a busy machine.
const TOO_LONG: Duration = Duration::from_secs(5);
/// All inputs of a target together; what is left then is left out, and said.
const ALL_TOGETHER: Duration = Duration::from_secs(20);

/// Words that parsers have ideas about.
const WORDS: [&[u8]; 24] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\0\0",
    b"${",
    b"}",
    b"$1",
    b"<",
    b"</",
    b"<!--",
    b"%(",
    b"sip:",
    b"SIP/2.0",
    b"Content-Length: ",
    b"a=rtpmap:",
    b"m=audio ",
    b"99999999999999999999",
    b"-1",
    b"\xff\xff",
    b"[",
    b"{",
    b"|",
    b":_:",
    b"(a+)+",
    b"\"",
];

/// SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> usize {
        (self.next() % bound.max(1)) as usize
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// Prints past the capture of the test runner, which would hide it in a test that passes.
fn say(what: &str) {
    // Nobody may be listening, which is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// The folder of seeds: `$STROWGER_FIXTURES` or `../shared/fixtures`; never part of this project.
fn fixtures() -> Option<PathBuf> {
    let folder = std::env::var_os("STROWGER_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    folder.join("seeds").is_dir().then_some(folder)
}

/// The seeds of a target that are there, sorted by name.
fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in target.seeds {
        let foreign = folder.starts_with("seeds/") || folder.starts_with("torture/");
        let root = match foreign {
            true => fixtures(),
            false => Some(project.clone()),
        };
        let Some(root) = root else { continue };
        let entries = std::fs::read_dir(root.join(folder))
            .unwrap_or_else(|error| panic!("{folder}: {error}"));
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files.retain(|path| {
        std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= LONGEST_SEED)
    });
    files.sort();
    files
        .iter()
        .map(|path| std::fs::read(path).expect("a readable seed"))
        .collect()
}

/// A seed with a few things wrong, or octets at random.
fn input(numbers: &mut Numbers, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut octets = match seeds.len() as u64 {
        count if count > 0 && numbers.below(4) > 0 => seeds[numbers.below(count)].clone(),
        _ => {
            let length = numbers.below(LONGEST);
            let printable = numbers.below(2) == 0;
            let any = |numbers: &mut Numbers| match printable {
                true => b' ' + numbers.below(95) as u8,
                false => numbers.next() as u8,
            };
            (0..length).map(|_| any(numbers)).collect()
        }
    };
    for _ in 0..numbers.below(6) {
        let length = octets.len() as u64;
        let at = numbers.below(length + 1);
        let end = (at + numbers.below(16)).min(octets.len());
        match numbers.below(6) {
            0 => octets.truncate(at),
            1 => drop(octets.drain(at..end)),
            2 => drop(octets.splice(at..at, octets[at..end].to_vec().repeat(3))),
            3 => {
                let word = WORDS[numbers.below(WORDS.len() as u64)];
                octets.splice(at..end, word.iter().copied());
            }
            4 if at < octets.len() => octets[at] ^= 1 << numbers.below(8),
            _ if at < octets.len() => octets[at] = numbers.next() as u8,
            _ => octets.push(numbers.next() as u8),
        }
    }
    octets
}

fn run(target: &Target, octets: &[u8]) {
    let begin = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| (target.run)(octets)));
    let took = begin.elapsed();
    assert!(
        result.is_ok() && took < TOO_LONG,
        "{}: {} after {took:?} on {} octets: {}",
        target.name,
        if result.is_ok() {
            "too slow"
        } else {
            "a panic"
        },
        octets.len(),
        octets.escape_ascii()
    );
}

fn smoke(name: &str) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .expect("a target of that name");
    let foreign = |folder: &&&str| folder.starts_with("seeds/") || folder.starts_with("torture/");
    if fixtures().is_none() && target.seeds.iter().any(|folder| foreign(&folder)) {
        say(&format!(
            "SKIPPED fuzz_smoke {name}: only its seeds from elsewhere; set STROWGER_FIXTURES to their folder"
        ));
    }
    let seeds = seeds(target);
    for seed in &seeds {
        run(target, seed);
    }
    let mut numbers = Numbers(setting("STROWGER_FUZZ_SEED", SEED));
    let count = setting("STROWGER_FUZZ_INPUTS", INPUTS);
    let begin = Instant::now();
    for done in 0..count {
        if count <= INPUTS && begin.elapsed() > ALL_TOGETHER {
            say(&format!(
                "fuzz_smoke {name}: {done} of {count} inputs in {ALL_TOGETHER:?}"
            ));
            break;
        }
        run(target, &input(&mut numbers, &seeds));
    }
}

macro_rules! smoke {
    ($($name:ident)*) => {
        $(#[test] fn $name() { smoke(stringify!($name)); })*

        #[test]
        fn every_target_is_run_and_has_its_file() {
            let here = [$(stringify!($name)),*];
            let there: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(here[..], there[..]);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
            let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("readable");
            for name in there {
                assert!(folder.join(format!("fuzz_targets/{name}.rs")).is_file(), "{name}.rs");
                assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} in Cargo.toml");
            }
        }
    };
}

smoke! {
    arguments configuration dial_string dialplan digest event_socket inline_dialplan pattern percent rtcp rtp rtp_leg sdp
    sip_core sip_message sip_stream sip_uri sound_file sound_name stun template tone_script xml
}
