//! Open time against a twin that steps through minutes, converts each to local time and asks whether it is open; and
//! against lengths worked out by hand.

use super::*;
use crate::instant::{DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_instant};

fn us(text: &str) -> i64 {
    parse_instant(text).unwrap()
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn hours(text: &str) -> DayHours {
    DayHours::parse(text).unwrap()
}

/// A week with the same hours from Monday to Friday, and others on Saturday and Sunday.
fn week(zone: &str, weekdays: &str, saturday: &str, sunday: &str) -> Week {
    let [sat, sun] = [saturday, sunday].map(hours);
    let day = || hours(weekdays);
    Week { zone: Zone::parse(zone).unwrap(), days: [day(), day(), day(), day(), day(), sat, sun] }
}

fn plain(week: Week) -> Calendar {
    Calendar::new(week, BTreeMap::new(), BTreeMap::new())
}

fn with_holidays(week: Week, holidays: &[(&str, &str)]) -> Calendar {
    let holidays = holidays.iter().map(|(day, text)| (date(day), hours(text))).collect();
    Calendar::new(week, BTreeMap::new(), holidays)
}

/// xorshift64*, by Vigna (2016).
struct Random(u64);

impl Random {
    fn below(&mut self, n: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as i64 % n
    }
}

/// Whether the calendar is open at an instant: read off the clock of each of its zones, without any table.
fn is_open(calendar: &Calendar, at_us: i64) -> bool {
    let mut weeks = std::iter::once(&calendar.first).chain(calendar.changes.values());
    weeks.any(|week| {
        let local_us = at_us + i64::from(week.zone.utc_offset_s(at_us)) * SECOND_US;
        let today = Date::from_days(local_us.div_euclid(DAY_US));
        let yesterday = Date::from_days(today.days() - 1);
        let minute = (local_us.rem_euclid(DAY_US) / MINUTE_US) as u16;
        let holds = |begun: Date| std::ptr::eq(calendar.week_on(begun), week);
        let within = |begun: Date, minute: u16| {
            calendar.hours_on(begun).intervals().iter().any(|i| i.start_min() <= minute && minute < i.end_min())
        };
        (holds(today) && within(today, minute))
            || (holds(yesterday) && within(yesterday, minute + 1_440) && !calendar.is_holiday(today))
    })
}

/// The open part of a span, minute by minute. Offsets and hours are whole minutes, so each is open or closed as a whole.
fn minute_by_minute(calendar: &Calendar, from_us: i64, to_us: i64) -> i64 {
    let mut open_us = 0;
    let mut at = from_us;
    while at < to_us {
        let next = ((at.div_euclid(MINUTE_US) + 1) * MINUTE_US).min(to_us);
        if is_open(calendar, at) {
            open_us += next - at;
        }
        at = next;
    }
    open_us
}

/// Random spans of up to six days around each of some instants.
#[track_caller]
fn check_against_the_twin(calendar: &Calendar, around: &[&str], spans: usize) {
    let mut random = Random(0x7A9E);
    let (first, last) = (us("2024-12-01T00:00:00Z"), us("2026-02-01T00:00:00Z"));
    let open = OpenTime::new(calendar, first, last);
    let (mut from, mut to, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for around in around {
        for _ in 0..spans {
            let start = us(around) - 3 * DAY_US + random.below(5 * 86_400_000) * 1_000 + random.below(1_000);
            let length = match random.below(3) {
                0 => random.below(90 * 60) * SECOND_US,
                1 => random.below(30 * 60) * MINUTE_US / 2,
                _ => random.below(6 * 86_400_000) * 1_000,
            };
            from.push(start);
            to.push(start + length);
            expected.push(minute_by_minute(calendar, start, start + length));
        }
    }
    let mut found = Vec::new();
    business_us(&open, &from, &to, &mut found);
    for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "{} to {}", from[row], to[row]);
    }
    // A table of a short range answers the same.
    let short = OpenTime::new(calendar, from[0], from[0]);
    business_us(&short, &from, &to, &mut found);
    assert_eq!(found, expected);
    assert_eq!(short.business_us(from[1], to[1]), expected[1]);
}

