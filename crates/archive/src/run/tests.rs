//! Runs written and read back.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Int64Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use tapemeasure_model::period::{Period, PeriodKind};
use tapemeasure_model::schema::{col, dictionary_type, events_schema};
use tempfile::TempDir;

use super::*;
use crate::archive::Archive;
use crate::error::ArchiveError;
use crate::event_file::EventFile;
use crate::testing::{Row, at, batch, dictionary_batch, row};

/// Small enough that a few rows fill several row groups and files.
const SMALL: RunOptions = RunOptions { rows_per_file: 20, rows_per_group: 7, zstd_level: 1 };

async fn archive() -> (TempDir, Archive) {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
    (dir, archive)
}

fn march() -> Period {
    Period::parse("2025-03").unwrap()
}

/// Conversations of 1, 2, 3, 1, 2, 3, ... messages, keys from -3,000 on in steps of 100, 100 rows.
fn many() -> Vec<Row> {
    static TIMES: [&str; 3] = ["2025-03-03T09:00:00Z", "2025-03-03T09:00:00.000001Z", "2025-03-31T23:59:59.999999Z"];
    let messages = |conversation: i64| {
        let times = &TIMES[..(conversation % 3 + 1) as usize];
        times.iter().map(move |&time| row(-3_000 + 100 * conversation, "c", time, "m"))
    };
    (0..).flat_map(messages).take(100).collect()
}

fn write(archive: &Archive, batches: &[RecordBatch], options: RunOptions) -> Vec<EventFile> {
    let mut writer = RunWriter::new(archive, march(), options);
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap()
}

fn read(archive: &Archive, files: &[EventFile], columns: &[&str], keys: KeyRange, batch_size: usize) -> RecordBatch {
    let reader = read_run(archive, files, columns, keys, batch_size).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    assert!(batches.iter().all(|batch| (1..=batch_size).contains(&batch.num_rows())));
    concat_batches(&schema, &batches).unwrap()
}

/// Every column with its dictionary resolved, so that batches compare by their values.
fn plain(batch: &RecordBatch) -> RecordBatch {
    let text = |column: &dyn Array| match column.data_type() {
        DataType::Dictionary(_, _) => cast(column, &DataType::Utf8).unwrap(),
        _ => cast(column, column.data_type()).unwrap(),
    };
    let columns = batch.columns().iter().map(|column| text(column.as_ref())).collect();
    RecordBatch::try_new(events_schema(), columns).unwrap()
}

fn all_columns() -> Vec<String> {
    events_schema().fields().iter().map(|field| field.name().clone()).collect()
}

fn keys_of(batch: &RecordBatch) -> Vec<i64> {
    batch.column_by_name(col::CONVERSATION_KEY).unwrap().as_primitive::<Int64Type>().values().to_vec()
}

#[tokio::test]
async fn rows_come_back_as_they_were() {
    let (_dir, archive) = archive().await;
    let rows = many();
    let expected = batch(&rows);
    let columns = all_columns();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    // Whole, in pieces across row groups, with and without dictionaries, and both in one run.
    let inputs = [
        vec![expected.clone()],
        vec![dictionary_batch(&rows)],
        rows.chunks(3).map(batch).collect(),
        rows.chunks(9).enumerate().map(|(i, c)| if i % 2 == 0 { batch(c) } else { dictionary_batch(c) }).collect(),
    ];
    for input in inputs {
        for options in [SMALL, RunOptions::default()] {
            let files = write(&archive, &input, options);
            for batch_size in [1, 4, 7, 1_000] {
                let found = read(&archive, &files, &columns, KeyRange::ALL, batch_size);
                assert_eq!(plain(&found), expected);
            }
        }
    }
}

#[tokio::test]
async fn a_file_ends_where_a_conversation_does() {
    let (_dir, archive) = archive().await;
    let rows = many();
    for input in [vec![batch(&rows)], rows.chunks(1).map(batch).collect()] {
        let files = write(&archive, &input, SMALL);
        let found: Vec<(i64, i64, u64)> = files.iter().map(|file| (file.min_key, file.max_key, file.rows)).collect();
        // The 20th row is the first of two of its conversation, or the second of three: each file but the last has 21.
        let by_hand =
            [(-3_000, -2_000, 21), (-1_900, -1_000, 21), (-900, 100, 21), (200, 1_100, 21), (1_200, 2_000, 16)];
        assert_eq!(found, by_hand);
    }
}

