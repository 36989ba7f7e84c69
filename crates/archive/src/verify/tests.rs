//! Archives with one thing wrong, and what is found.

use std::cell::Cell;
use std::fs;

use tapemeasure_model::key::{contact_key, conversation_key};
use tapemeasure_model::period::PeriodKind;
use tempfile::TempDir;

use super::*;
use crate::event_file::EventFile;
use crate::run::open_parquet;
use crate::testing::{Row, commit_rows, info, row, run_of};

/// A row with the key that its conversation, or its contact, has.
fn keyed(row: Row) -> Row {
    let conversation_key = match row.conversation_id {
        Some(conversation_id) => conversation_key(row.source, conversation_id),
        None => contact_key(row.source, row.contact_id.unwrap()),
    };
    Row { conversation_key, ..row }
}

/// Rows in the order of their keys.
fn keyed_rows(rows: &[Row]) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.iter().cloned().map(keyed).collect();
    rows.sort_by_key(|row| row.conversation_key);
    rows
}

async fn archive() -> (TempDir, Archive) {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::create(&dir.path().join("a"), PeriodKind::Month).await.unwrap();
    (dir, archive)
}

/// Three events in March, one of them of a contact without a conversation.
fn march() -> Vec<Row> {
    let mut opt_out = row(0, "", "2025-03-05T09:00:00Z", "m3");
    opt_out.conversation_id = None;
    opt_out.event_type = "opted_out";
    opt_out.direction = None;
    keyed_rows(&[row(0, "c1", "2025-03-03T09:00:00Z", "m1"), row(0, "c2", "2025-03-04T09:00:00Z", "m2"), opt_out])
}

async fn found(archive: &Archive) -> Vec<(Check, String)> {
    let snapshot = archive.snapshot(None).await.unwrap();
    let verification = verify(archive, &snapshot, &VerifyOptions::default()).unwrap();
    verification.findings.into_iter().map(|finding| (finding.check, finding.detail)).collect()
}

#[tokio::test]
async fn nothing_is_wrong_with_what_was_written() {
    let (_dir, archive) = archive().await;
    commit_rows(&archive, &march()).await;
    commit_rows(&archive, &keyed_rows(&[row(0, "c1", "2025-04-01T00:00:00Z", "m4")])).await;
    let snapshot = archive.snapshot(None).await.unwrap();
    let read = Cell::new(0_u64);
    let progress = |rows: u64| {
        read.set(read.get() + rows);
        true
    };
    let options = VerifyOptions { progress: Some(&progress), ..VerifyOptions::default() };
    let verification = verify(&archive, &snapshot, &options).unwrap();
    let expected = Verification { findings: Vec::new(), files: 2, rows: 4, bytes: snapshot.bytes() };
    assert_eq!(verification, expected);
    assert_eq!(read.get(), 8);
}

#[tokio::test]
async fn missing_cut_and_changed_files_are_found() {
    let (_dir, archive) = archive().await;
    commit_rows(&archive, &march()).await;
    let path = archive.file_path(&archive.snapshot(None).await.unwrap().files()[0]);
    let bytes = fs::read(&path).unwrap();

    // The last byte of the filter of event ids: no row depends on it.
    let (_, footer) = open_parquet(&path).unwrap();
    let event_id = footer.metadata().row_group(0).column(1);
    let filter_end = event_id.bloom_filter_offset().unwrap() + i64::from(event_id.bloom_filter_length().unwrap());
    let mut changed = bytes.clone();
    changed[filter_end as usize - 1] ^= 1;
    fs::write(&path, &changed).unwrap();
    let checks: Vec<Check> = found(&archive).await.into_iter().map(|(check, _)| check).collect();
    assert_eq!(checks, [Check::Digest]);

    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let checks: Vec<Check> = found(&archive).await.into_iter().map(|(check, _)| check).collect();
    assert_eq!(checks, [Check::Size, Check::Readable]);

    fs::remove_file(&path).unwrap();
    assert_eq!(found(&archive).await, [(Check::Present, "the file is missing".to_owned())]);
}

