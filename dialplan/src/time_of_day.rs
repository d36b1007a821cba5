//! Date and time attributes of a condition: `year` … `minute-of-day`, `time-of-day`, `date-time`, `tz-offset`, `dst`.
//!
//! All attributes present must hold. What cannot be read never holds: a condition that was meant to open a door at
//! certain hours must not open it at all hours because of a typing mistake.

use strowger_model::LocalTime;

#[cfg(test)]
mod tests;

/// Attribute names that make a date and time test, in the order they are tested.
pub const ATTRIBUTES: [&str; 14] = [
    "date-time",
    "year",
    "yday",
    "mon",
    "mday",
    "week",
    "mweek",
    "wday",
    "hour",
    "minute",
    "minute-of-day",
    "time-of-day",
    "tz-offset",
    "dst",
];

/// A number of the calendar that is compared with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Four digits.
    Year,
    /// 1–366.
    DayOfYear,
    /// 1–12.
    Month,
    /// 1–31.
    DayOfMonth,
    /// 1–53: whole weeks since 1 January, plus 1.
    Week,
    /// 1–6: rows of a calendar page whose weeks begin on Sunday.
    WeekOfMonth,
    /// 1 (Sunday) – 7 (Saturday).
    DayOfWeek,
    /// 0–23.
    Hour,
    /// 0–59.
    Minute,
    /// 1–1440.
    MinuteOfDay,
}

impl Quantity {
    fn of(attribute: &str) -> Option<Quantity> {
        Some(match attribute {
            "year" => Quantity::Year,
            "yday" => Quantity::DayOfYear,
            "mon" => Quantity::Month,
            "mday" => Quantity::DayOfMonth,
            "week" => Quantity::Week,
            "mweek" => Quantity::WeekOfMonth,
            "wday" => Quantity::DayOfWeek,
            "hour" => Quantity::Hour,
            "minute" => Quantity::Minute,
            "minute-of-day" => Quantity::MinuteOfDay,
            _ => return None,
        })
    }

    /// The values that can occur: others in a list are mistakes.
    fn bounds(self) -> (i64, i64) {
        match self {
            Quantity::Year => (1, 9999),
            Quantity::DayOfYear => (1, 366),
            Quantity::Month => (1, 12),
            Quantity::DayOfMonth => (1, 31),
            Quantity::Week => (1, 53),
            Quantity::WeekOfMonth => (1, 6),
            Quantity::DayOfWeek => (1, 7),
            Quantity::Hour => (0, 23),
            Quantity::Minute => (0, 59),
            Quantity::MinuteOfDay => (1, 1440),
        }
    }

    /// Its value at a moment.
    pub fn at(self, now: &Moment) -> i64 {
        match self {
            Quantity::Year => now.year,
            Quantity::DayOfYear => now.day_of_year,
            Quantity::Month => now.month,
            Quantity::DayOfMonth => now.day,
            Quantity::Week => (now.day_of_year - 1) / 7 + 1,
            Quantity::WeekOfMonth => {
                let first = (now.weekday - (now.day - 1)).rem_euclid(7);
                (now.day + first + 6) / 7
            }
            Quantity::DayOfWeek => now.weekday + 1,
            Quantity::Hour => now.hour,
            Quantity::Minute => now.minute,
            Quantity::MinuteOfDay => now.hour * 60 + now.minute + 1,
        }
    }
}

/// A local moment in the numbers the tests compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Calendar year.
    pub year: i64,
    /// 1–12.
    pub month: i64,
    /// 1–31.
    pub day: i64,
    /// 1–366.
    pub day_of_year: i64,
    /// 0 is Sunday.
    pub weekday: i64,
    /// 0–23.
    pub hour: i64,
    /// 0–59.
    pub minute: i64,
    /// 0–60.
    pub second: i64,
    /// Seconds east of Greenwich.
    pub offset: i64,
    /// Whether the system's own zone has daylight saving time now.
    pub system_dst: bool,
}

