//! Values that must not be shown by accident: in logs, panics and debug output they are `***`.

use std::fmt;

macro_rules! hidden {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct $name<T>(T);

        impl<T> $name<T> {
            /// Hide a value.
            pub fn new(value: T) -> Self {
                Self(value)
            }

            /// The value itself, for those who need it.
            pub fn reveal(&self) -> &T {
                &self.0
            }
        }

        impl<T> From<T> for $name<T> {
            fn from(value: T) -> Self {
                Self(value)
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("***")
            }
        }

        impl<T> fmt::Display for $name<T> {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("***")
            }
        }
    };
}

hidden! {
    /// A password, PIN, key or digest. Never logged.
    Secret
}
hidden! {
    /// A number or name of a person. Logged only where configured.
    Personal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown() {
        let secret = Secret::new("1234".to_owned());
        assert_eq!(
            format!("{secret} {secret:?} {:?}", Personal::from(5)),
            "*** *** ***"
        );
        assert_eq!(secret.reveal(), "1234");
    }
}
