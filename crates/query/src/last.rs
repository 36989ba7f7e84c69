//! The last result as a table: `_`.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::datasource::MemTable;

use crate::engine::Engine;
use crate::error::QueryError;

/// The name of the table.
pub const LAST: &str = "_";

/// Most rows of a result that is kept: what a person goes on working with, and no second copy of an archive.
pub const LAST_ROWS_MAX: u64 = 1_000_000;

/// Most bytes of a result that is kept, as Arrow counts them.
pub const LAST_BYTES_MAX: usize = 256 << 20;

/// Whether a result of that size is kept.
pub fn fits(rows: u64, bytes: usize) -> bool {
    rows <= LAST_ROWS_MAX && bytes <= LAST_BYTES_MAX
}

impl Engine {
    /// Makes these rows the table `_`, in place of those before. All its columns may be null. Of columns with one name
    /// the second becomes `name_2`. The rows do not count towards
    /// [`EngineOptions::memory_bytes`](crate::EngineOptions::memory_bytes).
    ///
    /// # Errors
    /// [`QueryError::Internal`] for batches that do not have the columns of `schema`; `_` is as it was then.
    pub fn keep_last(&self, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<(), QueryError> {
        let doing = QueryError::while_doing("keeping the last result");
        let schema = apart(schema);
        let batches = batches
            .iter()
            .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| doing(error.into()))?;
        let table = MemTable::try_new(schema, vec![batches]).map_err(&doing)?;
        self.context().deregister_table(LAST).map_err(&doing)?;
        self.context().register_table(LAST, Arc::new(table)).map_err(&doing)?;
        Ok(())
    }

    /// Drops the table `_`, if there is one.
    ///
    /// # Errors
    /// [`QueryError::Internal`] if DataFusion refuses.
    pub fn forget_last(&self) -> Result<(), QueryError> {
        self.context().deregister_table(LAST).map_err(QueryError::while_doing("dropping the last result"))?;
        Ok(())
    }
}

/// The columns under names of their own.
fn apart(schema: &Schema) -> SchemaRef {
    let mut names: Vec<String> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let mut name = field.name().clone();
        let mut n = 1;
        while names.contains(&name) {
            n += 1;
            name = format!("{}_{n}", field.name());
        }
        names.push(name);
    }
    let fields =
        schema.fields().iter().zip(names).map(|(field, name)| Field::new(name, field.data_type().clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::*;

    #[test]
    fn names_are_told_apart() {
        let field = |name: &str| Field::new(name, DataType::Int64, false);
        let schema = Schema::new(vec![field("n"), field("n_2"), field("n"), field("n"), field("m")]);
        let found = apart(&schema);
        let names: Vec<&str> = found.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, ["n", "n_2", "n_3", "n_4", "m"]);
        assert!(found.fields().iter().all(|field| field.is_nullable()));
    }

    #[test]
    fn the_bounds_are_those_of_the_documentation() {
        assert!(fits(1_000_000, 268_435_456));
        assert!(!fits(1_000_001, 0));
        assert!(!fits(0, 268_435_457));
    }
}
