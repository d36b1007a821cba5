//! Dates as text by `strftime` formats, in English.

use std::fmt::Write as _;

use crate::zone::LocalTime;

const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// The longest text made, in octets: formats come from dialplans and may repeat long conversions.
const MAX_LENGTH: usize = 1000;

/// Write a date by a format. Conversions it does not know stay as written.
pub fn strftime(format: &str, time: &LocalTime) -> String {
    let mut out = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if out.len() >= MAX_LENGTH {
            break;
        }
        if c != '%' {
            out.push(c);
            continue;
        }
        // GNU flags: `-` no padding, `_` blanks, `0` zeros; `E` and `O` ask for locale forms that English lacks.
        let mut pad = None;
        let mut conversion = rest.next();
        while let Some(flag @ ('-' | '_' | '0' | 'E' | 'O')) = conversion {
            pad = matches!(flag, '-' | '_' | '0').then_some(flag).or(pad);
            conversion = rest.next();
        }
        match conversion {
            Some(conversion) => convert(&mut out, conversion, pad, time),
            None => out.push('%'),
        }
    }
    out
}

fn convert(out: &mut String, conversion: char, pad: Option<char>, t: &LocalTime) {
    let hour12 = match t.hour % 12 {
        0 => 12,
        hour => hour,
    };
    let day = DAYS.get(t.weekday as usize).copied().unwrap_or_default();
    let month = MONTHS
        .get(t.month.wrapping_sub(1) as usize)
        .copied()
        .unwrap_or_default();
    let mut two = |value: i64| number(out, value, 2, pad.unwrap_or('0'));
    match conversion {
        'd' => two(t.day.into()),
        'H' => two(t.hour.into()),
        'I' => two(hour12.into()),
        'm' => two(t.month.into()),
        'M' => two(t.minute.into()),
        'S' => two(t.second.into()),
        'y' => two(t.year.rem_euclid(100).into()),
        'C' => two(t.year.div_euclid(100).into()),
        'U' => two(((t.yday + 6 - t.weekday) / 7).into()),
        'W' => two(((t.yday + 6 - (t.weekday + 6) % 7) / 7).into()),
        'V' => two(iso_week(t).1.into()),
        'g' => two(iso_week(t).0.rem_euclid(100).into()),
        'e' => number(out, t.day.into(), 2, pad.unwrap_or('_')),
        'k' => number(out, t.hour.into(), 2, pad.unwrap_or('_')),
        'l' => number(out, hour12.into(), 2, pad.unwrap_or('_')),
        'j' => number(out, t.yday.into(), 3, pad.unwrap_or('0')),
        'Y' => number(out, t.year.into(), 0, '-'),
        'G' => number(out, iso_week(t).0.into(), 0, '-'),
        'u' => number(
            out,
            if t.weekday == 0 { 7 } else { t.weekday.into() },
            0,
            '-',
        ),
        'w' => number(out, t.weekday.into(), 0, '-'),
        's' => number(out, epoch(t), 0, '-'),
        'A' => out.push_str(day),
        'a' => out.push_str(day.get(..3).unwrap_or_default()),
        'B' => out.push_str(month),
        'b' | 'h' => out.push_str(month.get(..3).unwrap_or_default()),
        'p' => out.push_str(if t.hour < 12 { "AM" } else { "PM" }),
        'P' => out.push_str(if t.hour < 12 { "am" } else { "pm" }),
        'Z' => out.push_str(&t.abbreviation),
        'z' => {
            let minutes = t.offset_seconds.abs() / 60;
            let sign = if t.offset_seconds < 0 { '-' } else { '+' };
            // Writing to a String cannot fail.
            let _ = write!(out, "{sign}{:02}{:02}", minutes / 60, minutes % 60);
        }
        'c' => out.push_str(&strftime("%a %b %e %H:%M:%S %Y", t)),
        'D' | 'x' => out.push_str(&strftime("%m/%d/%y", t)),
        'F' => out.push_str(&strftime("%Y-%m-%d", t)),
        'r' => out.push_str(&strftime("%I:%M:%S %p", t)),
        'R' => out.push_str(&strftime("%H:%M", t)),
        'T' | 'X' => out.push_str(&strftime("%H:%M:%S", t)),
        'n' => out.push('\n'),
        't' => out.push('\t'),
        '%' => out.push('%'),
        other => {
            out.push('%');
            out.push(other);
        }
    }
}

