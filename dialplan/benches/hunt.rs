//! How long a hunt through a context of 2,000 extensions takes (fails at 50 µs), and how long the most expensive patterns
//! look at four thousand characters (fails at 5 ms).
//!
//! `cargo bench -p strowger-dialplan`

use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::DateTime;
use strowger_dialplan::pattern::Pattern;
use strowger_dialplan::{Detail, Simulation, XmlDialplan, compile};
use strowger_model::xml::{self, position::LocatedText};
use strowger_model::{
    ApplicationSpec, ArgumentError, CallerProfile, Diagnostics, Expanded, Grammar, HuntCall,
    InlineCall, MediaNeed, ProfileOrigin, Variables, Vocabulary,
};

const EXTENSIONS: u32 = 2_000;
const ROUNDS: u32 = 2_000;
const TARGET: Duration = Duration::from_micros(50);
const EVIL_TARGET: Duration = Duration::from_millis(5);

/// Patterns that take exponential or cubic time on engines without bounds.
const EVIL: [&str; 16] = [
    "^(a+)+$",
    "^(a|aa)+$",
    "^(.*a){20}$",
    "(x+x+)+y",
    r"^(?=(a+))\1+b$",
    "^(?!b)(a+)+$",
    r"(a*)*\1b",
    "^(a+)+(?=b)",
    r"((a|b)*)*\2c",
    "(?=.*a.*a.*a.*a)b",
    "^(?:(?=a)a+)+$",
    r"(.*)(.*)(.*)(.*)\4x",
    "a*a*a*a*a*a*b",
    r"^(\w+\s?)*$",
    "(?<!b)(a+)+c",
    "(a?){50}a{50}",
];

static BRIDGE: ApplicationSpec = ApplicationSpec {
    name: "bridge",
    summary: "",
    help: "",
    grammar: Grammar {
        separator: ' ',
        arguments: &[],
    },
    media: MediaNeed::NotNeeded,
    inline: false,
    after_hangup: false,
};

struct Names;

impl Vocabulary for Names {
    fn application(&self, _: &str) -> Option<&'static ApplicationSpec> {
        Some(&BRIDGE)
    }
    fn check(&self, _: &str, _: &Expanded) -> Result<(), ArgumentError> {
        Ok(())
    }
    fn inline(&self, _: &str, _: &mut InlineCall<'_>, _: &Expanded) -> Result<(), ArgumentError> {
        Ok(())
    }
    fn has_function(&self, _: &str) -> bool {
        true
    }
    fn has_endpoint(&self, _: &str) -> bool {
        true
    }
}

fn dialplan() -> XmlDialplan {
    let rules: String = (0..EXTENSIONS)
        .map(|number| {
            let number = 10_000 + number;
            format!(
                "<extension name=\"e{number}\"><condition field=\"destination_number\" expression=\"^({number})$\">\
                 <action application=\"bridge\" data=\"user/$1@${{domain_name}}\"/></condition></extension>\n"
            )
        })
        .collect();
    let text = format!(
        "<section name=\"dialplan\"><context name=\"default\">\
         <extension name=\"hours\" continue=\"true\"><condition hour=\"25\"/></extension>{rules}\
         <extension name=\"all\"><condition field=\"destination_number\" expression=\"^(\\d+)$\">\
         <action application=\"bridge\" data=\"sofia/gateway/trunk/$1\"/></condition></extension></context></section>"
    );
    let mut report = Diagnostics::new();
    let section = xml::parse(&LocatedText::of_file("bench.xml", &text), &mut report);
    let start = Instant::now();
    let dialplan = compile(section.as_ref(), &Names, &mut report);
    println!("compile of {EXTENSIONS} extensions: {:?}", start.elapsed());
    dialplan
}

fn call(number: &str) -> HuntCall {
    let mut variables = Variables::new();
    for index in 0..60 {
        variables.set(
            &format!("sip_variable_{index}"),
            "a value of ordinary length",
        );
    }
    HuntCall {
        channel_name: "sofia/internal/1001".to_owned(),
        profile: CallerProfile {
            destination_number: number.to_owned(),
            context: "default".to_owned(),
            origin: ProfileOrigin::Network,
            ..CallerProfile::default()
        },
        variables,
        argument: None,
    }
}

/// The median of many hunts.
fn measure(dialplan: &XmlDialplan, number: &str) -> Duration {
    let env = Simulation::new(&Names, DateTime::UNIX_EPOCH);
    let call = call(number);
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let hunt = env.run(dialplan, &call);
            let elapsed = start.elapsed();
            assert!(black_box(hunt).extension.is_some());
            elapsed
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The worst time of any evil pattern on values just below and above the limit for backtracking.
fn evil() {
    for length in [1_000, 4_096] {
        let value = Expanded::network(format!("{}!", "a".repeat(length)));
        for expression in EVIL {
            let Ok(pattern) = Pattern::compile(&Expanded::trusted(expression)) else {
                continue;
            };
            black_box(pattern.run(&value));
            let start = Instant::now();
            black_box(pattern.run(&value));
            let elapsed = start.elapsed();
            println!("{expression} on {length}: {elapsed:?}");
            assert!(
                elapsed < EVIL_TARGET,
                "{expression}: {elapsed:?} is not under {EVIL_TARGET:?}"
            );
        }
    }
}

fn main() {
    let dialplan = dialplan();
    for (what, number) in [
        ("first", "10000"),
        ("last", "11999"),
        ("none, then the catch-all", "99999"),
    ] {
        let median = measure(&dialplan, number);
        println!("{what}: {median:?}");
        assert!(
            median < TARGET,
            "{what}: {median:?} is not under {TARGET:?}"
        );
    }
    let full = dialplan.with_detail(Detail::Full);
    println!("last, every rule traced: {:?}", measure(&full, "11999"));
    evil();
}
