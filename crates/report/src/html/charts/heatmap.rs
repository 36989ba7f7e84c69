//! The hours of the week: the more, the darker and the larger, with the highest three numbered.

use super::frame::{Plot, hit, pct, px};
use super::marks;
use crate::dates::weekday;

/// Pixels of a row.
const ROW: f64 = 22.0;
/// Pixels at the left, for the names of the days.
const LEFT: usize = 36;
/// Classes that cells are put into.
pub(crate) const CLASSES: usize = 5;
/// Cells that are numbered.
const NUMBERED: usize = 3;

/// The hours of a week with a value each.
#[derive(Debug)]
pub(crate) struct Week<'a> {
    /// Weekday (1 to 7), hour (0 to 23), value.
    pub(crate) cells: Vec<(u32, u32, f64)>,
    /// Values that end a class, smallest first; at most four.
    pub(crate) breaks: Vec<f64>,
    /// How a value is written.
    pub(crate) text: fn(f64) -> String,
    /// What a cell without value says.
    pub(crate) none: &'a str,
    /// What stands before a value: "longest ".
    pub(crate) before: &'a str,
}

impl Week<'_> {
    /// The value of an hour.
    pub(crate) fn value(&self, day: u32, hour: u32) -> Option<f64> {
        self.cells.iter().find(|cell| (cell.0, cell.1) == (day, hour)).map(|cell| cell.2)
    }

    /// The highest cells, highest first; of equal ones the earliest of the week.
    pub(crate) fn highest(&self) -> Vec<(u32, u32, f64)> {
        let mut cells = self.cells.clone();
        cells.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        cells.truncate(NUMBERED);
        cells
    }

    /// The drawing.
    pub(crate) fn draw(&self, id: &str, title: &str, desc: &str) -> String {
        let mut body = String::new();
        let mut areas = String::new();
        for day in 1..=7_u32 {
            let top = f64::from(day - 1) * ROW;
            body.push_str(&format!(
                "<text class=\"y\" x=\"-8\" y=\"{}\">{}</text>\n",
                px(top + ROW / 2.0),
                weekday(day)
            ));
            for hour in 0..24_u32 {
                let value = self.value(day, hour);
                body.push_str(&match value {
                    Some(value) => cell(hour, top, self.class(value)),
                    None => cell(hour, top, 0),
                });
                let said = value.map_or(self.none.to_owned(), |value| format!("{}{}", self.before, (self.text)(value)));
                let text = format!("{} {hour:02}:00–{:02}:00: {said}", weekday(day), hour + 1);
                areas.push_str(&hit(f64::from(hour) / 24.0, 1.0 / 24.0, top, ROW, &text));
            }
            body.push('\n');
        }
        for (rank, (day, hour, value)) in self.highest().into_iter().enumerate() {
            // On the lighter classes a dark number is read more easily.
            let dark = if self.class(value) < CLASSES - 1 { " dark" } else { "" };
            body.push_str(&format!(
                "<text class=\"rank{dark}\" x=\"{}\" y=\"{}\">{}</text>\n",
                pct((f64::from(hour) + 0.5) / 24.0),
                px((f64::from(day) - 0.5) * ROW),
                rank + 1
            ));
        }
        for hour in (0..24_u32).step_by(3) {
            let wide_only = if hour.is_multiple_of(6) { "" } else { " w" };
            body.push_str(&format!(
                "<text class=\"x{wide_only}\" x=\"{}\" y=\"{}\">{hour:02}</text>\n",
                pct((f64::from(hour) + 0.5) / 24.0),
                px(7.0 * ROW + 16.0)
            ));
        }
        body.push_str(&areas);
        Plot { id, title, desc, height: 7.0 * ROW, left: LEFT, right: 0, row: 24, class: "" }.draw(&body)
    }

    /// The classes in words.
    pub(crate) fn key(&self) -> String {
        let classes = self.breaks.len() + 1;
        let mut entries: Vec<(String, String)> = (0..classes)
            .map(|place| {
                let words = match self.breaks.get(place) {
                    Some(limit) => format!("to {}", (self.text)(*limit)),
                    None if classes == 1 => "any".to_owned(),
                    None => "more".to_owned(),
                };
                (sample(shown(place, classes)), words)
            })
            .collect();
        entries.push((sample(0), self.none.to_owned()));
        marks::key(&entries)
    }

    /// The class of a value, 1 to [`CLASSES`]; few classes are spread over all of them.
    fn class(&self, value: f64) -> usize {
        let place = self.breaks.iter().filter(|limit| value > **limit).count();
        shown(place, self.breaks.len() + 1)
    }
}

