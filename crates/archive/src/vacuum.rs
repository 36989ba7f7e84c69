//! Removing what no version needs: files of the tables, unfinished files, and derived files that nothing asks for.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::Utc;

use crate::archive::{Archive, blocking};
use crate::durable;
use crate::error::ArchiveError;
use crate::layout;
use crate::log;
use crate::side_table;

/// Age at which a file that no commit has ever named counts as left over. An ingest that is still running has such
/// files; a day is longer than any.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// What a vacuum removed, or would remove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// The files, by path.
    pub files: Vec<RemovedFile>,
    /// Their size together.
    pub bytes: u64,
}

/// A file that a vacuum removed, or would remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedFile {
    /// Path below the archive, parted by `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

impl Vacuumed {
    fn add(&mut self, path: String, bytes: u64) {
        self.bytes += bytes;
        self.files.push(RemovedFile { path, bytes });
    }
}

impl Archive {
    /// Removes files of events and of saved baselines that the newest version of their table does not have, nor any
    /// version that was the newest one within the last `keep_versions_s` seconds; and files whose writing was never
    /// ended. Then writes a checkpoint of the log of events. With `dry_run` it removes and writes nothing.
    ///
    /// Versions older than that cannot be read any more ([`ArchiveError::VersionVacuumed`]); their entries in the log
    /// stay. A reader that holds a snapshot for longer than `keep_versions_s` may find files gone.
    ///
    /// # Errors
    /// The log cannot be read, or a file cannot be removed; what was removed before stays removed, and the table is
    /// whole in any case.
    pub async fn vacuum(&self, dry_run: bool, keep_versions_s: u64) -> Result<Vacuumed, ArchiveError> {
        let snapshot = self.snapshot(None).await?;
        let current: HashSet<String> = snapshot.files().iter().map(|file| file.path.clone()).collect();
        let archive = self.clone();
        let mut vacuumed = blocking(move || {
            let mut vacuumed = Vacuumed::default();
            archive.vacuum_events(&current, Duration::from_secs(keep_versions_s), dry_run, &mut vacuumed)?;
            archive.vacuum_staged(dry_run, &mut vacuumed)?;
            archive.vacuum_spill(dry_run, &mut vacuumed)?;
            Ok(vacuumed)
        })
        .await?;
        let baselines = self.baselines_dir();
        if side_table::is_table(&baselines) {
            let files = side_table::needed(&baselines, keep_versions_s).await?;
            let archive = self.clone();
            vacuumed = blocking(move || {
                archive.vacuum_side_table(layout::BASELINES, &files, dry_run, &mut vacuumed)?;
                Ok(vacuumed)
            })
            .await?;
        }
        if !dry_run {
            self.checkpoint().await?;
        }
        vacuumed.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(vacuumed)
    }

    /// Removes derived files that are not `in_use` and were written more than `older_than_s` seconds ago: by age
    /// because another program may just have made them, for settings of its own. With `dry_run` it removes nothing.
    ///
    /// # Errors
    /// The directory cannot be listed, or a file cannot be removed.
    pub fn vacuum_derived(
        &self,
        in_use: &HashSet<String>,
        older_than_s: u64,
        dry_run: bool,
    ) -> Result<Vacuumed, ArchiveError> {
        let store = self.derived();
        let mut vacuumed = Vacuumed::default();
        for file in store.list()? {
            if !in_use.contains(&file.name) && is_older(file.modified, Duration::from_secs(older_than_s)) {
                if !dry_run {
                    store.remove(&file.name)?;
                }
                vacuumed.add(format!("{}/{}", layout::DERIVED, file.name), file.bytes);
            }
        }
        Ok(vacuumed)
    }

