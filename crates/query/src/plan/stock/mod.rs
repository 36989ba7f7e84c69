//! Stocks: contacts in a state at the end of each bucket, and those that came into it within (kpi-rules U1 to U3).
//!
//! Three queries bring what is needed, each small against the archive: when contacts were first seen, counted by
//! bucket, one by one only for those that ever opted out; who was reached; every change of a subscription. The rest is
//! sums over the buckets:
//!
//! ```text
//! bucket                      1     2     3     4
//! first seen                  5     2     0     1
//! a opted out 1 to 3          ├───────────┤
//! b opted out from 2 on             ├───────────►
//! known at the end            5     7     7     8
//! opted out at the end        1     2     1     1
//! ```
//!
//! When contacts were first seen comes from the definition's rollup where that is as good, and is not asked where nobody
//! wants to know; nor is who was reached.
//!
//! With dimensions a contact is known in the group of each of its rows, and opted out in the group of the event that
//! put it out. A contact that is opted out is known, even without a row.
//!
//! | file | is |
//! |---|---|
//! | [`texts`](mod@texts) | the queries |
//! | [`groups`] | combinations of dimension values, numbered |
//! | [`tally`] | the sums |

mod groups;
mod tally;
#[cfg(test)]
mod tests;
mod texts;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::internal_datafusion_err;
use datafusion::dataframe::DataFrame;
use datafusion::error::Result;
use datafusion::logical_expr::ident;
use datafusion::prelude::SessionContext;
use tapemeasure_model::zone::Grain;

use super::gather;
use super::period::{MAX_ROWS, Period};
use super::sql::Query;
use crate::definitions::Expression;
use crate::error::QueryError;
use groups::Groups;
use tally::Tally;
pub(crate) use texts::{Texts, texts};

/// Runs the queries of a request and puts their answers together: bucket ids, dimensions, the measures asked for.
///
/// # Errors
/// [`QueryError::TooManyRows`], [`QueryError::Resources`], [`QueryError::Storage`], [`QueryError::Internal`].
pub(crate) async fn run(
    context: &SessionContext,
    query: &Query<'_>,
    texts: &Texts,
    period: &Period,
    fill: bool,
) -> Result<RecordBatch, QueryError> {
    let doing = QueryError::while_doing("reading contacts and their subscriptions");
    let answers = Answers {
        seen: maybe_ask(context, texts.seen.as_deref()).await.map_err(&doing)?,
        reached: maybe_ask(context, texts.reached.as_deref()).await.map_err(&doing)?,
        changes: ask(context, &texts.changes).await.map_err(&doing)?,
    };
    finished(context, query, &answers, period, fill).await
}

/// Puts the answers of a request together: bucket ids, dimensions, the measures asked for.
///
/// # Errors
/// [`QueryError::TooManyRows`], [`QueryError::Resources`], [`QueryError::Internal`].
pub(crate) async fn finished(
    context: &SessionContext,
    query: &Query<'_>,
    answers: &Answers,
    period: &Period,
    fill: bool,
) -> Result<RecordBatch, QueryError> {
    let doing = QueryError::while_doing("counting contacts");
    let ids = period.ids()?;
    let mut groups = Groups::new(query.by);
    let groups_of = answers.groups(&mut groups).map_err(&doing)?;
    let (n_buckets, n_groups) = (ids.len() as u64, groups.len() as u64);
    if n_buckets.saturating_mul(n_groups) > MAX_ROWS {
        return Err(QueryError::TooManyRows { buckets: n_buckets, groups: n_groups, limit: MAX_ROWS });
    }
    let as_of_end_us = period.asked().as_of_us.saturating_add(1);
    let (starts, ends): (Vec<i64>, Vec<i64>) = ids
        .iter()
        .map(|&id| period.part(id))
        .map(|(start, end)| (start.unwrap_or(i64::MIN), end.unwrap_or(i64::MAX).min(as_of_end_us)))
        .unzip();
    let mut tally = Tally::new(ids, starts, ends, groups.len());
    tally.take(answers, &groups_of).map_err(&doing)?;
    let always = period.asked().grain == Grain::Total && query.by.is_empty();
    let counts = tally.batch(&groups, query, fill || always).map_err(&doing)?;
    let frame = with_rows(context, query, counts).map_err(&doing)?;
    gather(frame).await.map_err(&doing)
}

/// The columns of the result, without asking anything: bucket ids, dimensions, the measures asked for.
///
/// # Errors
/// A dimension or a measure that is made of others is no SQL over what there is.
pub(crate) async fn columns(context: &SessionContext, query: &Query<'_>, texts: &Texts) -> Result<Schema> {
    let changes = context.sql(&texts.changes).await?;
    let changes = changes.schema().as_arrow();
    let mut fields = vec![Field::new("bucket", DataType::Int64, false)];
    for dimension in query.by {
        fields.push(Field::new(dimension, changes.field_with_name(dimension)?.data_type().clone(), true));
    }
    for measure in query.measures.needed() {
        if matches!(measure.expression, Expression::Contacts(_)) {
            fields.push(Field::new(&measure.name, DataType::Int64, false));
        }
    }
    let counts = RecordBatch::new_empty(Arc::new(Schema::new(fields)));
    Ok(with_rows(context, query, counts)?.schema().as_arrow().clone())
}

async fn ask(context: &SessionContext, sql: &str) -> Result<RecordBatch> {
    gather(context.sql(sql).await?).await
}

async fn maybe_ask(context: &SessionContext, sql: Option<&str>) -> Result<Option<RecordBatch>> {
    match sql {
        Some(sql) => Ok(Some(ask(context, sql).await?)),
        None => Ok(None),
    }
}

/// The measures that are made of others, beside the counts.
fn with_rows(context: &SessionContext, query: &Query<'_>, counts: RecordBatch) -> Result<DataFrame> {
    let frame = context.read_batch(counts)?;
    let mut selected = vec![ident("bucket")];
    selected.extend(query.by.iter().map(ident));
    for measure in query.measures.shown() {
        selected.push(match &measure.expression {
            Expression::Row(sql) => {
                context.parse_sql_expr(&query.dated(sql), frame.schema())?.alias(measure.name.as_str())
            }
            Expression::Aggregate(_) | Expression::Contacts(_) | Expression::OfKpi(_) => ident(measure.name.as_str()),
        });
    }
    frame.select(selected)
}

/// What the three queries found, as far as they were asked.
pub(crate) struct Answers {
    seen: Option<RecordBatch>,
    reached: Option<RecordBatch>,
    changes: RecordBatch,
}

impl Answers {
    /// The group of every row of each answer.
    fn groups(&self, groups: &mut Groups<'_>) -> Result<[Vec<usize>; 3]> {
        let seen = self.seen.as_ref().map(|batch| groups.of(batch)).transpose()?;
        let reached = self.reached.as_ref().map(|batch| groups.of(batch)).transpose()?;
        Ok([seen.unwrap_or_default(), reached.unwrap_or_default(), groups.of(&self.changes)?])
    }
}

/// A column of an answer.
fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| internal_datafusion_err!("no column {name} among the answers"))
}
