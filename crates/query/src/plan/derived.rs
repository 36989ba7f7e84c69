//! Derived KPIs: fields of other KPIs for one request, side by side.
//!
//! ```text
//! first_response_time      resolution_time          both, by bucket and channel
//! bucket  channel  n       bucket  channel  n       bucket  channel  asked  closed
//! ──────  ───────  ─       ──────  ───────  ─       ──────  ───────  ─────  ──────
//! total   sms      4       total   sms      3       total   email    0      1
//! total   web      2       total   email    1  ──►  total   sms      4      3
//!                                                   total   web      2      0
//! ```
//!
//! A group that one of them does not have is empty there: counts are 0, all else is null, as in an empty bucket
//! (kpi-rules T4).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::cast::as_int64_array;
use datafusion::common::internal_datafusion_err;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::ident;
use datafusion::physical_plan::ExecutionPlan;
use futures::FutureExt;
use futures::future::BoxFuture;
use tapemeasure_model::instant::parse_instant;

use super::result::plain;
use super::sql::{columns, instant};
use super::{KpiRequest, KpiResult, fill, gather, hours};
use crate::definitions::{Definition, Empty, Expression, KpiField, Measure, Part, Selection};
use crate::error::QueryError;
use crate::kpis::Kpis;

/// The column with the name of a bucket, in answers.
const BUCKET: &str = "bucket";

/// The column that says whether a number can still change, in answers.
const PROVISIONAL: &str = "provisional";

/// A derived KPI as it is asked for.
pub(crate) struct Derived<'a> {
    measures: Selection<'a>,
    by: &'a [String],
    /// What is asked of each part that is needed.
    requests: Vec<KpiRequest>,
}

impl<'a> Derived<'a> {
    /// A request, and what it asks of the parts.
    ///
    /// # Errors
    /// [`QueryError::UnknownDimension`], [`QueryError::RepeatedDimension`], [`QueryError::UnknownMeasure`].
    pub(crate) fn new(definition: &'a Definition, parts: &[Part], request: &'a KpiRequest) -> Result<Self, QueryError> {
        let by = request.dimensions(definition);
        definition.check_dimensions(by)?;
        let measures = Selection::new(definition, request.measures.as_deref())?;
        let mut requests = Vec::with_capacity(parts.len());
        for part in parts {
            let fields: Vec<String> = fields_of(&measures, &part.kpi).map(|(_, of)| of.field.clone()).collect();
            // A row of constants alone has the groups of all parts.
            if fields.is_empty() && measures.needed().any(|m| matches!(m.expression, Expression::OfKpi(_))) {
                continue;
            }
            let fields = if fields.is_empty() { part.fields.clone() } else { fields };
            requests.push(KpiRequest {
                name: part.kpi.clone(),
                by: Some(by.to_vec()),
                measures: Some(fields),
                hours: hours::wanted(definition, request.hours),
                ..request.clone()
            });
        }
        Ok(Self { measures, by, requests })
    }

