//! `is_deleted(source, event_id)`: whether a `deleted` event names that message (kpi-rules E3).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use datafusion::common::cast::as_string_view_array;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use tapemeasure_facts::DeletedIds;

use super::{catalog, is_text, result, rows_of};

/// The function, over the deletions up to the as-of time. Never null: an event without id or source was not deleted.
pub(super) struct IsDeleted {
    deletions: Arc<DeletedIds>,
    signature: Signature,
}

impl IsDeleted {
    pub(super) fn new(deletions: Arc<DeletedIds>) -> Self {
        Self { deletions, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl fmt::Debug for IsDeleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IsDeleted").field("deletions", &self.deletions.len()).finish_non_exhaustive()
    }
}

impl PartialEq for IsDeleted {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.deletions, &other.deletions)
    }
}

impl Eq for IsDeleted {}

impl Hash for IsDeleted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.deletions).hash(state);
    }
}

impl ScalarUDFImpl for IsDeleted {
    fn name(&self) -> &str {
        "is_deleted"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.len() == 2 && arg_types.iter().all(is_text) {
            return Ok(vec![DataType::Utf8View; 2]);
        }
        plan_err!("write is_deleted(source, event_id)")
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let (sources, ids) = (args.args[0].to_array(rows)?, args.args[1].to_array(rows)?);
        let (sources, ids) = (as_string_view_array(&sources)?, as_string_view_array(&ids)?);
        let deleted = BooleanBuffer::collect_bool(rows, |row| {
            sources.is_valid(row) && ids.is_valid(row) && self.deletions.contains(sources.value(row), ids.value(row))
        });
        result(Arc::new(BooleanArray::new(deleted, None)), constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name())
    }
}
