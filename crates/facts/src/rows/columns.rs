//! Columns that are filled one row at a time.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBufferBuilder, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::Int32Type;

use crate::intern::Interner;

/// Bytes of an id, to make room for: longer ones cost one growth.
const ID_BYTES: usize = 16;

/// One dictionary for the texts of several interners, and from each interner's numbers to its.
pub(crate) struct Dictionary {
    values: Arc<StringArray>,
    maps: Vec<Vec<i32>>,
}

impl Dictionary {
    /// The dictionary of some interners, one for each walk.
    pub(crate) fn of<'a>(interners: impl Iterator<Item = &'a Interner>) -> Self {
        let mut all = Interner::default();
        let maps = interners
            .map(|interner| {
                let ids = interner.texts().map(|text| all.id(text) as i32 - 1);
                std::iter::once(-1).chain(ids).collect()
            })
            .collect();
        Self { values: Arc::new(all.texts().map(Some).collect()), maps }
    }

    /// The dictionary of fixed names.
    pub(crate) fn of_names(names: &[&str]) -> Self {
        Self { values: Arc::new(names.iter().copied().map(Some).collect()), maps: Vec::new() }
    }

    /// A column over it with room for some rows.
    pub(crate) fn column(&self, rows: usize) -> Coded<'_> {
        Coded { dictionary: self, keys: Vec::with_capacity(rows), nulls: 0 }
    }
}

/// A column of texts that repeat.
pub(crate) struct Coded<'a> {
    dictionary: &'a Dictionary,
    keys: Vec<i32>,
    nulls: usize,
}

impl Coded<'_> {
    /// Adds the text that a walk knows by a number; 0 is null.
    #[inline]
    pub(crate) fn push(&mut self, walk: usize, id: u32) {
        let key = self.dictionary.maps[walk][id as usize];
        self.nulls += usize::from(key < 0);
        self.keys.push(key);
    }

    /// Adds a fixed name by its number from 0.
    #[inline]
    pub(crate) fn push_name(&mut self, idx: usize) {
        self.keys.push(idx as i32);
    }

    /// The column.
    pub(crate) fn finish(self) -> ArrayRef {
        let nulls = (self.nulls > 0).then(|| self.keys.iter().map(|&key| key >= 0).collect::<NullBuffer>());
        let mut keys = self.keys;
        if nulls.is_some() {
            keys.iter_mut().for_each(|key| *key = (*key).max(0));
        }
        let values: ArrayRef = Arc::clone(&self.dictionary.values) as ArrayRef;
        Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::new(keys.into(), nulls), values))
    }
}

/// A column of numbers or instants that may be null.
pub(crate) struct Numbers {
    values: Vec<i64>,
    valid: BooleanBufferBuilder,
}

impl Numbers {
    pub(crate) fn new(rows: usize) -> Self {
        Self { values: Vec::with_capacity(rows), valid: BooleanBufferBuilder::new(rows) }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: Option<i64>) {
        self.values.push(value.unwrap_or(0));
        self.valid.append(value.is_some());
    }

    /// As instants.
    pub(crate) fn finish_instants(mut self) -> ArrayRef {
        let nulls = NullBuffer::new(self.valid.finish());
        Arc::new(TimestampMicrosecondArray::new(self.values.into(), Some(nulls)).with_timezone("UTC"))
    }

    /// As microseconds, and the same as seconds.
    pub(crate) fn finish_spans(mut self) -> (ArrayRef, ArrayRef) {
        let nulls = NullBuffer::new(self.valid.finish());
        let seconds: Vec<f64> = self.values.iter().map(|&us| us as f64 / 1e6).collect();
        (
            Arc::new(Int64Array::new(self.values.into(), Some(nulls.clone()))),
            Arc::new(Float64Array::new(seconds.into(), Some(nulls))),
        )
    }
}

/// A column of instants without null.
pub(crate) fn instants(us: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(us).with_timezone("UTC"))
}

/// A column of numbers without null.
pub(crate) fn numbers(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

/// A column of yes and no.
pub(crate) struct Flags {
    bits: BooleanBufferBuilder,
}

impl Flags {
    pub(crate) fn new(rows: usize) -> Self {
        Self { bits: BooleanBufferBuilder::new(rows) }
    }

    #[inline]
    pub(crate) fn push(&mut self, flag: bool) {
        self.bits.append(flag);
    }

    pub(crate) fn finish(mut self) -> ArrayRef {
        Arc::new(BooleanArray::new(self.bits.finish(), None))
    }
}

/// A column of ids.
pub(crate) fn ids(rows: usize) -> StringBuilder {
    StringBuilder::with_capacity(rows, rows * ID_BYTES)
}
