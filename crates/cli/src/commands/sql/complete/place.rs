//! What stands at the cursor, and so what could be meant there.

use std::ops::Range;

use super::super::commands::{self, Argument};
use super::super::lex::{Kind, Token, tokens};
use super::super::validate::{Piece, pieces};
use super::super::vocabulary::Vocabulary;

/// What could be written at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing that is known here: in a comment, in a text.
    Nothing,
    /// The name of a command.
    Command,
    /// What a command takes.
    Argument(Argument),
    /// A statement's first word.
    Beginning,
    /// A table.
    Table,
    /// A column of the table or alias before the dot.
    ColumnOf(String),
    /// A column, a function, a keyword.
    Anything,
    /// The name of a parameter.
    Parameter,
    /// The name of a KPI: first argument of `kpi('…')`.
    KpiName,
    /// A grain or a dimension of that KPI: a later argument of `kpi('…')`.
    KpiOption(Option<String>),
}

/// The word at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub wanted: Wanted,
    /// Where the word begins; it ends at the cursor.
    pub start: usize,
}

/// A table that a statement names, and how it calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub table: String,
    pub alias: Option<String>,
}

/// What stands before the cursor, which is at the end of `text`.
pub fn at_end(text: &str) -> Place {
    let cut = pieces(text);
    if let Some(Piece::Command(range)) = cut.done.last()
        && !text[range.end..].contains('\n')
    {
        return in_command(text, range.start);
    }
    // A statement that ended is no context; neither is what lies before it.
    let begin = cut.open.map_or_else(|| last_end(text, &cut.done), |range| range.start);
    let mut place = in_statement(&text[begin..]);
    place.start += begin;
    place
}

/// The statement around the cursor: from the last semicolon before it to the next after it.
pub fn around(text: &str, cursor: usize) -> &str {
    let cut = pieces(text);
    let statements = cut.done.iter().filter_map(|piece| match piece {
        Piece::Statement(range) => Some(range.clone()),
        Piece::Command(_) => None,
    });
    // What is typed last goes on to the end, blanks included.
    let open = cut.open.map(|range| range.start..text.len());
    let found = statements.chain(open).find(|range: &Range<usize>| range.start <= cursor && cursor <= range.end);
    found.map_or(text, |range| &text[range])
}

/// The tables after `from` and `join`, and their aliases.
pub fn named_tables(statement: &str) -> Vec<Named> {
    let all: Vec<Token> = tokens(statement).filter(|token| !token.is_space()).collect();
    let mut found = Vec::new();
    let mut i = 0;
    while i < all.len() {
        let listed = all[i].is_word(statement, "from");
        if !listed && !all[i].is_word(statement, "join") {
            i += 1;
            continue;
        }
        i += 1;
        while let Some(named) = table_at(statement, &all, &mut i) {
            found.push(named);
            if !(listed && all.get(i).is_some_and(|token| token.is(statement, ','))) {
                break;
            }
            i += 1;
        }
    }
    found
}

/// Words that go on after a table and are no alias of it.
const AFTER_TABLE: &[&str] = &[
    "where",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "on",
    "using",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "except",
    "intersect",
    "window",
    "qualify",
    "semi",
    "anti",
    "lateral",
    "select",
    "fetch",
];

/// A table with its alias from the token `i` on, which moves behind it.
fn table_at(text: &str, all: &[Token], i: &mut usize) -> Option<Named> {
    let mut table = all.get(*i)?.name(text)?;
    *i += 1;
    while all.get(*i).is_some_and(|token| token.is(text, '.')) {
        *i += 1;
        match all.get(*i).and_then(|token| token.name(text)) {
            Some(name) => table = name,
            None => return Some(Named { table, alias: None }),
        }
        *i += 1;
    }
    if all.get(*i).is_some_and(|token| token.is(text, '(')) {
        *i = behind_bracket(text, all, *i);
    }
    if all.get(*i).is_some_and(|token| token.is_word(text, "as")) {
        *i += 1;
    }
    let alias = all.get(*i).and_then(|token| token.name(text)).filter(|alias| !AFTER_TABLE.contains(&alias.as_str()));
    *i += usize::from(alias.is_some());
    Some(Named { table, alias })
}

fn behind_bracket(text: &str, all: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in all.iter().enumerate().skip(open) {
        if token.is(text, '(') {
            depth += 1;
        } else if token.is(text, ')') {
            depth -= 1;
            if depth == 0 {
                return i + 1;
            }
        }
    }
    all.len()
}

fn last_end(text: &str, done: &[Piece]) -> usize {
    match done.last() {
        Some(Piece::Statement(range)) => (range.end + 1).min(text.len()),
        Some(Piece::Command(range)) => range.end,
        None => 0,
    }
}

