//! Channels, hours and topics as tables whose headers name their rows and columns to a screen reader.

use super::charts::spark;
use super::escape::escape;
use crate::change::MIN_N;
use crate::digest::{ChannelRow, SourceRow, TopicRow, WorstCell};
use crate::phrase::{self, FEW_MARK};
use crate::quantity::{MISSING, count, human_duration, known, maybe_duration, share};

/// The channel table; empty without channels.
pub(super) fn channels(rows: &[ChannelRow]) -> String {
    let body = rows.iter().map(|row| {
        let share_cell = known(row.share).map_or(missing(), |ratio| number(&escape(&share(ratio)), Some(ratio)));
        row_of(
            &phrase::name(row.channel.as_deref()),
            &[
                number(&count(row.inbound), None),
                share_cell,
                time(row.first_response_mean_s, row.first_response_n, None),
                within(row.first_response_within, row.first_response_target_s),
                time(row.response_mean_s, row.response_n, None),
                time(row.response_p90_s, row.response_n, None),
                within(row.response_within, row.response_target_s),
                time(row.longest_s, row.response_n, None),
                time(row.resolution_mean_s, row.resolution_n, None),
                within(row.resolution_within, row.resolution_target_s),
                row.unsubscribed.map_or(missing(), |n| number(&count(n), None)),
            ],
        )
    });
    table(
        "Volume, waits and resolutions by channel",
        &[
            "channel",
            "inbound",
            "of all messages",
            "first response",
            "on target",
            "mean response",
            "p90 response",
            "on target",
            "longest wait",
            "time to close",
            "on target",
            "opted out",
        ],
        body.collect(),
    )
}

/// The hours of the week with the longest waits; empty without hours.
pub(super) fn worst_hours(cells: &[WorstCell]) -> String {
    let high = highest(cells.iter().map(|cell| Some(cell.max_wait_s)));
    let body = cells.iter().map(|cell| {
        row_of(
            &phrase::slot(cell),
            &[
                time(Some(cell.max_wait_s), cell.n, Some(high)),
                time(Some(cell.mean_wait_s), cell.n, None),
                number(&count(cell.n), None),
                conversation(cell.conversation_id.as_deref()),
            ],
        )
    });
    table("Hours with the longest waits", &["hour", "longest", "mean", "waits", "conversation"], body.collect())
}

/// The topics with the longest waits; empty without topics.
pub(super) fn topics(rows: &[TopicRow]) -> String {
    let high = highest(rows.iter().map(|row| row.longest_s));
    let body = rows.iter().map(|row| {
        row_of(
            &phrase::name(row.topic.as_deref()),
            &[
                time(row.longest_s, row.waits, Some(high)),
                time(row.mean_s, row.waits, None),
                number(&count(row.waits), None),
                conversation(row.conversation_id.as_deref()),
            ],
        )
    });
    table("Topics with the longest waits", &["topic", "longest", "mean", "waits", "conversation"], body.collect())
}

/// The sources of an archive; empty without any.
pub(super) fn sources(rows: &[SourceRow]) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| MISSING.to_owned());
    numbers(
        "Messages by source",
        &["source", "messages", "first", "last"],
        rows.iter().map(|row| (row.source.clone(), vec![count(row.messages), text(&row.first), text(&row.last)])),
    )
}

/// A table of plain texts, the first of each row its name; empty without rows.
pub(super) fn numbers(caption: &str, heads: &[&str], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let body = rows.map(|(name, cells)| {
        let cells: Vec<String> = cells.iter().map(|cell| number(&escape(cell), None)).collect();
        row_of(&name, &cells)
    });
    table(caption, heads, body.collect())
}

/// A table in a frame that scrolls sideways where the screen is narrow, by keyboard too.
fn table(caption: &str, heads: &[&str], body: String) -> String {
    if body.is_empty() {
        return body;
    }
    let caption = escape(caption);
    let head = |head: &&str| {
        let class = if *head == "conversation" { " class=\"l\"" } else { "" };
        format!("<th scope=\"col\"{class}>{}</th>", escape(head))
    };
    let heads: String = heads.iter().map(head).collect();
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table>\n\
         <caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n"
    )
}

fn row_of(name: &str, cells: &[String]) -> String {
    format!("<tr><th scope=\"row\">{}</th>{}</tr>\n", escape(name), cells.concat())
}

/// A cell of text that is HTML already, with a bar of a share below it.
fn number(text: &str, share: Option<f64>) -> String {
    let bar = share.map(spark::bar).unwrap_or_default();
    format!("<td>{text}{bar}</td>")
}

fn missing() -> String {
    number(MISSING, None)
}

/// A length of time, with a bar against the highest where there is one to compare with.
fn time(seconds: Option<f64>, n: u64, high: Option<f64>) -> String {
    let Some(seconds) = known(seconds) else {
        return missing();
    };
    let text = escape(&maybe_duration(Some(seconds)));
    let share = high.filter(|high| *high > 0.0).map(|high| seconds / high);
    if n < MIN_N {
        number(&format!("<span class=\"few\">{text}{FEW_MARK}</span>"), share)
    } else {
        number(&text, share)
    }
}

/// A share within a target, and the target where there is one of this row's own.
fn within(share_within: Option<f64>, target_s: Option<f64>) -> String {
    let Some(part) = known(share_within) else {
        return missing();
    };
    let target = known(target_s).map(|target_s| format!(" in {}", human_duration(target_s))).unwrap_or_default();
    number(&format!("{}<small>{}</small>", escape(&share(part)), escape(&target)), None)
}

fn conversation(id: Option<&str>) -> String {
    format!("<td class=\"id\">{}</td>", id.map_or(MISSING.to_owned(), escape))
}

fn highest(values: impl Iterator<Item = Option<f64>>) -> f64 {
    values.filter_map(known).fold(0.0, f64::max)
}
