//! A TOML file to a definition.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use tapemeasure_model::instant::{HOUR_US, MINUTE_US};
use tapemeasure_model::settings::duration::parse_duration_us;
use toml::Spanned;

use super::columns::schema_of;
use super::list::NO_FILE;
use super::measures::{Base, Found, RESERVED, measures};
use super::written::{Dimensions, File, KindName, Place, RollupEntry};
use super::{
    DIMENSIONS, Definition, Expression, Kind, Measure, OwnDimension, Part, ROLLUPS, Rollup, Stock, TABLES, cases,
    is_derived, spans,
};
use crate::error::QueryError;
use crate::verdict::DEFAULT_MIN_N;

/// The verb of `tape kpi` that stands where names stand.
const VERB: &str = "check";

/// The one rollup with a row a contact and channel, which a stock counts.
const CONTACTS: &str = "contacts";

/// Reads a definition. `file` is its name for messages; `taken` are the names that are known already, with their files.
///
/// # Errors
/// [`QueryError::DefinitionSyntax`], [`QueryError::DefinitionValue`].
pub(super) fn definition(file: &str, text: &str, taken: &[(&str, &str)]) -> Result<Definition, QueryError> {
    let place = Place { file, text };
    let parsed: File = toml::from_str(text).map_err(|error| QueryError::DefinitionSyntax {
        file: file.to_owned(),
        line: place.line(error.span().map_or(0, |span| span.start)),
        reason: error.message().lines().next().unwrap_or_default().to_owned(),
        source: Box::new(error),
    })?;
    check_name(place, &parsed, taken)?;
    let (table, time) = source(place, &parsed)?;
    for sql in [&parsed.filter, &parsed.unsettled, &parsed.view].into_iter().flatten() {
        place.check_sql(sql)?;
    }
    let own_dimensions = own_dimensions(place, &parsed)?;
    let dimensions = dimensions(place, &parsed, &own_dimensions)?;
    let base = Base {
        place,
        kind: parsed.kind,
        table: if parsed.view.is_some() { "the view" } else { &table },
        schema: if parsed.view.is_some() { None } else { schema_of(&table) },
        time: &time,
        own_dimensions: own_dimensions.iter().map(|own| own.name.as_str()).collect(),
    };
    let found = measures(&base, &parsed)?;
    let kind = kind(place, &parsed, &found.measures)?;
    let rollup = rollup(place, &parsed, &dimensions)?;
    let targets = spans::targets(place, &parsed, &dimensions)?;
    spans::check_target(place, &parsed, &found)?;
    let hours = spans::hours(place, &parsed)?;
    let headline = headline(place, &parsed, &found.measures)?;
    let n = n(place, &parsed, &found.measures)?;
    let tests = parsed.tests.iter().map(|entry| cases::case(place, entry)).collect::<Result<Vec<_>, _>>()?;
    let lines = lines(place, &parsed, &found);
    Ok(Definition {
        name: parsed.name.into_inner(),
        title: parsed.title,
        description: parsed.description.trim().to_owned(),
        file: file.to_owned(),
        kind,
        table,
        view: parsed.view.map(|view| view.into_inner().trim().to_owned()),
        time,
        filter: parsed.filter.map(Spanned::into_inner),
        dimensions,
        own_dimensions,
        default_by: parsed.default_by.into_iter().map(Spanned::into_inner).collect(),
        unit: parsed.unit,
        owner: parsed.owner,
        headline,
        n,
        min_n: parsed.min_n.unwrap_or(DEFAULT_MIN_N),
        better: parsed.better,
        target: parsed.target.map(Spanned::into_inner),
        targets,
        hours,
        requires: parsed.requires,
        unsettled: parsed.unsettled.map(Spanned::into_inner),
        rollup,
        measures: found.measures,
        tests,
        lines,
        lists_dimensions: matches!(parsed.dimensions, Some(Dimensions::Some(_))),
    })
}

fn check_name(place: Place<'_>, parsed: &File, taken: &[(&str, &str)]) -> Result<(), QueryError> {
    place.check_name(&parsed.name, "the name")?;
    let name = parsed.name.get_ref();
    if name == VERB {
        return Err(place.error(&parsed.name, format!("a KPI cannot be called {VERB}; choose another name")));
    }
    match taken.iter().find(|(taken, _)| taken == name) {
        None => Ok(()),
        Some((_, other)) => {
            let place_of = if *other == NO_FILE { NO_FILE.to_owned() } else { format!("in {other}") };
            let reason = format!("there is a KPI {name} already, {place_of}; choose another name");
            Err(place.error(&parsed.name, reason))
        }
    }
}

