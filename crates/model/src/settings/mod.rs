//! The settings of an archive: rules of the fold, targets, zone, calendars. Kept in `settings.toml`.
//!
//! | file | is |
//! |---|---|
//! | [`keys`] | names of settings: what `tape settings KEY VALUE` can say |
//! | [`file`](self::file) | reading and writing `settings.toml`, comments kept |
//! | [`calendars`] | business hours, and what they hold for |
//! | [`versions`] | versions of a calendar where they are a list of tables |
//! | [`report`] | thresholds of what a report suggests |
//! | [`duration`] | `10m`, `24h`, `never` |

pub mod calendars;
pub mod duration;
mod file;
mod keys;
pub mod report;
#[cfg(test)]
mod tests;
mod versions;

use std::collections::BTreeMap;

pub use calendars::{BusinessHours, CalendarSettings, Days, Named, VersionSettings};
pub use report::ReportSettings;

use crate::calendar::CalendarError;
use crate::event::named;
use crate::instant::SECOND_US;
use crate::nearest::Meant;
use crate::zone::{Month, WeekStart};

named! {
    /// Whether a bot's message answers a question (kpi-rules W3).
    Bots {
        /// Bots end no wait.
        Ignore = "ignore",
        /// A bot's message ends a wait as an agent's does.
        Reply = "reply",
    }
}

/// The rules by which events become sessions and waits (kpi-rules S4, W5, W3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Silence after which a session in which nobody waits has ended, in microseconds; `None` is never.
    pub session_gap_us: Option<i64>,
    /// Wait after which a question counts as abandoned, in microseconds; `None` is never.
    pub abandon_after_us: Option<i64>,
    /// Whether bots answer.
    pub bots: Bots,
}

impl Rules {
    /// Whether the passing of time alone can end anything.
    pub const fn let_time_end(&self) -> bool {
        self.session_gap_us.is_some() || self.abandon_after_us.is_some()
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { session_gap_us: None, abandon_after_us: None, bots: Bots::Ignore }
    }
}

/// The times within which an answer or a resolution is on target, in microseconds (kpi-rules G1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets {
    /// For the first response of a session.
    pub first_response_us: i64,
    /// For every response.
    pub response_us: i64,
    /// From open to closed.
    pub resolution_us: i64,
}

impl Default for Targets {
    /// 10, 10 and 30 minutes (kpi-rules G1).
    fn default() -> Self {
        Self { first_response_us: 600 * SECOND_US, response_us: 600 * SECOND_US, resolution_us: 1_800 * SECOND_US }
    }
}

/// Targets that a source or channel sets for itself; `None` takes the next more general one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TargetOverrides {
    /// For the first response of a session.
    pub first_response_us: Option<i64>,
    /// For every response.
    pub response_us: Option<i64>,
    /// From open to closed.
    pub resolution_us: Option<i64>,
}

/// What one source sets for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceSettings {
    /// `Some(None)` is never; `None` takes the archive's.
    pub session_gap_us: Option<Option<i64>>,
    /// `Some(None)` is never; `None` takes the archive's.
    pub abandon_after_us: Option<Option<i64>>,
    /// `None` takes the archive's.
    pub bots: Option<Bots>,
    /// Targets of the source.
    pub targets: TargetOverrides,
}

/// Words that are an opt-out or opt-in when they are a whole message (kpi-rules M4), by language, beside those that
/// ingest knows by itself. They hold for what is ingested from then on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeywordLists {
    /// Words that mean stop.
    pub stop: BTreeMap<String, Vec<String>>,
    /// Words that mean start again.
    pub start: BTreeMap<String, Vec<String>>,
}

impl KeywordLists {
    /// The words that mean stop, of all languages.
    pub fn stop_words(&self) -> Vec<String> {
        self.stop.values().flatten().cloned().collect()
    }

    /// The words that mean start again, of all languages.
    pub fn start_words(&self) -> Vec<String> {
        self.start.values().flatten().cloned().collect()
    }
}

