//! The first events of inputs, without an archive: what an ingest would make of them.

use std::collections::HashMap;
use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::Value;

use crate::control::Control;
use crate::error::IngestError;
use crate::formats::{Sink, unrecognised};
use crate::inputs::{Input, Inputs, expand, unpack};
use crate::notes;
use crate::options::IngestOptions;
use crate::progress::Unwatched;
use crate::quarantine::{Position, Reason};
use crate::reading::{Context, Outcome, Pass, Task, read_input};
use crate::rows::canonical::canonical;
use crate::rows::codec::Event;
use crate::runtime::off_executor;
use crate::spill::Scratch;

/// Most bytes that are read at once: what is read beyond the events that are asked for is read in vain.
const BLOCK_BYTES: usize = 256 << 10;

/// What an ingest would read.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Preview {
    /// The first events in the order of the inputs: the fields of kpi-rules, section 1, absent ones left out.
    pub events: Vec<Value>,
    /// Records read; the ones that are neither rejected nor ignored are events.
    pub read: u64,
    /// Records that should be events and cannot.
    pub rejected: u64,
    /// Records that the format knows and that are no events.
    pub ignored: u64,
    /// How many records were rejected for which reason, most frequent first.
    pub rejected_by_reason: Vec<(String, u64)>,
    /// Input, line, byte and reason of the first of them; none if there are none.
    pub first_rejected: Option<String>,
    /// Whether reading stopped before the end, because there were enough events. The counts are those of what was read.
    pub stopped: bool,
    /// What the user should know, a sentence each.
    pub notes: Vec<String>,
    /// Files that were found, as far as was read, and are in no known format.
    pub left_out: u64,
    /// Their names.
    pub left_out_names: Vec<String>,
    /// What directories and zip archives hold beside inputs and is never read.
    pub unread: u64,
}

/// Reads the inputs until there are `limit` events. Nothing is written, but that scratch files lie in the directory for
/// temporary files while it runs. Blocks its thread.
///
/// Inputs of a format whose records need one another are read whole, and their events come behind those of others.
///
/// # Errors
/// As [`ingest`](crate::ingest()), but that any number of records may be rejected.
pub async fn preview(inputs: &[String], options: &IngestOptions, limit: usize) -> Result<Preview, IngestError> {
    options.check()?;
    options.choice()?;
    let inputs = expand(inputs)?;
    off_executor(|| read(inputs, options, limit))
}

fn read(inputs: Inputs, options: &IngestOptions, limit: usize) -> Result<Preview, IngestError> {
    let control = Control::new(&Unwatched);
    let scratch = Scratch::new(&std::env::temp_dir(), Vec::new());
    let Inputs { list: inputs, unread } = unpack(inputs, &scratch, &control)?;
    let (block_bytes, lookup_bytes) = (options.block_bytes().min(BLOCK_BYTES), options.lookup_bytes());
    let settings = options.format_settings();
    let context = Context::new(options.choice()?, settings, block_bytes, lookup_bytes, &control, &scratch);

    let mut seen = Seen { limit, inputs: &inputs, input_idx: 0, reasons: HashMap::new(), preview: Preview::default() };
    let (mut surveyed, mut left_out) = (Vec::new(), Vec::new());
    for (input_idx, input) in inputs.iter().enumerate() {
        match seen.input(&context, input_idx, Pass::First)? {
            Outcome::Read(_) => {}
            Outcome::Surveyed => surveyed.push(input_idx),
            Outcome::Unrecognised => left_out.push(input.name.clone()),
            Outcome::Left => break,
        }
    }
    if let (true, Some(first)) = (left_out.len() == inputs.len(), left_out.first()) {
        return Err(unrecognised(first));
    }
    for input_idx in surveyed {
        if seen.input(&context, input_idx, Pass::Second)? == Outcome::Left {
            break;
        }
    }
    let shifted = &context.settings.shifted;
    let mut preview = seen.preview;
    preview.notes.extend(notes::left_out(&left_out));
    (preview.left_out, preview.left_out_names, preview.unread) = (left_out.len() as u64, left_out, unread);
    preview.notes.extend(notes::shifted(shifted.skipped(), shifted.doubled()));
    preview.rejected_by_reason = seen.reasons.into_iter().map(|(reason, count)| (reason.to_string(), count)).collect();
    preview.rejected_by_reason.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(preview)
}

/// Takes what formats read.
struct Seen<'a> {
    limit: usize,
    inputs: &'a [Input],
    input_idx: usize,
    reasons: HashMap<Reason, u64>,
    preview: Preview,
}

impl Seen<'_> {
    fn input(&mut self, context: &Context<'_>, input_idx: usize, pass: Pass) -> Result<Outcome, IngestError> {
        if self.has_enough() {
            self.preview.stopped = true;
            return Ok(Outcome::Left);
        }
        self.input_idx = input_idx;
        let inputs = self.inputs;
        let mut take = |task: Task| -> Result<ControlFlow<()>, IngestError> {
            // Asked before and not behind, so that an input that just suffices is not said to be cut short.
            if self.has_enough() {
                self.preview.stopped = true;
                return Ok(ControlFlow::Break(()));
            }
            task.work.run(context, self)?;
            Ok(ControlFlow::Continue(()))
        };
        read_input(context, input_idx, &inputs[input_idx], pass, &mut take)
    }

    fn has_enough(&self) -> bool {
        self.preview.events.len() >= self.limit
    }
}

impl Sink for Seen<'_> {
    fn event(&mut self, event: &Event<'_>, _at: Position) -> Result<(), IngestError> {
        self.preview.read += 1;
        if !self.has_enough() {
            self.preview.events.push(canonical(event));
        }
        Ok(())
    }

    fn reject(&mut self, reason: Reason, at: Position, _record: &[u8]) -> Result<(), IngestError> {
        self.preview.read += 1;
        self.preview.rejected += 1;
        *self.reasons.entry(reason).or_default() += 1;
        if self.preview.first_rejected.is_none() {
            let byte = at.byte.map(|byte| format!(", byte {byte}")).unwrap_or_default();
            let name = &self.inputs[self.input_idx].name;
            self.preview.first_rejected = Some(format!("{name}, line {}{byte}: {reason}", at.line));
        }
        Ok(())
    }

    fn ignore(&mut self) -> Result<(), IngestError> {
        self.preview.read += 1;
        self.preview.ignored += 1;
        Ok(())
    }
}
