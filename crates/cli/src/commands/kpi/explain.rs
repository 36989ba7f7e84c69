//! `tape kpi --explain`: what a number says, from which rows, by which SQL.

use std::io::Write;

use tapemeasure_query::explain::{MeasureExplained, Read};
use tapemeasure_query::{Engine, Explanation, KpiRequest};
use tapemeasure_report::quantity::count;

use crate::args::Output;
use crate::failure::{Done, Failure};
use crate::output::{Format, Sink};
use crate::watch;

/// Columns that sentences are broken at.
const WIDTH: usize = 100;

/// Explains some KPIs: to people as text, in JSON as an object, or an array of them.
///
/// # Errors
/// As [`Engine::explanation`]; a format that has no place for it; the user's Ctrl-C.
pub async fn run(engine: &Engine, requests: &[KpiRequest], output: &Output) -> Result<Done, Failure> {
    let format = format(output)?;
    let mut explanations = Vec::with_capacity(requests.len());
    for request in requests {
        let explanation = tokio::select! {
            explanation = engine.explanation(request) => explanation?,
            () = watch::until_interrupted() => return Err(Failure::Interrupted),
        };
        explanations.push(explanation);
    }
    let text = match format {
        Format::Json => match explanations.as_slice() {
            [one] => json(one, true)? + "\n",
            many => many.iter().map(|one| json(one, true)).collect::<Result<Vec<_>, _>>().map(|all| list(&all))?,
        },
        Format::Ndjson => {
            let lines = explanations.iter().map(|one| json(one, false).map(|text| text + "\n"));
            lines.collect::<Result<String, Failure>>()?
        }
        _ => explanations.iter().map(text).collect::<Vec<_>>().join("\n\n"),
    };
    let mut sink = Sink::open(output.output.as_deref())?;
    let place = sink.place();
    sink.write_all(text.as_bytes()).map_err(|e| Failure::output(&place, e))?;
    sink.finish()?;
    Ok(Done::Well)
}

/// Text, unless the options name a format or a file that does.
fn format(output: &Output) -> Result<Format, Failure> {
    if output.format.is_none() && output.output.is_none() {
        return Ok(Format::Table);
    }
    match Format::choose(output)? {
        format @ (Format::Table | Format::Json | Format::Ndjson) => Ok(format),
        other => Err(Failure::usage(format!(
            "an explanation cannot be written as {}; leave --format out, or write json or ndjson",
            other.name()
        ))),
    }
}

fn json(explanation: &Explanation, pretty: bool) -> Result<String, Failure> {
    let text = if pretty { serde_json::to_string_pretty(explanation) } else { serde_json::to_string(explanation) };
    text.map_err(|e| Failure::failed("the explanation cannot be written as JSON; report this as a bug", e))
}

fn list(objects: &[String]) -> String {
    format!("[\n{}\n]\n", objects.join(",\n"))
}

/// An explanation for people.
fn text(explanation: &Explanation) -> String {
    let Explanation { title, kpi, .. } = explanation;
    let heading = format!("{title} ({kpi})");
    let mut out = format!("{heading}\n{}\n", "═".repeat(heading.chars().count()));
    paragraph(&mut out, &explanation.description);

    section(&mut out, "What it says");
    for sentence in &explanation.words {
        paragraph(&mut out, sentence);
    }
    let better = match explanation.better {
        "neither" => "neither more nor less is better".to_owned(),
        way => format!("{way} is better"),
    };
    paragraph(&mut out, &format!("Its headline is {}, in {}; {better}.", explanation.headline, explanation.unit));
    paragraph(&mut out, &format!("It can be grouped by {}.", explanation.dimensions.join(", ")));
    for note in &explanation.notes {
        paragraph(&mut out, &format!("Note: {note}."));
    }

    if !explanation.reads.is_empty() {
        section(&mut out, "Rows");
        let since = explanation.since.as_deref().unwrap_or("the earliest event");
        let until = explanation.until.as_deref().unwrap_or("the as-of time, itself included");
        paragraph(&mut out, &format!("Period: from {since} to {until}; as of {}.", explanation.as_of));
        for read in &explanation.reads {
            out.push('\n');
            out.push_str(&rows(read));
        }
    }

    section(&mut out, "Measures");
    for measure in &explanation.measures {
        out.push_str(&measure_text(measure));
    }

    section(&mut out, &format!("Settings that matter (hash {})", explanation.settings_hash));
    let settings = explanation.settings.iter().map(|setting| (setting.key.clone(), setting.value.clone()));
    out.push_str(&aligned(&settings.collect::<Vec<_>>(), "  "));

    section(&mut out, "Definition");
    let mut lines =
        vec![("file".to_owned(), explanation.file.clone()), ("hash".to_owned(), explanation.fingerprint.clone())];
    lines.extend(explanation.owner.iter().map(|owner| ("owner".to_owned(), owner.clone())));
    out.push_str(&aligned(&lines, "  "));

    section(&mut out, "Served by");
    paragraph(&mut out, &explanation.served_by);
    for rollup in &explanation.rollups {
        let table = &rollup.table;
        let said = match (&rollup.reason, rollup.used) {
            (_, true) => format!("The rollup {table} gives the same numbers and was read."),
            (Some(reason), false) => format!("The rollup {table} was not read: {reason}."),
            (None, false) => format!("The rollup {table} was not read."),
        };
        paragraph(&mut out, &said);
    }
    paragraph(&mut out, &format!("The answer has {}.", plural(explanation.groups, "row", "rows")));

    section(&mut out, "SQL");
    out.push_str(explanation.sql.trim());
    out.push('\n');
    out
}

