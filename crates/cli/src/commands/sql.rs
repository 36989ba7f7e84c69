//! `tape sql`: one query, or the shell.

use std::io::IsTerminal;

use reedline::{DefaultPrompt, DefaultPromptSegment, FileBackedHistory, Reedline, Signal};
use tapemeasure_query::Engine;
use tapemeasure_report::quantity::count;

use super::{note, print};
use crate::args::{Global, Sql};
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::output::{BatchWriter, Format, Sink};
use crate::watch;

/// Lines that the shell remembers.
const HISTORY_LINES: usize = 10_000;

const SHELL_HELP: &str = "\
end a query with ;            tables: events, messages, waits, sessions, subscriptions
\\d [TABLE]  tables, columns   \\format NAME  form of results   \\timing  show times   \\q  leave
";

/// Runs the query, or the shell where there is none.
pub async fn run(global: &Global, verb: &Sql) -> Result<Done, Failure> {
    let params = verb.params.iter().map(|p| param(p)).collect::<Result<Vec<_>, _>>()?;
    let query = match (&verb.query, &verb.file) {
        (Some(query), _) => Some(query.clone()),
        (None, Some(path)) => Some(
            std::fs::read_to_string(path)
                .map_err(|e| Failure::failed(format!("cannot read the query {}: {e}", path.display()), e))?,
        ),
        (None, None) if std::io::stdin().is_terminal() => None,
        (None, None) => Some(
            std::io::read_to_string(std::io::stdin())
                .map_err(|e| Failure::failed(format!("cannot read the query from standard input: {e}"), e))?,
        ),
    };
    let format = Format::choose(&verb.output)?;
    let opened = Opened::new(global, &verb.reading).await?;
    let engine = opened.engine(global).await?;
    match query {
        Some(query) => {
            let sink = Sink::open(verb.output.output.as_deref())?;
            answer(&engine, query.trim().trim_end_matches(';'), &params, format, sink).await?;
            Ok(Done::Well)
        }
        None => shell(&engine, &params, format).await,
    }
}

/// Runs a query and writes its result. Gives the number of rows.
async fn answer(
    engine: &Engine,
    query: &str,
    params: &[(String, String)],
    format: Format,
    sink: Sink,
) -> Result<u64, Failure> {
    let work = async {
        let mut stream = engine.sql(query, params).await?;
        if stream.schema().fields().is_empty() {
            // A statement, SET or CREATE VIEW, which has no result to be written.
            while let Some(batch) = stream.next_batch().await {
                batch?;
            }
            return Ok(0);
        }
        let mut writer = BatchWriter::new(format, sink, stream.schema())?;
        while let Some(batch) = stream.next_batch().await {
            writer.write(&batch?)?;
        }
        writer.finish()
    };
    // Dropping the work cancels the query.
    tokio::select! {
        result = work => result,
        () = watch::until_interrupted() => Err(Failure::Interrupted),
    }
}

fn param(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::usage(format!("--param {text:?} is no value; write --param name=value"))),
    }
}

async fn shell(engine: &Engine, params: &[(String, String)], mut format: Format) -> Result<Done, Failure> {
    print(SHELL_HELP)?;
    let mut editor = Reedline::create();
    if let Some(path) = history_file()
        && let Ok(history) = FileBackedHistory::with_file(HISTORY_LINES, path)
    {
        // Without a place for a history the shell works as well.
        editor = editor.with_history(Box::new(history));
    }
    let prompt = |first: bool| {
        let text = if first { "tape" } else { "   ." };
        DefaultPrompt::new(DefaultPromptSegment::Basic(text.to_owned()), DefaultPromptSegment::Empty)
    };
    let mut pending = String::new();
    let mut timing = false;
    loop {
        let line = editor.read_line(&prompt(pending.is_empty()));
        watch::forget_interrupt();
        match line {
            Ok(Signal::Success(line)) => {
                let command = line.trim();
                if pending.is_empty() && command.starts_with('\\') {
                    match backslash(engine, command, &mut format, &mut timing).await {
                        Ok(true) => {}
                        Ok(false) => return Ok(Done::Well),
                        Err(error) => drop(error.tell(false)),
                    }
                    continue;
                }
                pending.push_str(&line);
                pending.push('\n');
                if !command.ends_with(';') {
                    if pending.trim().is_empty() {
                        pending.clear();
                    }
                    continue;
                }
                let query = std::mem::take(&mut pending);
                let begun = std::time::Instant::now();
                match answer(engine, query.trim().trim_end_matches(';'), params, format, Sink::open(None)?).await {
                    Ok(rows) if timing => {
                        note(&format!("{} rows in {:.3} s", count(rows), begun.elapsed().as_secs_f64()))
                    }
                    Ok(_) => {}
                    Err(error) => drop(error.tell(false)),
                }
                watch::forget_interrupt();
            }
            Ok(Signal::CtrlC) => pending.clear(),
            Ok(Signal::CtrlD) => return Ok(Done::Well),
            Err(e) => return Err(Failure::failed(format!("the terminal cannot be read: {e}"), e)),
        }
    }
}

/// A command of the shell. False to leave it.
async fn backslash(engine: &Engine, command: &str, format: &mut Format, timing: &mut bool) -> Result<bool, Failure> {
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    match (name, rest.trim()) {
        ("\\q", _) => return Ok(false),
        ("\\timing", _) => {
            *timing = !*timing;
            note(if *timing { "timing is on" } else { "timing is off" });
        }
        ("\\format", name) => *format = Format::of_name(name)?,
        ("\\d", table) => {
            let query = if table.is_empty() {
                "select table_name from information_schema.tables where table_schema = 'public' order by 1".to_owned()
            } else {
                format!(
                    "select column_name, data_type, is_nullable from information_schema.columns where table_name = '{}'",
                    table.replace('\'', "''")
                )
            };
            answer(engine, &query, &[], *format, Sink::open(None)?).await?;
        }
        _ => print(SHELL_HELP)?,
    }
    Ok(true)
}

fn history_file() -> Option<std::path::PathBuf> {
    let home = std::env::var_os("HOME")?;
    Some(std::path::Path::new(&home).join(".tape_history"))
}
