//! A TOML file to a definition.

use serde::Deserialize;
use tapemeasure_model::instant::HOUR_US;
use tapemeasure_model::settings::duration::parse_duration_us;
use toml::Spanned;

use super::{
    Better, Contacts, DIMENSIONS, Definition, Empty, Expression, Kind, Measure, ROLLUPS, Requirement, Rollup, Stock,
    TABLES, Target,
};
use crate::error::QueryError;
use crate::nearest::nearest;

/// Cells are whole minutes long: no zone's hours begin anywhere else today.
const MINUTE_US: i64 = 60_000_000;

/// Names of columns that the engine adds; no measure can have them.
const RESERVED: &[&str] = &["kpi", "bucket", "provisional", "target_us", "open_rows"];

/// A file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    title: String,
    description: String,
    #[serde(default)]
    kind: KindName,
    table: Spanned<String>,
    time: Spanned<String>,
    filter: Option<Spanned<String>>,
    dimensions: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    default_by: Vec<Spanned<String>>,
    unit: String,
    better: Better,
    target: Option<Target>,
    requires: Option<Requirement>,
    unsettled: Option<Spanned<String>>,
    stock: Option<Spanned<Stock>>,
    rollup: Option<RollupEntry>,
    measures: Vec<Spanned<Entry>>,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "snake_case")]
enum KindName {
    #[default]
    Flow,
    Stock,
}

/// A rollup as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollupEntry {
    table: Spanned<String>,
    time: Spanned<String>,
    step: Option<Spanned<String>>,
    dimensions: Vec<Spanned<String>>,
    having: Option<Spanned<String>>,
}

/// A measure as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    sql: Option<Spanned<String>>,
    row: Option<Spanned<String>>,
    count: Option<Contacts>,
    rollup: Option<Spanned<String>>,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    empty: Empty,
}

/// Where errors point to.
struct Place<'a> {
    file: &'a str,
    text: &'a str,
}

impl Place<'_> {
    /// The 1-based line of a byte.
    fn line(&self, byte: usize) -> usize {
        self.text.bytes().take(byte).filter(|&b| b == b'\n').count() + 1
    }

    fn error<T>(&self, at: &Spanned<T>, reason: String) -> QueryError {
        QueryError::DefinitionValue { file: self.file.to_owned(), line: self.line(at.span().start), reason }
    }

    /// A name that SQL needs no quotes for.
    fn check_name(&self, name: &Spanned<String>, what: &str) -> Result<(), QueryError> {
        let text = name.get_ref();
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if plain && text.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Ok(());
        }
        Err(self.error(name, format!("{what} {text:?} must be lower-case letters, digits and underscores")))
    }

    fn check_known(&self, name: &Spanned<String>, what: &str, known: &[&str]) -> Result<(), QueryError> {
        let text = name.get_ref().as_str();
        if known.contains(&text) {
            return Ok(());
        }
        let nearest = nearest(text, known).unwrap_or_default();
        let reason = format!("unknown {what} {text:?}; did you mean {nearest}? known are {}", known.join(", "));
        Err(self.error(name, reason))
    }

    /// SQL may have braces around `as_of` only: everything else would reach the parser as it is.
    fn check_sql(&self, sql: &Spanned<String>) -> Result<(), QueryError> {
        let text = sql.get_ref();
        if text.trim().is_empty() {
            return Err(self.error(sql, "the SQL is empty".to_owned()));
        }
        if text.replace("{as_of}", "").contains(['{', '}']) {
            return Err(self.error(sql, "braces are for {as_of} only".to_owned()));
        }
        Ok(())
    }
}

/// Reads a definition. `file` is its name for messages; `taken` are the names that are known already.
///
/// # Errors
/// [`QueryError::DefinitionSyntax`], [`QueryError::DefinitionValue`].
pub(super) fn definition(file: &str, text: &str, taken: &[&str]) -> Result<Definition, QueryError> {
    let place = Place { file, text };
    let parsed: File = toml::from_str(text).map_err(|error| QueryError::DefinitionSyntax {
        file: file.to_owned(),
        line: place.line(error.span().map_or(0, |span| span.start)),
        reason: error.message().lines().next().unwrap_or_default().to_owned(),
        source: Box::new(error),
    })?;
    place.check_name(&parsed.name, "the name")?;
    if taken.contains(&parsed.name.get_ref().as_str()) {
        let reason = format!("there is a KPI {} already; choose another name", parsed.name.get_ref());
        return Err(place.error(&parsed.name, reason));
    }
    place.check_known(&parsed.table, "table", TABLES)?;
    place.check_name(&parsed.time, "the column of time")?;
    for sql in [&parsed.filter, &parsed.unsettled].into_iter().flatten() {
        place.check_sql(sql)?;
    }
    let dimensions = dimensions(&place, &parsed)?;
    let kind = kind(&place, &parsed)?;
    let rollup = rollup(&place, &parsed, &dimensions)?;
    let measures = measures(&place, &parsed)?;
    Ok(Definition {
        name: parsed.name.into_inner(),
        title: parsed.title,
        description: parsed.description.trim().to_owned(),
        kind,
        table: parsed.table.into_inner(),
        time: parsed.time.into_inner(),
        filter: parsed.filter.map(Spanned::into_inner),
        dimensions,
        default_by: parsed.default_by.into_iter().map(Spanned::into_inner).collect(),
        unit: parsed.unit,
        better: parsed.better,
        target: parsed.target,
        requires: parsed.requires,
        unsettled: parsed.unsettled.map(Spanned::into_inner),
        rollup,
        measures,
    })
}

