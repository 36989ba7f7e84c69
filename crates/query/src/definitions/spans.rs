//! Targets and hours: what a definition says about spans of time.

use tapemeasure_model::settings::duration::parse_duration_us;
use toml::Spanned;

use super::measures::Found;
use super::written::{File, HoursName, Place, TargetEntry};
use super::{Expression, Measure, OwnTargets, TargetCase};
use crate::error::QueryError;
use crate::plan::Hours;

/// The tables of moments: their rows last no time.
const MOMENTS: &[&str] = &["events", "messages", "subscriptions"];

/// The key of the target where no case holds.
const DEFAULT: &str = "default";

/// The definition's own targets.
///
/// # Errors
/// [`QueryError::DefinitionValue`] for a value that is no duration, a dimension that is not known, and two defaults.
pub(super) fn targets(place: Place<'_>, parsed: &File, dimensions: &[String]) -> Result<OwnTargets, QueryError> {
    let mut default_us = None;
    // With where each stands in the file: the order of the cases is that of the file.
    let mut cases: Vec<(usize, TargetCase)> = Vec::new();
    for (key, entry) in &parsed.targets {
        match entry.get_ref() {
            TargetEntry::All(text) if key == DEFAULT => {
                if parsed.target.is_some() {
                    let reason = "target takes the default from the settings; leave out target, or default here";
                    return Err(place.error(entry, reason));
                }
                default_us = Some(duration_us(place, entry, text)?);
            }
            TargetEntry::All(_) => {
                let reason = format!("write {DEFAULT} = \"10m\", or the value of a dimension: {key}.email = \"4h\"");
                return Err(place.error(entry, reason));
            }
            TargetEntry::By(values) => {
                let known: Vec<&str> = dimensions.iter().map(String::as_str).collect();
                place.check_known_in(place.line_of(entry), key, "dimension", &known)?;
                for (value, text) in values {
                    let us = duration_us(place, text, text.get_ref())?;
                    let case = TargetCase { dimension: key.clone(), value: value.clone(), us };
                    cases.push((text.span().start, case));
                }
            }
        }
    }
    cases.sort_by_key(|(at, _)| *at);
    if let Some(entry) = parsed.targets.values().next()
        && parsed.target.is_none()
        && default_us.is_none()
    {
        let reason = "targets need a default, or target = with the name of one in the settings";
        return Err(place.error(entry, reason));
    }
    Ok(OwnTargets { default_us, cases: cases.into_iter().map(|(_, case)| case).collect() })
}

/// Checks that a target is for spans, and that a measure asks for it; and that none asks where there is no target.
///
/// # Errors
/// [`QueryError::DefinitionValue`].
pub(super) fn check_target(place: Place<'_>, parsed: &File, found: &Found) -> Result<(), QueryError> {
    let line = match (&parsed.target, parsed.targets.values().next()) {
        (Some(target), _) => Some(place.line_of(target)),
        (None, Some(entry)) => Some(place.line_of(entry)),
        (None, None) => None,
    };
    let asks = |measure: &&Measure| match &measure.expression {
        Expression::Aggregate(sql) => sql.contains("target_us"),
        Expression::Row(_) | Expression::Contacts(_) | Expression::OfKpi(_) => false,
    };
    let asking = found.measures.iter().find(asks);
    let Some(line) = line else {
        return match asking {
            None => Ok(()),
            Some(measure) => {
                let line = found.lines.get(&format!("measures.{}", measure.name)).copied().unwrap_or(1);
                let reason = format!(
                    "measure {} needs a target; add target = \"response\", or [targets] with a default",
                    measure.name
                );
                Err(place.error_in(line, reason))
            }
        };
    };
    if let Some(table) = moments(parsed) {
        return Err(place.error_in(line, format!("a target is for spans of time, and rows of {table} have none")));
    }
    let is_unsettled = parsed.unsettled.as_ref().is_some_and(|sql| sql.get_ref().contains("target_us"));
    if asking.is_none() && !is_unsettled {
        let reason = "no measure asks for the target; use share_within_target, or leave the target out";
        return Err(place.error_in(line, reason));
    }
    Ok(())
}

/// The hours in which spans are measured.
///
/// # Errors
/// [`QueryError::DefinitionValue`] for business hours of moments.
pub(super) fn hours(place: Place<'_>, parsed: &File) -> Result<Hours, QueryError> {
    let Some(hours) = &parsed.hours else { return Ok(Hours::Elapsed) };
    match hours.get_ref() {
        HoursName::Elapsed => Ok(Hours::Elapsed),
        HoursName::Business => match moments(parsed) {
            Some(table) => {
                Err(place.error(hours, format!("hours are for spans of time, and rows of {table} have none")))
            }
            None => Ok(Hours::Business),
        },
    }
}

/// The definition's table, if its rows last no time.
fn moments(parsed: &File) -> Option<&str> {
    let table = parsed.table.as_ref()?.get_ref().as_str();
    MOMENTS.contains(&table).then_some(table)
}

fn duration_us<T>(place: Place<'_>, at: &Spanned<T>, text: &str) -> Result<i64, QueryError> {
    let us = parse_duration_us(text).filter(|us| *us > 0);
    us.ok_or_else(|| place.error(at, format!("{text:?} is no duration; write one such as 10m or 4h")))
}
