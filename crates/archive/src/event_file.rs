//! What the table's log says about one file of events.

use std::collections::HashMap;

use deltalake_core::kernel::{Add, LogicalFileView, Remove};
use serde::Deserialize;
use serde_json::json;
use tapemeasure_model::instant::{format_instant, parse_instant};
use tapemeasure_model::period::Period;
use tapemeasure_model::schema::col;

use crate::error::ArchiveError;

/// Tag on files whose rows are sorted and unique; without it nothing may be concluded from the order of rows.
const TAG_SORTED: &str = "tape.sorted";
const TAG_DELETIONS: &str = "tape.deletions";
const TAG_DIGEST: &str = "tape.digest";

/// One Parquet file: a piece of one period's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFile {
    /// Below `events/`, parted by `/`: `period=2025-03/part-<uuid>.parquet`.
    pub path: String,
    /// The period that all its events lie in.
    pub period: Period,
    /// Number of events; at least one.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// Smallest `conversation_key`, that of the first row.
    pub min_key: i64,
    /// Largest `conversation_key`, that of the last row. No other file of the period has it.
    pub max_key: i64,
    /// Earliest event, microseconds since 1970 UTC.
    pub min_time_us: i64,
    /// Latest event, microseconds since 1970 UTC.
    pub max_time_us: i64,
    /// BLAKE3 of the file's bytes, 64 hexadecimal digits: equal names mean equal content.
    pub digest: String,
    /// Number of events of the type `deleted`.
    pub deletions: u64,
}

/// Statistics of an Add action, as the Delta protocol writes them ("Per-file Statistics"). Only the columns that
/// prune: the key, and the time, to the microsecond.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    num_records: u64,
    min_values: Bounds,
    max_values: Bounds,
}

#[derive(Deserialize)]
struct Bounds {
    conversation_key: i64,
    occurred_at: String,
}

impl EventFile {
    /// The action that puts the file into the table.
    pub(crate) fn to_add(&self, modified_ms: i64) -> Add {
        let bounds =
            |key: i64, time_us: i64| json!({ col::CONVERSATION_KEY: key, col::OCCURRED_AT: format_instant(time_us) });
        let stats = json!({
            "numRecords": self.rows,
            "minValues": bounds(self.min_key, self.min_time_us),
            "maxValues": bounds(self.max_key, self.max_time_us),
            "nullCount": { col::CONVERSATION_KEY: 0, col::OCCURRED_AT: 0 },
        });
        Add {
            path: self.path.clone(),
            partition_values: self.partition_values(),
            size: signed(self.bytes),
            modification_time: modified_ms,
            data_change: true,
            stats: Some(stats.to_string()),
            tags: Some(HashMap::from([
                (TAG_SORTED.to_owned(), Some("1".to_owned())),
                (TAG_DELETIONS.to_owned(), Some(self.deletions.to_string())),
                (TAG_DIGEST.to_owned(), Some(self.digest.clone())),
            ])),
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        }
    }

    /// The action that takes the file out of the table.
    pub(crate) fn to_remove(&self, deleted_ms: i64) -> Remove {
        Remove {
            path: self.path.clone(),
            data_change: true,
            deletion_timestamp: Some(deleted_ms),
            extended_file_metadata: Some(true),
            partition_values: Some(self.partition_values()),
            size: Some(signed(self.bytes)),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
        }
    }

    /// Reads the entry of a file in the table.
    ///
    /// # Errors
    /// [`ArchiveError::ForeignFile`] if the entry is not one that [`to_add`](Self::to_add) makes.
    #[expect(deprecated, reason = "the tags of a file are public nowhere but in its Add action")]
    pub(crate) fn from_view(view: &LogicalFileView, version: i64) -> Result<Self, ArchiveError> {
        Self::from_add(&view.add_action(), version)
    }

    fn from_add(add: &Add, version: i64) -> Result<Self, ArchiveError> {
        let foreign = |reason| ArchiveError::ForeignFile { version, file: add.path.clone(), reason };
        let tag = |name: &str| add.tags.as_ref()?.get(name)?.as_deref();
        if tag(TAG_SORTED) != Some("1") {
            return Err(foreign("does not carry the mark that its rows are sorted"));
        }
        if add.deletion_vector.is_some() {
            return Err(foreign("has a deletion vector"));
        }
        let period = add.partition_values.get(col::PERIOD).and_then(|value| Period::parse(value.as_deref()?));
        let stats = add.stats.as_deref().and_then(|text| serde_json::from_str::<Stats>(text).ok());
        let (Some(period), Some(stats)) = (period, stats) else {
            return Err(foreign("has no period or no statistics"));
        };
        let time = |bounds: &Bounds| parse_instant(&bounds.occurred_at).map_err(|_| foreign("has times that are none"));
        Ok(Self {
            path: add.path.clone(),
            period,
            rows: stats.num_records,
            bytes: u64::try_from(add.size).map_err(|_| foreign("has a negative size"))?,
            min_key: stats.min_values.conversation_key,
            max_key: stats.max_values.conversation_key,
            min_time_us: time(&stats.min_values)?,
            max_time_us: time(&stats.max_values)?,
            digest: tag(TAG_DIGEST).ok_or_else(|| foreign("has no digest"))?.to_owned(),
            deletions: tag(TAG_DELETIONS)
                .and_then(|count| count.parse().ok())
                .ok_or_else(|| foreign("has no count of deletions"))?,
        })
    }

    fn partition_values(&self) -> HashMap<String, Option<String>> {
        HashMap::from([(col::PERIOD.to_owned(), Some(self.period.label()))])
    }
}

/// Sizes are signed in the log; no file comes near the limit.
fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> EventFile {
        EventFile {
            path: "period=2025-03/part-1.parquet".to_owned(),
            period: Period::parse("2025-03").unwrap(),
            rows: 3,
            bytes: 1_234,
            min_key: i64::MIN,
            max_key: 9_007_199_254_740_993,
            min_time_us: 1_740_992_400_000_001,
            max_time_us: 1_740_992_400_999_999,
            digest: "ab".repeat(32),
            deletions: 2,
        }
    }

    #[test]
    fn an_entry_goes_there_and_back_to_the_microsecond() {
        assert_eq!(EventFile::from_add(&file().to_add(5), 1).unwrap(), file());
    }

    #[test]
    fn statistics_are_those_of_the_protocol() {
        let stats: serde_json::Value = serde_json::from_str(&file().to_add(5).stats.unwrap()).unwrap();
        assert_eq!(
            stats,
            json!({
                "numRecords": 3,
                "minValues": { "conversation_key": i64::MIN, "occurred_at": "2025-03-03T09:00:00.000001Z" },
                "maxValues": { "conversation_key": 9_007_199_254_740_993_i64, "occurred_at": "2025-03-03T09:00:00.999999Z" },
                "nullCount": { "conversation_key": 0, "occurred_at": 0 },
            })
        );
    }

    #[test]
    fn entries_of_other_programs_are_refused() {
        let mut add = file().to_add(5);
        add.tags = None;
        let error = EventFile::from_add(&add, 7).unwrap_err();
        assert!(matches!(error, ArchiveError::ForeignFile { version: 7, .. }), "{error}");
        let mut add = file().to_add(5);
        add.stats = None;
        assert!(EventFile::from_add(&add, 7).is_err());
    }
}