impl Moment {
    /// From a local time, and whether the system's zone (not the caller's) has daylight saving time.
    pub fn new(local: &LocalTime, system_dst: bool) -> Moment {
        Moment {
            year: i64::from(local.year),
            month: i64::from(local.month),
            day: i64::from(local.day),
            day_of_year: i64::from(local.yday),
            weekday: i64::from(local.weekday),
            hour: i64::from(local.hour),
            minute: i64::from(local.minute),
            second: i64::from(local.second),
            offset: i64::from(local.offset_seconds),
            system_dst,
        }
    }

    fn stamp(&self) -> Stamp {
        [
            self.year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second,
        ]
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const DAYS: [&str; 7] = [
            "Sunday",
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
        ];
        let day = usize::try_from(self.weekday)
            .ok()
            .and_then(|day| DAYS.get(day))
            .copied()
            .unwrap_or_default();
        write!(
            out,
            "{day} {:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            self.year, self.month, self.day, self.hour, self.minute, self.second
        )
    }
}

/// Year, month, day, hour, minute, second: ordered as time is.
type Stamp = [i64; 6];

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Among(Quantity, Vec<(i64, i64)>),
    SecondsOfDay(Vec<(i64, i64)>),
    Between(Vec<(Stamp, Stamp)>),
    OffsetHours(i64),
    Dst(bool),
    Never,
}

/// The date and time attributes of one condition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TimeOfDay {
    tests: Vec<(String, String, Test)>,
}

impl TimeOfDay {
    /// Adds an attribute.
    ///
    /// # Errors
    ///
    /// What is wrong with the value. The attribute is kept: one that cannot be read never holds, a number that can
    /// never occur (`hour="0-24"`) stays in its list.
    pub fn add(&mut self, attribute: &str, value: &str) -> Result<(), String> {
        let (test, mistake) = match parse(attribute, value) {
            Ok(parsed) => parsed,
            Err(reason) => (
                Test::Never,
                Some(format!("{reason}: the condition never holds")),
            ),
        };
        self.tests
            .push((attribute.to_owned(), value.to_owned(), test));
        mistake.map_or(Ok(()), Err)
    }

    /// Whether there is nothing to test.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// The attributes as written.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tests
            .iter()
            .map(|(name, value, _)| (name.as_str(), value.as_str()))
    }

    /// Whether every attribute holds.
    pub fn holds(&self, now: &Moment) -> bool {
        self.tests.iter().all(|(_, _, test)| test.holds(now))
    }
}

impl Test {
    fn holds(&self, now: &Moment) -> bool {
        match self {
            Test::Among(quantity, ranges) => among(ranges, quantity.at(now)),
            Test::SecondsOfDay(ranges) => {
                among(ranges, (now.hour * 60 + now.minute) * 60 + now.second)
            }
            Test::Between(ranges) => {
                let stamp = now.stamp();
                ranges
                    .iter()
                    .any(|(start, end)| *start <= stamp && stamp < *end)
            }
            Test::OffsetHours(hours) => now.offset == hours * 3600,
            // FreeSWITCH asks only whether daylight saving is on and wanted: "false" is not a test for winter.
            Test::Dst(wanted) => *wanted && now.system_dst,
            Test::Never => false,
        }
    }
}

/// A range whose start lies after its end wraps around: 18-8 is from 18 on, or up to 8.
fn among(ranges: &[(i64, i64)], value: i64) -> bool {
    ranges.iter().any(|(start, end)| {
        if start <= end {
            *start <= value && value <= *end
        } else {
            value >= *start || value <= *end
        }
    })
}

/// A test, and a mistake that does not keep it from working.
type Parsed = (Test, Option<String>);

