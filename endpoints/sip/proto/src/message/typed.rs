//! Typed values of headers, read on demand.

use super::chars;
use super::error::HeaderError;
use super::head::{HeaderTable, Kind};
use super::name_addr::{Contacts, NameAddr};
use super::via::{CSeq, Via};

impl HeaderTable {
    /// The top Via.
    pub fn via_top(&self) -> Result<Via, HeaderError> {
        let line = self
            .lines(Kind::Via)
            .next()
            .ok_or(HeaderError::missing("Via"))?;
        Via::parse(chars::split_commas(line).next().unwrap_or(""))
    }

    /// All Via values, the top one first.
    pub fn vias(&self) -> Result<Vec<Via>, HeaderError> {
        self.lines(Kind::Via)
            .flat_map(chars::split_commas)
            .map(Via::parse)
            .collect()
    }

    /// The From address.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        let line = self
            .lines(Kind::From)
            .next()
            .ok_or(HeaderError::missing("From"))?;
        NameAddr::parse_as("From", line)
    }

    /// The To address.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        let line = self
            .lines(Kind::To)
            .next()
            .ok_or(HeaderError::missing("To"))?;
        NameAddr::parse_as("To", line)
    }

    /// The tag of From.
    pub fn from_tag(&self) -> Option<String> {
        self.from().ok()?.tag().map(str::to_owned)
    }

    /// The tag of To.
    pub fn to_tag(&self) -> Option<String> {
        self.to().ok()?.tag().map(str::to_owned)
    }

    /// The Call-ID.
    pub fn call_id(&self) -> Option<&str> {
        self.lines(Kind::CallId).next()
    }

    /// Sequence number and method.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        CSeq::parse(
            self.lines(Kind::CSeq)
                .next()
                .ok_or(HeaderError::missing("CSeq"))?,
        )
    }

    /// The contacts; an empty list without such a header. `*` must stand alone.
    pub fn contacts(&self) -> Result<Contacts, HeaderError> {
        let mut list = Vec::new();
        let mut star = false;
        for value in self.lines(Kind::Contact).flat_map(chars::split_commas) {
            if value == "*" {
                star = true;
            } else {
                list.push(NameAddr::parse_as("Contact", value)?);
            }
        }
        match (star, list.is_empty()) {
            (true, true) => Ok(Contacts::Star),
            (true, false) => Err(HeaderError::new("Contact", "* must stand alone")),
            (false, _) => Ok(Contacts::List(list)),
        }
    }

    /// The addresses of all lines of this header.
    pub fn addresses(&self, name: &'static str) -> Result<Vec<NameAddr>, HeaderError> {
        self.all(name)
            .flat_map(chars::split_commas)
            .map(|value| NameAddr::parse_as(name, value))
            .collect()
    }

    /// The Route values, topmost first.
    pub fn routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.addresses("Route")
    }

    /// The Record-Route values, topmost first.
    pub fn record_routes(&self) -> Result<Vec<NameAddr>, HeaderError> {
        self.addresses("Record-Route")
    }

    /// Max-Forwards, 0 to 255; `None` when absent.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        self.number("Max-Forwards", u64::from(u8::MAX))
            .map(|value| value.map(|value| value as u8))
    }

    /// Expires in seconds; `None` when absent.
    pub fn expires(&self) -> Result<Option<u32>, HeaderError> {
        self.seconds("Expires")
    }

    /// Min-Expires in seconds; `None` when absent.
    pub fn min_expires(&self) -> Result<Option<u32>, HeaderError> {
        self.seconds("Min-Expires")
    }

    /// Retry-After in seconds, without comment and parameters; `None` when absent.
    pub fn retry_after(&self) -> Result<Option<u32>, HeaderError> {
        let Some(text) = self.get("Retry-After") else {
            return Ok(None);
        };
        let number = text.split(['(', ';', ' ', '\t']).next().unwrap_or("");
        match chars::digits(number).and_then(|number| u32::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(HeaderError::new("Retry-After", "is no number of seconds")),
        }
    }

    /// A header that is a number of seconds.
    pub(crate) fn seconds(&self, name: &'static str) -> Result<Option<u32>, HeaderError> {
        self.number(name, u64::from(u32::MAX))
            .map(|value| value.map(|value| value as u32))
    }

    fn number(&self, name: &'static str, largest: u64) -> Result<Option<u64>, HeaderError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match chars::digits(text) {
            Some(number) if number <= largest => Ok(Some(number)),
            _ => Err(HeaderError::new(name, "is no number within its range")),
        }
    }

    /// The Content-Type as written, with parameters.
    pub fn content_type(&self) -> Option<&str> {
        self.lines(Kind::ContentType)
            .next()
            .filter(|value| !value.is_empty())
    }

    /// The media type of the body in lower case, without parameters.
    pub fn media_type(&self) -> Option<String> {
        let value = self.content_type()?;
        let bare: String = value
            .split(';')
            .next()
            .unwrap_or("")
            .split_whitespace()
            .collect();
        Some(bare.to_ascii_lowercase())
    }

    /// The announced length of the body in octets.
    pub fn content_length(&self) -> Result<Option<usize>, HeaderError> {
        super::head::content_length(self).map_err(|_| {
            HeaderError::new("Content-Length", "is no number, too large, or given twice")
        })
    }

    /// Option tags of Require.
    pub fn require(&self) -> Vec<&str> {
        self.values("Require").collect()
    }

    /// Option tags of Proxy-Require.
    pub fn proxy_require(&self) -> Vec<&str> {
        self.values("Proxy-Require").collect()
    }

    /// Option tags of Supported.
    pub fn supported(&self) -> Vec<&str> {
        self.values("Supported").collect()
    }

    /// Methods of Allow.
    pub fn allow(&self) -> Vec<&str> {
        self.values("Allow").collect()
    }

    /// True when Supported or Require holds this option tag.
    pub fn supports(&self, option: &str) -> bool {
        ["Supported", "Require"].iter().any(|name| {
            self.values(name)
                .any(|tag| tag.eq_ignore_ascii_case(option))
        })
    }

    /// True when a body of this media type (`application/sdp`) may come back: it is listed in
    /// Accept, or there is no Accept. At most 16 values are looked at.
    pub fn accepts(&self, media_type: &str) -> bool {
        const LOOKED_AT: usize = 16;
        if !self.has("Accept") {
            return true;
        }
        let wanted_kind = media_type.split('/').next().unwrap_or("");
        self.values("Accept").take(LOOKED_AT).any(|value| {
            let value = chars::trim(value.split(';').next().unwrap_or(""));
            value.eq_ignore_ascii_case(media_type)
                || value == "*/*"
                || value
                    .strip_suffix("/*")
                    .is_some_and(|kind| kind.eq_ignore_ascii_case(wanted_kind))
        })
    }

    /// The sender's User-Agent, or Server in responses.
    pub fn user_agent(&self) -> Option<&str> {
        self.get("User-Agent").or_else(|| self.get("Server"))
    }
}
