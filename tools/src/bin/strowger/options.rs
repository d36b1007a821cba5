//! The command line.

use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use strowger_tools::paths::{Named, Paths};
use strowger_tools::site::Site;

/// Globals that the operator fixed.
pub type Fixed = Vec<(String, String)>;

/// Strowger, a telephone exchange. Without a subcommand it runs.
#[derive(Debug, Parser)]
#[command(name = "strowger", version, max_term_width = 100)]
pub struct Options {
    /// What to do; without it, the exchange runs
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Directory of the configuration
    #[arg(long, global = true, env = "STROWGER_CONF", value_name = "DIR")]
    pub conf: Option<PathBuf>,

    /// Directory of what is kept: secrets, voicemail, recordings, database, logs
    #[arg(long, global = true, env = "STROWGER_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Directory of prompts and music
    #[arg(long, global = true, env = "STROWGER_SOUNDS", value_name = "DIR")]
    pub sounds: Option<PathBuf>,

    /// Set a global variable; the configuration cannot change it. May be given several times
    // Taken by `take_fixed` before this parser sees the line; here for the help only.
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// Let the configuration run commands (exec, exec-set)
    #[arg(long, global = true)]
    pub allow_exec: bool,

    /// What is logged to standard error: error, warn, info, debug, trace, or target=level,...
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,

    /// Seconds that calls have to end when the exchange is told to stop
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 5)]
    pub drain: u64,

    /// Threads for signalling and applications; audio has its own
    #[arg(long, global = true, value_name = "NUMBER", default_value_t = signalling_threads(),
          value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the exchange (the default)
    Run,
    /// Say everything that is wrong with the configuration
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Explain where a call to a number goes, and what happens there
    Dial(Dial),
    /// Talk to the running exchange
    Cli(Cli),
    /// Show what to type into phones: users, passwords, voicemail PINs
    Users {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `strowger dial`.
#[derive(Debug, Args)]
pub struct Dial {
    /// The number dialled
    pub number: String,
    /// Who calls: a user of the directory, with its variables and context
    #[arg(long, value_name = "USER")]
    pub from: Option<String>,
    /// The context to look in (the user's, else "default")
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// When: "Sun 22:15", "22:15" or "2026-11-20 22:15" (now)
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// The address that the call comes from
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub address: IpAddr,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `strowger cli`.
#[derive(Debug, Args)]
pub struct Cli {
    /// Run one command, print its reply, and leave
    #[arg(short = 'x', long = "execute", value_name = "COMMAND")]
    pub execute: Option<String>,
    /// Where the exchange is
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Port of its event socket
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Password of its event socket
    #[arg(
        long,
        env = "STROWGER_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    pub password: Option<String>,
}

impl Options {
    /// The surroundings that these options describe.
    pub fn site(&self, fixed: Fixed) -> Site {
        let named = Named {
            conf: self.conf.clone(),
            data: self.data.clone(),
            sounds: self.sounds.clone(),
        };
        Site::new(Paths::find(&named), fixed, self.allow_exec)
    }
}

/// Takes every `--set name=value` out of the arguments, before and after the subcommand: the parser would let those
/// after it replace those before it.
pub fn take_fixed(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<(Fixed, Vec<OsString>), String> {
    let mut fixed = Vec::new();
    let mut rest = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--" {
            rest.push(argument);
            rest.extend(arguments);
            break;
        }
        let pair = if text == "--set" {
            let next = arguments.next().ok_or("--set needs NAME=VALUE")?;
            next.to_string_lossy().into_owned()
        } else if let Some(pair) = text.strip_prefix("--set=") {
            pair.to_owned()
        } else {
            rest.push(argument);
            continue;
        };
        match pair.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                fixed.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            _ => {
                return Err(format!(
                    "--set {pair}: it must be NAME=VALUE, such as local_ip_v4=127.0.0.1"
                ));
            }
        }
    }
    Ok((fixed, rest))
}

/// One thread for each four processors: signalling needs little beside audio, and threads that pass work to one another
/// cost more than they give on a small machine.
fn signalling_threads() -> u16 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u16::try_from((processors / 4).clamp(1, 16)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn take(line: &str) -> Result<(Fixed, Vec<OsString>), String> {
        take_fixed(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn set_counts_before_and_after_the_subcommand() {
        let (fixed, rest) = take("strowger --set a=1 users --set=b=2=3 --json").expect("taken");
        assert_eq!(
            fixed,
            [("a".into(), "1".into()), ("b".into(), "2=3".into())]
        );
        assert_eq!(rest, ["strowger", "users", "--json"]);
    }

    #[test]
    fn set_needs_a_name_and_a_value() {
        assert!(take("strowger --set").is_err());
        assert!(take("strowger --set domain").is_err());
        assert!(take("strowger --set =x").is_err());
        let (fixed, rest) = take("strowger cli -x a -- --set x").expect("taken");
        assert!(fixed.is_empty() && rest.len() == 7);
    }
}
