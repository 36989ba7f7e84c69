//! The columns of a batch of events as numbers and borrowed texts.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, DictionaryArray, Int64Array, RecordBatch, StringArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::schema::col;

use super::act::Act;
use crate::FactsError;
use crate::intern::Interner;

/// The columns that the fold reads, in the order in which it asks for them.
pub(crate) const COLUMNS: &[&str] = &[
    col::CONVERSATION_KEY,
    col::OCCURRED_AT,
    col::SOURCE,
    col::CONVERSATION_ID,
    col::CONTACT_ID,
    col::EVENT_TYPE,
    col::DIRECTION,
    col::AUTHOR,
    col::CHANNEL,
    col::TEAM,
    col::TOPIC,
    col::AGENT_ID,
    col::PRIVATE,
    col::AUTOMATED,
    col::EVENT_ID,
];

/// The interners of one walk, one for each kind of text.
#[derive(Debug, Default)]
pub(crate) struct Interners {
    pub(crate) source: Interner,
    pub(crate) channel: Interner,
    pub(crate) team: Interner,
    pub(crate) topic: Interner,
    pub(crate) agent: Interner,
}

/// A dictionary column of texts that need not be interned.
pub(crate) struct Texts {
    keys: ScalarBuffer<i32>,
    nulls: Option<arrow::buffer::NullBuffer>,
    values: StringArray,
}

impl Texts {
    fn new(column: &DictionaryArray<Int32Type>, name: &'static str) -> Result<Self, FactsError> {
        let values =
            column.values().as_any().downcast_ref::<StringArray>().ok_or(FactsError::Column { column: name })?;
        Ok(Self { keys: column.keys().values().clone(), nulls: column.keys().nulls().cloned(), values: values.clone() })
    }

    /// The text of a row; `None` for null.
    #[inline]
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => None,
            _ => Some(self.values.value(self.keys[row] as usize)),
        }
    }

    /// Whether two rows surely hold the same text: they point at the same entry. Two entries may still be equal.
    #[inline]
    pub(crate) fn same_entry(&self, a: usize, b: usize) -> bool {
        self.keys[a] == self.keys[b] && self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(a) == nulls.is_valid(b))
    }
}

/// One batch, ready for the walk.
pub(crate) struct Batch {
    pub(crate) rows: usize,
    pub(crate) key: ScalarBuffer<i64>,
    pub(crate) at: ScalarBuffer<i64>,
    pub(crate) sources: Texts,
    pub(crate) conversations: Texts,
    pub(crate) contacts: Texts,
    pub(crate) event_ids: StringArray,
    pub(crate) act: Vec<Act>,
    pub(crate) source: Vec<u32>,
    pub(crate) channel: Vec<u32>,
    pub(crate) team: Vec<u32>,
    pub(crate) topic: Vec<u32>,
    pub(crate) agent: Vec<u32>,
}

impl Batch {
    /// Takes a batch with [`COLUMNS`].
    ///
    /// # Errors
    /// [`FactsError::Column`] where a column has another type than the archive gives.
    pub(crate) fn new(batch: &RecordBatch, interners: &mut Interners) -> Result<Self, FactsError> {
        let ids = |at: usize, interner: &mut Interner| -> Result<Vec<u32>, FactsError> {
            let mut out = Vec::new();
            interner.ids_of(dictionary(batch, at)?, &mut out);
            Ok(out)
        };
        let source = ids(2, &mut interners.source)?;
        let channel = ids(8, &mut interners.channel)?;
        let team = ids(9, &mut interners.team)?;
        let topic = ids(10, &mut interners.topic)?;
        let agent = ids(11, &mut interners.agent)?;
        let key: &Int64Array =
            batch.column(0).as_primitive_opt::<Int64Type>().ok_or(FactsError::Column { column: COLUMNS[0] })?;
        let at = batch
            .column(1)
            .as_primitive_opt::<TimestampMicrosecondType>()
            .ok_or(FactsError::Column { column: COLUMNS[1] })?;
        let event_ids =
            batch.column(14).as_string_opt::<i32>().ok_or(FactsError::Column { column: COLUMNS[14] })?.clone();
        Ok(Self {
            rows: batch.num_rows(),
            key: key.values().clone(),
            at: at.values().clone(),
            sources: Texts::new(dictionary(batch, 2)?, COLUMNS[2])?,
            conversations: Texts::new(dictionary(batch, 3)?, COLUMNS[3])?,
            contacts: Texts::new(dictionary(batch, 4)?, COLUMNS[4])?,
            event_ids,
            act: acts(batch)?,
            source,
            channel,
            team,
            topic,
            agent,
        })
    }
}

fn dictionary(batch: &RecordBatch, at: usize) -> Result<&DictionaryArray<Int32Type>, FactsError> {
    batch.column(at).as_dictionary_opt::<Int32Type>().ok_or(FactsError::Column { column: COLUMNS[at] })
}

/// What each row does: the dictionaries' few texts are read once, the rows by number.
fn acts(batch: &RecordBatch) -> Result<Vec<Act>, FactsError> {
    let types = Codes::new(batch, 5, EventType::from_name)?;
    let directions = Codes::new(batch, 6, Direction::from_name)?;
    let authors = Codes::new(batch, 7, Author::from_name)?;
    let private = flags(batch, 12)?;
    let automated = flags(batch, 13)?;
    Ok((0..batch.num_rows())
        .map(|row| match types.at(row) {
            Some(EventType::Message) => {
                let (direction, author) = (directions.at(row), authors.at(row));
                Act::of(EventType::Message, direction, author, set(private, row), set(automated, row))
            }
            Some(t) => Act::of(t, None, None, false, set(automated, row)),
            None => Act::Note,
        })
        .collect())
}

/// A dictionary column of names as their meanings.
struct Codes<'a, T> {
    values: Vec<Option<T>>,
    keys: &'a [i32],
    nulls: Option<&'a arrow::buffer::NullBuffer>,
}

impl<'a, T: Copy> Codes<'a, T> {
    fn new(batch: &'a RecordBatch, at: usize, read: fn(&str) -> Option<T>) -> Result<Self, FactsError> {
        let column = dictionary(batch, at)?;
        let texts: &StringArray =
            column.values().as_string_opt::<i32>().ok_or(FactsError::Column { column: COLUMNS[at] })?;
        let values = texts.iter().map(|text| text.and_then(read)).collect();
        Ok(Self { values, keys: column.keys().values(), nulls: column.keys().nulls() })
    }

    #[inline]
    fn at(&self, row: usize) -> Option<T> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) { None } else { self.values[self.keys[row] as usize] }
    }
}

fn flags(batch: &RecordBatch, at: usize) -> Result<Option<&BooleanArray>, FactsError> {
    let column: &Arc<dyn Array> = batch.column(at);
    let flags = column.as_boolean_opt().ok_or(FactsError::Column { column: COLUMNS[at] })?;
    Ok((flags.null_count() < flags.len()).then_some(flags))
}

#[inline]
fn set(flags: Option<&BooleanArray>, row: usize) -> bool {
    flags.is_some_and(|f| f.is_valid(row) && f.value(row))
}
