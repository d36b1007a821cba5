//! The one program people meet: `strowger` runs the exchange; its subcommands look at a configuration or talk to a
//! running exchange.

mod check;
mod cli;
mod dial;
mod failure;
mod limits;
mod logging;
mod options;
mod output;
mod run;
mod users;

use clap::Parser;
use options::{Command, Options};
use std::process::ExitCode;

fn main() -> ExitCode {
    let (fixed, arguments) = match options::take_fixed(std::env::args_os()) {
        Ok(taken) => taken,
        Err(why) => return failure::say(&why),
    };
    let options = Options::parse_from(arguments);
    let result = match &options.command {
        None | Some(Command::Run) => run::run(&options, fixed),
        Some(Command::Check { json }) => check::check(&options, fixed, *json),
        Some(Command::Dial(dial)) => dial::dial(&options, dial, fixed),
        Some(Command::Cli(cli)) => cli::cli(&options, cli, fixed),
        Some(Command::Users { json }) => users::users(&options, fixed, *json),
    };
    result.unwrap_or_else(failure::Failure::tell)
}
