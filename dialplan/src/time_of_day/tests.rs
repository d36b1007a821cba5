//! Every date and time attribute at its borders.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use strowger_model::Zone;

use super::{Moment, TimeOfDay};

fn moment(text: &str) -> Moment {
    let utc: DateTime<Utc> = format!("{}Z", text.replace(' ', "T")).parse().unwrap();
    Moment::new(&Zone::fixed(0).to_local(utc), false)
}

fn holds(attribute: &str, value: &str, when: &str) -> bool {
    let mut time = TimeOfDay::default();
    time.add(attribute, value)
        .unwrap_or_else(|error| panic!("{attribute}={value}: {error}"));
    time.holds(&moment(when))
}

#[test]
fn year_month_and_days() {
    assert!(holds("year", "2026", "2026-11-20 12:00:00"));
    assert!(!holds("year", "2027-2030", "2026-11-20 12:00:00"));
    assert!(holds("yday", "1", "2026-01-01 00:00:00"));
    assert!(holds("yday", "366", "2028-12-31 23:59:59"));
    assert!(holds("mon", "11-12", "2026-11-20 12:00:00"));
    assert!(holds("mon", "11-2", "2026-01-20 12:00:00"));
    assert!(!holds("mon", "11-2", "2026-03-20 12:00:00"));
    assert!(holds("mday", "1,20", "2026-11-20 12:00:00"));
    assert!(!holds("mday", "1,21", "2026-11-20 12:00:00"));
}

#[test]
fn weeks() {
    assert!(holds("week", "1", "2026-01-07 12:00:00"));
    assert!(holds("week", "2", "2026-01-08 12:00:00"));
    assert!(holds("week", "53", "2026-12-31 12:00:00"));
    // November 2026 begins on a Sunday, May 2026 on a Friday.
    assert!(holds("mweek", "1", "2026-11-07 12:00:00"));
    assert!(holds("mweek", "2", "2026-11-08 12:00:00"));
    assert!(holds("mweek", "1", "2026-05-02 12:00:00"));
    assert!(holds("mweek", "2", "2026-05-03 12:00:00"));
    assert!(holds("mweek", "6", "2026-05-31 12:00:00"));
}

#[test]
fn days_of_the_week_by_number_and_name() {
    // 2026-11-20 is a Friday.
    let friday = "2026-11-20 12:00:00";
    assert!(holds("wday", "6", friday));
    assert!(holds("wday", "2-6", friday));
    assert!(holds("wday", "mon-fri", friday));
    assert!(holds("wday", "FRI", friday));
    assert!(holds("wday", "fri-mon", friday));
    assert!(!holds("wday", "sat-mon", friday));
    assert!(!holds("wday", "1,7", friday));
    assert!(holds("wday", "1", "2026-11-22 12:00:00"));
    assert!(holds("wday", "fri-mon", "2026-11-22 12:00:00"));
}

#[test]
fn hours_and_minutes() {
    assert!(holds("hour", "9-18", "2026-11-20 18:59:59"));
    assert!(!holds("hour", "9-18", "2026-11-20 19:00:00"));
    assert!(holds("hour", "18-8", "2026-11-20 03:00:00"));
    assert!(holds("hour", "18-8", "2026-11-20 18:00:00"));
    assert!(!holds("hour", "18-8", "2026-11-20 09:00:00"));
    assert!(holds("minute", "0,30", "2026-11-20 09:30:00"));
    assert!(holds("minute-of-day", "1", "2026-11-20 00:00:59"));
    assert!(holds("minute-of-day", "1440", "2026-11-20 23:59:00"));
    assert!(holds("minute-of-day", "540-1080", "2026-11-20 08:59:00"));
    assert!(!holds("minute-of-day", "540-1080", "2026-11-20 08:58:00"));
}