#[tokio::test]
async fn a_conversation_larger_than_a_file_stays_whole() {
    let (_dir, archive) = archive().await;
    let rows = ["a", "b", "c", "d", "e"].map(|id| row(1, "c", "2025-03-03T09:00:00Z", id));
    let tiny = RunOptions { rows_per_file: 2, ..SMALL };
    let files = write(&archive, &[batch(&rows[..1]), batch(&rows[1..4]), batch(&rows[4..])], tiny);
    assert_eq!(files.iter().map(|file| file.rows).collect::<Vec<_>>(), [5]);
}

#[tokio::test]
async fn a_range_of_keys_is_what_a_filter_leaves() {
    let (_dir, archive) = archive().await;
    let rows = many();
    let files = write(&archive, &[batch(&rows)], SMALL);
    let mut ranges = vec![
        KeyRange::ALL,
        KeyRange { min: -3_000, max: -3_000 },
        KeyRange { min: -2_999, max: -2_901 },
        KeyRange { min: -2_050, max: -1_850 },
        KeyRange { min: 2_000, max: i64::MAX },
        KeyRange { min: 5, max: 4 },
    ];
    ranges.extend((-31..21).map(|i| KeyRange { min: 100 * i, max: 100 * i + 730 }));
    ranges.extend(KeyRange::split(3));
    for range in ranges {
        let expected: Vec<i64> = rows.iter().map(|row| row.conversation_key).filter(|&k| range.contains(k)).collect();
        for batch_size in [2, 100] {
            let columns = [col::CONVERSATION_KEY, col::OCCURRED_AT];
            let found = read(&archive, &files, &columns, range, batch_size);
            assert_eq!(keys_of(&found), expected, "{range:?}");
            // The key need not be among the columns for the range to hold.
            let found = read(&archive, &files, &[col::OCCURRED_AT], range, batch_size);
            assert_eq!(found.num_rows(), expected.len(), "{range:?}");
        }
    }
}

#[tokio::test]
async fn columns_come_as_asked() {
    let (_dir, archive) = archive().await;
    let files = write(&archive, &[batch(&many())], SMALL);
    let reader = read_run(&archive, &files, &[col::EVENT_ID, col::SOURCE], KeyRange::ALL, 10).unwrap();
    let types: Vec<DataType> = reader.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(types, [DataType::Utf8, dictionary_type()]);
    let first = reader.map(Result::unwrap).next().unwrap();
    assert_eq!(first.column(0).as_string::<i32>(), &StringArray::from(vec!["m"; 7]));

    let error = read_run(&archive, &files, &["period"], KeyRange::ALL, 10).unwrap_err();
    assert!(matches!(&error, ArchiveError::UnknownColumn { column } if column == "period"), "{error}");
}

#[tokio::test]
async fn what_the_log_says_of_a_file_is_true() {
    let (_dir, archive) = archive().await;
    let mut rows = vec![
        row(-5, "c1", "2025-03-09T00:00:00Z", "m1"),
        row(3, "c2", "2025-03-01T00:00:00Z", "m2"),
        row(3, "c2", "2025-03-31T23:59:59.999999Z", "m3"),
    ];
    rows[1].event_type = "deleted";
    let files = write(&archive, &[batch(&rows)], RunOptions::default());
    assert_eq!(files.len(), 1);
    let file = &files[0];
    assert_eq!((file.min_key, file.max_key, file.rows, file.deletions), (-5, 3, 3, 1));
    assert_eq!(file.min_time_us, at("2025-03-01T00:00:00Z"));
    assert_eq!(file.max_time_us, at("2025-03-31T23:59:59.999999Z"));
    assert!(file.path.starts_with("period=2025-03/part-"), "{}", file.path);
    let bytes = std::fs::read(archive.file_path(file)).unwrap();
    assert_eq!(file.bytes, bytes.len() as u64);
    assert_eq!(file.digest, blake3::hash(&bytes).to_hex().as_str());
}

