//! More than one process on an archive, and one that is interrupted.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tapemeasure_tests::{Archive, INTERRUPT_DEADLINE, Log, Oracle, Rules, Run, start, write_incompressible};

/// Rounds of a race: it falls out differently from time to time.
const ROUNDS: u64 = 3;

/// Starts both ingests at once and waits for both.
fn race(archive: &Archive, left: &Path, right: &Path) -> [Run; 2] {
    let running = [left, right].map(|path| start(archive.ingest_command(&[path], &[])));
    running.map(|running| running.wait())
}

/// Both landed, or one said in one line why it did not; then it is as if it had never been, and lands when tried again.
#[track_caller]
fn assert_both_land_or_one_fails_whole(oracle: &Oracle, base: &Log, halves: &[Log; 2], archive: &Archive) {
    let paths = [archive.write("left.ndjson", halves[0].ndjson()), archive.write("right.ndjson", halves[1].ndjson())];
    let runs = race(archive, &paths[0], &paths[1]);
    archive.assert_no_spill();
    let landed: Vec<usize> = (0..2).filter(|i| runs[*i].code == 0).collect();
    assert!(!landed.is_empty(), "neither of two ingests landed:\n{}\n{}", runs[0].stderr, runs[1].stderr);
    let log_of = |indexes: &[usize]| {
        let added = indexes.iter().flat_map(|i| halves[*i].events());
        Log::new(base.events().iter().chain(added).cloned().collect())
    };
    oracle.assert_facts("what landed", &log_of(&landed), &Rules::default(), archive);
    for (run, path) in runs.into_iter().zip(&paths) {
        if run.code != 0 {
            run.exits(1).error_line();
            archive.ingest(&[path], &[]);
        }
    }
    oracle.assert_facts("both halves", &log_of(&[0, 1]), &Rules::default(), archive);
    assert_eq!(archive.events(&[]).len(), log_of(&[0, 1]).identities());
}

fn halves_of(log: &Log) -> [Log; 2] {
    let mut halves = log.cut(2).into_iter();
    [halves.next().unwrap_or_default(), halves.next().unwrap_or_default()]
}

#[test]
fn two_ingests_at_once_into_one_archive_both_land_or_one_fails_whole() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in 61..61 + ROUNDS {
        // The base is in the archive before; both halves touch every period of it.
        let base = oracle.random(seed + 100, 50);
        let archive = Archive::of(&base);
        let halves = halves_of(&oracle.random(seed, 1_500));
        assert_both_land_or_one_fails_whole(&oracle, &base, &halves, &archive);
    }
}

#[test]
fn two_first_ingests_at_once_both_land_or_one_fails_whole() {
    let Some(oracle) = Oracle::find() else { return };
    for seed in 71..71 + ROUNDS {
        let halves = halves_of(&oracle.random(seed, 500));
        assert_both_land_or_one_fails_whole(&oracle, &Log::default(), &halves, &Archive::new());
    }
}

#[test]
fn a_reader_sees_the_archive_before_or_after_an_ingest_and_nothing_between() {
    let Some(oracle) = Oracle::find() else { return };
    let halves = halves_of(&oracle.random(81, 4_000));
    let archive = Archive::of(&halves[0]);
    let before = archive.numbers();
    let path = archive.write("more.ndjson", halves[1].ndjson());
    let mut ingest = start(archive.ingest_command(&[&path], &["--memory", "64MiB"]));
    let mut seen = BTreeSet::new();
    while !ingest.has_ended() {
        seen.insert(archive.numbers());
    }
    ingest.wait().done();
    let after = archive.numbers();
    assert_ne!(before, after);
    let known = BTreeSet::from([before, after]);
    let between: Vec<&String> = seen.difference(&known).collect();
    assert!(between.is_empty(), "numbers of neither version:\n{between:#?}");
}

/// Interrupts an ingest of a large file when this share of its time is over. False when it had ended by then.
fn interrupted(large: &Path, whole: Duration, share: f64) -> bool {
    let archive = Archive::of(&Log::questions(10));
    let before = archive.state();
    let running = start(archive.ingest_command(&[large], &["--memory", "64MiB"]));
    std::thread::sleep(whole.mul_f64(share));
    let asked = Instant::now();
    running.interrupt();
    let run = running.wait();
    if run.code == 0 {
        return false;
    }
    let took = asked.elapsed();
    assert!(took < INTERRUPT_DEADLINE, "ended {took:?} after Ctrl-C");
    run.exits(130);
    archive.assert_unchanged(&before);
    let accepted = archive.ingest(&[large], &[]).count("accepted");
    assert_eq!(accepted, LARGE, "the archive takes the file after the interruption");
    true
}

/// Events of the file that is interrupted: about 100 MB, spilled to disk under the memory that the test allows.
const LARGE: u64 = 400_000;

#[test]
fn ctrl_c_stops_an_ingest_at_once_and_leaves_the_archive_as_it_was() {
    let beside = Archive::of(&Log::questions(10));
    let large = beside.input("large.ndjson");
    write_incompressible(&large, LARGE, 2);
    let begun = Instant::now();
    beside.ingest(&[&large], &["--memory", "64MiB"]);
    let whole = begun.elapsed();
    // Early and late in its work. A machine that is free again is faster than before: then earlier.
    for shares in [[0.2, 0.1, 0.05], [0.7, 0.5, 0.3]] {
        assert!(
            shares.into_iter().any(|share| interrupted(&large, whole, share)),
            "an ingest of {whole:?} was over before Ctrl-C came at any share {shares:?} of it"
        );
    }
}

/// The process waits for input that does not come: the other place where Ctrl-C may find it.
#[test]
fn ctrl_c_stops_an_ingest_that_waits_for_its_input() {
    let archive = Archive::of(&Log::questions(10));
    let before = archive.state();
    let mut command = archive.command(&["ingest", "--json", "-"]);
    command.stdin(Stdio::piped());
    let mut running = start(command);
    let mut pipe = running.stdin();
    // More than a pipe holds: once it is written, the ingest has begun to read.
    let part = Log::questions(5_000).ndjson();
    pipe.write_all(part.as_bytes()).expect("the ingest reads its input");
    std::thread::sleep(Duration::from_millis(200));
    let asked = Instant::now();
    running.interrupt();
    let run = running.wait();
    let took = asked.elapsed();
    drop(pipe);
    run.exits(130);
    assert!(took < INTERRUPT_DEADLINE, "ended {took:?} after Ctrl-C");
    archive.assert_unchanged(&before);
}
