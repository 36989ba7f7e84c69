//! The numbers of a KPI over windows.
//!
//! Every window is one request to the engine, which works it out as `tape kpi` does, so percentiles are exact and the
//! numbers are the same to the last digit. What windows share is asked once: the weekly values of all of them are one
//! request by weeks, and a KPI that says how things stand (contacts unsubscribed at the end of a period) is read off it.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result as EngineResult;
use futures::{StreamExt, TryStreamExt};
use tapemeasure_model::zone::Grain;

use super::conditions::{Conditions, Fields};
use super::rows::{Group, Values};
use super::schema::{BASELINE_DIMENSIONS, TEXT_DIMENSIONS};
use super::windows::{Week, Window, weeks};
use crate::engine::Engine;
use crate::error::QueryError;
use crate::plan::KpiRequest;
use crate::verdict::{spread, usual_range};

/// The numbers of some windows.
#[derive(Debug)]
pub(super) struct Worked {
    /// For each window its groups, in their order, as the table `baselines` has them.
    pub(super) windows: Vec<Vec<(Group, Values)>>,
    /// The headline counts something, so that twice the time has twice of it.
    pub(super) is_count: bool,
}

/// Works out the numbers of windows, as many at once as `at_once` says.
///
/// # Errors
/// As [`Engine::kpi`].
pub(super) async fn work_out(
    engine: &Engine,
    conditions: &Conditions,
    windows: &[Window],
    at_once: usize,
) -> Result<Worked, QueryError> {
    let doing = QueryError::while_doing("reading the numbers of a baseline");
    let fields = &conditions.fields;
    let Some(span) = spanning(windows) else { return Ok(Worked { windows: Vec::new(), is_count: false }) };
    let kpis = &engine.kpis;
    let buckets = kpis.clocks.buckets(kpis.clocks.zone(), Grain::Week, (span.start_us, span.end_us));
    let weeks = weeks(&buckets, span, kpis.first_us, kpis.as_of_us);

    // Values at the end of a window are those at the end of its last week.
    let last_weeks: Option<Vec<usize>> = match conditions.at_end {
        true => windows.iter().map(|w| weeks.iter().position(|week| week.bounds.end_us == w.end_us)).collect(),
        false => None,
    };
    let by_week = if weeks.is_empty() {
        Vec::new()
    } else {
        let measures = if last_weeks.is_some() { fields.names() } else { vec![fields.headline.clone()] };
        let answer = engine.kpi(&request(conditions, span, Grain::Week, measures)).await?;
        figures(&answer.batch, conditions).map_err(&doing)?
    };
    let weekly = Weekly::new(&weeks, &by_week);

    let answers: Vec<Vec<Figures>> = match &last_weeks {
        Some(last_weeks) => last_weeks
            .iter()
            .map(|&week| by_week.iter().filter(|f| f.bucket == weeks[week].label).cloned().collect())
            .collect(),
        None => {
            let requests: Vec<KpiRequest> =
                windows.iter().map(|&window| request(conditions, window, Grain::Total, fields.names())).collect();
            let answers: Vec<RecordBatch> = futures::stream::iter(requests)
                .map(|request| async move { engine.kpi(&request).await.map(|answer| answer.batch) })
                .buffered(at_once.max(1))
                .try_collect()
                .await?;
            answers.iter().map(|batch| figures(batch, conditions).map_err(&doing)).collect::<Result<_, _>>()?
        }
    };
    let is_count = answers.iter().chain([&by_week]).flatten().next().is_some_and(|figures| figures.is_count);
    let windows = windows
        .iter()
        .zip(answers)
        .map(|(&window, figures)| {
            let in_window: Vec<usize> = (0..weeks.len()).filter(|&week| weeks[week].is_in(window)).collect();
            let is_over = window.end_us <= kpis.as_of_us.saturating_add(1);
            groups(figures, is_over, &in_window, &weekly)
        })
        .collect();
    Ok(Worked { windows, is_count })
}

/// The shortest stretch that holds all windows; `None` without any.
pub(super) fn spanning(windows: &[Window]) -> Option<Window> {
    let start_us = windows.iter().map(|window| window.start_us).min()?;
    let end_us = windows.iter().map(|window| window.end_us).max()?;
    Some(Window { start_us, end_us })
}

fn request(conditions: &Conditions, window: Window, grain: Grain, measures: Vec<String>) -> KpiRequest {
    KpiRequest {
        by: Some(conditions.by.clone()),
        measures: Some(measures),
        grain,
        since_us: Some(window.start_us),
        until_us: Some(window.end_us),
        hours: conditions.hours,
        ..KpiRequest::new(conditions.set.kpi.clone())
    }
}

