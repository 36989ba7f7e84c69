//! The small line of a card, shares as bars of CSS.

use super::super::escape::escape;
use super::frame::px;
use super::line::runs;
use crate::digest::{KpiCard, Unit};
use crate::quantity::{self, known};

/// Units of the drawing; it is stretched to its card, lines keep their thickness.
const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 56.0;
/// Keeps half a line's thickness inside the drawing.
const EDGE: f64 = 2.0;

/// A KPI over time, from zero: an area under a line, open where data is missing, and its target where that is no higher
/// than the highest value. Empty without any data.
pub(crate) fn over_time(card: &KpiCard) -> String {
    let values: Vec<Option<f64>> = card.spark.iter().map(|value| known(*value)).collect();
    let Some(high) = values.iter().flatten().copied().reduce(f64::max) else {
        return String::new();
    };
    let mut area = String::new();
    let mut line = String::new();
    for run in runs(&values) {
        let points: Vec<String> = run
            .iter()
            .map(|(position, value)| format!("{} {}", px(x(*position, values.len())), px(y(*value, high))))
            .collect();
        if let [only] = points.as_slice() {
            // A line of no length: its round ends draw a dot.
            line.push_str(&format!("M{only}h0"));
            continue;
        }
        line.push_str(&format!("M{}", points.join("L")));
        if let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) {
            let (from, to) = (px(x(*first, values.len())), px(x(*last, values.len())));
            area.push_str(&format!("M{from} {HEIGHT}L{}L{to} {HEIGHT}Z", points.join("L")));
        }
    }
    let target = known(card.target_s)
        .filter(|target_s| card.unit == Unit::Seconds && *target_s <= high)
        .map(|target_s| format!("<path class=\"limit\" d=\"M0 {}H{WIDTH}\"/>", px(y(target_s, high))))
        .unwrap_or_default();
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\">\
         <title>{}</title><path class=\"area\" d=\"{area}\"/>{target}<path class=\"one\" d=\"{line}\"/></svg>\n",
        escape(&spoken(card, &values))
    )
}

/// A share as a bar below a number; 0 to 1.
pub(crate) fn bar(share: f64) -> String {
    format!("<span class=\"bar\" aria-hidden=\"true\"><span style=\"width:{}\"></span></span>", percent(share))
}

/// A share of a target as a gauge; the words beside it say the same.
pub(crate) fn gauge(share: f64, class: &str) -> String {
    format!(
        "<div class=\"gauge {class}\" aria-hidden=\"true\"><span style=\"width:{}\"></span></div>\n",
        percent(share)
    )
}

/// A share as a CSS length.
fn percent(share: f64) -> String {
    format!("{:.1}%", share.clamp(0.0, 1.0) * 100.0)
}

fn x(position: usize, len: usize) -> f64 {
    if len < 2 { WIDTH / 2.0 } else { EDGE + position as f64 * (WIDTH - 2.0 * EDGE) / (len - 1) as f64 }
}

fn y(value: f64, high: f64) -> f64 {
    let ratio = if high > 0.0 { (value / high).clamp(0.0, 1.0) } else { 0.0 };
    HEIGHT - EDGE - ratio * (HEIGHT - 2.0 * EDGE)
}

/// The chart in words, for those who do not see it.
fn spoken(card: &KpiCard, values: &[Option<f64>]) -> String {
    let known = || values.iter().flatten().copied();
    let text = |number: Option<f64>| quantity::value(card.unit, number);
    let grain = if card.spark_grain.is_empty() { "over time".to_owned() } else { format!("by {}", card.spark_grain) };
    format!(
        "{} {grain}: lowest {}, highest {}, last {}",
        card.title,
        text(known().reduce(f64::min)),
        text(known().reduce(f64::max)),
        text(known().next_back())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_gap_a_dot_and_a_target() {
        let card = KpiCard {
            title: "First response time".to_owned(),
            unit: Unit::Seconds,
            target_s: Some(300.0),
            spark: vec![Some(0.0), Some(600.0), None, Some(300.0)],
            spark_grain: "day".to_owned(),
            ..KpiCard::default()
        };
        // Four places between 2 and 238, 78.7 apart; heights between 54 (zero) and 2 (600 s).
        assert_eq!(
            over_time(&card),
            "<svg class=\"spark\" viewBox=\"0 0 240 56\" preserveAspectRatio=\"none\" role=\"img\">\
             <title>First response time by day: lowest 0 s, highest 10 min, last 5 min</title>\
             <path class=\"area\" d=\"M2 56L2 54L80.7 2L80.7 56Z\"/>\
             <path class=\"limit\" d=\"M0 28H240\"/>\
             <path class=\"one\" d=\"M2 54L80.7 2M238 28h0\"/></svg>\n"
        );
    }

    #[test]
    fn a_target_above_everything_is_not_drawn() {
        let card = KpiCard {
            unit: Unit::Seconds,
            target_s: Some(601.0),
            spark: vec![Some(600.0), Some(0.0)],
            ..KpiCard::default()
        };
        assert!(!over_time(&card).contains("limit"));
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(over_time(&KpiCard { spark: vec![None, Some(f64::NAN)], ..KpiCard::default() }), "");
    }

    #[test]
    fn bars_stay_inside() {
        assert_eq!(bar(0.643), "<span class=\"bar\" aria-hidden=\"true\"><span style=\"width:64.3%\"></span></span>");
        assert_eq!(percent(7.0), "100.0%");
    }
}
