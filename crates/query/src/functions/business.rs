//! `business_us(from, to, 'calendar')`, `business_seconds(from, to, 'calendar')`: the part of a span inside business
//! hours (kpi-rules T2).
//!
//! ```text
//! opened_at (Fri)        ended_at (Mon)               business_seconds(opened_at, ended_at, 'support')
//! ────────────────────   ────────────────────         ────────────────────────────────────────────────
//! 2025-03-07T16:30:00Z   2025-03-10T09:15:00Z    ──►  2700     with support = mon-fri 09:00-17:00 in UTC
//! 2025-03-07T17:00:00Z   2025-03-10T09:00:00Z         0
//! 2025-03-07T16:30:00Z   null                         null
//! ```
//!
//! `business_us(from, to, source, channel, team)` takes the calendar that the settings name for these. A row without
//! both ends is null and needs no calendar. Negative where `to` comes first.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Float64Array, Int64Array, StringViewArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_string_view_array, as_timestamp_microsecond_array};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use hashbrown::HashMap;
use tapemeasure_model::calendar::{CalendarError, OpenTime, business_us};
use tapemeasure_model::instant::{MAX_INSTANT_US, MIN_INSTANT_US};
use tapemeasure_model::schema::instant_type;

use super::calendars::Calendars;
use super::{catalog, constant_text, is_text, is_time, result, rows_of};

/// Every function of business hours.
pub(super) fn all(calendars: &Arc<Calendars>) -> Vec<ScalarUDF> {
    let functions = [("business_us", Unit::Microseconds), ("business_seconds", Unit::Seconds)];
    Vec::from(functions.map(|(name, unit)| ScalarUDF::from(Business::new(name, unit, calendars))))
}

/// What a length is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    Microseconds,
    Seconds,
}

/// One function of business hours.
#[derive(Debug)]
struct Business {
    name: &'static str,
    unit: Unit,
    calendars: Arc<Calendars>,
    signature: Signature,
}

impl Business {
    fn new(name: &'static str, unit: Unit, calendars: &Arc<Calendars>) -> Self {
        Self { name, unit, calendars: Arc::clone(calendars), signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl PartialEq for Business {
    fn eq(&self, other: &Self) -> bool {
        self.unit == other.unit && Arc::ptr_eq(&self.calendars, &other.calendars)
    }
}

impl Eq for Business {}

impl Hash for Business {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.unit.hash(state);
        Arc::as_ptr(&self.calendars).hash(state);
    }
}

impl ScalarUDFImpl for Business {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [from, to, names @ ..]
                if is_time(from) && is_time(to) && matches!(names.len(), 1 | 3) && names.iter().all(is_text) =>
            {
                let mut types = vec![instant_type(); 2];
                types.resize(arg_types.len(), DataType::Utf8View);
                Ok(types)
            }
            _ => plan_err!(
                "write {}(opened_at, ended_at, 'calendar') or {}(opened_at, ended_at, source, channel, team)",
                self.name,
                self.name
            ),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.unit.data_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (rows, constant) = rows_of(&args.args, args.number_rows);
        let (from, to) = (args.args[0].to_array(rows)?, args.args[1].to_array(rows)?);
        let spans = Spans::new(as_timestamp_microsecond_array(&from)?, as_timestamp_microsecond_array(&to)?);
        let nothing = || new_null_array(&self.unit.data_type(), rows);
        let Some(range) = spans.range() else { return result(nothing(), constant) };
        if range.0 < MIN_INSTANT_US || range.1 > MAX_INSTANT_US {
            return exec_err!("{}: instant outside the years 1 to 9999", self.name);
        }
        let lengths = match &args.args[2..] {
            [calendar @ ColumnarValue::Scalar(_)] => {
                let Some(name) = constant_text(calendar, self.name, "the calendar")? else {
                    return result(nothing(), constant);
                };
                let open_time = self.calendars.open_time(name, range).map_err(external)?;
                spans.lengths(&open_time, range)
            }
            names => {
                let names: Vec<ArrayRef> = names.iter().map(|name| name.to_array(rows)).collect::<Result<_>>()?;
                let names: Vec<&StringViewArray> =
                    names.iter().map(|names| as_string_view_array(names)).collect::<Result<_>>()?;
                self.by_row(&spans, &names, range)?
            }
        };
        result(self.unit.told(lengths), constant)
    }

    fn documentation(&self) -> Option<&Documentation> {
        catalog::documentation(self.name)
    }
}

impl Business {
    /// The lengths of spans by a calendar for each row: `names` are its own, or source, channel and team.
    fn by_row(&self, spans: &Spans<'_>, names: &[&StringViewArray], range: (i64, i64)) -> Result<Int64Array> {
        // By the views of the names: few, and equal views are equal texts.
        let mut known: HashMap<[u128; 3], Option<Arc<OpenTime>>> = HashMap::new();
        let mut last: Option<([u128; 3], Option<Arc<OpenTime>>)> = None;
        (0..spans.rows())
            .map(|row| -> Result<Option<i64>> {
                let Some((from_us, to_us)) = spans.at(row) else { return Ok(None) };
                let key = key(names, row);
                if last.as_ref().is_none_or(|(known, _)| *known != key) {
                    let open = match known.get(&key) {
                        Some(open) => open.clone(),
                        None => {
                            let open = self.open_at(names, row, range).map_err(external)?;
                            known.insert(key, open.clone());
                            open
                        }
                    };
                    last = Some((key, open));
                }
                let open = last.as_ref().and_then(|(_, open)| open.as_ref());
                Ok(open.map(|open| open.business_us(from_us, to_us)))
            })
            .collect()
    }