/// The table and its column of time; both empty for what has no rows.
fn source(place: Place<'_>, parsed: &File) -> Result<(String, String), QueryError> {
    if parsed.kind == KindName::Derived {
        let texts = [&parsed.table, &parsed.view, &parsed.time, &parsed.filter, &parsed.unsettled];
        return match texts.into_iter().flatten().next() {
            None => Ok((String::new(), String::new())),
            Some(text) => {
                let reason = "a derived KPI has no rows; it has neither table, view, time, filter nor unsettled";
                Err(place.error(text, reason))
            }
        };
    }
    let table = match (&parsed.table, &parsed.view) {
        (Some(table), None) => {
            place.check_known(table, "table", TABLES)?;
            table.get_ref().clone()
        }
        (None, Some(view)) if parsed.kind == KindName::Stock => {
            return Err(place.error(view, "a stock reads a table of the archive; write table"));
        }
        (None, Some(_)) => format!("rows_of_{}", parsed.name.get_ref()),
        (Some(_), Some(view)) => return Err(place.error(view, "leave one of table and view")),
        (None, None) => {
            let reason = format!("a definition needs a table, or a view of its own; tables are {}", TABLES.join(", "));
            return Err(place.error(&parsed.name, reason));
        }
    };
    let Some(time) = &parsed.time else {
        return Err(place.error(&parsed.name, "a definition needs time, the column that says when a row happened"));
    };
    place.check_name(time, "the column of time")?;
    if parsed.view.is_none()
        && let Some(schema) = schema_of(&table)
    {
        let known: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        place.check_known(time, &format!("column of {table}"), &known)?;
    }
    Ok((table, time.get_ref().clone()))
}

fn own_dimensions(place: Place<'_>, parsed: &File) -> Result<Vec<OwnDimension>, QueryError> {
    let Some(Dimensions::Own(own)) = &parsed.dimensions else { return Ok(Vec::new()) };
    // In the order of the file.
    let mut entries: Vec<(&String, &Spanned<String>)> = own.iter().collect();
    entries.sort_by_key(|(_, sql)| sql.span().start);
    let schema = parsed.table.as_ref().and_then(|table| schema_of(table.get_ref()));
    let mut all = Vec::with_capacity(entries.len());
    for (name, sql) in entries {
        place.check_name(&Spanned::new(sql.span(), name.clone()), "the name of a dimension")?;
        place.check_sql(sql)?;
        let is_column = schema.as_ref().is_some_and(|schema| schema.column_with_name(name).is_some());
        if RESERVED.contains(&name.as_str()) || DIMENSIONS.contains(&name.as_str()) || is_column {
            let reason =
                format!("an own dimension cannot be called {name}, which is there already; choose another name");
            return Err(place.error(sql, reason));
        }
        if parsed.kind != KindName::Flow {
            return Err(place.error(sql, "own dimensions are for definitions that count rows of a period"));
        }
        all.push(OwnDimension { name: name.clone(), sql: sql.get_ref().trim().to_owned() });
    }
    Ok(all)
}

/// What the definition can be grouped by.
fn dimensions(place: Place<'_>, parsed: &File, own: &[OwnDimension]) -> Result<Vec<String>, QueryError> {
    let allowed: Vec<&str> = match &parsed.dimensions {
        None => DIMENSIONS.to_vec(),
        Some(Dimensions::Own(_)) => DIMENSIONS.iter().copied().chain(own.iter().map(|own| own.name.as_str())).collect(),
        Some(Dimensions::Some(list)) => {
            // What a derived definition can be grouped by is known once its parts are.
            for name in list.iter().filter(|_| parsed.kind != KindName::Derived) {
                place.check_known(name, "dimension", DIMENSIONS)?;
            }
            list.iter().map(|name| name.get_ref().as_str()).collect()
        }
    };
    for name in parsed.default_by.iter().filter(|_| parsed.kind != KindName::Derived) {
        place.check_known(name, "dimension", &allowed)?;
    }
    Ok(allowed.into_iter().map(str::to_owned).collect())
}

