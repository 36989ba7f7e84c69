//! What stands out, and what to do about it.

use super::super::escape::{escape, escape_bound};
use crate::digest::{Finding, FindingKind, Suggestion};

/// The findings as a list, each with a sign; empty without any.
pub(crate) fn found(findings: &[Finding]) -> String {
    let items: String = findings
        .iter()
        .map(|finding| {
            let sign = match finding.kind {
                FindingKind::Missed => '✗',
                FindingKind::Worse => '▲',
            };
            item(&format!(" data-sign=\"{sign}\""), &finding.text, &finding.evidence, None)
        })
        .collect();
    list("ul", "items found", &items)
}

/// The suggestions as a numbered list; empty without any.
pub(crate) fn suggested(suggestions: &[Suggestion]) -> String {
    let items: String = suggestions
        .iter()
        .map(|suggestion| {
            let command = suggestion.drill.as_ref().map(|drill| drill.command.as_str());
            item("", &suggestion.text, &suggestion.evidence, command)
        })
        .collect();
    list("ol", "items", &items)
}

/// `command` lists the rows behind the numbers.
fn item(attribute: &str, text: &str, evidence: &str, command: Option<&str>) -> String {
    let command =
        command.map(|command| format!("<p class=\"evidence\"><code>{}</code></p>", words(command))).unwrap_or_default();
    let (text, evidence) = (escape_bound(text), escape_bound(evidence));
    format!("<li{attribute}><p>{text}</p><p class=\"evidence\">{evidence}</p>{command}</li>\n")
}

/// A command of which each word stays on one line where it fits.
fn words(command: &str) -> String {
    let words: Vec<String> = command.split(' ').map(|word| format!("<span>{}</span>", escape(word))).collect();
    words.join(" ")
}

fn list(tag: &str, class: &str, items: &str) -> String {
    if items.is_empty() {
        return String::new();
    }
    // Without markers some screen readers take a list for none.
    format!("<{tag} class=\"{class}\" role=\"list\">\n{items}</{tag}>\n")
}
