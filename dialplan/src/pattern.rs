//! One expression: compiled once, matched within bounds, captures as values.
//!
//! FreeSWITCH expressions are PCRE patterns. Nearly all of them run on `regex`, whose time is linear in the text;
//! those with look-around, back-references, atomic groups or possessive quantifiers run on `fancy-regex` with a limit
//! on backtracking, so that no dialled number can stall a call. Three notations exist: a plain pattern,
//! `/pattern/flags` (`i` caseless, `s` dot matches newline) and a leading `_` for Asterisk's patterns.
//!
//! Text that came from the network may stand inside an expression (`^${caller_id_number}$`): it is always a literal
//! there, whatever characters it contains.

use std::ops::Range;

use strowger_model::Expanded;
use thiserror::Error;

mod prefix;
mod translate;

#[cfg(test)]
mod tests;

/// How often a pattern with look-around or back-references may go back before it counts as not matching.
///
/// Real dialplans need a handful; at this limit an evil pattern is given up after about a millisecond.
const BACKTRACK_LIMIT: usize = 20_000;

/// Longest subject (octets) a backtracking pattern looks at: from every place it may scan all that is left, so the time
/// grows with the square of the length. No number and few headers are longer.
const BACKTRACK_SUBJECT_LIMIT: usize = 1024;

/// Octets of compiled program an expression may need; `(\d{1,999}){1,999}` is refused rather than compiled.
const SIZE_LIMIT: usize = 4 * 1024 * 1024;

/// Longest expression (octets) after expansion.
const EXPRESSION_LIMIT: usize = 64 * 1024;

/// Highest capture number that can be named in an action: `$256`.
pub const HIGHEST_CAPTURE: usize = 256;

/// Why an expression cannot be used; its condition then never matches.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// `/pattern` without the closing slash.
    #[error("an expression that begins with / must end with / and its flags")]
    MissingSlash,
    /// A construct that no engine here knows, or broken syntax.
    #[error("{0}")]
    Syntax(String),
    /// The expression is longer than the limit.
    #[error("the expression is {0} octets long, at most {EXPRESSION_LIMIT} are compiled")]
    TooLong(usize),
}

/// What matching a value gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It matched. `$0`, `$1`, … up to the highest group that took part; empty when the expression has no `(`.
    Match(Vec<Expanded>),
    /// It did not match.
    NoMatch,
    /// The engine stopped at its limit: counts as not matching.
    GaveUp(&'static str),
}

#[derive(Debug)]
enum Engine {
    Everything,
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

/// A compiled expression.
#[derive(Debug)]
pub struct Pattern {
    engine: Engine,
    parenthesis: bool,
    groups: usize,
    prefixes: Option<Vec<String>>,
}

/// A character of an expression, and whether the network wrote it.
type Tagged = (char, bool);

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// [`PatternError`] when it is malformed or too large.
    pub fn compile(expression: &Expanded) -> Result<Pattern, PatternError> {
        let text = expression.as_str();
        if text.is_empty() {
            return Ok(Pattern {
                engine: Engine::Everything,
                parenthesis: false,
                groups: 0,
                prefixes: None,
            });
        }
        if text.len() > EXPRESSION_LIMIT {
            return Err(PatternError::TooLong(text.len()));
        }
        let tagged: Vec<Tagged> = if expression.has_network() {
            text.char_indices()
                .map(|(at, character)| (character, expression.is_network_at(at)))
                .collect()
        } else {
            text.chars().map(|character| (character, false)).collect()
        };
        let parenthesis = tagged.contains(&('(', false));
        let (body, flags) = notation(tagged)?;
        let translated = translate::translate(&body).map_err(PatternError::Syntax)?;
        let prefixes = if flags.caseless {
            None
        } else {
            prefix::prefixes(&body)
        };
        let source = match flags.inline() {
            "" => translated.text,
            inline => format!("{inline}{}", translated.text),
        };
        let engine = engine(&source, translated.backtracking)?;
        Ok(Pattern {
            engine,
            parenthesis,
            groups: translated.groups,
            prefixes,
        })
    }

    /// Whether the expression contains `(`: only then are captures substituted and `DP_MATCH` written.
    pub fn has_parenthesis(&self) -> bool {
        self.parenthesis
    }

    /// Number of capture groups, not counting the whole match.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether every value matches.
    pub fn matches_everything(&self) -> bool {
        matches!(self.engine, Engine::Everything)
            || match &self.engine {
                Engine::Linear(regex) => matches!(
                    regex.as_str(),
                    "^(.*)$"
                        | "^.*$"
                        | "(.*)"
                        | ".*"
                        | "^(.*)"
                        | "^.*"
                        | "(.*)$"
                        | ".*$"
                        | "^"
                        | "$"
                ),
                _ => false,
            }
    }

    /// The texts one of which a value must begin with to match; `None` when that cannot be said.
    pub fn prefixes(&self) -> Option<&[String]> {
        self.prefixes.as_deref()
    }

    /// Whether this pattern runs on the backtracking engine.
    pub fn is_backtracking(&self) -> bool {
        matches!(self.engine, Engine::Backtracking(_))
    }

