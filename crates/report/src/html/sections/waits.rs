//! First and all responses over time, how long waits are, and at which hours and topics they are long.

use super::super::charts::dots;
use super::super::charts::frame::{self, Chart};
use super::super::charts::heatmap::{CLASSES, Week};
use super::super::charts::scale::breaks_of_lengths;
use super::super::tables;
use super::volume::week_table;
use super::{charts, over_time, spread};
use crate::dates::weekday;
use crate::digest::{AVERAGE_RESPONSE_TIME, Digest, FIRST_RESPONSE_TIME, TopicRow};
use crate::phrase::{self, NO_HOURS, NO_TOPICS};
use crate::quantity::{count, human_duration, known, maybe_duration};

/// Topics that are drawn; the table holds all.
const DRAWN: usize = 12;

/// Charts and tables.
pub(crate) fn section(digest: &Digest) -> String {
    let mut text = charts(&[
        over_time(digest, FIRST_RESPONSE_TIME, "first-response-time", "answered first questions"),
        over_time(digest, AVERAGE_RESPONSE_TIME, "response-time", "answered questions"),
        spread(digest, AVERAGE_RESPONSE_TIME, "wait-spread", "How long answered waits were", "answered waits"),
        over_the_week(digest),
        by_topic(digest),
    ]);
    text.push_str("<h3 class=\"table\">Hours of the week with the longest waits</h3>\n");
    text.push_str(&or(tables::worst_hours(&digest.worst_hours), NO_HOURS));
    text.push_str("<h3 class=\"table\">Topics with the longest waits</h3>\n");
    text.push_str(&or(tables::topics(&digest.topics), NO_TOPICS));
    text
}

fn over_the_week(digest: &Digest) -> String {
    let title = "Longest wait by hour of the week".to_owned();
    let cells: Vec<(u32, u32, f64)> = digest
        .week
        .iter()
        .filter_map(|cell| Some((cell.day_of_week.unsigned_abs(), cell.hour.unsigned_abs(), known(cell.longest_s)?)))
        .collect();
    let shortest = cells.iter().map(|cell| cell.2).reduce(f64::min);
    let longest = cells.iter().map(|cell| cell.2).reduce(f64::max);
    let (Some(shortest), Some(longest)) = (shortest, longest) else {
        return frame::nothing(&title, NO_HOURS);
    };
    let week = Week {
        cells,
        breaks: breaks_of_lengths(shortest, longest, CLASSES),
        text: human_duration,
        none: "no answered wait",
        before: "longest ",
    };
    let say = week.highest().first().map_or_else(String::new, |(day, hour, length_s)| {
        format!(
            "Longest on {} {hour:02}:00–{:02}:00: {}. The hour is that of the question; the three longest are numbered.",
            weekday(*day),
            hour + 1,
            human_duration(*length_s)
        )
    });
    let drawing = week.draw("wait-week", &title, &say);
    let table = week_table(&title, |day, hour| maybe_duration(week.value(day, hour)));
    Chart { id: "wait-week", title, say, key: week.key(), drawing, table, wide: false }.figure()
}

fn by_topic(digest: &Digest) -> String {
    let title = "Waits by topic".to_owned();
    let rows: Vec<TopicRow> = digest.topic_waits.iter().take(DRAWN).cloned().collect();
    let target_s = digest.kpi(AVERAGE_RESPONSE_TIME).and_then(|card| card.target_s);
    let parts: Vec<String> = rows
        .iter()
        .map(|row| {
            let name = phrase::name(row.topic.as_deref());
            format!("{name} p90 {}, longest {}", maybe_duration(row.p90_s), maybe_duration(row.longest_s))
        })
        .collect();
    let Some(drawing) = dots::dots("topic-waits", &title, &format!("{}.", parts.join("; ")), &rows, target_s) else {
        return frame::nothing(&title, NO_TOPICS);
    };
    let left_out = digest.topic_waits.len() - rows.len();
    let mut say = "Answered waits, logarithmic scale; the topic with most waits first.".to_owned();
    if left_out > 0 {
        say.push_str(&format!(" {left_out} more topics are in the numbers below."));
    }
    let table = tables::numbers(
        &title,
        &["topic", "p50", "p90", "mean", "longest", "waits"],
        digest.topic_waits.iter().map(|row| {
            let times = [row.p50_s, row.p90_s, row.mean_s, row.longest_s].map(maybe_duration);
            (phrase::name(row.topic.as_deref()), times.into_iter().chain([count(row.waits)]).collect())
        }),
    );
    Chart { id: "topic-waits", title, say, key: dots::key(target_s), drawing, table, wide: true }.figure()
}

/// The body, or a sentence where it is empty.
fn or(body: String, nothing: &str) -> String {
    if body.is_empty() { format!("<p class=\"nothing\">{nothing}</p>\n") } else { body }
}
