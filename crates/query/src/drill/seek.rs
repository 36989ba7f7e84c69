//! The events that start and stop clocks, sought for the rows that are shown.
//!
//! A row says when its clock started and stopped, and by what: the event is the first of that sort, of that
//! conversation, at that instant, in the order of kpi-rules O1. It is the first because all events of a sort lie
//! together within an instant: questions before answers, answers before opt-outs, these before closes. So a wait that
//! opened at an instant opened at its first question, and an answer at that instant came after it; and after a close
//! nothing of that instant follows.
//!
//! ```text
//! sought                              events of that instant          found
//! opening of a wait                   q2 question, q5 question        q2
//! `replied`                           a3 answer, b1 bot               a3; b1 where bots reply and there is no a3
//! start of a session (S1)             q2 question, o9 opened          o9
//! ```
//!
//! Events that were deleted never happened (E3) and are not found.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::cast::{as_string_array, as_timestamp_microsecond_array};
use datafusion::common::internal_datafusion_err;
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use tapemeasure_model::instant::format_instant;
use tapemeasure_model::key::conversation_key;
use tapemeasure_model::settings::{Bots, Settings};

use crate::error::QueryError;
use crate::plan::sql::instant;

/// Columns of events.
pub(super) const OPENING: &str = "opening_event_id";
pub(super) const ENDING: &str = "ending_event_id";
pub(super) const START: &str = "start_event_id";
pub(super) const CLOSE: &str = "close_event_id";
pub(super) const FIRST: &str = "first_event_id";
pub(super) const LAST: &str = "last_event_id";

/// The messages of a cell as events; stands behind the steps that make the cell, and before conditions.
pub(super) const MESSAGES: &str = "SELECT
  source,
  conversation_id,
  occurred_at,
  event_id,
  CASE direction WHEN 'outbound' THEN 'outbound' ELSE 'inbound' END AS act
FROM cell
WHERE ";

/// Up to so many values DataFusion 55 turns a list into bounds of its own, by which files and pages are skipped
/// (`MAX_LIST_VALUE_SIZE_REWRITE` of its pruning).
const MAX_KEYS: usize = 20;

/// Which clocks the rows have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sought {
    /// None.
    Nothing,
    /// A wait's: the question that opened it, and what ended it.
    Waits,
    /// A resolution's: the opening or first question, and the close.
    Sessions,
    /// First and last message of a conversation among those of the cell.
    Messages {
        /// The query for the messages of the cell, up to its conditions on time.
        cell: String,
    },
}

/// Fills the columns of events.
pub(super) struct Seeker {
    context: SessionContext,
    settings: Settings,
    sought: Sought,
}

impl Seeker {
    pub(super) fn new(context: &SessionContext, settings: &Settings, sought: Sought) -> Self {
        Self { context: context.clone(), settings: settings.clone(), sought }
    }

    /// A batch with its events. Reads the events between the first and the last instant that is sought.
    ///
    /// # Errors
    /// [`QueryError::MissingEvent`] if there is no event where there must be one, [`QueryError::Resources`],
    /// [`QueryError::Storage`].
    pub(super) async fn filled(&self, batch: RecordBatch) -> Result<RecordBatch, QueryError> {
        let doing = QueryError::while_doing("seeking the events of clocks");
        let (names, slots) = self.slots(&batch).map_err(&doing)?;
        let mut wanted = Wanted::new(slots);
        let Some(sql) = self.text(&wanted) else { return Ok(batch) };
        let mut stream = self.context.sql(&sql).await.map_err(&doing)?.execute_stream().await.map_err(&doing)?;
        while let Some(events) = stream.next().await {
            wanted.take(&events.map_err(&doing)?).map_err(&doing)?;
        }
        let mut ids: Vec<Vec<Option<String>>> = vec![vec![None; batch.num_rows()]; names.len()];
        for slot in wanted.slots {
            match slot.found {
                Some((_, id)) => ids[slot.column][slot.row] = Some(id),
                None => {
                    return Err(QueryError::MissingEvent {
                        source_name: slot.source,
                        conversation_id: slot.conversation,
                        at: format_instant(slot.at_us),
                    });
                }
            }
        }
        let mut columns = batch.columns().to_vec();
        for (name, ids) in names.iter().zip(ids) {
            let place = batch.schema_ref().index_of(name).map_err(|e| doing(e.into()))?;
            columns[place] = Arc::new(StringArray::from(ids));
        }
        RecordBatch::try_new(batch.schema(), columns).map_err(|e| doing(e.into()))
    }