/// Both clock changes of each zone, an ordinary week, and the new year.
#[test]
fn random_spans_are_the_sum_of_their_open_minutes() {
    let zones: [(&str, &[&str]); 5] = [
        ("Europe/Berlin", &["2025-03-30T01:00:00Z", "2025-10-26T01:00:00Z", "2025-06-04T12:00:00Z"]),
        ("America/New_York", &["2025-03-09T07:00:00Z", "2025-11-02T06:00:00Z", "2025-01-01T00:00:00Z"]),
        ("Australia/Lord_Howe", &["2025-04-05T15:00:00Z", "2025-10-04T15:30:00Z"]),
        ("Asia/Kathmandu", &["2025-03-03T09:00:00Z", "2025-12-31T18:15:00Z"]),
        ("UTC", &["2025-03-03T09:00:00Z"]),
    ];
    for (zone, around) in zones {
        check_against_the_twin(&plain(week(zone, "09:00-17:00", "closed", "closed")), around, 25);
        check_against_the_twin(
            &plain(week(zone, "22:00-06:00, 12:00-12:45", "00:30-03:15", "01:15-02:45")),
            around,
            25,
        );
        check_against_the_twin(&plain(week(zone, "00:00-24:00", "00:00-24:00", "00:00-24:00")), around, 10);
    }
}

#[test]
fn random_spans_over_holidays_are_the_sum_of_their_open_minutes() {
    let night = week("Europe/Berlin", "22:00-06:00", "20:00-08:00", "20:00-08:00");
    let holidays =
        [("2025-10-25", "closed"), ("2025-10-26", "01:00-04:00, 23:00-02:00"), ("2025-12-25", "00:00-06:00")];
    let around = ["2025-10-26T01:00:00Z", "2025-12-25T12:00:00Z"];
    check_against_the_twin(&with_holidays(night, &holidays), &around, 60);
}

#[test]
fn random_spans_over_changes_of_the_calendar_are_the_sum_of_their_open_minutes() {
    let changes = [
        ("2025-03-30", week("Europe/Berlin", "08:00-20:00", "20:00-04:00", "20:00-04:00")),
        ("2025-04-02", week("Asia/Kathmandu", "09:00-17:00", "closed", "closed")),
        ("2025-04-03", week("America/New_York", "00:00-24:00", "closed", "closed")),
    ];
    let changes = changes.into_iter().map(|(from, week)| (date(from), week)).collect();
    let calendar =
        Calendar::new(week("Europe/Berlin", "22:00-06:00", "22:00-06:00", "closed"), changes, BTreeMap::new());
    check_against_the_twin(&calendar, &["2025-03-30T01:00:00Z", "2025-04-02T12:00:00Z"], 60);
}

#[track_caller]
fn check(calendar: &Calendar, from: &str, to: &str, expected_us: i64) {
    let (from, to) = (us(from), us(to));
    let open = OpenTime::new(calendar, from.min(to), from.max(to));
    assert_eq!(open.business_us(from, to), expected_us);
    assert_eq!(open.business_us(to, from), -expected_us);
}

/// Worked by hand.
#[test]
fn a_skipped_hour_is_no_time_and_a_doubled_one_counts_twice() {
    // Berlin: 02:00 to 03:00 is skipped on 30 March 2025, and comes twice on 26 October.
    let berlin = plain(week("Europe/Berlin", "closed", "closed", "01:00-05:00"));
    check(&berlin, "2025-03-29T12:00:00Z", "2025-03-30T12:00:00Z", 3 * HOUR_US);
    check(&berlin, "2025-10-25T12:00:00Z", "2025-10-26T12:00:00Z", 5 * HOUR_US);
    check(&berlin, "2025-05-31T12:00:00Z", "2025-06-01T12:00:00Z", 4 * HOUR_US);
    // Opened at 02:30 for the first time (CEST) to 02:15 for the second (CET): 45 minutes, all of them open.
    check(&berlin, "2025-10-26T00:30:00Z", "2025-10-26T01:15:00Z", 45 * MINUTE_US);
    // Open from 02:30 to 03:00 of the doubled hour: half an hour, twice.
    let half = plain(week("Europe/Berlin", "closed", "closed", "02:30-03:00"));
    check(&half, "2025-10-25T12:00:00Z", "2025-10-26T12:00:00Z", 60 * MINUTE_US);
    check(&half, "2025-03-29T12:00:00Z", "2025-03-30T12:00:00Z", 0);
    // Lord Howe moves by half an hour: 01:30 to 02:00 comes twice on 6 April 2025, 02:00 to 02:30 is skipped on 5 October.
    let howe = plain(week("Australia/Lord_Howe", "closed", "closed", "01:00-03:00"));
    check(&howe, "2025-04-05T00:00:00Z", "2025-04-06T12:00:00Z", 150 * MINUTE_US);
    check(&howe, "2025-10-04T00:00:00Z", "2025-10-05T12:00:00Z", 90 * MINUTE_US);
}

