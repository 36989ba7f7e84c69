//! Bars: rows with a name and a number, and columns over time.

use super::super::escape::escape;
use super::frame::{Plot, hit, pct, px};

/// Pixels of a row: a line of text, the bar, and room below.
const ROW: f64 = 38.0;
const TEXT_DOWN: f64 = 12.0;
const BAR_DOWN: f64 = 18.0;
const BAR_HIGH: f64 = 10.0;
/// Characters of a name that have room beside its number on a narrow screen.
pub(crate) const NAME_MAX: usize = 20;

/// One row: a name, a part of the width, and the number in words.
#[derive(Debug)]
pub(crate) struct Row {
    /// The name.
    pub(crate) name: String,
    /// The bar, 0 to 1; `None` leaves the track empty.
    pub(crate) part: Option<f64>,
    /// The number.
    pub(crate) text: String,
}

/// Rows of bars below each other.
pub(crate) fn rows(id: &str, title: &str, desc: &str, rows: &[Row]) -> String {
    let mut body = String::new();
    for (place, row) in rows.iter().enumerate() {
        let top = place as f64 * ROW;
        body.push_str(&format!(
            "<text class=\"strong\" x=\"0\" y=\"{0}\">{1}</text><text class=\"end\" x=\"100%\" y=\"{0}\">{2}</text>\n\
             <rect class=\"ft\" x=\"0\" y=\"{3}\" width=\"100%\" height=\"{4}\" rx=\"2\"/>",
            px(top + TEXT_DOWN),
            escape(&shortened(&row.name, NAME_MAX)),
            escape(&row.text),
            px(top + BAR_DOWN),
            px(BAR_HIGH)
        ));
        if let Some(part) = row.part {
            body.push_str(&format!(
                "<rect class=\"f1\" x=\"0\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\"/>",
                px(top + BAR_DOWN),
                pct(part.clamp(0.0, 1.0)),
                px(BAR_HIGH)
            ));
        }
        body.push('\n');
        body.push_str(&hit(0.0, 1.0, top, ROW - 4.0, &format!("{}: {}", row.name, row.text)));
    }
    let height = rows.len() as f64 * ROW - 6.0;
    Plot { id, title, desc, height, left: 0, right: 0, row: 1, class: "flat" }.draw(&body)
}

/// Columns from the lower end up, one a bucket; a value that is missing or zero has none. Values are places from 0 to 1.
pub(crate) fn columns(values: &[Option<f64>], top: f64, height: f64, class: &str) -> String {
    let n = values.len().max(1) as f64;
    let mut text: String = values
        .iter()
        .enumerate()
        .filter_map(|(place, value)| Some((place as f64, value.filter(|value| *value > 0.0)?)))
        .map(|(place, value)| {
            let high = height * value;
            format!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                pct((place + 0.12) / n),
                px(top + height - high),
                pct(0.76 / n),
                px(high)
            )
        })
        .collect();
    text.push('\n');
    text
}

/// A name of at most so many characters; an ellipsis says that it was longer.
pub(crate) fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_part() {
        let row = |part| Row { name: "sms".to_owned(), part, text: "12.5 %".to_owned() };
        let drawing = rows("a", "A", "a", &[row(Some(0.125)), row(None)]);
        assert!(
            drawing.contains("<rect class=\"f1\" x=\"0\" y=\"18\" width=\"12.50%\" height=\"10\" rx=\"2\"/>"),
            "{drawing}"
        );
        assert_eq!(drawing.matches("class=\"f1\"").count(), 1);
        // Two rows of 38 pixels, without the room below the last.
        assert!(drawing.contains("height=\"70\""), "{drawing}");
    }

    #[test]
    fn columns_stand_on_the_lower_end() {
        // Two buckets: the second, of half the height, begins at 50 % + 0.12 / 2 and ends at 10 + 40.
        assert_eq!(
            columns(&[None, Some(0.5)], 10.0, 40.0, "f2"),
            "<rect class=\"f2\" x=\"56.00%\" y=\"30\" width=\"38.00%\" height=\"20\"/>\n"
        );
        assert_eq!(columns(&[Some(0.0), None], 10.0, 40.0, "f2"), "\n");
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shortened("返品と交換", 5), "返品と交換");
        assert_eq!(shortened("a channel with a long name", 10), "a channel…");
    }
}
