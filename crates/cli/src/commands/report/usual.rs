//! What is usual for a KPI by the weeks before the period, where no baseline is asked for (kpi-rules B2).
//!
//! The middle one of the period's whole weeks is held against the range of the whole weeks before it. So a period that is
//! no week long, or an archive that does not reach back, has nothing that is usual.

use tapemeasure_model::instant::days_from_civil;
use tapemeasure_model::zone::Grain;
use tapemeasure_query::verdict::{Reference, judge, median, usual_range};
use tapemeasure_query::{Better, Definition, Kind};
use tapemeasure_report::digest::Baseline;

use super::question::Question;
use super::rows::Rows;
use crate::failure::Failure;

/// Weeks before a period that are looked at: some more than a usual range needs at least, because the first and the last
/// are seldom whole.
pub const WEEKS: i32 = 9;
/// Days of the longest period that is held against them: with more, the weeks before are not what it is to be held
/// against.
pub const DAYS_MAX: i64 = 62;

/// What is usual, and the verdict; `None` where there is nothing to hold against.
///
/// # Errors
/// As computing the KPI.
pub async fn usual(question: &Question<'_>, definition: &Definition) -> Result<Option<(Baseline, String)>, Failure> {
    let (Some(history_us), Some(n)) = (question.history_us, definition.n.as_deref()) else { return Ok(None) };
    // Neither way is worse.
    if definition.better == Better::Neither {
        return Ok(None);
    }
    let column = definition.headline.as_str();
    let until_us = question.until_us.min(question.now_us.saturating_add(1));
    if until_us <= history_us {
        return Ok(None);
    }
    let answer = question.answer(&definition.name, &[], Grain::Week, &[column, n], (history_us, until_us)).await?;
    let since = question.date(question.since_us);
    let at_midnight = question.zone.local_date_start_us(since) == question.since_us;
    let whole = Weeks {
        from: question.date(history_us),
        before: since,
        since: if at_midnight { since } else { since + 1 },
        until: question.date(until_us),
    };
    let (before, within) = whole.divided(&answer.rows, column, n);
    let Some(range) = usual_range(&before.values) else { return Ok(None) };
    let Some(held) = median(&within.values) else { return Ok(None) };
    // Contacts are the same ones week after week.
    let rests_on = |part: &Part| match definition.kind {
        Kind::Stock(_) => part.n.iter().copied().max().unwrap_or(0),
        _ => part.n.iter().sum(),
    };
    let range = range.over(within.values.len());
    let (n_before, n_within) = (rests_on(&before), rests_on(&within));
    let reference = Reference { n: Some(n_before), range: Some(range) };
    let verdict = judge(definition.better, Some(held), Some(n_within), &reference, definition.min_n);
    let baseline = Baseline {
        name: format!("the {} weeks before", before.values.len()),
        held: Some(held),
        mean: Some(range.middle()),
        low: Some(range.low().max(0.0)),
        high: Some(range.high()),
        n: Some(n_before),
    };
    Ok(Some((baseline, verdict.as_str().to_owned())))
}

/// Local dates that whole weeks lie between, in days since 1970-01-01.
struct Weeks {
    /// Weeks before the period begin here or later,
    from: i32,
    /// and end here or earlier.
    before: i32,
    /// Weeks of the period begin here or later,
    since: i32,
    /// and end here or earlier.
    until: i32,
}

/// Weekly values that are known, and what they rest on.
#[derive(Debug, Default, PartialEq)]
struct Part {
    values: Vec<f64>,
    n: Vec<u64>,
}

impl Weeks {
    /// The whole weeks before the period and within it.
    fn divided(&self, rows: &Rows, column: &str, n: &str) -> (Part, Part) {
        let (mut before, mut within) = (Part::default(), Part::default());
        let weeks = rows.texts("bucket").into_iter().zip(rows.numbers(column)).zip(rows.counts(n));
        for ((bucket, value), n) in weeks {
            let (Some(start), Some(value)) = (bucket.as_deref().and_then(day), value) else { continue };
            let end = start + 7;
            let part = if self.from <= start && end <= self.before {
                &mut before
            } else if self.since <= start && end <= self.until {
                &mut within
            } else {
                continue;
            };
            part.values.push(value);
            part.n.push(n);
        }
        (before, within)
    }
}

/// Days since 1970-01-01 of a bucket's name, `2025-03-03`.
fn day(bucket: &str) -> Option<i32> {
    let mut parts = bucket.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    i32::try_from(days_from_civil(year, month, day)).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};

    use super::*;

    #[test]
    fn only_whole_weeks_count() {
        // Mondays from 3 November to 29 December 2025.
        let mondays = ["11-03", "11-10", "11-17", "11-24", "12-01", "12-08", "12-15", "12-22", "12-29"];
        let names: Vec<String> = mondays.iter().map(|day| format!("2025-{day}")).collect();
        let values = (0..9).map(|week| (week != 2).then(|| f64::from(week))).collect::<Float64Array>();
        let batch = RecordBatch::try_from_iter([
            ("bucket", Arc::new(StringArray::from(names)) as ArrayRef),
            ("mean_s", Arc::new(values) as ArrayRef),
            ("n", Arc::new(Int64Array::from_iter_values(10..19)) as ArrayRef),
        ])
        .unwrap();
        // From Wednesday 5 November; the period is 3 December, a Wednesday, to 31 December.
        let date = |text: &str| day(text).unwrap();
        let weeks = Weeks {
            from: date("2025-11-05"),
            before: date("2025-12-03"),
            since: date("2025-12-03"),
            until: date("2025-12-31"),
        };
        let (before, within) = weeks.divided(&Rows::new(batch), "mean_s", "n");
        // The week of 17 November has no value; those of 3 November, 1 and 29 December are cut.
        assert_eq!(before, Part { values: vec![1.0, 3.0], n: vec![11, 13] });
        assert_eq!(within, Part { values: vec![5.0, 6.0, 7.0], n: vec![15, 16, 17] });
    }
}
