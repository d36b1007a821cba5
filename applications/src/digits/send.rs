//! `send_dtmf`, `flush_dtmf`, and the notation of digits to send.

use crate::Nothing;
use strowger_core::{AppResult, Session};
use strowger_model::{Argument, Arguments, Expanded};

/// Digits in one text at most.
const MAX_DIGITS: usize = 256;

/// Length of a digit without `@`, samples at 8 kHz (250 ms).
const DEFAULT_LENGTH: u32 = 2_000;

/// Shortest and longest digit, samples at 8 kHz (50 ms and 24 s).
const LENGTHS: std::ops::RangeInclusive<u32> = 400..=192_000;

/// Digits as text: `0-9 * # A-D F`, the pauses `w` and `W`, and `@milliseconds` behind them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigitText(pub Vec<(char, u32)>);

impl DigitText {
    /// The digits alone.
    pub fn digits(&self) -> String {
        self.0.iter().map(|(digit, _)| digit).collect()
    }
}

impl Argument for DigitText {
    const KIND: &'static str = "digits[@ms]";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        let text = text.as_str().trim();
        let (digits, length) = match text.split_once('@') {
            None => (text, None),
            Some((digits, ms)) => {
                let ms = ms
                    .trim()
                    .parse::<u32>()
                    .map_err(|_| format!("`{ms}` is not a number of milliseconds"))?;
                (digits, Some(ms))
            }
        };
        // Too short lengths are not meant; the default takes their place.
        let length = match length {
            Some(ms) if ms > 50 => ms.saturating_mul(8).clamp(*LENGTHS.start(), *LENGTHS.end()),
            _ => DEFAULT_LENGTH,
        };
        let digits: Vec<(char, u32)> = digits
            .trim_start_matches('~')
            .chars()
            .map(|c| digit(c).map(|digit| (digit, length)))
            .collect::<Result<_, _>>()?;
        match digits.len() {
            0 => Err("there are no digits".to_owned()),
            1..=MAX_DIGITS => Ok(DigitText(digits)),
            _ => Err(format!("more than {MAX_DIGITS} digits")),
        }
    }
}

fn digit(c: char) -> Result<char, String> {
    match c {
        '0'..='9' | '*' | '#' | 'A'..='D' | 'F' | 'w' | 'W' => Ok(c),
        'a'..='d' | 'f' => Ok(c.to_ascii_uppercase()),
        _ => Err(format!("`{c}` is no digit; use 0-9 * # A-D F w W")),
    }
}

/// Arguments of `send_dtmf`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct SendDtmf {
    /// the digits; `w` waits half a second, `W` one; `@ms` sets their length
    pub digits: DigitText,
}

/// Sends digits.
pub async fn send_dtmf(session: &mut Session, args: SendDtmf) -> AppResult {
    session.send_digits(&args.digits.0).await?;
    Ok(())
}

/// Forgets digits.
pub async fn flush_dtmf(session: &mut Session, _: Nothing) -> AppResult {
    session.flush_digits();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<(char, u32)>, String> {
        DigitText::parse_argument(&Expanded::trusted(text)).map(|digits| digits.0)
    }

    #[test]
    fn digits_have_a_length() {
        assert_eq!(
            parse("1w#"),
            Ok(vec![('1', 2000), ('w', 2000), ('#', 2000)])
        );
        assert_eq!(parse("a@100"), Ok(vec![('A', 800)]));
        assert_eq!(parse("5@50"), Ok(vec![('5', 2000)]));
        assert_eq!(parse("5@99999"), Ok(vec![('5', 192_000)]));
        assert!(parse("").is_err());
        assert!(parse("x").is_err());
        assert!(parse("1@soon").is_err());
    }
}
