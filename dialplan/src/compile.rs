//! XML -> [`Program`], with everything that is wrong or suspicious reported at once.
//!
//! What FreeSWITCH tolerates at run time — an unknown application, a broken expression in one condition — is a warning
//! here that names file and line, so that an existing configuration loads and its other rules work.

use strowger_model::{
    CallerProfile, Diagnostics, DialString, Element, Expanded, Source, Template, Vocabulary,
};

use crate::XmlDialplan;
use crate::field::Field;
use crate::network::AddressList;
use crate::pattern::Pattern;
use crate::prefilter::Prefilter;
use crate::program::{Action, Condition, Context, Expression, Program, Rule, Test};
use crate::time_of_day::TimeOfDay;
use crate::{lint, parse, syntax};

/// Applications whose whole argument is a dial string.
const DIALLING: [&str; 2] = ["bridge", "att_xfer"];

/// Compiles the `dialplan` section.
///
/// The dialplan that comes back is usable whatever was reported; the caller decides whether errors refuse it.
pub fn compile(
    section: Option<&Element>,
    vocabulary: &dyn Vocabulary,
    report: &mut Diagnostics,
) -> XmlDialplan {
    let Some(section) = section else {
        report.warning(
            None,
            "there is no dialplan section",
            "no call finds an extension",
            "add <section name=\"dialplan\"> with at least one <context>",
        );
        return XmlDialplan::new(Program::default());
    };
    let parsed = parse::parse(section, report);
    if parsed.contexts.is_empty() {
        report.warning(
            Some(section.source.clone()),
            "the dialplan has no context",
            "no call finds an extension",
            "add <context name=\"default\">",
        );
    }
    let mut compiler = Compiler { vocabulary, report };
    let contexts = parsed
        .contexts
        .iter()
        .map(|context| compiler.context(context))
        .collect();
    let program = Program::new(contexts);
    lint::lint(&program, vocabulary, report);
    XmlDialplan::new(program)
}

struct Compiler<'a> {
    vocabulary: &'a dyn Vocabulary,
    report: &'a mut Diagnostics,
}

