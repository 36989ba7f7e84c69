//! `tape kpi`: one KPI, or all of them; `tape kpi check`: their definitions.

mod check;
mod explain;

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use tapemeasure_model::zone::Grain;
use tapemeasure_query::{Comparison, Definition, Definitions, Engine, KpiRequest, KpiResult, QueryError};

use super::{note, print};
use crate::args::{Global, Kpi};
use crate::context::{Opened, definitions};
use crate::failure::{Done, Failure};
use crate::output::{Format, Part, Sink, write_batches};
use crate::watch;
use crate::words;

/// In the place of a name: the definitions are checked, and nothing is computed. No KPI can have that name.
const CHECK: &str = "check";

/// The column that tells whose row it is.
const KPI: &str = "kpi";

/// Computes, and prints a row a group.
pub async fn run(global: &Global, verb: &Kpi) -> Result<Done, Failure> {
    if let Some((CHECK, named)) = verb.names.split_first().map(|(first, named)| (first.as_str(), named)) {
        return check::run(global, verb, named).await;
    }
    let definitions = definitions(global, &verb.reading.kpis)?;
    if verb.list {
        if verb.output.format.is_none() && verb.output.output.is_none() {
            print(&list(&definitions))?;
            return Ok(Done::Well);
        }
        let rows = listed(&definitions)?;
        let sink = Sink::open(verb.output.output.as_deref())?;
        write_batches(Format::choose(&verb.output)?, sink, rows.schema(), std::slice::from_ref(&rows))?;
        return Ok(Done::Well);
    }
    let names: Vec<String> =
        if verb.names.is_empty() { definitions.names().map(str::to_owned).collect() } else { verb.names.clone() };
    for name in &names {
        definitions.get(name)?;
    }
    let grain = words::grain("--grain", &verb.grain, Grain::ALL)?;
    let hours = words::hours(&verb.hours)?;
    let target_us = words::target_us(verb.target.as_deref())?;
    let by = verb
        .by
        .as_ref()
        .map(|by| by.split(',').map(str::trim).filter(|d| !d.is_empty()).map(str::to_owned).collect::<Vec<_>>());
    let comparison = verb.compare.as_deref().map(Comparison::parse).transpose()?;
    let format = Format::choose(&verb.output)?;
    let opened = Opened::new(global, &verb.reading).await?;
    let (since_us, mut until_us) = opened.span(&verb.span)?;
    if grain == Grain::Total && matches!(comparison, Some(Comparison::Previous | Comparison::Year)) {
        // Of a month so far the other side is as much of another month, which its end tells.
        until_us = until_us.or(opened.running_until(&verb.span)?);
    }
    let engine = opened.engine(global).await?;
    let requests: Vec<KpiRequest> = names
        .into_iter()
        .map(|name| KpiRequest {
            name,
            by: by.clone(),
            grain,
            since_us,
            until_us,
            filter: verb.filter.clone(),
            target_us,
            hours,
            measures: None,
            fill: !verb.sparse,
        })
        .collect();
    if verb.explain {
        return explain::run(&engine, &requests, &verb.output).await;
    }
    let mut results = Vec::with_capacity(requests.len());
    let mut left_out = Vec::new();
    for request in requests {
        let name = request.name.clone();
        match &comparison {
            None => results.push((name, compute(&engine, &request).await?)),
            Some(comparison) => match compare(&engine, &request, comparison).await? {
                Ok(result) => results.push((name, result)),
                Err(error) if !verb.names.is_empty() => return Err(error.into()),
                Err(error) => left_out.push(error),
            },
        }
    }
    if results.is_empty()
        && let Some(error) = left_out.pop()
    {
        return Err(error.into());
    }
    for error in &left_out {
        note(&format!("left out: {error}"));
    }
    let sink = Sink::open(verb.output.output.as_deref())?;
    write(results, format, sink)?;
    Ok(Done::Well)
}

/// Computes a KPI and holds it against something, unless the user stops it. The inner error is that this KPI cannot be
/// compared like that.
///
/// # Errors
/// As [`Engine::compare`], and the user's Ctrl-C.
async fn compare(
    engine: &Engine,
    request: &KpiRequest,
    comparison: &Comparison,
) -> Result<Result<KpiResult, QueryError>, Failure> {
    let result = tokio::select! {
        result = engine.compare(request, comparison) => result,
        () = watch::until_interrupted() => return Err(Failure::Interrupted),
    };
    match result {
        Err(error) if !matches!(error, QueryError::BadComparison { .. }) => Err(error.into()),
        result => Ok(result),
    }
}

/// Computes a KPI, unless the user stops it.
///
/// # Errors
/// As [`Engine::kpi`], and the user's Ctrl-C.
pub async fn compute(engine: &Engine, request: &KpiRequest) -> Result<KpiResult, Failure> {
    tokio::select! {
        result = engine.kpi(request) => Ok(result?),
        () = watch::until_interrupted() => Err(Failure::Interrupted),
    }
}

fn list(definitions: &Definitions) -> String {
    let mut text = String::new();
    for d in definitions.iter() {
        text.push_str(&format!("{}\n  {}\n  {}\n", d.name, d.title, d.description.trim()));
    }
    text
}

