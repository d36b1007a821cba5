//! `sofia profile <name> …`.

use crate::endpoint::Sofia;
use crate::registrar;
use strowger_core::Switch;

/// Runs the rest of the command.
pub(super) async fn command(switch: &Switch, sofia: &Sofia, name: &str, rest: &[&str]) -> String {
    let Some(profile) = sofia.profiles.find(name) else {
        return format!("Invalid Profile [{}]\n", name.escape_debug());
    };
    match rest {
        ["siptrace", word] => {
            let on = strowger_model::is_true(word);
            profile.set_trace(on);
            format!(
                "{} sip debugging on {}\n",
                if on { "Enabled" } else { "Disabled" },
                profile.name
            )
        }
        ["flush_inbound_reg", which @ ..] => {
            let wanted = which.first().filter(|word| **word != "reboot").copied();
            flush(switch, &profile.name, wanted);
            match wanted {
                Some(_) => "+OK flushing all registrations matching specified call_id\n".to_owned(),
                None => "+OK flushing all registrations\n".to_owned(),
            }
        }
        ["rescan"] => match switch.reload().await {
            Ok(_) => "Reload XML [Success]\n+OK scan complete\n".to_owned(),
            Err(report) => format!(
                "-ERR the configuration has {} errors; nothing has changed\n",
                report.errors()
            ),
        },
        ["start" | "stop" | "restart", ..] => {
            "-ERR profiles start and stop with the exchange\n".to_owned()
        }
        ["gwlist", ..] => "\n".to_owned(),
        ["killgw" | "startgw", ..] => "-ERR no such gateway.\n".to_owned(),
        ["register" | "unregister", ..] => "Invalid gateway!\n".to_owned(),
        ["capture" | "watchdog" | "check_sync", ..] => "-ERR not supported\n".to_owned(),
        _ => "Invalid Syntax!\n".to_owned(),
    }
}

/// Ends registrations: all of a profile, or those of a Call-ID or user.
fn flush(switch: &Switch, profile: &str, wanted: Option<&str>) {
    let registrations = &switch.store().registrations;
    for registration in registrations.all() {
        let address = format!("{}@{}", registration.user, registration.domain);
        let fits = wanted.is_none_or(|wanted| {
            registration.call_id == wanted || address.eq_ignore_ascii_case(wanted)
        });
        if registration.profile == profile && fits {
            registrations.remove(&registration.key());
            registrar::gone(switch, &registration, "sofia::unregister");
        }
    }
}
