//! Scalar functions where SQL is slow, or where it would say something else than the rules.
//!
//! | file | functions |
//! |---|---|
//! | [`local_time`] | `bucket_id`, `local_hour` to `local_year`, `day_of_week`, `hour_of_day`: local time |
//! | [`instants`] | `instant`, `elapsed_us`: exact instants, and the time between two |
//! | [`business`] | `business_us`, `business_seconds`: the part of a span inside business hours |
//! | [`calendars`] | the calendars of the settings, which business hours are read from |
//! | [`within`] | `within(wait, '10 minutes')` |
//! | [`durations`] | `duration_us`, `human_duration`, `wait_band`: durations for people |
//! | [`message_kind`] | question, answer, bot message, or none of these |
//! | [`deleted`] | whether a later event took a message back |
//! | [`catalog`] | every function of this crate, aggregates and table functions too, for people |
//!
//! All are immutable: DataFusion works them out while planning where their arguments are constants.

mod business;
mod calendars;
pub(crate) mod catalog;
mod deleted;
mod durations;
mod instants;
pub(crate) mod local_time;
mod message_kind;
mod within;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF};
use datafusion::prelude::SessionContext;
use tapemeasure_facts::DeletedIds;

use crate::aggregates;
use local_time::Clocks;

/// Every scalar function of this crate, for one archive.
pub(crate) fn all(clocks: &Arc<Clocks>, deletions: &Arc<DeletedIds>) -> Vec<ScalarUDF> {
    let mut functions = local_time::all(clocks);
    functions.extend(business::all(clocks.calendars()));
    functions.extend([
        ScalarUDF::from(instants::Instant::new()),
        ScalarUDF::from(instants::Elapsed::new()),
        ScalarUDF::from(within::Within::new()),
        ScalarUDF::from(durations::DurationUs::new()),
        ScalarUDF::from(durations::HumanDuration::new()),
        ScalarUDF::from(durations::WaitBand::new()),
        ScalarUDF::from(message_kind::MessageKindOf::new()),
        ScalarUDF::from(deleted::IsDeleted::new(Arc::clone(deletions))),
    ]);
    functions
}

/// Registers every function of this crate, aggregates too, for one archive.
pub(crate) fn register(context: &SessionContext, clocks: &Arc<Clocks>, deletions: &Arc<DeletedIds>) {
    for function in all(clocks, deletions) {
        context.register_udf(function);
    }
    for function in aggregates::all() {
        context.register_udaf(function);
    }
}

/// Whether a column of that type can be read as text.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => values.is_string(),
        other => other.is_string() || other.is_null(),
    }
}

/// Whether a column of that type can be read as instants. Text is read as RFC 3339, timestamps without zone are UTC.
fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64) || is_text(data_type)
}

/// The text of an argument that must be the same for all rows; `None` where it is null.
fn constant_text<'a>(argument: &'a ColumnarValue, function: &str, what: &str) -> Result<Option<&'a str>> {
    if let ColumnarValue::Scalar(scalar) = argument
        && let Some(text) = scalar.try_as_str()
    {
        return Ok(text);
    }
    exec_err!("{function}: {what} must be a constant text, not a column")
}

/// How many rows to work on: one where all arguments are constants.
fn rows_of(arguments: &[ColumnarValue], rows: usize) -> (usize, bool) {
    let constant = arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
    (if constant { 1 } else { rows }, constant)
}

/// The result of a function: one value if all its arguments were constants.
fn result(array: arrow::array::ArrayRef, constant: bool) -> Result<ColumnarValue> {
    if constant {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
    }
    Ok(ColumnarValue::Array(array))
}

#[cfg(test)]
mod testing {
    //! Calling a function as the engine does.

    use arrow::datatypes::Field;
    use datafusion::config::ConfigOptions;
    use datafusion::logical_expr::{ScalarFunctionArgs, ScalarUDFImpl};

    use super::*;

    /// The value of a function for arguments of `rows` rows.
    pub(super) fn call(function: &dyn ScalarUDFImpl, args: Vec<ColumnarValue>, rows: usize) -> Result<ColumnarValue> {
        let types: Vec<DataType> = args.iter().map(ColumnarValue::data_type).collect();
        let return_type = function.return_type(&types)?;
        function.invoke_with_args(ScalarFunctionArgs {
            args,
            arg_fields: types.into_iter().map(|t| Arc::new(Field::new("a", t, true))).collect(),
            number_rows: rows,
            return_field: Arc::new(Field::new("r", return_type, true)),
            config_options: Arc::new(ConfigOptions::default()),
        })
    }

    /// A constant text, as an option of a function.
    pub(super) fn text(text: &str) -> ColumnarValue {
        ColumnarValue::Scalar(ScalarValue::from(text))
    }

    /// A constant text, where a column of text could be.
    pub(super) fn view(text: &str) -> ColumnarValue {
        ColumnarValue::Scalar(ScalarValue::Utf8View(Some(text.to_owned())))
    }
}
