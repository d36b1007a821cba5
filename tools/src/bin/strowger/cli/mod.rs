//! `strowger cli`: a console over the event socket.

mod client;
mod console;
mod find;

use crate::failure::Failure;
use crate::options::{Cli, Fixed, Options};
use crate::output::show;
use client::Client;
use std::process::ExitCode;

/// Code when the exchange cannot be reached.
const UNREACHABLE: u8 = 2;

/// Runs one command, or a console.
pub fn cli(options: &Options, cli: &Cli, fixed: Fixed) -> Result<ExitCode, Failure> {
    let site = options.site(fixed);
    let target = find::find(&site, cli);
    let client = match Client::connect(&target) {
        Ok(client) => client,
        Err(why) => {
            eprintln!("strowger: {why}");
            return Ok(ExitCode::from(UNREACHABLE));
        }
    };
    match &cli.execute {
        Some(command) => Ok(execute(client, command)),
        None => console::talk(client).map_err(Failure::because),
    }
}

fn execute(mut client: Client, command: &str) -> ExitCode {
    let reply = match client.command(command) {
        Ok(reply) => reply,
        Err(why) => {
            eprintln!("strowger: {why}");
            return ExitCode::from(UNREACHABLE);
        }
    };
    show(&reply);
    if reply.starts_with("-ERR") {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
