//! The columns of a Parquet file: texts, numbers, flags, timestamps and dates. A row group is a part.

use std::borrow::Cow;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Date64Type, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;
use chrono::{DateTime, NaiveDateTime, Utc};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use serde_json::{Map, Value as Json};
use tapemeasure_model::instant::format_instant;

use super::eval::{Fields, Value};
use super::reader::Reader;
use super::spec::ColumnId;
use super::{Mapping, columns};
use crate::error::IngestError;
use crate::formats::adapter::Out;
use crate::formats::choice::MAPPING;
use crate::formats::events::parquet::{instants, is_text, load};
use crate::formats::{FormatSettings, Head, Opening, PartDecoder, Sink};
use crate::quarantine::{Position, Reason};
use crate::rows::codec::Event;

/// Rows decoded at once.
const BATCH_ROWS: usize = 8_192;

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// Reads row groups by a mapping.
struct MappedGroups {
    reader: Reader,
    settings: FormatSettings,
    path: PathBuf,
    input: String,
    metadata: ArrowReaderMetadata,
    /// For each column of the mapping its place in the file, from 0.
    places: Vec<usize>,
    /// For each column of the mapping its name in the file.
    names: Vec<String>,
}

/// How a Parquet file is read by a mapping.
///
/// # Errors
/// [`MappingError`](super::MappingError): columns that are missing or there twice, lists, no zone, no people.
/// [`IngestError::Parquet`].
pub fn open(mapping: &Arc<Mapping>, head: &Head<'_>, settings: &FormatSettings) -> Result<Opening, IngestError> {
    columns::without_lists(mapping, head.name, "Parquet")?;
    let path = head
        .file
        .ok_or_else(|| IngestError::Unrecognised { input: head.name.to_owned(), known: MAPPING.to_owned() })?;
    let metadata = load(path).map_err(|source| IngestError::Parquet { input: head.name.to_owned(), source })?;
    let schema = Arc::clone(metadata.schema());
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut places = Vec::new();
    for column in &mapping.spec().columns {
        places.push(columns::place_of(mapping, column, &names, head.name)?);
    }
    let is_local = |column: ColumnId| {
        let data_type = schema.field(places[column.0]).data_type();
        matches!(data_type, DataType::Timestamp(_, None) | DataType::Date32 | DataType::Date64)
    };
    let reader = Reader::new(mapping, head.name, settings, &is_local)?;
    let decoder = MappedGroups {
        reader,
        settings: settings.clone(),
        path: path.to_owned(),
        input: head.name.to_owned(),
        names: places.iter().map(|&place| names[place].to_owned()).collect(),
        places,
        metadata,
    };
    let count = decoder.metadata.metadata().num_row_groups();
    Ok(Opening::Parts { count, decoder: Arc::new(decoder) })
}

impl MappedGroups {
    fn first_row_of(&self, part_idx: usize) -> u64 {
        let groups = &self.metadata.metadata().row_groups()[..part_idx];
        groups.iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum()
    }

    fn batch(
        &self,
        batch: &RecordBatch,
        roots: &[usize],
        first_row: u64,
        sink: &mut dyn Sink,
    ) -> Result<(), BatchError> {
        let mut columns = Vec::with_capacity(self.places.len());
        for place in &self.places {
            let projected = roots.partition_point(|root| root < place);
            columns.push(Column::of(batch.column(projected))?);
        }
        for row in 0..batch.num_rows() {
            let at = Position::of_row(first_row + row as u64);
            let mut sink = TextOnReject { sink: &mut *sink, names: &self.names, columns: &columns, row };
            let mut out = Out::new(&mut sink, &self.settings, MAPPING, at, &[]);
            self.reader.record(&RowFields { columns: &columns, row }, &mut out)?;
        }
        Ok(())
    }
}

/// Why a batch is not read to its end.
enum BatchError {
    /// It cannot be decoded.
    Decode(ArrowError),
    /// The ingest cannot go on.
    Failed(IngestError),
}

impl From<ArrowError> for BatchError {
    fn from(error: ArrowError) -> Self {
        Self::Decode(error)
    }
}

impl From<IngestError> for BatchError {
    fn from(error: IngestError) -> Self {
        Self::Failed(error)
    }
}

impl PartDecoder for MappedGroups {
    fn bytes_of(&self, part_idx: usize) -> u64 {
        u64::try_from(self.metadata.metadata().row_group(part_idx).compressed_size()).unwrap_or(0)
    }

    fn decode(&self, part_idx: usize, sink: &mut dyn Sink) -> Result<(), IngestError> {
        let file = File::open(&self.path).map_err(|source| IngestError::Read {
            input: self.input.clone(),
            byte: 0,
            source,
        })?;
        let mut roots = self.places.clone();
        roots.sort_unstable();
        roots.dedup();
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots.iter().copied());
        let reader = builder
            .with_row_groups(vec![part_idx])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|source| IngestError::Parquet { input: self.input.clone(), source })?;
        let failed = |error| match error {
            BatchError::Failed(error) => error,
            BatchError::Decode(source) => {
                IngestError::ParquetDecode { input: self.input.clone(), row_group: part_idx, source }
            }
        };
        let mut row = self.first_row_of(part_idx);
        for batch in reader {
            let batch = batch.map_err(|error| failed(BatchError::Decode(error)))?;
            self.batch(&batch, &roots, row, sink).map_err(failed)?;
            row += batch.num_rows() as u64;
        }
        Ok(())
    }
}

