//! Sorted rows on disk: what did not fit into memory.
//!
//! A parser that is full sorts its rows and appends them to its own file as one [`Run`]. Rows of a run lie in blocks,
//! each compressed by itself and never across a change of period; the run's index, which says where the blocks of a
//! period are, stays in memory. All of it lives as long as the ingest, so the format has no version.
//!
//! ```text
//! file  = block*                     (runs one after another)
//! block = zstd( (length u32, row)* ) (raw about 64 KiB; with checksum)
//! ```

mod scratch;

pub use scratch::{Scratch, failed};

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tapemeasure_model::period::Period;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::CParameter;

use crate::control::lock;
use crate::error::IngestError;
use crate::rows::{SortedRows, codec};

/// Raw size at which a block is closed. A merge holds one block of every run, hence small.
const BLOCK_BYTES: usize = 64 << 10;

/// Memory of one open run in a merge: a block raw, a block packed.
pub const CURSOR_BYTES: usize = 2 * BLOCK_BYTES;

/// zstd level: the fastest of the regular ones; rows are read back once.
const LEVEL: i32 = 1;

/// A file of runs.
#[derive(Debug)]
struct SpillFile {
    path: PathBuf,
    /// One handle for writing and then for all readers; a block is read in one go under the lock.
    file: Mutex<File>,
}

/// Where a block is.
#[derive(Debug, Clone, Copy)]
struct BlockRef {
    offset: u64,
    packed: u32,
    raw: u32,
    /// `conversation_key` of its first row.
    first_key: i64,
}

/// The blocks of a period in a run.
#[derive(Debug, Default)]
struct Segment {
    blocks: Vec<BlockRef>,
    rows: u64,
}

/// Rows sorted by period, sort key and arrival, on disk.
#[derive(Debug)]
pub struct Run {
    file: Arc<SpillFile>,
    segments: BTreeMap<Period, Segment>,
}

impl Run {
    /// The periods there are rows of, with the number of rows, ascending.
    pub fn periods(&self) -> impl Iterator<Item = (Period, u64)> + '_ {
        self.segments.iter().map(|(&period, segment)| (period, segment.rows))
    }

    /// Rows of a period; 0 if it has none.
    pub fn rows(&self, period: Period) -> u64 {
        self.segments.get(&period).map_or(0, |segment| segment.rows)
    }

    /// A cursor before the first row of a period whose `conversation_key` lies in `keys`.
    pub fn cursor(&self, period: Period, keys: RangeInclusive<i64>) -> RunCursor<'_> {
        let blocks = self.segments.get(&period).map_or(&[][..], |segment| segment.blocks.as_slice());
        // The first row of the range may lie in the block before the one that begins with it.
        let from = blocks.partition_point(|block| block.first_key < *keys.start()).saturating_sub(1);
        let to = blocks.partition_point(|block| block.first_key <= *keys.end()).max(from);
        RunCursor {
            file: &self.file,
            blocks: blocks[from..to].iter(),
            keys,
            offset: 0,
            packed: Vec::new(),
            raw: Vec::new(),
            row: 0..0,
        }
    }
}

/// Appends runs to a file.
pub struct SpillWriter {
    file: Arc<SpillFile>,
    end: u64,
    compressor: Compressor<'static>,
    raw: Vec<u8>,
    packed: Vec<u8>,
}