impl Compiler<'_> {
    fn context(&mut self, context: &syntax::Context) -> Context {
        let rules: Vec<Rule> = context
            .extensions
            .iter()
            .map(|extension| self.rule(extension))
            .collect();
        Context {
            name: context.name.clone(),
            source: context.source.clone(),
            prefilter: Prefilter::new(&rules),
            rules,
        }
    }

    fn rule(&mut self, extension: &syntax::Extension) -> Rule {
        Rule {
            name: extension.name.clone(),
            continues: extension.continues,
            source: extension.source.clone(),
            conditions: extension
                .conditions
                .iter()
                .map(|condition| self.condition(condition))
                .collect(),
        }
    }

    fn condition(&mut self, condition: &syntax::Condition) -> Condition {
        Condition {
            source: condition.source.clone(),
            test: self.test(&condition.test, condition.combination.is_some()),
            combination: condition.combination.as_ref().map(|(word, tests)| {
                if tests.is_empty() {
                    self.report.warning(
                        Some(condition.source.clone()),
                        format!("regex=\"{}\" without <regex> children", word.word()),
                        "there is nothing to combine",
                        "put <regex field=\"…\" expression=\"…\"/> elements into the condition",
                    );
                }
                (
                    *word,
                    tests.iter().map(|test| self.test(test, false)).collect(),
                )
            }),
            break_on: condition.break_on,
            actions: condition
                .actions
                .iter()
                .map(|action| self.action(action))
                .collect(),
            anti_actions: condition
                .anti_actions
                .iter()
                .map(|action| self.action(action))
                .collect(),
            nested: condition
                .nested
                .iter()
                .map(|nested| self.condition(nested))
                .collect(),
            require_nested: condition.require_nested,
        }
    }

    fn test(&mut self, test: &syntax::Test, combined: bool) -> Test {
        let mut time = TimeOfDay::default();
        for (name, value, source) in &test.times {
            if let Err(reason) = time.add(name, value) {
                self.report.warning(
                    Some(source.clone()),
                    format!("{name}=\"{value}\""),
                    reason,
                    "correct the list of numbers or ranges",
                );
            }
        }
        let network = test
            .acl
            .as_ref()
            .and_then(|(list, source)| match AddressList::parse(list) {
                Ok(list) => Some(list),
                Err(reason) => {
                    self.report.warning(
                        Some(source.clone()),
                        "acl=\"\"",
                        reason,
                        "name an access list or a network",
                    );
                    None
                }
            });
        let field = match (&test.field, &test.expression) {
            (Some(field), expression) => Some((
                self.field(field),
                self.expression(expression.as_ref(), &test.source),
            )),
            (None, Some((text, source))) => {
                let consequence = match (combined, time.is_empty() && network.is_none()) {
                    (true, _) => "the <regex> children alone decide",
                    (false, true) => "the condition matches every call",
                    (false, false) => "only the other attributes are tested",
                };
                self.report.warning(
                    Some(source.clone()),
                    format!("expression \"{text}\" without a field"),
                    consequence,
                    "add field=\"destination_number\" or what is meant",
                );
                None
            }
            (None, None) => None,
        };
        Test {
            source: test.source.clone(),
            field,
            network,
            time,
        }
    }

    fn field(&mut self, (text, source): &(String, Source)) -> Field {
        let field = Field::parse(text);
        match &field {
            Field::Profile(name) => {
                let known = CallerProfile::names()
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name));
                if !known {
                    self.report.warning(
                        Some(source.clone()),
                        format!("field \"{name}\" is not a caller profile field"),
                        "it is empty unless set_profile_var made it",
                        format!("write field=\"${{{name}}}\" to test a channel variable"),
                    );
                }
            }
            Field::Text(template) => self.functions(template, source),
        }
        field
    }

    fn expression(&mut self, written: Option<&(String, Source)>, place: &Source) -> Expression {
        let (text, source) = match written {
            Some((text, source)) => (text.as_str(), source),
            None => ("", place),
        };
        if needs_expansion(text) {
            let template = Template::parse(text);
            self.functions(&template, source);
            return Expression::AtHunt(template);
        }
        match Pattern::compile(&Expanded::trusted(text)) {
            Ok(pattern) => Expression::Ready {
                text: text.to_owned(),
                pattern,
            },
            Err(error) => {
                let reason = error.to_string();
                self.report.warning(
                    Some(source.clone()),
                    format!("expression \"{text}\""),
                    format!("{reason}: the condition never matches"),
                    "correct the expression",
                );
                Expression::Broken {
                    text: text.to_owned(),
                    reason,
                }
            }
        }
    }

    fn action(&mut self, action: &syntax::Action) -> Action {
        let data = Template::parse(&action.data);
        let refused = !action.inline && action.data.contains("\\'");
        if refused {
            self.report.warning(
                Some(action.source.clone()),
                format!("the argument of {} contains \\'", action.application),
                "the action is never queued",
                "write the quote without the backslash",
            );
        }
        self.functions(&data, &action.source);
        self.application(action, &data);
        Action {
            application: action.application.clone(),
            data,
            inline: action.inline,
            repeat: action.repeat,
            refused,
            source: action.source.clone(),
        }
    }

    fn application(&mut self, action: &syntax::Action, data: &Template) {
        let name = action.application.as_str();
        let Some(known) = self.vocabulary.application(name) else {
            let what = match name {
                "" => "an action without an application".to_owned(),
                name => format!("unknown application {name}"),
            };
            self.report.warning(
                Some(action.source.clone()),
                what,
                "a call that gets here ends with DESTINATION_OUT_OF_ORDER",
                "correct the name or remove the action",
            );
            return;
        };
        if action.inline && !known.inline {
            self.report.warning(
                Some(action.source.clone()),
                format!("{name} cannot be executed inline"),
                "it is skipped while hunting",
                "remove inline=\"true\"",
            );
        }
        if data.has_captures() {
            return;
        }
        let Some(literal) = data.literal() else {
            return;
        };
        let argument = Expanded::trusted(literal);
        if let Err(error) = self.vocabulary.check(name, &argument) {
            self.report.warning(
                Some(action.source.clone()),
                format!("argument of {name}"),
                error.to_string(),
                format!("usage: {name} {}", known.grammar.usage()),
            );
            return;
        }
        if DIALLING.contains(&name) {
            self.dial_string(name, &argument, &action.source);
        }
    }
    fn dial_string(&mut self, application: &str, argument: &Expanded, source: &Source) {
        match DialString::parse(argument) {
            Err(error) => self.report.warning(
                Some(source.clone()),
                format!("argument of {application}"),
                error.to_string(),
                "correct the dial string",
            ),
            Ok(dial) => {
                let legs = dial
                    .enterprise
                    .iter()
                    .flat_map(|simple| simple.alternatives.iter().flatten());
                for leg in legs {
                    if !self.vocabulary.has_endpoint(&leg.endpoint) {
                        self.report.warning(
                            Some(source.clone()),
                            format!("unknown endpoint {}/", leg.endpoint),
                            "this leg fails with CHAN_NOT_IMPLEMENTED",
                            "correct the dial string",
                        );
                    }
                }
            }
        }
    }

    fn functions(&mut self, template: &Template, source: &Source) {
        for function in template.functions() {
            if !function.is_empty()
                && !function.contains('$')
                && !self.vocabulary.has_function(function)
            {
                self.report.warning(
                    Some(source.clone()),
                    format!("unknown function ${{{function}(…)}}"),
                    "it expands to nothing",
                    "correct the name",
                );
            }
        }
    }
}

/// Whether expansion would change an expression: it names a variable, or escapes a backslash or a quote.
fn needs_expansion(text: &str) -> bool {
    text.contains("${") || text.contains("\\\\") || text.contains("\\'")
}
