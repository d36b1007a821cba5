//! `send_display`: what the phone shows of the other party.

use strowger_core::endpoint::{Identity, Indication};
use strowger_core::{AppResult, Session};
use strowger_model::{Argument, Arguments, Expanded};

/// A name and a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party(pub Identity);

impl Argument for Party {
    const KIND: &'static str = "name|number";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let (name, number) = text
            .split_once('|')
            .unwrap_or_else(|| (text.clone(), Expanded::default()));
        // A line end would be another header on the way to the phone.
        let plain = |text: Expanded| text.as_str().replace(|c: char| c.is_control(), " ");
        Ok(Party(Identity {
            name: plain(name.trim()),
            number: plain(number.trim()),
        }))
    }
}

/// Arguments of `send_display`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct SendDisplay {
    /// the name, and behind `|` the number; without a number the call's own stays
    pub party: Party,
}

/// Changes what the phone shows.
pub async fn send_display(session: &mut Session, args: SendDisplay) -> AppResult {
    let mut shown = args.party.0;
    if shown.number.is_empty() {
        let profile = &session.channel().profile;
        shown.number = if session.is_outbound() {
            profile.caller_id_number.clone()
        } else {
            profile.destination_number.clone()
        };
    }
    session.indicate(Indication::Display(shown)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_number() {
        let party = Party::parse_argument(&Expanded::trusted("John Doe|1000")).expect("a party");
        assert_eq!(
            (party.0.name.as_str(), party.0.number.as_str()),
            ("John Doe", "1000")
        );
        let party = Party::parse_argument(&Expanded::network("a\r\nVia: x|1")).expect("a name");
        assert_eq!(party.0.name, "a  Via: x|1");
        assert_eq!(party.0.number, "");
    }
}
