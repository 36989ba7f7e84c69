//! Whole ingests into archives on disk. Expected counts are worked out by hand (kpi-rules E1).

mod inputs;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use tapemeasure_archive::{Archive, KeyRange};
use tapemeasure_model::period::PeriodKind;
use tempfile::TempDir;

use crate::control::Control;
use crate::inputs::expand;
use crate::known::SeenBefore;
use crate::merge::stored::StoredRows;
use crate::merge::{Job, merge_period};
use crate::pipeline::gather;
use crate::rows::codec;
use crate::spill::Scratch;
use crate::{IngestError, IngestOptions, IngestSummary, Progress, Unwatched, ingest};

/// A directory with inputs and an archive.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("archive")
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    async fn ingest(&self, inputs: &[String], options: &IngestOptions) -> Result<IngestSummary, IngestError> {
        ingest(&self.root(), inputs, options, &Unwatched).await
    }

    async fn ingest_text(&self, name: &str, text: &str) -> IngestSummary {
        let input = self.file(name, text);
        self.ingest(&[input], &options()).await.unwrap()
    }

    /// Every stored row of the newest version, without its place.
    async fn rows(&self) -> Vec<Vec<u8>> {
        let archive = Archive::open(&self.root()).await.unwrap();
        let snapshot = archive.snapshot(None).await.unwrap();
        let mut rows = Vec::new();
        for period in snapshot.periods() {
            let mut stored = StoredRows::open(&archive, period, snapshot.files_of(period), KeyRange::ALL).unwrap();
            while stored.advance().unwrap() {
                let mut row = stored.row().to_vec();
                row[16..24].fill(0);
                rows.push(row);
            }
        }
        rows
    }

    /// `event_id topic` of every stored row, sorted.
    async fn topics(&self) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut topics: Vec<String> = self
            .rows()
            .await
            .iter()
            .map(|row| {
                let event = codec::decode(row).unwrap();
                format!("{} {}", text(event.event_id), event.topic.map(text).unwrap_or_default())
            })
            .collect();
        topics.sort();
        topics
    }

    fn spill_is_gone(&self) {
        assert!(!self.root().join("spill").exists());
    }
}

/// Two threads, so that order could go wrong.
fn options() -> IngestOptions {
    IngestOptions { threads: 2, ..IngestOptions::default() }
}

/// accepted, replaced, duplicates, rejected; and that they are everything that was read.
fn counts(summary: &IngestSummary) -> [u64; 4] {
    let IngestSummary { read, accepted, replaced, duplicates, rejected, ignored, .. } = *summary;
    assert_eq!(read, accepted + replaced + duplicates + rejected + ignored);
    [accepted, replaced, duplicates, rejected]
}

fn line(id: &str, second: u32, conversation: &str, topic: &str) -> String {
    let (minute, second) = (second / 60 % 60, second % 60);
    format!(
        r#"{{"source":"s","event_id":"{id}","occurred_at":"2025-03-03T09:{minute:02}:{second:02}Z","event_type":"tagged","conversation_id":"{conversation}","topic":"{topic}"}}"#
    ) + "\n"
}

/// Events of some months and conversations in no order, some of them twice with other topics, some moved.
fn many(count: u64) -> Vec<String> {
    let mut state = 99_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..count)
        .map(|_| {
            let id = next(count);
            // The time belongs to the id; conversation and type may change with every repeat.
            let (month, day, hour) = (id % 5 + 1, id % 28 + 1, id % 24);
            let conversation = if next(10) == 0 { next(50) } else { id % 50 };
            let kind = ["tagged", "closed", "opened"][next(3) as usize];
            format!(
                r#"{{"source":"s","event_id":"e{id}","occurred_at":"2025-{month:02}-{day:02}T{hour:02}:00:00.25+02:00","event_type":"{kind}","conversation_id":"c{conversation}","topic":"t{}"}}"#,
                next(3)
            ) + "\n"
        })
        .collect()
}

