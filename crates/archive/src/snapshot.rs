//! The files of one version of the table.

use std::sync::Arc;

use deltalake_core::table::state::DeltaTableState;
use tapemeasure_model::period::Period;

use crate::archive::{Archive, signed_version};
use crate::error::ArchiveError;
use crate::event_file::EventFile;
use crate::log;

/// One version of the archive: never changes, however many commits follow.
#[derive(Debug, Clone)]
pub struct Snapshot {
    version: i64,
    files: Arc<[EventFile]>,
    state: DeltaTableState,
}

impl Snapshot {
    pub(crate) fn of_state(state: DeltaTableState) -> Result<Self, ArchiveError> {
        let version = signed_version(state.version());
        let mut files =
            state.log_data().iter().map(|view| EventFile::from_view(&view, version)).collect::<Result<Vec<_>, _>>()?;
        files.sort_by_key(|file| (file.period, file.min_key));
        Ok(Self { version, files: files.into(), state })
    }

    /// Its number; 0 is the empty archive, each commit adds one.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Every file, sorted by period and then by `min_key`. The files of a period in this order are its run.
    pub fn files(&self) -> &[EventFile] {
        &self.files
    }

    /// The periods with events, in order of time.
    pub fn periods(&self) -> Vec<Period> {
        let mut periods: Vec<Period> = self.files.iter().map(|file| file.period).collect();
        periods.dedup();
        periods
    }

    /// The run of a period; empty if it has no events.
    pub fn files_of(&self, period: Period) -> &[EventFile] {
        let from = self.files.partition_point(|file| file.period < period);
        let to = self.files.partition_point(|file| file.period <= period);
        &self.files[from..to]
    }

    /// Number of events.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Size of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Time of the earliest event, microseconds since 1970 UTC; `None` without events.
    pub fn first_us(&self) -> Option<i64> {
        self.files.iter().map(|file| file.min_time_us).min()
    }

    /// Time of the latest event, microseconds since 1970 UTC; `None` without events. The as-of time of kpi-rules 3
    /// unless the user gives one.
    pub fn latest_us(&self) -> Option<i64> {
        self.files.iter().map(|file| file.max_time_us).max()
    }

    pub(crate) fn state(&self) -> &DeltaTableState {
        &self.state
    }
}

impl Archive {
    /// Reads the newest version, or the one asked for.
    ///
    /// # Errors
    /// [`ArchiveError::UnknownVersion`] names the versions there are; [`ArchiveError::VersionVacuumed`] if files of an
    /// old version are gone; [`ArchiveError::ForeignFile`] if another program has written into the table.
    pub async fn snapshot(&self, at: Option<i64>) -> Result<Snapshot, ArchiveError> {
        let Some(wanted) = at else {
            return Snapshot::of_state(self.load(None).await?);
        };
        let versions = log::versions(&self.log_dir())?;
        let oldest = versions.first().copied().unwrap_or(0);
        let newest = versions.last().copied().unwrap_or(0);
        let version = match u64::try_from(wanted) {
            Ok(version) if versions.binary_search(&wanted).is_ok() => version,
            _ => return Err(ArchiveError::UnknownVersion { wanted, oldest, newest }),
        };
        let snapshot = Snapshot::of_state(self.load(Some(version)).await?)?;
        for file in snapshot.files() {
            let path = self.path_of(&file.path);
            if !path.exists() {
                return Err(match wanted == newest {
                    true => ArchiveError::MissingFile { path },
                    false => ArchiveError::VersionVacuumed { version: wanted, path },
                });
            }
        }
        Ok(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::period::PeriodKind;

    use super::*;
    use crate::testing::{at, commit_rows, row};

    #[tokio::test]
    async fn an_old_version_is_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        commit_rows(
            &archive,
            &[row(5, "c5", "2025-03-03T09:00:00Z", "m1"), row(7, "c7", "2025-03-04T09:00:00Z", "m2")],
        )
        .await;
        commit_rows(&archive, &[row(6, "c6", "2025-04-01T00:00:00Z", "m3")]).await;

        let newest = archive.snapshot(None).await.unwrap();
        assert_eq!(newest.version(), 2);
        assert_eq!(newest.rows(), 3);
        assert_eq!(newest.periods().iter().map(|p| p.label()).collect::<Vec<_>>(), ["2025-03", "2025-04"]);
        assert_eq!(newest.files_of(Period::parse("2025-04").unwrap()).len(), 1);
        assert_eq!(newest.files_of(Period::parse("2025-05").unwrap()).len(), 0);
        assert_eq!(newest.latest_us(), Some(at("2025-04-01T00:00:00Z")));

        let first = archive.snapshot(Some(1)).await.unwrap();
        assert_eq!((first.version(), first.rows()), (1, 2));
        assert_eq!(first.first_us(), Some(at("2025-03-03T09:00:00Z")));
        let file = &first.files()[0];
        assert_eq!((file.min_key, file.max_key, file.rows, file.deletions), (5, 7, 2, 0));

        let empty = archive.snapshot(Some(0)).await.unwrap();
        assert_eq!((empty.rows(), empty.latest_us()), (0, None));
    }

    #[tokio::test]
    async fn an_unknown_version_names_the_known_ones() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        for wanted in [1, -1] {
            let error = archive.snapshot(Some(wanted)).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the archive has no version {wanted}; it has 0 to 0 (`tape history`)")
            );
        }
    }
}
