//! Applications: named asynchronous functions that actions of a dialplan run on a session.

mod command;
mod registry;

pub use command::{ApiCommand, CommandCall, CommandSource, CommandSpec};
pub use registry::{Applications, Commands, Registry};

use crate::session::{AppResult, Session};
use strowger_model::{ApplicationSpec, ArgumentError, BoxFuture, Expanded, InlineCall};

/// One application. Write it as `async fn name(session: &mut Session, args: Args) -> AppResult` and register it
/// with [`application!`](crate::application!).
pub trait Application: Send + Sync + 'static {
    /// Name, help, arguments and flags.
    fn spec(&self) -> &'static ApplicationSpec;

    /// Whether these literal arguments parse; used when a dialplan loads.
    fn check(&self, literal: &Expanded) -> Result<(), ArgumentError>;

    /// Runs on a session with expanded arguments.
    fn run<'a>(&'a self, session: &'a mut Session, data: &'a Expanded) -> BoxFuture<'a, AppResult>;

    /// Runs while the dialplan is still hunting; only for applications whose spec says `inline`.
    fn inline(
        &self,
        _call: &mut InlineCall<'_>,
        _data: &Expanded,
    ) -> Option<Result<(), ArgumentError>> {
        None
    }
}

/// Makes a `Box<dyn Application>` from an async function and its argument type.
///
/// ```text
/// application!("playback", playback::playback, playback::Playback, "Play a sound", media: Required)
/// application!("set", set::set, set::Set, "Set a variable", media: NotNeeded, after_hangup, inline: set::set_inline)
/// ```
#[macro_export]
macro_rules! application {
    ($name:literal, $run:path, $args:ty, $summary:literal, media: $media:ident $(, $flag:ident $(: $inline:path)?)* $(,)?) => {{
        struct App;
        static SPEC: ::strowger_model::ApplicationSpec = {
            #[allow(unused_mut)]
            let mut spec = ::strowger_model::ApplicationSpec {
                name: $name,
                summary: $summary,
                help: $summary,
                grammar: <$args as ::strowger_model::Arguments>::GRAMMAR,
                media: ::strowger_model::MediaNeed::$media,
                inline: false,
                after_hangup: false,
            };
            $( $crate::application!(@flag spec $flag); )*
            spec
        };
        impl $crate::application::Application for App {
            fn spec(&self) -> &'static ::strowger_model::ApplicationSpec { &SPEC }
            fn check(&self, literal: &::strowger_model::Expanded) -> Result<(), ::strowger_model::ArgumentError> {
                <$args as ::strowger_model::Arguments>::parse(literal).map(|_| ())
            }
            fn run<'a>(
                &'a self,
                session: &'a mut $crate::session::Session,
                data: &'a ::strowger_model::Expanded,
            ) -> ::strowger_model::BoxFuture<'a, $crate::session::AppResult> {
                Box::pin(async move {
                    let args = <$args as ::strowger_model::Arguments>::parse(data)?;
                    $run(session, args).await
                })
            }
            $( $crate::application!(@inline $args, $flag $(: $inline)?); )*
        }
        Box::new(App) as Box<dyn $crate::application::Application>
    }};
    (@flag $spec:ident inline) => { $spec.inline = true; };
    (@flag $spec:ident after_hangup) => { $spec.after_hangup = true; };
    (@inline $args:ty, inline: $inline:path) => {
        fn inline(
            &self,
            call: &mut ::strowger_model::InlineCall<'_>,
            data: &::strowger_model::Expanded,
        ) -> Option<Result<(), ::strowger_model::ArgumentError>> {
            Some(<$args as ::strowger_model::Arguments>::parse(data).map(|args| $inline(call, args)))
        }
    };
    (@inline $args:ty, after_hangup) => {};
}
