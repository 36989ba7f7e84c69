//! Vendors' ways to write a time, to microseconds since 1970 UTC.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDateTime};
use tapemeasure_model::instant::{InstantError, MAX_INSTANT_US, MIN_INSTANT_US, parse_instant, parse_instant_bytes};
use tapemeasure_model::zone::{Offsets, Zone};

use super::english;
use super::scalar::Scalar;
use crate::control::lock;
use crate::quarantine::Reason;

/// Microseconds of a second.
const SECOND_US: i64 = 1_000_000;

/// A time within the years that an archive holds.
fn in_range(us: Option<i64>) -> Result<i64, Reason> {
    us.filter(|us| (MIN_INSTANT_US..=MAX_INSTANT_US).contains(us)).ok_or(Reason::TimeOutOfRange)
}

/// Milliseconds since 1970.
///
/// # Errors
/// [`Reason::TimeOutOfRange`].
pub fn epoch_ms(milliseconds: i64) -> Result<i64, Reason> {
    in_range(milliseconds.checked_mul(1_000))
}

/// Seconds since 1970 in decimal, with or without a fraction: `1452837318.000002`. Digits beyond microseconds are cut.
///
/// # Errors
/// [`Reason::BadTime`] with the field's name, [`Reason::TimeOutOfRange`].
pub fn epoch_text(text: &str, field: &'static str) -> Result<i64, Reason> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !plain(digits) || !plain(fraction) {
        return Err(Reason::BadTime(field));
    }
    let seconds: i64 = whole.parse().map_err(|_| Reason::TimeOutOfRange)?;
    let micros: i64 =
        fraction.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |n, d| n * 10 + i64::from(d - b'0'));
    let micros = if whole.starts_with('-') { -micros } else { micros };
    in_range(seconds.checked_mul(SECOND_US).and_then(|us| us.checked_add(micros)))
}

/// Seconds since 1970 as [`epoch_text`] takes them, or a date and a time as [`utc`] does: what an interface writes as a
/// number, export tools often write out.
///
/// # Errors
/// [`Reason::BadTime`] with the field's name, [`Reason::TimeOutOfRange`].
pub fn epoch_or_utc(text: &str, field: &'static str) -> Result<i64, Reason> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_epoch = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_epoch { epoch_text(text, field) } else { utc(text, field) }
}

/// As [`epoch_or_utc`]; `None` for a time that is not there.
///
/// # Errors
/// [`Reason::BadTime`] with the field's name, [`Reason::TimeOutOfRange`].
pub fn instant(time: &Scalar<'_>, field: &'static str) -> Result<Option<i64>, Reason> {
    time.as_str().map(|text| epoch_or_utc(text, field)).transpose()
}

/// RFC 3339 with an offset.
///
/// # Errors
/// [`Reason::BadTime`] with the field's name, [`Reason::TimeOutOfRange`].
pub fn rfc3339(text: &str, field: &'static str) -> Result<i64, Reason> {
    parse_instant(text.trim()).map_err(|error| match error {
        InstantError::OutOfRange => Reason::TimeOutOfRange,
        _ => Reason::BadTime(field),
    })
}

/// RFC 2822, as in mail and Twilio's interface: `Tue, 31 Mar 2020 14:22:01 +0000`.
///
/// # Errors
/// [`Reason::BadTime`] with the field's name, [`Reason::TimeOutOfRange`].
pub fn rfc2822(text: &str, field: &'static str) -> Result<i64, Reason> {
    let text = text.trim();
    // The usual form by hand: chrono's reader takes half the time of a whole row.
    if let Some(us) = english::rfc2822(text) {
        return in_range(Some(us));
    }
    let time = DateTime::parse_from_rfc2822(text).map_err(|_| Reason::BadTime(field))?;
    in_range(Some(time.timestamp_micros()))
}

