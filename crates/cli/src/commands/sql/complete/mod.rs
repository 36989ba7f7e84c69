//! What Tab offers.
//!
//! | file | is |
//! |---|---|
//! | [`place`] | what stands at the cursor, and so what could be meant |
//! | this file | the words that fit there |

pub mod place;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::PoisonError;

use reedline::{Completer, Span, Suggestion};
use tapemeasure_query::catalog::{FunctionKind, Table};

use self::place::{Named, Wanted};
use super::commands::{self, Argument};
use super::highlight::Typed;
use super::vocabulary::{BEGINNINGS, Known, Vocabulary, grains, keywords};
use crate::output::Format;

/// Completes from what the engine knows.
pub struct Words {
    pub known: Known,
    pub typed: Typed,
}

impl Completer for Words {
    fn complete(&mut self, line: &str, cursor: usize) -> Vec<Suggestion> {
        let typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // What is painted holds the rest of the line too, unless it was painted before the last key.
        let whole = if typed.starts_with(line) { typed.as_str() } else { line };
        let before = line.get(..cursor).unwrap_or(line);
        suggestions(before, whole, &self.known.get())
    }
}

/// A word that fits, with what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    value: String,
    about: Option<String>,
    /// Whether a blank follows.
    blank: bool,
}

/// What could be meant at the end of `before`, which is the beginning of `whole`. Words that begin like what is typed go
/// before those that hold it.
pub fn suggestions(before: &str, whole: &str, words: &Vocabulary) -> Vec<Suggestion> {
    let place = place::at_end(before);
    let typed = &before[place.start..];
    let span = Span::new(place.start, before.len());
    if place.wanted == Wanted::Argument(Argument::File) {
        return files(typed).into_iter().map(|word| suggestion(word, span)).collect();
    }
    let found = words_for(&place.wanted, typed, || place::named_tables(place::around(whole, before.len())), words);
    let bare = typed.trim_start_matches(['"', '`']).to_lowercase();
    let begins = |word: &Word| word.value.to_lowercase().starts_with(&bare);
    let mut fitting: Vec<Word> = found.iter().filter(|word| begins(word)).cloned().collect();
    // The middle of a name is a guess that is worth it only where nothing begins like it.
    if fitting.is_empty() && bare.len() > 1 {
        fitting = found.into_iter().filter(|word| word.value.to_lowercase().contains(&bare)).collect();
    }
    let mut seen: Vec<String> = Vec::with_capacity(fitting.len());
    fitting.retain(|word| {
        let fresh = !seen.contains(&word.value);
        seen.push(word.value.clone());
        fresh
    });
    fitting.into_iter().map(|word| suggestion(word, span)).collect()
}

fn suggestion(word: Word, span: Span) -> Suggestion {
    Suggestion {
        value: word.value,
        description: word.about,
        span,
        append_whitespace: word.blank,
        ..Suggestion::default()
    }
}

fn word(value: impl Into<String>, about: Option<&str>, blank: bool) -> Word {
    Word { value: value.into(), about: about.map(str::to_owned), blank }
}

fn words_for(wanted: &Wanted, typed: &str, named: impl FnOnce() -> Vec<Named>, words: &Vocabulary) -> Vec<Word> {
    match wanted {
        Wanted::Nothing => Vec::new(),
        Wanted::Command => commands::ALL
            .iter()
            .map(|command| word(command.name, Some(command.does), !command.usage.is_empty()))
            .collect(),
        Wanted::Argument(argument) => argument_words(*argument, words),
        Wanted::Beginning => BEGINNINGS.iter().map(|keyword| word(cased(keyword, typed), None, true)).collect(),
        Wanted::Table => tables(words),
        Wanted::ColumnOf(name) => {
            let named = named();
            let table =
                named.iter().find(|named| named.alias.as_ref() == Some(name)).map_or(name, |named| &named.table);
            words.catalog.table(table).map(columns).unwrap_or_default()
        }
        Wanted::Anything => anything(typed, &named(), words),
        Wanted::Parameter => words.params.iter().map(|name| word(format!("${name}"), None, false)).collect(),
        Wanted::KpiName => words.kpis.iter().map(|kpi| word(kpi.name.as_str(), Some(&kpi.title), false)).collect(),
        Wanted::KpiOption(kpi) => {
            let known = kpi.as_ref().and_then(|name| words.kpis.iter().find(|kpi| kpi.name == *name));
            let dimensions = known.map(|kpi| kpi.dimensions.as_slice()).unwrap_or_default();
            let grains = grains().map(|grain| word(grain, Some("grain"), false));
            grains.chain(dimensions.iter().map(|name| word(name.as_str(), Some("dimension"), false))).collect()
        }
    }
}

