//! Calendars, and what each holds for, as `settings.toml` has them: `calendars.*`, `business_hours.*`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use super::Settings;
use super::keys::quoted;
use crate::calendar::hours::{format_holidays, parse_holidays};
use crate::calendar::{Calendar, CalendarError, Date, DayHours, Week};
use crate::zone::Zone;

const ZONE: &str = "an IANA time zone such as Europe/Berlin";
const HOURS: &str = "local times such as 09:00-17:00 or \"09:00-12:00, 13:00-17:00\", or closed";
const HOLIDAYS: &str = "dates with commas between them, each once, such as \"2025-12-25, 2025-12-24 09:00-12:00\"";
const DATE: &str = "the date from which the version holds, once, such as 2025-07-01";
const DAYS: &str = "ranges of days that have no day in common; a single day goes before a range";
const CALENDAR: &str = "the name of a calendar";

/// Names of weekdays, Monday first.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A weekday or a range of them: `mon`, `mon-fri`, `sun-thu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days {
    /// 0 for Monday to 6 for Sunday.
    first: usize,
    /// The same as `first` for a single day; the range goes round the end of the week where it is less.
    last: usize,
}

impl Days {
    /// Reads the name of a day, or two with a hyphen; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let day = |name: &str| WEEKDAYS.iter().position(|known| *known == name);
        match text.split_once('-') {
            None => day(text).map(|day| Self { first: day, last: day }),
            Some((first, last)) => Some(Self { first: day(first)?, last: day(last)? }).filter(|days| !days.is_single()),
        }
    }

    /// Whether it is one day.
    pub const fn is_single(self) -> bool {
        self.first == self.last
    }

    /// Whether it has that day, 0 for Monday to 6 for Sunday.
    pub const fn contains(self, day: usize) -> bool {
        if self.first <= self.last {
            self.first <= day && day <= self.last
        } else {
            self.first <= day || day <= self.last
        }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WEEKDAYS[self.first])?;
        if self.is_single() { Ok(()) } else { write!(f, "-{}", WEEKDAYS[self.last]) }
    }
}

/// Zone and hours that hold from a date on. What it does not say is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionSettings {
    /// Whose clock the hours are read from.
    pub zone: Option<Zone>,
    /// The hours of days; a single day goes before a range.
    pub days: BTreeMap<Days, DayHours>,
}

impl VersionSettings {
    /// The hours of a week that was `before`.
    fn week(&self, before: &[DayHours; 7]) -> [DayHours; 7] {
        std::array::from_fn(|day| {
            let own = |single| self.days.iter().find(|(days, _)| days.is_single() == single && days.contains(day));
            own(true).or_else(|| own(false)).map_or(&before[day], |(_, hours)| hours).clone()
        })
    }

    /// Whether two ranges have a day in common.
    fn is_ambiguous(&self) -> bool {
        let ranges: Vec<&Days> = self.days.keys().filter(|days| !days.is_single()).collect();
        (0..7).any(|day| ranges.iter().filter(|days| days.contains(day)).count() > 1)
    }
}

/// One calendar. Days that nobody gives hours are closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarSettings {
    /// What holds from the beginning.
    pub base: VersionSettings,
    /// What holds from a date on.
    pub versions: BTreeMap<Date, VersionSettings>,
    /// Dates with hours of their own, or none.
    pub holidays: BTreeMap<Date, DayHours>,
}

impl CalendarSettings {
    /// The calendar itself; `name` is for errors. Where only versions have hours, those of the first hold before it too.
    ///
    /// # Errors
    /// [`CalendarError::NoZone`], [`CalendarError::NoHours`].
    pub fn calendar(&self, name: &str) -> Result<Calendar, CalendarError> {
        let first_zone = self.base.zone.or_else(|| self.versions.values().find_map(|version| version.zone));
        let Some(zone) = first_zone else { return Err(CalendarError::NoZone { name: name.to_owned() }) };
        let closed: [DayHours; 7] = Default::default();
        let mut first = Week { zone, days: self.base.week(&closed) };
        let mut week = first.clone();
        let mut changes = BTreeMap::new();
        for (number, (from, version)) in self.versions.iter().enumerate() {
            week = Week { zone: version.zone.unwrap_or(week.zone), days: version.week(&week.days) };
            if number == 0 && self.base.days.is_empty() {
                first = week.clone();
            } else {
                changes.insert(*from, week.clone());
            }
        }
        let calendar = Calendar::new(first, changes, self.holidays.clone());
        if calendar.is_ever_open() { Ok(calendar) } else { Err(CalendarError::NoHours { name: name.to_owned() }) }
    }
}

/// The calendars that one source, or the archive, names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// For everything else.
    pub calendar: Option<String>,
    /// By channel.
    pub channels: BTreeMap<String, String>,
    /// By team.
    pub teams: BTreeMap<String, String>,
}

/// Which calendar holds for what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BusinessHours {
    /// Of the archive.
    pub general: Named,
    /// By source.
    pub sources: BTreeMap<String, Named>,
}

impl BusinessHours {
    /// The name of the calendar that holds for a source, channel and team: that of the team, else of the channel, else
    /// the one for everything; in each case that of the source before that of the archive. `None` if nobody names one.
    pub fn calendar_for(&self, source: Option<&str>, channel: Option<&str>, team: Option<&str>) -> Option<&str> {
        let own = source.and_then(|source| self.sources.get(source));
        let all = || own.into_iter().chain([&self.general]);
        let of_team = team.and_then(|team| all().find_map(|named| named.teams.get(team)));
        let of_channel = || channel.and_then(|channel| all().find_map(|named| named.channels.get(channel)));
        let of_all = || all().find_map(|named| named.calendar.as_ref());
        of_team.or_else(of_channel).or_else(of_all).map(String::as_str)
    }

