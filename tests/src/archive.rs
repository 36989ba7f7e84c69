//! An archive in a temporary folder, and the verbs of `tape` that the tests use on it.

use crate::{Facts, KpiLines, Log, Query, Row, Rules, Run, run, run_with_input, tape};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The columns of `waits`: the oracle's, and the seconds beside them.
const WAITS: [&str; 15] = [
    "source",
    "conversation_id",
    "contact_id",
    "session_opened_at",
    "channel",
    "team",
    "topic",
    "agent_id",
    "opened_at",
    "ended_at",
    "end_reason",
    "is_first",
    "n_inbound",
    "wait_us",
    "wait_s",
];

/// The columns of `sessions`: the oracle's, and the seconds beside them.
const SESSIONS: [&str; 19] = [
    "source",
    "conversation_id",
    "contact_id",
    "channel",
    "team",
    "topic",
    "agent_id",
    "opened_at",
    "closed_at",
    "close_reason",
    "auto_closed",
    "reopened",
    "initiated_by",
    "first_inbound_at",
    "n_inbound",
    "n_agent",
    "n_bot",
    "resolution_us",
    "resolution_s",
];

/// The fields of `tape ingest --json`.
const SUMMARY: [&str; 11] = [
    "files",
    "read",
    "accepted",
    "replaced",
    "duplicates",
    "rejected",
    "ignored",
    "first",
    "last",
    "version",
    "seconds",
];

/// An archive under test. `tape` makes it at the first ingest; the folder beside it takes the inputs.
#[derive(Debug)]
pub struct Archive {
    root: PathBuf,
    folder: TempDir,
}

/// What an ingest must not change when it fails.
#[derive(Debug, PartialEq)]
pub struct State {
    history: String,
    events: Vec<(String, u64)>,
    numbers: String,
}

/// What `tape ingest --json` said.
#[derive(Debug)]
pub struct Summary(Row);

impl Default for Archive {
    fn default() -> Archive {
        Archive::new()
    }
}

impl Archive {
    /// A path for an archive in a temporary folder of its own; nothing is there yet.
    pub fn new() -> Archive {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Archive { root: folder.path().join("archive"), folder }
    }

    /// An archive at this path; inputs still go to a temporary folder of their own.
    pub fn at(root: &Path) -> Archive {
        Archive { root: root.to_owned(), ..Archive::new() }
    }

    /// An archive that holds this log, in one ingest.
    pub fn of(log: &Log) -> Archive {
        let archive = Archive::new();
        archive.ingest_log(log, &[]);
        archive
    }

    /// The archive's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path for an input file, outside the archive.
    pub fn input(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes an input file and returns its path.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.input(name);
        crate::events::write_file(&path, bytes.as_ref());
        path
    }

