//! The rows of a side, by bucket and dimensions.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::internal_datafusion_err;
use datafusion::error::DataFusionError;

use crate::definitions::{Definition, Empty, is_derived};
use crate::error::QueryError;

/// The values of the dimensions of a row as texts; `None` where they are not known.
pub(super) type Group = Vec<Option<String>>;

/// The rows of a KPI, as far as a comparison goes.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) rows: Vec<SideRow>,
    /// The headline is a whole number.
    pub(super) whole_numbers: bool,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SideRow {
    pub(super) bucket: String,
    pub(super) group: Group,
    pub(super) value: Option<f64>,
    pub(super) n: Option<i64>,
}

impl Side {
    /// Reads the result of a KPI: `bucket`, the dimensions, fields with the headline and `n` among them.
    ///
    /// # Errors
    /// [`QueryError::Internal`] if the batch is not as described, or the headline is no number.
    pub(super) fn read(batch: &RecordBatch, dimensions: usize, definition: &Definition) -> Result<Self, QueryError> {
        read(batch, dimensions, definition).map_err(QueryError::while_doing("reading the sides of a comparison"))
    }
}

fn read(batch: &RecordBatch, dimensions: usize, definition: &Definition) -> Result<Side, DataFusionError> {
    let column = |name: &str| {
        batch.column_by_name(name).ok_or_else(|| internal_datafusion_err!("a KPI without its field {name}"))
    };
    let headline = column(&definition.headline)?;
    let whole_numbers = headline.data_type().is_integer();
    let values = cast(headline, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>();
    let n = match &definition.n {
        Some(name) => Some(cast(column(name)?, &DataType::Int64)?),
        None => None,
    };
    let n = n.as_ref().map(|n| n.as_primitive::<Int64Type>());
    let options = FormatOptions::default();
    let texts = batch.columns()[..=dimensions]
        .iter()
        .map(|column| Ok((column, ArrayFormatter::try_new(column.as_ref(), &options)?)))
        .collect::<Result<Vec<_>, DataFusionError>>()?;
    let rows = (0..batch.num_rows())
        .map(|row| {
            let mut cells =
                texts.iter().map(|(column, text)| column.is_valid(row).then(|| text.value(row).to_string()));
            SideRow {
                bucket: cells.next().flatten().unwrap_or_default(),
                group: cells.collect(),
                value: values.is_valid(row).then(|| values.value(row)),
                n: n.filter(|n| n.is_valid(row)).map(|n| n.value(row)),
            }
        })
        .collect();
    Ok(Side { rows, whole_numbers })
}

/// The rows of another side, to be found by bucket and dimensions.
#[derive(Debug, Default)]
pub(super) struct Found {
    rows: HashMap<(String, Group), (Option<f64>, Option<i64>)>,
    /// The buckets that were looked at.
    looked_at: HashSet<String>,
    /// Those that have rows.
    with_rows: HashSet<String>,
    /// The groups of rows that were taken.
    taken: HashSet<Group>,
}

impl Found {
    /// Says that a bucket was looked at, whether or not it has rows.
    pub(super) fn look_at(&mut self, bucket: &str) {
        self.looked_at.insert(bucket.to_owned());
    }

    /// Adds the rows of a side, under their own buckets or all under one.
    pub(super) fn add(&mut self, side: Side, bucket: Option<&str>) {
        for row in side.rows {
            let bucket = bucket.map_or(row.bucket, str::to_owned);
            self.with_rows.insert(bucket.clone());
            self.looked_at.insert(bucket.clone());
            self.rows.insert((bucket, row.group), (row.value, row.n));
        }
    }

    /// Headline and `n` of a group in a bucket. A group without rows in a bucket that was looked at has what an empty
    /// bucket has (kpi-rules T4): counts 0, times null; `absent` says what.
    pub(super) fn take(&mut self, bucket: &str, group: &Group, absent: &Absent) -> (Option<f64>, Option<i64>) {
        self.taken.insert(group.clone());
        if let Some(&known) = self.rows.get(&(bucket.to_owned(), group.clone())) {
            return known;
        }
        if !self.looked_at.contains(bucket) {
            return (None, None);
        }
        absent.values(self.with_rows.contains(bucket))
    }

    /// How many groups have rows here that were never asked for.
    pub(super) fn left_over(&self) -> usize {
        let groups: HashSet<&Group> = self.rows.keys().map(|(_, group)| group).collect();
        groups.into_iter().filter(|group| !self.taken.contains(*group)).count()
    }
}

/// What a group has in a bucket in which it has no rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Absent {
    whole_numbers: bool,
    empty: Empty,
    has_n: bool,
    /// A weekday or hour that the bucket cannot have: it has nothing, not even zero.
    impossible: bool,
}

impl Absent {
    /// By the rules of a definition. With weekdays or hours among the dimensions, a short bucket may not be able to have a
    /// group: `short` says whether buckets are hours or days.
    pub(super) fn new(definition: &Definition, whole_numbers: bool, by: &[String], short: bool) -> Self {
        let impossible = short && by.iter().any(|dimension| is_derived(dimension));
        Self { whole_numbers, empty: definition.headline().empty, has_n: definition.n.is_some(), impossible }
    }

    fn values(&self, with_rows: bool) -> (Option<f64>, Option<i64>) {
        if self.impossible {
            return (None, None);
        }
        let value = match self.empty {
            Empty::Zero => Some(0.0),
            Empty::ByType => self.whole_numbers.then_some(0.0),
            Empty::Share => with_rows.then_some(0.0),
            Empty::Null => None,
        };
        (value, self.has_n.then_some(0))
    }
}