    /// Matches a value (unanchored search, as PCRE does).
    pub fn run(&self, value: &Expanded) -> Outcome {
        let text = value.as_str();
        match &self.engine {
            Engine::Everything => Outcome::Match(Vec::new()),
            Engine::Linear(regex) => {
                if !self.parenthesis {
                    return match regex.is_match(text) {
                        true => Outcome::Match(Vec::new()),
                        false => Outcome::NoMatch,
                    };
                }
                match regex.captures(text) {
                    Some(found) => Outcome::Match(captures(
                        value,
                        found.iter().map(|group| group.map(|group| group.range())),
                    )),
                    None => Outcome::NoMatch,
                }
            }
            Engine::Backtracking(regex) => {
                if text.len() > BACKTRACK_SUBJECT_LIMIT {
                    return Outcome::GaveUp(
                        "the value is too long for an expression with look-around",
                    );
                }
                match regex.captures(text) {
                    Ok(Some(_)) if !self.parenthesis => Outcome::Match(Vec::new()),
                    Ok(Some(found)) => Outcome::Match(captures(
                        value,
                        (0..found.len()).map(|number| {
                            found.get(number).map(|group| group.start()..group.end())
                        }),
                    )),
                    Ok(None) => Outcome::NoMatch,
                    Err(_) => Outcome::GaveUp("the expression went back too often"),
                }
            }
        }
    }
}

fn captures(value: &Expanded, groups: impl Iterator<Item = Option<Range<usize>>>) -> Vec<Expanded> {
    let mut texts = Vec::new();
    let mut used = 0;
    for group in groups.take(HIGHEST_CAPTURE + 1) {
        match group {
            Some(range) => {
                texts.push(value.slice(range));
                used = texts.len();
            }
            None => texts.push(Expanded::default()),
        }
    }
    texts.truncate(used);
    texts
}

fn engine(source: &str, backtracking: bool) -> Result<Engine, PatternError> {
    if !backtracking {
        return match regex::RegexBuilder::new(source)
            .size_limit(SIZE_LIMIT)
            .build()
        {
            Ok(regex) => Ok(Engine::Linear(regex)),
            Err(regex::Error::CompiledTooBig(limit)) => Err(PatternError::Syntax(format!(
                "the expression needs more than {limit} octets when compiled: use smaller repetition counts"
            ))),
            Err(error) => Err(PatternError::Syntax(last_line(&error.to_string()))),
        };
    }
    fancy_regex::RegexBuilder::new(source)
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(SIZE_LIMIT)
        .build()
        .map(|regex| Engine::Backtracking(Box::new(regex)))
        .map_err(|error| PatternError::Syntax(last_line(&error.to_string())))
}

/// `regex` explains errors over several lines with a drawing; the last line says what is wrong.
fn last_line(text: &str) -> String {
    let last = text.lines().last().unwrap_or(text).trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[derive(Debug, Default, Clone, Copy)]
struct Flags {
    caseless: bool,
    dotall: bool,
}

impl Flags {
    fn inline(self) -> &'static str {
        match (self.caseless, self.dotall) {
            (false, false) => "",
            (true, false) => "(?i)",
            (false, true) => "(?s)",
            (true, true) => "(?is)",
        }
    }
}

/// Takes the notation off: what is left is a plain PCRE pattern.
fn notation(mut tagged: Vec<Tagged>) -> Result<(Vec<Tagged>, Flags), PatternError> {
    let mut flags = Flags::default();
    if tagged.first() == Some(&('_', false)) {
        tagged.remove(0);
        return Ok((asterisk(&tagged), flags));
    }
    if tagged.first() == Some(&('/', false)) {
        let end = tagged
            .iter()
            .rposition(|tag| *tag == ('/', false))
            .filter(|end| *end > 0)
            .ok_or(PatternError::MissingSlash)?;
        for (flag, _) in &tagged[end + 1..] {
            match flag {
                'i' => flags.caseless = true,
                's' => flags.dotall = true,
                _ => {}
            }
        }
        tagged.truncate(end);
        tagged.remove(0);
    }
    Ok((tagged, flags))
}

/// Asterisk's pattern letters as a PCRE pattern, anchored at both ends.
fn asterisk(tagged: &[Tagged]) -> Vec<Tagged> {
    let mut out = vec![('^', false)];
    for tag in tagged {
        let class = match tag {
            ('N', false) => "[2-9]",
            ('X', false) => "[0-9]",
            ('Z', false) => "[1-9]",
            ('.', false) => ".*",
            _ => {
                out.push(*tag);
                continue;
            }
        };
        out.extend(class.chars().map(|character| (character, false)));
    }
    out.push(('$', false));
    out
}

/// Finds an expression that stands in a configuration in a text: the captures, or `None`. An expression that cannot be
/// compiled finds nothing, as in a condition.
pub fn find(expression: &str, subject: &Expanded) -> Option<Vec<Expanded>> {
    let pattern = Pattern::compile(&Expanded::trusted(expression)).ok()?;
    match pattern.run(subject) {
        Outcome::Match(captures) => Some(captures),
        Outcome::NoMatch | Outcome::GaveUp(_) => None,
    }
}
