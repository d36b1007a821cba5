//! `a=` lines by name.

use crate::direction::Direction;

/// One `a=` line: a bare name (`sendonly`) or a name and a value (`ptime:20`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// What stands before the first colon.
    pub name: String,
    /// What stands after it; `None` without a colon.
    pub value: Option<String>,
}

impl Attribute {
    /// A bare attribute such as `sendonly`.
    pub fn flag(name: impl Into<String>) -> Self {
        Attribute {
            name: name.into(),
            value: None,
        }
    }

    /// An attribute with a value such as `ptime:20`.
    pub fn with_value(name: impl Into<String>, value: impl Into<String>) -> Self {
        Attribute {
            name: name.into(),
            value: Some(value.into()),
        }
    }

    /// Whether this attribute has that name, in any letter case (names are case-sensitive by the standard; phones err).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The first attribute of a name.
pub(crate) fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.is(name))
}

/// The first direction among the attributes.
pub(crate) fn direction(attributes: &[Attribute]) -> Option<Direction> {
    attributes
        .iter()
        .find_map(|attribute| Direction::from_attribute(&attribute.name))
}

/// The leading whole number of an attribute's value (`20` of `20.0`), `None` when it is absent, zero or not a number.
pub(crate) fn number(attributes: &[Attribute], name: &str) -> Option<u32> {
    let text = find(attributes, name)?.value.as_deref()?.trim();
    let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|number| *number > 0)
}
