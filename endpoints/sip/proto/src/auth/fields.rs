//! The `name=value, …` list of challenges and credentials, bounded and without doubles.

use std::borrow::Cow;

use super::challenge::AuthError;
use crate::message::{is_token, split_commas, take_quoted, trim, unquote};

/// More fields than any scheme has.
const MAX_FIELDS: usize = 32;

/// The fields of one header value.
#[derive(Debug)]
pub(super) struct Fields<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    /// Reads `Digest name=value, …`.
    pub(super) fn parse_digest(text: &'a str, longest: usize) -> Result<Fields<'a>, AuthError> {
        if text.len() > longest {
            return Err(AuthError::TooLong);
        }
        let (scheme, rest) = trim(text)
            .split_once([' ', '\t'])
            .ok_or(AuthError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return Err(AuthError::Scheme);
        }
        let mut fields: Vec<(&str, Cow<'_, str>)> = Vec::new();
        for part in split_commas(rest).filter(|part| !part.is_empty()) {
            if fields.len() == MAX_FIELDS {
                return Err(AuthError::TooLong);
            }
            let (name, value) = part.split_once('=').ok_or(AuthError::Malformed)?;
            let (name, value) = (trim(name), trim(value));
            if !is_token(name) {
                return Err(AuthError::Malformed);
            }
            if fields
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name))
            {
                return Err(AuthError::Doubled);
            }
            let value = match take_quoted(value) {
                Some((inner, "")) => unquote(inner),
                Some(_) => return Err(AuthError::Malformed),
                None if value.is_empty() || value.contains(['"', ' ', '\t']) => {
                    return Err(AuthError::Malformed);
                }
                None => Cow::Borrowed(value),
            };
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    pub(super) fn needed(&self, name: &'static str) -> Result<String, AuthError> {
        match self.owned(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(AuthError::Missing(name)),
        }
    }
}
