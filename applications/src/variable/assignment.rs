//! `name=value`, alone and in lists.

use strowger_model::{Argument, Expanded, separate};

/// Assignments in one list at most.
const MAX_ASSIGNMENTS: usize = 256;

/// A name and a value; an empty value deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The name; never a peer's choice.
    pub name: String,
    /// The value.
    pub value: Expanded,
}

impl Argument for Assignment {
    const KIND: &'static str = "name=value";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        // Without `=` the first comma separates, as in FreeSWITCH.
        let (name, value) = text
            .split_once('=')
            .or_else(|| text.split_once(','))
            .unwrap_or_else(|| (text.clone(), Expanded::default()));
        let name = name.trim();
        if name.is_empty() {
            return Err(format!("`{text}` has no name; write name=value"));
        }
        if name.has_network() {
            return Err(format!("`{name}`: a caller cannot name a variable"));
        }
        Ok(Assignment {
            name: name.into_string(),
            value,
        })
    }
}

/// Several assignments, separated by blanks or by the character after `^^`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignments(pub Vec<Assignment>);

impl Argument for Assignments {
    const KIND: &'static str = "name=value …";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        separate(text, ' ', MAX_ASSIGNMENTS)
            .iter()
            .filter(|item| !item.is_empty())
            .map(Assignment::parse_argument)
            .collect::<Result<Vec<_>, _>>()
            .map(Assignments)
    }
}

/// Several names, separated by blanks or by the character after `^^`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl Argument for Names {
    const KIND: &'static str = "name …";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let names = separate(text, ' ', MAX_ASSIGNMENTS);
        match names.iter().find(|name| name.has_network()) {
            Some(name) => Err(format!("`{name}`: a caller cannot name a variable")),
            None => Ok(Names(
                names
                    .into_iter()
                    .filter(|name| !name.is_empty())
                    .map(Expanded::into_string)
                    .collect(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> (String, String) {
        let found = Assignment::parse_argument(&Expanded::trusted(text)).expect("an assignment");
        (found.name, found.value.into_string())
    }

    #[test]
    fn a_value_may_contain_everything() {
        assert_eq!(one("a=b=c,d"), ("a".into(), "b=c,d".into()));
        assert_eq!(one("a,b"), ("a".into(), "b".into()));
        assert_eq!(one("a="), ("a".into(), String::new()));
        assert_eq!(one("a"), ("a".into(), String::new()));
        assert!(Assignment::parse_argument(&Expanded::trusted("=x")).is_err());
    }

    #[test]
    fn a_caller_names_no_variable_and_adds_no_assignment() {
        let mut text = Expanded::trusted("name=");
        text.push_network("x y=z");
        let list = Assignments::parse_argument(&text).expect("one assignment");
        assert_eq!(list.0.len(), 1);
        assert_eq!(list.0[0].value.as_str(), "x y=z");
        assert!(Assignment::parse_argument(&Expanded::network("a=b")).is_err());
    }

    #[test]
    fn lists_choose_their_separator() {
        let list = Assignments::parse_argument(&Expanded::trusted("^^:a=1 2:b=3")).expect("two");
        assert_eq!(list.0[0].value.as_str(), "1 2");
        assert_eq!(list.0[1].name, "b");
        let names = Names::parse_argument(&Expanded::trusted("a b  c")).expect("three");
        assert_eq!(names.0, ["a", "b", "c"]);
    }
}
