//! One input to tasks: recognised, cut, hashed. Whoever reads says what becomes of the tasks.
//!
//! Inputs of a format that [surveys](crate::formats::Format::surveys) are read twice, all others once. That an input is
//! in such a format is known when it is recognised; so the first pass reads every input, but of these only what records
//! need of one another, and the second pass reads these.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tapemeasure_archive::InputDigest;

use crate::control::{Control, lock};
use crate::error::IngestError;
use crate::formats::adapter::json::is_undecided;
use crate::formats::choice::{Choice, Opened, is_without_records};
use crate::formats::events::parquet::MAGIC;
use crate::formats::{BlockDecoder, FormatSettings, Head, Opening, PartDecoder, Sink};
use crate::inputs::beginning::{Beginning, ReadAhead};
use crate::inputs::recording::Recorder;
use crate::inputs::source::{Compression, Meter, Source};
use crate::inputs::{Block, Framing, Input, Origin, Piece, Splitter};
use crate::quarantine::{InputFacts, Position, Reason};
use crate::spill::{Scratch, failed};

/// Bytes read at once where they only pass by.
const CHUNK_BYTES: usize = 1 << 20;

/// What reading needs to know, the same for all inputs of an ingest.
pub struct Context<'a> {
    /// What the user says about the format.
    pub choice: Choice,
    /// What of the user's options formats need.
    pub settings: FormatSettings,
    /// Size of the blocks that inputs are cut into.
    pub block_bytes: usize,
    /// Most that lookups may hold.
    pub lookup_bytes: usize,
    /// Stops everything.
    pub control: &'a Control<'a>,
    /// Room on disk.
    pub scratch: &'a Scratch,
    /// Memory of blocks that are done.
    spare: Mutex<Vec<Vec<u8>>>,
    /// Copies of inputs that could be read only once, as they lay.
    copies: Mutex<HashMap<usize, PathBuf>>,
}

impl<'a> Context<'a> {
    /// Nothing was read yet.
    pub fn new(
        choice: Choice,
        settings: FormatSettings,
        block_bytes: usize,
        lookup_bytes: usize,
        control: &'a Control<'a>,
        scratch: &'a Scratch,
    ) -> Self {
        let (spare, copies) = (Mutex::default(), Mutex::default());
        Self { choice, settings, block_bytes, lookup_bytes, control, scratch, spare, copies }
    }

    /// Memory for a block.
    fn take_buffer(&self) -> Vec<u8> {
        lock(&self.spare).pop().unwrap_or_default()
    }

    /// Takes memory back, unless it grew for one long record.
    fn put_buffer(&self, buffer: Vec<u8>) {
        if buffer.len() <= 2 * self.block_bytes {
            lock(&self.spare).push(buffer);
        }
    }

    fn check_lookups(&self) -> Result<(), IngestError> {
        let (bytes, limit) = (self.settings.lookups.bytes(), self.lookup_bytes);
        if bytes > limit { Err(IngestError::LookupsTooLarge { bytes, limit }) } else { Ok(()) }
    }
}

/// Which reading of the inputs it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Surveys what has to be, and decodes the rest.
    First,
    /// Decodes.
    Second,
}

/// What became of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was read to its end; `records` are counted by whoever took the tasks.
    Read(InputDigest),
    /// It is to be read in the second pass.
    Surveyed,
    /// It is in no known format, and nobody named it.
    Unrecognised,
    /// Whoever took the tasks had enough.
    Left,
}

/// What is known of an input once it is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// What is kept with its rejects.
    pub facts: InputFacts,
    /// Whether there are events that close a conversation.
    pub has_closes: bool,
}

/// A piece of work.
pub struct Task {
    /// The input that it is of.
    pub input_idx: usize,
    /// What is known of the input.
    pub about: Arc<Recognised>,
    /// What to do.
    pub work: Work,
}

