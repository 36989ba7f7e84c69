//! The names of settings, and reading and writing one by its name.

use super::duration::{format_duration_us, format_limit_us, parse_duration_us, parse_limit_us};
use super::report::THRESHOLDS;
use super::{Bots, Settings, SettingsError, TargetOverrides};
use crate::nearest::Meant;
use crate::zone::{Month, WeekStart, Zone};

/// The names that exist, as the help and the errors list them.
const KNOWN: &str = "session_gap, abandon_after, bots, time_zone, week_start, fiscal_year_start, \
    targets.first_response, targets.response, targets.resolution, business_hours.calendar, \
    business_hours.channel.<name>, business_hours.team.<name>; source.<name> with its own session_gap, abandon_after, \
    bots, targets and business_hours; channel.<name> with its own targets; keywords.stop.<language>, \
    keywords.start.<language>; report.<rule>.<threshold>; calendars.<name> with zone, mon to sun or mon-fri, \
    holidays, and versions.<date> with its own zone and days";

/// Every name, `*` being one that the user chooses: what a name that is none is held against.
const NAMES: &[&str] = &[
    "session_gap",
    "abandon_after",
    "bots",
    "time_zone",
    "week_start",
    "fiscal_year_start",
    "targets.first_response",
    "targets.response",
    "targets.resolution",
    "source.*.session_gap",
    "source.*.abandon_after",
    "source.*.bots",
    "source.*.targets.first_response",
    "source.*.targets.response",
    "source.*.targets.resolution",
    "source.*.business_hours.calendar",
    "source.*.business_hours.channel.*",
    "source.*.business_hours.team.*",
    "channel.*.targets.first_response",
    "channel.*.targets.response",
    "channel.*.targets.resolution",
    "keywords.stop.*",
    "keywords.start.*",
    "calendars.*.zone",
    "calendars.*.mon",
    "calendars.*.tue",
    "calendars.*.wed",
    "calendars.*.thu",
    "calendars.*.fri",
    "calendars.*.sat",
    "calendars.*.sun",
    "calendars.*.mon-fri",
    "calendars.*.holidays",
    "calendars.*.versions.*.zone",
    "calendars.*.versions.*.mon-fri",
    "business_hours.calendar",
    "business_hours.channel.*",
    "business_hours.team.*",
];

const LIMIT: &str = "a duration such as 24h or 86400s, or never";
const DURATION: &str = "a duration such as 10m or 600s";
const BOTS: &str = "ignore or reply";
const ZONE: &str = "an IANA time zone such as Europe/Berlin";
const WEEK: &str = "monday, sunday or saturday";
const MONTH: &str = "a month such as april or 04";
const WORDS: &str = "words with commas between them, such as \"STOP, END\"";

impl Settings {
    /// Every setting that holds, defaults included, with its value, in the order of the documentation; of sources and
    /// channels those that they set themselves.
    pub fn list(&self) -> Vec<(String, String)> {
        let mut all = vec![
            ("session_gap".to_owned(), format_limit_us(self.rules.session_gap_us)),
            ("abandon_after".to_owned(), format_limit_us(self.rules.abandon_after_us)),
            ("bots".to_owned(), self.rules.bots.to_string()),
            ("time_zone".to_owned(), self.time_zone.clone()),
            ("week_start".to_owned(), self.week_start.to_string()),
            ("fiscal_year_start".to_owned(), self.fiscal_year_start.to_string()),
            ("targets.first_response".to_owned(), format_duration_us(self.targets.first_response_us)),
            ("targets.response".to_owned(), format_duration_us(self.targets.response_us)),
            ("targets.resolution".to_owned(), format_duration_us(self.targets.resolution_us)),
        ];
        for (name, own) in &self.sources {
            let prefix = format!("source.{}", quoted(name));
            let limits = [("session_gap", own.session_gap_us), ("abandon_after", own.abandon_after_us)];
            for (key, limit) in limits {
                if let Some(limit) = limit {
                    all.push((format!("{prefix}.{key}"), format_limit_us(limit)));
                }
            }
            if let Some(bots) = own.bots {
                all.push((format!("{prefix}.bots"), bots.to_string()));
            }
            list_targets(&prefix, &own.targets, &mut all);
        }
        for (name, own) in &self.channels {
            list_targets(&format!("channel.{}", quoted(name)), own, &mut all);
        }
        for (kind, lists) in [("stop", &self.keywords.stop), ("start", &self.keywords.start)] {
            all.extend(lists.iter().map(|(language, words)| (format!("keywords.{kind}.{language}"), words.join(", "))));
        }
        self.list_calendars(&mut all);
        all.extend(self.report.list());
        all
    }

