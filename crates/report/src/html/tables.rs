//! Channels, hours and topics as tables whose headers name their rows and columns to a screen reader.

use super::charts;
use super::escape::escape;
use crate::change::MIN_N;
use crate::digest::{ChannelRow, TopicRow, WorstCell};
use crate::phrase::{self, FEW_MARK};
use crate::quantity::{MISSING, count, known, maybe_duration, share};

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
                time(row.response_mean_s, row.response_n, None),
                time(row.response_p90_s, row.response_n, None),
                time(row.longest_s, row.response_n, None),
                time(row.resolution_mean_s, row.resolution_n, None),
                row.unsubscribed.map_or(missing(), |n| number(&count(n), None)),
            ],
        )
    });
    table(
        "Volume, waits and resolutions by channel",
        &[
            "channel",
            "inbound",
            "share",
            "first response",
            "mean response",
            "p90 response",
            "longest wait",
            "time to close",
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

/// A table in a frame that scrolls sideways where the screen is narrow, by keyboard too.
fn table(caption: &str, heads: &[&str], body: String) -> String {
    if body.is_empty() {
        return body;
    }
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
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
    let bar = share.map(charts::bar).unwrap_or_default();
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

fn conversation(id: Option<&str>) -> String {
    format!("<td class=\"id\">{}</td>", id.map_or(MISSING.to_owned(), escape))
}

fn highest(values: impl Iterator<Item = Option<f64>>) -> f64 {
    values.filter_map(known).fold(0.0, f64::max)
}