fn parse(attribute: &str, value: &str) -> Result<Parsed, String> {
    if let Some(quantity) = Quantity::of(attribute) {
        return numbers(quantity, value);
    }
    let test = match attribute {
        "time-of-day" => list(value, |item| {
            let (start, end) = item
                .split_once('-')
                .ok_or_else(|| format!("`{item}` is not of the form HH:MM[:SS]-HH:MM[:SS]"))?;
            Ok((seconds(start)?, seconds(end)?))
        })
        .map(Test::SecondsOfDay),
        "date-time" => list(value, |item| {
            let (start, end) = item.split_once('~').ok_or_else(|| {
                format!("`{item}` is not of the form YYYY-MM-DD hh:mm[:ss]~YYYY-MM-DD hh:mm[:ss]")
            })?;
            Ok((stamp(start)?, stamp(end)?))
        })
        .map(Test::Between),
        "tz-offset" => match value.trim().parse::<i64>() {
            Ok(hours) if (-14..=14).contains(&hours) => Ok(Test::OffsetHours(hours)),
            _ => Err(format!("`{value}` is not a number of hours from -14 to 14")),
        },
        "dst" => Ok(Test::Dst(strowger_model::is_true(value.trim()))),
        other => Err(format!("{other} is no date or time attribute")),
    }?;
    Ok((test, None))
}

fn list<T>(value: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    value.split(',').map(|part| item(part.trim())).collect()
}

fn numbers(quantity: Quantity, value: &str) -> Result<Parsed, String> {
    let number = |text: &str| -> Result<i64, String> {
        let text = text.trim();
        match (digits(text), quantity) {
            (Some(number), _) => Ok(number),
            (None, Quantity::DayOfWeek) => day_name(text)
                .ok_or_else(|| format!("`{text}` is neither 1–7 nor a day such as mon")),
            (None, _) => Err(format!("`{text}` is not a number")),
        }
    };
    let ranges = list(value, |item| match item.split_once('-') {
        Some((start, end)) => Ok((number(start)?, number(end)?)),
        None => number(item).map(|number| (number, number)),
    })?;
    let (low, high) = quantity.bounds();
    let outside = ranges
        .iter()
        .flat_map(|(start, end)| [*start, *end])
        .find(|number| !(low..=high).contains(number))
        .map(|number| format!("{number} never occurs: values are {low} to {high}"));
    Ok((Test::Among(quantity, ranges), outside))
}

fn day_name(text: &str) -> Option<i64> {
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let index = DAYS.iter().position(|day| text.eq_ignore_ascii_case(day))?;
    i64::try_from(index).ok().map(|index| index + 1)
}

/// `HH:MM[:SS]` as seconds since midnight.
fn seconds(text: &str) -> Result<i64, String> {
    let [hour, minute, second] = clock(text)?;
    Ok((hour * 60 + minute) * 60 + second)
}

fn clock(text: &str) -> Result<[i64; 3], String> {
    let wrong = || format!("`{}` is not a time of the form HH:MM[:SS]", text.trim());
    let mut parts = [0_i64; 3];
    let pieces: Vec<&str> = text.trim().split(':').collect();
    if !(2..=3).contains(&pieces.len()) {
        return Err(wrong());
    }
    for (part, piece) in parts.iter_mut().zip(&pieces) {
        *part = digits(piece).ok_or_else(wrong)?;
    }
    let [hour, minute, second] = parts;
    // 24:00 may end a range.
    if hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute, second) != (0, 0)) {
        return Err(wrong());
    }
    Ok(parts)
}

fn stamp(text: &str) -> Result<Stamp, String> {
    let text = text.trim();
    let wrong = || format!("`{text}` is not a date of the form YYYY-MM-DD hh:mm[:ss]");
    let (date, time) = match text.split_once(' ') {
        Some((date, time)) => (date, clock(time)?),
        None => (text, [0; 3]),
    };
    let pieces: Vec<&str> = date.split('-').collect();
    let [year, month, day] = pieces.as_slice() else {
        return Err(wrong());
    };
    let (year, month, day) = (
        digits(year).ok_or_else(wrong)?,
        digits(month).ok_or_else(wrong)?,
        digits(day).ok_or_else(wrong)?,
    );
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(wrong());
    }
    let [hour, minute, second] = time;
    Ok([year, month, day, hour, minute, second])
}

/// One to four digits.
fn digits(text: &str) -> Option<i64> {
    if (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}