fn number(out: &mut String, value: i64, width: usize, pad: char) {
    // Writing to a String cannot fail.
    let _ = match pad {
        '_' => write!(out, "{value:width$}"),
        '0' => write!(out, "{value:0width$}"),
        _ => write!(out, "{value}"),
    };
}

/// Year and week of ISO 8601: weeks begin on Monday and belong to the year of their Thursday.
fn iso_week(t: &LocalTime) -> (i32, u32) {
    let leap = |year: i32| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = |year: i32| if leap(year) { 366 } else { 365 };
    let from_monday = i64::from((t.weekday + 6) % 7);
    let thursday = i64::from(t.yday) - from_monday + 3;
    let (year, thursday) = if thursday < 1 {
        (t.year - 1, thursday + length(t.year - 1))
    } else if thursday > length(t.year) {
        (t.year + 1, thursday - length(t.year))
    } else {
        (t.year, thursday)
    };
    (year, u32::try_from((thursday - 1) / 7 + 1).unwrap_or(1))
}

/// Seconds since 1970 of a local time (days from civil, proleptic Gregorian).
fn epoch(t: &LocalTime) -> i64 {
    let date = chrono::NaiveDate::from_ymd_opt(t.year, t.month, t.day);
    let moment = date.and_then(|date| date.and_hms_opt(t.hour, t.minute, t.second));
    moment.map_or(0, |moment| {
        moment.and_utc().timestamp() - i64::from(t.offset_seconds)
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::zone::Zone;

    fn at(seconds: i64) -> LocalTime {
        let zone = Zone::named("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        zone.to_local(DateTime::from_timestamp(seconds, 0).unwrap())
    }

    #[test]
    fn conversions() {
        let t = at(1_720_000_000);
        for (format, expected) in [
            ("%Y-%m-%d %H:%M:%S", "2024-07-03 11:46:40"),
            (
                "%A, %B %e %Y, %I %M %p",
                "Wednesday, July  3 2024, 11 46 AM",
            ),
            (
                "%a %b %j %u %w %U %W %V %G",
                "Wed Jul 185 3 3 26 27 27 2024",
            ),
            ("%s %z %Z %%", "1720000000 +0200 CEST %"),
            (
                "%-d/%-m/%y %F %T %R %D %r",
                "3/7/24 2024-07-03 11:46:40 11:46 07/03/24 11:46:40 AM",
            ),
            ("%Q %", "%Q %"),
        ] {
            assert_eq!(strftime(format, &t), expected, "{format}");
        }
        assert_eq!(strftime("%G-%V", &at(1_704_020_400)), "2023-52");
        assert_eq!(strftime("%G-%V", &at(1_735_560_000)), "2025-01");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Every moment and format gives some text, and our calendar agrees with chrono's.
        #[test]
        fn any_format_at_any_time(format in "[%a-zA-Z0-9_ -]{0,20}", seconds in -10_000_000_000_i64..100_000_000_000) {
            let t = at(seconds);
            let _ = strftime(&format, &t);
            let date = chrono::NaiveDate::from_ymd_opt(t.year, t.month, t.day).unwrap();
            prop_assert_eq!(strftime("%U %W %V %G %j %u", &t), date.format("%U %W %V %G %j %u").to_string());
            prop_assert_eq!(strftime("%s", &t), seconds.to_string());
        }
    }
}
