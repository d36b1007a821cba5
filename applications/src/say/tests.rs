//! What a caller hears for each kind of value.

use super::English;
use strowger_core::sound::{SayGender, SayMethod, SayRequest, SayType, Speaker};
use strowger_model::{LocalTime, Zone};

/// Friday, 2024-03-15 14:05:09 UTC.
const NOW: i64 = 1_710_511_509;

fn local(epoch: i64) -> LocalTime {
    Zone::utc().to_local(chrono::DateTime::from_timestamp(epoch, 0).expect("a time"))
}

/// The sounds without `.wav`, separated by blanks; an error as `!`.
fn said(kind: SayType, method: SayMethod, text: &str) -> String {
    let request = SayRequest {
        kind,
        method,
        gender: SayGender::Neuter,
        text,
        now: local(NOW),
        local: &local,
    };
    match English.say(&request) {
        Ok(sounds) => sounds
            .iter()
            .map(|sound| sound.trim_end_matches(".wav").to_owned())
            .collect::<Vec<_>>()
            .join(" ")
            .replace("digits/", ""),
        Err(_) => "!".to_owned(),
    }
}

use SayMethod::{Counted, Iterated, NotApplicable, Pronounced, PronouncedYear};

#[test]
fn numbers() {
    for (method, text, expected) in [
        (Pronounced, "0", "0"),
        (Pronounced, "7", "7"),
        (Pronounced, "10", "10"),
        (Pronounced, "13", "13"),
        (Pronounced, "20", "20"),
        (Pronounced, "42", "40 2"),
        (Pronounced, "100", "1 hundred"),
        (Pronounced, "115", "1 hundred 15"),
        (
            Pronounced,
            "1,234,567",
            "1 million 2 hundred 30 4 thousand 5 hundred 60 7",
        ),
        (Pronounced, "1000000", "1 million"),
        (Pronounced, "12000", "12 thousand"),
        (
            Pronounced,
            "999999999",
            "9 hundred 90 9 million 9 hundred 90 9 thousand 9 hundred 90 9",
        ),
        (NotApplicable, "21", "20 1"),
        (Iterated, "1024", "1 0 2 4"),
        (Iterated, "007", "0 0 7"),
        (Counted, "1", "h-1"),
        (Counted, "9", "h-9"),
        (Counted, "13", "13"),
        (Counted, "20", "h-20"),
        (Counted, "21", "20 h-1"),
        (Counted, "30", "h-30"),
        (Counted, "100", "1 hundred"),
        (Counted, "1002", "1 thousand h-2"),
        (Pronounced, "1234567890", "!"),
        (Pronounced, "-1", "!"),
        (Pronounced, "twelve", "!"),
        (Pronounced, "", "!"),
    ] {
        assert_eq!(
            said(SayType::Number, method, text),
            expected,
            "{method:?} {text}"
        );
    }
    assert_eq!(said(SayType::Messages, Pronounced, "3"), "3");
    assert_eq!(said(SayType::Items, Counted, "3"), "h-3");
    assert_eq!(said(SayType::Persons, Iterated, "12"), "1 2");
}

#[test]
fn years() {
    for (text, expected) in [
        ("1984", "19 80 4"),
        ("2011", "20 11"),
        ("2000", "2 thousand"),
        ("2005", "2 thousand 5"),
        ("1900", "1 thousand 9 hundred"),
        ("2024", "20 20 4"),
    ] {
        assert_eq!(
            said(SayType::Number, PronouncedYear, text),
            expected,
            "{text}"
        );
    }
}

#[test]
fn money() {
    for (text, expected) in [
        ("5", "5 currency/dollars"),
        ("1", "1 currency/dollar"),
        ("1.01", "1 currency/dollar currency/and 1 currency/cent"),
        (
            "12.50",
            "12 currency/dollars currency/and 50 currency/cents",
        ),
        ("12.5", "12 currency/dollars currency/and 50 currency/cents"),
        (
            "-3.00",
            "currency/negative 3 currency/dollars currency/and 0 currency/cents",
        ),
        (
            "1,000.99",
            "1 thousand currency/dollars currency/and 90 9 currency/cents",
        ),
        (".25", "0 currency/dollars currency/and 20 5 currency/cents"),
        ("free", "!"),
        ("1.x", "!"),
    ] {
        assert_eq!(
            said(SayType::Currency, Pronounced, text),
            expected,
            "{text}"
        );
    }
}

