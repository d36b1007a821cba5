//! The variables of a channel: names without case, in the order they were first set, some of them arrays.

use std::sync::Arc;

use crate::{boolean, expand::expanded::Expanded};

/// What the text of an array begins with, and what stands between its elements.
const ARRAY_PREFIX: &str = "ARRAY::";
/// The separator of array elements in text form.
const ARRAY_SEPARATOR: &str = "|:";
/// The most elements an array may have; further ones are dropped. An index beyond it is ignored, so that a number in a
/// variable name cannot ask for memory.
const MAX_ELEMENTS: usize = 4000;
/// The variable that lists the names to copy to new legs.
const EXPORT_LIST: &str = "export_vars";

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    name: Arc<str>,
    /// The value as text; arrays of more than one element in their `ARRAY::` form.
    text: Expanded,
    /// The elements of an array.
    elements: Option<Vec<Expanded>>,
}

/// An ordered map of variables. A clone shares the storage until one of the two is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    list: Arc<Vec<Variable>>,
}

impl Variables {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a variable; an array of several elements in its text form.
    pub fn get(&self, name: &str) -> Option<&Expanded> {
        self.find(name).map(|variable| &variable.text)
    }

    /// The value of a variable, its origin aside.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(Expanded::as_str)
    }

    /// Whether a variable is set to a true word or number.
    pub fn is_true(&self, name: &str) -> bool {
        self.text(name).is_some_and(boolean::is_true)
    }

    /// Set a variable. An empty value deletes it; `name[2]` sets one element; a value beginning `ARRAY::` makes an array.
    pub fn set(&mut self, name: &str, value: impl Into<Expanded>) {
        let value = value.into();
        if let Some((base, index)) = indexed(name) {
            self.set_element(base, index, value);
        } else if value.is_empty() {
            self.remove(name);
        } else if let Some(rest) = value.strip_prefix(ARRAY_PREFIX) {
            self.store(name, split_array(&rest));
        } else {
            let variable = Variable {
                name: name.into(),
                text: value,
                elements: None,
            };
            self.put(variable);
        }
    }

    /// Delete a variable and return its value.
    pub fn remove(&mut self, name: &str) -> Option<Expanded> {
        let at = self.position(name)?;
        Some(Arc::make_mut(&mut self.list).remove(at).text)
    }

    /// Append an element; a plain value becomes the first element.
    pub fn push(&mut self, name: &str, value: Expanded) {
        let mut elements = self.elements(name);
        if elements.len() < MAX_ELEMENTS && !value.is_empty() {
            elements.push(value);
            self.store(name, elements);
        }
    }

    /// Put an element before the others; a plain value becomes the second element.
    pub fn unshift(&mut self, name: &str, value: Expanded) {
        let mut elements = self.elements(name);
        if elements.len() < MAX_ELEMENTS && !value.is_empty() {
            elements.insert(0, value);
            self.store(name, elements);
        }
    }

    /// The elements of an array, one for a plain value, none for an unset variable.
    pub fn elements(&self, name: &str) -> Vec<Expanded> {
        match self.find(name) {
            None => Vec::new(),
            Some(Variable {
                elements: Some(elements),
                ..
            }) => elements.clone(),
            Some(variable) => vec![variable.text.clone()],
        }
    }

    /// One element of an array, from 0. A plain value is its own element 0.
    pub fn index(&self, name: &str, index: usize) -> Option<Expanded> {
        let variable = self.find(name)?;
        match &variable.elements {
            Some(elements) => elements.get(index).cloned(),
            None => (index == 0).then(|| variable.text.clone()),
        }
    }

    /// Every variable in order; arrays in text form.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Expanded)> {
        self.list
            .iter()
            .map(|variable| (&*variable.name, &variable.text))
    }

    /// Mark a variable to be copied to new legs: its name is appended to `export_vars`.
    pub fn export(&mut self, name: &str) {
        let list = self.text(EXPORT_LIST).unwrap_or_default();
        if list
            .split(',')
            .any(|known| known.eq_ignore_ascii_case(name))
        {
            return;
        }
        let list = if list.is_empty() {
            name.to_owned()
        } else {
            format!("{list},{name}")
        };
        self.set(EXPORT_LIST, list);
    }

    /// The marked variables that are set, with their values.
    pub fn exported(&self) -> Vec<(String, Expanded)> {
        let list = self.text(EXPORT_LIST).unwrap_or_default();
        list.split(',')
            .map(str::trim)
            .filter_map(|name| Some((name.to_owned(), self.get(name)?.clone())))
            .collect()
    }

    /// The variables whose name begins with a prefix, without case.
    pub fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = (&str, &Expanded)> {
        self.iter().filter(move |(name, _)| {
            name.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        })
    }

    /// How many variables are set.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Take over every variable of another map; its values win.
    pub fn merge(&mut self, other: &Variables) {
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        for variable in other.list.iter() {
            self.put(variable.clone());
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.list
            .iter()
            .position(|variable| variable.name.eq_ignore_ascii_case(name))
    }

    fn find(&self, name: &str) -> Option<&Variable> {
        self.position(name).and_then(|at| self.list.get(at))
    }

    fn put(&mut self, variable: Variable) {
        let known = self.position(&variable.name);
        let list = Arc::make_mut(&mut self.list);
        match known {
            Some(at) => list[at] = variable,
            None => list.push(variable),
        }
    }

    fn store(&mut self, name: &str, elements: Vec<Expanded>) {
        if elements.iter().all(Expanded::is_empty) {
            self.remove(name);
            return;
        }
        self.put(Variable {
            name: name.into(),
            text: join(&elements),
            elements: Some(elements),
        });
    }

    fn set_element(&mut self, name: &str, index: usize, value: Expanded) {
        let mut elements = self.elements(name);
        if index >= MAX_ELEMENTS || (index >= elements.len() && value.is_empty()) {
            return;
        }
        if elements.len() <= index {
            elements.resize(index + 1, Expanded::default());
        }
        elements[index] = value;
        self.store(name, elements);
    }
}

