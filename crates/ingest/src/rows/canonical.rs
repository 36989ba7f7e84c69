//! An event as a canonical JSON object, for people and for tests (kpi-rules, section 1).

use serde_json::{Map, Value};
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::schema::col;

use super::codec::Event;

/// The fields of an event under their names; absent ones are left out.
pub fn canonical(event: &Event<'_>) -> Value {
    let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes));
    let fields = [
        (col::SOURCE, Some(text(event.source))),
        (col::EVENT_ID, Some(text(event.event_id))),
        (col::OCCURRED_AT, Some(Value::from(format_instant(event.time_us)))),
        (col::EVENT_TYPE, Some(Value::from(event.event_type.as_str()))),
        (col::CONVERSATION_ID, event.conversation_id.map(text)),
        (col::CONTACT_ID, event.contact_id.map(text)),
        (col::CHANNEL, event.channel.map(text)),
        (col::DIRECTION, event.direction.map(|direction| Value::from(direction.as_str()))),
        (col::AUTHOR, event.author.map(|author| Value::from(author.as_str()))),
        (col::AGENT_ID, event.agent_id.map(text)),
        (col::TEAM, event.team.map(text)),
        (col::TOPIC, event.topic.map(text)),
        (col::PRIVATE, event.private.map(Value::from)),
        (col::AUTOMATED, event.automated.map(Value::from)),
        (col::TARGET_EVENT_ID, event.target_event_id.map(text)),
        (col::BODY, event.body.map(text)),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}
