//! Every function of this crate with its arguments, its result and an example: one list for `functions()`, for the help
//! of the shell, for the reference in the documentation and for the tests that run the examples.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{DocSection, Documentation};

use crate::error::QueryError;

/// The table function that gives this list.
pub(crate) const FUNCTIONS: &str = "functions";

/// A function, as people read about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: &'static str,
    /// `scalar`, `aggregate` or `table`.
    pub(crate) kind: &'static str,
    /// Its arguments, those that may be left out in brackets.
    pub(crate) arguments: &'static str,
    /// The type and unit of its result.
    pub(crate) returns: &'static str,
    /// What it gives, with what nulls do.
    pub(crate) description: &'static str,
    /// A query that can be run over any archive; of a scalar function an expression.
    pub(crate) example: &'static str,
    /// The only value of its result, as CSV has it.
    pub(crate) result: &'static str,
}

/// Every function, by kind and subject.
pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        name: "instant",
        kind: "scalar",
        arguments: "text",
        returns: "instant",
        description: "Reads an RFC 3339 time with its offset. Null gives null, a text that is none is an error.",
        example: "instant('2025-03-03T10:00:00+01:00')",
        result: "2025-03-03T09:00:00Z",
    },
    Entry {
        name: "elapsed_us",
        kind: "scalar",
        arguments: "from, to",
        returns: "bigint, microseconds",
        description: "The time from one instant to another, negative if the other comes first. Null if either is.",
        example: "elapsed_us(instant('2025-03-30T00:30:00Z'), instant('2025-03-30T01:30:00Z'))",
        result: "3600000000",
    },
    Entry {
        name: "business_us",
        kind: "scalar",
        arguments: "from, to, calendar; or from, to, source, channel, team",
        returns: "bigint, microseconds",
        description: "The part of a span inside the business hours of a calendar, by its name or as the settings name it \
                      for source, channel and team; negative if to comes first. Null if an end or the name is.",
        example: "business_us(instant('2025-03-07T16:30:00Z'), null, 'support') IS NULL",
        result: "true",
    },
    Entry {
        name: "business_seconds",
        kind: "scalar",
        arguments: "from, to, calendar; or from, to, source, channel, team",
        returns: "double, seconds",
        description: "As business_us, in seconds. Null if an end of the span or the name of the calendar is.",
        example: "business_seconds(instant('2025-03-07T16:30:00Z'), null, 'support') IS NULL",
        result: "true",
    },
    Entry {
        name: "local_hour",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "instant",
        description: "The instant at which the local hour began; the two hours of an autumn change stay apart.",
        example: "local_hour(instant('2025-03-30T00:59:00Z'), 'Asia/Kathmandu')",
        result: "2025-03-30T00:15:00Z",
    },
    Entry {
        name: "local_day",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "date",
        description: "The local date. Null gives null.",
        example: "local_day(instant('2025-03-03T23:10:00Z'), 'Europe/Berlin')",
        result: "2025-03-04",
    },
    Entry {
        name: "local_week",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "date",
        description: "The local date on which the week began, by the setting week_start. Null gives null.",
        example: "local_week(instant('2025-03-06T12:00:00Z'), 'UTC')",
        result: "2025-03-03",
    },
    Entry {
        name: "local_month",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "date",
        description: "The first date of the local month. Null gives null.",
        example: "local_month(instant('2025-03-31T23:10:00Z'), 'Europe/Berlin')",
        result: "2025-04-01",
    },
    Entry {
        name: "local_quarter",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "date",
        description: "The first date of the local quarter. Null gives null.",
        example: "local_quarter(instant('2025-03-31T23:10:00Z'), 'UTC')",
        result: "2025-01-01",
    },
    Entry {
        name: "local_year",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "date",
        description: "The first date of the local year. Null gives null.",
        example: "local_year(instant('2025-12-31T23:30:00Z'), 'Europe/Berlin')",
        result: "2026-01-01",
    },
    Entry {
        name: "local_fiscal_quarter",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "date",
        description: "The first date of the local fiscal quarter, by the setting fiscal_year_start. Null gives null.",
        example: "local_fiscal_quarter(instant('2025-05-05T12:00:00Z'), 'UTC')",
        result: "2025-04-01",
    },
    Entry {
        name: "local_fiscal_year",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "date",
        description: "The first date of the local fiscal year, by the setting fiscal_year_start. Null gives null.",
        example: "local_fiscal_year(instant('2025-05-05T12:00:00Z'), 'UTC')",
        result: "2025-01-01",
    },
    Entry {
        name: "day_of_week",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "integer, 1 is Monday, 7 is Sunday",
        description: "The local day of the week. Null gives null.",
        example: "day_of_week(instant('2025-03-03T23:10:00Z'), 'Europe/Berlin')",
        result: "2",
    },
    Entry {
        name: "hour_of_day",
        kind: "scalar",
        arguments: "at [, zone]",
        returns: "integer, 0 to 23",
        description: "The hour that the local clock shows. Null gives null.",
        example: "hour_of_day(instant('2025-03-03T23:10:00Z'), 'Europe/Berlin')",
        result: "0",
    },
    Entry {
        name: "bucket_id",
        kind: "scalar",
        arguments: "at, grain [, zone]",
        returns: "bigint",
        description: "A number for the local bucket that sorts by time; what KPIs group by. Null gives null.",
        example: "bucket_id(instant('2025-03-03T23:10:00Z'), 'week', 'Europe/Berlin')",
        result: "20150",
    },
    Entry {
        name: "within",
        kind: "scalar",
        arguments: "span, limit",
        returns: "boolean",
        description: "Whether a span is no longer than a limit. Whole numbers are microseconds, others are seconds. Null \
                      gives null.",
        example: "within(600000001, '10 minutes')",
        result: "false",
    },
    Entry {
        name: "duration_us",
        kind: "scalar",
        arguments: "text",
        returns: "bigint, microseconds",
        description: "Reads a duration such as 10m, 90 seconds or 1h 30m. Null gives null, a text that is none is an \
                      error.",
        example: "duration_us('1h 30m')",
        result: "5400000000",
    },
    Entry {
        name: "human_duration",
        kind: "scalar",
        arguments: "span",
        returns: "text",
        description: "A span in its two largest units, rounded to the smaller. Whole numbers are microseconds, others are \
                      seconds. Null and what is no finite number give null.",
        example: "human_duration(4320.0)",
        result: "1 h 12 min",
    },
    Entry {
        name: "wait_band",
        kind: "scalar",
        arguments: "span [, bounds]",
        returns: "text that sorts by length",
        description: "The band of a histogram that a span lies in; a bound belongs to the band that it ends. Bounds are \
                      1m,5m,10m,30m,1h,4h,1d unless given. Whole numbers are microseconds, others are seconds. Null gives \
                      null.",
        example: "wait_band(372.0, '10m,1h')",
        result: "1: up to 10m",
    },
    Entry {
        name: "message_kind",
        kind: "scalar",
        arguments: "event_type, direction, author, private, automated",
        returns: "text: question, answer, bot or other",
        description: "What an event counts as. Never null; null flags count as false.",
        example: "message_kind('message', 'outbound', 'agent', false, true)",
        result: "bot",
    },
    Entry {
        name: "is_deleted",
        kind: "scalar",
        arguments: "source, event_id",
        returns: "boolean",
        description: "Whether a deleted event up to the as-of time names that event. Never null.",
        example: "is_deleted('a', 'an event that is not there')",
        result: "false",
    },
    Entry {
        name: "mean_s",
        kind: "aggregate",
        arguments: "us",
        returns: "double, seconds",
        description: "The mean of spans in microseconds, exact before its last rounding. Nulls do not count; of nothing it \
                      is null.",
        example: "SELECT mean_s(us) FROM (VALUES (60000000), (NULL), (90000000)) AS v (us)",
        result: "75.0",
    },
    Entry {
        name: "percentiles_s",
        kind: "aggregate",
        arguments: "us",
        returns: "struct of double, seconds: p50_s, p90_s, p95_s",
        description: "Exact percentiles of spans in microseconds, linear between the two nearest. Nulls do not count; of \
                      nothing all are null.",
        example: "SELECT p['p90_s'] FROM (SELECT percentiles_s(us) AS p FROM (VALUES (60000000), (NULL), (90000000)) AS v \
                  (us))",
        result: "87.0",
    },
    Entry {
        name: "exact_percentile",
        kind: "aggregate",
        arguments: "x, q",
        returns: "double, in the unit of x",
        description: "The exact percentile of numbers, linear between the two nearest; q is a constant from 0 to 1. Nulls \
                      do not count; of nothing it is null.",
        example: "SELECT exact_percentile(s, 0.9) FROM (VALUES (60.0), (NULL), (90.0)) AS v (s)",
        result: "87.0",
    },
    Entry {
        name: "approx_percentile",
        kind: "aggregate",
        arguments: "x, q",
        returns: "double, in the unit of x",
        description: "The percentile of numbers, at most 1 % off, in memory that does not grow with the rows; q is a \
                      constant from 0 to 1. Nulls do not count; of nothing it is null.",
        example: "SELECT abs(approx_percentile(s, 0.9) - 87.0) <= 0.87 FROM (VALUES (60.0), (NULL), (90.0)) AS v (s)",
        result: "true",
    },
    Entry {
        name: "longest",
        kind: "aggregate",
        arguments: "us, at, id",
        returns: "struct: us (bigint), at (instant), id (text)",
        description: "The longest span, when it began, whose it was; of equal ones the earliest, then the least id. Rows \
                      without a span do not count; of nothing all are null.",
        example: "SELECT l['id'] FROM (SELECT longest(us, instant(at), id) AS l FROM (VALUES (60, '2025-03-03T09:00:00Z', \
                  'c1'), (90, '2025-03-03T09:10:00Z', 'c2')) AS v (us, at, id))",
        result: "c2",
    },
    Entry {
        name: "count_distinct_pair",
        kind: "aggregate",
        arguments: "source, id",
        returns: "bigint",
        description: "Distinct pairs of texts, for ids that are unique inside a source only. A pair with a null does not \
                      count.",
        example: "SELECT count_distinct_pair(s, i) FROM (VALUES ('a', '1'), ('a', '1'), ('b', '1'), (NULL, '1')) AS v (s, i)",
        result: "2",
    },
    Entry {
        name: "kpi",
        kind: "table",
        arguments: "name [, grain, by, since, until, filter, target, hours, sparse]",
        returns: "bucket, the dimensions, the fields of the KPI, provisional",
        description: "The rows that `tape kpi` prints. Arguments are constants, in this order or by their names.",
        example: "SELECT bucket FROM kpi('inbound_message_volume', by => '')",
        result: "total",
    },
    Entry {
        name: FUNCTIONS,
        kind: "table",
        arguments: "",
        returns: "name, kind, arguments, returns, description, example, result",
        description: "This list.",
        example: "SELECT kind FROM functions() WHERE name = 'within'",
        result: "scalar",
    },
];

