//! SIP, SIPS and tel URIs, and any other scheme as opaque text (RFC 3261 §19.1, RFC 3966).

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use super::chars;
use super::host::{Host, parse_host_port};
use super::params::{MAX_PARAMS, Params};

/// Why a text is no URI.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UriError {
    /// There is no `scheme:` in front.
    #[error("a URI begins with its scheme, as in sip:user@host")]
    Scheme,
    /// The user or password part holds a character that must be escaped, or a broken escape.
    #[error("the user part holds a character that must be written as %HH")]
    User,
    /// Neither a host name nor an IPv4 address nor an IPv6 address in brackets.
    #[error("the host is no host name, no IPv4 address and no IPv6 address in brackets")]
    Host,
    /// The port is not within 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// A parameter is empty or holds a character that must be escaped, or there are more than 64.
    #[error("a parameter is empty or holds a character that must be written as %HH")]
    Parameter,
    /// The part behind `?` is malformed.
    #[error("the headers behind ? are malformed")]
    Headers,
    /// The rest of a URI of another scheme holds white space, quotes or angle brackets.
    #[error("the URI holds white space, quotes or angle brackets")]
    Opaque,
}

/// The scheme of a URI; open.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`, RFC 3966
    Tel,
    /// Any other, in lower case.
    Other(String),
}

impl Scheme {
    /// The scheme in lower case, without the colon.
    pub fn as_str(&self) -> &str {
        match self {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel => "tel",
            Scheme::Other(name) => name,
        }
    }
}

/// A URI. Parts keep the escapes of the wire, so printing gives back what was read; accessors
/// unescape once.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Uri {
    scheme: Scheme,
    user: Option<String>,
    password: Option<String>,
    host: Option<Host>,
    port: Option<u16>,
    params: Params,
    headers: Vec<(String, String)>,
    opaque: String,
}

impl Uri {
    /// `sip:host`
    pub fn sip(host: Host) -> Uri {
        Uri {
            scheme: Scheme::Sip,
            user: None,
            password: None,
            host: Some(host),
            port: None,
            params: Params::new(),
            headers: Vec::new(),
            opaque: String::new(),
        }
    }

    /// `sip:address:port`
    pub fn from_address(address: SocketAddr) -> Uri {
        Uri::sip(address.ip().into()).with_port(Some(address.port()))
    }