#[tokio::test]
async fn repeats_are_counted_as_the_rules_say() {
    let home = Home::new();
    let text = [
        line("e1", 1, "c1", "a"),
        line("e2", 2, "c1", "a"),
        // The same, with its fields in other order and a field that nobody knows.
        r#"{"topic":"a","conversation_id":"c1","event_type":"tagged","occurred_at":"2025-03-03T10:00:01+01:00","event_id":"e1","source":"s","x":1}"#.to_owned() + "\n",
        line("e2", 2, "c1", "b"),
        line("e2", 2, "c1", "a"),
        // Another time: not the same event.
        line("e1", 7, "c1", "a"),
    ]
    .concat();
    let summary = home.ingest_text("one.ndjson", &text).await;
    assert_eq!(counts(&summary), [3, 2, 1, 0]);
    assert_eq!((summary.version, summary.files, summary.skipped_files), (1, 1, 0));
    assert_eq!(summary.first.as_deref(), Some("2025-03-03T09:00:01.000000Z"));
    assert_eq!(summary.last.as_deref(), Some("2025-03-03T09:00:07.000000Z"));
    assert_eq!(home.topics().await, ["e1 a", "e1 a", "e2 a"]);

    // Onto what is stored: e1 as it is, e2 with other content, e3 new.
    let text = [line("e1", 1, "c1", "a"), line("e2", 2, "c1", "z"), line("e3", 3, "c2", "a")].concat();
    let summary = home.ingest_text("two.ndjson", &text).await;
    assert_eq!((counts(&summary), summary.version), ([1, 1, 1, 0], 2));
    assert_eq!(home.topics().await, ["e1 a", "e1 a", "e2 z", "e3 a"]);
    home.spill_is_gone();
}

#[tokio::test]
async fn a_repeat_that_moves_replaces_what_it_was() {
    let home = Home::new();
    // e1 moves to another conversation and back, e2 moves, e3 stays.
    let text = [
        line("e1", 1, "c1", "a"),
        line("e1", 1, "c2", "b"),
        line("e2", 2, "c1", "a"),
        line("e1", 1, "c1", "a"),
        line("e2", 2, "c9", "b"),
        line("e3", 3, "c1", "a"),
    ]
    .concat();
    let summary = home.ingest_text("one.ndjson", &text).await;
    assert_eq!(counts(&summary), [3, 3, 0, 0]);
    assert_eq!(home.topics().await, ["e1 a", "e2 b", "e3 a"]);

    // Stored rows move too; e2 arrives twice with one content, e3 changes its type.
    let closed = line("e3", 3, "c1", "a").replace("tagged", "closed");
    let text = [line("e1", 1, "c7", "x"), line("e2", 2, "c1", "b"), line("e2", 2, "c1", "b"), closed].concat();
    let summary = home.ingest_text("two.ndjson", &text).await;
    assert_eq!(counts(&summary), [0, 3, 1, 0]);
    assert_eq!(home.topics().await, ["e1 x", "e2 b", "e3 a"]);
    assert_eq!(home.rows().await.len(), 3);
}

#[tokio::test]
async fn files_that_the_archive_has_are_not_read_again() {
    let home = Home::new();
    let input = home.file("one.ndjson", line("e1", 1, "c1", "a") + &line("e2", 1, "c1", "a"));
    let first = home.ingest(std::slice::from_ref(&input), &options()).await.unwrap();
    assert_eq!((counts(&first), first.version), ([2, 0, 0, 0], 1));

    let again = home.ingest(std::slice::from_ref(&input), &options()).await.unwrap();
    assert_eq!((counts(&again), again.version, again.skipped_files), ([0, 0, 2, 0], 1, 1));
    assert_eq!(again.notes, [format!("ingested before and not read again: {input} (--force reads them)")]);

    let forced = IngestOptions { force: true, ..options() };
    let again = home.ingest(std::slice::from_ref(&input), &forced).await.unwrap();
    assert_eq!((counts(&again), again.version, again.skipped_files), ([0, 0, 2, 0], 1, 0));
    assert_eq!(again.notes, Vec::<String>::new());

    // With texts kept it is another ingest; the same size with other content is another file.
    let kept = IngestOptions { keep_body: true, ..options() };
    let read = home.ingest(std::slice::from_ref(&input), &kept).await.unwrap();
    assert_eq!((counts(&read), read.version, read.skipped_files), ([0, 0, 2, 0], 2, 0));
    home.file("one.ndjson", line("e1", 1, "c1", "b") + &line("e2", 1, "c1", "a"));
    let other = home.ingest(&[input], &options()).await.unwrap();
    assert_eq!((counts(&other), other.version), ([0, 1, 1, 0], 3));
}

