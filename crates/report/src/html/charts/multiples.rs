//! One small chart a name, all on one scale.

use super::super::escape::escape;
use super::frame::{Plot, hits, px};
use super::scale::Linear;
use super::{axis, bars};
use crate::dates;
use crate::quantity::count;

/// Pixels from the upper to the lower end.
const HEIGHT: f64 = 56.0;

/// One small chart.
#[derive(Debug)]
pub(crate) struct Multiple<'a> {
    /// Its name.
    pub(crate) name: String,
    /// What stands below the name.
    pub(crate) say: String,
    /// One count a bucket.
    pub(crate) counts: &'a [u64],
}

/// The highest number of the scale that the charts share.
pub(crate) fn scale(multiples: &[Multiple<'_>]) -> Linear {
    Linear::of_counts(multiples.iter().flat_map(|multiple| multiple.counts).copied().max().unwrap_or(0))
}

/// The charts side by side. `id` is followed by their numbers.
pub(crate) fn multiples(id: &str, what: &str, multiples: &[Multiple<'_>], buckets: &[String], grain: &str) -> String {
    let scale = scale(multiples);
    let charts: String = multiples
        .iter()
        .enumerate()
        .map(|(place, multiple)| {
            let title = format!("{}: {what}", multiple.name);
            let desc = format!(
                "{}; lowest {}, highest {}",
                multiple.say,
                count(multiple.counts.iter().copied().min().unwrap_or(0)),
                count(multiple.counts.iter().copied().max().unwrap_or(0))
            );
            let id = format!("{id}-{place}");
            let plot =
                Plot { id: &id, title: &title, desc: &desc, height: HEIGHT, left: 0, right: 0, row: 0, class: "" };
            format!(
                "<div class=\"multiple\">\n<h4>{}</h4>\n<p>{}</p>\n{}</div>\n",
                escape(&multiple.name),
                escape(&multiple.say),
                plot.draw(&body(multiple, &scale, buckets, grain))
            )
        })
        .collect();
    format!("<div class=\"multiples\">\n{charts}</div>\n")
}

fn body(multiple: &Multiple<'_>, scale: &Linear, buckets: &[String], grain: &str) -> String {
    let mut text: String = scale
        .ticks()
        .into_iter()
        .map(|tick| {
            let y = px(HEIGHT * (1.0 - scale.at(tick)));
            format!("<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>")
        })
        .collect();
    let places: Vec<Option<f64>> = multiple.counts.iter().map(|count| Some(scale.at(*count as f64))).collect();
    text.push_str(&bars::columns(&places, 0.0, HEIGHT, "f1"));
    text.push_str(&axis::base(HEIGHT));
    let named = |bucket: Option<&String>| bucket.map(|bucket| escape(&dates::short(bucket, grain)));
    if let (Some(first), Some(last)) = (named(buckets.first()), named(buckets.last())) {
        let y = px(HEIGHT + 15.0);
        text.push_str(&format!("<text x=\"0\" y=\"{y}\">{first}</text>"));
        if buckets.len() > 1 {
            text.push_str(&format!("<text class=\"end\" x=\"100%\" y=\"{y}\">{last}</text>"));
        }
        text.push('\n');
    }
    let texts = multiple.counts.iter().enumerate().map(|(place, number)| {
        let bucket = buckets.get(place).map(|bucket| dates::long(bucket, grain)).unwrap_or_default();
        format!("{}, {bucket}: {}", multiple.name, count(*number))
    });
    text.push_str(&hits(HEIGHT, texts));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_share_one_scale() {
        let buckets = ["2025-12-01".to_owned(), "2025-12-02".to_owned()];
        let one = |name: &str, counts| Multiple { name: name.to_owned(), say: String::new(), counts };
        let html = multiples("m", "questions", &[one("a", &[300, 150]), one("b", &[30, 0])], &buckets, "day");
        // The scale ends at 300: half of 56 pixels, and a tenth.
        for height in ["height=\"56\"/>", "height=\"28\"/>", "height=\"5.6\"/>"] {
            assert!(html.contains(height), "no {height} in {html}");
        }
        assert_eq!(html.matches("<svg class=\"plot\"").count(), 2);
        assert!(html.contains("<title>b, Tue 2 Dec 2025: 0</title>"), "{html}");
    }
}
