//! `tape drill`: the conversations behind a number, with the events that started and stopped each clock.

use std::path::Path;

use tapemeasure_model::zone::Grain;
use tapemeasure_query::drill::{ClockTotals, Listed};
use tapemeasure_query::{DrillOrder, DrillRequest, DrillTotals, Engine};
use tapemeasure_report::quantity::count;

use super::note;
use crate::args::{Drill, Global};
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::output::{BatchWriter, Format, Sink};
use crate::watch;
use crate::words;

/// Lists the rows of a cell; tells people what they add up to.
pub async fn run(global: &Global, verb: &Drill) -> Result<Done, Failure> {
    let asked = request(verb)?;
    let format = Format::choose(&verb.output)?;
    let opened = Opened::new(global, &verb.reading).await?;
    let (since_us, until_us) = opened.span(&verb.span)?;
    let engine = opened.engine(global).await?;
    let asked = DrillRequest { since_us, until_us, ..asked };
    tokio::select! {
        result = list(&engine, &asked, format, verb.output.output.as_deref()) => result,
        () = watch::until_interrupted() => Err(Failure::Interrupted),
    }
}

/// The request, but for its period.
fn request(verb: &Drill) -> Result<DrillRequest, Failure> {
    let grain = match &verb.grain {
        None => Grain::Total,
        Some(name) => words::grain("--grain", name, Grain::ALL)?,
    };
    let hours = words::hours(&verb.hours)?;
    let target_us = words::target_us(verb.target.as_deref())?;
    Ok(DrillRequest {
        cell: cell(&verb.cell)?,
        grain,
        bucket: verb.bucket.clone(),
        filter: verb.filter.clone(),
        measure: verb.measure.clone(),
        hours,
        target_us,
        events: verb.events,
        // The command line knows no other names.
        order: DrillOrder::from_name(&verb.order).unwrap_or_default(),
        limit: verb.limit,
        ..DrillRequest::new(verb.name.as_str())
    })
}

/// Dimensions and values of `channel=sms,topic=billing`. What has no dimension before an equals sign belongs to the
/// value before it, comma included; a value of nothing is a missing one.
fn cell(texts: &[String]) -> Result<Vec<(String, Option<String>)>, Failure> {
    let is_name = |text: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        !text.is_empty() && text.bytes().all(plain)
    };
    let mut cell: Vec<(String, Option<String>)> = Vec::new();
    for text in texts {
        let first = cell.len();
        for piece in text.split(',') {
            match piece.split_once('=').map(|(name, value)| (name.trim(), value)) {
                Some((name, value)) if is_name(name) => {
                    cell.push((name.to_owned(), (!value.is_empty()).then(|| value.to_owned())));
                }
                _ => match cell.get_mut(first..).and_then(<[_]>::last_mut) {
                    Some((_, Some(value))) => {
                        value.push(',');
                        value.push_str(piece);
                    }
                    _ => {
                        let how = "write dimensions with their values, such as channel=sms,topic=billing";
                        return Err(Failure::usage(format!("--cell {text:?} is none; {how}")));
                    }
                },
            }
        }
    }
    Ok(cell)
}

async fn list(engine: &Engine, request: &DrillRequest, format: Format, output: Option<&Path>) -> Result<Done, Failure> {
    let mut drilled = engine.drill(request).await?;
    let mut writer = BatchWriter::new(format, Sink::open(output)?, drilled.schema())?;
    while let Some(batch) = drilled.next_batch().await {
        writer.write(&batch?)?;
    }
    writer.finish()?;
    for text in &drilled.notes {
        note(&format!("{}: {text}", request.name));
    }
    if let Some(text) = cut(&drilled.totals) {
        note(&text);
    }
    if matches!(format, Format::Table | Format::Vertical) {
        for text in sums(&drilled.totals) {
            note(&text);
        }
    }
    Ok(Done::Well)
}