/// A column of a batch, by how its values are taken.
enum Column {
    Absent,
    Text(StringArray),
    Flag(BooleanArray),
    Instant(Vec<Option<i64>>),
    Local(Vec<Option<NaiveDateTime>>),
    Other(ArrayRef),
}

impl Column {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let column = match array.data_type() {
            DataType::Null => Some(Self::Absent),
            DataType::Boolean => array.as_boolean_opt().map(|array| Self::Flag(array.clone())),
            DataType::Timestamp(unit, Some(_)) => instants(array, *unit).map(Self::Instant),
            DataType::Timestamp(unit, None) => instants(array, *unit).map(|values| {
                let local = |us: i64| clock_time(DateTime::from_timestamp_micros(us));
                Self::Local(values.into_iter().map(|us| us.map(local)).collect())
            }),
            DataType::Date32 => array.as_primitive_opt::<Date32Type>().map(|days| {
                let local = |days: i32| clock_time(DateTime::from_timestamp(i64::from(days) * DAY_S, 0));
                Self::Local(days.iter().map(|days| days.map(local)).collect())
            }),
            DataType::Date64 => array.as_primitive_opt::<Date64Type>().map(|values| {
                let local = |ms: i64| clock_time(DateTime::from_timestamp_millis(ms));
                Self::Local(values.iter().map(|ms| ms.map(local)).collect())
            }),
            // An id that a gap in its column spoilt to a float reads as the id.
            DataType::Float64 => array.as_primitive_opt::<Float64Type>().map(|values| {
                let text = |value: f64| (!value.is_nan()).then(|| value.to_string());
                Self::Text(values.iter().map(|value| value.and_then(text)).collect())
            }),
            DataType::Dictionary(_, values) if is_text(values.as_ref()) => Self::text(array)?,
            data_type if is_text(data_type) || data_type.is_numeric() => Self::text(array)?,
            _ => None,
        };
        Ok(column.unwrap_or_else(|| Self::Other(Arc::clone(array))))
    }

    fn text(array: &ArrayRef) -> Result<Option<Self>, ArrowError> {
        let array = cast(array, &DataType::Utf8)?;
        Ok(array.as_string_opt::<i32>().map(|array| Self::Text(array.clone())))
    }

    fn value(&self, row: usize) -> Option<Value<'_>> {
        match self {
            Self::Absent => None,
            Self::Text(array) => array.is_valid(row).then(|| array.value(row)).and_then(Value::of_text),
            Self::Flag(array) => {
                let text = |row| if array.value(row) { "true" } else { "false" };
                array.is_valid(row).then(|| Value::Text(Cow::Borrowed(text(row))))
            }
            Self::Instant(values) => values[row].map(Value::Instant),
            Self::Local(values) => values[row].map(Value::Local),
            Self::Other(array) => array.is_valid(row).then_some(Value::Other),
        }
    }
}

/// What a clock shows at a time that is given as if in UTC; what chrono cannot hold becomes a time out of range.
fn clock_time(time: Option<DateTime<Utc>>) -> NaiveDateTime {
    time.map_or(NaiveDateTime::MAX, |time| time.naive_utc())
}

/// The columns of a row.
struct RowFields<'r> {
    columns: &'r [Column],
    row: usize,
}

impl Fields for RowFields<'_> {
    fn get(&self, column: ColumnId) -> Result<Option<Value<'_>>, Reason> {
        Ok(self.columns[column.0].value(self.row))
    }
}

/// Gives a row its text where it is rejected, and nowhere else: most rows are not.
struct TextOnReject<'s> {
    sink: &'s mut dyn Sink,
    names: &'s [String],
    columns: &'s [Column],
    row: usize,
}

impl TextOnReject<'_> {
    /// The columns that the mapping names as JSON, for people to look at.
    fn text(&self) -> String {
        let mut object = Map::new();
        for (name, column) in self.names.iter().zip(self.columns) {
            let value = match (column.value(self.row), column) {
                (None, _) => continue,
                (Some(Value::Text(text)), _) => Json::from(text),
                (Some(Value::Instant(us)), _) => Json::from(format_instant(us)),
                (Some(Value::Local(local)), _) => Json::from(local.to_string()),
                // A type that cannot be shown has no better text than none.
                (Some(Value::Other), Column::Other(array)) => {
                    Json::from(array_value_to_string(array, self.row).unwrap_or_default())
                }
                (Some(Value::Other), _) => continue,
            };
            object.insert(name.clone(), value);
        }
        Json::Object(object).to_string()
    }
}

impl Sink for TextOnReject<'_> {
    fn event(&mut self, event: &Event<'_>, at: Position) -> Result<(), IngestError> {
        self.sink.event(event, at)
    }

    fn reject(&mut self, reason: Reason, at: Position, _record: &[u8]) -> Result<(), IngestError> {
        let text = self.text();
        self.sink.reject(reason, at, text.as_bytes())
    }

    fn ignore(&mut self) -> Result<(), IngestError> {
        self.sink.ignore()
    }
}