fn dimensions(place: &Place<'_>, parsed: &File) -> Result<Vec<String>, QueryError> {
    let allowed: Vec<&str> = match &parsed.dimensions {
        None => DIMENSIONS.to_vec(),
        Some(list) => {
            for name in list {
                place.check_known(name, "dimension", DIMENSIONS)?;
            }
            list.iter().map(|name| name.get_ref().as_str()).collect()
        }
    };
    for name in &parsed.default_by {
        place.check_known(name, "dimension", &allowed)?;
    }
    Ok(allowed.into_iter().map(str::to_owned).collect())
}

fn kind(place: &Place<'_>, parsed: &File) -> Result<Kind, QueryError> {
    match (&parsed.kind, &parsed.stock) {
        (KindName::Flow, None) => Ok(Kind::Flow),
        (KindName::Flow, Some(stock)) => {
            Err(place.error(stock, "[stock] is for definitions with kind = \"stock\"".to_owned()))
        }
        (KindName::Stock, None) => {
            Err(place.error(&parsed.name, "a definition with kind = \"stock\" needs [stock]".to_owned()))
        }
        (KindName::Stock, Some(stock)) => {
            if let Some(other) = parsed.filter.as_ref().or(parsed.unsettled.as_ref()) {
                let reason = "a stock has no filter and nothing unsettled; write conditions under [stock]".to_owned();
                return Err(place.error(other, reason));
            }
            if parsed.target.is_some() {
                return Err(place.error(&parsed.name, "a stock has no target".to_owned()));
            }
            let Stock { known, reached } = stock.get_ref();
            if [known, reached].iter().any(|sql| sql.trim().is_empty() || sql.contains(['{', '}'])) {
                return Err(place.error(stock, "conditions of a stock are SQL without braces".to_owned()));
            }
            Ok(Kind::Stock(stock.get_ref().clone()))
        }
    }
}

fn rollup(place: &Place<'_>, parsed: &File, dimensions: &[String]) -> Result<Option<Rollup>, QueryError> {
    let Some(entry) = &parsed.rollup else { return Ok(None) };
    let RollupEntry { table, time, step, dimensions: kept, having } = entry;
    place.check_known(table, "rollup", ROLLUPS)?;
    place.check_name(time, "the column of time")?;
    if parsed.unsettled.is_some() || parsed.target.is_some() {
        let reason = "a rollup knows neither targets nor what is unsettled; leave it out".to_owned();
        return Err(place.error(table, reason));
    }
    let allowed: Vec<&str> = dimensions.iter().map(String::as_str).collect();
    for name in kept {
        place.check_known(name, "dimension", &allowed)?;
    }
    if let Some(having) = having {
        place.check_sql(having)?;
    }
    let step_us = match (&parsed.kind, step) {
        (KindName::Flow, None) => {
            return Err(place.error(table, "the rollup of a flow needs a step, such as \"15m\"".to_owned()));
        }
        (KindName::Flow, Some(step)) => {
            let fits = |us: &i64| *us > 0 && us % MINUTE_US == 0 && HOUR_US % us == 0;
            let Some(us) = parse_duration_us(step.get_ref()).filter(fits) else {
                let reason = format!("step {:?} must be whole minutes that divide an hour", step.get_ref());
                return Err(place.error(step, reason));
            };
            Some(us)
        }
        (KindName::Stock, None) if having.is_none() => None,
        (KindName::Stock, _) => {
            return Err(place.error(table, "the rollup of a stock has neither step nor having".to_owned()));
        }
    };
    Ok(Some(Rollup {
        table: table.get_ref().clone(),
        time: time.get_ref().clone(),
        step_us,
        dimensions: kept.iter().map(|name| name.get_ref().clone()).collect(),
        having: having.as_ref().map(|having| having.get_ref().trim().to_owned()),
    }))
}