impl SpillWriter {
    /// Makes the file `name` in the scratch directory.
    ///
    /// # Errors
    /// [`IngestError::Scratch`] if it cannot be made.
    pub fn create(scratch: &Scratch, name: &str) -> Result<Self, IngestError> {
        let path = scratch.path_of(name)?;
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| failed(&path, source))?;
        let compressor = Compressor::new(LEVEL)
            .and_then(|mut compressor| {
                compressor.set_parameter(CParameter::ChecksumFlag(true))?;
                Ok(compressor)
            })
            .map_err(|source| failed(&path, source))?;
        Ok(Self {
            file: Arc::new(SpillFile { path, file: Mutex::new(file) }),
            end: 0,
            compressor,
            raw: Vec::new(),
            packed: Vec::new(),
        })
    }

    /// Appends sorted rows.
    ///
    /// # Errors
    /// [`IngestError::Scratch`] if the disk refuses.
    pub fn append(&mut self, rows: &SortedRows) -> Result<Run, IngestError> {
        let mut segments = BTreeMap::new();
        for (&period, places) in rows.segments() {
            let mut segment = Segment { blocks: Vec::new(), rows: places.len() as u64 };
            for place in places.clone() {
                let row = rows.row(place);
                self.raw.extend_from_slice(&(row.len() as u32).to_le_bytes());
                self.raw.extend_from_slice(row);
                if self.raw.len() >= BLOCK_BYTES {
                    segment.blocks.push(self.close_block()?);
                }
            }
            if !self.raw.is_empty() {
                segment.blocks.push(self.close_block()?);
            }
            segments.insert(period, segment);
        }
        Ok(Run { file: Arc::clone(&self.file), segments })
    }

    fn close_block(&mut self) -> Result<BlockRef, IngestError> {
        let path = &self.file.path;
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(self.raw.len()));
        self.compressor.compress_to_buffer(&self.raw, &mut self.packed).map_err(|source| failed(path, source))?;
        let mut file = lock(&self.file.file);
        file.write_all(&self.packed).map_err(|source| failed(path, source))?;
        let block = BlockRef {
            offset: self.end,
            packed: self.packed.len() as u32,
            raw: self.raw.len() as u32,
            first_key: codec::key(&self.raw[4..]),
        };
        self.end += self.packed.len() as u64;
        self.raw.clear();
        Ok(block)
    }
}

/// Unpacks blocks; one serves all cursors of a merge.
pub struct Unpacker(Decompressor<'static>);

impl Unpacker {
    /// # Errors
    /// [`IngestError::Scratch`] if zstd cannot be set up.
    pub fn new() -> Result<Self, IngestError> {
        Decompressor::new().map(Self).map_err(|source| failed(std::path::Path::new("zstd"), source))
    }
}

/// Reads the rows of one period of a run, in order.
pub struct RunCursor<'a> {
    file: &'a SpillFile,
    blocks: std::slice::Iter<'a, BlockRef>,
    keys: RangeInclusive<i64>,
    /// Where the current block begins in the file.
    offset: u64,
    packed: Vec<u8>,
    raw: Vec<u8>,
    row: Range<usize>,
}

