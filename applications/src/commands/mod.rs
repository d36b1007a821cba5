//! What an operator can ask and order: over the event socket, at the console, in scripts.

mod bridge;
mod broadcast;
mod channel;
mod digits;
mod directory_xml;
mod dump;
mod expand;
mod fsctl;
mod global;
mod hangup_all;
mod help;
mod originate;
mod record;
mod reload;
mod scope;
mod show;
mod status;
mod target;
mod transfer;
mod variable;

use strowger_core::{ApiCommand, command};

/// Version of FreeSWITCH whose interfaces these are, for programs that look at it.
pub const INTERFACE_VERSION: &str = "1.11.3";

/// The commands of `mod_commands`.
pub fn commands() -> Vec<ApiCommand> {
    let mut all = system();
    all.extend(calls());
    all
}

fn system() -> Vec<ApiCommand> {
    vec![
        command!(
            "status",
            status::status,
            "",
            "The state of the exchange",
            expandable
        ),
        command!(
            "version",
            status::version,
            "[short]",
            "The version of the exchange",
            expandable
        ),
        command!(
            "uptime",
            status::uptime,
            "[us|ms|s|m|h|d]",
            "How long the exchange has been up",
            expandable
        ),
        command!(
            "show",
            show::show,
            "<what> [like <text>] [count] [as <csv|delim X|xml|json>]",
            "Channels, calls, registrations and other tables",
            expandable
        ),
        command!("help", help::help, "[<command>]", "The commands"),
        command!(
            "fsctl",
            fsctl::fsctl,
            "<shutdown|pause|resume|hupall|max_sessions|sps|…>",
            "Control the exchange"
        ),
        command!(
            "shutdown",
            fsctl::shutdown,
            "[elegant|asap|now|cancel]",
            "Stop the exchange"
        ),
        command!(
            "hupall",
            hangup_all::hupall,
            "<cause> [<variable> <value>]…",
            "Hang up all channels, or those with a variable"
        ),
        command!(
            "reloadxml",
            reload::reloadxml,
            "",
            "Load the configuration anew"
        ),
        command!(
            "reloadacl",
            reload::reloadacl,
            "[reloadxml]",
            "Load access lists anew"
        ),
        command!(
            "global_getvar",
            global::global_getvar,
            "[<name>]",
            "A global variable, or all",
            expandable
        ),
        command!(
            "global_setvar",
            global::global_setvar,
            "<name>=<value>[ =<current>]",
            "Set a global variable"
        ),
        command!(
            "eval",
            expand::eval,
            "[uuid:<uuid> ]<text>",
            "Expand a text",
            expandable
        ),
        command!(
            "expand",
            expand::expand,
            "[uuid:<uuid> ]<command> <arguments>",
            "Expand a text and run it as a command"
        ),
        command!(
            "log",
            expand::log,
            "<level> <text>",
            "Write a line to the log"
        ),
        command!(
            "xml_locate",
            directory_xml::xml_locate,
            "[root|<section>|<section> <tag> <attribute> <value>]",
            "Part of the configuration as it is in force"
        ),
    ]
}

fn calls() -> Vec<ApiCommand> {
    vec![
        command!(
            "originate",
            originate::originate,
            "<dial string> <extension>|&<application>(<arguments>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout>]",
            "Place a call"
        ),
        command!("uuid_answer", channel::answer, "<uuid>", "Answer a channel"),
        command!(
            "uuid_pre_answer",
            channel::pre_answer,
            "<uuid>",
            "Start early media on a channel"
        ),
        command!(
            "uuid_ring_ready",
            channel::ring_ready,
            "<uuid>",
            "Say on a channel that it rings"
        ),
        command!(
            "uuid_break",
            channel::break_,
            "<uuid> [all]",
            "Cut short what a channel plays or waits for"
        ),
        command!(
            "uuid_bridge",
            bridge::uuid_bridge,
            "<uuid> <other_uuid>",
            "Connect two channels"
        ),
        command!(
            "uuid_broadcast",
            broadcast::uuid_broadcast,
            "<uuid> <path>|<application>[!<cause>]::<arguments> [aleg|bleg|both]",
            "Play a sound or run an application on a channel"
        ),
        command!(
            "uuid_dump",
            dump::uuid_dump,
            "<uuid> [txt|plain|json|xml]",
            "Everything known about a channel"
        ),
        command!(
            "uuid_exists",
            channel::exists,
            "<uuid>",
            "Whether there is such a channel",
            expandable
        ),
        command!(
            "uuid_flush_dtmf",
            digits::uuid_flush_dtmf,
            "<uuid>",
            "Forget digits that nobody has used yet"
        ),
        command!(
            "uuid_getvar",
            variable::uuid_getvar,
            "<uuid> <name>",
            "A variable of a channel",
            expandable
        ),
        command!(
            "uuid_kill",
            channel::kill,
            "<uuid> [<cause>]",
            "Hang up a channel"
        ),
        command!("uuid_park", channel::park, "<uuid>", "Park a channel"),
        command!(
            "uuid_record",
            record::uuid_record,
            "<uuid> [start|stop] <path> [<limit>] [<variables>]",
            "Record a channel"
        ),
        command!(
            "uuid_recv_dtmf",
            digits::uuid_recv_dtmf,
            "<uuid> <digits>[@<ms>]",
            "Act as if a channel's phone had sent digits"
        ),
        command!(
            "uuid_send_dtmf",
            digits::uuid_send_dtmf,
            "<uuid> <digits>[@<ms>]",
            "Send digits to a channel's phone"
        ),
        command!(
            "uuid_setvar",
            variable::uuid_setvar,
            "<uuid> <name> [<value>]",
            "Set a variable of a channel"
        ),
        command!(
            "uuid_setvar_multi",
            variable::uuid_setvar_multi,
            "<uuid> <name>=<value>;<name>=<value>…",
            "Set variables of a channel"
        ),
        command!(
            "uuid_transfer",
            transfer::uuid_transfer,
            "<uuid> [-bleg|-both] <extension> [<dialplan>] [<context>]",
            "Transfer a channel"
        ),
    ]
}
