//! Marks that differ in shape as well as in colour, and the key that explains them.

use super::super::escape::escape;
use super::frame::{pct, px};

/// A dot in the first colour at a part of the width and `y` pixels from the top.
pub(crate) fn dot(at: f64, y: f64, radius: f64) -> String {
    format!("<circle class=\"f1\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>", pct(at), px(y), px(radius))
}

/// A square in the second colour.
pub(crate) fn square(at: f64, y: f64, half: f64) -> String {
    let (from, side) = (px(-half), px(2.0 * half));
    placed(at, y, &format!("<rect class=\"f2\" x=\"{from}\" y=\"{from}\" width=\"{side}\" height=\"{side}\"/>"))
}

/// A diamond in the third colour.
pub(crate) fn diamond(at: f64, y: f64) -> String {
    placed(at, y, "<path class=\"f3\" d=\"M0 -6L6 0L0 6L-6 0Z\"/>")
}

/// A key: marks of at most 28 by 16 pixels as HTML, each with what it means.
pub(crate) fn key(entries: &[(String, String)]) -> String {
    let items: String = entries.iter().map(|(mark, meaning)| format!("<li>{mark}{}</li>\n", escape(meaning))).collect();
    format!("<ul class=\"key\">\n{items}</ul>\n")
}

/// A mark of a key, of this content and size in pixels.
pub(crate) fn sample(wide: u32, high: u32, content: &str) -> String {
    format!("<svg width=\"{wide}\" height=\"{high}\" aria-hidden=\"true\">{content}</svg>")
}

/// Something drawn around a place, which attributes cannot name in percent and pixels at once.
fn placed(at: f64, y: f64, content: &str) -> String {
    format!("<svg x=\"{}\" y=\"{}\" overflow=\"visible\">{content}</svg>", pct(at), px(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_around_their_place() {
        assert_eq!(dot(0.5, 20.0, 3.0), "<circle class=\"f1\" cx=\"50.00%\" cy=\"20\" r=\"3\"/>");
        assert_eq!(
            square(0.5, 20.0, 3.0),
            "<svg x=\"50.00%\" y=\"20\" overflow=\"visible\">\
             <rect class=\"f2\" x=\"-3\" y=\"-3\" width=\"6\" height=\"6\"/></svg>"
        );
    }
}