/// The definitions as rows: name, title, unit, which way is better, description.
fn listed(definitions: &Definitions) -> Result<RecordBatch, Failure> {
    let column = |text: fn(&Definition) -> &str| -> ArrayRef {
        Arc::new(definitions.iter().map(|definition| Some(text(definition))).collect::<StringArray>())
    };
    RecordBatch::try_from_iter([
        ("name", column(|d| &d.name)),
        ("title", column(|d| &d.title)),
        ("unit", column(|d| &d.unit)),
        ("better", column(|d| d.better.as_str())),
        ("description", column(|d| d.description.trim())),
    ])
    .map_err(bug)
}

/// Writes the rows of some KPIs. For people each is a table of its own; line by line each has its own fields; the
/// formats with one set of columns get all columns of all.
fn write(results: Vec<(String, KpiResult)>, format: Format, mut sink: Sink) -> Result<(), Failure> {
    for (name, result) in &results {
        for text in &result.notes {
            note(&format!("{name}: {text}"));
        }
    }
    let named: Vec<RecordBatch> =
        results.iter().map(|(name, result)| with_name(name, &result.batch)).collect::<Result<_, _>>()?;
    let place = sink.place();
    let io = |e| Failure::output(&place, e);
    match (format, named.as_slice()) {
        (_, [one]) if !matches!(format, Format::Table | Format::Vertical | Format::Markdown | Format::Html) => {
            write_batches(format, sink, one.schema(), std::slice::from_ref(one))?;
        }
        (Format::Ndjson | Format::Json, many) => {
            let json = format == Format::Json;
            let mut lines = Vec::new();
            for batch in many {
                lines.extend(json_lines(batch)?);
            }
            if json {
                writeln!(sink, "[{}]", lines.join(",")).map_err(io)?;
            } else {
                for line in lines {
                    writeln!(sink, "{line}").map_err(io)?;
                }
            }
            sink.finish()?;
        }
        (Format::Table | Format::Vertical | Format::Markdown | Format::Html, _) => {
            for (i, (name, result)) in results.iter().enumerate() {
                let title = match format {
                    Format::Markdown => format!("## {name}\n\n"),
                    Format::Html => format!("<h2>{name}</h2>\n"),
                    _ => format!("{name}\n"),
                };
                let gap = if i == 0 { "" } else { "\n" };
                write!(sink, "{gap}{title}").map_err(io)?;
                let part = Part::default();
                write_batches(format, part.open(), result.batch.schema(), std::slice::from_ref(&result.batch))?;
                sink.write_all(&part.take()).map_err(io)?;
            }
            sink.finish()?;
        }
        (_, many) => {
            let (schema, batches) = union(many)?;
            write_batches(format, sink, schema, &batches)?;
        }
    }
    Ok(())
}

/// A batch with the name of its KPI before its columns, times with an offset as the rows of the oracle have them.
fn with_name(name: &str, batch: &RecordBatch) -> Result<RecordBatch, Failure> {
    let names: ArrayRef = Arc::new(StringArray::from(vec![name; batch.num_rows()]));
    let mut fields: Vec<FieldRef> = vec![Arc::new(Field::new(KPI, DataType::Utf8, false))];
    fields.extend(batch.schema().fields().iter().cloned());
    let mut columns = vec![names];
    columns.extend(batch.columns().iter().cloned());
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(bug)
}

/// One object a row, nulls spelled out.
fn json_lines(batch: &RecordBatch) -> Result<Vec<String>, Failure> {
    let mut bytes = Vec::new();
    let mut writer = arrow::json::WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, arrow::json::writer::LineDelimited>(&mut bytes);
    writer.write(batch).and_then(|()| writer.finish()).map_err(bug)?;
    drop(writer);
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}

/// Batches under one set of columns, in order of first sight, null where a KPI does not have one.
fn union(batches: &[RecordBatch]) -> Result<(SchemaRef, Vec<RecordBatch>), Failure> {
    let plain = |data_type: &DataType| match data_type {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        other => other.clone(),
    };
    let mut fields: Vec<Field> = Vec::new();
    for field in batches.iter().flat_map(|b| b.schema().fields().iter().cloned().collect::<Vec<_>>()) {
        if fields.iter().all(|f| f.name() != field.name()) {
            fields.push(Field::new(field.name(), plain(field.data_type()), true));
        }
    }
    // Whether a row may still change stands last, as in each KPI's own rows.
    fields.sort_by_key(|f| f.name() == "provisional");
    let schema = Arc::new(Schema::new(fields));
    let batches = batches
        .iter()
        .map(|batch| {
            let columns = schema
                .fields()
                .iter()
                .map(|field| match batch.column_by_name(field.name()) {
                    Some(column) => cast(column, field.data_type()),
                    None => Ok(new_null_array(field.data_type(), batch.num_rows())),
                })
                .collect::<Result<Vec<_>, _>>()?;
            RecordBatch::try_new(Arc::clone(&schema), columns)
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(bug)?;
    let all = concat_batches(&schema, &batches).map_err(bug)?;
    Ok((schema, vec![all]))
}

fn bug(error: arrow::error::ArrowError) -> Failure {
    Failure::failed("the rows of the KPIs do not form a table; report this as a bug", error)
}
