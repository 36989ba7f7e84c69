//! Ways to write a time that a mapping may name.

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use tapemeasure_model::schema::col;

use crate::formats::adapter::times::{self, LocalClock};
use crate::quarantine::Reason;

/// A way to write a time.
#[derive(Debug, Clone, PartialEq)]
pub enum TimeFormat {
    /// `2025-03-03T09:00:00+01:00`.
    Rfc3339,
    /// `Mon, 3 Mar 2025 09:00:00 +0100`.
    Rfc2822,
    /// Seconds since 1970, with or without a fraction.
    EpochS,
    /// Milliseconds since 1970.
    EpochMs,
    /// Microseconds since 1970.
    EpochUs,
    /// By a pattern of strftime.
    Pattern {
        /// The pattern, taken apart.
        items: Vec<Item<'static>>,
        /// What times of the pattern say.
        says: Says,
    },
}

/// What a time says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// An instant: it has an offset, or counts from 1970.
    Instant,
    /// Date and time on a clock that it does not name.
    LocalTime,
    /// A date without a time: its midnight.
    LocalDate,
}

impl TimeFormat {
    /// The format of a name, or of a pattern of strftime as chrono knows it.
    ///
    /// # Errors
    /// What is wrong with a pattern: it is tried on a time that is known.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        Ok(match text {
            "rfc3339" => Self::Rfc3339,
            "rfc2822" => Self::Rfc2822,
            "epoch_s" => Self::EpochS,
            "epoch_ms" => Self::EpochMs,
            "epoch_us" => Self::EpochUs,
            pattern => {
                if !pattern.contains('%') {
                    return Err("no such name; take rfc3339, rfc2822, epoch_s, epoch_ms, epoch_us, or a pattern \
                                such as %Y-%m-%d %H:%M:%S");
                }
                // Elsewhere %f is the digits of a fraction; to chrono it is a number of nanoseconds, .25 would be 25.
                let pattern = pattern.replace(".%f", "%.f");
                if pattern.contains("%f") {
                    return Err("%f by itself is a number of nanoseconds; take %3f for milliseconds, %6f for \
                                microseconds, or .%f behind a point");
                }
                let items = StrftimeItems::new(&pattern)
                    .parse_to_owned()
                    .map_err(|_| "a specifier is unknown; see the list of chrono's strftime")?;
                let says = what_it_says(&items)?;
                Self::Pattern { items, says }
            }
        })
    }

    /// Whether its times name neither zone nor offset.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Pattern { says: Says::LocalTime | Says::LocalDate, .. })
    }

    /// The instant that a text says; `clock` is for times that are local.
    ///
    /// # Errors
    /// [`Reason::BadTime`], [`Reason::TimeOutOfRange`]; [`Reason::TimeWithoutOffset`] for a local time without a clock.
    pub fn read(&self, text: &str, clock: Option<&LocalClock>) -> Result<i64, Reason> {
        let text = text.trim();
        match self {
            Self::Rfc3339 => times::rfc3339(text, col::OCCURRED_AT),
            Self::Rfc2822 => times::rfc2822(text, col::OCCURRED_AT),
            Self::EpochS => times::epoch_text(text, col::OCCURRED_AT),
            Self::EpochMs => times::epoch_ms(whole(text)?),
            Self::EpochUs => whole(text),
            Self::Pattern { items, says } => {
                let mut parsed = Parsed::new();
                parse(&mut parsed, text, items.iter()).map_err(|_| BAD)?;
                match says {
                    Says::Instant => parsed.to_datetime().map(|time| time.timestamp_micros()).map_err(|_| BAD),
                    Says::LocalTime => local(parsed.to_naive_datetime_with_offset(0), clock),
                    Says::LocalDate => local(parsed.to_naive_date().map(|date| date.and_time(NaiveTime::MIN)), clock),
                }
            }
        }
    }
}

const BAD: Reason = Reason::BadTime(col::OCCURRED_AT);

/// A time of the wall clock.
fn local<E>(time: Result<NaiveDateTime, E>, clock: Option<&LocalClock>) -> Result<i64, Reason> {
    let time = time.map_err(|_| BAD)?;
    clock.ok_or(Reason::TimeWithoutOffset)?.instant(time)
}

/// A whole number; a fraction, as floats have it, is cut.
fn whole(text: &str) -> Result<i64, Reason> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BAD);
    }
    whole.parse().map_err(|_| BAD)
}

