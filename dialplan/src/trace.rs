//! Every decision of a hunt as data, and the log lines that FreeSWITCH's tools expect, made from it.

use strowger_model::{
    Expanded, Hunt, HuntCall, HuntTrace, LogLevel, Template, TestKind, TraceStep,
};

use crate::pattern::Outcome;
use crate::program::{Action, Condition, Context, Rule, Test};
use crate::syntax::{Break, Combination};
use crate::time_of_day::{Moment, TimeOfDay};

/// How much of a hunt is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every rule, also those that could not match.
    Full,
    /// Only rules that the prefilter let through.
    Decisions,
}

/// The first note of a trace: which channel it is about.
const CHANNEL: &str = "Channel ";

/// The second: who calls whom, in which context.
const PROCESSING: &str = "Processing ";

/// Collects the steps.
#[derive(Debug)]
pub(crate) struct Tracer {
    steps: Vec<TraceStep>,
    full: bool,
}

impl Tracer {
    pub fn new(detail: Detail) -> Tracer {
        Tracer {
            steps: Vec::with_capacity(16),
            full: detail == Detail::Full,
        }
    }

    pub fn finish(self) -> HuntTrace {
        HuntTrace { steps: self.steps }
    }

    pub fn context(&mut self, call: &HuntCall, wanted: &str, context: Option<&Context>) {
        opening(&mut self.steps, call, wanted);
        self.steps.push(TraceStep::Context {
            name: wanted.to_owned(),
            found: context.is_some(),
            searched: context
                .map(|context| context.name.clone())
                .unwrap_or_default(),
        });
        if let (false, Some(context)) = (self.full, context) {
            self.steps.push(TraceStep::Note {
                source: None,
                text: format!(
                    "of {} extensions, those whose first test the number cannot pass are not listed",
                    context.rules.len()
                ),
            });
        }
    }

    pub fn rule(&mut self, rule: &Rule) {
        self.steps.push(TraceStep::Rule {
            name: rule.name.clone(),
            source: Some(rule.source.clone()),
            continues: rule.continues,
        });
    }

    pub fn nested(&mut self, rule: &Rule, parent: &Condition, level: usize) {
        self.steps.push(TraceStep::Rule {
            name: level_name(rule, level),
            source: Some(parent.source.clone()),
            continues: false,
        });
    }

    pub fn rule_end(&mut self, rule: &Rule, level: usize, matched: bool) {
        self.steps.push(TraceStep::RuleEnd {
            name: level_name(rule, level),
            matched,
            continues: level > 0 || !matched || rule.continues,
        });
    }

    fn test(&mut self, test: &Test, outcome: bool, break_on: Break, kind: TestKind) {
        self.steps.push(TraceStep::Test {
            source: Some(test.source.clone()),
            outcome,
            kind,
            break_on: break_on.word(),
        });
    }

    pub fn absolute(&mut self, test: &Test, break_on: Break) {
        self.test(test, true, break_on, TestKind::Absolute);
    }

    pub fn combined(&mut self, condition: &Condition, combination: Combination, satisfied: bool) {
        let mode = combination.word();
        self.test(
            &condition.test,
            satisfied,
            condition.break_on,
            TestKind::Combined { mode },
        );
    }

    pub fn network(
        &mut self,
        test: &Test,
        list: &str,
        address: &str,
        passed: bool,
        break_on: Break,
    ) {
        let kind = TestKind::Network {
            list: list.to_owned(),
            address: address.to_owned(),
        };
        self.test(test, passed, break_on, kind);
    }

    pub fn time(
        &mut self,
        test: &Test,
        time: &TimeOfDay,
        now: &Moment,
        passed: bool,
        break_on: Break,
    ) {
        let kind = TestKind::Time {
            attributes: time
                .attributes()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            now: now.to_string(),
        };
        self.test(test, passed, break_on, kind);
    }

    pub fn field(
        &mut self,
        test: &Test,
        field: &str,
        value: &Expanded,
        expression: &str,
        outcome: &Outcome,
        break_on: Break,
    ) {
        let captures = match outcome {
            Outcome::Match(captures) => captures
                .iter()
                .map(|text| text.as_str().to_owned())
                .collect(),
            _ => Vec::new(),
        };
        let kind = TestKind::Field {
            field: field.to_owned(),
            value: value.as_str().to_owned(),
            expression: expression.to_owned(),
            captures,
        };
        self.test(test, matches!(outcome, Outcome::Match(_)), break_on, kind);
        if let Outcome::GaveUp(reason) = outcome {
            self.steps.push(TraceStep::Note {
                source: Some(test.source.clone()),
                text: (*reason).to_owned(),
            });
        }
    }

    pub fn queued(&mut self, action: &Action, data: &Template, anti: bool) {
        self.steps.push(TraceStep::Queued {
            application: action.application.clone(),
            data: data.source().to_owned(),
            source: Some(action.source.clone()),
            inline: action.inline,
            anti,
        });
    }

    pub fn note(&mut self, action: &Action, text: &str) {
        self.steps.push(TraceStep::Note {
            source: Some(action.source.clone()),
            text: format!("{}: {text}", action.application),
        });
    }
}

