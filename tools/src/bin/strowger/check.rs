//! `strowger check`: everything that is wrong with a configuration, without starting anything.

use crate::failure::Failure;
use crate::options::{Fixed, Options};
use crate::output::show;
use serde_json::json;
use std::process::ExitCode;
use strowger_core::Assembly;
use strowger_core::config::{ConfigSnapshot, LoadRequest, load};
use strowger_model::Diagnostics;
use strowger_tools::secrets::Secrets;
use strowger_tools::site::Site;
use strowger_tools::wiring;

/// Checks and reports; the code is 1 when there are errors.
pub fn check(options: &Options, fixed: Fixed, json: bool) -> Result<ExitCode, Failure> {
    let site = options.site(fixed);
    let (_, report) = load_offline(&site, &secrets_for_reading(&site));
    let errors = report.errors();
    let warnings = report.len() - errors;
    if json {
        let report =
            json!({ "errors": errors, "warnings": warnings, "problems": report.to_json() });
        show(&format!("{report:#}\n"));
    } else {
        show(&format!(
            "{report}{}: {}, {}\n",
            site.paths.conf.display(),
            counted(errors, "error"),
            counted(warnings, "warning")
        ));
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Loads a configuration as the exchange would, without anything that runs.
pub fn load_offline(site: &Site, secrets: &Secrets) -> (Option<ConfigSnapshot>, Diagnostics) {
    let assembly = Assembly::of(wiring::modules());
    load(&LoadRequest {
        source: &site.source(secrets),
        sections: &assembly.sections,
        dialplan: &wiring::dialplan(),
        vocabulary: &assembly.registry,
        generation: 1,
    })
}

/// The secrets kept, and stand-ins for those that are not made yet or may not be read: enough to check with.
pub fn secrets_for_reading(site: &Site) -> Secrets {
    let wanted = Secrets::wanted(&site.paths.conf);
    match Secrets::read(&site.paths.data) {
        Ok(secrets) => secrets.completed(&wanted),
        Err(_) => Secrets::temporary(&wanted),
    }
}

fn counted(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