/// Worked by hand: 24 December 2025 is a Wednesday.
#[test]
fn a_holiday_takes_the_place_of_its_weekday() {
    let day = week("Europe/Berlin", "09:00-17:00", "closed", "closed");
    let calendar =
        with_holidays(day, &[("2025-12-24", "09:00-12:00"), ("2025-12-25", "closed"), ("2025-12-28", "10:00-11:00")]);
    check(&calendar, "2025-12-23T15:00:00Z", "2025-12-26T08:30:00Z", HOUR_US + 3 * HOUR_US + 30 * MINUTE_US);
    check(&calendar, "2025-12-24T11:00:00Z", "2025-12-26T08:00:00Z", 0);
    check(&calendar, "2025-12-27T00:00:00Z", "2025-12-29T00:00:00Z", HOUR_US);
    // A night that runs into a holiday ends at its midnight (23:00 UTC), and none begins on it.
    let night = week("Europe/Berlin", "22:00-06:00", "closed", "closed");
    let closed = with_holidays(night.clone(), &[("2025-12-25", "closed")]);
    check(&closed, "2025-12-24T12:00:00Z", "2025-12-26T12:00:00Z", 2 * HOUR_US);
    let to_the_end = with_holidays(night, &[("2025-12-25", "00:00-06:00")]);
    check(&to_the_end, "2025-12-24T12:00:00Z", "2025-12-26T12:00:00Z", 8 * HOUR_US);
}

/// Worked by hand: 8 March 2025 is a Saturday.
#[test]
fn a_span_wholly_outside_is_zero_and_hours_that_overlap_count_once() {
    let calendar = plain(week("UTC", "09:00-17:00", "10:00-12:00, 11:00-13:00, 13:00-14:00", "closed"));
    check(&calendar, "2025-03-07T17:00:00Z", "2025-03-08T10:00:00Z", 0);
    check(&calendar, "2025-03-09T00:00:00Z", "2025-03-10T09:00:00Z", 0);
    check(&calendar, "2025-03-08T00:00:00Z", "2025-03-09T00:00:00Z", 4 * HOUR_US);
    check(&calendar, "2025-03-10T09:00:00Z", "2025-03-10T09:00:00.000001Z", 1);
    check(&calendar, "2025-03-10T16:59:59.999999Z", "2025-03-11T09:00:00.000002Z", 3);
    let nights = plain(week("UTC", "20:00-10:00, 08:00-12:00", "closed", "closed"));
    check(&nights, "2025-03-10T12:00:00Z", "2025-03-11T12:00:00Z", 16 * HOUR_US);
}

#[test]
fn far_away_and_nowhere_has_an_answer() {
    let calendar = plain(week("UTC", "00:00-24:00", "00:00-24:00", "00:00-24:00"));
    let open = OpenTime::new(&calendar, us("2025-01-01T00:00:00Z"), us("2025-02-01T00:00:00Z"));
    let (from, to) = (us("1969-12-31T23:00:00Z"), us("2030-01-01T00:00:00Z"));
    assert_eq!(open.business_us(from, to), to - from);
    assert_eq!(open.business_us(i64::MIN, i64::MIN), 0);
    let mut out = vec![7];
    business_us(&open, &[], &[], &mut out);
    assert_eq!(out, [0_i64; 0]);
}

#[test]
fn hours_are_read_as_they_are_written() {
    for text in ["09:00-17:00", "09:00-12:00, 13:00-24:00", "22:00-06:00", "00:00-24:00", "closed"] {
        assert_eq!(hours(text).to_string(), text);
    }
    assert_eq!(hours("13:00–17:00,9:05 - 12:00").to_string(), "09:05-12:00, 13:00-17:00");
    assert_eq!(hours("22:00-00:00").to_string(), "22:00-24:00");
    for (text, weekday) in [("2025-03-03", 0), ("2024-02-29", 3), ("1969-12-31", 2), ("2025-03-09", 6)] {
        assert_eq!((date(text).to_string(), date(text).weekday()), (text.to_owned(), weekday));
    }
    for wrong in ["2025-02-29", "2025-13-01", "2025-1-01", "0000-01-01", "2025-03-03T", ""] {
        assert_eq!(Date::parse(wrong), None, "{wrong}");
    }
}
