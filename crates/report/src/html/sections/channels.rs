//! The channels side by side: shares, targets, questions over time, and all their numbers.

use super::super::charts::bars::{self, Row};
use super::super::charts::frame::{self, Chart};
use super::super::charts::multiples::{self, Multiple};
use super::super::tables;
use super::charts;
use crate::dates;
use crate::digest::{ChannelRow, Digest};
use crate::phrase::{self, NO_CHANNELS};
use crate::quantity::{MISSING, count, human_duration, known, share};

/// Channels that get a small chart; the table holds all.
const DRAWN: usize = 12;

/// Charts and table; empty without channels.
pub(crate) fn section(digest: &Digest) -> String {
    if digest.channels.is_empty() {
        return String::new();
    }
    let mut text = charts(&[shares(&digest.channels), on_target(&digest.channels)]);
    text.push_str(&charts(&[over_time(digest)]));
    text.push_str(&tables::channels(&digest.channels));
    text
}

fn shares(rows: &[ChannelRow]) -> String {
    let title = "Share of all messages, by channel".to_owned();
    let said = |row: &ChannelRow| known(row.share).map_or_else(|| MISSING.to_owned(), share);
    let all = |row: &ChannelRow| row.inbound + row.agent + row.bot;
    let bars: Vec<Row> = rows
        .iter()
        .map(|row| Row {
            name: phrase::name(row.channel.as_deref()),
            part: known(row.share),
            text: format!("{} · {}", said(row), count(all(row))),
        })
        .collect();
    let drawing = bars::rows("channel-share", &title, &in_words(&bars), &bars);
    let table = tables::numbers(
        &title,
        &["channel", "share", "messages", "questions", "answers", "bot messages"],
        rows.iter().map(|row| {
            let cells = vec![said(row), count(all(row)), count(row.inbound), count(row.agent), count(row.bot)];
            (phrase::name(row.channel.as_deref()), cells)
        }),
    );
    let say = "Questions, answers and bot messages together.".to_owned();
    Chart { id: "channel-share", title, say, key: String::new(), drawing, table, wide: false }.figure()
}

fn on_target(rows: &[ChannelRow]) -> String {
    let title = "First responses within the target, by channel".to_owned();
    if rows.iter().all(|row| known(row.first_response_within).is_none()) {
        return frame::nothing(&title, "no first responses in this period");
    }
    let target = |row: &ChannelRow| match known(row.first_response_target_s) {
        Some(target_s) => human_duration(target_s),
        None => "by source".to_owned(),
    };
    let said = |row: &ChannelRow| known(row.first_response_within).map_or_else(|| MISSING.to_owned(), share);
    let bars: Vec<Row> = rows
        .iter()
        .map(|row| Row {
            name: phrase::name(row.channel.as_deref()),
            part: known(row.first_response_within),
            text: match known(row.first_response_target_s) {
                Some(target_s) => format!("{} in {}", said(row), human_duration(target_s)),
                None => said(row),
            },
        })
        .collect();
    let drawing = bars::rows("channel-target", &title, &in_words(&bars), &bars);
    let table = tables::numbers(
        &title,
        &["channel", "within target", "target", "n"],
        rows.iter().map(|row| {
            (phrase::name(row.channel.as_deref()), vec![said(row), target(row), count(row.first_response_n)])
        }),
    );
    let say = "Each channel against its own target; late, abandoned and overdue ones count as missed.".to_owned();
    Chart { id: "channel-target", title, say, key: String::new(), drawing, table, wide: false }.figure()
}

fn over_time(digest: &Digest) -> String {
    let series = &digest.series;
    let title = format!("Questions over time, by channel and {}", series.grain);
    let lines: Vec<Multiple<'_>> = series
        .channels
        .iter()
        .take(DRAWN)
        .map(|line| Multiple {
            name: phrase::name(line.channel.as_deref()),
            say: format!("{} questions", count(line.inbound.iter().sum())),
            counts: &line.inbound,
        })
        .collect();
    if lines.is_empty() || series.buckets.is_empty() {
        return frame::nothing("Questions over time, by channel", NO_CHANNELS);
    }
    let high = count(multiples::scale(&lines).high() as u64);
    let mut say = format!("One scale for all: up to {high} a {}.", series.grain);
    let left_out = series.channels.len() - lines.len();
    if left_out > 0 {
        say.push_str(&format!(" {left_out} more channels are in the numbers below."));
    }
    let drawing = multiples::multiples(
        "channel-time",
        &format!("questions by {}", series.grain),
        &lines,
        &series.buckets,
        &series.grain,
    );
    let names: Vec<String> = series.channels.iter().map(|line| phrase::name(line.channel.as_deref())).collect();
    let heads: Vec<&str> = std::iter::once(series.grain.as_str()).chain(names.iter().map(String::as_str)).collect();
    let rows = series.buckets.iter().enumerate().map(|(place, bucket)| {
        let cells =
            series.channels.iter().map(|line| line.inbound.get(place).copied().map_or(MISSING.to_owned(), count));
        (dates::long(bucket, &series.grain), cells.collect())
    });
    let table = tables::numbers(&title, &heads, rows);
    Chart { id: "channel-time", title, say, key: String::new(), drawing, table, wide: true }.figure()
}

/// All rows in one sentence.
fn in_words(rows: &[Row]) -> String {
    let parts: Vec<String> = rows.iter().map(|row| format!("{} {}", row.name, row.text)).collect();
    format!("{}.", parts.join("; "))
}
