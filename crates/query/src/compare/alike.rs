//! The other side from rows with another value of a dimension.

use std::collections::BTreeSet;

use tapemeasure_model::zone::Grain;

use super::sides::{Absent, Found, Group, Side, SideRow};
use super::{Other, Others, compared};
use crate::definitions::{Definition, Kind};
use crate::error::QueryError;
use crate::kpis::Kpis;
use crate::nearest::nearest;
use crate::plan::KpiRequest;

/// Most values of a dimension that a line lists.
const LISTED_MAX: usize = 24;

/// Holds every row against the one with a value of a dimension, all other dimensions equal. Where the request groups by
/// the dimension, that row is one of its own; else each row, which has all values, is held against the part that has
/// that one.
///
/// # Errors
/// [`QueryError::UnknownDimension`]; as [`Engine::kpi`](crate::Engine::kpi).
pub(super) async fn others(
    kpis: &Kpis,
    request: &KpiRequest,
    definition: &Definition,
    side: &Side,
    (name, value): (&str, Option<&str>),
) -> Result<Others, QueryError> {
    let by = request.dimensions(definition);
    let place = by.iter().position(|dimension| dimension == name);
    let (candidates, answer) = match place {
        Some(_) => (side.rows.clone(), None),
        None => {
            let mut by = by.to_vec();
            by.push(name.to_owned());
            let fill = definition.kind != Kind::Flow;
            let dimensions = by.len();
            let request = KpiRequest { by: Some(by), measures: Some(compared(definition)), fill, ..request.clone() };
            let answer = kpis.answer(&request).await?;
            (Side::read(&answer.batch, dimensions, definition)?.rows, Some(answer))
        }
    };
    let at = place.unwrap_or(by.len());
    let value = value.map(str::to_owned);
    let values: BTreeSet<&Option<String>> = candidates.iter().filter_map(|row| row.group.get(at)).collect();
    let is_known = values.contains(&value);
    let mut notes = vec![match &value {
        Some(value) => format!("every row is compared with that of {name} {value}"),
        None => format!("every row is compared with that without a known {name}"),
    }];
    if !is_known {
        notes.push(missing(name, value.as_deref(), &values));
    }
    let mut found = Found::default();
    if is_known {
        side.rows.iter().for_each(|row| found.look_at(&row.bucket));
        let matching = candidates.iter().filter(|row| row.group.get(at) == Some(&value));
        let rows = matching.map(|row| SideRow { group: without(&row.group, at), ..row.clone() }).collect();
        found.add(Side { rows, whole_numbers: side.whole_numbers }, None);
    }
    let short = matches!(request.grain, Grain::Hour | Grain::Day);
    let mut of = by.to_vec();
    of.push(name.to_owned());
    let absent = Absent::new(definition, side.whole_numbers, &of, short);
    let mut rows = Vec::with_capacity(side.rows.len());
    for row in &side.rows {
        let group = if place.is_some() { without(&row.group, at) } else { row.group.clone() };
        let (value, n) = found.take(&row.bucket, &group, &absent);
        rows.push(Other { bucket: Some(row.bucket.clone()), value, n, ..Other::default() });
    }
    let served_by = answer.as_ref().map(|answer| answer.served_by.clone());
    Ok(Others { rows, sql: answer.map(|answer| answer.sql), served_by, notes, counts_rows: true })
}

/// A group without one of its dimensions.
fn without(group: &Group, at: usize) -> Group {
    group.iter().enumerate().filter(|&(i, _)| i != at).map(|(_, value)| value.clone()).collect()
}

/// That no row has the value, with the one that may have been meant.
fn missing(name: &str, value: Option<&str>, values: &BTreeSet<&Option<String>>) -> String {
    let known: Vec<&str> = values.iter().filter_map(|value| value.as_deref()).collect();
    let Some(value) = value else { return format!("every row has a known {name}") };
    match nearest(value, &known) {
        Some(meant) => format!("no row has {name} {value:?}; did you mean {meant}?"),
        None if (1..=LISTED_MAX).contains(&known.len()) => {
            format!("no row has {name} {value:?}; there are {}", known.join(", "))
        }
        None => format!("no row has {name} {value:?}"),
    }
}
