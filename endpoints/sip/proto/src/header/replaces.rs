//! Replaces: the call that a new one takes the place of (RFC 3891).

use std::fmt;

use super::with_params;
use crate::message::{HeaderError, HeaderTable};

/// Replaces.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Replaces {
    /// Call-ID of the dialog.
    pub call_id: String,
    /// The tag of the side that receives this request.
    pub to_tag: String,
    /// The tag of the other side.
    pub from_tag: String,
    /// Only a dialog that is not answered yet.
    pub early_only: bool,
}

impl Replaces {
    /// Reads the header's value.
    pub fn parse(text: &str) -> Result<Replaces, HeaderError> {
        let error = |what| HeaderError::new("Replaces", what);
        let (call_id, params) = with_params("Replaces", text)?;
        if call_id.is_empty()
            || call_id
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || c == ',')
        {
            return Err(error("the Call-ID is malformed"));
        }
        let tag = |name| {
            params
                .get(name)
                .filter(|tag| !tag.is_empty())
                .map(str::to_owned)
        };
        Ok(Replaces {
            call_id: call_id.to_owned(),
            to_tag: tag("to-tag").ok_or(error("has no to-tag"))?,
            from_tag: tag("from-tag").ok_or(error("has no from-tag"))?,
            early_only: params.has("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{};to-tag={};from-tag={}",
            self.call_id, self.to_tag, self.from_tag
        )?;
        if self.early_only {
            f.write_str(";early-only")
        } else {
            Ok(())
        }
    }
}

impl HeaderTable {
    /// Replaces; `None` when absent. More than one is an error.
    pub fn replaces(&self) -> Result<Option<Replaces>, HeaderError> {
        let mut lines = self.all("Replaces");
        let first = lines.next().map(Replaces::parse).transpose()?;
        match lines.next() {
            Some(_) => Err(HeaderError::new("Replaces", "is there twice")),
            None => Ok(first),
        }
    }
}
