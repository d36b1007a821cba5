//! `show`: tables of what the exchange has, in several formats.

mod calls;
mod channels;
mod interfaces;
mod registrations;
mod table;

use strowger_core::{CommandCall, Switch};
use strowger_model::{Expanded, separate};
use table::{Format, Table};

const USAGE: &str = "-USAGE: <aliases|api|application|bridged_calls|calls|channels|chat|codec|complete|detailed_bridged_calls|detailed_calls|dialplan|endpoint|file|help|interface_types|interfaces|limit|management|modules|nat_map|registrations|say|status|tasks|timer> [like <text>] [count] [as <csv|delim X|xml|json>]\n";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    what: String,
    like: Option<String>,
    count: bool,
    format: Format,
}

impl Wish {
    /// Reads the words; an unknown format is the error.
    fn of(text: &Expanded) -> Result<Wish, String> {
        let mut words = separate(text, ' ', 16)
            .into_iter()
            .map(Expanded::into_string);
        let mut wish = Wish {
            what: words.next().unwrap_or_default(),
            ..Wish::default()
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "count" => wish.count = true,
                "like" => wish.like = words.next(),
                "as" => {
                    let name = words.next().unwrap_or_default();
                    wish.format = match name.as_str() {
                        "csv" => Format::Csv(','),
                        "xml" => Format::Xml,
                        "json" => Format::Json,
                        "delim" => {
                            let delimiter = words.next().and_then(|word| word.chars().next());
                            Format::Csv(delimiter.unwrap_or(','))
                        }
                        other => return Err(format!("-ERR Cannot find format {other}\n")),
                    };
                }
                _ => {}
            }
        }
        Ok(wish)
    }
}

/// The table that is asked for.
pub(super) async fn show(call: CommandCall<'_>) -> String {
    let arguments = call.arguments.trim();
    let wish = match Wish::of(&arguments) {
        Ok(wish) => wish,
        Err(reply) => return reply,
    };
    match wish.what.as_str() {
        "status" => return super::status::status(call).await,
        "help" => {
            let name = arguments.as_str()["help".len()..].trim();
            return match super::help::rows(call.switch, (!name.is_empty()).then_some(name)) {
                rows if rows.is_empty() => "-ERR No such command\n".to_owned(),
                rows => rows,
            };
        }
        _ => {}
    }
    match table(call.switch, &wish) {
        Some(table) => table.written(wish.format, wish.count),
        None => USAGE.to_owned(),
    }
}

fn table(switch: &Switch, wish: &Wish) -> Option<Table> {
    Some(match wish.what.as_str() {
        "channels" => channels::table(switch, wish.like.as_deref()),
        "calls" => calls::brief(switch),
        "bridged_calls" => calls::brief(switch).only_bridged(),
        "detailed_calls" => calls::detailed(switch),
        "detailed_bridged_calls" => calls::detailed(switch).only_bridged(),
        "registrations" => registrations::table(switch),
        "api" => interfaces::commands(switch),
        "application" => interfaces::applications(switch),
        "modules" => interfaces::modules(switch),
        "interfaces" => interfaces::interfaces(switch),
        "interface_types" => interfaces::types(switch),
        kind @ ("codec" | "endpoint" | "dialplan" | "say" | "chat" | "file" | "timer"
        | "management" | "limit") => interfaces::of_kind(switch, kind),
        // There are no scheduled tasks, aliases, completions or port mappings here: these tables are empty.
        "tasks" => Table::new(&[
            "task_id",
            "task_desc",
            "task_group",
            "task_runtime",
            "task_sql_manager",
            "hostname",
        ]),
        "aliases" => Table::new(&["sticky", "alias", "command", "hostname"]),
        "complete" => Table::new(&[
            "sticky", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "hostname",
        ]),
        "nat_map" => Table::new(&["port", "proto", "proto_num", "sticky"]),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Result<Wish, String> {
        Wish::of(&Expanded::trusted(text))
    }

    #[test]
    fn words_may_come_in_any_order() {
        let all = wish("channels like 1000 count as json").expect("a wish");
        assert_eq!(all.what, "channels");
        assert_eq!(all.like.as_deref(), Some("1000"));
        assert!(all.count);
        assert_eq!(all.format, Format::Json);
        assert_eq!(
            wish("calls as delim |").expect("a wish").format,
            Format::Csv('|')
        );
        assert_eq!(wish("calls").expect("a wish").format, Format::Csv(','));
        assert_eq!(
            wish("calls as yaml"),
            Err("-ERR Cannot find format yaml\n".to_owned())
        );
    }
}