fn kind(place: Place<'_>, parsed: &File, measures: &[Measure]) -> Result<Kind, QueryError> {
    if let (KindName::Stock | KindName::Derived, Some(line)) = (parsed.kind, target_line(place, parsed)) {
        let what = if parsed.kind == KindName::Stock { "a stock" } else { "a derived KPI" };
        return Err(place.error_in(line, format!("{what} has no target")));
    }
    if let (KindName::Stock | KindName::Derived, Some(hours)) = (parsed.kind, &parsed.hours) {
        return Err(place.error(hours, "hours are for definitions that count rows of a period"));
    }
    match (parsed.kind, &parsed.stock) {
        (KindName::Flow, None) => Ok(Kind::Flow),
        (KindName::Flow | KindName::Derived, Some(stock)) => {
            Err(place.error(stock, "[stock] is for definitions with kind = \"stock\""))
        }
        (KindName::Stock, None) => Err(place.error(&parsed.name, "a definition with kind = \"stock\" needs [stock]")),
        (KindName::Stock, Some(stock)) => {
            if let Some(other) = parsed.filter.as_ref().or(parsed.unsettled.as_ref()) {
                let reason = "a stock has no filter and nothing unsettled; write conditions under [stock]";
                return Err(place.error(other, reason));
            }
            let Stock { known, reached } = stock.get_ref();
            if [known, reached].iter().any(|sql| sql.trim().is_empty() || sql.contains(['{', '}'])) {
                return Err(place.error(stock, "conditions of a stock are SQL without braces"));
            }
            Ok(Kind::Stock(stock.get_ref().clone()))
        }
        (KindName::Derived, None) => parts(place, parsed, measures),
    }
}

/// The parts of a derived definition, a KPI each, in the order of first sight.
fn parts(place: Place<'_>, parsed: &File, measures: &[Measure]) -> Result<Kind, QueryError> {
    let mut parts: Vec<Part> = Vec::new();
    for measure in measures {
        let Expression::OfKpi(of) = &measure.expression else { continue };
        match parts.iter_mut().find(|part| part.kpi == of.kpi) {
            Some(part) if part.fields.contains(&of.field) => {}
            Some(part) => part.fields.push(of.field.clone()),
            None => {
                parts.push(Part { kpi: of.kpi.clone(), fields: vec![of.field.clone()], fingerprint: String::new() })
            }
        }
    }
    if parts.is_empty() {
        let reason = "a derived KPI needs a measure with kpi, such as kpi = \"first_response_time.n\"";
        return Err(place.error(&parsed.name, reason));
    }
    Ok(Kind::Derived(parts))
}

fn target_line(place: Place<'_>, parsed: &File) -> Option<usize> {
    let own = parsed.targets.values().next().map(|entry| place.line_of(entry));
    parsed.target.as_ref().map(|target| place.line_of(target)).or(own)
}

fn rollup(place: Place<'_>, parsed: &File, dimensions: &[String]) -> Result<Option<Rollup>, QueryError> {
    let Some(entry) = &parsed.rollup else { return Ok(None) };
    let RollupEntry { table, time, step, dimensions: kept, having } = entry;
    place.check_known(table, "rollup", ROLLUPS)?;
    place.check_name(time, "the column of time")?;
    if parsed.kind == KindName::Derived {
        return Err(place.error(table, "a derived KPI has no rows, and so no rollup; leave it out"));
    }
    if parsed.unsettled.is_some() || target_line(place, parsed).is_some() || parsed.hours.is_some() {
        let reason = "a rollup knows neither targets, nor hours, nor what is unsettled; leave it out";
        return Err(place.error(table, reason));
    }
    let allowed: Vec<&str> = dimensions.iter().map(String::as_str).collect();
    for name in kept {
        place.check_known(name, "dimension", &allowed)?;
    }
    check_columns(place, parsed.kind, entry)?;
    if let Some(having) = having {
        place.check_sql(having)?;
    }
    let step_us = match (parsed.kind, step) {
        (KindName::Flow, None) => {
            return Err(place.error(table, "the rollup of a flow needs a step, such as \"15m\""));
        }
        (KindName::Flow, Some(step)) => {
            // No zone's hours begin anywhere but at whole minutes today.
            let fits = |us: &i64| *us > 0 && us % MINUTE_US == 0 && HOUR_US % us == 0;
            let Some(us) = parse_duration_us(step.get_ref()).filter(fits) else {
                let reason = format!("step {:?} must be whole minutes that divide an hour", step.get_ref());
                return Err(place.error(step, reason));
            };
            Some(us)
        }
        (_, None) if having.is_none() => None,
        _ => return Err(place.error(table, "the rollup of a stock has neither step nor having")),
    };
    Ok(Some(Rollup {
        table: table.get_ref().clone(),
        time: time.get_ref().clone(),
        step_us,
        dimensions: kept.iter().map(|name| name.get_ref().clone()).collect(),
        having: having.as_ref().map(|having| having.get_ref().trim().to_owned()),
    }))
}