/// The groups of a window that have anything in them, in their order; if none has, one that says so.
fn groups(figures: Vec<Figures>, is_over: bool, in_window: &[usize], weekly: &Weekly) -> Vec<(Group, Values)> {
    let is_provisional = !is_over || figures.iter().any(|figures| figures.provisional);
    let mut groups: Vec<(Group, Values)> = figures
        .into_iter()
        .filter(|figures| !figures.is_empty())
        .map(|figures| {
            let values = figures.values(weekly.values(in_window, &figures.group));
            (figures.group, values)
        })
        .collect();
    groups.sort_by(|a, b| a.0.cmp(&b.0));
    if groups.is_empty() {
        let nothing = Values { n: Some(0), weekly: "[]".to_owned(), provisional: is_provisional, ..Values::default() };
        groups.push((Group::default(), nothing));
    }
    groups
}

/// The saved fields of one row of a KPI.
#[derive(Debug, Clone)]
struct Figures {
    bucket: String,
    group: Group,
    is_count: bool,
    n: Option<i64>,
    value: Option<f64>,
    mean: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    max: Option<f64>,
    provisional: bool,
}

impl Figures {
    fn is_empty(&self) -> bool {
        let numbers = [self.value, self.mean, self.p50, self.p90, self.max];
        self.n.unwrap_or(0) == 0 && numbers.iter().all(Option::is_none)
    }

    /// With what its weekly values say.
    fn values(&self, weekly: Vec<Option<f64>>) -> Values {
        let known: Vec<f64> = weekly.iter().copied().flatten().collect();
        let range = usual_range(&known);
        Values {
            n: self.n,
            value: self.value,
            mean: self.mean,
            p50: self.p50,
            p90: self.p90,
            max: self.max,
            spread: spread(&known),
            weekly_n: known.len() as i64,
            usual_low: range.map(|range| range.low()),
            usual_high: range.map(|range| range.high()),
            weekly: json(&weekly),
            provisional: self.provisional,
        }
    }
}

/// Numbers as a JSON array, the shortest that reads back as the same number.
fn json(numbers: &[Option<f64>]) -> String {
    let texts: Vec<String> = numbers
        .iter()
        .map(|number| number.map_or_else(|| "null".to_owned(), |number| serde_json::Value::from(number).to_string()))
        .collect();
    format!("[{}]", texts.join(","))
}

/// The headline by week and group.
struct Weekly {
    values: HashMap<(usize, Group), Option<f64>>,
}

impl Weekly {
    fn new(weeks: &[Week], figures: &[Figures]) -> Self {
        let numbers: HashMap<&str, usize> =
            weeks.iter().enumerate().map(|(number, week)| (week.label.as_str(), number)).collect();
        let values = figures.iter().filter_map(|figures| {
            let week = numbers.get(figures.bucket.as_str())?;
            Some(((*week, figures.group.clone()), figures.value))
        });
        Self { values: values.collect() }
    }

    fn values(&self, weeks: &[usize], group: &Group) -> Vec<Option<f64>> {
        weeks.iter().map(|&week| self.values.get(&(week, group.clone())).copied().flatten()).collect()
    }
}

