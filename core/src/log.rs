//! Log lines that a dialplan or an operator asks for, at FreeSWITCH's levels.

use strowger_model::LogLevel;

/// Writes a line at a level. Control characters are escaped, so that a line stays a line.
pub fn line(level: LogLevel, uuid: Option<&str>, text: &str) {
    let text = escape(text);
    let uuid = uuid.unwrap_or("-");
    match level {
        LogLevel::Console | LogLevel::Alert | LogLevel::Crit | LogLevel::Err => {
            tracing::error!(target: "dialplan", uuid, level = level.name(), "{text}");
        }
        LogLevel::Warning => tracing::warn!(target: "dialplan", uuid, "{text}"),
        LogLevel::Notice | LogLevel::Info => tracing::info!(target: "dialplan", uuid, "{text}"),
        LogLevel::Debug => tracing::debug!(target: "dialplan", uuid, "{text}"),
    }
}

/// Control and bidirectional-override characters as `\u{..}`; newlines of our own multi-line texts stay.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let bidi = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\n' && c != '\t') || bidi {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_callers_name_cannot_colour_the_console() {
        assert_eq!(escape("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(escape("plain"), "plain");
    }
}
