//! Opening an archive, its settings, its facts, its query engine.

use std::path::PathBuf;
use std::sync::Once;

use tapemeasure_archive::{Archive, Snapshot};
use tapemeasure_facts::{DeriveOptions, Facts, derive};
use tapemeasure_model::settings::Settings;
use tapemeasure_model::times::between;
use tapemeasure_model::zone::Zone;
use tapemeasure_query::baselines::Inputs;
use tapemeasure_query::{Definitions, Engine, EngineOptions};

use crate::args::{Global, Reading};
use crate::failure::Failure;
use crate::times::Clock;
use crate::watch::{self, Bar};

/// An archive opened for reading: one version, its settings, the zone that was asked for.
pub struct Opened {
    pub archive: Archive,
    pub snapshot: Snapshot,
    pub settings: Settings,
    pub zone: Zone,
    pub as_of_us: Option<i64>,
    /// The version that was asked for.
    pub at: Option<i64>,
    /// Folders of definitions that were asked for.
    pub kpis: Vec<PathBuf>,
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
            Some(text) => Some(Clock::new(zone, &settings, now).instant("--as-of", text)?),
            None => None,
        };
        Ok(Self { archive, snapshot, settings, zone, as_of_us, at: reading.at, kpis: reading.kpis.clone() })
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

    /// The query engine over the facts, with the KPIs that the options name.
    ///
    /// # Errors
    /// As [`definitions`] and [`engine_with`](Self::engine_with).
    pub async fn engine(&self, global: &Global) -> Result<Engine, Failure> {
        self.engine_with(global, definitions(global, &self.kpis)?).await
    }

    /// The query engine over the facts.
    ///
    /// # Errors
    /// As [`facts`](Self::facts), and when tables cannot be registered.
    pub async fn engine_with(&self, global: &Global, definitions: Definitions) -> Result<Engine, Failure> {
        let facts = self.facts(global)?;
        self.engine_over(global, definitions, facts).await
    }

    /// The query engine, and what its rows lie in.
    ///
    /// # Errors
    /// As [`engine`](Self::engine).
    pub async fn engine_and_inputs(&self, global: &Global) -> Result<(Engine, Inputs), Failure> {
        let definitions = definitions(global, &self.kpis)?;
        let facts = self.facts(global)?;
        let inputs = Inputs::new(&self.snapshot, &facts);
        Ok((self.engine_over(global, definitions, facts).await?, inputs))
    }

    async fn engine_over(&self, global: &Global, definitions: Definitions, facts: Facts) -> Result<Engine, Failure> {
        let options = EngineOptions {
            threads: global.threads(),
            memory_bytes: global.memory,
            time_zone: self.zone,
            week_start: self.settings.week_start,
        };
        Ok(Engine::new(&self.archive, &self.snapshot, facts, &self.settings, definitions, options).await?)
    }

    /// The as-of time: asked for, or the latest event.
    pub fn now_us(&self) -> i64 {
        self.as_of_us.or_else(|| self.snapshot.latest_us()).unwrap_or(0)
    }

    /// The period that is asked for, as [`between`] tells it.
    ///
    /// # Errors
    /// A time is none, or the period ends before it begins.
    pub fn span(&self, span: &crate::args::Span) -> Result<(Option<i64>, Option<i64>), Failure> {
        let (since, until) = Clock::new(self.zone, &self.settings, self.now_us()).bounds(span)?;
        let (since, until) = between(since, until);
        if let (Some(from), Some(to)) = (since, until)
            && from > to
        {
            return Err(Failure::usage("--since lies after --until; the period is from --since up to before --until"));
        }
        Ok((since, until))
    }

    /// The first instant after the day, week, month, ... that `--since` names, if the period has no end and it is still
    /// running: where a period that ends with the as-of time would end by itself.
    ///
    /// # Errors
    /// A time is none.
    pub fn running_until(&self, span: &crate::args::Span) -> Result<Option<i64>, Failure> {
        let clock = Clock::new(self.zone, &self.settings, self.now_us());
        let (since, until) = clock.bounds(span)?;
        Ok(match (since, between(since, until)) {
            (Some(since), (_, None)) => clock.running_until_us(since),
            _ => None,
        })
    }
}

/// The KPIs: built in, of the archive's folder, of the folders that the options name.
///
/// # Errors
/// A file cannot be read, or its definition is wrong.
pub fn definitions(global: &Global, dirs: &[PathBuf]) -> Result<Definitions, Failure> {
    Ok(Definitions::load_all(Some(&global.archive), dirs)?)
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