#[test]
fn time_of_day_is_inclusive_and_wraps_midnight() {
    assert!(holds("time-of-day", "09:00-17:00", "2026-11-20 17:00:00"));
    assert!(!holds("time-of-day", "09:00-17:00", "2026-11-20 17:00:01"));
    assert!(holds(
        "time-of-day",
        "09:00:30-17:00",
        "2026-11-20 09:00:30"
    ));
    assert!(!holds(
        "time-of-day",
        "09:00:30-17:00",
        "2026-11-20 09:00:29"
    ));
    assert!(holds("time-of-day", "22:00-06:00", "2026-11-20 23:00:00"));
    assert!(holds("time-of-day", "22:00-06:00", "2026-11-20 05:59:59"));
    assert!(!holds("time-of-day", "22:00-06:00", "2026-11-20 12:00:00"));
    assert!(holds(
        "time-of-day",
        "01:00-02:00,11:00-12:00",
        "2026-11-20 11:30:00"
    ));
    assert!(holds("time-of-day", "17:00-24:00", "2026-11-20 23:59:59"));
}

#[test]
fn date_time_ends_before_its_end() {
    let range = "2026-11-20 12:00~2026-11-20 13:00:00";
    assert!(holds("date-time", range, "2026-11-20 12:00:00"));
    assert!(holds("date-time", range, "2026-11-20 12:59:59"));
    assert!(!holds("date-time", range, "2026-11-20 13:00:00"));
    assert!(!holds("date-time", range, "2026-11-20 11:59:59"));
    let two = "2025-01-01 00:00~2025-01-02 00:00,2026-11-19 00:00~2026-11-21 00:00";
    assert!(holds("date-time", two, "2026-11-20 12:00:00"));
}

#[test]
fn zone_offset_and_daylight_saving() {
    let mut now = moment("2026-11-20 12:00:00");
    let test = |attribute: &str, value: &str, now: &Moment| {
        let mut time = TimeOfDay::default();
        time.add(attribute, value).unwrap();
        time.holds(now)
    };
    assert!(test("tz-offset", "0", &now));
    now.offset = -5 * 3600;
    assert!(test("tz-offset", "-5", &now));
    assert!(!test("tz-offset", "5", &now));
    assert!(!test("dst", "true", &now));
    assert!(!test("dst", "false", &now));
    now.system_dst = true;
    assert!(test("dst", "true", &now));
    assert!(!test("dst", "false", &now));
}

#[test]
fn all_attributes_must_hold() {
    let mut time = TimeOfDay::default();
    time.add("wday", "2-6").unwrap();
    time.add("hour", "9-18").unwrap();
    assert!(time.holds(&moment("2026-11-20 09:00:00")));
    assert!(!time.holds(&moment("2026-11-21 09:00:00")));
    assert!(!time.holds(&moment("2026-11-20 08:00:00")));
}

#[test]
fn what_cannot_be_read_never_holds() {
    for (attribute, value) in [
        ("hour", "nine"),
        ("hour", ""),
        ("hour", "9-"),
        ("wday", "monday"),
        ("time-of-day", "9-17"),
        ("time-of-day", "09:00-25:00"),
        ("date-time", "2026-11-20 12:00"),
        ("date-time", "2026-13-20 12:00~2026-13-21 12:00"),
        ("tz-offset", "CET"),
    ] {
        let mut time = TimeOfDay::default();
        assert!(time.add(attribute, value).is_err(), "{attribute}={value}");
        assert!(
            !time.holds(&moment("2026-11-20 12:00:00")),
            "{attribute}={value}"
        );
    }
}

#[test]
fn a_number_out_of_range_is_said_and_the_rest_of_the_list_works() {
    let mut time = TimeOfDay::default();
    assert!(time.add("hour", "0-24").unwrap_err().contains("24"));
    assert!(time.holds(&moment("2026-11-20 23:00:00")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_answered(value in "[0-9a-z:~, -]{0,24}", seconds in 0_i64..4_000_000_000) {
        let now = Moment::new(&Zone::fixed(0).to_local(DateTime::from_timestamp(seconds, 0).unwrap()), true);
        for attribute in super::ATTRIBUTES {
            let mut time = TimeOfDay::default();
            let _ = time.add(attribute, &value);
            let _ = time.holds(&now);
        }
    }

    #[test]
    fn a_row_of_the_month_is_between_one_and_six(seconds in 0_i64..4_000_000_000) {
        let now = Moment::new(&Zone::fixed(0).to_local(DateTime::from_timestamp(seconds, 0).unwrap()), false);
        let row = super::Quantity::WeekOfMonth.at(&now);
        prop_assert!((1..=6).contains(&row));
        prop_assert!(row >= (now.day + 6) / 7);
    }
}
