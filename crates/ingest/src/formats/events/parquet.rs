//! Canonical events as a Parquet file.
//!
//! Texts are any of Arrow's text types or dictionaries of them, `private` and `automated` booleans, `occurred_at` a
//! timestamp of any unit with a zone (an instant, whichever the zone) or RFC 3339 text. A row group is a part.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, SchemaRef, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use serde_json::{Map, Value};
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::schema::col;

use super::csv::missing_advice;
use super::record::{FIELDS, NEEDED, Raw, RawEvent, interpret};
use crate::error::IngestError;
use crate::formats::{FormatSettings, PartDecoder, Sink};
use crate::quarantine::Position;

/// What every Parquet file begins with.
pub const MAGIC: &[u8] = b"PAR1";

/// Rows decoded at once.
const BATCH_ROWS: usize = 8_192;

/// Reads row groups.
pub struct RowGroupDecoder {
    path: PathBuf,
    input: String,
    metadata: ArrowReaderMetadata,
    settings: FormatSettings,
}

/// Whether a Parquet file has at least two of the columns that every event needs. True also for a file that cannot be
/// read, so that opening it says why.
pub fn recognises(path: &Path) -> bool {
    match load(path) {
        Ok(metadata) => NEEDED.iter().filter(|name| metadata.schema().field_with_name(name).is_ok()).count() >= 2,
        Err(_) => true,
    }
}

impl RowGroupDecoder {
    /// Reads the footer of a file and checks its columns.
    ///
    /// # Errors
    /// [`IngestError::Parquet`], [`IngestError::MissingColumn`], [`IngestError::DuplicateColumn`].
    pub fn open(path: &Path, input: &str, settings: FormatSettings) -> Result<Self, IngestError> {
        let metadata = load(path).map_err(|source| IngestError::Parquet { input: input.to_owned(), source })?;
        let count = |column: &str| metadata.schema().fields().iter().filter(|field| field.name() == column).count();
        for column in FIELDS {
            if count(column) > 1 {
                return Err(IngestError::DuplicateColumn { input: input.to_owned(), column });
            }
        }
        for column in NEEDED {
            let given = column == col::SOURCE && settings.source.is_some();
            if !given && count(column) == 0 {
                let advice = missing_advice(column);
                return Err(IngestError::MissingColumn { input: input.to_owned(), column, advice });
            }
        }
        Ok(Self { path: path.to_owned(), input: input.to_owned(), metadata, settings })
    }

    /// Number of row groups.
    pub fn parts(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn batch(&self, batch: &RecordBatch, first_row: u64, sink: &mut dyn Sink) -> Result<(), IngestError> {
        let columns = Columns::of(batch).map_err(|source| IngestError::ParquetDecode {
            input: self.input.clone(),
            row_group: self.row_group_of(first_row),
            source,
        })?;
        for row in 0..batch.num_rows() {
            let at = Position::of_row(first_row + row as u64);
            let raw = columns.event(row);
            match interpret(&raw, &self.settings) {
                Ok(event) => sink.event(&event, at)?,
                Err(reason) => sink.reject(reason, at, columns.text(row).as_bytes())?,
            }
        }
        Ok(())
    }

    fn first_row_of(&self, part_idx: usize) -> u64 {
        let groups = &self.metadata.metadata().row_groups()[..part_idx];
        groups.iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum()
    }

    fn row_group_of(&self, row: u64) -> usize {
        (1..self.parts()).take_while(|&part_idx| self.first_row_of(part_idx) <= row).count()
    }
}

impl PartDecoder for RowGroupDecoder {
    fn bytes_of(&self, part_idx: usize) -> u64 {
        u64::try_from(self.metadata.metadata().row_group(part_idx).compressed_size()).unwrap_or(0)
    }

    fn decode(&self, part_idx: usize, sink: &mut dyn Sink) -> Result<(), IngestError> {
        let file = File::open(&self.path).map_err(|source| IngestError::Read {
            input: self.input.clone(),
            byte: 0,
            source,
        })?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let roots: Vec<usize> = root_columns(self.metadata.schema());
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let reader = builder
            .with_row_groups(vec![part_idx])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|source| IngestError::Parquet { input: self.input.clone(), source })?;
        let mut row = self.first_row_of(part_idx);
        for batch in reader {
            let batch = batch.map_err(|source| IngestError::ParquetDecode {
                input: self.input.clone(),
                row_group: part_idx,
                source,
            })?;
            self.batch(&batch, row, sink)?;
            row += batch.num_rows() as u64;
        }
        Ok(())
    }
}

pub(crate) fn load(path: &Path) -> Result<ArrowReaderMetadata, ParquetError> {
    ArrowReaderMetadata::load(&File::open(path)?, ArrowReaderOptions::new())
}