    /// Scratch directories of ingests that were killed.
    fn vacuum_spill(&self, dry_run: bool, vacuumed: &mut Vacuumed) -> Result<(), ArchiveError> {
        let spill = self.spill_dir();
        let entries = match std::fs::read_dir(&spill) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(ArchiveError::io("list", &spill, e)),
        };
        for entry in entries {
            let entry = entry.map_err(|e| ArchiveError::io("list", &spill, e))?;
            let path = entry.path();
            let modified =
                entry.metadata().and_then(|m| m.modified()).map_err(|e| ArchiveError::io("read", &path, e))?;
            if !is_older(modified, LEFT_OVER_AFTER) {
                continue;
            }
            let bytes = size_below(&path).map_err(|e| ArchiveError::io("list", &path, e))?;
            if !dry_run {
                std::fs::remove_dir_all(&path).map_err(|e| ArchiveError::io("remove", &path, e))?;
            }
            vacuumed.add(format!("{}/{}", layout::SPILL, entry.file_name().to_string_lossy()), bytes);
        }
        Ok(())
    }

    fn vacuum_events(
        &self,
        current: &HashSet<String>,
        keep: Duration,
        dry_run: bool,
        vacuumed: &mut Vacuumed,
    ) -> Result<(), ArchiveError> {
        let keep_us = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
        let cutoff_us = Utc::now().timestamp_micros().saturating_sub(keep_us);
        let mut removed_us: HashMap<String, i64> = HashMap::new();
        for entry in log::read_all(&self.log_dir())? {
            removed_us.extend(entry.removed.into_iter().map(|path| (path, entry.timestamp_us)));
        }
        for file in stored_files(&self.events_dir())? {
            let unneeded = match removed_us.get(&file.name) {
                _ if current.contains(&file.name) => false,
                // The versions before the one that took it out need it; the last of them ended there.
                Some(&removed_us) => removed_us <= cutoff_us,
                None => is_older(file.modified, keep.max(LEFT_OVER_AFTER)),
            };
            if unneeded {
                remove(&self.path_of(&file.name), dry_run)?;
                vacuumed.add(format!("{}/{}", layout::EVENTS, file.name), file.bytes);
            }
        }
        Ok(())
    }

    /// Files of a side table that none of its versions within the retention has.
    fn vacuum_side_table(
        &self,
        name: &str,
        needed: &HashSet<String>,
        dry_run: bool,
        vacuumed: &mut Vacuumed,
    ) -> Result<(), ArchiveError> {
        let dir = self.root().join(name);
        for file in files_in(&dir)? {
            let unneeded = file.name.ends_with(".parquet") && !needed.contains(&file.name);
            // One that was just written may be about to be committed.
            if (unneeded || durable::is_staged(&file.name)) && is_older(file.modified, LEFT_OVER_AFTER) {
                remove(&dir.join(&file.name), dry_run)?;
                vacuumed.add(format!("{name}/{}", file.name), file.bytes);
            }
        }
        self.vacuum_log(name, dry_run, vacuumed)
    }

    fn vacuum_staged(&self, dry_run: bool, vacuumed: &mut Vacuumed) -> Result<(), ArchiveError> {
        for file in self.derived().list_staged()? {
            if is_older(file.modified, LEFT_OVER_AFTER) {
                remove(&self.derived().path_of(&file.name), dry_run)?;
                vacuumed.add(format!("{}/{}", layout::DERIVED, file.name), file.bytes);
            }
        }
        self.vacuum_log(layout::EVENTS, dry_run, vacuumed)
    }

    /// Entries of a table's log whose writing was never ended.
    fn vacuum_log(&self, table: &str, dry_run: bool, vacuumed: &mut Vacuumed) -> Result<(), ArchiveError> {
        let log_dir = self.root().join(table).join(layout::DELTA_LOG);
        for file in files_in(&log_dir)? {
            if durable::is_staged(&file.name) && is_older(file.modified, LEFT_OVER_AFTER) {
                remove(&log_dir.join(&file.name), dry_run)?;
                vacuumed.add(format!("{table}/{}/{}", layout::DELTA_LOG, file.name), file.bytes);
            }
        }
        Ok(())
    }
}

/// A file as it lies in a directory.
struct StoredFile {
    name: String,
    bytes: u64,
    modified: SystemTime,
}

/// The Parquet files in the directories of periods, named as in the log.
fn stored_files(events: &Path) -> Result<Vec<StoredFile>, ArchiveError> {
    let mut files = Vec::new();
    for dir in directories_in(events)? {
        let Some(name) = dir.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        if name == layout::DELTA_LOG {
            continue;
        }
        let in_dir = files_in(&dir)?.into_iter().filter(|file| file.name.ends_with(".parquet"));
        files.extend(in_dir.map(|file| StoredFile { name: format!("{name}/{}", file.name), ..file }));
    }
    Ok(files)
}

fn directories_in(dir: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let cannot = |e: io::Error| ArchiveError::io("list", dir, e);
    let mut directories = Vec::new();
    for entry in fs::read_dir(dir).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if entry.file_type().map_err(cannot)?.is_dir() {
            directories.push(entry.path());
        }
    }
    Ok(directories)
}

