//! `cond`: `value operator value ? then : else`.

use strowger_core::CommandCall;
use strowger_model::Expanded;

/// Chooses a text.
pub async fn cond(call: CommandCall<'_>) -> String {
    chosen(&call.arguments).unwrap_or_else(|| "-ERR".to_owned())
}

/// One side of the comparison.
struct Side {
    text: String,
    /// A number that is not quoted.
    number: Option<f64>,
}

impl Side {
    /// What is compared when the other side is a number.
    fn measure(&self) -> f64 {
        self.number
            .unwrap_or_else(|| self.text.chars().count() as f64)
    }
}

fn chosen(arguments: &Expanded) -> Option<String> {
    let (left, rest) = side(&arguments.trim())?;
    let (operator, rest) = rest.trim().split_once(' ')?;
    let (right, rest) = side(&rest.trim())?;
    let rest = rest.trim().strip_prefix("?")?;
    let (then, otherwise) = rest
        .split_once(':')
        .unwrap_or_else(|| (rest.clone(), Expanded::default()));
    let texts = left.number.is_none() && right.number.is_none();
    let (a, b) = (left.measure(), right.measure());
    let holds = match operator.as_str() {
        "==" if texts => left.text == right.text,
        "!=" if texts => left.text != right.text,
        "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "<=" => a <= b,
        ">=" => a >= b,
        _ => return None,
    };
    let text = if holds { then } else { otherwise };
    Some(text.trim().into_string())
}

/// A side of the comparison and what follows it: `'quoted'`, or up to the next blank. What came from the network
/// ends nothing.
fn side(text: &Expanded) -> Option<(Side, Expanded)> {
    if let Some(inner) = text.strip_prefix("'") {
        let (value, rest) = inner.split_once('\'')?;
        let side = Side {
            text: value.into_string(),
            number: None,
        };
        return Some((side, rest));
    }
    let (value, rest) = text.split_once(' ')?;
    let number = number(value.as_str());
    let side = Side {
        text: value.into_string(),
        number,
    };
    // An empty variable leaves nothing in front of the operator.
    (!side.text.is_empty()).then_some((side, rest))
}

fn number(text: &str) -> Option<f64> {
    let plain = text
        .strip_prefix(['-', '+'])
        .unwrap_or(text)
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b'.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cond(text: &str) -> String {
        chosen(&Expanded::trusted(text)).unwrap_or_else(|| "-ERR".to_owned())
    }

    #[test]
    fn numbers_texts_and_lengths() {
        for (text, expected) in [
            ("1 == 1 ? yes : no", "yes"),
            ("1 == 1.0 ? yes : no", "yes"),
            ("2 > 10 ? yes : no", "no"),
            ("a == a ? yes : no", "yes"),
            ("a == A ? yes : no", "no"),
            ("'1' == '1.0' ? yes : no", "no"),
            ("'' == '' ? empty : full", "empty"),
            ("'two words' != x ? yes : no", "yes"),
            ("abc == 3 ? yes : no", "yes"),
            ("abcd > abc ? longer : shorter", "longer"),
            ("1 <= 1 ? yes", "yes"),
            ("1 < 1 ? yes", ""),
            ("1 ~ 1 ? yes : no", "-ERR"),
            ("1 == 1 yes", "-ERR"),
            ("== 1 ? yes : no", "-ERR"),
            ("", "-ERR"),
        ] {
            assert_eq!(cond(text), expected, "{text}");
        }
    }

    #[test]
    fn a_caller_cannot_choose_the_outcome() {
        let mut text = Expanded::network("x == x ? evil :");
        text.push_trusted(" == good ? yes : no");
        assert_eq!(chosen(&text).as_deref(), Some("no"));
    }
}
