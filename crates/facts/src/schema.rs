//! The columns of facts: those of the oracle's rows under their names, with seconds beside microseconds.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tapemeasure_model::schema::{dictionary_type, instant_type};

fn text(name: &str) -> Field {
    Field::new(name, dictionary_type(), true)
}

fn id(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

fn instant(name: &str, nullable: bool) -> Field {
    Field::new(name, instant_type(), nullable)
}

fn number(name: &str, data_type: DataType, nullable: bool) -> Field {
    Field::new(name, data_type, nullable)
}

/// One row a wait (kpi-rules section 3). `wait_us` and `wait_s` are null unless `end_reason` is `replied`, which is one
/// of `replied`, `closed`, `opted_out`, `abandoned`, `open`.
pub fn waits_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("source"),
        id("conversation_id", false),
        id("contact_id", true),
        instant("session_opened_at", false),
        text("channel"),
        text("team"),
        text("topic"),
        text("agent_id"),
        instant("opened_at", false),
        instant("ended_at", true),
        text("end_reason"),
        number("is_first", DataType::Boolean, false),
        number("n_inbound", DataType::Int64, false),
        number("wait_us", DataType::Int64, true),
        number("wait_s", DataType::Float64, true),
    ]))
}

/// One row a session (kpi-rules section 2). `close_reason` is `closed`, `inactive` or `open`; `resolution_us` and
/// `resolution_s` are null unless it is `closed` and has a start (R1).
pub fn sessions_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("source"),
        id("conversation_id", false),
        id("contact_id", true),
        text("channel"),
        text("team"),
        text("topic"),
        text("agent_id"),
        instant("opened_at", false),
        instant("closed_at", true),
        text("close_reason"),
        number("auto_closed", DataType::Boolean, false),
        number("reopened", DataType::Boolean, false),
        text("initiated_by"),
        instant("first_inbound_at", true),
        number("n_inbound", DataType::Int64, false),
        number("n_agent", DataType::Int64, false),
        number("n_bot", DataType::Int64, false),
        number("resolution_us", DataType::Int64, true),
        number("resolution_s", DataType::Float64, true),
    ]))
}

/// One row an `opted_out` or `opted_in` event with a contact, in the order of source, contact, channel and time.
/// `was_opted_out` is the state of that source, contact and channel just before it.
pub fn subscriptions_schema() -> SchemaRef {
    let mut fields: Vec<_> = changes_schema().fields().iter().cloned().collect();
    fields.push(Arc::new(number("was_opted_out", DataType::Boolean, false)));
    Arc::new(Schema::new(fields))
}

/// One row an `opted_out` or `opted_in` event with a contact: subscriptions as the fold finds them.
pub(crate) fn changes_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("source"),
        id("contact_id", false),
        text("channel"),
        text("agent_id"),
        text("team"),
        text("topic"),
        id("conversation_id", true),
        instant("changed_at", false),
        id("event_id", false),
        number("opted_out", DataType::Boolean, false),
    ]))
}

/// Messages of a quarter of an hour (of UTC), a source and a channel: questions, answers, bot messages. A cell may have
/// several rows, which are to be summed.
pub fn cells_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        instant("cell_start", false),
        text("source"),
        text("channel"),
        number("questions", DataType::Int64, false),
        number("answers", DataType::Int64, false),
        number("bots", DataType::Int64, false),
    ]))
}

/// One row a contact and channel: when the contact's first message on that channel was. `is_first` marks the one row of
/// each contact with the least time (of equal ones that of the first channel, none before all others);
/// `ever_opted_out` all rows of contacts that opted out at any time, on whatever channel.
pub fn contacts_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("source"),
        id("contact_id", false),
        text("channel"),
        instant("first_message_at", false),
        number("is_first", DataType::Boolean, false),
        number("ever_opted_out", DataType::Boolean, false),
    ]))
}

/// A contact on a channel, with its first message of a conversation and period, as the fold finds them: a contact may
/// have several rows. All of them lie in one `part`, by which files are sorted.
pub(crate) fn first_messages_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("source"),
        id("contact_id", false),
        text("channel"),
        instant("first_message_at", false),
        number("part", DataType::Int32, false),
    ]))
}
