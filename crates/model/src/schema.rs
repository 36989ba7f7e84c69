//! The columns of the stored events.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Column names, as in kpi-rules section 1 and in the input.
#[expect(missing_docs, reason = "the names are their own description; kpi-rules section 1 gives the meanings")]
pub mod col {
    pub const SOURCE: &str = "source";
    pub const EVENT_ID: &str = "event_id";
    pub const OCCURRED_AT: &str = "occurred_at";
    pub const EVENT_TYPE: &str = "event_type";
    pub const CONVERSATION_ID: &str = "conversation_id";
    pub const CONTACT_ID: &str = "contact_id";
    pub const CHANNEL: &str = "channel";
    pub const DIRECTION: &str = "direction";
    pub const AUTHOR: &str = "author";
    pub const AGENT_ID: &str = "agent_id";
    pub const TEAM: &str = "team";
    pub const TOPIC: &str = "topic";
    pub const PRIVATE: &str = "private";
    pub const AUTOMATED: &str = "automated";
    pub const TARGET_EVENT_ID: &str = "target_event_id";
    pub const BODY: &str = "body";
    pub const CONVERSATION_KEY: &str = "conversation_key";
    pub const PERIOD: &str = "period";
}

/// Text columns whose values repeat within a run: stored with a dictionary, and read as one.
pub const DICTIONARY_COLUMNS: &[&str] = &[
    col::SOURCE,
    col::EVENT_TYPE,
    col::CONVERSATION_ID,
    col::CONTACT_ID,
    col::CHANNEL,
    col::DIRECTION,
    col::AUTHOR,
    col::AGENT_ID,
    col::TEAM,
    col::TOPIC,
];

/// The type of every instant: microseconds, UTC.
pub fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A text column as Arrow holds it where values repeat.
pub fn dictionary_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The stored events: one row an event, in this order of columns. The period is not among them: it is the partition
/// column of the table and lies in its log.
pub fn events_schema() -> SchemaRef {
    let text = |name, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text(col::SOURCE, false),
        text(col::EVENT_ID, false),
        Field::new(col::OCCURRED_AT, instant_type(), false),
        text(col::EVENT_TYPE, false),
        text(col::CONVERSATION_ID, true),
        text(col::CONTACT_ID, true),
        text(col::CHANNEL, true),
        text(col::DIRECTION, true),
        text(col::AUTHOR, true),
        text(col::AGENT_ID, true),
        text(col::TEAM, true),
        text(col::TOPIC, true),
        Field::new(col::PRIVATE, DataType::Boolean, true),
        Field::new(col::AUTOMATED, DataType::Boolean, true),
        text(col::TARGET_EVENT_ID, true),
        text(col::BODY, true),
        Field::new(col::CONVERSATION_KEY, DataType::Int64, false),
    ]))
}
