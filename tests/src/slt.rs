//! SQL tests in the format of sqllogictest (<https://www.sqlite.org/sqllogictest>), run by `tape sql`, a process a record.
//!
//! ```text
//! # What the query is about.
//! query TI rowsort
//! SELECT channel, count(*) FROM waits GROUP BY channel
//! ----
//! email 2
//! sms 4
//!
//! statement error unknown grain "weak"
//! SELECT * FROM kpi('first_response_time', 'weak')
//!
//! connection Europe/Berlin
//! query T
//! SELECT bucket FROM kpi('first_response_time', 'week', since => '2025-10-20', until => '2025-10-27')
//! ----
//! 2025-10-20
//! ```
//!
//! A letter a column: `T` text, `I` whole number, `R` number with a fraction. Values of a row are divided by blanks and are
//! written as CSV writes them, null as `NULL`. `rowsort` sorts the rows of both sides. The text of `statement error` must
//! be part of the line on standard error, and the exit code 2. A record ends at a blank line. `connection` holds for the
//! next record and names the time zone, which is UTC without it; each record is a session of its own.

use crate::Archive;
use std::path::Path;

/// A record of a file.
struct Record {
    /// Where it begins, from 1.
    line: usize,
    zone: Option<String>,
    sql: String,
    expected: Expected,
}

enum Expected {
    Done,
    Error(String),
    Rows { columns: usize, sorted: bool, rows: Vec<String> },
}

/// Runs every record of a file and returns what differs, a text a record.
///
/// # Panics
/// When the file cannot be read, or is none of that format.
pub fn differences(archive: &Archive, path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let records = records(&text).unwrap_or_else(|(line, what)| panic!("{}:{line}: {what}", path.display()));
    assert!(!records.is_empty(), "{} has no records", path.display());
    let failed =
        |record: Record| difference(archive, &record).map(|what| format!("{}:{}: {what}", path.display(), record.line));
    records.into_iter().filter_map(failed).collect()
}

fn difference(archive: &Archive, record: &Record) -> Option<String> {
    let mut arguments = vec!["sql", record.sql.as_str(), "--format", "csv"];
    if let Some(zone) = &record.zone {
        arguments.extend(["--tz", zone.as_str()]);
    }
    let run = archive.run(&arguments);
    let said = || format!("exit code {}: {}", run.code, run.stderr.trim());
    match &record.expected {
        Expected::Error(part) => {
            let fits = run.code == 2 && run.stderr.contains(part.as_str());
            (!fits).then(|| format!("wants exit code 2 and the text {part:?}\n  {}", said()))
        }
        _ if run.code != 0 => Some(said()),
        Expected::Done => None,
        Expected::Rows { columns, sorted, rows } => {
            let found = cells(run.text());
            if let Some(other) = found.iter().find(|row| row.len() != *columns) {
                return Some(format!("has {} columns, wants {columns}", other.len()));
            }
            // The first row has the names.
            let mut found: Vec<String> = found.iter().skip(1).map(|row| row.join(" ")).collect();
            let mut wanted = rows.clone();
            if *sorted {
                found.sort();
                wanted.sort();
            }
            (found != wanted).then(|| format!("wants\n{}\n  has\n{}", shown(&wanted), shown(&found)))
        }
    }
}

fn shown(rows: &[String]) -> String {
    rows.iter().map(|row| format!("    {row}")).collect::<Vec<_>>().join("\n")
}

/// The records of a text.
///
/// # Errors
/// The line, from 1, that is none of the format, and why.
fn records(text: &str) -> Result<Vec<Record>, (usize, String)> {
    let mut records = Vec::new();
    let mut zone = None;
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    while let Some((line, head)) = lines.next() {
        if head.trim().is_empty() || head.starts_with('#') {
            continue;
        }
        if let Some(name) = head.strip_prefix("connection ") {
            zone = Some(name.trim().to_owned());
            continue;
        }
        let mut body: Vec<&str> = Vec::new();
        for (_, next) in lines.by_ref() {
            if next.trim().is_empty() {
                break;
            }
            body.push(next);
        }
        let cut = body.iter().position(|line| line.trim() == "----");
        let sql = body[..cut.unwrap_or(body.len())].join("\n");
        let words: Vec<&str> = head.split_whitespace().collect();
        let expected = match (words.as_slice(), cut) {
            (["statement", "ok"], None) => Expected::Done,
            (["statement", "error", _, ..], None) => {
                let part = head.trim_start_matches("statement").trim_start().trim_start_matches("error");
                Expected::Error(part.trim().to_owned())
            }
            (["query", types, mode @ ..], Some(cut)) if types.chars().all(|t| matches!(t, 'T' | 'I' | 'R')) => {
                let sorted = match mode {
                    [] => false,
                    ["rowsort"] => true,
                    _ => return Err((line, format!("no such mode: {head}"))),
                };
                let rows = body[cut + 1..].iter().map(|&row| row.trim().to_owned()).collect();
                Expected::Rows { columns: types.len(), sorted, rows }
            }
            _ => return Err((line, format!("no record: {head}"))),
        };
        if sql.trim().is_empty() {
            return Err((line, "a record without SQL".to_owned()));
        }
        records.push(Record { line, zone: zone.take(), sql, expected });
    }
    Ok(records)
}

/// The rows of a CSV text, the names of the columns among them; an empty field is null.
fn cells(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    let end = |cell: &mut String| match std::mem::take(cell) {
        empty if empty.is_empty() => "NULL".to_owned(),
        full => full,
    };
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(end(&mut cell)),
            '\n' if !quoted => {
                row.push(end(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_csv_are_read() {
        assert_eq!(cells("a,b\n1,\"x,\"\"y\"\"\"\n\"\",2\n"), [["a", "b"], ["1", "x,\"y\""], ["NULL", "2"]]);
    }

    #[test]
    fn records_are_read_with_their_lines() {
        let text = "# about\n\nconnection UTC\nquery TI rowsort\nSELECT a,\n  b\n----\nx 1\ny 2\n\nstatement error no such\nSELECT\n";
        let records = records(text).unwrap_or_else(|(line, what)| panic!("{line}: {what}"));
        let lines: Vec<usize> = records.iter().map(|record| record.line).collect();
        assert_eq!(lines, [4, 11]);
        assert_eq!((records[0].sql.as_str(), records[0].zone.as_deref()), ("SELECT a,\n  b", Some("UTC")));
        let Expected::Rows { columns: 2, sorted: true, rows } = &records[0].expected else { panic!("rows are wanted") };
        assert_eq!(rows, &["x 1", "y 2"]);
        let Expected::Error(part) = &records[1].expected else { panic!("an error is wanted") };
        assert_eq!((part.as_str(), records[1].zone.as_deref()), ("no such", None));
        assert_eq!(super::records("qery T\nSELECT 1\n").err().map(|(line, _)| line), Some(1));
    }
}
