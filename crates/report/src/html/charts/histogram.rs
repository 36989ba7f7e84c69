//! How long how many are: bars of doubling width on both sides of the target.

use super::super::escape::escape;
use super::frame::{Plot, hits, pct, px};
use super::scale::{Linear, Log};
use super::{axis, marks};
use crate::digest::Distribution;
use crate::quantity::{count, human_duration, share};

/// Pixels from the upper to the lower end.
const HEIGHT: f64 = 200.0;
/// Most lengths that the axis names.
const TICKS: usize = 8;

/// Lengths above one edge and up to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bin {
    /// Longer than this; `None` for the shortest.
    pub(crate) above_s: Option<f64>,
    /// Up to this; `None` for the longest.
    pub(crate) up_to_s: Option<f64>,
    /// How many.
    pub(crate) n: u64,
}

impl Bin {
    /// "5 min to 10 min", "up to 0.6 s", "longer than 113 d".
    pub(crate) fn words(&self) -> String {
        match (self.above_s, self.up_to_s) {
            (Some(above), Some(up_to)) => format!("{} to {}", human_duration(above), human_duration(up_to)),
            (None, Some(up_to)) => format!("up to {}", human_duration(up_to)),
            (Some(above), None) => format!("longer than {}", human_duration(above)),
            (None, None) => "any length".to_owned(),
        }
    }

    /// Whether all of its lengths are within a target that is one of the edges.
    fn within(&self, target_s: f64) -> bool {
        self.up_to_s.is_some_and(|up_to| up_to <= target_s)
    }
}

/// The bins of a distribution from the first that is not empty to the last, and at least the two beside the target.
pub(crate) fn bins(spread: &Distribution) -> Vec<Bin> {
    let mut bins = Vec::with_capacity(spread.reached.len() + 1);
    let (mut above_s, mut before) = (None, 0);
    for reached in &spread.reached {
        bins.push(Bin { above_s, up_to_s: Some(reached.up_to_s), n: reached.n.saturating_sub(before) });
        (above_s, before) = (Some(reached.up_to_s), reached.n);
    }
    bins.push(Bin { above_s, up_to_s: None, n: spread.n.saturating_sub(before) });
    let beside = |bin: &Bin| bin.up_to_s == Some(spread.target_s) || bin.above_s == Some(spread.target_s);
    let kept = |bin: &Bin| bin.n > 0 || beside(bin);
    let first = bins.iter().position(kept).unwrap_or(0);
    let end = bins.iter().rposition(kept).map_or(0, |last| last + 1);
    bins[first..end].to_vec()
}

/// The drawing.
pub(crate) fn histogram(id: &str, title: &str, desc: &str, spread: &Distribution) -> String {
    let bins = bins(spread);
    let n = bins.len().max(1) as f64;
    let scale = Linear::of_counts(bins.iter().map(|bin| bin.n).max().unwrap_or(0));
    let places: Vec<(f64, String)> =
        scale.ticks().into_iter().map(|tick| (scale.at(tick), count(tick as u64))).collect();
    let mut body = axis::across(&places, 0.0, HEIGHT);
    for (place, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.n > 0) {
        let high = HEIGHT * scale.at(bin.n as f64);
        let class = if bin.within(spread.target_s) { "f1" } else { "open f2" };
        body.push_str(&format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
            pct((place as f64 + 0.06) / n),
            px(HEIGHT - high),
            pct(0.88 / n),
            px(high)
        ));
    }
    let within = bins.iter().filter(|bin| bin.within(spread.target_s));
    let (bins_within, n_within) = within.fold((0_u32, 0), |(bins, sum), bin| (bins + 1, sum + bin.n));
    let at = pct(f64::from(bins_within) / n);
    let part = |n: u64| if spread.n > 0 { share(n as f64 / spread.n as f64) } else { share(f64::NAN) };
    body.push_str(&format!(
        "\n<line class=\"limit\" x1=\"{at}\" x2=\"{at}\" y1=\"-6\" y2=\"{0}\"/>\n\
         <text class=\"mark\" x=\"0\" y=\"-12\">≤ {1}: {2}</text>\
         <text class=\"mark end\" x=\"100%\" y=\"-12\">later: {3}</text>\n",
        px(HEIGHT),
        escape(&human_duration(spread.target_s)),
        escape(&part(n_within)),
        escape(&part(spread.n.saturating_sub(n_within)))
    ));
    body.push_str(&axis::below(&ticks(&bins), HEIGHT));
    body.push_str(&hits(HEIGHT, bins.iter().map(|bin| format!("{}: {} ({})", bin.words(), count(bin.n), part(bin.n)))));
    let left = axis::room_for(places.iter().map(|(_, label)| label.as_str()));
    Plot { id, title, desc, height: HEIGHT, left, right: 8, row: 0, class: "tall" }.draw(&body)
}

