//! The method of a request: open, case-sensitive (RFC 3261 §7.1).

use std::borrow::Cow;
use std::fmt;

use super::chars;

/// A request method. Any token is one; the known ones are constants.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Method(Cow<'static, str>);

macro_rules! methods {
    ($($name:ident $source:literal),* $(,)?) => {
        impl Method {
            $(
                #[doc = concat!("`", stringify!($name), "`, ", $source, ".")]
                pub const $name: Method = Method(Cow::Borrowed(stringify!($name)));
            )*

            fn known(text: &str) -> Option<Method> {
                match text {
                    $(stringify!($name) => Some(Method::$name),)*
                    _ => None,
                }
            }
        }
    };
}

methods!(
    ACK "RFC 3261",
    BYE "RFC 3261",
    CANCEL "RFC 3261",
    INFO "RFC 6086",
    INVITE "RFC 3261",
    MESSAGE "RFC 3428",
    NOTIFY "RFC 6665",
    OPTIONS "RFC 3261",
    PRACK "RFC 3262",
    PUBLISH "RFC 3903",
    REFER "RFC 3515",
    REGISTER "RFC 3261",
    SUBSCRIBE "RFC 6665",
    UPDATE "RFC 3311",
);

impl Method {
    /// Reads a method; `None` when the text is no token.
    pub fn parse(text: &str) -> Option<Method> {
        Method::known(text)
            .or_else(|| chars::is_token(text).then(|| Method(Cow::Owned(text.to_owned()))))
    }

    /// The method as on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never fails: characters that no token may hold become `_`, so that a method can never carry a
/// line end into a message. Use [`Method::parse`] for text from outside.
impl From<&str> for Method {
    fn from(text: &str) -> Method {
        Method::parse(text).unwrap_or_else(|| {
            let clean: String = text
                .chars()
                .map(|c| {
                    if u8::try_from(c).is_ok_and(chars::is_token_octet) {
                        c
                    } else {
                        '_'
                    }
                })
                .collect();
            Method(Cow::Owned(if clean.is_empty() {
                "_".to_owned()
            } else {
                clean
            }))
        })
    }
}

impl PartialEq<str> for Method {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Method {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