/// Writes a known time by the pattern and reads it again: a pattern without a year, or with twelve hours and no AM or
/// PM, can be written and never be read.
fn what_it_says(items: &[Item<'static>]) -> Result<Says, &'static str> {
    /// 2001-02-03T16:05:06Z.
    const SAMPLE_S: i64 = 981_216_306;
    let sample: DateTime<Utc> = DateTime::from_timestamp(SAMPLE_S, 0).unwrap_or_default();
    let mut text = String::new();
    std::fmt::write(&mut text, format_args!("{}", sample.format_with_items(items.iter())))
        .map_err(|_| "a specifier cannot be used for times")?;
    let mut parsed = Parsed::new();
    parse(&mut parsed, &text, items.iter())
        .map_err(|_| "what it writes it cannot read; put something between its parts")?;
    if parsed.offset().is_some() || parsed.timestamp().is_some() {
        return parsed.to_datetime().map(|_| Says::Instant).map_err(|_| INCOMPLETE);
    }
    if parsed.to_naive_datetime_with_offset(0).is_ok() {
        return Ok(Says::LocalTime);
    }
    let has_time = parsed.hour_mod_12().is_some() || parsed.minute().is_some() || parsed.second().is_some();
    if !has_time && parsed.to_naive_date().is_ok() { Ok(Says::LocalDate) } else { Err(INCOMPLETE) }
}

const INCOMPLETE: &str = "it leaves out the year, month, day or minute, or has %I without %p";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tapemeasure_model::zone::Zone;

    use super::*;
    use crate::formats::adapter::times::Shifted;

    /// 2025-03-03T09:00:00Z, from `date -u -d 2025-03-03T09:00:00Z +%s`.
    const NINE_US: i64 = 1_740_992_400_000_000;

    fn read(format: &str, text: &str) -> Result<i64, Reason> {
        let clock = LocalClock::new(&Zone::parse("America/New_York").unwrap(), Arc::new(Shifted::default()));
        TimeFormat::new(format).unwrap().read(text, Some(&clock))
    }

    #[test]
    fn one_instant_in_every_format() {
        let cases = [
            ("rfc3339", "2025-03-03T10:00:00+01:00"),
            ("rfc2822", "Mon, 3 Mar 2025 04:00:00 -0500"),
            ("epoch_s", "1740992400"),
            ("epoch_s", "1740992400.0"),
            ("epoch_ms", "1740992400000"),
            ("epoch_ms", "1740992400000.0"),
            ("epoch_us", "1740992400000000"),
            ("%s", "1740992400"),
            ("%Y-%m-%d %H:%M:%S%.f %z", "2025-03-03 10:00:00.000 +0100"),
            ("%a %b %d %H:%M:%S %z %Y", "Mon Mar 03 09:00:00 +0000 2025"),
            // New York is five hours behind.
            ("%m/%d/%Y %I:%M:%S %p", "03/03/2025 04:00:00 AM"),
            ("%m/%d/%Y %I:%M:%S %p", " 3/3/2025 4:00:00 AM "),
            ("%Y-%m-%d %H:%M", "2025-03-03 04:00"),
            ("%Y-%m-%d %H:%M:%S%.f", "2025-03-03 04:00:00"),
            ("%Y-%m-%d %H:%M:%S %Z", "2025-03-03 04:00:00 EST"),
            ("%Y-%m-%d %H:%M:%S,%3f", "2025-03-03 04:00:00,000"),
        ];
        for (format, text) in cases {
            assert_eq!(read(format, text), Ok(NINE_US), "{format} {text}");
        }
        for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S.%f"] {
            assert_eq!(read(format, "2025-03-03 04:00:00.25"), Ok(NINE_US + 250_000));
        }
        // Midnight in New York.
        assert_eq!(read("%d.%m.%Y", "03.03.2025"), Ok(NINE_US - 4 * 3_600_000_000));
    }

    #[test]
    fn patterns_that_can_never_be_read_are_refused() {
        let cases = [
            ("iso8601", "no such name"),
            ("%m/%d %H:%M", INCOMPLETE),
            ("%Y-%m-%d %I:%M", INCOMPLETE),
            ("%Y-%m-%d %H", INCOMPLETE),
            ("%H:%M:%S %z", INCOMPLETE),
            ("%Y-%m-%d %Q%!", "a specifier is unknown"),
            ("%Y-%m-%d %H:%M:%S,%f", "%f by itself"),
        ];
        for (format, expected) in cases {
            let error = TimeFormat::new(format).unwrap_err();
            assert!(error.starts_with(expected), "{format}: {error}");
        }
    }

    #[test]
    fn what_is_no_time_is_said_to_be_none() {
        for (format, text) in [
            ("rfc3339", "2025-03-03T10:00:00"),
            ("epoch_s", "yesterday"),
            ("epoch_ms", "1.5e9"),
            ("epoch_us", ""),
            ("%Y-%m-%d %H:%M", "2025-02-30 04:00"),
            ("%Y-%m-%d %H:%M", "2025-03-03 04:00 AM"),
        ] {
            assert_eq!(read(format, text), Err(BAD), "{format} {text}");
        }
        assert_eq!(read("epoch_s", "1740992400000000"), Err(Reason::TimeOutOfRange));
        let local = TimeFormat::new("%Y-%m-%d %H:%M").unwrap();
        assert!(local.is_local() && !TimeFormat::new("epoch_s").unwrap().is_local());
        assert_eq!(local.read("2025-03-03 04:00", None), Err(Reason::TimeWithoutOffset));
    }
}
