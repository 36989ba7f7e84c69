//! What is asked, and which part of the period that is.

use tapemeasure_model::zone::Grain;

use crate::error::QueryError;
use crate::plan::period::Period;
use crate::plan::{Hours, KpiRequest};

/// Rows that are listed unless a request says something else.
const LIMIT_ROWS: u64 = 100;

/// A cell of a KPI whose rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillRequest {
    /// The KPI.
    pub name: String,
    /// Values of dimensions; `None` is null. Values of weekdays and hours are numbers.
    pub cell: Vec<(String, Option<String>)>,
    /// How long the buckets are of which [`bucket`](Self::bucket) is one.
    pub grain: Grain,
    /// The bucket as the KPI's own rows name it; `None` for the whole period.
    pub bucket: Option<String>,
    /// First instant of the period, microseconds since 1970 UTC; `None` for the earliest event.
    pub since_us: Option<i64>,
    /// First instant after the period; `None` for the as-of time, itself included.
    pub until_us: Option<i64>,
    /// SQL condition over the columns of the definition's table and the dimensions.
    pub filter: Option<String>,
    /// A field of the KPI: only the rows that it counts are listed. `None` lists all rows of the cell.
    pub measure: Option<String>,
    /// A target for all rows, in microseconds, instead of those of the settings.
    pub target_us: Option<i64>,
    /// What spans are measured in.
    pub hours: Hours,
    /// A row a message instead of a row a conversation; for KPIs over messages.
    pub events: bool,
    /// Which rows come first.
    pub order: DrillOrder,
    /// The most rows that are listed. The totals are of all.
    pub limit: u64,
}

/// The order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DrillOrder {
    /// The longest wait or resolution first, the conversation with the most messages, the contact that opted out
    /// longest ago; of equal ones the earliest. What has no length follows in order of time.
    #[default]
    Longest,
    /// In order of time.
    Time,
}

impl DrillOrder {
    /// `longest` or `time`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Longest => "longest",
            Self::Time => "time",
        }
    }

    /// The order of a name; `None` for anything else.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Longest, Self::Time].into_iter().find(|order| order.as_str() == name)
    }
}

impl DrillRequest {
    /// The first hundred rows behind the one number for everything there is.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            cell: Vec::new(),
            grain: Grain::Total,
            bucket: None,
            since_us: None,
            until_us: None,
            filter: None,
            measure: None,
            target_us: None,
            hours: Hours::Elapsed,
            events: false,
            order: DrillOrder::Longest,
            limit: LIMIT_ROWS,
        }
    }

    /// The request whose answer has the cell among its rows.
    pub(super) fn kpi(&self) -> KpiRequest {
        KpiRequest {
            by: Some(self.cell.iter().map(|(dimension, _)| dimension.clone()).collect()),
            grain: self.grain,
            since_us: self.since_us,
            until_us: self.until_us,
            filter: self.filter.clone(),
            target_us: self.target_us,
            hours: self.hours,
            ..KpiRequest::new(self.name.as_str())
        }
    }

    /// The part of the period that the bucket covers: first instant, first instant after; `None` without a bound.
    ///
    /// # Errors
    /// [`QueryError::UnknownBucket`] if the period has no such bucket, [`QueryError::TooManyRows`] if it has too many
    /// buckets.
    pub(super) fn part(&self, period: &Period) -> Result<(Option<i64>, Option<i64>), QueryError> {
        let Some(bucket) = &self.bucket else { return Ok((period.asked().since_us, period.asked().until_us)) };
        let ids = period.ids()?;
        if let Some(&id) = ids.iter().find(|&&id| period.label(id) == *bucket) {
            return Ok(period.part(id));
        }
        let label = |id: Option<&i64>| id.map_or_else(|| "none".to_owned(), |&id| period.label(id));
        Err(QueryError::UnknownBucket {
            bucket: bucket.clone(),
            grain: self.grain.to_string(),
            first: label(ids.first()),
            last: label(ids.last()),
        })
    }
}
