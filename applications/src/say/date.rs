//! English dates, times and lengths of time.

use super::number::{digit, whole, word, year};
use strowger_core::sound::{SayMethod, SayRequest};
use strowger_model::LocalTime;

/// Days back for which the weekday alone says which day it was.
const RECENT_DAYS: u32 = 5;

fn time_word(name: impl std::fmt::Display) -> String {
    format!("time/{name}.wav")
}

/// The moment that is meant: an epoch second, or now.
pub(super) fn moment(request: &SayRequest<'_>) -> Result<LocalTime, String> {
    let text = request.text.trim();
    if text.is_empty() {
        return Ok(request.now.clone());
    }
    match text.parse::<i64>() {
        Ok(epoch) if epoch > 0 => Ok((request.local)(epoch)),
        Ok(_) => Ok(request.now.clone()),
        Err(_) => Err(format!("`{text}` is not a number of seconds since 1970")),
    }
}

fn day_of_month(time: &LocalTime) -> Vec<String> {
    whole(time.day, SayMethod::Counted)
}

fn weekday(time: &LocalTime) -> String {
    time_word(format!("day-{}", time.weekday))
}

fn month(time: &LocalTime) -> String {
    time_word(format!("mon-{}", time.month.saturating_sub(1)))
}

/// Weekday, month, day, year.
pub(super) fn date(time: &LocalTime) -> Vec<String> {
    let mut sounds = vec![weekday(time), month(time)];
    sounds.extend(day_of_month(time));
    sounds.extend(year(time.year.unsigned_abs()));
    sounds
}

/// The time of day, on a clock of 12 or (iterated) 24 hours.
pub(super) fn time_of_day(time: &LocalTime, method: SayMethod) -> Vec<String> {
    let plain = |n| whole(n, SayMethod::Pronounced);
    let mut sounds = Vec::new();
    if method == SayMethod::Iterated {
        match (time.hour, time.minute) {
            (0, 0) => sounds.extend(plain(24)),
            (hour, _) => sounds.extend(two_digits(hour)),
        }
        match time.minute {
            0 => sounds.push(word("hundred")),
            minute => sounds.extend(two_digits(minute)),
        }
        sounds.push(time_word("hours"));
        return sounds;
    }
    let hour = match time.hour % 12 {
        0 => 12,
        hour => hour,
    };
    sounds.extend(plain(hour));
    match time.minute {
        0 => sounds.push(time_word("oclock")),
        minute @ 1..=9 => {
            sounds.push(time_word("oh"));
            sounds.push(digit(minute));
        }
        minute => sounds.extend(plain(minute)),
    }
    sounds.push(time_word(if time.hour < 12 { "a-m" } else { "p-m" }));
    sounds
}

/// A number of two digits with its leading zero.
fn two_digits(n: u32) -> Vec<String> {
    let mut sounds = Vec::new();
    if n < 10 {
        sounds.push(digit(0));
    }
    sounds.extend(whole(n, SayMethod::Pronounced));
    sounds
}

/// Date, "at", time.
pub(super) fn date_and_time(time: &LocalTime, method: SayMethod) -> Vec<String> {
    let mut sounds = date(time);
    sounds.push(time_word("at"));
    sounds.extend(time_of_day(time, method));
    sounds
}

/// As much of the date as is needed to know which day it was, "at", time.
pub(super) fn short_date_and_time(
    time: &LocalTime,
    now: &LocalTime,
    method: SayMethod,
) -> Vec<String> {
    if time.year != now.year || time.yday > now.yday {
        return date_and_time(time, method);
    }
    let mut sounds = match now.yday - time.yday {
        0 => vec![time_word("today")],
        1 => vec![time_word("yesterday")],
        2..=RECENT_DAYS => vec![weekday(time)],
        _ => {
            let mut sounds = vec![month(time)];
            sounds.extend(day_of_month(time));
            sounds.push(weekday(time));
            sounds
        }
    };
    sounds.push(time_word("at"));
    sounds.extend(time_of_day(time, method));
    sounds
}

/// Hours, minutes and seconds of a length of time; nothing or zero means the time of day.
pub(super) fn length(request: &SayRequest<'_>) -> Result<Vec<String>, String> {
    let text = request.text.trim();
    let wrong =
        || format!("`{text}` is not a length of time; write seconds or hours:minutes:seconds");
    let (hours, minutes, seconds) = if text.contains(':') {
        let parts: Vec<u32> = text
            .split(':')
            .map(|part| part.trim().parse().map_err(|_| wrong()))
            .collect::<Result<_, _>>()?;
        match parts[..] {
            [minutes, seconds] => (0, minutes, seconds),
            [hours, minutes, seconds] => (hours, minutes, seconds),
            _ => return Err(wrong()),
        }
    } else {
        let total: i64 = if text.is_empty() {
            0
        } else {
            text.parse().map_err(|_| wrong())?
        };
        match u32::try_from(total) {
            Ok(total) if total > 0 => (total / 3_600, total / 60 % 60, total % 60),
            Ok(_) => (request.now.hour, request.now.minute, request.now.second),
            Err(_) if total < 0 => (request.now.hour, request.now.minute, request.now.second),
            Err(_) => return Err(wrong()),
        }
    };
    let mut sounds = Vec::new();
    for (count, unit) in [(hours, "hour"), (minutes, "minute"), (seconds, "second")] {
        if count > 999_999_999 {
            return Err(wrong());
        }
        sounds.extend(whole(count, SayMethod::Pronounced));
        sounds.push(time_word(if count == 1 {
            unit.to_owned()
        } else {
            format!("{unit}s")
        }));
    }
    Ok(sounds)
}
