//! The loopback endpoint: a call to ourselves. `loopback/<extension>[/<context>[/<dialplan>]]` makes two channels tied
//! crosswise; the second goes through the dialplan as if somebody had called. `loopback/app=<application>:<data>` runs
//! one application instead.

mod pair;

use std::sync::Arc;
use strowger_core::endpoint::{
    Endpoint, LegTransport, MediaProfile, NewCall, OutboundCall, StartError,
};
use strowger_core::media::{SampleRate, memory_pair};
use strowger_core::session::Command;
use strowger_core::shutdown::Shutdown;
use strowger_core::{Module, Negotiation, Switch};
use strowger_model::{BoxFuture, CallerProfile, Expanded, HangupCause, Variables};
use tokio::sync::OnceCell;

/// What this room contributes.
pub fn module() -> Module {
    let mut module = Module::named("mod_loopback");
    module.endpoints.push(Arc::new(Loopback::default()));
    module
}

/// The endpoint.
#[derive(Default)]
struct Loopback {
    switch: OnceCell<Switch>,
}

impl Endpoint for Loopback {
    fn name(&self) -> &'static str {
        "loopback"
    }

    fn start(
        self: Arc<Self>,
        switch: Switch,
        _shutdown: Shutdown,
    ) -> BoxFuture<'static, Result<(), StartError>> {
        Box::pin(async move {
            // Started once; a second start would be the same switch.
            let _ = self.switch.set(switch);
            Ok(())
        })
    }

    fn originate<'a>(
        &'a self,
        call: &'a OutboundCall,
    ) -> BoxFuture<'a, Result<NewCall, HangupCause>> {
        Box::pin(async move {
            let switch = self.switch.get().ok_or(HangupCause::SystemShutdown)?;
            let target =
                Target::parse(&call.destination).ok_or(HangupCause::DestinationOutOfOrder)?;
            if let Some(originator) = &call.originator
                && !originator
                    .snapshot()
                    .variables
                    .is_true("loopback_no_pre_answer")
            {
                // A busy mailbox means that the caller is being dealt with: it gets its media later.
                let _ = originator.send(Command::PreAnswer);
            }
            Ok(self::pair::make(switch, call, target))
        })
    }
}

/// Where a loopback call goes.
pub(crate) struct Target {
    /// Extension, or the text after `app=`.
    pub what: What,
    /// Context of the second channel.
    pub context: Option<String>,
    /// Dialplan of the second channel.
    pub dialplan: Option<String>,
}

/// What the second channel does.
pub(crate) enum What {
    /// Goes through the dialplan.
    Extension(Expanded),
    /// Runs this application.
    Application {
        /// Name.
        name: String,
        /// Data.
        data: Expanded,
    },
}

impl Target {
    fn parse(text: &Expanded) -> Option<Target> {
        if let Some(rest) = text.strip_prefix("app=") {
            let (name, data) = rest
                .split_once(':')
                .unwrap_or((rest.clone(), Expanded::default()));
            // A caller's own text must not choose the application.
            if name.is_empty() || name.has_network() {
                return None;
            }
            let what = What::Application {
                name: name.into_string(),
                data,
            };
            return Some(Target {
                what,
                context: None,
                dialplan: None,
            });
        }
        let mut parts = Vec::new();
        let mut rest = text.clone();
        while parts.len() < 2 {
            let Some((part, after)) = rest.split_once('/') else {
                break;
            };
            parts.push(part);
            rest = after;
        }
        parts.push(rest);
        let mut parts = parts.into_iter();
        let extension = parts.next().filter(|extension| !extension.is_empty())?;
        let named = |part: Option<Expanded>| {
            part.filter(|part| !part.is_empty())
                .map(Expanded::into_string)
        };
        let context = named(parts.next());
        let dialplan = named(parts.next());
        Some(Target {
            what: What::Extension(extension),
            context,
            dialplan,
        })
    }
}

/// The media of both halves: L16 at 8 kHz through a ring.
pub(crate) fn media() -> (MediaProfile, MediaProfile) {
    let (a, b) = memory_pair();
    let profile = |ring| MediaProfile {
        transport: LegTransport::Memory {
            ring,
            rate: SampleRate::NARROW,
        },
        codecs: vec!["L16".to_owned()],
        outbound_codecs: None,
        negotiation: Negotiation::Generous,
        telephone_event: Some(101),
        dtmf_by_signalling: false,
        hold_music: None,
        media_timeout: None,
        hold_timeout: None,
    };
    (profile(a), profile(b))
}

/// Variables of the second channel: those of the dial string, and what the caller exports to it.
pub(crate) fn variables_for_b(call: &OutboundCall) -> Variables {
    let mut variables = Variables::new();
    for (name, value) in call.variables.iter() {
        if !name.to_ascii_lowercase().starts_with("group_confirm_") && name != "origination_uuid" {
            variables.set(name, value.clone());
        }
    }
    if let Some(originator) = &call.originator {
        let snapshot = originator.snapshot();
        for name in snapshot
            .variables
            .text("loopback_export")
            .unwrap_or_default()
            .split(',')
        {
            if let Some(value) = snapshot.variables.get(name.trim()) {
                variables.set(name.trim(), value.clone());
            }
        }
    }
    for leftover in ["originator", "originating_leg_uuid", "signal_bond"] {
        variables.remove(leftover);
    }
    variables
}

/// The profile of the second channel: the same caller, calling the extension.
pub(crate) fn profile_for_b(call: &OutboundCall, target: &Target) -> CallerProfile {
    let mut profile = call.profile.clone();
    profile.destination_number = match &target.what {
        What::Extension(extension) => extension.as_str().to_owned(),
        What::Application { name, .. } => format!("app={name}"),
    };
    profile.context = target
        .context
        .clone()
        .unwrap_or_else(|| "default".to_owned());
    profile.dialplan = target.dialplan.clone().unwrap_or_else(|| "XML".to_owned());
    profile.source = "mod_loopback".to_owned();
    profile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_extension_a_context_and_a_dialplan() {
        let target = Target::parse(&Expanded::trusted("9196/public/XML")).expect("a target");
        assert!(matches!(&target.what, What::Extension(e) if e.as_str() == "9196"));
        assert_eq!(target.context.as_deref(), Some("public"));
        assert_eq!(target.dialplan.as_deref(), Some("XML"));
        assert!(Target::parse(&Expanded::trusted("")).is_none());
    }

    #[test]
    fn a_caller_cannot_choose_an_application() {
        let target = Target::parse(&Expanded::network("app=hangup:")).expect("a target");
        assert!(
            matches!(target.what, What::Extension(_)),
            "dialled text is an extension, whatever it says"
        );
        let mut text = Expanded::trusted("app=voicemail:default ");
        text.push(&Expanded::network("1000"));
        let target = Target::parse(&text).expect("a target");
        assert!(matches!(&target.what, What::Application { name, .. } if name == "voicemail"));
    }

    #[test]
    fn a_dialled_slash_is_part_of_the_extension() {
        let target = Target::parse(&Expanded::network("1/secret")).expect("a target");
        assert!(target.context.is_none());
    }
}
