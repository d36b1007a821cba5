//! The `inline` dialplan: the number itself is the list of actions, `app1:data1,app2:data2`.
//!
//! `m:X:` at the beginning makes `X` the delimiter instead of the comma; single quotes protect delimiters. A number that
//! came from the network cannot be such a list: its characters are never syntax, and no application is named by it.

use strowger_model::{
    Action, BoxFuture, Dialplan, Expanded, Extension, Hunt, HuntCall, HuntEnv, HuntTrace, Template,
    TraceStep, separate,
};

use crate::trace;

/// Most actions in one list.
const ACTION_LIMIT: usize = 128;

/// The `inline` dialplan.
#[derive(Debug, Clone, Copy, Default)]
pub struct InlineDialplan;

impl Dialplan for InlineDialplan {
    fn name(&self) -> &'static str {
        "inline"
    }

    fn hunt<'a>(&'a self, call: &'a HuntCall, _env: &'a dyn HuntEnv) -> BoxFuture<'a, Hunt> {
        Box::pin(async move { read(call) })
    }
}

fn read(call: &HuntCall) -> Hunt {
    let number = call.profile.field("destination_number").unwrap_or_default();
    let target = match call.argument.as_deref() {
        None | Some("") => number.clone(),
        Some(argument) => Expanded::trusted(argument),
    };
    let (delimiter, list) = delimiter(target);
    let mut steps = Vec::new();
    trace::opening(&mut steps, call, &call.profile.context);
    let mut actions = Vec::new();
    for item in separate(&list, delimiter, ACTION_LIMIT) {
        let (name, data) = item.split_once(':').unwrap_or((item, Expanded::default()));
        let name = name.trim();
        if name.is_empty() {
            continue;
        }
        if name.has_network() {
            steps.push(TraceStep::Note {
                source: None,
                text: format!("{name} was dialled: a caller cannot name an application"),
            });
            continue;
        }
        let arguments = Template::parse_expanded(&data);
        steps.push(TraceStep::Queued {
            application: name.as_str().to_owned(),
            data: data.as_str().to_owned(),
            source: None,
            inline: false,
            anti: false,
        });
        actions.push(Action {
            application: name.into_string(),
            arguments,
            source: None,
            extension: "inline".to_owned(),
        });
    }
    let mut profile = call.profile.clone();
    profile.destination_number = std::mem::take(&mut profile.rdnis);
    Hunt {
        extension: (!actions.is_empty()).then(|| Extension {
            name: "inline".to_owned(),
            number,
            actions,
        }),
        variables: call.variables.clone(),
        profile,
        trace: HuntTrace { steps },
        context_found: true,
        ..Hunt::default()
    }
}

/// Takes `m:X:` off, if the configuration wrote it.
fn delimiter(target: Expanded) -> (char, Expanded) {
    let custom = target.strip_prefix("m:").and_then(|rest| {
        let (_, character, network) = rest.chars().next()?;
        let after = rest
            .slice(character.len_utf8()..rest.len())
            .strip_prefix(":")?;
        (!network).then_some((character, after))
    });
    custom.unwrap_or((',', target))
}