/// What is to be done with a piece of an input.
pub enum Work {
    /// Keep what other records need of a block.
    Survey(Arc<dyn BlockDecoder>, Block),
    /// Decode a block.
    Block(Arc<dyn BlockDecoder>, Block),
    /// Decode a part of a file.
    Part(Arc<dyn PartDecoder>, usize),
    /// Reject a record that could not be read whole.
    Broken {
        /// Why.
        reason: Reason,
        /// Where it begins.
        at: Position,
        /// What there is of it.
        record: Vec<u8>,
    },
}

impl Work {
    /// Does it. Gives the bytes of the input that its reader does not tell the watcher of.
    ///
    /// # Errors
    /// Those of the sink and of the file; [`IngestError::LookupsTooLarge`].
    pub fn run(self, context: &Context<'_>, sink: &mut dyn Sink) -> Result<u64, IngestError> {
        match self {
            Self::Survey(decoder, block) => {
                decoder.survey(&block);
                context.put_buffer(block.into_buffer());
                context.check_lookups()?;
            }
            Self::Block(decoder, block) => {
                decoder.decode(&block, sink)?;
                context.put_buffer(block.into_buffer());
            }
            Self::Part(decoder, part_idx) => {
                decoder.decode(part_idx, sink)?;
                return Ok(decoder.bytes_of(part_idx));
            }
            Self::Broken { reason, at, record } => sink.reject(reason, at, &record)?,
        }
        Ok(0)
    }
}

/// Takes tasks in the order of the input; says whether there should be more.
pub type Taker<'t> = dyn FnMut(Task) -> Result<ControlFlow<()>, IngestError> + 't;

/// Reads an input to its end and gives its tasks away.
///
/// # Errors
/// It cannot be read, is in no known format although the user named it, or the ingest was stopped; and those of `take`.
pub fn read_input(
    context: &Context<'_>,
    input_idx: usize,
    input: &Input,
    pass: Pass,
    take: &mut Taker<'_>,
) -> Result<Outcome, IngestError> {
    let copy = lock(&context.copies).get(&input_idx).cloned();
    let raw: Box<dyn Read + '_> = match &copy {
        Some(path) => Box::new(File::open(path).map_err(|error| failed(path, error))?),
        None => input.open(context.control.progress)?,
    };
    let once = pass == Pass::First && !input.is_lasting() && context.choice.may_survey();
    let recorder = once.then(Recorder::default);
    let raw: Box<dyn Read + '_> = match &recorder {
        Some(recorder) => Box::new(recorder.recording(raw)),
        None => raw,
    };
    let mut source = Source::open(&input.name, raw)?;
    let meter = source.meter();
    let mut reader = InputReader { context, input_idx, input, take, recorder, meter, told: 0, tells: true };
    reader.read(&mut source, pass)
}

struct InputReader<'a, 'c, 't> {
    context: &'a Context<'c>,
    input_idx: usize,
    input: &'a Input,
    take: &'a mut Taker<'t>,
    /// Of what can be read only once and may have to be read twice.
    recorder: Option<Recorder>,
    meter: Meter,
    /// Bytes that the watcher knows of.
    told: u64,
    /// Whether the watcher is told: of an input that is read twice only the second time.
    tells: bool,
}

