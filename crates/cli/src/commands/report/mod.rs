//! `tape report`: the digest of all KPIs.
//!
//! | file | is |
//! |---|---|
//! | [`digest`] | which period it is, and all that is asked about it |
//! | [`question`] | asking for KPIs and SQL over the period |
//! | [`cards`] | a KPI over the period, before it and over time |
//! | [`against`] | what `--compare` names |
//! | [`usual`] | what is usual by the weeks before |
//! | [`saved`] | what is usual by a saved baseline |
//! | [`tables`] | channels, hours of the week, topics |
//! | [`series`] | the KPIs over time |
//! | [`spread`] | how long waits and resolutions are |
//! | [`evidence`] | what the rules of suggestions read beside the digest |
//! | [`rows`] | values of a KPI's rows by name |
//! | [`form`] | the form of a report, and what makes it end with 3 |

mod against;
mod cards;
mod digest;
mod evidence;
mod form;
mod question;
mod rows;
mod saved;
mod series;
mod spread;
mod tables;
mod usual;

use std::io::{IsTerminal, Write};

use tapemeasure_report::{Digest, html, markdown, terminal};

use self::against::Against;
use self::form::{FailOn, Form};
use crate::args::{Global, Report};
use crate::commands;
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::output::Sink;

/// Columns of a terminal report where there is no terminal.
const WIDTH: usize = 100;
/// Columns of the widest report that nobody asked for: longer lines are hard to follow.
const WIDTH_MAX: usize = 120;

/// Computes the digest, and writes it in the form that is asked for.
pub async fn run(global: &Global, verb: &Report) -> Result<Done, Failure> {
    let form = Form::of(verb)?;
    let fail_on = FailOn::of(verb)?;
    let against = Against::of(verb)?;
    if verb.rules && form == Form::Html {
        return Err(Failure::usage("rules are written as text, markdown or json; name one with --format"));
    }
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
    let digest = digest::compute(global, &opened, span, &against).await?;
    let sink = Sink::open(verb.output.as_deref())?;
    write(&digest, form, (verb.width, verb.rules), sink)?;
    Ok(fail_on.judge(&digest))
}

/// Computes the digest of a whole archive's last weeks and writes it both to the terminal and to a file.
///
/// # Errors
/// As [`run`].
pub async fn both(global: &Global, file: &std::path::Path) -> Result<(), Failure> {
    let opened = Opened::new(global, &crate::args::Reading::default()).await?;
    let digest = digest::compute(global, &opened, (None, None), &Against::Previous).await?;
    write(&digest, Form::Html, (None, false), Sink::open(Some(file))?)?;
    write(&digest, Form::Terminal, (None, false), Sink::open(None)?)
}

/// Writes a digest in so many columns where a form has columns; with `rules` nothing but its rules.
fn write(digest: &Digest, form: Form, (width, rules): (Option<usize>, bool), mut sink: Sink) -> Result<(), Failure> {
    let place = sink.place();
    let on_terminal = place == "standard output" && std::io::stdout().is_terminal();
    let text = match form {
        Form::Terminal => {
            let columns = || terminal_size::terminal_size().map(|(w, _)| usize::from(w.0).min(WIDTH_MAX));
            let width = width.or_else(|| if on_terminal { columns() } else { None }).unwrap_or(WIDTH);
            let colour = on_terminal && std::env::var_os("NO_COLOR").is_none();
            if rules { terminal::rules(digest, width, colour) } else { terminal::render(digest, width, colour) }
        }
        Form::Markdown if rules => markdown::rules(digest),
        Form::Markdown => markdown::render(digest),
        Form::Html => html::render(digest),
        Form::Json => {
            let json =
                if rules { serde_json::to_string_pretty(&digest.rules) } else { serde_json::to_string_pretty(digest) };
            json.map_err(|e| Failure::failed("the digest is no JSON; report this as a bug", e))? + "\n"
        }
    };
    sink.write_all(text.as_bytes()).map_err(|e| Failure::output(&place, e))?;
    sink.finish()
}
