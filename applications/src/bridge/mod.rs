//! Two parties talk: dial and connect.

use strowger_core::application;
use strowger_core::application::Application;
use strowger_core::{AppResult, Session};
use strowger_model::{Argument, Arguments, DialString, Expanded};

/// The applications of this folder.
pub fn applications() -> Vec<Box<dyn Application>> {
    vec![
        application!("bridge", bridge, Bridge, "Dial, and talk with whoever answers", media: NotNeeded),
    ]
}

/// A dial string that can be read; kept as text, since dialling reads it again with the caller's variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialText(pub Expanded);

impl Argument for DialText {
    const KIND: &'static str = "dial string";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        DialString::parse(text).map_err(|error| error.to_string())?;
        Ok(DialText(text.clone()))
    }
}

/// Arguments of `bridge`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// whom to dial: `endpoint/address`, `,` rings together, `|` one after another
    pub destination: DialText,
}

/// Dials and connects; afterwards the call's variables decide what comes next.
pub async fn bridge(session: &mut Session, args: Bridge) -> AppResult {
    strowger_core::bridge::bridge(session, &args.destination.0).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_string_is_checked_when_the_dialplan_loads() {
        assert!(Bridge::parse(&Expanded::trusted("user/1000@example.org,user/1001")).is_ok());
        assert!(Bridge::parse(&Expanded::trusted("")).is_err());
        assert!(Bridge::parse(&Expanded::trusted("{a=b")).is_err());
    }
}
