//! What stands below the cards: channels, hours, topics, findings, suggestions.

use super::command::wrap_command;
use super::layout::{Line, Style, width, wrap};
use super::table::{self, Column};
use crate::change::MIN_N;
use crate::digest::{ChannelRow, Finding, FindingKind, Suggestion, TopicRow, WorstCell};
use crate::phrase::{self, FEW_MARK, NO_CHANNELS, NO_HOURS, NO_SUGGESTIONS, NO_TOPICS, clean};
use crate::quantity::{MISSING, compact_duration, count, human_duration, known, share};

/// How a length of time is written in a column.
type Duration = fn(f64) -> String;

/// The channel table.
pub(super) fn channels(rows: &[ChannelRow], screen: usize) -> Vec<Line> {
    if rows.is_empty() {
        return nothing(NO_CHANNELS);
    }
    fitted(screen, |duration| {
        let times = |head, rank, value: fn(&ChannelRow) -> (Option<f64>, u64)| {
            let cells = rows.iter().map(|row| {
                let (seconds, n) = value(row);
                time(seconds, n, duration)
            });
            Column::numbers(head, rank, cells.collect())
        };
        vec![
            Column::names(
                ["", "channel"],
                0,
                rows.iter().map(|row| (Style::Plain, phrase::name(row.channel.as_deref()))).collect(),
            ),
            Column::numbers(["", "inbound"], 0, rows.iter().map(|row| (Style::Plain, count(row.inbound))).collect()),
            Column::numbers(["of all", "msgs"], 3, rows.iter().map(|row| maybe(row.share.map(share))).collect()),
            Column::bars(rows.iter().map(|row| row.share).collect()),
            times(["first", "resp."], 0, |row| (row.first_response_mean_s, row.first_response_n)),
            times(["mean", "resp."], 0, |row| (row.response_mean_s, row.response_n)),
            times(["p90", "resp."], 5, |row| (row.response_p90_s, row.response_n)),
            times(["longest", "wait"], 1, |row| (row.longest_s, row.response_n)),
            times(["time to", "close"], 2, |row| (row.resolution_mean_s, row.resolution_n)),
            Column::numbers(["opted", "out"], 4, rows.iter().map(|row| maybe(row.unsubscribed.map(count))).collect()),
        ]
    })
}

/// The hours of the week with the longest waits.
pub(super) fn worst_hours(cells: &[WorstCell], screen: usize) -> Vec<Line> {
    if cells.is_empty() {
        return nothing(NO_HOURS);
    }
    fitted(screen, |duration| {
        let times = |head, value: fn(&WorstCell) -> f64| {
            Column::numbers(head, 0, cells.iter().map(|cell| time(Some(value(cell)), cell.n, duration)).collect())
        };
        vec![
            Column::labels(["", "hour"], 0, cells.iter().map(|cell| (Style::Plain, phrase::slot(cell))).collect()),
            times(["", "longest"], |cell| cell.max_wait_s),
            Column::bars(cells.iter().map(|cell| Some(cell.max_wait_s)).collect()),
            times(["", "mean"], |cell| cell.mean_wait_s),
            Column::numbers(["", "waits"], 1, cells.iter().map(|cell| (Style::Plain, count(cell.n))).collect()),
            conversations(cells.iter().map(|cell| cell.conversation_id.as_deref())),
        ]
    })
}

/// The topics with the longest waits.
pub(super) fn topics(rows: &[TopicRow], screen: usize) -> Vec<Line> {
    if rows.is_empty() {
        return nothing(NO_TOPICS);
    }
    fitted(screen, |duration| {
        let times = |head, value: fn(&TopicRow) -> Option<f64>| {
            Column::numbers(head, 0, rows.iter().map(|row| time(value(row), row.waits, duration)).collect())
        };
        vec![
            Column::names(
                ["", "topic"],
                0,
                rows.iter().map(|row| (Style::Plain, phrase::name(row.topic.as_deref()))).collect(),
            ),
            times(["", "longest"], |row| row.longest_s),
            Column::bars(rows.iter().map(|row| row.longest_s).collect()),
            times(["", "mean"], |row| row.mean_s),
            Column::numbers(["", "waits"], 1, rows.iter().map(|row| (Style::Plain, count(row.waits))).collect()),
            conversations(rows.iter().map(|row| row.conversation_id.as_deref())),
        ]
    })
}

