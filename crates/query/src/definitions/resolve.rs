//! What is made of other KPIs: their names, their fields, their dimensions, and that nothing is made of itself.

use super::written::unknown;
use super::{Definition, Expression, Kind, Part};
use crate::error::QueryError;

/// Fills in what derived definitions need to know of the others: fingerprints, and the dimensions that all parts have.
///
/// # Errors
/// The place in the list of the first definition that is wrong, and [`QueryError::DefinitionValue`].
pub(super) fn resolve(list: &mut [Definition]) -> Result<(), (usize, QueryError)> {
    let mut done: Vec<bool> = list.iter().map(|definition| !is_derived(definition)).collect();
    // Each pass settles those whose parts are settled.
    loop {
        let ready = (0..list.len()).find(|&at| !done[at] && parts_are_done(list, at, &done));
        let Some(at) = ready else { break };
        let resolved = resolved(list, at).map_err(|error| (at, error))?;
        list[at] = resolved;
        done[at] = true;
    }
    // What is left waits for an unknown KPI, or for itself.
    let left: Vec<usize> = (0..list.len()).filter(|&at| !done[at]).collect();
    for &at in &left {
        if let Some(error) = unknown_part(list, at) {
            return Err((at, error));
        }
    }
    match left.first() {
        None => Ok(()),
        Some(&at) => Err((at, circle(list, at, &done))),
    }
}

fn is_derived(definition: &Definition) -> bool {
    matches!(definition.kind, Kind::Derived(_))
}

fn parts_of(definition: &Definition) -> &[Part] {
    match &definition.kind {
        Kind::Derived(parts) => parts,
        Kind::Flow | Kind::Stock(_) => &[],
    }
}

fn place_of(list: &[Definition], name: &str) -> Option<usize> {
    list.iter().position(|definition| definition.name == name)
}

fn parts_are_done(list: &[Definition], at: usize, done: &[bool]) -> bool {
    parts_of(&list[at]).iter().all(|part| place_of(list, &part.kpi).is_some_and(|other| done[other]))
}

/// A definition with what it takes from its parts; all of them are there.
fn resolved(list: &[Definition], at: usize) -> Result<Definition, QueryError> {
    let mut definition = list[at].clone();
    let mut parts = parts_of(&definition).to_vec();
    let mut shared: Option<Vec<String>> = None;
    for part in &mut parts {
        let Some(other) = place_of(list, &part.kpi).map(|other| &list[other]) else { continue };
        let fields: Vec<&str> = other.visible().map(|measure| measure.name.as_str()).collect();
        for field in &part.fields {
            if !fields.contains(&field.as_str()) {
                let line = line_of(&definition, &part.kpi, field);
                return Err(definition.error(&line, unknown(&format!("field of {}", part.kpi), field, &fields)));
            }
        }
        part.fingerprint = other.fingerprint();
        shared = Some(match shared {
            None => other.dimensions.clone(),
            Some(shared) => shared.into_iter().filter(|name| other.dimensions.contains(name)).collect(),
        });
    }
    let shared = shared.unwrap_or_default();
    let known: Vec<&str> = shared.iter().map(String::as_str).collect();
    if definition.lists_dimensions {
        if let Some(name) = definition.dimensions.iter().find(|name| !shared.contains(name)) {
            return Err(definition.error("dimensions", unknown("dimension of all its parts", name, &known)));
        }
    } else {
        definition.dimensions.clone_from(&shared);
    }
    if let Some(name) = definition.default_by.iter().find(|name| !definition.dimensions.contains(name)) {
        return Err(definition.error("default_by", unknown("dimension of all its parts", name, &known)));
    }
    definition.kind = Kind::Derived(parts);
    Ok(definition)
}

/// The key of the line on which a field of another KPI is named.
fn line_of(definition: &Definition, kpi: &str, field: &str) -> String {
    let names =
        |expression: &Expression| matches!(expression, Expression::OfKpi(of) if of.kpi == kpi && of.field == field);
    let measure = definition.measures.iter().find(|measure| names(&measure.expression));
    measure.map(|measure| format!("measures.{}", measure.name)).unwrap_or_default()
}

fn unknown_part(list: &[Definition], at: usize) -> Option<QueryError> {
    let definition = &list[at];
    let part = parts_of(definition).iter().find(|part| place_of(list, &part.kpi).is_none())?;
    let known: Vec<&str> =
        list.iter().map(|other| other.name.as_str()).filter(|name| *name != definition.name).collect();
    let line = line_of(definition, &part.kpi, part.fields.first().map_or("", String::as_str));
    Some(definition.error(&line, unknown("KPI", &part.kpi, &known)))
}

/// That a definition is made of itself, and by way of which others. Every one of them has a part that is not done.
fn circle(list: &[Definition], at: usize, done: &[bool]) -> QueryError {
    let next_of =
        |at: usize| parts_of(&list[at]).iter().filter_map(|part| place_of(list, &part.kpi)).find(|&other| !done[other]);
    let mut way = vec![at];
    let mut last = at;
    while let Some(next) = next_of(last) {
        let met = way.iter().position(|&before| before == next);
        way.push(next);
        if let Some(met) = met {
            way.drain(..met);
            break;
        }
        last = next;
    }
    let names: Vec<&str> = way.iter().map(|&at| list[at].name.as_str()).collect();
    list[at].error("name", format!("a KPI cannot be made of itself: {}", names.join(" is made of ")))
}
