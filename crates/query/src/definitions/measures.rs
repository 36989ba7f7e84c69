//! Measures as they are written to measures as SQL.

mod column;

use std::collections::BTreeMap;

use arrow::datatypes::SchemaRef;
use toml::Spanned;

use self::column::Column;
use super::forms::{Form, both, breached, filtered, from_seconds, in_unit, met, ratio, shared_percentile};
use super::written::{Columns, Count, Entry, File, KindName, Percentile, Place, is_name, unknown};
use super::{Contacts, DIMENSIONS, Expression, KpiField, Measure};
use crate::error::QueryError;

/// Names of columns that the engine adds; no measure can have them.
pub(super) const RESERVED: &[&str] = &["kpi", "bucket", "provisional", "target_us", "open_rows"];

/// What measures are worked out from.
pub(super) struct Base<'a> {
    pub(super) place: Place<'a>,
    pub(super) kind: KindName,
    /// The table as messages name it.
    pub(super) table: &'a str,
    /// Its columns, where they are known without an archive.
    pub(super) schema: Option<SchemaRef>,
    /// The column of time.
    pub(super) time: &'a str,
    /// Dimensions that the definition brings itself.
    pub(super) own_dimensions: Vec<&'a str>,
}

/// Measures, and the line of each.
pub(super) struct Found {
    pub(super) measures: Vec<Measure>,
    pub(super) lines: BTreeMap<String, usize>,
}

/// The measures of a file, in its order; hidden ones that they share stand before the first that needs them.
///
/// # Errors
/// [`QueryError::DefinitionValue`].
pub(super) fn measures(base: &Base<'_>, parsed: &File) -> Result<Found, QueryError> {
    let names = parsed.measures.iter().map(|entry| entry.get_ref().name.get_ref().as_str()).collect();
    let mut collector = Collector { base, parsed, names, measures: Vec::new(), lines: BTreeMap::new() };
    for entry in &parsed.measures {
        collector.take(entry.get_ref())?;
    }
    let Collector { measures, lines, .. } = collector;
    if measures.iter().all(|measure| measure.hidden) {
        return Err(base.place.error(&parsed.name, "a definition needs a measure that is not hidden"));
    }
    Ok(Found { measures, lines })
}

/// What has been read so far.
struct Collector<'a> {
    base: &'a Base<'a>,
    parsed: &'a File,
    /// The names of all measures of the file, those to come too.
    names: Vec<&'a str>,
    measures: Vec<Measure>,
    lines: BTreeMap<String, usize>,
}

impl<'a> Collector<'a> {
    fn take(&mut self, entry: &'a Entry) -> Result<(), QueryError> {
        let place = self.base.place;
        self.check_measure_name(&entry.name)?;
        let form = Form::of(place, entry)?;
        self.check_form(entry, form)?;
        let condition = entry.condition.as_ref().map(|sql| sql.get_ref().as_str());
        let expression = match form {
            Form::Sql(sql) => {
                place.check_sql(sql)?;
                Expression::Aggregate(sql.get_ref().trim().to_owned())
            }
            Form::Row(sql) => {
                place.check_sql(sql)?;
                Expression::Row(sql.get_ref().trim().to_owned())
            }
            Form::Count(count) => self.count(entry, count, condition)?,
            Form::CountDistinct(columns) => Expression::Aggregate(self.count_distinct(entry, columns, condition)?),
            Form::Sum(name) => {
                let column = self.number(entry, "sum", name, name.get_ref())?;
                let unit = self.unit(entry, &column)?;
                let sum = format!("sum({}){}", column.name, filtered(condition));
                Expression::Aggregate(in_unit(&sum, unit))
            }
            Form::Mean(name) => {
                let column = self.number(entry, "mean", name, name.get_ref())?;
                let sql = match self.unit(entry, &column)? {
                    Some(unit) => from_seconds(&format!("mean_s({}){}", column.name, filtered(condition)), unit),
                    None => format!("avg({}){}", column.name, filtered(condition)),
                };
                Expression::Aggregate(sql)
            }
            Form::Min(name) | Form::Max(name) => self.extreme(entry, form, name, condition)?,
            Form::Percentile(percentile) => self.percentile(entry, percentile, condition)?,
            Form::CountWithinTarget(name) => {
                let column = self.span(entry, form.key(), name)?;
                Expression::Aggregate(met(column.name, condition))
            }
            Form::CountBreached(name) => {
                let column = self.span(entry, form.key(), name)?;
                Expression::Aggregate(breached(self.base.table, column.name, condition))
            }
            Form::ShareWithinTarget(name) => {
                let column = self.span(entry, form.key(), name)?;
                let met = self.shared(entry, met(column.name, condition), "met");
                let breached = self.shared(entry, breached(self.base.table, column.name, condition), "breached");
                Expression::Row(ratio(&met, &format!("{met} + {breached}")))
            }
            Form::Ratio(parts) => self.ratio(entry, parts)?,
            Form::Kpi(field) => self.of_kpi(field)?,
        };
        let rollup = match &entry.rollup {
            None => None,
            Some(rollup) => {
                place.check_sql(rollup)?;
                if !matches!(expression, Expression::Aggregate(_)) || self.parsed.rollup.is_none() {
                    let reason = "rollup is for measures over rows, in a definition with [rollup]";
                    return Err(place.error(rollup, reason));
                }
                Some(rollup.get_ref().trim().to_owned())
            }
        };
        self.push(entry, entry.name.get_ref().clone(), expression, rollup, entry.hidden);
        for companion in &entry.of_row {
            self.check_measure_name(companion)?;
            let name = companion.get_ref();
            if self.names.contains(&name.as_str()) {
                return Err(place.error(companion, format!("there are two measures {name}; choose another name")));
            }
            let expression = Expression::Row(self.companion(entry, name));
            self.push(entry, name.clone(), expression, None, entry.hidden);
        }
        Ok(())
    }

