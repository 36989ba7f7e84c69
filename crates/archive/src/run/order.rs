//! The sort key of a run, in a batch and on its own.
//!
//! `conversation_key`, `source`, `conversation_id` (null first), `occurred_at`, rank (kpi-rules O1), `event_id`; all
//! ascending, text by its bytes. The hash comes first: it compares in one instruction and settles nearly every pair of
//! rows of different conversations; within a conversation the time does. Two conversations with one hash are parted by
//! their ids.

use std::cmp::Ordering;
use std::fmt;

use arrow::array::{Array, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use tapemeasure_model::event::{Direction, EventType, rank};
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::schema::{col, dictionary_type, instant_type};

use crate::error::ArchiveError;

/// The sort key of one row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SortKey {
    // The order of the fields is the order of comparison.
    pub(crate) conversation_key: i64,
    source: String,
    conversation_id: Option<String>,
    occurred_at_us: i64,
    rank: u8,
    event_id: String,
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conversation_id = self.conversation_id.as_deref().unwrap_or("(none)");
        let (key, time) = (self.conversation_key, format_instant(self.occurred_at_us));
        write!(f, "key {key} {}/{conversation_id} {time} rank {} {}", self.source, self.rank, self.event_id)
    }
}

/// A text column, plain or as a dictionary.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Text<'a> {
    Plain(&'a StringArray),
    Dictionary { keys: &'a Int32Array, values: &'a StringArray },
}

impl<'a> Text<'a> {
    pub(crate) fn of_column(batch: &'a RecordBatch, name: &str) -> Result<Self, ArchiveError> {
        let column = column(batch, name)?;
        if let Some(plain) = column.as_string_opt::<i32>() {
            return Ok(Self::Plain(plain));
        }
        let dictionary = column.as_dictionary_opt::<Int32Type>();
        match dictionary.and_then(|d| Some((d.keys(), d.values().as_string_opt::<i32>()?))) {
            Some((keys, values)) => Ok(Self::Dictionary { keys, values }),
            None => Err(wrong_type(name, dictionary_type(), column)),
        }
    }

    /// The text of a row; `None` for null.
    #[inline]
    pub(crate) fn get(self, row_idx: usize) -> Option<&'a str> {
        match self {
            Self::Plain(array) => value_of(array, row_idx),
            Self::Dictionary { keys, values } if keys.is_valid(row_idx) => {
                value_of(values, keys.value(row_idx) as usize)
            }
            Self::Dictionary { .. } => None,
        }
    }

    /// Whether two rows say the same; null is the same as null.
    #[inline]
    pub(crate) fn same(self, a: usize, b: usize) -> bool {
        self.compare(a, b) == Ordering::Equal
    }

    /// Compares two rows, null first.
    #[inline]
    fn compare(self, a: usize, b: usize) -> Ordering {
        match self {
            // Neighbours mostly share the entry of the dictionary.
            Self::Dictionary { keys, .. } if keys.value(a) == keys.value(b) && keys.is_valid(a) && keys.is_valid(b) => {
                Ordering::Equal
            }
            _ => self.get(a).cmp(&self.get(b)),
        }
    }
}

#[inline]
fn value_of(array: &StringArray, idx: usize) -> Option<&str> {
    array.is_valid(idx).then(|| array.value(idx))
}

/// The types of events of a batch: from a dictionary each name is looked up once.
#[derive(Debug)]
enum EventTypes<'a> {
    Plain(&'a StringArray),
    Dictionary { keys: &'a Int32Array, types: Vec<Option<EventType>> },
}

/// The columns of a batch that make up the sort key. Extra columns of the batch do not matter, nor their order.
#[derive(Debug)]
pub(crate) struct SortColumns<'a> {
    keys: &'a [i64],
    source: Text<'a>,
    conversation_id: Text<'a>,
    times_us: &'a [i64],
    event_types: EventTypes<'a>,
    direction: Text<'a>,
    event_id: Text<'a>,
}

impl<'a> SortColumns<'a> {
    /// # Errors
    /// A column of the sort key is missing, or of another type than that of events.
    pub(crate) fn try_new(batch: &'a RecordBatch) -> Result<Self, ArchiveError> {
        let key_column = column(batch, col::CONVERSATION_KEY)?;
        let keys = key_column
            .as_primitive_opt::<Int64Type>()
            .ok_or_else(|| wrong_type(col::CONVERSATION_KEY, DataType::Int64, key_column))?;
        let time_column = column(batch, col::OCCURRED_AT)?;
        let times = time_column
            .as_primitive_opt::<TimestampMicrosecondType>()
            .ok_or_else(|| wrong_type(col::OCCURRED_AT, instant_type(), time_column))?;
        let event_types = match Text::of_column(batch, col::EVENT_TYPE)? {
            Text::Plain(array) => EventTypes::Plain(array),
            Text::Dictionary { keys, values } => {
                let types = values.iter().map(|name| EventType::from_name(name?)).collect();
                EventTypes::Dictionary { keys, types }
            }
        };
        Ok(Self {
            keys: keys.values(),
            source: Text::of_column(batch, col::SOURCE)?,
            conversation_id: Text::of_column(batch, col::CONVERSATION_ID)?,
            times_us: times.values(),
            event_types,
            direction: Text::of_column(batch, col::DIRECTION)?,
            event_id: Text::of_column(batch, col::EVENT_ID)?,
        })
    }

