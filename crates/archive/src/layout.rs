//! Names in an archive's directory, and `archive.toml`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::period::PeriodKind;

use crate::durable::{self, Existing};
use crate::error::ArchiveError;

/// The newest layout of an archive that this program knows, and the one that it writes.
pub const FORMAT_VERSION: u32 = 1;

pub(crate) const MANIFEST: &str = "archive.toml";
pub(crate) const SETTINGS: &str = "settings.toml";
pub(crate) const EVENTS: &str = "events";
pub(crate) const DERIVED: &str = "derived";
pub(crate) const BASELINES: &str = "baselines";
/// Definitions of KPIs, which the user puts there.
pub(crate) const KPIS: &str = "kpis";
pub(crate) const QUARANTINE: &str = "quarantine";
pub(crate) const SPILL: &str = "spill";
/// Log of the Delta table, below [`EVENTS`]; the name is the protocol's.
pub(crate) const DELTA_LOG: &str = "_delta_log";

const EMPTY_SETTINGS: &str = "# Rules, targets and calendars of this archive. `tape settings` shows and sets them.\n";

/// What `archive.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) period: PeriodKind,
    /// When the archive was made, RFC 3339.
    pub(crate) created: String,
}

/// The part of `archive.toml` that every format has: read first, so that a newer one is named and not misread.
#[derive(Deserialize)]
struct Format {
    format_version: u32,
}

#[derive(Deserialize)]
struct Content {
    period: String,
    created: String,
}

impl Manifest {
    pub(crate) fn new(period: PeriodKind, created_us: i64) -> Self {
        Self { period, created: format_instant(created_us) }
    }

    pub(crate) fn read(root: &Path) -> Result<Self, ArchiveError> {
        let path = root.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(ArchiveError::NotAnArchive { path: root.to_owned() });
            }
            Err(e) => return Err(ArchiveError::io("read", &path, e)),
        };
        let bad = |source| ArchiveError::BadManifest { path: path.clone(), source: Box::new(source) };
        let Format { format_version } = toml::from_str(&text).map_err(bad)?;
        if format_version > FORMAT_VERSION {
            let (found, known) = (format_version, FORMAT_VERSION);
            return Err(ArchiveError::NewerFormat { path: root.to_owned(), found, known });
        }
        let Content { period, created } = toml::from_str(&text).map_err(bad)?;
        match PeriodKind::from_name(&period) {
            Some(period) => Ok(Self { period, created }),
            None => Err(ArchiveError::BadManifestPeriod { path, found: period }),
        }
    }

    pub(crate) fn write(&self, root: &Path) -> Result<(), ArchiveError> {
        let path = root.join(MANIFEST);
        let text = format!(
            "# An archive of support events. Written by tape; change nothing here.\n\
             format_version = {FORMAT_VERSION}\n\
             # The stretch of UTC that one run of events covers.\n\
             period = \"{}\"\n\
             created = \"{}\"\n",
            self.period.as_str(),
            self.created,
        );
        durable::write_file(&path, [text.as_bytes()], Existing::Replace)
            .map_err(|e| ArchiveError::io("write", &path, e))
    }
}

/// Makes the directories of an archive, and a settings file that says nothing, where they are missing.
pub(crate) fn make_directories(root: &Path) -> Result<(), ArchiveError> {
    let log: PathBuf = [EVENTS, DELTA_LOG].iter().collect();
    for path in [root.join(log), root.join(DERIVED), root.join(QUARANTINE)] {
        durable::create_dir_all(&path).map_err(|e| ArchiveError::io("create the directory", &path, e))?;
    }
    let settings = root.join(SETTINGS);
    match durable::write_file(&settings, [EMPTY_SETTINGS.as_bytes()], Existing::Refuse) {
        // Settings that came first are the user's.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        written => written.map_err(|e| ArchiveError::io("write", &settings, e)),
    }
}

/// The first entry of a directory that does not belong to an archive; `None` if all do, or if there is no directory.
pub(crate) fn foreign_entry(root: &Path) -> Result<Option<String>, ArchiveError> {
    let cannot = |e| ArchiveError::io("list", root, e);
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(cannot(e)),
    };
    let mut foreign = Vec::new();
    for entry in entries {
        let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
        let known = [SETTINGS, EVENTS, DERIVED, BASELINES, KPIS, QUARANTINE, SPILL];
        if !known.contains(&name.as_str()) && !durable::is_staged(&name) {
            foreign.push(name);
        }
    }
    Ok(foreign.into_iter().min())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_goes_there_and_back() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = Manifest::new(PeriodKind::Day, 1_740_992_400_000_000);
        manifest.write(dir.path()).unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), manifest);
        let text = fs::read_to_string(dir.path().join(MANIFEST)).unwrap();
        let values: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(values, ["format_version = 1", "period = \"day\"", "created = \"2025-03-03T09:00:00.000000Z\""]);
    }

    #[test]
    fn a_newer_format_is_named_whatever_else_it_says() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(MANIFEST), "format_version = 2\nperiods = [\"hour\"]\n").unwrap();
        let error = Manifest::read(dir.path()).unwrap_err();
        assert!(matches!(error, ArchiveError::NewerFormat { found: 2, known: 1, .. }), "{error}");
    }

    #[test]
    fn broken_manifests_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(MANIFEST);
        assert!(matches!(Manifest::read(dir.path()), Err(ArchiveError::NotAnArchive { .. })));
        fs::write(&path, "format_version").unwrap();
        assert!(matches!(Manifest::read(dir.path()), Err(ArchiveError::BadManifest { .. })));
        fs::write(&path, "format_version = 1\nperiod = \"hour\"\ncreated = \"\"\n").unwrap();
        let error = Manifest::read(dir.path()).unwrap_err();
        assert!(matches!(&error, ArchiveError::BadManifestPeriod { found, .. } if found == "hour"), "{error}");
    }
}
