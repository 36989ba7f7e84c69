//! From inputs to sorted rows.
//!
//! ```text
//! reader (one for each of some inputs) ──blocks──► parsers (one a thread) ──► rows in memory ──full──► runs on disk
//! ```
//! Readers decompress, hash and cut; parsers decode and buffer. The queue between them is short, so that memory stays
//! bounded whichever side is slower. The order of rows does not depend on who parsed them, nor on the pass in which they
//! were read: each carries its input and its place in it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use tapemeasure_archive::InputDigest;
use tapemeasure_model::period::PeriodKind;

use crate::control::{Control, joined, lock};
use crate::error::IngestError;
use crate::formats::Sink;
use crate::inputs::Input;
use crate::known::{SeenBefore, with_lookups};
use crate::options::IngestOptions;
use crate::quarantine::{Position, Quarantine, Reason};
use crate::reading::{Context, Outcome, Pass, Recognised, Task, read_input};
use crate::rows::codec::{Event, order_of};
use crate::rows::density::Days;
use crate::rows::{RowBuffer, SortedRows};
use crate::spill::{Run, Scratch, SpillWriter};

/// Events between two questions whether to go on, within a block or part.
const POLL_EVENTS: u64 = 65_536;

/// Inputs that are read at once at most: they are decompressed one by one, and more open files gain nothing.
const MAX_READERS: usize = 8;

/// What the threads of a pipeline share.
struct Shared<'a> {
    context: Context<'a>,
    /// The inputs, in their order.
    inputs: &'a [Input],
    options: &'a IngestOptions,
    kind: OnceLock<PeriodKind>,
    days: Mutex<Days>,
    quarantine: Mutex<Quarantine>,
    digests: Mutex<BTreeMap<usize, InputDigest>>,
    /// Inputs to be read in the second pass.
    surveyed: Mutex<BTreeSet<usize>>,
    /// Inputs in no known format.
    left_out: Mutex<BTreeSet<usize>>,
    /// Events of each input.
    events: Vec<AtomicU64>,
}

/// Rows of all inputs, and what else is to be said of them.
#[derive(Debug)]
pub struct Gathered {
    /// How the rows are cut into periods.
    pub kind: PeriodKind,
    /// Rows in memory, sorted.
    pub buffers: Vec<SortedRows>,
    /// Rows on disk, sorted.
    pub runs: Vec<Run>,
    /// The inputs read, in their order.
    pub digests: Vec<InputDigest>,
    /// Inputs that were surveyed and not read, because the archive has their events: index and number of events.
    pub skipped: Vec<(usize, u64)>,
    /// Inputs that were found and are in no known format, by their index.
    pub left_out: BTreeSet<usize>,
    /// Sources of events that came from formats without closes.
    pub without_closes: BTreeSet<String>,
    /// Local times that a clock change skipped, and that it doubled.
    pub shifted: (u64, u64),
    /// What was counted.
    pub tally: Tally,
    /// Records that could not be used.
    pub quarantine: Quarantine,
}

/// Counts of what was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records that are events.
    pub events: u64,
    /// Records that should be and are not.
    pub rejected: u64,
    /// Records that the format knows and that are none.
    pub ignored: u64,
    /// Time of the earliest event.
    pub first_us: Option<i64>,
    /// Time of the latest event.
    pub last_us: Option<i64>,
}

impl Tally {
    /// All records.
    pub fn read(&self) -> u64 {
        self.events + self.rejected + self.ignored
    }

    fn event(&mut self, time_us: i64) {
        self.events += 1;
        self.first_us = Some(self.first_us.map_or(time_us, |first| first.min(time_us)));
        self.last_us = Some(self.last_us.map_or(time_us, |last| last.max(time_us)));
    }

    fn add(&mut self, other: Self) {
        self.events += other.events;
        self.rejected += other.rejected;
        self.ignored += other.ignored;
        self.first_us = self.first_us.into_iter().chain(other.first_us).min();
        self.last_us = self.last_us.into_iter().chain(other.last_us).max();
    }
}

