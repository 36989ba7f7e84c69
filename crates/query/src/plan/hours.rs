//! Elapsed time or business hours: what the spans of a KPI are measured in (kpi-rules T2).
//!
//! With business hours a KPI reads its table with every span replaced by its business length, and the ages that its SQL
//! works out are business time as well. The calendar is that of the row's source, channel and team.
//!
//! ```text
//! FROM waits                         ──►  FROM (SELECT * REPLACE (business_us(opened_at, ...) AS wait_us, ...) FROM waits)
//! elapsed_us(opened_at, {as_of})     ──►  business_us(opened_at, {as_of}, source, channel, team)
//! elapsed_us(min(opened_at), ...)    ──►  max(business_us(opened_at, ..., source, channel, team))
//! ```
//!
//! The last one: of the first of several instants the age is the greatest. By several calendars the instant with the
//! greatest age need not be the first.

use super::sql::indented;
use crate::definitions::{Definition, Expression, names};
use crate::error::QueryError;

/// What spans are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Hours {
    /// Elapsed time.
    #[default]
    Elapsed,
    /// The part inside business hours, by the calendars of the settings.
    Business,
}

impl Hours {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Elapsed, Self::Business];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Elapsed => "elapsed",
            Self::Business => "business",
        }
    }

    /// The one of a name; `None` for anything else.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|hours| hours.as_str() == name)
    }
}

/// The span of a row, in a table that has one.
struct Span {
    table: &'static str,
    /// SQL of its start and end; null where the row has no length.
    from: &'static str,
    to: &'static str,
    /// The columns of its length in microseconds and in seconds.
    us: &'static str,
    s: &'static str,
}

/// The spans of the tables: a wait's (kpi-rules W3), and from the start of a resolution to the close (kpi-rules R1).
const SPANS: &[Span] = &[
    Span {
        table: "waits",
        from: "opened_at",
        to: "CASE WHEN wait_us IS NOT NULL THEN ended_at END",
        us: "wait_us",
        s: "wait_s",
    },
    Span {
        table: "sessions",
        from: "CASE WHEN initiated_by = 'agent' THEN first_inbound_at ELSE opened_at END",
        to: "CASE WHEN resolution_us IS NOT NULL THEN closed_at END",
        us: "resolution_us",
        s: "resolution_s",
    },
];

/// The function that measures elapsed time.
const ELAPSED: &str = "elapsed_us";

/// What chooses the calendar of a row.
const ROW: &str = "source, channel, team";

/// Aggregates that give one of several instants.
const OF_SEVERAL: &[&str] = &["min", "max", "first_value", "last_value", "nth_value", "median"];

/// What the spans of a request are measured in: business hours if the definition or the request says so, and there are
/// spans at all.
pub(crate) fn of(definition: &Definition, asked: Hours, filter: Option<&str>) -> Hours {
    if wanted(definition, asked) == Hours::Business && has_spans(definition, filter) {
        Hours::Business
    } else {
        Hours::Elapsed
    }
}

/// What the definition or the request says.
pub(crate) fn wanted(definition: &Definition, asked: Hours) -> Hours {
    if definition.hours == Hours::Business { Hours::Business } else { asked }
}

/// Whether a setting is one that business hours depend on.
pub(crate) fn is_setting(name: &str) -> bool {
    name.starts_with("calendars.") || name.contains("business_hours.")
}

/// Whether anything of a definition, or the condition of a request, is about spans.
fn has_spans(definition: &Definition, filter: Option<&str>) -> bool {
    let is_column = |name: &String| SPANS.iter().any(|span| name == span.us || name == span.s);
    let is_span = |name: &String| name == ELAPSED || is_column(name);
    // The columns of a view can have any name.
    let is_of_spans = |name: &String| is_span(name) || SPANS.iter().any(|span| name == span.table);
    if definition.view.iter().any(|view| names(view).iter().any(is_of_spans)) {
        return true;
    }
    // A condition that works out elapsed time itself means that.
    if filter.is_some_and(|filter| names(filter).iter().any(is_column)) {
        return true;
    }
    let mut texts: Vec<&str> = Vec::new();
    texts.extend(definition.filter.as_deref());
    texts.extend(definition.unsettled.as_deref());
    texts.extend(definition.own_dimensions.iter().map(|own| own.sql.as_str()));
    texts.extend(definition.measures.iter().filter_map(|measure| match &measure.expression {
        Expression::Aggregate(sql) | Expression::Row(sql) => Some(sql.as_str()),
        Expression::Contacts(_) | Expression::OfKpi(_) => None,
    }));
    texts.iter().any(|sql| names(sql).iter().any(is_span))
}