/// `name[2]` as its two parts.
fn indexed(name: &str) -> Option<(&str, usize)> {
    let (base, rest) = name.split_once('[')?;
    let digits = rest.strip_suffix(']')?;
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (number && !base.is_empty()).then(|| (base, digits.parse().unwrap_or(usize::MAX)))
}

/// The text after `ARRAY::` cut at the separators that did not come from the network.
fn split_array(text: &Expanded) -> Vec<Expanded> {
    let mut elements = Vec::new();
    let mut start = 0;
    for (at, _) in text.as_str().match_indices(ARRAY_SEPARATOR) {
        let ours = !text.is_network_at(at) && !text.is_network_at(at + 1);
        if ours && elements.len() + 1 < MAX_ELEMENTS {
            elements.push(text.slice(start..at));
            start = at + ARRAY_SEPARATOR.len();
        }
    }
    elements.push(text.slice(start..text.len()));
    elements
}

/// The text form: one element stands for itself.
fn join(elements: &[Expanded]) -> Expanded {
    if let [only] = elements {
        return only.clone();
    }
    let mut text = Expanded::trusted(ARRAY_PREFIX);
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            text.push_trusted(ARRAY_SEPARATOR);
        }
        text.push(element);
    }
    text
}

impl<N: AsRef<str>, V: Into<Expanded>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut variables = Self::new();
        for (name, value) in pairs {
            variables.set(name.as_ref(), value);
        }
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_order_is_kept() {
        let mut v: Variables = [("One", "1"), ("two", "2")].into_iter().collect();
        v.set("ONE", "11");
        assert_eq!(v.text("one"), Some("11"));
        assert_eq!(
            v.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["ONE", "two"]
        );
        v.set("one", "");
        assert_eq!(v.get("One"), None);
        assert_eq!(v.len(), 1);
    }

    #[test]
    fn arrays() {
        let mut v = Variables::new();
        v.push("a", "x".into());
        assert_eq!(v.text("a"), Some("x"));
        v.push("a", "y".into());
        v.unshift("a", "w".into());
        assert_eq!(v.text("a"), Some("ARRAY::w|:x|:y"));
        assert_eq!(v.index("a", 2).unwrap(), "y");
        v.set("a[1]", "X");
        v.set("a[99999999999]", "no");
        assert_eq!(v.text("a"), Some("ARRAY::w|:X|:y"));
        v.set("b", "ARRAY::1|:2");
        assert_eq!(v.elements("b").len(), 2);
        assert_eq!(v.index("missing", 0), None);
    }

    #[test]
    fn network_text_makes_no_array() {
        let mut v = Variables::new();
        v.set("a", Expanded::network("ARRAY::1|:2"));
        assert_eq!(v.elements("a").len(), 1);
        let mut mixed = Expanded::trusted("ARRAY::");
        mixed.push_network("1|:2");
        mixed.push_trusted("|:3");
        v.set("b", mixed);
        assert_eq!(v.elements("b"), [Expanded::network("1|:2"), "3".into()]);
    }

    #[test]
    fn exports_are_named_once() {
        let mut v: Variables = [("a", "1"), ("b", "2")].into_iter().collect();
        v.export("a");
        v.export("A");
        v.export("unset");
        assert_eq!(v.text("export_vars"), Some("a,unset"));
        assert_eq!(v.exported(), [("a".to_owned(), Expanded::from("1"))]);
    }

    #[test]
    fn clones_are_independent() {
        let mut a: Variables = [("x", "1")].into_iter().collect();
        let b = a.clone();
        a.set("x", "2");
        assert_eq!((a.text("x"), b.text("x")), (Some("2"), Some("1")));
        assert_eq!(a.with_prefix("X").count(), 1);
    }
}
