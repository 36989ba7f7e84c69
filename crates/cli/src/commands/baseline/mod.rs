//! `tape baseline`: KPI values saved, shown, and held against others.
//!
//! | file | is |
//! |---|---|
//! | this file | list, show and drop, which need the table alone |
//! | [`save`] | save and backfill |
//! | [`compare`] | a period held against a baseline |

mod compare;
mod save;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use tapemeasure_archive::Archive;
use tapemeasure_query::baselines::{BASELINE_DIMENSIONS, Baselines, baselines_schema};

use super::note;
use crate::args::{Baseline, BaselineVerb, Global, Output};
use crate::failure::{Done, Failure};
use crate::output::{Format, Sink, write_batches};

/// The columns that people are shown, beside the dimensions that a baseline is grouped by.
const SHOWN: &[&str] = &[
    "kpi",
    "period",
    "n",
    "value",
    "mean",
    "p50",
    "p90",
    "max",
    "spread",
    "weekly_n",
    "usual_low",
    "usual_high",
    "provisional",
];

/// Does what the verb says.
pub async fn run(global: &Global, verb: &Baseline) -> Result<Done, Failure> {
    match &verb.verb {
        BaselineVerb::Save { name, period, span, held, reading } => {
            save::save(global, name, (period.as_deref(), span), held, reading).await
        }
        BaselineVerb::Backfill { name, from, to, every, window, held, reading } => {
            let rolling = save::Rolling { from: from.as_deref(), to: to.as_deref(), every, window };
            save::backfill(global, name, rolling, held, reading).await
        }
        BaselineVerb::List { output } => list(global, output).await,
        BaselineVerb::Show { name, output } => show(global, name, output).await,
        BaselineVerb::Compare { name, span, kpi, reading, output } => {
            compare::run(global, (name, kpi), span, reading, output).await
        }
        BaselineVerb::Drop { name } => {
            let rows = baselines(global).await?.remove(name).await?;
            note(&format!("dropped baseline {name}: {rows} rows"));
            Ok(Done::Well)
        }
    }
}

async fn baselines(global: &Global) -> Result<Baselines, Failure> {
    Ok(Baselines::new(&Archive::open(&global.archive).await?))
}

async fn list(global: &Global, output: &Output) -> Result<Done, Failure> {
    let format = Format::choose(output)?;
    let all = baselines(global).await?.list().await?;
    if all.num_rows() == 0 {
        note("there are no baselines; `tape baseline save` and `tape baseline backfill` make some");
    }
    write_batches(format, Sink::open(output.output.as_deref())?, all.schema(), &[all])?;
    Ok(Done::Well)
}

/// For people the columns that they read; all of them in the formats for programs.
async fn show(global: &Global, name: &str, output: &Output) -> Result<Done, Failure> {
    let format = Format::choose(output)?;
    let rows = baselines(global).await?.show(name).await?;
    let (schema, rows) = if matches!(format, Format::Table | Format::Markdown | Format::Html) {
        note("shown are the columns for reading; --format vertical and csv have all");
        shown(&rows)?
    } else {
        (baselines_schema(), rows)
    };
    write_batches(format, Sink::open(output.output.as_deref())?, schema, &rows)?;
    Ok(Done::Well)
}

fn shown(rows: &[RecordBatch]) -> Result<(SchemaRef, Vec<RecordBatch>), Failure> {
    let schema = baselines_schema();
    let is_used = |dimension: &str| {
        rows.iter().filter_map(|rows| rows.column_by_name(dimension)).any(|column| column.null_count() < column.len())
    };
    let is_shown = |name: &str| SHOWN.contains(&name) || (BASELINE_DIMENSIONS.contains(&name) && is_used(name));
    let places: Vec<usize> = (0..schema.fields().len()).filter(|&place| is_shown(schema.field(place).name())).collect();
    let bug = |e: ArrowError| Failure::failed("the rows of the baseline do not form a table; report this as a bug", e);
    let projected = rows.iter().map(|rows| rows.project(&places)).collect::<Result<Vec<_>, _>>().map_err(bug)?;
    let schema = schema.project(&places).map_err(bug)?;
    Ok((schema.into(), projected))
}
