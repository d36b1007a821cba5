//! Which rules of a context cannot match a number, found with a few look-ups instead of a pattern per rule.
//!
//! Most rules of a large context begin with a test of `destination_number` against an expression with a literal
//! beginning. Their failing has no effect at all, so they are reached through a table of beginnings. All other rules are
//! always evaluated. The order of rules is kept.

use std::collections::HashMap;

use crate::field::Field;
use crate::program::{Expression, Rule};
use crate::syntax::Break;

/// The one field that decides: what nearly every rule tests first.
const FIELD: &str = "destination_number";

/// The table of a context.
#[derive(Debug, Default)]
pub struct Prefilter {
    always: Vec<u32>,
    by_prefix: HashMap<String, Vec<u32>>,
    longest: usize,
}

impl Prefilter {
    /// Builds the table.
    pub fn new(rules: &[Rule]) -> Prefilter {
        let mut table = Prefilter::default();
        for (index, rule) in (0_u32..).zip(rules) {
            match guard(rule) {
                Some(prefixes) => {
                    for prefix in prefixes {
                        table.longest = table.longest.max(prefix.len());
                        table
                            .by_prefix
                            .entry(prefix.clone())
                            .or_default()
                            .push(index);
                    }
                }
                None => table.always.push(index),
            }
        }
        table
    }

    /// The rules from `first` on that may do something when this number is dialled, in order.
    pub fn candidates(&self, number: &str, first: usize) -> Vec<usize> {
        let mut found: Vec<u32> = self.always.clone();
        let ends = (1..=number.len().min(self.longest)).filter(|end| number.is_char_boundary(*end));
        for end in ends {
            if let Some(rules) = self.by_prefix.get(&number[..end]) {
                found.extend_from_slice(rules);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .map(|index| index as usize)
            .filter(|index| *index >= first)
            .collect()
    }
}

/// The beginnings of a rule's first test, if failing that test ends the rule without any effect.
fn guard(rule: &Rule) -> Option<&[String]> {
    let first = rule.conditions.first()?;
    let harmless = first.combination.is_none()
        && first.anti_actions.is_empty()
        && first.test.time.is_empty()
        && first.test.network.is_none()
        && matches!(first.break_on, Break::OnFalse | Break::Always);
    match first.test.field.as_ref()? {
        (Field::Profile(name), Expression::Ready { pattern, .. })
            if harmless && name.eq_ignore_ascii_case(FIELD) =>
        {
            pattern.prefixes()
        }
        _ => None,
    }
}
