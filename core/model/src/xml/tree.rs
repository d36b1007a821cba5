//! The tree of elements that configuration is compiled from.

use crate::diagnostics::Source;

/// An attribute of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, with case.
    pub name: String,
    /// Its value, entities resolved.
    pub value: String,
    /// Where its name is written.
    pub source: Source,
}

/// What an element may contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Another element.
    Element(Element),
    /// Text, entities resolved.
    Text(String),
}

/// An element with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name, with case.
    pub name: String,
    /// In the order written.
    pub attributes: Vec<Attribute>,
    /// In the order written.
    pub children: Vec<Node>,
    /// Where its `<` is written.
    pub source: Source,
}

impl Element {
    /// The value of an attribute.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attribute(name)
            .map(|attribute| attribute.value.as_str())
    }

    /// Where an attribute is written; the element itself when it has none of this name.
    pub fn attr_source(&self, name: &str) -> Source {
        self.attribute(name)
            .map_or_else(|| self.source.clone(), |found| found.source.clone())
    }

    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    /// The elements directly inside, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The elements of a name directly inside, in order.
    pub fn elements_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.name == name)
    }

    /// The first element of a name directly inside.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// The text directly inside, without the blanks around it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.children {
            if let Node::Text(part) = node {
                text.push_str(part);
            }
        }
        text.trim().to_owned()
    }

    /// The first element directly inside with this name and an attribute of this value, the value without case.
    pub fn find(&self, name: &str, key: &str, value: &str) -> Option<&Element> {
        self.elements().find(|element| {
            element.name == name
                && element
                    .attr(key)
                    .is_some_and(|found| found.eq_ignore_ascii_case(value))
        })
    }
}

/// A whole configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The outermost element.
    pub root: Element,
}

impl Document {
    /// The first section of a name.
    pub fn section(&self, name: &str) -> Option<&Element> {
        self.root.find("section", "name", name)
    }

    /// The first `<configuration>` of a name such as `switch.conf`.
    pub fn configuration(&self, name: &str) -> Option<&Element> {
        self.section("configuration")?
            .find("configuration", "name", name)
    }
}
