//! The numbers of a period held against a baseline (kpi-rules B2).
//!
//! ```text
//! baseline: weekly values 300 310 290 305 280 300 320 295 (8 weeks)
//!                                                             n    value  weekly  usual (4 weeks)  verdict
//! period: 4 weeks of 410 395 420 405 seconds           ──►    120  407.5  407.5   269.4 to 334.1   worse
//! ```
//!
//! Both sides give their n, and the difference and ratio of their values. The verdict rests on weeks, so that like is
//! held against like: the median of the weekly values of the period against the range that the median of so many
//! weeks is usual in. Counts grow with the length of a period, so their difference and ratio are those of the medians
//! of their weeks.

mod against;
mod beside;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use tapemeasure_model::zone::{Buckets, Grain, WeekStart, Zone};

use super::conditions::{Conditions, check_equal};
use super::rows::{Group, Row, Set, Values};
use super::schema::{BASELINE_DIMENSIONS, TEXT_DIMENSIONS};
use super::store::{Baselines, Entries, Key};
use super::values::work_out;
use super::windows::{Length, Window};
use crate::definitions::Better;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::nearest::Meant;
use crate::plan::Hours;
use crate::verdict::{Reference, Verdict, between, judge, median, usual_range};
pub use against::{Against, against};
pub(crate) use beside::beside;

/// Weeks of a period that nobody has named: enough for a median, few enough to be news.
const RECENT_WEEKS: i32 = 4;

/// Numbers beside those of a baseline.
#[derive(Debug, Clone)]
pub struct Compared {
    /// A row a KPI and group, in the order of KPIs, groupings and groups: `kpi`, the dimensions of any grouping, `hours`,
    /// `period`, `baseline_period` (text), `headline` (text: the field that is compared), `n`, `baseline_n` (Int64),
    /// `value`, `baseline_value` (the headline over each whole period), `weekly`, `baseline_weekly` (the median of its
    /// weekly values), `difference`, `ratio` (null where the baseline is 0), `weeks`, `baseline_weeks` (Int64: weekly
    /// values there are), `usual_low`, `usual_high` (of `weekly`), `verdict` (text), `provisional`.
    pub rows: RecordBatch,
    /// What a reader should know about the periods.
    pub notes: Vec<String>,
}

/// The last whole weeks that end by the as-of time.
pub fn recent(zone: &Zone, week_start: WeekStart, as_of_us: i64) -> Window {
    let end_us = as_of_us.saturating_add(1);
    let weeks = Buckets::new(zone, Grain::Week, week_start, end_us, end_us);
    let (week_us, _) = weeks.bounds(weeks.id(end_us));
    Length::Days(7 * RECENT_WEEKS).ending_at(week_us, zone)
}

