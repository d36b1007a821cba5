//! Runs a program for one call: which rules match, which actions that queues, and every decision on the way.
//!
//! One extension object accumulates the actions of every rule that is visited, including those of rules that failed
//! after some of their conditions had matched. The outcome of a rule is that of its last evaluated condition.

use strowger_model::{
    Action as QueuedAction, BoxFuture, CallerProfile, Expanded, Extension, HangupCause, Hunt,
    HuntCall, HuntEnv, InlineCall, InlineEffect, Template, Variables, Zone,
};

use crate::cache::PatternCache;
use crate::parse::NESTING_LIMIT;
use crate::pattern::{Outcome, Pattern};
use crate::program::{Action, Condition, Context, Expression, Program, Rule, Test};
use crate::scope::HuntScope;
use crate::syntax::{Break, Combination};
use crate::time_of_day::Moment;
use crate::trace::{Detail, Tracer};

/// Most actions one hunt may queue; the vanilla configuration needs about twenty.
const QUEUE_LIMIT: usize = 4_096;

/// Contexts up to this many rules are traced rule by rule unless told otherwise.
const FULL_TRACE_RULES: usize = 256;

/// The result of a field, or of the last field with parentheses among several.
struct Matched {
    passed: bool,
    /// Present when the expression has a `(`; empty when it did not match.
    captures: Option<Vec<Expanded>>,
}

struct Hunter<'a> {
    env: &'a dyn HuntEnv,
    cache: &'a PatternCache,
    variables: Variables,
    profile: CallerProfile,
    effects: Vec<InlineEffect>,
    extension: Option<Extension>,
    failed: Option<HangupCause>,
    tracer: Tracer,
    /// An inline application ran: the dialled number may be another one now.
    disturbed: bool,
    /// The local time for the zone variables it was computed with.
    moment: Option<(Option<String>, Option<String>, Moment)>,
}

/// Hunts a call through a program.
pub(crate) async fn hunt(
    program: &Program,
    cache: &PatternCache,
    call: &HuntCall,
    env: &dyn HuntEnv,
    detail: Option<Detail>,
) -> Hunt {
    let wanted = match call.profile.context.as_str() {
        "" => "default",
        name => name,
    };
    let context = program
        .context(wanted)
        .or_else(|| program.context("global"));
    let detail = detail.unwrap_or(match context {
        Some(context) if context.rules.len() > FULL_TRACE_RULES => Detail::Decisions,
        _ => Detail::Full,
    });
    let mut hunter = Hunter {
        env,
        cache,
        variables: call.variables.clone(),
        profile: call.profile.clone(),
        effects: Vec::new(),
        extension: None,
        failed: None,
        tracer: Tracer::new(detail),
        disturbed: false,
        moment: None,
    };
    hunter.tracer.context(call, wanted, context);
    if let Some(context) = context {
        hunter.context(context, detail).await;
    }
    hunter.finish(context.is_some())
}

impl<'a> Hunter<'a> {
    fn finish(self, context_found: bool) -> Hunt {
        Hunt {
            extension: self.extension,
            variables: self.variables,
            profile: self.profile,
            effects: self.effects,
            trace: self.tracer.finish(),
            context_found,
            failed: self.failed,
        }
    }