fn root_columns(schema: &SchemaRef) -> Vec<usize> {
    (0..schema.fields().len()).filter(|&column| FIELDS.contains(&schema.field(column).name().as_str())).collect()
}

/// A column of a batch, by how its values are taken.
enum Column {
    Absent,
    Text(StringArray),
    Flag(BooleanArray),
    Instant(Vec<Option<i64>>),
    LocalTime(ArrayRef),
    Other(ArrayRef),
}

impl Column {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let column = match array.data_type() {
            DataType::Null => Some(Self::Absent),
            DataType::Boolean => array.as_boolean_opt().map(|array| Self::Flag(array.clone())),
            DataType::Timestamp(unit, Some(_)) => instants(array, *unit).map(Self::Instant),
            DataType::Timestamp(_, None) => Some(Self::LocalTime(array.clone())),
            DataType::Dictionary(_, values) if is_text(values.as_ref()) => Self::text(array)?,
            data_type if is_text(data_type) => Self::text(array)?,
            _ => None,
        };
        Ok(column.unwrap_or_else(|| Self::Other(array.clone())))
    }

    fn text(array: &ArrayRef) -> Result<Option<Self>, ArrowError> {
        let array = cast(array, &DataType::Utf8)?;
        Ok(array.as_string_opt::<i32>().map(|array| Self::Text(array.clone())))
    }

    fn value(&self, row: usize) -> Raw<'_> {
        match self {
            Self::Absent => Raw::Absent,
            Self::Text(array) if array.is_valid(row) => Raw::Text(Cow::Borrowed(array.value(row))),
            Self::Flag(array) if array.is_valid(row) => Raw::Flag(array.value(row)),
            Self::Instant(values) => values[row].map_or(Raw::Absent, Raw::Instant),
            Self::LocalTime(array) if array.is_valid(row) => Raw::LocalTime,
            Self::Other(array) if array.is_valid(row) => Raw::Other,
            Self::Text(_) | Self::Flag(_) | Self::LocalTime(_) | Self::Other(_) => Raw::Absent,
        }
    }
}

pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Timestamps as microseconds, rounded down; what does not fit becomes an instant out of range. `None` if the array is
/// of another type.
pub(crate) fn instants(array: &ArrayRef, unit: TimeUnit) -> Option<Vec<Option<i64>>> {
    let scaled = |factor: i64| move |value: Option<i64>| value.map(|value| value.saturating_mul(factor));
    Some(match unit {
        TimeUnit::Second => array.as_primitive_opt::<TimestampSecondType>()?.iter().map(scaled(1_000_000)).collect(),
        TimeUnit::Millisecond => {
            array.as_primitive_opt::<TimestampMillisecondType>()?.iter().map(scaled(1_000)).collect()
        }
        TimeUnit::Microsecond => array.as_primitive_opt::<TimestampMicrosecondType>()?.iter().collect(),
        TimeUnit::Nanosecond => array
            .as_primitive_opt::<TimestampNanosecondType>()?
            .iter()
            .map(|value| value.map(|value| value.div_euclid(1_000)))
            .collect(),
    })
}

/// The columns of a batch, in the order of [`FIELDS`].
struct Columns([Column; FIELDS.len()]);

impl Columns {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let mut columns = FIELDS.map(|_| Column::Absent);
        for (column, field) in columns.iter_mut().zip(FIELDS) {
            if let Some(array) = batch.column_by_name(field) {
                *column = Column::of(array)?;
            }
        }
        Ok(Self(columns))
    }

    fn event(&self, row: usize) -> RawEvent<'_> {
        let value = |column: usize| self.0[column].value(row);
        RawEvent {
            source: value(0),
            event_id: value(1),
            occurred_at: value(2),
            event_type: value(3),
            conversation_id: value(4),
            contact_id: value(5),
            channel: value(6),
            direction: value(7),
            author: value(8),
            agent_id: value(9),
            team: value(10),
            topic: value(11),
            private: value(12),
            automated: value(13),
            target_event_id: value(14),
            body: value(15),
        }
    }

    /// A row as JSON, for people to look at.
    fn text(&self, row: usize) -> String {
        let mut object = Map::new();
        for (column, field) in self.0.iter().zip(FIELDS) {
            let value = match (column.value(row), column) {
                (Raw::Absent, _) => continue,
                (Raw::Text(text), _) => Value::from(text),
                (Raw::Flag(flag), _) => Value::from(flag),
                (Raw::Instant(us), _) => Value::from(format_instant(us)),
                (Raw::LocalTime | Raw::Other, Column::LocalTime(array) | Column::Other(array)) => {
                    // A type that cannot be shown has no better text than none.
                    Value::from(array_value_to_string(array, row).unwrap_or_default())
                }
                (Raw::LocalTime | Raw::Other, _) => continue,
            };
            object.insert(field.to_owned(), value);
        }
        Value::Object(object).to_string()
    }
}

#[cfg(test)]
mod tests;