/// Holds a period against a baseline: against its last window that ends before the period begins, else against its last.
/// `kpis` are those to compare; none named are all.
///
/// # Errors
/// [`QueryError::UnknownBaseline`]; [`QueryError::NotComparable`] if a setting or definition is not what it was, with its
/// name; [`QueryError::NotInBaseline`] for a KPI that it does not have; those of [`Engine::kpi`].
pub async fn compare(
    engine: &Engine,
    baselines: &Baselines,
    (name, kpis): (&str, &[String]),
    period: Window,
    threads: usize,
) -> Result<Compared, QueryError> {
    let entries = baselines.existing(name).await?;
    for kpi in kpis {
        check_kpi(&entries, name, kpi)?;
    }
    let mut all: BTreeMap<(&str, &str, &str), Vec<Saved<'_>>> = BTreeMap::new();
    for (key, rows) in entries.iter().filter(|(key, _)| kpis.is_empty() || kpis.contains(&key.kpi)) {
        all.entry((&key.kpi, &key.grouped_by, &key.hours)).or_default().push((key, rows));
    }
    let zone = engine.kpis.clocks.zone();
    let (mut lines, mut notes) = (Vec::new(), Vec::new());
    for ((kpi, grouped_by, hours), windows) in all {
        let by: Vec<String> = grouped_by.split(',').filter(|d| !d.is_empty()).map(str::to_owned).collect();
        let in_hours = Hours::from_name(hours).unwrap_or_default();
        let conditions = Conditions::new(engine, (name, kpi), Some(&by), in_hours)?;
        let Some(sides) = Sides::of(engine, &conditions, &windows, period, threads).await? else { continue };
        if sides.overlaps {
            let note = format!(
                "no window of {name} ends before {}: {} is not apart from it",
                period.text(&zone),
                sides.window
            );
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let definition = engine.definitions().get(kpi)?;
        if definition.n.is_none() {
            let note =
                format!("{kpi} does not count the rows behind {}: its verdict is always too few", definition.headline);
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        for (group, held) in sides.groups {
            lines.push(Line {
                kpi: kpi.to_owned(),
                hours: hours.to_owned(),
                headline: conditions.set.headline.clone(),
                then: sides.window.clone(),
                group,
                held,
            });
        }
    }
    let used: Vec<usize> = (0..BASELINE_DIMENSIONS.len())
        .filter(|&place| entries.keys().any(|key| key.grouped_by.split(',').any(|d| d == BASELINE_DIMENSIONS[place])))
        .collect();
    let rows = batch(&lines, &period.text(&zone), &used)?;
    Ok(Compared { rows, notes })
}

/// Checks that a baseline has a KPI.
///
/// # Errors
/// [`QueryError::NotInBaseline`], with the nearest that it has.
fn check_kpi(entries: &Entries, name: &str, kpi: &str) -> Result<(), QueryError> {
    // Keys are in the order of KPIs.
    let mut known: Vec<&str> = entries.keys().map(|key| key.kpi.as_str()).collect();
    known.dedup();
    if known.contains(&kpi) {
        return Ok(());
    }
    Err(QueryError::NotInBaseline {
        baseline: name.to_owned(),
        kpi: kpi.to_owned(),
        meant: Meant::of(kpi, &known),
        known: known.join(", "),
    })
}

/// What is saved of a window.
type Saved<'a> = (&'a Key, &'a Vec<Row>);

/// The windows that a baseline has of a KPI in one grouping and one sort of hours, in order of time.
fn alike<'a>(entries: &'a Entries, set: &Set) -> Vec<Saved<'a>> {
    let is_alike = |key: &Key| key.kpi == set.kpi && key.grouped_by == set.grouped_by && key.hours == set.hours;
    entries.iter().filter(|(key, _)| is_alike(key)).collect()
}

/// A period and the window that it is held against.
#[derive(Debug)]
struct Sides {
    /// The window, as people write it.
    window: String,
    /// The window does not lie before the period.
    overlaps: bool,
    /// What the two say of each group, in the order of groups.
    groups: BTreeMap<Group, Held>,
}