    /// Reads a URI.
    pub fn parse(text: &str) -> Result<Uri, UriError> {
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        let mut octets = scheme.bytes();
        if !octets.next().is_some_and(|o| o.is_ascii_alphabetic())
            || !octets.all(|o| o.is_ascii_alphanumeric() || b"+-.".contains(&o))
        {
            return Err(UriError::Scheme);
        }
        let scheme = if scheme.eq_ignore_ascii_case("sip") {
            Scheme::Sip
        } else if scheme.eq_ignore_ascii_case("sips") {
            Scheme::Sips
        } else if scheme.eq_ignore_ascii_case("tel") {
            Scheme::Tel
        } else {
            Scheme::Other(scheme.to_ascii_lowercase())
        };
        let mut uri = Uri {
            scheme,
            ..Uri::sip(Host::V4(Ipv4Addr::UNSPECIFIED))
        };
        uri.host = None;
        match uri.scheme {
            Scheme::Other(_) => {
                if rest.is_empty() || !rest.bytes().all(chars::is_opaque_octet) {
                    return Err(UriError::Opaque);
                }
                uri.opaque = rest.to_owned();
            }
            Scheme::Tel => {
                let (number, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
                if number.is_empty()
                    || !chars::is_escaped(number, chars::is_user_octet)
                    || number.contains('?')
                {
                    return Err(UriError::User);
                }
                uri.user = Some(number.to_owned());
                uri.params = parse_params(params)?;
            }
            Scheme::Sip | Scheme::Sips => uri.parse_hierarchical(rest)?,
        }
        Ok(uri)
    }

    fn parse_hierarchical(&mut self, rest: &str) -> Result<(), UriError> {
        // No part behind the host may hold an unescaped @, so the first one ends the user part.
        let rest = match rest.split_once('@') {
            Some((userinfo, rest)) => {
                let (user, password) = match userinfo.split_once(':') {
                    Some((user, password)) => (user, Some(password)),
                    None => (userinfo, None),
                };
                if user.is_empty() || !chars::is_escaped(user, chars::is_user_octet) {
                    return Err(UriError::User);
                }
                if !password.is_none_or(|text| chars::is_escaped(text, chars::is_password_octet)) {
                    return Err(UriError::User);
                }
                self.user = Some(user.to_owned());
                self.password = password.map(str::to_owned);
                rest
            }
            None => rest,
        };
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers)),
            None => (rest, None),
        };
        let (host_port, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        if host_port.bytes().any(|o| o == b' ' || o == b'\t') {
            return Err(UriError::Host);
        }
        let (host, port) = parse_host_port(host_port)?;
        self.host = Some(host);
        self.port = port;
        self.params = parse_params(params)?;
        if let Some(headers) = headers {
            for header in headers.split('&') {
                let (name, value) = header.split_once('=').ok_or(UriError::Headers)?;
                let ok = |text| chars::is_escaped(text, chars::is_uri_header_octet);
                if name.is_empty() || !ok(name) || !ok(value) {
                    return Err(UriError::Headers);
                }
                self.headers.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(())
    }

    /// The scheme.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// True for `sip:` and `sips:`.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// True for `sips:`.
    pub fn is_sips(&self) -> bool {
        self.scheme == Scheme::Sips
    }

    /// The user part, unescaped once; the number of a tel URI. It may hold any character, NUL too.
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(chars::unescape)
    }

    /// The user part with the escapes of the wire.
    pub fn raw_user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The password, unescaped once. Never log it.
    pub fn password(&self) -> Option<Cow<'_, str>> {
        self.password.as_deref().map(chars::unescape)
    }

    /// The host; there for every `sip:` and `sips:` URI, absent for others.
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The host as text, an IPv6 address in brackets; empty for URIs without host.
    pub fn host_text(&self) -> String {
        self.host.as_ref().map(Host::to_string).unwrap_or_default()
    }

    /// The port, when written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The parameters, escaped as on the wire.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// A parameter's value, unescaped once; `Some("")` for one without value.
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params.get(name).map(chars::unescape)
    }

    /// The `transport` parameter.
    pub fn transport(&self) -> Option<&str> {
        self.params.get("transport")
    }

    /// True for a loose router (`;lr`).
    pub fn is_loose(&self) -> bool {
        self.params.has("lr")
    }

    /// The headers behind `?`, unescaped once, in order.
    pub fn headers(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        self.headers
            .iter()
            .map(|(name, value)| (chars::unescape(name), chars::unescape(value)))
    }

    /// True with headers behind `?`.
    pub fn has_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    /// The text behind the scheme of a URI that is neither `sip:`, `sips:` nor `tel:`.
    pub fn opaque(&self) -> &str {
        &self.opaque
    }

    /// The same with another scheme, `sip:` or `sips:`; other schemes stay as they are.
    pub fn with_sips(mut self, secure: bool) -> Uri {
        if self.is_sip() {
            self.scheme = if secure { Scheme::Sips } else { Scheme::Sip };
        }
        self
    }

    /// The same with this user part, which is escaped here; `""` takes it away.
    pub fn with_user(mut self, user: &str) -> Uri {
        self.user = (!user.is_empty()).then(|| chars::escape(user, chars::is_user_octet));
        self
    }

    /// The same with this host.
    pub fn with_host(mut self, host: Host) -> Uri {
        self.host = Some(host);
        self
    }

    /// The same with this port; 0 counts as none.
    pub fn with_port(mut self, port: Option<u16>) -> Uri {
        self.port = port.filter(|&port| port != 0);
        self
    }

    /// The same with this parameter, which is escaped here.
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> Uri {
        self.set_param(name, value);
        self
    }

    /// The same with this header behind `?`, which is escaped here.
    pub fn with_header(mut self, name: &str, value: &str) -> Uri {
        let escape = |text| chars::escape(text, chars::is_uri_header_octet);
        self.headers.push((escape(name), escape(value)));
        self
    }

    /// The same without headers behind `?` (as in a Request-URI).
    pub fn without_headers(mut self) -> Uri {
        self.headers.clear();
        self
    }

    /// The same without password.
    pub fn without_password(mut self) -> Uri {
        self.password = None;
        self
    }

    /// Sets or replaces a parameter; the value is escaped here.
    pub fn set_param(&mut self, name: &str, value: Option<&str>) {
        self.params.set_raw(
            name,
            value.map(|v| chars::escape(v, chars::is_uri_parameter_octet)),
        );
    }

    /// Takes a parameter out; true when it was there.
    pub fn remove_param(&mut self, name: &str) -> bool {
        self.params.remove(name)
    }

    /// Equality of RFC 3261 §19.1.4: host, scheme and parameters without case, escapes undone, and
    /// `user`, `ttl`, `method`, `maddr` and `transport` must be in both or in neither.
    pub fn equivalent(&self, other: &Uri) -> bool {
        fn escaped_eq(a: &Option<String>, b: &Option<String>) -> bool {
            a.as_deref().map(chars::normalise_escapes) == b.as_deref().map(chars::normalise_escapes)
        }
        if self.scheme != other.scheme
            || self.host != other.host
            || self.port != other.port
            || self.opaque != other.opaque
            || !escaped_eq(&self.user, &other.user)
            || !escaped_eq(&self.password, &other.password)
        {
            return false;
        }
        let params_fit = |a: &Params, b: &Params| {
            a.iter().all(|(name, value)| match b.get(name) {
                Some(theirs) => chars::normalise_escapes(value.unwrap_or(""))
                    .eq_ignore_ascii_case(&chars::normalise_escapes(theirs)),
                None => !MUST_BE_IN_BOTH
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name)),
            })
        };
        let headers = |uri: &Uri| {
            let mut all: Vec<(String, String)> = uri
                .headers
                .iter()
                .map(|(name, value)| {
                    (
                        name.to_ascii_lowercase(),
                        chars::normalise_escapes(value).into_owned(),
                    )
                })
                .collect();
            all.sort();
            all
        };
        params_fit(&self.params, &other.params)
            && params_fit(&other.params, &self.params)
            && headers(self) == headers(other)
    }
}

const MUST_BE_IN_BOTH: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

fn parse_params(text: &str) -> Result<Params, UriError> {
    let mut params = Params::new();
    let mut parts = text.split(';');
    parts.next();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (part, None),
        };
        let ok = |text| chars::is_escaped(text, chars::is_uri_parameter_octet);
        if params.len() == MAX_PARAMS || name.is_empty() || !ok(name) || !value.is_none_or(ok) {
            return Err(UriError::Parameter);
        }
        params.push_raw(name, value);
    }
    Ok(params)
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Uri, UriError> {
        Uri::parse(text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.scheme.as_str(), self.opaque)?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            if self.host.is_some() {
                f.write_str("@")?;
            }
        }
        if let Some(host) = &self.host {
            write!(f, "{host}")?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        for (index, (name, value)) in self.headers.iter().enumerate() {
            write!(f, "{}{name}={value}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}
