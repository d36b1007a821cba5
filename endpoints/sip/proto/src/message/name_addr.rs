//! An address with display name and parameters: From, To, Contact, Route, and the like (RFC 3261 §20.10).

use std::fmt;
use std::str::FromStr;

use super::chars;
use super::error::HeaderError;
use super::params::Params;
use super::uri::Uri;

/// `"Display" <uri>;params`, or the short form `uri;params`, whose parameters belong to the header.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NameAddr {
    /// The display name, unquoted; `None` when absent or empty. Printing quotes and escapes it.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// The parameters of the header, outside the angle brackets.
    pub params: Params,
}

impl NameAddr {
    /// `<uri>`
    pub fn new(uri: Uri) -> NameAddr {
        NameAddr {
            display: None,
            uri,
            params: Params::new(),
        }
    }

    /// The same with this display name; `""` takes it away.
    pub fn with_display(mut self, display: &str) -> NameAddr {
        self.display = (!display.is_empty()).then(|| display.to_owned());
        self
    }

    /// The same with this header parameter.
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> NameAddr {
        self.params.set(name, value);
        self
    }

    /// The same with this tag.
    pub fn with_tag(self, tag: &str) -> NameAddr {
        self.with_param("tag", Some(tag))
    }

    /// The tag, when there is one.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The `expires` parameter in seconds; `None` when absent or malformed.
    pub fn expires(&self) -> Option<u32> {
        self.params
            .get("expires")
            .and_then(chars::digits)
            .and_then(|value| u32::try_from(value).ok())
    }

    /// Preference in thousandths (`q=0.5` is 500; absent is 1000, malformed 0).
    pub fn q_thousandths(&self) -> u16 {
        let Some(text) = self.params.get("q") else {
            return 1000;
        };
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if part.len() > 3 || !part.bytes().all(|o| o.is_ascii_digit()) {
            return 0;
        }
        match whole {
            "1" => 1000,
            "0" | "" => format!("{part:0<3}").parse().unwrap_or(0),
            _ => 0,
        }
    }

    /// Reads one address; commas do not separate here.
    pub fn parse(text: &str) -> Result<NameAddr, HeaderError> {
        NameAddr::parse_as("address", text)
    }

    pub(crate) fn parse_as(header: &'static str, text: &str) -> Result<NameAddr, HeaderError> {
        let error = |what| HeaderError {
            header: header.into(),
            what,
        };
        let text = chars::trim(text);
        let (display, rest) = if text.starts_with('"') {
            let (inner, rest) =
                chars::take_quoted(text).ok_or(error("the quoted name is not closed"))?;
            (chars::unquote(inner).into_owned(), chars::trim(rest))
        } else if let Some(at) = text.find('<') {
            let display = chars::trim(&text[..at]);
            // More than the grammar's tokens: phones send names as they were typed in.
            if display
                .chars()
                .any(|c| c.is_control() || "\",;\\>".contains(c))
            {
                return Err(error("the display name needs quotes"));
            }
            (display.to_owned(), &text[at..])
        } else {
            return NameAddr::parse_bare(text, error);
        };
        let rest = rest
            .strip_prefix('<')
            .ok_or(error("there is no <URI> behind the display name"))?;
        let (uri, params) = rest
            .split_once('>')
            .ok_or(error("the angle bracket is not closed"))?;
        Ok(NameAddr {
            display: (!display.is_empty()).then_some(display),
            uri: Uri::parse(uri).map_err(|_| error("the URI is malformed"))?,
            params: Params::parse(params).ok_or(error("a parameter is malformed"))?,
        })
    }

    fn parse_bare(
        text: &str,
        error: impl Fn(&'static str) -> HeaderError,
    ) -> Result<NameAddr, HeaderError> {
        let (uri, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let uri = chars::trim(uri);
        if uri.contains([',', '?']) {
            return Err(error(
                "a URI with a comma or question mark needs angle brackets",
            ));
        }
        Ok(NameAddr {
            display: None,
            uri: Uri::parse(uri).map_err(|_| error("the URI is malformed"))?,
            params: Params::parse(params).ok_or(error("a parameter is malformed"))?,
        })
    }
}

impl FromStr for NameAddr {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<NameAddr, HeaderError> {
        NameAddr::parse(text)
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            chars::quote(display, f)?;
            f.write_str(" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// The Contact header: `*` or addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Contacts {
    /// `Contact: *`
    Star,
    /// All addresses of all Contact lines; empty without such a line.
    List(Vec<NameAddr>),
}

impl Contacts {
    /// The first address.
    pub fn first(&self) -> Option<&NameAddr> {
        self.list().first()
    }

    /// The addresses; empty for `*`.
    pub fn list(&self) -> &[NameAddr] {
        match self {
            Contacts::Star => &[],
            Contacts::List(list) => list,
        }
    }
}