    fn scope(&self) -> HuntScope<'_> {
        HuntScope {
            variables: &self.variables,
            profile: &self.profile,
            env: self.env,
        }
    }

    async fn context(&mut self, context: &Context, detail: Detail) {
        let first = match self.variables.is_true("auto_hunt") {
            true => context
                .rules
                .iter()
                .position(|rule| {
                    rule.name
                        .eq_ignore_ascii_case(&self.profile.destination_number)
                })
                .unwrap_or(0),
            false => 0,
        };
        let mut candidates = self.candidates(context, first, detail).into_iter();
        while let Some(index) = candidates.next() {
            let Some(rule) = context.rules.get(index) else {
                break;
            };
            self.tracer.rule(rule);
            let proceed = self.conditions(rule, &rule.conditions, 0).await;
            self.tracer.rule_end(rule, 0, proceed);
            if self.failed.is_some() || (proceed && !rule.continues) {
                break;
            }
            if self.disturbed {
                self.disturbed = false;
                candidates = self.candidates(context, index + 1, detail).into_iter();
            }
        }
    }

    fn candidates(&self, context: &Context, first: usize, detail: Detail) -> Vec<usize> {
        match detail {
            Detail::Full => (first..context.rules.len()).collect(),
            Detail::Decisions => context
                .prefilter
                .candidates(&self.profile.destination_number, first),
        }
    }

    /// Evaluates conditions in order; the result is that of the last one evaluated.
    fn conditions<'h>(
        &'h mut self,
        rule: &'h Rule,
        conditions: &'h [Condition],
        level: usize,
    ) -> BoxFuture<'h, bool> {
        Box::pin(async move {
            let mut proceed = false;
            for condition in conditions {
                let time = self.time(&condition.test, condition.break_on);
                let mut anti = true;
                match time {
                    Some(true) => {
                        anti = false;
                        proceed = true;
                    }
                    Some(false) => proceed = false,
                    None => {}
                }
                let mut captures = None;
                if let Some((combination, tests)) = &condition.combination {
                    let (satisfied, last) = self.combined(condition, *combination, tests).await;
                    if satisfied {
                        anti = false;
                    }
                    if let Some(last) = last {
                        proceed = last.passed;
                        captures = last.captures;
                    }
                } else if let Some(matched) = self.test(&condition.test, condition.break_on).await {
                    proceed = matched.passed;
                    captures = matched.captures;
                    if matched.passed {
                        anti = false;
                    }
                } else if time.is_none() {
                    self.tracer.absolute(&condition.test, condition.break_on);
                    anti = false;
                    proceed = true;
                }
                if anti {
                    for action in &condition.anti_actions {
                        proceed = true;
                        self.act(rule, action, None, true).await;
                    }
                } else {
                    if let Some(captures) = &captures {
                        self.store_captures("DP_MATCH", captures);
                    }
                    for action in &condition.actions {
                        self.act(rule, action, captures.as_deref(), false).await;
                    }
                }
                if self.failed.is_some() {
                    return false;
                }
                let leave = match condition.break_on {
                    Break::OnTrue => !anti,
                    Break::OnFalse => anti,
                    Break::Always => true,
                    Break::Never => false,
                };
                if leave {
                    break;
                }
                if proceed && !condition.nested.is_empty() {
                    proceed = self.nested(rule, condition, level + 1).await;
                    if !proceed && condition.break_on != Break::Never {
                        return false;
                    }
                }
            }
            proceed
        })
    }

    async fn nested(&mut self, rule: &Rule, parent: &Condition, level: usize) -> bool {
        if level > NESTING_LIMIT {
            return false;
        }
        self.tracer.nested(rule, parent, level);
        let proceed = self.conditions(rule, &parent.nested, level).await;
        self.tracer.rule_end(rule, level, proceed);
        self.failed.is_none() && (proceed || !parent.require_nested)
    }

    /// The `<regex>` children: whether the combination is satisfied, and the raw result that counts for going on.
    async fn combined(
        &mut self,
        condition: &Condition,
        combination: Combination,
        tests: &[Test],
    ) -> (bool, Option<Matched>) {
        let stale: Vec<String> = self
            .variables
            .iter()
            .filter(|(name, _)| name.to_ascii_uppercase().starts_with("DP_REGEX_MATCH"))
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in stale {
            self.variables.remove(&name);
        }
        let (mut passed, mut failed) = (0_usize, 0_usize);
        let mut last = None;
        let mut with_captures = None;
        for (ordinal, test) in (1..).zip(tests) {
            let time = self.time(test, condition.break_on);
            let matched = match self.test(test, condition.break_on).await {
                Some(matched) => matched,
                None => {
                    if time.is_none() {
                        self.tracer.absolute(test, condition.break_on);
                    }
                    Matched {
                        passed: time.unwrap_or(true),
                        captures: None,
                    }
                }
            };
            let hit = matched.passed;
            if hit {
                passed += 1;
            } else {
                failed += 1;
            }
            if let Some(captures) = &matched.captures {
                self.store_captures(&format!("DP_REGEX_MATCH_{ordinal}"), captures);
                with_captures = Some(matched);
            } else {
                last = Some(matched);
            }
            match combination {
                Combination::All if !hit => break,
                Combination::Any if hit => break,
                _ => {}
            }
        }
        let satisfied = match combination {
            Combination::All => failed == 0,
            Combination::Any => passed > 0,
            Combination::Xor => passed == 1,
        };
        self.tracer.combined(condition, combination, satisfied);
        (satisfied, with_captures.or(last))
    }

    /// Address list and field; `None` when the test has neither.
    async fn test(&mut self, test: &Test, break_on: Break) -> Option<Matched> {
        if test.field.is_none() && test.network.is_none() {
            return None;
        }
        let mut matched = Matched {
            passed: true,
            captures: None,
        };
        if let Some(list) = &test.network {
            matched.passed = list.holds(&self.profile, self.env);
            self.tracer.network(
                test,
                list.name(),
                &self.profile.network_addr,
                matched.passed,
                break_on,
            );
        }
        if let Some((field, expression)) = &test.field {
            let value = field.value(&self.profile, &self.scope()).await;
            let (outcome, parenthesis, expanded) = match expression {
                Expression::Ready { pattern, .. } => {
                    (pattern.run(&value), pattern.has_parenthesis(), None)
                }
                Expression::Broken { .. } => (Outcome::NoMatch, false, None),
                Expression::AtHunt(template) => {
                    let expanded = template.expand(&self.scope()).await;
                    let (outcome, parenthesis) = self.run_expanded(&expanded, &value);
                    (outcome, parenthesis, Some(expanded))
                }
            };
            let text = expanded
                .as_ref()
                .map_or(expression.text(), |text| text.as_str());
            let passed = matches!(outcome, Outcome::Match(_));
            self.tracer
                .field(test, field.text(), &value, text, &outcome, break_on);
            matched.passed &= passed;
            if parenthesis {
                matched.captures = Some(match outcome {
                    Outcome::Match(captures) => captures,
                    _ => Vec::new(),
                });
            }
        }
        Some(matched)
    }

    fn run_expanded(&self, expression: &Expanded, value: &Expanded) -> (Outcome, bool) {
        match self.cache.get(expression) {
            Ok(pattern) => {
                let pattern: &Pattern = &pattern;
                (pattern.run(value), pattern.has_parenthesis())
            }
            Err(_) => (
                Outcome::GaveUp("the expanded expression cannot be compiled"),
                false,
            ),
        }
    }

    fn store_captures(&mut self, name: &str, captures: &[Expanded]) {
        self.variables.remove(name);
        for capture in captures {
            self.variables.push(name, capture.clone());
        }
    }

    /// Date and time attributes: `None` when the test has none.
    fn time(&mut self, test: &Test, break_on: Break) -> Option<bool> {
        if test.time.is_empty() {
            return None;
        }
        let passed = match self.moment() {
            Some(moment) => {
                let passed = test.time.holds(&moment);
                self.tracer
                    .time(test, &test.time, &moment, passed, break_on);
                passed
            }
            None => false,
        };
        Some(passed)
    }

    /// Local time after `tod_tz_offset` or `timezone`, both read again for every condition.
    fn moment(&mut self) -> Option<Moment> {
        let offset = self.variables.text("tod_tz_offset").map(str::to_owned);
        let name = self.variables.text("timezone").map(str::to_owned);
        if let Some((known_offset, known_name, moment)) = &self.moment
            && *known_offset == offset
            && *known_name == name
        {
            return Some(moment.clone());
        }
        let now = self.env.now();
        let system = self.env.zone(None);
        let hours = offset
            .as_deref()
            .and_then(|text| text.trim().parse::<i32>().ok());
        let zone = match (hours, name.as_deref()) {
            (Some(hours), _) => Some(Zone::fixed(hours)),
            (None, Some(name)) => self.env.zone(Some(name)).or_else(|| system.clone()),
            (None, None) => system.clone(),
        }?;
        let dst = system.is_some_and(|system| system.to_local(now).dst);
        let moment = Moment::new(&zone.to_local(now), dst);
        self.moment = Some((offset, name, moment.clone()));
        Some(moment)
    }

    /// Queues an action, or runs it now when it is inline.
    async fn act(
        &mut self,
        rule: &Rule,
        action: &Action,
        captures: Option<&[Expanded]>,
        anti: bool,
    ) {
        let data = match captures {
            Some(captures) if action.data.has_captures() => action.data.with_captures(captures),
            _ => action.data.clone(),
        };
        // The object exists as soon as an action is reached, even an inline one: the call then has a route.
        if self.extension.is_none() {
            let number = self.profile.field("destination_number").unwrap_or_default();
            self.extension = Some(Extension {
                name: rule.name.clone(),
                number,
                actions: Vec::new(),
            });
        }
        for _ in 0..action.repeat {
            self.tracer.queued(action, &data, anti);
            if action.inline {
                self.run_inline(action, &data).await;
                if self.failed.is_some() {
                    return;
                }
                continue;
            }
            if action.refused {
                self.tracer.note(
                    action,
                    "App not added, Invalid character sequence in data string",
                );
                continue;
            }
            let Some(extension) = &mut self.extension else {
                return;
            };
            if extension.actions.len() >= QUEUE_LIMIT {
                self.tracer.note(action, "not queued: too many actions");
                return;
            }
            extension.actions.push(QueuedAction {
                application: action.application.clone(),
                arguments: data.clone(),
                source: Some(action.source.clone()),
                extension: rule.name.clone(),
            });
        }
    }

    async fn run_inline(&mut self, action: &Action, data: &Template) {
        let vocabulary = self.env.vocabulary();
        let name = action.application.as_str();
        match vocabulary.application(name) {
            None => {
                self.tracer.note(action, "Invalid Application");
                self.failed = Some(HangupCause::DestinationOutOfOrder);
            }
            Some(known) if !known.inline => {
                self.tracer
                    .note(action, "This application cannot be executed inline");
            }
            Some(_) => {
                let arguments = data.expand(&self.scope()).await;
                let mut call = InlineCall {
                    variables: &mut self.variables,
                    profile: &mut self.profile,
                    effects: &mut self.effects,
                };
                if let Err(error) = vocabulary.inline(name, &mut call, &arguments) {
                    self.tracer.note(action, &error.to_string());
                }
                self.disturbed = true;
            }
        }
    }
}
