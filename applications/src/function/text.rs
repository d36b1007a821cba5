//! `toupper`, `replace`, `coalesce` and their like: texts from texts.

use md5::{Digest, Md5};
use strowger_core::CommandCall;
use strowger_model::event::encode::{percent, percent_decode};
use strowger_model::{Expanded, separate};

/// Values that `coalesce` looks at.
const MOST_VALUES: usize = 64;

/// Longest text that `replace` makes, octets: replacing a letter by a page multiplies what a caller sends.
const LONGEST: usize = 64 * 1_024;

/// `echo`: the text itself.
pub async fn echo(call: CommandCall<'_>) -> String {
    call.arguments.into_string()
}

/// `toupper`.
pub async fn toupper(call: CommandCall<'_>) -> String {
    call.arguments.as_str().to_uppercase()
}

/// `tolower`.
pub async fn tolower(call: CommandCall<'_>) -> String {
    call.arguments.as_str().to_lowercase()
}

/// `url_encode`.
pub async fn url_encode(call: CommandCall<'_>) -> String {
    percent(call.arguments.as_str())
}

/// `url_decode`.
pub async fn url_decode(call: CommandCall<'_>) -> String {
    percent_decode(call.arguments.as_str())
}

/// `md5`: the digest in hexadecimal digits; an empty text has none.
pub async fn md5(call: CommandCall<'_>) -> String {
    match call.arguments.as_str() {
        "" => "!err!".to_owned(),
        text => Md5::digest(text)
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect(),
    }
}

/// `coalesce`: the first value that is not empty.
pub async fn coalesce(call: CommandCall<'_>) -> String {
    first_of(&call.arguments)
}

fn first_of(arguments: &Expanded) -> String {
    separate(arguments, ',', MOST_VALUES)
        .into_iter()
        .find(|value| !value.is_empty())
        .map(Expanded::into_string)
        .unwrap_or_default()
}

/// `replace`: every occurrence of a text.
pub async fn replace(call: CommandCall<'_>) -> String {
    replaced(&call.arguments).unwrap_or_else(|| "-ERR".to_owned())
}

fn replaced(arguments: &Expanded) -> Option<String> {
    let mut fields = fields(arguments).into_iter();
    let (data, find, with) = (fields.next()?, fields.next()?, fields.next()?);
    if find.is_empty() {
        return None;
    }
    let mut made = data.as_str().replace(find.as_str(), with.as_str());
    if made.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&at| made.is_char_boundary(at))?;
        made.truncate(end);
    }
    Some(made)
}

/// `a|b|c`, or with `m:` in front separated by the character that follows it. What came from the network separates
/// nothing.
pub(super) fn fields(arguments: &Expanded) -> Vec<Expanded> {
    let chosen = arguments.strip_prefix("m:").and_then(|rest| {
        let delimiter = rest
            .as_str()
            .chars()
            .next()
            .filter(|c| !rest.is_network_at(0) && matches!(c, '|' | '~' | '/'))?;
        Some((rest.slice(delimiter.len_utf8()..rest.len()), delimiter))
    });
    match chosen {
        Some((rest, delimiter)) => rest.split(delimiter),
        None => arguments.split('|'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Expanded {
        Expanded::trusted(text)
    }

    #[test]
    fn replacing() {
        assert_eq!(replaced(&text("a-b-c|-|.")).as_deref(), Some("a.b.c"));
        assert_eq!(replaced(&text("m:~a|b~|~-")).as_deref(), Some("a-b"));
        assert_eq!(replaced(&text("abc|b|")).as_deref(), Some("ac"));
        assert_eq!(replaced(&text("abc|b")), None);
        assert_eq!(replaced(&text("abc||x")), None);
        let long = format!("{}|a|{}", "a".repeat(1_000), "é".repeat(1_000));
        assert!(replaced(&text(&long)).is_some_and(|made| made.len() <= LONGEST));
    }

    #[test]
    fn a_caller_cannot_add_a_field() {
        let mut arguments = Expanded::network("1|2");
        arguments.push_trusted("|2|x");
        assert_eq!(replaced(&arguments).as_deref(), Some("1|x"));
    }

    #[test]
    fn the_first_value_that_is_not_empty() {
        assert_eq!(first_of(&text(",,b,c")), "b");
        assert_eq!(first_of(&text("^^;;x,y;z")), "x,y");
        assert_eq!(first_of(&text(",,")), "");
    }
}
