//! `originate`: the exchange places a call by itself.

use std::time::Duration;
use strowger_core::CommandCall;
use strowger_core::originate::{DialOptions, place};
use strowger_core::session::{Command, Destination, TransferWho};
use strowger_model::{Expanded, separate};

const USAGE: &str = "-USAGE: <dial string> <extension>|&<application>(<arguments>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout>]\n";

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    dial: Expanded,
    to: Destination,
    name: Option<String>,
    number: Option<String>,
    timeout: Option<Duration>,
}

impl Wish {
    fn of(arguments: &Expanded) -> Option<Wish> {
        let mut words = separate(&arguments.trim(), ' ', 7).into_iter();
        let (dial, target) = (words.next()?, words.next()?);
        if dial.is_empty() || target.is_empty() {
            return None;
        }
        let mut word = || {
            words
                .next()
                .map(Expanded::into_string)
                .filter(|word| !word.is_empty() && word != "undef")
        };
        let (dialplan, context) = (word(), word());
        let (name, number, timeout) = (word(), word(), word());
        let to = match application(target.as_str()) {
            Some((application, data)) => Destination {
                extension: Expanded::trusted(inline(application, data)),
                dialplan: Some("inline".to_owned()),
                context,
            },
            None => Destination {
                extension: target,
                dialplan: Some(dialplan.unwrap_or_else(|| "XML".to_owned())),
                context: Some(context.unwrap_or_else(|| "default".to_owned())),
            },
        };
        let timeout = match timeout {
            Some(text) => Some(Duration::from_secs(text.parse().ok().filter(|&s| s > 0)?)),
            None => None,
        };
        Some(Wish {
            dial,
            to,
            name,
            number,
            timeout,
        })
    }
}

/// `&name(arguments)`; what stands behind the closing bracket does not count.
fn application(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('&')?;
    let Some((name, rest)) = text.split_once('(') else {
        return Some((text, ""));
    };
    let mut depth = 1;
    for (at, c) in rest.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((name, &rest[..at]));
        }
    }
    Some((name, rest))
}

/// One application as an extension of the inline dialplan, whatever characters its arguments contain.
fn inline(application: &str, data: &str) -> String {
    let delimiter = [',', ';', '|', '~', '^', '!', '\u{1}']
        .into_iter()
        .find(|delimiter| !data.contains(*delimiter))
        .unwrap_or('\u{2}');
    let data = data.replace('\\', "\\\\").replace('\'', "\\'");
    format!("m:{delimiter}:{application}:{data}")
}

/// Dials, and sends whoever answers to the extension or application.
pub(super) async fn originate(call: CommandCall<'_>) -> String {
    let Some(wish) = Wish::of(&call.arguments) else {
        return USAGE.to_owned();
    };
    let options = DialOptions {
        caller_id_name: wish.name,
        caller_id_number: wish.number,
        timeout: wish.timeout,
        ..DialOptions::default()
    };
    match place(call.switch, &wish.dial, &options).await {
        Ok(reached) => {
            let peer = reached.adopt();
            peer.send_surely(Command::Transfer {
                to: wish.to,
                who: TransferWho::Itself,
            });
            format!("+OK {}\n", peer.uuid())
        }
        Err(failure) => format!("-ERR {}\n", failure.cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Option<Wish> {
        Wish::of(&Expanded::trusted(text))
    }

    #[test]
    fn an_extension_is_in_the_default_dialplan() {
        let wish = wish("user/1000 9196").expect("a wish");
        assert_eq!(wish.dial.as_str(), "user/1000");
        assert_eq!(wish.to.extension.as_str(), "9196");
        assert_eq!(wish.to.dialplan.as_deref(), Some("XML"));
        assert_eq!(wish.to.context.as_deref(), Some("default"));
        assert_eq!((wish.name, wish.number, wish.timeout), (None, None, None));
    }

    #[test]
    fn undef_means_the_default() {
        let wish = wish("{a='b c'}user/1000 9196 undef public 'John Doe' 123 30").expect("a wish");
        assert_eq!(wish.to.dialplan.as_deref(), Some("XML"));
        assert_eq!(wish.to.context.as_deref(), Some("public"));
        assert_eq!(wish.name.as_deref(), Some("John Doe"));
        assert_eq!(wish.number.as_deref(), Some("123"));
        assert_eq!(wish.timeout, Some(Duration::from_secs(30)));
    }

    #[test]
    fn an_application_runs_inline() {
        let to = wish("user/1000 &park()").expect("a wish").to;
        assert_eq!(to.extension.as_str(), "m:,:park:");
        assert_eq!(to.dialplan.as_deref(), Some("inline"));
        let to = wish("user/1000 '&playback(tone_stream://%(1,2,3)) x'")
            .expect("a wish")
            .to;
        assert_eq!(to.extension.as_str(), "m:;:playback:tone_stream://%(1,2,3)");
        assert_eq!(application("&echo()garbage)"), Some(("echo", "")));
        assert_eq!(application("&echo"), Some(("echo", "")));
        assert_eq!(application("9196"), None);
    }

    #[test]
    fn too_few_words_are_no_wish() {
        assert_eq!(wish("user/1000"), None);
        assert_eq!(wish(""), None);
        assert_eq!(wish("user/1000 1 XML default a b soon"), None);
    }
}
