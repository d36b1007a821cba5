//! What `${name}` means in an operator's text: a channel's variables, or only the globals.

use strowger_core::session::ChannelScope;
use strowger_core::{CommandCall, Switch};
use strowger_model::{BoxFuture, Expanded, Scope, Template};

/// The globals alone.
struct Globals<'a>(&'a Switch);

impl Scope for Globals<'_> {
    fn variable(&self, name: &str) -> Option<Expanded> {
        self.0.global(name).map(Expanded::trusted)
    }

    fn function<'a>(&'a self, name: &'a str, args: Expanded) -> BoxFuture<'a, Option<Expanded>> {
        Box::pin(self.0.expand_function(name, args))
    }
}

/// Expands a text: `uuid:<uuid> ` in front chooses the channel, otherwise it is the one in whose text the command
/// stands. `None`: there is no such channel.
pub(super) async fn expanded(call: &CommandCall<'_>) -> Option<Expanded> {
    let arguments = call.arguments.trim();
    if let Some(rest) = arguments.strip_prefix("uuid:") {
        let (uuid, text) = rest
            .split_once(' ')
            .unwrap_or_else(|| (rest.clone(), Expanded::default()));
        let session = call.switch.sessions().find(uuid.as_str())?;
        let snapshot = session.snapshot();
        let scope = ChannelScope::of_snapshot(call.switch, &snapshot);
        return Some(Template::parse_expanded(&text).expand(&scope).await);
    }
    let template = Template::parse_expanded(&arguments);
    Some(match call.channel {
        Some(channel) => {
            let scope = ChannelScope::of_snapshot(call.switch, channel);
            template.expand(&scope).await
        }
        None => template.expand(&Globals(call.switch)).await,
    })
}