    /// Works out the parts and puts them together.
    pub(crate) fn answer(self, kpis: &'a Kpis) -> BoxFuture<'a, Result<KpiResult, QueryError>> {
        async move {
            let (mut batches, mut sql, mut served_by, mut notes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for request in &self.requests {
                let part = kpis.answer(request).await?;
                batches.push(part.batch);
                sql.push(format!("-- {}\n{};", request.name, part.sql.trim_end_matches(';')));
                served_by.push(format!("{}: {}", request.name, part.served_by));
                let new: Vec<String> = part.notes.into_iter().filter(|note| !notes.contains(note)).collect();
                notes.extend(new);
            }
            sql.push(self.text());
            let batch = self.joined(kpis, batches).await?;
            Ok(KpiResult { batch, sql: sql.join("\n\n"), served_by: served_by.join("; "), notes })
        }
        .boxed()
    }

    /// The SQL of the parts, and how they are put together.
    pub(crate) fn explain(self, kpis: &'a Kpis) -> BoxFuture<'a, Result<String, QueryError>> {
        async move {
            let mut sql = Vec::new();
            for request in &self.requests {
                let text = kpis.explain(request).await?;
                sql.push(format!("-- {}\n{};", request.name, text.trim_end_matches(';')));
            }
            sql.push(self.text());
            Ok(sql.join("\n\n"))
        }
        .boxed()
    }

    /// The columns of the answer, without working it out.
    pub(crate) fn columns(self, kpis: &'a Kpis) -> BoxFuture<'a, Result<SchemaRef, QueryError>> {
        async move {
            let mut batches = Vec::new();
            for request in &self.requests {
                batches.push(RecordBatch::new_empty(kpis.columns(request).await?));
            }
            Ok(self.joined(kpis, batches).await?.schema())
        }
        .boxed()
    }

    /// The queries behind all parts, one after the other.
    pub(crate) fn inputs(self, kpis: &'a Kpis) -> BoxFuture<'a, Result<Vec<Arc<dyn ExecutionPlan>>, QueryError>> {
        async move {
            let mut inputs = Vec::new();
            for request in &self.requests {
                inputs.extend(kpis.inputs(request).await?);
            }
            Ok(inputs)
        }
        .boxed()
    }

    /// The answer from the rows of [`inputs`](Self::inputs).
    pub(crate) fn finished(
        self,
        kpis: &'a Kpis,
        answers: Vec<RecordBatch>,
    ) -> BoxFuture<'a, Result<RecordBatch, QueryError>> {
        async move {
            let mut answers = answers.into_iter();
            let mut batches = Vec::new();
            for request in &self.requests {
                let n_inputs = kpis.inputs(request).await?.len();
                let of_part: Vec<RecordBatch> = answers.by_ref().take(n_inputs).collect();
                batches.push(kpis.finished(request, of_part).await?);
            }
            self.joined(kpis, batches).await
        }
        .boxed()
    }

    /// How the parts are put together, as SQL for people.
    fn text(&self) -> String {
        let mut keys = vec![BUCKET.to_owned()];
        keys.extend(self.by.iter().cloned());
        let (mut fields, mut selected) = (keys.clone(), keys.clone());
        for measure in self.measures.needed() {
            if let Expression::OfKpi(of) = &measure.expression {
                fields.push(format!("{}.{} AS {}", of.kpi, of.field, measure.name));
            }
        }
        for measure in self.measures.shown() {
            selected.push(match &measure.expression {
                Expression::Row(sql) => format!("{sql} AS {}", measure.name),
                _ => measure.name.clone(),
            });
        }
        let names: Vec<&str> = self.requests.iter().map(|request| request.name.as_str()).collect();
        let joined = names.join("\n  FULL JOIN ");
        let using = if names.len() > 1 { format!("\n  USING ({})", keys.join(", ")) } else { String::new() };
        format!(
            "-- side by side; a count that one of them does not have is 0\nWITH fields AS (\n  SELECT\n    {}\n  FROM \
             {joined}{using}\n)\nSELECT\n  {}\nFROM fields",
            columns(&fields, 4),
            columns(&selected, 2),
        )
    }

    /// Answers of the parts as one.
    async fn joined(&self, kpis: &Kpis, batches: Vec<RecordBatch>) -> Result<RecordBatch, QueryError> {
        let doing = QueryError::while_doing("putting KPIs side by side");
        let (rows, labels) = self.aligned(kpis, &batches).map_err(&doing)?;
        let frame = kpis.context.read_batch(rows).map_err(&doing)?;
        let mut selected = vec![ident(BUCKET)];
        selected.extend(self.by.iter().map(ident));
        for measure in self.measures.shown() {
            selected.push(match &measure.expression {
                Expression::Row(sql) => {
                    let sql = sql.replace("{as_of}", &instant(kpis.as_of_us));
                    let row = kpis.context.parse_sql_expr(&sql, frame.schema()).map_err(&doing)?;
                    row.alias(measure.name.as_str())
                }
                _ => ident(measure.name.as_str()),
            });
        }
        let frame = frame.select(selected).map_err(&doing)?;
        let rows = fill::sorted(&gather(frame).await.map_err(&doing)?, self.by.len())?;
        named(&rows, &labels).map_err(&doing)
    }

    /// The fields of all parts by bucket and group, the bucket as a number; the names of the buckets by that number, with
    /// whether one of the parts can still change.
    fn aligned(
        &self,
        kpis: &Kpis,
        batches: &[RecordBatch],
    ) -> Result<(RecordBatch, Vec<(String, bool)>), DataFusionError> {
        let numbers = numbered(batches)?;
        let mut groups = Groups::default();
        let mut rows_of = Vec::with_capacity(batches.len());
        for batch in batches {
            rows_of.push(groups.take(batch, self.by.len(), &numbers)?);
        }
        let keys = std::iter::once(BUCKET.to_owned()).chain(self.by.iter().cloned());
        let mut columns: Vec<(String, ArrayRef)> = keys.zip(groups.columns()?).collect();
        for (request, (batch, rows)) in self.requests.iter().zip(batches.iter().zip(&rows_of)) {
            let places = groups.places(rows);
            for (measure, of) in fields_of(&self.measures, &request.name) {
                let empty = match measure.empty {
                    Empty::ByType => empty_of(kpis, of),
                    own => own,
                };
                let column = batch
                    .column_by_name(&of.field)
                    .ok_or_else(|| internal_datafusion_err!("{} has no field {}", of.kpi, of.field))?;
                columns.push((measure.name.clone(), groups.spread(column, &places, empty)?));
            }
        }
        let fields: Vec<Field> =
            columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
        let columns: Vec<ArrayRef> = columns.into_iter().map(|(_, column)| column).collect();
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let mut labels = vec![(String::new(), false); numbers.len()];
        for (label, (number, provisional)) in numbers {
            if let Some(place) = usize::try_from(number).ok().and_then(|number| labels.get_mut(number)) {
                *place = (label, provisional);
            }
        }
        Ok((rows, labels))
    }
}

/// The measures that are fields of a KPI.
fn fields_of<'s>(measures: &'s Selection<'_>, kpi: &'s str) -> impl Iterator<Item = (&'s Measure, &'s KpiField)> {
    measures.needed().filter_map(move |measure| match &measure.expression {
        Expression::OfKpi(of) if of.kpi == kpi => Some((measure, of)),
        _ => None,
    })
}

/// What a field is where there is nothing, as its own definition says.
fn empty_of(kpis: &Kpis, of: &KpiField) -> Empty {
    let definition = kpis.definitions.get(&of.kpi).ok();
    let measure = definition.and_then(|definition| definition.visible().find(|measure| measure.name == of.field));
    measure.map(|measure| measure.empty).unwrap_or_default()
}

/// The buckets of all answers, numbered in order of time, and whether a row of one can still change.
fn numbered(batches: &[RecordBatch]) -> Result<BTreeMap<String, (i64, bool)>, DataFusionError> {
    let mut found: HashMap<&str, bool> = HashMap::new();
    for batch in batches {
        let labels = text(batch, BUCKET)?;
        let provisional = batch.column_by_name(PROVISIONAL).and_then(|column| column.as_boolean_opt());
        for row in 0..batch.num_rows() {
            let open = provisional.is_some_and(|provisional| provisional.value(row));
            *found.entry(labels.value(row)).or_default() |= open;
        }
    }
    // Hours are in the order of their instants, for an autumn change has two of the same name; all others have none.
    let mut order: Vec<(i64, &str, bool)> =
        found.into_iter().map(|(label, open)| (parse_instant(label).unwrap_or_default(), label, open)).collect();
    order.sort_unstable();
    Ok((0..).zip(order).map(|(number, (_, label, open))| (label.to_owned(), (number, open))).collect())
}

fn text<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b StringArray, DataFusionError> {
    let column = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
    column.ok_or_else(|| internal_datafusion_err!("an answer has no column {name} of text"))
}

/// Buckets and combinations of dimension values, in order of first sight.
#[derive(Default)]
struct Groups {
    converter: Option<RowConverter>,
    /// The types of the bucket's number and of the dimensions.
    types: Vec<DataType>,
    known: HashMap<OwnedRow, usize>,
    rows: Vec<OwnedRow>,
    /// The bucket of each.
    buckets: Vec<i64>,
}

impl Groups {
    /// The group of every row of an answer.
    fn take(
        &mut self,
        batch: &RecordBatch,
        dimensions: usize,
        numbers: &BTreeMap<String, (i64, bool)>,
    ) -> Result<Vec<usize>, DataFusionError> {
        let labels = text(batch, BUCKET)?;
        let number = |row: usize| numbers.get(labels.value(row)).map_or(0, |(number, _)| *number);
        let buckets: Vec<i64> = (0..batch.num_rows()).map(number).collect();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(buckets.clone()))];
        columns.extend(batch.columns()[1..=dimensions].iter().cloned());
        if self.types.is_empty() {
            self.types = columns.iter().map(|column| column.data_type().clone()).collect();
        }
        for (column, data_type) in columns.iter_mut().zip(&self.types) {
            *column = cast(column, data_type)?;
        }
        let fields: Vec<SortField> = self.types.iter().cloned().map(SortField::new).collect();
        let converter = match self.converter.take() {
            Some(converter) => converter,
            None => RowConverter::new(fields)?,
        };
        let rows = converter.convert_columns(&columns)?;
        self.converter = Some(converter);
        let mut groups = Vec::with_capacity(batch.num_rows());
        for (row, bucket) in rows.iter().zip(buckets) {
            let row = row.owned();
            let next = self.rows.len();
            let group = *self.known.entry(row.clone()).or_insert(next);
            if group == next {
                self.rows.push(row);
                self.buckets.push(bucket);
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// The buckets' numbers and the dimensions of all groups, a column each; nothing before an answer was taken.
    fn columns(&self) -> Result<Vec<ArrayRef>, DataFusionError> {
        let Some(converter) = &self.converter else { return Ok(Vec::new()) };
        Ok(converter.convert_rows(self.rows.iter().map(OwnedRow::row))?)
    }

    /// The row of an answer that each group has; `None` where it has none.
    fn places(&self, groups: &[usize]) -> Vec<Option<u64>> {
        let mut places = vec![None; self.rows.len()];
        for (row, &group) in groups.iter().enumerate() {
            places[group] = Some(row as u64);
        }
        places
    }

    /// A column of an answer for all groups: at its places what is there, elsewhere what `empty` says.
    fn spread(&self, column: &ArrayRef, places: &[Option<u64>], empty: Empty) -> Result<ArrayRef, DataFusionError> {
        let there: HashSet<i64> =
            self.buckets.iter().zip(places).filter(|(_, place)| place.is_some()).map(|(&bucket, _)| bucket).collect();
        let with_rows: Vec<bool> = self.buckets.iter().map(|bucket| there.contains(bucket)).collect();
        let nothing = fill::values(column.data_type(), empty, with_rows.into_iter());
        let found = take(column, &UInt64Array::from(places.to_vec()), None)?;
        let is_there: BooleanArray = places.iter().map(|place| Some(place.is_some())).collect();
        Ok(zip(&is_there, &found, &nothing)?)
    }
}

/// Rows in order, with the names of their buckets, and whether they can still change.
fn named(rows: &RecordBatch, labels: &[(String, bool)]) -> Result<RecordBatch, DataFusionError> {
    let numbers = as_int64_array(rows.column(0))?;
    let of = |row: usize| usize::try_from(numbers.value(row)).ok().and_then(|number| labels.get(number));
    let names: StringArray = (0..rows.num_rows()).map(|row| of(row).map(|(name, _)| name.as_str())).collect();
    let provisional: BooleanArray = (0..rows.num_rows()).map(|row| of(row).map(|&(_, open)| open)).collect();
    let mut fields = vec![Field::new(BUCKET, DataType::Utf8, false)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(names)];
    for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()).skip(1) {
        let column = plain(column)?;
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    fields.push(Field::new(PROVISIONAL, DataType::Boolean, false));
    columns.push(Arc::new(provisional));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
