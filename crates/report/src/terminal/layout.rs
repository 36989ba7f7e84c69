//! Lines of styled text, measured in columns of the screen.

use unicode_width::UnicodeWidthStr;

use crate::phrase::{NO_BREAK, bound, clean};

/// What a piece of text is; how that looks is decided in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Warning,
    Chart,
    Tape,
}

impl Style {
    /// Parameters of the ANSI sequence "select graphic rendition". Only the sixteen colours, which every terminal theme
    /// keeps readable on its own background.
    fn ansi(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Good => "32",
            Style::Bad => "31",
            Style::Warning | Style::Tape => "33",
            Style::Chart => "36",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    spans: Vec<(Style, String)>,
    is_whole: bool,
}

impl Line {
    /// A line of one piece.
    pub(super) fn of(style: Style, text: &str) -> Line {
        Line::default().put(style, text)
    }

    /// Adds text, cleaned of what a terminal would obey.
    pub(super) fn put(mut self, style: Style, text: &str) -> Line {
        if !text.is_empty() {
            self.spans.push((style, clean(text)));
        }
        self
    }

    /// Adds another line to the right.
    pub(super) fn append(mut self, other: Line) -> Line {
        self.spans.extend(other.spans);
        self
    }

    /// The line as one that is never cut, though it be wider than the screen: a part of a command is another command.
    pub(super) fn whole(mut self) -> Line {
        self.is_whole = true;
        self
    }

    /// Columns that the line takes.
    pub(super) fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| width(text)).sum()
    }

    /// Fills the line with spaces up to `columns`.
    pub(super) fn pad(self, columns: usize) -> Line {
        let missing = columns.saturating_sub(self.width());
        self.put(Style::Plain, &" ".repeat(missing))
    }

    /// Cuts the line to at most `columns`, unless it stays whole; an ellipsis says so.
    pub(super) fn fit(self, columns: usize) -> Line {
        if self.is_whole || self.width() <= columns {
            return self;
        }
        let mut left = columns;
        let mut spans = Vec::new();
        for (style, text) in self.spans {
            let taken = width(&text);
            // A piece that fills the line to its end leaves no column for the ellipsis.
            if taken < left {
                left -= taken;
                spans.push((style, text));
            } else {
                spans.push((style, cut(&text, left)));
                break;
            }
        }
        Line { spans, is_whole: false }
    }

    /// Writes the line without the spaces at its end.
    pub(super) fn paint(&self, colour: bool, out: &mut String) {
        let end = self.spans.iter().rposition(|(_, text)| !text.trim_end().is_empty()).map_or(0, |last| last + 1);
        for (position, (style, text)) in self.spans[..end].iter().enumerate() {
            let text = if position + 1 == end { text.trim_end() } else { text.as_str() };
            if colour && *style != Style::Plain {
                out.push_str(&format!("\u{1b}[{}m{text}\u{1b}[0m", style.ansi()));
            } else {
                out.push_str(text);
            }
        }
    }
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text in at most `columns`, with an ellipsis where it is cut.
pub(super) fn truncate(text: &str, columns: usize) -> String {
    if width(text) <= columns { text.to_owned() } else { cut(text, columns) }
}

/// Left and right ends of a line; two lines where they do not fit into one.
pub(super) fn justify(left: Line, right: Line, columns: usize) -> Vec<Line> {
    let (left_width, right_width) = (left.width(), right.width());
    if right_width == 0 {
        return vec![left];
    }
    if left_width + 1 + right_width <= columns {
        return vec![left.pad(columns - right_width).append(right)];
    }
    let indent = Line::default().pad(columns.saturating_sub(right_width));
    vec![left, indent.append(right)]
}

