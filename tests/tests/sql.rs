//! SQL: the files in `sql/`, the examples of `functions()`, and those of the documentation, over one small archive.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use tapemeasure_tests::{Archive, Row, differences, package, run, tape_path};

/// The archive that all queries are asked of. Its events are written by hand: every type of event, clock changes of
/// Berlin and New York, two sources with a conversation of one name, a deleted question, an open wait. Its support is
/// there from nine to five, UTC.
fn archive() -> Archive {
    let archive = Archive::new();
    archive.ingest(&[&package().join("sql/events.ndjson")], &[]);
    archive.set("calendars.support.zone", "UTC");
    archive.set("calendars.support.mon-fri", "09:00-17:00");
    archive.set("business_hours.calendar", "support");
    archive
}

/// The tables of an archive, beside the views of KPIs.
const TABLES: [&str; 8] =
    ["baselines", "contacts", "events", "message_cells", "messages", "sessions", "subscriptions", "waits"];

/// The files of queries, in the order of their names.
fn files() -> Vec<PathBuf> {
    let folder = package().join("sql");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "slt"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_query_gives_its_rows() {
    let archive = archive();
    let differences: Vec<String> = files().iter().flat_map(|path| differences(&archive, path)).collect();
    assert!(differences.is_empty(), "{} records differ\n{}", differences.len(), differences.join("\n"));
}

/// A function or table without a query in the files has no test.
#[test]
fn the_files_ask_for_every_function_and_table() {
    let archive = archive();
    let text: String = files().iter().map(|path| std::fs::read_to_string(path).expect("a file of queries")).collect();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let tables = "select table_name as name from information_schema.tables where table_schema = 'public'";
    for query in ["select name from functions()", tables] {
        for row in archive.sql(query, &[]) {
            let name = row["name"].as_str().expect("a name is a text");
            assert!(words.contains(name), "no file in sql/ has a query with {name}");
        }
    }
}

#[test]
fn the_examples_of_functions_give_their_results() {
    let archive = archive();
    for row in archive.sql("select * from functions()", &[]) {
        let example = text(&row, "example");
        let query = if text(&row, "kind") == "scalar" { format!("select {example}") } else { example.to_owned() };
        let run = archive.run(&["sql", &query, "--format", "csv"]).done();
        let found: Vec<&str> = run.text().lines().skip(1).collect();
        assert_eq!(found, [text(&row, "result")], "{query}");
    }
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(|value| value.as_str()).unwrap_or_default()
}

/// The reference says what the program says of itself.
#[test]
fn the_documentation_has_every_function_and_column() {
    let archive = archive();
    let docs = documentation();
    let functions = archive.sql("select * from functions()", &[]);
    assert_eq!(functions.len(), docs.lines().filter(|line| line.starts_with("**`")).count());
    for row in functions {
        let head = format!("**`{}({})`** → {}.", text(&row, "name"), text(&row, "arguments"), text(&row, "returns"));
        assert!(docs.contains(&head), "docs/sql.md does not have {head}");
    }
    let columns = "select table_name, column_name from information_schema.columns where table_schema = 'public' \
                   and table_name not like 'kpi_%'";
    let columns = archive.sql(columns, &[]);
    assert_eq!(columns.iter().map(|row| text(row, "table_name")).collect::<BTreeSet<_>>(), BTreeSet::from(TABLES));
    for row in columns {
        let (table, column) = (text(&row, "table_name"), text(&row, "column_name"));
        let at = docs.find(&format!("### {table}\n")).unwrap_or_else(|| panic!("docs/sql.md does not have {table}"));
        let section = docs[at + 4..].split("\n##").next().unwrap_or_default();
        assert!(section.contains(&format!("`{column}`")), "docs/sql.md does not have {column} of {table}");
    }
}

/// What the documentation prints is what the program prints.
#[test]
fn the_examples_of_the_documentation_print_what_they_say() {
    let archive = archive();
    let examples = examples(&documentation());
    assert!(examples.len() >= 20, "the documentation has only {} examples", examples.len());
    for (command, printed) in examples {
        let format = if command.contains("--format") { "" } else { "--format table" };
        let script = format!("tape() {{ \"$TAPE_PROGRAM\" \"$@\" {format}; }}\n{command}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).env("TAPE_PROGRAM", tape_path()).env("TAPE_ARCHIVE", archive.root());
        let found = run(shell).done();
        assert_eq!(found.text().trim_end(), printed.trim_end(), "{command}");
    }
}

fn documentation() -> String {
    let path = package().join("../docs/sql.md");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The commands `$ tape sql "..."` of the documentation with what they print. A command goes on in lines that begin with
/// a blank.
fn examples(docs: &str) -> Vec<(String, String)> {
    let mut examples: Vec<(String, String)> = Vec::new();
    let (mut inside, mut begun) = (false, false);
    for line in docs.lines() {
        if line.starts_with("```") {
            (inside, begun) = (!inside, false);
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            begun = command.starts_with("tape sql \"") || command.starts_with("tape sql '");
            if begun {
                examples.push((command.to_owned(), String::new()));
            }
        } else if begun && let Some((command, printed)) = examples.last_mut() {
            if printed.is_empty() && line.starts_with(' ') {
                command.push('\n');
                command.push_str(line);
            } else {
                printed.push_str(line);
                printed.push('\n');
            }
        }
    }
    examples
}