/// What of the cell is not shown; none if all is.
fn cut(totals: &DrillTotals) -> Option<String> {
    let DrillTotals { listed, rows, shown, .. } = totals;
    (rows > shown).then(|| {
        let what = listed.as_str();
        format!("{} of {} {what} are shown; --limit {rows} shows all", count(*shown), count(*rows))
    })
}

/// What the rows add up to, for people.
fn sums(totals: &DrillTotals) -> Vec<String> {
    let mut lines = Vec::new();
    if totals.rows == 0 {
        lines.push("the cell is empty".to_owned());
    }
    if let Some(messages) = totals.messages {
        lines.push(format!("{} messages in {} conversations", count(messages), count(totals.rows)));
    }
    if let Some(clock) = &totals.clock {
        lines.extend(mean(totals, clock));
        let left_out: Vec<String> = clock
            .left_out
            .iter()
            .filter(|left_out| left_out.rows > 0)
            .map(|left_out| format!("{} {}", left_out.reason, count(left_out.rows)))
            .collect();
        if !left_out.is_empty() {
            lines.push(format!("in no mean: {}", left_out.join(", ")));
        }
    }
    if !totals.cell.is_empty() {
        let values: Vec<String> = totals
            .cell
            .iter()
            .map(|value| format!("{} {}", value.measure, value.value.as_deref().unwrap_or("–")))
            .collect();
        lines.push(format!("these rows are the cell of `tape kpi`: {}", values.join(", ")));
    }
    if !totals.over_windows.is_empty() {
        lines.push(format!("from these rows alone nobody can tell {}", totals.over_windows.join(", ")));
    }
    lines
}

/// Sum over number; none of no rows.
fn mean(totals: &DrillTotals, clock: &ClockTotals) -> Option<String> {
    let length = if totals.listed == Listed::Sessions { "resolution_s" } else { "wait_s" };
    let mean_s = clock.mean_s()?;
    let of_cell = clock
        .mean_measure
        .as_ref()
        .filter(|name| totals.cell.iter().any(|value| value.measure == **name))
        .map(|name| format!(" = {name} of the cell"))
        .unwrap_or_default();
    Some(format!("sum of {length} {} / n {} = {mean_s}{of_cell}", seconds(clock.sum_us), count(clock.counted)))
}

/// Microseconds as seconds, to the last digit.
fn seconds(us: i128) -> String {
    let sign = if us < 0 { "-" } else { "" };
    let us = us.unsigned_abs();
    let text = format!("{sign}{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell_of(texts: &[&str]) -> Option<Vec<(String, Option<String>)>> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        cell(&texts).ok()
    }

    #[test]
    fn a_cell_is_names_and_values() {
        let value = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        let sms = value("channel", Some("sms"));
        assert_eq!(cell_of(&["channel=sms,topic="]), Some(vec![sms.clone(), value("topic", None)]));
        assert_eq!(cell_of(&["channel=sms", "team=a=b"]), Some(vec![sms.clone(), value("team", Some("a=b"))]));
        assert_eq!(cell_of(&["topic=bills, dues,channel=sms"]), Some(vec![value("topic", Some("bills, dues")), sms]));
        assert_eq!(cell_of(&[]), Some(Vec::new()));
        for wrong in ["sms", "=sms", "Channel=sms", "topic=,x"] {
            assert_eq!(cell_of(&[wrong]), None, "{wrong}");
        }
        assert_eq!(cell_of(&["channel=sms", "billing"]), None);
    }

    #[test]
    fn sums_are_written_to_the_last_digit() {
        assert_eq!(seconds(100_000_000), "100");
        assert_eq!(seconds(1_500_001), "1.500001");
        assert_eq!(seconds(0), "0");
        assert_eq!(seconds(-2_500_000), "-2.5");
        assert_eq!(seconds(24_000_000_000_000_000_000_123_456), "24000000000000000000.123456");
    }
}
