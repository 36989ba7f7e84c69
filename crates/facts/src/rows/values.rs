//! The texts behind the numbers of rows.

use std::sync::Arc;

use arrow::array::StringArray;

use crate::fold::batch::Interners;
use crate::fold::session::EndReason;

/// The values of each column of texts that repeat.
pub(crate) struct Values {
    pub(crate) source: Arc<StringArray>,
    pub(crate) channel: Arc<StringArray>,
    pub(crate) team: Arc<StringArray>,
    pub(crate) topic: Arc<StringArray>,
    pub(crate) agent: Arc<StringArray>,
    /// By the number of an [`EndReason`].
    pub(crate) end_reason: Arc<StringArray>,
    /// By the number of a [`CloseReason`](crate::fold::session::CloseReason).
    pub(crate) close_reason: Arc<StringArray>,
    /// By whether it was an agent.
    pub(crate) initiated_by: Arc<StringArray>,
}

impl Values {
    /// Those of a walk so far.
    pub(crate) fn of(interners: &Interners) -> Self {
        Self {
            source: interners.source.values(),
            channel: interners.channel.values(),
            team: interners.team.values(),
            topic: interners.topic.values(),
            agent: interners.agent.values(),
            end_reason: names(&EndReason::ALL.map(EndReason::as_str)),
            close_reason: names(&["closed", "inactive", "open"]),
            initiated_by: names(&["contact", "agent"]),
        }
    }
}

fn names(names: &[&str]) -> Arc<StringArray> {
    Arc::new(names.iter().copied().map(Some).collect())
}
