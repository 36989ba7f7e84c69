//! What is wrong with a query that a user wrote, where in its text, and what was perhaps meant.

use datafusion::common::{Diagnostic, SchemaError};
use datafusion::error::DataFusionError;

use crate::catalog::{Catalog, FunctionKind};
use crate::error::QueryError;
use crate::nearest::nearest;
use crate::relations::KPI;

/// A place in the text of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// How many characters are meant; at least 1.
    pub columns: usize,
}

/// Where in its text a query is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// There.
    At(Place),
    /// Where this name stands.
    Name(String),
    /// At its end: something is missing.
    End,
    /// Nobody knows.
    Unknown,
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What, in one line, lower case, no full stop.
    pub text: String,
    /// Where.
    pub spot: Spot,
    /// What was perhaps meant, or what to do, in one line.
    pub hint: Option<String>,
}

impl QueryError {
    /// What is wrong with the user's query; `None` if the error is not about its text. `catalog` is what names may mean.
    pub fn complaint(&self, catalog: &Catalog) -> Option<Complaint> {
        match self {
            Self::BadQuery { reason, source } => Some(complaint(reason, source, catalog)),
            _ => None,
        }
    }
}

/// Words that a statement is made of, among which a misspelt one has its nearest.
const WORDS: &[&str] = &[
    "select",
    "from",
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "join",
    "left",
    "right",
    "full",
    "inner",
    "cross",
    "union",
    "except",
    "intersect",
    "with",
    "values",
    "distinct",
    "explain",
    "describe",
    "show",
    "create",
    "set",
    "drop",
    "by",
    "on",
    "as",
    "and",
    "or",
    "not",
    "between",
    "case",
    "when",
    "then",
    "else",
    "end",
];

fn complaint(reason: &str, error: &DataFusionError, catalog: &Catalog) -> Complaint {
    let diagnostic = error.diagnostic();
    let spanned = diagnostic.and_then(place_of);
    let at_or = |other: Spot| spanned.map_or(other, Spot::At);
    match error.find_root() {
        DataFusionError::SQL(parser, _) => of_parser(&parser.to_string()),
        DataFusionError::SchemaError(inner, _) => match inner.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let known: Vec<&str> = valid_fields.iter().map(|field| field.name()).collect();
                let meant = nearest(field.name(), &known).map(did_you_mean);
                Complaint {
                    text: format!("there is no column {}", field.flat_name()),
                    spot: at_or(Spot::Name(field.name().to_owned())),
                    hint: meant.or_else(|| known_columns(&known)),
                }
            }
            SchemaError::AmbiguousReference { field } => {
                let notes = diagnostic.map(|diagnostic| diagnostic.notes.as_slice()).unwrap_or_default();
                let names: Vec<&str> =
                    notes.iter().filter_map(|note| note.message.strip_prefix("possible column ")).collect();
                Complaint {
                    text: format!("column {} is in more than one table", field.name()),
                    spot: at_or(Spot::Name(field.name().to_owned())),
                    hint: (!names.is_empty()).then(|| format!("write {}", names.join(" or "))),
                }
            }
            _ => Complaint { text: lowered(reason), spot: at_or(Spot::Unknown), hint: None },
        },
        root => {
            let message = root.message();
            of_message(&message, reason, diagnostic, catalog, &at_or)
        }
    }
}

