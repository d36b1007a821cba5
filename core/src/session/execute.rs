//! `CS_EXECUTE`: run one application after another.

use super::Session;
use super::fire::continue_after;
use super::interrupt::{AppError, AppResult, Destination, Interrupt};
use super::life::Step;
use strowger_model::{Action, ChannelState, EventName, Expanded, HangupCause, MediaNeed, Template};

/// Extensions that may stand inside one another (`execute_extension`).
const MAX_STACKED: u32 = 32;

impl Session {
    /// Runs the extension that routing found; afterwards the call is over.
    pub(crate) async fn execute_extension_actions(&mut self) -> Result<Step, Interrupt> {
        self.enter(ChannelState::Execute);
        let Some(extension) = self.extension.take() else {
            return Ok(Step::End(HangupCause::NormalClearing));
        };
        self.run_actions(&extension.actions).await?;
        tracing::info!(
            uuid = %self.channel.uuid,
            "{} has executed the last dialplan instruction, hanging up.",
            self.channel.name
        );
        Ok(Step::End(HangupCause::NormalClearing))
    }

    /// Runs actions in order until one interrupts.
    async fn run_actions(&mut self, actions: &[Action]) -> Result<(), Interrupt> {
        for action in actions {
            // Let a hangup that came while nothing waited take effect between two applications.
            if let Some(cause) = self.handle.hangup_cause() {
                return Err(Interrupt::Hangup(cause));
            }
            self.execute_template(&action.application, &action.arguments, None)
                .await?;
        }
        Ok(())
    }

    /// Runs the extension that a number leads to and comes back (gosub). The profile's own number returns afterwards.
    pub async fn execute_extension(&mut self, to: Destination) -> AppResult {
        if self.depth >= MAX_STACKED {
            return Err(AppError::Failed(
                HangupCause::ExchangeRoutingError,
                "too many stacked extensions".to_owned(),
            ));
        }
        let outer = self.channel.profile.clone();
        let mut profile = outer.clone();
        profile.destination_number = to.extension.as_str().to_owned();
        if let Some(dialplan) = to.dialplan {
            profile.dialplan = dialplan;
        }
        if let Some(context) = to.context {
            profile.context = context;
        }
        self.channel.profile = profile.clone();
        self.dirty = true;
        self.depth += 1;
        let extension = self.hunt_profile(profile).await;
        let result = match &extension {
            Some(extension) => Box::pin(self.run_actions(&extension.actions)).await,
            None => Ok(()),
        };
        self.depth -= 1;
        // A transfer inside has the last word: it builds on the profile that it found.
        if !matches!(result, Err(Interrupt::Transfer(_))) {
            self.channel.profile = outer;
            self.dirty = true;
        }
        result.map_err(AppError::from)
    }

    /// Runs one application with arguments still to be expanded.
    pub(crate) async fn execute_text(
        &mut self,
        application: &str,
        data: &str,
        event_uuid: Option<String>,
    ) -> Result<(), Interrupt> {
        self.execute_template(application, &Template::parse(data), event_uuid)
            .await
    }

    async fn execute_template(
        &mut self,
        name: &str,
        arguments: &Template,
        event_uuid: Option<String>,
    ) -> Result<(), Interrupt> {
        let data = self.expand(arguments).await;
        self.execute(name, &data, event_uuid).await
    }