fn files_in(dir: &Path) -> Result<Vec<StoredFile>, ArchiveError> {
    let cannot = |e: io::Error| ArchiveError::io("list", dir, e);
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let metadata = entry.metadata().map_err(cannot)?;
        if let (true, Some(name)) = (metadata.is_file(), entry.file_name().to_str()) {
            let modified = metadata.modified().map_err(cannot)?;
            files.push(StoredFile { name: name.to_owned(), bytes: metadata.len(), modified });
        }
    }
    Ok(files)
}

fn remove(path: &Path, dry_run: bool) -> Result<(), ArchiveError> {
    if dry_run {
        return Ok(());
    }
    fs::remove_file(path).map_err(|e| ArchiveError::io("remove", path, e))
}

/// Times in the future are of age zero.
fn is_older(modified: SystemTime, than: Duration) -> bool {
    SystemTime::now().duration_since(modified).unwrap_or_default() >= than
}

/// Size of the files below a directory.
fn size_below(dir: &std::path::Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size_below(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::period::PeriodKind;

    use super::*;
    use crate::event_file::EventFile;
    use crate::testing::{commit_rows, info, row, run_of};

    fn age(path: &Path, by: Duration) {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - by).unwrap();
    }

    fn paths(vacuumed: &Vacuumed) -> Vec<&str> {
        vacuumed.files.iter().map(|file| file.path.as_str()).collect()
    }

    async fn archive_with_a_replaced_file(root: &Path) -> (Archive, EventFile, EventFile) {
        let archive = Archive::create(root, PeriodKind::Month).await.unwrap();
        commit_rows(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m1")]).await;
        let base = archive.snapshot(None).await.unwrap();
        let new = run_of(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m2")]);
        archive.commit(&base, base.files(), new.clone(), info("swap")).await.unwrap();
        (archive, base.files()[0].clone(), new[0].clone())
    }

    #[tokio::test]
    async fn keeps_what_a_version_within_the_retention_has() {
        let dir = tempfile::tempdir().unwrap();
        let (archive, old, new) = archive_with_a_replaced_file(&dir.path().join("a")).await;
        assert_eq!(archive.vacuum(false, 3_600).await.unwrap(), Vacuumed::default());
        assert_eq!(archive.snapshot(Some(1)).await.unwrap().files(), std::slice::from_ref(&old));

        let planned = archive.vacuum(true, 0).await.unwrap();
        assert!(archive.file_path(&old).exists());
        let done = archive.vacuum(false, 0).await.unwrap();
        assert_eq!(planned, done);
        assert_eq!(paths(&done), [format!("events/{}", old.path)]);
        assert_eq!(done.bytes, old.bytes);
        assert!(!archive.file_path(&old).exists());
        assert!(archive.file_path(&new).exists());
        assert_eq!(archive.snapshot(None).await.unwrap().files(), [new]);
        let error = archive.snapshot(Some(1)).await.unwrap_err();
        assert!(matches!(error, ArchiveError::VersionVacuumed { version: 1, .. }), "{error}");
    }

    #[tokio::test]
    async fn files_of_a_running_ingest_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        let run = run_of(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m1")]);
        assert_eq!(archive.vacuum(false, 0).await.unwrap(), Vacuumed::default());
        age(&archive.file_path(&run[0]), LEFT_OVER_AFTER);
        assert_eq!(paths(&archive.vacuum(false, 0).await.unwrap()), [format!("events/{}", run[0].path)]);
    }

    #[tokio::test]
    async fn derived_files_go_by_name_and_age() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        for name in ["waits/used", "waits/stale", "waits/new"] {
            let write = |path: &Path| fs::write(path, "x").map_err(|e| ArchiveError::io("write", path, e));
            archive.derived().write_atomically(name, write).unwrap();
        }
        let hour = Duration::from_secs(3_600);
        age(&archive.derived().path_of("waits/used"), hour);
        age(&archive.derived().path_of("waits/stale"), hour);
        let in_use = HashSet::from(["waits/used".to_owned()]);
        let vacuumed = archive.vacuum_derived(&in_use, 600, false).unwrap();
        assert_eq!(paths(&vacuumed), ["derived/waits/stale"]);
        let left: Vec<String> = archive.derived().list().unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(left, ["waits/new", "waits/used"]);
    }
}
