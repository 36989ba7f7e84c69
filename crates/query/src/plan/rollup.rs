//! Whether the rollup of a definition gives the same numbers as its table.
//!
//! A cell holds all rows of its quarter of an hour. So it does as long as nothing cuts through cells: neither the
//! bounds of the period nor those of buckets, weekdays and hours.

use tapemeasure_model::instant::format_instant;
use tapemeasure_model::zone::{Grain, Offsets, Zone};

use super::period::Asked;
use crate::definitions::{Definition, Expression, Rollup, Selection, is_derived};

/// What a request says, as far as it decides about the rollup.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a, 'b> {
    pub(crate) definition: &'a Definition,
    pub(crate) measures: &'b Selection<'a>,
    pub(crate) by: &'b [String],
    pub(crate) filter: Option<&'b str>,
    pub(crate) asked: &'b Asked,
    /// The zone of buckets, weekdays and hours.
    pub(crate) zone: &'b Zone,
}

/// The rollup to read instead of the definition's table; none if the definition has none.
///
/// # Errors
/// Why it cannot be used, as the end of a sentence.
pub(crate) fn choose<'a>(request: Request<'a, '_>) -> Result<Option<&'a Rollup>, String> {
    let Some(rollup) = &request.definition.rollup else { return Ok(None) };
    match refusal(rollup, request) {
        None => Ok(Some(rollup)),
        Some(reason) => Err(reason),
    }
}

fn refusal(rollup: &Rollup, request: Request<'_, '_>) -> Option<String> {
    let Request { measures, by, filter, asked, zone, .. } = request;
    if filter.is_some() {
        return Some("it cannot be held against a condition over rows".to_owned());
    }
    if let Some(dimension) = by.iter().find(|dimension| !rollup.dimensions.contains(dimension)) {
        return Some(format!("it does not keep {dimension}"));
    }
    let missing = |expression: &Expression| matches!(expression, Expression::Aggregate(_));
    // A stock takes first times from its rollup, which are exact.
    let step_us = rollup.step_us?;
    if let Some(measure) = measures.needed().find(|m| m.rollup.is_none() && missing(&m.expression)) {
        return Some(format!("it does not hold {}", measure.name));
    }
    let cuts = |us: i64| us.rem_euclid(step_us) != 0;
    if let Some(since_us) = asked.since_us
        && cuts(since_us)
        && asked.first_us.is_none_or(|first_us| since_us > first_us)
    {
        return Some(format!("the start {} cuts through a cell", format_instant(since_us)));
    }
    if let Some(until_us) = asked.until_us
        && cuts(until_us)
        && until_us <= asked.as_of_us
    {
        return Some(format!("the end {} cuts through a cell", format_instant(until_us)));
    }
    if asked.grain == Grain::Total && !by.iter().any(|dimension| is_derived(dimension)) {
        return None;
    }
    let range = (asked.first_us.unwrap_or(asked.as_of_us), asked.as_of_us);
    cut_by_clock(zone, range, step_us).map(|us| {
        format!("the clock of {} stands at a part of a cell at {}", zone.name(), format_instant(us.max(range.0)))
    })
}

/// An instant of the range from which on the local clock is off by a part of a cell, or changes within one.
fn cut_by_clock(zone: &Zone, (from_us, to_us): (i64, i64), step_us: i64) -> Option<i64> {
    let offsets = Offsets::new(zone, from_us, to_us);
    let mut us = from_us;
    loop {
        let stretch = offsets.at(us);
        if stretch.offset_us.rem_euclid(step_us) != 0 {
            return Some(us);
        }
        if stretch.end_us > to_us {
            return None;
        }
        if stretch.end_us.rem_euclid(step_us) != 0 {
            return Some(stretch.end_us);
        }
        us = stretch.end_us;
    }
}

#[cfg(test)]
mod tests {
    use tapemeasure_model::instant::parse_instant;

    use super::*;
    use crate::definitions::Definitions;

