//! The report as one HTML file: nothing loaded, light and dark as the reader's system asks, printable, and readable
//! without its script, which only shows the numbers of what is pointed at.
//!
//! | module or file | is |
//! |---|---|
//! | `sections` | the parts of the page |
//! | `charts` | drawings as inline SVG |
//! | `cards` | the KPIs |
//! | `tables` | channels, hours, topics, and the numbers behind charts |
//! | `escape` | text that stays text |
//! | `report.css` | the style sheet: text keeps a contrast of 4.5 to 1 (WCAG 2.1 AA), light, dark and on paper |
//! | `report.js` | the numbers of what is pointed at, by pointer and by arrow keys |

mod cards;
mod charts;
mod escape;
mod sections;
mod tables;

use self::escape::escape;
use crate::digest::Digest;
use crate::phrase::{self, NO_CHANNELS, NO_FINDINGS, NO_KPIS, NO_SUGGESTIONS};

/// Heading of a report without a title: a page must have one.
const UNTITLED: &str = "Support report";

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// A part of the page.
struct Section {
    id: &'static str,
    title: &'static str,
    body: String,
}

/// The report as a complete HTML document. Text from the data is escaped everywhere.
pub fn render(digest: &Digest) -> String {
    let title = escape(if digest.title.is_empty() { UNTITLED } else { &digest.title });
    let sections = parts(digest);
    let mut page = format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <style>\n{STYLE}</style>\n\
         </head>\n\
         <body>\n\
         <main>\n\
         <header>\n\
         <h1>{title}</h1>\n\
         <div class=\"tape\" aria-hidden=\"true\"></div>\n"
    );
    page.push_str(&facts(digest));
    page.push_str(&contents(&sections));
    page.push_str("</header>\n");
    page.extend(sections.iter().map(section));
    page.push_str(&notes(digest));
    page.push_str(&format!("</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"));
    page
}

/// The parts in their order; the last is left out where nothing is known of it.
fn parts(digest: &Digest) -> Vec<Section> {
    let part = |id, title, body: String, nothing: &str| {
        let body = if body.is_empty() { format!("<p class=\"nothing\">{nothing}</p>\n") } else { body };
        Section { id, title, body }
    };
    let mut parts = vec![
        part("kpis", "Key figures", cards::cards(&digest.kpis), NO_KPIS),
        part("findings", "What stands out", sections::findings::found(&digest.findings), NO_FINDINGS),
        part("suggestions", "What to do", sections::findings::suggested(&digest.suggestions), NO_SUGGESTIONS),
        part("volume", "Volume", sections::volume::section(digest), NO_CHANNELS),
        part("channels", "Channels", sections::channels::section(digest), NO_CHANNELS),
        part("waits", "Where people wait", sections::waits::section(digest), ""),
        part("resolutions", "Resolutions", sections::resolutions::section(digest), "no resolutions in this period"),
        part("subscriptions", "Subscriptions", sections::subscriptions::section(digest), ""),
    ];
    let method = sections::method::section(digest);
    if !method.is_empty() {
        parts.push(Section { id: "method", title: "How it was measured", body: method });
    }
    parts
}

fn facts(digest: &Digest) -> String {
    let items: String = phrase::facts(digest)
        .iter()
        .map(|(label, text)| format!("<div><dt>{label}</dt><dd>{}</dd></div>\n", escape(text)))
        .collect();
    format!("<dl class=\"facts\">\n{items}</dl>\n")
}

fn contents(sections: &[Section]) -> String {
    let items: String =
        sections.iter().map(|part| format!("<li><a href=\"#{}\">{}</a></li>\n", part.id, part.title)).collect();
    format!("<nav aria-label=\"Contents\">\n<ul>\n{items}</ul>\n</nav>\n")
}

fn section(part: &Section) -> String {
    format!(
        "<section aria-labelledby=\"{0}\" class=\"s-{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
        part.id, part.title, part.body
    )
}

fn notes(digest: &Digest) -> String {
    let items: String = phrase::footnotes(digest).iter().map(|note| format!("<li>{}</li>\n", escape(note))).collect();
    if items.is_empty() {
        return String::new();
    }
    format!("<footer class=\"notes\">\n<ul>\n{items}</ul>\n</footer>\n")
}

#[cfg(test)]
mod tests;
