//! `${function(args)}`: small computations and look-ups for dialplans, also commands for operators.

mod cond;
pub mod directory;
pub mod expr;
mod lookup;
mod regex;
mod say;
mod text;
mod time;

use strowger_core::{ApiCommand, command};

/// The functions of `mod_commands`.
pub fn functions() -> Vec<ApiCommand> {
    vec![
        command!(
            "acl",
            lookup::acl,
            "<ip> <list_or_cidr>",
            "Whether an address is on an access list",
            expandable
        ),
        command!(
            "coalesce",
            text::coalesce,
            "[^^<delim>]<value1>,<value2>,…",
            "The first value that is not empty",
            expandable
        ),
        command!(
            "cond",
            cond::cond,
            "<value> <==|!=|>|<|>=|<=> <value> ? <then> : <else>",
            "One of two texts",
            expandable
        ),
        command!(
            "create_uuid",
            lookup::create_uuid,
            "",
            "A fresh uuid",
            expandable
        ),
        command!(
            "domain_exists",
            directory::domain_exists,
            "<domain>",
            "Whether the directory has a domain",
            expandable
        ),
        command!("echo", text::echo, "<text>", "The text", expandable),
        command!(
            "file_exists",
            lookup::file_exists,
            "<path>",
            "Whether there is a file in the sound and recording directories",
            expandable
        ),
        command!(
            "group_call",
            directory::group_call,
            "<group>[@<domain>][+<F|A|E>]",
            "The dial string of a group",
            expandable
        ),
        command!(
            "hostname",
            lookup::hostname,
            "",
            "The name of this host",
            expandable
        ),
        command!(
            "in_group",
            directory::in_group,
            "<user>[@<domain>],<group>",
            "Whether a user is in a group",
            expandable
        ),
        command!(
            "list_users",
            directory::list_users,
            "[group <group>] [domain <domain>] [user <user>] [context <context>]",
            "The users of the directory"
        ),
        command!(
            "md5",
            text::md5,
            "<text>",
            "The MD5 digest of a text",
            expandable
        ),
        command!(
            "module_exists",
            lookup::module_exists,
            "<module>",
            "Whether a module is present",
            expandable
        ),
        command!(
            "regex",
            regex::regex,
            "[m:<delim>]<data>|<pattern>[|<substitution>[|n|b]]",
            "Match an expression",
            expandable
        ),
        command!(
            "replace",
            text::replace,
            "[m:<delim>]<data>|<find>|<with>",
            "Replace a text by another",
            expandable
        ),
        command!(
            "say_string",
            say::say_string,
            "<module>[.<extension>] <language> <type> <method> [<gender>] <text>",
            "The sounds that speak a value",
            expandable
        ),
        command!(
            "strepoch",
            time::strepoch,
            "[<date>]",
            "Seconds since 1970",
            expandable
        ),
        command!(
            "strftime",
            time::strftime,
            "[<epoch>|]<format>",
            "A date as text",
            expandable
        ),
        command!(
            "strftime_tz",
            time::strftime_tz,
            "<timezone> [<epoch>|]<format>",
            "A date as text in a time zone",
            expandable
        ),
        command!(
            "strmicroepoch",
            time::strmicroepoch,
            "[<date>]",
            "Microseconds since 1970",
            expandable
        ),
        command!(
            "switchname",
            lookup::hostname,
            "",
            "The name of this exchange",
            expandable
        ),
        command!(
            "tolower",
            text::tolower,
            "<text>",
            "The text in lower case",
            expandable
        ),
        command!(
            "toupper",
            text::toupper,
            "<text>",
            "The text in upper case",
            expandable
        ),
        command!(
            "url_decode",
            text::url_decode,
            "<text>",
            "Undo percent-encoding",
            expandable
        ),
        command!(
            "url_encode",
            text::url_encode,
            "<text>",
            "Percent-encode a text",
            expandable
        ),
        command!(
            "user_data",
            directory::user_data,
            "<user>[@<domain>] <attr|var|param> <name>",
            "What the directory says of a user",
            expandable
        ),
        command!(
            "user_exists",
            directory::user_exists,
            "<key> <user> <domain>",
            "Whether the directory has a user",
            expandable
        ),
    ]
}
