//! A KPI held against something: an earlier time, its target, a saved baseline, another value of a dimension.
//!
//! ```text
//! bucket      channel  n   mean_s      other_bucket  other_mean_s  other_n  difference  ratio  verdict
//! ──────────  ───────  ──  ──────      ────────────  ────────────  ───────  ──────────  ─────  ───────
//! 2025-03-01  sms      40   300.0  ──► 2025-02-01           400.0       50      -100.0   0.75  better
//! 2025-03-01  email    10  9000.0      2025-02-01            null        0        null   null  too few
//! ```
//!
//! | file | is |
//! |---|---|
//! | [`align`] | which stretch of time a period or bucket is held against |
//! | [`sides`] | the rows of a side, by bucket and dimensions |
//! | [`earlier`] | the other side from an earlier time |
//! | [`alike`] | the other side from rows with another value of a dimension |
//! | [`target`] | the other side from targets |
//! | [`saved`] | the other side from a saved baseline |
//! | [`columns`] | both sides to one result |
//!
//! Every row keeps its own numbers; what it is held against stands beside them. The headline of the definition is what
//! is compared, its `n` says on how many rows it rests.

mod align;
mod alike;
mod columns;
mod earlier;
mod saved;
mod sides;
mod target;
#[cfg(test)]
mod tests;

use tapemeasure_model::zone::Grain;

use crate::definitions::Definition;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::nearest::Meant;
use crate::plan::{KpiRequest, KpiResult};
use align::Earlier;
use sides::Side;

/// The comparisons without a name or value of their own.
const KNOWN: &[&str] = &["previous", "year", "weekday", "target"];

/// What a KPI is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// The time just before: for a bucket the bucket before, for a period of whole months as many months, for one of
    /// whole days as many days, for any other the same length of time.
    Previous,
    /// The same time a year before: by date for months, quarters and years, 364 days before for all else, so that
    /// weekdays meet weekdays.
    Year,
    /// A week before: hours, days, and periods of at most 7 days.
    Weekday,
    /// The target of each row.
    Target,
    /// The baseline of that name.
    Baseline(String),
    /// The row that has this value of a dimension and all other dimensions equal.
    Dimension {
        /// The dimension.
        name: String,
        /// Its value; `None` for rows where it is not known.
        value: Option<String>,
    },
}

impl Comparison {
    /// Reads `previous`, `year`, `weekday`, `target`, `baseline:NAME` or `DIMENSION=VALUE`. Nothing behind the `=` means
    /// rows where the dimension is not known.
    ///
    /// # Errors
    /// [`QueryError::UnknownComparison`], with the nearest name.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        let named = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
        match text {
            "previous" => return Ok(Self::Previous),
            "year" => return Ok(Self::Year),
            "weekday" => return Ok(Self::Weekday),
            "target" => return Ok(Self::Target),
            _ => {}
        }
        if let Some(name) = text.strip_prefix("baseline:").map(str::trim)
            && !name.is_empty()
        {
            return Ok(Self::Baseline(name.to_owned()));
        }
        if let Some((name, value)) = text.split_once('=')
            && named(name.trim())
        {
            let value = Some(value.trim()).filter(|value| !value.is_empty()).map(str::to_owned);
            return Ok(Self::Dimension { name: name.trim().to_owned(), value });
        }
        let is_baseline = text.starts_with("baseline");
        Err(QueryError::UnknownComparison {
            name: text.to_owned(),
            meant: if is_baseline { Meant::surely("baseline:NAME") } else { Meant::of(text, KNOWN) },
            known: format!("{}, baseline:NAME, DIMENSION=VALUE", KNOWN.join(", ")),
        })
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Previous => f.write_str("previous"),
            Self::Year => f.write_str("year"),
            Self::Weekday => f.write_str("weekday"),
            Self::Target => f.write_str("target"),
            Self::Baseline(name) => write!(f, "baseline:{name}"),
            Self::Dimension { name, value } => write!(f, "{name}={}", value.as_deref().unwrap_or_default()),
        }
    }
}

/// The other side of a comparison.
pub(crate) struct Others {
    /// One for each row of this side, in its order.
    rows: Vec<Other>,
    /// What was run for it beside this side's SQL.
    sql: Option<String>,
    /// The tables that it came from, if any.
    served_by: Option<String>,
    /// What was compared with what, and what a reader should know about it.
    notes: Vec<String>,
    /// Whether the other side rests on rows that are counted: a target does not.
    counts_rows: bool,
}