impl InputReader<'_, '_, '_> {
    fn read(&mut self, source: &mut Source<'_>, pass: Pass) -> Result<Outcome, IngestError> {
        let go_on = || self.context.control.check();
        let beginning = Beginning::read(source, |error| self.failed(error), go_on)?;
        let Some(mut beginning) = beginning else { return Ok(self.finished()) };
        let is_free = matches!(self.context.choice, Choice::Recognised);
        if beginning.whole && is_free && is_without_records(&beginning.bytes) {
            return Ok(self.finished());
        }
        let file = if beginning.bytes.starts_with(MAGIC) && beginning.offset == 0 {
            Some(self.seekable(source, &beginning.bytes)?)
        } else {
            None
        };
        let opened = match self.open(source, &mut beginning, file.as_deref()) {
            Err(IngestError::Unrecognised { .. }) if self.input.found => {
                self.context.control.progress.advanced(self.input.bytes.unwrap_or(0), 0);
                return Ok(Outcome::Unrecognised);
            }
            opened => opened?,
        };
        let surveying = opened.surveys && pass == Pass::First;
        self.tells = !surveying;
        let copy = self.copy_if(surveying)?;
        let about = Arc::new(self.recognised(&opened, &beginning.bytes));
        let flow = match opened.opening {
            Opening::Blocks { framing, skip, decoder } => {
                self.blocks(source, beginning, (framing, skip), &decoder, &about, surveying)?
            }
            // What is read by seeking has no survey.
            Opening::Parts { .. } if surveying => ControlFlow::Continue(()),
            Opening::Parts { count, decoder } => self.parts(source, count, &decoder, &about)?,
        };
        if let Some(copy) = copy {
            lock(&self.context.copies).insert(self.input_idx, copy);
        }
        Ok(match flow {
            ControlFlow::Break(()) => Outcome::Left,
            ControlFlow::Continue(()) if surveying => Outcome::Surveyed,
            ControlFlow::Continue(()) => self.finished(),
        })
    }

    /// Makes ready to read. Where JSON breaks off in a line that says more about it than what is before, that line is
    /// read to its end first: a record on a line is one however long it is, and its keys may come late.
    fn open(
        &self,
        source: &mut Source<'_>,
        beginning: &mut Beginning,
        file: Option<&Path>,
    ) -> Result<Opened, IngestError> {
        let opened = self.open_by(beginning, file);
        let wrappers: Option<&'static [&'static str]> = match &opened {
            Ok(Opened { opening: Opening::Blocks { framing: Framing::Json(wrappers), .. }, .. }) => Some(*wrappers),
            // By what is in sight of its first line it may be of another format.
            Ok(Opened { opening: Opening::Blocks { framing: Framing::Lines, .. }, .. }) => {
                memchr::memchr(b'\n', &beginning.bytes).is_none().then_some(&[])
            }
            Ok(_) => None,
            Err(_) => Some(&[]),
        };
        let Some(wrappers) = wrappers else { return opened };
        let mut longer = false;
        while is_undecided(&self.head_of(beginning, file), wrappers) {
            longer = true;
            let go_on = || self.context.control.check();
            if !beginning.read_line(source, |error| self.failed(error), go_on)? {
                break;
            }
        }
        if longer { self.open_by(beginning, file) } else { opened }
    }

    fn open_by(&self, beginning: &Beginning, file: Option<&Path>) -> Result<Opened, IngestError> {
        self.context.choice.open(&self.head_of(beginning, file), &self.context.settings)
    }

    fn head_of<'h>(&'h self, beginning: &'h Beginning, file: Option<&'h Path>) -> Head<'h> {
        Head { name: &self.input.name, bytes: &beginning.bytes, whole: beginning.whole, file }
    }

    fn blocks(
        &mut self,
        source: &mut Source<'_>,
        mut beginning: Beginning,
        (framing, skip): (Framing, usize),
        decoder: &Arc<dyn BlockDecoder>,
        about: &Arc<Recognised>,
        surveying: bool,
    ) -> Result<ControlFlow<()>, IngestError> {
        beginning.skip(skip);
        let Beginning { bytes, whole, offset, line } = beginning;
        // A million small inputs need no large blocks.
        let block_bytes = if whole { self.context.block_bytes.min(bytes.len() + 1) } else { self.context.block_bytes };
        let mut splitter = Splitter::new(ReadAhead::new(bytes).chain(source), framing, block_bytes, offset, line);
        while !splitter.is_done() {
            let piece = splitter.next(self.context.take_buffer()).map_err(|error| self.failed(error))?;
            let work = match piece {
                Some(Piece::Block(block)) if surveying => Work::Survey(Arc::clone(decoder), block),
                Some(Piece::Block(block)) => Work::Block(Arc::clone(decoder), block),
                // It is rejected in the second pass.
                Some(Piece::Broken { .. }) if surveying => continue,
                Some(Piece::Broken { reason, at, record }) => Work::Broken { reason, at, record },
                None => break,
            };
            if self.send(about, work)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.tell();
        }
        self.tell();
        Ok(ControlFlow::Continue(()))
    }

    fn parts(
        &mut self,
        source: &mut Source<'_>,
        count: usize,
        decoder: &Arc<dyn PartDecoder>,
        about: &Arc<Recognised>,
    ) -> Result<ControlFlow<()>, IngestError> {
        // For the digest; a pipe was read to its end already. The watcher is told as parts are parsed.
        self.pass_by(source, None)?;
        for part_idx in 0..count {
            if self.send(about, Work::Part(Arc::clone(decoder), part_idx))?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn recognised(&self, opened: &Opened, head: &[u8]) -> Recognised {
        let header = match &opened.opening {
            Opening::Blocks { framing: Framing::CsvRecords { .. }, skip, .. } if *skip > 0 => {
                Some(String::from_utf8_lossy(head[..*skip].trim_ascii_end()).into_owned())
            }
            _ => None,
        };
        let source = self.context.settings.source.clone();
        Recognised { facts: InputFacts { format: opened.format, header, source }, has_closes: opened.has_closes }
    }

    fn finished(&self) -> Outcome {
        let (name, digest, bytes) = (self.input.name.clone(), self.meter.digest(), self.meter.bytes_read());
        Outcome::Read(InputDigest { name, digest, bytes, records: 0 })
    }

    fn failed(&self, error: io::Error) -> IngestError {
        if self.context.control.progress.cancelled() {
            return IngestError::Cancelled;
        }
        let failure = self.recorder.as_ref().and_then(Recorder::failure);
        failure.unwrap_or_else(|| self.meter.error(error))
    }

    fn send(&mut self, about: &Arc<Recognised>, work: Work) -> Result<ControlFlow<()>, IngestError> {
        self.context.control.check()?;
        (self.take)(Task { input_idx: self.input_idx, about: Arc::clone(about), work })
    }

    fn tell(&mut self) {
        if self.tells {
            let read = self.meter.bytes_read();
            self.context.control.progress.advanced(read - self.told, 0);
            self.told = read;
        }
    }

    /// From here on the bytes of what can be read only once go to a copy, if one is wanted. Gives the path of the copy.
    fn copy_if(&self, wanted: bool) -> Result<Option<PathBuf>, IngestError> {
        match &self.recorder {
            Some(recorder) if wanted => {
                let path = self.context.scratch.path_of(&format!("stream-{}", self.input_idx))?;
                recorder.write_to(path.clone())?;
                Ok(Some(path))
            }
            Some(recorder) => {
                recorder.forget();
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// A file that holds the whole input uncompressed: the input itself, or a copy in scratch.
    fn seekable(&self, source: &mut Source<'_>, head: &[u8]) -> Result<PathBuf, IngestError> {
        if let (Origin::File(path), true, Compression::Plain) =
            (&self.input.origin, self.input.is_lasting(), source.compression())
        {
            return Ok(path.clone());
        }
        let path = self.context.scratch.path_of(&format!("input-{}", self.input_idx))?;
        let mut file = File::create(&path).map_err(|error| failed(&path, error))?;
        file.write_all(head).map_err(|error| failed(&path, error))?;
        self.pass_by(source, Some((path.as_path(), &mut file)))?;
        Ok(path)
    }

    /// Reads to the end, into a copy if one is wanted.
    fn pass_by(&self, source: &mut Source<'_>, mut copy: Option<(&Path, &mut File)>) -> Result<(), IngestError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            self.context.control.check()?;
            let length = match source.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(error)),
            };
            if let Some((path, file)) = &mut copy {
                file.write_all(&chunk[..length]).map_err(|error| failed(path, error))?;
            }
        }
    }
}