    /// The columns to fill, and what is sought for them.
    fn slots(&self, batch: &RecordBatch) -> EngineResult<(&'static [&'static str], Vec<Slot>)> {
        match &self.sought {
            Sought::Nothing => Ok((&[], Vec::new())),
            Sought::Waits => self.slots_of_waits(batch).map(|slots| (&[OPENING, ENDING] as &[&str], slots)),
            Sought::Sessions => slots_of_sessions(batch).map(|slots| (&[START, CLOSE] as &[&str], slots)),
            Sought::Messages { .. } => slots_of_messages(batch).map(|slots| (&[FIRST, LAST] as &[&str], slots)),
        }
    }

    fn slots_of_waits(&self, batch: &RecordBatch) -> EngineResult<Vec<Slot>> {
        let rows = Conversations::of(batch)?;
        let (opened_at, ended_at) = (instants(batch, "opened_at")?, instants(batch, "ended_at")?);
        let end_reason = texts(batch, "end_reason")?;
        let mut slots = Vec::new();
        for row in 0..batch.num_rows() {
            slots.extend(rows.slot(row, 0, opened_at[row], QUESTION));
            let ends = match end_reason.value(row) {
                "replied" if self.settings.rules_for(rows.source.value(row)).bots == Bots::Reply => ANSWER | BOT,
                "replied" => ANSWER,
                "closed" => CLOSED,
                "opted_out" => OPTED_OUT,
                // Time ended it, or nothing did.
                _ => continue,
            };
            slots.extend(rows.slot(row, 1, ended_at[row], ends));
        }
        Ok(slots)
    }

    /// The query for the events that can be what is sought; none if nothing is.
    fn text(&self, wanted: &Wanted) -> Option<String> {
        let (first_us, last_us) = wanted.bounds()?;
        let time = format!("occurred_at >= {} AND occurred_at <= {}", instant(first_us), instant(last_us));
        Some(match &self.sought {
            Sought::Messages { cell } => format!("{cell}{time}"),
            Sought::Nothing | Sought::Waits | Sought::Sessions => events(&time, &wanted.keys()),
        })
    }
}

/// The query for the events of some conversations in a time that can start or stop a clock.
pub(super) fn events(time: &str, keys: &BTreeSet<i64>) -> String {
    let keys = match (keys.first(), keys.last()) {
        (Some(first), Some(last)) if keys.len() > MAX_KEYS => format!("BETWEEN {first} AND {last}"),
        _ => format!("IN ({})", keys.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
    };
    format!(
        "SELECT
  source,
  conversation_id,
  occurred_at,
  event_id,
  act
FROM (
  SELECT
    source,
    conversation_id,
    occurred_at,
    event_id,
    CASE event_type
      WHEN 'message' THEN message_kind(event_type, direction, author, private, automated)
      ELSE event_type
    END AS act
  FROM events
  WHERE {time}
    AND conversation_key {keys}
    AND NOT is_deleted(source, event_id)
)
WHERE act IN ('opened', 'reopened', 'question', 'answer', 'bot', 'opted_out', 'closed')"
    )
}

/// What an event can be for a clock, a bit each.
const OPENED: u8 = 1;
const QUESTION: u8 = 1 << 1;
const ANSWER: u8 = 1 << 2;
const BOT: u8 = 1 << 3;
const OPTED_OUT: u8 = 1 << 4;
const CLOSED: u8 = 1 << 5;
/// A message of the cell, whatever it is.
const MESSAGE: u8 = 1 << 6;

/// What opens a session (kpi-rules S1).
const OPENS: u8 = OPENED | QUESTION | ANSWER;

/// The bit of an event, and its rank within an instant (kpi-rules O1); `None` for what no clock minds.
fn act(name: &str) -> Option<(u8, u8)> {
    Some(match name {
        "opened" | "reopened" => (OPENED, 0),
        "question" => (QUESTION, 2),
        "answer" => (ANSWER, 3),
        "bot" => (BOT, 3),
        "opted_out" => (OPTED_OUT, 4),
        "closed" => (CLOSED, 5),
        "inbound" => (MESSAGE, 2),
        "outbound" => (MESSAGE, 3),
        _ => return None,
    })
}

/// An event that is sought, and the best so far.
#[derive(Debug)]
struct Slot {
    row: usize,
    column: usize,
    source: String,
    conversation: String,
    at_us: i64,
    accepts: u8,
    /// The last of the instant is sought instead of the first.
    last: bool,
    /// Rank and id.
    found: Option<(u8, String)>,
}

/// Everything that is sought, by instant and key of the conversation.
struct Wanted {
    slots: Vec<Slot>,
    by_key: HashMap<(i64, i64), Vec<usize>>,
}

impl Wanted {
    fn new(slots: Vec<Slot>) -> Self {
        let mut by_key: HashMap<(i64, i64), Vec<usize>> = HashMap::with_capacity(slots.len());
        for (place, slot) in slots.iter().enumerate() {
            let key = (slot.at_us, conversation_key(&slot.source, &slot.conversation));
            by_key.entry(key).or_default().push(place);
        }
        Self { slots, by_key }
    }

    /// The first and the last instant that is sought.
    fn bounds(&self) -> Option<(i64, i64)> {
        let times = || self.slots.iter().map(|slot| slot.at_us);
        times().min().zip(times().max())
    }

    fn keys(&self) -> BTreeSet<i64> {
        self.by_key.keys().map(|&(_, key)| key).collect()
    }

    /// Looks through some events.
    fn take(&mut self, batch: &RecordBatch) -> EngineResult<()> {
        let column = |name: &'static str| batch.column_by_name(name).ok_or_else(|| missing(name));
        let text = |name: &'static str| -> EngineResult<StringArray> {
            Ok(as_string_array(&cast(column(name)?, &DataType::Utf8)?)?.clone())
        };
        let (sources, conversations) = (text("source")?, text("conversation_id")?);
        let (ids, acts) = (text("event_id")?, text("act")?);
        let at = as_timestamp_microsecond_array(column("occurred_at")?)?;
        for row in 0..batch.num_rows() {
            if conversations.is_null(row) {
                continue;
            }
            let Some((act, rank)) = act(acts.value(row)) else { continue };
            let (source, conversation) = (sources.value(row), conversations.value(row));
            let Some(places) = self.by_key.get(&(at.value(row), conversation_key(source, conversation))) else {
                continue;
            };
            let event = (rank, ids.value(row));
            for &place in places {
                let slot = &mut self.slots[place];
                if slot.accepts & act == 0 || slot.source != source || slot.conversation != conversation {
                    continue;
                }
                let better = match &slot.found {
                    None => true,
                    Some((rank, id)) if slot.last => event > (*rank, id.as_str()),
                    Some((rank, id)) => event < (*rank, id.as_str()),
                };
                if better {
                    slot.found = Some((event.0, event.1.to_owned()));
                }
            }
        }
        Ok(())
    }
}

