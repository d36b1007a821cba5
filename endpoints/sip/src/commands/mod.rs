//! Commands of the endpoint (spec: api §8.1, §8.2).

mod contact;
mod profile;
mod status;

use crate::endpoint::Sofia;
use strowger_core::application::ApiCommand;
use strowger_core::{CommandCall, Switch, command};

/// All of them.
pub(crate) fn all() -> Vec<ApiCommand> {
    vec![
        command!(
            "sofia",
            sofia,
            "<cmd> <args>",
            "Profiles, registrations and tracing of SIP"
        ),
        command!(
            "sofia_contact",
            contact::sofia_contact,
            "[profile/]<user>@<domain>",
            "Dial string of a registered user",
            expandable
        ),
        command!(
            "sofia_count_reg",
            contact::sofia_count_reg,
            "[profile/]<user>@<domain>",
            "How many contacts a user has registered",
            expandable
        ),
        command!(
            "sofia_username_of",
            contact::sofia_username_of,
            "[profile/]<user>@<domain>",
            "The name that a user logged in with",
            expandable
        ),
        command!(
            "reg_url",
            contact::reg_url,
            "<user>@<domain>",
            "URI of a registered user",
            expandable
        ),
    ]
}

const USAGE: &str = "USAGE:\n\
--------------------------------------------------------------------------------\n\
sofia status [profile <name> [reg [<contact str>]|user <user@domain>]]\n\
sofia profile <name> siptrace <on|off>\n\
sofia profile <name> flush_inbound_reg [<call_id>|<user@host>]\n\
sofia profile <name> rescan\n\
sofia global siptrace <on|off>\n\
--------------------------------------------------------------------------------\n";

async fn sofia(call: CommandCall<'_>) -> String {
    let Some(sofia) = endpoint(call.switch) else {
        return "-ERR SIP is not loaded\n".to_owned();
    };
    let words: Vec<&str> = call.arguments.as_str().split_whitespace().collect();
    match words.as_slice() {
        ["status"] => status::overview(sofia),
        ["status", "profile", name] => status::profile(sofia, name),
        ["status", "profile", name, "reg", rest @ ..] => {
            status::registrations(sofia, name, &status::Which::contact(rest))
        }
        ["status", "profile", name, "user", user, ..] => {
            status::registrations(sofia, name, &status::Which::User(user))
        }
        ["status", "profile", name, "pres", text, ..] => {
            let block = status::profile(sofia, name);
            block + &status::registrations(sofia, name, &status::Which::contact(&[text]))
        }
        ["status", "gateway"] => status::no_gateways(),
        ["status", "gateway", _] => "Invalid Gateway!\n".to_owned(),
        ["status", ..] => "Invalid Syntax!\n".to_owned(),
        ["profile", name, rest @ ..] => profile::command(call.switch, sofia, name, rest).await,
        ["global", "siptrace", word] => {
            let on = strowger_model::is_true(word);
            for profile in sofia.profiles.all().iter() {
                profile.set_trace(on);
            }
            format!("+OK Global siptrace {}\n", if on { "on" } else { "off" })
        }
        _ => USAGE.to_owned(),
    }
}

/// The endpoint of a switch.
fn endpoint(switch: &Switch) -> Option<&Sofia> {
    switch.endpoints().of_type::<Sofia>()
}