/// A rollup has the columns that are read of it.
fn check_columns(place: Place<'_>, kind: KindName, entry: &RollupEntry) -> Result<(), QueryError> {
    let RollupEntry { table, time, dimensions: kept, .. } = entry;
    let name = table.get_ref().as_str();
    if kind == KindName::Stock && name != CONTACTS {
        let reason = format!(
            "rollup.table cannot be {name:?} in a stock, which counts contacts; write {CONTACTS:?}, or leave [rollup] out"
        );
        return Err(place.error(table, reason));
    }
    let Some(schema) = schema_of(name) else { return Ok(()) };
    let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    place.check_known(time, &format!("column of {name}"), &columns)?;
    let is_instant = |field: &DataType| matches!(field, DataType::Timestamp(..));
    if !schema.field_with_name(time.get_ref()).is_ok_and(|field| is_instant(field.data_type())) {
        let reason = format!("{} of {name} is no instant; name a column that is one", time.get_ref());
        return Err(place.error(time, reason));
    }
    for dimension in kept {
        let text = dimension.get_ref().as_str();
        // A flow works weekdays and hours out of the time of its cells.
        let is_worked_out = kind == KindName::Flow && is_derived(text);
        if !is_worked_out && !columns.contains(&text) {
            let reason = format!("{name} keeps no {text}; leave it out of the dimensions of [rollup]");
            return Err(place.error(dimension, reason));
        }
    }
    Ok(())
}

/// The measure that stands for the definition: the one named, else the first that is no count of rows.
fn headline(place: Place<'_>, parsed: &File, measures: &[Measure]) -> Result<String, QueryError> {
    let visible: Vec<&Measure> = measures.iter().filter(|measure| !measure.hidden).collect();
    let names: Vec<&str> = visible.iter().map(|measure| measure.name.as_str()).collect();
    if let Some(name) = &parsed.headline {
        place.check_known(name, "measure", &names)?;
        return Ok(name.get_ref().clone());
    }
    let counts_rows = |measure: &Measure| match &measure.expression {
        Expression::Aggregate(sql) => sql.starts_with("count(") && !sql.to_lowercase().contains("distinct"),
        Expression::Row(_) | Expression::OfKpi(_) => false,
        Expression::Contacts(_) => true,
    };
    let first = visible.iter().find(|measure| !counts_rows(measure)).or(visible.first());
    Ok(first.map(|measure| measure.name.clone()).unwrap_or_default())
}

/// The measure that counts what the headline rests on: the one named, else one that is called `n`.
fn n(place: Place<'_>, parsed: &File, measures: &[Measure]) -> Result<Option<String>, QueryError> {
    let names: Vec<&str> = measures.iter().filter(|m| !m.hidden).map(|m| m.name.as_str()).collect();
    let Some(name) = &parsed.n else { return Ok(names.contains(&"n").then(|| "n".to_owned())) };
    place.check_known(name, "measure", &names)?;
    Ok(Some(name.get_ref().clone()))
}

/// The lines of the parts that can still turn out to be wrong.
fn lines(place: Place<'_>, parsed: &File, found: &Found) -> BTreeMap<String, usize> {
    let mut lines = found.lines.clone();
    lines.insert("name".to_owned(), place.line_of(&parsed.name));
    let texts =
        [("view", &parsed.view), ("time", &parsed.time), ("filter", &parsed.filter), ("unsettled", &parsed.unsettled)];
    for (part, text) in texts {
        if let Some(text) = text {
            lines.insert(part.to_owned(), place.line_of(text));
        }
    }
    match &parsed.dimensions {
        Some(Dimensions::Some(list)) => {
            lines.extend(list.first().map(|name| ("dimensions".to_owned(), place.line_of(name))));
        }
        Some(Dimensions::Own(own)) => {
            lines.extend(own.iter().map(|(name, sql)| (format!("dimensions.{name}"), place.line_of(sql))));
        }
        None => {}
    }
    lines.extend(parsed.default_by.first().map(|name| ("default_by".to_owned(), place.line_of(name))));
    lines.extend(parsed.stock.as_ref().map(|stock| ("stock".to_owned(), place.line_of(stock))));
    lines.extend(parsed.rollup.as_ref().map(|rollup| ("rollup".to_owned(), place.line_of(&rollup.table))));
    lines
}
