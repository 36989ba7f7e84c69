//! Events to batches of the stored schema.

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, DictionaryArray, Int32Array, Int64Array, NullBufferBuilder, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use hashbrown::{DefaultHashBuilder, HashTable};
use tapemeasure_model::event::{Author, Direction, EventType};
use tapemeasure_model::schema::{DICTIONARY_COLUMNS, dictionary_type, events_schema};

use crate::rows::codec::Event;

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;

/// Bytes of text at which a batch is closed before it has all its rows: message texts may be long.
const BATCH_BYTES: usize = 16 << 20;

/// Collects events and makes batches of them: the columns of `events_schema`, with dictionaries for those of
/// `DICTIONARY_COLUMNS`. A dictionary lives as long as its batch, so that it stays small whatever comes.
pub struct EventBatch {
    schema: SchemaRef,
    rows: usize,
    text_bytes: usize,
    source: Words,
    event_id: Texts,
    occurred_at: Vec<i64>,
    event_type: Names,
    conversation_id: Words,
    contact_id: Words,
    channel: Words,
    direction: Names,
    author: Names,
    agent_id: Words,
    team: Words,
    topic: Words,
    private: BooleanBuilder,
    automated: BooleanBuilder,
    target_event_id: Texts,
    body: Texts,
    conversation_key: Vec<i64>,
}

impl EventBatch {
    /// An empty batch.
    pub fn new() -> Self {
        Self {
            schema: schema(),
            rows: 0,
            text_bytes: 0,
            source: Words::looked_up(),
            event_id: Texts::new(),
            occurred_at: Vec::new(),
            event_type: Names::new(EventType::ALL.iter().map(|name| name.as_str())),
            // Events of a conversation are neighbours: remembering the last one finds all repeats.
            conversation_id: Words::of_neighbours(),
            contact_id: Words::of_neighbours(),
            channel: Words::looked_up(),
            direction: Names::new(Direction::ALL.iter().map(|name| name.as_str())),
            author: Names::new(Author::ALL.iter().map(|name| name.as_str())),
            agent_id: Words::looked_up(),
            team: Words::looked_up(),
            topic: Words::looked_up(),
            private: BooleanBuilder::new(),
            automated: BooleanBuilder::new(),
            target_event_id: Texts::new(),
            body: Texts::new(),
            conversation_key: Vec::new(),
        }
    }

    /// Adds an event.
    pub fn push(&mut self, event: &Event<'_>) {
        self.rows += 1;
        self.text_bytes += event.event_id.len() + event.body.map_or(0, <[u8]>::len);
        self.text_bytes += event.target_event_id.map_or(0, <[u8]>::len);
        self.source.push(Some(event.source));
        self.event_id.push(Some(event.event_id));
        self.occurred_at.push(event.time_us);
        self.event_type.push(Some(event.event_type as i32));
        self.conversation_id.push(event.conversation_id);
        self.contact_id.push(event.contact_id);
        self.channel.push(event.channel);
        self.direction.push(event.direction.map(|direction| direction as i32));
        self.author.push(event.author.map(|author| author as i32));
        self.agent_id.push(event.agent_id);
        self.team.push(event.team);
        self.topic.push(event.topic);
        self.private.append_option(event.private);
        self.automated.append_option(event.automated);
        self.target_event_id.push(event.target_event_id);
        self.body.push(event.body);
        self.conversation_key.push(event.key);
    }

