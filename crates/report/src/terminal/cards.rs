//! The KPIs as cards in a grid.
//!
//! ```text
//! ╭─ First response time ────────────────╮
//! │ 6 min 12 s            ▼ −38 s better │   value, change
//! │ ▁▁▁▁    ████                         │   over time,
//! │ ████    ████                         │   two rows high
//! │ 82.4 % within 10 min           ✓ met │   target
//! │ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╌╌╌╌╌╌ │
//! │ n 17,993 · p50 2 min 03 s            │   further numbers
//! │ p90 14 min 40 s                      │
//! ╰─ provisional ─────────────── by day ─╯
//! ```

use super::layout::{Line, Style, gauge, justify, truncate, width, wrap, wrap_items};
use crate::change::{Change, Target, Verdict};
use crate::digest::KpiCard;
use crate::phrase::{self, clean};
use crate::quantity::{self, known};
use crate::sparkline::{Scale, columns, fit};

/// A card is at least this wide: two fit into 80 columns, three into 120.
const CARD_MIN: usize = 39;
/// More cards than this beside each other are hard to read as one row.
const ACROSS_MAX: usize = 4;
/// Rows of the chart in a card: 16 steps.
const CHART_ROWS: usize = 2;
/// A label of the grain longer than this is cut, so that it stays beside "provisional".
const GRAIN_MAX: usize = 12;

/// The cards in rows that fill `screen` columns.
pub(super) fn grid(cards: &[KpiCard], screen: usize) -> Vec<Line> {
    let across = ((screen + 1) / (CARD_MIN + 1)).clamp(1, ACROSS_MAX);
    let mut lines = Vec::new();
    for row in cards.chunks(across) {
        let room = screen - (row.len() - 1);
        let frames: Vec<Frame> = row
            .iter()
            .enumerate()
            .map(|(position, card)| {
                let wider = usize::from(position < room % row.len());
                Frame::of(card, room / row.len() + wider)
            })
            .collect();
        let height = frames.iter().map(|frame| frame.rows.len()).max().unwrap_or(0);
        lines.push(beside(frames.iter().map(Frame::top)));
        for row in 0..height {
            lines.push(beside(frames.iter().map(|frame| frame.row(row))));
        }
        lines.push(beside(frames.iter().map(Frame::bottom)));
    }
    lines
}

/// One card with its border.
struct Frame {
    wide: usize,
    title: String,
    provisional: bool,
    grain: String,
    rows: Vec<Line>,
}

impl Frame {
    fn of(card: &KpiCard, wide: usize) -> Frame {
        let inner = wide - 4;
        let mut rows = head(card, inner);
        let drawn = card.spark.iter().any(|value| known(*value).is_some());
        if drawn {
            let cells = fit(&card.spark, inner);
            rows.extend(columns(&cells, Scale::FromZero, CHART_ROWS).iter().map(|row| Line::of(Style::Chart, row)));
        }
        rows.extend(target(card, inner));
        let details: Vec<String> = phrase::details(card).iter().map(|item| clean(item)).collect();
        rows.extend(wrap_items(&details, inner).iter().map(|row| Line::of(Style::Faint, row)));
        if let Some(note) = phrase::note(card) {
            rows.extend(wrap(&clean(&note), inner).iter().map(|row| Line::of(Style::Warning, row)));
        }
        let grain = if drawn { truncate(&clean(&card.spark_grain), GRAIN_MAX) } else { String::new() };
        Frame { wide, title: truncate(&clean(&card.title), wide - 6), provisional: card.provisional, grain, rows }
    }

    fn top(&self) -> Line {
        let rest = self.wide - 5 - width(&self.title);
        Line::of(Style::Faint, "╭─ ")
            .put(Style::Strong, &self.title)
            .put(Style::Faint, &format!(" {}╮", "─".repeat(rest)))
    }

    fn row(&self, row: usize) -> Line {
        let line = self.rows.get(row).cloned().unwrap_or_default();
        let inner = self.wide - 4;
        Line::of(Style::Faint, "│")
            .put(Style::Plain, " ")
            .append(line.fit(inner).pad(inner))
            .put(Style::Plain, " ")
            .put(Style::Faint, "│")
    }

    fn bottom(&self) -> Line {
        let left = if self.provisional { "─ provisional " } else { "" };
        let right = if self.grain.is_empty() { String::new() } else { format!(" by {} ─", self.grain) };
        let rest = (self.wide - 2).saturating_sub(width(left) + width(&right));
        Line::of(Style::Faint, &format!("╰{left}{}{right}╯", "─".repeat(rest)))
    }
}

