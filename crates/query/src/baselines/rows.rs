//! Rows of the table `baselines`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::error::{DataFusionError, Result};

use super::schema::{BASELINE_DIMENSIONS, TEXT_DIMENSIONS, baselines_schema};
use super::windows::Window;

/// What all rows of one KPI and grouping of a baseline have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) kpi: String,
    /// Dimensions in the order of [`BASELINE_DIMENSIONS`], with commas between them.
    pub(crate) grouped_by: String,
    pub(crate) time_zone: String,
    pub(crate) hours: String,
    pub(crate) headline: String,
    pub(crate) unit: String,
    pub(crate) definition_hash: String,
    pub(crate) settings_hash: String,
    pub(crate) settings: String,
}

/// A combination of dimension values, in the order of [`BASELINE_DIMENSIONS`]; none where not grouped by one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Group {
    pub(crate) texts: [Option<String>; TEXT_DIMENSIONS],
    pub(crate) times: [Option<i32>; BASELINE_DIMENSIONS.len() - TEXT_DIMENSIONS],
}

/// The numbers of a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Values {
    pub(crate) n: Option<i64>,
    pub(crate) value: Option<f64>,
    pub(crate) mean: Option<f64>,
    pub(crate) p50: Option<f64>,
    pub(crate) p90: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) spread: Option<f64>,
    pub(crate) weekly_n: i64,
    pub(crate) usual_low: Option<f64>,
    pub(crate) usual_high: Option<f64>,
    /// A JSON array: as text two of them compare to the last digit.
    pub(crate) weekly: String,
    pub(crate) provisional: bool,
}

/// A row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) set: Arc<Set>,
    pub(crate) window: Window,
    pub(crate) period: String,
    pub(crate) group: Group,
    pub(crate) values: Values,
    pub(crate) archive_version: i64,
    pub(crate) as_of_us: i64,
    pub(crate) inputs: String,
}

/// Rows as a batch with the columns of [`baselines_schema`], in their order.
///
/// # Errors
/// Arrow refuses the columns, which are made for them.
pub(crate) fn to_batch(rows: &[&Row]) -> Result<RecordBatch> {
    let schema = baselines_schema();
    let columns = schema.fields().iter().map(|field| column(field.name(), rows)).collect();
    Ok(RecordBatch::try_new(schema, columns)?)
}

/// One column of the table. What is no name of a column has no values; the schema has none such.
fn column(name: &str, rows: &[&Row]) -> ArrayRef {
    if let Some(i) = BASELINE_DIMENSIONS.iter().position(|dimension| *dimension == name) {
        return match i.checked_sub(TEXT_DIMENSIONS) {
            None => Arc::new(rows.iter().map(|row| row.group.texts[i].as_deref()).collect::<StringArray>()),
            Some(i) => Arc::new(rows.iter().map(|row| row.group.times[i]).collect::<Int32Array>()),
        };
    }
    let text = |of: &dyn Fn(&Row) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row))).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Values) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| of(&row.values)).collect::<Float64Array>())
    };
    let whole = |of: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| of(row)).collect::<Int64Array>())
    };
    let instant = |of: &dyn Fn(&Row) -> i64| -> ArrayRef {
        let instants = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| of(row)));
        Arc::new(instants.with_timezone("UTC"))
    };
    match name {
        "name" => text(&|row| row.set.name.clone()),
        "kpi" => text(&|row| row.set.kpi.clone()),
        "window_start" => instant(&|row| row.window.start_us),
        "window_end" => instant(&|row| row.window.end_us),
        "period" => text(&|row| row.period.clone()),
        "grain" => text(&|_| "total".to_owned()),
        "grouped_by" => text(&|row| row.set.grouped_by.clone()),
        "time_zone" => text(&|row| row.set.time_zone.clone()),
        "hours" => text(&|row| row.set.hours.clone()),
        "headline" => text(&|row| row.set.headline.clone()),
        "unit" => text(&|row| row.set.unit.clone()),
        "n" => whole(&|row| row.values.n),
        "value" => number(&|values| values.value),
        "mean" => number(&|values| values.mean),
        "p50" => number(&|values| values.p50),
        "p90" => number(&|values| values.p90),
        "max" => number(&|values| values.max),
        "spread" => number(&|values| values.spread),
        "weekly_n" => whole(&|row| Some(row.values.weekly_n)),
        "usual_low" => number(&|values| values.usual_low),
        "usual_high" => number(&|values| values.usual_high),
        "weekly" => text(&|row| row.values.weekly.clone()),
        "provisional" => Arc::new(rows.iter().map(|row| Some(row.values.provisional)).collect::<BooleanArray>()),
        "archive_version" => whole(&|row| Some(row.archive_version)),
        "as_of" => instant(&|row| row.as_of_us),
        "definition_hash" => text(&|row| row.set.definition_hash.clone()),
        "settings_hash" => text(&|row| row.set.settings_hash.clone()),
        "settings" => text(&|row| row.set.settings.clone()),
        _ => text(&|row| row.inputs.clone()),
    }
}

