//! Global variables: set while the configuration is read, changed while the switch runs.

/// An ordered map of global variables; names compare without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globals {
    list: Vec<(String, String)>,
}

impl Globals {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .list
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Set a variable; an empty value deletes it.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        let known = self
            .list
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name));
        match (known, value.is_empty()) {
            (Some(at), true) => drop(self.list.remove(at)),
            (Some(at), false) => self.list[at].1 = value,
            (None, true) => {}
            (None, false) => self.list.push((name.to_owned(), value)),
        }
    }

    /// Every variable in the order of first setting.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many are set.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for Globals {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut globals = Self::new();
        for (name, value) in pairs {
            globals.set(name.as_ref(), value);
        }
        globals
    }
}