/// What DataFusion knows of a function of the list.
pub(crate) fn documentation(name: &str) -> Option<&'static Documentation> {
    static KNOWN: LazyLock<HashMap<&str, Documentation>> = LazyLock::new(|| {
        let section = DocSection { include: true, label: "Support", description: None };
        ENTRIES
            .iter()
            .map(|entry| {
                let syntax = format!("{}({})", entry.name, entry.arguments);
                let builder = Documentation::builder(section.clone(), entry.description, syntax);
                (entry.name, builder.with_sql_example(entry.example).build())
            })
            .collect()
    });
    KNOWN.get(name)
}

/// `functions()`: the list as a table.
#[derive(Debug)]
pub(crate) struct FunctionsTable;

impl TableFunctionImpl for FunctionsTable {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        if !args.exprs().is_empty() {
            let reason = "it takes no arguments; write functions()".to_owned();
            return Err(DataFusionError::External(Box::new(QueryError::BadCall { function: FUNCTIONS, reason })));
        }
        let column = |of: fn(&Entry) -> &'static str| -> ArrayRef {
            Arc::new(ENTRIES.iter().map(|entry| Some(of(entry))).collect::<StringArray>())
        };
        let rows = RecordBatch::try_from_iter([
            ("name", column(|entry| entry.name)),
            ("kind", column(|entry| entry.kind)),
            ("arguments", column(|entry| entry.arguments)),
            ("returns", column(|entry| entry.returns)),
            ("description", column(|entry| entry.description)),
            ("example", column(|entry| entry.example)),
            ("result", column(|entry| entry.result)),
        ])?;
        Ok(Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows]])?))
    }
}