/// The rows of a KPI. A field that was not asked for is absent.
fn figures(batch: &RecordBatch, conditions: &Conditions) -> EngineResult<Vec<Figures>> {
    let Fields { headline, n, mean, p50, p90, max } = &conditions.fields;
    let named =
        |name: &str| batch.column_by_name(name).ok_or_else(|| internal_datafusion_err!("a KPI has no column {name}"));
    let as_type = |column: &ArrayRef, data_type: &DataType| -> EngineResult<ArrayRef> { Ok(cast(column, data_type)?) };
    let number = |name: &Option<String>| -> EngineResult<Option<ArrayRef>> {
        let asked = name.as_ref().and_then(|name| batch.column_by_name(name));
        asked.map(|column| as_type(column, &DataType::Float64)).transpose()
    };
    let headline_column = named(headline)?;
    let is_count = headline_column.data_type().is_integer();
    let values = as_type(headline_column, &DataType::Float64)?;
    let n = n.as_ref().and_then(|n| batch.column_by_name(n));
    let n = n.map(|column| as_type(column, &DataType::Int64)).transpose()?;
    let (mean, p50, p90, max) = (number(mean)?, number(p50)?, number(p90)?, number(max)?);
    let buckets = as_type(named("bucket")?, &DataType::Utf8)?;
    let provisional = as_type(named("provisional")?, &DataType::Boolean)?;
    let mut dimensions: Vec<(usize, ArrayRef)> = Vec::with_capacity(conditions.by.len());
    for (place, name) in BASELINE_DIMENSIONS.iter().enumerate() {
        if conditions.by.iter().any(|by| by == name) {
            let data_type = if place < TEXT_DIMENSIONS { DataType::Utf8 } else { DataType::Int32 };
            dimensions.push((place, as_type(named(name)?, &data_type)?));
        }
    }
    let float = |column: &ArrayRef, row: usize| {
        let column = column.as_primitive::<Float64Type>();
        column.is_valid(row).then(|| column.value(row))
    };
    let text = |column: &ArrayRef, row: usize| {
        let column = column.as_string::<i32>();
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let mut rows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mut group = Group::default();
        for (place, column) in &dimensions {
            match place.checked_sub(TEXT_DIMENSIONS) {
                None => group.texts[*place] = text(column, row),
                Some(place) => {
                    let column = column.as_primitive::<Int32Type>();
                    group.times[place] = column.is_valid(row).then(|| column.value(row));
                }
            }
        }
        let optional = |column: &Option<ArrayRef>| column.as_ref().and_then(|column| float(column, row));
        rows.push(Figures {
            bucket: text(&buckets, row).unwrap_or_default(),
            group,
            is_count,
            n: n.as_ref().and_then(|n| {
                let n = n.as_primitive::<Int64Type>();
                n.is_valid(row).then(|| n.value(row))
            }),
            value: float(&values, row),
            mean: optional(&mean),
            p50: optional(&p50),
            p90: optional(&p90),
            max: optional(&max),
            provisional: provisional.as_boolean().value(row),
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_group(channel: &str) -> Group {
        let mut group = Group::default();
        group.texts[1] = Some(channel.to_owned());
        group
    }

    fn row(bucket: &str, channel: &str, n: i64, value: Option<f64>) -> Figures {
        Figures {
            bucket: bucket.to_owned(),
            group: of_group(channel),
            is_count: false,
            n: Some(n),
            value,
            mean: value,
            p50: None,
            p90: None,
            max: None,
            provisional: false,
        }
    }

    /// By hand: weekly values 10, 20, 40 of one channel, with a week that has none between; the median is 20, the
    /// deviations 10, 0, 20 have the median 10, corrected by 1.495 for three values.
    #[test]
    fn the_weekly_values_of_a_group_make_its_spread() {
        let week = |label: &str| Week { label: label.to_owned(), bounds: Window { start_us: 0, end_us: 1 } };
        let weeks = ["w1", "w2", "w3", "w4"].map(week);
        let by_week = [
            row("w1", "sms", 1, Some(10.0)),
            row("w1", "web", 1, Some(7.0)),
            row("w2", "sms", 0, None),
            row("w3", "sms", 1, Some(20.0)),
            row("w4", "sms", 1, Some(40.0)),
            row("w5", "sms", 1, Some(1000.0)),
        ];
        let weekly = Weekly::new(&weeks, &by_week);
        let total =
            vec![row("total", "web", 1, Some(7.0)), row("total", "sms", 3, Some(25.0)), row("total", "x", 0, None)];
        let groups = groups(total, true, &[0, 1, 2, 3], &weekly);
        let (sms, web) = (&groups[0], &groups[1]);
        assert_eq!((groups.len(), &sms.0, &web.0), (2, &of_group("sms"), &of_group("web")));
        assert_eq!(sms.1.weekly, "[10.0,null,20.0,40.0]");
        assert_eq!((sms.1.weekly_n, sms.1.n, sms.1.value), (3, Some(3), Some(25.0)));
        assert!((sms.1.spread.unwrap() - 1.4826 * 10.0 * 1.495).abs() < 1e-9);
        assert_eq!((sms.1.usual_low, sms.1.usual_high), (None, None), "three weeks have no range");
        assert_eq!((web.1.weekly.as_str(), web.1.spread), ("[7.0,null,null,null]", None));
    }

    #[test]
    fn a_window_without_anything_says_so() {
        let weekly = Weekly::new(&[], &[]);
        let groups = groups(vec![row("total", "x", 0, None)], false, &[], &weekly);
        assert_eq!(groups.len(), 1);
        assert_eq!((&groups[0].0, groups[0].1.n, groups[0].1.value), (&Group::default(), Some(0), None));
    }
}