/// What the two sorts of bars are.
pub(crate) fn key() -> String {
    let bar = |class: &str| {
        let rect = format!("<rect class=\"{class}\" x=\"1\" y=\"1\" width=\"10\" height=\"10\"/>");
        marks::sample(12, 12, &rect)
    };
    marks::key(&[(bar("f1"), "within the target".to_owned()), (bar("open f2"), "later".to_owned())])
}

/// Lengths that people know at their places between the edges.
fn ticks(bins: &[Bin]) -> Vec<axis::Tick> {
    let edges: Vec<(usize, f64)> =
        bins.iter().enumerate().filter_map(|(place, bin)| Some((place + 1, bin.up_to_s?))).collect();
    let (Some((first, low)), Some((last, high))) = (edges.first(), edges.last()) else { return Vec::new() };
    if first == last {
        return Vec::new();
    }
    let scale = Log::between(*low, *high);
    let (from, to) = (*first as f64, *last as f64);
    let n = bins.len() as f64;
    axis::apart(
        scale.ticks(TICKS).into_iter().map(|tick| ((from + scale.at(tick) * (to - from)) / n, human_duration(tick))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Reached;

    /// 3 up to 300 s, 5 up to 600 s, 4 up to 1200 s, 1 longer; nothing up to 150 s.
    fn spread() -> Distribution {
        let reached = [(150.0, 0), (300.0, 3), (600.0, 8), (1_200.0, 12), (2_400.0, 12)]
            .map(|(up_to_s, n)| Reached { up_to_s, n });
        Distribution { target_s: 600.0, n: 13, reached: reached.into(), ..Distribution::default() }
    }

    #[test]
    fn bins_are_differences_of_what_is_reached() {
        let found: Vec<(String, u64)> = bins(&spread()).iter().map(|bin| (bin.words(), bin.n)).collect();
        let expected = [
            ("2 min 30 s to 5 min", 3),
            ("5 min to 10 min", 5),
            ("10 min to 20 min", 4),
            ("20 min to 40 min", 0),
            ("longer than 40 min", 1),
        ];
        assert_eq!(found, expected.map(|(words, n)| (words.to_owned(), n)));
    }

    #[test]
    fn the_target_parts_the_bars() {
        let drawing = histogram("a", "A", "a", &spread());
        assert_eq!(drawing.matches("class=\"f1\"").count(), 2);
        assert_eq!(drawing.matches("class=\"open f2\"").count(), 2);
        // Two of five bins are within: the line stands at 40 %. 8 of 13 are 61.5 %.
        assert!(
            drawing.contains("<line class=\"limit\" x1=\"40.00%\" x2=\"40.00%\" y1=\"-6\" y2=\"200\"/>"),
            "{drawing}"
        );
        assert!(drawing.contains(">≤ 10 min: 61.5 %</text>"), "{drawing}");
        assert!(drawing.contains(">later: 38.5 %</text>"), "{drawing}");
        // The highest bar has 5 of the scale's 6: 166.7 of 200 pixels.
        assert!(drawing.contains("y=\"33.3\" width=\"17.60%\" height=\"166.7\""), "{drawing}");
    }

    #[test]
    fn all_in_time_still_shows_the_side_of_the_late() {
        let mut spread = spread();
        spread.n = 8;
        spread.reached.iter_mut().for_each(|reached| reached.n = reached.n.min(8));
        let words: Vec<String> = bins(&spread).iter().map(Bin::words).collect();
        assert_eq!(words, ["2 min 30 s to 5 min", "5 min to 10 min", "10 min to 20 min"]);
    }
}