#[tokio::test]
async fn little_memory_gives_the_same_archive() {
    let text = many(20_000).concat();
    let homes = [Home::new(), Home::new()];
    let mut seen = Vec::new();
    for (home, memory_bytes) in homes.iter().zip([1 << 30, 1 << 20]) {
        let input = home.file("many.ndjson", &text);
        let options = IngestOptions { memory_bytes, ..options() };
        let summary = home.ingest(&[input], &options).await.unwrap();
        home.spill_is_gone();
        seen.push((counts(&summary), home.rows().await));
    }
    assert_eq!(seen[0].0.iter().sum::<u64>(), 20_000);
    assert_eq!(seen[0].0[0], seen[0].1.len() as u64);
    assert!(seen[0] == seen[1]);
}

#[tokio::test]
async fn a_period_shared_among_threads_is_the_same_period() {
    let home = Home::new();
    home.ingest_text("before.ndjson", &many(600).concat()).await;
    let archive = Archive::open(&home.root()).await.unwrap();
    let snapshot = archive.snapshot(None).await.unwrap();

    let input = home.file("many.ndjson", many(900).concat());
    let control = Control::new(&Unwatched);
    let scratch = Scratch::new(home.0.path(), Vec::new());
    // Little memory, so that some rows are spilled.
    let options = IngestOptions { memory_bytes: 1 << 17, ..options() };
    let inputs = expand(&[input]).unwrap().list;
    let gathered = gather(&inputs, &SeenBefore::new(), &options, Some(PeriodKind::Month), &control, &scratch).unwrap();
    assert_ne!(gathered.runs.len(), 0);
    let job = Job {
        archive: &archive,
        buffers: &gathered.buffers,
        runs: &gathered.runs,
        keep_body: false,
        threads: 3,
        memory_bytes: 1 << 20,
        control: &control,
    };
    for period in snapshot.periods() {
        let mut seen = Vec::new();
        for shares in [1, 2, 3] {
            let merged = merge_period(&job, period, snapshot.files_of(period), shares).unwrap();
            let mut stored = StoredRows::open(&archive, period, &merged.after, KeyRange::ALL).unwrap();
            let mut rows = Vec::new();
            while stored.advance().unwrap() {
                rows.push(stored.row().to_vec());
            }
            seen.push((merged.counts, rows));
        }
        assert!(seen[0].0.changed());
        assert!(seen[0] == seen[1] && seen[0] == seen[2], "{period}");
    }
    // What was merged and not committed is gone.
    let files = files_below(&archive.events_dir());
    let written = files.iter().filter(|path| path.extension().is_some_and(|end| end == "parquet"));
    assert_eq!(written.count(), snapshot.files().len());
}

#[tokio::test]
async fn a_file_cut_in_two_is_the_same_file() {
    let lines = many(400);
    let whole = Home::new();
    let expected = counts(&whole.ingest_text("whole.ndjson", &lines.concat()).await);
    let rows = whole.rows().await;
    for cut in [0, 1, 57, 399, 400] {
        let home = Home::new();
        let (first, second) = lines.split_at(cut);
        let inputs = [home.file("1", first.concat()), home.file("2", second.concat().trim_end())];
        assert_eq!(counts(&home.ingest(&inputs, &options()).await.unwrap()), expected, "{cut}");
        assert!(home.rows().await == rows, "{cut}");
    }
    // In two ingests the counts differ in nothing either, and neither does the archive.
    let home = Home::new();
    let (first, second) = lines.split_at(150);
    let one = counts(&home.ingest_text("1", &first.concat()).await);
    let two = counts(&home.ingest_text("2", &second.concat()).await);
    assert_eq!([0, 1, 2, 3].map(|i| one[i] + two[i]), expected);
    assert!(home.rows().await == rows);
}

