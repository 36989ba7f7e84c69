//! Lines over buckets, open where data is missing.

use super::frame::px;

/// Units across a stretched drawing; lines keep their thickness.
const ACROSS: f64 = 1_000.0;

/// A path through values from 0 (lower end) to 1 in the middles of their buckets, `height` units high. A value without
/// neighbours is a line of no length: its round ends draw a dot.
pub(crate) fn path(values: &[Option<f64>], height: f64, class: &str) -> String {
    let n = values.len().max(1) as f64;
    let place = |(position, value): &(usize, f64)| {
        format!("{} {}", px((*position as f64 + 0.5) / n * ACROSS), px(height * (1.0 - value)))
    };
    let drawn: String = runs(values)
        .iter()
        .map(|run| match run.as_slice() {
            [only] => format!("M{}h0", place(only)),
            several => format!("M{}", several.iter().map(place).collect::<Vec<_>>().join("L")),
        })
        .collect();
    format!("<path class=\"{class}\" d=\"{drawn}\"/>")
}

/// Paths in a part of a drawing that is stretched over its whole width.
pub(crate) fn stretched(top: f64, height: f64, paths: &str) -> String {
    format!(
        "<svg x=\"0\" y=\"{}\" width=\"100%\" height=\"{1}\" viewBox=\"0 0 {ACROSS} {1}\" \
         preserveAspectRatio=\"none\">{paths}</svg>\n",
        px(top),
        px(height)
    )
}

/// Neighbours with data, as position and value.
pub(crate) fn runs(values: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let mut runs: Vec<Vec<(usize, f64)>> = Vec::new();
    let mut run = Vec::new();
    for (position, value) in values.iter().enumerate() {
        match value {
            Some(value) => run.push((position, *value)),
            None if run.is_empty() => {}
            None => runs.push(std::mem::take(&mut run)),
        }
    }
    if !run.is_empty() {
        runs.push(run);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_gap_and_a_dot() {
        // Four buckets of 250 units: middles at 125, 375, 625, 875. Of 200 units, a quarter up is 150 from the top.
        assert_eq!(
            path(&[Some(0.0), Some(0.25), None, Some(1.0)], 200.0, "one"),
            "<path class=\"one\" d=\"M125 200L375 150M875 0h0\"/>"
        );
        assert_eq!(path(&[None], 200.0, "one"), "<path class=\"one\" d=\"\"/>");
    }
}
