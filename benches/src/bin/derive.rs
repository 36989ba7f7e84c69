//! How long the steps from events to facts take: `derive ARCHIVE [THREADS]`.
//!
//! Each step does the work of the one before and more, so differences are the cost of what is added. The number of
//! events that every step saw is checked against the archive's.

use std::panic::resume_unwind;
use std::time::Instant;

use tapemeasure_archive::{Archive, ArchiveError, KeyRange, read_run};
use tapemeasure_facts::{DeriveOptions, derive};
use tapemeasure_model::schema::events_schema;
use tapemeasure_model::settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows that are decoded at once, as in the fold.
const BATCH_ROWS: usize = 32_768;

/// What the fold reads where nothing was deleted.
const FOLDED: &[&str] = &[
    "conversation_key",
    "occurred_at",
    "source",
    "conversation_id",
    "contact_id",
    "event_type",
    "direction",
    "author",
    "channel",
    "team",
    "topic",
    "agent_id",
    "private",
    "automated",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().ok_or("usage: derive ARCHIVE [THREADS]")?;
    let threads: usize = arguments.next().map_or(Ok(2), |n| n.parse())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let archive = runtime.block_on(Archive::open(root.as_ref()))?;
    let snapshot = runtime.block_on(archive.snapshot(None))?;
    let settings = Settings::load(&archive.settings_path())?;
    let events = snapshot.rows();
    let all: Vec<String> = events_schema().fields().iter().map(|f| f.name().clone()).collect();
    let with_ids: Vec<&str> = FOLDED.iter().copied().chain(["event_id"]).collect();

    let step = |name: &str, work: &dyn Fn() -> Result<u64, Box<dyn std::error::Error>>| {
        let begun = Instant::now();
        let seen = work()?;
        let seconds = begun.elapsed().as_secs_f64();
        if seen != events {
            return Err(format!("{name} saw {seen} of {events} events").into());
        }
        println!("{name:<40} {seconds:>8.3} s  {:>12.0} events/s", events as f64 / seconds);
        Ok::<(), Box<dyn std::error::Error>>(())
    };
    let decode = |columns: &[&str]| -> Result<u64, Box<dyn std::error::Error>> {
        let shares: Vec<Result<u64, ArchiveError>> = std::thread::scope(|scope| {
            let workers: Vec<_> = KeyRange::split(threads)
                .into_iter()
                .map(|range| {
                    let (archive, snapshot) = (&archive, &snapshot);
                    scope.spawn(move || {
                        let mut rows = 0;
                        for period in snapshot.periods() {
                            for batch in read_run(archive, snapshot.files_of(period), columns, range, BATCH_ROWS)? {
                                rows += batch?.num_rows() as u64;
                            }
                        }
                        Ok(rows)
                    })
                })
                .collect();
            workers.into_iter().map(|w| w.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        Ok(shares.into_iter().sum::<Result<u64, ArchiveError>>()?)
    };
    step("decode the key", &|| decode(&["conversation_key"]))?;
    step("decode key, time, type", &|| decode(&["conversation_key", "occurred_at", "event_type"]))?;
    step("decode what the fold reads", &|| decode(FOLDED))?;
    step("decode it with event ids", &|| decode(&with_ids))?;
    step("decode every column", &|| decode(&all.iter().map(String::as_str).collect::<Vec<_>>()))?;
    let options = DeriveOptions { threads, afresh: true, ..DeriveOptions::default() };
    step("fold, rows in memory", &|| Ok(derive(&archive, &snapshot, &settings, &options)?.events_folded))?;
    let options = DeriveOptions { threads, ..DeriveOptions::default() };
    step("derive, files written", &|| {
        for file in archive.derived().list()? {
            archive.derived().remove(&file.name)?;
        }
        Ok(derive(&archive, &snapshot, &settings, &options)?.events_folded)
    })
}
