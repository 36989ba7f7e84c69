//! The columns of the tables that a definition can read, known without an archive.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tapemeasure_facts::schema::{cells_schema, contacts_schema, sessions_schema, subscriptions_schema, waits_schema};
use tapemeasure_model::schema::events_schema;

use crate::tables::with_views;

/// The columns of `messages`: those of `events` that say something about a message, and its `kind` before the text.
const MESSAGES: &[&str] = &[
    "source",
    "event_id",
    "occurred_at",
    "conversation_id",
    "contact_id",
    "channel",
    "direction",
    "author",
    "agent_id",
    "team",
    "topic",
    "private",
    "automated",
    "kind",
    "body",
];

/// The columns of a table as queries see them, text as views; `None` if there is no such table.
pub(crate) fn schema_of(table: &str) -> Option<SchemaRef> {
    let schema = match table {
        "events" => events_schema(),
        "messages" => messages_schema(),
        "waits" => waits_schema(),
        "sessions" => sessions_schema(),
        "subscriptions" => subscriptions_schema(),
        "message_cells" => cells_schema(),
        "contacts" => contacts_schema(),
        _ => return None,
    };
    Some(with_views(&schema))
}

fn messages_schema() -> SchemaRef {
    let events = events_schema();
    let kind = Field::new("kind", DataType::Utf8View, true);
    let fields: Vec<Field> =
        MESSAGES.iter().map(|name| events.field_with_name(name).map_or_else(|_| kind.clone(), Field::clone)).collect();
    Arc::new(Schema::new(fields))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::FieldRef;

    use super::super::{ROLLUPS, TABLES};
    use super::*;

    #[test]
    fn every_table_has_columns_and_no_dictionaries() {
        for table in TABLES.iter().chain(ROLLUPS) {
            let schema = schema_of(table).unwrap();
            assert!(schema.column_with_name("source").is_some(), "{table}");
            let dictionary = |field: &&FieldRef| matches!(field.data_type(), DataType::Dictionary(..));
            assert_eq!(schema.fields().iter().find(dictionary), None, "{table}");
        }
        assert_eq!(schema_of("baselines"), None);
    }

    #[test]
    fn messages_have_a_kind_beside_the_columns_of_events() {
        let schema = schema_of("messages").unwrap();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, MESSAGES);
        assert_eq!(schema.field_with_name("private").unwrap().data_type(), &DataType::Boolean);
        assert_eq!(schema.field_with_name("kind").unwrap().data_type(), &DataType::Utf8View);
    }
}
