//! Axes: grid lines with labels at the left, ticks below.

use super::super::escape::escape;
use super::frame::{pct, px};
use crate::dates::{self, Start};

/// Most labels of buckets on a wide and on a narrow drawing.
const WIDE: usize = 10;
const NARROW: usize = 4;
/// Labels over lengths are at least this part of the width apart, on a wide and on a narrow drawing.
const APART_WIDE: f64 = 0.1;
const APART_NARROW: f64 = 0.21;

/// A label below a drawing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// Where, as part of the width.
    pub(crate) at: f64,
    /// What it says.
    pub(crate) label: String,
    /// Also shown where the drawing is narrow.
    pub(crate) narrow: bool,
}

/// Ticks in the middle of some buckets: round hours, Mondays, every so many weeks or months.
pub(crate) fn over_time(buckets: &[String], grain: &str) -> Vec<Tick> {
    let strides: &[usize] = match grain {
        "hour" => &[1, 2, 6, 12, 24],
        "day" => &[1, 7, 14, 28, 56],
        "month" => &[1, 3, 6, 12, 24, 60, 120, 240],
        _ => &[1, 2, 4, 8, 16, 32, 64, 128],
    };
    let starts: Vec<Option<Start>> = buckets.iter().map(|bucket| Start::of(bucket)).collect();
    // Days are counted from the first Monday, all others from the first bucket.
    let monday = starts.iter().position(|start| start.is_some_and(|start| start.day_of_week() == 1)).unwrap_or(0);
    let taken = |place: usize, stride: usize| match (grain, starts[place]) {
        ("hour", Some(start)) => (start.hour as usize).is_multiple_of(stride),
        ("day", _) if stride > 1 => (place + stride - monday % stride).is_multiple_of(stride),
        _ => place.is_multiple_of(stride),
    };
    let chosen = |most: usize| {
        let fits = |stride: &&usize| (0..buckets.len()).filter(|place| taken(*place, **stride)).count() <= most;
        strides.iter().find(fits).or(strides.last()).copied().unwrap_or(1)
    };
    // "Dec 2025" takes more room than "3 Dec".
    let narrow = chosen(if matches!(grain, "month" | "quarter") { NARROW - 1 } else { NARROW });
    let wide = chosen(WIDE);
    let n = buckets.len().max(1) as f64;
    (0..buckets.len())
        .filter(|place| taken(*place, wide))
        .map(|place| Tick {
            at: (place as f64 + 0.5) / n,
            label: dates::short(&buckets[place], grain),
            narrow: taken(place, narrow),
        })
        .collect()
}

/// Ticks at places with labels, from left to right, without those that would stand too close to the one before.
pub(crate) fn apart(places: impl Iterator<Item = (f64, String)>) -> Vec<Tick> {
    let mut ticks: Vec<Tick> = Vec::new();
    let (mut last, mut last_narrow) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (at, label) in places {
        if at - last < APART_WIDE {
            continue;
        }
        let narrow = at - last_narrow >= APART_NARROW;
        last = at;
        if narrow {
            last_narrow = at;
        }
        ticks.push(Tick { at, label, narrow });
    }
    ticks
}

/// The line at the lower end, `y` pixels from the top, with its ticks below.
pub(crate) fn below(ticks: &[Tick], y: f64) -> String {
    let mut text = base(y);
    for tick in ticks {
        let wide_only = if tick.narrow { "" } else { " w" };
        let at = pct(tick.at);
        text.push_str(&format!(
            "<line class=\"axis{wide_only}\" x1=\"{at}\" x2=\"{at}\" y1=\"{}\" y2=\"{}\"/>\
             <text class=\"x{wide_only}\" x=\"{at}\" y=\"{}\">{}</text>\n",
            px(y),
            px(y + 4.0),
            px(y + 18.0),
            escape(&tick.label)
        ));
    }
    text
}

/// The line at the lower end.
pub(crate) fn base(y: f64) -> String {
    format!("<line class=\"axis\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/>\n", px(y))
}

/// Lines across at places from 0 (lower end) to 1, `top` pixels from the top and `height` high, with labels at the left.
pub(crate) fn across(places: &[(f64, String)], top: f64, height: f64) -> String {
    places
        .iter()
        .map(|(place, label)| {
            let y = px(top + height * (1.0 - place));
            format!(
                "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>\
                 <text class=\"y\" x=\"-8\" y=\"{y}\">{}</text>\n",
                escape(label)
            )
        })
        .collect()
}

/// Pixels that labels at the left take: some seven a character of 12 pixels, and a gap.
pub(crate) fn room_for<'a>(labels: impl Iterator<Item = &'a str>) -> usize {
    labels.map(|label| label.chars().count()).max().unwrap_or(0) * 7 + 12
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: u32, n: u32) -> Vec<String> {
        (from..from + n).map(|day| format!("2025-12-{day:02}")).collect()
    }

    fn labels(ticks: &[Tick], narrow: bool) -> Vec<&str> {
        ticks.iter().filter(|tick| tick.narrow || !narrow).map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn days_are_named_at_mondays() {
        // 3 December 2025 was a Wednesday.
        let ticks = over_time(&days(3, 28), "day");
        assert_eq!(labels(&ticks, false), ["8 Dec", "15 Dec", "22 Dec", "29 Dec"]);
        assert_eq!(ticks[0].at, 5.5 / 28.0);
        let few = over_time(&days(3, 7), "day");
        assert_eq!(few.len(), 7);
        assert_eq!(labels(&few, true), ["8 Dec"]);
    }

    #[test]
    fn a_narrow_drawing_has_room_for_four() {
        // Every fourth of 17 weeks would be five labels: every eighth are three.
        let weeks: Vec<String> =
            (0..17).map(|week| format!("2025-{:02}-{:02}", 1 + week / 4, 1 + week % 4 * 7)).collect();
        let ticks = over_time(&weeks, "week");
        assert_eq!(labels(&ticks, true), ["1 Jan", "1 Mar", "1 May"]);
    }

    #[test]
    fn hours_are_named_where_they_are_round() {
        let hours: Vec<String> = (0..24).map(|hour| format!("2025-12-03T{hour:02}:00:00+0100")).collect();
        let ticks = over_time(&hours, "hour");
        assert_eq!(labels(&ticks, false), ["3 Dec", "06:00", "12:00", "18:00"]);
    }

    #[test]
    fn labels_keep_their_distance() {
        let places = [0.0, 0.05, 0.1, 0.2, 0.5].map(|at| (at, at.to_string()));
        let ticks = apart(places.into_iter());
        assert_eq!(labels(&ticks, false), ["0", "0.1", "0.2", "0.5"]);
        assert_eq!(labels(&ticks, true), ["0", "0.5"]);
    }

    #[test]
    fn a_grid_line_stands_at_its_number() {
        // A quarter up from the lower end of 200 pixels that begin 10 below the top: 10 + 150.
        assert_eq!(
            across(&[(0.25, "1 h".to_owned())], 10.0, 200.0),
            "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"160\" y2=\"160\"/>\
             <text class=\"y\" x=\"-8\" y=\"160\">1 h</text>\n"
        );
        assert_eq!(room_for(["1 h", "10 min"].into_iter()), 54);
    }
}