/// Reads and sorts inputs. `seen` are those that may have been ingested before with the same lookups, by their index;
/// `kind` is how the archive is cut, `None` chooses by the density of the events.
///
/// # Errors
/// The first failure of any thread.
pub fn gather(
    inputs: &[Input],
    seen: &SeenBefore,
    options: &IngestOptions,
    kind: Option<PeriodKind>,
    control: &Control<'_>,
    scratch: &Scratch,
) -> Result<Gathered, IngestError> {
    let settings = options.format_settings();
    let (block_bytes, lookup_bytes) = (options.block_bytes(), options.lookup_bytes());
    let shared = Shared {
        context: Context::new(options.choice()?, settings, block_bytes, lookup_bytes, control, scratch),
        inputs,
        options,
        kind: kind.map_or_else(OnceLock::new, OnceLock::from),
        days: Mutex::default(),
        quarantine: Mutex::default(),
        digests: Mutex::default(),
        surveyed: Mutex::default(),
        left_out: Mutex::default(),
        events: inputs.iter().map(|_| AtomicU64::new(0)).collect(),
    };
    control.progress.phase("reading");
    let parsers = (0..options.threads.max(1)).map(|parser_idx| Parser::new(&shared, parser_idx)).collect();
    let all: Vec<usize> = (0..inputs.len()).collect();
    let parsers = run_threads(&shared, parsers, &all, Pass::First);
    control.outcome()?;
    let (parsers, skipped) = second_pass(&shared, parsers, seen)?;

    control.progress.phase("sorting");
    let kind = shared.kind();
    let mut tally = Tally::default();
    let mut runs = Vec::new();
    let mut unsorted = Vec::new();
    let mut without_closes = BTreeSet::new();
    for parser in parsers {
        tally.add(parser.tally);
        runs.extend(parser.runs);
        without_closes.extend(parser.without_closes);
        if parser.rows.len() > 0 {
            unsorted.push(parser.rows);
        }
    }
    let shifted = &shared.context.settings.shifted;
    let shifted = (shifted.skipped(), shifted.doubled());
    let Shared { quarantine, digests, left_out, events, .. } = shared;
    let mut digests = into_inner(digests);
    for (input_idx, digest) in &mut digests {
        digest.records = events[*input_idx].load(Ordering::Relaxed);
    }
    let (quarantine, left_out) = (into_inner(quarantine), into_inner(left_out));
    let buffers = thread::scope(|scope| {
        let sorters: Vec<_> = unsorted.into_iter().map(|rows| scope.spawn(move || rows.sort(kind).settled())).collect();
        sorters.into_iter().map(joined).collect()
    });
    let digests = digests.into_values().collect();
    Ok(Gathered { kind, buffers, runs, digests, skipped, left_out, without_closes, shifted, tally, quarantine })
}

/// Parsers that are done, and inputs that were not read again with the events that the archive has of them.
type Parsed<'a> = (Vec<Parser<'a>>, Vec<(usize, u64)>);

/// Reads what was surveyed, but for inputs whose events the archive has: with the same lookups they are the same.
fn second_pass<'a>(
    shared: &'a Shared<'a>,
    parsers: Vec<Parser<'a>>,
    seen: &SeenBefore,
) -> Result<Parsed<'a>, IngestError> {
    let surveyed = std::mem::take(&mut *lock(&shared.surveyed));
    if surveyed.is_empty() {
        return Ok((parsers, Vec::new()));
    }
    let lookups = shared.context.settings.lookups.digest();
    let (mut again, mut skipped) = (Vec::new(), Vec::new());
    for input_idx in surveyed {
        match seen.get(&input_idx).and_then(|seen| seen.iter().find(|seen| seen.lookups == lookups)) {
            Some(seen) => skipped.push((input_idx, seen.records)),
            None => again.push(input_idx),
        }
    }
    let parsers = run_threads(shared, parsers, &again, Pass::Second);
    shared.context.control.outcome()?;
    let mut digests = lock(&shared.digests);
    for input_idx in again {
        if let Some(digest) = digests.get_mut(&input_idx) {
            digest.digest = with_lookups(&digest.digest, &lookups);
        }
    }
    Ok((parsers, skipped))
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Reads some of the inputs.
fn run_threads<'a>(
    shared: &'a Shared<'a>,
    parsers: Vec<Parser<'a>>,
    input_idxs: &[usize],
    pass: Pass,
) -> Vec<Parser<'a>> {
    let readers = parsers.len().min(input_idxs.len()).clamp(1, MAX_READERS);
    let (sender, receiver) = sync_channel::<Task>(parsers.len());
    let queue = &Mutex::new(receiver);
    let next = &AtomicUsize::new(0);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..readers)
            .map(|_| {
                let sender = sender.clone();
                scope.spawn(move || read_inputs(shared, input_idxs, next, pass, &sender))
            })
            .collect();
        // The parsers end when the last reader has dropped its sender.
        drop(sender);
        let parsers: Vec<_> =
            parsers.into_iter().map(|parser| scope.spawn(move || parse_tasks(shared, queue, parser))).collect();
        readers.into_iter().for_each(joined);
        parsers.into_iter().map(joined).collect()
    })
}

fn read_inputs(shared: &Shared<'_>, input_idxs: &[usize], next: &AtomicUsize, pass: Pass, sender: &SyncSender<Task>) {
    let control = shared.context.control;
    while let Some(&input_idx) = input_idxs.get(next.fetch_add(1, Ordering::Relaxed)) {
        if control.is_stopped() {
            return;
        }
        // Parsers take tasks until the last reader is gone, so there is always one.
        let mut take = |task: Task| -> Result<ControlFlow<()>, IngestError> {
            sender.send(task).map_err(|_| IngestError::Cancelled)?;
            Ok(ControlFlow::Continue(()))
        };
        match read_input(&shared.context, input_idx, &shared.inputs[input_idx], pass, &mut take) {
            Ok(Outcome::Read(digest)) => {
                lock(&shared.digests).insert(input_idx, digest);
            }
            Ok(Outcome::Surveyed) => {
                lock(&shared.surveyed).insert(input_idx);
            }
            Ok(Outcome::Unrecognised) => {
                lock(&shared.left_out).insert(input_idx);
            }
            // Parsers never have enough.
            Ok(Outcome::Left) => {}
            Err(error) => return control.fail(error),
        }
    }
}

