//! `log`, `info`: what the operator reads.

use strowger_core::{AppResult, Session};
use strowger_model::{Argument, Arguments, Expanded, InlineCall, InlineEffect, LogLevel};

/// A level and a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How important.
    pub level: LogLevel,
    /// The text.
    pub text: String,
}

impl Argument for LogLine {
    const KIND: &'static str = "level text";

    fn parse_argument(text: &Expanded) -> Result<Self, String> {
        // A single word is a text at the level debug; so is what follows an unknown level.
        let (level, text) = match text.as_str().split_once(' ') {
            Some((level, text)) => (LogLevel::parse(level), text.trim_start()),
            None => (None, text.as_str()),
        };
        Ok(LogLine {
            level: level.unwrap_or(LogLevel::Debug),
            text: text.to_owned(),
        })
    }
}

/// Arguments of `log`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// level (console, alert, crit, err, warning, notice, info, debug) and text
    pub line: LogLine,
}

/// Writes a line.
pub async fn log(session: &mut Session, args: Log) -> AppResult {
    strowger_core::log::line(args.line.level, Some(session.uuid()), &args.line.text);
    Ok(())
}

/// `log` while the dialplan hunts.
pub fn log_inline(call: &mut InlineCall<'_>, args: Log) {
    call.effects.push(InlineEffect::Log {
        level: args.line.level,
        text: args.line.text,
    });
}

/// Arguments of `info`.
#[derive(Arguments, Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// level of the lines
    #[argument(default = "info")]
    pub level: String,
}

impl Info {
    fn level(&self) -> LogLevel {
        LogLevel::parse(&self.level).unwrap_or(LogLevel::Info)
    }
}

/// Writes everything known about the call.
pub async fn info(session: &mut Session, args: Info) -> AppResult {
    session.log_info(args.level());
    Ok(())
}

/// `info` while the dialplan hunts.
pub fn info_inline(call: &mut InlineCall<'_>, args: Info) {
    call.effects.push(InlineEffect::Info {
        level: args.level(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (LogLevel, String) {
        let line = LogLine::parse_argument(&Expanded::trusted(text)).expect("any text is a line");
        (line.level, line.text)
    }

    #[test]
    fn the_first_word_is_the_level() {
        assert_eq!(
            parse("INFO hello you"),
            (LogLevel::Info, "hello you".into())
        );
        assert_eq!(parse("crit  x"), (LogLevel::Crit, "x".into()));
        assert_eq!(parse("hello"), (LogLevel::Debug, "hello".into()));
        assert_eq!(parse("oops hello"), (LogLevel::Debug, "hello".into()));
    }
}