/// A date and a time in UTC without saying so: `2020-03-03 13:05:57`, with `T` or a space, with or without a fraction,
/// and with or without ` UTC` or `Z` behind it. An offset is obeyed.
///
/// # Errors
/// [`Reason::BadTime`] with the field's name, [`Reason::TimeOutOfRange`].
pub fn utc(text: &str, field: &'static str) -> Result<i64, Reason> {
    let text = text.trim();
    if let Ok(us) = parse_instant(text) {
        return Ok(us);
    }
    // The usual form with what is missing behind it.
    let mut zoned = [b'Z'; 33];
    if let Some(place) = zoned[..32].get_mut(..text.len()) {
        place.copy_from_slice(text.as_bytes());
        if let Ok(us) = parse_instant_bytes(&zoned[..=text.len()]) {
            return Ok(us);
        }
    }
    let bare = text.strip_suffix("UTC").or_else(|| text.strip_suffix(['Z', 'z'])).unwrap_or(text).trim_end();
    let time = NaiveDateTime::parse_from_str(bare, "%Y-%m-%d %H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(bare, "%Y-%m-%dT%H:%M:%S%.f"))
        .map_err(|_| Reason::BadTime(field))?;
    in_range(Some(time.and_utc().timestamp_micros()))
}

/// Local times that a clock change skipped or doubled, over a whole ingest.
#[derive(Debug, Default)]
pub struct Shifted {
    skipped: AtomicU64,
    doubled: AtomicU64,
}

impl Shifted {
    /// How many were skipped.
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// How many were doubled.
    pub fn doubled(&self) -> u64 {
        self.doubled.load(Ordering::Relaxed)
    }
}

/// The offsets of a zone, looked up once a process: that takes milliseconds, and there may be a million inputs.
fn offsets_of(zone: &Zone) -> Arc<Offsets> {
    static KNOWN: Mutex<BTreeMap<&'static str, Arc<Offsets>>> = Mutex::new(BTreeMap::new());
    let mut known = lock(&KNOWN);
    let offsets =
        known.entry(zone.name()).or_insert_with(|| Arc::new(Offsets::new(zone, MIN_INSTANT_US, MAX_INSTANT_US)));
    Arc::clone(offsets)
}

/// The clock on the wall of a zone, for times without an offset.
///
/// A time that a clock change skipped becomes the instant of the change, one that it doubled the first of the two;
/// both are counted.
#[derive(Debug, Clone)]
pub struct LocalClock {
    offsets: Arc<Offsets>,
    shifted: Arc<Shifted>,
}

impl LocalClock {
    /// The clock of a zone.
    pub fn new(zone: &Zone, shifted: Arc<Shifted>) -> Self {
        Self { offsets: offsets_of(zone), shifted }
    }

    /// The instant at which the clock showed a time.
    ///
    /// # Errors
    /// [`Reason::TimeOutOfRange`].
    pub fn instant(&self, local: NaiveDateTime) -> Result<i64, Reason> {
        let local_us = local.and_utc().timestamp_micros();
        let us = in_range(Some(self.offsets.first_utc_us(local_us)))?;
        let stretch = self.offsets.at(us);
        if us + stretch.offset_us != local_us {
            self.shifted.skipped.fetch_add(1, Ordering::Relaxed);
        } else if stretch.end_us != i64::MAX {
            let next = self.offsets.at(stretch.end_us);
            if local_us - next.offset_us >= stretch.end_us {
                self.shifted.doubled.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2020-03-03T13:05:57Z, from `date -u -d ... +%s`.
    const AFTERNOON_US: i64 = 1_583_240_757_000_000;

    #[test]
    fn every_way_to_write_a_time_means_the_same() {
        let times = [
            epoch_ms(1_583_240_757_000),
            epoch_text("1583240757", "t"),
            epoch_text("1583240757.0000009", "t"),
            rfc3339("2020-03-03T14:05:57+01:00", "t"),
            rfc2822("Tue, 3 Mar 2020 13:05:57 +0000", "t"),
            rfc2822("Tue, 03 Mar 2020 08:05:57 -0500 (EST)", "t"),
            utc("2020-03-03 13:05:57 UTC", "t"),
            utc("2020-03-03 13:05:57", "t"),
            utc("2020-03-03T13:05:57.000", "t"),
            utc("2020-03-03 14:05:57+01:00", "t"),
        ];
        for time in times {
            assert_eq!(time, Ok(AFTERNOON_US));
        }
        assert_eq!(epoch_text("1452837318.000002", "ts"), Ok(1_452_837_318_000_002));
        assert_eq!(epoch_text("-1.5", "ts"), Ok(-1_500_000));
    }

    #[test]
    fn what_is_no_time_is_said_to_be_none() {
        for text in ["", "x", "1.2.3", "1e9", "-", ".5"] {
            assert_eq!(epoch_text(text, "ts"), Err(Reason::BadTime("ts")), "{text}");
        }
        assert_eq!(rfc2822("Tue, 99 Mar 2020", "Date"), Err(Reason::BadTime("Date")));
        assert_eq!(utc("2020-13-03 13:05:57", "t"), Err(Reason::BadTime("t")));
        for time in [epoch_ms(i64::MIN), epoch_text("99999999999999", "t"), epoch_text("-99999999999999999999", "t")] {
            assert_eq!(time, Err(Reason::TimeOutOfRange));
        }
    }

    /// Expected: 2015 in New York, clocks forward on 8 March at 02:00, back on 1 November at 02:00 (tz database).
    #[test]
    fn clock_changes_are_counted() {
        let shifted = Arc::new(Shifted::default());
        let clock = LocalClock::new(&Zone::parse("America/New_York").unwrap(), Arc::clone(&shifted));
        let instant = |text: &str| clock.instant(text.parse().unwrap()).unwrap();
        assert_eq!(instant("2015-01-02T10:25:02"), 1_420_212_302_000_000);
        assert_eq!((shifted.skipped(), shifted.doubled()), (0, 0));
        // Skipped: the change itself, 07:00 UTC.
        assert_eq!(instant("2015-03-08T02:30:00"), 1_425_798_000_000_000);
        assert_eq!(instant("2015-03-08T03:00:00"), 1_425_798_000_000_000);
        assert_eq!((shifted.skipped(), shifted.doubled()), (1, 0));
        // Doubled: still daylight saving time, 05:30 UTC.
        assert_eq!(instant("2015-11-01T01:30:00"), 1_446_355_800_000_000);
        assert_eq!(instant("2015-11-01T00:59:59"), 1_446_353_999_000_000);
        assert_eq!(instant("2015-11-01T02:00:00"), 1_446_361_200_000_000);
        assert_eq!((shifted.skipped(), shifted.doubled()), (1, 1));
    }
}
