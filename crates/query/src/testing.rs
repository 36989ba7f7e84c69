//! What tests share: random numbers, and a session with the functions of this crate over tables in memory.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use datafusion::prelude::SessionContext;
use tapemeasure_facts::DeletedIds;

use crate::functions;
use crate::functions::local_time::Clocks;

/// A small generator of numbers: xorshift64*, by Vigna (2016). The seed must not be 0.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `n`, which must be below 2^31.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    /// One of a few.
    pub(crate) fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())]
    }
}

/// A session with every function of this crate, and tables in memory.
pub(crate) fn session(clocks: &Arc<Clocks>, tables: Vec<(&str, RecordBatch)>) -> SessionContext {
    let context = SessionContext::new();
    functions::register(&context, clocks, &Arc::new(DeletedIds::new(std::iter::empty())));
    for (name, rows) in tables {
        context.register_batch(name, rows).unwrap();
    }
    context
}

/// A column of text as the tables have it.
pub(crate) fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringViewArray>())
}

/// A column of instants.
pub(crate) fn instants(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
}

/// A column of whole numbers.
pub(crate) fn numbers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

/// A column of flags.
pub(crate) fn flags(values: impl Iterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.collect::<BooleanArray>())
}
