//! The KPIs as cards.

use super::charts::spark;
use super::escape::{escape, escape_bound};
use crate::change::{Change, Target, Verdict};
use crate::digest::KpiCard;
use crate::phrase;
use crate::quantity::{self, count};

/// All cards in their grid; empty without any.
pub(super) fn cards(cards: &[KpiCard]) -> String {
    if cards.is_empty() {
        return String::new();
    }
    let cards: String = cards.iter().map(card).collect();
    format!("<div class=\"cards\">\n{cards}</div>\n")
}

fn card(card: &KpiCard) -> String {
    let badge = if card.provisional { " <span class=\"badge\">provisional</span>" } else { "" };
    let mut text = format!(
        "<article class=\"card\">\n<h3>{}{badge}</h3>\n<p class=\"value\">{}</p>\n",
        escape(&card.title),
        escape(&quantity::value(card.unit, card.value))
    );
    if let Some(change) = Change::of(card) {
        text.push_str(&format!("<p class=\"change {}\">{}</p>\n", class_of(change.verdict), escape(&change.words())));
    }
    text.push_str(&spark::over_time(card));
    text.push_str(&target(card));
    if let Some(standing) = phrase::standing(card) {
        text.push_str(&format!("<p class=\"usual-text {}\">{}</p>\n", class_of_word(card), escape_bound(&standing)));
    }
    text.push_str(&details(card));
    if let Some(note) = phrase::note(card) {
        text.push_str(&format!("<p class=\"note\">{}</p>\n", escape(&note)));
    }
    text.push_str("</article>\n");
    text
}

fn target(card: &KpiCard) -> String {
    let Some(target) = Target::of(card) else {
        return String::new();
    };
    let class = match target.met {
        Some(true) => "better",
        Some(false) => "worse",
        None => "neutral",
    };
    let gauge = target.within.map(|within| spark::gauge(within, class)).unwrap_or_default();
    format!(
        "<p class=\"target\"><span>{}</span> <span class=\"{class}\">{}</span></p>\n{gauge}",
        escape(&target.words()),
        target.verdict()
    )
}

fn details(card: &KpiCard) -> String {
    let n = card.n.map(|n| ("n", count(n)));
    let further = card.details.iter().map(|(label, text)| (label.as_str(), text.clone()));
    let items: String = n
        .into_iter()
        .chain(further)
        .map(|(label, text)| format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(label), escape(&text)))
        .collect();
    if items.is_empty() { items } else { format!("<dl class=\"details\">\n{items}</dl>\n") }
}

fn class_of_word(card: &KpiCard) -> &'static str {
    match card.verdict.as_deref() {
        Some("better") => "better",
        Some("worse") => "worse",
        _ => "neutral",
    }
}

fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Unchanged | Verdict::TooFew | Verdict::Neutral => "neutral",
    }
}