#[test]
fn lengths_of_time() {
    for (text, expected) in [
        ("3661", "1 time/hour 1 time/minute 1 time/second"),
        ("65", "0 time/hours 1 time/minute 5 time/seconds"),
        ("2:03", "0 time/hours 2 time/minutes 3 time/seconds"),
        ("1:00:30", "1 time/hour 0 time/minutes 30 time/seconds"),
        ("0", "14 time/hours 5 time/minutes 9 time/seconds"),
        ("-5", "14 time/hours 5 time/minutes 9 time/seconds"),
        ("1:2:3:4", "!"),
        ("soon", "!"),
    ] {
        assert_eq!(
            said(SayType::TimeMeasurement, Pronounced, text),
            expected,
            "{text}"
        );
    }
}

#[test]
fn dates() {
    // 2024-03-15, a Friday.
    assert_eq!(
        said(SayType::CurrentDate, Pronounced, ""),
        "time/day-5 time/mon-2 15 20 20 4"
    );
    // 2009-02-21, a Saturday.
    assert_eq!(
        said(SayType::CurrentDate, Pronounced, "1235174400"),
        "time/day-6 time/mon-1 20 h-1 2 thousand 9"
    );
    assert_eq!(said(SayType::CurrentDate, Pronounced, "tomorrow"), "!");
}

#[test]
fn times_of_day() {
    let at = |hour: i64, minute: i64| (NOW - NOW % 86_400 + hour * 3_600 + minute * 60).to_string();
    for (hour, minute, expected) in [
        (14, 30, "2 30 time/p-m"),
        (9, 5, "9 time/oh 5 time/a-m"),
        (12, 0, "12 time/oclock time/p-m"),
        (0, 10, "12 10 time/a-m"),
        (23, 59, "11 50 9 time/p-m"),
    ] {
        assert_eq!(
            said(SayType::CurrentTime, Pronounced, &at(hour, minute)),
            expected
        );
    }
    for (hour, minute, expected) in [
        (14, 30, "14 30 time/hours"),
        (9, 5, "0 9 0 5 time/hours"),
        (14, 0, "14 hundred time/hours"),
        (0, 0, "20 4 hundred time/hours"),
        (0, 7, "0 0 0 7 time/hours"),
    ] {
        assert_eq!(
            said(SayType::CurrentTime, Iterated, &at(hour, minute)),
            expected
        );
    }
    assert_eq!(
        said(SayType::CurrentDateTime, Pronounced, &NOW.to_string()),
        "time/day-5 time/mon-2 15 20 20 4 time/at 2 time/oh 5 time/p-m"
    );
}

#[test]
fn messages_tell_when_they_came_in_short() {
    let days_ago = |days: i64| (NOW - days * 86_400).to_string();
    let time = "time/at 2 time/oh 5 time/p-m";
    for (days, expected) in [
        (0, format!("time/today {time}")),
        (1, format!("time/yesterday {time}")),
        (3, format!("time/day-2 {time}")),
        (5, format!("time/day-0 {time}")),
        (10, format!("time/mon-2 h-5 time/day-2 {time}")),
        (100, format!("time/day-3 time/mon-11 h-6 20 20 3 {time}")),
        (-2, format!("time/day-0 time/mon-2 17 20 20 4 {time}")),
    ] {
        assert_eq!(
            said(SayType::ShortDateTime, Pronounced, &days_ago(days)),
            expected,
            "{days}"
        );
    }
}

#[test]
fn addresses_and_telephone_numbers() {
    assert_eq!(
        said(SayType::IpAddress, Pronounced, "192.168.0.10"),
        "1 hundred 90 2 dot 1 hundred 60 8 dot 0 dot 10"
    );
    assert_eq!(
        said(SayType::IpAddress, Iterated, "10.0.2.1"),
        "1 0 dot 0 dot 2 dot 1"
    );
    assert_eq!(said(SayType::IpAddress, Pronounced, "fe80::1"), "!");
    assert_eq!(
        said(SayType::TelephoneNumber, Pronounced, "+1-2A"),
        "ascii/43 1 silence_stream://100 2 ascii/97"
    );
}

#[test]
fn names() {
    assert_eq!(
        said(SayType::NameSpelled, Pronounced, "Al 5."),
        "ascii/97 ascii/108 ascii/32 5 ascii/46"
    );
    assert_eq!(
        said(SayType::NamePhonetic, Pronounced, "aB1"),
        "phonetic-ascii/97 phonetic-ascii/98 1"
    );
    assert_eq!(
        said(SayType::NameSpelled, Pronounced, "\u{1b}\u{e9}x"),
        "ascii/120"
    );
}

#[test]
fn some_kinds_are_not_spoken() {
    for kind in [
        SayType::TelephoneExtension,
        SayType::Url,
        SayType::EmailAddress,
        SayType::PostalAddress,
        SayType::AccountNumber,
    ] {
        assert_eq!(said(kind, Pronounced, "1"), "!");
    }
}
