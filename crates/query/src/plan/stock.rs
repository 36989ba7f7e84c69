//! Stocks: contacts in a state at the end of each bucket, and those that came into it within (kpi-rules U1 to U3).
//!
//! Three queries bring what is needed, each small against the archive: when contacts were first seen, counted by bucket,
//! one by one only for those that ever opted out; who was reached; every change of a subscription. The rest is sums over
//! the buckets:
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
//! With dimensions a contact is known in the group of each of its rows, and opted out in the group of the event that put
//! it out. A contact that is opted out is known, even without a row.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::cast::{
    as_boolean_array, as_int64_array, as_string_view_array, as_timestamp_microsecond_array,
};
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::ident;
use datafusion::prelude::SessionContext;
use tapemeasure_model::zone::Grain;

use super::gather;
use super::period::{MAX_ROWS, Period};
use super::sql::{Query, columns, in_parens, indented, instant};
use crate::definitions::{Contacts, Expression, Stock};
use crate::error::QueryError;

/// The three queries of a stock.
#[derive(Debug, PartialEq)]
pub(crate) struct Texts {
    seen: String,
    reached: String,
    changes: String,
}

impl Texts {
    /// The queries as people see them.
    pub(crate) fn shown(&self) -> String {
        format!(
            "-- contacts by when they were first seen; one by one where they ever opted out\n{};\n\n\
             -- contacts that were reached\n{};\n\n-- who opted out and in\n{};",
            self.seen, self.reached, self.changes
        )
    }
}

/// The queries of a request.
pub(crate) fn texts(query: &Query<'_>, stock: &Stock) -> Texts {
    let Query { definition, by, asked, filter, .. } = query;
    let (time, grain) = (&definition.time, asked.grain);
    let base = |table: &str, time: &str| {
        let mut selected = vec!["*".to_owned()];
        selected.extend(query.derived(time));
        format!("base AS (\n  SELECT\n    {}\n  FROM {table}\n)", columns(&selected, 4))
    };
    let filtered = |indent: usize| {
        filter.map(|filter| format!("\n{:indent$}AND {}", "", in_parens(filter, indent))).unwrap_or_default()
    };
    let until = asked.until_us.map(|us| format!("\n  AND {time} < {}", instant(us))).unwrap_or_default();
    let since = asked.since_us.map(|us| format!("\n  AND {time} >= {}", instant(us))).unwrap_or_default();

    let mut keys = vec!["source".to_owned(), "contact_id".to_owned()];
    keys.extend(by.iter().filter(|d| !matches!(d.as_str(), "source" | "contact_id")).cloned());
    let mut each = vec!["source AS contact_source".to_owned(), "contact_id AS contact".to_owned()];
    each.extend(by.iter().cloned());
    each.push(format!("min({time}) AS first_at"));
    let bucket = format!("bucket_id(seen.first_at, '{grain}')");
    let mut counted = vec![format!("{bucket} AS bucket")];
    counted.extend(by.iter().map(|d| format!("seen.{d} AS {d}")));
    counted.extend(
        [
            "changed.contact_source AS contact_source",
            "changed.contact AS contact",
            "count(*) AS contacts",
            "min(seen.first_at) AS first_at",
        ]
        .map(str::to_owned),
    );
    let mut groups = vec![bucket];
    groups.extend(by.iter().map(|d| format!("seen.{d}")));
    groups.extend(["changed.contact_source", "changed.contact"].map(str::to_owned));
    let seen = format!(
        "WITH {},\nseen AS (\n  SELECT\n    {}\n  FROM base\n  WHERE ({}){}{}\n  GROUP BY {}\n),\nchanged AS (\n  \
         SELECT DISTINCT source AS contact_source, contact_id AS contact\n  FROM subscriptions\n  WHERE opted_out\n)\n\
         SELECT\n  {}\nFROM seen\nLEFT JOIN changed\n  ON seen.contact_source = changed.contact_source AND \
         seen.contact = changed.contact\nGROUP BY {}",
        base(&definition.table, time),
        columns(&each, 4),
        stock.known,
        indented(&until, 2),
        filtered(4),
        keys.join(", "),
        columns(&counted, 2),
        groups.join(", "),
    );

    let bucket = format!("bucket_id({time}, '{grain}')");
    let mut selected = vec![format!("{bucket} AS bucket")];
    selected.extend(by.iter().cloned());
    selected.push("count_distinct_pair(source, contact_id) AS contacts".to_owned());
    let mut groups = vec![bucket];
    groups.extend(by.iter().cloned());
    let reached = format!(
        "WITH {}\nSELECT\n  {}\nFROM base\nWHERE ({}){since}{until}{}\nGROUP BY {}",
        base(&definition.table, time),
        columns(&selected, 2),
        stock.reached,
        filtered(2),
        groups.join(", "),
    );

    let counted = match filter {
        Some(filter) => format!("coalesce({}, false) AS counted", in_parens(filter, 2)),
        None => "true AS counted".to_owned(),
    };
    let mut selected =
        ["source AS contact_source", "contact_id AS contact", "channel AS contact_channel"].map(str::to_owned).to_vec();
    selected.extend(["changed_at", "opted_out", "was_opted_out"].map(str::to_owned));
    selected.extend(by.iter().cloned());
    // Of one instant, an opt-in comes before an opt-out (kpi-rules O1), as false before true.
    let changes = format!(
        "WITH {}\nSELECT\n  {},\n  {counted}\nFROM base\nORDER BY contact_source, contact, contact_channel NULLS FIRST, \
         changed_at, opted_out, event_id",
        base("subscriptions", "changed_at"),
        columns(&selected, 2),
    );
    Texts { seen, reached, changes }
}

