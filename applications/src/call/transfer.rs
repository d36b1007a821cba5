//! `transfer`, `execute_extension`: go on elsewhere, or go there and come back.

use strowger_core::session::{Command, Destination, TransferWho};
use strowger_core::{AppResult, Interrupt, Session};
use strowger_model::{ArgumentError, ArgumentSpec, Arguments, Expanded, Grammar, separate};

/// Arguments of `transfer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whom it moves.
    pub who: TransferWho,
    /// Where to.
    pub to: Destination,
}

const fn optional(name: &'static str, kind: &'static str, help: &'static str) -> ArgumentSpec {
    ArgumentSpec {
        name,
        kind,
        help,
        required: false,
        default: None,
        rest: false,
        choices: &[],
    }
}

impl Arguments for Transfer {
    const GRAMMAR: Grammar = Grammar {
        separator: ' ',
        arguments: &[
            ArgumentSpec {
                choices: &["-bleg", "-both"],
                ..optional(
                    "who",
                    "flag",
                    "move the other party, or both; without it this call moves",
                )
            },
            ArgumentSpec {
                required: true,
                ..optional("extension", "text", "the extension to go to")
            },
            optional("dialplan", "text", "its dialplan; as before without it"),
            optional("context", "text", "its context; as before without it"),
        ],
    };

    fn parse(text: &Expanded) -> Result<Self, ArgumentError> {
        let mut parts = separate(&text.trim(), ' ', 4);
        let flag = parts.first().filter(|first| !first.has_network());
        let who = match flag.map(Expanded::as_str) {
            Some("-bleg") => Some(TransferWho::Peer),
            Some("-both") => Some(TransferWho::Both),
            _ => None,
        };
        if who.is_some() {
            parts.remove(0);
        }
        Ok(Transfer {
            who: who.unwrap_or(TransferWho::Itself),
            to: destination(parts)?,
        })
    }
}

/// `extension [dialplan [context]]` out of separated words.
pub fn destination(parts: Vec<Expanded>) -> Result<Destination, ArgumentError> {
    let mut parts = parts.into_iter();
    let extension = parts
        .next()
        .filter(|extension| !extension.is_empty())
        .ok_or_else(|| ArgumentError::about("extension", "is missing"))?;
    let mut word = |name: &'static str| match parts.next() {
        Some(word) if word.has_network() => Err(ArgumentError::about(
            name,
            "a caller cannot choose it; only the configuration can",
        )),
        other => Ok(other
            .filter(|word| !word.is_empty())
            .map(Expanded::into_string)),
    };
    let dialplan = word("dialplan")?;
    let context = word("context")?;
    Ok(Destination {
        extension,
        dialplan,
        context,
    })
}

/// Sends this call, its partner, or both to another extension.
pub async fn transfer(session: &mut Session, args: Transfer) -> AppResult {
    let Transfer { who, to } = args;
    if who != TransferWho::Itself {
        match session.peer() {
            Some(peer) => peer.send_surely(Command::Transfer {
                to: to.clone(),
                who: TransferWho::Itself,
            }),
            None => tracing::warn!(uuid = session.uuid(), "No B-leg present."),
        }
    }
    if who == TransferWho::Peer {
        return Ok(());
    }
    Err(Interrupt::Transfer(to).into())
}

/// Arguments of `execute_extension`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct ExecuteExtension {
    /// the extension to run
    pub extension: Expanded,
    /// its dialplan; as before without it
    pub dialplan: Option<Expanded>,
    /// its context; as before without it
    pub context: Option<Expanded>,
}

/// Runs another extension's actions and comes back.
pub async fn execute_extension(session: &mut Session, args: ExecuteExtension) -> AppResult {
    let parts = [Some(args.extension), args.dialplan, args.context];
    let to = destination(parts.into_iter().flatten().collect())?;
    session.execute_extension(to).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Transfer {
        Transfer::parse(&Expanded::trusted(text)).expect("a destination")
    }

    #[test]
    fn a_transfer_names_whom_and_where() {
        let plain = parse("1000 XML default");
        assert_eq!(plain.who, TransferWho::Itself);
        assert_eq!(plain.to.extension.as_str(), "1000");
        assert_eq!(plain.to.dialplan.as_deref(), Some("XML"));
        assert_eq!(plain.to.context.as_deref(), Some("default"));
        assert_eq!(parse("-bleg 1000").who, TransferWho::Peer);
        assert_eq!(parse("-both 1000 XML").who, TransferWho::Both);
        assert!(Transfer::parse(&Expanded::trusted("-both")).is_err());
        assert!(Transfer::parse(&Expanded::trusted("")).is_err());
    }

    #[test]
    fn inline_actions_may_be_quoted() {
        let args = parse("'playback:hello.wav,hangup' inline");
        assert_eq!(args.to.extension.as_str(), "playback:hello.wav,hangup");
        assert_eq!(args.to.dialplan.as_deref(), Some("inline"));
    }

    #[test]
    fn a_dialled_number_cannot_choose_flag_dialplan_or_context() {
        let args = Transfer::parse(&Expanded::network("-both 1 inline")).expect("one extension");
        assert_eq!(args.who, TransferWho::Itself);
        assert_eq!(args.to.extension.as_str(), "-both 1 inline");
        assert_eq!(args.to.dialplan, None);
        let mut text = Expanded::trusted("1000 ");
        text.push_network("inline");
        assert!(Transfer::parse(&text).is_err());
    }
}