    /// `tape` with these arguments on this archive.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tape();
        command.env("TAPE_ARCHIVE", &self.root).args(arguments);
        command
    }

    /// Runs `tape` with these arguments on this archive.
    pub fn run(&self, arguments: &[&str]) -> Run {
        run(self.command(arguments))
    }

    /// The command `tape ingest --json` of these files.
    pub fn ingest_command(&self, files: &[&Path], options: &[&str]) -> Command {
        let mut command = self.command(&["ingest", "--json"]);
        command.args(files).args(options);
        command
    }

    /// Runs `tape ingest --json` of these files, whatever comes of it.
    pub fn try_ingest(&self, files: &[&Path], options: &[&str]) -> Run {
        run(self.ingest_command(files, options))
    }

    /// Ingests these files, which must be accepted wholly (exit code 0).
    #[track_caller]
    pub fn ingest(&self, files: &[&Path], options: &[&str]) -> Summary {
        Summary::of(&self.try_ingest(files, options).done())
    }

    /// Ingests a log, written as NDJSON, which must be accepted wholly.
    #[track_caller]
    pub fn ingest_log(&self, log: &Log, options: &[&str]) -> Summary {
        let path = self.input("events.ndjson");
        log.write_ndjson(&path);
        self.ingest(&[&path], options)
    }

    /// Ingests these bytes from standard input, which must be accepted wholly.
    #[track_caller]
    pub fn ingest_input(&self, input: &[u8]) -> Summary {
        let run = run_with_input(self.command(&["ingest", "--json", "-"]), input);
        Summary::of(&run.done())
    }

    /// Sets one setting.
    #[track_caller]
    pub fn set(&self, key: &str, value: &str) {
        self.run(&["settings", key, value]).done();
    }

    /// Sets the rules that change the facts.
    #[track_caller]
    pub fn set_rules(&self, rules: &Rules) {
        for (key, value) in rules.settings() {
            self.set(key, &value);
        }
    }

    /// The rows of a query. A column that is null in a row may be absent from it: see `columns` for the cure.
    #[track_caller]
    pub fn sql(&self, query: &str, options: &[&str]) -> Vec<Row> {
        let mut arguments = vec!["sql", query, "--format", "ndjson"];
        arguments.extend(options);
        self.run(&arguments).done().rows()
    }

    /// These columns of a table in this order of rows, nulls spelled out.
    #[track_caller]
    pub fn columns(&self, table: &str, columns: &[&str], order: &str, options: &[&str]) -> Vec<Row> {
        let query = format!("select {} from {table} order by {order}", columns.join(", "));
        let mut rows = self.sql(&query, options);
        for row in &mut rows {
            for column in columns {
                row.entry(*column).or_insert(Value::Null);
            }
        }
        rows
    }

    /// Every wait and every session in the order of the oracle.
    #[track_caller]
    pub fn facts(&self, options: &[&str]) -> Facts {
        let by_wait = "source, conversation_id, session_opened_at, opened_at";
        let by_session = "source, conversation_id, opened_at";
        Facts {
            waits: self.columns("waits", &WAITS, by_wait, options),
            sessions: self.columns("sessions", &SESSIONS, by_session, options),
        }
    }

    /// Every stored event, in order of source and event id, with all fields but the body.
    #[track_caller]
    pub fn events(&self, options: &[&str]) -> Vec<Row> {
        let fields: Vec<&str> = Log::FIELDS.iter().copied().filter(|field| *field != "body").collect();
        self.columns("events", &fields, "source, event_id", options)
    }

    /// `tape kpi` for all seven KPIs, or those named, with this query.
    #[track_caller]
    pub fn kpi(&self, names: &[&str], query: &Query) -> KpiLines {
        KpiLines::of(&self.kpi_run(names, query).done(), query)
    }

    /// Runs `tape kpi --format ndjson`, whatever comes of it.
    pub fn kpi_run(&self, names: &[&str], query: &Query) -> Run {
        let mut command = self.command(&["kpi"]);
        command.args(names).args(["--format", "ndjson"]).args(query.arguments());
        run(command)
    }

    /// All seven KPIs over everything, as printed.
    #[track_caller]
    pub fn numbers(&self) -> String {
        self.kpi_run(&[], &Query::default()).done().text().to_owned()
    }

    /// All seven KPIs over everything as they were at an earlier version, as printed.
    #[track_caller]
    pub fn numbers_at(&self, version: i64) -> String {
        let mut command = self.command(&["kpi", "--format", "ndjson"]);
        command.args(Query::default().arguments()).arg("--at").arg(version.to_string());
        run(command).done().text().to_owned()
    }

    /// The versions of the archive, as printed.
    #[track_caller]
    pub fn history(&self) -> String {
        self.run(&["history"]).done().text().to_owned()
    }

    /// The files below `events/` with their sizes, in order of their paths.
    pub fn event_files(&self) -> Vec<(String, u64)> {
        let root = self.root.join("events");
        let mut files: Vec<(String, u64)> = files_below(&root)
            .iter()
            .map(|path| {
                let bytes = std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).len();
                let below = path.strip_prefix(&root).expect("the file was found below the folder");
                (below.to_string_lossy().into_owned(), bytes)
            })
            .collect();
        files.sort();
        files
    }

    /// What a failing ingest must leave as it is: the history, the files of the events, the numbers.
    #[track_caller]
    pub fn state(&self) -> State {
        State { history: self.history(), events: self.event_files(), numbers: self.numbers() }
    }

    /// Asserts that the archive is as it was, and that no scratch file is left.
    #[track_caller]
    pub fn assert_unchanged(&self, before: &State) {
        let after_events = self.event_files();
        assert!(
            before.events == after_events,
            "the files of the events changed\nbefore {:#?}\nafter  {after_events:#?}",
            before.events
        );
        assert_eq!(before.history, self.history(), "the history changed");
        assert_eq!(before.numbers, self.numbers(), "the numbers changed");
        self.assert_no_spill();
    }

    /// Asserts that no scratch file of an ingest is left.
    #[track_caller]
    pub fn assert_no_spill(&self) {
        let left = files_below(&self.root.join("spill"));
        assert!(left.is_empty(), "scratch files are left: {left:#?}");
    }

    /// The records that were rejected so far: objects with `file`, `line`, `byte` and `reason`, in order of file and line.
    /// The files in `quarantine/` are NDJSON.
    #[track_caller]
    pub fn quarantined(&self) -> Vec<Row> {
        let mut records = Vec::new();
        for path in files_below(&self.root.join("quarantine")) {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                match serde_json::from_str(line) {
                    Ok(Value::Object(record)) => records.push(record),
                    _ => panic!("{}: no JSON object: {line}", path.display()),
                }
            }
        }
        records.sort_by_key(|record| {
            (record.get("file").map(Value::to_string), record.get("line").and_then(Value::as_u64))
        });
        records
    }
}

impl Summary {
    /// Reads what `tape ingest --json` printed, and checks that it adds up.
    #[track_caller]
    pub fn of(run: &Run) -> Summary {
        let rows = run.rows();
        assert!(rows.len() == 1, "`{}` printed {} objects instead of one: {}", run.command, rows.len(), run.text());
        let summary = Summary(rows.into_iter().next().unwrap_or_default());
        let missing: Vec<&&str> = SUMMARY.iter().filter(|field| !summary.0.contains_key(**field)).collect();
        assert!(missing.is_empty(), "`{}` does not say {missing:?}: {}", run.command, run.text());
        let parts = ["accepted", "replaced", "duplicates", "rejected", "ignored"];
        let sum: u64 = parts.iter().map(|part| summary.count(part)).sum();
        assert_eq!(summary.count("read"), sum, "read is the sum of {parts:?}: {}", run.text());
        summary
    }

    /// A count: `read`, `accepted`, ...
    #[track_caller]
    pub fn count(&self, field: &str) -> u64 {
        let value = &self.0[field];
        value.as_u64().unwrap_or_else(|| panic!("{field} is no count: {value}"))
    }

    /// The version of the archive after the ingest.
    #[track_caller]
    pub fn version(&self) -> i64 {
        let value = &self.0["version"];
        value.as_i64().unwrap_or_else(|| panic!("version is no number: {value}"))
    }

    /// The time of the first or last event: `first`, `last`.
    pub fn value(&self, field: &str) -> &Value {
        &self.0[field]
    }
}

/// Every file below a folder, in no order; none where the folder is absent.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}
