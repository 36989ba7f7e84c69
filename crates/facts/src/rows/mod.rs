//! Finished waits and sessions as columns.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringBuilder, TimestampMicrosecondArray,
};
use arrow::error::ArrowError;

use crate::fold::batch::Interners;
use crate::fold::session::{CloseReason, EndReason, InitiatedBy, Outcome, Session};
use crate::intern::Interner;
use crate::schema::{sessions_schema, waits_schema};

const MICROSECONDS_IN_SECOND: f64 = 1e6;

/// Columns of sessions and of their waits that grow row by row.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    waits: WaitColumns,
    sessions: SessionColumns,
}

#[derive(Debug, Default)]
struct WaitColumns {
    source: Vec<u32>,
    conversation_id: StringBuilder,
    contact_id: StringBuilder,
    session_opened_at: Vec<i64>,
    channel: Vec<u32>,
    team: Vec<u32>,
    topic: Vec<u32>,
    agent_id: Vec<u32>,
    opened_at: Vec<i64>,
    ended_at: Vec<Option<i64>>,
    end_reason: Vec<u32>,
    is_first: Vec<bool>,
    n_inbound: Vec<i64>,
    wait_us: Vec<Option<i64>>,
}

#[derive(Debug, Default)]
struct SessionColumns {
    source: Vec<u32>,
    conversation_id: StringBuilder,
    contact_id: StringBuilder,
    channel: Vec<u32>,
    team: Vec<u32>,
    topic: Vec<u32>,
    agent_id: Vec<u32>,
    opened_at: Vec<i64>,
    closed_at: Vec<Option<i64>>,
    close_reason: Vec<u32>,
    auto_closed: Vec<bool>,
    reopened: Vec<bool>,
    initiated_by: Vec<u32>,
    first_inbound_at: Vec<Option<i64>>,
    n_inbound: Vec<i64>,
    n_agent: Vec<i64>,
    n_bot: Vec<i64>,
    resolution_us: Vec<Option<i64>>,
}

/// The rows of some sessions: [`waits_schema`] and [`sessions_schema`], each in the order of the sessions.
#[derive(Debug, Clone)]
pub(crate) struct RowBatches {
    pub(crate) waits: RecordBatch,
    pub(crate) sessions: RecordBatch,
}

impl Rows {
    /// Adds a session that has come to its end, or to the end of what is known; its open wait is an open one.
    pub(crate) fn push(&mut self, session: &mut Session, outcome: Outcome) {
        session.end_wait(None, EndReason::Open, crate::intern::NONE);
        self.waits.push(session);
        self.sessions.push(session, outcome);
    }

    /// The columns as batches; the builder is empty afterwards.
    ///
    /// # Errors
    /// None that a right builder can meet; arrow checks lengths.
    pub(crate) fn finish(self, interners: &Interners) -> Result<RowBatches, ArrowError> {
        Ok(RowBatches { waits: self.waits.finish(interners)?, sessions: self.sessions.finish(interners)? })
    }
}

impl WaitColumns {
    fn push(&mut self, session: &Session) {
        for ended in &session.waits {
            let wait = &ended.wait;
            self.source.push(session.source);
            self.conversation_id.append_value(&session.conversation);
            self.contact_id.append_option(session.contact.as_deref());
            self.session_opened_at.push(session.opened_at);
            self.channel.push(if wait.channel == 0 { session.channel } else { wait.channel });
            self.team.push(session.team);
            self.topic.push(session.topic);
            self.agent_id.push(ended.agent);
            self.opened_at.push(wait.opened_at);
            self.ended_at.push(ended.ended_at);
            self.end_reason.push(ended.reason as u32);
            self.is_first.push(wait.is_first);
            self.n_inbound.push(wait.n_inbound);
            self.wait_us.push(match (ended.reason, ended.ended_at) {
                (EndReason::Replied, Some(at)) => Some(at - wait.opened_at),
                _ => None,
            });
        }
    }

