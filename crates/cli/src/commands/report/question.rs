//! What a report asks, about which period.

use arrow::array::RecordBatch;
use tapemeasure_model::settings::Settings;
use tapemeasure_model::zone::{Grain, LocalTime, Zone};
use tapemeasure_query::{Engine, KpiRequest};
use tokio::sync::Semaphore;

use super::rows::Rows;
use crate::commands::kpi;
use crate::failure::Failure;
use crate::watch;

/// What is asked about.
pub struct Question<'a> {
    pub engine: &'a Engine,
    pub settings: &'a Settings,
    pub zone: Zone,
    /// The as-of time.
    pub now_us: i64,
    pub since_us: i64,
    pub until_us: i64,
    /// The stretch that changes are against; `None` where the archive does not reach back.
    pub previous: Option<(i64, i64)>,
    /// The saved baseline that says what is usual; `None` where the weeks before do.
    pub baseline: Option<&'a str>,
    /// Where the weeks begin that say what is usual; `None` where there are none, or the period is not one of weeks.
    pub history_us: Option<i64>,
    /// The grain of everything over time.
    pub grain: Grain,
    /// Who has a permit may ask: side by side, because what one question does on a single thread leaves the others to the
    /// next one, but not all at once, because each holds what it has read.
    pub permits: Semaphore,
}

/// The rows of a KPI, and where they came from.
pub struct Answer {
    pub rows: Rows,
    pub sql: String,
    pub served_by: String,
    pub notes: Vec<String>,
}

impl Question<'_> {
    /// The period.
    pub fn period(&self) -> (i64, i64) {
        (self.since_us, self.until_us)
    }

    /// Some values of a KPI over the period.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub async fn rows(&self, name: &str, by: &[&str], grain: Grain, measures: &[&str]) -> Result<Rows, Failure> {
        self.answer(name, by, grain, measures, self.period()).await.map(|answer| answer.rows)
    }

    /// Some values of a KPI over a period.
    ///
    /// # Errors
    /// As computing a KPI.
    pub async fn answer(
        &self,
        name: &str,
        by: &[&str],
        grain: Grain,
        measures: &[&str],
        (since_us, until_us): (i64, i64),
    ) -> Result<Answer, Failure> {
        let request = KpiRequest {
            by: Some(by.iter().map(|d| (*d).to_owned()).collect()),
            grain,
            since_us: Some(since_us),
            until_us: Some(until_us),
            measures: Some(measures.iter().map(|m| (*m).to_owned()).collect()),
            ..KpiRequest::new(name)
        };
        let _permit = self.permits.acquire().await;
        let result = kpi::compute(self.engine, &request).await?;
        Ok(Answer { rows: Rows::new(result.batch), sql: result.sql, served_by: result.served_by, notes: result.notes })
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// As running it, and the user's Ctrl-C.
    pub async fn sql(&self, query: &str) -> Result<Rows, Failure> {
        let _permit = self.permits.acquire().await;
        let work = async { Ok::<_, Failure>(self.engine.sql(query, &[]).await?.collect_rows().await?) };
        tokio::select! {
            rows = work => Ok(Rows::new(rows?)),
            () = watch::until_interrupted() => Err(Failure::Interrupted),
        }
    }

    /// Gives `each` the rows of a query, batch by batch.
    ///
    /// # Errors
    /// As running it, the first of `each`, and the user's Ctrl-C.
    pub async fn each(
        &self,
        query: &str,
        mut each: impl FnMut(&RecordBatch) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let _permit = self.permits.acquire().await;
        let work = async {
            let mut rows = self.engine.sql(query, &[]).await?;
            while let Some(batch) = rows.next_batch().await {
                each(&batch?)?;
            }
            Ok::<_, Failure>(())
        };
        tokio::select! {
            done = work => done,
            () = watch::until_interrupted() => Err(Failure::Interrupted),
        }
    }

    /// The local date of an instant, in days since 1970-01-01.
    pub fn date(&self, us: i64) -> i32 {
        LocalTime::new(&self.zone, us, us).date(us)
    }
}