/// What one row is held against.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Other {
    /// Its bucket as the output names it, or the part of time that was taken; null where there is none.
    bucket: Option<String>,
    /// Its headline.
    value: Option<f64>,
    /// The rows that the headline rests on.
    n: Option<i64>,
    /// Difference and ratio where they are not those of the headlines.
    between: Option<(Option<f64>, Option<f64>)>,
    /// What is already said about the two; null leaves it to the numbers.
    verdict: Option<&'static str>,
}

impl Engine {
    /// Works out a KPI and holds every row of it against something else.
    ///
    /// The columns of the result are those of [`kpi`](Self::kpi), the headline and `n` of the definition always among
    /// them, and before `provisional`: `other_bucket` (text), `other_<headline>` (as the headline), `other_n` (Int64),
    /// `difference` (this side minus the other, Float64), `ratio` (this side over the other, Float64; null where either
    /// is null or the other is 0), `verdict` (text: `better`, `worse`, `equal`, `too few` under the definition's
    /// `min_n`, `incomplete`; null where neither way is better). Against a baseline `difference`, `ratio` and `verdict` are
    /// those of [`baselines::compare`](crate::baselines::compare()).
    ///
    /// # Errors
    /// As [`kpi`](Self::kpi); [`QueryError::BadComparison`] if the KPI or the period cannot be compared like that, the
    /// errors of baselines for [`Comparison::Baseline`].
    pub async fn compare(&self, request: &KpiRequest, comparison: &Comparison) -> Result<KpiResult, QueryError> {
        let definition = self.definitions().get(&request.name)?;
        let request = with_headline(request, definition);
        let refused = |reason: String| QueryError::BadComparison {
            comparison: comparison.to_string(),
            kpi: definition.name.clone(),
            reason,
        };
        let of_time = match comparison {
            Comparison::Previous => Some(Earlier::Previous),
            Comparison::Year => Some(Earlier::Year),
            Comparison::Weekday => Some(Earlier::Weekday),
            _ => None,
        };
        // What cannot be is said before anything is worked out.
        let taken = columns::names(definition);
        if let Some(field) = definition.visible().find(|measure| taken.contains(&measure.name)) {
            return Err(refused(format!(
                "its field {} has the name of a column of comparisons; rename it",
                field.name
            )));
        }
        let plan = match of_time {
            Some(earlier) => Some(earlier::Plan::new(&self.kpis, &request, earlier, refused)?),
            None => None,
        };
        if *comparison == Comparison::Target {
            target::check(self.definitions(), definition).map_err(&refused)?;
        }
        let result = self.kpi(&request).await?;
        let side = Side::read(&result.batch, request.dimensions(definition).len(), definition)?;
        let others = match (comparison, plan) {
            (_, Some(plan)) => plan.run(&self.kpis, &request, definition, &side).await?,
            (Comparison::Target, _) => target::others(&self.kpis, &request, definition, &side).await?,
            (Comparison::Baseline(name), _) => {
                saved::others(self, &request, definition, &side, (name.as_str(), &refused)).await?
            }
            (Comparison::Dimension { name, value }, _) => {
                alike::others(&self.kpis, &request, definition, &side, (name.as_str(), value.as_deref())).await?
            }
            // The three of time have a plan.
            (Comparison::Previous | Comparison::Year | Comparison::Weekday, None) => {
                return Err(refused("there is nothing to compare with".to_owned()));
            }
        };
        columns::joined(result, &side, others, definition)
    }
}

/// The request with headline and `n` among its fields, where it names fields.
fn with_headline(request: &KpiRequest, definition: &Definition) -> KpiRequest {
    let mut request = request.clone();
    if let Some(measures) = request.measures.as_mut().filter(|measures| !measures.is_empty()) {
        for name in compared(definition) {
            if !measures.contains(&name) {
                measures.push(name);
            }
        }
    }
    request
}

/// The fields that are compared: the headline and what counts its rows.
fn compared(definition: &Definition) -> Vec<String> {
    let mut names = vec![definition.headline.clone()];
    names.extend(definition.n.iter().filter(|n| **n != definition.headline).cloned());
    names
}

/// A grain as people say it.
fn spoken(grain: Grain) -> String {
    grain.as_str().replace('_', " ")
}