/// What planning says: unknown tables and functions, arguments that do not fit, columns that are not grouped.
fn of_message(
    message: &str,
    reason: &str,
    diagnostic: Option<&Diagnostic>,
    catalog: &Catalog,
    at_or: &dyn Fn(Spot) -> Spot,
) -> Complaint {
    if let Some(name) = between(message, "table '", "' not found") {
        let name = name.rsplit('.').next().unwrap_or(name);
        let known: Vec<&str> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
        let meant = nearest(name, &known).map(did_you_mean);
        return Complaint {
            text: format!("there is no table {name}"),
            spot: at_or(Spot::Name(name.to_owned())),
            hint: meant.or_else(|| (!known.is_empty()).then(|| format!("there are {}", known.join(", ")))),
        };
    }
    if let Some(name) = between(message, "Invalid function '", "'") {
        if name == KPI {
            return Complaint {
                text: format!("{KPI}(...) gives rows, not a value"),
                spot: at_or(Spot::Name(name.to_owned())),
                hint: Some(format!("write it behind FROM: SELECT * FROM {KPI}('first_response_time', 'week')")),
            };
        }
        if is_function(catalog, name, true) {
            return Complaint {
                text: format!("{name}(...) gives rows, not a value"),
                spot: at_or(Spot::Name(name.to_owned())),
                hint: Some(format!("write it behind FROM: SELECT * FROM {name}(...)")),
            };
        }
        return Complaint {
            text: format!("there is no function {name}"),
            spot: at_or(Spot::Name(name.to_owned())),
            hint: nearest(name, &names_of(catalog, false)).map(did_you_mean),
        };
    }
    if let Some(name) = between(message, "table function '", "' not found") {
        if is_function(catalog, name, false) {
            return Complaint {
                text: format!("{name}(...) gives a value, not rows"),
                spot: at_or(Spot::Name(name.to_owned())),
                hint: Some(format!("write it behind SELECT: SELECT {name}(...)")),
            };
        }
        let mut known = names_of(catalog, true);
        // It is no function to DataFusion, but a table with arguments.
        if !known.contains(&KPI) {
            known.push(KPI);
        }
        return Complaint {
            text: format!("there is no table function {name}"),
            spot: at_or(Spot::Name(name.to_owned())),
            hint: nearest(name, &known).map(did_you_mean).or_else(|| Some(format!("there are {}", known.join(", ")))),
        };
    }
    if let Some((_, rest)) = message.split_once("No value found for placeholder with name $") {
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        return Complaint {
            text: format!("parameter ${name} has no value"),
            spot: at_or(Spot::Unknown),
            hint: Some(format!("give it one with --param {name}=VALUE, or \\set {name} VALUE in the shell")),
        };
    }
    if let Some(call) = between(message, "given name and argument types '", "'") {
        let name = call.split('(').next().unwrap_or(call);
        // A function of this crate says which arguments it takes.
        let wanted = between(message, "coercion failed with: Error during planning: ", ". No function matches");
        return Complaint {
            text: format!("{name} does not take these arguments: {call}"),
            spot: at_or(Spot::Name(name.to_owned())),
            hint: wanted.map(str::to_owned),
        };
    }
    match diagnostic {
        Some(diagnostic) if diagnostic.span.is_some() => Complaint {
            text: lowered(one_line(&diagnostic.message)),
            spot: at_or(Spot::Unknown),
            hint: diagnostic.helps.first().map(|help| lowered(one_line(&help.message))),
        },
        _ => Complaint { text: lowered(reason), spot: Spot::Unknown, hint: None },
    }
}

/// What the parser says: `Expected: an expression, found: FROM at Line: 1, Column: 8`.
fn of_parser(message: &str) -> Complaint {
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let (text, at) = match message.rsplit_once(" at Line: ") {
        Some((text, at)) => (text, at.split_once(", Column: ")),
        None => (message, None),
    };
    let at = at.and_then(|(line, column)| Some((line.trim().parse().ok()?, column.trim().parse().ok()?)));
    let found = text.split_once(", found: ").map(|(_, found)| found);
    let columns = found.map_or(1, |found| found.chars().count().max(1));
    let spot = match (at, found) {
        (Some((line, column)), _) => Spot::At(Place { line, column, columns }),
        (None, Some("EOF")) => Spot::End,
        (None, _) => Spot::Unknown,
    };
    let said = match text.split_once(", found: ") {
        Some((wanted, "EOF")) => format!("{wanted}, found the end of the query"),
        Some((wanted, found)) => format!("{wanted}, found {found}"),
        None => text.to_owned(),
    };
    let meant = found
        .filter(|found| !WORDS.contains(&found.to_lowercase().as_str()))
        .and_then(|found| nearest(found, WORDS))
        .map(|word| did_you_mean(&word.to_uppercase()));
    Complaint { text: lowered(&one_line(&said).replace("Expected: ", "expected ")), spot, hint: meant }
}

/// The place of a diagnostic. Its columns are counted as here, and its end is the first that is no longer meant.
fn place_of(diagnostic: &Diagnostic) -> Option<Place> {
    let span = diagnostic.span?;
    let number = |n: u64| usize::try_from(n).ok().filter(|&n| n > 0);
    let (line, column) = (number(span.start.line)?, number(span.start.column)?);
    let end = if span.end.line == span.start.line { number(span.end.column)? } else { column + 1 };
    Some(Place { line, column, columns: end.saturating_sub(column).max(1) })
}

/// Names of functions that give rows, or of those that give values.
fn names_of(catalog: &Catalog, rows: bool) -> Vec<&str> {
    let fits = catalog.functions.iter().filter(|function| (function.kind == FunctionKind::Table) == rows);
    fits.map(|function| function.name.as_str()).collect()
}

/// Whether there is a function of that name, letter case aside, that gives rows, or a value.
fn is_function(catalog: &Catalog, name: &str, rows: bool) -> bool {
    names_of(catalog, rows).iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean {name}?")
}

/// The columns there are, if they are few enough to be read.
fn known_columns(known: &[&str]) -> Option<String> {
    (1..=24).contains(&known.len()).then(|| format!("there are {}", known.join(", ")))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

fn one_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end_matches('.')
}

