//! The nouns of telephony as pure values: channel, caller profile, variables, causes, templates, grammars, located XML,
//! events. Nothing here reads a clock, a socket or a random number.

use std::{future::Future, pin::Pin};

extern crate self as strowger_model;

pub mod acl;
pub mod argument;
pub mod boolean;
pub mod channel;
pub mod diagnostics;
pub mod dial_string;
pub mod dialplan;
pub mod event;
pub mod expand;
pub mod fuzz;
pub mod globals;
pub mod log_level;
pub mod secret;
pub mod section;
pub mod sound;
pub mod strftime;
pub mod user;
pub mod xml;
pub mod zone;

pub use acl::{AccessLists, AclVerdict, CidrUsers, Network};
pub use argument::{
    Argument, ArgumentError, ArgumentSpec, Arguments, Grammar, Milliseconds, Rest, Seconds,
    separate,
    specification::{ApplicationSpec, InlineCall, InlineEffect, MediaNeed, Vocabulary},
};
pub use boolean::{is_false, is_true};
pub use channel::{
    Channel, ChannelSnapshot, IllegalTransition, OtherType, Transition,
    call_state::{AnswerState, CallState},
    caller_profile::{CallerProfile, ProfileOrigin},
    direction::Direction,
    hangup_cause::HangupCause,
    headers::{ChannelFacts, channel_headers, channel_values, profile_headers},
    state::ChannelState,
    times::Times,
    variables::Variables,
};
pub use diagnostics::{Diagnostic, Diagnostics, Severity, Source};
pub use dial_string::{DialLeg, DialString, DialStringError, SimpleDial};
pub use dialplan::{
    Action, Dialplan, Extension, Hunt, HuntCall, HuntEnv, HuntTrace, TestKind, TraceStep,
};
pub use event::{Event, EventName, EventValue};
pub use expand::{
    expanded::Expanded,
    template::{Scope, Template},
};
pub use globals::Globals;
pub use log_level::LogLevel;
pub use secret::{Personal, Secret};
pub use section::{Params, Reload, Section};
pub use sound::{Sound, SoundOptions, SoundParseError};
pub use strftime::strftime;
pub use strowger_macros::Arguments;
pub use user::{Domain, Group, User, XmlDirectory};
pub use xml::{Document, Element, FileHost, Node, PreprocessHost, load};
pub use zone::{LocalTime, Zone};

/// A boxed future that may move between threads, for the traits that rooms implement for one another.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