#[tokio::test]
async fn a_wrong_key_is_found() {
    let (_dir, archive) = archive().await;
    commit_rows(&archive, &[row(42, "c1", "2025-03-03T09:00:00Z", "m1")]).await;
    let expected = conversation_key("s", "c1");
    let detail = format!("row 0: has the key 42 instead of {expected}");
    assert_eq!(found(&archive).await, [(Check::Key, detail)]);
}

#[tokio::test]
async fn untrue_entries_of_the_log_are_found() {
    let (_dir, archive) = archive().await;
    let rows = march();
    let base = archive.snapshot(None).await.unwrap();
    let run = run_of(&archive, &rows);
    let lie = EventFile { rows: 4, deletions: 1, min_time_us: run[0].min_time_us - 1, ..run[0].clone() };
    archive.commit(&base, &[], vec![lie], info("INGEST")).await.unwrap();
    let detail = "the number of rows is 3, the log says 4; \
                  the earliest time is 2025-03-03T09:00:00.000000Z, the log says 2025-03-03T08:59:59.999999Z; \
                  the number of deletions is 0, the log says 1";
    assert_eq!(found(&archive).await, [(Check::Statistics, detail.to_owned())]);
}

#[tokio::test]
async fn a_file_under_another_period_is_found() {
    let (_dir, archive) = archive().await;
    let base = archive.snapshot(None).await.unwrap();
    let run = run_of(&archive, &march());
    let period = PeriodKind::Month.period_of(run[0].max_time_us + 40 * 86_400_000_000);
    archive.commit(&base, &[], vec![EventFile { period, ..run[0].clone() }], info("INGEST")).await.unwrap();
    let findings = found(&archive).await;
    let [(Check::Period, detail)] = &findings[..] else { panic!("{findings:?}") };
    assert!(detail.ends_with("; and 2 more rows"), "{detail}");
}

#[tokio::test]
async fn an_event_at_two_times_is_found_however_little_memory_there_is() {
    let (_dir, archive) = archive().await;
    commit_rows(&archive, &march()).await;
    // The same event a month later; and another conversation that has the same id in another source.
    let mut other = row(0, "c9", "2025-04-02T09:00:00Z", "m2");
    other.source = "t";
    commit_rows(&archive, &keyed_rows(&[row(0, "c1", "2025-04-01T09:00:00Z", "m1"), other])).await;
    let snapshot = archive.snapshot(None).await.unwrap();
    for memory_bytes in [1, 16, 1_000_000] {
        let options = VerifyOptions { memory_bytes, progress: None };
        let findings = verify(&archive, &snapshot, &options).unwrap().findings;
        let detail = "event m1 of s occurred at 2025-03-03T09:00:00.000000Z and at 2025-04-01T09:00:00.000000Z";
        let expected =
            Finding { check: Check::Identity, file: Some(snapshot.files()[1].path.clone()), detail: detail.to_owned() };
        assert_eq!(findings, [expected]);
    }
}

#[tokio::test]
async fn an_event_stored_twice_is_found() {
    let (_dir, archive) = archive().await;
    let at = "2025-03-03T09:00:00Z";
    commit_rows(&archive, &keyed_rows(&[row(0, "c1", at, "m1"), row(0, "c2", at, "m1")])).await;
    let detail = "event m1 of s at 2025-03-03T09:00:00.000000Z is stored 2 times";
    assert_eq!(found(&archive).await, [(Check::Duplicate, detail.to_owned())]);
}

#[tokio::test]
async fn it_stops_when_asked() {
    let (_dir, archive) = archive().await;
    commit_rows(&archive, &march()).await;
    let snapshot = archive.snapshot(None).await.unwrap();
    let stop = |_: u64| false;
    let options = VerifyOptions { progress: Some(&stop), ..VerifyOptions::default() };
    assert!(matches!(verify(&archive, &snapshot, &options), Err(ArchiveError::Cancelled)));
}