fn level_name(rule: &Rule, level: usize) -> String {
    match level {
        0 => rule.name.clone(),
        level => format!("{}_recur_{level}", rule.name),
    }
}

pub(crate) fn opening(steps: &mut Vec<TraceStep>, call: &HuntCall, context: &str) {
    let profile = &call.profile;
    steps.push(TraceStep::Note {
        source: None,
        text: format!("{CHANNEL}{}", call.channel_name),
    });
    steps.push(TraceStep::Note {
        source: None,
        text: format!(
            "{PROCESSING}{} <{}>->{} in context {context}",
            profile.caller_id_name, profile.caller_id_number, profile.destination_number
        ),
    });
}

/// The answer to `XML:path` when no such file was loaded.
pub(crate) fn missing_file(call: &HuntCall, path: &str) -> Hunt {
    let mut steps = Vec::new();
    opening(&mut steps, call, &call.profile.context);
    steps.push(TraceStep::Note {
        source: None,
        text: format!("the dialplan file {path} is not loaded"),
    });
    Hunt {
        variables: call.variables.clone(),
        profile: call.profile.clone(),
        trace: HuntTrace { steps },
        ..Hunt::default()
    }
}

/// The log lines of a hunt, in FreeSWITCH's words. Control characters from callers are shown escaped, so that a line
/// stays one line.
pub fn log_lines(trace: &HuntTrace) -> Vec<(LogLevel, String)> {
    let mut lines = Vec::new();
    let mut channel = "";
    let mut context = "";
    let mut rules: Vec<&str> = Vec::new();
    for step in &trace.steps {
        let rule = rules.last().copied().unwrap_or_default();
        let (level, line) = match step {
            TraceStep::Note { text, source } => {
                if let (Some(name), None) = (text.strip_prefix(CHANNEL), source) {
                    channel = name;
                    continue;
                }
                if text.starts_with(PROCESSING) && source.is_none() {
                    (LogLevel::Info, text.clone())
                } else {
                    let place = source
                        .as_ref()
                        .map(|source| format!(" ({source})"))
                        .unwrap_or_default();
                    let level = if source.is_some() {
                        LogLevel::Err
                    } else {
                        LogLevel::Debug
                    };
                    (level, format!("Dialplan: {channel} {text}{place}"))
                }
            }
            TraceStep::Context {
                name,
                found,
                searched,
            } => {
                context = searched;
                if *found {
                    continue;
                }
                (LogLevel::Warning, format!("Context {name} not found"))
            }
            TraceStep::Rule {
                name, continues, ..
            } => {
                rules.push(name);
                (
                    LogLevel::Debug,
                    format!("Dialplan: {channel} parsing [{context}->{name}] continue={continues}"),
                )
            }
            TraceStep::RuleEnd { .. } => {
                rules.pop();
                continue;
            }
            TraceStep::Test {
                outcome,
                kind,
                break_on,
                ..
            } => (
                LogLevel::Debug,
                test_line(channel, rule, *outcome, kind, break_on),
            ),
            TraceStep::Queued {
                application,
                data,
                inline,
                anti,
                ..
            } => {
                let kind = if *anti { "ANTI-Action" } else { "Action" };
                let inline = if *inline { " INLINE" } else { "" };
                (
                    LogLevel::Debug,
                    format!("Dialplan: {channel} {kind} {application}({data}){inline}"),
                )
            }
        };
        lines.push((level, one_line(&line)));
    }
    lines
}

fn test_line(channel: &str, rule: &str, outcome: bool, kind: &TestKind, break_on: &str) -> String {
    let verdict = if outcome { "PASS" } else { "FAIL" };
    match kind {
        TestKind::Field {
            field,
            value,
            expression,
            ..
        } => {
            format!(
                "Dialplan: {channel} Regex ({verdict}) [{rule}] {field}({value}) =~ /{expression}/ break={break_on}"
            )
        }
        // FreeSWITCH writes the failure without the blank; programs that read logs know it so.
        TestKind::Time { .. } if outcome => {
            format!("Dialplan: {channel} Date/Time Match (PASS) [{rule}] break={break_on}")
        }
        TestKind::Time { .. } => {
            format!("Dialplan: {channel} Date/TimeMatch (FAIL) [{rule}] break={break_on}")
        }
        TestKind::Network { list, address } => {
            format!(
                "Dialplan: {channel} Network ({verdict}) [{rule}] {address} in {list} break={break_on}"
            )
        }
        TestKind::Absolute => format!("Dialplan: {channel} Absolute Condition [{rule}]"),
        TestKind::Combined { mode } => {
            format!("Dialplan: {channel} Regex {mode} ({verdict}) [{rule}] break={break_on}")
        }
    }
}

/// Control characters as escapes: a caller's name must not begin a log line of its own.
pub(crate) fn one_line(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    text.chars().fold(
        String::with_capacity(text.len() + 8),
        |mut line, character| {
            if character.is_control() {
                line.extend(character.escape_default());
            } else {
                line.push(character);
            }
            line
        },
    )
}