    /// Sets one value by the parts of its name.
    ///
    /// # Errors
    /// [`SettingsError::UnknownKey`] and [`SettingsError::BadValue`].
    pub(super) fn apply(&mut self, path: &[String], value: &str) -> Result<(), SettingsError> {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let key = path.join(".");
        let bad = |expected| SettingsError::BadValue { key: key.clone(), value: value.to_owned(), expected };
        let limit = || parse_limit_us(value).ok_or_else(|| bad(LIMIT));
        let duration = || parse_duration_us(value).ok_or_else(|| bad(DURATION));
        let bots = || Bots::from_name(value).ok_or_else(|| bad(BOTS));
        let words = || words_of(value).ok_or_else(|| bad(WORDS));
        match parts[..] {
            ["session_gap"] => self.rules.session_gap_us = limit()?,
            ["abandon_after"] => self.rules.abandon_after_us = limit()?,
            ["bots"] => self.rules.bots = bots()?,
            ["time_zone"] => {
                self.time_zone = Zone::parse(value).map_err(|_| bad(ZONE))?.name().to_owned();
            }
            ["week_start"] => self.week_start = WeekStart::from_name(value).ok_or_else(|| bad(WEEK))?,
            ["fiscal_year_start"] => self.fiscal_year_start = Month::parse(value).ok_or_else(|| bad(MONTH))?,
            ["targets", "first_response"] => self.targets.first_response_us = duration()?,
            ["targets", "response"] => self.targets.response_us = duration()?,
            ["targets", "resolution"] => self.targets.resolution_us = duration()?,
            ["source", name, "session_gap"] => self.source(name).session_gap_us = Some(limit()?),
            ["source", name, "abandon_after"] => self.source(name).abandon_after_us = Some(limit()?),
            ["source", name, "bots"] => self.source(name).bots = Some(bots()?),
            ["source", name, "targets", target] if is_target(target) => {
                set_target(&mut self.source(name).targets, target, duration()?);
            }
            ["channel", name, "targets", target] if is_target(target) => {
                set_target(self.channels.entry(name.to_owned()).or_default(), target, duration()?);
            }
            ["keywords", "stop", language] if is_language(language) => {
                self.keywords.stop.insert(language.to_owned(), words()?);
            }
            ["keywords", "start", language] if is_language(language) => {
                self.keywords.start.insert(language.to_owned(), words()?);
            }
            ["report", rule, name] => match self.report.apply(rule, name, value) {
                Some(applied) => applied.map_err(bad)?,
                None => return Err(unknown(&key, path)),
            },
            _ => match self.apply_calendars(&parts, value) {
                Some(applied) => applied.map_err(bad)?,
                None => return Err(unknown(&key, path)),
            },
        }
        Ok(())
    }

    fn source(&mut self, name: &str) -> &mut super::SourceSettings {
        self.sources.entry(name.to_owned()).or_default()
    }
}

/// The error for a name that is none, `key` as written and `path` as its parts.
pub(super) fn unknown(key: &str, path: &[String]) -> SettingsError {
    let thresholds = THRESHOLDS.iter().map(|threshold| threshold.key());
    let names: Vec<String> = NAMES.iter().map(|name| chosen(name, path)).chain(thresholds).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    SettingsError::UnknownKey { key: key.to_owned(), meant: Meant::of(key, &names), known: KNOWN.to_owned() }
}

/// A name of [`NAMES`] with the user's own words in it, where the path has them.
fn chosen(name: &str, path: &[String]) -> String {
    let part = |(place, part): (usize, &str)| match (part, path.get(place)) {
        ("*", Some(word)) => quoted(word),
        ("*", None) => "<name>".to_owned(),
        _ => part.to_owned(),
    };
    name.split('.').enumerate().map(part).collect::<Vec<String>>().join(".")
}

/// Whether a name can be the code of a language: `pl`, `pt-br`.
fn is_language(name: &str) -> bool {
    (2..=12).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// The words of a list; `None` if there are none.
fn words_of(text: &str) -> Option<Vec<String>> {
    let words: Vec<String> =
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

fn is_target(name: &str) -> bool {
    matches!(name, "first_response" | "response" | "resolution")
}

fn set_target(targets: &mut TargetOverrides, name: &str, us: i64) {
    match name {
        "first_response" => targets.first_response_us = Some(us),
        "response" => targets.response_us = Some(us),
        _ => targets.resolution_us = Some(us),
    }
}

fn list_targets(prefix: &str, targets: &TargetOverrides, all: &mut Vec<(String, String)>) {
    let named = [
        ("first_response", targets.first_response_us),
        ("response", targets.response_us),
        ("resolution", targets.resolution_us),
    ];
    for (name, us) in named {
        if let Some(us) = us {
            all.push((format!("{prefix}.targets.{name}"), format_duration_us(us)));
        }
    }
}

/// A name as a part of a key: quoted unless it is plain letters, digits, `_` and `-`.
pub(super) fn quoted(name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain { name.to_owned() } else { format!("{name:?}") }
}
