//! The rules for a terminal: what each decided, by which numbers and thresholds.

use super::layout::{Line, Style, wrap};
use super::{WIDTH_MIN, heading};
use crate::digest::{Digest, RuleStatus};
use crate::phrase::clean;

/// Columns before a text below its rule.
const INDENT: usize = 4;

/// Every rule of a digest as text of at most `width` columns a line, as [`render`](super::render) does it.
pub fn rules(digest: &Digest, width: usize, colour: bool) -> String {
    let screen = width.max(WIDTH_MIN);
    let mut page = vec![heading("Rules", screen)];
    for outcome in &digest.rules {
        let (sign, style) = match outcome.status {
            RuleStatus::Fired => ('●', Style::Warning),
            RuleStatus::NotFired => ('○', Style::Plain),
            RuleStatus::TooFew => ('†', Style::Faint),
        };
        let name = Line::of(style, &format!(" {sign} ")).put(Style::Strong, &outcome.rule);
        page.push(name.put(style, &format!("  {}", outcome.status.as_str())));
        page.extend(below(Style::Plain, &outcome.why, screen));
        page.extend(below(Style::Faint, &format!("looks at {}", outcome.looks_at), screen));
        for threshold in &outcome.thresholds {
            page.extend(below(Style::Faint, &format!("{} = {}", threshold.setting, threshold.value), screen));
        }
    }
    let mut text = String::new();
    for line in page {
        line.fit(screen).paint(colour, &mut text);
        text.push('\n');
    }
    text
}

fn below(style: Style, text: &str, screen: usize) -> Vec<Line> {
    let parts = wrap(&clean(text), screen - INDENT - 1);
    parts.iter().map(|part| Line::default().pad(INDENT).put(style, part)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::layout::width;
    use super::*;
    use crate::digest::{RuleOutcome, RuleThreshold};

    #[test]
    fn every_rule_says_why() {
        let outcome = RuleOutcome {
            rule: "volume_flat".to_owned(),
            status: RuleStatus::NotFired,
            why: "40 questions a day in Mar 2025 against 30 in Feb 2025 (+33 %)".to_owned(),
            looks_at: "questions a day".to_owned(),
            thresholds: vec![RuleThreshold { setting: "report.volume_flat.growth".to_owned(), value: "5%".to_owned() }],
        };
        let digest = Digest { rules: vec![outcome], ..Digest::default() };
        let text = rules(&digest, 60, false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1..],
            [
                " ○ volume_flat  not fired",
                "    40 questions a day in Mar 2025 against 30 in Feb 2025",
                "    (+33 %)",
                "    looks at questions a day",
                "    report.volume_flat.growth = 5%",
            ]
        );
        assert!(text.lines().all(|line| width(line) <= 60), "{text}");
    }
}
