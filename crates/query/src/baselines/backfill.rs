//! Saving windows: what is there already stays, what would come out otherwise is worked out again, what is missing is new.
//!
//! Windows go in stretches, and each stretch ends with one commit, so that an interrupted run leaves whole windows and
//! the next one finds them. The rows of a stretch and of the windows that reach into it are read from files once and
//! held in memory, about 100 bytes a wait or session; nothing else grows with the length of history.

use super::conditions::Conditions;
use super::inputs::Inputs;
use super::rows::Row;
use super::store::{Baselines, Entries, Key};
use super::values::{spanning, work_out};
use super::windows::Window;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::plan::Hours;

/// Fewest windows of a stretch: fewer commits than windows.
const STRETCH_MIN: usize = 4;
/// Most windows of a stretch: what a crash takes back is no more than that.
const STRETCH_MAX: usize = 26;

/// Fewest windows for which rows are held in memory: a few read the files as fast.
const LOADED_MIN: usize = 3;

/// What is to be saved.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The name of the baseline.
    pub name: String,
    /// Names of KPIs.
    pub kpis: Vec<String>,
    /// Dimensions to group by; `None` for each definition's own choice.
    pub by: Option<Vec<String>>,
    /// The hours in which spans are measured.
    pub hours: Hours,
    /// The windows, in order of time.
    pub windows: Vec<Window>,
    /// Windows that are worked out at once; at least one.
    pub threads: usize,
}

/// What became of the windows of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Saved {
    /// All of them.
    pub windows: usize,
    /// Those whose numbers were there for all KPIs, and are still right.
    pub already: usize,
    /// Those of which some numbers were there and came out otherwise, because of late events, or of other settings or
    /// definitions.
    pub recomputed: usize,
    /// Those of which the numbers of some KPI were not there.
    pub new: usize,
}

/// What becomes of a window. Of several KPIs the last of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Became {
    Already,
    Recomputed,
    New,
}

/// Saves the windows of a plan. `advanced` is told how many windows more are done. Dropped or killed at any instant, it
/// leaves whole windows; run again, it ends with the table that an undisturbed run would have left.
///
/// Numbers that are there stay as they are, with the version of the archive that they were worked out from, if the
/// files that their rows lay in are the same, or if they come out the same from the files that there are now.
///
/// # Errors
/// [`QueryError::UnknownKpi`], [`QueryError::UnknownDimension`], [`QueryError::BaselineDimension`],
/// [`QueryError::Baselines`], and those of [`Engine::kpi`].
pub async fn save(
    engine: &Engine,
    baselines: &Baselines,
    inputs: &Inputs,
    plan: &Plan,
    advanced: &dyn Fn(usize),
) -> Result<Saved, QueryError> {
    let mut all = Vec::with_capacity(plan.kpis.len());
    for kpi in &plan.kpis {
        all.push(Conditions::new(engine, (&plan.name, kpi), plan.by.as_deref(), plan.hours)?);
    }
    let mut held = baselines.entries(&plan.name).await?;
    let mut saved = Saved { windows: plan.windows.len(), ..Saved::default() };
    for stretch in plan.windows.chunks(stretch_len(&plan.windows)) {
        let (new, became) = stretch_of(engine, inputs, &all, &held, stretch, plan.threads).await?;
        if !new.is_empty() {
            held = baselines.put(&plan.name, &new).await?;
        }
        for became in became {
            match became {
                Became::Already => saved.already += 1,
                Became::Recomputed => saved.recomputed += 1,
                Became::New => saved.new += 1,
            }
        }
        advanced(stretch.len());
    }
    Ok(saved)
}

/// As many windows as begin within the length of one: the rows that the first of them reaches back for are then no more
/// than those that follow.
fn stretch_len(windows: &[Window]) -> usize {
    let fits = match windows.first() {
        Some(first) => windows.iter().take_while(|window| window.start_us < first.end_us).count(),
        None => 1,
    };
    fits.clamp(STRETCH_MIN, STRETCH_MAX)
}