/// Which of the [`CLASSES`] looks the place-th of some classes has: the last is always the strongest.
fn shown(place: usize, classes: usize) -> usize {
    CLASSES - (classes - 1 - place.min(classes - 1)).min(CLASSES - 1)
}

/// Part of the side that is left free around a cell of a class.
fn margin(class: usize) -> f64 {
    match class {
        0 => 0.22,
        class => 0.03 + 0.07 * (CLASSES - class) as f64,
    }
}

fn cell(hour: u32, top: f64, class: usize) -> String {
    let margin = margin(class);
    format!(
        "<rect class=\"h{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\"/>",
        pct((f64::from(hour) + margin) / 24.0),
        px(top + margin * ROW),
        pct((1.0 - 2.0 * margin) / 24.0),
        px((1.0 - 2.0 * margin) * ROW)
    )
}

fn sample(class: usize) -> String {
    const SIDE: f64 = 16.0;
    let (from, side) = (px(margin(class) * SIDE), px((1.0 - 2.0 * margin(class)) * SIDE));
    let rect =
        format!("<rect class=\"h{class}\" x=\"{from}\" y=\"{from}\" width=\"{side}\" height=\"{side}\" rx=\"2\"/>");
    marks::sample(16, 16, &rect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(cells: Vec<(u32, u32, f64)>) -> Week<'static> {
        Week { cells, breaks: vec![10.0, 20.0], text: |value| value.to_string(), none: "none", before: "" }
    }

    #[test]
    fn a_cell_lies_at_its_hour_and_grows_with_its_value() {
        let week = week(vec![(2, 6, 10.0), (2, 7, 11.0), (3, 0, 21.0)]);
        let drawing = week.draw("a", "A", "a");
        // Three classes are the third, fourth and fifth look. Tuesday's row begins at 22; the fourth leaves 10 % free:
        // hour 7 begins at 7.1 / 24, and 22 + 2.2 pixels down.
        assert!(
            drawing.contains("<rect class=\"h4\" x=\"29.58%\" y=\"24.2\" width=\"3.33%\" height=\"17.6\" rx=\"2\"/>"),
            "{drawing}"
        );
        for (class, n) in [("h0", 165), ("h3", 1), ("h4", 1), ("h5", 1)] {
            assert_eq!(drawing.matches(&format!("class=\"{class}\"")).count(), n, "{class}");
        }
        assert!(drawing.contains("<title>Tue 06:00–07:00: 10</title>"), "{drawing}");
        assert!(drawing.contains("<title>Mon 23:00–24:00: none</title>"), "{drawing}");
    }

    #[test]
    fn the_highest_three_are_numbered() {
        let week = week(vec![(1, 1, 5.0), (7, 2, 5.0), (2, 3, 9.0), (6, 4, 5.0)]);
        assert_eq!(week.highest(), [(2, 3, 9.0), (1, 1, 5.0), (6, 4, 5.0)]);
        assert_eq!(week.draw("a", "A", "a").matches("class=\"rank").count(), 3);
    }

    #[test]
    fn the_key_names_the_classes() {
        let key = week(Vec::new()).key();
        for words in ["to 10</li>", "to 20</li>", "more</li>", "none</li>"] {
            assert_eq!(key.matches(words).count(), 1, "{words}");
        }
    }
}