/// Whose rows they are.
struct Conversations<'a> {
    source: &'a StringArray,
    conversation: &'a StringArray,
}

impl<'a> Conversations<'a> {
    fn of(batch: &'a RecordBatch) -> EngineResult<Self> {
        Ok(Self { source: texts(batch, "source")?, conversation: texts(batch, "conversation_id")? })
    }

    /// What is sought for a row; nothing without a time, or without a conversation.
    fn slot(&self, row: usize, column: usize, at_us: Option<i64>, accepts: u8) -> Option<Slot> {
        if self.conversation.is_null(row) {
            return None;
        }
        Some(Slot {
            row,
            column,
            source: self.source.value(row).to_owned(),
            conversation: self.conversation.value(row).to_owned(),
            at_us: at_us?,
            accepts,
            last: false,
            found: None,
        })
    }
}

fn slots_of_sessions(batch: &RecordBatch) -> EngineResult<Vec<Slot>> {
    let rows = Conversations::of(batch)?;
    let (started_at, closed_at) = (instants(batch, "started_at")?, instants(batch, "closed_at")?);
    let (initiated_by, close_reason) = (texts(batch, "initiated_by")?, texts(batch, "close_reason")?);
    let mut slots = Vec::new();
    for row in 0..batch.num_rows() {
        let starts = if initiated_by.value(row) == "agent" { QUESTION } else { OPENS };
        slots.extend(rows.slot(row, 0, started_at[row], starts));
        if close_reason.value(row) == "closed" {
            slots.extend(rows.slot(row, 1, closed_at[row], CLOSED));
        }
    }
    Ok(slots)
}

fn slots_of_messages(batch: &RecordBatch) -> EngineResult<Vec<Slot>> {
    let rows = Conversations::of(batch)?;
    let (first_at, last_at) = (instants(batch, "first_at")?, instants(batch, "last_at")?);
    let mut slots = Vec::new();
    for row in 0..batch.num_rows() {
        slots.extend(rows.slot(row, 0, first_at[row], MESSAGE));
        slots.extend(rows.slot(row, 1, last_at[row], MESSAGE).map(|slot| Slot { last: true, ..slot }));
    }
    Ok(slots)
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> EngineResult<&'a StringArray> {
    as_string_array(batch.column_by_name(name).ok_or_else(|| missing(name))?)
}

/// A column of instants; null as `None`.
fn instants(batch: &RecordBatch, name: &str) -> EngineResult<Vec<Option<i64>>> {
    let column = as_timestamp_microsecond_array(batch.column_by_name(name).ok_or_else(|| missing(name))?)?;
    Ok(column.iter().collect())
}

fn missing(name: &str) -> DataFusionError {
    internal_datafusion_err!("no column {name} among the rows of a cell")
}
