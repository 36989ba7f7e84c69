//! Opening an archive, its settings, its facts, its query engine.

use std::sync::Once;

use tapemeasure_archive::{Archive, Snapshot};
use tapemeasure_facts::{DeriveOptions, Facts, derive};
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::Zone;
use tapemeasure_query::{Engine, EngineOptions};

use crate::args::{Global, Reading};
use crate::failure::Failure;
use crate::times;
use crate::watch::{self, Bar};

/// An archive opened for reading: one version, its settings, the zone that was asked for.
pub struct Opened {
    pub archive: Archive,
    pub snapshot: Snapshot,
    pub settings: Settings,
    pub zone: Zone,
    pub as_of_us: Option<i64>,
}

impl Opened {
    /// Opens what the options name.
    ///
    /// # Errors
    /// There is no archive or no such version, settings are wrong, or a zone or time is none.
    pub async fn new(global: &Global, reading: &Reading) -> Result<Self, Failure> {
        let archive = Archive::open(&global.archive).await?;
        let settings = Settings::load(&archive.settings_path())?;
        let zone = zone(reading.tz.as_deref(), &settings)?;
        let snapshot = archive.snapshot(reading.at).await?;
        let now = snapshot.latest_us().unwrap_or(0);
        let as_of_us = match &reading.as_of {
            Some(text) => Some(times::parse("--as-of", text, &zone, now)?),
            None => None,
        };
        Ok(Self { archive, snapshot, settings, zone, as_of_us })
    }

    /// Derives the facts, with a bar on a terminal while there is something to derive. Where derived files cannot be
    /// kept, on a disk that is read-only, they are derived in memory.
    ///
    /// # Errors
    /// Events cannot be read, or the user asked to stop.
    pub fn facts(&self, global: &Global) -> Result<Facts, Failure> {
        let bar = Bar::new();
        let total = self.snapshot.rows();
        // A bar that appears only to vanish is a flicker: it begins with the first events that are folded.
        let begun = Once::new();
        let progress = |events| {
            begun.call_once(|| {
                bar.begin(Some(total), "{msg:<28} {wide_bar} {human_pos}/{human_len} events {eta} left");
                bar.say("deriving facts");
            });
            bar.advance(events);
        };
        let cancelled = watch::interrupted;
        let options = DeriveOptions {
            as_of_us: self.as_of_us,
            threads: global.threads(),
            progress: Some(&progress),
            cancelled: Some(&cancelled),
            afresh: false,
        };
        let facts = derive(&self.archive, &self.snapshot, &self.settings, &options).or_else(|error| {
            if is_read_only(&error) {
                derive(&self.archive, &self.snapshot, &self.settings, &DeriveOptions { afresh: true, ..options })
            } else {
                Err(error)
            }
        })?;
        bar.finish();
        Ok(facts)
    }

    /// The query engine over the facts.
    ///
    /// # Errors
    /// As [`facts`](Self::facts), and when tables cannot be registered.
    pub async fn engine(&self, global: &Global) -> Result<Engine, Failure> {
        let facts = self.facts(global)?;
        let options = EngineOptions {
            threads: global.threads(),
            memory_bytes: global.memory,
            time_zone: self.zone,
            week_start: self.settings.week_start,
        };
        Ok(Engine::new(&self.archive, &self.snapshot, facts, &self.settings, options).await?)
    }

    /// The as-of time: asked for, or the latest event.
    pub fn now_us(&self) -> i64 {
        self.as_of_us.or_else(|| self.snapshot.latest_us()).unwrap_or(0)
    }

    /// The period that is asked for.
    ///
    /// # Errors
    /// A time is none, or the period ends before it begins.
    pub fn span(&self, span: &crate::args::Span) -> Result<(Option<i64>, Option<i64>), Failure> {
        let read = |option: &str, text: &Option<String>| {
            text.as_deref().map(|text| times::parse(option, text, &self.zone, self.now_us())).transpose()
        };
        let (since, until) = (read("--since", &span.since)?, read("--until", &span.until)?);
        if let (Some(from), Some(to)) = (since, until)
            && from > to
        {
            return Err(Failure::usage("--since lies after --until; the period is from --since up to before --until"));
        }
        Ok((since, until))
    }
}

/// The zone named, else that of the settings.
///
/// # Errors
/// A usage error for a name that is no zone.
pub fn zone(name: Option<&str>, settings: &Settings) -> Result<Zone, Failure> {
    Zone::parse(name.unwrap_or(&settings.time_zone)).map_err(|error| Failure::usage(error.to_string()))
}

/// Whether an error comes from a place that may not be written.
fn is_read_only(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied);
        }
        next = error.source();
    }
    false
}
