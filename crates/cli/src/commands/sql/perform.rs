//! The commands of the shell, carried out.

use std::io::IsTerminal;
use std::sync::Arc;

use arrow::array::RecordBatch;
use tapemeasure_model::settings::Settings;

use super::caret::Source;
use super::commands::{self, Verb};
use super::look::Files;
use super::pager::Pager;
use super::paths::{expanded, queries};
use super::session::{DEPTH, Flow, Session};
use super::{describe, screen};
use crate::commands::{note, print};
use crate::context;
use crate::failure::Failure;
use crate::output::{Format, Sink, write_batches};

/// Carries out a command.
///
/// # Errors
/// A usage error for a command or argument that there is not, and whatever the command fails with.
pub async fn perform(session: &mut Session<'_>, line: &str) -> Result<Flow, Failure> {
    let (verb, rest) = commands::parse(line)?;
    match verb {
        Verb::Quit => return Ok(Flow::Leave),
        Verb::Help => print(&commands::help())?,
        Verb::Describe => {
            let catalog = session.engine.catalog().await?;
            let list = if rest.is_empty() { describe::tables(&catalog) } else { describe::columns(&catalog, rest)? };
            show(session, &list)?;
        }
        Verb::Kpi => {
            let definitions = session.engine.definitions();
            if rest.is_empty() {
                show(session, &describe::kpis(definitions))?;
            } else {
                print(&describe::kpi(definitions.get(rest)?))?;
            }
        }
        Verb::Format if rest.is_empty() => note(&format!("format is {}", session.look.format.name())),
        Verb::Format => session.look.set_format(Format::of_name(rest)?),
        Verb::Vertical => {
            let on = switch(rest, session.look.format == Format::Vertical)?;
            session.look.set_vertical(on);
            note(&format!("format is {}", session.look.format.name()));
        }
        Verb::Output => output(session, rest)?,
        Verb::Rows => rows(session, rest)?,
        Verb::Pager => pager(session, rest),
        Verb::Timing => {
            session.look.timing = switch(rest, session.look.timing)?;
            note(if session.look.timing { "timing is on" } else { "timing is off" });
        }
        Verb::Zone => zone(session, rest).await?,
        Verb::Set => set(session, rest)?,
        Verb::Unset => match session.params.remove(rest.trim_start_matches('$')) {
            Some(_) => {}
            None => return Err(Failure::usage(format!("there is no value of {rest:?}; \\set lists them"))),
        },
        Verb::Settings => show(session, &settings(session))?,
        Verb::Include => return include(session, rest).await,
    }
    Ok(Flow::Go)
}

/// `on`, `off`, or the other way round.
fn switch(text: &str, now: bool) -> Result<bool, Failure> {
    match text {
        "" => Ok(!now),
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Failure::usage(format!("{text:?} is neither on nor off"))),
    }
}

/// Shows a list as results are shown, on standard output wherever those go.
fn show(session: &Session<'_>, list: &RecordBatch) -> Result<(), Failure> {
    let rows = std::slice::from_ref(list);
    match session.look.format {
        Format::Table if std::io::stdout().is_terminal() => screen::list(&list.schema(), rows),
        format => {
            let format = if format.is_binary() { Format::Table } else { format };
            write_batches(format, Sink::open(None)?, list.schema(), rows).map(|_| ())
        }
    }
}

fn output(session: &mut Session<'_>, path: &str) -> Result<(), Failure> {
    if path.is_empty() {
        session.look.files = None;
        note("results go to the screen");
        return Ok(());
    }
    let path = expanded(path);
    let format = Format::of_ending(&path).map_err(|_| {
        let endings: Vec<&str> = Format::ALL.iter().flat_map(|(_, _, endings)| endings.iter().copied()).collect();
        let path = path.display();
        Failure::usage(format!("cannot tell a format from the name {path}; known endings are {}", endings.join(", ")))
    })?;
    note(&format!("results go to {} as {}; \\o brings them back", path.display(), format.name()));
    session.look.files = Some(Files::many(path, format));
    Ok(())
}

