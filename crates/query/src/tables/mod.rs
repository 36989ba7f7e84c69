//! The tables of an archive, as DataFusion sees them.
//!
//! | table | lies in | made by |
//! |---|---|---|
//! | `events` | the archive's event files | [`files`] |
//! | `messages` | a view over `events`: what is visible at the as-of time | [`messages`] |
//! | `waits`, `sessions` | derived files, and rows in memory for what is still open | [`files`] |
//! | `message_cells`, `contacts` | as these: sums over `messages` | [`files`] |
//! | `subscriptions` | memory | [`files`] |
//! | `baselines` | the archive's table of saved baselines | [`baselines`] |

mod baselines;
mod files;
mod messages;

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use tapemeasure_archive::{Archive, Snapshot};
use tapemeasure_facts::Facts;

use crate::error::QueryError;
use baselines::BaselinesTable;
use files::FileTable;
pub(crate) use files::with_views;

/// Tables of facts whose texts with few values are dictionaries: a quarter of the size of views, for rows that are kept.
/// They have no name in SQL.
#[derive(Debug)]
pub(crate) struct Coded {
    pub(crate) waits: Arc<dyn TableProvider>,
    pub(crate) sessions: Arc<dyn TableProvider>,
}

impl Coded {
    /// Those of some facts.
    ///
    /// # Errors
    /// As [`register`].
    pub(crate) fn of(facts: &Facts) -> Result<Self, QueryError> {
        Ok(Self {
            waits: Arc::new(FileTable::of_coded_facts(&facts.waits, "opened_at")?),
            sessions: Arc::new(FileTable::of_coded_facts(&facts.sessions, "closed_at")?),
        })
    }
}

/// Registers every table of an archive. Functions must be registered already: the view uses them.
///
/// # Errors
/// [`QueryError::Path`] and [`QueryError::ObjectPath`] for files in places that cannot be named.
pub(crate) async fn register(
    context: &SessionContext,
    archive: &Archive,
    snapshot: &Snapshot,
    facts: &Facts,
) -> Result<(), QueryError> {
    let tables = [
        ("events", FileTable::of_events(archive, snapshot)?),
        ("waits", FileTable::of_facts(&facts.waits, "opened_at")?),
        ("sessions", FileTable::of_facts(&facts.sessions, "closed_at")?),
        ("message_cells", FileTable::of_facts(&facts.message_cells, "cell_start")?),
        ("contacts", FileTable::of_facts(&facts.contacts, "first_message_at")?),
        ("subscriptions", FileTable::of_facts(&facts.subscriptions, "changed_at")?),
    ];
    for (name, table) in tables {
        context.register_table(name, Arc::new(table)).map_err(QueryError::while_doing("registering tables"))?;
    }
    let baselines = Arc::new(BaselinesTable::new(archive));
    context.register_table("baselines", baselines).map_err(QueryError::while_doing("registering tables"))?;
    let view = messages::view(snapshot, facts);
    context.sql(&view).await.map_err(QueryError::while_doing("making the view of messages"))?;
    Ok(())
}
