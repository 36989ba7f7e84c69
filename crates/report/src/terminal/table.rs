//! Aligned tables that give up columns rather than lines: first bars, then the width of names, then whole columns, which
//! a last line names.

use super::layout::{Line, Style, bar, truncate, width, wrap};
use crate::phrase::{FEW_MARK, clean};
use crate::quantity::known;

/// Columns between two columns of the table, and before the first.
const GAP: usize = 2;
const MARGIN: usize = 1;
/// A name is shortened to this before a column goes.
const NAME_MIN: usize = 9;
/// A bar is drawn only if it gets this much, and no longer than that.
const BAR_MIN: usize = 6;
const BAR_MAX: usize = 24;

/// One column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Two lines of heading; a heading of one line stands in the second.
    head: [&'static str; 2],
    cells: Cells,
    /// The highest goes first where there is no room; 0 stays.
    rank: u8,
    /// Whether a cell carries the mark for too few measurements: the other cells and the heading leave its place free.
    marked: bool,
    /// Whether its texts may be shortened.
    shortens: bool,
}

#[derive(Debug, Clone)]
enum Cells {
    Names(Vec<(Style, String)>),
    Numbers(Vec<(Style, String)>),
    Bars(Vec<Option<f64>>),
}

impl Column {
    /// Left-aligned text that may be shortened.
    pub(super) fn names(head: [&'static str; 2], rank: u8, cells: Vec<(Style, String)>) -> Column {
        // Measured as it will be written.
        let cells = cells.into_iter().map(|(style, text)| (style, clean(&text))).collect();
        Column { head, cells: Cells::Names(cells), rank, marked: false, shortens: true }
    }

    /// Left-aligned text that is never shortened.
    pub(super) fn labels(head: [&'static str; 2], rank: u8, cells: Vec<(Style, String)>) -> Column {
        Column { shortens: false, ..Column::names(head, rank, cells) }
    }

    /// Right-aligned text that is never shortened; the mark for too few measurements hangs outside the alignment.
    pub(super) fn numbers(head: [&'static str; 2], rank: u8, mut cells: Vec<(Style, String)>) -> Column {
        let marked = cells.iter().any(|(_, text)| text.ends_with(FEW_MARK));
        if marked {
            for (_, text) in cells.iter_mut().filter(|(_, text)| !text.ends_with(FEW_MARK)) {
                text.push(' ');
            }
        }
        Column { head, cells: Cells::Numbers(cells), rank, marked, shortens: false }
    }

    /// Bars that compare with the largest of them; drawn where room is left.
    pub(super) fn bars(values: Vec<Option<f64>>) -> Column {
        Column { head: ["", ""], cells: Cells::Bars(values), rank: 0, marked: false, shortens: false }
    }

    fn is_bar(&self) -> bool {
        matches!(self.cells, Cells::Bars(_))
    }

    /// Columns of the screen that its widest cell or heading takes.
    fn natural(&self) -> usize {
        let cells = match &self.cells {
            Cells::Names(cells) | Cells::Numbers(cells) => cells.iter().map(|(_, text)| width(text)).max(),
            Cells::Bars(_) => None,
        };
        let heads = self.head.iter().map(|text| width(text) + usize::from(self.marked));
        heads.chain(cells).max().unwrap_or(0)
    }

    /// What it takes at least.
    fn least(&self) -> usize {
        if self.shortens { self.natural().min(NAME_MIN) } else { self.natural() }
    }

    fn title(&self) -> String {
        self.head.join(" ").trim().to_owned()
    }

    fn height(&self) -> usize {
        match &self.cells {
            Cells::Names(cells) | Cells::Numbers(cells) => cells.len(),
            Cells::Bars(values) => values.len(),
        }
    }
}

/// Whether all columns but the bars have room without being shortened.
pub(super) fn has_room(columns: &[Column], screen: usize) -> bool {
    taken(columns, Column::natural) <= screen
}

/// The table in lines of at most `screen` columns; the last lines name the columns that had no room.
pub(super) fn lines(mut columns: Vec<Column>, screen: usize) -> Vec<Line> {
    let mut dropped: Vec<String> = Vec::new();
    while taken(&columns, Column::least) > screen {
        let last =
            columns.iter().enumerate().filter(|(_, column)| column.rank > 0).max_by_key(|(_, column)| column.rank);
        let Some((position, _)) = last else { break };
        dropped.push(columns.remove(position).title());
    }
    let widths = widths(&mut columns, screen);
    let mut lines = headings(&columns, &widths);
    let height = columns.iter().map(Column::height).max().unwrap_or(0);
    for row in 0..height {
        let cells = columns.iter().zip(&widths).map(|(column, wide)| cell(column, row, *wide));
        lines.push(joined(cells));
    }
    if !dropped.is_empty() {
        let text = format!("not shown at this width: {}", dropped.join(", "));
        let texts = wrap(&text, screen.saturating_sub(MARGIN));
        lines.extend(texts.iter().map(|text| Line::default().pad(MARGIN).put(Style::Faint, text)));
    }
    lines
}

/// Columns of the screen that a table takes without its bars.
fn taken(columns: &[Column], of_column: fn(&Column) -> usize) -> usize {
    let shown: Vec<usize> = columns.iter().filter(|column| !column.is_bar()).map(of_column).collect();
    MARGIN + shown.iter().sum::<usize>() + GAP * shown.len().saturating_sub(1)
}

/// The width of each column: names give way, bars take what is left or go.
fn widths(columns: &mut Vec<Column>, screen: usize) -> Vec<usize> {
    let mut over = taken(columns, Column::natural).saturating_sub(screen);
    let left = screen.saturating_sub(taken(columns, Column::natural));
    let bar = left.saturating_sub(GAP).min(BAR_MAX);
    if bar < BAR_MIN {
        columns.retain(|column| !column.is_bar());
    }
    let mut widths = Vec::with_capacity(columns.len());
    // The last names give way first: the first column tells the rows apart.
    for column in columns.iter().rev() {
        let natural = column.natural();
        let given = over.min(natural - column.least());
        over -= given;
        widths.push(if column.is_bar() { bar } else { natural - given });
    }
    widths.reverse();
    widths
}

fn headings(columns: &[Column], widths: &[usize]) -> Vec<Line> {
    let heading = |part: usize| {
        joined(columns.iter().zip(widths).map(|(column, wide)| {
            let text = Line::of(Style::Faint, &truncate(column.head[part], *wide));
            let text = if column.marked { text.put(Style::Plain, " ") } else { text };
            aligned(column, text, *wide)
        }))
    };
    let both = columns.iter().any(|column| !column.head[0].is_empty());
    if both { vec![heading(0), heading(1)] } else { vec![heading(1)] }
}

fn cell(column: &Column, row: usize, wide: usize) -> Line {
    let line = match &column.cells {
        Cells::Names(cells) | Cells::Numbers(cells) => match cells.get(row) {
            Some((style, text)) => Line::of(*style, &truncate(text, wide)),
            None => Line::default(),
        },
        Cells::Bars(values) => {
            let largest = values.iter().filter_map(|value| known(*value)).fold(0.0, f64::max);
            let value = values.get(row).copied().and_then(known).unwrap_or(0.0);
            let ratio = if largest > 0.0 { value / largest } else { 0.0 };
            Line::of(Style::Chart, &bar(ratio, wide))
        }
    };
    aligned(column, line, wide)
}

fn aligned(column: &Column, line: Line, wide: usize) -> Line {
    match column.cells {
        Cells::Names(_) | Cells::Bars(_) => line.pad(wide),
        Cells::Numbers(_) => Line::default().pad(wide.saturating_sub(line.width())).append(line),
    }
}

fn joined(cells: impl Iterator<Item = Line>) -> Line {
    let mut line = Line::default().pad(MARGIN);
    for (position, cell) in cells.enumerate() {
        if position > 0 {
            line = line.put(Style::Plain, &" ".repeat(GAP));
        }
        line = line.append(cell);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(columns: Vec<Column>, screen: usize) -> Vec<String> {
        let paint = |line: &Line| {
            let mut out = String::new();
            line.paint(false, &mut out);
            out
        };
        lines(columns, screen).iter().map(paint).collect()
    }

    fn plain(texts: &[&str]) -> Vec<(Style, String)> {
        texts.iter().map(|text| (Style::Plain, (*text).to_owned())).collect()
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::names(["", "channel"], 0, plain(&["whatsapp", "a long channel name"])),
            Column::numbers(["", "inbound"], 0, plain(&["31,020", "7"])),
            Column::bars(vec![Some(8.0), Some(2.0)]),
            Column::numbers(["first", "reply"], 1, plain(&["5m 01s", "9s†"])),
        ]
    }

    #[test]
    fn all_columns_with_room() {
        // 1 + 19 + 2 + 7 + 2 + 7 = 38 without the bar, which gets the rest: 48 - 38 - 2 = 8.
        assert_eq!(
            painted(columns(), 48),
            [
                "                                          first",
                " channel              inbound             reply",
                " whatsapp              31,020  ████████  5m 01s",
                " a long channel name        7  ██            9s†",
            ]
        );
    }

    #[test]
    fn bars_go_first_then_names_are_cut() {
        // 38 - 3 = 35: the name gives up three columns.
        assert_eq!(
            painted(columns(), 35),
            [
                "                             first",
                " channel           inbound   reply",
                " whatsapp           31,020  5m 01s",
                " a long channel…         7      9s†",
            ]
        );
    }

    #[test]
    fn what_has_no_room_is_named() {
        // The least is 1 + 9 + 2 + 7 + 2 + 7 = 28.
        assert_eq!(
            painted(columns(), 27),
            [
                " channel            inbound",
                " whatsapp            31,020",
                " a long channel n…        7",
                " not shown at this width:",
                " first reply",
            ]
        );
    }

    #[test]
    fn room_is_known_before() {
        assert!(has_room(&columns(), 38));
        assert!(!has_room(&columns(), 37));
    }
}
