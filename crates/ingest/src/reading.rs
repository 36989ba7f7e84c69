//! One input to tasks for parsers: recognised, cut, hashed.

use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use memchr::memchr_iter;
use tapemeasure_archive::InputDigest;

use crate::error::IngestError;
use crate::formats::events::parquet::MAGIC;
use crate::formats::{BlockDecoder, Head, Opening, PartDecoder, choose};
use crate::inputs::source::{Compression, HEAD_BYTES, Meter, Source, fill};
use crate::inputs::stdin::Pipe;
use crate::inputs::{Block, Input, Origin, Piece, Splitter};
use crate::pipeline::Shared;
use crate::quarantine::{Position, Reason};
use crate::spill::failed;

/// Mark at the beginning of some UTF-8 texts.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes read at once where they only pass by.
const CHUNK_BYTES: usize = 1 << 20;

/// Work for a parser.
pub struct Task {
    /// The input that it is of.
    pub input_idx: usize,
    /// What to do.
    pub work: Work,
}

/// What a parser has to do.
pub enum Work {
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

/// Reads an input to its end and sends its tasks.
///
/// # Errors
/// It cannot be read, is in no known format, or the ingest was stopped.
pub fn read_input(
    shared: &Shared<'_>,
    input_idx: usize,
    input: &Input,
    sender: &SyncSender<Task>,
) -> Result<InputDigest, IngestError> {
    let mut source = Source::open(&input.name, raw(shared, input)?)?;
    let mut reader = InputReader { shared, input_idx, input, sender, meter: source.meter(), told: 0 };
    reader.read(&mut source)?;
    Ok(InputDigest {
        name: input.name.clone(),
        digest: reader.meter.digest(),
        bytes: reader.meter.bytes_read(),
        // Counted by the parsers.
        records: 0,
    })
}

/// The bytes of an input as they lie on disk. What is no regular file may keep a reader waiting, so that it must be
/// possible to give it up.
fn raw<'a>(shared: &Shared<'a>, input: &Input) -> Result<Box<dyn Read + 'a>, IngestError> {
    let opened = match (&input.origin, input.bytes) {
        (Origin::StandardInput, _) => piped(shared, io::stdin()),
        (Origin::File(path), None) => File::open(path).and_then(|file| piped(shared, file)),
        (Origin::File(path), Some(_)) => File::open(path).map(|file| -> Box<dyn Read + 'a> { Box::new(file) }),
    };
    opened.map_err(|source| IngestError::Read { input: input.name.clone(), byte: 0, source })
}

fn piped<'a>(shared: &Shared<'a>, from: impl Read + Send + 'static) -> io::Result<Box<dyn Read + 'a>> {
    Ok(Box::new(Pipe::new(from, shared.control.progress)?))
}

struct InputReader<'a, 's> {
    shared: &'a Shared<'s>,
    input_idx: usize,
    input: &'a Input,
    sender: &'a SyncSender<Task>,
    meter: Meter,
    /// Bytes that the watcher knows of.
    told: u64,
}

impl InputReader<'_, '_> {
    fn read(&mut self, source: &mut Source<'_>) -> Result<(), IngestError> {
        let mut head = Vec::new();
        let mut whole = self.fill(source, &mut head)?;
        let (mut offset, mut line) = (0, 1);
        if head.starts_with(BYTE_ORDER_MARK) {
            skip(&mut head, BYTE_ORDER_MARK.len(), &mut offset, &mut line);
        }
        while head.trim_ascii().is_empty() {
            if whole {
                return Ok(());
            }
            let length = head.len();
            skip(&mut head, length, &mut offset, &mut line);
            self.shared.control.check()?;
            whole = self.fill(source, &mut head)?;
        }
        let file = if head.starts_with(MAGIC) && offset == 0 { Some(self.seekable(source, &head)?) } else { None };
        let opening = {
            let head = Head { name: &self.input.name, bytes: &head, whole, file: file.as_deref() };
            choose(&self.shared.options.format, &head)?.open(&head, &self.shared.settings)?
        };
        match opening {
            Opening::Blocks { framing, skip: header, decoder } => {
                skip(&mut head, header, &mut offset, &mut line);
                let block_bytes = self.shared.options.block_bytes();
                let mut splitter = Splitter::new(Cursor::new(head).chain(source), framing, block_bytes, offset, line);
                loop {
                    let piece = splitter.next(self.shared.take_buffer()).map_err(|error| self.failed(error))?;
                    match piece {
                        Some(Piece::Block(block)) => self.send(Work::Block(Arc::clone(&decoder), block))?,
                        Some(Piece::Broken { reason, at, record }) => {
                            self.send(Work::Broken { reason, at, record })?;
                        }
                        None => break,
                    }
                    self.tell();
                }
                self.tell();
            }
            Opening::Parts { count, decoder } => {
                // For the digest; a pipe was read to its end already. The watcher is told as parts are parsed.
                self.pass_by(source, None)?;
                for part_idx in 0..count {
                    self.send(Work::Part(Arc::clone(&decoder), part_idx))?;
                }
            }
        }
        Ok(())
    }

    fn fill(&self, source: &mut Source<'_>, head: &mut Vec<u8>) -> Result<bool, IngestError> {
        fill(source, head, HEAD_BYTES).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> IngestError {
        if self.shared.control.progress.cancelled() { IngestError::Cancelled } else { self.meter.error(error) }
    }

    fn send(&self, work: Work) -> Result<(), IngestError> {
        self.shared.control.check()?;
        // Parsers take tasks until the last reader is gone, so there is always one.
        self.sender.send(Task { input_idx: self.input_idx, work }).map_err(|_| IngestError::Cancelled)
    }

    fn tell(&mut self) {
        let read = self.meter.bytes_read();
        self.shared.control.progress.advanced(read - self.told, 0);
        self.told = read;
    }

    /// A file that holds the whole input uncompressed: the input itself, or a copy in scratch.
    fn seekable(&self, source: &mut Source<'_>, head: &[u8]) -> Result<PathBuf, IngestError> {
        if let (Origin::File(path), Some(_), Compression::Plain) =
            (&self.input.origin, self.input.bytes, source.compression())
        {
            return Ok(path.clone());
        }
        let path = self.shared.scratch.path_of(&format!("input-{}", self.input_idx))?;
        let mut file = File::create(&path).map_err(|error| failed(&path, error))?;
        file.write_all(head).map_err(|error| failed(&path, error))?;
        self.pass_by(source, Some((path.as_path(), &mut file)))?;
        Ok(path)
    }

    /// Reads to the end, into a copy if one is wanted.
    fn pass_by(&self, source: &mut Source<'_>, mut copy: Option<(&Path, &mut File)>) -> Result<(), IngestError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            self.shared.control.check()?;
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

/// Takes bytes off the front and moves the position over them.
fn skip(head: &mut Vec<u8>, length: usize, offset: &mut u64, line: &mut u64) {
    *offset += length as u64;
    *line += memchr_iter(b'\n', &head[..length]).count() as u64;
    head.drain(..length);
}
