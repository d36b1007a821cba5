//! Digits by INFO (RFC 6086): the two bodies that phones send, `application/dtmf-relay` and `application/dtmf`.

use std::time::Duration;

/// A key pressed at the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InfoDigit {
    /// `0`–`9`, `*`, `#`, `A`–`D`, or `F` for hook flash.
    pub digit: char,
    /// How long it was held.
    pub duration: Duration,
}

/// The length of a digit whose body names none.
pub const DEFAULT_DURATION: Duration = Duration::from_millis(250);
/// No key is held longer than this; a body that says more is capped.
pub const LONGEST_DURATION: Duration = Duration::from_secs(10);

/// The content type of [`write`].
pub const DTMF_RELAY: &str = "application/dtmf-relay";

/// Reads the body of an INFO; `None` when it holds no digit.
pub fn read(media_type: &str, body: &[u8]) -> Option<InfoDigit> {
    let text = std::str::from_utf8(body).ok()?;
    if media_type.eq_ignore_ascii_case("application/dtmf") {
        return Some(InfoDigit {
            digit: digit(text)?,
            duration: DEFAULT_DURATION,
        });
    }
    if !media_type.eq_ignore_ascii_case(DTMF_RELAY) {
        return None;
    }
    let mut found = None;
    let mut duration = DEFAULT_DURATION;
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("signal") {
            found = digit(value);
        } else if name.trim().eq_ignore_ascii_case("duration")
            && let Ok(milliseconds) = value.trim().parse()
        {
            duration = Duration::from_millis(milliseconds).min(LONGEST_DURATION);
        }
    }
    Some(InfoDigit {
        digit: found?,
        duration,
    })
}

/// Writes an `application/dtmf-relay` body.
pub fn write(digit: InfoDigit) -> Vec<u8> {
    format!(
        "Signal={}\r\nDuration={}\r\n",
        digit.digit,
        digit.duration.as_millis()
    )
    .into_bytes()
}

/// One key: a character, or the event number of RFC 4733 from 10 on.
fn digit(text: &str) -> Option<char> {
    let text = text.trim();
    let mut characters = text.chars();
    match (characters.next()?.to_ascii_uppercase(), characters.next()) {
        (key @ ('0'..='9' | '*' | '#' | 'A'..='D' | 'F'), None) => Some(key),
        _ => match text {
            "10" => Some('*'),
            "11" => Some('#'),
            "12" => Some('A'),
            "13" => Some('B'),
            "14" => Some('C'),
            "15" => Some('D'),
            "16" => Some('F'),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6086_a_digit_with_its_duration() {
        let read = read("application/dtmf-relay", b"Signal= 5\r\nDuration= 160\r\n");
        assert_eq!(
            read,
            Some(InfoDigit {
                digit: '5',
                duration: Duration::from_millis(160)
            })
        );
    }

    #[test]
    fn plain_digits_and_event_numbers() {
        assert_eq!(
            read("application/dtmf", b"#").map(|digit| digit.digit),
            Some('#')
        );
        assert_eq!(
            read("Application/DTMF", b"10\r\n").map(|digit| digit.digit),
            Some('*')
        );
        assert_eq!(read("application/dtmf", b"17"), None);
        assert_eq!(read("text/plain", b"1"), None);
        assert_eq!(read("application/dtmf-relay", b"\xff"), None);
    }

    #[test]
    fn what_is_written_is_read_and_too_long_is_capped() {
        let pressed = InfoDigit {
            digit: '*',
            duration: Duration::from_millis(90),
        };
        assert_eq!(read(DTMF_RELAY, &write(pressed)), Some(pressed));
        let held = read(DTMF_RELAY, b"Signal=1\r\nDuration=999999999");
        assert_eq!(held.map(|digit| digit.duration), Some(LONGEST_DURATION));
    }
}
