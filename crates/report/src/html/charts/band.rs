//! What a line is held against: the range of what is usual, and a target.

use super::super::escape::escape;
use super::frame::px;
use super::scale::Log;

/// The usual range as a band with its name, `height` pixels high over all.
pub(crate) fn usual(scale: &Log, (low_s, high_s): (f64, f64), height: f64, name: &str) -> String {
    let (top, bottom) = (height * (1.0 - scale.at(high_s)), height * (1.0 - scale.at(low_s)));
    format!(
        "<rect class=\"usual\" x=\"0\" y=\"{}\" width=\"100%\" height=\"{}\"/>\
         <text class=\"mark halo end\" x=\"100%\" dx=\"-4\" y=\"{}\">{}</text>\n",
        px(top),
        px((bottom - top).max(1.0)),
        px(top + 13.0),
        escape(name)
    )
}

/// A target as a dashed line across with its name above.
pub(crate) fn target(scale: &Log, target_s: f64, height: f64, name: &str) -> String {
    let y = height * (1.0 - scale.at(target_s));
    format!(
        "<line class=\"limit\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/>\
         <text class=\"mark halo\" x=\"4\" y=\"{1}\">{2}</text>\n",
        px(y),
        px(y - 5.0),
        escape(name)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_covers_its_range() {
        // On a scale from 1 to 10,000, 10 lies a quarter and 100 half of the way up: 150 and 100 of 200 from the top.
        assert_eq!(
            usual(&Log::between(1.0, 10_000.0), (10.0, 100.0), 200.0, "usual"),
            "<rect class=\"usual\" x=\"0\" y=\"100\" width=\"100%\" height=\"50\"/>\
             <text class=\"mark halo end\" x=\"100%\" dx=\"-4\" y=\"113\">usual</text>\n"
        );
    }

    #[test]
    fn a_target_is_a_line() {
        assert_eq!(
            target(&Log::between(1.0, 10_000.0), 10.0, 200.0, "target 10 s"),
            "<line class=\"limit\" x1=\"0\" x2=\"100%\" y1=\"150\" y2=\"150\"/>\
             <text class=\"mark halo\" x=\"4\" y=\"145\">target 10 s</text>\n"
        );
    }
}