fn in_command(text: &str, begin: usize) -> Place {
    let line = &text[begin..];
    match line.split_once(char::is_whitespace) {
        None => Place { wanted: Wanted::Command, start: begin },
        Some((name, rest)) => {
            let argument = commands::find(name).map_or(Argument::Nothing, |command| command.argument);
            // A path may hold blanks; everything else is one word.
            let start = match argument {
                Argument::File => text.len() - rest.trim_start().len(),
                _ => text.len() - rest.rsplit(char::is_whitespace).next().map_or(0, str::len),
            };
            Place { wanted: Wanted::Argument(argument), start }
        }
    }
}

/// What stands at the end of a statement's beginning.
fn in_statement(text: &str) -> Place {
    let all: Vec<Token> = tokens(text).collect();
    let end = text.len();
    let nothing = Place { wanted: Wanted::Nothing, start: end };
    let (word, before) = match all.split_last() {
        None => return Place { wanted: Wanted::Beginning, start: end },
        Some((last, before)) => match last.kind {
            Kind::Comment => return nothing,
            Kind::Text if last.closed => return nothing,
            Kind::Text => return in_text(text, before, *last),
            Kind::Number => return nothing,
            Kind::Parameter => return Place { wanted: Wanted::Parameter, start: last.start },
            Kind::Symbol if last.of(text) == "$" => return Place { wanted: Wanted::Parameter, start: last.start },
            Kind::Word => (last.start, before),
            Kind::Name if !last.closed => (last.start, before),
            Kind::Name | Kind::Blank | Kind::Symbol => (end, all.as_slice()),
        },
    };
    let before: Vec<Token> = before.iter().copied().filter(|token| !token.is_space()).collect();
    let wanted = match before.last() {
        None => Wanted::Beginning,
        Some(dot) if dot.is(text, '.') => {
            let table = before.len().checked_sub(2).and_then(|i| before[i].name(text));
            table.map_or(Wanted::Nothing, Wanted::ColumnOf)
        }
        Some(_) if wants_table(text, &before) => Wanted::Table,
        Some(_) => Wanted::Anything,
    };
    Place { wanted, start: word }
}

/// Words after which a table comes.
const BEFORE_TABLE: &[&str] = &["from", "join", "table", "describe", "desc", "into"];

/// Whether a table comes after these tokens: after `from`, or after a comma in the list behind it.
fn wants_table(text: &str, before: &[Token]) -> bool {
    let is_before_table = |token: &Token| BEFORE_TABLE.iter().any(|word| token.is_word(text, word));
    match before.last() {
        // `desc` at the end of an order is no description.
        Some(last) if last.is_word(text, "desc") => before.len() == 1,
        Some(last) if is_before_table(last) => true,
        Some(last) if last.is(text, ',') => {
            // Names, dots, commas and `as` reach back to a `from`.
            let clause = before.iter().rev().find(|token| {
                let listed = token.is(text, ',') || token.is(text, '.') || token.kind == Kind::Name;
                let named = token.kind == Kind::Word && !Vocabulary::is_keyword(&token.of(text).to_lowercase());
                !(listed || named || token.is_word(text, "as"))
            });
            clause.is_some_and(|token| token.is_word(text, "from"))
        }
        _ => false,
    }
}

/// What stands in an open text: an argument of `kpi(…)`, or nothing that is known.
fn in_text(text: &str, before: &[Token], open: Token) -> Place {
    let nothing = Place { wanted: Wanted::Nothing, start: text.len() };
    let before: Vec<Token> = before.iter().copied().filter(|token| !token.is_space()).collect();
    let Some(bracket) = open_bracket(text, &before) else { return nothing };
    let called = bracket.checked_sub(1).is_some_and(|i| before[i].is_word(text, "kpi"));
    if !called || open.of(text).starts_with('$') {
        return nothing;
    }
    let inside = &before[bracket + 1..];
    let first = inside.iter().all(|token| !token.is(text, ','));
    // A list of dimensions is one text; the word is what comes after its last comma.
    let said = &text[open.start + 1..];
    let word = said.rfind(',').map_or(said, |comma| said[comma + 1..].trim_start());
    let start = text.len() - word.len();
    if first {
        return Place { wanted: Wanted::KpiName, start: open.start + 1 };
    }
    let kpi = inside
        .first()
        .filter(|token| token.kind == Kind::Text)
        .map(|token| token.of(text).trim_matches('\'').to_owned());
    Place { wanted: Wanted::KpiOption(kpi), start }
}

/// The innermost bracket that is still open.
fn open_bracket(text: &str, tokens: &[Token]) -> Option<usize> {
    let mut closed = 0_usize;
    for (i, token) in tokens.iter().enumerate().rev() {
        if token.is(text, ')') {
            closed += 1;
        } else if token.is(text, '(') {
            match closed.checked_sub(1) {
                Some(rest) => closed = rest,
                None => return Some(i),
            }
        }
    }
    None
}