impl RunCursor<'_> {
    /// The current row; empty before the first and after the last.
    pub fn row(&self) -> &[u8] {
        &self.raw[self.row.clone()]
    }

    /// Goes to the next row; false after the last.
    ///
    /// # Errors
    /// [`IngestError::Scratch`] if the disk refuses, [`IngestError::ScratchDamaged`] if it gives something else than
    /// what was written.
    pub fn advance(&mut self, unpacker: &mut Unpacker) -> Result<bool, IngestError> {
        loop {
            if self.row.end == self.raw.len() {
                let Some(&block) = self.blocks.next() else {
                    self.end();
                    return Ok(false);
                };
                self.load(block, unpacker)?;
            }
            let start = self.row.end + 4;
            let row = self.raw.get(self.row.end..start).and_then(|length| {
                let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
                let end = start.checked_add(length)?;
                (length >= codec::FIXED && end <= self.raw.len()).then_some(start..end)
            });
            self.row = row.ok_or_else(|| self.damaged())?;
            let key = codec::key(self.row());
            if key > *self.keys.end() {
                self.end();
                return Ok(false);
            }
            if key >= *self.keys.start() {
                return Ok(true);
            }
        }
    }

    /// Leaves nothing to read.
    fn end(&mut self) {
        self.blocks = std::slice::Iter::default();
        self.raw.clear();
        self.row = 0..0;
    }

    fn load(&mut self, block: BlockRef, unpacker: &mut Unpacker) -> Result<(), IngestError> {
        let path = &self.file.path;
        self.offset = block.offset;
        self.packed.resize(block.packed as usize, 0);
        {
            let mut file = lock(&self.file.file);
            file.seek(SeekFrom::Start(block.offset))
                .and_then(|_| file.read_exact(&mut self.packed))
                .map_err(|source| failed(path, source))?;
        }
        self.raw.clear();
        self.raw.reserve(block.raw as usize);
        let length = unpacker.0.decompress_to_buffer(&self.packed, &mut self.raw).map_err(|_| self.damaged())?;
        if length != block.raw as usize {
            return Err(self.damaged());
        }
        self.row = 0..0;
        Ok(())
    }

    /// zstd's own error says no more than that: its checksum or its grammar failed.
    fn damaged(&self) -> IngestError {
        IngestError::ScratchDamaged { path: self.file.path.clone(), byte: self.offset }
    }
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::event::EventType;
    use tapemeasure_model::instant::DAY_US;
    use tapemeasure_model::period::PeriodKind;

    use super::*;
    use crate::rows::RowBuffer;
    use crate::rows::codec::{Event, order_of};

    fn filled(rows: i64, body: &[u8]) -> SortedRows {
        let mut buffer = RowBuffer::new(1 << 30);
        for n in 0..rows {
            let id = n.to_string();
            let event = Event {
                key: n * 7 % 1_000,
                time_us: n % 3 * 40 * DAY_US,
                event_type: EventType::Closed,
                direction: None,
                author: None,
                private: None,
                automated: Some(n % 2 == 0),
                source: b"s",
                conversation_id: Some(b"c"),
                event_id: id.as_bytes(),
                contact_id: None,
                channel: None,
                agent_id: None,
                team: None,
                topic: None,
                target_event_id: None,
                body: Some(body),
            };
            buffer.push(&event, order_of(0, n as u64));
        }
        buffer.sort(PeriodKind::Month)
    }

    fn read(run: &Run, period: Period, keys: RangeInclusive<i64>) -> Vec<Vec<u8>> {
        let mut unpacker = Unpacker::new().unwrap();
        let mut cursor = run.cursor(period, keys);
        let mut rows = Vec::new();
        while cursor.advance(&mut unpacker).unwrap() {
            rows.push(cursor.row().to_vec());
        }
        assert!(!cursor.advance(&mut unpacker).unwrap());
        rows
    }

    #[test]
    fn runs_of_one_file_come_back_period_by_period() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("x");
        let scratch = Scratch::new(&dir, vec![dir.clone()]);
        let mut writer = SpillWriter::create(&scratch, "0").unwrap();
        // Many small blocks, then one row that is longer than a block.
        let batches = [filled(5_000, b"short"), filled(1, &vec![b'y'; 5 << 20])];
        let runs: Vec<_> = batches.iter().map(|rows| writer.append(rows).unwrap()).collect();
        for (rows, run) in batches.iter().zip(&runs) {
            let periods: Vec<_> = rows.segments().iter().map(|(&p, places)| (p, places.len() as u64)).collect();
            assert_eq!(run.periods().collect::<Vec<_>>(), periods);
            for (&period, places) in rows.segments() {
                assert_eq!(run.rows(period), places.len() as u64);
                for keys in [i64::MIN..=i64::MAX, i64::MIN..=-1, 0..=0, 1..=499, 500..=500, 501..=i64::MAX] {
                    let expected: Vec<_> =
                        rows.places(period, keys.clone()).map(|place| rows.row(place).to_vec()).collect();
                    assert!(read(run, period, keys.clone()) == expected, "{keys:?}");
                }
            }
        }
        let other = PeriodKind::Month.period_of(1_000 * DAY_US);
        assert_eq!(read(&runs[0], other, i64::MIN..=i64::MAX), Vec::<Vec<u8>>::new());
        drop((runs, writer, scratch));
        assert!(!dir.exists());
    }

    #[test]
    fn a_changed_byte_is_found() {
        let home = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(home.path(), Vec::new());
        let mut writer = SpillWriter::create(&scratch, "0").unwrap();
        let run = writer.append(&filled(100, b"some text")).unwrap();
        {
            let mut file = run.file.file.lock().unwrap();
            file.seek(SeekFrom::Start(60)).unwrap();
            file.write_all(b"\xff\xff\xff").unwrap();
        }
        let mut unpacker = Unpacker::new().unwrap();
        let mut cursor = run.cursor(PeriodKind::Month.period_of(0), i64::MIN..=i64::MAX);
        let error = cursor.advance(&mut unpacker).unwrap_err();
        assert!(matches!(error, IngestError::ScratchDamaged { byte: 0, .. }), "{error}");
    }
}