/// Checks that the ages in a definition's SQL can be business time: each is that of a row.
///
/// # Errors
/// [`QueryError::DefinitionValue`].
pub(crate) fn check(definition: &Definition) -> Result<(), QueryError> {
    for measure in &definition.measures {
        let of_aggregates = match &measure.expression {
            Expression::Aggregate(sql) => has_age_of_several(sql),
            Expression::Row(sql) => next_call(sql, ELAPSED).is_some(),
            Expression::Contacts(_) | Expression::OfKpi(_) => false,
        };
        if of_aggregates {
            return Err(definition.error(
                &format!("measures.{}", measure.name),
                format!(
                    "measure {} has the age of an aggregate, which no calendar is known for; write it over rows, such as \
                     max(elapsed_us(opened_at, {{as_of}}))",
                    measure.name
                ),
            ));
        }
    }
    Ok(())
}

/// What a definition reads instead of its table: the same rows with business lengths, under the same name.
pub(crate) fn rows(definition: &Definition, table: &str) -> String {
    if let Some(view) = &definition.view {
        let named = names(view);
        let replaced: Vec<String> = SPANS
            .iter()
            .filter(|span| named.iter().any(|name| name == span.table))
            .map(|span| format!("{} AS (\n  {}\n)", span.table, indented(&business_rows(span), 2)))
            .collect();
        let with = if replaced.is_empty() { String::new() } else { format!("WITH {}\n", replaced.join(",\n")) };
        let rows = format!("{with}SELECT * FROM (\n{}\n) AS {table}", in_business_time(view));
        return format!("(\n{rows}\n) AS {table}");
    }
    match SPANS.iter().find(|span| span.table == table) {
        Some(span) => format!("(\n  {}\n) AS {table}", indented(&business_rows(span), 2)),
        None => table.to_owned(),
    }
}

/// The rows of a table with business lengths.
fn business_rows(Span { table, from, to, us, s }: &Span) -> String {
    let span = format!("{from}, {to}, {ROW}");
    format!("SELECT * REPLACE (\n  business_us({span}) AS {us},\n  business_seconds({span}) AS {s}\n)\nFROM {table}")
}

/// SQL in which every time between two instants is business time. Calls that do not have two arguments stay: they are
/// errors, and are shown as they were written.
pub(crate) fn in_business_time(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(call) = next_call(rest, ELAPSED) {
        text.push_str(&rest[..call.start]);
        match call.arguments[..] {
            [from, to] => text.push_str(&business_call(from, &in_business_time(to.trim()))),
            _ => text.push_str(&rest[call.start..call.end]),
        }
        rest = &rest[call.end..];
    }
    text.push_str(rest);
    text
}

fn business_call(from: &str, to: &str) -> String {
    match least(from) {
        Some((of_row, condition)) => format!("max(business_us({of_row}, {to}, {ROW})){condition}"),
        None => format!("business_us({}, {to}, {ROW})", in_business_time(from.trim())),
    }
}

/// The argument of `min(...)`, and the `FILTER` behind it; `None` for anything else.
fn least(sql: &str) -> Option<(&str, &str)> {
    let sql = sql.trim();
    let call = next_call(sql, "min").filter(|call| call.start == 0)?;
    let of_row = match call.arguments[..] {
        [of_row] => of_row,
        _ => return None,
    };
    let condition = &sql[call.end..];
    let is_filter = condition.trim().is_empty() || names(condition).first().is_some_and(|name| name == "filter");
    is_filter.then(|| (of_row.trim(), condition))
}

/// Whether SQL has the age of one of several instants, other than of the first.
fn has_age_of_several(sql: &str) -> bool {
    let mut rest = sql;
    while let Some(call) = next_call(rest, ELAPSED) {
        let ages = call.arguments.iter().filter(|argument| least(argument).is_none());
        if ages.flat_map(|argument| names(argument)).any(|name| OF_SEVERAL.contains(&name.as_str())) {
            return true;
        }
        rest = &rest[call.end..];
    }
    false
}

/// A call of a function within SQL.
struct Call<'a> {
    /// Where its name begins.
    start: usize,
    /// Behind its closing bracket.
    end: usize,
    arguments: Vec<&'a str>,
}

