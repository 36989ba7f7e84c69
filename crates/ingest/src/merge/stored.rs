//! The rows of a period that the archive holds already, one by one.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use tapemeasure_archive::{Archive, EventFile, KeyRange, RunReader, read_run};
use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::period::Period;
use tapemeasure_model::schema::col;

use crate::error::IngestError;
use crate::rows::codec::{self, Event};

/// Rows decoded at once.
const BATCH_ROWS: usize = 8_192;

/// Memory of the reader: a row group's column chunks as they lie on disk, and a batch.
pub const CURSOR_BYTES: usize = 24 << 20;

/// The text columns.
const TEXTS: [&str; 13] = [
    col::SOURCE,
    col::EVENT_ID,
    col::EVENT_TYPE,
    col::CONVERSATION_ID,
    col::CONTACT_ID,
    col::CHANNEL,
    col::DIRECTION,
    col::AUTHOR,
    col::AGENT_ID,
    col::TEAM,
    col::TOPIC,
    col::TARGET_EVENT_ID,
    col::BODY,
];

/// Reads a stored run row by row.
pub struct StoredRows {
    batches: RunReader,
    period: Period,
    columns: Option<Columns>,
    row_idx: usize,
    row: Vec<u8>,
    order: u64,
}

impl StoredRows {
    /// Stands before the first row of `files`, those of `period` in the order of the snapshot, within `keys`.
    ///
    /// # Errors
    /// [`IngestError::Archive`].
    pub fn open(archive: &Archive, period: Period, files: &[EventFile], keys: KeyRange) -> Result<Self, IngestError> {
        let mut names = TEXTS.to_vec();
        names.extend([col::OCCURRED_AT, col::PRIVATE, col::AUTOMATED, col::CONVERSATION_KEY]);
        let batches = read_run(archive, files, &names, keys, BATCH_ROWS)?;
        Ok(Self { batches, period, columns: None, row_idx: 0, row: Vec::new(), order: 0 })
    }

    /// The current row. Its `order` is its place among the rows read: below every new one.
    pub fn row(&self) -> &[u8] {
        &self.row
    }

    /// Goes to the next row; false behind the last.
    ///
    /// # Errors
    /// [`IngestError::Archive`], or [`IngestError::StoredEvent`] for a value that this version does not know.
    pub fn advance(&mut self) -> Result<bool, IngestError> {
        while self.columns.as_ref().is_none_or(|columns| self.row_idx >= columns.keys.len()) {
            let Some(batch) = self.batches.next() else { return Ok(false) };
            self.columns = Some(Columns::of(&batch?, self.period)?);
            self.row_idx = 0;
        }
        let Some(columns) = &self.columns else { return Ok(false) };
        let event = columns.event(self.row_idx, self.period)?;
        self.row.clear();
        codec::encode(&event, self.order, &mut self.row);
        self.row_idx += 1;
        self.order += 1;
        Ok(true)
    }
}

/// A text column, plain or with a dictionary.
enum Text {
    Plain(StringArray),
    Dictionary(Int32Array, StringArray),
}

impl Text {
    fn of(array: &ArrayRef) -> Option<Self> {
        if let Some(plain) = array.as_string_opt::<i32>() {
            return Some(Self::Plain(plain.clone()));
        }
        let dictionary = array.as_dictionary_opt::<Int32Type>()?;
        let values = dictionary.values().as_string_opt::<i32>()?;
        Some(Self::Dictionary(dictionary.keys().clone(), values.clone()))
    }

    fn value(&self, row: usize) -> Option<&str> {
        match self {
            Self::Plain(values) => values.is_valid(row).then(|| values.value(row)),
            Self::Dictionary(keys, values) => {
                let key = keys.is_valid(row).then(|| keys.value(row))?;
                let place = usize::try_from(key).ok()?;
                values.is_valid(place).then(|| values.value(place))
            }
        }
    }
}

/// The columns of a batch.
struct Columns {
    /// As named in [`TEXTS`].
    texts: Vec<Text>,
    times: TimestampMicrosecondArray,
    private: BooleanArray,
    automated: BooleanArray,
    keys: Int64Array,
}

impl Columns {
    fn of(batch: &RecordBatch, period: Period) -> Result<Self, IngestError> {
        let column = |name: &'static str| batch.column_by_name(name).ok_or_else(|| unexpected(period, name, "nothing"));
        let text = |name: &'static str| {
            let array = column(name)?;
            Text::of(array).ok_or_else(|| unexpected(period, name, array.data_type()))
        };
        let flag = |name: &'static str| {
            let array = column(name)?;
            array.as_boolean_opt().cloned().ok_or_else(|| unexpected(period, name, array.data_type()))
        };
        let texts = TEXTS.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
        let times = column(col::OCCURRED_AT)?;
        let keys = column(col::CONVERSATION_KEY)?;
        Ok(Self {
            texts,
            times: times
                .as_primitive_opt::<TimestampMicrosecondType>()
                .cloned()
                .ok_or_else(|| unexpected(period, col::OCCURRED_AT, times.data_type()))?,
            private: flag(col::PRIVATE)?,
            automated: flag(col::AUTOMATED)?,
            keys: keys
                .as_primitive_opt::<Int64Type>()
                .cloned()
                .ok_or_else(|| unexpected(period, col::CONVERSATION_KEY, keys.data_type()))?,
        })
    }

    fn event(&self, row: usize, period: Period) -> Result<Event<'_>, IngestError> {
        let text = |column: usize| self.texts[column].value(row);
        let bytes = |column: usize| text(column).map(str::as_bytes);
        let needed = |column: usize| text(column).ok_or_else(|| unexpected(period, TEXTS[column], "null"));
        let event_type = needed(2)?;
        let (direction, author) = (text(6), text(7));
        Ok(Event {
            key: self.keys.value(row),
            time_us: self.times.value(row),
            event_type: EventType::from_name(event_type)
                .ok_or_else(|| unexpected(period, col::EVENT_TYPE, event_type))?,
            direction: known(direction, Direction::from_name)
                .ok_or_else(|| unexpected(period, col::DIRECTION, direction.unwrap_or_default()))?,
            author: known(author, Author::from_name)
                .ok_or_else(|| unexpected(period, col::AUTHOR, author.unwrap_or_default()))?,
            private: flag_of(&self.private, row),
            automated: flag_of(&self.automated, row),
            source: needed(0)?.as_bytes(),
            conversation_id: bytes(3),
            event_id: needed(1)?.as_bytes(),
            contact_id: bytes(4),
            channel: bytes(5),
            agent_id: bytes(8),
            team: bytes(9),
            topic: bytes(10),
            target_event_id: bytes(11),
            body: bytes(12),
        })
    }
}

/// `None` for a name that is not known; a missing name is known to be missing.
fn known<T>(name: Option<&str>, of: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match name {
        None => Some(None),
        Some(name) => of(name).map(Some),
    }
}

fn flag_of(flags: &BooleanArray, row: usize) -> Option<bool> {
    flags.is_valid(row).then(|| flags.value(row))
}

fn unexpected(period: Period, column: &'static str, value: impl ToString) -> IngestError {
    IngestError::StoredEvent { period: period.label(), column, value: value.to_string() }
}
