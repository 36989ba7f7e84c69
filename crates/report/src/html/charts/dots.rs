//! p50, p90 and the longest by name, on one logarithmic scale.

use super::super::escape::escape;
use super::bars::{NAME_MAX, shortened};
use super::frame::{Plot, hit, pct, px};
use super::scale::Log;
use super::{axis, marks};
use crate::digest::TopicRow;
use crate::phrase;
use crate::quantity::{count, human_duration, known, maybe_duration};

/// Pixels of a row: a line of text, the marks, and room below.
const ROW: f64 = 40.0;
const TEXT_DOWN: f64 = 12.0;
const MARKS_DOWN: f64 = 26.0;
/// Most lengths that the axis names.
const TICKS: usize = 6;

/// The drawing of these rows; `None` without any length.
pub(crate) fn dots(id: &str, title: &str, desc: &str, rows: &[TopicRow], target_s: Option<f64>) -> Option<String> {
    let lengths = rows.iter().flat_map(|row| [row.p50_s, row.p90_s, row.longest_s]).filter_map(known);
    let target_s = known(target_s);
    // Without rows the target alone is no picture.
    lengths.clone().next()?;
    let scale = Log::of(lengths.chain(target_s))?;
    let height = rows.len() as f64 * ROW;
    let mut body = String::new();
    let ticks = axis::apart(scale.ticks(TICKS).into_iter().map(|tick| (scale.at(tick), human_duration(tick))));
    for tick in &ticks {
        body.push_str(&format!(
            "<line class=\"grid\" x1=\"{0}\" x2=\"{0}\" y1=\"0\" y2=\"{1}\"/>",
            pct(tick.at),
            px(height)
        ));
    }
    body.push('\n');
    if let Some(target_s) = target_s {
        body.push_str(&format!(
            "<line class=\"limit\" x1=\"{0}\" x2=\"{0}\" y1=\"0\" y2=\"{1}\"/>\n",
            pct(scale.at(target_s)),
            px(height)
        ));
    }
    let mut areas = String::new();
    for (place, row) in rows.iter().enumerate() {
        let top = place as f64 * ROW;
        let name = phrase::name(row.topic.as_deref());
        body.push_str(&one(row, &name, top, &scale));
        let text = format!(
            "{name}: p50 {}, p90 {}, longest {} (n {})",
            maybe_duration(row.p50_s),
            maybe_duration(row.p90_s),
            maybe_duration(row.longest_s),
            count(row.waits)
        );
        areas.push_str(&hit(0.0, 1.0, top, ROW - 2.0, &text));
    }
    body.push_str(&axis::below(&ticks, height));
    body.push_str(&areas);
    Some(Plot { id, title, desc, height, left: 0, right: 14, row: 1, class: "" }.draw(&body))
}

/// What the marks are.
pub(crate) fn key(target_s: Option<f64>) -> String {
    let mut entries = vec![
        (marks::sample(12, 12, "<circle class=\"f1\" cx=\"6\" cy=\"6\" r=\"4.5\"/>"), "p50".to_owned()),
        (marks::sample(12, 12, "<rect class=\"f2\" x=\"2\" y=\"2\" width=\"8\" height=\"8\"/>"), "p90".to_owned()),
        (marks::sample(12, 12, "<path class=\"f3\" d=\"M6 0L12 6L6 12L0 6Z\"/>"), "longest".to_owned()),
    ];
    if let Some(target_s) = known(target_s) {
        let line = marks::sample(12, 12, "<path class=\"limit\" d=\"M6 0V12\"/>");
        entries.push((line, format!("target {}", human_duration(target_s))));
    }
    marks::key(&entries)
}

fn one(row: &TopicRow, name: &str, top: f64, scale: &Log) -> String {
    let y = top + MARKS_DOWN;
    let at = |length_s: Option<f64>| known(length_s).map(|length_s| scale.at(length_s));
    let (p50, p90, longest) = (at(row.p50_s), at(row.p90_s), at(row.longest_s));
    let mut text = format!(
        "<text class=\"strong halo\" x=\"0\" y=\"{0}\">{1}</text>\
         <text class=\"end halo\" x=\"100%\" y=\"{0}\">longest {2}</text>\n",
        px(top + TEXT_DOWN),
        escape(&shortened(name, NAME_MAX)),
        escape(&maybe_duration(row.longest_s))
    );
    let reached = [p50, p90, longest];
    let low = reached.iter().flatten().copied().reduce(f64::min);
    let high = reached.iter().flatten().copied().reduce(f64::max);
    if let (Some(low), Some(high)) = (low, high) {
        text.push_str(&format!(
            "<line class=\"reach\" x1=\"{}\" x2=\"{}\" y1=\"{2}\" y2=\"{2}\"/>",
            pct(low),
            pct(high),
            px(y)
        ));
    }
    text.extend(longest.map(|at| marks::diamond(at, y)));
    text.extend(p90.map(|at| marks::square(at, y, 4.0)));
    text.extend(p50.map(|at| marks::dot(at, y, 4.5)));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_mark_for_each_length_that_is_known() {
        let row = TopicRow {
            topic: Some("billing".to_owned()),
            waits: 40,
            p50_s: Some(100.0),
            p90_s: None,
            longest_s: Some(10_000.0),
            ..TopicRow::default()
        };
        let drawing = dots("a", "A", "a", &[row], None).unwrap();
        // From 80 s to 12,500 s: 100 s lies ln(1.25) / ln(156.25) = 4.42 % along.
        assert!(drawing.contains("<circle class=\"f1\" cx=\"4.42%\" cy=\"26\" r=\"4.5\"/>"), "{drawing}");
        assert_eq!(drawing.matches("class=\"f2\"").count(), 0);
        assert_eq!(drawing.matches("class=\"f3\"").count(), 1);
        assert!(
            drawing.contains("<title>billing: p50 1 min 40 s, p90 –, longest 2 h 47 min (n 40)</title>"),
            "{drawing}"
        );
    }

    #[test]
    fn no_lengths_are_no_drawing() {
        assert_eq!(dots("a", "A", "a", &[TopicRow::default()], Some(600.0)), None);
    }
}