fn measures(place: &Place<'_>, parsed: &File) -> Result<Vec<Measure>, QueryError> {
    let mut measures: Vec<Measure> = Vec::with_capacity(parsed.measures.len());
    for entry in &parsed.measures {
        let Entry { name, sql, row, count, rollup, hidden, empty } = entry.get_ref();
        place.check_name(name, "the name of a measure")?;
        let text = name.get_ref();
        if RESERVED.contains(&text.as_str()) || DIMENSIONS.contains(&text.as_str()) {
            return Err(place.error(name, format!("a measure cannot be called {text}; choose another name")));
        }
        if measures.iter().any(|measure| measure.name == *text) {
            return Err(place.error(name, format!("there are two measures {text}; choose another name")));
        }
        let expression = match (sql, row, count) {
            (Some(sql), None, None) if parsed.kind == KindName::Flow => {
                place.check_sql(sql)?;
                Expression::Aggregate(sql.get_ref().trim().to_owned())
            }
            (None, Some(row), None) => {
                place.check_sql(row)?;
                Expression::Row(row.get_ref().trim().to_owned())
            }
            (None, None, Some(count)) if parsed.kind == KindName::Stock => Expression::Contacts(*count),
            _ => {
                let one = if parsed.kind == KindName::Flow { "sql" } else { "count" };
                return Err(place.error(name, format!("measure {text} needs exactly one of {one} and row")));
            }
        };
        if let Some(rollup) = rollup {
            place.check_sql(rollup)?;
            if sql.is_none() || parsed.rollup.is_none() {
                let reason = "rollup is for measures with sql, in a definition with [rollup]".to_owned();
                return Err(place.error(rollup, reason));
            }
        }
        let rollup = rollup.as_ref().map(|rollup| rollup.get_ref().trim().to_owned());
        measures.push(Measure { name: text.clone(), expression, rollup, hidden: *hidden, empty: *empty });
    }
    if measures.iter().all(|measure| measure.hidden) {
        return Err(place.error(&parsed.name, "a definition needs a measure that is not hidden".to_owned()));
    }
    Ok(measures)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"name = "answers"
title = "Answers"
description = "Answers."
table = "messages"
time = "occurred_at"
unit = "messages"
better = "higher"

[[measures]]
name = "answers"
sql = "count(*) FILTER (WHERE kind = 'answer')"
"#;

    #[track_caller]
    fn check(replaced: &str, by: &str, expected: &str) {
        let text = SOUND.replacen(replaced, by, 1);
        assert_ne!(text, SOUND, "{replaced:?} is not in the text");
        let error = definition("own.toml", &text, &["taken"]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_definition_needs_little() {
        let found = definition("own.toml", SOUND, &[]).unwrap();
        assert_eq!(found.kind, Kind::Flow);
        assert_eq!(found.dimensions, DIMENSIONS);
        let count = Expression::Aggregate("count(*) FILTER (WHERE kind = 'answer')".to_owned());
        assert_eq!(
            found.measures,
            [Measure {
                name: "answers".to_owned(),
                expression: count,
                rollup: None,
                hidden: false,
                empty: Empty::ByType
            }]
        );
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        check("name = \"answers\"", "name = \"taken\"", "own.toml, line 1: there is a KPI taken already");
        check("name = \"answers\"", "name = \"Answers!\"", "own.toml, line 1: the name \"Answers!\" must be");
        check(
            "messages\"\ntime",
            "mesages\"\ntime",
            "own.toml, line 4: unknown table \"mesages\"; did you mean messages?",
        );
        check("better = \"higher\"", "better = \"hihger\"", "own.toml, line 7:");
        check("unit = ", "units = ", "own.toml, line 6:");
        check("unit = ", "default_by = [\"chanel\"]\nunit = ", "own.toml, line 6: unknown dimension \"chanel\"");
        check(
            "]]\nname = \"answers\"",
            "]]\nname = \"bucket\"",
            "own.toml, line 10: a measure cannot be called bucket",
        );
        check("count(*)", "count({x})", "own.toml, line 11: braces are for {as_of} only");
        check(
            "sql = ",
            "count = \"known\"\nsql = ",
            "own.toml, line 10: measure answers needs exactly one of sql and row",
        );
        check(
            "better = ",
            "kind = \"stock\"\nbetter = ",
            "own.toml, line 1: a definition with kind = \"stock\" needs [stock]",
        );
        check("title = \"Answers\"", "title = 7", "own.toml, line 2:");
    }

    #[test]
    fn a_rollup_is_checked_too() {
        let with = |step: &str, more: &str| {
            format!(
                "better = \"higher\"\n[rollup]\ntable = \"message_cells\"\ntime = \"cell_start\"\n\
                 dimensions = [\"channel\"]\n{step}\n{more}\n"
            )
        };
        let better = "better = \"higher\"\n";
        let sound = SOUND.replacen(better, &with("step = \"15m\"", "having = \"sum(answers) > 0\""), 1);
        let found = definition("own.toml", &sound, &[]).unwrap().rollup.unwrap();
        assert_eq!((found.table.as_str(), found.step_us), ("message_cells", Some(900_000_000)));
        check(better, &with("", ""), "own.toml, line 9: the rollup of a flow needs a step");
        check(better, &with("step = \"7m\"", ""), "own.toml, line 12: step \"7m\" must be whole minutes");
        check(better, &with("step = \"15m\"", "").replace("message_cells", "cells"), "unknown rollup \"cells\"");
        check("sql = ", "rollup = \"sum(answers)\"\nsql = ", "rollup is for measures with sql, in a definition with");
    }
}
