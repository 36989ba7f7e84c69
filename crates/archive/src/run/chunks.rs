//! The bytes of one row group, read ahead of decoding.
//!
//! The Parquet reader asks a file for each page on its own, some hundred small reads for a row group. Here each column
//! chunk is one read; pages are slices of it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};

/// Column chunks of one row group, at their places in the file.
pub(super) struct ColumnChunks {
    file_len: u64,
    /// Where a chunk starts, and its bytes.
    chunks: Vec<(u64, Bytes)>,
}

impl ColumnChunks {
    /// Reads the chunks of the columns with these indices.
    pub(super) fn read(mut file: &File, row_group: &RowGroupMetaData, columns: &[usize]) -> Result<Self> {
        let file_len = file.metadata()?.len();
        let mut chunks = Vec::with_capacity(columns.len());
        for &column in columns {
            let meta = row_group.column(column);
            let start = u64::try_from(meta.dictionary_page_offset().unwrap_or_else(|| meta.data_page_offset()))?;
            let len = u64::try_from(meta.compressed_size())?;
            if start.checked_add(len).is_none_or(|end| end > file_len) {
                return Err(ParquetError::EOF(format!("column {column} is said to lie beyond the end of the file")));
            }
            let mut bytes = Vec::with_capacity(usize::try_from(len)?);
            file.seek(SeekFrom::Start(start))?;
            file.take(len).read_to_end(&mut bytes)?;
            chunks.push((start, Bytes::from(bytes)));
        }
        Ok(Self { file_len, chunks })
    }

    /// What was read from a place on.
    fn starting_at(&self, start: u64) -> Result<Bytes> {
        let inside = |at: u64, bytes: &Bytes| start >= at && start - at < bytes.len() as u64;
        match self.chunks.iter().find(|(at, bytes)| inside(*at, bytes)) {
            Some((at, bytes)) => Ok(bytes.slice((start - at) as usize..)),
            None => Err(ParquetError::EOF(format!("byte {start} lies outside the columns that are read"))),
        }
    }
}

impl Length for ColumnChunks {
    fn len(&self) -> u64 {
        self.file_len
    }
}

impl ChunkReader for ColumnChunks {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.starting_at(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.starting_at(start)?;
        if bytes.len() < length {
            return Err(ParquetError::EOF(format!("a page at byte {start} is said to leave its column")));
        }
        Ok(bytes.slice(..length))
    }
}