fn argument_words(argument: Argument, words: &Vocabulary) -> Vec<Word> {
    match argument {
        Argument::Nothing | Argument::Free | Argument::File => Vec::new(),
        Argument::Table => {
            words.catalog.tables.iter().map(|table| word(table.name.as_str(), table.meaning, false)).collect()
        }
        Argument::Kpi => words.kpis.iter().map(|kpi| word(kpi.name.as_str(), Some(&kpi.title), false)).collect(),
        Argument::Format => Format::ALL.iter().map(|(_, name, _)| word(*name, None, false)).collect(),
        Argument::Switch => ["on", "off"].map(|value| word(value, None, false)).to_vec(),
        Argument::Parameter => words.params.iter().map(|name| word(name.as_str(), None, true)).collect(),
    }
}

/// Columns of the tables that are named, or of all where none is; then aliases, functions, keywords and tables.
fn anything(typed: &str, named: &[Named], words: &Vocabulary) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let tables_named: Vec<&Table> = named.iter().filter_map(|named| words.catalog.table(&named.table)).collect();
    if tables_named.is_empty() {
        found.extend(words.catalog.tables.iter().flat_map(columns));
    } else {
        found.extend(tables_named.into_iter().flat_map(columns));
    }
    if typed.is_empty() {
        return found;
    }
    // The word at the cursor may itself look like an alias.
    let aliases = named.iter().filter_map(|named| Some((named.alias.as_ref()?, &named.table)));
    let others = aliases.filter(|(alias, _)| !alias.eq_ignore_ascii_case(typed));
    found.extend(others.map(|(alias, table)| word(alias.as_str(), Some(table), false)));
    found.extend(words.catalog.functions.iter().filter(|function| function.kind != FunctionKind::Table).map(
        |function| {
            let about = function.meaning.as_deref().unwrap_or(function.kind.as_str());
            word(format!("{}(", function.name), Some(about), false)
        },
    ));
    found.extend(keywords().map(|keyword| word(cased(keyword, typed), None, true)));
    found.extend(tables(words));
    found
}

fn tables(words: &Vocabulary) -> Vec<Word> {
    let tables = words.catalog.tables.iter().map(|table| word(quoted(&table.name), table.meaning, true));
    let functions = words.catalog.functions.iter().filter(|function| function.kind == FunctionKind::Table);
    tables.chain(functions.map(|function| word(format!("{}(", function.name), Some("table function"), false))).collect()
}

fn columns(table: &Table) -> Vec<Word> {
    let about = |sql_type: &str, meaning: Option<&str>| match meaning {
        Some(meaning) => format!("{}  {sql_type}: {meaning}", table.name),
        None => format!("{}  {sql_type}", table.name),
    };
    let columns = table.columns.iter();
    columns.map(|column| word(quoted(&column.name), Some(&about(&column.sql_type, column.meaning)), false)).collect()
}

/// A name as a query must write it: in quotes unless it is lower case and plain.
fn quoted(name: &str) -> String {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c == '_');
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if first && plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A keyword in capitals, if what is typed is.
fn cased(keyword: &str, typed: &str) -> String {
    let capitals = typed.chars().any(char::is_alphabetic) && !typed.chars().any(char::is_lowercase);
    if capitals { keyword.to_uppercase() } else { keyword.to_owned() }
}

/// Files and folders whose paths begin with what is typed.
fn files(typed: &str) -> Vec<Word> {
    let cut = typed.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, begin) = typed.split_at(cut);
    let place = super::paths::expanded(folder);
    let place = if folder.is_empty() { Path::new(".") } else { place.as_path() };
    // A folder that cannot be read has nothing to offer.
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let mut found: Vec<Word> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let shown = name.starts_with(begin) && (!name.starts_with('.') || begin.starts_with('.'));
            let slash = if entry.path().is_dir() { "/" } else { "" };
            shown.then(|| word(format!("{folder}{name}{slash}"), None, false))
        })
        .collect();
    found.sort_by(|a, b| a.value.cmp(&b.value));
    found
}
