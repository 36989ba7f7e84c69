//! The ways to write a measure, and the SQL that each of them is.

use super::written::{Columns, Count, Entry, Percentile, Place, Unit};
use crate::error::QueryError;
use toml::Spanned;

/// The percentiles that `percentiles_s` gives in one pass, and their names in its result.
const SHARED_PERCENTILES: [(f64, &str); 3] = [(0.5, "p50_s"), (0.9, "p90_s"), (0.95, "p95_s")];

/// How a measure is worked out, as it is written.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    Sql(&'a Spanned<String>),
    Row(&'a Spanned<String>),
    Count(&'a Spanned<Count>),
    CountDistinct(&'a Spanned<Columns>),
    Sum(&'a Spanned<String>),
    Mean(&'a Spanned<String>),
    Min(&'a Spanned<String>),
    Max(&'a Spanned<String>),
    Percentile(&'a Spanned<Percentile>),
    CountWithinTarget(&'a Spanned<String>),
    CountBreached(&'a Spanned<String>),
    ShareWithinTarget(&'a Spanned<String>),
    Ratio(&'a Spanned<Vec<String>>),
    Kpi(&'a Spanned<String>),
}

impl<'a> Form<'a> {
    /// The one form of an entry.
    ///
    /// # Errors
    /// [`QueryError::DefinitionValue`] for none and for several.
    pub(super) fn of(place: Place<'_>, entry: &'a Entry) -> Result<Self, QueryError> {
        let all = [
            entry.sql.as_ref().map(Form::Sql),
            entry.row.as_ref().map(Form::Row),
            entry.count.as_ref().map(Form::Count),
            entry.count_distinct.as_ref().map(Form::CountDistinct),
            entry.sum.as_ref().map(Form::Sum),
            entry.mean.as_ref().map(Form::Mean),
            entry.min.as_ref().map(Form::Min),
            entry.max.as_ref().map(Form::Max),
            entry.percentile.as_ref().map(Form::Percentile),
            entry.count_within_target.as_ref().map(Form::CountWithinTarget),
            entry.count_breached.as_ref().map(Form::CountBreached),
            entry.share_within_target.as_ref().map(Form::ShareWithinTarget),
            entry.ratio.as_ref().map(Form::Ratio),
            entry.kpi.as_ref().map(Form::Kpi),
        ];
        let present: Vec<Self> = all.into_iter().flatten().collect();
        let name = entry.name.get_ref();
        match present.as_slice() {
            [one] => Ok(*one),
            [] => Err(place.error(
                &entry.name,
                format!("measure {name} does not say how it is worked out; give it one of {}", Self::NAMES.join(", ")),
            )),
            several => {
                let keys: Vec<&str> = several.iter().map(|form| form.key()).collect();
                Err(place.error(&entry.name, format!("measure {name} has {}; leave one of them", keys.join(" and "))))
            }
        }
    }

    /// The keys of all forms.
    const NAMES: [&'static str; 14] = [
        "sql",
        "row",
        "count",
        "count_distinct",
        "sum",
        "mean",
        "min",
        "max",
        "percentile",
        "count_within_target",
        "count_breached",
        "share_within_target",
        "ratio",
        "kpi",
    ];

    /// Its key.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Form::Sql(_) => "sql",
            Form::Row(_) => "row",
            Form::Count(_) => "count",
            Form::CountDistinct(_) => "count_distinct",
            Form::Sum(_) => "sum",
            Form::Mean(_) => "mean",
            Form::Min(_) => "min",
            Form::Max(_) => "max",
            Form::Percentile(_) => "percentile",
            Form::CountWithinTarget(_) => "count_within_target",
            Form::CountBreached(_) => "count_breached",
            Form::ShareWithinTarget(_) => "share_within_target",
            Form::Ratio(_) => "ratio",
            Form::Kpi(_) => "kpi",
        }
    }

    /// Whether rows can be left out of it by `where`.
    pub(super) fn takes_condition(&self) -> bool {
        !matches!(self, Form::Sql(_) | Form::Row(_) | Form::Ratio(_) | Form::Kpi(_))
    }

    /// Whether a sum of it over groups is that of all of them together, so that it can stand in a ratio. SQL may be.
    pub(super) fn adds_up(&self) -> bool {
        matches!(
            self,
            Form::Sql(_)
                | Form::Count(_)
                | Form::CountDistinct(_)
                | Form::Sum(_)
                | Form::CountWithinTarget(_)
                | Form::CountBreached(_)
        )
    }
}

/// ` FILTER (WHERE ...)`, or nothing. The condition ends on a line of its own where a comment could reach the bracket.
pub(super) fn filtered(condition: Option<&str>) -> String {
    match condition.map(str::trim) {
        None => String::new(),
        Some(condition) if condition.contains("--") => format!(" FILTER (WHERE\n{condition}\n)"),
        Some(condition) => format!(" FILTER (WHERE {condition})"),
    }
}

/// A condition and one that is the user's.
pub(super) fn both(own: &str, condition: Option<&str>) -> String {
    match condition.map(str::trim) {
        None => own.to_owned(),
        Some(condition) => format!("(\n{condition}\n) AND ({own})"),
    }
}

/// Microseconds as a unit; without one as they are.
pub(super) fn in_unit(sql: &str, unit: Option<Unit>) -> String {
    let us = match unit {
        None | Some(Unit::Us) => return sql.to_owned(),
        Some(Unit::S) => 1_000_000_i64,
        Some(Unit::M) => 60_000_000,
        Some(Unit::H) => 3_600_000_000,
        Some(Unit::D) => 86_400_000_000,
    };
    format!("CAST({sql} AS DOUBLE) / {us}")
}

/// Seconds as a unit.
pub(super) fn from_seconds(sql: &str, unit: Unit) -> String {
    match unit {
        Unit::Us => format!("{sql} * 1000000"),
        Unit::S => sql.to_owned(),
        Unit::M => format!("{sql} / 60"),
        Unit::H => format!("{sql} / 3600"),
        Unit::D => format!("{sql} / 86400"),
    }
}

/// One sum over another; null where there is nothing to divide by (kpi-rules A2).
pub(super) fn ratio(over: &str, under: &str) -> String {
    format!("CAST({over} AS DOUBLE) / nullif({under}, 0)")
}

/// The field of `percentiles_s` that is this percentile.
pub(super) fn shared_percentile(p: f64) -> Option<&'static str> {
    SHARED_PERCENTILES.iter().find(|(known, _)| *known == p).map(|(_, name)| *name)
}

/// Rows that met a target (kpi-rules G1).
pub(super) fn met(column: &str, condition: Option<&str>) -> String {
    format!("count(*){}", filtered(Some(&both(&format!("{column} <= target_us"), condition))))
}

/// Rows that breached a target: of waits also those that were abandoned, or are open for longer (kpi-rules G1).
pub(super) fn breached(table: &str, column: &str, condition: Option<&str>) -> String {
    let late = format!("{column} > target_us");
    let own = if (table, column) == ("waits", "wait_us") {
        format!(
            "{late}\n  OR end_reason = 'abandoned'\n  OR (end_reason = 'open' AND \
             elapsed_us(opened_at, {{as_of}}) > target_us)"
        )
    } else {
        late
    };
    format!("count(*){}", filtered(Some(&both(&own, condition))))
}