fn parse_tasks<'a>(shared: &'a Shared<'a>, queue: &Mutex<Receiver<Task>>, mut parser: Parser<'a>) -> Parser<'a> {
    let control = shared.context.control;
    loop {
        let task = lock(queue).recv();
        let Ok(task) = task else { return parser };
        // After a failure the queue is still emptied, so that no reader waits for room in it.
        if !control.is_stopped()
            && let Err(error) = parser.run(task)
        {
            control.fail(error);
        }
    }
}

impl Shared<'_> {
    /// How rows are cut into periods: decided when it is first needed.
    fn kind(&self) -> PeriodKind {
        *self.kind.get_or_init(|| lock(&self.days).choose())
    }
}

/// Takes what formats read: one a thread.
struct Parser<'a> {
    shared: &'a Shared<'a>,
    parser_idx: usize,
    input_idx: usize,
    about: Option<Arc<Recognised>>,
    /// The input that the quarantine was told of last.
    described: Option<usize>,
    rows: RowBuffer,
    runs: Vec<Run>,
    writer: Option<SpillWriter>,
    tally: Tally,
    days: Days,
    counts_days: bool,
    /// Whether the sources of events are noted, because the format has no closes.
    notes_sources: bool,
    /// The source noted last.
    source: Vec<u8>,
    without_closes: BTreeSet<String>,
}

impl<'a> Parser<'a> {
    fn new(shared: &'a Shared<'a>, parser_idx: usize) -> Self {
        Self {
            shared,
            parser_idx,
            input_idx: 0,
            about: None,
            described: None,
            rows: RowBuffer::new(shared.options.row_bytes() / shared.options.threads.max(1)),
            runs: Vec::new(),
            writer: None,
            tally: Tally::default(),
            days: Days::default(),
            counts_days: true,
            notes_sources: false,
            source: Vec::new(),
            without_closes: BTreeSet::new(),
        }
    }

    fn run(&mut self, task: Task) -> Result<(), IngestError> {
        let shared = self.shared;
        shared.context.control.check()?;
        self.input_idx = task.input_idx;
        self.notes_sources = !task.about.has_closes;
        self.about = Some(task.about);
        self.counts_days = shared.kind.get().is_none();
        let before = self.tally;
        let bytes = task.work.run(&shared.context, self)?;
        lock(&shared.days).absorb(&mut self.days);
        shared.events[self.input_idx].fetch_add(self.tally.events - before.events, Ordering::Relaxed);
        shared.context.control.progress.advanced(bytes, self.tally.read() - before.read());
        Ok(())
    }

    fn note_source(&mut self, source: &[u8]) {
        self.source.clear();
        self.source.extend_from_slice(source);
        let source = String::from_utf8_lossy(source);
        if !self.without_closes.contains(&*source) {
            self.without_closes.insert(source.into_owned());
        }
    }

    fn spill(&mut self) -> Result<(), IngestError> {
        lock(&self.shared.days).absorb(&mut self.days);
        let sorted = std::mem::take(&mut self.rows).sort(self.shared.kind());
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => SpillWriter::create(self.shared.context.scratch, &format!("rows-{}", self.parser_idx))?,
        };
        self.runs.push(writer.append(&sorted)?);
        self.writer = Some(writer);
        self.rows = sorted.into_empty();
        Ok(())
    }
}

impl Sink for Parser<'_> {
    fn event(&mut self, event: &Event<'_>, at: Position) -> Result<(), IngestError> {
        self.tally.event(event.time_us);
        if self.notes_sources && self.source != event.source {
            self.note_source(event.source);
        }
        if self.counts_days {
            self.days.add(event.time_us);
        }
        self.rows.push(event, order_of(self.input_idx, at.ordinal));
        if self.rows.is_full() {
            self.spill()?;
        }
        if self.tally.events.is_multiple_of(POLL_EVENTS) { self.shared.context.control.check() } else { Ok(()) }
    }

    fn reject(&mut self, reason: Reason, at: Position, record: &[u8]) -> Result<(), IngestError> {
        self.tally.rejected += 1;
        let order = order_of(self.input_idx, at.ordinal);
        let name = &self.shared.inputs[self.input_idx].name;
        let mut quarantine = lock(&self.shared.quarantine);
        if self.described != Some(self.input_idx)
            && let Some(about) = &self.about
        {
            quarantine.describe(name, about.facts.clone());
            self.described = Some(self.input_idx);
        }
        quarantine.add(name, order, at, reason, record, self.shared.context.scratch)
    }

    fn ignore(&mut self) -> Result<(), IngestError> {
        self.tally.ignored += 1;
        Ok(())
    }
}
