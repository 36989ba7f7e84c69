//! Messages over time and over the hours of the week.

use super::super::charts::axis;
use super::super::charts::frame::{self, Chart};
use super::super::charts::heatmap::{CLASSES, Week};
use super::super::charts::panels::{Panel, Shape, panels};
use super::super::charts::scale::{Linear, breaks_of_counts};
use super::super::tables;
use super::charts;
use crate::dates::{self, weekday};
use crate::digest::{Digest, Messages, WeekCell};
use crate::phrase::NO_CHANNELS;
use crate::quantity::{MISSING, count};

/// Both charts.
pub(crate) fn section(digest: &Digest) -> String {
    charts(&[over_time(digest), over_the_week(digest)])
}

fn over_time(digest: &Digest) -> String {
    let series = &digest.series;
    let title = if series.grain.is_empty() {
        "Messages over time".to_owned()
    } else {
        format!("Messages over time, by {}", series.grain)
    };
    let sum = |of: fn(&Messages) -> u64| series.messages.iter().map(of).sum::<u64>();
    let (inbound, agent, bot) = (sum(|m| m.inbound), sum(|m| m.agent), sum(|m| m.bot));
    if inbound + agent + bot == 0 {
        return frame::nothing(&title, NO_CHANNELS);
    }
    let highest = series.messages.iter().map(|m| m.inbound.max(m.agent).max(m.bot)).max().unwrap_or(0);
    let panel = |name, class, of: fn(&Messages) -> u64| Panel {
        name,
        shape: Shape::Columns,
        class,
        values: series.messages.iter().map(|messages| Some(of(messages) as f64)).collect(),
        scale: Linear::of_counts(highest),
        text: whole,
    };
    // A kind without any message is said, not drawn.
    let kinds: Vec<Panel> = [
        (inbound, panel("Questions", "f1", |m| m.inbound)),
        (agent, panel("Answers", "f2", |m| m.agent)),
        (bot, panel("Bot messages", "f3", |m| m.bot)),
    ]
    .into_iter()
    .filter_map(|(messages, panel)| (messages > 0).then_some(panel))
    .collect();
    let rows: Vec<(String, Messages)> = series
        .buckets
        .iter()
        .zip(&series.messages)
        .map(|(bucket, messages)| (dates::long(bucket, &series.grain), *messages))
        .collect();
    let texts = rows
        .iter()
        .map(|(bucket, m)| {
            format!(
                "{bucket}: {} questions, {} answers, {} bot messages",
                count(m.inbound),
                count(m.agent),
                count(m.bot)
            )
        })
        .collect();
    let scale = if kinds.len() > 1 { " One scale for all." } else { "" };
    let say = format!("{} questions, {} answers, {} bot messages.{scale}", count(inbound), count(agent), count(bot));
    let ticks = axis::over_time(&series.buckets, &series.grain);
    let drawing = panels("volume-time", &title, &say, &kinds, &ticks, texts);
    let table = tables::numbers(
        &title,
        &[series.grain.as_str(), "questions", "answers", "bot messages"],
        rows.into_iter().map(|(bucket, m)| (bucket, vec![count(m.inbound), count(m.agent), count(m.bot)])),
    );
    Chart { id: "volume-time", title, say, key: String::new(), drawing, table, wide: false }.figure()
}

fn over_the_week(digest: &Digest) -> String {
    let title = "Questions by hour of the week".to_owned();
    let cells: Vec<&WeekCell> = digest.week.iter().filter(|cell| cell.questions > 0).collect();
    let Some(most) = cells.iter().map(|cell| cell.questions).max() else {
        return frame::nothing(&title, NO_CHANNELS);
    };
    let week = Week {
        cells: cells
            .iter()
            .map(|cell| (cell.day_of_week.unsigned_abs(), cell.hour.unsigned_abs(), cell.questions as f64))
            .collect(),
        breaks: breaks_of_counts(most, CLASSES as u32).into_iter().map(|limit| limit as f64).collect(),
        text: whole,
        none: "no questions",
        before: "questions ",
    };
    let say = week.highest().first().map_or_else(String::new, |(day, hour, number)| {
        format!(
            "Most on {} {hour:02}:00–{:02}:00: {}. The three busiest hours are numbered.",
            weekday(*day),
            hour + 1,
            whole(*number)
        )
    });
    let drawing = week.draw("volume-week", &title, &say);
    let table = week_table(&title, |day, hour| week.value(day, hour).map_or_else(|| "0".to_owned(), whole));
    Chart { id: "volume-week", title, say, key: week.key(), drawing, table, wide: false }.figure()
}

/// A table with a row an hour and a column a day.
pub(super) fn week_table(title: &str, text: impl Fn(u32, u32) -> String) -> String {
    let heads: Vec<&str> = std::iter::once("hour").chain((1..=7).map(weekday)).collect();
    let rows = (0..24_u32).map(|hour| (format!("{hour:02}:00"), (1..=7).map(|day| text(day, hour)).collect()));
    tables::numbers(title, &heads, rows)
}

/// A count that came as a number of the drawing.
pub(super) fn whole(number: f64) -> String {
    if number.is_finite() { count(number.round() as u64) } else { MISSING.to_owned() }
}
