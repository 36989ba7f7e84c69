//! Where a record stands in its input.

/// Places in the order of an input that a row of Parquet takes: a row may give several events.
pub const PLACES_OF_ROW: u64 = 64;

/// Where a record stands in its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line from 1 on which it begins; in Parquet its row from 1.
    pub line: u64,
    /// Byte of the decompressed stream at which it begins; none in Parquet.
    pub byte: Option<u64>,
    /// Its place among the records of the input: greater for later ones, see
    /// [`order_of`](crate::rows::codec::order_of).
    pub ordinal: u64,
}

impl Position {
    /// Of a record in a stream of text.
    pub fn in_text(line: u64, byte: u64) -> Self {
        Self { line, byte: Some(byte), ordinal: byte }
    }

    /// Of a row, counted from 0.
    pub fn of_row(row_idx: u64) -> Self {
        Self { line: row_idx + 1, byte: None, ordinal: row_idx.saturating_mul(PLACES_OF_ROW) }
    }
}
