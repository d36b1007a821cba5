//! `strftime`, `strftime_tz`, `strepoch`, `strmicroepoch`: dates.

use chrono::DateTime;
use strowger_core::{CommandCall, Switch};
use strowger_model::Zone;

/// `strftime`: now, or the epoch in front of `|`, in the exchange's zone.
pub async fn strftime(call: CommandCall<'_>) -> String {
    let zone = call.switch.clock().zone();
    formatted(call.arguments.as_str(), call.switch, &zone).unwrap_or_default()
}

/// `strftime_tz`: the same in another zone.
pub async fn strftime_tz(call: CommandCall<'_>) -> String {
    let text = call.arguments.as_str().trim();
    let answer = text.split_once(' ').and_then(|(zone, rest)| {
        let zone = Zone::named(zone)?;
        formatted(rest.trim_start(), call.switch, &zone)
    });
    answer.unwrap_or_else(|| "-ERR Invalid timezone/format\n".to_owned())
}

fn formatted(text: &str, switch: &Switch, zone: &Zone) -> Option<String> {
    let (epoch, format) = epoch_and_format(text)?;
    let moment = match epoch {
        Some(epoch) => DateTime::from_timestamp(epoch, 0)?,
        None => switch.clock().now(),
    };
    Some(strowger_model::strftime(format, &zone.to_local(moment)))
}

/// `epoch|format` or `format`; one blank behind the bar does not count. `None` for an epoch that is no number.
fn epoch_and_format(text: &str) -> Option<(Option<i64>, &str)> {
    match text.split_once('|') {
        Some((epoch, format)) => Some((
            Some(epoch.trim().parse().ok()?),
            format.strip_prefix(' ').unwrap_or(format),
        )),
        None => Some((None, text)),
    }
}

/// `strepoch`: seconds since 1970 of a local date, or of now.
pub async fn strepoch(call: CommandCall<'_>) -> String {
    answer(&call, 1)
}

/// `strmicroepoch`: the same in microseconds.
pub async fn strmicroepoch(call: CommandCall<'_>) -> String {
    answer(&call, 1_000_000)
}

fn answer(call: &CommandCall<'_>, factor: i64) -> String {
    let text = call.arguments.as_str().trim();
    if text.is_empty() {
        return (call.switch.clock().micros() / (1_000_000 / factor)).to_string();
    }
    match epoch_of(text, &call.switch.clock().zone()) {
        Some(epoch) => (epoch * factor).to_string(),
        None => "-ERR".to_owned(),
    }
}

/// `YYYY-MM-DD [hh:mm[:ss]]` or `YYYYMMDDhhmmss` in a zone.
fn epoch_of(text: &str, zone: &Zone) -> Option<i64> {
    if text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit()) {
        let part = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
        return zone.from_local(
            text[..4].parse().ok()?,
            part(4, 6)?,
            part(6, 8)?,
            part(8, 10)?,
            part(10, 12)?,
            part(12, 14)?,
        );
    }
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut date = date.split('-');
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    let mut time = time.split(':').map(str::trim);
    let mut part = || match time.next() {
        None | Some("") => Some(0u32),
        Some(text) => text.parse().ok(),
    };
    let (hour, minute, second) = (part()?, part()?, part()?);
    if date.next().is_some() || time.next().is_some() {
        return None;
    }
    zone.from_local(
        year.parse().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
        hour,
        minute,
        second,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_several_spellings() {
        let zone = Zone::utc();
        for text in [
            "2024-03-15 14:05:09",
            "2024-03-15T14:05:09",
            "20240315140509",
        ] {
            assert_eq!(epoch_of(text, &zone), Some(1_710_511_509), "{text}");
        }
        assert_eq!(epoch_of("2024-03-15", &zone), Some(1_710_460_800));
        assert_eq!(epoch_of("2024-03-15 14:05", &zone), Some(1_710_511_500));
        for wrong in [
            "soon",
            "2024-13-01",
            "2024-03-15 1:2:3:4",
            "2024-03-15-1",
            "é2024031514050",
        ] {
            assert_eq!(epoch_of(wrong, &zone), None, "{wrong}");
        }
    }

    #[test]
    fn a_bar_separates_the_epoch() {
        assert_eq!(epoch_and_format("%Y"), Some((None, "%Y")));
        assert_eq!(epoch_and_format("0| %Y"), Some((Some(0), "%Y")));
        assert_eq!(epoch_and_format("0|%Y"), Some((Some(0), "%Y")));
        assert_eq!(epoch_and_format("x|%Y"), None);
    }
}
