//! `tape report`: the digest of all seven KPIs.
//!
//! | file | is |
//! |---|---|
//! | [`rows`] | values of a KPI's rows by name |
//! | [`digest`] | what is asked, and the numbers as a digest |

mod digest;
mod rows;

use std::io::{IsTerminal, Write};

use tapemeasure_report::{Digest, html, markdown, terminal};

use crate::args::{Global, Report};
use crate::commands;
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::output::Sink;

/// Columns of a terminal report where there is no terminal.
const WIDTH: usize = 100;
/// Widest terminal report: longer lines are hard to follow.
const WIDTH_MAX: usize = 120;

/// Computes the digest, and writes it in the form that the file's name says.
pub async fn run(global: &Global, verb: &Report) -> Result<Done, Failure> {
    let form = Form::of(verb)?;
    let opened = Opened::new(global, &verb.reading).await?;
    if opened.snapshot.rows() == 0 {
        let version = opened.snapshot.version();
        let line = match version {
            0 => "there are no events at version 0, the empty archive; ingest some, or read another version".to_owned(),
            _ => format!("there are no events at version {version}; read another version (`tape history`)"),
        };
        commands::print(&format!("{line}\n"))?;
        return Ok(Done::Well);
    }
    let span = opened.span(&verb.span)?;
    let digest = digest::compute(global, &opened, span).await?;
    let sink = Sink::open(verb.output.as_deref())?;
    write(&digest, form, verb.width, sink)?;
    Ok(Done::Well)
}

/// Computes the digest of a whole archive's last weeks and writes it both to the terminal and to a file.
///
/// # Errors
/// As [`run`].
pub async fn both(global: &Global, file: &std::path::Path) -> Result<(), Failure> {
    let opened = Opened::new(global, &crate::args::Reading::default()).await?;
    let digest = digest::compute(global, &opened, (None, None)).await?;
    write(&digest, Form::Html, None, Sink::open(Some(file))?)?;
    write(&digest, Form::Terminal, None, Sink::open(None)?)
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Terminal,
    Markdown,
    Html,
    Json,
}

impl Form {
    fn of(verb: &Report) -> Result<Self, Failure> {
        let Some(path) = &verb.output else { return Ok(Self::Terminal) };
        match path.extension().and_then(|e| e.to_str()).unwrap_or_default() {
            "html" | "htm" => Ok(Self::Html),
            "md" => Ok(Self::Markdown),
            "json" => Ok(Self::Json),
            "txt" => Ok(Self::Terminal),
            _ => Err(Failure::usage(format!(
                "cannot tell the form of a report from the name {}; end it in .html, .md, .json or .txt",
                path.display()
            ))),
        }
    }
}

fn write(digest: &Digest, form: Form, width: Option<usize>, mut sink: Sink) -> Result<(), Failure> {
    let place = sink.place();
    let on_terminal = place == "standard output" && std::io::stdout().is_terminal();
    let text = match form {
        Form::Terminal => {
            let columns = || terminal_size::terminal_size().map(|(w, _)| usize::from(w.0));
            let width = width.or_else(|| if on_terminal { columns() } else { None }).unwrap_or(WIDTH);
            let colour = on_terminal && std::env::var_os("NO_COLOR").is_none();
            terminal::render(digest, width.min(WIDTH_MAX), colour)
        }
        Form::Markdown => markdown::render(digest),
        Form::Html => html::render(digest),
        Form::Json => {
            serde_json::to_string_pretty(digest)
                .map_err(|e| Failure::failed("the digest is no JSON; report this as a bug", e))?
                + "\n"
        }
    };
    sink.write_all(text.as_bytes()).map_err(|e| Failure::output(&place, e))?;
    sink.finish()
}
