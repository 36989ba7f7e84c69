//! p50 and p90 over time, on a logarithmic scale, with the target and what is usual.

use super::frame::{Plot, hits};
use super::scale::Log;
use super::{axis, band, line, marks};
use crate::dates;
use crate::digest::{Series, TimeSeries};
use crate::quantity::{count, human_duration, known, maybe_duration};

/// Pixels from the upper to the lower end.
const HEIGHT: f64 = 220.0;
/// Most lengths that the scale names.
const TICKS: usize = 6;
/// Two texts of 12 pixels stand apart by this.
const LINE_HIGH: f64 = 14.0;
/// Pixels at the right, for the names of the lines.
const RIGHT: usize = 40;

/// The drawing; `None` without any percentile.
pub(crate) fn percentiles(id: &str, title: &str, desc: &str, times: &TimeSeries, series: &Series) -> Option<String> {
    let p50: Vec<Option<f64>> = times.points.iter().map(|point| known(point.p50_s)).collect();
    let p90: Vec<Option<f64>> = times.points.iter().map(|point| known(point.p90_s)).collect();
    let (last_p50, last_p90) = (last(&p50)?, last(&p90)?);
    let target = known(times.target_s);
    let usual = usual(times);
    let held = target.into_iter().chain(usual.into_iter().flat_map(|(low, high)| [low, high]));
    let scale = Log::of(p50.iter().chain(&p90).flatten().copied().chain(held))?;
    let y = |length_s: f64| HEIGHT * (1.0 - scale.at(length_s));

    let places: Vec<(f64, String)> =
        scale.ticks(TICKS).into_iter().map(|tick| (scale.at(tick), human_duration(tick))).collect();
    let mut body = axis::across(&places, 0.0, HEIGHT);
    if let Some(range) = usual {
        body.push_str(&band::usual(&scale, range, HEIGHT));
    }
    let path = |values: &[Option<f64>], class: &str| {
        let values: Vec<Option<f64>> = values.iter().map(|value| value.map(|length_s| scale.at(length_s))).collect();
        line::path(&values, HEIGHT, class)
    };
    body.push_str(&line::stretched(0.0, HEIGHT, &(path(&p90, "two") + &path(&p50, "one"))));
    let n = times.points.len().max(1) as f64;
    for (place, (low, high)) in p50.iter().zip(&p90).enumerate() {
        let at = (place as f64 + 0.5) / n;
        body.extend(high.map(|length_s| marks::square(at, y(length_s), 3.0)));
        body.extend(low.map(|length_s| marks::dot(at, y(length_s), 3.0)));
    }
    body.push('\n');
    if let Some(target_s) = target {
        body.push_str(&band::target(&scale, target_s, HEIGHT));
    }
    let (upper, lower) = kept_apart(y(last_p90), y(last_p50));
    for (name, y) in [("p90", upper), ("p50", lower)] {
        body.push_str(&format!("<text class=\"strong\" x=\"100%\" dx=\"6\" y=\"{:.1}\">{name}</text>\n", y + 4.0));
    }
    body.push_str(&axis::below(&axis::over_time(&series.buckets, &series.grain), HEIGHT));
    let texts = times.points.iter().enumerate().map(|(place, point)| {
        let bucket = series.buckets.get(place).map(|bucket| dates::long(bucket, &series.grain)).unwrap_or_default();
        format!(
            "{bucket}: p50 {}, p90 {} (n {})",
            maybe_duration(point.p50_s),
            maybe_duration(point.p90_s),
            count(point.n)
        )
    });
    body.push_str(&hits(HEIGHT, texts));
    let left = axis::room_for(places.iter().map(|(_, label)| label.as_str()));
    Some(Plot { id, title, desc, height: HEIGHT, left, right: RIGHT, row: 0, class: "" }.draw(&body))
}

/// What the two lines are, and what they are held against.
pub(crate) fn key(times: &TimeSeries) -> String {
    let line =
        |class: &str, mark: &str| marks::sample(28, 12, &format!("<path class=\"{class}\" d=\"M1 6H27\"/>{mark}"));
    let mut entries = vec![
        (line("one", "<circle class=\"f1\" cx=\"14\" cy=\"6\" r=\"3\"/>"), "p50: half took no longer".to_owned()),
        (
            line("two", "<rect class=\"f2\" x=\"11\" y=\"3\" width=\"6\" height=\"6\"/>"),
            "p90: nine in ten took no longer".to_owned(),
        ),
    ];
    if let Some(target_s) = known(times.target_s) {
        entries.push((line("limit", ""), format!("target {}", human_duration(target_s))));
    }
    if let Some((low_s, high_s)) = usual(times) {
        let band = marks::sample(28, 12, "<path class=\"usual\" d=\"M1 0H27V12H1Z\"/>");
        entries.push((band, format!("usual mean {} to {}", human_duration(low_s), human_duration(high_s))));
    }
    marks::key(&entries)
}

/// The usual range, where both of its ends are known.
fn usual(times: &TimeSeries) -> Option<(f64, f64)> {
    times.usual_s.filter(|(low, high)| low.is_finite() && high.is_finite())
}

fn last(values: &[Option<f64>]) -> Option<f64> {
    values.iter().rev().flatten().copied().next()
}

/// Heights of two texts, the first above the second, moved from each other where they would overlap.
fn kept_apart(upper: f64, lower: f64) -> (f64, f64) {
    if lower - upper >= LINE_HIGH {
        return (upper, lower);
    }
    let middle = f64::midpoint(upper, lower);
    (middle - LINE_HIGH / 2.0, middle + LINE_HIGH / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Point;

    fn times(points: Vec<Point>) -> (TimeSeries, Series) {
        let buckets = (1..=points.len()).map(|day| format!("2025-12-{day:02}")).collect();
        let series = Series { grain: "day".to_owned(), buckets, ..Series::default() };
        (TimeSeries { target_s: Some(600.0), points, ..TimeSeries::default() }, series)
    }

    fn point(p50_s: f64, p90_s: f64) -> Point {
        Point { n: 40, p50_s: Some(p50_s), p90_s: Some(p90_s), ..Point::default() }
    }

    #[test]
    fn a_day_without_answers_is_a_gap() {
        let (times, series) = times(vec![point(60.0, 6_000.0), Point::default(), point(80.0, 5_000.0)]);
        let drawing = percentiles("a", "A", "a", &times, &series).unwrap();
        assert_eq!(drawing.matches("<circle").count(), 2);
        assert!(drawing.contains("<title>Tue 2 Dec 2025: p50 –, p90 – (n 0)</title>"), "{drawing}");
        assert!(drawing.contains("<title>Wed 3 Dec 2025: p50 1 min 20 s, p90 1 h 23 min (n 40)</title>"), "{drawing}");
        assert_eq!(drawing.matches("class=\"limit\"").count(), 1);
        assert!(key(&times).contains("</svg>target 10 min</li>"), "{}", key(&times));
    }

    #[test]
    fn nothing_measured_is_nothing_drawn() {
        let (times, series) = times(vec![Point::default()]);
        assert_eq!(percentiles("a", "A", "a", &times, &series), None);
    }

    #[test]
    fn names_of_lines_do_not_overlap() {
        assert_eq!(kept_apart(10.0, 100.0), (10.0, 100.0));
        assert_eq!(kept_apart(50.0, 50.0), (43.0, 57.0));
    }
}
