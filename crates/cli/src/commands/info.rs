//! `tape info`: size, coverage and freshness of an archive.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use tapemeasure_facts::{DeriveOptions, freshness};
use tapemeasure_model::instant::format_instant;
use tapemeasure_report::quantity::count;

use super::print;
use crate::args::{Global, Info, Reading};
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::output::{Format, Sink, human_bytes, write_batches};

/// Prints what the archive holds: a summary and its periods on a terminal, a table of periods elsewhere.
pub async fn run(global: &Global, verb: &Info) -> Result<Done, Failure> {
    let reading = Reading { at: verb.at, ..Reading::default() };
    let opened = Opened::new(global, &reading).await?;
    let snapshot = &opened.snapshot;
    let options = DeriveOptions { threads: global.threads(), ..DeriveOptions::default() };
    let fresh = freshness(&opened.archive, snapshot, &opened.settings, &options)?;
    let format = Format::choose(&verb.output)?;
    // The summary is for people; other formats hold the periods and nothing else.
    if format == Format::Table && verb.output.output.is_none() {
        print(&summary(&opened, fresh.len(), fresh.iter().filter(|f| f.1).count()).await?)?;
    }
    let periods = snapshot.periods();
    let files: Vec<_> = periods.iter().map(|&p| snapshot.files_of(p)).collect();
    let number = |name| Field::new(name, DataType::UInt64, false);
    let text = |name| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![
        text("period"),
        number("events"),
        number("files"),
        number("bytes"),
        text("first"),
        text("last"),
        text("facts"),
    ]));
    let numbers = |of: &dyn Fn(&tapemeasure_archive::EventFile) -> u64| -> Arc<UInt64Array> {
        Arc::new(UInt64Array::from_iter_values(files.iter().map(|files| files.iter().map(of).sum::<u64>())))
    };
    let first = files.iter().map(|files| files.iter().map(|f| f.min_time_us).min().map(format_instant));
    let last = files.iter().map(|files| files.iter().map(|f| f.max_time_us).max().map(format_instant));
    let facts = periods.iter().map(|period| {
        let derived = fresh.iter().any(|(p, derived)| p == period && *derived);
        Some(if derived { "derived" } else { "to be derived" })
    });
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(periods.iter().map(|p| Some(p.label())).collect::<StringArray>()),
            numbers(&|f| f.rows),
            numbers(&|_| 1),
            numbers(&|f| f.bytes),
            Arc::new(first.collect::<StringArray>()),
            Arc::new(last.collect::<StringArray>()),
            Arc::new(facts.collect::<StringArray>()),
        ],
    )
    .map_err(|e| Failure::failed("the periods do not form a table; report this as a bug", e))?;
    write_batches(format, Sink::open(verb.output.output.as_deref())?, schema, &[batch])?;
    Ok(Done::Well)
}

async fn summary(opened: &Opened, periods: usize, derived: usize) -> Result<String, Failure> {
    let snapshot = &opened.snapshot;
    let time = |us: Option<i64>| us.map_or_else(|| "–".to_owned(), format_instant);
    let sources = tapemeasure_facts::sources(&opened.archive, snapshot)?;
    let sources: Vec<String> = sources.iter().map(|(name, n)| format!("{name} ({})", count(*n))).collect();
    let per_event = match snapshot.rows() {
        0 => String::new(),
        rows => format!(", {:.1} bytes an event", snapshot.bytes() as f64 / rows as f64),
    };
    Ok(format!(
        "archive   {}\nversion   {}\nperiods   {periods} of a {}\nevents    {}\nsize      {}{per_event}\n\
         first     {}\nlast      {}\nsources   {}\nfacts     {derived} of {periods} periods derived\n\n",
        opened.archive.root().display(),
        snapshot.version(),
        opened.archive.period_kind(),
        count(snapshot.rows()),
        human_bytes(snapshot.bytes()),
        time(snapshot.first_us()),
        time(snapshot.latest_us()),
        if sources.is_empty() { "–".to_owned() } else { sources.join(", ") },
    ))
}
