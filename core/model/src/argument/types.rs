//! Types that can be one argument.

use crate::{
    argument::Argument, boolean, channel::hangup_cause::HangupCause, expand::expanded::Expanded,
};

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Milliseconds(pub u64);

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u64);

/// All the remaining text, as an argument of type `T`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest<T>(pub T);

impl Milliseconds {
    /// As a duration.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }
}

impl Seconds {
    /// As a duration.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.0)
    }
}

impl Argument for String {
    const KIND: &'static str = "text";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        Ok(text.as_str().to_owned())
    }
}

impl Argument for Expanded {
    const KIND: &'static str = "text";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        Ok(text.clone())
    }
}

impl Argument for bool {
    const KIND: &'static str = "true|false";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let text = text.as_str().trim();
        match (boolean::is_true(text), boolean::is_false(text)) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(format!("`{text}` is neither true nor false")),
        }
    }
}

impl Argument for char {
    const KIND: &'static str = "character";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let mut chars = text.as_str().chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(format!("`{text}` is not one character")),
        }
    }
}

impl Argument for HangupCause {
    const KIND: &'static str = "cause";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let text = text.as_str().trim();
        let by_number = || text.parse().ok().and_then(HangupCause::from_code);
        HangupCause::from_name(text)
            .or_else(by_number)
            .ok_or_else(|| format!("`{text}` is not a hangup cause such as USER_BUSY or 17"))
    }
}

macro_rules! numbers {
    ($($type:ty, $kind:literal, $what:literal;)*) => {$(
        impl Argument for $type {
            const KIND: &'static str = $kind;

            fn parse_argument(text: &Expanded) -> Result<Self, String> {
                let text = text.as_str().trim();
                text.parse().map_err(|_| format!(
                    concat!("`{}` is not ", $what, " from {} to {}"), text, <$type>::MIN, <$type>::MAX
                ))
            }
        }
    )*};
}

numbers! {
    u8, "number", "a whole number";
    u16, "number", "a whole number";
    u32, "number", "a whole number";
    u64, "number", "a whole number";
    usize, "number", "a whole number";
    i32, "number", "a whole number";
    i64, "number", "a whole number";
}

impl Argument for f64 {
    const KIND: &'static str = "decimal";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let text = text.as_str().trim();
        let value: Option<f64> = text.parse().ok();
        value
            .filter(|v| v.is_finite())
            .ok_or_else(|| format!("`{text}` is not a number"))
    }
}

impl Argument for Milliseconds {
    const KIND: &'static str = "milliseconds";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let text = text.as_str().trim();
        text.parse()
            .map(Self)
            .map_err(|_| format!("`{text}` is not a number of milliseconds"))
    }
}

impl Argument for Seconds {
    const KIND: &'static str = "seconds";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let text = text.as_str().trim();
        text.parse()
            .map(Self)
            .map_err(|_| format!("`{text}` is not a number of seconds"))
    }
}

impl<T: Argument> Argument for Rest<T> {
    const KIND: &'static str = T::KIND;

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        T::parse_argument(text).map(Self)
    }
}
