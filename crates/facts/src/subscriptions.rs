//! Who opted out where and when (kpi-rules U1).

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use tapemeasure_model::event::{EventType, rank};
use tapemeasure_model::schema::col;

use crate::deletions::DeletedIds;
use crate::intern::Interner;
use crate::schema::subscriptions_schema;

/// One change, borrowed from an extract.
struct Change<'a> {
    source: &'a str,
    contact: &'a str,
    channel: Option<&'a str>,
    at: i64,
    rank: u8,
    event_id: &'a str,
    opted_out: bool,
    batch: usize,
    row: usize,
}

/// The texts of an extract's columns.
struct Columns<'a> {
    event_type: &'a StringArray,
    source: &'a StringArray,
    event_id: &'a StringArray,
    contact: &'a StringArray,
    channel: &'a StringArray,
    agent: &'a StringArray,
    team: &'a StringArray,
    topic: &'a StringArray,
    conversation: &'a StringArray,
    target: &'a StringArray,
    at: &'a TimestampMicrosecondArray,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let missing = |name: &str| ArrowError::SchemaError(format!("no column {name} of the right type"));
        let text =
            |name: &str| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).ok_or_else(|| missing(name));
        Ok(Self {
            event_type: text(col::EVENT_TYPE)?,
            source: text(col::SOURCE)?,
            event_id: text(col::EVENT_ID)?,
            contact: text(col::CONTACT_ID)?,
            channel: text(col::CHANNEL)?,
            agent: text(col::AGENT_ID)?,
            team: text(col::TEAM)?,
            topic: text(col::TOPIC)?,
            conversation: text(col::CONVERSATION_ID)?,
            target: text(col::TARGET_EVENT_ID)?,
            at: batch
                .column_by_name(col::OCCURRED_AT)
                .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
                .ok_or_else(|| missing(col::OCCURRED_AT))?,
        })
    }
}

fn text(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// The events that `deleted` events of some extracts name, up to the as-of time.
///
/// # Errors
/// An extract does not have its columns.
pub(crate) fn deleted_ids(extracts: &[RecordBatch], as_of_us: i64) -> Result<DeletedIds, ArrowError> {
    let columns = extracts.iter().map(Columns::of).collect::<Result<Vec<_>, _>>()?;
    let ids = columns.iter().flat_map(|c| {
        (0..c.at.len())
            .filter(|&row| c.at.value(row) <= as_of_us && c.event_type.value(row) == EventType::Deleted.as_str())
            .filter_map(|row| Some((c.source.value(row), text(c.target, row)?)))
    });
    Ok(DeletedIds::new(ids))
}

/// The changes of subscriptions up to the as-of time: rows of [`subscriptions_schema`] in the order of source, contact,
/// channel, time. Deleted events are not among them, nor are those without a contact.
///
/// # Errors
/// An extract does not have its columns.
pub(crate) fn changes(
    extracts: &[RecordBatch],
    deleted: &DeletedIds,
    as_of_us: i64,
) -> Result<RecordBatch, ArrowError> {
    let columns = extracts.iter().map(Columns::of).collect::<Result<Vec<_>, _>>()?;
    let mut changes: Vec<Change<'_>> = Vec::new();
    for (batch, c) in columns.iter().enumerate() {
        for row in 0..c.at.len() {
            let Some(event_type @ (EventType::OptedOut | EventType::OptedIn)) =
                EventType::from_name(c.event_type.value(row))
            else {
                continue;
            };
            let (source, event_id) = (c.source.value(row), c.event_id.value(row));
            let Some(contact) = text(c.contact, row) else { continue };
            if c.at.value(row) > as_of_us || deleted.contains(source, event_id) {
                continue;
            }
            changes.push(Change {
                source,
                contact,
                channel: text(c.channel, row),
                at: c.at.value(row),
                rank: rank(event_type, None),
                event_id,
                opted_out: event_type == EventType::OptedOut,
                batch,
                row,
            });
        }
    }
    changes.sort_unstable_by(|a, b| {
        (a.source, a.contact, a.channel, a.at, a.rank, a.event_id)
            .cmp(&(b.source, b.contact, b.channel, b.at, b.rank, b.event_id))
    });
    let mut was = Vec::with_capacity(changes.len());
    let mut before: Option<&Change<'_>> = None;
    for change in &changes {
        let same =
            before.filter(|b| (b.source, b.contact, b.channel) == (change.source, change.contact, change.channel));
        was.push(same.is_some_and(|b| b.opted_out));
        before = Some(change);
    }
    let interned = |pick: &dyn Fn(&Change<'_>) -> Option<String>| {
        let mut interner = Interner::default();
        let ids: Vec<u32> = changes.iter().map(|c| interner.id_of(pick(c).as_deref())).collect();
        Arc::new(interner.column(&ids))
    };
    let from =
        |change: &Change<'_>, pick: fn(&Columns<'_>, usize) -> Option<String>| pick(&columns[change.batch], change.row);
    RecordBatch::try_new(
        subscriptions_schema(),
        vec![
            interned(&|c| Some(c.source.to_owned())),
            Arc::new(changes.iter().map(|c| Some(c.contact)).collect::<StringArray>()),
            interned(&|c| c.channel.map(str::to_owned)),
            interned(&|c| from(c, |columns, row| text(columns.agent, row).map(str::to_owned))),
            interned(&|c| from(c, |columns, row| text(columns.team, row).map(str::to_owned))),
            interned(&|c| from(c, |columns, row| text(columns.topic, row).map(str::to_owned))),
            Arc::new(changes.iter().map(|c| text(columns[c.batch].conversation, c.row)).collect::<StringArray>()),
            Arc::new(
                TimestampMicrosecondArray::from(changes.iter().map(|c| c.at).collect::<Vec<_>>()).with_timezone("UTC"),
            ),
            Arc::new(changes.iter().map(|c| Some(c.event_id)).collect::<StringArray>()),
            Arc::new(changes.iter().map(|c| Some(c.opted_out)).collect::<BooleanArray>()),
            Arc::new(was.into_iter().map(Some).collect::<BooleanArray>()),
        ],
    )
}