#[tokio::test]
async fn layouts_and_compressions_give_the_same_events() {
    let csv = "source,event_id,occurred_at,event_type,conversation_id,topic\r\n\
               s,e1,2025-03-03T09:00:01Z,tagged,c1,a\r\ns,e2,2025-03-03T09:00:02Z,tagged,c1,\"a\"";
    let json = line("e1", 1, "c1", "a") + &line("e2", 2, "c1", "a");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let zstd = zstd::bulk::compress(csv.as_bytes(), 3).unwrap();
    let mark = [b"\xef\xbb\xbf".as_slice(), b"\n \r\n", json.trim_end().as_bytes()].concat();
    let mut seen = Vec::new();
    for content in [csv.as_bytes(), json.as_bytes(), &gzip, &zstd, &mark] {
        let home = Home::new();
        let input = home.file("input", content);
        let summary = home.ingest(&[input], &options()).await.unwrap();
        assert_eq!(counts(&summary), [2, 0, 0, 0]);
        seen.push(home.rows().await);
    }
    assert!(seen.iter().all(|rows| *rows == seen[0]));
}

#[tokio::test]
async fn rejects_are_kept_and_too_many_fail_everything() {
    let home = Home::new();
    let good = line("e1", 1, "c1", "a");
    let input = home.file("input.ndjson", format!("{good}{{\n{good}rubbish\n"));
    let error = home.ingest(std::slice::from_ref(&input), &options()).await.unwrap_err();
    let IngestError::TooManyRejected { rejected: 2, read: 4, quarantine, .. } = &error else { panic!("{error}") };
    let place = format!("first: {input}, line 2, byte {}: broken JSON;", good.len());
    assert!(error.to_string().contains(&place), "{error}");
    assert_eq!(fs::read_to_string(quarantine).unwrap().lines().count(), 2);
    assert!(!Archive::exists(&home.root()));
    home.spill_is_gone();

    // The directory with the rejects becomes an archive all the same.
    let lenient = IngestOptions { max_rejected_share: 0.5, ..options() };
    let summary = home.ingest(&[input], &lenient).await.unwrap();
    assert_eq!(counts(&summary), [1, 0, 1, 2]);
    let reasons = [("broken JSON".to_owned(), 1), ("not a JSON object".to_owned(), 1)];
    assert_eq!(summary.rejected_by_reason, reasons);
    assert!(summary.quarantine.unwrap().starts_with(fs::canonicalize(home.root()).unwrap().join("quarantine")));

    let input = home.file("none.ndjson", "{\"event_id\":\"e\",\"occurred_at\":\"t\"}\n");
    let lenient = IngestOptions { max_rejected_share: 1.0, ..options() };
    let error = home.ingest(&[input], &lenient).await.unwrap_err();
    assert!(matches!(error, IngestError::NothingAccepted { rejected: 1, .. }), "{error}");
}

