//! Events of a channel, and the hooks that run on them.

use super::interrupt::Interrupt;
use super::{AppError, Session};
use strowger_model::channel::headers::{ChannelFacts, channel_values};
use strowger_model::{BoxFuture, Channel, Event, EventName, EventValue};

impl Session {
    /// Fires an event with the channel's headers; nothing is built when nobody listens.
    pub fn fire(&mut self, name: EventName, headers: &[(&str, String)]) {
        if self.switch.events().wanted(name) {
            self.publish();
            let mut event = Event::new(name);
            for (header, value) in headers {
                event
                    .headers
                    .push(((*header).to_owned(), EventValue::Text(value.clone())));
            }
            describe(&self.channel, &mut event, self.switch.verbose_events());
            self.switch.events().publish(event);
        }
    }

    /// Fires a CUSTOM event of this subclass with the channel's headers after the given ones.
    pub fn fire_custom(&mut self, subclass: &str, headers: &[(&str, String)]) {
        if self.switch.events().wanted(EventName::Custom) {
            let mut event = Event::new(EventName::Custom);
            event.subclass = Some(subclass.to_owned());
            for (header, value) in headers {
                event
                    .headers
                    .push(((*header).to_owned(), EventValue::Text(value.clone())));
            }
            describe(&self.channel, &mut event, self.switch.verbose_events());
            self.switch.events().publish(event);
        }
    }

    /// Runs every `execute_on_<when>…` application and `api_on_<when>…` command that the channel's variables name.
    pub(crate) fn run_hooks<'a>(
        &'a mut self,
        when: &'a str,
    ) -> BoxFuture<'a, Result<(), Interrupt>> {
        Box::pin(async move {
            for text in self.hooks(&format!("execute_on_{when}")) {
                let (application, data) = split_hook(&text);
                match self.execute_text(application, data, None).await {
                    Ok(()) => {}
                    Err(interrupt) => return Err(interrupt),
                }
            }
            for text in self.hooks(&format!("api_on_{when}")) {
                let reply = self.run_command_text(&text).await;
                tracing::debug!(uuid = %self.channel.uuid, command = text, reply, "hook");
            }
            Ok(())
        })
    }

    /// Hooks of dialling and bridging.
    pub(crate) async fn run_dial_hooks(&mut self, when: &str) -> Result<(), Interrupt> {
        self.run_hooks(when).await
    }

    fn hooks(&self, prefix: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let names: Vec<String> = self
            .channel
            .variables
            .with_prefix(prefix)
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in names {
            for value in self.channel.variables.elements(&name) {
                // A hook written by a peer would be a command: only trusted text is one.
                if !value.has_network() {
                    texts.push(value.into_string());
                }
            }
        }
        texts
    }
}

/// Adds a channel's headers to an event: always the basic ones, its variables where the event carries them.
pub(crate) fn describe(channel: &Channel, event: &mut Event, verbose: bool) {
    let variables = verbose || event.name.carries_variables();
    event
        .headers
        .extend(channel_values(&ChannelFacts { channel, variables }));
}

/// `app args`, `app:args` or `app::args`.
fn split_hook(text: &str) -> (&str, &str) {
    let end = text.find([' ', ':']).unwrap_or(text.len());
    let (application, rest) = text.split_at(end);
    let rest = rest
        .strip_prefix("::")
        .or_else(|| rest.strip_prefix(':'))
        .unwrap_or(rest);
    (application, rest.trim_start())
}

/// Turns an application's failure into a log line; an interrupt goes on.
pub(crate) fn continue_after(
    result: Result<(), AppError>,
    application: &str,
) -> Result<(), Interrupt> {
    match result {
        Ok(()) => Ok(()),
        Err(AppError::Interrupt(interrupt)) => Err(interrupt),
        Err(AppError::Failed(cause, why)) => {
            tracing::warn!(application, %cause, why, "the application failed; the extension goes on");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split_hook;

    #[test]
    fn a_hook_names_an_application_in_three_spellings() {
        assert_eq!(split_hook("playback beep.wav"), ("playback", "beep.wav"));
        assert_eq!(split_hook("playback:beep.wav"), ("playback", "beep.wav"));
        assert_eq!(split_hook("playback::beep.wav"), ("playback", "beep.wav"));
        assert_eq!(split_hook("answer"), ("answer", ""));
    }
}
