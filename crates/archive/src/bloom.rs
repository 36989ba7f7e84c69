//! Which files may hold an event id: the filters that the writer leaves in each row group.

use parquet::bloom_filter::Sbbf;
use tapemeasure_model::schema::col;

use crate::archive::Archive;
use crate::error::ArchiveError;
use crate::event_file::EventFile;
use crate::run::open_parquet;

/// For each event id whether the file may have an event with it, of whatever source: `false` is certain, `true` is
/// wrong for about one id in a hundred for each row group. Reads the footer and the filters, no rows; blocks on the
/// file system.
///
/// # Errors
/// The file is missing or damaged.
pub fn may_contain_event_id(archive: &Archive, file: &EventFile, ids: &[&str]) -> Result<Vec<bool>, ArchiveError> {
    let path = archive.file_path(file);
    let (open, footer) = open_parquet(&path)?;
    let Some((column, _)) = footer.schema().column_with_name(col::EVENT_ID) else {
        return Err(ArchiveError::UnknownColumn { column: col::EVENT_ID.to_owned() });
    };
    let mut found = vec![false; ids.len()];
    for row_group in footer.metadata().row_groups() {
        let filter = Sbbf::read_from_column_chunk(row_group.column(column), &open)
            .map_err(|e| ArchiveError::parquet("read", &path, e))?;
        for (found, id) in found.iter_mut().zip(ids) {
            *found |= filter.as_ref().is_none_or(|filter| filter.check(*id));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::period::PeriodKind;

    use super::*;
    use crate::testing::{row, run_of};

    #[tokio::test]
    async fn finds_what_is_there_and_little_else() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
        let run =
            run_of(&archive, &[row(1, "c1", "2025-03-03T09:00:00Z", "m1"), row(2, "c2", "2025-03-03T09:00:00Z", "m2")]);
        let found = may_contain_event_id(&archive, &run[0], &["m2", "m1"]).unwrap();
        assert_eq!(found, [true, true]);
        let strangers: Vec<String> = (0..1_000).map(|i| format!("x{i}")).collect();
        let strangers: Vec<&str> = strangers.iter().map(String::as_str).collect();
        let found = may_contain_event_id(&archive, &run[0], &strangers).unwrap();
        // One in a hundred is promised; twice as many is chance.
        assert!(found.iter().filter(|found| **found).count() <= 20);
    }
}
