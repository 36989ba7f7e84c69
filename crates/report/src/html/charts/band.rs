//! What a line is held against: the range of what is usual, and a target.

use super::frame::px;
use super::scale::Log;

/// The usual range as a band, `height` pixels high over all.
pub(crate) fn usual(scale: &Log, (low_s, high_s): (f64, f64), height: f64) -> String {
    let (top, bottom) = (height * (1.0 - scale.at(high_s)), height * (1.0 - scale.at(low_s)));
    format!(
        "<rect class=\"usual\" x=\"0\" y=\"{}\" width=\"100%\" height=\"{}\"/>\n",
        px(top),
        px((bottom - top).max(1.0))
    )
}

/// A target as a dashed line across.
pub(crate) fn target(scale: &Log, target_s: f64, height: f64) -> String {
    let y = px(height * (1.0 - scale.at(target_s)));
    format!("<line class=\"limit\" x1=\"0\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_covers_its_range() {
        // On a scale from 1 to 10,000, 10 lies a quarter and 100 half of the way up: 150 and 100 of 200 from the top.
        assert_eq!(
            usual(&Log::between(1.0, 10_000.0), (10.0, 100.0), 200.0),
            "<rect class=\"usual\" x=\"0\" y=\"100\" width=\"100%\" height=\"50\"/>\n"
        );
    }

    #[test]
    fn a_target_is_a_line() {
        assert_eq!(
            target(&Log::between(1.0, 10_000.0), 10.0, 200.0),
            "<line class=\"limit\" x1=\"0\" x2=\"100%\" y1=\"150\" y2=\"150\"/>\n"
        );
    }
}