    /// The open time of the calendar of a row; `None` where its name is null.
    fn open_at(
        &self,
        names: &[&StringViewArray],
        row: usize,
        range: (i64, i64),
    ) -> Result<Option<Arc<OpenTime>>, CalendarError> {
        let text = |names: &&StringViewArray| names.is_valid(row).then(|| names.value(row).to_owned());
        let texts: Vec<Option<String>> = names.iter().map(text).collect();
        let name: &str = match texts.as_slice() {
            [source, channel, team] => {
                self.calendars.name_for(source.as_deref(), channel.as_deref(), team.as_deref())?
            }
            [Some(name)] => name,
            _ => return Ok(None),
        };
        self.calendars.open_time(name, range).map(Some)
    }
}

impl Unit {
    fn data_type(self) -> DataType {
        match self {
            Self::Microseconds => DataType::Int64,
            Self::Seconds => DataType::Float64,
        }
    }

    /// Lengths in microseconds, as the function tells them.
    fn told(self, lengths: Int64Array) -> ArrayRef {
        match self {
            Self::Microseconds => Arc::new(lengths),
            Self::Seconds => {
                let seconds: Vec<f64> = lengths.values().iter().map(|&us| us as f64 / 1_000_000.0).collect();
                Arc::new(Float64Array::new(seconds.into(), lengths.nulls().cloned()))
            }
        }
    }
}

/// Two columns of instants.
struct Spans<'a> {
    from: &'a [i64],
    to: &'a [i64],
    /// Rows that do not have both.
    nulls: Option<NullBuffer>,
}

impl<'a> Spans<'a> {
    fn new(from: &'a TimestampMicrosecondArray, to: &'a TimestampMicrosecondArray) -> Self {
        let nulls = NullBuffer::union(from.nulls(), to.nulls()).filter(|nulls| nulls.null_count() > 0);
        Self { from: from.values(), to: to.values(), nulls }
    }

    fn rows(&self) -> usize {
        self.from.len()
    }

    /// Both ends of a row; `None` if it does not have both.
    fn at(&self, row: usize) -> Option<(i64, i64)> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        Some((self.from[row], self.to[row]))
    }

    /// The earliest and the latest end; `None` if no row has both.
    fn range(&self) -> Option<(i64, i64)> {
        let ends = (0..self.rows()).filter_map(|row| self.at(row));
        ends.fold(None, |range, (from, to)| {
            let (least, most) = (from.min(to), from.max(to));
            Some(range.map_or((least, most), |(min, max): (i64, i64)| (min.min(least), max.max(most))))
        })
    }

    /// The open part of each.
    fn lengths(&self, open: &OpenTime, (least_us, most_us): (i64, i64)) -> Int64Array {
        let mut lengths = Vec::new();
        match &self.nulls {
            None => business_us(open, self.from, self.to, &mut lengths),
            Some(_) => {
                // What lies under a null may be no instant at all.
                let within = |ends: &[i64]| ends.iter().map(|us| (*us).clamp(least_us, most_us)).collect::<Vec<i64>>();
                business_us(open, &within(self.from), &within(self.to), &mut lengths);
            }
        }
        Int64Array::new(lengths.into(), self.nulls.clone())
    }
}

/// What tells the calendar of one row from that of another.
fn key(names: &[&StringViewArray], row: usize) -> [u128; 3] {
    let mut key = [0; 3];
    for (part, names) in key.iter_mut().zip(names) {
        // No view is that long: its first 32 bits are the length.
        *part = if names.is_null(row) { u128::MAX } else { names.views()[row] };
    }
    key
}

fn external(error: CalendarError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

#[cfg(test)]
mod tests;
