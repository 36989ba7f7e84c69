//! The sections of the page, from the digest to charts and tables.
//!
//! | module | is |
//! |---|---|
//! | [`findings`] | what stands out, what to do |
//! | [`volume`] | messages over time and over the week |
//! | [`channels`] | the channels side by side |
//! | [`waits`] | first and all responses, by hour and by topic |
//! | [`resolutions`] | from open to close |
//! | [`subscriptions`] | contacts that opted out |
//! | [`method`] | definitions, SQL, settings, sources |

pub(super) mod channels;
pub(super) mod findings;
pub(super) mod method;
pub(super) mod resolutions;
pub(super) mod subscriptions;
pub(super) mod volume;
pub(super) mod waits;

use super::charts::frame::{self, Chart};
use super::charts::{histogram, percentiles};
use super::tables;
use crate::dates;
use crate::digest::{Digest, Distribution, Series, TimeSeries};
use crate::quantity::{count, known, maybe_duration, share};

/// Charts beside each other where there is room; empty without any.
fn charts(figures: &[String]) -> String {
    let figures = figures.concat();
    if figures.is_empty() { figures } else { format!("<div class=\"charts\">\n{figures}</div>\n") }
}

/// p50 and p90 of a time KPI over time; `id` names the chart.
fn over_time(digest: &Digest, kpi: &str, id: &'static str, what: &str) -> String {
    let Some(times) = digest.series.times.iter().find(|times| times.kpi == kpi) else {
        return String::new();
    };
    let series = &digest.series;
    let title = format!("{}, by {}", times.title, series.grain);
    let desc = format!("{}. {}", title, range_in_words(times));
    let Some(drawing) = percentiles::percentiles(id, &title, &desc, times, series) else {
        return frame::nothing(&title, &format!("no {what} in this period"));
    };
    let within = digest.kpi(kpi).and_then(|card| known(card.within_target)).zip(known(times.target_s));
    let say = match within {
        Some((within, target_s)) => {
            format!("Logarithmic scale. {} within {} over the period.", share(within), maybe_duration(Some(target_s)))
        }
        None => "Logarithmic scale.".to_owned(),
    };
    let table = point_table(&title, times, series);
    Chart { id, title, say, key: percentiles::key(times), drawing, table, wide: false }.figure()
}

/// How long waits or resolutions were; `id` names the chart.
fn spread(digest: &Digest, kpi: &str, id: &'static str, title: &str, what: &str) -> String {
    let Some(spread) = digest.distributions.iter().find(|spread| spread.kpi == kpi) else {
        return String::new();
    };
    if spread.n == 0 {
        return frame::nothing(title, &format!("no {what} in this period"));
    }
    let bins = histogram::bins(spread);
    let most = bins.iter().max_by_key(|bin| bin.n).map(histogram::Bin::words).unwrap_or_default();
    let desc = format!("{} {what}; most are {most}.", count(spread.n));
    let part = |n: u64| share(n as f64 / spread.n as f64);
    let rows = bins.iter().map(|bin| (bin.words(), vec![count(bin.n), part(bin.n)]));
    Chart {
        id,
        title: title.to_owned(),
        say: format!(
            "Each bar spans twice the time of the one before it. {} {what}{}.",
            count(spread.n),
            apart(spread)
        ),
        key: histogram::key(),
        drawing: histogram::histogram(id, title, &desc, spread),
        table: tables::numbers(title, &["length", "number", "share"], rows),
        wide: false,
    }
    .figure()
}

/// What has no length: "; not drawn: 109 open, 728 closed unanswered".
fn apart(spread: &Distribution) -> String {
    let named: Vec<String> =
        spread.apart.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{} {name}", count(*n))).collect();
    if named.is_empty() { String::new() } else { format!("; not drawn: {}", named.join(", ")) }
}

fn range_in_words(times: &TimeSeries) -> String {
    let range = |value: fn(&crate::digest::Point) -> Option<f64>| {
        let known = || times.points.iter().filter_map(move |point| known(value(point)));
        (maybe_duration(known().reduce(f64::min)), maybe_duration(known().reduce(f64::max)))
    };
    let (p50, p90) = (range(|point| point.p50_s), range(|point| point.p90_s));
    format!("p50 lies between {} and {}, p90 between {} and {}.", p50.0, p50.1, p90.0, p90.1)
}

fn point_table(title: &str, times: &TimeSeries, series: &Series) -> String {
    let rows = times.points.iter().zip(&series.buckets).map(|(point, bucket)| {
        let within = known(point.within_target).map_or_else(|| maybe_duration(None), share);
        let settled = if point.provisional { "can change" } else { "" };
        (
            dates::long(bucket, &series.grain),
            vec![
                maybe_duration(point.p50_s),
                maybe_duration(point.p90_s),
                maybe_duration(point.mean_s),
                within,
                count(point.n),
                settled.to_owned(),
            ],
        )
    });
    tables::numbers(title, &[series.grain.as_str(), "p50", "p90", "mean", "within target", "n", "provisional"], rows)
}
