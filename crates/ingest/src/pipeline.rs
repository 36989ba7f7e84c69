//! From inputs to sorted rows.
//!
//! ```text
//! reader (one for each of some inputs) ──blocks──► parsers (one a thread) ──► rows in memory ──full──► runs on disk
//! ```
//! Readers decompress, hash and cut; parsers decode and buffer. The queue between them is short, so that memory stays
//! bounded whichever side is slower. The order of rows does not depend on who parsed them: each carries its input and
//! its place in it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock};
use std::thread;

use tapemeasure_archive::InputDigest;
use tapemeasure_model::period::PeriodKind;

use crate::control::{Control, joined, lock};
use crate::error::IngestError;
use crate::formats::{FormatSettings, Sink};
use crate::inputs::Input;
use crate::options::IngestOptions;
use crate::quarantine::{Position, Quarantine, Reason};
use crate::reading::{Task, Work, read_input};
use crate::rows::codec::{Event, order_of};
use crate::rows::density::Days;
use crate::rows::{RowBuffer, SortedRows};
use crate::spill::{Run, Scratch, SpillWriter};

/// Events between two questions whether to go on, within a block or part.
const POLL_EVENTS: u64 = 65_536;

/// Inputs that are read at once at most: they are decompressed one by one, and more open files gain nothing.
const MAX_READERS: usize = 8;

/// What the threads of a pipeline share.
pub struct Shared<'a> {
    /// The inputs, in their order.
    pub inputs: &'a [Input],
    /// The user's options.
    pub options: &'a IngestOptions,
    /// What of them formats need.
    pub settings: FormatSettings,
    /// Stops everything.
    pub control: &'a Control<'a>,
    /// Room on disk.
    pub scratch: &'a Scratch,
    /// Memory of blocks that were parsed.
    pub spare: Mutex<Vec<Vec<u8>>>,
    kind: OnceLock<PeriodKind>,
    days: Mutex<Days>,
    quarantine: Mutex<Quarantine>,
    digests: Mutex<BTreeMap<usize, InputDigest>>,
    events: Vec<AtomicU64>,
    next_input: AtomicUsize,
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
    /// Time of the earliest event.
    pub first_us: Option<i64>,
    /// Time of the latest event.
    pub last_us: Option<i64>,
}

impl Tally {
    /// All records.
    pub fn read(&self) -> u64 {
        self.events + self.rejected
    }

    fn event(&mut self, time_us: i64) {
        self.events += 1;
        self.first_us = Some(self.first_us.map_or(time_us, |first| first.min(time_us)));
        self.last_us = Some(self.last_us.map_or(time_us, |last| last.max(time_us)));
    }

    fn add(&mut self, other: Self) {
        self.events += other.events;
        self.rejected += other.rejected;
        self.first_us = self.first_us.into_iter().chain(other.first_us).min();
        self.last_us = self.last_us.into_iter().chain(other.last_us).max();
    }
}

/// Reads and sorts inputs. `kind` is how the archive is cut; `None` chooses by the density of the events.
///
/// # Errors
/// The first failure of any thread.
pub fn gather(
    inputs: &[Input],
    options: &IngestOptions,
    kind: Option<PeriodKind>,
    control: &Control<'_>,
    scratch: &Scratch,
) -> Result<Gathered, IngestError> {
    let shared = Shared {
        inputs,
        options,
        settings: FormatSettings { source: options.source.clone(), keep_body: options.keep_body },
        control,
        scratch,
        spare: Mutex::default(),
        kind: kind.map_or_else(OnceLock::new, OnceLock::from),
        days: Mutex::default(),
        quarantine: Mutex::default(),
        digests: Mutex::default(),
        events: inputs.iter().map(|_| AtomicU64::new(0)).collect(),
        next_input: AtomicUsize::new(0),
    };
    control.progress.phase("reading");
    let parsed = run_threads(&shared);
    control.outcome()?;

    control.progress.phase("sorting");
    let kind = shared.kind();
    let mut tally = Tally::default();
    let mut runs = Vec::new();
    let mut unsorted = Vec::new();
    for parser in parsed {
        tally.add(parser.tally);
        runs.extend(parser.runs);
        if parser.rows.len() > 0 {
            unsorted.push(parser.rows);
        }
    }
    let buffers = thread::scope(|scope| {
        let sorters: Vec<_> = unsorted.into_iter().map(|rows| scope.spawn(move || rows.sort(kind).settled())).collect();
        sorters.into_iter().map(joined).collect()
    });
    let Shared { quarantine, digests, events, .. } = shared;
    let mut digests = into_inner(digests);
    for (input_idx, digest) in &mut digests {
        digest.records = events[*input_idx].load(Ordering::Relaxed);
    }
    let quarantine = into_inner(quarantine);
    Ok(Gathered { kind, buffers, runs, digests: digests.into_values().collect(), tally, quarantine })
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn run_threads<'a>(shared: &'a Shared<'a>) -> Vec<Parser<'a>> {
    let threads = shared.options.threads.max(1);
    let readers = threads.min(shared.inputs.len()).clamp(1, MAX_READERS);
    let (sender, receiver) = sync_channel::<Task>(threads);
    let queue = &Mutex::new(receiver);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..readers)
            .map(|_| {
                let sender = sender.clone();
                scope.spawn(move || read_inputs(shared, &sender))
            })
            .collect();
        // The parsers end when the last reader has dropped its sender.
        drop(sender);
        let parsers: Vec<_> =
            (0..threads).map(|parser_idx| scope.spawn(move || parse_tasks(shared, queue, parser_idx))).collect();
        readers.into_iter().for_each(joined);
        parsers.into_iter().map(joined).collect()
    })
}