impl Sides {
    /// Holds a period against the last of some windows of one KPI and grouping that ends before the period begins, else
    /// against the last. `None` without windows.
    ///
    /// # Errors
    /// [`QueryError::NotComparable`], and those of [`Engine::kpi`].
    async fn of(
        engine: &Engine,
        conditions: &Conditions,
        windows: &[Saved<'_>],
        period: Window,
        threads: usize,
    ) -> Result<Option<Self>, QueryError> {
        let before = windows.iter().rev().find(|(key, _)| key.window.end_us <= period.start_us);
        let found = before.or(windows.last()).and_then(|(key, rows)| Some((key.window, *rows, rows.first()?)));
        let Some((window, then, saved)) = found else { return Ok(None) };
        check_equal(&saved.set, &conditions.set, &window.options(&engine.kpis.clocks.zone()))?;
        let worked = work_out(engine, conditions, &[period], threads).await?;
        let now = worked.windows.into_iter().next().unwrap_or_default();
        let definition = engine.definitions().get(&conditions.set.kpi)?;
        let rule = Rule { better: definition.better, min_n: definition.min_n, is_count: worked.is_count };
        let both = joined(then, now).into_iter();
        let groups = both.map(|(group, (then, now))| (group, rule.hold(&then, &now))).collect();
        Ok(Some(Self { window: saved.period.clone(), overlaps: before.is_none(), groups }))
    }
}

/// The groups of both sides, in their order; a side that does not have a group has nothing there. Rows that say that a
/// window is empty belong to no group, unless there are no groups.
fn joined(then: &[Row], now: Vec<(Group, Values)>) -> BTreeMap<Group, (Values, Values)> {
    let mut both: BTreeMap<Group, (Values, Values)> = BTreeMap::new();
    for row in then {
        both.entry(row.group.clone()).or_default().0 = row.values.clone();
    }
    for (group, values) in now {
        both.entry(group).or_default().1 = values;
    }
    let says_nothing = |values: &Values| values.n.unwrap_or(0) == 0 && values.value.is_none();
    if both.len() > 1 {
        both.retain(|_, (then, now)| !says_nothing(then) || !says_nothing(now));
    }
    both
}

/// How two sides are held against each other.
#[derive(Debug, Clone, Copy)]
struct Rule {
    better: Better,
    min_n: u64,
    is_count: bool,
}

/// Two sides of a group, and what they say.
#[derive(Debug, Clone)]
struct Held {
    then: Values,
    now: Values,
    weekly_then: Option<f64>,
    weekly_now: Option<f64>,
    difference: Option<f64>,
    ratio: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    verdict: Verdict,
}

impl Rule {
    fn hold(self, then: &Values, now: &Values) -> Held {
        let (weeks_then, weeks_now) = (numbers(&then.weekly), numbers(&now.weekly));
        let (weekly_then, weekly_now) = (median(&weeks_then), median(&weeks_now));
        let range = usual_range(&weeks_then).map(|range| range.over(weeks_now.len()));
        let rows = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
        let reference = Reference { n: rows(then.n), range };
        let verdict = judge(self.better, weekly_now, rows(now.n), &reference, self.min_n);
        let (difference, ratio) =
            if self.is_count { between(weekly_now, weekly_then) } else { between(now.value, then.value) };
        Held {
            then: then.clone(),
            now: now.clone(),
            weekly_then,
            weekly_now,
            difference,
            ratio,
            low: range.map(|range| range.low()),
            high: range.map(|range| range.high()),
            verdict,
        }
    }
}

/// The numbers of a JSON array, nulls left out. What is none was not written by this program, and has no weeks.
fn numbers(json: &str) -> Vec<f64> {
    serde_json::from_str::<Vec<Option<f64>>>(json).unwrap_or_default().into_iter().flatten().collect()
}

/// A row of the result.
#[derive(Debug)]
struct Line {
    kpi: String,
    hours: String,
    headline: String,
    then: String,
    group: Group,
    held: Held,
}

fn batch(lines: &[Line], period: &str, dimensions: &[usize]) -> Result<RecordBatch, QueryError> {
    let text = |of: &dyn Fn(&Line) -> String| -> ArrayRef {
        Arc::new(lines.iter().map(|line| Some(of(line))).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Held) -> Option<f64>| -> ArrayRef {
        Arc::new(lines.iter().map(|line| of(&line.held)).collect::<Float64Array>())
    };
    let whole = |of: &dyn Fn(&Held) -> Option<i64>| -> ArrayRef {
        Arc::new(lines.iter().map(|line| of(&line.held)).collect::<Int64Array>())
    };
    let mut columns: Vec<(&str, ArrayRef)> = vec![("kpi", text(&|line| line.kpi.clone()))];
    for &place in dimensions {
        let column: ArrayRef = match place.checked_sub(TEXT_DIMENSIONS) {
            None => Arc::new(lines.iter().map(|line| line.group.texts[place].as_deref()).collect::<StringArray>()),
            Some(place) => Arc::new(lines.iter().map(|line| line.group.times[place]).collect::<Int32Array>()),
        };
        columns.push((BASELINE_DIMENSIONS[place], column));
    }
    columns.extend([
        ("hours", text(&|line| line.hours.clone())),
        ("period", text(&|_| period.to_owned())),
        ("baseline_period", text(&|line| line.then.clone())),
        ("headline", text(&|line| line.headline.clone())),
        ("n", whole(&|held| held.now.n)),
        ("baseline_n", whole(&|held| held.then.n)),
        ("value", number(&|held| held.now.value)),
        ("baseline_value", number(&|held| held.then.value)),
        ("weekly", number(&|held| held.weekly_now)),
        ("baseline_weekly", number(&|held| held.weekly_then)),
        ("difference", number(&|held| held.difference)),
        ("ratio", number(&|held| held.ratio)),
        ("weeks", whole(&|held| Some(held.now.weekly_n))),
        ("baseline_weeks", whole(&|held| Some(held.then.weekly_n))),
        ("usual_low", number(&|held| held.low)),
        ("usual_high", number(&|held| held.high)),
        ("verdict", text(&|line| line.held.verdict.as_str().to_owned())),
        (
            "provisional",
            Arc::new(lines.iter().map(|line| Some(line.held.now.provisional)).collect::<BooleanArray>()) as ArrayRef,
        ),
    ]);
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .map_err(|e| QueryError::of_engine("comparing with a baseline", e.into()))
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::instant::parse_instant;

    use super::*;

    fn side(n: i64, value: f64, weekly: &str) -> Values {
        let weekly_n = numbers(weekly).len() as i64;
        Values { n: Some(n), value: Some(value), weekly: weekly.to_owned(), weekly_n, ..Values::default() }
    }

    const USUAL: &str = "[300.0,310.0,290.0,305.0,280.0,300.0,320.0,295.0]";

    /// The numbers of the module's example, from Python: `math.exp(statistics.median(logs) ± 3.2 × sqrt(1/4 + 1/16) ×
    /// 1.45 × 1.4826 × median(|log − median|) × 1.129)`.
    #[test]
    fn both_sides_and_a_verdict() {
        let rule = Rule { better: Better::Lower, min_n: 30, is_count: false };
        let (then, now) = (side(800, 301.0, USUAL), side(120, 407.5, "[410.0,395.0,420.0,405.0]"));
        let held = rule.hold(&then, &now);
        assert_eq!((held.weekly_then, held.weekly_now), (Some(300.0), Some(407.5)));
        assert_eq!(held.difference, Some(106.5));
        assert_eq!(held.ratio, Some(407.5 / 301.0));
        let (low, high) = (held.low.unwrap(), held.high.unwrap());
        assert!((low - 269.378).abs() < 1e-3 && (high - 334.103).abs() < 1e-3, "{low} {high}");
        assert_eq!(held.verdict, Verdict::Worse);
        assert_eq!(rule.hold(&then, &side(29, 407.5, "[410.0]")).verdict, Verdict::TooFew);
        assert_eq!(rule.hold(&then, &side(120, 310.0, "[310.0,305.0]")).verdict, Verdict::WithinUsualRange);
        assert_eq!(rule.hold(&then, &side(120, 310.0, "[]")).verdict, Verdict::TooFew);
    }

    /// Eight weeks of about 300 against one of 600: the whole periods differ the other way round.
    #[test]
    fn counts_are_compared_by_week() {
        let rule = Rule { better: Better::Neither, min_n: 30, is_count: true };
        let held = rule.hold(&side(2_400, 2_400.0, USUAL), &side(600, 600.0, "[600.0]"));
        assert_eq!((held.difference, held.ratio, held.verdict), (Some(300.0), Some(2.0), Verdict::Above));
    }

    #[test]
    fn the_recent_weeks_are_whole() {
        let us = |text: &str| parse_instant(text).unwrap();
        let text = |as_of: &str| recent(&Zone::UTC, WeekStart::Monday, us(as_of)).text(&Zone::UTC);
        assert_eq!(text("2025-04-02T10:00:00Z"), "2025-03-03/2025-03-31");
        assert_eq!(text("2025-03-30T23:59:59.999999Z"), "2025-03-03/2025-03-31");
        assert_eq!(text("2025-03-30T23:59:59Z"), "2025-02-24/2025-03-24");
    }
}