    fn finish(mut self, interners: &Interners) -> Result<RecordBatch, ArrowError> {
        let wait_s = seconds(&self.wait_us);
        RecordBatch::try_new(
            waits_schema(),
            vec![
                Arc::new(interners.source.column(&self.source)),
                Arc::new(self.conversation_id.finish()),
                Arc::new(self.contact_id.finish()),
                instants(self.session_opened_at),
                Arc::new(interners.channel.column(&self.channel)),
                Arc::new(interners.team.column(&self.team)),
                Arc::new(interners.topic.column(&self.topic)),
                Arc::new(interners.agent.column(&self.agent_id)),
                instants(self.opened_at),
                maybe_instants(self.ended_at),
                names(&EndReason::ALL.map(EndReason::as_str), &self.end_reason),
                Arc::new(BooleanArray::from(self.is_first)),
                Arc::new(Int64Array::from(self.n_inbound)),
                Arc::new(Int64Array::from(self.wait_us)),
                wait_s,
            ],
        )
    }
}

impl SessionColumns {
    fn push(&mut self, session: &Session, outcome: Outcome) {
        let (closed_at, reason, auto) = match outcome {
            Outcome::Open => (None, CloseReason::Open, false),
            Outcome::Ended { at, reason, auto } => (Some(at), reason, auto),
        };
        self.source.push(session.source);
        self.conversation_id.append_value(&session.conversation);
        self.contact_id.append_option(session.contact.as_deref());
        self.channel.push(session.channel);
        self.team.push(session.team);
        self.topic.push(session.topic);
        self.agent_id.push(session.agent);
        self.opened_at.push(session.opened_at);
        self.closed_at.push(closed_at);
        self.close_reason.push(reason as u32);
        self.auto_closed.push(auto);
        self.reopened.push(session.reopened);
        self.initiated_by.push(u32::from(session.initiated_by == InitiatedBy::Agent));
        self.first_inbound_at.push(session.first_inbound_at);
        self.n_inbound.push(session.n_inbound);
        self.n_agent.push(session.n_agent);
        self.n_bot.push(session.n_bot);
        self.resolution_us.push(match (reason, closed_at, session.resolution_start()) {
            (CloseReason::Closed, Some(end), Some(start)) => Some(end - start),
            _ => None,
        });
    }

    fn finish(mut self, interners: &Interners) -> Result<RecordBatch, ArrowError> {
        let resolution_s = seconds(&self.resolution_us);
        RecordBatch::try_new(
            sessions_schema(),
            vec![
                Arc::new(interners.source.column(&self.source)),
                Arc::new(self.conversation_id.finish()),
                Arc::new(self.contact_id.finish()),
                Arc::new(interners.channel.column(&self.channel)),
                Arc::new(interners.team.column(&self.team)),
                Arc::new(interners.topic.column(&self.topic)),
                Arc::new(interners.agent.column(&self.agent_id)),
                instants(self.opened_at),
                maybe_instants(self.closed_at),
                names(&["closed", "inactive", "open"], &self.close_reason),
                Arc::new(BooleanArray::from(self.auto_closed)),
                Arc::new(BooleanArray::from(self.reopened)),
                names(&["contact", "agent"], &self.initiated_by),
                maybe_instants(self.first_inbound_at),
                Arc::new(Int64Array::from(self.n_inbound)),
                Arc::new(Int64Array::from(self.n_agent)),
                Arc::new(Int64Array::from(self.n_bot)),
                Arc::new(Int64Array::from(self.resolution_us)),
                resolution_s,
            ],
        )
    }
}

/// A column of names by their numbers from 0.
fn names(all: &[&str], ids: &[u32]) -> ArrayRef {
    let mut interner = Interner::default();
    for name in all {
        interner.id(name);
    }
    let ids: Vec<u32> = ids.iter().map(|id| id + 1).collect();
    Arc::new(interner.column(&ids))
}

fn instants(us: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(us).with_timezone("UTC"))
}

fn maybe_instants(us: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(us).with_timezone("UTC"))
}

fn seconds(us: &[Option<i64>]) -> ArrayRef {
    Arc::new(us.iter().map(|us| us.map(|us| us as f64 / MICROSECONDS_IN_SECOND)).collect::<Float64Array>())
}
