//! Why the program ends: one sentence for a person, and a code for scripts.

use std::process::ExitCode;
use strowger_core::BuildError;
use strowger_model::Diagnostics;

/// Code when the configuration has errors.
const CONFIGURATION: u8 = 2;

/// What ended the program.
#[derive(Debug)]
pub enum Failure {
    /// Anything that one sentence says.
    Sentence(String),
    /// The configuration cannot be used.
    Configuration(Diagnostics),
}

impl Failure {
    /// Prints it, and gives the code.
    pub fn tell(self) -> ExitCode {
        match self {
            Failure::Sentence(why) => say(&why),
            Failure::Configuration(report) => {
                eprint!("{report}");
                eprintln!(
                    "strowger: the configuration has {} errors; \"strowger check\" repeats them without starting",
                    report.errors()
                );
                ExitCode::from(CONFIGURATION)
            }
        }
    }

    /// A failure in one sentence.
    pub fn because(why: impl std::fmt::Display) -> Failure {
        Failure::Sentence(why.to_string())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Failure {
        match error {
            BuildError::Configuration(report) => Failure::Configuration(report),
            BuildError::Resources(why) => Failure::Sentence(why),
        }
    }
}

/// Says why, and gives the code.
pub fn say(why: &str) -> ExitCode {
    eprintln!("strowger: {why}");
    ExitCode::FAILURE
}