/// Everything that `settings.toml` can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Rules where a source sets none.
    pub rules: Rules,
    /// IANA name of the zone that reports are in; `UTC` unless set.
    pub time_zone: String,
    /// First day of a week.
    pub week_start: WeekStart,
    /// First month of a fiscal year; January unless set.
    pub fiscal_year_start: Month,
    /// Targets where neither source nor channel sets them.
    pub targets: Targets,
    /// By source.
    pub sources: BTreeMap<String, SourceSettings>,
    /// Targets by channel; they go before those of a source.
    pub channels: BTreeMap<String, TargetOverrides>,
    /// Words of the user that opt out or in.
    pub keywords: KeywordLists,
    /// Business hours by name. No facts depend on them.
    pub calendars: BTreeMap<String, CalendarSettings>,
    /// Which calendar holds for what.
    pub business_hours: BusinessHours,
    /// When the rules of a report speak. No number depends on it.
    pub report: ReportSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            time_zone: "UTC".to_owned(),
            week_start: WeekStart::Monday,
            fiscal_year_start: Month::January,
            targets: Targets::default(),
            sources: BTreeMap::new(),
            channels: BTreeMap::new(),
            keywords: KeywordLists::default(),
            calendars: BTreeMap::new(),
            business_hours: BusinessHours::default(),
            report: ReportSettings::default(),
        }
    }
}

impl Settings {
    /// The rules that hold for a source.
    pub fn rules_for(&self, source: &str) -> Rules {
        let Some(own) = self.sources.get(source) else { return self.rules };
        Rules {
            session_gap_us: own.session_gap_us.unwrap_or(self.rules.session_gap_us),
            abandon_after_us: own.abandon_after_us.unwrap_or(self.rules.abandon_after_us),
            bots: own.bots.unwrap_or(self.rules.bots),
        }
    }

    /// Whether the mere passing of time ends anything, in whatever source.
    pub fn let_time_end(&self) -> bool {
        self.rules.let_time_end() || self.sources.keys().any(|source| self.rules_for(source).let_time_end())
    }

    /// Hash of all that changes facts: the rules, overall and by source. 32 hexadecimal digits. A source that sets what
    /// holds anyway changes nothing.
    pub fn fold_hash(&self) -> String {
        let mut text = format!("{:?}\n", self.rules);
        for source in self.sources.keys() {
            let rules = self.rules_for(source);
            if rules != self.rules {
                text.push_str(&format!("{source:?} {rules:?}\n"));
            }
        }
        short_hash(&text)
    }

    /// Hash of every setting as it holds, defaults included, but for `report.*`, which no number depends on. 32
    /// hexadecimal digits.
    pub fn hash(&self) -> String {
        let all = self.list().into_iter().filter(|(key, _)| !key.starts_with("report."));
        let text: String = all.map(|(key, value)| format!("{key}={value}\n")).collect();
        short_hash(&text)
    }
}

fn short_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// Why settings cannot be read, written or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file is there and cannot be read.
    #[error("cannot read settings {path}; check that the file may be read")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write settings {path}; check free space and permissions")]
    Write {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("{path} is not valid TOML, line {line}; mend it or set values with `tape settings`")]
    Syntax {
        /// The file.
        path: String,
        /// 1-based.
        line: usize,
        /// What the parser said.
        #[source]
        source: toml_edit::TomlError,
    },
    /// No setting of that name.
    #[error("unknown setting {key:?}; {meant}known are {known}")]
    UnknownKey {
        /// As given.
        key: String,
        /// The name that is near.
        meant: Meant,
        /// The names that exist.
        known: String,
    },
    /// The file says something that no setting can be.
    #[error("{path}, line {line}: {error}")]
    InFile {
        /// The file.
        path: String,
        /// 1-based.
        line: usize,
        /// What is wrong there. No source of this error, because its text is part of this one's.
        error: Box<SettingsError>,
    },
    /// A value that the setting cannot have.
    #[error("setting {key} cannot be {value:?}; write {expected}")]
    BadValue {
        /// The setting.
        key: String,
        /// As given.
        value: String,
        /// What it takes, with an example.
        expected: &'static str,
    },
    /// A setting that names a calendar which is not there.
    #[error("setting {key}: {error}")]
    Calendar {
        /// The setting.
        key: String,
        /// What is wrong. No source of this error, because its text is part of this one's.
        error: CalendarError,
    },
}
