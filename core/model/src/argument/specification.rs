//! What a dialplan may name, check before any call, and run while it still hunts.

use super::{ArgumentError, grammar::Grammar};
use crate::{
    channel::{caller_profile::CallerProfile, variables::Variables},
    expand::expanded::Expanded,
    log_level::LogLevel,
};

/// Whether an application needs media to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaNeed {
    /// Early media or an answer comes first.
    Required,
    /// It runs at once.
    NotNeeded,
}

/// What is known of an application without running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplicationSpec {
    /// The name a dialplan uses.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// As many sentences as it takes.
    pub help: &'static str,
    /// Its arguments.
    pub grammar: Grammar,
    /// Whether it needs media.
    pub media: MediaNeed,
    /// Whether it may run while the dialplan hunts (`inline="true"`).
    pub inline: bool,
    /// Whether it may run after hangup.
    pub after_hangup: bool,
}

/// The names a dialplan may use, and what can be said about them before a call.
pub trait Vocabulary: Send + Sync {
    /// The application of exactly this name.
    fn application(&self, name: &str) -> Option<&'static ApplicationSpec>;

    /// Check arguments that contain nothing to expand.
    ///
    /// # Errors
    /// What the application itself would say about them.
    fn check(&self, name: &str, literal: &Expanded) -> Result<(), ArgumentError>;

    /// Run an application while hunting; only those whose specification says `inline`.
    ///
    /// # Errors
    /// When the arguments cannot be used or the application has no inline form.
    fn inline(
        &self,
        name: &str,
        call: &mut InlineCall<'_>,
        arguments: &Expanded,
    ) -> Result<(), ArgumentError>;

    /// Whether `${name(…)}` is known.
    fn has_function(&self, name: &str) -> bool;

    /// Whether a dial string may begin with this endpoint name.
    fn has_endpoint(&self, name: &str) -> bool;
}

/// What an inline application may change.
#[derive(Debug)]
pub struct InlineCall<'a> {
    /// The channel's variables.
    pub variables: &'a mut Variables,
    /// The caller profile of the hunt.
    pub profile: &'a mut CallerProfile,
    /// What is to happen outside the call, in order.
    pub effects: &'a mut Vec<InlineEffect>,
}

/// Something an inline application wants done outside the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InlineEffect {
    /// Write a log line.
    Log {
        /// How important.
        level: LogLevel,
        /// The line.
        text: String,
    },
    /// Log everything known about the call.
    Info {
        /// How important.
        level: LogLevel,
    },
    /// Fire an event.
    Event {
        /// Event name, or the subclass of a custom event.
        name: String,
        /// Headers in order.
        headers: Vec<(String, String)>,
    },
    /// Set a global variable.
    SetGlobal {
        /// Its name.
        name: String,
        /// Its value; empty deletes.
        value: String,
    },
}