    /// Whether it is time to [`finish`](Self::finish).
    pub fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.text_bytes >= BATCH_BYTES
    }

    /// Gives the batch and begins the next; `None` if there is no event.
    ///
    /// # Errors
    /// Texts that are no UTF-8.
    pub fn finish(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.rows == 0 {
            return Ok(None);
        }
        self.rows = 0;
        self.text_bytes = 0;
        let times = TimestampMicrosecondArray::new(ScalarBuffer::from(std::mem::take(&mut self.occurred_at)), None);
        let keys = Int64Array::new(ScalarBuffer::from(std::mem::take(&mut self.conversation_key)), None);
        let columns: Vec<ArrayRef> = vec![
            self.source.finish()?,
            Arc::new(self.event_id.finish()?),
            Arc::new(times.with_timezone("UTC")),
            self.event_type.finish()?,
            self.conversation_id.finish()?,
            self.contact_id.finish()?,
            self.channel.finish()?,
            self.direction.finish()?,
            self.author.finish()?,
            self.agent_id.finish()?,
            self.team.finish()?,
            self.topic.finish()?,
            Arc::new(self.private.finish()),
            Arc::new(self.automated.finish()),
            Arc::new(self.target_event_id.finish()?),
            Arc::new(self.body.finish()?),
            Arc::new(keys),
        ];
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map(Some)
    }
}

fn schema() -> SchemaRef {
    let stored = events_schema();
    let fields: Vec<_> = stored
        .fields()
        .iter()
        .map(|field| {
            let field = field.as_ref().clone();
            if DICTIONARY_COLUMNS.contains(&field.name().as_str()) {
                field.with_data_type(dictionary_type())
            } else {
                field
            }
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// A plain text column. A null has no bytes.
struct Texts {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Texts {
    fn new() -> Self {
        Self { bytes: Vec::new(), offsets: vec![0], nulls: NullBufferBuilder::new(BATCH_ROWS) }
    }

    fn push(&mut self, text: Option<&[u8]>) {
        self.bytes.extend_from_slice(text.unwrap_or_default());
        // A batch is closed at 16 MiB of text, and a record has at most 64: far below 2^31.
        self.offsets.push(self.bytes.len() as i32);
        self.nulls.append(text.is_some());
    }

    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn get(&self, place: usize) -> &[u8] {
        &self.bytes[self.offsets[place] as usize..self.offsets[place + 1] as usize]
    }

    fn finish(&mut self) -> Result<StringArray, ArrowError> {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let bytes = std::mem::take(&mut self.bytes);
        let nulls = self.nulls.finish();
        StringArray::try_new(OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from(bytes), nulls)
    }
}

/// A text column whose values repeat.
struct Words {
    keys: Vec<i32>,
    nulls: NullBufferBuilder,
    values: Texts,
    last: Option<i32>,
    /// Finds values again that are not the last; `None` where that is enough.
    table: Option<HashTable<i32>>,
    hasher: DefaultHashBuilder,
}

impl Words {
    fn looked_up() -> Self {
        Self { table: Some(HashTable::new()), ..Self::of_neighbours() }
    }

    fn of_neighbours() -> Self {
        Self {
            keys: Vec::new(),
            nulls: NullBufferBuilder::new(BATCH_ROWS),
            values: Texts::new(),
            last: None,
            table: None,
            hasher: DefaultHashBuilder::default(),
        }
    }

    fn push(&mut self, word: Option<&[u8]>) {
        self.nulls.append(word.is_some());
        let Some(word) = word else {
            self.keys.push(0);
            return;
        };
        let key = match self.last {
            Some(last) if self.values.get(last as usize) == word => last,
            _ => self.key_of(word),
        };
        self.last = Some(key);
        self.keys.push(key);
    }

    fn key_of(&mut self, word: &[u8]) -> i32 {
        let next = self.values.len() as i32;
        let Self { values, table, hasher, .. } = self;
        if let Some(table) = table {
            let hash = hasher.hash_one(word);
            if let Some(&key) = table.find(hash, |&key| values.get(key as usize) == word) {
                return key;
            }
            table.insert_unique(hash, next, |&key| hasher.hash_one(values.get(key as usize)));
        }
        values.push(Some(word));
        next
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        self.last = None;
        if let Some(table) = &mut self.table {
            table.clear();
        }
        let keys = Int32Array::new(ScalarBuffer::from(std::mem::take(&mut self.keys)), self.nulls.finish());
        let values = self.values.finish()?;
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values))?))
    }
}