/// The first call of a function, outside of texts in quotes; names are the same in any case.
fn next_call<'a>(sql: &'a str, function: &str) -> Option<Call<'a>> {
    let bytes = sql.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte == b'"';
    let mut quoted = false;
    for (start, &byte) in bytes.iter().enumerate() {
        quoted ^= byte == b'\'';
        let begins_word = start == 0 || !is_word(bytes[start - 1]);
        let named = sql.get(start..start + function.len()).is_some_and(|name| name.eq_ignore_ascii_case(function));
        if quoted || !begins_word || !named {
            continue;
        }
        let behind = &sql[start + function.len()..];
        let bracket = sql.len() - behind.trim_start().len();
        if bytes.get(bracket) == Some(&b'(')
            && let Some((end, arguments)) = arguments(sql, bracket + 1)
        {
            return Some(Call { start, end, arguments });
        }
    }
    None
}

/// The arguments from behind an opening bracket on, and what lies behind the closing one; `None` if there is none.
fn arguments(sql: &str, start: usize) -> Option<(usize, Vec<&str>)> {
    let (mut quoted, mut depth, mut from) = (false, 0_usize, start);
    let mut arguments = Vec::new();
    for (at, byte) in sql.bytes().enumerate().skip(start) {
        quoted ^= byte == b'\'';
        match byte {
            _ if quoted => {}
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b')' => {
                arguments.push(&sql[from..at]);
                return Some((at + 1, arguments));
            }
            b',' if depth == 0 => {
                arguments.push(&sql[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::Definitions;

    #[track_caller]
    fn check_text(sql: &str, expected: &str) {
        assert_eq!(in_business_time(sql), expected);
    }

    #[test]
    fn ages_become_business_time() {
        check_text(
            "end_reason = 'open' AND elapsed_us(opened_at, {as_of}) > target_us",
            "end_reason = 'open' AND business_us(opened_at, {as_of}, source, channel, team) > target_us",
        );
        check_text(
            "CAST(Elapsed_Us (min(opened_at) FILTER (WHERE end_reason = 'open'), {as_of}) AS DOUBLE) / 1000000",
            "CAST(max(business_us(opened_at, {as_of}, source, channel, team)) FILTER (WHERE end_reason = 'open') AS \
             DOUBLE) / 1000000",
        );
        check_text(
            "elapsed_us(coalesce(a, ')'), b) + elapsed_us(c, d)",
            "business_us(coalesce(a, ')'), b, source, channel, team) + business_us(c, d, source, channel, team)",
        );
        check_text("'elapsed_us(a, b)' = x", "'elapsed_us(a, b)' = x");
        for same in ["my_elapsed_us(a, b)", "elapsed_us(a)", "elapsed_us(a, b", "elapsed_us", ""] {
            check_text(same, same);
        }
    }

    #[test]
    fn ages_of_other_aggregates_are_refused() {
        assert!(!has_age_of_several("elapsed_us(min(a) FILTER (WHERE b), {as_of})"));
        assert!(!has_age_of_several("max(elapsed_us(a, {as_of}))"));
        assert!(has_age_of_several("elapsed_us(max(a), {as_of})"));
        assert!(has_age_of_several("elapsed_us(a, b) + elapsed_us(min(a) + b, {as_of})"));
    }

    #[test]
    fn only_what_measures_spans_knows_hours() {
        let definitions = Definitions::built_in();
        let of = |name: &str, filter| of(definitions.get(name).unwrap(), Hours::Business, filter);
        let timed = ["first_response_time", "average_response_time", "longest_wait_time", "resolution_time"];
        for name in definitions.names() {
            let expected = if timed.contains(&name) { Hours::Business } else { Hours::Elapsed };
            assert_eq!(of(name, None), expected, "{name}");
            check(definitions.get(name).unwrap()).unwrap();
        }
        assert_eq!(of("inbound_message_volume", Some("elapsed_us(occurred_at, now()) > 5")), Hours::Elapsed);
        assert_eq!(of("inbound_message_volume", Some("Wait_S > 5")), Hours::Business);
        let definition = definitions.get("resolution_time").unwrap();
        assert_eq!(super::of(definition, Hours::Elapsed, None), Hours::Elapsed);
    }

    #[test]
    fn a_table_is_read_with_business_lengths() {
        let definitions = Definitions::built_in();
        let waits = definitions.get("longest_wait_time").unwrap();
        assert_eq!(
            rows(waits, "waits"),
            "(
  SELECT * REPLACE (
    business_us(opened_at, CASE WHEN wait_us IS NOT NULL THEN ended_at END, source, channel, team) AS wait_us,
    business_seconds(opened_at, CASE WHEN wait_us IS NOT NULL THEN ended_at END, source, channel, team) AS wait_s
  )
  FROM waits
) AS waits"
        );
        assert_eq!(rows(waits, "messages"), "messages");
    }
}