    /// Whether no calendar is named at all.
    pub fn is_empty(&self) -> bool {
        self.settings().is_empty()
    }

    /// Every setting, as the parts of its name, and the calendar that it names.
    fn settings(&self) -> Vec<(Vec<&str>, &str)> {
        let archive = (vec!["business_hours"], &self.general);
        let sources = self.sources.iter().map(|(source, own)| (vec!["source", source.as_str(), "business_hours"], own));
        let mut all = Vec::new();
        for (prefix, named) in std::iter::once(archive).chain(sources) {
            if let Some(calendar) = &named.calendar {
                all.push(([prefix.as_slice(), &["calendar"]].concat(), calendar.as_str()));
            }
            for (kind, names) in [("channel", &named.channels), ("team", &named.teams)] {
                for (name, calendar) in names {
                    all.push(([prefix.as_slice(), &[kind, name.as_str()]].concat(), calendar.as_str()));
                }
            }
        }
        all
    }
}

impl Settings {
    /// A calendar by its name.
    ///
    /// # Errors
    /// [`CalendarError::Unknown`], [`CalendarError::NoneYet`], [`CalendarError::NoZone`], [`CalendarError::NoHours`].
    pub fn calendar(&self, name: &str) -> Result<Calendar, CalendarError> {
        let known = || self.calendars.keys().map(String::as_str);
        self.calendars.get(name).ok_or_else(|| CalendarError::unknown(name, known()))?.calendar(name)
    }

    /// The first setting that names a calendar that is not there: the parts of its name, and the error.
    pub(super) fn unknown_calendar(&self) -> Option<(Vec<String>, CalendarError)> {
        let known = || self.calendars.keys().map(String::as_str);
        let settings = self.business_hours.settings();
        let (path, name) = settings.into_iter().find(|(_, name)| !self.calendars.contains_key(*name))?;
        Some((path.into_iter().map(str::to_owned).collect(), CalendarError::unknown(name, known())))
    }

    /// Every setting of calendars with its value, as [`Settings::list`].
    pub(super) fn list_calendars(&self, all: &mut Vec<(String, String)>) {
        for (name, calendar) in &self.calendars {
            let prefix = format!("calendars.{}", quoted(name));
            list_version(&prefix, &calendar.base, all);
            if !calendar.holidays.is_empty() {
                all.push((format!("{prefix}.holidays"), format_holidays(&calendar.holidays)));
            }
            for (from, version) in &calendar.versions {
                list_version(&format!("{prefix}.versions.{from}"), version, all);
            }
        }
        for (path, calendar) in self.business_hours.settings() {
            let key: Vec<String> = path.into_iter().map(quoted).collect();
            all.push((key.join("."), calendar.to_owned()));
        }
    }

    /// Sets one value of calendars by the parts of its name. `None` if there is no such setting.
    ///
    /// # Errors
    /// What the setting takes instead of the value.
    pub(super) fn apply_calendars(&mut self, parts: &[&str], value: &str) -> Option<Result<(), &'static str>> {
        Some(match *parts {
            ["calendars", name, "holidays"] => match parse_holidays(value) {
                None => Err(HOLIDAYS),
                Some(holidays) => {
                    self.calendars.entry(name.to_owned()).or_default().holidays = holidays;
                    Ok(())
                }
            },
            ["calendars", name, "versions", from, key] if is_of_version(key) => match Date::parse(from) {
                None => Err(DATE),
                Some(from) => {
                    let calendar = self.calendars.entry(name.to_owned()).or_default();
                    apply_to_version(calendar.versions.entry(from).or_default(), key, value)
                }
            },
            ["calendars", name, key] if is_of_version(key) => {
                apply_to_version(&mut self.calendars.entry(name.to_owned()).or_default().base, key, value)
            }
            ["business_hours", ref rest @ ..] => apply_named(&mut self.business_hours.general, rest, value)?,
            ["source", source, "business_hours", ref rest @ ..] => {
                let mut named = self.business_hours.sources.get(source).cloned().unwrap_or_default();
                let applied = apply_named(&mut named, rest, value)?;
                self.business_hours.sources.insert(source.to_owned(), named);
                applied
            }
            _ => return None,
        })
    }
}

/// Whether a version of a calendar has a setting of that name.
fn is_of_version(key: &str) -> bool {
    key == "zone" || Days::parse(key).is_some()
}

fn apply_to_version(version: &mut VersionSettings, key: &str, value: &str) -> Result<(), &'static str> {
    if let Some(days) = Days::parse(key) {
        version.days.insert(days, DayHours::parse(value).ok_or(HOURS)?);
        return if version.is_ambiguous() { Err(DAYS) } else { Ok(()) };
    }
    version.zone = Some(Zone::parse(value).map_err(|_| ZONE)?);
    Ok(())
}

fn apply_named(named: &mut Named, rest: &[&str], value: &str) -> Option<Result<(), &'static str>> {
    let calendar = value.trim().to_owned();
    if calendar.is_empty() {
        return Some(Err(CALENDAR));
    }
    match *rest {
        ["calendar"] => named.calendar = Some(calendar),
        ["channel", channel] => {
            named.channels.insert(channel.to_owned(), calendar);
        }
        ["team", team] => {
            named.teams.insert(team.to_owned(), calendar);
        }
        _ => return None,
    }
    Some(Ok(()))
}

fn list_version(prefix: &str, version: &VersionSettings, all: &mut Vec<(String, String)>) {
    if let Some(zone) = version.zone {
        all.push((format!("{prefix}.zone"), zone.name().to_owned()));
    }
    all.extend(version.days.iter().map(|(days, hours)| (format!("{prefix}.{days}"), hours.to_string())));
}
