//! Times with English names in fixed places: Twitter's `Tue Oct 31 22:10:47 +0000 2017`, and the usual form of RFC 2822,
//! `Tue, 31 Oct 2017 22:10:47 +0000`.

use tapemeasure_model::instant::{SECOND_US, civil_from_days, days_from_civil};

const DAY_S: i64 = 86_400;

/// Days of the week by the remainder of the days since 1970-01-01, a Thursday.
const WEEKDAYS: [&[u8]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Microseconds since 1970 UTC of a time as Twitter writes it. `None` for any other text, also for a day that there is not, and for a weekday that is
/// not that of the day. A leap second (`:60`) is the first instant of the next minute.
///
/// Written out, because there are millions of tweets and chrono's reader goes through its format anew for each.
pub fn twitter(text: &str) -> Option<i64> {
    // Www Mmm dd hh:mm:ss +hhmm yyyy
    // 0   4   8  11 14 17 20    26
    let text: &[u8; 30] = text.as_bytes().try_into().ok()?;
    if ![3, 7, 10, 19, 25].iter().all(|&place: &usize| text[place] == b' ') {
        return None;
    }
    instant(&text[0..3], (&text[26..30], &text[4..7], &text[8..10]), &text[11..19], &text[20..25])
}

/// Microseconds since 1970 UTC of a time by RFC 2822 with a weekday, two digits of the day, seconds and a number as
/// offset. `None` for any other text, which may still be one by that rule.
pub fn rfc2822(text: &str) -> Option<i64> {
    // Www, dd Mmm yyyy hh:mm:ss +hhmm
    // 0    5  8   12   17       26
    let text: &[u8; 31] = text.as_bytes().try_into().ok()?;
    if text[3] != b',' || ![4, 7, 11, 16, 25].iter().all(|&place: &usize| text[place] == b' ') {
        return None;
    }
    instant(&text[0..3], (&text[12..16], &text[8..11], &text[5..7]), &text[17..25], &text[26..31])
}

/// Microseconds since 1970 UTC of a weekday, of year, month and day, of a time `hh:mm:ss` and an offset `+hhmm`.
fn instant(weekday: &[u8], (year, month, day): (&[u8], &[u8], &[u8]), time: &[u8], offset: &[u8]) -> Option<i64> {
    if time[2] != b':' || time[5] != b':' {
        return None;
    }
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let month = i64::try_from(month + 1).ok()?;
    let (year, day) = (digits(year)?, digits(day)?);
    let (hour, minute, second) = (digits(&time[0..2])?, digits(&time[3..5])?, digits(&time[6..8])?);
    let (offset_hours, offset_minutes) = (digits(&offset[1..3])?, digits(&offset[3..5])?);
    let days = days_from_civil(year, month, day);
    let is_day = civil_from_days(days) == (year, month, day);
    let is_time = hour <= 23 && minute <= 59 && second <= 60 && offset_hours <= 23 && offset_minutes <= 59;
    let day_of_week = usize::try_from(days.rem_euclid(7)).ok()?;
    if !is_day || !is_time || !WEEKDAYS[day_of_week].eq_ignore_ascii_case(weekday) {
        return None;
    }
    let offset_s = match offset[0] {
        b'+' => offset_hours * 3_600 + offset_minutes * 60,
        b'-' => -(offset_hours * 3_600 + offset_minutes * 60),
        _ => return None,
    };
    Some((days * DAY_S + hour * 3_600 + minute * 60 + second - offset_s) * SECOND_US)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, FixedOffset, TimeDelta};

    use super::*;

    const FORMAT: &str = "%a %b %d %H:%M:%S %z %Y";

    fn slow(text: &str) -> Option<i64> {
        DateTime::parse_from_str(text, FORMAT).ok().map(|time| time.timestamp_micros())
    }

    /// Expected: GNU `date -u -d "2017-10-31 22:10:47" +%s`.
    #[test]
    fn a_time_is_read() {
        assert_eq!(twitter("Tue Oct 31 22:10:47 +0000 2017"), Some(1_509_487_847_000_000));
        assert_eq!(twitter("Wed Nov 01 00:10:47 +0200 2017"), Some(1_509_487_847_000_000));
    }

    #[test]
    fn the_order_of_mail_is_read_as_chrono_reads_it() {
        for text in [
            "Tue, 31 Oct 2017 22:10:47 +0000",
            "Wed, 01 Nov 2017 00:10:47 +0200",
            "Thu, 29 Feb 2024 23:59:59 -1130",
            "Mon, 01 Jan 0001 00:00:00 +0000",
        ] {
            assert_eq!(
                rfc2822(text),
                DateTime::parse_from_rfc2822(text).ok().map(|time| time.timestamp_micros()),
                "{text}"
            );
        }
        for text in
            ["Tue, 1 Oct 2017 22:10:47 +0000", "Mon, 31 Oct 2017 22:10:47 +0000", "Tue, 31 Oct 2017 22:10:47 GMT", ""]
        {
            assert_eq!(rfc2822(text), None, "{text}");
        }
    }

    #[test]
    fn every_time_is_what_chrono_reads() {
        let start = DateTime::parse_from_rfc3339("0001-01-02T00:00:00Z").unwrap();
        // Steps of 37 days, 5 hours, 7 minutes and 11 seconds go through all weekdays, months and clocks.
        let step = TimeDelta::seconds(37 * 86_400 + 5 * 3_600 + 7 * 60 + 11);
        let mut time = start;
        let mut offset_s = -43_200;
        while time < DateTime::parse_from_rfc3339("9999-12-30T00:00:00Z").unwrap() {
            let text = time.with_timezone(&FixedOffset::east_opt(offset_s).unwrap()).format(FORMAT).to_string();
            if text.len() == 30 {
                assert_eq!(twitter(&text), Some(time.timestamp_micros()), "{text}");
            }
            time += step;
            offset_s = if offset_s < 50_400 { offset_s + 900 } else { -43_200 };
        }
    }

    #[test]
    fn whatever_is_changed_in_a_time_is_judged_as_chrono_judges_it() {
        let text = "Tue Oct 31 22:10:47 +0000 2017";
        for place in 0..text.len() {
            for byte in b"0123456789 :+-ATx" {
                let mut changed = text.as_bytes().to_vec();
                changed[place] = *byte;
                let changed = String::from_utf8(changed).unwrap();
                // chrono also takes one digit behind two blanks, a sign before a year, more blanks than one and fewer
                // than one.
                if twitter(&changed).is_some() || !lenient(&changed) {
                    assert_eq!(twitter(&changed), slow(&changed), "{changed}");
                }
            }
        }
        for text in
            ["", "Tue Oct 31 22:10:47 +0000 201", "Tue Oct 31 22:10:47 +0000 20177", "2017-10-31T22:10:47+00:00 "]
        {
            assert_eq!(twitter(text), None, "{text}");
        }
        assert_eq!(twitter("Thu Feb 29 12:00:00 +0000 2024"), slow("Thu Feb 29 12:00:00 +0000 2024"));
        assert_eq!(twitter("Wed Feb 29 12:00:00 +0000 2023"), None);
        assert_eq!(twitter("Tue Oct 31 22:59:60 +0000 2017"), slow("Tue Oct 31 22:59:60 +0000 2017"));
    }

    /// Whether a text is not laid out as Twitter does it.
    fn lenient(text: &str) -> bool {
        let shape: String = text
            .chars()
            .map(|c| match c {
                '0'..='9' => '0',
                'A'..='Z' | 'a'..='z' => 'a',
                '-' => '+',
                other => other,
            })
            .collect();
        shape != "aaa aaa 00 00:00:00 +0000 0000"
    }
}
