//! Events: immutable facts with a name, headers in order and perhaps a body.

pub mod encode;
pub mod name;

pub use name::EventName;

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventValue {
    /// One text.
    Text(String),
    /// Several texts, from an array variable.
    Array(Vec<String>),
}

impl EventValue {
    /// As one text; several in the form `ARRAY::a|:b`.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Array(items) => format!("ARRAY::{}", items.join("|:")).into(),
        }
    }
}

impl From<&str> for EventValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for EventValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for EventValue {
    fn from(items: Vec<String>) -> Self {
        Self::Array(items)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub name: EventName,
    /// What exactly, for custom events.
    pub subclass: Option<String>,
    /// Headers in order; names compare without case.
    pub headers: Vec<(String, EventValue)>,
    /// Text after the headers.
    pub body: Option<String>,
}

impl Event {
    /// An event without headers.
    pub fn new(name: EventName) -> Self {
        Self {
            name,
            subclass: None,
            headers: Vec::new(),
            body: None,
        }
    }

    /// A custom event of a subclass.
    pub fn custom(subclass: impl Into<String>) -> Self {
        Self {
            subclass: Some(subclass.into()),
            ..Self::new(EventName::Custom)
        }
    }

    /// The event with one more header at the end.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<EventValue>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The event with a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Append a header.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<EventValue>) {
        self.headers.push((name.into(), value.into()));
    }

    /// Append headers that are already texts.
    pub fn extend(&mut self, headers: impl IntoIterator<Item = (String, String)>) {
        self.headers.extend(
            headers
                .into_iter()
                .map(|(name, value)| (name, value.into())),
        );
    }

    /// The first header of a name, without case; of several texts the first one.
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            EventValue::Text(text) => Some(text),
            EventValue::Array(items) => items.first().map(String::as_str),
        }
    }

    /// The value of the first header of a name, without case.
    pub fn value(&self, name: &str) -> Option<&EventValue> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }
}
