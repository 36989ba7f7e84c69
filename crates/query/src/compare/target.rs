//! The other side from targets (kpi-rules G1).

use super::sides::{Absent, Found, Side};
use super::{Other, Others};
use crate::definitions::{Definition, Definitions, Empty, Expression, Kind, Measure, Selection};
use crate::error::QueryError;
use crate::kpis::{Kpis, Prepared};
use crate::plan::{KpiRequest, fill, flow, result};

/// The least and the greatest target among the rows of a group.
const LEAST: &str = "target_least_us";
const MOST: &str = "target_most_us";

/// Checks that a KPI has targets, in the unit of its headline.
///
/// # Errors
/// Why it cannot be compared, as the end of a sentence.
pub(super) fn check(definitions: &Definitions, definition: &Definition) -> Result<(), String> {
    let can = |definition: &Definition| {
        definition.kind == Kind::Flow && definition.has_target() && definition.unit == "seconds"
    };
    if can(definition) {
        return Ok(());
    }
    let with: Vec<&str> = definitions.iter().filter(|d| can(d)).map(|d| d.name.as_str()).collect();
    let reason = if definition.kind == Kind::Flow && definition.has_target() {
        format!("its {} is in {}, its target in seconds", definition.headline, definition.unit)
    } else {
        "it has no target".to_owned()
    };
    Err(format!("{reason}; KPIs that can be are {}", with.join(", ")))
}

/// Holds every row against its target. A row over rows with several targets has none.
///
/// # Errors
/// As [`Engine::kpi`](crate::Engine::kpi).
pub(super) async fn others(
    kpis: &Kpis,
    request: &KpiRequest,
    definition: &Definition,
    side: &Side,
) -> Result<Others, QueryError> {
    let targets = of_targets(definition);
    let request = KpiRequest { measures: None, fill: false, ..request.clone() };
    let Prepared { mut query, period, .. } = kpis.prepared(&request, None).await?;
    query.definition = &targets;
    query.measures = Selection::new(&targets, None)?;
    query.rollup = None;
    let sql = query.flow();
    let rows = flow::run(&kpis.context, &query, &sql, &period, false).await?;
    let batch = result::dressed(&fill::sorted(&rows, query.by.len())?, &period)?;
    let mut found = Found::default();
    found.add(Side::read(&batch, query.by.len(), &targets)?, None);
    let absent = Absent::new(&targets, false, query.by, false);
    let mut mixed = 0_usize;
    let mut rows = Vec::with_capacity(side.rows.len());
    for row in &side.rows {
        // Read as a side, the least target is the value and the greatest its n; both are whole microseconds.
        let (least_us, most_us) = found.take(&row.bucket, &row.group, &absent);
        let value = match (least_us, most_us) {
            (Some(least_us), Some(most_us)) if least_us == most_us as f64 => Some(least_us / 1e6),
            (Some(_), Some(_)) => {
                mixed += 1;
                None
            }
            _ => None,
        };
        rows.push(Other { value, ..Other::default() });
    }
    let mut notes = vec![format!("every {} is compared with the target of its row", definition.headline)];
    if mixed > 0 {
        notes.push(format!(
            "{mixed} rows have several targets, and so none to compare with; group by what targets differ by, such as \
             --by channel"
        ));
    }
    let served_by = Some(flow::tables(&query));
    Ok(Others { rows, sql: Some(sql), served_by, notes, counts_rows: false })
}

/// The same rows, of which only the targets are asked.
fn of_targets(definition: &Definition) -> Definition {
    let measure = |name: &str, sql: &str| Measure {
        name: name.to_owned(),
        expression: Expression::Aggregate(sql.to_owned()),
        rollup: None,
        hidden: false,
        empty: Empty::Null,
    };
    Definition {
        measures: vec![measure(LEAST, "min(target_us)"), measure(MOST, "max(target_us)")],
        headline: LEAST.to_owned(),
        n: Some(MOST.to_owned()),
        unsettled: None,
        rollup: None,
        ..definition.clone()
    }
}
