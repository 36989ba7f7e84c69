//! `tape kpi check`: whether definitions can be run, and whether their tests hold.

mod scratch;

use std::path::{Path, PathBuf};

use tapemeasure_ingest::{IngestError, IngestOptions, Unwatched, ingest};
use tapemeasure_query::definitions::cases::{Case, differences};
use tapemeasure_query::definitions::{self, LoadReport};
use tapemeasure_query::{Definition, Definitions, KpiRequest, QueryError};

use self::scratch::Scratch;
use super::compute;
use crate::args::{Global, Kpi, Reading, Span};
use crate::commands::{note, print};
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::watch;

/// The format of the events of tests.
const FORMAT: &str = "events";

/// What was looked at, and what was found.
#[derive(Debug, Default)]
struct Tally {
    definitions: usize,
    wrong: usize,
    tests: usize,
    failed: usize,
}

/// Checks the definitions that are named (KPIs, files, folders), else all of them, and runs their tests. A line a test
/// goes to standard output, and what differs below it.
///
/// # Errors
/// A name or file is not there, a file cannot be read, or the user asked to stop. What is wrong with a definition is a
/// finding.
pub async fn run(global: &Global, verb: &Kpi, named: &[String]) -> Result<Done, Failure> {
    let asked = Asked::of(named);
    let mut dirs = verb.reading.kpis.clone();
    dirs.extend(asked.dirs.iter().cloned());
    let LoadReport { definitions, errors, .. } = Definitions::load_each(Some(&global.archive), &dirs, &asked.files)?;
    let errors: Vec<QueryError> = errors.into_iter().filter(|error| asked.concerns(error)).collect();
    for name in &asked.names {
        if !errors.iter().any(|error| file_of(error).is_some_and(|file| stem(file) == Some(name.as_str()))) {
            definitions.get(name)?;
        }
    }
    let mut tally = Tally::default();
    for error in &errors {
        tally.definitions += 1;
        tally.wrong += 1;
        print(&format!("wrong  {error}\n"))?;
    }
    for definition in definitions.iter().filter(|definition| asked.holds(definition)) {
        one(global, &definitions, definition, &mut tally).await?;
    }
    let Tally { definitions, wrong, tests, failed } = tally;
    note(&format!(
        "{}, {}: {}",
        counted(definitions, "definition"),
        counted(tests, "test"),
        match (wrong, failed) {
            (0, 0) => "all well".to_owned(),
            (0, failed) => format!("{} not hold", does(failed, "test")),
            (wrong, 0) => format!("{} wrong", is(wrong, "definition")),
            (wrong, failed) => format!("{} wrong, {} not hold", is(wrong, "definition"), does(failed, "test")),
        }
    ));
    Ok(if wrong + failed == 0 { Done::Well } else { Done::WithFindings })
}

/// Checks a definition; its tests run only if it can.
async fn one(
    global: &Global,
    definitions: &Definitions,
    definition: &Definition,
    tally: &mut Tally,
) -> Result<(), Failure> {
    tally.definitions += 1;
    let name = definition.name.as_str();
    let faults = definitions::check(definitions, name).await?;
    if !faults.is_empty() {
        tally.wrong += 1;
        let lines: String = faults.iter().map(|fault| format!("wrong  {fault}\n")).collect();
        return print(&lines);
    }
    if definition.tests.is_empty() {
        return print(&format!("ok     {name}: it can be run; it has no tests\n"));
    }
    for case in &definition.tests {
        if watch::interrupted() {
            return Err(Failure::Interrupted);
        }
        tally.tests += 1;
        let found = match hold(global, definitions, name, case).await {
            Ok(lines) => lines,
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(Failure::PipeClosed) => return Err(Failure::PipeClosed),
            // A test that cannot be run does not hold.
            Err(failure) => vec![failure.line().to_owned()],
        };
        if found.is_empty() {
            print(&format!("ok     {name}: {}\n", case.name))?;
        } else {
            tally.failed += 1;
            let lines: String = found.iter().map(|line| format!("  {line}\n")).collect();
            print(&format!("fails  {name}: {} ({}, line {})\n{lines}", case.name, definition.file, case.line))?;
        }
    }
    Ok(())
}

