//! `tape sql`: queries, or the shell.
//!
//! | file | is |
//! |---|---|
//! | [`session`] | the engine, parameters and look that queries and commands share; a text run piece by piece |
//! | [`query`] | one query, watched and cancelled |
//! | [`answer`] | where its rows go as they come |
//! | [`held`] | rows that are held for the screen and for `_` |
//! | [`look`] | how results are shown, and the files that they go to |
//! | [`screen`], [`pager`] | results on a terminal |
//! | [`caret`] | errors that point into the query |
//! | [`shell`] | the loop |
//! | [`editor`] | keys, prompt, history |
//! | [`lex`] | the tokens of SQL |
//! | [`validate`] | statements and commands in a text, and whether the last is finished |
//! | [`highlight`], [`complete`], [`vocabulary`] | colours, Tab, and the words that they know |
//! | [`commands`] | the list of commands |
//! | [`perform`], [`describe`], [`paths`] | carrying them out |

mod answer;
mod caret;
mod commands;
mod complete;
mod describe;
mod editor;
mod held;
mod highlight;
mod lex;
mod look;
mod pager;
mod paths;
mod perform;
mod query;
mod screen;
mod session;
mod shell;
mod validate;
mod vocabulary;

use std::collections::BTreeMap;
use std::io::IsTerminal;

use self::caret::Source;
use self::look::{Files, Look};
use self::session::Session;
use crate::args::{Global, Sql};
use crate::context::Opened;
use crate::failure::{Done, Failure};
use crate::output::Format;

/// Runs the queries, or the shell where there are none.
pub async fn run(global: &Global, verb: &Sql) -> Result<Done, Failure> {
    let mut params = BTreeMap::new();
    for text in &verb.params {
        let (name, value) = param(text)?;
        if params.insert(name.clone(), value).is_some() {
            return Err(Failure::usage(format!("--param {name} is given twice; give it once")));
        }
    }
    let (text, file) = match (&verb.query, &verb.file) {
        (Some(query), _) => (Some(query.clone()), None),
        (None, Some(path)) => (Some(paths::queries(path)?), Some(path.display().to_string())),
        (None, None) if std::io::stdin().is_terminal() => (None, None),
        (None, None) => {
            let text = std::io::read_to_string(std::io::stdin());
            (Some(text.map_err(|error| paths::unread("standard input", error))?), None)
        }
    };
    let format = Format::choose(&verb.output)?;
    // In the shell -o is as \o: its name decides, and the screen keeps its own format.
    let screen = match (&text, &verb.output.output) {
        (None, Some(_)) => Format::Table,
        _ => format,
    };
    let mut look = Look::new(screen, text.is_none());
    look.files = verb.output.output.as_ref().map(|path| match text {
        Some(_) => Files::one(path.clone(), format),
        None => Files::many(path.clone(), format),
    });
    let opened = Opened::new(global, &verb.reading).await?;
    let mut session = Session::new(global, opened, params, look).await?;
    match text {
        Some(text) if validate::is_empty(&text) => {
            Err(Failure::usage("there is no query; write one, such as 'select 1'"))
        }
        Some(text) => session.run(Source { text: &text, file: file.as_deref() }).await.map(|_| Done::Well),
        None => shell::run(&mut session).await,
    }
}

fn param(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::usage(format!("--param {text:?} is no value; write --param name=value"))),
    }
}