/// The entries of a stretch that are to be saved, and what becomes of each window.
async fn stretch_of(
    engine: &Engine,
    inputs: &Inputs,
    all: &[Conditions],
    held: &Entries,
    stretch: &[Window],
    threads: usize,
) -> Result<(Entries, Vec<Became>), QueryError> {
    let mut became = vec![Became::Already; stretch.len()];
    let mut open: Vec<(&Conditions, Vec<(usize, String)>)> = Vec::new();
    for conditions in all {
        let mut stale = Vec::new();
        for (place, &window) in stretch.iter().enumerate() {
            let print = inputs.of_window(window, conditions.reach_back, conditions.dated);
            let rows = held.get(&key(conditions, window));
            if !rows.is_some_and(|rows| rows.iter().all(|row| is_fresh(row, conditions, &print))) {
                stale.push((place, print));
            }
        }
        if !stale.is_empty() {
            open.push((conditions, stale));
        }
    }
    load(engine, stretch, &open).await?;
    let mut new = Entries::new();
    for (conditions, stale) in open {
        let windows: Vec<Window> = stale.iter().map(|(place, _)| stretch[*place]).collect();
        let worked = work_out(engine, conditions, &windows, threads).await?;
        for ((place, print), groups) in stale.into_iter().zip(worked.windows) {
            let window = stretch[place];
            let key = key(conditions, window);
            let before = held.get(&key);
            let rows: Vec<Row> = groups
                .into_iter()
                .map(|(group, values)| Row {
                    set: conditions.set.clone(),
                    window,
                    period: window.text(&engine.kpis.clocks.zone()),
                    group,
                    values,
                    archive_version: inputs.version(),
                    as_of_us: engine.as_of_us(),
                    inputs: print.clone(),
                })
                .collect();
            if before.is_some_and(|before| are_same(before, &rows)) {
                continue;
            }
            let what = if before.is_some() { Became::Recomputed } else { Became::New };
            became[place] = became[place].max(what);
            new.insert(key, rows);
        }
    }
    Ok((new, became))
}

/// Holds the rows of a stretch in memory, if enough questions will be asked about them.
async fn load(
    engine: &Engine,
    stretch: &[Window],
    open: &[(&Conditions, Vec<(usize, String)>)],
) -> Result<(), QueryError> {
    let stale = open.iter().filter(|(conditions, _)| conditions.loadable).map(|(_, stale)| stale);
    let windows: Vec<Window> = stale.flatten().map(|(place, _)| stretch[*place]).collect();
    if windows.len() < LOADED_MIN {
        return Ok(());
    }
    match spanning(&windows) {
        Some(span) if span.start_us < span.end_us => engine.preload(span.start_us, span.end_us).await,
        _ => Ok(()),
    }
}

fn key(conditions: &Conditions, window: Window) -> Key {
    let set = &conditions.set;
    Key { kpi: set.kpi.clone(), grouped_by: set.grouped_by.clone(), hours: set.hours.clone(), window }
}

/// Whether a row was made from the same files under the same conditions.
fn is_fresh(row: &Row, conditions: &Conditions, print: &str) -> bool {
    *row.set == *conditions.set && row.inputs == print
}

/// Whether rows say the same: what they were made from may be another version.
fn are_same(before: &[Row], after: &[Row]) -> bool {
    let same = |(a, b): (&Row, &Row)| *a.set == *b.set && a.group == b.group && a.values == b.values;
    before.len() == after.len() && before.iter().zip(after).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_as_long_as_a_window() {
        let week = 7;
        let rolling = |weeks: i64, n: i64| -> Vec<Window> {
            (0..n).map(|i| Window { start_us: (i - weeks) * week, end_us: i * week }).collect()
        };
        assert_eq!(stretch_len(&rolling(8, 104)), 8);
        assert_eq!(stretch_len(&rolling(1, 104)), STRETCH_MIN);
        assert_eq!(stretch_len(&rolling(52, 104)), STRETCH_MAX);
        assert_eq!(stretch_len(&[]), STRETCH_MIN);
    }
}
