//! Business hours: which instants count (kpi-rules T2).
//!
//! | file | is |
//! |---|---|
//! | this file | a calendar: zone and weekly hours, from when on they hold, holidays |
//! | [`hours`] | dates, and the hours of a day, as text |
//! | [`open_time`] | the open spans of a range of time, and how much of a span is open |
//!
//! Local hours are mapped to instants through the changes of the zone: a local hour that is skipped is no time, one that
//! comes twice counts twice, as it elapses.

pub mod hours;
pub mod open_time;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use hours::{Date, DayHours, Interval};
pub use open_time::{OpenTime, business_us};

use crate::nearest::Meant;
use crate::zone::Zone;

/// The hours of a week on the clock of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Whose clock the hours are read from.
    pub zone: Zone,
    /// The hours that begin on each day, Monday first.
    pub days: [DayHours; 7],
}

/// When a team is there: weekly hours, which may change from a date on, and dated holidays.
///
/// - Hours belong to the local day on which they begin, even where they end on the next.
/// - A holiday has the hours that it says, or none, instead of those of its weekday, and hours of the day before end at
///   its midnight.
/// - Hours that overlap count once.
/// - A week holds from local midnight of its date on; the first one also holds before all others, for ever back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    first: Week,
    changes: BTreeMap<Date, Week>,
    holidays: BTreeMap<Date, DayHours>,
}

impl Calendar {
    /// A calendar that begins with `first`, has other weeks from the dates of `changes` on, and `holidays` with their
    /// hours, none being closed.
    pub fn new(first: Week, changes: BTreeMap<Date, Week>, holidays: BTreeMap<Date, DayHours>) -> Self {
        Self { first, changes, holidays }
    }

    /// The week that holds on a date.
    pub fn week_on(&self, date: Date) -> &Week {
        self.changes.range(..=date).next_back().map_or(&self.first, |(_, week)| week)
    }

    /// The hours that begin on a date.
    pub fn hours_on(&self, date: Date) -> &DayHours {
        self.holidays.get(&date).unwrap_or_else(|| &self.week_on(date).days[date.weekday()])
    }

    /// Whether a date is a holiday, with hours or without.
    pub fn is_holiday(&self, date: Date) -> bool {
        self.holidays.contains_key(&date)
    }

    /// Whether there is any open time at all.
    pub fn is_ever_open(&self) -> bool {
        let weeks = std::iter::once(&self.first).chain(self.changes.values());
        weeks.flat_map(|week| &week.days).chain(self.holidays.values()).any(|hours| !hours.is_closed())
    }
}

/// Why there are no business hours for a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// No calendar of that name.
    #[error("unknown calendar {name:?}; {meant}known are {known}")]
    Unknown {
        /// As given.
        name: String,
        /// The known name that is near.
        meant: Meant,
        /// Every known name.
        known: String,
    },
    /// A name where there are no calendars.
    #[error(
        "unknown calendar {name:?}: the settings have none yet; make one with \
         `tape settings calendars.{name}.zone Europe/Berlin` and `tape settings calendars.{name}.mon-fri 09:00-17:00`"
    )]
    NoneYet {
        /// As given.
        name: String,
    },
    /// A calendar without a zone.
    #[error("calendar {name:?} has no zone; set one with `tape settings calendars.{name}.zone Europe/Berlin`")]
    NoZone {
        /// The calendar.
        name: String,
    },
    /// A calendar that is never open.
    #[error("calendar {name:?} has no hours; set some with `tape settings calendars.{name}.mon-fri 09:00-17:00`")]
    NoHours {
        /// The calendar.
        name: String,
    },
    /// The settings name no calendar at all.
    #[error(
        "no business hours: the settings name no calendar; set one for everything with \
         `tape settings business_hours.calendar NAME`"
    )]
    NoneNamed,
    /// The settings name no calendar for a source, channel and team.
    #[error(
        "no business hours for source {source_name}, channel {channel}, team {team}: the settings name no calendar for \
         them; set one for everything with `tape settings business_hours.calendar NAME`, or one for the channel or team \
         with business_hours.channel.<name> or business_hours.team.<name>"
    )]
    NoneFor {
        /// The source, in quotes, or `none`.
        source_name: String,
        /// The channel, in quotes, or `none`.
        channel: String,
        /// The team, in quotes, or `none`.
        team: String,
    },
}

impl CalendarError {
    /// The error for a name that is none of the known ones.
    pub fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let name = name.to_owned();
        if known.is_empty() {
            return Self::NoneYet { name };
        }
        Self::Unknown { meant: Meant::of(&name, &known), known: known.join(", "), name }
    }

    /// The error for a source, channel and team without a calendar.
    pub fn none_for(source: Option<&str>, channel: Option<&str>, team: Option<&str>) -> Self {
        let shown = |name: Option<&str>| name.map_or_else(|| "none".to_owned(), |name| format!("{name:?}"));
        Self::NoneFor { source_name: shown(source), channel: shown(channel), team: shown(team) }
    }
}