/// What other engines see: the plain columns, and where they may skip.
#[tokio::test]
async fn a_file_is_ordinary_parquet() {
    let (_dir, archive) = archive().await;
    let files = write(&archive, &[dictionary_batch(&many())], SMALL);
    let file = std::fs::File::open(archive.file_path(&files[0])).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let metadata = reader.metadata();
    assert_eq!(metadata.num_row_groups(), 3);
    assert_eq!(metadata.file_metadata().schema_descr().num_columns(), 17);
    assert!(metadata.file_metadata().key_value_metadata().is_none());
    let group = metadata.row_group(0);
    let sorted_by: Vec<i32> = group.sorting_columns().unwrap().iter().map(|sorted| sorted.column_idx).collect();
    assert_eq!(sorted_by, [16, 0, 4, 2]);
    let (event_id, conversation_id) = (group.column(1), group.column(4));
    assert!(event_id.bloom_filter_offset().is_some());
    assert!(event_id.dictionary_page_offset().is_none());
    assert!(conversation_id.dictionary_page_offset().is_some());
    assert!(conversation_id.statistics().is_some());
    assert!(group.column(15).statistics().is_none());
}

fn files_left(archive: &Archive) -> usize {
    match std::fs::read_dir(archive.events_dir().join("period=2025-03")) {
        Ok(entries) => entries.count(),
        Err(_) => 0,
    }
}

#[tokio::test]
async fn disorder_is_refused_and_nothing_stays() {
    let (_dir, archive) = archive().await;
    let (first, second) = (row(1, "c", "2025-03-03T09:00:00Z", "m1"), row(1, "c", "2025-03-03T09:00:01Z", "m2"));
    let cases: [Vec<Vec<Row>>; 4] = [
        vec![vec![second.clone(), first.clone()]],
        vec![vec![first.clone(), first.clone()]],
        vec![vec![second.clone()], vec![first.clone()]],
        vec![vec![first.clone()], vec![first.clone()]],
    ];
    for case in cases {
        let mut writer = RunWriter::new(&archive, march(), SMALL);
        let results: Vec<Result<(), ArchiveError>> = case.iter().map(|rows| writer.write(&batch(rows))).collect();
        let (last, before) = results.split_last().unwrap();
        assert!(before.iter().all(Result::is_ok));
        assert!(matches!(last, Err(ArchiveError::OutOfOrder { row: 1, .. })), "{last:?}");
        assert!(matches!(writer.write(&batch(std::slice::from_ref(&second))), Err(ArchiveError::RunAbandoned { .. })));
        assert!(matches!(writer.finish(), Err(ArchiveError::RunAbandoned { .. })));
        assert_eq!(files_left(&archive), 0);
    }
}

#[tokio::test]
async fn rows_that_do_not_fit_are_refused() {
    let (_dir, archive) = archive().await;
    let good = row(1, "c", "2025-03-03T09:00:00Z", "m1");
    let refused = |batch: &RecordBatch| RunWriter::new(&archive, march(), SMALL).write(batch).unwrap_err();

    let late = Row { occurred_at: "2025-04-01T00:00:00Z", ..good.clone() };
    assert!(matches!(refused(&batch(&[late])), ArchiveError::WrongPeriod { row: 0, .. }));
    let strange = Row { event_type: "sneezed", ..good.clone() };
    let error = refused(&dictionary_batch(&[strange]));
    assert!(matches!(&error, ArchiveError::UnknownEventType { found, .. } if found == "sneezed"), "{error}");
    let narrow = batch(std::slice::from_ref(&good)).project(&[0, 1]).unwrap();
    assert!(matches!(refused(&narrow), ArchiveError::WrongColumns { .. }));
    assert_eq!(files_left(&archive), 0);
}

#[tokio::test]
async fn a_writer_that_is_dropped_leaves_nothing() {
    let (_dir, archive) = archive().await;
    let mut writer = RunWriter::new(&archive, march(), SMALL);
    writer.write(&batch(&many())).unwrap();
    assert_eq!(files_left(&archive), 5);
    drop(writer);
    assert_eq!(files_left(&archive), 0);
    assert_eq!(RunWriter::new(&archive, march(), SMALL).finish().unwrap().len(), 0);
}

#[tokio::test]
async fn a_missing_file_is_named_once() {
    let (_dir, archive) = archive().await;
    let files = write(&archive, &[batch(&many())], SMALL);
    std::fs::remove_file(archive.file_path(&files[1])).unwrap();
    let mut reader = read_run(&archive, &files, &[col::SOURCE], KeyRange::ALL, 1_000).unwrap();
    let error = reader.find_map(Result::err).unwrap();
    assert!(matches!(&error, ArchiveError::MissingFile { path } if *path == archive.file_path(&files[1])), "{error}");
    assert!(reader.next().is_none());
}
