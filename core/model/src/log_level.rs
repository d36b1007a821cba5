//! How important a log line is.

use std::fmt;

/// Log levels by FreeSWITCH number, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// 0: answers to whoever sits at the console.
    Console,
    /// 1: act at once.
    Alert,
    /// 2: critical.
    Crit,
    /// 3: error.
    Err,
    /// 4: warning.
    Warning,
    /// 5: notice.
    Notice,
    /// 6: information.
    Info,
    /// 7: debug (8–10, the finer debug levels, are taken as 7).
    Debug,
}

impl LogLevel {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Console, "CONSOLE"),
        (Self::Alert, "ALERT"),
        (Self::Crit, "CRIT"),
        (Self::Err, "ERR"),
        (Self::Warning, "WARNING"),
        (Self::Notice, "NOTICE"),
        (Self::Info, "INFO"),
        (Self::Debug, "DEBUG"),
    ];

    /// The level a word or a number names; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(number) = text.parse::<u8>() {
            return Self::from_number(number);
        }
        if text
            .get(..5)
            .is_some_and(|word| word.eq_ignore_ascii_case("debug"))
            && text.len() > 5
        {
            return text[5..]
                .parse::<u8>()
                .is_ok_and(|n| (1..=10).contains(&n))
                .then_some(Self::Debug);
        }
        Self::ALL
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(text))
            .map(|(level, _)| *level)
    }

    /// The level of a number 0–10.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            0..=7 => Some(Self::ALL[usize::from(number)].0),
            8..=10 => Some(Self::Debug),
            _ => None,
        }
    }

    /// 0 (console) to 7 (debug).
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The word in capitals, such as `WARNING`.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for (level, name) in LogLevel::ALL {
            assert_eq!(LogLevel::parse(name), Some(level));
            assert_eq!(LogLevel::parse(&level.number().to_string()), Some(level));
        }
        assert_eq!(LogLevel::parse("debug10"), Some(LogLevel::Debug));
        assert_eq!(LogLevel::parse("loud"), None);
        assert_eq!(LogLevel::parse("dé"), None);
    }
}
