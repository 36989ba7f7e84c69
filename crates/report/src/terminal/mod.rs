//! The report for a terminal.
//!
//! | module | is |
//! |---|---|
//! | `cards` | the KPIs as cards in a grid |
//! | `sections` | channels, hours, topics, findings, suggestions |
//! | `table` | aligned tables that fit the screen |
//! | `rules` | the rules, fired or not |
//! | `command` | command lines over several lines |
//! | `layout` | lines of styled text, measured in columns |

mod cards;
mod command;
mod layout;
mod rules;
mod sections;
mod table;

use self::layout::{Line, Style, tape, wrap};
pub use self::rules::rules;
use crate::digest::Digest;
use crate::phrase::{self, NO_KPIS};

/// A narrower screen gets lines of this width all the same: below it no card has room for a value and its change.
pub const WIDTH_MIN: usize = 40;

/// The report as text of at most `width` columns a line (at least [`WIDTH_MIN`]), each line ended by a newline.
///
/// Widths are those of Unicode Annex 11 outside of East Asian contexts. Whatever is cut ends in "…"; a word of a command line
/// is never cut, so that its line may be wider. With `colour` the text carries ANSI sequences; colour is never the only
/// sign of anything, so that both versions say the same. Text from the data loses its control characters.
pub fn render(digest: &Digest, width: usize, colour: bool) -> String {
    let width = width.max(WIDTH_MIN);
    let mut page = header(digest, width);
    page.push(Line::default());
    if digest.kpis.is_empty() {
        page.push(Line::of(Style::Faint, &format!(" {NO_KPIS}")));
    }
    page.extend(cards::grid(&digest.kpis, width));
    let mut parts = vec![
        ("Channels", sections::channels(&digest.channels, width)),
        ("Where people wait: hours of the week", sections::worst_hours(&digest.worst_hours, width)),
        ("Where people wait: topics", sections::topics(&digest.topics, width)),
    ];
    if !digest.findings.is_empty() {
        parts.push(("What stands out", sections::findings(&digest.findings, width)));
    }
    parts.push(("What to do", sections::suggestions(&digest.suggestions, width)));
    for (title, lines) in parts {
        page.push(Line::default());
        page.push(heading(title, width));
        page.extend(lines);
    }
    let notes = phrase::footnotes(digest);
    if !notes.is_empty() {
        page.push(Line::default());
        page.push(Line::of(Style::Faint, &"─".repeat(width)));
        for note in notes {
            page.extend(wrap(&note, width - 2).iter().map(|line| Line::of(Style::Faint, &format!(" {line}"))));
        }
    }
    let mut text = String::new();
    for line in page {
        line.fit(width).paint(colour, &mut text);
        text.push('\n');
    }
    text
}

/// Title, tape, and what the report covers.
fn header(digest: &Digest, width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = wrap(&phrase::clean(&digest.title), width - 2)
        .iter()
        .map(|line| Line::of(Style::Strong, &format!(" {line}")))
        .collect();
    lines.push(Line::of(Style::Tape, &tape(width)));
    let facts = phrase::facts(digest);
    let label_width = facts.iter().map(|(label, _)| layout::width(label)).max().unwrap_or(0);
    // A column before the label, two behind it, one at the end of the line.
    let indent = label_width + 3;
    for (label, text) in &facts {
        for (position, part) in wrap(&phrase::clean(text), width - indent - 1).iter().enumerate() {
            let label = if position == 0 { *label } else { "" };
            lines.push(Line::of(Style::Faint, &format!(" {label}")).pad(indent).put(Style::Plain, part));
        }
    }
    lines
}

/// The title of a section with a rule up to the edge.
fn heading(title: &str, width: usize) -> Line {
    let rest = width.saturating_sub(layout::width(title) + 2);
    Line::of(Style::Strong, &format!(" {title} ")).put(Style::Faint, &"─".repeat(rest))
}

#[cfg(test)]
mod tests;