/// What differs between the rows that a test expects and those that come from an archive with its events.
async fn hold(global: &Global, definitions: &Definitions, name: &str, case: &Case) -> Result<Vec<String>, Failure> {
    let scratch = Scratch::new()?;
    let root = scratch.path().join("archive");
    let input = scratch.path().join("events.ndjson");
    let write = |path: &Path, error| Failure::output(&path.display().to_string(), error);
    std::fs::create_dir(&root).map_err(|error| write(&root, error))?;
    std::fs::write(&input, &case.events).map_err(|error| write(&input, error))?;
    let settings = root.join("settings.toml");
    std::fs::write(&settings, &case.settings).map_err(|error| write(&settings, error))?;
    let options = IngestOptions {
        format: FORMAT.to_owned(),
        threads: global.threads(),
        max_rejected_share: 0.0,
        ..IngestOptions::default()
    };
    let ingested = ingest(&root, &[input.display().to_string()], &options, &Unwatched).await;
    if let Err(IngestError::TooManyRejected { example, .. } | IngestError::NothingAccepted { example, .. }) = &ingested
    {
        return Ok(vec![rejected(example)]);
    }
    ingested?;

    let global = Global { archive: root, ..global.clone() };
    let reading = Reading { as_of: case.as_of.clone(), tz: case.tz.clone(), ..Reading::default() };
    let opened = Opened::new(&global, &reading).await?;
    let (since_us, until_us) = opened.span(&Span { since: case.since.clone(), until: case.until.clone() })?;
    let engine = opened.engine_with(&global, definitions.clone()).await?;
    let request = KpiRequest {
        by: case.by.clone(),
        grain: case.grain,
        since_us,
        until_us,
        filter: case.filter.clone(),
        target_us: case.target_us,
        ..KpiRequest::new(name)
    };
    let found = compute(&engine, &request).await?;
    Ok(differences(&case.expect, &found.batch)?)
}

/// A reject for whoever wrote the event: its file, an event a line, is gone by now.
fn rejected(example: &str) -> String {
    let of_event = example.split_once(".ndjson, line ").and_then(|(_, rest)| rest.split_once(", byte "));
    match of_event.and_then(|(number, rest)| Some((number, rest.split_once(": ")?.1))) {
        Some((number, reason)) => format!("event {number} cannot be taken: {reason}"),
        None => example.to_owned(),
    }
}

/// What the user wants checked; all of it if nothing is named.
struct Asked {
    names: Vec<String>,
    files: Vec<PathBuf>,
    dirs: Vec<PathBuf>,
}

impl Asked {
    fn of(named: &[String]) -> Self {
        let mut asked = Self { names: Vec::new(), files: Vec::new(), dirs: Vec::new() };
        for text in named {
            let path = PathBuf::from(text);
            if path.is_dir() {
                asked.dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                asked.files.push(path);
            } else {
                asked.names.push(text.clone());
            }
        }
        asked
    }

    fn is_all(&self) -> bool {
        self.names.is_empty() && self.files.is_empty() && self.dirs.is_empty()
    }

    /// Whether a file was named, itself or by its folder.
    fn names_file(&self, file: &str) -> bool {
        let Ok(path) = std::fs::canonicalize(file) else { return false };
        let same = |other: &PathBuf| std::fs::canonicalize(other).is_ok_and(|other| other == path);
        let above = |dir: &PathBuf| std::fs::canonicalize(dir).is_ok_and(|dir| path.parent() == Some(dir.as_path()));
        self.files.iter().any(same) || self.dirs.iter().any(above)
    }

    fn holds(&self, definition: &Definition) -> bool {
        self.is_all() || self.names.contains(&definition.name) || self.names_file(&definition.file)
    }

    fn concerns(&self, error: &QueryError) -> bool {
        let of_name = |file: &str| stem(file).is_some_and(|stem| self.names.iter().any(|name| name == stem));
        self.is_all() || file_of(error).is_some_and(|file| self.names_file(file) || of_name(file))
    }
}

/// The file of a definition that is wrong.
fn file_of(error: &QueryError) -> Option<&str> {
    match error {
        QueryError::DefinitionSyntax { file, .. }
        | QueryError::DefinitionValue { file, .. }
        | QueryError::DefinitionSettings { file, .. } => Some(file),
        _ => None,
    }
}

/// The name of a file without its ending, which by custom is that of its KPI.
fn stem(file: &str) -> Option<&str> {
    Path::new(file).file_stem().and_then(|stem| stem.to_str())
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn is(n: usize, what: &str) -> String {
    format!("{} {}", counted(n, what), if n == 1 { "is" } else { "are" })
}

fn does(n: usize, what: &str) -> String {
    format!("{} {}", counted(n, what), if n == 1 { "does" } else { "do" })
}