/// Runs the queries of a request and puts their answers together: bucket ids, dimensions, visible measures.
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
        seen: ask(context, &texts.seen).await.map_err(&doing)?,
        reached: ask(context, &texts.reached).await.map_err(&doing)?,
        changes: ask(context, &texts.changes).await.map_err(&doing)?,
    };
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
    tally.take(&answers, &groups_of).map_err(&doing)?;
    let always = period.asked().grain == Grain::Total && query.by.is_empty();
    let counts = tally.batch(&groups, query, fill || always).map_err(&doing)?;
    with_rows(context, query, counts).await.map_err(&doing)
}

async fn ask(context: &SessionContext, sql: &str) -> Result<RecordBatch> {
    gather(context.sql(sql).await?).await
}

/// Works out the measures that are made of others.
async fn with_rows(context: &SessionContext, query: &Query<'_>, counts: RecordBatch) -> Result<RecordBatch> {
    let frame = context.read_batch(counts)?;
    let mut selected = vec![ident("bucket")];
    selected.extend(query.by.iter().map(ident));
    for measure in query.definition.visible() {
        selected.push(match &measure.expression {
            Expression::Row(sql) => {
                context.parse_sql_expr(&query.dated(sql), frame.schema())?.alias(measure.name.as_str())
            }
            Expression::Aggregate(_) | Expression::Contacts(_) => ident(measure.name.as_str()),
        });
    }
    gather(frame.select(selected)?).await
}

/// What the three queries found.
struct Answers {
    seen: RecordBatch,
    reached: RecordBatch,
    changes: RecordBatch,
}

impl Answers {
    /// The group of every row of each answer.
    fn groups(&self, groups: &mut Groups<'_>) -> Result<[Vec<usize>; 3]> {
        Ok([groups.of(&self.seen)?, groups.of(&self.reached)?, groups.of(&self.changes)?])
    }
}

/// A column of an answer.
fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| internal_datafusion_err!("no column {name} among the answers"))
}

/// The combinations of dimension values, numbered as they come; one if there are no dimensions.
struct Groups<'a> {
    by: &'a [String],
    converter: Option<RowConverter>,
    numbers: HashMap<OwnedRow, usize>,
    rows: Vec<OwnedRow>,
}

impl<'a> Groups<'a> {
    fn new(by: &'a [String]) -> Self {
        Self { by, converter: None, numbers: HashMap::new(), rows: Vec::new() }
    }

    fn len(&self) -> usize {
        if self.by.is_empty() { 1 } else { self.rows.len() }
    }

