//! From a dial string to legs: directory users and groups become the strings that reach them.

use super::callee::{expand_group, expand_user};
use super::{DialFailure, DialOptions, MAX_LEGS};
use crate::session::Session;
use crate::switch::Switch;
use std::time::Duration;
use strowger_model::{
    BoxFuture, DialLeg, DialString, Expanded, HangupCause, SimpleDial, Variables, is_true,
};

/// User and group strings inside one another at most.
const MAX_DEPTH: usize = 4;

/// One leg to ring.
#[derive(Clone, Debug)]
pub(crate) struct PlannedLeg {
    /// Endpoint name, or `error`.
    pub endpoint: String,
    /// What follows it.
    pub data: Expanded,
    /// Variables of the leg, merged by scope.
    pub variables: Variables,
    /// For legs that cannot even be tried.
    pub failed: Option<HangupCause>,
}

/// The legs of one dial string: groups tried one after another, the legs of a group together.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub groups: Vec<Vec<PlannedLeg>>,
    /// Variables in `{}`: policy of the whole attempt.
    pub policy: Variables,
    pub time_limit: Duration,
}

pub(crate) async fn make(
    switch: &Switch,
    caller: Option<&Session>,
    simple: &SimpleDial,
    all: &[(String, Expanded)],
    options: &DialOptions,
) -> Result<Plan, DialFailure> {
    let mut policy = inherited(caller, options);
    for (name, value) in all.iter().chain(&simple.all).chain(&simple.each) {
        policy.set(name, value.clone());
    }
    let mut groups = Vec::new();
    flatten(
        switch,
        caller,
        &simple.alternatives,
        &policy,
        0,
        &mut groups,
    )
    .await;
    if groups.iter().map(Vec::len).sum::<usize>() > MAX_LEGS {
        tracing::error!("a dial string rings more than {MAX_LEGS} legs");
        return Err(DialFailure::of(HangupCause::DestinationOutOfOrder));
    }
    let time_limit = ["originate_timeout", "call_timeout"]
        .iter()
        .find_map(|name| seconds(policy.text(name)?))
        .or(options.timeout)
        .or_else(|| caller.and_then(|caller| seconds(&caller.text("call_timeout"))))
        .unwrap_or(super::RING_FOR);
    Ok(Plan {
        groups,
        policy,
        time_limit,
    })
}

/// Whole seconds, when there are any.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    text.trim()
        .parse::<u64>()
        .ok()
        .filter(|&seconds| seconds > 0)
        .map(Duration::from_secs)
}

/// What the caller's channel contributes: exports, and the variables that act as defaults of a dial string.
fn inherited(caller: Option<&Session>, options: &DialOptions) -> Variables {
    const DEFAULTS: &[&str] = &[
        "forked_dial",
        "fail_on_single_reject",
        "hangup_on_single_reject",
        "ignore_early_media",
        "originate_continue_on_timeout",
        "ignore_ring_ready",
        "return_ring_ready",
        "instant_ringback",
        "progress_timeout",
        "language",
        "call_timeout",
        "leg_timeout",
    ];
    let mut policy = options.variables.clone();
    if let Some(caller) = caller {
        let variables = &caller.channel().variables;
        for (name, value) in variables.exported() {
            policy.set(name.strip_prefix("nolocal:").unwrap_or(&name), value);
        }
        for name in DEFAULTS {
            if policy.get(name).is_none()
                && let Some(value) = variables.get(name)
            {
                policy.set(name, value.clone());
            }
        }
    }
    policy
}

/// Adds the groups of these alternatives; `user/` and `group/` are replaced by what they stand for.
fn flatten<'a>(
    switch: &'a Switch,
    caller: Option<&'a Session>,
    alternatives: &'a [Vec<DialLeg>],
    scope: &'a Variables,
    depth: usize,
    groups: &'a mut Vec<Vec<PlannedLeg>>,
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        for legs in alternatives {
            let mut group = Vec::new();
            let mut later = Vec::new();
            for leg in legs {
                let variables = leg_variables(scope, &leg.variables);
                let nested = match leg.endpoint.as_str() {
                    "user" if depth < MAX_DEPTH => {
                        Some(expand_user(switch, caller, &leg.data, &variables).await)
                    }
                    "group" if depth < MAX_DEPTH => {
                        Some(expand_group(switch, &leg.data, &variables).await)
                    }
                    _ => None,
                };
                match nested {
                    None => group.push(planned(switch, leg, variables)),
                    Some(Err(cause)) => group.push(failed(leg, variables, cause)),
                    Some(Ok((text, variables))) => match DialString::parse(&text) {
                        Ok(inner) => {
                            let mut inner_groups = Vec::new();
                            for simple in &inner.enterprise {
                                let mut scope = variables.clone();
                                for (name, value) in simple.all.iter().chain(&simple.each) {
                                    scope.set(name, value.clone());
                                }
                                flatten(
                                    switch,
                                    caller,
                                    &simple.alternatives,
                                    &scope,
                                    depth + 1,
                                    &mut inner_groups,
                                )
                                .await;
                            }
                            let mut inner_groups = inner_groups.into_iter();
                            group.extend(inner_groups.next().unwrap_or_default());
                            later.extend(inner_groups);
                        }
                        Err(error) => {
                            tracing::error!(%error, "the dial string of a user or group cannot be read");
                            group.push(failed(leg, variables, HangupCause::InvalidIeContents));
                        }
                    },
                }
            }
            groups.push(group);
            groups.extend(later);
        }
    })
}

/// `[]` first, then `{}` overrides, unless `local_var_clobber`; names that describe the leg keep `[]`.
fn leg_variables(scope: &Variables, own: &[(String, Expanded)]) -> Variables {
    let local_wins = scope.is_true("local_var_clobber");
    let mut variables = scope.clone();
    for (name, value) in own {
        let lower = name.to_ascii_lowercase();
        let describes_leg = lower.starts_with("origination_") || lower.starts_with("leg_");
        if local_wins || describes_leg || scope.get(name).is_none() {
            variables.set(name, value.clone());
        }
    }
    variables
}

fn planned(switch: &Switch, leg: &DialLeg, variables: Variables) -> PlannedLeg {
    let cause = match leg.endpoint.as_str() {
        "error" => Some(
            HangupCause::from_name(leg.data.as_str())
                .unwrap_or_else(|| error_cause(leg.data.as_str())),
        ),
        "user" | "group" => Some(HangupCause::InvalidIeContents),
        name if switch.endpoints().find(name).is_none() => {
            tracing::error!(endpoint = name, "there is no such endpoint");
            Some(HangupCause::ChanNotImplemented)
        }
        _ => None,
    };
    PlannedLeg {
        endpoint: leg.endpoint.clone(),
        data: leg.data.clone(),
        variables,
        failed: cause,
    }
}

/// `error/user_not_registered` and the like are written in lower case by functions.
fn error_cause(text: &str) -> HangupCause {
    HangupCause::from_name(&text.to_ascii_uppercase()).unwrap_or(HangupCause::DestinationOutOfOrder)
}

fn failed(leg: &DialLeg, variables: Variables, cause: HangupCause) -> PlannedLeg {
    PlannedLeg {
        endpoint: leg.endpoint.clone(),
        data: leg.data.clone(),
        variables,
        failed: Some(cause),
    }
}

/// Whether a policy variable says yes.
pub(crate) fn says_yes(policy: &Variables, name: &str) -> bool {
    policy.text(name).is_some_and(is_true)
}
