//! What must hold for every input, whatever its bytes: reading it ends, panics nowhere, and loses no record.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tapemeasure_ingest::{IngestError, IngestOptions, Mapping, Preview, Unwatched, ingest, preview};
use tokio::runtime::{Builder, Runtime};

/// One input in so many is also ingested into an archive, which takes a hundred times as long as reading it.
const INGESTED: u64 = 64;

/// Reads bytes as an input of a format, and checks that records are conserved: each is an event, rejected or ignored,
/// and what an ingest says of them adds up to the same.
///
/// # Panics
/// Where it does not hold.
pub fn check(format: &str, bytes: &[u8]) {
    let options = IngestOptions { format: format.to_owned(), ..options() };
    check_with(&options, bytes);
}

/// As [`check`], by a mapping: what lies before the first line `---` is the mapping, the rest the input.
///
/// # Panics
/// Where it does not hold.
pub fn check_mapping(bytes: &[u8]) {
    const BORDER: &[u8] = b"\n---\n";
    let Some(at) = bytes.windows(BORDER.len()).position(|part| part == BORDER) else { return };
    let Ok(text) = std::str::from_utf8(&bytes[..at]) else { return };
    let Ok(mapping) = Mapping::parse(text, "fuzz.toml") else { return };
    check_with(&IngestOptions { mapping: Some(mapping.into()), ..options() }, &bytes[at + BORDER.len()..]);
}

fn check_with(options: &IngestOptions, bytes: &[u8]) {
    let input = home().join("input");
    write(&input, bytes);
    let inputs = [input.display().to_string()];
    let Ok(read) = runtime().block_on(preview(&inputs, options, usize::MAX)) else { return };
    let events = read.events.len() as u64;
    assert_eq!(read.read, events + read.rejected + read.ignored, "{read:?}");
    if digest(bytes).is_multiple_of(INGESTED) {
        check_ingest(options, &inputs, &read, events);
    }
}

fn check_ingest(options: &IngestOptions, inputs: &[String], read: &Preview, events: u64) {
    let root = home().join("archive");
    match runtime().block_on(ingest(&root, inputs, options, &Unwatched)) {
        Ok(summary) => {
            assert_eq!(summary.read, read.read);
            assert_eq!(summary.accepted + summary.replaced + summary.duplicates, events);
            assert_eq!((summary.rejected, summary.ignored), (read.rejected, read.ignored));
        }
        Err(IngestError::NothingAccepted { rejected, .. }) => assert_eq!((events, rejected), (0, read.rejected)),
        Err(error) => panic!("read, but not ingested: {error}"),
    }
    // Left over only by an ingest that failed before there was an archive.
    let _ = std::fs::remove_dir_all(&root);
}

/// With everything that some format asks for.
fn options() -> IngestOptions {
    IngestOptions {
        keep_body: true,
        threads: 1,
        max_rejected_share: 1.0,
        zone: tapemeasure_model::zone::Zone::parse("America/New_York").ok(),
        agents: vec!["example.com".to_owned(), "U0AGENT".to_owned()],
        bots: vec!["robot".to_owned()],
        ..IngestOptions::default()
    }
}

/// A directory of this process, in memory where the system has one.
fn home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let above = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let home = above.join(format!("tapemeasure-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap_or_else(|error| panic!("{}: {error}", home.display()));
        home
    })
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let built = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        built.unwrap_or_else(|error| panic!("no runtime: {error}"))
    })
}

/// FNV-1a: which inputs are ingested depends on them alone, so that a finding is found again.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
