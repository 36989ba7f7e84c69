//! `tape baseline compare`.

use tapemeasure_query::baselines::{self, Baselines, Window};

use crate::args::{Global, Output, Reading, Span};
use crate::commands::note;
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::output::{Format, Sink, write_batches};
use crate::watch;

/// Holds a period against a baseline, and prints a row a KPI and group.
pub async fn run(
    global: &Global,
    (name, kpis): (&str, &[String]),
    span: &Span,
    reading: &Reading,
    output: &Output,
) -> Result<Done, Failure> {
    let format = Format::choose(output)?;
    let opened = Opened::new(global, reading).await?;
    let period = match opened.span(span)? {
        (Some(start_us), end_us) => Window { start_us, end_us: end_us.unwrap_or(opened.now_us().saturating_add(1)) },
        (None, Some(_)) => return Err(Failure::usage("--until needs --since; the period is from --since to --until")),
        (None, None) => baselines::recent(&opened.zone, opened.settings.week_start, opened.now_us()),
    };
    if period.start_us >= period.end_us {
        return Err(Failure::usage("the period ends before it begins; give an end after the start"));
    }
    let engine = opened.engine(global).await?;
    let baselines = Baselines::new(&opened.archive);
    let compared = tokio::select! {
        compared = baselines::compare(&engine, &baselines, (name, kpis), period, global.threads()) => compared?,
        () = watch::until_interrupted() => return Err(Failure::Interrupted),
    };
    for text in &compared.notes {
        note(text);
    }
    write_batches(format, Sink::open(output.output.as_deref())?, compared.rows.schema(), &[compared.rows])?;
    Ok(Done::Well)
}