#[cfg(test)]
mod tests {
    use tapemeasure_facts::DeletedIds;
    use tapemeasure_model::zone::{WeekStart, Zone};

    use super::*;
    use crate::functions::local_time::Clocks;
    use crate::{aggregates, functions, relations};

    #[test]
    fn the_list_has_every_function_once() {
        let clocks = Arc::new(Clocks::new(Zone::UTC, WeekStart::Monday, (0, 0)));
        let scalars = functions::all(&clocks, &Arc::new(DeletedIds::new(std::iter::empty())));
        let aggregates = aggregates::all();
        let mut known: Vec<(&str, &str)> = scalars.iter().map(|function| (function.name(), "scalar")).collect();
        known.extend(aggregates.iter().map(|function| (function.name(), "aggregate")));
        known.extend([("kpi", "table"), (FUNCTIONS, "table")]);
        let mut listed: Vec<(&str, &str)> = ENTRIES.iter().map(|entry| (entry.name, entry.kind)).collect();
        known.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, known);
        for function in &scalars {
            assert!(function.documentation().is_some(), "{}", function.name());
        }
        for function in &aggregates {
            assert!(function.documentation().is_some(), "{}", function.name());
        }
    }

    #[test]
    fn the_arguments_of_kpi_are_those_that_it_reads() {
        let kpi = ENTRIES.iter().find(|entry| entry.name == "kpi").map(|entry| entry.arguments).unwrap_or_default();
        let listed: Vec<&str> = kpi.split([' ', ',', '[', ']']).filter(|word| !word.is_empty()).collect();
        assert_eq!(listed, relations::call::ARGUMENTS);
    }
}