    fn push(&mut self, entry: &Entry, name: String, expression: Expression, rollup: Option<String>, hidden: bool) {
        self.lines.insert(format!("measures.{name}"), self.line_of(entry));
        self.measures.push(Measure { name, expression, rollup, hidden, empty: entry.empty });
    }

    /// The line of what can still turn out to be wrong with a measure: the SQL that it is written in, or the field that it
    /// is of. Columns are known by now, but for those of a view.
    fn line_of(&self, entry: &Entry) -> usize {
        let own = entry.sql.as_ref().or(entry.row.as_ref()).or(entry.kpi.as_ref());
        let condition = entry.condition.as_ref().filter(|_| self.base.schema.is_some());
        self.base.place.line_of(own.or(condition).unwrap_or(&entry.name))
    }

    fn check_measure_name(&self, name: &Spanned<String>) -> Result<(), QueryError> {
        let place = self.base.place;
        place.check_name(name, "the name of a measure")?;
        let text = name.get_ref().as_str();
        if RESERVED.contains(&text) || DIMENSIONS.contains(&text) || self.base.own_dimensions.contains(&text) {
            return Err(place.error(name, format!("a measure cannot be called {text}; choose another name")));
        }
        if self.measures.iter().any(|measure| measure.name == text) {
            return Err(place.error(name, format!("there are two measures {text}; choose another name")));
        }
        Ok(())
    }

    /// Checks that the kind of definition knows the form, and that nothing else is said than what goes with it.
    fn check_form(&self, entry: &Entry, form: Form<'_>) -> Result<(), QueryError> {
        let place = self.base.place;
        let (name, key) = (entry.name.get_ref(), form.key());
        let wrong = match self.base.kind {
            KindName::Flow => matches!(form, Form::Kpi(_)).then_some("is for definitions with kind = \"derived\""),
            KindName::Stock => (!matches!(form, Form::Count(_) | Form::Row(_) | Form::Ratio(_)))
                .then_some("is not for stocks; they have count, row and ratio"),
            KindName::Derived => (!matches!(form, Form::Kpi(_) | Form::Row(_) | Form::Ratio(_)))
                .then_some("is for rows, and a derived KPI has none; it has kpi, row and ratio"),
        };
        if let Some(wrong) = wrong {
            return Err(place.error(&entry.name, format!("measure {name}: {key} {wrong}")));
        }
        if let Some(condition) = &entry.condition {
            place.check_sql(condition)?;
            if self.base.kind != KindName::Flow || !form.takes_condition() {
                let reason = format!("where does not go with {key}; write the condition into the SQL");
                return Err(place.error(condition, reason));
            }
        }
        if let Some(companion) = entry.of_row.first()
            && !matches!(form, Form::Min(_) | Form::Max(_))
        {
            return Err(place.error(companion, "of_row goes with max and min"));
        }
        let is_span_form =
            matches!(form, Form::Sum(_) | Form::Mean(_) | Form::Min(_) | Form::Max(_) | Form::Percentile(_));
        if let Some(unit) = &entry.unit
            && !is_span_form
        {
            return Err(place.error(unit, "unit goes with sum, mean, min, max and percentile"));
        }
        Ok(())
    }

