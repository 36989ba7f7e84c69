//! Columns that are filled one row at a time.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::Int32Type;

use crate::intern::NONE;

/// Rows that a column has room for at first: few, because there is a column for each day that has but one row.
const ROOM_ROWS: usize = 64;

/// Bytes of an id, to make room for.
const ID_BYTES: usize = 16;

/// A column of texts that repeat, as numbers of an [`Interner`](crate::intern::Interner).
pub(crate) struct Coded {
    keys: Vec<i32>,
    nulls: bool,
}

impl Coded {
    pub(crate) fn new() -> Self {
        Self { keys: Vec::with_capacity(ROOM_ROWS), nulls: false }
    }

    /// Adds the text of a number; [`NONE`] is null.
    #[inline]
    pub(crate) fn push(&mut self, id: u32) {
        self.nulls |= id == NONE;
        self.keys.push(id as i32 - 1);
    }

    /// Adds a fixed name by its number from 0.
    #[inline]
    pub(crate) fn push_name(&mut self, idx: usize) {
        self.keys.push(idx as i32);
    }

    /// The column over the texts behind the numbers.
    pub(crate) fn finish(self, values: &Arc<StringArray>) -> ArrayRef {
        let nulls = self.nulls.then(|| self.keys.iter().map(|&key| key >= 0).collect::<NullBuffer>());
        let mut keys = self.keys;
        if nulls.is_some() {
            keys.iter_mut().for_each(|key| *key = (*key).max(0));
        }
        let values: ArrayRef = Arc::clone(values) as ArrayRef;
        Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::new(keys.into(), nulls), values))
    }
}

/// A column of numbers or instants that may be null.
pub(crate) struct Numbers {
    values: Vec<i64>,
    valid: Vec<bool>,
}

impl Numbers {
    pub(crate) fn new() -> Self {
        Self { values: Vec::with_capacity(ROOM_ROWS), valid: Vec::with_capacity(ROOM_ROWS) }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: Option<i64>) {
        self.values.push(value.unwrap_or(0));
        self.valid.push(value.is_some());
    }

    /// As instants.
    pub(crate) fn finish_instants(self) -> ArrayRef {
        let nulls = NullBuffer::from(self.valid);
        Arc::new(TimestampMicrosecondArray::new(self.values.into(), Some(nulls)).with_timezone("UTC"))
    }

    /// As microseconds, and the same as seconds.
    pub(crate) fn finish_spans(self) -> (ArrayRef, ArrayRef) {
        let nulls = NullBuffer::from(self.valid);
        let seconds: Vec<f64> = self.values.iter().map(|&us| us as f64 / 1e6).collect();
        (
            Arc::new(Int64Array::new(self.values.into(), Some(nulls.clone()))),
            Arc::new(Float64Array::new(seconds.into(), Some(nulls))),
        )
    }
}

/// A column of yes and no.
pub(crate) struct Flags {
    flags: Vec<bool>,
}

impl Flags {
    pub(crate) fn new() -> Self {
        Self { flags: Vec::with_capacity(ROOM_ROWS) }
    }

    #[inline]
    pub(crate) fn push(&mut self, flag: bool) {
        self.flags.push(flag);
    }

    pub(crate) fn finish(self) -> ArrayRef {
        Arc::new(BooleanArray::new(BooleanBuffer::from(self.flags), None))
    }
}

/// A column of instants or numbers without null.
pub(crate) fn plain<T>() -> Vec<T> {
    Vec::with_capacity(ROOM_ROWS)
}

/// A finished column of instants without null.
pub(crate) fn instants(us: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(us).with_timezone("UTC"))
}

/// A finished column of numbers without null.
pub(crate) fn numbers(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

/// A column of ids.
pub(crate) fn ids() -> StringBuilder {
    StringBuilder::with_capacity(ROOM_ROWS, ROOM_ROWS * ID_BYTES)
}
