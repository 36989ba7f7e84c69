//! Several series below each other over the same time, each with a scale at its left.

use super::super::escape::escape;
use super::frame::{Plot, hits, px};
use super::scale::Linear;
use super::{axis, bars, line};

/// Pixels of a panel and between two.
const PANEL: f64 = 72.0;
const GAP: f64 = 30.0;
/// Pixels above the first panel, for its name.
const TOP: f64 = 18.0;

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One column a bucket.
    Columns,
    /// A line.
    Line,
}

/// One series.
#[derive(Debug)]
pub(crate) struct Panel {
    /// Its name.
    pub(crate) name: &'static str,
    /// How it is drawn.
    pub(crate) shape: Shape,
    /// Class of what is drawn.
    pub(crate) class: &'static str,
    /// One value a bucket.
    pub(crate) values: Vec<Option<f64>>,
    /// Its scale.
    pub(crate) scale: Linear,
    /// How its numbers are written.
    pub(crate) text: fn(f64) -> String,
}

/// The panels as one drawing; `texts` say a bucket each.
pub(crate) fn panels(
    id: &str,
    title: &str,
    desc: &str,
    panels: &[Panel],
    ticks: &[axis::Tick],
    texts: Vec<String>,
) -> String {
    let mut body = String::new();
    let mut labels = Vec::new();
    let mut top = TOP;
    for panel in panels {
        let places: Vec<(f64, String)> =
            panel.scale.ticks().into_iter().map(|tick| (panel.scale.at(tick), (panel.text)(tick))).collect();
        let values: Vec<Option<f64>> =
            panel.values.iter().map(|value| value.map(|value| panel.scale.at(value))).collect();
        body.push_str(&format!(
            "<text class=\"strong\" x=\"0\" y=\"{}\">{}</text>\n",
            px(top - 6.0),
            escape(panel.name)
        ));
        body.push_str(&axis::across(&places, top, PANEL));
        body.push_str(&match panel.shape {
            Shape::Columns => bars::columns(&values, top, PANEL, panel.class),
            Shape::Line => line::stretched(top, PANEL, &line::path(&values, PANEL, panel.class)),
        });
        body.push_str(&axis::base(top + PANEL));
        labels.extend(places.into_iter().map(|(_, label)| label));
        top += PANEL + GAP;
    }
    let height = top - GAP;
    body.push_str(&axis::below(ticks, height));
    body.push_str(&hits(height, texts.into_iter()));
    let left = axis::room_for(labels.iter().map(String::as_str));
    Plot { id, title, desc, height, left, right: 8, row: 0, class: "" }.draw(&body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_stand_below_each_other() {
        let panel = |name, shape| Panel {
            name,
            shape,
            class: "f1",
            values: vec![Some(1.0), Some(3.0)],
            scale: Linear::of(3.0),
            text: |number| number.to_string(),
        };
        let drawing = panels(
            "a",
            "A",
            "a",
            &[panel("first", Shape::Columns), panel("second", Shape::Line)],
            &[],
            vec!["x".to_owned(), "y".to_owned()],
        );
        // 18 + 72 + 30 + 72: the name of the second stands 6 above its panel, which begins at 120.
        assert!(drawing.contains("height=\"192\""), "{drawing}");
        assert!(drawing.contains("<text class=\"strong\" x=\"0\" y=\"114\">second</text>"), "{drawing}");
        // A third of 72 up from 90; and the line from a third to all of its panel.
        assert!(
            drawing.contains("<rect class=\"f1\" x=\"6.00%\" y=\"66\" width=\"38.00%\" height=\"24\"/>"),
            "{drawing}"
        );
        assert!(drawing.contains("d=\"M250 48L750 0\""), "{drawing}");
    }
}