    /// The group of each row of a batch that has the dimensions among its columns.
    fn of(&mut self, batch: &RecordBatch) -> Result<Vec<usize>> {
        if self.by.is_empty() {
            return Ok(vec![0; batch.num_rows()]);
        }
        let columns = self.by.iter().map(|name| column(batch, name).cloned()).collect::<Result<Vec<_>>>()?;
        let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
        let rows = self.converter.get_or_insert(RowConverter::new(fields)?).convert_columns(&columns)?;
        let mut groups = Vec::with_capacity(batch.num_rows());
        for row in rows.iter() {
            let row = row.owned();
            let next = self.rows.len();
            let group = *self.numbers.entry(row.clone()).or_insert(next);
            if group == next {
                self.rows.push(row);
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// The dimensions of some groups, one array a dimension.
    fn columns(&self, groups: &[usize]) -> Result<Vec<ArrayRef>> {
        let Some(converter) = &self.converter else { return Ok(Vec::new()) };
        Ok(converter.convert_rows(groups.iter().map(|&group| self.rows[group].row()))?)
    }
}

/// Counts of contacts by group and bucket. What is counted at the end of buckets is kept as differences between one and
/// the next.
struct Tally {
    ids: Vec<i64>,
    starts: Vec<i64>,
    /// The first instant after each bucket, never beyond the as-of time: ascending.
    ends: Vec<i64>,
    groups: usize,
    known: Vec<i64>,
    out: Vec<i64>,
    went_out: Vec<i64>,
    reached: Vec<i64>,
}

/// A contact by number, in a group.
type Member = (usize, usize);

impl Tally {
    fn new(ids: Vec<i64>, starts: Vec<i64>, ends: Vec<i64>, groups: usize) -> Self {
        let zeros = vec![0; ids.len() * groups];
        let (known, out, went_out) = (zeros.clone(), zeros.clone(), zeros.clone());
        Self { ids, starts, ends, groups, known, out, went_out, reached: zeros }
    }

    /// The first bucket whose end lies after an instant; as many as there are buckets if none does.
    fn first_ending_after(&self, us: i64) -> usize {
        self.ends.partition_point(|&end| end <= us)
    }

    /// Counts one more at the end of the buckets `from..to`.
    fn add(differences: &mut [i64], from: usize, to: usize) {
        if from < to {
            differences[from] += 1;
            if let Some(after) = differences.get_mut(to) {
                *after -= 1;
            }
        }
    }

    /// The place of a group's buckets.
    fn places(&self, group: usize) -> std::ops::Range<usize> {
        group * self.ids.len()..(group + 1) * self.ids.len()
    }

    fn take(&mut self, answers: &Answers, [seen, reached, changes]: &[Vec<usize>; 3]) -> Result<()> {
        self.take_reached(&answers.reached, reached)?;
        let mut contacts = Numbers::default();
        let first_seen = self.take_seen(&answers.seen, seen, &mut contacts)?;
        let spans = self.take_changes(&answers.changes, changes, &mut contacts)?;
        for ((group, contact), mut spans) in spans {
            let known_from =
                first_seen.get(&(group, contact)).map_or(self.ids.len(), |&us| self.first_ending_after(us));
            let places = self.places(group);
            spans.sort_unstable();
            // Out on two channels at once is out once.
            let mut covered = 0;
            for (from, to) in spans {
                let from = from.max(covered);
                Self::add(&mut self.out[places.clone()], from, to);
                Self::add(&mut self.known[places.clone()], from, to.min(known_from));
                covered = covered.max(to);
            }
        }
        Ok(())
    }

    fn take_reached(&mut self, batch: &RecordBatch, groups: &[usize]) -> Result<()> {
        let (buckets, counts) =
            (as_int64_array(column(batch, "bucket")?)?, as_int64_array(column(batch, "contacts")?)?);
        for (row, &group) in groups.iter().enumerate() {
            if let Ok(bucket) = self.ids.binary_search(&buckets.value(row)) {
                let place = self.places(group).start + bucket;
                self.reached[place] += counts.value(row);
            }
        }
        Ok(())
    }

    /// Counts who was first seen when; tells when those who ever opted out were.
    fn take_seen(
        &mut self,
        batch: &RecordBatch,
        groups: &[usize],
        contacts: &mut Numbers,
    ) -> Result<HashMap<Member, i64>> {
        let (buckets, counts) =
            (as_int64_array(column(batch, "bucket")?)?, as_int64_array(column(batch, "contacts")?)?);
        let sources = as_string_view_array(column(batch, "contact_source")?)?;
        let names = as_string_view_array(column(batch, "contact")?)?;
        let first_at = as_timestamp_microsecond_array(column(batch, "first_at")?)?;
        let mut first_seen = HashMap::new();
        for (row, &group) in groups.iter().enumerate() {
            let bucket = self.ids.partition_point(|&id| id < buckets.value(row));
            if bucket < self.ids.len() {
                let place = self.places(group).start + bucket;
                self.known[place] += counts.value(row);
            }
            if sources.is_valid(row) && names.is_valid(row) {
                let contact = contacts.of(sources.value(row), names.value(row));
                first_seen.insert((group, contact), first_at.value(row));
            }
        }
        Ok(first_seen)
    }

    /// Counts who opted out when; tells at the end of which buckets each was out, channel by channel.
    fn take_changes(
        &mut self,
        batch: &RecordBatch,
        groups: &[usize],
        contacts: &mut Numbers,
    ) -> Result<HashMap<Member, Vec<(usize, usize)>>> {
        let sources = as_string_view_array(column(batch, "contact_source")?)?;
        let names = as_string_view_array(column(batch, "contact")?)?;
        let channels = as_string_view_array(column(batch, "contact_channel")?)?;
        let times = as_timestamp_microsecond_array(column(batch, "changed_at")?)?;
        let opted_out = as_boolean_array(column(batch, "opted_out")?)?;
        let was_opted_out = as_boolean_array(column(batch, "was_opted_out")?)?;
        let counted = as_boolean_array(column(batch, "counted")?)?;

        let mut spans: HashMap<Member, Vec<(usize, usize)>> = HashMap::new();
        let mut went_out = HashSet::new();
        // Who is out on the channel that is being read, and since when.
        let mut out: Option<(Member, i64)> = None;
        let mut last = None;
        let mut end = |out: &mut Option<(Member, i64)>, tally: &Self, until_us: i64| {
            if let Some((member, since_us)) = out.take() {
                let span = (tally.first_ending_after(since_us), tally.first_ending_after(until_us));
                spans.entry(member).or_default().push(span);
            }
        };
        for (row, &group) in groups.iter().enumerate() {
            let channel = channels.is_valid(row).then(|| channels.value(row));
            let this = Some((sources.value(row), names.value(row), channel));
            if this != last {
                end(&mut out, &*self, i64::MAX);
                last = this;
            }
            let at_us = times.value(row);
            match (was_opted_out.value(row), opted_out.value(row)) {
                (false, true) if counted.value(row) => {
                    let contact = contacts.of(sources.value(row), names.value(row));
                    out = Some(((group, contact), at_us));
                    let bucket = self.first_ending_after(at_us);
                    let inside = self.starts.get(bucket).is_some_and(|&start_us| start_us <= at_us);
                    if inside && went_out.insert((group, contact, bucket)) {
                        let place = self.places(group).start + bucket;
                        self.went_out[place] += 1;
                    }
                }
                (true, false) => end(&mut out, &*self, at_us),
                _ => {}
            }
        }
        end(&mut out, &*self, i64::MAX);
        Ok(spans)
    }

    /// The counts as columns: bucket, dimensions, one for each measure that counts contacts. `all` includes the rows
    /// that count nothing.
    fn batch(mut self, groups: &Groups<'_>, query: &Query<'_>, all: bool) -> Result<RecordBatch> {
        let buckets = self.ids.len();
        for differences in self.known.chunks_mut(buckets.max(1)).chain(self.out.chunks_mut(buckets.max(1))) {
            let mut sum = 0;
            for count in differences {
                sum += *count;
                *count = sum;
            }
        }
        let counts_nothing = |place: usize| {
            [&self.known, &self.out, &self.went_out, &self.reached].iter().all(|counts| counts[place] == 0)
        };
        let places: Vec<usize> = (0..buckets * self.groups).filter(|&place| all || !counts_nothing(place)).collect();
        let pick = |of: &dyn Fn(usize) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(places.iter().map(|&place| of(place))))
        };
        let mut columns = vec![("bucket".to_owned(), pick(&|place| self.ids[place % buckets]))];
        let group_of: Vec<usize> = places.iter().map(|&place| place / buckets).collect();
        columns.extend(query.by.iter().cloned().zip(groups.columns(&group_of)?));
        for measure in &query.definition.measures {
            let Expression::Contacts(which) = measure.expression else { continue };
            let counts = match which {
                Contacts::Known => &self.known,
                Contacts::Out => &self.out,
                Contacts::WentOut => &self.went_out,
                Contacts::Reached => &self.reached,
            };
            columns.push((measure.name.clone(), pick(&|place| counts[place])));
        }
        Ok(RecordBatch::try_from_iter(columns)?)
    }
}

/// Contacts by number.
#[derive(Default)]
struct Numbers {
    numbers: HashMap<(String, String), usize>,
}

impl Numbers {
    fn of(&mut self, source: &str, contact: &str) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry((source.to_owned(), contact.to_owned())).or_insert(next)
    }
}
