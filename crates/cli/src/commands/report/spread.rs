//! How long waits and resolutions are: how many reach no further than the target, its half, its double, and so on.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;
use tapemeasure_model::instant::format_instant;
use tapemeasure_query::Definition;
use tapemeasure_report::digest::{AVERAGE_RESPONSE_TIME, Distribution, RESOLUTION_TIME, Reached};

use super::cards::{Told, target_us};
use super::question::Question;
use crate::failure::Failure;

/// How often the target is halved and doubled: from a thousandth of it to 8,192 times it, of 10 minutes half a second to
/// 57 days.
const HALVED: u32 = 10;
const DOUBLED: u32 = 13;

/// The distributions of the KPIs over lengths, without what lies [apart](set_apart).
///
/// # Errors
/// As running SQL.
pub async fn spreads(question: &Question<'_>) -> Result<Vec<Distribution>, Failure> {
    let (waits, resolutions) = tokio::try_join!(
        spread(question, AVERAGE_RESPONSE_TIME, "wait_us"),
        spread(question, RESOLUTION_TIME, "resolution_us")
    )?;
    Ok(waits.into_iter().chain(resolutions).collect())
}

/// Adds what the cards tell of rows that have no length.
pub fn set_apart(distributions: &mut [Distribution], told: &[Told]) {
    for distribution in distributions {
        if let Some(told) = told.iter().find(|told| told.card.name == distribution.kpi) {
            distribution.apart.clone_from(&told.apart);
        }
    }
}

async fn spread(question: &Question<'_>, name: &str, column: &str) -> Result<Option<Distribution>, Failure> {
    let definition = question.engine.definitions().get(name)?;
    // A target of nothing has no half and no double.
    let Some(target_us) = target_us(definition, question.settings).filter(|us| *us > 0) else { return Ok(None) };
    let edges = edges(target_us);
    let (since_us, until_us) = question.period();
    let table = question.engine.in_memory(&definition.table, since_us, until_us).await;
    let query = query(definition, table.unwrap_or(&definition.table), column, (since_us, until_us));
    let mut counts = vec![0_u64; edges.len() + 1];
    question.each(&query, |batch| tally(batch.column(0), column, &edges, &mut counts)).await?;
    let mut n = 0;
    let reached = edges.iter().zip(&counts).map(|((_, up_to_s), count)| {
        n += count;
        Reached { up_to_s: *up_to_s, n }
    });
    let reached = reached.collect();
    Ok(Some(Distribution {
        kpi: definition.name.clone(),
        target_s: target_us as f64 / 1e6,
        n: counts.iter().sum(),
        reached,
        apart: Vec::new(),
    }))
}

/// Counts lengths: how many reach each edge, but not the one before; those behind the last edge stand last. A row without
/// one counts nowhere.
///
/// # Errors
/// The lengths of `column` are no whole microseconds.
fn tally(lengths: &ArrayRef, column: &str, edges: &[(i64, f64)], counts: &mut [u64]) -> Result<(), Failure> {
    let lengths = lengths.as_primitive_opt::<Int64Type>().ok_or_else(|| {
        let cause = ArrowError::CastError(format!("{column} is {}", lengths.data_type()));
        Failure::failed(format!("the lengths in {column} are no whole microseconds; report this as a bug"), cause)
    })?;
    for length in lengths.iter().flatten() {
        counts[edges.partition_point(|(us, _)| *us < length)] += 1;
    }
    Ok(())
}

/// The edges, shortest first: whole microseconds, of which no length lies between them and the edge, and exact seconds.
fn edges(target_us: i64) -> Vec<(i64, f64)> {
    let target_s = target_us as f64 / 1e6;
    let halves = (1..=HALVED).rev().map(|times| (target_us >> times, target_s / 2_f64.powi(times as i32)));
    let doubles =
        (0..=DOUBLED).map(|times| (target_us.saturating_mul(1 << times), target_s * 2_f64.powi(times as i32)));
    halves.chain(doubles).collect()
}

/// The lengths of a period; null where a row has none.
fn query(definition: &Definition, table: &str, column: &str, (since_us, until_us): (i64, i64)) -> String {
    let filter = definition.filter.as_ref().map(|filter| format!("\n  AND ({filter})")).unwrap_or_default();
    format!(
        "SELECT\n  {column}\nFROM {table}\nWHERE {time} >= instant('{}')\n  AND {time} < instant('{}'){filter}",
        format_instant(since_us),
        format_instant(until_us),
        time = definition.time
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, Int64Array};
    use tapemeasure_query::Definitions;

    use super::*;

    #[test]
    fn edges_are_halves_and_doubles_of_the_target() {
        let edges = edges(600_000_000);
        assert_eq!(edges.len(), 24);
        // 600 s / 1024 is 585,937.5 microseconds: lengths are whole, so none lies between 585,937 and the edge.
        assert_eq!(edges[0], (585_937, 0.585_937_5));
        assert_eq!(edges[9], (300_000_000, 300.0));
        assert_eq!(edges[10], (600_000_000, 600.0));
        assert_eq!(edges[23], (4_915_200_000_000, 4_915_200.0));
    }

    #[test]
    fn lengths_are_counted_or_refused() {
        let edges = [(2, 2e-6), (4, 4e-6)];
        let mut counts = [0; 3];
        let lengths: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None, Some(3), Some(5), Some(-1)]));
        tally(&lengths, "wait_us", &edges, &mut counts).unwrap();
        assert_eq!(counts, [3, 1, 1]);
        let others: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let failure = tally(&others, "wait_us", &edges, &mut counts).unwrap_err();
        assert_eq!(failure.line(), "the lengths in wait_us are no whole microseconds; report this as a bug");
        assert_eq!(counts, [3, 1, 1]);
    }

    #[test]
    fn the_rows_are_those_of_the_kpi() {
        let definitions = Definitions::built_in();
        let definition = definitions.get(RESOLUTION_TIME).unwrap();
        assert_eq!(
            query(definition, "sessions_loaded", "resolution_us", (0, 1_000_000)),
            "SELECT\n  resolution_us\nFROM sessions_loaded\nWHERE closed_at >= \
             instant('1970-01-01T00:00:00.000000Z')\n  AND closed_at < instant('1970-01-01T00:00:01.000000Z')\n  AND \
             (resolution_us IS NOT NULL)"
        );
    }
}