fn section(out: &mut String, heading: &str) {
    out.push_str(&format!("\n{heading}\n{}\n", "─".repeat(heading.chars().count())));
}

/// A sentence or several, broken between words.
fn paragraph(out: &mut String, text: &str) {
    let mut width = 0;
    for word in text.split_whitespace() {
        let letters = word.chars().count();
        if width > 0 && width + 1 + letters > WIDTH {
            out.push('\n');
            width = 0;
        }
        if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += letters;
    }
    out.push('\n');
}

/// What became of the rows of a table: one number a line.
fn rows(read: &Read) -> String {
    let mut lines = vec![("rows of the table".to_owned(), read.total)];
    if read.outside > 0 {
        lines.push(("  outside of the period".to_owned(), read.outside));
    }
    if read.without_time > 0 {
        lines.push(("  without a time to count at".to_owned(), read.without_time));
    }
    lines.push(("rows of the period".to_owned(), read.rows));
    lines.extend(read.left_out.iter().map(|left_out| (format!("  left out: {}", left_out.reason), left_out.rows)));
    lines.push(("rows that are kept".to_owned(), read.kept));
    lines.extend(read.beside.iter().map(|beside| (format!("  in no mean: {}", beside.reason), beside.rows)));
    let numbers: Vec<String> = lines.iter().map(|(_, rows)| count(*rows)).collect();
    let left = lines.iter().map(|(said, _)| said.chars().count()).max().unwrap_or(0);
    let right = numbers.iter().map(|number| number.chars().count()).max().unwrap_or(0);
    let mut text = format!("{}, for {}\n", read.table, read.wanted);
    for ((said, _), number) in lines.iter().zip(numbers) {
        text.push_str(&format!("  {said:<left$}  {number:>right$}\n"));
    }
    text
}

fn measure_text(measure: &MeasureExplained) -> String {
    let hidden = if measure.hidden { ", for other measures only" } else { "" };
    let from = match (measure.from, measure.rows, measure.left_out) {
        ("rows", Some(rows), Some(0)) => format!("over all {}", plural(rows, "row", "rows")),
        ("rows", Some(rows), Some(left_out)) => {
            format!("over {}, not over {}", plural(rows, "row", "rows"), count(left_out))
        }
        ("rows", ..) => "over rows".to_owned(),
        ("measures", ..) => "from other measures".to_owned(),
        ("contacts", ..) => "contacts".to_owned(),
        _ => "from another KPI".to_owned(),
    };
    let mut text = format!("{}: {from}{hidden}\n", measure.name);
    for line in measure.sql.trim().lines() {
        text.push_str(&format!("    {line}\n"));
    }
    text
}

/// Names and values, values one below the other.
fn aligned(lines: &[(String, String)], indent: &str) -> String {
    let left = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("{indent}{name:<left$}  {value}\n")).collect()
}

fn plural(n: u64, one: &str, several: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use tapemeasure_query::drill::LeftOut;

    use super::*;

    #[test]
    fn numbers_stand_below_each_other() {
        let left_out = |reason: &str, rows| LeftOut { reason: reason.to_owned(), rows };
        let read = Read {
            table: "waits".to_owned(),
            wanted: "rows",
            total: 12_345,
            outside: 345,
            without_time: 0,
            rows: 12_000,
            kept: 11_000,
            left_out: vec![left_out("not the first", 1_000)],
            beside: vec![left_out("open", 7)],
        };
        assert_eq!(
            rows(&read),
            "waits, for rows
  rows of the table          12,345
    outside of the period       345
  rows of the period         12,000
    left out: not the first   1,000
  rows that are kept         11,000
    in no mean: open              7
"
        );
    }

    #[test]
    fn sentences_are_broken_between_words() {
        let mut out = String::new();
        paragraph(&mut out, &"word ".repeat(21));
        let lines: Vec<usize> = out.lines().map(str::len).collect();
        assert_eq!(lines, [99, 4]);
    }

    #[test]
    fn a_measure_says_what_it_counts() {
        let measure = MeasureExplained {
            name: "n_open".to_owned(),
            hidden: false,
            from: "rows",
            sql: "count(*)\n  FILTER (WHERE x)".to_owned(),
            counts: Some("(x)".to_owned()),
            rows: Some(1),
            left_out: Some(2_000),
        };
        assert_eq!(
            measure_text(&measure),
            "n_open: over 1 row, not over 2,000\n    count(*)\n      FILTER (WHERE x)\n"
        );
        let all = MeasureExplained { rows: Some(2), left_out: Some(0), hidden: true, ..measure };
        assert!(measure_text(&all).starts_with("n_open: over all 2 rows, for other measures only\n"));
    }
}