    fn count(
        &self,
        entry: &Entry,
        count: &'a Spanned<Count>,
        condition: Option<&str>,
    ) -> Result<Expression, QueryError> {
        let place = self.base.place;
        if self.base.kind == KindName::Stock {
            let which = match count.get_ref() {
                Count::Of(name) => contacts(name),
                Count::Rows(_) => None,
            };
            return which.map(Expression::Contacts).ok_or_else(|| {
                place.error(count, "a stock counts contacts; write \"known\", \"out\", \"went_out\" or \"reached\"")
            });
        }
        match count.get_ref() {
            Count::Rows(true) => Ok(Expression::Aggregate(format!("count(*){}", filtered(condition)))),
            Count::Rows(false) => Err(place.error(count, "count = false counts nothing; write true or a column")),
            Count::Of(name) => {
                let column = self.column(entry, "count", count, name)?;
                Ok(Expression::Aggregate(format!("count({}){}", column.name, filtered(condition))))
            }
        }
    }

    fn count_distinct(
        &self,
        entry: &Entry,
        columns: &'a Spanned<Columns>,
        condition: Option<&str>,
    ) -> Result<String, QueryError> {
        let names: Vec<&'a str> = match columns.get_ref() {
            Columns::One(name) => vec![name],
            Columns::Some(names) => names.iter().map(String::as_str).collect(),
        };
        for name in names.iter().copied() {
            self.column(entry, "count_distinct", columns, name)?;
        }
        match names.as_slice() {
            [one] => Ok(format!("count(DISTINCT {one}){}", filtered(condition))),
            [source, id] => Ok(format!("count_distinct_pair({source}, {id}){}", filtered(condition))),
            _ => Err(self.base.place.error(columns, "count_distinct takes one column, or a pair of columns")),
        }
    }

    /// A maximum or minimum, with the row that has it if companions are asked for.
    fn extreme(
        &mut self,
        entry: &'a Entry,
        form: Form<'_>,
        name: &'a Spanned<String>,
        condition: Option<&str>,
    ) -> Result<Expression, QueryError> {
        let column = self.column(entry, form.key(), name, name.get_ref())?;
        let unit = if column.is_span() || entry.unit.is_some() { self.unit(entry, &column)? } else { None };
        if entry.of_row.is_empty() {
            let sql = format!("{}({}){}", form.key(), column.name, filtered(condition));
            return Ok(Expression::Aggregate(in_unit(&sql, unit)));
        }
        for companion in &entry.of_row {
            self.column(entry, form.key(), companion, companion.get_ref())?;
        }
        let sql = if self.has_kernel(entry, form, &column) {
            format!("longest({}, {}, conversation_id){}", column.name, self.base.time, filtered(condition))
        } else {
            let others: Vec<&str> = entry.of_row.iter().map(|name| name.get_ref().as_str()).collect();
            let fields: Vec<String> = others.iter().map(|name| format!("'{name}', {name}")).collect();
            let order = if matches!(form, Form::Max(_)) { "DESC" } else { "ASC" };
            let there = both(&format!("{} IS NOT NULL", column.name), condition);
            format!(
                "first_value(named_struct('value', {column}, {}) ORDER BY {column} {order}, {}, {}){}",
                fields.join(", "),
                self.base.time,
                others.join(", "),
                filtered(Some(&there)),
                column = column.name,
            )
        };
        let row = row_of(entry);
        let value = if sql.starts_with("longest(") { "us" } else { "value" };
        let whole = format!("{row}['{value}']");
        self.push(entry, row, Expression::Aggregate(sql), None, true);
        Ok(Expression::Row(in_unit(&whole, unit)))
    }

    /// Whether the aggregate for longest spans gives the row: it knows the time and the conversation.
    fn has_kernel(&self, entry: &Entry, form: Form<'_>, column: &Column<'_>) -> bool {
        let known = |name: &Spanned<String>| {
            matches!(name.get_ref().as_str(), "conversation_id") || name.get_ref() == self.base.time
        };
        matches!(form, Form::Max(_))
            && column.is_span()
            && self.base.schema.as_ref().is_some_and(|schema| schema.column_with_name("conversation_id").is_some())
            && entry.of_row.iter().all(known)
    }

    /// The column of the row that has the extreme.
    fn companion(&self, entry: &Entry, name: &str) -> String {
        let row = row_of(entry);
        let is_kernel = self.measures.iter().any(|measure| {
            measure.name == row
                && matches!(&measure.expression, Expression::Aggregate(sql) if sql.starts_with("longest("))
        });
        let field = match (is_kernel, name) {
            (false, name) => name,
            (true, "conversation_id") => "id",
            (true, _) => "at",
        };
        format!("{row}['{field}']")
    }

    fn percentile(
        &mut self,
        entry: &'a Entry,
        percentile: &'a Spanned<Percentile>,
        condition: Option<&str>,
    ) -> Result<Expression, QueryError> {
        let Percentile { of, p } = percentile.get_ref();
        if !(0.0..=1.0).contains(p) {
            return Err(self.base.place.error(percentile, format!("p = {p} is no percentile; write one from 0 to 1")));
        }
        let column = self.number(entry, "percentile", percentile, of)?;
        let unit = self.unit(entry, &column)?;
        match (unit, shared_percentile(*p)) {
            (Some(unit), Some(field)) => {
                let sql = format!("percentiles_s({}){}", column.name, filtered(condition));
                let all = self.shared(entry, sql, "percentiles");
                Ok(Expression::Row(from_seconds(&format!("{all}['{field}']"), unit)))
            }
            _ => {
                let sql = format!("exact_percentile({}, {p:?}){}", column.name, filtered(condition));
                Ok(Expression::Aggregate(in_unit(&sql, unit)))
            }
        }
    }

    fn ratio(&self, entry: &Entry, parts: &Spanned<Vec<String>>) -> Result<Expression, QueryError> {
        let place = self.base.place;
        let [over, under] = parts.get_ref().as_slice() else {
            return Err(place.error(parts, "a ratio is of two measures, such as [\"n_late\", \"n\"]"));
        };
        for part in [over, under] {
            if part == entry.name.get_ref() {
                return Err(place.error(parts, format!("a ratio of {part} to itself; name other measures")));
            }
            let found = self.parsed.measures.iter().find(|other| other.get_ref().name.get_ref() == part);
            let Some(other) = found else {
                return Err(place.error(parts, unknown("measure", part, &self.names)));
            };
            let form = Form::of(place, other.get_ref())?;
            if self.base.kind == KindName::Flow && !form.adds_up() {
                let reason = format!(
                    "a ratio of {part}, which is a {}: a ratio is one sum over another; name measures that count or \
                     sum",
                    form.key()
                );
                return Err(place.error(parts, reason));
            }
            if matches!(form, Form::Row(_) | Form::Ratio(_)) {
                let reason = format!("a ratio of {part}, which is a {} itself; name what it is made of", form.key());
                return Err(place.error(parts, reason));
            }
        }
        Ok(Expression::Row(ratio(over, under)))
    }

    fn of_kpi(&self, field: &Spanned<String>) -> Result<Expression, QueryError> {
        match field.get_ref().split_once('.') {
            Some((kpi, field)) if is_name(kpi) && is_name(field) => {
                Ok(Expression::OfKpi(KpiField { kpi: kpi.to_owned(), field: field.to_owned() }))
            }
            _ => Err(self.base.place.error(field, "kpi names a field of a KPI, such as \"first_response_time.n\"")),
        }
    }

    /// The name of a measure with that SQL: one that is there, else a hidden one that is added.
    fn shared(&mut self, entry: &Entry, sql: String, what: &str) -> String {
        let is_same = |m: &&Measure| matches!(&m.expression, Expression::Aggregate(known) if *known == sql);
        if let Some(known) = self.measures.iter().find(is_same) {
            return known.name.clone();
        }
        let is_taken = |name: &str| self.names.contains(&name) || self.measures.iter().any(|m| m.name == name);
        let mut name = match what {
            "percentiles" if !is_taken(what) => what.to_owned(),
            _ => format!("{}_{what}", entry.name.get_ref()),
        };
        while is_taken(&name) {
            name.push('_');
        }
        self.push(entry, name.clone(), Expression::Aggregate(sql), None, true);
        name
    }
}

/// The name of the hidden measure with the row that has an extreme.
fn row_of(entry: &Entry) -> String {
    format!("row_of_{}", entry.name.get_ref())
}

/// The contacts that a stock counts, by name.
fn contacts(name: &str) -> Option<Contacts> {
    match name {
        "known" => Some(Contacts::Known),
        "out" => Some(Contacts::Out),
        "went_out" => Some(Contacts::WentOut),
        "reached" => Some(Contacts::Reached),
        _ => None,
    }
}