    struct Case<'a> {
        kpi: &'a str,
        measures: &'a [&'a str],
        by: &'a [&'a str],
        grain: Grain,
        since: Option<&'a str>,
        until: Option<&'a str>,
        zone: &'a str,
        filter: Option<&'a str>,
    }

    const VOLUME: Case<'static> = Case {
        kpi: "inbound_message_volume",
        measures: &["messages"],
        by: &["channel", "hour_of_day"],
        grain: Grain::Day,
        since: None,
        until: None,
        zone: "Asia/Kathmandu",
        filter: None,
    };

    #[track_caller]
    fn check(case: Case<'_>, first: &str, expected: Option<&str>) {
        let us = |text: &str| parse_instant(text).unwrap();
        let definitions = Definitions::built_in();
        let definition = definitions.get(case.kpi).unwrap();
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<String>>();
        let by = texts(case.by);
        let asked = Asked {
            grain: case.grain,
            since_us: case.since.map(us),
            until_us: case.until.map(us),
            as_of_us: us("2025-03-05T12:07:00Z"),
            first_us: Some(us(first)),
        };
        let measures = Selection::new(definition, Some(&texts(case.measures))).unwrap();
        let zone = Zone::parse(case.zone).unwrap();
        let request =
            Request { definition, measures: &measures, by: &by, filter: case.filter, asked: &asked, zone: &zone };
        let found = choose(request);
        match expected {
            None => assert!(matches!(found, Ok(Some(_))), "{found:?}"),
            Some(expected) => assert_eq!(found.unwrap_err(), expected),
        }
    }

    const FIRST: &str = "2025-03-03T09:07:00Z";

    #[test]
    fn it_is_used_where_nothing_cuts_its_cells() {
        check(VOLUME, FIRST, None);
        check(Case { since: Some("2025-03-04T09:15:00Z"), ..VOLUME }, FIRST, None);
        // Outside of the data, a bound cuts nothing.
        check(Case { since: Some("2025-03-03T09:06:00Z"), until: Some("2025-03-05T12:07:01Z"), ..VOLUME }, FIRST, None);
        check(Case { kpi: "message_volume_by_channel", measures: &[], ..VOLUME }, FIRST, None);
        check(Case { kpi: "unsubscribed_contacts", measures: &[], by: &["channel"], ..VOLUME }, FIRST, None);
        check(
            Case {
                kpi: "unsubscribed_contacts",
                measures: &[],
                by: &[],
                until: Some("2025-03-04T09:15:01Z"),
                ..VOLUME
            },
            FIRST,
            None,
        );
    }

    #[test]
    fn it_is_refused_where_the_numbers_could_differ() {
        check(Case { measures: &[], ..VOLUME }, FIRST, Some("it does not hold conversations"));
        check(Case { by: &["channel", "team"], ..VOLUME }, FIRST, Some("it does not keep team"));
        check(Case { filter: Some("true"), ..VOLUME }, FIRST, Some("it cannot be held against a condition over rows"));
        check(
            Case { since: Some("2025-03-04T09:16:00Z"), ..VOLUME },
            FIRST,
            Some("the start 2025-03-04T09:16:00.000000Z cuts through a cell"),
        );
        check(
            Case { until: Some("2025-03-05T12:07:00Z"), ..VOLUME },
            FIRST,
            Some("the end 2025-03-05T12:07:00.000000Z cuts through a cell"),
        );
        check(
            Case { kpi: "unsubscribed_contacts", measures: &[], by: &["team"], ..VOLUME },
            FIRST,
            Some("it does not keep team"),
        );
    }

    /// Kathmandu went from UTC+05:30 to UTC+05:45 at the start of 1986; Liberia left UTC-00:44:30 in 1972.
    #[test]
    fn clocks_off_by_parts_of_a_cell_refuse_it() {
        check(VOLUME, "1980-01-01T00:00:00Z", None);
        let monrovia = Case { zone: "Africa/Monrovia", ..VOLUME };
        check(
            monrovia,
            "1971-01-01T00:00:00Z",
            Some("the clock of Africa/Monrovia stands at a part of a cell at 1971-01-01T00:00:00.000000Z"),
        );
        let total = Case { zone: "Africa/Monrovia", by: &["channel"], grain: Grain::Total, ..VOLUME };
        check(total, "1971-01-01T00:00:00Z", None);
    }
}
