//! Local time of an IANA zone, by tables of its transitions and integer arithmetic.
//!
//! | file | is |
//! |---|---|
//! | [`offsets`] | the stretches of constant UTC offset over a range of time |
//! | [`buckets`] | hours, days, weeks, months, quarters, years as numbers and as text |
//! | [`local`] | weekday and hour of day |
//! | [`month`] | months, and which of them a fiscal year begins with |

pub mod buckets;
pub mod local;
pub mod month;
pub mod offsets;

pub use buckets::{Buckets, Grain, WeekStart};
pub use local::{LocalDay, LocalTime};
pub use month::Month;
pub use offsets::Offsets;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::instant::{DAY_US, SECOND_US};

/// A name that is no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {name:?}; write an IANA name such as Europe/Berlin or UTC")]
pub struct ZoneError {
    /// The name as given.
    pub name: String,
}

/// An IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    tz: Tz,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { tz: Tz::UTC };

    /// The zone of a name, written as the database writes it.
    ///
    /// # Errors
    /// [`ZoneError`] with the name.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        match name.trim().parse::<Tz>() {
            Ok(tz) => Ok(Self { tz }),
            Err(_) => Err(ZoneError { name: name.to_owned() }),
        }
    }

    /// The IANA name.
    pub fn name(&self) -> &'static str {
        self.tz.name()
    }

    /// Seconds east of UTC at an instant. Instants that chrono cannot hold are taken as the nearest it can.
    pub fn utc_offset_s(&self, us: i64) -> i32 {
        let utc = DateTime::from_timestamp_micros(us)
            .unwrap_or(if us < 0 { DateTime::<chrono::Utc>::MIN_UTC } else { DateTime::<chrono::Utc>::MAX_UTC })
            .naive_utc();
        self.tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()
    }

    /// The first instant of a local date, given as days since 1970-01-01: midnight, or where a clock change skips
    /// midnight the instant of the change.
    pub fn local_date_start_us(&self, days_since_epoch: i32) -> i64 {
        let local_us = i64::from(days_since_epoch) * DAY_US;
        self.local_to_utc_us(local_us)
    }

    /// The first instant at which the local clock shows the given local time or a later one of the same change.
    ///
    /// `local_us` counts microseconds of the wall clock since 1970-01-01T00:00. A time that is skipped gives the
    /// instant of the change; one that occurs twice gives the first.
    pub fn local_to_utc_us(&self, local_us: i64) -> i64 {
        Offsets::new(self, local_us.saturating_sub(2 * DAY_US), local_us.saturating_add(2 * DAY_US))
            .first_utc_us(local_us)
    }
}

/// One second west or east of UTC in microseconds.
pub(crate) const fn offset_us(offset_s: i32) -> i64 {
    offset_s as i64 * SECOND_US
}
