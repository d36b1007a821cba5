//! `help`: the commands there are.

use strowger_core::{CommandCall, Switch};

/// One line for each command, or the one that is asked for.
pub(super) async fn help(call: CommandCall<'_>) -> String {
    match call.arguments.as_str().trim() {
        "" => format!("\nValid Commands:\n\n{}\n", rows(call.switch, None)),
        name => match rows(call.switch, Some(name)) {
            rows if rows.is_empty() => "-ERR No such command\n".to_owned(),
            rows => rows,
        },
    }
}

/// `name,syntax,description,module` of one command, or of all.
pub(super) fn rows(switch: &Switch, name: Option<&str>) -> String {
    switch
        .registry()
        .commands
        .iter()
        .map(|command| &command.spec)
        .filter(|spec| name.is_none_or(|name| spec.name == name))
        .map(|spec| {
            let module = switch
                .registry()
                .command_module(spec.name)
                .unwrap_or_default();
            format!("{},{},{},{module}\n", spec.name, spec.syntax, spec.summary)
        })
        .collect()
}
