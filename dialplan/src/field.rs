//! Which value a test looks at: a field of the caller profile by name, or any text with `${…}` in it.

use strowger_model::{CallerProfile, Expanded, Scope, Template};

/// The `field` attribute.
#[derive(Debug)]
pub enum Field {
    /// A bare name: a caller profile field and nothing else, never a channel variable.
    Profile(String),
    /// Text with `$`: expanded.
    Text(Template),
}

impl Field {
    /// Reads the attribute.
    pub fn parse(text: &str) -> Field {
        if text.contains('$') {
            Field::Text(Template::parse(text))
        } else {
            Field::Profile(text.to_owned())
        }
    }

    /// As written.
    pub fn text(&self) -> &str {
        match self {
            Field::Profile(name) => name,
            Field::Text(template) => template.source(),
        }
    }

    /// Its value for a call; unknown names are empty.
    pub async fn value(&self, profile: &CallerProfile, scope: &dyn Scope) -> Expanded {
        match self {
            Field::Profile(name) => profile.field(name).unwrap_or_default(),
            Field::Text(template) => template.expand(scope).await,
        }
    }
}
