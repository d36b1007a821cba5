//! Time zones: from UTC to the local calendar and back.

use chrono::{DateTime, Utc};
use jiff::{Timestamp, civil, tz};

/// A time zone. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    zone: tz::TimeZone,
}

/// A moment on the local calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Four digits.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// Microseconds within the second.
    pub microsecond: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// Day of the year, 1 to 366.
    pub yday: u32,
    /// East of UTC is positive.
    pub offset_seconds: i32,
    /// Whether daylight saving is in force.
    pub dst: bool,
    /// Such as `CEST`.
    pub abbreviation: String,
}

impl Zone {
    /// The zone of an IANA name such as `Europe/Berlin`, or of a POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        let named = tz::TimeZone::get(name).or_else(|_| tz::TimeZone::posix(name));
        named.ok().map(|zone| Self { zone })
    }

    /// The zone of the machine; UTC when it does not say.
    pub fn system() -> Self {
        Self {
            zone: tz::TimeZone::try_system().unwrap_or(tz::TimeZone::UTC),
        }
    }

    /// UTC.
    pub fn utc() -> Self {
        Self {
            zone: tz::TimeZone::UTC,
        }
    }

    /// A fixed number of hours east of UTC; beyond ±25 hours it is UTC.
    pub fn fixed(hours: i32) -> Self {
        let offset = i8::try_from(hours)
            .ok()
            .and_then(|hours| tz::Offset::from_hours(hours).ok());
        Self {
            zone: tz::TimeZone::fixed(offset.unwrap_or(tz::Offset::UTC)),
        }
    }

    /// The IANA name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.zone.iana_name()
    }

    /// What clocks on the wall show at a moment.
    pub fn to_local(&self, moment: DateTime<Utc>) -> LocalTime {
        let stamp =
            Timestamp::from_microsecond(moment.timestamp_micros()).unwrap_or(Timestamp::UNIX_EPOCH);
        let info = self.zone.to_offset_info(stamp);
        let local = info.offset().to_datetime(stamp);
        let part = |n: i8| u32::try_from(n).unwrap_or(0);
        LocalTime {
            year: i32::from(local.year()),
            month: part(local.month()),
            day: part(local.day()),
            hour: part(local.hour()),
            minute: part(local.minute()),
            second: part(local.second()),
            microsecond: u32::try_from(local.subsec_nanosecond() / 1000).unwrap_or(0),
            weekday: part(local.weekday().to_sunday_zero_offset()),
            yday: u32::try_from(local.day_of_year()).unwrap_or(1),
            offset_seconds: info.offset().seconds(),
            dst: info.dst().is_dst(),
            abbreviation: info.abbreviation().to_owned(),
        }
    }

    /// Seconds since 1970 of a local date and time; `None` for a date that does not exist. An hour that occurs twice means
    /// its first occurrence, one that is skipped the moment after the gap.
    pub fn from_local(
        &self,
        year: i32,
        month: u32,
        day: u32,
        hour: u32,
        minute: u32,
        second: u32,
    ) -> Option<i64> {
        let small = |n: u32| i8::try_from(n).ok();
        let local = civil::DateTime::new(
            i16::try_from(year).ok()?,
            small(month)?,
            small(day)?,
            small(hour)?,
            small(minute)?,
            small(second)?,
            0,
        )
        .ok()?;
        let stamp = self.zone.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(stamp.as_second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summer_and_winter() {
        let zone = Zone::named("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let summer = zone.to_local(DateTime::from_timestamp(1_720_000_000, 0).unwrap());
        assert_eq!(
            (
                summer.offset_seconds,
                summer.dst,
                summer.abbreviation.as_str()
            ),
            (7200, true, "CEST")
        );
        assert_eq!((summer.year, summer.month, summer.day), (2024, 7, 3));
        assert_eq!(
            (summer.hour, summer.minute, summer.weekday, summer.yday),
            (11, 46, 3, 185)
        );
        assert_eq!(zone.from_local(2024, 7, 3, 11, 46, 40), Some(1_720_000_000));
        let winter = zone.to_local(DateTime::from_timestamp(1_705_000_000, 0).unwrap());
        assert!(!winter.dst && winter.offset_seconds == 3600);
        assert_eq!(zone.from_local(2024, 2, 30, 0, 0, 0), None);
        assert_eq!(Zone::fixed(-5).to_local(DateTime::UNIX_EPOCH).hour, 19);
        assert!(Zone::named("Nowhere/Land").is_none() && Zone::named("").is_none());
    }
}
