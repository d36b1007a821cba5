//! Multipart bodies, bounded (RFC 2046 §5.1): finding the session description among other parts.

use super::chars;
use super::error::HeaderError;
use super::params::Params;
use super::{HeaderTable, Message, Request, Response};

/// Multiparts inside multiparts.
const MAX_DEPTH: usize = 4;

/// Parts of a body, over all depths.
const MAX_PARTS: usize = 16;

/// Octets of a boundary (RFC 2046 §5.1.1).
const MAX_BOUNDARY: usize = 70;

/// Octets of the headers of one part.
const MAX_PART_HEAD: usize = 4096;

/// Why a multipart body cannot be read: answer 400, or 415 when only a part is missing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MultipartError {
    /// The Content-Type is malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The boundary is missing, empty, too long or holds an illegal character.
    #[error("the multipart boundary must be 1 to 70 printable characters")]
    Boundary,
    /// The closing boundary is missing, or there is no part.
    #[error("the multipart body is not closed, or empty")]
    Unclosed,
    /// The headers of a part are malformed or too long.
    #[error("the headers of a body part are malformed or too long")]
    PartHead,
    /// Too many parts.
    #[error("the multipart body has more than 16 parts")]
    TooManyParts,
    /// Multiparts inside multiparts, too deep.
    #[error("the multipart body is nested more than 4 deep")]
    TooDeep,
}

/// One part of a body that is no multipart itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part<'a> {
    /// Media type in lower case, without parameters.
    pub media_type: String,
    /// Content-Disposition without parameters, in lower case; empty when not said.
    pub disposition: String,
    /// The octets.
    pub body: &'a [u8],
}

/// The parts of a body with this Content-Type, in order; a body that is no multipart is one part.
pub fn parts<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, MultipartError> {
    let mut out = Vec::new();
    collect(content_type, "", body, 0, &mut out)?;
    Ok(out)
}

fn collect<'a>(
    content_type: &str,
    disposition: &str,
    body: &'a [u8],
    depth: usize,
    out: &mut Vec<Part<'a>>,
) -> Result<(), MultipartError> {
    let (kind, params) =
        content_type.split_at(content_type.find(';').unwrap_or(content_type.len()));
    let media_type = kind
        .split_whitespace()
        .collect::<String>()
        .to_ascii_lowercase();
    if !media_type.starts_with("multipart/") {
        if out.len() == MAX_PARTS {
            return Err(MultipartError::TooManyParts);
        }
        let disposition =
            chars::trim(disposition.split(';').next().unwrap_or("")).to_ascii_lowercase();
        out.push(Part {
            media_type,
            disposition,
            body,
        });
        return Ok(());
    }
    if depth == MAX_DEPTH {
        return Err(MultipartError::TooDeep);
    }
    let params = Params::parse(params)
        .ok_or(HeaderError::new("Content-Type", "a parameter is malformed"))?;
    let boundary = params.unquoted("boundary").unwrap_or_default();
    if boundary.is_empty()
        || boundary.len() > MAX_BOUNDARY
        || boundary.ends_with(' ')
        || !boundary
            .bytes()
            .all(|octet| octet.is_ascii_graphic() || octet == b' ')
    {
        return Err(MultipartError::Boundary);
    }
    let delimiter = format!("--{boundary}");
    let (_, mut rest, mut last) =
        next_delimiter(body, &delimiter).ok_or(MultipartError::Unclosed)?;
    if last {
        return Err(MultipartError::Unclosed);
    }
    while !last {
        let (part, after, closing) =
            next_delimiter(rest, &delimiter).ok_or(MultipartError::Unclosed)?;
        let (content_type, disposition, inner) = part_head(part)?;
        collect(&content_type, &disposition, inner, depth + 1, out)?;
        (rest, last) = (after, closing);
    }
    Ok(())
}

/// Finds the next delimiter line: the octets before it without their line end, those behind it, and
/// whether it is the closing one.
fn next_delimiter<'a>(octets: &'a [u8], delimiter: &str) -> Option<(&'a [u8], &'a [u8], bool)> {
    let mut at = 0;
    loop {
        let line_and_rest = octets.get(at..)?;
        let end = memchr::memchr(b'\n', line_and_rest).map_or(line_and_rest.len(), |end| end + 1);
        let line = line_and_rest.get(..end).unwrap_or_default();
        if let Some(tail) = line.strip_prefix(delimiter.as_bytes()) {
            let tail = tail.trim_ascii_end();
            if tail.is_empty() || tail == b"--" {
                let before = octets.get(..at).unwrap_or_default();
                let before = before.strip_suffix(b"\n").unwrap_or(before);
                let before = before.strip_suffix(b"\r").unwrap_or(before);
                return Some((
                    before,
                    line_and_rest.get(end..).unwrap_or_default(),
                    tail == b"--",
                ));
            }
        }
        if line.is_empty() {
            return None;
        }
        at += end;
    }
}

/// Content-Type (text/plain when absent) and Content-Disposition of a part, and its body.
fn part_head(part: &[u8]) -> Result<(String, String, &[u8]), MultipartError> {
    let (mut content_type, mut disposition) = ("text/plain".to_owned(), String::new());
    let mut unfolded = String::new();
    let mut take = |line: &str| {
        let Some((name, value)) = line.split_once(':') else {
            return;
        };
        let name = chars::trim(name);
        if name.eq_ignore_ascii_case("Content-Type") || name.eq_ignore_ascii_case("c") {
            content_type = chars::trim(value).to_owned();
        } else if name.eq_ignore_ascii_case("Content-Disposition") {
            disposition = chars::trim(value).to_owned();
        }
    };
    let mut at = 0;
    loop {
        let rest = part.get(at..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = rest.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += end;
        if at > MAX_PART_HEAD {
            return Err(MultipartError::PartHead);
        }
        let text = std::str::from_utf8(line).map_err(|_| MultipartError::PartHead)?;
        if !text.starts_with([' ', '\t']) {
            take(&unfolded);
            unfolded.clear();
        }
        unfolded.push_str(text);
        if line.is_empty() {
            return Ok((
                content_type,
                disposition,
                part.get(at..).unwrap_or_default(),
            ));
        }
    }
}

fn part_of<'a>(
    table: &HeaderTable,
    body: &'a [u8],
    media_type: &str,
) -> Result<Option<&'a [u8]>, MultipartError> {
    let Some(content_type) = table.content_type() else {
        return Ok(None);
    };
    let found = parts(content_type, body)?
        .into_iter()
        .find(|part| part.media_type.eq_ignore_ascii_case(media_type));
    Ok(found.map(|part| part.body))
}

macro_rules! body_part {
    ($($kind:ident)*) => {$(
        impl $kind {
            /// The body of this media type (`application/sdp`): the whole body, or the first such
            /// part of a multipart; `None` when there is none.
            pub fn body_part(&self, media_type: &str) -> Result<Option<&[u8]>, MultipartError> {
                part_of(self.headers(), self.body(), media_type)
            }
        }
    )*};
}

body_part!(Request Response Message);