fn rows(session: &mut Session<'_>, text: &str) -> Result<(), Failure> {
    match text {
        "" => {}
        "all" => session.look.rows = None,
        text => match text.replace(['_', ','], "").parse::<usize>() {
            Ok(n) if n > 0 => session.look.rows = Some(n),
            _ => return Err(Failure::usage(format!("{text:?} is no number of rows; write one from 1 on, or all"))),
        },
    }
    note(&format!("{} rows of a long result are shown without a pager", described_rows(session)));
    Ok(())
}

fn pager(session: &mut Session<'_>, text: &str) {
    match text {
        "" => {}
        "on" => session.look.pager = Pager::from_environment(),
        "off" => session.look.pager = Pager::Off,
        command => session.look.pager = Pager::named(command),
    }
    note(&format!("pager is {}", session.look.pager.said()));
}

async fn zone(session: &mut Session<'_>, name: &str) -> Result<(), Failure> {
    if !name.is_empty() {
        let zone = context::zone(Some(name), &session.opened.settings)?;
        if zone != session.opened.zone {
            session.opened.zone = zone;
            session.engine = Arc::new(session.opened.engine(session.global).await?);
            note("views, tables and _ that were made here are gone with the zone before");
        }
    }
    note(&format!("time zone is {}; instants are shown in UTC all the same", session.opened.zone.name()));
    Ok(())
}

fn set(session: &mut Session<'_>, text: &str) -> Result<(), Failure> {
    let text = text.trim_start_matches('$');
    if text.is_empty() {
        let set = session.params.iter().map(|(name, value)| vec![format!("${name}"), value.clone()]).collect();
        return show(session, &describe::list(&["parameter", "value"], set));
    }
    match text.split_once(char::is_whitespace) {
        Some((name, value)) if name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
            let value = value.trim();
            let bare = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(value);
            session.params.insert(name.to_owned(), bare.to_owned());
            Ok(())
        }
        _ => Err(Failure::usage(format!("{text:?} is no name with a value; write \\set name value"))),
    }
}

fn settings(session: &Session<'_>) -> RecordBatch {
    let look = &session.look;
    let files = look.files.as_ref().map_or("the screen".to_owned(), |files| files.named().display().to_string());
    let own = [
        ("\\format", look.format.name().to_owned()),
        ("\\o", files),
        ("\\rows", described_rows(session)),
        ("\\pager", look.pager.said().to_owned()),
        ("\\timing", if look.timing { "on" } else { "off" }.to_owned()),
        ("\\tz", session.opened.zone.name().to_owned()),
    ];
    let stored: &Settings = &session.opened.settings;
    let mut list: Vec<Vec<String>> = own.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    list.extend(stored.list().into_iter().map(|(name, value)| vec![name, value]));
    describe::list(&["setting", "value"], list)
}

fn described_rows(session: &Session<'_>) -> String {
    session.look.rows.map_or("all".to_owned(), |rows| rows.to_string())
}

async fn include(session: &mut Session<'_>, path: &str) -> Result<Flow, Failure> {
    if path.is_empty() {
        return Err(Failure::usage("\\i needs the name of a file"));
    }
    if session.depth == DEPTH {
        return Err(Failure::usage(format!("{path} is the {DEPTH}th file within another; files run in a circle")));
    }
    let text = queries(&expanded(path))?;
    session.depth += 1;
    let flow = session.run(Source { text: &text, file: Some(path) }).await;
    session.depth -= 1;
    flow
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_turned_or_set() {
        let switched = |text: &str, now: bool| switch(text, now).ok();
        assert_eq!(switched("", false), Some(true));
        assert_eq!(switched("", true), Some(false));
        assert_eq!(switched("on", true), Some(true));
        assert_eq!(switched("off", true), Some(false));
        assert_eq!(switched("perhaps", true), None);
    }
}