/// The findings, each with a sign and its evidence below.
pub(super) fn findings(findings: &[Finding], screen: usize) -> Vec<Line> {
    let items = findings.iter().map(|finding| {
        let sign = match finding.kind {
            FindingKind::Missed => '✗',
            FindingKind::Worse => '▲',
        };
        (Style::Bad, format!(" {sign} "), finding.text.as_str(), finding.evidence.as_str())
    });
    items.flat_map(|(style, start, text, evidence)| item(style, &start, text, evidence, screen)).collect()
}

/// The suggestions, numbered, each with its evidence below.
pub(super) fn suggestions(suggestions: &[Suggestion], screen: usize) -> Vec<Line> {
    if suggestions.is_empty() {
        return nothing(NO_SUGGESTIONS);
    }
    let items = suggestions.iter().enumerate();
    items
        .flat_map(|(position, suggestion)| {
            let start = format!(" {}. ", position + 1);
            let mut lines = item(Style::Tape, &start, &suggestion.text, &suggestion.evidence, screen);
            if let Some(drill) = &suggestion.drill {
                lines.extend(command(&drill.command, width(&start), screen));
            }
            lines
        })
        .collect()
}

/// A command line that a shell reads as it stands, over as many lines as it needs.
fn command(text: &str, indent: usize, screen: usize) -> Vec<Line> {
    let parts = wrap_command(&clean(text), screen - indent - 1);
    parts.iter().map(|part| Line::default().pad(indent).put(Style::Chart, part).whole()).collect()
}

/// A text behind its sign or number, and its evidence below.
fn item(style: Style, start: &str, text: &str, evidence: &str, screen: usize) -> Vec<Line> {
    let indent = width(start);
    // A column stays free at the end of the line, as everywhere.
    let room = screen - indent - 1;
    let mut lines = Vec::new();
    for (part, text) in wrap(&clean(text), room).iter().enumerate() {
        let start = if part == 0 { start } else { "" };
        lines.push(Line::of(style, start).pad(indent).put(Style::Plain, text));
    }
    for text in wrap(&clean(evidence), room) {
        lines.push(Line::default().pad(indent).put(Style::Faint, &text));
    }
    lines
}

/// The table with full durations if it has room, else with compact ones.
fn fitted(screen: usize, columns: impl Fn(Duration) -> Vec<Column>) -> Vec<Line> {
    let full = columns(human_duration);
    if table::has_room(&full, screen) {
        table::lines(full, screen)
    } else {
        table::lines(columns(compact_duration), screen)
    }
}

fn conversations<'a>(ids: impl Iterator<Item = Option<&'a str>>) -> Column {
    Column::names(["", "conversation"], 2, ids.map(|id| maybe(id.map(str::to_owned))).collect())
}

/// A length of time, marked and faint where too few measurements stand behind it.
fn time(seconds: Option<f64>, n: u64, duration: Duration) -> (Style, String) {
    match known(seconds).map(duration) {
        None => (Style::Faint, MISSING.to_owned()),
        Some(text) if n < MIN_N => (Style::Faint, format!("{text}{FEW_MARK}")),
        Some(text) => (Style::Plain, text),
    }
}

fn maybe(text: Option<String>) -> (Style, String) {
    text.map_or_else(|| (Style::Faint, MISSING.to_owned()), |text| (Style::Plain, text))
}

fn nothing(text: &str) -> Vec<Line> {
    vec![Line::of(Style::Faint, &format!(" {text}"))]
}
