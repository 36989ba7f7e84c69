//! Events as they are written for a test, to NDJSON.
//!
//! ```text
//! occurred_at  author             {"occurred_at":"2025-03-03T09:00:00Z","author":"contact","direction":"inbound",
//! 09:00        contact     ──►      "event_type":"message","conversation_id":"c","contact_id":"p","source":"test",
//! 09:02        agent                "event_id":"1"} ...
//! ```
//!
//! What is not written is filled in: of a message, author and direction from one another; a conversation `c` (of
//! opt-outs none), a contact `p`, the source `test`, and the number of the event as its id. A time of day is that of
//! Monday, 3 March 2025, UTC.

use serde_json::{Map, Value};
use tapemeasure_model::schema::col;
use toml::Spanned;

use crate::definitions::written::{EventsEntry, Place, unknown};
use crate::error::QueryError;

/// The fields of an event (kpi-rules section 1).
const FIELDS: [&str; 16] = [
    col::SOURCE,
    col::EVENT_ID,
    col::OCCURRED_AT,
    col::EVENT_TYPE,
    col::CONVERSATION_ID,
    col::CONTACT_ID,
    col::CHANNEL,
    col::DIRECTION,
    col::AUTHOR,
    col::AGENT_ID,
    col::TEAM,
    col::TOPIC,
    col::PRIVATE,
    col::AUTOMATED,
    col::TARGET_EVENT_ID,
    col::BODY,
];

/// The day of a time of day: a Monday.
const DAY: &str = "2025-03-03";

/// What stands for nothing in a column.
const NOTHING: &str = "-";

type Event = Map<String, Value>;

/// The events of a test, one JSON object a line.
///
/// # Errors
/// [`QueryError::DefinitionValue`] with the line of an event that is none.
pub(super) fn ndjson(place: Place<'_>, entry: &Spanned<EventsEntry>) -> Result<String, QueryError> {
    let first = place.line_of(entry);
    let events = match entry.get_ref() {
        EventsEntry::Rows(rows) => rows.iter().map(|row| (first, of_toml(row))).collect(),
        EventsEntry::Text(text) => {
            // The text of """ begins on the next line.
            let opens = place.text.get(entry.span().start..).unwrap_or_default();
            let first = if opens.starts_with("\"\"\"\n") || opens.starts_with("'''\n") { first + 1 } else { first };
            let lines: Vec<(usize, &str)> = text
                .lines()
                .enumerate()
                .map(|(line_idx, line)| (first + line_idx, line.trim()))
                .filter(|(_, line)| !line.is_empty())
                .collect();
            match lines.first() {
                Some((_, line)) if line.starts_with('{') => of_json(place, &lines)?,
                _ => of_columns(place, &lines)?,
            }
        }
    };
    let mut text = String::new();
    for (event_idx, (line, mut event)) in events.into_iter().enumerate() {
        if let Some(name) = event.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(place.error_in(line, unknown("field of an event", name, &FIELDS)));
        }
        if !event.contains_key(col::OCCURRED_AT) {
            return Err(place.error_in(line, "an event needs occurred_at, such as 09:00 or 2025-03-03T09:00:00Z"));
        }
        fill_in(&mut event, event_idx + 1);
        text.push_str(&Value::Object(event).to_string());
        text.push('\n');
    }
    Ok(text)
}

fn of_toml(row: &toml::Table) -> Event {
    let value = |value: &toml::Value| match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Boolean(flag) => Value::from(*flag),
        other => Value::from(other.to_string()),
    };
    row.iter().map(|(name, cell)| (name.clone(), value(cell))).collect()
}

fn of_json(place: Place<'_>, lines: &[(usize, &str)]) -> Result<Vec<(usize, Event)>, QueryError> {
    let event = |&(line, text): &(usize, &str)| match serde_json::from_str(text) {
        Ok(Value::Object(event)) => Ok((line, event)),
        _ => Err(place.error_in(line, "an event is one JSON object on one line")),
    };
    lines.iter().map(event).collect()
}

/// Columns with blanks between them, the names in the first line.
fn of_columns(place: Place<'_>, lines: &[(usize, &str)]) -> Result<Vec<(usize, Event)>, QueryError> {
    let Some(((first, names), rows)) = lines.split_first() else { return Ok(Vec::new()) };
    let names: Vec<&str> = names.split_whitespace().collect();
    if let Some(name) = names.iter().find(|name| !FIELDS.contains(name)) {
        return Err(place.error_in(*first, unknown("field of an event", name, &FIELDS)));
    }
    let mut events = Vec::with_capacity(rows.len());
    for &(line, row) in rows {
        let cells: Vec<&str> = row.split_whitespace().collect();
        if cells.len() != names.len() {
            let hint = if cells.len() > names.len() {
                "what has blanks in it goes into events = [{ occurred_at = ..., ... }]".to_owned()
            } else {
                format!("write {NOTHING} for nothing")
            };
            let reason = format!("the event has {} cells for {} columns; {hint}", cells.len(), names.len());
            return Err(place.error_in(line, reason));
        }
        let cells = names.iter().zip(cells).filter(|(_, cell)| *cell != NOTHING);
        let value = |name: &str, cell: &str| match (name, cell) {
            (col::PRIVATE | col::AUTOMATED, "true") => Value::from(true),
            (col::PRIVATE | col::AUTOMATED, "false") => Value::from(false),
            _ => Value::from(cell),
        };
        events.push((line, cells.map(|(name, cell)| ((*name).to_owned(), value(name, cell))).collect()));
    }
    Ok(events)
}

/// Adds what a test leaves out.
fn fill_in(event: &mut Event, number: usize) {
    let text = |event: &Event, name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(time) = text(event, col::OCCURRED_AT)
        && let Some(instant) = of_day(&time)
    {
        event.insert(col::OCCURRED_AT.to_owned(), Value::from(instant));
    }
    let mut default = |name: &str, value: &str| {
        event.entry(name).or_insert_with(|| Value::from(value)).as_str().unwrap_or_default().to_owned()
    };
    default(col::SOURCE, "test");
    default(col::EVENT_ID, &number.to_string());
    default(col::CONTACT_ID, "p");
    let event_type = default(col::EVENT_TYPE, "message");
    if !matches!(event_type.as_str(), "opted_out" | "opted_in") {
        default(col::CONVERSATION_ID, "c");
    }
    if event_type == "message" {
        let inbound = match (text(event, col::DIRECTION).as_deref(), text(event, col::AUTHOR).as_deref()) {
            (Some(direction), _) => direction == "inbound",
            (None, Some(author)) => author == "contact",
            (None, None) => true,
        };
        let (direction, author) = if inbound { ("inbound", "contact") } else { ("outbound", "agent") };
        event.entry(col::DIRECTION).or_insert_with(|| Value::from(direction));
        event.entry(col::AUTHOR).or_insert_with(|| Value::from(author));
    }
}

/// The instant of a time of day: `09:00`, `09:00:30`, `09:00:30.5`. `None` for anything else.
fn of_day(text: &str) -> Option<String> {
    let hours_and_minutes = text.get(..5)?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let (hours, minutes) = hours_and_minutes.split_once(':')?;
    let rest = match text.get(5..)? {
        "" => ":00",
        rest => rest.starts_with(':').then_some(rest)?,
    };
    (two(hours) && two(minutes)).then(|| format!("{DAY}T{hours_and_minutes}{rest}Z"))
}