/// A sentence as the middle of a line. A word in capitals stays what it is.
fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().collect::<String>() + &text[first.len_utf8()..]
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::RecordBatch;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;
    use crate::catalog::{Column, Function, FunctionKind, Table};
    use crate::testing;

    async fn complaint_about(query: &str) -> Complaint {
        let mut config = SessionConfig::new();
        config.options_mut().sql_parser.collect_spans = true;
        let context = SessionContext::new_with_config(config);
        let batch = |name: &str| {
            RecordBatch::try_from_iter([
                ("channel", testing::texts([Some("sms")].into_iter())),
                (name, testing::numbers([Some(1)].into_iter())),
            ])
        };
        context.register_batch("waits", batch("wait_us").unwrap()).unwrap();
        context.register_batch("sessions", batch("n_inbound").unwrap()).unwrap();
        let error = match context.state().create_logical_plan(query).await {
            Ok(plan) => context.execute_logical_plan(plan).await.err(),
            Err(error) => Some(error),
        };
        let catalog = Catalog {
            tables: vec![
                Table { name: "sessions".to_owned(), meaning: None, columns: Vec::<Column>::new() },
                Table { name: "waits".to_owned(), meaning: None, columns: Vec::new() },
            ],
            functions: [
                ("cot", FunctionKind::Scalar),
                ("count", FunctionKind::Aggregate),
                ("functions", FunctionKind::Table),
                ("sum", FunctionKind::Aggregate),
            ]
            .map(|(name, kind)| Function { name: name.to_owned(), kind, meaning: None })
            .to_vec(),
        };
        QueryError::of_user(error.expect("the query is wrong")).complaint(&catalog).expect("its text is")
    }

    fn at(line: usize, column: usize, columns: usize) -> Spot {
        Spot::At(Place { line, column, columns })
    }

    #[tokio::test]
    async fn unknown_names_have_their_nearest() {
        let found = complaint_about("select\n  chanel from waits").await;
        assert_eq!(found.text, "there is no column chanel");
        assert_eq!(found.hint.as_deref(), Some("did you mean channel?"));
        assert!(found.spot == at(2, 3, 6) || found.spot == Spot::Name("chanel".to_owned()), "{found:?}");

        let found = complaint_about("select * from wait").await;
        assert_eq!(found.text, "there is no table wait");
        assert_eq!(found.hint.as_deref(), Some("did you mean waits?"));
        assert!(found.spot == at(1, 15, 4) || found.spot == Spot::Name("wait".to_owned()), "{found:?}");

        let found = complaint_about("select cuont(*) from waits").await;
        assert_eq!(
            (found.text.as_str(), found.hint.as_deref()),
            ("there is no function cuont", Some("did you mean count?"))
        );

        let found = complaint_about("select zzzzzz from waits").await;
        assert_eq!(found.hint.as_deref(), Some("there are channel, wait_us"));
    }

    #[tokio::test]
    async fn functions_of_rows_and_of_values_are_told_apart() {
        for (query, text, hint) in [
            ("select * from kpii()", "there is no table function kpii", "did you mean kpi?"),
            ("select * from function()", "there is no table function function", "did you mean functions?"),
            (
                "select * from nothing_like_it()",
                "there is no table function nothing_like_it",
                "there are functions, kpi",
            ),
            (
                "select Functions()",
                "functions(...) gives rows, not a value",
                "write it behind FROM: SELECT * FROM functions(...)",
            ),
            (
                "select * from count(1)",
                "count(...) gives a value, not rows",
                "write it behind SELECT: SELECT count(...)",
            ),
        ] {
            let found = complaint_about(query).await;
            assert_eq!((found.text.as_str(), found.hint.as_deref()), (text, Some(hint)), "{query}");
        }
    }

    #[tokio::test]
    async fn what_the_parser_says_has_a_place() {
        let found = complaint_about("selct 1").await;
        assert_eq!(found.text, "expected an SQL statement, found selct");
        assert_eq!((found.spot, found.hint.as_deref()), (at(1, 1, 5), Some("did you mean SELECT?")));

        let found = complaint_about("select count( from waits").await;
        assert_eq!(found.text, "expected ), found waits");
        assert_eq!((found.spot, found.hint), (at(1, 20, 5), None));

        let found = complaint_about("select * from waits where").await;
        assert_eq!(found.text, "expected an expression, found the end of the query");
        assert_eq!(found.spot, Spot::End);

        let found = complaint_about("select 'abc").await;
        assert_eq!((found.text.as_str(), found.spot), ("unterminated string literal", at(1, 8, 1)));
    }

    #[tokio::test]
    async fn a_column_of_two_tables_is_said_to_be_so() {
        let found = complaint_about("select channel from waits, sessions").await;
        assert_eq!(found.text, "column channel is in more than one table");
    }

    #[test]
    fn a_parameter_without_a_value_says_how_it_gets_one() {
        let message = "No value found for placeholder with name $day_1";
        let found = of_message(message, message, None, &Catalog::default(), &|other| other);
        assert_eq!(found.text, "parameter $day_1 has no value");
        assert_eq!(
            found.hint.as_deref(),
            Some("give it one with --param day_1=VALUE, or \\set day_1 VALUE in the shell")
        );
    }

    #[test]
    fn texts_become_parts_of_a_line() {
        assert_eq!(lowered("Unary operator"), "unary operator");
        assert_eq!(lowered("UNION queries"), "UNION queries");
        assert_eq!(lowered(""), "");
        assert_eq!(between("a 'b' c", "'", "'"), Some("b"));
        assert_eq!(between("a 'b c", "'", "'"), None);
    }
}