fn read_inputs(shared: &Shared<'_>, sender: &SyncSender<Task>) {
    loop {
        let input_idx = shared.next_input.fetch_add(1, Ordering::Relaxed);
        let Some(input) = shared.inputs.get(input_idx) else { return };
        if shared.control.is_stopped() {
            return;
        }
        match read_input(shared, input_idx, input, sender) {
            Ok(digest) => {
                lock(&shared.digests).insert(input_idx, digest);
            }
            Err(error) => return shared.control.fail(error),
        }
    }
}

fn parse_tasks<'a>(shared: &'a Shared<'a>, queue: &Mutex<Receiver<Task>>, parser_idx: usize) -> Parser<'a> {
    let mut parser = Parser::new(shared, parser_idx);
    loop {
        let task = lock(queue).recv();
        let Ok(task) = task else { return parser };
        // After a failure the queue is still emptied, so that no reader waits for room in it.
        if !shared.control.is_stopped()
            && let Err(error) = parser.run(task)
        {
            shared.control.fail(error);
        }
    }
}

impl Shared<'_> {
    /// How rows are cut into periods: decided when it is first needed.
    fn kind(&self) -> PeriodKind {
        *self.kind.get_or_init(|| lock(&self.days).choose())
    }

    /// Memory for a block.
    pub fn take_buffer(&self) -> Vec<u8> {
        lock(&self.spare).pop().unwrap_or_default()
    }

    /// Takes memory back, unless it grew for one long record.
    fn put_buffer(&self, buffer: Vec<u8>) {
        if buffer.len() <= 2 * self.options.block_bytes() {
            lock(&self.spare).push(buffer);
        }
    }
}

/// Takes what formats read: one a thread.
struct Parser<'a> {
    shared: &'a Shared<'a>,
    parser_idx: usize,
    input_idx: usize,
    rows: RowBuffer,
    runs: Vec<Run>,
    writer: Option<SpillWriter>,
    tally: Tally,
    days: Days,
    counts_days: bool,
}

impl<'a> Parser<'a> {
    fn new(shared: &'a Shared<'a>, parser_idx: usize) -> Self {
        Self {
            shared,
            parser_idx,
            input_idx: 0,
            rows: RowBuffer::new(shared.options.row_bytes() / shared.options.threads.max(1)),
            runs: Vec::new(),
            writer: None,
            tally: Tally::default(),
            days: Days::default(),
            counts_days: true,
        }
    }

    fn run(&mut self, task: Task) -> Result<(), IngestError> {
        self.shared.control.check()?;
        self.input_idx = task.input_idx;
        self.counts_days = self.shared.kind.get().is_none();
        let before = self.tally;
        let mut bytes = 0;
        match task.work {
            Work::Block(decoder, block) => {
                decoder.decode(&block, self)?;
                self.shared.put_buffer(block.into_buffer());
            }
            Work::Part(decoder, part_idx) => {
                decoder.decode(part_idx, self)?;
                bytes = decoder.bytes_of(part_idx);
            }
            Work::Broken { reason, at, record } => self.reject(reason, at, &record)?,
        }
        lock(&self.shared.days).absorb(&mut self.days);
        self.shared.events[self.input_idx].fetch_add(self.tally.events - before.events, Ordering::Relaxed);
        self.shared.control.progress.advanced(bytes, self.tally.read() - before.read());
        Ok(())
    }

    fn spill(&mut self) -> Result<(), IngestError> {
        lock(&self.shared.days).absorb(&mut self.days);
        let sorted = std::mem::take(&mut self.rows).sort(self.shared.kind());
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => SpillWriter::create(self.shared.scratch, &format!("rows-{}", self.parser_idx))?,
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
        if self.counts_days {
            self.days.add(event.time_us);
        }
        self.rows.push(event, order_of(self.input_idx, at.ordinal));
        if self.rows.is_full() {
            self.spill()?;
        }
        if self.tally.events.is_multiple_of(POLL_EVENTS) { self.shared.control.check() } else { Ok(()) }
    }

    fn reject(&mut self, reason: Reason, at: Position, record: &[u8]) -> Result<(), IngestError> {
        self.tally.rejected += 1;
        let order = order_of(self.input_idx, at.ordinal);
        let name = &self.shared.inputs[self.input_idx].name;
        lock(&self.shared.quarantine).add(name, order, at, reason, record, self.shared.scratch)
    }
}