/// A column of one of few known names, pushed by their places.
struct Names {
    keys: Vec<i32>,
    nulls: NullBufferBuilder,
    values: ArrayRef,
}

impl Names {
    fn new(names: impl Iterator<Item = &'static str>) -> Self {
        Self {
            keys: Vec::new(),
            nulls: NullBufferBuilder::new(BATCH_ROWS),
            values: Arc::new(StringArray::from_iter_values(names)),
        }
    }

    fn push(&mut self, place: Option<i32>) {
        self.nulls.append(place.is_some());
        self.keys.push(place.unwrap_or(0));
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let keys = Int32Array::new(ScalarBuffer::from(std::mem::take(&mut self.keys)), self.nulls.finish());
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(&self.values))?))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;
    use arrow::compute::cast;
    use arrow::datatypes::DataType;

    use super::*;

    fn event<'a>(id: &'a [u8], conversation: Option<&'a [u8]>, topic: Option<&'a [u8]>) -> Event<'a> {
        Event {
            key: 7,
            time_us: 9,
            event_type: EventType::Deleted,
            direction: Some(Direction::Outbound),
            author: None,
            private: Some(true),
            automated: None,
            source: b"s",
            conversation_id: conversation,
            event_id: id,
            contact_id: None,
            channel: topic,
            agent_id: None,
            team: None,
            topic,
            target_event_id: Some(id),
            body: None,
        }
    }

    fn column(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
        let array = cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
        let array = array.as_any().downcast_ref::<StringArray>().unwrap().clone();
        array.iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn batches_hold_what_was_pushed_and_begin_anew() {
        let mut batch = EventBatch::new();
        assert!(batch.finish().unwrap().is_none());
        for _ in 0..2 {
            batch.push(&event(b"e1", Some(b"c1"), Some(b"t")));
            batch.push(&event(b"e2", None, None));
            batch.push(&event(b"e3", Some(b"c1"), Some("\u{e9}".as_bytes())));
            batch.push(&event(b"e4", Some(b"c2"), Some(b"t")));
            let made = batch.finish().unwrap().unwrap();
            assert_eq!(made.num_rows(), 4);
            assert_eq!(made.num_columns(), events_schema().fields().len());
            assert_eq!(column(&made, "event_id"), some(&["e1", "e2", "e3", "e4"]));
            assert_eq!(column(&made, "source"), some(&["s"; 4]));
            assert_eq!(column(&made, "event_type"), some(&["deleted"; 4]));
            assert_eq!(column(&made, "direction"), some(&["outbound"; 4]));
            assert_eq!(column(&made, "author"), vec![None; 4]);
            let mut expected = some(&["c1", "", "c1", "c2"]);
            expected[1] = None;
            assert_eq!(column(&made, "conversation_id"), expected);
            let mut expected = some(&["t", "", "\u{e9}", "t"]);
            expected[1] = None;
            assert_eq!(column(&made, "topic"), expected);
            assert_eq!(column(&made, "private"), some(&["true"; 4]));
            assert_eq!(column(&made, "body"), vec![None; 4]);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let mut batch = EventBatch::new();
        batch.push(&event(b"\xff", None, None));
        assert!(batch.finish().is_err());
    }

    #[test]
    fn a_batch_is_full_by_rows_or_by_text() {
        let mut batch = EventBatch::new();
        for _ in 0..BATCH_ROWS - 1 {
            batch.push(&event(b"e", None, None));
        }
        assert!(!batch.is_full());
        batch.push(&event(b"e", None, None));
        assert!(batch.is_full());
        let mut batch = EventBatch::new();
        let long = vec![b'x'; BATCH_BYTES];
        batch.push(&Event { body: Some(&long), ..event(b"e", None, None) });
        assert!(batch.is_full());
    }
}
