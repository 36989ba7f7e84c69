//! The KPIs over time.

use std::collections::HashMap;

use tapemeasure_report::digest::{
    AVERAGE_RESPONSE_TIME, ChannelRow, ChannelSeries, FIRST_RESPONSE_TIME, MESSAGE_VOLUME_BY_CHANNEL, Messages, Point,
    RESOLUTION_TIME, Series, Subscriptions, TimeSeries, UNSUBSCRIBED_CONTACTS,
};

use super::cards::Told;
use super::question::Question;
use super::rows::Rows;
use crate::failure::Failure;

/// The KPIs over time, from what was told of them; asks for the questions by channel. The channels keep their order.
///
/// # Errors
/// As computing KPIs.
pub async fn series(question: &Question<'_>, told: &[Told], channels: &[ChannelRow]) -> Result<Series, Failure> {
    let find = |name: &str| told.iter().find(|told| told.card.name == name);
    let Some(volume) = find(MESSAGE_VOLUME_BY_CHANNEL) else { return Ok(Series::default()) };
    let buckets: Vec<String> = volume.series.texts("bucket").into_iter().flatten().collect();
    let times = [FIRST_RESPONSE_TIME, AVERAGE_RESPONSE_TIME, RESOLUTION_TIME];
    let by_channel = question.rows(MESSAGE_VOLUME_BY_CHANNEL, &["channel"], question.grain, &["inbound"]).await?;
    Ok(Series {
        grain: question.grain.to_string(),
        messages: messages(&volume.series, &buckets),
        channels: of_channels(&by_channel, &buckets, channels),
        times: times.into_iter().filter_map(find).map(|told| time_series(told, &buckets)).collect(),
        subscriptions: find(UNSUBSCRIBED_CONTACTS)
            .map(|told| subscriptions(&told.series, &buckets))
            .unwrap_or_default(),
        buckets,
    })
}

fn messages(rows: &Rows, buckets: &[String]) -> Vec<Messages> {
    let (inbound, agent, bot) = (rows.counts("inbound"), rows.counts("agent"), rows.counts("bot"));
    in_buckets(rows, buckets, |row| Messages { inbound: inbound[row], agent: agent[row], bot: bot[row] })
}

fn time_series(told: &Told, buckets: &[String]) -> TimeSeries {
    let rows = &told.series;
    let (n, provisional) = (rows.counts("n"), rows.flags("provisional"));
    let [mean, p50, p90, within] = ["mean_s", "p50_s", "p90_s", "within_target"].map(|column| rows.numbers(column));
    let point = |row: usize| Point {
        n: n[row],
        mean_s: mean[row],
        p50_s: p50[row],
        p90_s: p90[row],
        within_target: within[row],
        provisional: provisional[row],
    };
    TimeSeries {
        kpi: told.card.name.clone(),
        title: told.card.title.clone(),
        target_s: told.card.target_s,
        usual_s: told.card.baseline.as_ref().and_then(|baseline| baseline.low.zip(baseline.high)),
        points: in_buckets(rows, buckets, point),
    }
}

fn subscriptions(rows: &Rows, buckets: &[String]) -> Vec<Subscriptions> {
    let (out, newly) = (rows.counts("unsubscribed"), rows.counts("newly_unsubscribed"));
    let share = rows.numbers("unsubscribed_share");
    in_buckets(rows, buckets, |row| Subscriptions { unsubscribed: out[row], share: share[row], newly: newly[row] })
}

fn of_channels(rows: &Rows, buckets: &[String], channels: &[ChannelRow]) -> Vec<ChannelSeries> {
    let places: HashMap<&str, usize> =
        buckets.iter().enumerate().map(|(place, bucket)| (bucket.as_str(), place)).collect();
    let mut counts: HashMap<Option<String>, Vec<u64>> = HashMap::new();
    let cells = rows.texts("bucket").into_iter().zip(rows.texts("channel")).zip(rows.counts("inbound"));
    for ((bucket, channel), inbound) in cells {
        let Some(place) = bucket.as_deref().and_then(|bucket| places.get(bucket)) else { continue };
        counts.entry(channel).or_insert_with(|| vec![0; buckets.len()])[*place] = inbound;
    }
    channels
        .iter()
        .map(|row| ChannelSeries {
            channel: row.channel.clone(),
            inbound: counts.remove(&row.channel).unwrap_or_else(|| vec![0; buckets.len()]),
        })
        .collect()
}

/// What the row of each bucket tells; a bucket without a row tells nothing.
fn in_buckets<T: Default>(rows: &Rows, buckets: &[String], tell: impl Fn(usize) -> T) -> Vec<T> {
    let places = rows.by_text("bucket");
    buckets.iter().map(|bucket| places.get(&Some(bucket.clone())).map(|&row| tell(row)).unwrap_or_default()).collect()
}