    /// `conversation_key` of each row.
    pub(crate) fn keys(&self) -> &'a [i64] {
        self.keys
    }

    /// `occurred_at` of each row, microseconds since 1970 UTC.
    pub(crate) fn times_us(&self) -> &'a [i64] {
        self.times_us
    }

    /// Type of the event of a row; `None` for a name that there is none of.
    #[inline]
    pub(crate) fn event_type(&self, row_idx: usize) -> Option<EventType> {
        match &self.event_types {
            EventTypes::Plain(array) => EventType::from_name(value_of(array, row_idx)?),
            EventTypes::Dictionary { keys, types } if keys.is_valid(row_idx) => {
                types.get(keys.value(row_idx) as usize).copied().flatten()
            }
            EventTypes::Dictionary { .. } => None,
        }
    }

    /// The sort key of a row.
    pub(crate) fn key_of(&self, row_idx: usize) -> SortKey {
        SortKey {
            conversation_key: self.keys[row_idx],
            source: self.source.get(row_idx).unwrap_or_default().to_owned(),
            conversation_id: self.conversation_id.get(row_idx).map(str::to_owned),
            occurred_at_us: self.times_us[row_idx],
            rank: self.rank(row_idx),
            event_id: self.event_id.get(row_idx).unwrap_or_default().to_owned(),
        }
    }

    /// The rows that do not sort after the one before them; none if all rows are in order and none comes twice.
    pub(crate) fn disorders(&self) -> impl Iterator<Item = usize> {
        let keys = self.keys;
        (1..keys.len()).filter(move |&i| keys[i - 1] >= keys[i] && self.compare(i - 1, i) != Ordering::Less)
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        self.keys[a]
            .cmp(&self.keys[b])
            .then_with(|| self.source.compare(a, b))
            .then_with(|| self.conversation_id.compare(a, b))
            .then_with(|| self.times_us[a].cmp(&self.times_us[b]))
            .then_with(|| self.rank(a).cmp(&self.rank(b)))
            .then_with(|| self.event_id.compare(a, b))
    }

    /// Rank of a row (kpi-rules O1). An unknown type ranks with "everything else"; the writer refuses it anyway.
    fn rank(&self, row_idx: usize) -> u8 {
        let direction = self.direction.get(row_idx).and_then(Direction::from_name);
        self.event_type(row_idx).map_or(rank(EventType::Tagged, None), |event_type| rank(event_type, direction))
    }
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array, ArchiveError> {
    match batch.column_by_name(name) {
        Some(column) => Ok(column.as_ref()),
        None => Err(ArchiveError::UnknownColumn { column: name.to_owned() }),
    }
}

fn wrong_type(name: &str, expected: DataType, found: &dyn Array) -> ArchiveError {
    ArchiveError::WrongType { column: name.to_owned(), expected, found: found.data_type().clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Row, batch, dictionary_batch, row};

    /// Each row sorts after the one before by the part of the key that its comment names.
    fn sorted() -> Vec<Row> {
        let base = row(1, "c", "2025-03-03T09:00:00Z", "m");
        vec![
            Row { conversation_id: None, ..base.clone() },
            base.clone(),                          // conversation_id: null first
            Row { event_id: "n", ..base.clone() }, // event_id
            Row { direction: Some("outbound"), event_id: "a", ..base.clone() }, // rank 3 after 2
            Row { event_type: "tagged", direction: None, event_id: "a", ..base.clone() }, // rank 4
            Row { event_type: "closed", direction: None, event_id: "a", ..base.clone() }, // rank 5
            Row { occurred_at: "2025-03-03T09:00:00.000001Z", event_id: "a", ..base.clone() }, // occurred_at
            Row { conversation_id: Some("d"), ..base.clone() }, // conversation_id
            Row { source: "t", ..base.clone() },   // source
            Row { conversation_key: 2, ..base },   // conversation_key
        ]
    }

    #[test]
    fn every_part_of_the_key_orders_rows() {
        for batch in [batch(&sorted()), dictionary_batch(&sorted())] {
            let columns = SortColumns::try_new(&batch).unwrap();
            assert_eq!(columns.disorders().next(), None);
            for i in 1..batch.num_rows() {
                assert!(columns.key_of(i - 1) < columns.key_of(i), "row {i}");
            }
        }
    }

    #[test]
    fn any_two_rows_swapped_or_repeated_are_found() {
        let rows = sorted();
        for i in 1..rows.len() {
            let mut swapped = rows.clone();
            swapped.swap(i - 1, i);
            let repeated = [rows[..i].to_vec(), rows[i - 1..].to_vec()].concat();
            for batch in [batch(&swapped), dictionary_batch(&swapped), batch(&repeated), dictionary_batch(&repeated)] {
                let columns = SortColumns::try_new(&batch).unwrap();
                assert_eq!(columns.disorders().next(), Some(i), "row {i}");
            }
        }
    }

    #[test]
    fn a_missing_column_is_named() {
        let batch = batch(&sorted()).project(&[0, 1, 2]).unwrap();
        let error = SortColumns::try_new(&batch).unwrap_err();
        assert!(matches!(&error, ArchiveError::UnknownColumn { column } if column == "conversation_key"), "{error}");
    }
}