/// Rows of batches that have the columns of [`baselines_schema`].
///
/// # Errors
/// A column is missing, or is of another type.
pub(crate) fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Row>> {
    let mut sets: HashMap<Set, Arc<Set>> = HashMap::new();
    let mut rows = Vec::new();
    for batch in batches {
        let columns = Columns(batch);
        for row in 0..batch.num_rows() {
            rows.push(columns.row(row, &mut sets)?);
        }
    }
    Ok(rows)
}

/// The values of a batch by name of column and row.
struct Columns<'a>(&'a RecordBatch);

impl Columns<'_> {
    fn row(&self, row: usize, sets: &mut HashMap<Set, Arc<Set>>) -> Result<Row> {
        let text = |name: &str| self.text(name, row).map(Option::unwrap_or_default);
        let number = |name: &str| self.value::<Float64Type>(name, row);
        let whole = |name: &str| self.value::<Int64Type>(name, row);
        let instant = |name: &str| self.value::<TimestampMicrosecondType>(name, row).map(Option::unwrap_or_default);
        let set = Set {
            name: text("name")?,
            kpi: text("kpi")?,
            grouped_by: text("grouped_by")?,
            time_zone: text("time_zone")?,
            hours: text("hours")?,
            headline: text("headline")?,
            unit: text("unit")?,
            definition_hash: text("definition_hash")?,
            settings_hash: text("settings_hash")?,
            settings: text("settings")?,
        };
        let set = match sets.get(&set) {
            Some(known) => Arc::clone(known),
            None => {
                let shared = Arc::new(set.clone());
                sets.insert(set, Arc::clone(&shared));
                shared
            }
        };
        let mut group = Group::default();
        let (texts, times) = BASELINE_DIMENSIONS.split_at(TEXT_DIMENSIONS);
        for (value, name) in group.texts.iter_mut().zip(texts) {
            *value = self.text(name, row)?;
        }
        for (value, name) in group.times.iter_mut().zip(times) {
            *value = self.value::<Int32Type>(name, row)?;
        }
        let values = Values {
            n: whole("n")?,
            value: number("value")?,
            mean: number("mean")?,
            p50: number("p50")?,
            p90: number("p90")?,
            max: number("max")?,
            spread: number("spread")?,
            weekly_n: whole("weekly_n")?.unwrap_or_default(),
            usual_low: number("usual_low")?,
            usual_high: number("usual_high")?,
            weekly: text("weekly")?,
            provisional: self.flag("provisional", row)?,
        };
        Ok(Row {
            set,
            window: Window { start_us: instant("window_start")?, end_us: instant("window_end")? },
            period: text("period")?,
            group,
            values,
            archive_version: whole("archive_version")?.unwrap_or_default(),
            as_of_us: instant("as_of")?,
            inputs: text("inputs")?,
        })
    }

    fn text(&self, name: &str, row: usize) -> Result<Option<String>> {
        let values = self.column(name)?.as_string_opt::<i32>().ok_or_else(|| odd(name))?;
        Ok(values.is_valid(row).then(|| values.value(row).to_owned()))
    }

    fn value<T: ArrowPrimitiveType>(&self, name: &str, row: usize) -> Result<Option<T::Native>> {
        let values = self.column(name)?.as_primitive_opt::<T>().ok_or_else(|| odd(name))?;
        Ok(values.is_valid(row).then(|| values.value(row)))
    }

    fn flag(&self, name: &str, row: usize) -> Result<bool> {
        let values = self.column(name)?.as_boolean_opt().ok_or_else(|| odd(name))?;
        Ok(values.is_valid(row) && values.value(row))
    }

    fn column(&self, name: &str) -> Result<&ArrayRef> {
        self.0.column_by_name(name).ok_or_else(|| odd(name))
    }
}

fn odd(name: &str) -> DataFusionError {
    DataFusionError::Internal(format!("the table of baselines has no column {name} as it should be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_there_and_back() {
        let text = str::to_owned;
        let set = Arc::new(Set {
            name: text("b"),
            kpi: text("k"),
            grouped_by: text("channel,day_of_week"),
            time_zone: text("UTC"),
            hours: text("elapsed"),
            headline: text("mean_s"),
            unit: text("seconds"),
            definition_hash: text("d"),
            settings_hash: text("s"),
            settings: text("{}"),
        });
        let mut group = Group::default();
        group.texts[1] = Some(text("sms"));
        group.times[0] = Some(7);
        let values = Values {
            n: Some(3),
            value: Some(0.1 + 0.2),
            weekly_n: 1,
            weekly: text("[0.30000000000000004,null]"),
            provisional: true,
            ..Values::default()
        };
        let row = Row {
            set,
            window: Window { start_us: -5, end_us: 7 },
            period: text("p"),
            group,
            values,
            archive_version: 9,
            as_of_us: 11,
            inputs: text("i"),
        };
        let batch = to_batch(&[&row, &row]).unwrap();
        let found = from_batches(&[batch]).unwrap();
        assert_eq!(found.len(), 2);
        assert!(Arc::ptr_eq(&found[0].set, &found[1].set));
        for back in found {
            assert_eq!(
                (&back.set, back.window, &back.group, &back.values),
                (&row.set, row.window, &row.group, &row.values)
            );
            assert_eq!((back.archive_version, back.as_of_us, back.inputs.as_str()), (9, 11, "i"));
        }
    }
}