#[tokio::test]
async fn an_input_that_ends_early_commits_nothing() {
    let home = Home::new();
    home.ingest_text("before.ndjson", &line("e1", 1, "c1", "a")).await;
    let good = home.file("good.ndjson", line("e2", 1, "c1", "a"));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(many(5_000).concat().as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let cut = home.file("cut.gz", &gzip[..gzip.len() - 9]);
    let error = home.ingest(&[good, cut.clone()], &options()).await.unwrap_err();
    let expected =
        format!("{cut}: gzip data ends early at byte {}; the file is cut off, fetch it again", gzip.len() - 9);
    assert_eq!(error.to_string(), expected);
    assert_eq!(home.topics().await, ["e1 a"]);
    home.spill_is_gone();
}

#[tokio::test]
async fn nothing_at_all_is_fine() {
    let home = Home::new();
    for (name, content) in [("empty", ""), ("blank", "\n \r\n\n")] {
        let summary = home.ingest_text(name, content).await;
        assert_eq!((counts(&summary), summary.version, summary.first), ([0; 4], 0, None));
        assert_eq!(summary.quarantine, None);
    }
}

#[tokio::test]
async fn the_period_is_chosen_once() {
    let home = Home::new();
    let by_day = IngestOptions { period: Some(PeriodKind::Day), ..options() };
    let input = home.file("1", line("e1", 1, "c1", "a"));
    home.ingest(std::slice::from_ref(&input), &by_day).await.unwrap();
    assert_eq!(Archive::open(&home.root()).await.unwrap().period_kind(), PeriodKind::Day);
    let by_month = IngestOptions { period: Some(PeriodKind::Month), ..options() };
    let error = home.ingest(&[input], &by_month).await.unwrap_err();
    assert!(
        matches!(error, IngestError::PeriodDiffers { found: PeriodKind::Day, asked: PeriodKind::Month, .. }),
        "{error}"
    );

    // Somebody's directory is left alone, before anything is read.
    let home = Home::new();
    fs::create_dir(home.root()).unwrap();
    fs::write(home.root().join("holiday.jpg"), b"").unwrap();
    let input = home.file("1", line("e1", 1, "c1", "a"));
    let error = home.ingest(&[input], &options()).await.unwrap_err();
    assert!(matches!(error, IngestError::Archive(_)), "{error}");
    assert_eq!(fs::read_dir(home.root()).unwrap().count(), 1);
}

/// Stops the ingest when it has been asked some number of times.
struct StopsAfter(AtomicU64);

impl Progress for StopsAfter {
    fn started(&self, _total_bytes: Option<u64>) {}
    fn advanced(&self, _bytes: u64, _rows: u64) {}
    fn phase(&self, _name: &str) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(1))) == Ok(0)
    }
}

#[tokio::test]
async fn a_cancelled_ingest_leaves_no_trace() {
    let home = Home::new();
    home.ingest_text("before.ndjson", &line("e1", 1, "c1", "a")).await;
    let before = files_below(&home.root());
    let input = home.file("many.ndjson", many(10_000).concat());
    let small = IngestOptions { memory_bytes: 1 << 20, ..options() };
    // At every step: while reading, spilling, merging.
    let mut cancelled = 0;
    for asked in 0.. {
        let progress = StopsAfter(AtomicU64::new(asked * 11));
        match ingest(&home.root(), std::slice::from_ref(&input), &small, &progress).await {
            Err(IngestError::Cancelled) => cancelled += 1,
            Err(error) => panic!("{error}"),
            Ok(summary) => {
                assert_eq!(summary.version, 2);
                break;
            }
        }
        assert_eq!(files_below(&home.root()), before);
    }
    assert!(cancelled > 3, "{cancelled}");
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Ingests from two threads into one archive: the slower one merges again onto what the faster one committed.
#[test]
fn ingests_at_the_same_time_both_land() {
    let home = Home::new();
    let lines = many(6_000);
    let inputs: Vec<String> =
        lines.chunks(1_500).enumerate().map(|(n, part)| home.file(&format!("{n}"), part.concat())).collect();
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime().block_on(home.ingest_text("first", &line("x", 1, "c", "a")));
    let done: Vec<IngestSummary> = std::thread::scope(|scope| {
        let threads: Vec<_> = inputs
            .iter()
            .map(|input| {
                let home = &home;
                scope.spawn(move || runtime().block_on(home.ingest(std::slice::from_ref(input), &options())).unwrap())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let accepted: u64 = done.iter().map(|summary| counts(summary)[0]).sum();
    let mut versions: Vec<i64> = done.iter().map(|summary| summary.version).collect();
    versions.sort_unstable();
    assert_eq!(versions, [2, 3, 4, 5]);
    let rows = runtime().block_on(home.rows());
    assert_eq!(rows.len() as u64, accepted + 1);
    let identities: std::collections::HashSet<(Vec<u8>, i64)> =
        rows.iter().map(|row| (codec::ids(row).event_id.to_vec(), codec::time_us(row))).collect();
    assert_eq!(identities.len(), rows.len());
}