/// The value and how it changed.
fn head(card: &KpiCard, inner: usize) -> Vec<Line> {
    let value = Line::of(Style::Strong, &quantity::value(card.unit, card.value));
    let change = Change::of(card).map_or_else(Line::default, |change| {
        let style = match change.verdict {
            Verdict::Better => Style::Good,
            Verdict::Worse => Style::Bad,
            Verdict::Unchanged | Verdict::TooFew => Style::Faint,
            Verdict::Neutral => Style::Plain,
        };
        Line::of(style, &change.words())
    });
    justify(value, change, inner)
}

/// The target, whether it is met, and the share within it as a gauge.
fn target(card: &KpiCard, inner: usize) -> Vec<Line> {
    let Some(target) = Target::of(card) else {
        return Vec::new();
    };
    let style = match target.met {
        Some(true) => Style::Good,
        Some(false) => Style::Bad,
        None => Style::Faint,
    };
    let mut lines = justify(Line::of(Style::Plain, &target.words()), Line::of(style, target.verdict()), inner);
    if let Some(within) = target.within {
        let (filled, empty) = gauge(within, inner);
        lines.push(Line::of(style, &filled).put(Style::Faint, &empty));
    }
    lines
}

fn beside(lines: impl Iterator<Item = Line>) -> Line {
    let mut all = Line::default();
    for (position, line) in lines.enumerate() {
        if position > 0 {
            all = all.put(Style::Plain, " ");
        }
        all = all.append(line);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Better, Unit};

    fn painted(cards: &[KpiCard], screen: usize) -> Vec<String> {
        let paint = |line: &Line| {
            let mut out = String::new();
            line.paint(false, &mut out);
            out
        };
        grid(cards, screen).iter().map(paint).collect()
    }

    #[test]
    fn a_full_card() {
        let card = KpiCard {
            title: "First response time".to_owned(),
            unit: Unit::Seconds,
            better: Better::Lower,
            value: Some(372.0),
            n: Some(17_993),
            previous: Some(410.0),
            previous_n: Some(15_401),
            target_s: Some(600.0),
            within_target: Some(0.824),
            spark: vec![Some(2.0), None, Some(4.0)],
            spark_grain: "day".to_owned(),
            details: vec![("p50".to_owned(), "2 min 03 s".to_owned()), ("p90".to_owned(), "14 min 40 s".to_owned())],
            provisional: true,
            ..KpiCard::default()
        };
        // Inside are 36 columns: 82.4 % of them is 29.7, and three values get four cells each. Of 16 steps, 2 of 4
        // fill 9: the lower row and the first step of the upper one.
        assert_eq!(
            painted(&[card], 40),
            [
                "╭─ First response time ────────────────╮",
                "│ 6 min 12 s            ▼ −38 s better │",
                "│ ▁▁▁▁    ████                         │",
                "│ ████    ████                         │",
                "│ 82.4 % within 10 min           ✓ met │",
                "│ ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╌╌╌╌╌╌ │",
                "│ n 17,993 · p50 2 min 03 s            │",
                "│ p90 14 min 40 s                      │",
                "╰─ provisional ─────────────── by day ─╯",
            ]
        );
    }

    #[test]
    fn an_empty_card_says_why() {
        let card = KpiCard {
            title: "Resolution time".to_owned(),
            target_s: Some(1_800.0),
            note: Some("no close events".to_owned()),
            ..KpiCard::default()
        };
        assert_eq!(
            painted(&[card], 40),
            [
                "╭─ Resolution time ────────────────────╮",
                "│ –                                    │",
                "│ target 30 min                        │",
                "│ no close events                      │",
                "╰──────────────────────────────────────╯",
            ]
        );
    }

    #[test]
    fn cards_stand_beside_each_other_and_the_last_row_is_filled() {
        let card = |title: &str| KpiCard { title: title.to_owned(), ..KpiCard::default() };
        let cards = [card("a"), card("b"), card("c")];
        let lines = painted(&cards, 80);
        assert_eq!(lines.len(), 8);
        assert_eq!(lines[0], format!("╭─ a {}╮ ╭─ b {}╮", "─".repeat(34), "─".repeat(33)));
        assert_eq!(lines[4], format!("╭─ c {}╮", "─".repeat(74)));
        let narrow = painted(&cards, 40);
        assert_eq!(narrow.len(), 12);
        let wide = painted(&cards, 120);
        assert_eq!(wide.len(), 4);
    }
}
