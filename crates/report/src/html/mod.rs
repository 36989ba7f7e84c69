//! The report as one HTML file: no script, nothing loaded, light and dark as the reader's system asks, and printable.
//!
//! | module | is |
//! |---|---|
//! | `style` | the style sheet |
//! | `charts` | lines and bars as inline SVG and CSS |
//! | `cards` | the KPIs |
//! | `tables` | channels, hours, topics |
//! | `escape` | text that stays text |

mod cards;
mod charts;
mod escape;
mod style;
mod tables;

use self::escape::escape;
use crate::digest::{Digest, Suggestion};
use crate::phrase::{self, NO_CHANNELS, NO_HOURS, NO_KPIS, NO_SUGGESTIONS, NO_TOPICS};

/// Heading of a report without a title: a page must have one.
const UNTITLED: &str = "Support report";

/// The report as a complete HTML document. Text from the data is escaped everywhere.
pub fn render(digest: &Digest) -> String {
    let title = escape(if digest.title.is_empty() { UNTITLED } else { &digest.title });
    let mut page = format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <style>\n{}</style>\n\
         </head>\n\
         <body>\n\
         <main>\n\
         <header>\n\
         <h1>{title}</h1>\n\
         <div class=\"tape\" aria-hidden=\"true\"></div>\n",
        style::SHEET
    );
    page.push_str(&facts(digest));
    page.push_str("</header>\n");
    page.push_str(&section("kpis", "Key figures", &or(cards::cards(&digest.kpis), NO_KPIS)));
    page.push_str(&section("channels", "Channels", &or(tables::channels(&digest.channels), NO_CHANNELS)));
    page.push_str(&section(
        "hours",
        "Where people wait: hours of the week",
        &or(tables::worst_hours(&digest.worst_hours), NO_HOURS),
    ));
    page.push_str(&section("topics", "Where people wait: topics", &or(tables::topics(&digest.topics), NO_TOPICS)));
    page.push_str(&section("suggestions", "What to do", &or(suggestions(&digest.suggestions), NO_SUGGESTIONS)));
    page.push_str(&notes(digest));
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn facts(digest: &Digest) -> String {
    let items: String = phrase::facts(digest)
        .iter()
        .map(|(label, text)| format!("<div><dt>{label}</dt><dd>{}</dd></div>\n", escape(text)))
        .collect();
    format!("<dl class=\"facts\">\n{items}</dl>\n")
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{body}</section>\n")
}

/// The body, or a sentence where it is empty.
fn or(body: String, nothing: &str) -> String {
    if body.is_empty() { format!("<p class=\"nothing\">{nothing}</p>\n") } else { body }
}

fn suggestions(suggestions: &[Suggestion]) -> String {
    if suggestions.is_empty() {
        return String::new();
    }
    let items: String = suggestions
        .iter()
        .map(|suggestion| {
            format!(
                "<li><p>{}</p><p class=\"evidence\">{}</p></li>\n",
                escape(&suggestion.text),
                escape(&suggestion.evidence)
            )
        })
        .collect();
    format!("<ol class=\"suggestions\">\n{items}</ol>\n")
}

fn notes(digest: &Digest) -> String {
    let items: String = phrase::footnotes(digest).iter().map(|note| format!("<li>{}</li>\n", escape(note))).collect();
    if items.is_empty() {
        return String::new();
    }
    format!("<aside class=\"notes\" aria-label=\"Notes\">\n<ul>\n{items}</ul>\n</aside>\n")
}

#[cfg(test)]
mod tests;
