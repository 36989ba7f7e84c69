//! Contacts that opted out, over time.

use super::super::charts::axis;
use super::super::charts::frame::{self, Chart};
use super::super::charts::panels::{Panel, Shape, panels};
use super::super::charts::scale::Linear;
use super::super::tables;
use super::charts;
use super::volume::whole;
use crate::dates;
use crate::digest::Digest;
use crate::quantity::{MISSING, count, known, share};

/// The chart.
pub(crate) fn section(digest: &Digest) -> String {
    let series = &digest.series;
    let points = &series.subscriptions;
    if points.iter().all(|point| known(point.share).is_none()) {
        return charts(&[frame::nothing("Unsubscribed contacts over time", "no known contacts in this period")]);
    }
    let title = format!("Unsubscribed contacts over time, by {}", series.grain);
    let highest = points.iter().filter_map(|point| known(point.share)).fold(0.0, f64::max);
    let drawn = [
        Panel {
            name: "Opted out, share of known contacts",
            shape: Shape::Line,
            class: "one",
            values: points.iter().map(|point| known(point.share)).collect(),
            scale: Linear::of(if highest > 0.0 { highest } else { 0.01 }),
            text: percent,
        },
        Panel {
            name: "Newly opted out",
            shape: Shape::Columns,
            class: "f2",
            values: points.iter().map(|point| Some(point.newly as f64)).collect(),
            scale: Linear::of_counts(points.iter().map(|point| point.newly).max().unwrap_or(0)),
            text: whole,
        },
    ];
    let newly: u64 = points.iter().map(|point| point.newly).sum();
    let last = points.last().map_or(0, |point| point.unsubscribed);
    let say = format!(
        "{} opt-outs in the period, counted by {}; {} contacts are opted out at its end.",
        count(newly),
        series.grain,
        count(last)
    );
    let said = |part: Option<f64>| known(part).map_or_else(|| MISSING.to_owned(), share);
    let rows = || {
        points.iter().zip(&series.buckets).map(|(point, bucket)| {
            let cells = vec![count(point.unsubscribed), said(point.share), count(point.newly)];
            (dates::long(bucket, &series.grain), cells)
        })
    };
    let texts = rows()
        .map(|(bucket, cells)| match cells.as_slice() {
            [out, part, newly] => format!("{bucket}: {out} opted out ({part}), {newly} newly"),
            _ => bucket,
        })
        .collect();
    let ticks = axis::over_time(&series.buckets, &series.grain);
    let drawing = panels("subscriptions-time", &title, &say, &drawn, &ticks, texts);
    let table = tables::numbers(&title, &[series.grain.as_str(), "opted out", "share", "newly"], rows());
    charts(&[Chart { id: "subscriptions-time", title, say, key: String::new(), drawing, table, wide: true }.figure()])
}

/// A part of a whole on an axis: "1.5 %".
fn percent(part: f64) -> String {
    let text = format!("{:.3}", part * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_on_an_axis_are_short() {
        assert_eq!([0.0, 0.005, 0.0125, 1.0].map(percent), ["0 %", "0.5 %", "1.25 %", "100 %"]);
    }
}