    /// Runs one application with these arguments. An unknown one ends the call, as in FreeSWITCH.
    pub async fn execute(
        &mut self,
        name: &str,
        data: &Expanded,
        event_uuid: Option<String>,
    ) -> Result<(), Interrupt> {
        let switch = self.switch.clone();
        let Some(application) = switch.registry().applications.find(name) else {
            tracing::error!(uuid = %self.channel.uuid, "Invalid Application {name}");
            self.handle.hangup(HangupCause::DestinationOutOfOrder);
            return Err(Interrupt::Hangup(HangupCause::DestinationOutOfOrder));
        };
        self.prepare_media(application.spec().media).await?;
        let (data, scoped) = self.enter_scope(data);
        tracing::info!(uuid = %self.channel.uuid, "EXECUTE [depth={}] {} {name}({})", self.depth, self.channel.name, data);
        self.note_application(name, &data);
        let uuid = event_uuid.unwrap_or_else(|| switch.new_uuid());
        let headers = [
            ("Application", name.to_owned()),
            ("Application-Data", data.as_str().to_owned()),
            ("Application-UUID", uuid),
        ];
        self.fire(EventName::ChannelExecute, &headers);
        self.unset("current_application_response");
        let result = application.run(self, &data).await;
        self.leave_scope(scoped);
        let response = self.text("current_application_response");
        let [application_name, application_data, application_uuid] = headers;
        self.fire(
            EventName::ChannelExecuteComplete,
            &[
                application_name,
                application_data,
                (
                    "Application-Response",
                    if response.is_empty() {
                        "_none_".to_owned()
                    } else {
                        response
                    },
                ),
                application_uuid,
            ],
        );
        continue_after(result, name)
    }

    async fn prepare_media(&mut self, need: MediaNeed) -> Result<(), Interrupt> {
        if need == MediaNeed::Required && !self.has_media() && !self.is_outbound() {
            self.pre_answer().await?;
        }
        Ok(())
    }

    fn note_application(&mut self, name: &str, data: &Expanded) {
        self.set("current_application", name);
        self.set("current_application_data", data.clone());
        self.channel.application = name.to_owned();
        self.channel.application_data = data.as_str().to_owned();
    }

    /// `%[a=1,b=2]rest`: variables for this application only. Gives the rest and what to restore.
    fn enter_scope(&mut self, data: &Expanded) -> (Expanded, Vec<(String, Option<Expanded>)>) {
        let Some(found) = scoped_part(data) else {
            return (data.clone(), Vec::new());
        };
        let (pairs, rest) = found;
        let mut restore = Vec::new();
        for (name, value) in pairs {
            restore.push((name.clone(), self.channel.variables.get(&name).cloned()));
            self.set(&name, value);
        }
        (rest, restore)
    }

    fn leave_scope(&mut self, restore: Vec<(String, Option<Expanded>)>) {
        for (name, before) in restore.into_iter().rev() {
            match before {
                Some(value) => self.set(&name, value),
                None => self.unset(&name),
            }
        }
    }
}

/// The scoped variables in front of an application's data, when the brackets are the configuration's own.
fn scoped_part(data: &Expanded) -> Option<(Vec<(String, Expanded)>, Expanded)> {
    let text = data.as_str();
    if !text.starts_with('%') || data.is_network_at(0) {
        return None;
    }
    let open = text
        .find('[')
        .filter(|&at| at <= 1 + text[1..].chars().next().map_or(0, char::len_utf8))?;
    let separator = text[1..open].chars().next().unwrap_or(',');
    let close = text
        .char_indices()
        .find(|&(at, c)| c == ']' && at > open && !data.is_network_at(at))?
        .0;
    let mut pairs = Vec::new();
    for item in strowger_model::separate(&data.slice(open + 1..close), separator, 64) {
        if let Some((name, value)) = item.split_once('=') {
            pairs.push((name.as_str().to_owned(), value));
        }
    }
    Some((pairs, data.slice(close + 1..text.len())))
}

#[cfg(test)]
mod tests {
    use super::scoped_part;
    use strowger_model::Expanded;

    #[test]
    fn scoped_variables_stand_in_front_of_the_data() {
        let (pairs, rest) =
            scoped_part(&Expanded::trusted("%[a=1,b=2]playback.wav")).expect("a scope");
        assert_eq!(rest.as_str(), "playback.wav");
        assert_eq!(pairs.len(), 2);
        assert_eq!(pairs[1].1.as_str(), "2");
        let (pairs, _) = scoped_part(&Expanded::trusted("%;[a=1,2;b=3]x")).expect("a scope");
        assert_eq!(pairs[0].1.as_str(), "1,2");
    }

    #[test]
    fn a_caller_cannot_open_a_scope() {
        assert!(scoped_part(&Expanded::network("%[a=1]x")).is_none());
    }
}