/// A text in lines of at most `columns`, broken between words, inside a word only where it is longer than a line. A number
/// stays with its unit.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let bound = bound(text);
    let words = bound.split(|c: char| c.is_whitespace() && c != NO_BREAK).filter(|word| !word.is_empty());
    for piece in words.flat_map(|word| pieces(word, columns)) {
        if line.is_empty() {
            line = piece;
        } else if width(&line) + 1 + width(&piece) <= columns {
            line.push(' ');
            line.push_str(&piece);
        } else {
            lines.push(std::mem::replace(&mut line, piece));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.iter().map(|line| line.replace(NO_BREAK, " ")).collect()
}

/// Items in lines of at most `columns` with a dot between them; no item is broken unless it is longer than a line.
pub(super) fn wrap_items(items: &[String], columns: usize) -> Vec<String> {
    const BETWEEN: &str = " · ";
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for item in items {
        if !line.is_empty() && width(&line) + width(BETWEEN) + width(item) <= columns {
            line.push_str(BETWEEN);
            line.push_str(item);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut broken = wrap(item, columns);
        line = broken.pop().unwrap_or_default();
        lines.append(&mut broken);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A horizontal bar of `ratio` of `columns`, in eighths of a column; more than nothing is at least one eighth.
pub(super) fn bar(ratio: f64, columns: usize) -> String {
    const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    if ratio.is_nan() || ratio <= 0.0 {
        return String::new();
    }
    let eighths = ((ratio.min(1.0) * (columns * 8) as f64).round() as usize).max(1);
    let mut text = "█".repeat(eighths / 8);
    if let Some(rest) = (eighths % 8).checked_sub(1) {
        text.push(EIGHTHS[rest]);
    }
    text
}

/// A share as a filled and an empty part, `columns` wide together. Neither part vanishes before the share is 0 or 1.
pub(super) fn gauge(share: f64, columns: usize) -> (String, String) {
    let share = share.clamp(0.0, 1.0);
    let mut filled = ((share * columns as f64).round() as usize).min(columns);
    if share > 0.0 && filled == 0 {
        filled = 1;
    } else if share < 1.0 && filled == columns {
        filled = columns.saturating_sub(1);
    }
    ("━".repeat(filled), "╌".repeat(columns.saturating_sub(filled)))
}

/// A strip of tape measure.
pub(super) fn tape(columns: usize) -> String {
    (0..columns)
        .map(|column| match column % 10 {
            0 => '┼',
            5 => '┬',
            _ => '─',
        })
        .collect()
}

/// Cuts a text that is too wide: the last column is an ellipsis.
fn cut(text: &str, columns: usize) -> String {
    if columns == 0 {
        return String::new();
    }
    let mut end = 0;
    for (start, c) in text.char_indices() {
        let next = start + c.len_utf8();
        if width(&text[..next]) + 1 > columns {
            break;
        }
        end = next;
    }
    format!("{}…", text[..end].trim_end())
}

/// A word in pieces of at most `columns`.
fn pieces(word: &str, columns: usize) -> Vec<String> {
    if width(word) <= columns {
        return vec![word.to_owned()];
    }
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in word.chars() {
        piece.push(c);
        if width(&piece) > columns {
            piece.pop();
            pieces.push(std::mem::replace(&mut piece, c.to_string()));
        }
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(line: &Line, colour: bool) -> String {
        let mut out = String::new();
        line.paint(colour, &mut out);
        out
    }

    #[test]
    fn paints_with_and_without_colour() {
        let line = Line::of(Style::Strong, "a").put(Style::Plain, " b ").put(Style::Good, "c").pad(9);
        assert_eq!(painted(&line, false), "a b c");
        assert_eq!(painted(&line, true), "\u{1b}[1ma\u{1b}[0m b \u{1b}[32mc\u{1b}[0m");
        assert_eq!(painted(&Line::default().pad(4), true), "");
    }

    #[test]
    fn cuts_with_an_ellipsis() {
        assert_eq!(painted(&Line::of(Style::Plain, "abcdef").fit(6), false), "abcdef");
        assert_eq!(painted(&Line::of(Style::Plain, "abcdef").fit(5), false), "abcd…");
        assert_eq!(painted(&Line::of(Style::Plain, "abcdef").whole().fit(5), false), "abcdef");
        let two = Line::of(Style::Plain, "abc").put(Style::Plain, "def");
        assert_eq!(painted(&two.clone().fit(3), false), "ab…");
        assert_eq!(painted(&two.fit(4), false), "abc…");
        // Two columns a character: the second would end at the fourth, where the ellipsis stands.
        assert_eq!(truncate("返品と", 4), "返…");
        assert_eq!(truncate("返品と", 6), "返品と");
    }

    #[test]
    fn puts_left_and_right_on_one_line_if_they_fit() {
        let both = |columns| -> Vec<String> {
            justify(Line::of(Style::Plain, "abc"), Line::of(Style::Plain, "de"), columns)
                .iter()
                .map(|line| painted(line, false))
                .collect()
        };
        assert_eq!(both(8), ["abc   de"]);
        assert_eq!(both(6), ["abc de"]);
        assert_eq!(both(5), ["abc", "   de"]);
        assert_eq!(justify(Line::of(Style::Plain, "abc"), Line::default(), 8).len(), 1);
    }

    #[test]
    fn wraps_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("  abcdefgh ij ", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("abcdefgh i", 4), ["abcd", "efgh", "i"]);
        assert_eq!(wrap("返品と", 4), ["返品", "と"]);
        assert_eq!(wrap("", 4), Vec::<String>::new());
        assert_eq!(wrap("usual 2 h 54 min to 3 h 27 min: worse", 22), ["usual 2 h 54 min to", "3 h 27 min: worse"]);
    }

    #[test]
    fn wraps_items_whole() {
        let items: Vec<String> = ["p50 1 s", "p90 22 s", "open 3"].map(str::to_owned).into();
        assert_eq!(wrap_items(&items, 18), ["p50 1 s · p90 22 s", "open 3"]);
        assert_eq!(wrap_items(&items, 17), ["p50 1 s", "p90 22 s · open 3"]);
        assert_eq!(wrap_items(&items, 6), ["p50", "1 s", "p90", "22 s", "open 3"]);
    }

    #[test]
    fn bars_have_eighths() {
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.5, 3), "█▌");
        assert_eq!(bar(0.001, 3), "▏");
        assert_eq!(bar(0.0, 3), "");
        assert_eq!(bar(f64::NAN, 3), "");
        assert_eq!(bar(7.0, 2), "██");
    }

    #[test]
    fn gauges_are_full_only_when_all_is_in() {
        let drawn = |share, columns| {
            let (filled, empty) = gauge(share, columns);
            filled + &empty
        };
        assert_eq!(drawn(0.5, 4), "━━╌╌");
        assert_eq!(drawn(0.999, 4), "━━━╌");
        assert_eq!(drawn(0.001, 4), "━╌╌╌");
        assert_eq!(drawn(1.0, 4), "━━━━");
        assert_eq!(drawn(0.0, 4), "╌╌╌╌");
    }

    #[test]
    fn the_tape_has_a_long_tick_every_ten() {
        assert_eq!(tape(12), "┼────┬────┼─");
    }
}
